package inspector

import (
	"strconv"
	"strings"

	"github.com/gdamore/tcell/v2"

	"msnproxy/proxy/gate/rule"
)

// ruleList is the overlay of the gate rules, with their counters and switches.
type ruleList struct {
	ins   *Inspector
	rules []rule.Status
	sel   int
	top   int
	h     int
	wrong string
}

// showRules lists the gate rules.
func (ins *Inspector) showRules() {
	if !ins.gated() {
		return
	}
	l := &ruleList{ins: ins}
	l.refresh()
	if l.wrong == "" && len(l.rules) == 0 {
		ins.say("no gate rule is in force: --rules FILE, --rule and --fault begin with some")
		return
	}
	ins.overlay = l
}

func (l *ruleList) refresh() {
	rules, err := l.ins.o.Gate.Rules()
	l.wrong = ""
	if err != nil {
		l.wrong = err.Error()
		return
	}
	l.rules = rules
	l.sel = bound(l.sel, 0, max(len(rules)-1, 0))
}

// ruleLines is how many lines a rule has: its name with its counters, and its text.
const ruleLines = 2

func (l *ruleList) draw(c canvas) {
	l.refresh()
	c = c.part(1, 0, c.w-2, c.h)
	for y := range c.h {
		c.fill(0, y, c.w, c.theme.text)
	}
	box(c, c.borderOn)
	c.text(2, 0, c.w-4, " Gate rules: Enter switches one on or off, Esc leaves ", c.strong)
	if l.wrong != "" {
		c.text(2, 1, c.w-4, l.wrong, c.err)
		return
	}
	l.h = max((c.h-2)/ruleLines, 1)
	l.top = bound(l.top, max(l.sel-l.h+1, 0), l.sel)
	for i := 0; i < l.h && l.top+i < len(l.rules); i++ {
		r, y := &l.rules[l.top+i], 1+i*ruleLines
		style := func(s tcell.Style) tcell.Style { return s }
		if l.top+i == l.sel {
			style = func(s tcell.Style) tcell.Style { return c.selected(s, true) }
			c.fill(1, y, c.w-2, style(c.theme.text))
		}
		state, at := "on ", style(c.strong)
		if !r.Enabled {
			state, at = "off", style(c.dim)
		}
		c.text(2, y, 3, state, at)
		counts := ruleCounts(r)
		room := c.w - 9 - cells(counts)
		c.text(6, y, room, r.Name, at)
		c.right(c.w-cells(counts)-2, y, cells(counts), counts, style(c.theme.text))
		switch {
		case r.Error != "":
			c.text(6, y+1, c.w-8, firstText(r.Error), c.warning)
		case r.Text != r.Name:
			c.text(6, y+1, c.w-8, r.Text, c.dim)
		}
	}
	if more := len(l.rules) - l.top - l.h; more > 0 {
		c.right(c.w-16, c.h-1, 14, " ↓ "+strconv.Itoa(more)+" more ", c.dim)
	}
}

// ruleCounts says how often a rule matched, was applied and failed.
func ruleCounts(r *rule.Status) string {
	text := strconv.FormatInt(r.Matched, 10) + " matched, " + strconv.FormatInt(r.Applied, 10) + " applied"
	if r.Failed > 0 {
		text += ", " + strconv.FormatInt(r.Failed, 10) + " failed"
	}
	return text
}

// firstText is the first line of a text.
func firstText(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return first
}

func (l *ruleList) key(ev *tcell.EventKey) bool {
	switch eventKey(ev) {
	case "Esc", "q", "Ctrl-C":
		return false
	case "Enter", "Space":
		if l.sel < len(l.rules) {
			r := &l.rules[l.sel]
			if err := l.ins.o.Gate.EnableRule(r.Name, !r.Enabled); err != nil {
				l.ins.complain(firstText(err.Error()))
			}
			l.ins.holds.asked = l.ins.holds.asked.Add(-rulesEvery)
		}
	case "j", "Down":
		l.sel++
	case "k", "Up":
		l.sel--
	case "PgDn", "Ctrl-F":
		l.sel += max(l.h-1, 1)
	case "PgUp", "Ctrl-B":
		l.sel -= max(l.h-1, 1)
	case "g", "Home":
		l.sel = 0
	case "G", "End":
		l.sel = len(l.rules) - 1
	}
	l.sel = bound(l.sel, 0, max(len(l.rules)-1, 0))
	return true
}

func (l *ruleList) wheel(n int) { l.sel = bound(l.sel+n, 0, max(len(l.rules)-1, 0)) }
