package inspector

import (
	"sync"
	"sync/atomic"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"
)

// buffered is a screen that is initialised already, and is given only the cells that
// have changed. The screen itself takes a cell that is cleared and drawn as before
// for a new one, and would write all of them to the terminal with every draw.
//
// What is drawn must come through SetContent.
type buffered struct {
	tcell.Screen
	w, h       int
	now, shown []glyph // what is drawn, and what the screen was given
	lost       atomic.Bool
	showing    sync.Mutex
	over       bool // the terminal is given back
}

// glyph is one cell of the screen. r is -1 where nothing is known of it.
type glyph struct {
	r     rune
	marks string
	style tcell.Style
}

var unknown = glyph{r: -1}

func newBuffered(s tcell.Screen) *buffered {
	b := &buffered{Screen: s}
	b.lost.Store(true)
	return b
}

// Init does nothing: it was called already, and tview calls it once more.
func (b *buffered) Init() error { return nil }

// PollEvent notes that the screen may have forgotten what it was given.
func (b *buffered) PollEvent() tcell.Event {
	ev := b.Screen.PollEvent()
	if _, ok := ev.(*tcell.EventResize); ok {
		b.lost.Store(true)
	}
	return ev
}

// Resume implements tcell.Screen.
func (b *buffered) Resume() error {
	b.lost.Store(true)
	return b.Screen.Resume()
}

// Clear implements tcell.Screen.
func (b *buffered) Clear() { b.Fill(' ', tcell.StyleDefault) }

// Fill implements tcell.Screen.
func (b *buffered) Fill(r rune, style tcell.Style) {
	if w, h := b.Size(); w != b.w || h != b.h {
		b.w, b.h = w, h
		b.now, b.shown = make([]glyph, w*h), make([]glyph, w*h)
		b.lost.Store(true)
	}
	for i := range b.now {
		b.now[i] = glyph{r: r, style: style}
	}
}

// SetContent implements tcell.Screen.
func (b *buffered) SetContent(x, y int, r rune, marks []rune, style tcell.Style) {
	if x < 0 || y < 0 || x >= b.w || y >= b.h {
		return
	}
	c := glyph{r: r, style: style}
	if len(marks) > 0 {
		c.marks = string(marks)
	}
	b.now[y*b.w+x] = c
}

// Get implements tcell.Screen.
func (b *buffered) Get(x, y int) (text string, style tcell.Style, width int) {
	if x < 0 || y < 0 || x >= b.w || y >= b.h {
		return "", style, 0
	}
	c := b.now[y*b.w+x]
	text = string(c.r) + c.marks
	return text, c.style, uniseg.StringWidth(text)
}

// Show implements tcell.Screen.
func (b *buffered) Show() {
	b.showing.Lock()
	defer b.showing.Unlock()
	if b.over {
		return
	}
	b.give()
	b.Screen.Show()
}

// Sync implements tcell.Screen.
func (b *buffered) Sync() {
	b.showing.Lock()
	defer b.showing.Unlock()
	if b.over {
		return
	}
	b.lost.Store(true)
	b.give()
	b.Screen.Sync()
}

// Fini implements tcell.Screen. It waits for what is being shown: tcell does not, and
// what gives the terminal back would be lost in it.
func (b *buffered) Fini() {
	b.showing.Lock()
	defer b.showing.Unlock()
	b.over = true
	b.Screen.Fini()
}

// give gives the screen what has changed.
func (b *buffered) give() {
	if b.lost.Swap(false) {
		for i := range b.shown {
			b.shown[i] = unknown
		}
	}
	for i := range b.now {
		c := &b.now[i]
		if *c == b.shown[i] {
			continue
		}
		b.shown[i] = *c
		b.Screen.SetContent(i%b.w, i/b.w, c.r, []rune(c.marks), c.style)
	}
}
