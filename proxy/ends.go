package proxy

import (
	"errors"
	"fmt"
	"net"
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

// fail ends a connection that no server was found for, which is remarked on. To the
// client that is a reset, as if it had reached a port where nothing listens; the
// server has no part in it.
func (c *conn) fail(who decode.Sender, text string, doubts []string) {
	if who == 0 {
		doubts = append(doubts, text)
	}
	c.end(who, text, doubts)
}

// end ends a connection that has no links.
func (c *conn) end(who decode.Sender, text string, remarks []string) {
	c.say(capture.Record{Time: c.accepted, Kind: capture.Opened})
	for _, r := range remarks {
		c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, Text: r})
	}
	reset(c.client)
	c.p.count.resets.Add(1)
	c.say(capture.Record{Time: time.Now(), Kind: capture.Closed, From: who, Reset: true, Text: text})
	c.p.drop(c)
}

// say publishes a record about the connection.
func (c *conn) say(r capture.Record) {
	if c.rec.ID == 0 {
		c.rec.ID = c.p.lastID.Add(1)
	}
	r.Conn = c.rec
	c.p.publish([]capture.Record{r}, nil)
}

// reset closes a connection so that its peer gets a reset.
func reset(c net.Conn) {
	if below, ok := c.(interface{ NetConn() net.Conn }); ok {
		reset(below.NetConn())
	}
	if t, ok := c.(interface{ SetLinger(int) error }); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// proxyClosed is the reason of the ends that nobody but the proxy brought about.
const proxyClosed = "the proxy was closed"

// stop ends the connection for the proxy's own reasons.
func (c *conn) stop(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	c.stopped = true
	if !c.over {
		c.text = text
		if c.closer != 0 {
			c.text += fmt.Sprintf("; the %s had finished sending before", c.closer)
		}
		c.closer = 0 // it would have gone on without us
	}
	c.wake()
}

// wake makes every read and write of the connection return. c.mu is held.
func (c *conn) wake() {
	if c.done != nil {
		select {
		case <-c.done:
		default:
			close(c.done)
		}
	}
	past := time.Unix(1, 0)
	if c.leash != nil {
		c.leash.pull()
	}
	_ = c.client.SetDeadline(past)
	if c.server != nil {
		_ = c.server.SetDeadline(past)
	}
}

// interrupt makes a watch of one side return.
func (c *conn) interrupt(from decode.Sender) { _ = c.side(from).SetReadDeadline(time.Unix(1, 0)) }

// resume lets one side be read again after an interrupt, unless the connection is to end.
func (c *conn) resume(from decode.Sender) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.done:
	default:
		_ = c.side(from).SetReadDeadline(time.Time{})
	}
}

// side returns the connection with one side.
func (c *conn) side(from decode.Sender) net.Conn {
	if from == decode.Client {
		return c.client
	}
	return c.server
}

// linkDone is called by each link as its last act; the second one closes the
// connection. Closing is left until then because it would wait for a link that is
// reading.
func (c *conn) linkDone() {
	c.mu.Lock()
	c.links--
	if c.links > 0 {
		c.mu.Unlock()
		return
	}
	stopped := c.stopped
	c.stopped = true // what comes now is too late
	end := capture.Record{Kind: capture.Closed, From: c.closer, Reset: c.reset, Text: c.text}
	cut, begun := c.cut, c.begun
	c.mu.Unlock()
	if c.gate != nil {
		c.gate.Close()
	}
	c.half.forget()
	c.silence.end()
	switch {
	case begun != nil:
		_ = c.server.Close()
	case cut:
		c.p.count.resets.Add(1)
		reset(c.client)
		reset(c.server)
	default:
		_ = c.client.Close()
		_ = c.server.Close()
	}
	if x, ok := c.client.(interface{ Parting() string }); ok {
		c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, Text: x.Parting()})
	}
	if why := c.leftEarly(); why != "" && !stopped && end.From == decode.Client {
		c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, From: decode.Client, Text: why})
	}
	if why := c.wordless(end); why != "" && !stopped {
		c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, From: decode.Server, Text: why})
	}
	end.Time = time.Now()
	c.say(end)
	c.p.drop(c)
	if begun != nil {
		_ = c.client.SetDeadline(time.Time{})
		c.p.take(c.client, nil, c.port, begun)
	}
}
