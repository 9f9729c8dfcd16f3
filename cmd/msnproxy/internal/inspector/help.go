package inspector

import (
	"strings"

	"github.com/gdamore/tcell/v2"
)

// help is the overlay that lists the keys that do something here, or a log. What is
// typed searches it.
type help struct {
	title string
	lines []helpLine
	find  string
	typed bool // letters belong to find, also those that move
	top   int
	h     int
	log   bool // lines of text, not keys
}

type helpLine struct {
	key, name, about string
	more             bool // the rest of the line above
}

// showHelp lists all actions that can be done here, by their groups.
func (ins *Inspector) showHelp() {
	h := &help{title: "Keys in " + ins.placeName() + ": / or typing searches, j and k move, Esc leaves"}
	for _, g := range groups {
		if g.actions[0].gate && ins.o.Gate == nil {
			continue
		}
		h.lines = append(h.lines, helpLine{about: g.name})
		for _, a := range g.actions {
			if a.where&ins.here() == 0 || a.gate && ins.o.Gate == nil {
				continue
			}
			h.lines = append(h.lines, helpLine{key: strings.Join(a.keyNames(), " "), name: a.usage(), about: a.about})
		}
	}
	ins.overlay = h
}

// placeName is where the keys go, in words.
func (ins *Inspector) placeName() string {
	switch ins.focus {
	case sessionsPane:
		return "the sessions"
	case detailPane:
		return "the detail"
	}
	return "the view " + viewNames[ins.view]
}

// showLog lists what was said in the status line.
func (ins *Inspector) showLog() {
	h := &help{title: "What was said: / or typing searches, j and k move, Esc leaves", log: true}
	for _, line := range ins.events {
		h.lines = append(h.lines, helpLine{about: line})
	}
	if len(h.lines) == 0 {
		h.lines = []helpLine{{about: "nothing yet"}}
	}
	h.top = len(h.lines)
	ins.overlay = h
}

// shown returns the lines that hold what was typed.
func (h *help) shown() []helpLine {
	if h.find == "" {
		return h.lines
	}
	var list []helpLine
	for _, l := range h.lines {
		if strings.Contains(strings.ToLower(l.key+" "+l.name+" "+l.about), strings.ToLower(h.find)) || l.key == h.find {
			if l.name != "" || h.log {
				list = append(list, l)
			}
		}
	}
	return list
}

func (h *help) draw(c canvas) {
	c.needle = strings.ToLower(h.find)
	w := min(c.w-4, 110)
	c = c.part((c.w-w)/2, 0, w, c.h)
	for y := range c.h {
		c.fill(0, y, c.w, c.theme.text)
	}
	box(c, c.borderOn)
	c.text(2, 0, c.w-4, " "+h.title+" ", c.strong)
	if h.typed {
		c.text(2, c.h-1, c.w-4, " /"+h.find+"_ ", c.key)
	}
	names := h.nameWidth(c.w)
	lines := h.wrapped(c.w - helpKeys - names - 3)
	h.h = c.h - 2
	h.top = bound(h.top, 0, max(len(lines)-h.h, 0))
	for y := 0; y < h.h && h.top+y < len(lines); y++ {
		l := lines[h.top+y]
		switch {
		case h.log:
			c.text(2, y+1, c.w-4, l.about, c.theme.text)
		case l.name == "" && l.key == "" && !l.more:
			c.text(2, y+1, c.w-4, l.about, c.strong)
		default:
			c.text(3, y+1, helpKeys-4, l.key, c.key)
			c.text(helpKeys, y+1, names-1, l.name, c.field)
			c.text(helpKeys+names, y+1, c.w-helpKeys-names-2, l.about, c.theme.text)
		}
	}
	if len(lines)-h.top > h.h {
		c.right(c.w-16, c.h-1, 14, " ↓ more ", c.dim)
	}
}

// helpKeys is the width of the keys, with the frame before them.
const helpKeys = 16

// nameWidth is the width of the names of commands.
func (h *help) nameWidth(w int) int {
	names := 0
	for _, l := range h.lines {
		names = max(names, len(l.name))
	}
	return min(names+1, w/4)
}

// wrapped returns the lines to be shown, none wider than there is room.
func (h *help) wrapped(width int) (lines []helpLine) {
	for _, l := range h.shown() {
		if h.log || l.name == "" {
			lines = append(lines, l)
			continue
		}
		for i, part := range wrap(l.about, width) {
			if i == 0 {
				lines = append(lines, helpLine{key: l.key, name: l.name, about: part})
			} else {
				lines = append(lines, helpLine{about: part, more: true})
			}
		}
	}
	return lines
}

// box draws a frame around a canvas.
func box(c canvas, style tcell.Style) {
	c.rule(0, '─', style)
	c.rule(c.h-1, '─', style)
	for y := range c.h {
		for _, x := range []int{0, c.w - 1} {
			c.s.SetContent(c.x+x, c.y+y, '│', nil, style)
		}
	}
	for _, k := range []struct {
		x, y int
		r    rune
	}{{0, 0, '╭'}, {c.w - 1, 0, '╮'}, {0, c.h - 1, '╰'}, {c.w - 1, c.h - 1, '╯'}} {
		c.s.SetContent(c.x+k.x, c.y+k.y, k.r, nil, style)
	}
}

// key takes a key. It reports whether the overlay stays.
func (h *help) key(ev *tcell.EventKey) bool {
	name := eventKey(ev)
	if !h.typed && h.move(name) {
		return true
	}
	switch name {
	case "Esc":
		if h.typed || h.find != "" {
			h.find, h.typed = "", false
			return true
		}
		return false
	case "Enter":
		if h.typed {
			h.typed = false // the keys move again, among what was found
			return true
		}
		return false
	case "Ctrl-C":
		return false
	case "Backspace":
		if r := []rune(h.find); len(r) > 0 {
			h.find = string(r[:len(r)-1])
		}
		h.typed = h.find != ""
	default:
		if ev.Key() != tcell.KeyRune {
			h.move(name)
			return true
		}
		r := ev.Rune()
		switch {
		case h.typed:
			h.find += string(r)
		case r == 'q', r == '?':
			return false
		case r == '/':
			h.find = ""
		default:
			h.find = string(r)
		}
		h.typed, h.top = true, 0
	}
	return true
}

// move scrolls, if that is what the key does.
func (h *help) move(name string) bool {
	switch name {
	case "Down", "j":
		h.top++
	case "Up", "k":
		h.top--
	case "PgDn", "Ctrl-F", "Ctrl-D", "Space":
		h.top += max(h.h-1, 1)
	case "PgUp", "Ctrl-B", "Ctrl-U":
		h.top -= max(h.h-1, 1)
	case "Home", "g":
		h.top = 0
	case "End", "G":
		h.top = len(h.lines)
	default:
		return false
	}
	return true
}

func (h *help) wheel(n int) { h.top += n }
