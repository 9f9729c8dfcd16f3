package main

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// What waits in an outlet at most, how much is handed on at a time, and how long a
// reader may take nothing before the program ends without it.
const (
	outletLimit    = 1 << 20
	outletPiece    = 4 << 10
	outletPatience = time.Second
	outletHurry    = 100 * time.Millisecond // after the second signal
)

// outlet is standard output or standard error of a command that goes on whatever
// becomes of the reader: a reader that is gone, or takes nothing, ends nothing and
// holds up nothing but, where that is wanted, whoever writes.
type outlet struct {
	w     io.Writer
	limit int
	waits bool            // Write waits for room, rather than drop lines
	gone  func(err error) // called once when a write fails; may be nil

	mu    sync.Mutex
	some  *sync.Cond    // there is something to write, or room, or an end
	buf   []byte        // waits
	rest  []byte        // what is being written, as far as it is not
	moved int64         // pieces written
	over  bool          // nothing more is written
	lost  int64         // lines that were not
	tick  chan struct{} // closed when a piece is written, when there is something again, or at the end; nil: nobody watches
}

// newOutlet returns an outlet to w.
func newOutlet(w io.Writer, limit int, waits bool, gone func(err error)) *outlet {
	o := &outlet{w: w, limit: limit, waits: waits, gone: gone}
	o.some = sync.NewCond(&o.mu)
	go o.run()
	return o
}

// run writes what waits. It may hang in a write for as long as the program runs.
func (o *outlet) run() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		for len(o.buf) == 0 && !o.over {
			o.some.Wait()
		}
		if o.over {
			return
		}
		whole := o.buf
		o.rest, o.buf = whole, nil
		o.some.Broadcast()
		for len(o.rest) > 0 && !o.over {
			piece := o.rest[:min(len(o.rest), outletPiece)]
			o.mu.Unlock()
			_, err := o.w.Write(piece)
			o.mu.Lock()
			if err != nil && !o.over {
				o.stop()
				if o.gone != nil {
					go o.gone(err)
				}
			}
			if !o.over {
				o.rest = o.rest[len(piece):]
				o.moved++
			}
			o.told()
		}
		if len(o.buf) == 0 && !o.over {
			o.buf = whole[:0]
		}
	}
}

// stop gives up what is not written, and what will come. o.mu is held.
func (o *outlet) stop() {
	o.over = true
	o.lost += lines(o.rest) + lines(o.buf)
	o.rest, o.buf = nil, nil
	o.some.Broadcast()
	o.told()
}

// told tells who watches. o.mu is held.
func (o *outlet) told() {
	if o.tick != nil {
		close(o.tick)
		o.tick = nil
	}
}

func lines(b []byte) int64 { return int64(bytes.Count(b, []byte{'\n'})) }

// Write implements io.Writer. What is written at a time goes out whole, or not at
// all; that it does not is no error of the writer's.
func (o *outlet) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.waits && !o.over && !o.fits(b) {
		o.some.Wait()
	}
	if o.over || !o.fits(b) {
		o.lost += lines(b)
		return len(b), nil
	}
	if o.idle() {
		defer o.told() // the reader's time begins now
	}
	o.buf = append(o.buf, b...)
	o.some.Broadcast()
	return len(b), nil
}

// fits reports whether there is room for b; there is for anything if nothing waits.
// o.mu is held.
func (o *outlet) fits(b []byte) bool { return len(o.buf) == 0 || len(o.buf)+len(b) <= o.limit }

// drops returns how many lines were not written.
func (o *outlet) drops() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lost
}

// hasten gives the outlet up once its reader has taken nothing for outletPatience
// of what there is for it; once hurry is closed, for outletHurry.
func (o *outlet) hasten(hurry <-chan struct{}) { o.watch(hurry, false) }

// flush returns when everything is written, or given up as by hasten.
func (o *outlet) flush(hurry <-chan struct{}) { o.watch(hurry, true) }

func (o *outlet) watch(hurry <-chan struct{}, untilIdle bool) {
	wait := outletPatience
	patience := time.NewTimer(wait)
	defer patience.Stop()
	for {
		o.mu.Lock()
		over, moved, idle := o.over || untilIdle && o.idle(), o.moved, o.idle()
		if o.tick == nil && !over {
			o.tick = make(chan struct{})
		}
		tick := o.tick
		o.mu.Unlock()
		if over {
			return
		}
		select {
		case <-tick:
		case <-patience.C:
			o.giveUp(func() bool { return !idle && !o.idle() && o.moved == moved })
		case <-hurry:
			wait, hurry = outletHurry, nil
		}
		patience.Reset(wait)
	}
}

// idle reports whether everything is written. o.mu is held.
func (o *outlet) idle() bool { return len(o.buf) == 0 && len(o.rest) == 0 }

// giveUp stops the outlet if that is due.
func (o *outlet) giveUp(due func() bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.over && due() {
		o.stop()
	}
}

// end flushes, and lets go of the outlet's goroutine if its writer does not hang.
func (o *outlet) end(hurry <-chan struct{}) {
	o.flush(hurry)
	o.giveUp(func() bool { return true })
}
