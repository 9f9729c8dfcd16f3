package replay

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/proxy/proxytest"
)

// relay stands between a client and the three servers of a proxytest, and alters
// what the servers say.
type relay struct {
	DS string

	dial func(ctx context.Context, network, address string) (net.Conn, error)

	// hold is how long a frame is held up, and what comes behind it; nil: none is. The
	// line is "" at the end of a connection.
	hold func(role decode.Role, line string) time.Duration

	mu    sync.Mutex
	alter func(role decode.Role, line string, frame []byte) []byte
	work  sync.WaitGroup
}

// newRelay starts a server with a relay before it. alter returns what is sent instead
// of a frame of the server, or (line "") before it ends a connection; it is called one
// at a time.
func newRelay(t testing.TB, c proxytest.Config, alter func(role decode.Role, line string, frame []byte) []byte) *relay {
	t.Helper()
	r := &relay{alter: alter, dial: dialer(t)}
	var listeners []net.Listener
	for range 3 {
		listeners = append(listeners, listen(t))
	}
	c.AnnounceNS, c.AnnounceSB = listeners[1].Addr().String(), listeners[2].Addr().String()
	s := demoServer(t, c)
	r.DS = listeners[0].Addr().String()
	for i, to := range []string{s.DS, s.NS, s.SB} {
		role := []decode.Role{decode.DS, decode.NS, decode.SB}[i]
		r.work.Go(func() { r.accept(listeners[i], role, to) })
	}
	t.Cleanup(func() {
		for _, l := range listeners {
			l.Close()
		}
		s.Close()
		r.work.Wait()
	})
	return r
}

func (r *relay) accept(l net.Listener, role decode.Role, to string) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := r.dial(context.Background(), "tcp", to)
		if err != nil {
			client.Close()
			continue
		}
		r.work.Go(func() {
			buf := make([]byte, 4096)
			for {
				n, err := client.Read(buf)
				server.Write(buf[:n])
				if err != nil {
					server.(peerConn).CloseWrite()
					return
				}
			}
		})
		r.work.Go(func() {
			r.back(server, client, role)
			client.Close()
			server.Close()
		})
	}
}

func (r *relay) back(server, client net.Conn, role decode.Role) {
	var framer decode.Framer
	var fr decode.Frame
	buf := make([]byte, 4096)
	for {
		n, err := server.Read(buf)
		framer.Feed(buf[:n])
		for framer.Next(&fr) {
			client.Write(r.change(role, string(fr.Line()), fr.Raw))
		}
		if err != nil {
			client.Write(r.change(role, "", nil))
			return
		}
	}
}

func (r *relay) change(role decode.Role, line string, frame []byte) []byte {
	if r.hold != nil {
		time.Sleep(r.hold(role, line)) // of a bubble's clock, in all tests that hold
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.alter(role, line, frame)
}

// once alters the first line of a role that begins so.
func once(role decode.Role, prefix string, change func(line string) string) func(decode.Role, string, []byte) []byte {
	done := false
	return func(r decode.Role, line string, frame []byte) []byte {
		if done || r != role || !strings.HasPrefix(line, prefix) {
			return frame
		}
		done = true
		return []byte(change(line) + string(frame[len(line):]))
	}
}
