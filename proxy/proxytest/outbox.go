package proxytest

import (
	"sync"
	"time"
)

// How much a client may leave unread: from roomBytes on those who send to it
// wait, at maxUnread it is given up.
const (
	roomBytes = 64 << 10
	maxUnread = 256 << 10
)

// outbox holds what is on its way to a client, so that no handler ever waits
// for one. Its writer is conn.write.
type outbox struct {
	mu     sync.Mutex
	change sync.Cond
	buf    []byte
	busy   bool // the writer is writing
	closed bool // no more will be added
	dead   bool // nothing more will be written
}

func newOutbox() *outbox {
	o := &outbox{}
	o.change.L = &o.mu
	return o
}

// add queues b. What comes after close is dropped.
func (o *outbox) add(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.dead {
		return
	}
	if len(o.buf)+len(b) > maxUnread {
		o.dead, o.buf = true, nil
	} else {
		o.buf = append(o.buf, b...)
	}
	o.change.Broadcast()
}

// close lets the writer end once everything is written.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.change.Broadcast()
	o.mu.Unlock()
}

// kill lets everybody who waits for the outbox go on.
func (o *outbox) kill() {
	o.mu.Lock()
	o.dead, o.buf = true, nil
	o.change.Broadcast()
	o.mu.Unlock()
}

// room waits until there is room for more.
func (o *outbox) room() {
	o.mu.Lock()
	for len(o.buf) > roomBytes && !o.dead && !o.closed {
		o.change.Wait()
	}
	o.mu.Unlock()
}

// drained waits until everything is written, or never will be.
func (o *outbox) drained() {
	o.mu.Lock()
	for (len(o.buf) > 0 || o.busy) && !o.dead {
		o.change.Wait()
	}
	o.mu.Unlock()
}

// take waits for something to write and swaps it for the empty buffer spare.
// It returns false if there will be nothing more.
func (o *outbox) take(spare []byte) ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy = false
	o.change.Broadcast()
	for len(o.buf) == 0 && !o.closed && !o.dead {
		o.change.Wait()
	}
	if o.dead || len(o.buf) == 0 {
		return nil, false
	}
	b := o.buf
	if cap(spare) > roomBytes {
		spare = nil
	}
	o.buf, o.busy = spare[:0], true
	return b, true
}

// write sends what the outbox holds until that is closed. A client that does
// not read is cut off.
func (c *conn) write() {
	defer c.out.kill()
	var b []byte
	for {
		var more bool
		if b, more = c.out.take(b); !more {
			break
		}
		c.writeBy()
		if _, err := c.nc.Write(b); err != nil {
			c.cutOff()
			return
		}
	}
	c.out.mu.Lock()
	overrun := c.out.dead
	c.out.mu.Unlock()
	if overrun {
		c.cutOff()
		return
	}
	c.nc.CloseWrite()
}

// writeBy gives the client so long to take what is written, and less once the
// connection is to end.
func (c *conn) writeBy() {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	patience := c.server.config.WriteTimeout
	if c.out.closed {
		patience = min(patience, c.server.config.Linger)
	}
	c.nc.SetWriteDeadline(time.Now().Add(patience))
}

// cutOff resets a connection that cannot be written to; its reader ends it.
func (c *conn) cutOff() {
	c.nc.SetLinger(0)
	c.nc.Close()
}
