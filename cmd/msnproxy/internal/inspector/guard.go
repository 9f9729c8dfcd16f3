package inspector

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
)

// ErrInterrupted says that the user left by Ctrl-C.
var ErrInterrupted = errors.New("interrupted")

// interrupt leaves as Ctrl-C does where there is no screen.
func (ins *Inspector) interrupt() {
	ins.interrupted.Store(true)
	ins.quit()
}

// PanicError is a fault of the inspector's own. The terminal is as it was when it
// is returned.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	stack := strings.ReplaceAll(strings.TrimSpace(string(e.Stack)), "\t", "    ")
	return fmt.Sprintf("the inspector has a fault and ended; please report it: %v\n%s", e.Value, stack)
}

// fault is the first panic of any goroutine.
type fault struct {
	failed chan struct{} // closed by the panic
	mu     sync.Mutex
	first  *PanicError
}

func newFault() *fault { return &fault{failed: make(chan struct{})} }

// Guard does f, on whatever goroutine that is. A panic in it ends Run, which
// returns it when the terminal is as it was. Every goroutine of the inspector, and
// every one that feeds it, is begun as "go ins.Guard(...)".
func (ins *Inspector) Guard(f func()) {
	defer func() {
		if p := recover(); p != nil {
			ins.fault.fail(&PanicError{Value: p, Stack: debug.Stack()})
		}
	}()
	f()
}

func (f *fault) fail(p *PanicError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == nil {
		f.first = p
		close(f.failed)
	}
}

// panic returns the first panic, or nil.
func (f *fault) panic() *PanicError {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first
}

// heard is what other goroutines have to say, until the screen takes it.
type heard struct {
	mu    sync.Mutex
	lines []heardLine
	posts []func()
	wake  chan struct{}
}

type heardLine struct {
	text string
	bad  bool
	over bool // nothing comes after it
}

func newHeard() *heard { return &heard{wake: make(chan struct{}, 1)} }

// Say shows a line for a while, and keeps it in the log. It may be called from any
// goroutine, also before Run.
func (ins *Inspector) Say(text string) { ins.said.put(heardLine{text: text}) }

// Complain is Say for what went wrong.
func (ins *Inspector) Complain(text string) { ins.said.put(heardLine{text: text, bad: true}) }

// Over is Say when no more is to come. Who only followed so far is then shown a message
// worth a look, the last that was sent on otherwise, rather than the end.
func (ins *Inspector) Over(text string) { ins.said.put(heardLine{text: text, over: true}) }

// ending waits until what is on its way has arrived.
type ending struct{ rows int }

// rest goes to a message worth a look once no more comes.
func (ins *Inspector) rest() {
	if n := ins.x.Len(); n != ins.ending.rows {
		ins.ending.rows = n
		return
	}
	ins.ending = nil
	if !ins.follow || ins.paused {
		return
	}
	for row := ins.x.Len() - 1; row >= 0; row-- {
		if ins.x.Row(row).SentOn && ins.rows.Shows(row) {
			ins.follow = false
			ins.selectRow(row)
			return
		}
	}
}

func (h *heard) put(l heardLine) {
	const most = 500 // the log holds no more
	h.mu.Lock()
	if len(h.lines) < most {
		h.lines = append(h.lines, l)
	}
	h.mu.Unlock()
	h.notify()
}

func (h *heard) notify() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// do leaves something to be done on the screen's goroutine.
func (h *heard) do(f func()) {
	h.mu.Lock()
	h.posts = append(h.posts, f)
	h.mu.Unlock()
	h.notify()
}

// todo takes what is to be done.
func (h *heard) todo() []func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.posts
	h.posts = nil
	return list
}

// hear takes what was said.
func (ins *Inspector) hear() {
	ins.said.mu.Lock()
	lines := ins.said.lines
	ins.said.lines = nil
	ins.said.mu.Unlock()
	for _, l := range lines {
		ins.tell(l.text, l.bad)
		if l.over {
			ins.ending = &ending{}
		}
	}
}
