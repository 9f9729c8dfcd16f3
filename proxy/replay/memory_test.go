package replay

import (
	"context"
	"net"
	"testing"
	"testing/synctest"

	"msnproxy/proxy/proxytest"
)

// bubble is a test whose clock stands still while anything happens, and whose
// connections are in memory.
type bubble struct {
	*testing.T
	host proxytest.MemoryNetwork
}

// inMemory runs f in a bubble of its own.
func inMemory(t *testing.T, f func(t *bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(&bubble{T: t}) })
}

// bubbled runs f in a bubble, as a test beside others of t.
func bubbled(t *testing.T, name string, f func(t *bubble)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		inMemory(t, f)
	})
}

// dialer is how the test connects: within the bubble if it runs in one.
func dialer(t testing.TB) func(ctx context.Context, network, address string) (net.Conn, error) {
	if b, ok := t.(*bubble); ok {
		return b.host.Dial
	}
	return (&net.Dialer{}).DialContext
}

// listen opens a port: of the bubble if the test runs in one.
func listen(t testing.TB) net.Listener {
	t.Helper()
	if b, ok := t.(*bubble); ok {
		l, _ := b.host.Listen()
		return l
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// peerConn is a connection as a server has it.
type peerConn interface {
	net.Conn
	SetLinger(sec int) error
	CloseWrite() error
}
