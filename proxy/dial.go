package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"msnproxy/capture"
	"msnproxy/proxy/entrance"
)

// refusal is an error that says why the rules do not let a target be dialled.
type refusal struct {
	target address
	by     string // who named it; "": a redirect, or for upstream the user
	why    string

	upstream bool
}

func (e *refusal) Error() string {
	switch {
	case e.upstream:
		return fmt.Sprintf("refused to connect to the upstream %s: %s", e.target, e.why)
	case e.by != "":
		return fmt.Sprintf("refused %s for %s: %s", e.by, e.target, e.why)
	}
	return fmt.Sprintf("refused to follow the redirect to %s: %s", e.target, e.why)
}

// dialling is the key of the connection for which is dialled.
type dialling struct{}

// Dialling returns, to a Config.Dialer, the client's connection for which it connects, of
// which only ID and Client are known then; nil: for none.
func Dialling(ctx context.Context) *capture.Conn {
	c, _ := ctx.Value(dialling{}).(*capture.Conn)
	return c
}

// dial connects to a route's target. A name is resolved here and its addresses are
// judged one by one, so that no name leads around the rules.
func (p *Proxy) dial(ctx context.Context, r route) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.DialTimeout)
	defer cancel()
	var home []netip.Addr
	if r.asked {
		if why := p.cfg.refuseName(r.target); why != "" {
			return nil, r.refuse(why)
		}
		home = p.home(ctx)
	}
	ips, err := resolve(ctx, r.target.host, p.cfg.Resolver)
	if err != nil {
		return nil, &entrance.Error{Reason: entrance.ReasonOf(err), Err: fmt.Errorf("cannot find %s: %w", r.target, cause(err))}
	}
	deadline, _ := ctx.Deadline()
	for i, ip := range ips {
		end := netip.AddrPortFrom(ip, r.target.port)
		if p.isSelf(end) {
			if err = r.refuse("it is the proxy's own address"); !r.asked && !r.from.IsValid() {
				err = &refusal{target: r.target, upstream: true, why: fmt.Sprintf("its name leads to %s, the proxy's own address; does this machine's hosts file say so? Name the server by its IP address", end)}
			}
			continue
		}
		if r.asked {
			if why := p.cfg.refuseAsked(r.target, ip, home); why != "" {
				err = r.refuse(why)
				continue
			}
		}
		if r.from.IsValid() {
			if why := p.cfg.refuse(r.target, ip, r.from); why != "" {
				err = r.refuse(why)
				continue
			}
		}
		// Each address gets its share of the time, so that a dead one leaves some
		// for the next.
		share := time.Until(deadline) / time.Duration(len(ips)-i)
		one, cancel := context.WithTimeout(ctx, share)
		var c net.Conn
		c, err = p.connect(one, end.String())
		cancel()
		if err == nil {
			return c, nil
		}
		reason := entrance.ReasonOf(err)
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("no answer in time")
		}
		err = &entrance.Error{Reason: reason, Err: fmt.Errorf("cannot connect to %s: %w", r.target, cause(err))}
	}
	return nil, err
}

// refuse makes an error of why the route may not be followed.
func (r *route) refuse(why string) error {
	return &entrance.Error{Reason: entrance.Forbidden, Err: &refusal{target: r.target, by: r.by, why: why}}
}

func (p *Proxy) connect(ctx context.Context, addr string) (net.Conn, error) {
	if p.cfg.Dialer != nil {
		return p.cfg.Dialer(ctx, "tcp", addr)
	}
	d := net.Dialer{KeepAliveConfig: keepAlive}
	if p.cfg.Mark != 0 {
		d.Control = entrance.SetMark(p.cfg.Mark)
	}
	return d.DialContext(ctx, "tcp", addr)
}

// resolve returns the IP addresses of a host, IPv4 first: MSNP servers have it.
// lookup finds those of a name; nil: net.DefaultResolver.
func resolve(ctx context.Context, host string, lookup func(context.Context, string) ([]netip.Addr, error)) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap()}, nil
	}
	if lookup == nil {
		lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	found, err := lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	var v4, v6 []netip.Addr
	for _, ip := range found {
		if ip = ip.Unmap(); ip.Is4() {
			v4 = append(v4, ip)
		} else {
			v6 = append(v6, ip)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no such host")
	}
	return append(v4, v6...), nil
}

// isSelf reports whether an address is one that the proxy listens on.
func (p *Proxy) isSelf(end netip.AddrPort) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.listeners {
		if sameEnd(l, end) {
			return true
		}
	}
	for _, t := range p.targets {
		if sameEnd(t.listener, end) {
			return true
		}
	}
	return false
}

// sameEnd reports whether connecting to end reaches the listener.
func sameEnd(l net.Listener, end netip.AddrPort) bool {
	at := endpoint(l.Addr())
	if at.Port() != end.Port() {
		return false
	}
	if at.Addr() == end.Addr() || end.Addr().IsUnspecified() {
		return true
	}
	if !at.Addr().IsUnspecified() {
		return false
	}
	if end.Addr().IsLoopback() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok && ip.Unmap() == end.Addr() {
				return true
			}
		}
	}
	return false
}
