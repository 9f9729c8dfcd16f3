package replay

import (
	"bytes"
	"strings"

	"msnproxy/capture/story"
	"msnproxy/decode"
)

// cause is what an unasked message came of, as far as the recording tells: the last
// that the one whom it is about had others told of before it.
type cause struct {
	// of is the message; nil: none is looked at.
	of *story.Message
	// told is the cause; its conn is nil if there is none, or none is known.
	told told
	// account is whose doing it is.
	account string
	// met: it has happened live. waived: it is no longer waited for.
	met, waived bool
}

// name and number are those of the cause's message.
func (c *cause) name() string {
	if c.told.m == nil {
		return "the end of " + c.account + "'s connection"
	}
	return name(c.told.m) + " of " + c.account
}

func (c *cause) number() int64 { return c.told.number }

// ready reports whether an unasked message may be sent: it came of nothing that is
// known, or of something that has happened, or somebody did it who is not here.
func (c *conn) ready(m *story.Message) bool {
	if c.came.of != m {
		c.came = c.causeOf(m)
	}
	x := &c.came
	switch {
	case x.told.conn == nil || x.waived || x.met:
		return true
	case c.s.lapsed(x.told):
		c.part.done.set(m.Index) // it will not come of what nobody heard
		return false
	case c.s.happened(x.told):
		x.met = true
		return true
	}
	return !c.s.isHere(x.account)
}

// happened reports whether something that others are told of was done in the current
// run of its session, or can no longer be.
func (s *Server) happened(t told) bool {
	r := s.runs[t.conn.Session]
	if r == nil {
		return false
	}
	p := r.parts[t.conn]
	switch {
	case p == nil:
		return false
	case p.ended:
		return true
	case t.m == nil:
		return false
	}
	return p.done.has(t.m.Index) || t.m.Index < p.newest
}

// lapsed reports whether something that others are told of was said, and a gate kept it
// from the server.
func (s *Server) lapsed(t told) bool {
	r := s.runs[t.conn.Session]
	if r == nil || r.parts[t.conn] == nil || t.m == nil {
		return false
	}
	return r.parts[t.conn].withheld.has(t.m.Index)
}

// causeOf finds what a message came of.
func (c *conn) causeOf(m *story.Message) cause {
	x := cause{of: m}
	if m.Kind != decode.Command {
		return x
	}
	d, _, err := c.s.reader.Decode(m)
	if err != nil {
		return x // say reports it
	}
	at, ok := c.about(m, d)
	if !ok {
		return x
	}
	before := c.s.script.before(at, m.Number)
	for len(before) > 0 && before[len(before)-1].conn == m.Conn {
		before = before[:len(before)-1] // not what the account itself has done here
	}
	if len(before) == 0 {
		return x
	}
	x.account, x.told = at.account, before[len(before)-1]
	if payload := d.Frame.Payload(); len(payload) > 0 {
		x.told = c.s.saying(before, m.Name, payload, x.told)
	}
	return x
}

// about says whose doing an unasked message is, and where: the account that it names,
// or this one itself where it signs in elsewhere.
func (c *conn) about(m *story.Message, d *decode.Message) (place, bool) {
	own := strings.ToLower(m.Conn.Account)
	at := whereabouts(m.Conn)
	at.account = ""
	for i := range d.Len() {
		f := d.Field(i)
		if f.Param == nil {
			continue
		}
		switch value := string(f.Raw); f.Param.Kind.Name {
		case "handle":
			if at.account == "" {
				at.account = strings.ToLower(f.Value())
			}
		case "reason":
			if value == "OTH" {
				at.account = own
			}
		case "session":
			at.in = c.s.script.conversation(value, m)
		}
	}
	elsewhere := at.account == own && at.in == "" && d.Raw("reason") != nil
	return at, at.account != "" && (at.account != own || elsewhere)
}

// conversation names the conversation that a call is to.
func (x *script) conversation(session string, call *story.Message) string {
	if c := x.came[call]; c != nil {
		return whereabouts(c).in
	}
	for at, list := range x.told {
		if strings.HasSuffix(at.in, " "+session) && list[0].number < call.Number {
			return at.in
		}
	}
	return ""
}

// saying returns the newest of what was told that has the payload, or none of them.
func (s *Server) saying(list []told, verb string, payload []byte, none told) told {
	const newest = 16
	for i := len(list) - 1; i >= max(0, len(list)-newest); i-- {
		if list[i].m == nil || list[i].m.Name != verb {
			continue
		}
		if d, _, err := s.other.Decode(list[i].m); err == nil && bytes.Equal(d.Frame.Payload(), payload) {
			return list[i]
		}
	}
	return none
}

// saidMost bounds what is remembered of what clients said otherwise than recorded, in
// bytes.
const saidMost = 4 << 20

// saidLive are requests as they were made live, where they were not what is recorded,
// by the recorded one.
type saidLive struct {
	byRecorded map[*story.Message]decode.Frame
	order      []*story.Message
	size       int
}

func (l *saidLive) put(q *story.Message, fr *decode.Frame) {
	if l.byRecorded == nil {
		l.byRecorded = make(map[*story.Message]decode.Frame)
	}
	l.forget(q)
	l.byRecorded[q] = fr.Clone()
	l.order = append(l.order, q)
	for l.size += len(fr.Raw); l.size > saidMost; {
		l.forget(l.order[0])
	}
}

func (l *saidLive) forget(q *story.Message) {
	fr, ok := l.byRecorded[q]
	if !ok {
		return
	}
	delete(l.byRecorded, q)
	l.size -= len(fr.Raw)
	for i, other := range l.order {
		if other == q {
			l.order = append(l.order[:i], l.order[i+1:]...)
			break
		}
	}
}

// get returns the request as it was made live, decoded into m; false: just as
// recorded, or that is not known any more.
func (l *saidLive) get(q *story.Message, m *decode.Message) bool {
	fr, ok := l.byRecorded[q]
	if !ok {
		return false
	}
	m.Decode(&fr, decode.Client, q.Conn.Role, q.Conn.Dialect)
	return true
}
