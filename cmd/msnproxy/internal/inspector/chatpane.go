package inspector

import (
	"context"
	"slices"
	"strconv"
	"time"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// chatPane is the view of a conversation as its people saw it: that of the selected
// message, else that of the scope, else the nearest one.
type chatPane struct {
	ins    *Inspector
	task   task
	talks  []talkFacts
	reader *index.Reader // nil: not needed yet
	wanted int           // conversation that was gone to last
	stamp  [3]int        // of talks
	at     time.Time     // when they were listed
	number int           // conversation on the screen; 0: none
	why    string        // it is not that of the selected message
	feed   *feed
	shot   *shot // nil: not made yet
	// sel is the number of the selected line, of all that there were; exact: it tells
	// of the selected row. synced is the row that it was last chosen for.
	sel    int
	exact  bool
	synced int
	top    int   // the first line on the screen, numbered in the same way
	lines  []int // of the screen: their lines, -1: none
	past   int   // lines on the screen
}

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

func newChatPane(ins *Inspector) pane {
	return &chatPane{ins: ins, task: task{ins: ins}, synced: -1}
}

// refresh sees to it that the right conversation is shown, as far as it is there.
func (p *chatPane) refresh() {
	ins := p.ins
	p.learn()
	number, why := p.choose()
	p.why = why
	if number != p.number {
		p.task.stop()
		p.number, p.feed, p.shot = number, nil, nil
		p.sel, p.top, p.synced, p.exact = 0, 0, -1, false
	}
	if p.number == 0 || p.task.busy() {
		return
	}
	if p.feed == nil {
		p.feed = newFeed(ins.x, p.number)
	}
	if _, _, _, rows := ins.rows.Counts(); p.shot == nil || rows > p.feed.next {
		f := p.feed
		p.task.start(p.shot.rest(), func(ctx context.Context) func() {
			s := f.step(ctx, rows)
			return func() { p.taken(s) }
		})
	}
}

// taken shows what has become of the chat; nil: nothing.
func (p *chatPane) taken(s *shot) {
	if s == nil {
		return
	}
	p.shot = s
	p.sel = bound(p.sel, s.dropped, s.dropped+max(len(s.lines)-1, 0))
	if at := p.sel - s.dropped; !p.exact || at >= len(s.lines) || !holds(&s.lines[at], p.ins.sel) {
		p.synced = -1 // a line may have come that tells of the selected row
	}
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

// sync selects the line of the selected row, wherever that was chosen.
func (p *chatPane) sync() {
	s := p.shot
	if s == nil || len(s.lines) == 0 {
		return
	}
	switch at := p.sel - s.dropped; {
	case p.ins.follow:
		p.sel, p.exact = s.dropped+len(s.lines)-1, true
	case p.synced == p.ins.sel:
	case p.exact && at >= 0 && at < len(s.lines) && holds(&s.lines[at], p.ins.sel):
	default:
		line, exact := s.lineOf(p.ins.sel)
		p.sel, p.exact = s.dropped+line, exact
	}
	p.synced = p.ins.sel
	if !p.visible(p.sel) {
		near := p.step(p.sel, -1)
		if near < 0 {
			near = p.step(p.sel, 1)
		}
		p.sel, p.exact = max(near, s.dropped), false
	}
}

// visible reports whether a line is shown: what was typed and then said is folded
// away with the noise.
func (p *chatPane) visible(n int) bool {
	at := n - p.shot.dropped
	return at >= 0 && at < len(p.shot.lines) && !(p.shot.lines[at].Superseded && p.ins.rows.Query().Fold)
}

// step returns the next line that is shown, up or down; -1: there is none.
func (p *chatPane) step(n, dir int) int {
	fold := p.ins.rows.Query().Fold
	for at := n - p.shot.dropped + dir; at >= 0 && at < len(p.shot.lines); at += dir {
		if !p.shot.lines[at].Superseded || !fold {
			return p.shot.dropped + at
		}
	}
	return -1
}

func (p *chatPane) move(n int) {
	if p.shot == nil || len(p.shot.lines) == 0 {
		return
	}
	dir := 1
	if n < 0 {
		dir = -1
	}
	to := p.sel
	for ; n != 0; n -= dir {
		next := p.step(to, dir)
		if next < 0 {
			break
		}
		to = next
	}
	p.pick(to)
}

// pick selects a line, and its message.
func (p *chatPane) pick(n int) {
	if p.shot == nil || !p.visible(n) {
		return
	}
	p.sel, p.exact = n, true
	if row := p.shot.lines[n-p.shot.dropped].Row; row >= 0 {
		p.ins.selectRow(row)
		p.synced = p.ins.sel
	}
}

func (p *chatPane) page(dir int, half bool) {
	p.move(screenful(p.past, dir, half))
}

func (p *chatPane) end(last bool) {
	if p.shot == nil {
		return
	}
	n := len(p.shot.lines)
	if last {
		p.pick(p.step(p.shot.dropped+n, -1))
		return
	}
	p.pick(p.step(p.shot.dropped-1, 1))
}

func (p *chatPane) click(_, y int) {
	if y >= 0 && y < len(p.lines) && p.lines[y] >= 0 {
		p.pick(p.lines[y])
	}
}

func (p *chatPane) wheel(n int) { p.move(n) }

func (p *chatPane) enter() { p.ins.focus = detailPane }

// sideways goes to the conversation before, or to the next one.
func (p *chatPane) sideways(n int) {
	p.learn()
	list := p.inScope()
	at := talkAt(list, p.number)
	to := at + n
	switch {
	case len(list) == 0:
		return
	case at < 0:
		to = 0
	case to < 0 || to >= len(list):
		what := "there is no conversation after this one"
		if n < 0 {
			what = "there is no conversation before this one"
		}
		if len(list) < len(p.talks) {
			what += " in what is shown: Esc shows everything"
		}
		p.ins.say(what)
		return
	}
	if p.ins.follow {
		p.task.stop()
		p.number, p.feed, p.shot = list[to].number, nil, nil
		p.sel, p.top, p.synced = 0, 0, -1
		return
	}
	p.wanted = list[to].number
	p.ins.selectRow(p.start(&list[to]))
}

// ordinal says which of the conversations is on the screen.
func (p *chatPane) ordinal() string {
	list := p.inScope()
	if at := talkAt(list, p.number); at >= 0 {
		return "‹ " + strconv.Itoa(at+1) + " of " + strconv.Itoa(len(list)) + " ›"
	}
	return ""
}
