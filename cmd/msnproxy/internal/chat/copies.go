package chat

import (
	"slices"

	"msnproxy/decode"
)

// A message is seen once on its sender's connection, and once on that of each other
// participant, as far as these are recorded. Which is the copy of which the tracker says
// ([decode.Message.Delivery]).
const (
	maxCopies = 2048 // messages of which copies may come
	maxSeen   = 64
)

// find returns the line of the message that m is a copy of, or that is a copy of m; 0 if
// there is none. What comes once more, or as another text, is what people saw beside it.
func (b *Builder) find(m *decode.Message) ref {
	d := &m.Delivery
	switch {
	case m.From == decode.Client:
		for _, e := range m.Ahead {
			if n := b.sent.get(e.Number); b.line(n) != nil {
				return n
			}
		}
		return 0
	case d.Kind == decode.Delivered, d.Kind == decode.Reworded:
		return b.sent.get(d.Of)
	}
	return b.sent.get(d.First)
}

// copied takes a copy of a message, or a message of which copies came before it.
func (b *Builder) copied(row int, m *decode.Message, n ref) {
	_, account := link(m)
	l := b.attach(n, row)
	if l == nil {
		return
	}
	if m.From == decode.Client {
		b.asks(m, n)
		b.sent.put(m.Number, n)
		return
	}
	if p := b.person(m.Peer().Account); l.Who == "" {
		b.size += len(p.who) + len(p.name) - len(l.Name)
		l.Who, l.Name = p.who, p.name
	}
	if l.Kind == Typing || len(l.Delivery.Seen) >= maxSeen {
		return
	}
	l.Delivery.Seen = append(l.Delivery.Seen, Seen{Who: account, Row: row, After: m.Delivery.After})
}

// asks notes which answer the sender of a message waits for.
func (b *Builder) asks(m *decode.Message, n ref) {
	l := b.line(n)
	if l == nil {
		return
	}
	b.requests.put(m.Number, request{line: n})
	switch {
	case l.Delivery.State == Failed:
	case m.WantsReply():
		l.Delivery.State = Unheard
		id, _ := link(m)
		if b.heard[id] {
			l.Delivery.State = Waiting
		}
		b.wait(id, n)
	default:
		l.Delivery.State = Sent
	}
}

// wait remembers what waits for an acknowledgement on a connection.
func (b *Builder) wait(id uint32, n ref) {
	if b.waiting == nil {
		b.waiting = make(map[uint32][]ref)
	}
	list := slices.DeleteFunc(b.waiting[id], func(old ref) bool {
		l := b.line(old)
		return l == nil || l.Delivery.State != Waiting && l.Delivery.State != Unheard
	})
	if len(list) < maxRequests {
		b.waiting[id] = append(list, n)
	}
}

// hears notes that something of the server came on a connection: it is recorded, and what
// waits there does so for what would be seen.
func (b *Builder) hears(id uint32) {
	if b.heard[id] || len(b.heard) >= maxPeople {
		return
	}
	if b.heard == nil {
		b.heard = make(map[uint32]bool)
	}
	b.heard[id] = true
	b.turn(id, Unheard, Waiting)
}

// Lost tells that something was not recorded on a connection: an acknowledgement may have
// been in it.
func (b *Builder) Lost(c *decode.Connection) {
	b.turn(c.ID, Waiting, Unheard)
	delete(b.waiting, c.ID)
}

// turn changes the state of all that waits on a connection.
func (b *Builder) turn(id uint32, from, to DeliveryState) {
	for _, n := range b.waiting[id] {
		if l := b.line(n); l != nil && l.Delivery.State == from {
			l.Delivery.State = to
		}
	}
}

// acknowledged takes ACK and NAK.
func (b *Builder) acknowledged(row int, m *decode.Message) {
	l := b.attach(b.requests.get(m.ReplyTo).line, row)
	if m.ReplyTo == 0 || l == nil || l.Delivery.State == 0 || l.Delivery.State == Failed {
		return
	}
	state := Delivered
	if m.Refuses() {
		state = Failed
	}
	l.Delivery.State, l.Delivery.Row, l.Delivery.Latency = state, row, m.Latency
}
