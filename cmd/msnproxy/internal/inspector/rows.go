package inspector

import (
	"strconv"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/index"
)

// rowsPane is what panes have in common that show a line for each row of the view:
// which rows are on the screen, and how the selection moves.
type rowsPane struct {
	ins    *Inspector
	top    int // the first row on the screen; -1: none
	height int
	lines  []int // rows, as they were drawn
}

// visible works out which rows are on c, one a line. Without any it says why, and
// returns false.
func (p *rowsPane) visible(c canvas) bool {
	ins := p.ins
	p.height = c.h
	p.lines = p.lines[:0]
	if ins.sel < 0 || ins.rows.Next(-1) < 0 {
		p.nothing(c)
		return false
	}
	if !ins.rows.Shows(ins.sel) {
		ins.sel = ins.rows.Near(ins.sel)
	}
	p.scroll(c.h)
	for row := p.top; len(p.lines) < c.h && row >= 0; row = ins.rows.Next(row) {
		p.lines = append(p.lines, row)
	}
	return true
}

// gutter draws the marks before a row: the user's, and that of findings.
func (p *rowsPane) gutter(c canvas, y int, r *index.Row, style func(tcell.Style) tcell.Style) {
	switch {
	case r.Marked:
		c.text(0, y, 1, p.ins.x.Mark(r.Index), style(c.user))
	case r.Comment:
		c.text(0, y, 1, ";", style(c.user))
	}
	c.text(1, y, 1, severityMark(r.Severity), style(c.severity(r.Severity)))
}

// nothing says why the list is empty.
func (p *rowsPane) nothing(c canvas) {
	q := p.ins.rows.Query()
	_, folded, looked, rows := p.ins.rows.Counts()
	s := p.ins.x.Summary()
	text := "No messages yet."
	switch {
	case rows == 0 && s.Done:
		text = "There are no messages in it."
	case rows == 0 && p.ins.o.Live:
		text = or(p.ins.waiting, "Waiting for a client: nothing has come yet.")
	case rows == 0:
		text = "Reading..."
	case q.Filter != "" && looked < rows:
		text = "Filtering..."
	case q.Filter != "":
		text = "No message matches the filter (f changes it, Esc there takes it away)."
	case q.Marked:
		text = "No message is marked (M shows all)."
	case folded > 0:
		text = strconv.Itoa(folded) + " messages are folded away (z unfolds)."
	case q.Scope != index.Scope{}:
		text = "Nothing here yet (Esc shows all sessions)."
	}
	c.text(2, c.h/3, c.w-4, text, c.dim)
	p.ins.drawStuck(c, c.h/3+2)
}

// scroll makes sure that the selected row is on a screen of h lines. The screen
// moves no more than it must for a row that is near; for one that is far away it
// shows what stands around it.
func (p *rowsPane) scroll(h int) {
	rows, sel := p.ins.rows, p.ins.sel
	if p.top < 0 || !rows.Shows(p.top) {
		p.top = rows.Near(max(p.top, 0))
	}
	switch n := p.distance(p.top, sel, 2*h); {
	case n < 0 && -n <= h/2:
		p.top = sel
	case n >= 0 && n < h:
	case n > 0 && n < h+h/2:
		p.top = p.step(p.top, n-h+1)
	default:
		p.top = p.step(sel, -h/3)
	}
	if short := h - 1 - p.distance(p.top, rows.Prev(p.ins.x.Len()), h); short > 0 {
		p.top = p.step(p.top, -short) // no room is wasted at the end
	}
}

// distance returns how many rows that are shown it takes from one to another, less
// than 0 if that one comes before; most or more (-most or less) if it is far away.
func (p *rowsPane) distance(from, to, most int) (n int) {
	for row := from; row < to && row >= 0 && n < most; n++ {
		row = p.ins.rows.Next(row)
	}
	for row := from; row > to && n > -most; n-- {
		row = p.ins.rows.Prev(row)
	}
	return n
}

// step returns the row that is shown n rows after another, or before it where n is
// less than 0, or the last one on the way.
func (p *rowsPane) step(row, n int) int {
	for ; n > 0; n-- {
		next := p.ins.rows.Next(row)
		if next < 0 {
			break
		}
		row = next
	}
	for ; n < 0; n++ {
		prev := p.ins.rows.Prev(row)
		if prev < 0 {
			break
		}
		row = prev
	}
	return row
}

func (p *rowsPane) move(n int) { p.ins.selectRow(p.step(p.ins.sel, n)) }

// page moves the screen with the selection, so that the eye stays where it was.
func (p *rowsPane) page(dir int, half bool) {
	n := screenful(p.height, dir, half)
	p.move(n)
	if p.top >= 0 {
		p.top = p.step(p.top, n)
	}
}

func (p *rowsPane) end(last bool) {
	if last {
		p.ins.selectRow(p.ins.rows.Prev(p.ins.x.Len()))
		return
	}
	p.ins.selectRow(p.ins.rows.Next(-1))
}

func (p *rowsPane) click(_, y int) {
	if y >= 0 && y < len(p.lines) {
		p.ins.selectRow(p.lines[y])
	}
}

func (p *rowsPane) wheel(n int) { p.move(n) }

func (p *rowsPane) enter() { p.ins.focus = detailPane }
