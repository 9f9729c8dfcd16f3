package inspector

import (
	"context"
	"strconv"
	"strings"
	"time"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode"
)

// statsPane is the view of counts: of everything, or of what a filter or a scope
// wants, folded away or not.
type statsPane struct {
	ins     *Inspector
	task    task
	stamp   statsStamp
	known   bool      // there is a stamp
	at      time.Time // when the report was made
	counter *counter
	report  *report // nil: not made yet
	sel     int     // line
	top     int
	height  int
}

// statsStamp changes when the counts may have.
type statsStamp struct {
	query                 index.Query
	matched, looked, rows int
	messages              int64
	open                  int
}

func newStatsPane(ins *Inspector) pane { return &statsPane{ins: ins, task: task{ins: ins}} }

// statsEvery is how often counts are made anew while messages come.
const statsEvery = time.Second

func restricted(q index.Query) bool { return q.Filter != "" || q.Scope != (index.Scope{}) || q.Marked }

// refresh has the counts made anew if they may not be right any more.
func (p *statsPane) refresh() {
	ins := p.ins
	sum := ins.x.Summary()
	shown, folded, looked, rows := ins.rows.Counts()
	now := statsStamp{query: ins.rows.Query(), matched: shown + folded, looked: looked, rows: rows, messages: sum.Messages, open: sum.Open}
	now.query.Fold = false // what is folded away counts, too
	if ins.paused {
		now.messages, now.open = p.stamp.messages, p.stamp.open
	}
	if p.known && now == p.stamp {
		return
	}
	asked := !p.known || now.query != p.stamp.query
	if p.task.busy() && !asked {
		return // the draw after that finds out that there is more
	}
	wait := time.Duration(0)
	if !asked {
		wait = max(statsEvery-ins.o.Now().Sub(p.at), 0)
	}
	p.stamp, p.known = now, true
	if !restricted(now.query) {
		p.counter = nil
		p.task.start(wait, func(context.Context) func() {
			var t *tally.Tally
			ins.x.Tally(func(all *tally.Tally) { t = all.Clone() })
			r := newReport(t, nil)
			return func() { p.taken(r) }
		})
		return
	}
	if asked || p.counter == nil {
		p.counter = &counter{}
	}
	k := p.counter
	p.task.start(wait, func(ctx context.Context) func() {
		r := k.count(ctx, ins.x, ins.rows, rows, func(part *report) {
			ins.post(func() {
				if p.counter == k && p.task.busy() {
					p.taken(part)
				}
			})
		})
		return func() { p.taken(r) }
	})
}

// taken shows new counts. The same line stays selected, as far as it is there.
func (p *statsPane) taken(r *report) {
	name := p.nameOf(p.sel)
	p.report, p.at = r, p.ins.o.Now()
	p.sel = bound(p.sel, 0, max(len(r.lines)-1, 0))
	if name == "" || p.nameOf(p.sel) == name {
		return
	}
	for i := range r.lines {
		if p.nameOf(i) == name {
			p.sel = i
			return
		}
	}
}

// nameOf names what a line is about, so that it is found again.
func (p *statsPane) nameOf(n int) string {
	if p.report == nil || n < 0 || n >= len(p.report.lines) || !p.report.lines[n].selectable() {
		return ""
	}
	r, l := p.report, p.report.lines[n]
	s := strconv.Itoa(int(l.section)) + " "
	switch l.section {
	case commandStats:
		return s + r.commands[l.item].From.String() + " " + r.commands[l.item].Verb
	case connStats:
		return s + strconv.FormatUint(uint64(r.conns[l.item].ID), 10) + r.conns[l.item].First.String()
	case accountStats:
		return s + r.accounts[l.item].Handle
	case deliveryStats:
		return s + r.deliveries[l.item].Server + " " + r.deliveries[l.item].Verb
	case errorStats:
		return s + r.errors[l.item]
	case challengeStats:
		return s + r.challenges[l.item]
	}
	return s + strconv.Itoa(l.item)
}

func (p *statsPane) move(n int) {
	if p.report == nil {
		return
	}
	dir := 1
	if n < 0 {
		dir = -1
	}
	for ; n != 0; n -= dir {
		to := p.sel + dir
		for to >= 0 && to < len(p.report.lines) && !p.report.lines[to].selectable() {
			to += dir
		}
		if to < 0 || to >= len(p.report.lines) {
			break
		}
		p.sel = to
	}
}

func (p *statsPane) page(dir int, half bool) {
	p.move(screenful(p.height-2, dir, half))
}

func (p *statsPane) end(last bool) {
	p.sel = 0
	if last && p.report != nil {
		p.sel = max(len(p.report.lines)-1, 0)
	}
}

func (p *statsPane) click(_, y int) {
	if n := p.top + y - 1; y >= 1 && p.report != nil && n < len(p.report.lines) && p.report.lines[n].selectable() {
		p.sel = n
	}
}

func (p *statsPane) wheel(n int) { p.move(n) }

// enter shows the messages that the line counts.
func (p *statsPane) enter() {
	r := p.report
	if r == nil || p.sel >= len(r.lines) || !r.lines[p.sel].selectable() {
		return
	}
	l := r.lines[p.sel]
	switch l.section {
	case commandStats:
		p.filter(verbFilter(r.commands[l.item].Verb))
	case connStats:
		p.scope(r.conns[l.item])
	case accountStats:
		p.filter("account == " + strconv.Quote(r.accounts[l.item].Handle))
	case deliveryStats:
		p.filter("copy_of > 0 && server == " + strconv.Quote(r.deliveries[l.item].Server) + " && " + verbFilter(r.deliveries[l.item].Verb))
	case errorStats:
		p.filter("error == " + r.errors[l.item])
	case challengeStats:
		p.filter(verbFilter(decode.VerbOf(decode.ActProof).Name))
	}
}

// verbFilter is the filter for a command as it is counted; "": there is none.
func verbFilter(verb string) string {
	switch kind := strings.Trim(verb, "()"); {
	case kind == "unknown":
		return ""
	case kind != verb:
		return "kind == " + strconv.Quote(kind)
	}
	return "verb == " + strconv.Quote(verb)
}

func (p *statsPane) filter(expr string) {
	if expr == "" {
		p.ins.say("no filter says that: commands that are not known have many names")
		return
	}
	p.ins.applyFilter(expr)
	p.ins.setView(messagesView)
}

func (p *statsPane) scope(c *tally.Conn) {
	conn := 0
	for _, k := range p.ins.x.Conns() {
		if k.Facts.ID == c.ID && (conn == 0 || !k.Facts.Opened.After(c.First)) {
			conn = k.Index // numbers may be used again: the newest before its first message
		}
	}
	if conn > 0 {
		p.ins.setScope(index.Scope{Conn: conn})
		p.ins.setView(messagesView)
	}
}
