package entrance

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A gateway's session is relayed as a connection, which has no socket: both ends of it are
// in memory. It does what of TCP a relay uses: half-close, resets (Close after
// SetLinger(0)), deadlines that wake who waits, a bounded buffer.

// virtualBuffer is how many bytes of a direction may wait to be read.
const virtualBuffer = 64 << 10

// pipe is one direction.
type pipe struct {
	mu      sync.Mutex
	buf     []byte
	eof     bool  // the writer has closed it
	err     error // the reset that the reader gets
	deaf    bool  // the reader is gone
	waits   int   // reads that wait with nothing to read
	changed chan struct{}
}

func newPipe() *pipe { return &pipe{changed: make(chan struct{})} }

// change does f under the lock and wakes all who wait.
func (p *pipe) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *pipe) read(b []byte, late func() <-chan struct{}) (n int, err error) {
	for waits := false; ; {
		passed := late()
		p.change(func() {
			if waits {
				p.waits--
				waits = false
			}
			n = copy(b, p.buf)
			if p.buf = p.buf[n:]; len(p.buf) == 0 {
				p.buf = nil
			}
			switch {
			case p.deaf:
				err = net.ErrClosed
			case n > 0 || len(b) == 0:
			case p.err != nil:
				err = p.err
			case p.eof:
				err = io.EOF
			case isClosed(passed):
				err = os.ErrDeadlineExceeded
			default:
				waits = true
				p.waits++
			}
		})
		if !waits {
			return n, err
		}
		p.mu.Lock()
		changed, ready := p.changed, len(p.buf) > 0 || p.eof || p.err != nil || p.deaf
		p.mu.Unlock()
		if ready {
			continue
		}
		select {
		case <-changed:
		case <-passed:
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (p *pipe) write(b []byte, late func() <-chan struct{}) (n int, err error) {
	for {
		full, passed := false, late()
		p.change(func() {
			switch {
			case p.eof:
				err = net.ErrClosed
			case p.deaf:
				err = syscall.EPIPE
			default:
				part := b[n:]
				part = part[:min(len(part), max(0, virtualBuffer-len(p.buf)))]
				p.buf = append(p.buf, part...)
				n += len(part)
				full = n < len(b)
			}
		})
		if err != nil || !full {
			return n, err
		}
		p.mu.Lock()
		changed := p.changed
		full = len(p.buf) >= virtualBuffer && !p.eof && !p.deaf
		p.mu.Unlock()
		if !full {
			continue
		}
		select {
		case <-changed:
		case <-passed:
			return n, os.ErrDeadlineExceeded
		}
	}
}

// await waits until what holds is true of the pipe, or ctx is done.
func (p *pipe) await(ctx context.Context, holds func() bool) bool {
	for {
		p.mu.Lock()
		ok, changed := holds(), p.changed
		p.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// idle waits until the reader has taken everything and wants more, or is gone: then it has
// done all that it does with what it has read.
func (p *pipe) idle(ctx context.Context) bool {
	return p.await(ctx, func() bool { return p.deaf || p.err != nil || len(p.buf) == 0 && p.waits > 0 })
}

// some waits until there is something to read, or nothing will come.
func (p *pipe) some(ctx context.Context) bool {
	return p.await(ctx, func() bool { return len(p.buf) > 0 || p.eof || p.err != nil })
}

// take takes what there is. over says that nothing more will come, by an end or a reset.
func (p *pipe) take() (b []byte, over bool) {
	p.change(func() { b, p.buf, over = p.buf, nil, p.eof || p.err != nil })
	return b, over
}

// limit is when reads or writes end.
type limit struct {
	mu    sync.Mutex
	late  chan struct{} // closed when it has passed
	timer *time.Timer
}

func (d *limit) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.late == nil {
		d.late = make(chan struct{})
	}
	return d.late
}

func (d *limit) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	late := make(chan struct{})
	d.late = late
	switch {
	case t.IsZero():
	case time.Until(t) <= 0:
		close(late)
	default:
		d.timer = time.AfterFunc(time.Until(t), func() { close(late) })
	}
}

// virtualConn is one end of a connection in memory.
type virtualConn struct {
	in, out       *pipe
	local, remote net.Addr
	reads, writes limit

	mu    sync.Mutex
	abort bool
}

// virtualPair returns the two ends of a connection between two addresses: the first is at
// a, the second at b.
func virtualPair(a, b net.Addr) (*virtualConn, *virtualConn) {
	there, back := newPipe(), newPipe()
	return &virtualConn{in: back, out: there, local: a, remote: b}, &virtualConn{in: there, out: back, local: b, remote: a}
}

// Read implements net.Conn.
func (c *virtualConn) Read(b []byte) (int, error) {
	return c.in.read(b, c.reads.passed)
}

// Write implements net.Conn.
func (c *virtualConn) Write(b []byte) (int, error) { return c.out.write(b, c.writes.passed) }

// CloseWrite ends what this end says; it can still read.
func (c *virtualConn) CloseWrite() error {
	c.out.change(func() { c.out.eof = true })
	return nil
}

// SetLinger with 0 makes Close a reset.
func (c *virtualConn) SetLinger(sec int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.abort = sec == 0
	return nil
}

// Close ends both directions.
func (c *virtualConn) Close() error {
	c.mu.Lock()
	abort := c.abort
	c.mu.Unlock()
	c.reads.set(time.Time{})
	c.writes.set(time.Time{})
	c.out.change(func() {
		if abort && !c.out.eof {
			c.out.buf, c.out.err = nil, syscall.ECONNRESET
		}
		c.out.eof = true
	})
	c.in.change(func() { c.in.deaf, c.in.buf = true, nil })
	return nil
}

// LocalAddr implements net.Conn.
func (c *virtualConn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *virtualConn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements net.Conn.
func (c *virtualConn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *virtualConn) SetReadDeadline(t time.Time) error {
	c.reads.set(t)
	c.in.change(func() {}) // who reads looks at the new deadline
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *virtualConn) SetWriteDeadline(t time.Time) error {
	c.writes.set(t)
	c.out.change(func() {})
	return nil
}
