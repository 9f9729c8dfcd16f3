package inspector

import (
	"strconv"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/objects"
	"msnproxy/decode/p2p"
	"msnproxy/decode/transfer"
)

// transferColumns are the columns of the list. What there is no room for gives way.
var transferColumns = []statColumn{
	{name: "no", width: 4, right: true}, {name: "kind", width: 15, most: 23}, {name: "name", width: 12, most: 30},
	{name: "bytes", width: 13, right: true}, {name: "type", width: 12, drop: 4, most: 16}, {name: "from", width: 11, drop: 1, most: 24},
	{name: "to", width: 11, drop: 2, most: 24}, {name: "state", width: 12, most: 30}, {name: "path", width: 11, drop: 5},
	{name: "time", width: 8, right: true, drop: 6}, {name: "SHA1D", width: 6, drop: 3, most: 9},
}

func (p *transfersPane) draw(c canvas, keys bool) {
	p.refresh()
	p.sync()
	p.head(c.part(0, 0, c.w, 1), keys)
	if len(p.list) == 0 {
		p.height = 0
		text := "Nobody handed anything over, by P2P (MSNP9 and later) or MSNFTP."
		if p.ins.o.Live {
			text = "Nobody has handed anything over yet, by P2P (MSNP9 and later) or MSNFTP."
		}
		c.text(1, 2, c.w-2, text, c.theme.dim)
		return
	}
	p.height = max(min(len(p.list), (c.h-2)/3), 1)
	widths := fit(transferColumns, c.w-2)
	x := 1
	for i, col := range transferColumns {
		x = p.cell(c, x, 1, widths[i], col, col.name, c.theme.dim)
	}
	p.top = bound(p.top, max(p.sel-p.height+1, 0), p.sel)
	p.top = bound(p.top, 0, max(len(p.list)-p.height, 0))
	for y := 0; y < p.height && p.top+y < len(p.list); y++ {
		p.line(c, y+2, p.top+y, widths, keys)
	}
	if rest := c.h - 2 - p.height; rest > 1 {
		p.below(c.part(0, 2+p.height, c.w, rest))
	}
}

// head draws how many there are, and how many are not what they should be.
func (p *transfersPane) head(c canvas, keys bool) {
	title, bad := "no transfers", 0
	if n := len(p.list); n > 0 {
		title = plural(n, "transfer")
	}
	for i := range p.list {
		if p.list[i].Broken() {
			bad++
		}
	}
	facts := ""
	if bad > 0 {
		facts = "· " + strconv.Itoa(bad) + " not whole or with the wrong hash"
	}
	headLine(c, keys, title, facts, "")
}

// cell draws one column, and returns where the next begins.
func (p *transfersPane) cell(c canvas, x, y, w int, col statColumn, s string, style tcell.Style) int {
	if w == 0 {
		return x
	}
	if col.right {
		c.right(x, y, w, s, style)
	} else {
		c.text(x, y, w, s, style)
	}
	return x + w + 1
}

// line draws a transfer.
func (p *transfersPane) line(c canvas, y, n int, widths []int, keys bool) {
	t := &p.list[n]
	style := func(s tcell.Style) tcell.Style { return s }
	if n == p.sel {
		style = func(s tcell.Style) tcell.Style { return c.selected(s, keys) }
		c.fill(0, y, c.w, style(c.theme.text))
	}
	state := c.theme.text
	switch {
	case t.State == transfer.WrongHash:
		state = c.theme.err
	case t.Broken(), t.State == transfer.Failed:
		state = c.theme.warning
	}
	kind := ""
	if len(t.Head) > 0 {
		kind, _ = t.Type()
	}
	hash := c.theme.text
	if t.Hash == p2p.Wrong {
		hash = c.theme.err
	}
	x := 1
	for i, v := range []struct {
		s     string
		style tcell.Style
	}{
		{strconv.Itoa(t.Number), c.theme.dim}, {t.Kind, c.theme.text}, {t.Name, c.theme.strong}, {objects.Size(t), c.theme.text}, {kind, c.theme.dim},
		{localPart(t.From), c.theme.text}, {localPart(t.To), c.theme.text}, {t.State.String(), state}, {objects.Path(t), c.theme.dim},
		{t.Duration().Round(time.Millisecond).String(), c.theme.dim}, {objects.Hash(t), hash},
	} {
		x = p.cell(c, x, y, widths[i], transferColumns[i], v.s, style(v.style))
	}
}

// localPart is the part of a handle that tells people apart in a narrow column.
func localPart(handle string) string {
	name, _, _ := strings.Cut(handle, "@")
	return name
}

// below draws what there is to say on the selected transfer, and its picture.
func (p *transfersPane) below(c canvas) {
	t := p.selected()
	if t == nil {
		return
	}
	c.rule(0, '─', c.border)
	p.picture(t)
	y := 1
	for _, s := range p.facts(t) {
		if y >= c.h {
			return
		}
		c.text(1, y, c.w-2, s, c.theme.text)
		y++
	}
	switch {
	case p.shown.wrong != "":
		c.text(1, y, c.w-2, p.shown.wrong, c.theme.warning)
	case p.shown.img != nil && c.h-y > 1:
		p.blocks(c.part(1, y, c.w-2, c.h-y))
	}
}

// facts are the lines about a transfer that its line in the list has no room for.
func (p *transfersPane) facts(t *transfer.Transfer) []string {
	who := or(t.From, "somebody") + " → " + or(t.To, "somebody")
	if t.Inviter != "" && t.Inviter == t.To {
		who += " (who asked for it)"
	}
	list := []string{who, objects.State(t)}
	if start, end, ok := t.Missing(); ok && t.Received() > 0 {
		list[1] += "; bytes " + strconv.FormatUint(start, 10) + " to " + strconv.FormatUint(end-1, 10) + " did not come"
	}
	if t.SHA1 != "" {
		s := "SHA-1 " + t.SHA1
		if t.Hash != p2p.Unjudged {
			s += ", SHA1D is " + t.Hash.String()
		}
		if t.Seal != p2p.Unjudged {
			s += ", SHA1C is " + t.Seal.String()
		}
		list = append(list, s)
	}
	if len(t.Addresses) > 0 {
		list = append(list, "direct connection offered at "+strings.Join(t.Addresses, ", "))
	}
	return list
}

// blocks draws the picture: two pixels a cell, one above the other.
func (p *transfersPane) blocks(c canvas) {
	behind := objects.RGB{R: 0xff, G: 0xff, B: 0xff}
	b := objects.Fit(p.shown.img, c.w, c.h, behind)
	mono := p.ins.theme.name == "mono"
	for y := range b.H {
		for x := range b.W {
			top, bottom := b.Cell(x, y)
			if mono {
				c.text(x, y, 1, [2][2]string{{" ", "▄"}, {"▀", "█"}}[one(top.Bright())][one(bottom.Bright())], c.theme.text)
				continue
			}
			c.text(x, y, 1, "▀", tcell.StyleDefault.Foreground(rgb(top)).Background(rgb(bottom)))
		}
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func rgb(c objects.RGB) tcell.Color {
	return tcell.NewRGBColor(int32(c.R), int32(c.G), int32(c.B))
}
