package inspector

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"msnproxy/cmd/msnproxy/internal/show"
)

// drawEvery is how often the screen is drawn anew when rows come.
const drawEvery = 40 * time.Millisecond

// Run shows the inspector until the user leaves or ctx is done. The error is
// [ErrInterrupted] if the user left by Ctrl-C, a [PanicError], or of the terminal.
func (ins *Inspector) Run(ctx context.Context) error {
	screen, note, err := newScreen(ins.o.Theme)
	if err != nil {
		return err
	}
	if note != "" {
		ins.Say(note)
	}
	return ins.RunOn(ctx, screen)
}

// RunOn is Run on a screen that is not initialised yet.
func (ins *Inspector) RunOn(ctx context.Context, screen tcell.Screen) error {
	saved := saveTerminal()
	defer saved.close()
	signals, unwatch := watchSignals()
	defer unwatch()
	if err := screen.Init(); err != nil {
		return fmt.Errorf("the terminal can't be used for the inspector (TERM is %q): %w", os.Getenv("TERM"), err)
	}
	if set := screen.CharacterSet(); !utf8Names[strings.ToLower(set)] {
		ins.Say("the locale's character set is " + set + ": what it lacks is shown as ?; LC_ALL=C.UTF-8 shows all")
	}
	ins.theme = newTheme(chooseTheme(ins.o.Theme, max(screen.Colors(), 1)))
	screen.SetTitle(string(show.Escape(nil, "msnproxy: "+ins.o.Title)))
	app := tview.NewApplication()
	ins.shown = newBuffered(screen)
	app.SetScreen(ins.shown)
	app.SetAfterDrawFunc(func(tcell.Screen) {
		select {
		case ins.drawn <- struct{}{}:
		default:
		}
	})
	app.EnableMouse(!ins.noMouse).EnablePaste(true).SetRoot(ins, true).SetFocus(ins)
	leave, started := make(chan struct{}), make(chan struct{})
	ins.quit = sync.OnceFunc(func() { close(leave) })
	begin := sync.OnceFunc(func() { close(started) })
	app.SetBeforeDrawFunc(func(tcell.Screen) bool { begin(); return false })
	ins.abort = func() { ins.dump(ins.shown, saved) }
	app.SetInputCapture(ins.capture)
	ins.app, ins.screen = app, screen
	done := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() { ins.Guard(func() { ins.refresh(app, done) }) })
	others.Go(func() { ins.Guard(func() { ins.signals(signals, done) }) })
	ended := make(chan error, 1)
	go func() { // never on this goroutine: it may hang
		var err error
		ins.Guard(func() { err = app.Run() })
		ended <- err
	}()
	select {
	case err := <-ended:
		ended <- err // for stop
	case <-leave:
	case <-ins.fault.failed:
	case <-ctx.Done():
	}
	err := stop(app, ins.shown, saved, started, ended)
	close(done)
	others.Wait()
	if p := ins.fault.panic(); p != nil {
		return p
	}
	ins.endJob()
	ins.jobs.stop()
	ins.rows.Close()
	switch {
	case err != nil:
		return fmt.Errorf("the terminal of the inspector went away: %w", err)
	case ins.interrupted.Load():
		return ErrInterrupted
	}
	return nil
}

// capture takes the keys that must do something whatever the screen shows. When it
// returns nil the screen is drawn.
func (ins *Inspector) capture(ev *tcell.EventKey) *tcell.EventKey {
	if ev == ins.wake {
		for _, f := range ins.said.todo() {
			f()
		}
		return nil
	}
	switch ev.Key() {
	case tcell.KeyCtrlBackslash:
		ins.abort()
		return nil
	case tcell.KeyCtrlC: // tview would end at once
		ins.Key(ev)
		return nil
	}
	return ev
}

// utf8Names are the names of UTF-8 in lower case.
var utf8Names = map[string]bool{"utf-8": true, "utf8": true, "utf-16": true} // the last is that of Windows

// stopGrace is how long the screen may take to end.
const stopGrace = 2 * time.Second

// stop ends the application, and restores the terminal even if the application
// hangs.
func stop(app *tview.Application, screen tcell.Screen, saved terminalState, started <-chan struct{}, ended <-chan error) error {
	late := time.After(stopGrace)
	select {
	case <-started: // stopped before, it would take the terminal once more
		go app.Stop() // waits for a draw that is under way
	case err := <-ended: // by a panic, with a goroutine left
		app.Stop()
		return err
	case <-late:
	}
	select {
	case err := <-ended:
		return err
	case <-late:
		restore(screen, saved)
		return nil
	}
}

