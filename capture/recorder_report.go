package capture

import (
	"fmt"
	"sync"
	"time"
)

// maxReports is how many reports wait for who is told; more are left out.
const maxReports = 100

// reportWait is how long the end waits for who is told.
const reportWait = 5 * time.Second

// reporter tells of troubles, one after the other, by a goroutine of its own, so that
// recording does not wait for who is told.
type reporter struct {
	to func(error)

	mu   sync.Mutex
	list []error
	done chan struct{} // closed when all are told; nil: nothing is to be told
}

func (p *reporter) errorf(format string, args ...any) {
	if p.to == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.list) >= maxReports {
		return
	}
	p.list = append(p.list, fmt.Errorf(format, args...))
	if p.done == nil {
		p.done = make(chan struct{})
		go p.tell(p.done)
	}
}

// once is errorf unless *said, which it sets.
func (p *reporter) once(said *bool, format string, args ...any) {
	if !*said {
		*said = true
		p.errorf(format, args...)
	}
}

func (p *reporter) tell(done chan struct{}) {
	defer close(done)
	for {
		p.mu.Lock()
		if len(p.list) == 0 {
			p.done = nil
			p.mu.Unlock()
			return
		}
		err := p.list[0]
		p.list = p.list[1:]
		p.mu.Unlock()
		p.to(err)
	}
}

// close waits until everything is told, for a while.
func (p *reporter) close() {
	p.mu.Lock()
	done := p.done
	p.mu.Unlock()
	if done == nil {
		return
	}
	late := time.NewTimer(reportWait)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
	}
}
