package check

import (
	"slices"
	"strconv"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

const (
	// deliveryWait is how long everybody in a conversation has to be there after a
	// message before it is called lost: servers deliver in milliseconds, those who poll
	// an HTTP gateway get theirs after some seconds.
	deliveryWait = 10 * time.Second
	// deliveryLate is the time from which on a copy is late.
	deliveryLate = 5 * time.Second
	// maxParcels is how many messages are waited for at once, the newest.
	maxParcels = 1024
)

// parcel is a message that is on its way to others whose connections are recorded, too.
type parcel struct {
	place
	conn      *conn
	due       []*conn // who has not got it
	delivered int
	acked     bool
	refused   bool // NAK
}

// passedOn takes what is said by way of a notification server (SDG, UUM and UBM).
func (k *Checker) passedOn(c *conn, m *decode.Message) {
	switch {
	case !m.Form.Talk || c.switchboard():
	case m.From == decode.Client:
		k.dispatch(c, m)
	default:
		k.delivered(c, m)
	}
}

// dispatch takes a message that a server is to deliver.
func (k *Checker) dispatch(c *conn, m *decode.Message) {
	v := m.Conversation()
	if v == nil || m.Form.Heard == "" || len(v.Connections()) < 2 || m.Fate != decode.Passed || m.Arrived() == nil || !c.in {
		return
	}
	k.overdue(m.Left())
	p := parcel{place: here(m), conn: c}
	for _, other := range v.Connections() {
		if d := k.conns[other.ID]; d != nil && d != c && d.expects(c, m) && !m.CameTo(other.ID) {
			p.due = append(p.due, d)
		}
	}
	if len(p.due) == 0 {
		return
	}
	if len(k.parcels) >= maxParcels {
		k.parcels = append(k.parcels[:0], k.parcels[1:]...)
	}
	k.parcels = append(k.parcels, p)
}

// expects reports whether what the sender says has to come here: both are in, each
// knows the other to be there, and all that comes here is seen.
func (c *conn) expects(sender *conn, m *decode.Message) bool {
	if !c.in || !sender.in || !c.whole() || !sender.whole() || c.asked == sender.asked || c.half != 0 || c.parted {
		return false
	}
	if !sender.switchboard() {
		return c.reached(m)
	}
	return c.room.find(sender.asked, true) >= 0 && sender.room.find(c.asked, true) >= 0
}

// reached reports whether a message by way of a notification server is for this end point
// of an account, which is to be seen online.
func (c *conn) reached(m *decode.Message) bool {
	to := m.Peer()
	return !c.switchboard() && address.Same(to.Account, c.asked) && c.status != "" && c.status != "HDN" &&
		(to.EndPoint == "" || bareGUID([]byte(to.EndPoint)) == bareGUID([]byte(c.info.EndPoint)))
}

// delivered takes what a server delivers.
func (k *Checker) delivered(c *conn, m *decode.Message) {
	d := &m.Delivery
	sender := k.conns[d.Conn]
	if d.Kind == decode.NoDelivery || m.Fate == decode.Injected || sender == nil || !sender.whole() || !c.whole() {
		return
	}
	switch d.Kind {
	case decode.DeliveredAgain:
		k.add(c, m, "delivery.twice", "message %d has come here already", d.Of)
		return
	case decode.Altered:
		k.altered(c, m)
	}
	if d.After > deliveryLate {
		k.add(c, m, "delivery.late", "message %d has taken %v", d.Of, d.After.Round(time.Millisecond))
	}
	if p := k.parcel(d.Of); p != nil {
		p.received(c)
		k.doubted(p)
	}
}

// altered says what became of a text.
func (k *Checker) altered(c *conn, m *decode.Message) {
	was, is := said(m.Delivery.Was), said(m.Frame.Payload())
	if was == is {
		k.add(c, m, "delivery.altered", "message %d had another payload", m.Delivery.Of)
		return
	}
	k.add(c, m, "delivery.altered", "message %d said %s, here it is %s", m.Delivery.Of, clip([]byte(was)), clip([]byte(is)))
}

// said is what a payload says, in words.
func said(b []byte) string {
	p := payload.Decode(payload.MIME, b)
	if p.Text != "" {
		return p.Text
	}
	return p.Summary
}

func (k *Checker) parcel(number int64) *parcel {
	for i := len(k.parcels) - 1; i >= 0; i-- {
		if k.parcels[i].number == number {
			return &k.parcels[i]
		}
	}
	return nil
}

// received notes that it has come on a connection.
func (p *parcel) received(c *conn) {
	for i, d := range p.due {
		if d == c {
			p.due = append(p.due[:i], p.due[i+1:]...)
			p.delivered++
			return
		}
	}
}

// doubted says that a message was delivered of which the server says that it was not.
func (k *Checker) doubted(p *parcel) {
	if p.refused && p.delivered > 0 && len(p.due) == 0 {
		k.put(p.conn, p.place, "delivery.nak-but-delivered", "the server says NAK, and everybody has got it")
		p.refused = false
	}
}

// acknowledges takes the server's word on what became of a message.
func (k *Checker) acknowledges(number int64, refused bool) {
	if p := k.parcel(number); p != nil {
		p.acked, p.refused = !refused, refused
		k.doubted(p)
	}
}

// declined notes that the server does not pass a message on, and says so.
func (k *Checker) declined(m *decode.Message) {
	if p := k.parcel(m.ReplyTo); p != nil {
		p.due = nil
	}
}

// overdue says which messages have not come where they should, and lets go of all that
// are that old.
func (k *Checker) overdue(at time.Time) {
	if len(k.escapes) > 0 {
		k.escaped(at)
	}
	n := 0
	for n < len(k.parcels) && !at.IsZero() && !k.parcels[n].left.IsZero() && at.Sub(k.parcels[n].left) > deliveryWait {
		k.lost(&k.parcels[n])
		n++
	}
	if n > 0 {
		k.parcels = append(k.parcels[:0], k.parcels[n:]...)
	}
}

// lost says where a message has not come.
func (k *Checker) lost(p *parcel) {
	for _, d := range p.due {
		if p.refused {
			continue // it was rightly refused
		}
		if p.acked {
			k.put(p.conn, p.place, "delivery.acked-not-delivered", "the server says ACK, but the message has not come to "+name(d)+" within 10s")
			continue
		}
		k.put(p.conn, p.place, "delivery.lost", "it has not come to "+name(d)+" within 10s, who was there all the time")
	}
	p.due = nil
}

// name is a connection as findings speak of it.
func name(c *conn) string {
	return clip([]byte(c.asked)) + " (#" + strconv.FormatUint(uint64(c.info.ID), 10) + ")"
}

// unreachable notes that nothing has to come on the connection any more.
func (k *Checker) unreachable(c *conn) {
	k.excuse(func(_ *parcel, d *conn) bool { return d == c })
}

// gone notes that somebody has left the conversation of a connection, as the server
// tells it there.
func (k *Checker) gone(c *conn, handle string) {
	k.excuse(func(p *parcel, d *conn) bool { return p.conn == c && d.asked == handle })
}

// excuse takes those out of whom nothing is to be expected.
func (k *Checker) excuse(whom func(*parcel, *conn) bool) {
	for i := range k.parcels {
		p := &k.parcels[i]
		p.due = slices.DeleteFunc(p.due, func(d *conn) bool { return whom(p, d) })
	}
}
