package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"sync"

	"msnproxy/proxy/entrance"
)

// loops finds connections of the proxy to servers that the firewall has led back to the
// proxy: one comes from where another went out, and was going where that was.
type loops struct {
	mu         sync.Mutex
	came, went map[journey]bool
}

// journey is where a connection begins and where it is going.
type journey struct{ from, to netip.AddrPort }

func (j journey) valid() bool { return j.from.IsValid() && j.to.IsValid() }

// led notes a connection that was led to the proxy, and reports whether it is the proxy's.
func (l *loops) led(j journey) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.came == nil {
		l.came = make(map[journey]bool)
	}
	l.came[j] = true
	return l.went[j]
}

// out notes a connection of the proxy, and reports whether it has come back.
func (l *loops) out(j journey) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.went == nil {
		l.went = make(map[journey]bool)
	}
	l.went[j] = true
	return l.came[j]
}

// back reports whether a connection of the proxy has come back.
func (l *loops) back(j journey) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.came[j]
}

// forget forgets what led and out have noted.
func (l *loops) forget(came, went journey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.came, came)
	delete(l.went, went)
}

// errLoop says that a connection of the proxy came back to it.
func errLoop(to netip.AddrPort) error {
	return &entrance.Error{Reason: entrance.Forbidden, Err: fmt.Errorf("refused %s: the firewall leads the proxy's own connections back to it: its rule must leave those alone that are marked 0x%08x (--print-rules prints it), and marking needs root or CAP_NET_ADMIN", to, entrance.Mark)}
}

// ledHere notes where a redirected client was going. The error says that it is the proxy
// itself.
func (c *conn) ledHere(w *entrance.Wish) error {
	to, err := netip.ParseAddrPort(w.Target)
	if err != nil || !w.Redirected {
		return nil
	}
	if c.came = (journey{endpoint(c.client.RemoteAddr()), to}); c.came.valid() && c.p.backs.led(c.came) {
		return errLoop(to)
	}
	return nil
}

// goesOut notes the connection to the server of a redirected client. The error says that it
// has come back.
func (c *conn) goesOut(server net.Conn) error {
	if !c.came.valid() {
		return nil
	}
	c.went = journey{endpoint(server.LocalAddr()), endpoint(server.RemoteAddr())}
	if c.went.valid() && c.p.backs.out(c.went) {
		return errLoop(c.went.to)
	}
	return nil
}
