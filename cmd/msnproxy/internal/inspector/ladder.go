package inspector

import (
	"context"
	"strconv"
	"time"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/index"
)

// ladder is the view that shows messages as arrows between those who send and
// receive them.
type ladder struct {
	rowsPane
	lanes   *lanes
	scope   index.Scope
	version int // of the facts that lanes were made of
	conns   int
	took    time.Duration // to make them
	task    task          // makes them
	cols    []*lane       // that are offered
	plan    ladderPlan
	at      [2]int // the windows on clients and servers
	seen    int    // the row that was selected when columns were brought into sight
	chosen  int    // the first row on the screen when cols were chosen
	head    int    // lines above the rows
	summary []byte
}

func newLadder(ins *Inspector) pane {
	return &ladder{rowsPane: rowsPane{ins: ins}, seen: -1, task: task{ins: ins}}
}

func (l *ladder) draw(c canvas, keys bool) {
	l.head = 2
	if c.h < 7 {
		l.head = 1
	}
	body := c.part(0, l.head, c.w, c.h-l.head)
	if !l.visible(body) {
		return
	}
	l.refresh()
	l.arrange(c.w)
	l.header(c)
	prev := l.ins.rows.Prev(l.top)
	for y, row := range l.lines {
		l.line(body, y, row, prev, keys)
		prev = row
	}
	for y := len(l.lines); y < body.h; y++ {
		l.lifelines(body, y, prev+1, prev+1, func(s tcell.Style) tcell.Style { return s })
	}
}

// slowLanes is how long it may take to make lanes while a screen is drawn.
const slowLanes = 2 * time.Millisecond

// refresh makes lanes anew when connections have come or more is known of them.
// Where there are so many that it takes long, that is done beside, and not all the
// time; until then rows of new connections are drawn without an arrow.
func (l *ladder) refresh() {
	sum := l.ins.x.Summary()
	scope := l.ins.rows.Query().Scope
	if l.lanes != nil && scope == l.scope && sum.Version == l.version && sum.Conns == l.conns {
		return
	}
	if l.lanes == nil || scope != l.scope || l.took < slowLanes {
		l.take(makeLanes(l.ins.x, scope))
		return
	}
	if l.task.busy() {
		return
	}
	x := l.ins.x
	l.task.start(10*l.took, func(context.Context) func() {
		s := makeLanes(x, scope)
		return func() {
			if scope == l.scope {
				l.take(s)
			}
		}
	})
}

// made are lanes, with what they were made of, and how long it took.
type made struct {
	*lanes
	scope index.Scope
	of    index.Summary
	took  time.Duration
}

func makeLanes(x *index.Index, scope index.Scope) made {
	from := time.Now()
	of := x.Summary()
	return made{newLanes(x.Conns(), scope), scope, of, time.Since(from)}
}

func (l *ladder) take(m made) {
	l.lanes, l.took, l.cols, l.plan = m.lanes, m.took, nil, ladderPlan{}
	l.scope, l.version, l.conns = m.scope, m.of.Version, m.of.Conns
}

// arrange chooses the columns and gives them their places.
func (l *ladder) arrange(w int) {
	sel := l.ins.x.Row(l.ins.sel)
	need := l.lanes.of(sel.Conn)
	moved := l.seen != l.ins.sel
	if l.cols == nil || (moved || l.chosen != l.top) && len(l.lanes.all) > mostLanes && !l.offered() {
		l.cols = l.lanes.choose(l.onScreen(), l.ins.sel)
		l.chosen, moved = l.top, true
	}
	if !moved {
		need = nil
	}
	l.seen = l.ins.sel
	for _, s := range l.plan.shown {
		s.x = -1
	}
	timeWidth := 12
	switch {
	case l.ins.timeMode == dateTime && w >= 100:
		timeWidth = 23
	case w < 40:
		timeWidth = 0
	}
	folds := 0
	if l.ins.rows.Query().Fold && w >= 72 {
		folds = 4
	}
	l.plan = l.lanes.place(l.cols, w, timeWidth, folds, &l.at, need)
}

// onScreen returns the connections of the rows on the screen, the selected one's
// first.
func (l *ladder) onScreen() (conns []int) {
	for _, row := range append([]int{l.ins.sel}, l.lines...) {
		if c := l.ins.x.Row(row).Conn; l.lanes.of(c) != nil {
			conns = append(conns, c.Index)
		}
	}
	return conns
}

