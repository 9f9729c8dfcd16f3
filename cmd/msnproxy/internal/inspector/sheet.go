package inspector

import (
	"strconv"

	"github.com/gdamore/tcell/v2"

	"msnproxy/decode"
)

// sheet is an overlay of two columns, side by side: a message and another, or what
// was recorded and what came.
type sheet struct {
	ins         *Inspector
	title       string
	left, right string // above the columns
	foot        string
	lines       []sheetLine
	sel, top, h int
	ended       func() // when it is taken away; nil: nothing
}

// sheetLine is a line of a sheet.
type sheetLine struct {
	name        string // before the columns
	left, right string
	mark        sheetMark
	row         int // where enter leads; -1: nowhere
	from        decode.Sender
}

// sheetMark says how the two sides of a line go together.
type sheetMark byte

const (
	sheetSame      sheetMark = iota
	sheetDiffers             // both are there
	sheetMissing             // the right one is not
	sheetExtra               // the left one is not
	sheetUncounted           // they differ, and that does not count
	sheetWaiting             // the right one may still come
	sheetHead                // a heading over both
)

// sign is how a mark is drawn, so that nothing is told by colour alone.
func (m sheetMark) sign() string { return [...]string{" ", "~", "-", "+", "·", "…", ""}[m] }

func (s *sheet) style(c canvas, m sheetMark) tcell.Style {
	switch m {
	case sheetDiffers:
		return c.warning
	case sheetMissing, sheetExtra:
		return c.err
	case sheetUncounted, sheetWaiting:
		return c.dim
	case sheetHead:
		return c.strong
	}
	return c.theme.text
}

func (s *sheet) draw(c canvas) {
	w := c.w - 2
	c = c.part(1, 0, w, c.h)
	for y := range c.h {
		c.fill(0, y, c.w, c.theme.text)
	}
	box(c, c.borderOn)
	c.text(2, 0, c.w-4, " "+s.title+" ", c.strong)
	c.text(2, c.h-1, c.w-4, " "+s.foot+" ", c.hint)
	names := 0
	for i := range s.lines {
		if s.lines[i].mark != sheetHead {
			names = max(names, cells(s.lines[i].name))
		}
	}
	names = min(names, c.w/4)
	half := (c.w - names - 9) / 2
	x, y2 := 5+names, 5+names+half+2
	c.text(x, 1, half, s.left, c.dim)
	c.text(y2, 1, half, s.right, c.dim)
	s.h = max(c.h-3, 1)
	s.sel = bound(s.sel, 0, max(len(s.lines)-1, 0))
	s.top = bound(s.top, max(s.sel-s.h+1, 0), max(s.sel, 0))
	for y := 0; y < s.h && s.top+y < len(s.lines); y++ {
		l := &s.lines[s.top+y]
		style, dim := s.style(c, l.mark), c.field
		if s.top+y == s.sel {
			style, dim = c.selected(style, true), c.selected(dim, true)
			c.fill(1, y+2, c.w-2, c.selected(c.theme.text, true))
		}
		if l.mark == sheetHead {
			c.text(2, y+2, c.w-4, l.name, style)
			continue
		}
		c.text(2, y+2, 1, l.mark.sign(), style)
		c.text(4, y+2, names, l.name, dim)
		c.text(x, y+2, half, l.left, style)
		c.text(y2, y+2, half, l.right, style)
	}
	if more := len(s.lines) - s.top - s.h; more > 0 {
		c.right(c.w-16, c.h-1, 14, " ↓ "+strconv.Itoa(more)+" more ", c.dim)
	}
}

func (s *sheet) key(ev *tcell.EventKey) bool {
	page := max(s.h-1, 1)
	switch eventKey(ev) {
	case "Esc", "q", "Ctrl-C":
		if s.ended != nil {
			s.ended()
		}
		return false
	case "Enter":
		if s.sel < len(s.lines) && s.lines[s.sel].row >= 0 {
			s.ins.reveal(s.lines[s.sel].row)
			return false
		}
	case "j", "Down":
		s.sel++
	case "k", "Up":
		s.sel--
	case "PgDn", "Ctrl-F", "Space":
		s.sel += page
	case "PgUp", "Ctrl-B":
		s.sel -= page
	case "g", "Home":
		s.sel = 0
	case "G", "End":
		s.sel = len(s.lines) - 1
	case ".", "n":
		s.next(1)
	case ",", "N":
		s.next(-1)
	}
	s.sel = bound(s.sel, 0, max(len(s.lines)-1, 0))
	return true
}

// next goes to the next line where the two sides differ, or to the one before.
func (s *sheet) next(dir int) {
	for i := s.sel + dir; i >= 0 && i < len(s.lines); i += dir {
		if m := s.lines[i].mark; m >= sheetDiffers && m <= sheetExtra {
			s.sel = i
			return
		}
	}
}

func (s *sheet) wheel(n int) { s.sel = bound(s.sel+n, 0, max(len(s.lines)-1, 0)) }
