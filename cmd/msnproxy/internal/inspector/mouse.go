package inspector

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// MouseHandler implements tview.Primitive.
func (ins *Inspector) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return func(action tview.MouseAction, ev *tcell.EventMouse, _ func(tview.Primitive)) (bool, tview.Primitive) {
		x, y := ev.Position()
		switch action {
		case tview.MouseLeftDown:
			if ins.drag = ins.splitter(x, y); ins.drag != noSplitter {
				return true, ins
			}
			ins.press(x, y)
		case tview.MouseMove:
			if ins.drag == noSplitter {
				return false, nil
			}
			ins.dragTo(x, y)
			return true, ins
		case tview.MouseLeftUp:
			ins.drag = noSplitter
		case tview.MouseLeftDoubleClick:
			if ins.overlay == nil && ins.prompt == nil {
				ins.current().enter()
			}
		case tview.MouseScrollUp:
			ins.scroll(x, y, -3)
		case tview.MouseScrollDown:
			ins.scroll(x, y, 3)
		default:
			return false, nil
		}
		return true, nil
	}
}

// splitter is a line between panes that can be dragged.
type splitter int

const (
	noSplitter splitter = iota
	sessionsSplitter
	detailSplitter
)

// splitter returns the line between panes at a place of the screen.
func (ins *Inspector) splitter(x, y int) splitter {
	if ins.overlay != nil || ins.prompt != nil || ins.layout.zoomed {
		return noSplitter
	}
	if r := ins.places[sessionsPane]; r.w > 0 && x == r.x+r.w && y >= r.y && y < r.y+r.h {
		return sessionsSplitter
	}
	r := ins.places[detailPane]
	switch {
	case r.w == 0:
	case ins.layout.isBeside(ins.screenWidth()):
		if x == r.x-1 && y >= r.y && y < r.y+r.h {
			return detailSplitter
		}
	case y == r.y && x >= r.x && x < r.x+r.w && !ins.onSpot(x, y):
		return detailSplitter
	}
	return noSplitter
}

func (ins *Inspector) onSpot(x, y int) bool {
	for _, t := range ins.tabs {
		if t.has(x, y) {
			return true
		}
	}
	return false
}

// dragTo moves the line that is dragged.
func (ins *Inspector) dragTo(x, y int) {
	_, _, w, _ := ins.GetRect()
	main, detail := ins.places[mainPane], ins.places[detailPane]
	switch {
	case ins.drag == sessionsSplitter:
		ins.layout.sessions = bound(share(x, w), 60, 600)
	case ins.layout.isBeside(w):
		ins.layout.detail = bound(share(w-x-1, main.w+1+detail.w), 100, 850)
	default:
		ins.layout.detail = bound(share(detail.y+detail.h-y, main.h+detail.h), 100, 850)
	}
}

// share is n of all in parts of a thousand, rounded up: of that many lines or cells
// the layout makes n again.
func share(n, all int) int { return (n*1000 + max(all, 1) - 1) / max(all, 1) }

// press does what a click at a place of the screen does.
func (ins *Inspector) press(x, y int) {
	if ins.prompt != nil {
		return
	}
	if ins.overlay != nil {
		return
	}
	ins.toast.text = ""
	for _, t := range ins.tabs {
		if t.has(x, y) {
			t.do()
			return
		}
	}
	for id, r := range ins.places {
		if !r.has(x, y) {
			continue
		}
		ins.focus = paneID(id)
		if ins.focus == detailPane {
			y-- // below its tabs
		}
		ins.current().click(x-r.x, y-r.y)
	}
}

func (ins *Inspector) scroll(x, y, n int) {
	if ins.overlay != nil {
		ins.overlay.wheel(n)
		return
	}
	for id, r := range ins.places {
		if r.has(x, y) {
			switch paneID(id) {
			case sessionsPane:
				ins.sessions.wheel(n)
			case detailPane:
				ins.detail.wheel(n)
			default:
				ins.main[ins.view].wheel(n)
			}
		}
	}
}

// toggleMouse gives the mouse back to the terminal, so that it selects text as
// usual, or takes it again.
func (ins *Inspector) toggleMouse() {
	ins.noMouse = !ins.noMouse
	if ins.app != nil {
		ins.app.EnableMouse(!ins.noMouse)
	}
	if ins.noMouse {
		ins.say("the mouse is the terminal's: it selects text")
	} else {
		ins.say("the mouse is the inspector's; with Shift most terminals select text all the same")
	}
}
