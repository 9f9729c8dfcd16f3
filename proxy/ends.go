package proxy

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// halfPatience is how long the other side's end may take before one side's is a
// matter of its own, as for package capture.
const halfPatience = 200 * time.Millisecond

// side is one end of a connection as far as it has ended.
type side struct {
	eof    bool  // it has closed its half
	late   bool  // and was sent something since
	failed error // it takes nothing more; why, its own link finds out
}

// halfClose is the end of one side that is to be told if the other goes on.
type halfClose struct {
	open  atomic.Bool // one side has ended
	mu    sync.Mutex
	due   bool
	rec   capture.Record
	timer *time.Timer
	told  chan struct{} // closed when it has been told
}

// expect has the end of a side told when the other goes on, or when it has not ended
// for a while.
func (h *halfClose) expect(c *conn, who decode.Sender) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.due, h.told = true, make(chan struct{})
	h.rec = capture.Record{Time: time.Now(), Kind: capture.HalfClosed, From: who}
	h.timer = time.AfterFunc(halfPatience, func() { h.tell(c) })
	h.open.Store(true)
}

// tell tells it, or waits until somebody else has: what comes then was sent after it.
func (h *halfClose) tell(c *conn) {
	h.mu.Lock()
	due, rec, told := h.due, h.rec, h.told
	h.due = false
	h.mu.Unlock()
	switch {
	case due:
		c.say(rec)
		close(told)
	case told != nil:
		<-told
	}
}

// forget sees to it that nothing is told any more.
func (h *halfClose) forget() {
	h.mu.Lock()
	dropped, told := h.due, h.told
	h.due = false
	if h.timer != nil {
		h.timer.Stop()
	}
	if dropped {
		close(told)
	}
	h.mu.Unlock()
	if told != nil {
		<-told
	}
}

// goesOn notes that a side sends something although the other has ended.
func (c *conn) goesOn(from decode.Sender) {
	c.mu.Lock()
	c.sides[from.Peer()].late = true
	c.mu.Unlock()
	c.half.tell(c)
}

// halfClosed notes that one side sends no more. It reports whether the connection is
// at its end: because the other does not either, or because this one takes nothing.
func (c *conn) halfClosed(who decode.Sender) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closer == 0 && !c.stopped {
		c.closer = who
	}
	s := &c.sides[who]
	s.eof = true
	c.ends++
	switch {
	case c.over || c.stopped:
		return true
	case errors.Is(s.failed, syscall.ECONNRESET):
		c.broke(who, s.failed)
		return true
	case s.failed != nil:
		c.refused(who)
		return true
	case c.ends == 2:
		c.over = true
		c.wake()
		return true
	}
	c.half.expect(c, who)
	return false
}

// unwritable ends the connection because a side does not take what is sent to it. If
// it reset the connection, or has closed it before, is what reading from it tells;
// until then what it has sent goes on to the other.
func (c *conn) unwritable(who decode.Sender, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.sides[who]
	switch {
	case c.over || c.stopped:
	case !isReset(err):
		c.broke(who, err)
	case s.eof:
		c.refused(who)
	default:
		s.failed = err
	}
}

// abort ends the connection because nothing can be read from a side of it.
func (c *conn) abort(who decode.Sender, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.sides[who]
	switch {
	case c.over || c.stopped:
	case s.eof && s.late && isReset(err):
		c.refused(who)
	default:
		c.broke(who, err)
	}
}

// broke ends the connection with a reset for the other side. c.mu is held.
func (c *conn) broke(who decode.Sender, err error) {
	c.over, c.closer, c.reset, c.cut = true, who, true, true
	if !isReset(err) { // who reset it, the record says
		c.text = fmt.Sprintf("the connection with the %s broke: %v", who, cause(err))
	}
	c.wake()
}

// refused ends the connection because a side that has closed it was sent more. That
// brings a reset, which goes on to who sent it, but nobody meant it. c.mu is held.
func (c *conn) refused(who decode.Sender) {
	c.over, c.cut = true, true
	c.text = fmt.Sprintf("the %s had closed it, and the %s went on sending", who, who.Peer())
	c.wake()
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
