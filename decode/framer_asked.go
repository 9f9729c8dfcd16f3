package decode

import "sync"

// maxAsked bounds the requests of HTTP whose answers are still due on one connection.
const maxAsked = 1024

// Asked is what the two framers of a connection of HTTP share: which of the answers that
// are due are to a HEAD, and so have no body whatever their heads announce. The zero value
// is ready for use, by several at once.
type Asked struct {
	mu   sync.Mutex
	head []bool // of the requests whose answers are due
	lost bool   // which is which is not known any more
}

// ask notes a request.
func (a *Asked) ask(method string) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.head) >= maxAsked {
		a.lost = true
	}
	if a.lost {
		a.head = nil
		return
	}
	a.head = append(a.head, method == "HEAD")
}

// forget notes that requests may have been missed.
func (a *Asked) forget() {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.head, a.lost = nil, true
}

// bodiless reports whether the next answer has no body.
func (a *Asked) bodiless() bool {
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.head) > 0 && a.head[0]
}

// answered notes an answer that is not a mere word in between.
func (a *Asked) answered() {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.head) > 0 {
		a.head = a.head[1:]
	}
}

// Withdraw notes that the last request went nowhere, so that no answer to it will come.
func (a *Asked) Withdraw() {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.head); n > 0 {
		a.head = a.head[:n-1]
	}
}