// mostUnanswered is how often a screen that does not draw is asked to.
const mostUnanswered = 20

// refresh draws the screen when rows have come, and not more often than can be
// seen.
func (ins *Inspector) refresh(app *tview.Application, done chan struct{}) {
	tick := time.NewTicker(time.Second) // rates, and toasts that go
	defer tick.Stop()
	unanswered := 0
	for {
		select {
		case <-done:
			return
		case <-ins.x.Changed():
		case <-ins.said.wake:
		case <-tick.C:
		}
		select {
		case <-ins.drawn: // an earlier one
			unanswered = 0
		default:
		}
		if unanswered++; unanswered < mostUnanswered {
			go ins.Guard(func() { app.QueueEvent(ins.wake) }) // waits where there is no room
		}
		select {
		case <-ins.drawn:
			unanswered = 0
		case <-time.After(time.Second): // in the middle of a paste no key is drawn for
		case <-done:
			return
		}
		select {
		case <-time.After(drawEvery):
		case <-done:
			return
		}
	}
}

// post has f done on the screen's goroutine, and the screen drawn.
func (ins *Inspector) post(f func()) {
	if ins.posted != nil {
		ins.posted(f)
		return
	}
	ins.said.do(f)
}

// InputHandler implements tview.Primitive.
func (ins *Inspector) InputHandler() func(*tcell.EventKey, func(tview.Primitive)) {
	return func(ev *tcell.EventKey, _ func(tview.Primitive)) { ins.Key(ev) }
}

// PasteHandler implements tview.Primitive: text goes to the prompt, if there is
// one, and nowhere else, so that nothing pasted is taken for keys.
func (ins *Inspector) PasteHandler() func(string, func(tview.Primitive)) {
	return func(text string, _ func(tview.Primitive)) {
		if ins.prompt != nil {
			ins.prompt.paste(text)
		}
	}
}

// Key takes a key.
func (ins *Inspector) Key(ev *tcell.EventKey) {
	ins.toast.text = ""
	switch {
	case ins.prompt != nil:
		ins.prompt.key(ev)
		return
	case ins.overlay != nil:
		if !ins.overlay.key(ev) {
			ins.overlay = nil
		}
		return
	case ins.pending != nil:
		f := ins.pending
		ins.pending = nil
		if ev.Key() != tcell.KeyEsc {
			f(ev)
		}
		return
	}
	if a := ins.actionFor(eventKey(ev)); a != nil {
		ins.do(a)
	}
}

// specialKeys are the names of keys that are no characters.
var specialKeys = map[tcell.Key]string{
	tcell.KeyUp: "Up", tcell.KeyDown: "Down", tcell.KeyLeft: "Left", tcell.KeyRight: "Right",
	tcell.KeyPgUp: "PgUp", tcell.KeyPgDn: "PgDn", tcell.KeyHome: "Home", tcell.KeyEnd: "End",
	tcell.KeyEnter: "Enter", tcell.KeyEsc: "Esc", tcell.KeyTab: "Tab", tcell.KeyBacktab: "Backtab",
	tcell.KeyDelete: "Del", tcell.KeyInsert: "Ins", tcell.KeyBackspace: "Backspace", tcell.KeyBackspace2: "Backspace", tcell.KeyF1: "F1",
	tcell.KeyCtrlBackslash: "Ctrl-\\",
}

// eventKey returns the name of a key.
func eventKey(ev *tcell.EventKey) string {
	switch k := ev.Key(); {
	case k == tcell.KeyRune && ev.Rune() == ' ':
		return "Space"
	case k == tcell.KeyRune:
		return string(ev.Rune())
	case specialKeys[k] != "":
		return specialKeys[k]
	case k >= tcell.KeyCtrlA && k <= tcell.KeyCtrlZ:
		return "Ctrl-" + string(rune('A'+k-tcell.KeyCtrlA))
	}
	return ""
}

// keyName is how a key is written on the screen.
func keyName(key string) string {
	switch key {
	case "Backtab":
		return "Shift-Tab"
	case "Up", "Down", "Left", "Right":
		return map[string]string{"Up": "↑", "Down": "↓", "Left": "←", "Right": "→"}[key]
	}
	return key
}

// redraw draws everything anew, as the terminal may show anything.
func (ins *Inspector) redraw() {
	if ins.shown != nil {
		ins.shown.Sync()
	}
}
