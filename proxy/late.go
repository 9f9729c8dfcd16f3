package proxy

import (
	"fmt"
	"time"
)

// otherwise waits for the first bytes of a client that has said nothing so far, and whose
// server cannot be had, or may be another: the client may have come by a way for which that
// server is not needed. again means that it did.
func (c *conn) otherwise(in *entry) (again, ok bool, err error) {
	way, late, err := c.choose(in.caller, c.p.cfg.FirstLineWait)
	if err != nil {
		return false, true, err
	}
	in.late = late
	if way == nil {
		return false, true, nil
	}
	c.up.first, c.rec.Server = false, ""
	return true, c.follow(in, way, firstByteWait), nil
}

// latecomer waits for the first bytes of a client that had said nothing when its server
// was dialled. taken means that they are those of another way: the client goes on as a
// new connection.
func (l *link) latecomer() (pieces [][]byte, taken bool, err error) {
	c, caller := l.c, l.late
	l.late = nil
	defer close(c.heard)
	way, _, err := c.choose(caller, 0)
	if err != nil {
		return nil, false, err
	}
	begun := caller.Take(len(caller.Buffered()))
	if way != nil && c.moveOn(begun, way.Name()) {
		return nil, true, nil
	}
	if len(begun) > 0 {
		pieces = append(pieces, c.withoutLogin(begun))
	}
	return pieces, false, nil
}

// hear waits, where the server has ended before the client has said anything, until the
// client does: it may go on by another way.
func (c *conn) hear() {
	if c.heard == nil {
		return
	}
	select {
	case <-c.heard:
	case <-time.After(c.p.cfg.FirstLineWait):
	}
}

// moveOn ends the connection, but not the client's part of it.
func (c *conn) moveOn(begun []byte, way string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || c.stopped {
		return false
	}
	c.over, c.begun = true, begun
	c.text = fmt.Sprintf("the client, silent till now, came in by another way (%s): it goes on as a new connection", way)
	_ = c.server.SetDeadline(time.Unix(1, 0))
	return true
}
