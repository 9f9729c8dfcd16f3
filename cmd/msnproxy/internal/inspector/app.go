package inspector

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// drawEvery is how often the screen is drawn anew when rows come.
const drawEvery = 40 * time.Millisecond

// Run shows the inspector until the user leaves or ctx is done.
func (ins *Inspector) Run(ctx context.Context) error {
	screen, err := newScreen()
	if err != nil {
		return err
	}
	return ins.RunOn(ctx, screen)
}

// RunOn is Run on a screen that is not initialised yet.
func (ins *Inspector) RunOn(ctx context.Context, screen tcell.Screen) (err error) {
	if err := screen.Init(); err != nil {
		return fmt.Errorf("the terminal can't be used for the inspector (TERM is %q): %w", os.Getenv("TERM"), err)
	}
	ins.theme = newTheme(chooseTheme(ins.o.Theme, screen.Colors()))
	app := tview.NewApplication()
	app.SetScreen(ready{screen})
	app.EnableMouse(true).EnablePaste(true).SetRoot(ins, true).SetFocus(ins)
	app.SetInputCapture(func(ev *tcell.EventKey) *tcell.EventKey {
		if ev.Key() == tcell.KeyCtrlC { // tview would end at once
			ins.Key(ev)
			return nil
		}
		return ev
	})
	ins.app, ins.screen = app, screen
	ins.quit = app.Stop
	done := make(chan struct{})
	var refresh sync.WaitGroup
	refresh.Go(func() { ins.refresh(ctx, app, done) })
	defer refresh.Wait()
	defer close(done)
	defer ins.rows.Close()
	defer ins.jobs.stop()
	defer ins.endJob()
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return app.Run()
}

// ready is a screen that is initialised already; tview would do it once more.
type ready struct{ tcell.Screen }

// Init does nothing.
func (ready) Init() error { return nil }

// PanicError is a fault of the inspector's own. The terminal is as it was when it
// is returned.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("the inspector has a fault and ended; please report it: %v\n%s", e.Value, strings.TrimSpace(string(e.Stack)))
}

// refresh draws the screen when rows have come, and not more often than can be
// seen.
func (ins *Inspector) refresh(ctx context.Context, app *tview.Application, done chan struct{}) {
	tick := time.NewTicker(time.Second) // rates, and toasts that go
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			app.Stop()
			return
		case <-done:
			return
		case <-ins.x.Changed():
		case <-tick.C:
		}
		drawn := make(chan struct{})
		go func() { // QueueUpdateDraw waits, for ever if the application has ended
			app.QueueUpdateDraw(func() {})
			close(drawn)
		}()
		select {
		case <-drawn:
		case <-done:
			return
		case <-ctx.Done():
			app.Stop()
			return
		}
		select {
		case <-time.After(drawEvery):
		case <-done:
			return
		}
	}
}

// post has f done on the screen's goroutine.
func (ins *Inspector) post(f func()) {
	if ins.posted != nil {
		ins.posted(f)
		return
	}
	if app := ins.app; app != nil {
		go app.QueueUpdateDraw(f)
	}
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

func (ins *Inspector) redraw() {
	if ins.app != nil {
		go ins.app.Sync()
	}
}
