package inspector

import (
	"strconv"
	"strings"

	"github.com/gdamore/tcell/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// rung is a row of the ladder, as it is drawn.
type rung struct {
	canvas
	y     int
	row   *index.Row
	took  string
	style func(tcell.Style) tcell.Style
}

// label is what stands on an arrow.
type label []struct {
	text  string
	style tcell.Style
}

// line draws a row.
func (l *ladder) line(c canvas, y, row, prev int, keys bool) {
	ins := l.ins
	r := ins.x.Row(row)
	g := rung{canvas: c, y: y, row: &r, took: ins.took(&r), style: func(s tcell.Style) tcell.Style { return s }}
	if row == ins.sel {
		g.style = func(s tcell.Style) tcell.Style { return c.selected(s, keys) }
		c.fill(0, y, c.w, g.style(c.theme.text))
	}
	l.gutter(c, y, &r, g.style)
	c.text(3, y, l.plan.time, ins.clock(&r, prev), g.style(c.dim))
	if l.plan.folds > 0 && (prev >= 0 || row > 0) {
		if n := ins.rows.FoldedBetween(prev, row); n > 0 {
			c.right(l.plan.right, y, l.plan.folds, "+"+strconv.Itoa(n), g.style(c.dim))
		}
	}
	l.lifelines(c, y, row, row+1, g.style)
	e := l.lanes.of(r.Conn)
	m, rec, err := ins.reader.Read(row)
	switch {
	case err != nil:
		g.event(l.plan.first, l.plan.last, err.Error(), c.err)
	case r.Kind == index.Message && e == nil: // of a connection that has just come
		g.label(l.plan.first+3, l.plan.right, label{{verbAndTrID(m), c.sender(r.From)}, {m.Summary(), c.theme.text}}, true)
	case r.Kind != index.Message:
		l.happened(&g, e, rec)
	default:
		l.message(&g, e, m, rec)
	}
}

// lifelines draws the lanes that are open above or below a row.
func (l *ladder) lifelines(c canvas, y, above, below int, style func(tcell.Style) tcell.Style) {
	for _, s := range l.plan.shown {
		if s.open(above) || s.open(below) {
			c.text(s.x, y, 1, "│", style(c.border))
		}
	}
}

// stand returns where the arrows of a lane end. Lanes out of sight are named at the
// edge of the screen.
func (l *ladder) stand(g *rung, s *lane) int {
	p := &l.plan
	switch {
	case s.x >= 0:
		return s.x
	case s.kind == clientLane:
		n := min(cells(s.name), p.edge-2)
		g.text(p.left, g.y, n, s.name, g.style(g.client))
		return p.left + n
	}
	n := min(cells(s.name), p.edge-2)
	g.text(p.right-n, g.y, n, s.name, g.style(g.server))
	return p.right - n - 1
}

// message draws a message as an arrow; as two where the proxy made something else
// of it.
func (l *ladder) message(g *rung, e *ends, m *decode.Message, rec *capture.Record) {
	from, to := l.stand(g, e.client), l.stand(g, e.server)
	if g.row.From == decode.Server {
		from, to = to, from
	}
	side := g.sender(g.row.From)
	said := g.theme.text
	if m.Refuses() {
		side, said = g.err, g.err
	}
	l.summary = m.AppendSummary(l.summary[:0])
	name := verbAndTrID(m)
	whole := label{{name, side}, {string(l.summary), said}}
	redirect, redirects := m.Redirect()
	if redirects {
		whole[1].style = g.redirect
	}
	if g.row.Comment {
		whole = append(whole, label{{"; " + l.ins.x.Comment(g.row.Index), g.user}}...)
	}
	proxy := l.lanes.proxy
	stands := g.row.Fate == capture.Held || l.ins.holds.waits(g.row) > 0
	if proxy == nil || !e.proxied || g.row.Fate == capture.Passed && !g.row.SentOn && !stands {
		g.arrow(from, to, "─", side, whole, true)
		return
	}
	short, sent := whole, changed(rec)
	if redirects {
		sent, _, _ = strings.Cut(sent, " ")
		addr := string(rec.Frame.Raw[redirect.Addr.Start:redirect.Addr.End])
		if room := labelRoom(from, proxy.x); whole.cells() > room {
			short = label{{name, side}, {tail(addr, room-cells(name)-1), g.redirect}}
		}
		sent = tail(sent, labelRoom(proxy.x, to))
	}
	switch {
	case g.row.Fate == capture.Withheld:
		g.arrow(from, proxy.x, "─", side, whole, false)
		g.text(proxy.x, g.y, 1, "×", g.style(g.err))
		g.aside(proxy.x, to, "withheld", g.redirect)
	case stands:
		g.arrow(from, proxy.x, "─", side, whole, false)
		g.aside(proxy.x, to, l.ins.rowMarks(g.row, rec), g.redirect)
	case g.row.Fate == capture.Injected:
		g.aside(from, proxy.x, "injected", g.redirect)
		g.arrow(proxy.x, to, "┄", g.redirect, whole, false)
	default:
		g.arrow(from, proxy.x, "─", side, short, false)
		g.arrow(proxy.x, to, "┄", g.redirect, label{{sent, g.redirect}}, true)
	}
}

func abs(n int) int { return max(n, -n) }

func (b label) cells() (n int) {
	for _, p := range b {
		n += cells(p.text) + 1
	}
	return n - 1
}

// arrow draws an arrow with its label, and with last the time that a reply took.
func (g *rung) arrow(from, to int, line string, style tcell.Style, b label, last bool) {
	lo, hi := min(from, to), max(from, to)
	n := hi - lo - 1
	if n < 1 {
		return
	}
	style = g.style(style)
	g.text(lo+1, g.y, n, strings.Repeat(line, n), style)
	// The triangles that terminals never draw as pictures.
	if from < to {
		g.text(from, g.y, 1, "├", style)
		g.text(hi-1, g.y, 1, "►", style)
	} else {
		g.text(from, g.y, 1, "┤", style)
		g.text(lo+1, g.y, 1, "◄", style)
	}
	x, room := lo+3, labelRoom(from, to)
	if tight(from, to) {
		x--
	}
	end := x + room
	if text := g.took; last && text != "" && (end-x > 44 || b.cells()+cells(text)+4 < end-x) {
		w := cells(text)
		g.text(end-w, g.y, w+1, text+" ", g.style(g.dim))
		g.text(end-w-1, g.y, 1, " ", g.style(g.dim))
		end -= w + 3
	}
	g.label(x, end, b, !tight(from, to))
}

// tight reports whether an arrow is so short that its label needs all of it.
func tight(from, to int) bool { return abs(from-to) < 18 }

// labelRoom is how long a label on an arrow can be.
func labelRoom(from, to int) int {
	if n := abs(from - to); !tight(from, to) {
		return n - 6
	} else if from > to {
		return n - 2
	} else {
		return n - 3
	}
}

// label draws a label from x to end, with room around it where there is some.
func (g *rung) label(x, end int, b label, room bool) {
	if room {
		g.text(x-1, g.y, 1, " ", g.style(g.theme.text))
	}
	for i, p := range b {
		if i > 0 && p.text != "" && x < end {
			x += g.text(x, g.y, 1, " ", g.style(g.theme.text))
		}
		x += g.text(x, g.y, end-x, p.text, g.style(p.style))
	}
	if room && x <= end {
		g.text(x, g.y, 1, " ", g.style(g.theme.text))
	}
}

// aside writes a word where there is no arrow.
func (g *rung) aside(a, b int, s string, style tcell.Style) {
	lo, hi := min(a, b), max(a, b)
	n := min(cells(s), hi-lo-3)
	g.text((lo+hi-n)/2+1, g.y, n, s, g.style(style))
}

// happened draws what is no message between the lanes that it is about.
func (l *ladder) happened(g *rung, e *ends, rec *capture.Record) {
	style := g.dim
	if g.row.Kind == index.Remark || g.row.Kind == index.Lost {
		style = g.warning
	}
	if e == nil {
		g.event(l.plan.first, l.plan.last, occasion(g.row, rec), style)
		return
	}
	id := "#" + strconv.FormatUint(uint64(g.row.Conn.Facts.ID), 10)
	a, b := l.stand(g, e.client), l.stand(g, e.server)
	text := id + " " + occasion(g.row, rec)
	if g.row.Kind == index.Opened {
		text = id + " opened"
		if g.row.Conn.MidStream {
			text = id + " was open already"
		}
		if from := text + " from " + g.row.Conn.Facts.Client; g.row.Conn.Facts.Client != "" && cells(from) < b-a-6 {
			text = from
		}
	}
	g.event(a, b, text, style)
	l.corner(g, e.client, "╭╰├│", style)
	l.corner(g, e.server, "╮╯┤│", style)
}

// corner draws where a lifeline begins, ends, or goes on beside an event.
func (l *ladder) corner(g *rung, s *lane, corners string, style tcell.Style) {
	if s.x < 0 {
		return
	}
	c := []rune(corners)
	above, below := s.open(g.row.Index), s.open(g.row.Index+1)
	r := c[2]
	switch {
	case above == below:
	case g.row.Kind == index.Opened && !g.row.Conn.MidStream:
		r = c[0]
	case g.row.Kind == index.Closed:
		r = c[1]
	}
	g.text(s.x, g.y, 1, string(r), g.style(style))
}

// event draws a line with a text in its middle.
func (g *rung) event(lo, hi int, s string, style tcell.Style) {
	n := hi - lo - 1
	if n < 1 {
		return
	}
	g.text(lo+1, g.y, n, strings.Repeat("╌", n), g.style(style))
	w := min(cells(s), n-2)
	x := lo + 1 + (n-w)/2
	g.text(x-1, g.y, 1, " ", g.style(style))
	w = g.text(x, g.y, w, s, g.style(style))
	g.text(x+w, g.y, 1, " ", g.style(style))
}
