package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
)

// flushEvery is how long a message may wait before it is seen.
const flushEvery = 50 * time.Millisecond

// screen prints live traffic. If printing fails it says so once, and the traffic
// goes on.
type screen struct {
	mu      sync.Mutex
	printer *show.Printer
	errors  io.Writer
	failed  bool
	stop    chan struct{}
	stopped chan struct{}
}

func newScreen(p *show.Printer, errors io.Writer) *screen {
	s := &screen{printer: p, errors: errors, stop: make(chan struct{}), stopped: make(chan struct{})}
	go s.flushing()
	return s
}

// Observe implements proxy.Observer.
func (s *screen) Observe(r *capture.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.check(s.printer.Record(r))
}

func (s *screen) flushing() {
	defer close(s.stopped)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.flush()
		case <-s.stop:
			return
		}
	}
}

func (s *screen) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.check(s.printer.Flush())
}

func (s *screen) check(err error) {
	if err != nil && !s.failed {
		s.failed = true
		fmt.Fprintf(s.errors, "msnproxy: printing failed, relaying goes on: %v\n", err)
	}
}

// close prints what is left.
func (s *screen) close() {
	close(s.stop)
	<-s.stopped
	s.mu.Lock()
	defer s.mu.Unlock()
	s.check(s.printer.Finish())
}