// offered reports whether all rows on the screen have their columns among those
// that are offered.
func (l *ladder) offered() bool {
	for _, c := range l.onScreen() {
		if e := &l.lanes.ends[c]; !e.client.near || !e.server.near {
			return false
		}
	}
	return true
}

// header draws the names of the columns, and their addresses.
func (l *ladder) header(c canvas) {
	p := &l.plan
	used := l.lanes.of(l.ins.x.Row(l.ins.sel).Conn)
	from := [2]int{p.left, p.left}
	to := [2]int{c.w, c.w}
	for y, s := range l.signs(c) {
		if s[0] > 0 {
			from[y] = s[0] + 1
		}
		if s[1] > 0 {
			to[y] = s[1] - 1
		}
	}
	names := make([]heading, len(p.shown))
	addrs := make([]heading, len(p.shown))
	for i, s := range p.shown {
		style := [...]tcell.Style{c.client, c.theme.text, c.server}[s.kind]
		if used != nil && (s == used.client || s == used.server || s.kind == proxyLane && used.proxied) {
			style = style.Bold(true)
		}
		names[i] = newHeading(s.x, s.name, style)
		addrs[i] = newHeading(s.x, s.addr, c.dim)
	}
	settle(names, from[0], to[0])
	settle(addrs, from[1], to[1])
	for i := range names {
		h := &names[i]
		c.text(h.from, 0, h.to-h.from, h.text, h.style)
		if h = &addrs[i]; l.head > 1 {
			c.text(h.from, 1, h.to-h.from, tail(h.text, h.to-h.from), h.style)
		}
	}
}

// heading is a text above a lifeline.
type heading struct {
	from, to, x int
	text        string
	style       tcell.Style
}

func newHeading(x int, text string, style tcell.Style) heading {
	n := cells(text)
	return heading{x - n/2, x - n/2 + n, x, text, style}
}

// settle moves headings apart, and cuts them where that does not do.
func settle(list []heading, from, to int) {
	for i := range list {
		h := &list[i]
		n := min(h.to-h.from, to-from)
		h.from = bound(h.from, from, to-n)
		h.to = h.from + n
		if i == 0 || h.from > list[i-1].to {
			continue
		}
		before := &list[i-1]
		at := bound((before.to+h.from)/2, before.x+1, h.x-1)
		before.to = min(before.to, at)
		h.from = max(h.from, at+1)
	}
}

// signs tells of the columns out of sight, on each line of the header to the left
// and to the right. It returns where that ends and begins; 0: nothing is there.
func (l *ladder) signs(c canvas) (at [2][2]int) {
	p := &l.plan
	y := min(1, l.head-1)
	word := " more"
	if p.edge == narrowEdge {
		word = ""
	}
	less := func(n int) string { return "‹ " + strconv.Itoa(n) + word }
	more := func(n int) string { return strconv.Itoa(n) + word + " ›" }
	sign := func(side, y int, s string, dir int) {
		n := cells(s)
		x := p.first - 1 - n
		at[y][side] = x + n
		if side == 1 {
			x = c.w - n - 1
			at[y][side] = x
		}
		c.text(x, y, n, s, c.key)
		l.ins.spot(c, x, y, n, func() { l.ins.focus = mainPane; l.sideways(dir) })
	}
	if n := p.hidden[0][0]; n > 0 {
		sign(0, 0, less(n), -1)
	}
	if n := p.hidden[0][1]; n > 0 {
		sign(0, y, more(n), 1)
	}
	if n := p.hidden[1][0]; n > 0 {
		sign(1, y, less(n), -1)
	}
	if n := p.hidden[1][1]; n > 0 {
		sign(1, 0, more(n), 1)
	}
	if len(l.cols) < len(l.lanes.all) {
		c.text(2, 0, p.left-3, strconv.Itoa(len(l.cols))+" of "+strconv.Itoa(len(l.lanes.all)), c.dim)
	}
	return at
}

// sideways shows columns further to a side: servers, and when there is none, clients.
func (l *ladder) sideways(n int) {
	side := 0
	if n > 0 {
		side = 1
	}
	for _, i := range []int{1, 0} {
		if l.plan.hidden[i][side] > 0 {
			l.at[i] += n
			return
		}
	}
}

func (l *ladder) click(x, y int) {
	if y >= l.head {
		l.rowsPane.click(x, y-l.head)
	}
}
