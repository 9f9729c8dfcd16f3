//go:build !unix

package proxy

import "net"

// reader reads from a connection. On this system an idle link holds its buffer,
// 32 KiB, and a reset that comes after the end of the stream goes unnoticed until
// something is written.
type reader struct{ conn net.Conn }

func newReader(conn net.Conn) *reader { return &reader{conn: conn} }

// next waits for bytes and returns a buffer that holds what one read brought. The
// caller gives it back with its free method. At the end of the stream it returns
// io.EOF.
func (r *reader) next() (*work, error) { return readPlain(r.conn) }

func (r *reader) watch() error { return nil }
