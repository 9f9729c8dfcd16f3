package inspector

import (
	"strconv"

	"github.com/gdamore/tcell/v2"

	"msnproxy/decode"
	"msnproxy/proxy/gate"
)

func (p *holdsPane) draw(c canvas, keys bool) {
	h := &p.ins.holds
	if p.ins.o.Gate == nil {
		headLine(c.part(0, 0, c.w, 1), keys, "nothing is held", "", "")
		c.text(1, 2, c.w-2, "A recording holds nothing: only live traffic (run, demo) goes through the gate.", c.dim)
		return
	}
	p.refresh()
	facts := ""
	if h.rules > 0 {
		facts = "· " + plural(h.rules, "gate rule") + " (:rules)"
	}
	title := plural(len(h.breaks), "breakpoint") + ", " + strconv.Itoa(len(h.held)) + " held"
	headLine(c.part(0, 0, c.w, 1), keys, title, facts, "")
	p.height = max(c.h-1, 1)
	p.top = bound(p.top, max(p.sel-p.height+1, 0), p.sel)
	if p.sel <= 1 {
		p.top = 0
	}
	for y := 0; y < p.height && p.top+y < len(p.lines); y++ {
		p.line(c, y+1, p.top+y, keys)
	}
}

func (p *holdsPane) line(c canvas, y, n int, keys bool) {
	l := &p.lines[n]
	style := func(s tcell.Style) tcell.Style { return s }
	if n == p.sel && l.chosen() {
		style = func(s tcell.Style) tcell.Style { return c.selected(s, keys) }
		c.fill(0, y, c.w, style(c.theme.text))
	}
	switch {
	case l.head:
		c.text(1, y, c.w-2, l.text, c.strong)
	case l.brk != nil:
		b := l.brk
		state, at := "on", style(c.theme.text)
		if b.Off {
			state, at = "off", style(c.dim)
		}
		p.breakLine(c, y, strconv.Itoa(b.ID), state, b.Hits, holdText(b), at)
	case l.silence:
		s := &p.ins.holds.silence
		p.breakLine(c, y, "", "on", s.hits, "no reply for "+spell(s.after)+": marks "+silenceMark+" and rings, holds nothing", style(c.theme.text))
	case l.held != nil:
		p.heldLine(c, y, l.held, style)
	case l.alarm:
		c.text(6, y, c.w-7, l.text, c.warning)
	default:
		c.text(3, y, c.w-4, l.text, c.dim)
	}
}

// breakLine draws a breakpoint: number, switch, hits, what it holds.
func (p *holdsPane) breakLine(c canvas, y int, id, state string, hits int, text string, style tcell.Style) {
	c.right(1, y, 4, id, style)
	c.text(6, y, 3, state, style)
	c.right(9, y, 9, plural(hits, "hit"), style)
	c.text(20, y, c.w-21, text, style)
}

// heldLine draws a held message: number, connection, what it is, since when, what waits
// behind it, who holds it.
func (p *holdsPane) heldLine(c canvas, y int, m *gate.Held, style func(tcell.Style) tcell.Style) {
	c.right(1, y, 6, strconv.FormatInt(m.Number, 10), style(c.dim))
	c.text(8, y, 4, "#"+strconv.FormatUint(uint64(m.Conn), 10), style(c.dim))
	arrow := "→"
	if m.From == decode.Server {
		arrow = "←"
	}
	x := 13
	x += c.text(x, y, 12, arrow+" "+verbAndTrID(m.Message), style(c.sender(m.From))) + 2
	text := "held " + seconds(p.ins.o.Now().Sub(m.Since))
	if m.For > 0 {
		text += " of " + spell(m.For)
	}
	switch {
	case m.Behind > 0:
		text += ", " + strconv.Itoa(m.Behind) + " waiting behind (" + sizeText(int64(m.BehindBytes)) + ")"
	case !m.First:
		text += ", waiting behind another"
	}
	if len(p.ins.holds.edits[m.Number]) > 0 {
		text += ", edited"
	}
	x += c.text(x, y, c.w-x-1, text, style(c.warning)) + 2
	c.text(x, y, c.w-x-1, "by "+m.Why, style(c.dim))
}
