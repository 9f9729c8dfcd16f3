package entrance

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// httpConn is one connection of a client.
type httpConn struct {
	number        int64
	client, local net.Addr
	host          Host
	ended         chan struct{} // closed when the client has ended it, or half of it

	mu    sync.Mutex
	over  bool
	reset bool
	read  int64 // bytes that came
	asked bool  // a request to the gateway came
}

func newHTTPConn(number int64, c net.Conn, host Host) *httpConn {
	return &httpConn{number: number, client: c.RemoteAddr(), local: c.LocalAddr(), host: host, ended: make(chan struct{})}
}

// end takes note that the client has ended the connection.
func (h *httpConn) end(reset bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reset = h.reset || reset
	if !h.over {
		h.over = true
		close(h.ended)
	}
}

// state says how the connection stands, and how many bytes have come.
func (h *httpConn) state() (over, reset bool, read int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.over, h.reset, h.read
}

// first reports, once, that a request to the gateway is the first one.
func (h *httpConn) first() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.asked
	h.asked = true
	return !was
}

// watchedConn tells how its client ends it. A client that has ended its half only still
// gets its answer: net/http, which watches with reads of one byte while a request is
// answered, would take it for gone.
type watchedConn struct {
	net.Conn
	hc *httpConn

	mu     sync.Mutex
	late   bool // the deadline of reads has passed
	closed bool
	change chan struct{}
}

func newWatchedConn(c net.Conn, hc *httpConn) *watchedConn {
	return &watchedConn{Conn: c, hc: hc, change: make(chan struct{})}
}

// Read implements net.Conn.
func (w *watchedConn) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.hc.mu.Lock()
	w.hc.read += int64(n)
	w.hc.mu.Unlock()
	switch {
	case err == nil, errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
	case errors.Is(err, io.EOF):
		w.hc.end(false)
		if len(p) == 1 && n == 0 {
			return 0, w.hold()
		}
	default:
		w.hc.end(true)
	}
	return n, err
}

// hold waits until the watch is over.
func (w *watchedConn) hold() error {
	for {
		w.mu.Lock()
		late, closed, change := w.late, w.closed, w.change
		w.mu.Unlock()
		switch {
		case closed:
			return io.EOF
		case late:
			return os.ErrDeadlineExceeded
		}
		<-change
	}
}

func (w *watchedConn) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	close(w.change)
	w.change = make(chan struct{})
}

// SetReadDeadline implements net.Conn.
func (w *watchedConn) SetReadDeadline(t time.Time) error {
	w.set(func() { w.late = !t.IsZero() && !t.After(time.Now()) })
	return w.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn.
func (w *watchedConn) SetDeadline(t time.Time) error {
	_ = w.SetReadDeadline(t)
	return w.Conn.SetWriteDeadline(t)
}

// Close implements net.Conn.
func (w *watchedConn) Close() error {
	w.set(func() { w.closed = true })
	return w.Conn.Close()
}

// CloseWrite tells the client that nothing more comes.
func (w *watchedConn) CloseWrite() error {
	if cw, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return nil
}
