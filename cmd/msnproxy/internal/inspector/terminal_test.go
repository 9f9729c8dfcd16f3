package inspector

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/tally"
)

// watched is a screen of which is known whether it was given back.
type watched struct {
	tcell.SimulationScreen
	ended atomic.Bool
	title atomic.Value
	text  atomic.Value
}

func newWatched() *watched {
	return &watched{SimulationScreen: tcell.NewSimulationScreen("UTF-8")}
}

func (w *watched) Fini() { w.ended.Store(true); w.SimulationScreen.Fini() }

func (w *watched) SetTitle(s string) { w.title.Store(s) }

// Show keeps what is on the screen: nobody else may look at it while it is drawn.
func (w *watched) Show() {
	w.SimulationScreen.Show()
	cells, width, _ := w.GetContents()
	var b strings.Builder
	for i, c := range cells {
		if i%max(width, 1) == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(string(c.Runes))
	}
	w.text.Store(b.String())
}

// shows reports whether the text is on the screen.
func (w *watched) shows(text string) bool {
	on, _ := w.text.Load().(string)
	return strings.Contains(on, text)
}

// demoIndex is the index of the demo's recording.
func demoIndex(t *testing.T) *index.Index {
	t.Helper()
	in, err := capture.Open(filepath.Join("..", "chat", "testdata", "demo.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	x := index.New(index.Options{SpoolDir: t.TempDir()})
	t.Cleanup(x.Close)
	if err := x.Load(in, nil, "demo", nil); err != nil {
		t.Fatal(err)
	}
	return x
}

// panicking is a pane with a fault.
type panicking struct {
	nothingThere
	fault atomic.Bool
}

type nothingThere struct{}

func (nothingThere) move(int)       {}
func (nothingThere) page(int, bool) {}
func (nothingThere) end(bool)       {}
func (nothingThere) click(int, int) {}
func (nothingThere) wheel(int)      {}
func (nothingThere) enter()         {}

func (p *panicking) draw(canvas, bool) {
	if p.fault.Load() {
		panic("injected")
	}
}

// hanging is a pane that does not end drawing.
type hanging struct {
	nothingThere
	until chan struct{}
}

func (h hanging) draw(canvas, bool) { <-h.until }

// What a panic of any goroutine leaves: the terminal as it was, and its stack in
// the error.
func TestPanics(t *testing.T) {
	for name, inject := range map[string]func(ins *Inspector, p *panicking){
		"drawing":           func(ins *Inspector, p *panicking) { p.fault.Store(true); ins.Say("draw") },
		"a result":          func(ins *Inspector, _ *panicking) { ins.post(func() { panic("injected") }) },
		"another goroutine": func(ins *Inspector, _ *panicking) { go ins.Guard(func() { panic("injected") }) },
		"feeding": func(ins *Inspector, _ *panicking) {
			go ins.Guard(func() { _ = ins.x.Add(nil) }) // a nil record
		},
		"under the lock of the index": func(ins *Inspector, _ *panicking) {
			go ins.Guard(func() { ins.x.Tally(func(*tally.Tally) { panic("injected") }) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			ins := New(Options{Index: demoIndex(t), Title: "t"})
			p := &panicking{}
			ins.main[messagesView] = p
			screen := newWatched()
			ended := make(chan error, 1)
			go func() { ended <- ins.RunOn(context.Background(), screen) }()
			waitUntil(t, func() bool { return screen.shows("msnproxy") })
			inject(ins, p)
			var fault *PanicError
			select {
			case err := <-ended:
				if !errors.As(err, &fault) {
					t.Fatalf("Run returned %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("Run does not return")
			}
			if !screen.ended.Load() {
				t.Error("the screen was not given back")
			}
			if text := fault.Error(); !strings.Contains(text, "terminal_test.go") || strings.Contains(text, "\t") {
				t.Errorf("no stack, or none to read:\n%s", text)
			}
		})
	}
}

// A screen that hangs is ended all the same.
func TestHangingScreen(t *testing.T) {
	ins := New(Options{Index: demoIndex(t)})
	until := make(chan struct{})
	defer close(until)
	ins.main[messagesView] = hanging{until: until}
	screen := newWatched()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- ins.RunOn(ctx, screen) }()
	time.Sleep(50 * time.Millisecond)
	cancel()
	select {
	case err := <-ended:
		if err != nil || !screen.ended.Load() {
			t.Errorf("Run returned %v, screen given back: %v", err, screen.ended.Load())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Run does not return")
	}
}

// Ended before it has begun.
func TestEndedAtOnce(t *testing.T) {
	for range 20 {
		ins := New(Options{Index: demoIndex(t)})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		screen := newWatched()
		start := time.Now()
		if err := ins.RunOn(ctx, screen); err != nil || !screen.ended.Load() || time.Since(start) > stopGrace {
			t.Fatalf("Run returned %v after %v, screen given back: %v", err, time.Since(start), screen.ended.Load())
		}
	}
}

// How Run ends, and what a paste and the focus do: nothing.
func TestRunEnds(t *testing.T) {
	for name, test := range map[string]struct {
		leave func(ins *Inspector, s *watched, cancel func())
		want  error
	}{
		"q":      {func(_ *Inspector, s *watched, _ func()) { s.InjectKey(tcell.KeyRune, 'q', 0) }, nil},
		"Ctrl-C": {func(_ *Inspector, s *watched, _ func()) { s.InjectKey(tcell.KeyCtrlC, 0, 0) }, ErrInterrupted},
		"signal": {func(_ *Inspector, _ *watched, cancel func()) { cancel() }, nil},
		"paste": {func(ins *Inspector, s *watched, _ func()) {
			for _, ev := range []tcell.Event{tcell.NewEventFocus(false), tcell.NewEventFocus(true), tcell.NewEventPaste(true),
				tcell.NewEventKey(tcell.KeyRune, 'Q', 0), tcell.NewEventKey(tcell.KeyCtrlC, 0, 0), tcell.NewEventPaste(false)} {
				if err := s.PostEvent(ev); err != nil {
					t.Error(err)
				}
			}
			s.InjectKey(tcell.KeyRune, 'q', 0)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ins := New(Options{Index: demoIndex(t), Title: "a\x1b]0;evil\a"})
			ins.Complain("said before the screen was there")
			screen := newWatched()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- ins.RunOn(ctx, screen) }()
			waitUntil(t, func() bool { return screen.shows("said before the screen was there") })
			if title := screen.title.Load().(string); title != `msnproxy: a\x1b]0;evil\x07` {
				t.Errorf("title %q", title)
			}
			test.leave(ins, screen, cancel)
			select {
			case err := <-ended:
				if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
					t.Errorf("Run returned %v, want %v", err, test.want)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("Run does not return")
			}
		})
	}
}

// Every goroutine is guarded, so that none can leave the terminal as it should not
// be.
func TestGoroutinesAreGuarded(t *testing.T) {
	for _, pattern := range []string{"*.go", filepath.Join("..", "index", "*.go")} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				for _, bare := range unguarded(t, file) {
					t.Errorf("%s: begin it as go ins.Guard(...)", bare)
				}
			}
		}
	}
}

// endings are functions that end the screen: nothing is there to guard any more.
var endings = []string{"stop", "restore"}

func unguarded(t *testing.T, file string) (bare []string) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || slices.Contains(endings, fn.Name.Name) {
			continue
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			var call *ast.CallExpr
			switch n := n.(type) {
			case *ast.GoStmt:
				call = n.Call
			case *ast.CallExpr: // sync.WaitGroup
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" {
					call = n
				}
			}
			if call != nil && !hasGuard(call) {
				bare = append(bare, fmt.Sprint(fset.Position(call.Pos())))
			}
			return true
		})
	}
	return bare
}

func hasGuard(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && (id.Name == "Guard" || id.Name == "guarded") {
			found = true
		}
		return !found
	})
	return found
}

func waitUntil(t *testing.T, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("waited in vain")
}
