package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// allowRule names targets that redirects may lead to: a host name or a range of
// IP addresses, and one port or (0) any.
type allowRule struct {
	name   string
	prefix netip.Prefix
	port   uint16
}

type allowList []allowRule

func parseAllow(rules []string) (allowList, error) {
	var list allowList
	for _, s := range rules {
		r, err := parseAllowRule(s)
		if err != nil {
			return nil, fmt.Errorf("allow: %w", err)
		}
		list = append(list, r)
	}
	return list, nil
}

// parseAllowRule reads HOST|IP|CIDR[:PORT].
func parseAllowRule(s string) (allowRule, error) {
	var r allowRule
	host := s
	if !isRange(s) {
		if h, port, err := net.SplitHostPort(s); err == nil {
			if r.port, err = parsePort(port); err != nil {
				return r, fmt.Errorf("%q: %w", s, err)
			}
			host = h
		}
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.Contains(host, "/") {
		p, err := netip.ParsePrefix(host)
		if err != nil {
			return r, fmt.Errorf("%q: %q is no CIDR such as 10.0.0.0/8", s, host)
		}
		r.prefix = p.Masked()
		return r, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		r.prefix = netip.PrefixFrom(ip, ip.BitLen())
		return r, nil
	}
	a, err := checkHost(address{host, r.port}, s)
	r.name = a.host
	return r, err
}

// isRange reports whether s is an IP address or a CIDR without a port.
func isRange(s string) bool {
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}

// names reports whether a rule allows a target by its name, or by its IP address
// if that is valid.
func (l allowList) names(target address, ip netip.Addr) bool {
	for _, r := range l {
		if r.port != 0 && r.port != target.port {
			continue
		}
		if r.name != "" && strings.EqualFold(r.name, target.host) {
			return true
		}
		if r.name == "" && ip.IsValid() && r.prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// cgnat is the range that carriers use behind their own NAT; it is nobody's public
// address.
var cgnat = netip.MustParsePrefix("100.64.0.0/10")

// local returns the kind of an address that is not public, or "".
func local(ip netip.Addr) string {
	switch {
	case ip.IsLoopback():
		return "loopback"
	case ip.IsLinkLocalUnicast():
		return "link-local"
	case ip.IsPrivate(), cgnat.Contains(ip):
		return "private"
	}
	return ""
}

// refuse judges a redirect to target, given by a server at from, and returns why
// it is refused, or "". ip is the target's IP address, or invalid as long as a name
// was not resolved: then the rules about it are left for later.
func (s *settings) refuse(target address, ip, from netip.Addr) string {
	if ip.IsValid() && (ip.IsUnspecified() || ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255})) {
		return fmt.Sprintf("%s is no address of a server", ip)
	}
	if target.same(s.upstream) || s.allow.names(target, ip) {
		return ""
	}
	if !ip.IsValid() && s.allow.ranges(target.port) {
		return ""
	}
	switch target.port {
	case 1863, 1864, 80, 443:
	default:
		return fmt.Sprintf("port %d is none of 1863, 1864, 80, 443 (--allow %s lets it pass)", target.port, target)
	}
	if ip.IsValid() && from.IsValid() && local(from) == "" {
		if kind := local(ip); kind != "" {
			return fmt.Sprintf("a public server redirects to a %s address (--allow %s lets it pass)", kind, target)
		}
	}
	return ""
}

// ranges reports whether a rule about IP addresses may allow the port.
func (l allowList) ranges(port uint16) bool {
	for _, r := range l {
		if r.name == "" && (r.port == 0 || r.port == port) {
			return true
		}
	}
	return false
}
