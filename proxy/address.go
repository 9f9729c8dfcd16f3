package proxy

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// address is host:port of a server as a user or a redirect names it.
type address struct {
	host string // name or IP literal, without brackets
	port uint16
}

// String returns host:port, an IPv6 host in brackets.
func (a address) String() string {
	return net.JoinHostPort(a.host, strconv.Itoa(int(a.port)))
}

// ip returns the host if it is an IP literal.
func (a address) ip() (netip.Addr, bool) {
	ip, err := netip.ParseAddr(a.host)
	return ip.Unmap(), err == nil
}

// same reports whether both name the same host, however it is spelt, and port.
func (a address) same(b address) bool {
	if a.port != b.port {
		return false
	}
	if ip, ok := a.ip(); ok {
		other, ok := b.ip()
		return ok && ip == other
	}
	return strings.EqualFold(strings.TrimSuffix(a.host, "."), strings.TrimSuffix(b.host, "."))
}

// parseAddress reads "host[:port]"; an IPv6 host with a port stands in brackets.
func parseAddress(s string, port uint16) (address, error) {
	a := address{host: s, port: port}
	if ip, err := netip.ParseAddr(s); err == nil {
		return checkHost(address{ip.String(), port}, s)
	}
	switch {
	case strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]"):
		a.host = s[1 : len(s)-1]
		if ip, err := netip.ParseAddr(a.host); err != nil || !ip.Is6() {
			return a, fmt.Errorf("%q: no IPv6 address in the brackets", s)
		}
	case strings.ContainsRune(s, ':'):
		host, p, err := net.SplitHostPort(s)
		if err != nil {
			return a, fmt.Errorf("%q: want host[:port]", s)
		}
		n, err := parsePort(p)
		if err != nil {
			return a, fmt.Errorf("%q: %w", s, err)
		}
		a = address{host, n}
	}
	return checkHost(a, s)
}

func checkHost(a address, s string) (address, error) {
	if a.host == "" {
		return a, fmt.Errorf("%q: no host: want host[:port]", s)
	}
	if _, ok := a.ip(); ok {
		return a, nil
	}
	if len(a.host) > 253 {
		return a, fmt.Errorf("host name of %d characters: at most 253 are possible", len(a.host))
	}
	for _, c := range []byte(a.host) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == '_':
		default:
			return a, fmt.Errorf("%q: %q cannot be part of a host name", s, c)
		}
	}
	return a, nil
}

func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("port %q: want a number from 1 to 65535", s)
	}
	return uint16(n), nil
}

// endpoint returns the IP address and the port of a TCP address, both zero if it
// is none. IPv4 in IPv6 becomes IPv4 and a zone goes, for MSNP knows neither.
func endpoint(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := t.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}

// cause strips what net puts before the reason of a failure, the address that
// the caller names anyway.
func cause(err error) error {
	for {
		var op *net.OpError
		var dns *net.DNSError
		switch {
		case errors.As(err, &dns):
			if dns.IsNotFound {
				return errors.New("no such host")
			}
			return errors.New(dns.Err)
		case errors.As(err, &op):
			if op.Timeout() {
				return errors.New("no answer in time")
			}
			if op.Err == err {
				return err
			}
			err = op.Err
			continue
		}
		if e := errors.Unwrap(err); e != nil {
			err = e
			continue
		}
		return err
	}
}
