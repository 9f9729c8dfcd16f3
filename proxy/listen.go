package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// Listen opens the listeners. The error is one line that names the address.
func (p *Proxy) Listen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return errors.New("listen: the proxy is closed")
	}
	if len(p.listeners) > 0 {
		return nil
	}
	var open []net.Listener
	for i, at := range append([]string{p.cfg.Listen}, p.cfg.Listens...) {
		l, err := p.listenOn(at, i == 0)
		if err != nil {
			for _, l := range open {
				_ = l.Close()
			}
			return err
		}
		open = append(open, l)
	}
	p.listeners = open
	return nil
}

// listenOn opens a listener, or takes the one that was given for the first address.
func (p *Proxy) listenOn(at string, first bool) (l net.Listener, err error) {
	if l = p.cfg.Listener; l == nil || !first {
		if l, err = listen(p.ctx, at); err != nil {
			return nil, cannotListen(at, err)
		}
	}
	if ip, ok := p.cfg.upstream.ip(); ok && sameEnd(l, netip.AddrPortFrom(ip, p.cfg.upstream.port)) {
		_ = l.Close()
		return nil, fmt.Errorf("listen on %s: the upstream %s is the same address: the proxy would relay to itself", at, p.cfg.upstream)
	}
	return l, nil
}

// listen opens a listener whose connections live as long as their ends want them
// to: keep-alive probes start after two hours, as systems have it, not after Go's
// fifteen seconds, which cut off a client that sleeps.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	lc := net.ListenConfig{KeepAliveConfig: keepAlive}
	lc.SetMultipathTCP(false)
	network := "tcp"
	if host, _, err := net.SplitHostPort(addr); err == nil {
		if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
			network = "tcp4" // else 0.0.0.0 would be all of IPv6, too
		}
	}
	return lc.Listen(ctx, network, addr)
}

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 2 * time.Hour, Interval: 75 * time.Second, Count: 9}

// Addrs returns the addresses that the proxy listens on: none before Listen, then those of
// Config.Listen and Config.Listens.
func (p *Proxy) Addrs() (list []net.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.listeners {
		list = append(list, l.Addr())
	}
	return list
}

// Addr returns the first of them, or nil before Listen.
func (p *Proxy) Addr() net.Addr {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.listeners) == 0 {
		return nil
	}
	return p.listeners[0].Addr()
}

// exposed says what it means to listen on an address beyond loopback; "" for others.
func exposed(at net.Addr) string {
	end := endpoint(at)
	if !end.IsValid() || rangeOf(end.Addr()).reach == loopback {
		return ""
	}
	return fmt.Sprintf("listening on %s, beyond this machine: whoever reaches that address can use the proxy, and nobody is asked who they are (--listen 127.0.0.1:%d keeps it to this machine)", end, end.Port())
}

// Windows has numbers of its own for these.
const (
	wsaKept    = syscall.Errno(10013)
	wsaInUse   = syscall.Errno(10048)
	wsaNotHere = syscall.Errno(10049)
)

// unprivileged is the first port that everybody may listen on.
const unprivileged = 1024

// cannotListen says why an address cannot be had, and how to get it.
func cannotListen(at string, err error) error {
	_, name, _ := net.SplitHostPort(at)
	port, _ := strconv.Atoi(name)
	advice := ""
	switch {
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, wsaInUse):
		advice = fmt.Sprintf(": end the program that has it, or name another port (--listen HOST:%d)", port+1)
		if who := listenerOf(port); who != "" {
			advice = fmt.Sprintf(" by %s: end it, or name another port (--listen HOST:%d)", who, port+1)
		}
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, wsaNotHere):
		advice = fmt.Sprintf(": no interface of this machine has it (--listen 0.0.0.0:%d listens on all that there are)", port)
	case errors.Is(err, syscall.EACCES) && port < unprivileged, errors.Is(err, wsaKept):
		advice = privileged(runtime.GOOS, at)
	}
	return fmt.Errorf("listen on %s: %w%s", at, cause(err), advice)
}

// privileged says how to get a port that not everybody may listen on.
func privileged(system, at string) string {
	switch system {
	case "linux":
		return fmt.Sprintf(": ports below %d take root, or once: sudo setcap cap_net_bind_service=+ep $(command -v msnproxy)", unprivileged)
	case "windows":
		return ": another program or the system keeps it (netsh int ipv4 show excludedportrange protocol=tcp; net stop http frees 80)"
	}
	return fmt.Sprintf(": ports below %d take root: sudo msnproxy run --listen %s ...", unprivileged, at)
}
