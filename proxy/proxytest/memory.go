package proxytest

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Connections in memory, for tests under testing/synctest: its clock stands still
// while somebody reads from a socket. They do what of TCP the proxy and the replay
// use: half-close, resets (Close after SetLinger(0)), deadlines. What is written waits
// only where SetWriteBuffer says how much may.

// memoryHalf is one direction of a connection.
type memoryHalf struct {
	mu      sync.Mutex
	buf     []byte
	eof     bool  // the writer has closed it
	err     error // the reset that the reader gets
	deaf    bool  // the reader is gone
	room    int   // bytes that may wait to be read; 0: any number
	changed chan struct{}
}

func (h *memoryHalf) change(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *memoryHalf) read(b []byte, deadline func() <-chan struct{}) (int, error) {
	for {
		h.mu.Lock()
		n := copy(b, h.buf)
		h.buf = h.buf[n:]
		eof, err, deaf, changed := h.eof, h.err, h.deaf, h.changed
		if n > 0 && h.room > 0 {
			close(h.changed) // who writes may go on
			h.changed = make(chan struct{})
		}
		h.mu.Unlock()
		switch {
		case deaf:
			return 0, net.ErrClosed
		case n > 0:
			return n, nil
		case err != nil:
			return 0, err
		case eof:
			return 0, io.EOF
		}
		select {
		case <-changed:
		case <-deadline():
			return 0, os.ErrDeadlineExceeded
		}
	}
}

func (h *memoryHalf) write(b []byte, deadline func() <-chan struct{}) (n int, err error) {
	for {
		h.change(func() {
			switch {
			case h.eof:
				err = net.ErrClosed
			case h.deaf:
				err = syscall.EPIPE
			default:
				part := b[n:]
				if h.room > 0 {
					part = part[:min(len(part), max(0, h.room-len(h.buf)))]
				}
				h.buf = append(h.buf, part...)
				n += len(part)
			}
		})
		if err != nil || n == len(b) {
			return n, err
		}
		h.mu.Lock()
		changed, full := h.changed, h.room > 0 && len(h.buf) >= h.room && !h.eof && !h.deaf
		h.mu.Unlock()
		if !full {
			continue
		}
		select {
		case <-changed:
		case <-deadline():
			return n, os.ErrDeadlineExceeded
		}
	}
}

// deadline is when a read or a write ends.
type deadline struct {
	mu    sync.Mutex
	late  chan struct{} // closed when it has passed
	timer *time.Timer
}

func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.late == nil {
		d.late = make(chan struct{})
	}
	return d.late
}

// MemoryConn is one end of a connection in memory.
type MemoryConn struct {
	in, out       *memoryHalf
	local, remote net.Addr

	reads, writes deadline

	mu     sync.Mutex
	linger int
}

// MemoryPair makes a connection in memory between the two addresses, and returns its ends.
func MemoryPair(a, b net.Addr) (*MemoryConn, *MemoryConn) {
	there, back := &memoryHalf{changed: make(chan struct{})}, &memoryHalf{changed: make(chan struct{})}
	return &MemoryConn{in: back, out: there, local: a, remote: b, linger: -1}, &MemoryConn{in: there, out: back, local: b, remote: a, linger: -1}
}

// Read implements net.Conn.
func (c *MemoryConn) Read(b []byte) (int, error) { return c.in.read(b, c.reads.passed) }

// Write implements net.Conn. It waits only for the room that SetWriteBuffer has set.
func (c *MemoryConn) Write(b []byte) (n int, err error) { return c.out.write(b, c.writes.passed) }

// SetWriteBuffer sets how many bytes may wait until the other end reads them; 0: any
// number.
func (c *MemoryConn) SetWriteBuffer(bytes int) error {
	c.out.change(func() { c.out.room = bytes })
	return nil
}

// SetReadBuffer does that for what the other end writes.
func (c *MemoryConn) SetReadBuffer(bytes int) error {
	c.in.change(func() { c.in.room = bytes })
	return nil
}

