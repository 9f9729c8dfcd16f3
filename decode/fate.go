package decode

import (
	"bytes"
	"slices"
	"time"
)

// Fate says what a proxy made of a frame.
type Fate uint8

const (
	// Passed: sent on, as received or edited.
	Passed Fate = iota
	// Withheld: received and not sent on. The other end never had it.
	Withheld
	// Injected: made by the proxy and sent, never received. The end that it seems to
	// come from never sent it.
	Injected
	// Held: received, and not decided yet. Nobody has it but the proxy; see
	// [Tracker.Became]. In a recording that ends so it is not known what became of it.
	Held
)

// String returns the fate in lower case.
func (f Fate) String() string {
	switch f {
	case Withheld:
		return "withheld"
	case Injected:
		return "injected"
	case Held:
		return "held"
	}
	return "passed"
}

// Left returns when the message went on: later than it came, if it was held.
func (m *Message) Left() time.Time {
	if m.Time.IsZero() {
		return m.Time
	}
	return m.Time.Add(m.HeldFor)
}

// Keep returns a copy that holds when the message does not any more. Raw are bytes of
// its own.
func (m *Message) Keep() *Message {
	k := *m
	fr := *m.Frame
	fr.Raw = bytes.Clone(fr.Raw)
	k.Frame = &fr
	k.tokens, k.Findings, k.Ahead = slices.Clone(m.tokens), slices.Clone(m.Findings), slices.Clone(m.Ahead)
	k.ChangedBy, k.sent = slices.Clone(m.ChangedBy), bytes.Clone(m.sent)
	k.Joined, k.Delivery.Was = bytes.Clone(m.Joined), bytes.Clone(m.Delivery.Was)
	k.payload, k.arrival = nil, nil // worked out again
	if m.Call != nil {
		k.readWeb(m.Call.Action)
	}
	return &k
}

// Sent returns the bytes that a proxy sent on instead of the message; nil: it came to the
// other end as it was, or not at all. They hold as long as m.
func (m *Message) Sent() []byte { return m.sent }

// Arrived returns what the message was when it came to the other end: m itself, or
// what a proxy sent on instead; nil if nothing came there, or nothing that is one
// frame. It holds as long as m.
func (m *Message) Arrived() *Message {
	switch {
	case m.Fate == Withheld:
		return nil
	case m.sent == nil:
		return m
	case m.arrival != nil:
		return m.arrival
	}
	var f Framer
	fr := new(Frame)
	f.Feed(m.sent)
	if !f.Next(fr) || len(fr.Raw) != len(m.sent) {
		return nil
	}
	a := new(Message)
	a.Decode(fr, m.From, m.Role, m.Dialect)
	a.Number, a.Time, a.Conn = m.Number, m.Time, m.Conn
	m.arrival = a
	return a
}

// Instead returns the message with other bytes, which are one frame, in its stead: what
// is known of the connection, and when it came, stay. It returns nil if they are not one
// frame. The message holds as long as m and raw.
func (m *Message) Instead(raw []byte) *Message {
	var f Framer
	fr := new(Frame)
	f.Feed(raw)
	if !f.Next(fr) && !f.Flush(fr) || len(fr.Raw) != len(raw) || fr.Kind == Opaque {
		return nil
	}
	a := new(Message)
	a.Decode(fr, m.From, m.Role, m.Dialect)
	a.Number, a.Time, a.Start, a.Conn = m.Number, m.Time, m.Start, m.Conn
	a.ReplyTo, a.ReplyVerb, a.Latency, a.FirstReply = m.ReplyTo, m.ReplyVerb, m.Latency, m.FirstReply
	fr.Offset = m.Frame.Offset
	return a
}
