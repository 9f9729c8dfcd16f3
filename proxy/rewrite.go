package proxy

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"msnproxy/decode"
)

// redirects tells by the first byte of a command whether it may be a redirect.
var redirects = func() (set [256]bool) {
	for i := range set {
		set[i] = decode.MayRedirect([]byte{byte(i)})
	}
	return set
}()

// mayRewrite reports, quickly, whether a look at a command from the server is worth
// while.
func (l *link) mayRewrite(w *work, fr *decode.Frame) bool {
	b := fr.Raw[0]
	return redirects[b] || b == 'M' && (w.roster || fr.Offset < w.base || bytes.HasPrefix(fr.Raw, fromService))
}

// rewrite returns what to send instead of a frame from the server, or nil if it
// passes as it is.
func (l *link) rewrite(w *work, fr *decode.Frame) []byte {
	if fr.EOL == 0 || fr.Missing > 0 {
		return nil
	}
	if decode.ActOf(string(fr.Verb())) == decode.ActSay {
		return l.rewriteRoster(w, fr)
	}
	r, ok := decode.ParseRedirect(fr)
	if !ok {
		if addr, unclear := decode.UnclearRedirect(fr); unclear {
			l.remark(w, fmt.Sprintf("%s with \"%s\" where the address should be passed as it came: a client that makes something of it leaves the proxy", fr.Verb(), strings.ToValidUTF8(string(addr), "\ufffd")))
		}
		return nil
	}
	addr := string(fr.Raw[r.Addr.Start:r.Addr.End])
	switch {
	case !l.trusted():
		l.passing(w, fmt.Sprintf("%s to %q", r.Kind, addr))
		return nil
	case r.Gateway:
		l.remark(w, fmt.Sprintf("the server sends the client to the HTTP gateway %q: that leaves the proxy, and no other address would keep it", addr))
		return nil
	case fr.Offset < w.cursor:
		l.remark(w, fmt.Sprintf("a redirect to %q was found when part of it had passed: the client may leave the proxy", addr))
		return nil
	}
	to, err := parseAddress(addr, DefaultPort)
	if err != nil {
		l.remark(w, fmt.Sprintf("%s with an address that cannot be followed passed as it came: %v", r.Kind, err))
		return nil
	}
	c := l.c
	rt := l.judge(w, r.Kind.String(), to)
	if c.asIs {
		l.leaves(w, r.Kind.String(), rt)
		return nil
	}
	told, register := c.told(w, l, rt)
	if register {
		if r.Kind == decode.RedirectNS {
			c.p.routes.sendNS(c.clientIP, rt)
		} else {
			c.p.routes.admit(c.clientIP, cookieKey(r.Cookie), rt)
		}
	}
	c.p.count.redirects.Add(1)
	raw := fr.Raw
	out := make([]byte, 0, len(raw)+2*len(told))
	out = append(append(out, raw[:r.Addr.Start]...), told...)
	if r.Current.End > r.Addr.End {
		if r.CurrentOdd {
			l.remark(w, fmt.Sprintf("%s names \"%s\" as the server's own address, which is none: rewritten", r.Kind, strings.ToValidUTF8(string(raw[r.Current.Start:r.Current.End]), "\ufffd")))
		}
		out = append(append(out, raw[r.Addr.End:r.Current.Start]...), c.reached()...)
		return append(out, raw[r.Current.End:]...)
	}
	return append(out, raw[r.Addr.End:]...)
}

// judge makes a route of a redirect and remarks on one that the rules refuse.
func (l *link) judge(w *work, kind string, to address) route {
	p := l.c.p
	rt := route{target: to, from: endpoint(l.c.server.RemoteAddr()).Addr()}
	ip, ok := to.ip()
	if w.named {
		rt.from = netip.Addr{} // as the upstream is: nothing is refused but the proxy itself
	} else {
		rt.refused = p.cfg.refuse(to, ip, rt.from)
	}
	if rt.refused == "" && ok && p.isSelf(addrPort(ip, to.port)) {
		rt.refused = "it is the proxy's own address"
	}
	if rt.refused == "" && !w.named {
		l.follow(w, to, ip, rt.from)
	}
	if rt.refused != "" {
		p.count.refused.Add(1)
		when := "the client is reset when it comes"
		if l.c.asIs {
			when = "it passes as it came, and the client is refused if it asks for it"
		}
		l.remark(w, fmt.Sprintf("refused: %s to %s: %s; %s", kind, to, rt.refused, when))
	}
	return rt
}

// leaves has a redirect pass as it came: the client may ask for where it leads.
func (l *link) leaves(w *work, kind string, rt route) {
	c := l.c
	c.p.routes.admit(c.clientIP, namedKey(rt.target), rt)
	if wish := c.in.wish; wish == nil || wish.Rewrite {
		l.remark(w, fmt.Sprintf("%s to %s passed as it came, for redirects are never rewritten: the client leaves the proxy", kind, rt.target))
	}
}

// maxFollowed bounds the redirects on a local server's word that are told of.
const maxFollowed = 256

// follow says, once for each target, that a redirect is followed on the word of a
// server that is not public.
func (l *link) follow(w *work, to address, ip, from netip.Addr) {
	p := l.c.p
	text := p.cfg.trusts(to, ip, from)
	if text == "" {
		return
	}
	p.mu.Lock()
	told := p.followed[text] || len(p.followed) >= maxFollowed
	if !told {
		if p.followed == nil {
			p.followed = make(map[string]bool)
		}
		p.followed[text] = true
	}
	p.mu.Unlock()
	if !told {
		l.remark(w, text)
	}
}

// told returns the address that the client is told instead of a route's target,
// and whether the route must be remembered for the client's first line to find.
func (c *conn) told(w *work, l *link, rt route) (addr string, register bool) {
	if c.p.cfg.Ports == OnePort || rt.refused != "" {
		return c.mainAddr(), true
	}
	t, err := c.p.target(rt)
	if err != nil {
		l.remark(w, fmt.Sprintf("cannot open a port for %s: %v; its clients are told the main one", rt.target, err))
		return c.mainAddr(), true
	}
	return net.JoinHostPort(c.host(), strconv.Itoa(int(t.port))), false
}

// host returns the host that the client is told: the local address of its own
// socket unless the user named another.
func (c *conn) host() string {
	if h := c.p.cfg.advertiseHost; h != "" {
		return h
	}
	return c.local.Addr().String()
}

// mainAddr returns the address of the main listener for the client.
func (c *conn) mainAddr() string {
	port := c.port
	if port == 0 {
		port = endpoint(c.p.Addr()).Port()
	}
	if c.p.cfg.advertisePort != 0 {
		port = c.p.cfg.advertisePort
	}
	return net.JoinHostPort(c.host(), strconv.Itoa(int(port)))
}

// reached returns the address that the client reached the proxy at.
func (c *conn) reached() string {
	if c.to == nil {
		return c.mainAddr()
	}
	return net.JoinHostPort(c.host(), strconv.Itoa(int(c.to.port)))
}
