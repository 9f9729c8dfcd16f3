package main

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// aside is standard error that is kept off the terminal while the inspector is on
// it: what is written then goes to the inspector, and to the terminal afterwards.
type aside struct {
	mu   sync.Mutex
	w    io.Writer
	say  func(line string) // nil: there is no inspector
	kept bytes.Buffer

	out   *outlet // w, if that must hold up nothing
	hurry <-chan struct{}
}

// outlive has lines dropped, rather than waited for, when nobody reads them.
func (a *aside) outlive(hurry <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.out, a.hurry = newOutlet(a.w, outletLimit, false, nil), hurry
	a.w = a.out
}

// finish writes what waits.
func (a *aside) finish() {
	if a.out != nil {
		a.out.end(a.hurry)
	}
}

// Write implements io.Writer. Lines are written whole.
func (a *aside) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.say == nil {
		return a.w.Write(b)
	}
	a.kept.Write(b)
	for line := range strings.Lines(string(b)) {
		a.say(strings.TrimPrefix(strings.TrimRight(line, "\n"), "msnproxy: "))
	}
	return len(b), nil
}

// hold has lines said until release.
func (a *aside) hold(say func(line string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.say = say
}

// release writes what was held back.
func (a *aside) release() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.say = nil
	_, _ = a.kept.WriteTo(a.w)
}
