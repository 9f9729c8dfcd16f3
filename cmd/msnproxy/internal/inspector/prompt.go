package inspector

import (
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// prompt is the line where something is typed, at the bottom of the screen. Above
// it stand the words that can be completed, or what is wrong.
type prompt struct {
	ins   *Inspector
	input *tview.InputField
	label string
	// check says what is wrong with the text; "": nothing.
	check func(text string) string
	// complete returns the words that the one at the end of the text may become, and
	// where in the text that one begins.
	complete func(text string) (from int, words []string)
	// typed is told each change, done the text that was entered, cancelled that there
	// is none. Any of these may be nil.
	typed     func(text string)
	done      func(text string)
	cancelled func()

	history []string
	at      int    // place in the history; len(history): the new text
	fresh   string // the new text, while older ones are shown
	wrong   string
	from    int
	words   []string
	chosen  int // of words; -1: none
	base    string
}

// ask opens a prompt.
func (ins *Inspector) openPrompt(p *prompt, text string) {
	p.ins = ins
	p.input = tview.NewInputField().SetText(text)
	p.at = len(p.history)
	p.chosen = -1
	p.input.Focus(func(tview.Primitive) {})
	p.changed(text)
	ins.prompt = p
}

func (p *prompt) changed(text string) {
	p.wrong = ""
	if p.check != nil {
		p.wrong = p.check(text)
	}
	p.words, p.chosen, p.base = nil, -1, text
	if p.complete != nil {
		p.from, p.words = p.complete(text)
	}
	if p.typed != nil {
		p.typed(text)
	}
}

func (p *prompt) setText(text string) {
	p.input.SetText(text)
}

// key takes a key.
func (p *prompt) key(ev *tcell.EventKey) {
	before := p.input.GetText()
	switch ev.Key() {
	case tcell.KeyEnter:
		p.enter(before)
		return
	case tcell.KeyEsc, tcell.KeyCtrlC:
		p.ins.prompt = nil
		if p.cancelled != nil {
			p.cancelled()
		}
		return
	case tcell.KeyTab:
		p.cycle(1)
		return
	case tcell.KeyBacktab:
		p.cycle(-1)
		return
	case tcell.KeyUp, tcell.KeyCtrlP:
		p.recall(-1)
		return
	case tcell.KeyDown, tcell.KeyCtrlN:
		p.recall(1)
		return
	}
	p.input.InputHandler()(ev, func(tview.Primitive) {})
	if text := p.input.GetText(); text != before {
		p.changed(text)
	}
}

func (p *prompt) paste(text string) {
	before := p.input.GetText()
	p.input.PasteHandler()(strings.NewReplacer("\r", " ", "\n", " ").Replace(text), func(tview.Primitive) {})
	if after := p.input.GetText(); after != before {
		p.changed(after)
	}
}

func (p *prompt) enter(text string) {
	if p.check != nil {
		if wrong := p.check(text); wrong != "" {
			p.wrong, p.words = wrong, nil
			return
		}
	}
	p.ins.prompt = nil
	if p.done != nil {
		p.done(text)
	}
}

// cycle goes through the words that complete the text.
func (p *prompt) cycle(dir int) {
	if len(p.words) == 0 {
		return
	}
	p.chosen += dir
	switch {
	case p.chosen < -1:
		p.chosen = len(p.words) - 1
	case p.chosen >= len(p.words):
		p.chosen = -1
	}
	text := p.base
	if p.chosen >= 0 {
		text = p.base[:p.from] + p.words[p.chosen]
	}
	p.setText(text)
	if p.check != nil {
		p.wrong = p.check(text)
	}
	if len(p.words) == 1 && p.chosen == 0 {
		p.changed(text)
	}
}

// recall shows an older text, or a newer one.
func (p *prompt) recall(dir int) {
	to := p.at + dir
	if to < 0 || to > len(p.history) {
		return
	}
	if p.at == len(p.history) {
		p.fresh = p.input.GetText()
	}
	p.at = to
	text := p.fresh
	if to < len(p.history) {
		text = p.history[to]
	}
	p.setText(text)
	p.changed(text)
}

// draw draws the prompt in the line r, and what there is to say above it.
func (p *prompt) draw(c canvas, r rect) {
	above := c.part(r.x, r.y-1, r.w, 1)
	above.needle = ""
	above.fill(0, 0, above.w, above.status)
	p.drawAbove(above)
	line := c.part(r.x, r.y, r.w, 1)
	line.needle = ""
	line.fill(0, 0, line.w, line.prompt)
	label := p.label
	if p.check != nil {
		label += map[bool]string{true: " ✓", false: " ✗"}[p.wrong == ""]
	}
	style := line.key
	field := line.prompt
	if p.wrong != "" {
		style, field = line.bad.Bold(true), line.bad
	}
	n := line.text(0, 0, r.w/2, label, style) + 1
	p.input.SetFieldStyle(field).SetFieldWidth(0)
	p.input.SetBackgroundColor(tcell.ColorDefault)
	p.input.SetRect(r.x+n, r.y, max(r.w-n, 1), 1)
	p.input.Draw(c.s)
}

func (p *prompt) drawAbove(c canvas) {
	// In quotation marks that are still open, values help more than the error.
	typing := p.from < len(p.base) || p.chosen >= 0 || strings.Count(p.base, `"`)%2 == 1
	whole := len(p.words) == 1 && p.from <= len(p.base) && p.words[0] == p.base[p.from:] // nothing to complete
	if p.wrong != "" && (whole || len(p.words) == 0 || !typing) && p.base != "" {
		first, _, _ := strings.Cut(p.wrong, "\n")
		c.text(1, 0, c.w-2, first, c.alarm)
		return
	}
	x := 1
	start := max(p.chosen-4, 0)
	if start > 0 {
		x += c.text(x, 0, 2, "…", c.status) + 1
	}
	for i := start; i < len(p.words); i++ {
		w := cells(p.words[i])
		style := c.status
		if i == p.chosen {
			style = c.tabOn
		}
		if x+w > c.w-3 {
			if i > start && i != p.chosen {
				c.text(x, 0, 1, "…", c.status)
			} else {
				c.text(x, 0, c.w-2-x, p.words[i], style) // as much as there is room for
			}
			break
		}
		x += c.text(x, 0, w, p.words[i], style) + 2
	}
}
