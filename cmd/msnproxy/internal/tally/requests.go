package tally

import "msnproxy/decode"

// What has no reply is counted as package check says it: not where the reply may be in
// what was not recorded.

// side is the place of a sender in an array.
func side(from decode.Sender) int {
	if from == decode.Server {
		return 1
	}
	return 0
}

// Hearing is what of a connection was recorded, as far as it tells which of its requests
// had no reply.
type Hearing struct {
	heard       [2]bool // of whom a command was seen: the client first
	last, blind int64   // numbers of messages: the last one; the last one before a gap
}

// Message takes the next message of the connection. It reports false for what is torn,
// or no MSNP: that asks for nothing, and what is due may have been in it.
func (h *Hearing) Message(m *decode.Message) bool {
	h.last = m.Number
	switch {
	case m.Frame.Kind == decode.Opaque, m.Torn():
		h.Lost()
		return false
	case m.Named():
		h.heard[side(m.From)] = true
	}
	return true
}

// Lost notes that something was not recorded here.
func (h *Hearing) Lost() { h.blind = h.last }

// Due reports whether the reply to a request, by its number and its sender, would have
// been recorded: there is no gap behind it, and the other side was heard at all. Who was
// not may still be.
func (h *Hearing) Due(number int64, from decode.Sender) bool {
	return number > h.blind && h.heard[side(from.Peer())]
}

// hear notes whose commands are recorded. It reports false for what asks for nothing.
func (t *Tally) hear(c *Conn, m *decode.Message) bool {
	before := c.hearing.heard[side(m.From)]
	if !c.hearing.Message(m) {
		t.blind(c)
		return false
	}
	if c.hearing.heard[side(m.From)] == before {
		return true
	}
	for key, n := range c.waiting {
		if key.from == m.From.Peer() {
			t.commands[key].Wanted += n
		}
	}
	return true
}

// await notes a request that is to be answered.
func (t *Tally) await(c *Conn, key commandKey) {
	if c.waiting == nil {
		c.waiting = make(map[commandKey]int64)
	}
	c.waiting[key]++
	if c.hearing.heard[side(key.from.Peer())] {
		t.commands[key].Wanted++
	}
}

// became takes a message again that was held when it was counted: it asks for a reply
// from when somebody has got it.
func (t *Tally) became(m *decode.Message) {
	if c := t.conns[m.Conn.ID]; c != nil && m.WantsReply() && m.Number > c.hearing.blind {
		t.await(c, commandKey{m.Name(), m.From})
	}
}

// answer takes the first reply to a request.
func (t *Tally) answer(c *Conn, m *decode.Message) {
	key := commandKey{m.ReplyVerb, m.From.Peer()}
	asked := t.commands[key]
	if asked == nil {
		return
	}
	asked.Answered++
	asked.Latency.Add(m.Latency)
	if c.waiting[key] > 0 && c.hearing.Due(m.ReplyTo, key.from) {
		c.waiting[key]--
	} else {
		asked.Wanted++ // it was given up, or need not have had one
	}
}

// blind notes that something was not recorded: the replies that are due may have been
// in it.
func (t *Tally) blind(c *Conn) {
	for key, n := range c.waiting {
		if c.hearing.heard[side(key.from.Peer())] {
			t.commands[key].Wanted -= n
		}
	}
	clear(c.waiting)
}
