package proxy

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"msnproxy/proxy/entrance"
)

// Rewrite says whether redirects are rewritten so that the client stays behind the proxy.
type Rewrite uint8

const (
	// RewriteAuto rewrites where the client's way in does not carry every connection anyway.
	RewriteAuto Rewrite = iota
	// RewriteAlways rewrites under every way in.
	RewriteAlways
	// RewriteNever lets redirects pass as they come.
	RewriteNever
)

var rewriteNames = []string{"auto", "always", "never"}

// String returns the mode as the command line spells it.
func (r Rewrite) String() string { return rewriteNames[min(int(r), len(rewriteNames)-1)] }

// ParseRewrite reads what String returns.
func ParseRewrite(s string) (Rewrite, error) {
	for i, name := range rewriteNames {
		if s == name {
			return Rewrite(i), nil
		}
	}
	return 0, fmt.Errorf("rewrite %q: want auto, always or never", s)
}

// rewritesFor reports whether redirects are rewritten for a client that came in like that.
func (s *settings) rewritesFor(w *entrance.Wish) bool {
	if s.Rewrite == RewriteAuto {
		return w == nil || w.Rewrite
	}
	return s.Rewrite == RewriteAlways
}

// namedKey is the key of a server that a redirect named to the client, which may then ask
// for it. Neither cookies nor session ids hold a line end.
func namedKey(a address) string {
	if ip, ok := a.ip(); ok {
		a.host = ip.String()
	}
	a.host = strings.ToLower(strings.TrimSuffix(a.host, "."))
	return namedPrefix + a.String()
}

const namedPrefix = "\n"

// maxNamesAsked bounds the names that are looked up to know an address by.
const maxNamesAsked = 8

// ledTo returns the redirect that leads a client to what it asks for. A client that looks
// names up itself asks for the address of one.
func (c *conn) ledTo(to address) (rt route, ok bool) {
	if rt, ok = c.p.routes.find(c.clientIP, namedKey(to)); ok {
		return rt, true
	}
	ip, literal := to.ip()
	if !literal {
		return rt, false
	}
	ctx, cancel := context.WithTimeout(c.p.ctx, c.p.cfg.DialTimeout)
	defer cancel()
	for _, rt := range c.p.routes.named(c.clientIP, to.port, maxNamesAsked) {
		if ips, err := resolve(ctx, rt.target.host, c.p.cfg.Resolver); err == nil && slices.Contains(ips, ip) {
			return rt, true
		}
	}
	return rt, false
}

// asked makes a route of what a client asks for. own means that it is the proxy itself, as
// rewritten redirects tell it: then its first line leads on.
func (c *conn) asked(w *entrance.Wish) (rt route, own bool) {
	to, err := parseAddress(w.Target, DefaultPort)
	if err != nil {
		return route{target: asNamed(w.Target), by: w.By, refused: err.Error()}, false
	}
	rt = route{target: to, by: w.By, asked: true}
	if !c.asIs {
		if t, ok := c.p.ownAddress(to); ok {
			if t != nil {
				return c.p.routeOf(t), false
			}
			return rt, true
		}
	}
	if led, ok := c.ledTo(to); ok {
		led.by = w.By
		return led, false
	}
	return rt, false
}

// asNamed is what a client named that is no address, for people.
func asNamed(target string) address {
	at := strings.LastIndexByte(target, ':')
	if at < 0 {
		return address{host: printable(target), port: DefaultPort}
	}
	n, _ := strconv.ParseUint(target[at+1:], 10, 16)
	return address{printable(strings.Trim(target[:at], "[]")), uint16(n)}
}

// printable is what a client named, for people: a dot for what is no printable ASCII.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, s)
}

// ownAddress reports whether an address is one that clients are told for the proxy's. t is
// the server that it stands for, if it stands for one.
func (p *Proxy) ownAddress(a address) (t *target, ok bool) {
	ip, literal := a.ip()
	p.mu.Lock()
	defer p.mu.Unlock()
	is := func(port uint16, same func(netip.AddrPort) bool) bool {
		if a.same(address{p.cfg.advertiseHost, port}) {
			return true
		}
		return literal && same(netip.AddrPortFrom(ip, a.port))
	}
	for _, l := range p.listeners {
		port := endpoint(l.Addr()).Port()
		if is(port, func(e netip.AddrPort) bool { return sameEnd(l, e) }) || p.cfg.advertisePort != 0 && is(p.cfg.advertisePort, func(netip.AddrPort) bool { return false }) {
			return nil, true
		}
	}
	for _, t := range p.targets {
		if is(t.port, func(e netip.AddrPort) bool { return sameEnd(t.listener, e) }) {
			return t, true
		}
	}
	return nil, false
}

// mailPorts are those that a rule must name: whoever can have them dialled sends mail in
// somebody else's name.
var mailPorts = map[uint16]bool{25: true, 465: true, 587: true, 2525: true}

// covers reports whether a rule holds for the port of a server that a client asks for.
func (r *allowRule) covers(to address) bool {
	return r.port == to.port || r.port == 0 && !mailPorts[to.port]
}

// covered judges a server that a client asks for: byName and byIP say whether a rule allows
// it by its name, or by its IP address.
func (l allowList) covered(to address, ip netip.Addr) (byName, byIP bool) {
	for _, r := range l {
		if !r.covers(to) {
			continue
		}
		byName = byName || r.name != "" && to.same(address{r.name, to.port})
		byIP = byIP || r.name == "" && r.contains(ip)
	}
	return byName, byIP
}

// home are the upstream's addresses, for judging what clients ask for.
func (p *Proxy) home(ctx context.Context) []netip.Addr {
	ips, err := resolve(ctx, p.cfg.upstream.host, p.cfg.Resolver)
	if err != nil {
		return nil
	}
	return ips
}

// refuseName judges a server that a client asks for before its name is looked up: what no
// rule can cover is not even asked for.
func (s *settings) refuseName(to address) string {
	if to.same(s.upstream) {
		return ""
	}
	if _, literal := to.ip(); literal {
		return ""
	}
	if oddNumber(to.host) {
		return fmt.Sprintf("%s is an IP address in a form that programs read in different ways: four decimal numbers, or IPv6, would be clear", to.host)
	}
	if byName, _ := s.allow.covered(to, netip.Addr{}); byName || to.port == s.upstream.port || s.allow.ranges(to.port) {
		return ""
	}
	return s.notCovered(to)
}

// refuseAsked judges one IP address of a server that a client asks for.
func (s *settings) refuseAsked(to address, ip netip.Addr, home []netip.Addr) string {
	if to.same(s.upstream) {
		return ""
	}
	if rangeOf(ip).reach == nobody {
		return fmt.Sprintf("%s is %s, which no server has", ip, describe(ip))
	}
	var from netip.Addr
	for _, h := range home {
		if h == ip && to.port == s.upstream.port {
			return ""
		}
		from = h
	}
	byName, byIP := s.allow.covered(to, ip)
	switch {
	case byIP:
		return ""
	case byName && rangeOf(ip).mayName(from):
		return ""
	case byName:
		return fmt.Sprintf("its name stands for %s, %s, and names do not lead there (--allow %s lets it pass)", ip, describe(ip), address{ip.String(), to.port})
	}
	return s.notCovered(to)
}

func (s *settings) notCovered(to address) string {
	return fmt.Sprintf("it is neither the upstream %s nor where a server has sent this client (--allow %s lets it pass)", s.upstream, to)
}
