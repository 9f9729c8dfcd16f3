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
	synctest.Test(t, func(t *testing.T) { inBubble(t, cfg, f) })
}

// inBubble runs f with a proxy, in a bubble that is there.
func inBubble(t *testing.T, cfg Config, f func(m *memory)) {
	t.Helper()
	m := &memory{t: t, j: &journal{}, clients: newMemoryListener("127.0.0.1:1863"), servers: newMemoryListener("192.0.2.1:1863")}
	if cfg.Dialer == nil {
		cfg.Dialer = func(ctx context.Context, _, _ string) (net.Conn, error) { return m.servers.Dial("192.0.2.7:5000"), nil }
	}
	if cfg.Upstream == "" {
		cfg.Upstream = "192.0.2.1"
	}
	if cfg.Observer == nil {
		cfg.Observer, cfg.Lossless = m.j, true
	}
	if cfg.Listener == nil {
		cfg.Listener = m.clients
	}
	m.clients = cfg.Listener.(*memoryListener)
	gated(&cfg)
	var err error
	if m.p, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	if err := m.p.Listen(); err != nil {
		m.p.Close()
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- m.p.Serve(context.Background()) }()
	defer func() {
		m.p.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	f(m)
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

// dialled is where a proxy in memory connected to.
type dialled struct {
	host proxytest.MemoryNetwork
	list []string
}

// server listens.
func (d *dialled) server() *memoryListener {
	l, _ := d.host.Listen()
	return l.(*memoryListener)
}

func (d *dialled) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d.list = append(d.list, addr)
	return d.host.Dial(ctx, network, addr)
}
