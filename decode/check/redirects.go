package check

import (
	"net"
	"net/netip"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/meaning"
)

// redirect takes XFR, of either side, and RNG.
func (k *Checker) redirect(c *conn, m *decode.Message) {
	if m.From == decode.Client {
		k.wantsSwitchboard(c, m)
		return
	}
	r, ok := m.Redirect()
	if !ok {
		if m.Form.Resets {
			c.again()
		}
		return
	}
	k.address(c, m, string(m.Frame.Raw[r.Addr.Start:r.Addr.End]))
	k.layout(c, m, r)
	switch r.Kind {
	case decode.RedirectNS:
		c.parted = true
		k.sends(c, m, string(m.Frame.Raw[r.Addr.Start:r.Addr.End]))
		c.moved = true
		q := c.answers(m)
		c.sentAway = q != nil && q.enters
	default:
		if r.Cookie == "" {
			k.add(c, m, "redirect.cookie", "no cookie comes with the address of the switchboard")
		}
		k.give(c, m, r)
	}
}

// again forgets what belongs to a sign-in: there is another one on this connection.
// The client may count its requests from 1 again.
func (c *conn) again() {
	c.version, c.in, c.reset, c.packs, c.asked = false, false, true, nil, ""
	c.syns, c.lists, c.speaks = 0, lists{}, place{}
	c.requests, c.early, c.hasTrID, c.forgot = nil, nil, false, false
	c.pings = 0
	c.cvr, c.nonce, c.proven, c.arrived, c.moved, c.hops, c.machine = false, false, false, false, false, 0, ""
}

// wantsSwitchboard takes XFR SB of the client.
func (k *Checker) wantsSwitchboard(c *conn, m *decode.Message) {
	if !c.whole() || !c.in || c.switchboard() {
		return
	}
	switch {
	case c.status == "":
		k.add(c, m, "switchboard.hidden", "the client asks for a switchboard before its first CHG")
	case meaning.Unseen(c.status):
		k.add(c, m, "switchboard.hidden", "the client asks for a switchboard while its status is %s", c.status)
	}
}

// address looks at where a redirect leads.
func (k *Checker) address(c *conn, m *decode.Message, addr string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host = strings.Trim(addr, "[]")
		k.add(c, m, "redirect.port", "%s names no port", clip([]byte(addr)))
	}
	ip, err := netip.ParseAddr(host)
	if port == "0" || err == nil && ip.IsUnspecified() {
		k.add(c, m, "redirect.unspecified", "%s leads nowhere", clip([]byte(addr)))
		return
	}
	server, err2 := netip.ParseAddrPort(c.info.Server)
	if err == nil && err2 == nil && !local(server.Addr()) && local(ip) {
		k.add(c, m, "redirect.private", "the server at %s sends the client to %s", server, clip([]byte(addr)))
	}
}

// local reports whether an address is of no use outside its own machine or
// network.
func local(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}

// layout looks whether a redirect has the parameters of the dialect. For each
// dialect all sources have the same ones, but servers of today leave some out.
func (k *Checker) layout(c *conn, m *decode.Message, r decode.Redirect) {
	d, n := c.info.Dialect, m.Len()
	if d == 0 {
		return
	}
	var want int
	switch r.Kind {
	case decode.RedirectNS:
		want = 3 // TrID NS address
		if d >= 3 {
			want++ // 0
		}
		if d >= 7 {
			want++ // current, or D
		}
		if d >= 21 {
			want++ // hop
		}
	case decode.RedirectSB:
		want = 5 + extra(d) // TrID SB address CKI cookie
	case decode.RedirectRNG:
		want = 6 + extra(d) // session address CKI cookie handle friendly
	}
	if n != want {
		k.add(c, m, "redirect.layout", "%v has %d parameters; in MSNP%d it has %d", r.Kind, n, d, want)
	}
}

// extra is how many parameters a redirect to a switchboard has more than in
// MSNP12: U and a domain from MSNP13, the flag for direct connections from 14.
func extra(dialect int) int {
	switch {
	case dialect >= 14:
		return 3
	case dialect == 13:
		return 2
	}
	return 0
}
