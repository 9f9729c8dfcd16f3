package replay

import (
	"sync"
)

// outbox holds what is to be sent, so that nobody waits for a server with mu held.
type outbox struct {
	mu     sync.Mutex
	some   *sync.Cond
	buf    []byte
	closed bool
}

func (o *outbox) init() { o.some = sync.NewCond(&o.mu) }

func (o *outbox) put(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.buf = append(o.buf, b...)
		o.some.Signal()
	}
}

func (o *outbox) full() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.buf) > maxUnsent
}

func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.some.Signal()
}

// take waits for something to send; more: there may be something afterwards.
func (o *outbox) take() (b []byte, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.buf) == 0 && !o.closed {
		o.some.Wait()
	}
	b, o.buf = o.buf, nil
	return b, !o.closed || len(b) > 0
}
