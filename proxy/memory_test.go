package proxy

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// Connections in memory, for tests under testing/synctest: its clock stands still
// while somebody reads from a socket. They do what of TCP the proxy uses: half-close,
// resets (Close after SetLinger(0)), deadlines. Nothing that is written waits.

// memoryHalf is one direction of a connection.
type memoryHalf struct {
	mu      sync.Mutex
	buf     []byte
	eof     bool  // the writer has closed it
	err     error // the reset that the reader gets
	deaf    bool  // the reader is gone
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
		late := deadline()
		h.mu.Lock()
		n := copy(b, h.buf)
		h.buf = h.buf[n:]
		eof, err, deaf, changed := h.eof, h.err, h.deaf, h.changed
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
		case <-late:
			return 0, os.ErrDeadlineExceeded
		}
	}
}

// memoryConn is one end of a connection.
type memoryConn struct {
	in, out       *memoryHalf
	local, remote net.Addr

	mu     sync.Mutex
	linger int
	late   chan struct{} // closed when the deadline has passed
	timer  *time.Timer
}

// memoryPair makes a connection.
func memoryPair(a, b net.Addr) (*memoryConn, *memoryConn) {
	there, back := &memoryHalf{changed: make(chan struct{})}, &memoryHalf{changed: make(chan struct{})}
	return &memoryConn{in: back, out: there, local: a, remote: b, linger: -1, late: make(chan struct{})},
		&memoryConn{in: there, out: back, local: b, remote: a, linger: -1, late: make(chan struct{})}
}

func (c *memoryConn) deadline() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.late
}

func (c *memoryConn) Read(b []byte) (int, error) { return c.in.read(b, c.deadline) }

func (c *memoryConn) Write(b []byte) (n int, err error) {
	c.out.change(func() {
		switch {
		case c.out.eof:
			err = net.ErrClosed
		case c.out.deaf:
			err = syscall.EPIPE
		default:
			c.out.buf = append(c.out.buf, b...)
			n = len(b)
		}
	})
	return n, err
}

func (c *memoryConn) CloseWrite() error {
	c.out.change(func() { c.out.eof = true })
	return nil
}

func (c *memoryConn) SetLinger(sec int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linger = sec
	return nil
}

func (c *memoryConn) Close() error {
	c.mu.Lock()
	reset := c.linger == 0
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	c.out.change(func() {
		if reset && !c.out.eof {
			c.out.buf, c.out.err = nil, syscall.ECONNRESET
		}
		c.out.eof = true
	})
	c.in.change(func() { c.in.deaf = true })
	return nil
}

func (c *memoryConn) LocalAddr() net.Addr  { return c.local }
func (c *memoryConn) RemoteAddr() net.Addr { return c.remote }

func (c *memoryConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	old, late := c.late, make(chan struct{})
	c.late = late
	select {
	case <-old:
	default:
		if !t.IsZero() && time.Until(t) <= 0 {
			close(old) // who reads now is woken
		}
	}
	switch {
	case t.IsZero():
	case time.Until(t) <= 0:
		close(late)
	default:
		c.timer = time.AfterFunc(time.Until(t), func() { close(late) })
	}
	c.in.change(func() {}) // who reads now looks at the new deadline
	return nil
}

func (c *memoryConn) SetReadDeadline(t time.Time) error  { return c.SetDeadline(t) }
func (c *memoryConn) SetWriteDeadline(t time.Time) error { return nil }

// memoryListener hands out the connections that dial makes.
type memoryListener struct {
	addr  *net.TCPAddr
	conns chan *memoryConn
	done  chan struct{}
	once  sync.Once
}

func newMemoryListener(addr string) *memoryListener {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		panic(err)
	}
	return &memoryListener{addr: a, conns: make(chan *memoryConn, 16), done: make(chan struct{})}
}

func (l *memoryListener) dial(from string) *memoryConn {
	a, err := net.ResolveTCPAddr("tcp", from)
	if err != nil {
		panic(err)
	}
	here, there := memoryPair(a, l.addr)
	l.conns <- there
	return here
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return l.addr }

// memory is a proxy between ends in memory.
type memory struct {
	t       *testing.T
	p       *Proxy
	j       *journal
	clients *memoryListener
	servers *memoryListener
}

// inMemory runs f in a bubble of its own, with a proxy.
func inMemory(t *testing.T, cfg Config, f func(m *memory)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{t: t, j: &journal{}, clients: newMemoryListener("127.0.0.1:1863"), servers: newMemoryListener("192.0.2.1:1863")}
		if cfg.Dialer == nil {
			cfg.Dialer = func(ctx context.Context, _, _ string) (net.Conn, error) { return m.servers.dial("192.0.2.7:5000"), nil }
		}
		cfg.Upstream, cfg.Listener, cfg.Observer, cfg.Lossless = "192.0.2.1", m.clients, m.j, true
		var err error
		if m.p, err = New(cfg); err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- m.p.Serve(context.Background()) }()
		f(m)
		m.p.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// pair is a connection through the proxy.
func (m *memory) pair() (client, server *memoryConn) {
	client = m.clients.dial("198.51.100.9:1055")
	return client, <-m.servers.conns
}

// say sends, and waits until everything has arrived.
func (m *memory) say(c *memoryConn, s string) {
	m.t.Helper()
	if _, err := c.Write([]byte(s)); err != nil {
		m.t.Error(err)
	}
	m.settle()
}

// settle lets everything happen that needs no time but the observer's.
func (m *memory) settle() {
	synctest.Wait()
}
