package decode

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"time"

	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

// DeliveryKind says how a message is the copy of another.
type DeliveryKind uint8

const (
	// NoDelivery: it is no copy, or of nothing that was seen.
	NoDelivery DeliveryKind = iota
	// Delivered: what one client said came to another as it was, or as the server says
	// it in its own words (a ringing for a call).
	Delivered
	// Reworded: the text is the same, the headers of the payload are others.
	Reworded
	// Altered: it is what the sender said in this place, but the text is another.
	Altered
	// DeliveredAgain: a copy has come on this connection before.
	DeliveredAgain
)

// Delivery is the way of a message from one client to another.
type Delivery struct {
	Kind DeliveryKind
	// Of is the number of the message that was sent, After the time from there to
	// here; not known where either has no time.
	Of    int64
	After time.Duration
	// Conn is the connection that it was sent on.
	Conn uint32
	// First is the number of the message by which the same came to somebody else before,
	// where Of is not known: its sending was not seen. Else 0.
	First int64
	// Was is the text that was sent, if it is another one here. It holds as long as
	// the message.
	Was []byte
}

// Early is a copy that stands before its message.
type Early struct {
	Number int64
	Conn   uint32
}

const (
	// deliveryTime is how long a copy is waited for. Pollers of HTTP gateways get
	// theirs seconds late.
	deliveryTime = 60 * time.Second
	// aheadTime is how much earlier than the message its copy may stand in a
	// recording that was put together of several.
	aheadTime = time.Second
	// mostSent is how many messages of a conversation are remembered, the newest, and
	// mostSaid how many bytes of one: no switchboard takes more.
	mostSent = 64
	mostSaid = 2048
	// mostMails is of how many conversations of notification servers messages are
	// remembered, mostEarly on how many connections one may come before it was sent.
	mostMails = 256
	mostEarly = 64
)

// sending is a message to everybody in a conversation.
type sending struct {
	number  int64
	at      time.Time
	conn    *Connection
	hash    uint64
	size    int
	body    []byte   // the payload, as far as it is remembered
	seen    []uint32 // connections that it has come to
	refused bool     // the server says that it did not pass it on
}

// came is what has come and was not sent yet, to whom it came first.
type came struct {
	Early
	handle string
	at     time.Time
	hash   uint64
	size   int
	more   []Early // to whom else
}

// to reports whether it has come on that connection.
func (e *came) to(conn uint32) bool {
	return e.Conn == conn || slices.ContainsFunc(e.more, func(o Early) bool { return o.Conn == conn })
}

// mail is what is on its way in a conversation.
type mail struct {
	sent  []sending
	ahead []came // a window into room, when there have been many
	room  []came
	by    uint32 // connection that all of ahead came on,
	mixed bool   // unless they came on several
}

var mailSeed = maphash.MakeSeed()

// Connections returns those that belong to the conversation and are open. The caller
// must not change the slice; it holds until the tracker's next call.
func (v *Conversation) Connections() []*Connection { return v.members }

// deliver finds out whether the message is the copy of another client's, and
// remembers it if copies may follow.
func (t *Tracker) deliver(m *Message) {
	heard, said := m.Form.Heard != "", m.Form.Payload == string(payload.MIME)
	if m.ReplyTo > 0 && m.Refuses() {
		t.refuse(m)
	}
	switch {
	case !heard && !m.Form.Copy, m.From == Server && m.Fate == Injected:
	case said && heard:
		if b := t.mailOf(m); b != nil {
			b.post(m)
			t.stray(m)
		}
	case heard:
		t.tell(m)
	case said:
		if b := t.mailOf(m); (b == nil || !b.arrive(m)) && t.reunite(m) {
			m.Conn.Conversation.mail.arrive(m)
		}
		t.know(m)
	case m.ReplyTo == 0:
		t.hear(m)
	}
}

// mailOf returns what is on its way in the conversation that the message belongs to; nil
// if nobody else's connection is seen there.
func (t *Tracker) mailOf(m *Message) *mail {
	v := m.Conversation()
	switch {
	case v == nil:
		return nil
	case v.Key == "":
		if m.Role&SB == 0 || len(v.members) < 2 && !m.Conn.late {
			return nil
		}
		return &v.mail
	case len(t.conns) < 2:
		return nil
	}
	b, ok := t.mails.Get(v.Key)
	if !ok {
		b = new(mail)
		t.mails.Put(v.Key, b)
	}
	return b
}

