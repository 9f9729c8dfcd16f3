package inspector

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/gdamore/tcell/v2"
)

// editorKeys stand below the form.
const editorKeys = " Enter edit  u undo  p payload  h header  E editor  : action  A send  X drop"

func (e *editor) draw(c canvas) {
	c = c.part(1, 0, c.w-2, c.h)
	for y := range c.h {
		c.fill(0, y, c.w, c.theme.text)
	}
	box(c, c.borderOn)
	title := " Edit " + e.ins.heldName(e.held) + ", held " + seconds(e.ins.o.Now().Sub(e.held.Since))
	if n := len(e.changes()); n > 0 {
		title += ", " + plural(n, "change")
	}
	if e.ins.holds.at[e.held.Number] == nil {
		title = " " + verbAndTrID(e.held.Message) + " is not held any more"
	}
	c.text(2, 0, c.w-4, title+" ", c.strong)
	c.text(1, c.h-1, c.w-2, editorKeys, c.hint)
	if e.wrong != "" {
		c.text(2, 1, c.w-4, e.wrong, c.err)
		return
	}
	below := min(len(e.odd)+4, (c.h-2)/2) // the rule, and lines of what is sent
	e.h = max(min(len(e.fields), c.h-2-below), 1)
	e.form(c)
	y := 1 + e.h
	c.part(1, y, c.w-2, 1).rule(0, '─', c.border)
	what := " what goes on: " + plural(len(e.now), "byte") + " "
	if e.now == nil {
		what = " nothing goes on "
	}
	c.text(3, y, c.w-6, what, c.dim)
	y++
	for _, s := range e.odd {
		if y >= c.h-1 {
			return
		}
		c.text(2, y, c.w-4, "! "+s, c.warning)
		y++
	}
	e.preview(c, y)
}

// form draws the fields.
func (e *editor) form(c canvas) {
	names := 4
	for i := range e.fields {
		names = max(names, cells(e.fields[i].name))
	}
	names = min(names, c.w/3)
	e.top = bound(e.top, max(e.sel-e.h+1, 0), e.sel)
	for i := 0; i < e.h && e.top+i < len(e.fields); i++ {
		f, y := &e.fields[e.top+i], 1+i
		style := func(s tcell.Style) tcell.Style { return s }
		if e.top+i == e.sel {
			style = func(s tcell.Style) tcell.Style { return c.selected(s, true) }
			c.fill(1, y, c.w-2, style(c.theme.text))
		}
		c.text(2, y, names, f.name, style(c.field))
		at := style(c.theme.text)
		if f.set == nil {
			at = style(c.dim)
		}
		x := 4 + names
		n := c.text(x, y, c.w-x-2, f.value, at)
		if f.note != "" && x+n+2 < c.w-2 {
			c.text(x+n+2, y, c.w-x-n-4, f.note, style(c.means))
		}
	}
	if more := len(e.fields) - e.top - e.h; more > 0 {
		c.right(c.w-16, e.h, 14, "↓ "+strconv.Itoa(more)+" more", c.dim)
	}
}

// preview draws what goes on, line by line.
func (e *editor) preview(c canvas, y int) {
	side := c.sender(e.held.From)
	for rest := e.now; len(rest) > 0; y++ {
		if y >= c.h-1 {
			c.right(c.w-16, c.h-2, 14, "↓ more", c.dim)
			return
		}
		n := len(rest)
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			n = i + 1
		}
		line := strings.TrimRight(string(rest[:n]), "\r\n")
		at := c.text(2, y, c.w-8, line, side)
		c.text(2+at, y, 4, string(rest[len(line):n]), c.dim)
		rest = rest[n:]
	}
}
