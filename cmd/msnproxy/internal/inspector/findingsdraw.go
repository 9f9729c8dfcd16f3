package inspector

import (
	"strconv"
	"strings"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
	"msnproxy/decode/check"
)

// findingColumns are the widths of the columns, 0 where there is no room, and of
// what the finding says.
type findingColumns struct{ rule, number, clock, conn, who int }

func (p *findingsPane) columns(w int) (k findingColumns) {
	rule := 0
	for i := range p.groups {
		rule = max(rule, len(p.groups[i].rule))
	}
	if !p.byRule {
		for _, name := range p.ins.x.Rules() {
			rule = max(rule, len(name))
		}
	}
	k.number = max(len(strconv.FormatInt(p.ins.x.Summary().Messages, 10)), 3)
	left := w - 3 - k.number - 1 - 26 // marks, and enough of the text
	if !p.byRule {
		k.rule = min(rule, 26)
		if left < k.rule+1 {
			k.rule = min(k.rule, 16)
		}
		left -= k.rule + 1
	}
	clock := 12
	if p.ins.timeMode == dateTime {
		clock = 23
	}
	for _, c := range []struct {
		to    *int
		width int
	}{{&k.clock, clock}, {&k.who, 8}, {&k.conn, 4}} {
		if left >= c.width+1 {
			*c.to = c.width
			left -= c.width + 1
		}
	}
	return k
}

func (p *findingsPane) draw(c canvas, keys bool) {
	p.refresh()
	p.sync()
	p.head(c.part(0, 0, c.w, 1), keys)
	body := c.part(0, 1, c.w, c.h-1)
	p.height = body.h
	total := p.lines()
	if total == 0 {
		p.nothing(body)
		return
	}
	p.top = bound(p.top, max(p.sel-body.h+1, 0), p.sel)
	p.top = bound(p.top, 0, max(total-body.h, 0))
	at := p.columns(c.w)
	for y := 0; y < body.h && p.top+y < total; y++ {
		selected := p.top+y == p.sel
		style := func(s tcell.Style) tcell.Style { return s }
		if selected {
			style = func(s tcell.Style) tcell.Style { return c.selected(s, keys && p.exact) }
			body.fill(0, y, c.w, style(c.theme.text))
		}
		l := p.lineAt(p.top + y)
		if l.item < 0 {
			p.drawRule(body, y, &p.groups[l.group], style)
		} else {
			prev := -1
			if above, ok := p.ref(p.top + y - 1); ok && l.item > 0 {
				prev = above.Row
			}
			p.drawFinding(body, y, p.groups[l.group].refs[l.item], prev, at, style)
		}
	}
}

// head draws how many there are of each severity, and which are listed.
func (p *findingsPane) head(c canvas, keys bool) {
	var parts []string
	for s := decode.Error; s >= decode.Note; s-- {
		if n := p.counts[s]; n > 0 {
			parts = append(parts, severityMark(s)+" "+plural(n, s.String()))
		}
	}
	title := or(strings.Join(parts, "  "), "no findings")
	if !p.made {
		title = "findings"
	}
	facts := ""
	hidden := 0
	for s := decode.Note; s < p.from; s++ {
		hidden += p.counts[s]
	}
	if p.made && p.from > decode.Note {
		facts = "· " + leastNames[p.from]
		if hidden > 0 {
			facts += ", v shows the others"
		}
	}
	if q := p.ins.rows.Query(); q.Filter != "" || q.Scope != (index.Scope{}) || q.Marked {
		facts += " · of what is shown"
	}
	headLine(c, keys, title, strings.TrimPrefix(facts, " "), map[bool]string{false: "‹ by time ›", true: "‹ by rule ›"}[p.byRule])
	p.ins.spot(c, c.w-14, 0, 13, func() { p.ins.focus = mainPane; p.sideways(1) })
}

// nothing says why the list is empty.
func (p *findingsPane) nothing(c canvas) {
	text := "Nothing was found: all is as the protocol wants it."
	switch q := p.ins.rows.Query(); {
	case !p.made:
		text = "Looking..."
	case p.total() > 0:
		text = "Nothing as bad as that was found (v shows the others)."
	case q.Filter != "" || q.Scope != (index.Scope{}) || q.Marked:
		text = "Nothing was found in what is shown."
	case !p.ins.x.Summary().Done:
		text = "Nothing was found so far."
	}
	c.text(2, c.h/3, c.w-4, text, c.dim)
}

// drawRule draws the heading of a rule's findings.
func (p *findingsPane) drawRule(c canvas, y int, g *findingGroup, style func(tcell.Style) tcell.Style) {
	sign := "▾"
	if p.closed[g.rule] {
		sign = "▸"
	}
	c.text(0, y, 1, sign, style(c.dim))
	c.text(2, y, 1, severityMark(g.severity), style(c.severity(g.severity)))
	x := 4 + c.text(4, y, c.w-5, g.rule, style(c.strong))
	x += 1 + c.text(x+1, y, c.w-x-2, strconv.Itoa(len(g.refs)), style(c.theme.text))
	if rule := check.Lookup(g.rule); rule != nil {
		about, _, _ := strings.Cut(rule.About, ". ")
		c.text(x+2, y, c.w-x-3, strings.TrimSuffix(about, "."), style(c.dim))
	}
}

func (p *findingsPane) drawFinding(c canvas, y int, ref index.FindingRef, prev int, at findingColumns, style func(tcell.Style) tcell.Style) {
	ins := p.ins
	f := ins.x.Finding(ref)
	r := ins.x.Row(ref.Row)
	dim := style(c.dim)
	x := 2
	if p.byRule {
		x = 4
	}
	c.text(x-2, y, 1, severityMark(f.Severity), style(c.severity(f.Severity)))
	if at.rule > 0 {
		c.text(x, y, at.rule, f.Rule, style(c.field))
		x += at.rule + 1
	}
	c.right(x, y, at.number, strconv.FormatInt(r.Number, 10), dim)
	x += at.number + 1
	if at.clock > 0 {
		c.text(x, y, at.clock, ins.clock(&r, prev), dim)
		x += at.clock + 1
	}
	conn, who := "", ""
	if r.Conn != nil {
		conn, who = "#"+strconv.FormatUint(uint64(r.Conn.Facts.ID), 10), shortAccount(r.Conn.Facts.Account)
	}
	if at.conn > 0 {
		c.text(x, y, at.conn, conn, dim)
		x += at.conn + 1
	}
	if at.who > 0 {
		c.text(x, y, at.who, who, style(c.theme.text))
		x += at.who + 1
	}
	c.text(x, y, c.w-x-1, f.Text, style(c.theme.text))
}
