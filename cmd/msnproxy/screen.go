package main

import (
	"sync"
	"time"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
)

// flushEvery is how long a message may wait before it is seen.
const flushEvery = 50 * time.Millisecond

// screen prints live traffic, to an outlet: printing does not fail.
type screen struct {
	mu      sync.Mutex
	printer *show.Printer
	stop    chan struct{}
	stopped chan struct{}
}

func newScreen(p *show.Printer) *screen {
	s := &screen{printer: p, stop: make(chan struct{}), stopped: make(chan struct{})}
	go s.flushing()
	return s
}

// Observe implements proxy.Observer.
func (s *screen) Observe(r *capture.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.printer.Record(r)
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
	_ = s.printer.Flush()
}

// close prints what is left.
func (s *screen) close() {
	close(s.stop)
	<-s.stopped
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.printer.Finish()
}
