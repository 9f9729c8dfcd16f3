package check

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"msnproxy/decode"
)

const (
	// maxAway is how many clients that were sent to another server are remembered.
	maxAway = 256
	// awayTime is how long one is waited for: who comes later may begin anew, where it
	// likes.
	awayTime = 5 * time.Minute
)

// away is a client that XFR NS has sent to another server.
type away struct {
	place
	from          string // the server that sent it
	account, host string
	addr          string // where to
	hops          int    // how often it has been sent on, by XFR; -1: not said
	tried         bool   // a connection to there was seen
}

// sends remembers that the client is sent to another server, and looks whether the hop
// string grows on the way.
func (k *Checker) sends(c *conn, m *decode.Message, addr string) {
	hops, told := m.Hops()
	if !told {
		hops = -1
	}
	if told && c.hops > 0 && hops < c.hops {
		k.add(c, m, "redirect.hop", "XfrCount is %d; it should be more than the %d that the client has told", hops, c.hops-1)
	}
	k.waited(m.Time)
	if c.info.Account == "" || c.moved {
		return
	}
	if len(k.away) >= maxAway {
		k.away = slices.Delete(k.away, 0, 1)
	}
	k.away = append(k.away, away{place: here(m), from: c.info.Server, account: account([]byte(c.info.Account)),
		host: clientHost(c), addr: addr, hops: hops})
}

// waited lets go of those who did not come.
func (k *Checker) waited(at time.Time) {
	k.away = slices.DeleteFunc(k.away, func(a away) bool {
		return !at.IsZero() && !a.left.IsZero() && at.Sub(a.left) > awayTime
	})
}

// tries notes a new connection: to where somebody was sent.
func (k *Checker) tries(c *conn) {
	for i := range k.away {
		if a := &k.away[i]; a.host == clientHost(c) && sameServer(a.addr, c.info.Server) {
			a.tried = true
		}
	}
}

// arrives takes what says for the first time whose client this is: whether it comes where
// it was sent, and tells how often that was. If several were sent away, as where a relay
// was recorded on both sides, it may be any of them.
func (k *Checker) arrives(c *conn, m *decode.Message) {
	if hops, ok := m.Hops(); ok {
		c.hops = hops + 1
	}
	if c.arrived || m.Fate == decode.Injected {
		return
	}
	c.arrived = true
	k.waited(m.Time)
	who, host := account([]byte(c.info.Account)), clientHost(c)
	at, count := -1, 0
	for i := range k.away {
		a := &k.away[i]
		if a.account != who || a.host != host {
			continue
		}
		count++
		if sameServer(a.addr, c.info.Server) {
			at, count = i, 1
			break
		}
		at = i
	}
	if count != 1 {
		return
	}
	a := k.away[at]
	if elsewhere(a.addr, c.info.Server) {
		if a.tried {
			return // it was there, and is back
		}
		if c.whole() {
			k.add(c, m, "redirect.elsewhere", "the client comes to %s; message %d has sent it to %s", c.info.Server, a.number, clip([]byte(a.addr)))
		}
	} else if hops, ok := m.Hops(); a.hops >= 0 && ok && hops < a.hops && c.whole() {
		k.add(c, m, "redirect.hop", "XfrCount is %d; message %d, which has sent the client here, says %d", hops, a.number, a.hops)
	}
	k.away = slices.Delete(k.away, at, at+1)
}

// server is the address of a redirect, and that of a connection, to be compared: the
// port is 1863 if there is none.
func server(addr string) (host, port string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host, port = strings.Trim(addr, "[]"), "1863"
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	return strings.ToLower(host), port
}

func sameServer(a, b string) bool {
	hostA, portA := server(a)
	hostB, portB := server(b)
	return hostA == hostB && portA == portB
}

// elsewhere reports whether two addresses are certainly not of the same server. Names may
// be of any address, and where an address of a network of its own meets a public one there
// may be a translation between them.
func elsewhere(told, came string) bool {
	if told == "" || came == "" || sameServer(told, came) {
		return false
	}
	hostA, portA := server(told)
	hostB, portB := server(came)
	a, errA := netip.ParseAddr(hostA)
	b, errB := netip.ParseAddr(hostB)
	switch {
	case errA != nil || errB != nil:
		return hostA == hostB && portA != portB
	case a.IsUnspecified() || b.IsUnspecified():
		return false
	}
	return a == b || a.IsLoopback() == b.IsLoopback() && local(a) == local(b)
}
