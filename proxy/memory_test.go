package proxy

import (
	"context"
	"net"
	"testing"
	"testing/synctest"

	"msnproxy/proxy/proxytest"
)

type (
	memoryConn     = proxytest.MemoryConn
	memoryListener = proxytest.MemoryListener
)

var memoryPair, newMemoryListener = proxytest.MemoryPair, proxytest.NewMemoryListener

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
			cfg.Dialer = func(ctx context.Context, _, _ string) (net.Conn, error) { return m.servers.Dial("192.0.2.7:5000"), nil }
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
	client = m.clients.Dial("198.51.100.9:1055")
	return client, m.servers.Next()
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
