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

// hear notes whose commands are recorded. It reports false for what is torn, which asks
// for nothing.
func (t *Tally) hear(c *Conn, m *decode.Message) bool {
	if t.Partial {
		c.heard = [2]bool{true, true}
	}
	switch {
	case m.Frame.Kind == decode.Opaque, m.Frame.Kind == decode.Command && !m.Frame.Complete() && m.Name() != "OUT":
		t.blind(c)
		return false
	case m.Frame.Kind != decode.Command || c.heard[side(m.From)]:
		return true
	}
	c.heard[side(m.From)] = true
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
	if c.heard[side(key.from.Peer())] {
		t.commands[key].Wanted++
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
	if c.waiting[key] > 0 {
		c.waiting[key]--
	} else {
		asked.Wanted++ // it was given up, or need not have had one
	}
}

// blind notes that something was not recorded: the replies that are due may have been
// in it.
func (t *Tally) blind(c *Conn) {
	for key, n := range c.waiting {
		if c.heard[side(key.from.Peer())] {
			t.commands[key].Wanted -= n
		}
	}
	clear(c.waiting)
}
