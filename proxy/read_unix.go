//go:build unix

package proxy

import (
	"io"
	"net"
	"os"
	"syscall"
)

// reader reads from a connection into a buffer that it takes from a pool only
// when there is something to read, so that an idle link holds none.
type reader struct {
	conn net.Conn
	raw  syscall.RawConn // nil: conn is no socket
	try  func(fd uintptr) bool
	work *work
	n    int
	err  error
}

func newReader(conn net.Conn) *reader {
	r := &reader{conn: conn}
	if sc, ok := conn.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			r.raw, r.try = raw, r.tryRead
		}
	}
	return r
}

// next waits for bytes and returns a buffer that holds what one read brought. The
// caller gives it back with its free method. At the end of the stream it returns
// io.EOF.
func (r *reader) next() (*work, error) {
	if r.raw == nil {
		return readPlain(r.conn)
	}
	err := r.raw.Read(r.try)
	w := r.work
	r.work = nil
	if err == nil {
		err = r.err
		if err == nil && r.n == 0 {
			err = io.EOF
		}
	}
	if err != nil {
		if w != nil {
			w.free()
		}
		return nil, err
	}
	w.in = w.buf[:r.n]
	return w, nil
}

// tryRead reads once. It returns false if there is nothing to read yet.
func (r *reader) tryRead(fd uintptr) bool {
	w := takeWork()
	for {
		n, err := syscall.Read(int(fd), w.buf[:])
		switch err {
		case nil:
			r.work, r.n, r.err = w, n, nil
			return true
		case syscall.EINTR:
		case syscall.EAGAIN:
			w.free()
			return false
		default:
			r.work, r.n, r.err = w, 0, os.NewSyscallError("read", err)
			return true
		}
	}
}

// watch waits, after the end of the stream, for a reset from the other side, which
// read does not report any more. It returns nil if the connection's read deadline
// passed or it was closed.
func (r *reader) watch() error {
	if r.raw == nil {
		return nil
	}
	var reset error
	_ = r.raw.Read(func(fd uintptr) bool {
		n, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR)
		if err != nil || n == 0 {
			return err != nil
		}
		reset = os.NewSyscallError("read", syscall.Errno(n))
		return true
	})
	return reset
}
