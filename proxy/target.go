package proxy

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"strconv"
)

const (
	// Ports of targets lie below those that systems give out on their own.
	targetPortFirst = 20000
	targetPorts     = 10000
	// targetTries is how many ports are tried beginning with the target's own.
	targetTries = 20
	// maxTargets bounds the listeners that a server's redirects can open.
	maxTargets = 64
)

// target is a server with a listening port of its own.
type target struct {
	route    route
	listener net.Listener
	port     uint16
}

// target returns the listener that stands for a server, opened now if there is
// none. Its port depends on the server's address, so that it is the same in the
// next run.
func (p *Proxy) target(r route) (*target, error) {
	key := r.target.String()
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.targets[key]; t != nil {
		// The stricter judgement holds: once a public server named it, it is judged
		// as named by a public server.
		if !stranger(t.route.from) {
			t.route.from = r.from
		}
		return t, nil
	}
	if p.closing {
		return nil, errors.New("the proxy is closing")
	}
	if len(p.targets) >= maxTargets {
		return nil, fmt.Errorf("%d ports are open already", maxTargets)
	}
	l, err := p.listenFor(key)
	if err != nil {
		return nil, cause(err)
	}
	t := &target{route: r, listener: l, port: endpoint(l.Addr()).Port()}
	p.targets[key] = t
	p.loops.Add(1)
	go p.accept(l, t)
	return t, nil
}

// listenFor opens a listener on the main listener's host.
func (p *Proxy) listenFor(key string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(p.listeners[0].Addr().String())
	if err != nil {
		return nil, err
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	first := int(h.Sum32() % targetPorts)
	for i := range targetTries {
		port := targetPortFirst + (first+i)%targetPorts
		if l, err := listen(p.ctx, net.JoinHostPort(host, strconv.Itoa(port))); err == nil {
			return l, nil
		}
	}
	return listen(p.ctx, net.JoinHostPort(host, "0"))
}

// routeOf returns where connections to a target's port go.
func (p *Proxy) routeOf(t *target) route {
	p.mu.Lock()
	defer p.mu.Unlock()
	return t.route
}

// Target is a server that has a listening port of its own.
type Target struct {
	// Server is its address as a redirect named it.
	Server string
	// Addr is where clients reach it.
	Addr netip.AddrPort
}

// Targets returns the ports that redirects have opened so far (PerTarget).
func (p *Proxy) Targets() []Target {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []Target
	for key, t := range p.targets {
		list = append(list, Target{key, endpoint(t.listener.Addr())})
	}
	return list
}
