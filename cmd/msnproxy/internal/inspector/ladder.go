package inspector

import (
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
	next    time.Time // lanes are not made anew before then
	cols    []*lane   // that are offered
	plan    ladderPlan
	at      [2]int // the windows on clients and servers
	seen    int    // the row that was selected when columns were brought into sight
	chosen  int    // the first row on the screen when cols were chosen
	head    int    // lines above the rows
	summary []byte
}

func newLadder(ins *Inspector) pane { return &ladder{rowsPane: rowsPane{ins: ins}, seen: -1} }

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

// refresh makes lanes anew when connections have come or more is known of them. With
// very many of them it takes its time, so it is not done for every screen.
func (l *ladder) refresh() {
	sum := l.ins.x.Summary()
	scope := l.ins.rows.Query().Scope
	if l.lanes != nil && scope == l.scope {
		if sum.Version == l.version && sum.Conns == l.conns {
			return
		}
		if time.Now().Before(l.next) && !l.unknown() {
			return
		}
	}
	from := time.Now()
	l.lanes = newLanes(l.ins.x.Conns(), scope)
	l.scope, l.version, l.conns = scope, sum.Version, sum.Conns
	l.next = time.Now().Add(20 * time.Since(from))
	l.cols, l.plan = nil, ladderPlan{}
}

// unknown reports whether a row on the screen is of a connection without lanes.
func (l *ladder) unknown() bool {
	for _, row := range l.lines {
		if c := l.ins.x.Row(row).Conn; c != nil && l.lanes.of(c) == nil {
			return true
		}
	}
	return false
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
	for i, s := range p.shown {
		from, to := p.left, p.right
		if p.hidden[0][0]+p.hidden[0][1] > 0 {
			from += ladderName - 1
		}
		if i > 0 {
			from = (p.shown[i-1].x+s.x)/2 + 1
		}
		if i < len(p.shown)-1 {
			to = (p.shown[i+1].x + s.x) / 2
		} else if p.hidden[1][0]+p.hidden[1][1] > 0 {
			to = s.x + 2
		}
		style := [...]tcell.Style{c.client, c.theme.text, c.server}[s.kind]
		if used != nil && (s == used.client || s == used.server || s.kind == proxyLane && used.proxied) {
			style = style.Bold(true)
		}
		heading(c, 0, from, to, s.x, s.name, style)
		if l.head > 1 {
			heading(c, 1, from, to, s.x, tail(s.addr, to-from), c.dim)
		}
	}
	l.more(c)
}

// heading draws a name above its lifeline: in the middle where that is possible.
func heading(c canvas, y, from, to, x int, s string, style tcell.Style) {
	n := min(cells(s), to-from)
	c.text(bound(x-n/2, from, to-n), y, n, s, style)
}

// tail shortens an address so that its end stays: what tells servers on one host
// apart.
func tail(s string, width int) string {
	if r := []rune(s); len(r) > width && width > 1 {
		return "…" + string(r[len(r)-width+1:])
	}
	return s
}

// more tells of the columns out of sight.
func (l *ladder) more(c canvas) {
	p := &l.plan
	y := min(1, l.head-1)
	if n := p.hidden[0][0]; n > 0 {
		l.sign(c, 2, 0, "‹ "+strconv.Itoa(n)+" more", -1)
	}
	if n := p.hidden[0][1]; n > 0 {
		l.sign(c, 2, y, strconv.Itoa(n)+" more ›", 1)
	}
	x := p.last + 3
	if n := p.hidden[1][1]; n > 0 {
		l.sign(c, x, 0, strconv.Itoa(n)+" more ›", 1)
	}
	if n := p.hidden[1][0]; n > 0 {
		l.sign(c, x, y, "‹ "+strconv.Itoa(n)+" more", -1)
	}
	if len(l.cols) < len(l.lanes.all) && p.hidden[0] == [2]int{} {
		c.text(2, 0, p.left-3, strconv.Itoa(len(l.cols))+" of "+strconv.Itoa(len(l.lanes.all)), c.dim)
	}
}

func (l *ladder) sign(c canvas, x, y int, s string, dir int) {
	n := c.text(x, y, c.w-x, s, c.key)
	l.ins.spot(c, x, y, n, func() { l.ins.focus = mainPane; l.sideways(dir) })
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
