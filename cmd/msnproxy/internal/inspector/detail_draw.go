package inspector

import (
	"strconv"
	"strings"

	"github.com/gdamore/tcell/v2"
)

func (d *detail) draw(c canvas, keys bool) {
	d.refresh()
	d.height, d.width = c.h, c.w
	switch {
	case d.row < 0:
		c.text(2, c.h/3, c.w-4, "No message is selected.", c.dim)
	case d.tab == hexTab:
		d.drawHex(c, keys)
	case d.tab == decodedTab && c.w >= hexBeside && len(d.raw) > 0:
		d.drawHex(c.part(c.w-hexColumns, 0, hexColumns, c.h), false)
		d.drawEntries(c.part(0, 0, c.w-hexColumns-2, c.h), keys)
	default:
		d.drawEntries(c, keys)
	}
}

// nameWidth is the column of values in the detail.
func (d *detail) nameWidth(w int) int {
	most := 8
	for i := range d.entries {
		if e := &d.entries[i]; !e.plain {
			most = max(most, cells(e.name)+2*e.depth)
		}
	}
	return min(most, max(w/3, 8)) + 1
}

// drawEntries draws the lines. Those that are too long for one line take several
// where they are selected or have no name.
func (d *detail) drawEntries(c canvas, keys bool) {
	names := d.nameWidth(c.w)
	d.reveal(c, names)
	y := 0
	for i := d.top; i < len(d.entries) && y < c.h; i++ {
		e := &d.entries[i]
		style := func(s tcell.Style) tcell.Style { return s }
		h := d.entryHeight(e, c.w, names)
		if i == d.sel && keys {
			style = func(s tcell.Style) tcell.Style { return c.selected(s, true) }
			for j := range h {
				c.fill(0, y+j, c.w, style(c.theme.text))
			}
		}
		d.drawEntry(c, y, e, names, style)
		y += h
	}
	if rest := len(d.entries) - d.top; y >= c.h && rest > 0 {
		last := d.shownEntries(c, names)
		if more := len(d.entries) - last; more > 0 {
			c.right(c.w-13, c.h-1, 12, " ↓ "+strconv.Itoa(more)+" more", c.dim)
		}
	}
}

func (d *detail) drawEntry(c canvas, y int, e *entry, names int, style func(tcell.Style) tcell.Style) {
	if e.plain {
		text := e.value
		for _, line := range wrap(text, c.w-2) {
			n := c.text(1, y, c.w-2, line, style(e.style))
			if e.means != "" {
				c.text(2+n, y, c.w-n-3, e.means, style(c.dim))
			}
			y++
		}
		if text == "" && e.means != "" {
			c.text(1, y, c.w-2, e.means, style(c.dim))
		}
		return
	}
	x := 1 + 2*e.depth
	c.text(x, y, max(names-2*e.depth, 4), e.name, style(c.field))
	x = max(names+2, x+1)
	lines := wrap(e.value, c.w-x-1)
	for i, line := range lines {
		n := c.text(x, y+i, c.w-x-1, line, style(e.style))
		if i == len(lines)-1 && e.means != "" {
			c.text(x+n+2, y+i, c.w-x-n-3, e.means, style(c.means))
		}
	}
	if len(lines) == 0 && e.means != "" {
		c.text(x, y, c.w-x-1, e.means, style(c.means))
	}
}

// mostLines is how many lines one entry takes.
const mostLines = 12

func (d *detail) entryHeight(e *entry, w, names int) int {
	if e.plain {
		return max(len(wrap(e.value, w-2)), 1)
	}
	x := max(names+2, 2+2*e.depth)
	return max(len(wrap(e.value, w-x-1)), 1)
}

// wrap parts a text into lines of that width: at line breaks, and where it is too
// long.
func wrap(s string, width int) []string {
	if s == "" || width <= 0 {
		return nil
	}
	var lines []string
	for _, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		for {
			if len(lines) == mostLines-1 {
				return append(lines, line)
			}
			if len(line) <= width || cells(line) <= width {
				lines = append(lines, line)
				break
			}
			cut, used, blank := 0, 0, 0
			for cut < len(line) {
				size, n := first(line[cut:])
				if used+n > width {
					break
				}
				used += n
				cut += size
				if line[cut-1] == ' ' {
					blank = cut
				}
			}
			if blank > cut/2 {
				cut = blank
			}
			if cut == 0 {
				cut = len(line)
			}
			lines = append(lines, line[:cut])
			line = line[cut:]
		}
	}
	return lines
}

// reveal scrolls so that the selected entry is on the screen.
func (d *detail) reveal(c canvas, names int) {
	d.top = bound(d.top, 0, max(len(d.entries)-1, 0))
	if d.sel < d.top {
		d.top = d.sel
	}
	for d.top < d.sel && d.shownEntries(c, names) <= d.sel {
		d.top++
	}
}

// shownEntries returns the first entry that does not fit below top.
func (d *detail) shownEntries(c canvas, names int) int {
	y, i := 0, d.top
	for i < len(d.entries) {
		y += d.entryHeight(&d.entries[i], c.w, names)
		if y > c.h {
			break
		}
		i++
	}
	return i
}