// take takes over what is on its way in a conversation that turned out to be the same.
func (b *mail) take(other *mail) {
	b.sent = append(b.sent, other.sent...)
	b.sent = b.sent[max(0, len(b.sent)-mostSent):]
}

// post takes a message of a client.
func (b *mail) post(m *Message) {
	got := m.Arrived()
	if got == nil {
		return
	}
	p := got.Frame.Payload()
	if len(b.sent) >= mostSent {
		// What it has allocated serves the next.
		first := b.sent[0]
		copy(b.sent, b.sent[1:])
		b.sent[len(b.sent)-1] = sending{body: first.body[:0], seen: first.seen[:0]}
	} else {
		b.sent = append(b.sent, sending{})
	}
	s := &b.sent[len(b.sent)-1]
	s.number, s.at, s.conn = m.Number, m.Left(), m.Conn
	s.hash, s.size = essence(p)
	s.body = append(s.body, p[:min(len(p), mostSaid)]...)
	b.ahead = slices.DeleteFunc(b.ahead, func(e came) bool {
		early := e.hash == s.hash && e.size == s.size && !e.to(m.Conn.ID) && s.from(e.handle) && within(e.at, m.Time, aheadTime)
		if early {
			m.Ahead = append(append(m.Ahead, e.Early), e.more...)
		}
		return early
	})
	for _, e := range m.Ahead {
		s.seen = append(s.seen, e.Conn)
	}
}

// refuse notes that the server says that it does not pass a message on: what comes is
// rather the copy of the same said again.
func (t *Tracker) refuse(m *Message) {
	mark := func(b *mail) {
		for i := range b.sent {
			if s := &b.sent[i]; s.number == m.ReplyTo {
				s.refused = true
			}
		}
	}
	if v := m.Conn.Conversation; v != nil {
		mark(&v.mail)
		return
	}
	for _, v := range m.Conn.Talks {
		if b, ok := t.mails.Get(v.Key); ok {
			mark(b)
		}
	}
}

// essence tells what somebody says from all else: of a routed payload what it is and its
// body, as servers may route it on with other headers.
func essence(p []byte) (hash uint64, size int) {
	kind, sub, body, ok := payload.Inner(p)
	if !ok {
		return maphash.Bytes(mailSeed, p), len(p)
	}
	var h maphash.Hash
	h.SetSeed(mailSeed)
	for _, part := range [...][]byte{kind, sub, body} {
		h.Write(part)
		h.WriteByte(0)
	}
	return h.Sum64(), len(body)
}

// arrive takes a message that a server delivers, and reports whether it belongs to another
// one.
func (b *mail) arrive(m *Message) bool {
	p := m.Frame.Payload()
	hash, size := essence(p)
	who := m.Peer()
	var again, next, refused *sending
	for i := range b.sent {
		s := &b.sent[i]
		if s.conn == m.Conn || !s.from(who.Account) || !within(s.at, m.Time, deliveryTime) {
			continue
		}
		seen, same := slices.Contains(s.seen, m.Conn.ID), s.hash == hash && s.size == size
		switch {
		case same && !seen && s.refused:
			refused = cmp.Or(refused, s)
		case same && !seen:
			s.deliver(m, Delivered)
			return true
		case same:
			again = s
		case !seen && next == nil && s.conn.Account != "" && s.place(who):
			next = s
		}
	}
	if refused != nil {
		refused.deliver(m, Delivered)
		return true
	}
	if b.reworded(m, p, who) {
		return true
	}
	switch {
	case again != nil:
		again.deliver(m, DeliveredAgain)
	case b.beside(m, who.Account, hash, size):
	case next != nil && contentType(next.body) != "" && contentType(next.body) == contentType(p):
		next.deliver(m, Altered)
	default:
		b.early(came{Early{m.Number, m.Conn.ID}, who.Account, m.Time, hash, size, nil})
		return false
	}
	return true
}

// early remembers a copy that stands before its message, and lets the oldest go if there
// are many. What is left moves once in many times.
func (b *mail) early(e came) {
	if n := len(b.ahead); n > 0 && b.ahead[n-1].handle == e.handle {
		e.handle = b.ahead[n-1].handle
	} else {
		e.handle = strings.Clone(e.handle) // of what holds only as long as the message
	}
	if len(b.ahead) == 0 {
		b.by, b.mixed = e.Conn, false
	} else if b.by != e.Conn {
		b.mixed = true
	}
	if len(b.ahead) >= mostSent {
		b.ahead = b.ahead[1:]
		if len(b.ahead) == cap(b.ahead) {
			if b.room == nil {
				b.room = make([]came, 0, 2*mostSent)
			}
			b.ahead = append(b.room, b.ahead...)
		}
	}
	b.ahead = append(b.ahead, e)
}

