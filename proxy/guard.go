package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Guard follows redirects for a client that has no proxy between itself and the
// server, by the proxy's rules about where they may lead. One rule is milder: a
// server on a loopback address may name any port of the loopback network, and any
// server any port of its own address, as servers under test do.
type Guard struct {
	settings settings
	lookup   func(ctx context.Context, host string) ([]netip.Addr, error) // nil: the system's
}

// NewGuard returns a guard for the redirects of upstream, "host[:port]", and of the
// servers behind it. allow is as in [Config.Allow].
func NewGuard(upstream string, allow []string) (*Guard, error) {
	a, err := parseAddress(upstream, DefaultPort)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	list, err := parseAllow(allow)
	if err != nil {
		return nil, err
	}
	return &Guard{settings: settings{upstream: a, allow: list}}, nil
}

// Dial connects to target, "host[:port]", where a server at from redirects to; for
// the server that the user named from is the zero value, and no rule holds. dial is
// given IP:port. The error says what is wrong with the target, or what failed.
func (g *Guard) Dial(ctx context.Context, target string, from netip.Addr, dial func(ctx context.Context, network, address string) (net.Conn, error)) (net.Conn, error) {
	to, err := parseAddress(target, DefaultPort)
	if err != nil {
		return nil, err
	}
	ips, err := resolve(ctx, to.host, g.lookup)
	if err != nil {
		return nil, fmt.Errorf("cannot find %s: %w", to, cause(err))
	}
	for _, ip := range ips {
		if from.IsValid() {
			if why := g.refuse(to, ip, from.Unmap()); why != "" {
				err = &refusal{target: to, why: why}
				continue
			}
		}
		var c net.Conn
		if c, err = dial(ctx, "tcp", netip.AddrPortFrom(ip, to.port).String()); err == nil {
			return c, nil
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("no answer in time")
		}
		err = fmt.Errorf("cannot connect to %s: %w", to, cause(err))
	}
	return nil, err
}

// Word says on whose word a redirect to target, by a server at from, is followed to ip,
// where that is not to be taken for granted; else it returns "".
func (g *Guard) Word(target string, ip, from netip.Addr) string {
	to, err := parseAddress(target, DefaultPort)
	from = from.Unmap()
	if err != nil || !from.IsValid() || ip == from || from.IsLoopback() && ip.IsLoopback() {
		return ""
	}
	return g.settings.trusts(to, ip, from)
}

func (g *Guard) refuse(to address, ip, from netip.Addr) string {
	if ip == from || from.IsLoopback() && ip.IsLoopback() {
		return ""
	}
	return g.settings.refuse(to, ip, from)
}
