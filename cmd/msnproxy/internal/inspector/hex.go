package inspector

import (
	"fmt"

	"github.com/gdamore/tcell/v2"
)

// The columns of the Hex tab: the offset in the frame, sixteen bytes, the same as
// characters.
const (
	hexWidth   = 16
	hexBytes   = 7
	hexText    = hexBytes + 3*hexWidth + 2
	hexColumns = hexText + hexWidth
	// hexBeside is the width from which on Decoded has the bytes beside it.
	hexBeside = 62 + hexColumns
)

// drawHex draws the bytes of the frame. Those of the selected field are lit, and
// the cursor shows which byte is selected.
func (d *detail) drawHex(c canvas, keys bool) {
	if len(d.raw) == 0 {
		c.text(2, 1, c.w-4, "No bytes.", c.dim)
		return
	}
	lit := d.field()
	if line := d.at / hexWidth; line < d.hexTop || line >= d.hexTop+c.h {
		d.hexTop = max(min(line-c.h/2, (len(d.raw)-1)/hexWidth-c.h+1), 0)
	}
	for y := 0; y < c.h; y++ {
		from := (d.hexTop + y) * hexWidth
		if from >= len(d.raw) {
			d.drawSent(c, y)
			break
		}
		c.text(0, y, 6, fmt.Sprintf("%05x", from), c.dim)
		for i, b := range d.raw[from:min(from+hexWidth, len(d.raw))] {
			style := c.theme.text
			if at := from + i; at >= lit.start && at < lit.end {
				style = c.lit
			}
			if from+i == d.at && keys {
				style = style.Reverse(true)
			}
			d.drawByte(c, y, i, b, style, from+i < lit.end-1 && from+i >= lit.start && i != hexWidth-1)
		}
	}
}

// drawSent draws, below the bytes that came, those that were sent on instead.
func (d *detail) drawSent(c canvas, y int) {
	if len(d.sent) == 0 {
		return
	}
	c.text(0, y, c.w, "sent on instead:", c.dim)
	for from := 0; from < len(d.sent); from += hexWidth {
		if y++; y >= c.h {
			return
		}
		c.text(0, y, 6, fmt.Sprintf("%05x", from), c.dim)
		for i, b := range d.sent[from:min(from+hexWidth, len(d.sent))] {
			d.drawByte(c, y, i, b, c.redirect, false)
		}
	}
}

func (d *detail) drawByte(c canvas, y, i int, b byte, style tcell.Style, joined bool) {
	x := hexBytes + 3*i
	if i >= hexWidth/2 {
		x++
	}
	c.text(x, y, 2, fmt.Sprintf("%02x", b), style)
	if joined {
		c.fill(x+2, y, 1, style.Reverse(false))
		if i == hexWidth/2-1 {
			c.fill(x+3, y, 1, style.Reverse(false))
		}
	}
	char := "."
	if b >= ' ' && b <= '~' {
		char = string(rune(b))
	}
	c.text(hexText+i, y, 1, char, style)
}

// field returns the bytes of the selected field: of the innermost one that the
// cursor is on, or of the line that is selected in Decoded.
func (d *detail) field() entry {
	if d.tab != hexTab && d.sel < len(d.entries) {
		return d.entries[d.sel]
	}
	if i := d.fieldAt(d.at); i >= 0 {
		return d.entries[i]
	}
	return entry{}
}

// fieldAt returns the innermost entry that has the byte, or -1.
func (d *detail) fieldAt(at int) int {
	best := -1
	for i := range d.entries {
		e := &d.entries[i]
		if at < e.start || at >= e.end {
			continue
		}
		if best < 0 || e.end-e.start <= d.entries[best].end-d.entries[best].start {
			best = i
		}
	}
	return best
}

// followByte selects the field that the cursor is on.
func (d *detail) followByte() {
	if i := d.fieldAt(d.at); i >= 0 {
		d.sel = i
	}
}

// moveByte moves the cursor.
func (d *detail) moveByte(n int) {
	if to := d.at + n; to >= 0 && to < len(d.raw) {
		d.at = to
	}
	d.followByte()
}

func (d *detail) clickHex(x, y int) {
	i := -1
	switch {
	case x >= hexText && x < hexText+hexWidth:
		i = x - hexText
	case x >= hexBytes:
		if x -= hexBytes; x >= 3*hexWidth/2 {
			x--
		}
		i = x / 3
	}
	if at := (d.hexTop+y)*hexWidth + i; i >= 0 && i < hexWidth && at < len(d.raw) {
		d.at = at
		d.followByte()
	}
}
