package chat

import (
	"hash/maphash"
	"slices"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/payload"
)

// A message is seen once on its sender's connection, and once on that of each
// other participant, as far as these are recorded. The copies have the same
// sender and the same payload.
const (
	copyWithin = 30 * time.Second
	// earlier is how much earlier than the message its copy may come, in
	// recordings that got the order wrong.
	earlier   = time.Second
	maxCopies = 2048
	maxSeen   = 64
)

type copyKey struct {
	who  string
	hash uint64
	size int
}

// sending is a message whose copies may come.
type sending struct {
	key    copyKey
	line   ref
	at     time.Time
	conn   uint32
	client bool     // seen on the sender's connection
	seen   []uint32 // connections that copies were seen on
}

type copies struct {
	seed  maphash.Seed
	byKey map[copyKey][]*sending
	order []*sending
}

func (c *copies) key(who string, m *decode.Message) copyKey {
	b := m.Frame.Payload()
	if payload.Routed(b) {
		b = m.Payload().Body // a server may route it on with other headers
	}
	return copyKey{identity(who), maphash.Bytes(c.seed, b), len(b)}
}

func (c *copies) add(s *sending) {
	if c.byKey == nil {
		c.byKey = make(map[copyKey][]*sending)
	}
	if len(c.order) >= maxCopies {
		c.remove(c.order[0])
		c.order[0] = nil
		c.order = c.order[1:]
	}
	c.order = append(c.order, s)
	c.byKey[s.key] = append(c.byKey[s.key], s)
}

func (c *copies) remove(s *sending) {
	list := c.byKey[s.key]
	if i := slices.Index(list, s); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(c.byKey, s.key)
		return
	}
	c.byKey[s.key] = list
}

// find returns the oldest message that m may be a copy of, or nil.
func (b *Builder) find(key copyKey, m *decode.Message) *sending {
	id, _ := link(m)
	for _, s := range b.sent.byKey[key] {
		var after time.Duration
		if !m.Time.IsZero() && !s.at.IsZero() {
			after = m.Time.Sub(s.at)
		}
		switch {
		case s.conn == id, slices.Contains(s.seen, id):
		case m.From == decode.Client && (s.client || after > earlier):
		case after > copyWithin, len(s.seen) >= maxSeen:
		default:
			if l := b.line(s.line); l != nil && l.Delivery.State != Failed {
				return s
			}
		}
	}
	return nil
}

// copied takes a copy of a message.
func (b *Builder) copied(row int, m *decode.Message, s *sending) {
	id, account := link(m)
	s.seen = append(s.seen, id)
	l := b.attach(s.line, row)
	if m.From == decode.Client {
		s.client = true
		b.asks(m, s.line)
		return
	}
	if p := b.person(m.Peer().Account); l.Who == "" {
		b.size += len(p.who) + len(p.name) - len(l.Name)
		l.Who, l.Name = p.who, p.name
	}
	if l.Kind == Typing || len(l.Delivery.Seen) >= maxSeen {
		return
	}
	seen := Seen{Who: account, Row: row}
	if !m.Time.IsZero() && !s.at.IsZero() {
		seen.After = max(0, m.Time.Sub(s.at))
	}
	l.Delivery.Seen = append(l.Delivery.Seen, seen)
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
		l.Delivery.State = Waiting
	default:
		l.Delivery.State = Sent
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