// CloseWrite ends what this end says; it can still read.
func (c *MemoryConn) CloseWrite() error {
	c.out.change(func() { c.out.eof = true })
	return nil
}

// SetLinger with 0 makes Close a reset.
func (c *MemoryConn) SetLinger(sec int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linger = sec
	return nil
}

// Close ends both directions.
func (c *MemoryConn) Close() error {
	c.mu.Lock()
	reset := c.linger == 0
	c.mu.Unlock()
	c.reads.stop()
	c.writes.stop()
	c.out.change(func() {
		if reset && !c.out.eof {
			c.out.buf, c.out.err = nil, syscall.ECONNRESET
		}
		c.out.eof = true
	})
	c.in.change(func() { c.in.deaf = true })
	return nil
}

// LocalAddr implements net.Conn.
func (c *MemoryConn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *MemoryConn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets when reading and writing end.
func (c *MemoryConn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *MemoryConn) SetReadDeadline(t time.Time) error {
	c.reads.set(t)
	c.in.change(func() {}) // who reads now looks at the new deadline
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *MemoryConn) SetWriteDeadline(t time.Time) error {
	c.writes.set(t)
	c.out.change(func() {})
	return nil
}

func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *deadline) set(t time.Time) {
	d.stop()
	d.mu.Lock()
	defer d.mu.Unlock()
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

// MemoryListener accepts the connections that its Dial makes.
type MemoryListener struct {
	addr  *net.TCPAddr
	conns chan *MemoryConn
	done  chan struct{}
	once  sync.Once
}

// NewMemoryListener listens in memory. It panics where addr is no IP:port.
func NewMemoryListener(addr string) *MemoryListener {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		panic(err)
	}
	return &MemoryListener{addr: a, conns: make(chan *MemoryConn, 16), done: make(chan struct{})}
}

// Dial connects from an address. It panics where that is no IP:port.
func (l *MemoryListener) Dial(from string) *MemoryConn {
	a, err := net.ResolveTCPAddr("tcp", from)
	if err != nil {
		panic(err)
	}
	c, err := l.connect(a)
	if err != nil {
		panic(err)
	}
	return c
}

func (l *MemoryListener) connect(from *net.TCPAddr) (*MemoryConn, error) {
	here, there := MemoryPair(from, l.addr)
	select {
	case <-l.done:
		return nil, syscall.ECONNREFUSED
	default:
	}
	select {
	case l.conns <- there:
		return here, nil
	case <-l.done:
		return nil, syscall.ECONNREFUSED
	}
}

// Next waits for the next connection, as Accept does.
func (l *MemoryListener) Next() *MemoryConn { return <-l.conns }

// Accept implements net.Listener.
func (l *MemoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close refuses further connections.
func (l *MemoryListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *MemoryListener) Addr() net.Addr { return l.addr }

// MemoryNetwork is a host in memory: whatever listens on it is on 127.0.0.1, on ports
// of their own.
type MemoryNetwork struct {
	mu        sync.Mutex
	ports     int
	listeners map[string]*MemoryListener
}

// firstPort is the first that a [MemoryNetwork] gives out.
const firstPort = 40000

func (n *MemoryNetwork) port() *net.TCPAddr {
	n.ports++
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1).To4(), Port: firstPort + n.ports - 1}
}

// Listen opens the next port.
// It never fails; the error is for Config.Listen.
func (n *MemoryNetwork) Listen() (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := NewMemoryListener(n.port().String())
	if n.listeners == nil {
		n.listeners = make(map[string]*MemoryListener)
	}
	n.listeners[l.addr.String()] = l
	return l, nil
}

// Dial connects to a port on which something listens; the error is that nothing does.
// It has the form of net.Dialer.DialContext, and never waits long.
func (n *MemoryNetwork) Dial(_ context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	l, from := n.listeners[address], n.port()
	n.mu.Unlock()
	err := error(syscall.ECONNREFUSED)
	if l != nil {
		var c *MemoryConn
		if c, err = l.connect(from); err == nil {
			return c, nil
		}
	}
	return nil, &net.OpError{Op: "dial", Net: network, Source: from, Err: err}
}
