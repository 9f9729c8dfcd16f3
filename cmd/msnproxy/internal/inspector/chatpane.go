package inspector

import (
	"context"
	"strconv"
	"time"

	"msnproxy/cmd/msnproxy/internal/index"
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
