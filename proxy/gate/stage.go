package gate

import (
	"fmt"
	"sync/atomic"

	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/action"
)

// Stage decides on messages: a set of rules, a breakpoint, a fault, an add-on.
type Stage interface {
	// Name is what stands in changed_by.
	Name() string
	// Interest says which messages it may want to see. It may change; then the gate must be
	// told ([Gate.Changed]).
	Interest() filter.Interest
	// Look says what becomes of a message, by adding to e. It is called by one goroutine at a
	// time and must not wait. To have a message wait it sets e.Hold, or returns a Waiter.
	// The message holds during the call only.
	Look(m *decode.Message, e *action.Effect) Waiter
}

// A Stage with a method AsksHistory that returns false asks for nothing that messages before
// the one at hand decide ([filter.Filter.AsksHistory]): then these need not be followed.

// Waiter is somebody who decides on one message later, such as an add-on.
type Waiter interface {
	// Begin is called once, for one message after the other, in their order. It must not
	// wait, nor call decide itself, which any other goroutine may do, and which counts the
	// first time.
	Begin(h Held, decide func(do []action.Action, by string) error)
}

// interests are what all stages want together, made for a quick look.
type interests struct {
	by      [3]wanted // by decode.Sender
	history bool      // somebody asks for what messages before the one at hand decide
}

// wanted are the verbs of one sender that somebody wants.
type wanted struct {
	all   bool
	first [256]bool
	verbs map[[3]byte]bool
}

func gather(stages []*guarded) *interests {
	var n interests
	for _, s := range stages {
		if h, ok := s.Stage.(interface{ AsksHistory() bool }); !ok || h.AsksHistory() {
			n.history = true // who does not say may ask for anything
		}
		i := s.Interest()
		n.by[decode.Client].add(i.Client)
		n.by[decode.Server].add(i.Server)
	}
	return &n
}

func (w *wanted) add(v filter.Verbs) {
	w.all = w.all || v.All
	for _, verb := range v.List {
		if len(verb) != 3 {
			w.all = true // no command has such a verb, or the table knows one that is new here
			continue
		}
		if w.verbs == nil {
			w.verbs = make(map[[3]byte]bool)
		}
		w.verbs[[3]byte{verb[0], verb[1], verb[2]}] = true
		w.first[verb[0]] = true
	}
}

func (w *wanted) nothing() bool { return !w.all && len(w.verbs) == 0 }

// has reports whether frames that begin so are wanted; of fewer than three bytes whether
// they may be.
func (w *wanted) has(b []byte) bool {
	switch {
	case w.all:
		return true
	case len(b) == 0:
		return len(w.verbs) > 0
	case !w.first[b[0]]:
		return false
	case len(b) >= 3:
		return w.verbs[[3]byte{b[0], b[1], b[2]}]
	}
	for v := range w.verbs {
		if v[0] == b[0] && (len(b) == 1 || v[1] == b[1]) {
			return true
		}
	}
	return false
}

func wants(v filter.Verbs, verb []byte) bool {
	if v.All {
		return true
	}
	for _, s := range v.List {
		if s == string(verb) {
			return true
		}
	}
	return false
}

// guarded is a stage that is passed by when it has panicked once.
type guarded struct {
	Stage
	g      *Gate
	broken atomic.Bool
}

func (s *guarded) Look(m *decode.Message, e *action.Effect) (w Waiter) {
	if s.broken.Load() {
		return nil
	}
	before := *e
	defer func() {
		if v := recover(); v != nil {
			*e = before
			s.broken.Store(true)
			go s.g.remark(fmt.Sprintf("%s failed (%v): it decides nothing any more", s.Name(), v))
		}
	}()
	return s.Stage.Look(m, e)
}
