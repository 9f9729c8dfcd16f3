package replay

import (
	"msnproxy/capture"
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// part is a recorded connection as it is played once. The server's lock guards it.
type part struct {
	conn *story.Conn
	// done are the client's messages that were asked and the server's that were sent.
	done bits
	// next is where all before it is done, or need not be waited for.
	next int32
	// newest is the last of the client's messages that was asked, or no longer waited
	// for; -1: none. What stands before it is not waited for.
	newest int32
	// asked are the requests whose replies are not all sent, late those of them that
	// stand before next.
	asked map[int32]*asked
	late  []int32
	// queues are the indices of the client's messages by verb.
	queues map[string][]int32
	// withheld are the client's messages that a gate kept from the server; nil: none.
	withheld bits
	ended    bool
}

// asked is a request that was made.
type asked struct {
	trid string // the live one
	left int    // replies to send
}

// bits is a set of small numbers.
type bits []uint64

func newBits(n int) bits        { return make(bits, (n+63)/64) }
func (b bits) has(i int32) bool { return b != nil && b[i>>6]&(1<<(i&63)) != 0 }
func (b bits) set(i int32)      { b[i>>6] |= 1 << (i & 63) }

func (p *part) msgs() []*story.Message { return p.conn.Messages }

// newPart begins a recorded connection. What a proxy has withheld was never said to
// the other end.
func newPart(c *story.Conn) *part {
	p := &part{conn: c, done: newBits(len(c.Messages)), newest: -1, asked: make(map[int32]*asked), queues: make(map[string][]int32)}
	for i, m := range c.Messages {
		switch {
		case m.Fate == capture.Withheld || m.From == decode.Client && m.Kind != decode.Command:
			p.done.set(int32(i))
		case m.From == decode.Client:
			p.queues[m.Name] = append(p.queues[m.Name], int32(i))
		}
	}
	return p
}

// open returns the requests with the verb that were not made yet, in order.
func (p *part) open(verb string) []int32 {
	q := p.queues[verb]
	for len(q) > 0 && p.done.has(q[0]) {
		q = q[1:]
	}
	p.queues[verb] = q
	return q
}

// ask takes note that a request was made.
func (p *part) ask(x *script, q *story.Message, trid string) {
	p.done.set(q.Index)
	p.newest = max(p.newest, q.Index)
	a := &asked{trid: trid}
	for _, m := range x.replies(q) {
		if p.done.has(m.Index) {
			continue
		}
		a.left++
		if m.Index < p.next {
			p.late = append(p.late, m.Index)
		}
	}
	if a.left > 0 {
		p.asked[q.Index] = a
	}
}

// skip takes note that a request was made and answered otherwise.
func (p *part) skip(x *script, q *story.Message) {
	p.ask(x, q, "")
	for _, m := range x.replies(q) {
		p.done.set(m.Index)
	}
	delete(p.asked, q.Index)
	p.late = p.late[:0]
}

// sent takes note that a message of the server was sent.
func (p *part) sent(x *script, m *story.Message) {
	p.done.set(m.Index)
	if q := x.request(m); q != nil {
		if a := p.asked[q.Index]; a != nil {
			if a.left--; a.left <= 0 {
				delete(p.asked, q.Index)
			}
		}
	}
}

// hold is why nothing comes: the message that is waited for, and the first of the
// server's unasked ones that waits. Both are nil if there is nothing to wait for.
type hold struct{ waits, on *story.Message }

// quiet messages are not waited for: keep-alive and typing.
func quiet(m *story.Message) bool { return m.Noise == decode.KeepAlive || m.Noise == decode.Typing }

// due returns the next message to send, or what it is that holds it. ready tells of
// an unasked message whether what it came of has happened.
func (p *part) due(x *script, ready func(*story.Message) bool) (*story.Message, hold) {
	msgs := p.msgs()
	for len(p.late) > 0 {
		if i := p.late[0]; !p.done.has(i) {
			return msgs[i], hold{}
		}
		p.late = p.late[1:]
	}
	var h hold
	for i := p.next; int(i) < len(msgs); i++ {
		m := msgs[i]
		free := p.done.has(i)
		if !free {
			switch q := x.request(m); {
			case m.From == decode.Client:
				free = quiet(m) || i < p.newest || p.withheld.has(i)
				if !free && h.on == nil {
					h.on = m
				}
			case q != nil && p.done.has(q.Index):
				return m, hold{}
			case q != nil:
				free = true // comes when it is asked for
			case h.on == nil && ready(m):
				return m, hold{}
			case h.on == nil:
				h.on, h.waits = m, m
			}
		}
		if h.on == nil {
			p.next = i + 1
		} else if len(p.asked) == 0 {
			break
		}
	}
	return nil, h
}

// waiting returns the first unasked message after a request that is waited for; nil:
// there is none soon.
func (p *part) waiting(x *script, on *story.Message) *story.Message {
	const soon = 256
	msgs := p.msgs()
	for i := on.Index; int(i) < min(len(msgs), int(on.Index)+soon); i++ {
		m := msgs[i]
		if m.From == decode.Server && x.request(m) == nil && !p.done.has(i) {
			return m
		}
	}
	return nil
}

// over reports whether all is said. The client's last messages may be ones that
// nothing waits for.
func (p *part) over() bool {
	if int(p.next) < len(p.msgs()) || len(p.asked) > 0 {
		return false
	}
	for i := p.newest + 1; int(i) < len(p.msgs()); i++ {
		if !p.done.has(i) && !p.withheld.has(i) {
			return false
		}
	}
	return true
}

// count adds to the summary what was not asked and not said on a connection.
func (p *Played) count(c *story.Conn, r *run) {
	var done, withheld bits
	if r != nil && r.parts[c] != nil {
		done, withheld = r.parts[c].done, r.parts[c].withheld
	}
	for i, m := range c.Messages {
		switch {
		case done != nil && done.has(int32(i)) || quiet(m) || m.Fate == capture.Withheld:
		case m.From == decode.Server && m.Request != nil && (quiet(m.Request) || withheld.has(m.Request.Index)):
		case m.From == decode.Server:
			p.Unsaid++
		case withheld.has(int32(i)):
			p.Withheld++
		case m.Kind == decode.Command:
			p.Unasked = append(p.Unasked, Asked{m.Number, m.Name})
		}
	}
}
