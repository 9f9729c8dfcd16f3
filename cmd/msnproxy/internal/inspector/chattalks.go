package inspector

import (
	"slices"
	"time"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// talkFacts is what is known of a conversation before its messages are read.
type talkFacts struct {
	number      int
	id          string
	people      []string
	home        string // the account of its first connection
	sessions    []int
	conns       []int // the first one begins at row first
	passedOn    bool  // by a notification server
	first, last int   // rows
	open        bool
}

// Where there are more connections than manyConns, they are not looked through each
// time something is learned of one of them.
const (
	manyConns  = 1000
	learnEvery = 500 * time.Millisecond
)

// learn lists the conversations, if there may be others than before.
func (p *chatPane) learn() {
	sum := p.ins.x.Summary()
	done := 0
	if sum.Done {
		done = 1
	}
	stamp := [3]int{sum.Version, sum.Conns, done}
	if p.talks != nil && stamp == p.stamp {
		return
	}
	now := p.ins.o.Now()
	if sum.Conns > manyConns && now.Sub(p.at) < learnEvery && now.After(p.at) && done == 0 {
		return
	}
	p.stamp, p.at = stamp, now
	p.talks = make([]talkFacts, 0, len(p.talks)+1)
	at := make(map[int]int)
	for _, c := range p.ins.x.Conns() {
		for v := range c.Conversations() {
			i, known := at[v.Number]
			if !known {
				i = len(p.talks)
				at[v.Number] = i
				p.talks = append(p.talks, talkFacts{number: v.Number, home: c.Facts.Account, first: c.First, last: c.Last})
			}
			p.talks[i].add(&c, v)
		}
	}
	slices.SortFunc(p.talks, func(a, b talkFacts) int { return a.number - b.number })
}

// add learns of one of its connections.
func (t *talkFacts) add(c *index.ConnState, v *decode.Conversation) {
	t.id = or(v.SessionID, t.id)
	t.conns = append(t.conns, c.Index)
	t.passedOn = v.Key != ""
	t.last = max(t.last, c.Last)
	t.open = t.open || !c.Closed
	if s := c.Facts.Session; s != nil {
		t.sessions = append(t.sessions, s.Number)
	}
	for _, h := range v.Participants {
		if name := shortAccount(h); !slices.Contains(t.people, name) {
			t.people = append(t.people, name)
		}
	}
}

// start returns the row of the conversation's first message, looked for no further
// than makes sense.
func (p *chatPane) start(t *talkFacts) int {
	const far = 4096
	if t.passedOn {
		rows := p.ins.x.TalkRows(nil, t.first, min(t.first+far, p.ins.x.Len()), t.number)
		for _, i := range rows {
			if m := p.message(i); m != nil && m.In(t.number) {
				return i
			}
		}
	}
	for i := t.first; i < min(t.first+far, p.ins.x.Len()); i++ {
		if r := p.ins.x.Row(i); r.Kind == index.Message && r.Conn != nil && slices.Contains(t.conns, r.Conn.Index) {
			return i
		}
	}
	return t.first
}

// inScope returns the conversations of the scope; where it has none, all.
func (p *chatPane) inScope() []talkFacts {
	var list []talkFacts
	switch s := p.ins.rows.Query().Scope; {
	case s.Conversation != 0:
		list = filterTalks(p.talks, func(t *talkFacts) bool { return t.number == s.Conversation })
	case s.Session != 0:
		list = filterTalks(p.talks, func(t *talkFacts) bool { return slices.Contains(t.sessions, s.Session) })
	case s.Conn != 0:
		list = filterTalks(p.talks, func(t *talkFacts) bool { return slices.Contains(t.conns, s.Conn) })
	}
	if len(list) == 0 {
		return p.talks
	}
	return list
}

func filterTalks(all []talkFacts, want func(*talkFacts) bool) (list []talkFacts) {
	for i := range all {
		if want(&all[i]) {
			list = append(list, all[i])
		}
	}
	return list
}

func talkAt(list []talkFacts, number int) int {
	return slices.IndexFunc(list, func(t talkFacts) bool { return t.number == number })
}

// choose returns the conversation to show, and why if it is not that of the
// selected message.
func (p *chatPane) choose() (number int, why string) {
	ins := p.ins
	list := p.inScope()
	if len(list) == 0 {
		return 0, ""
	}
	if ins.follow && talkAt(list, p.number) >= 0 {
		return p.number, "" // what is followed stays, whoever else says something
	}
	if ins.sel < 0 || ins.sel >= ins.x.Len() {
		return list[0].number, ""
	}
	r := ins.x.Row(ins.sel)
	if r.Conn != nil && r.Conn.Facts.Conversation != nil {
		if n := r.Conn.Facts.Conversation.Number; talkAt(p.talks, n) >= 0 {
			return n, ""
		}
	} else if n := p.ofRow(&r); n != 0 {
		return n, ""
	}
	of := "The nearest one"
	if r.Conn != nil && r.Conn.Facts.Session != nil {
		n := r.Conn.Facts.Session.Number
		if own := filterTalks(list, func(t *talkFacts) bool { return slices.Contains(t.sessions, n) }); len(own) > 0 {
			list, of = own, "The nearest of its session"
		}
	}
	if len(list) == 1 {
		of = "The only one"
	}
	return nearestTalk(list, ins.sel).number, of + ": the selected message has none."
}

// ofRow returns the conversation that a message of a notification server is part of, or
// 0: only its bytes tell. Of several it is the one that was gone to.
func (p *chatPane) ofRow(r *index.Row) int {
	if r.Conn == nil || r.Kind != index.Message || len(r.Conn.Facts.Talks) == 0 {
		return 0
	}
	m := p.message(r.Index)
	switch {
	case m == nil:
		return 0
	case p.wanted != 0 && m.In(p.wanted):
		return p.wanted
	}
	if v := m.Conversation(); v != nil {
		return v.Number
	}
	return 0
}

// message reads a row again: nil if it is none.
func (p *chatPane) message(row int) *decode.Message {
	if p.reader == nil {
		p.reader = p.ins.x.NewReader()
	}
	m, _, err := p.reader.Read(row)
	if err != nil {
		return nil
	}
	return m
}

// nearestTalk returns the conversation whose rows lie nearest.
func nearestTalk(list []talkFacts, row int) *talkFacts {
	best, least := &list[0], -1
	for i := range list {
		t := &list[i]
		if d := max(t.first-row, row-t.last, 0); least < 0 || d < least {
			best, least = t, d
		}
	}
	return best
}
