package entrance

import (
	"errors"
	"io"
	"net"
	"time"
)

// MaxBuffered is how many bytes of a client can be looked at before they are taken.
const MaxBuffered = 16 << 10

// readSize is how much of it one read brings.
const readSize = 2 << 10

// errBuffered says that a client has sent more than a greeting can be.
var errBuffered = errors.New("too many bytes for what it began with")

// Caller is a client's connection while its wish is found out. Read gives the bytes that
// are buffered first, so that none is lost, whoever has looked at them.
type Caller struct {
	net.Conn // its deadlines keep to what the proxy wants
	// Asked is what an outer way found, if this one goes on inside it; else nil.
	Asked *Wish
	// Host is the proxy.
	Host Host
	// Patience is how long a client may take for its greeting.
	Patience time.Duration

	buffered []byte
}

// NewCaller makes a caller of a connection of which begin was read already.
func NewCaller(conn net.Conn, host Host, patience time.Duration, begin []byte) *Caller {
	return &Caller{Conn: conn, Host: host, Patience: patience, buffered: begin}
}

// NetConn returns the connection below.
func (c *Caller) NetConn() net.Conn { return c.Conn }

// Buffered returns the bytes that were read and not taken. They hold until the next call.
func (c *Caller) Buffered() []byte { return c.buffered }

// More waits for more bytes and adds them to those that are buffered.
func (c *Caller) More() error {
	if len(c.buffered) >= MaxBuffered {
		return errBuffered
	}
	b := make([]byte, min(readSize, MaxBuffered-len(c.buffered)))
	n, err := c.Conn.Read(b)
	c.buffered = append(c.buffered, b[:n]...)
	if n > 0 {
		return nil // an error that came with bytes comes again
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}

// Hurry lets reads fail once the client has had its time for a greeting.
func (c *Caller) Hurry() { _ = c.SetReadDeadline(time.Now().Add(c.Patience)) }

// Take removes the first n of the bytes that are buffered, and returns them.
func (c *Caller) Take(n int) []byte {
	b := c.buffered[:n:n]
	c.buffered = c.buffered[n:]
	return b
}

// Read implements net.Conn.
func (c *Caller) Read(p []byte) (int, error) {
	if len(c.buffered) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.buffered)
	c.buffered = c.buffered[n:]
	return n, nil
}

// CloseWrite tells the client that nothing more comes.
func (c *Caller) CloseWrite() error {
	if cw, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return nil
}
