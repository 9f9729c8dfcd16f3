package proxy

import (
	"net"
	"sync"
	"time"
)

// leash is the client's connection while a way speaks with the client: once it was pulled
// nothing waits any more.
type leash struct {
	net.Conn
	mu     sync.Mutex
	pulled bool
}

func (l *leash) pull() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pulled = true
	_ = l.Conn.SetDeadline(time.Unix(1, 0))
}

func (l *leash) set(t time.Time, how func(time.Time) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pulled {
		return nil
	}
	return how(t)
}

func (l *leash) SetDeadline(t time.Time) error      { return l.set(t, l.Conn.SetDeadline) }
func (l *leash) SetReadDeadline(t time.Time) error  { return l.set(t, l.Conn.SetReadDeadline) }
func (l *leash) SetWriteDeadline(t time.Time) error { return l.set(t, l.Conn.SetWriteDeadline) }

// NetConn returns the connection below.
func (l *leash) NetConn() net.Conn { return l.Conn }

// CloseWrite tells the client that nothing more comes.
func (l *leash) CloseWrite() error {
	if cw, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return nil
}