// beside finds what has come to somebody else already, and was not seen to be sent.
func (b *mail) beside(m *Message, who string, hash uint64, size int) bool {
	if !b.mixed && b.by == m.Conn.ID {
		return false
	}
	for i := range b.ahead {
		e := &b.ahead[i]
		if e.hash != hash || e.size != size || e.to(m.Conn.ID) || !address.Same(e.handle, who) || !within(e.at, m.Time, deliveryTime) || len(e.more) >= mostEarly {
			continue
		}
		e.more = append(e.more, Early{m.Number, m.Conn.ID})
		m.Delivery = Delivery{First: e.Number, After: between(e.at, m.Time), Conn: e.Conn}
		return true
	}
	return false
}

// reworded finds what has the same text under other headers.
func (b *mail) reworded(m *Message, p []byte, who address.Address) bool {
	if len(b.sent) == 0 {
		return false
	}
	text, ok := afterHeaders(p)
	if !ok || len(text) == 0 {
		return false
	}
	for i := range b.sent {
		s := &b.sent[i]
		if s.conn == m.Conn || !s.from(who.Account) || !within(s.at, m.Time, deliveryTime) || slices.Contains(s.seen, m.Conn.ID) {
			continue
		}
		if was, ok := afterHeaders(s.body); ok && len(s.body) == s.size && bytes.Equal(was, text) && contentType(s.body) == contentType(p) {
			s.deliver(m, Reworded)
			return true
		}
	}
	return false
}

// deliver notes that m is a copy of the message.
func (s *sending) deliver(m *Message, kind DeliveryKind) {
	if kind != DeliveredAgain {
		s.seen = append(s.seen, m.Conn.ID)
	}
	m.Delivery = Delivery{Kind: kind, Of: s.number, After: between(s.at, m.Time), Conn: s.conn.ID}
	if kind == Altered {
		m.Delivery.Was = s.body
	}
}

// from reports whether the handle is that of the sender, as far as that is known: a
// recording may begin too late to tell.
func (s *sending) from(handle string) bool {
	return s.conn.Account == "" || address.Same(s.conn.Account, handle)
}

// place reports whether the address is that of the sender's end point, as far as that is
// known: another may have said something else.
func (s *sending) place(a address.Address) bool {
	return a.EndPoint == "" || s.conn.EndPoint == "" || strings.EqualFold(a.EndPoint, s.conn.EndPoint)
}

// afterHeaders returns what follows the headers of a MIME payload.
func afterHeaders(p []byte) ([]byte, bool) {
	_, text, ok := bytes.Cut(p, []byte("\r\n\r\n"))
	return text, ok
}

func contentType(p []byte) string {
	if kind, sub, _, ok := payload.Inner(p); ok {
		return strings.ToLower(string(kind) + "/" + string(sub))
	}
	v, _ := payload.Header(p, "Content-Type")
	name, _, _ := strings.Cut(strings.ToLower(string(v)), ";")
	return strings.TrimSpace(name)
}

// between is the time from one to the other; 0 if that is not known.
func between(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return max(0, to.Sub(from))
}

// within reports whether to is at most most after from, as far as that is known.
func within(from, to time.Time, most time.Duration) bool {
	return from.IsZero() || to.IsZero() || to.Sub(from) <= most
}

// String says in words of which message it is a copy; "" if it is none.
func (d Delivery) String() string {
	switch {
	case d.Kind == NoDelivery && d.First > 0:
		return "has come by message " + strconv.FormatInt(d.First, 10) + " to somebody else, and was not seen to be sent"
	case d.Kind == NoDelivery:
		return ""
	}
	return map[DeliveryKind]string{Delivered: "comes of", Reworded: "comes with other headers of", Altered: "stands for",
		DeliveredAgain: "comes once more of"}[d.Kind] + " message " + strconv.FormatInt(d.Of, 10)
}

// CameTo reports whether a copy of the message stands before it, on that connection.
func (m *Message) CameTo(conn uint32) bool {
	return slices.ContainsFunc(m.Ahead, func(e Early) bool { return e.Conn == conn })
}
