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
	zone   string // of the address, if it has one: then no other will do
	port   uint16
}

// mappedBits are those before the IPv4 address in an IPv6 one that maps it.
const mappedBits = 96

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
		if p.Addr().Is4In6() && p.Bits() >= mappedBits {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
		}
		r.prefix = p.Masked()
		return r, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		r.zone = ip.Zone()
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

// contains reports whether a rule about IP addresses allows one. It does in every
// zone unless it names one.
func (r *allowRule) contains(ip netip.Addr) bool {
	if !ip.IsValid() || r.zone != "" && r.zone != ip.Zone() {
		return false
	}
	return r.prefix.Contains(ip.Unmap().WithZone(""))
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
		if r.name == "" && r.contains(ip) {
			return true
		}
	}
	return false
}

// refuse judges a redirect to target, given by a server at from, and returns why
// it is refused, or "". ip is the target's IP address, or invalid as long as a name
// was not resolved: then the rules about it are left for later.
func (s *settings) refuse(target address, ip, from netip.Addr) string {
	r := rangeOf(ip)
	if ip.IsValid() && r.reach == nobody {
		return fmt.Sprintf("%s is %s, which no server has", ip, describe(ip))
	}
	if target.same(s.upstream) || s.allow.names(target, ip) {
		return ""
	}
	if _, literal := target.ip(); !literal && oddNumber(target.host) {
		return fmt.Sprintf("%s is an IP address in a form that programs read in different ways: four decimal numbers, or IPv6, would be clear (--allow %s lets it pass)", target.host, target)
	}
	if !ip.IsValid() && s.allow.ranges(target.port) {
		return ""
	}
	switch target.port {
	case 1863, 1864, 80, 443:
	default:
		return fmt.Sprintf("port %d is none of 1863, 1864, 80, 443 (--allow %s lets it pass)", target.port, target)
	}
	if !ip.IsValid() || r.mayName(from) {
		return ""
	}
	who := "a public server redirects"
	if !stranger(from) {
		who = fmt.Sprintf("the server at %s redirects", from)
	}
	return fmt.Sprintf("%s to %s (--allow %s lets it pass)", who, describe(ip), target)
}

// trusts says whose word is followed where a server that is not public names an
// address that a public one may not name, or any other at all; "" for what every
// server may name.
func (s *settings) trusts(target address, ip, from netip.Addr) string {
	if stranger(from) || target.same(s.upstream) || s.allow.names(target, ip) {
		return ""
	}
	what := "a name, which is judged when it is known what it stands for"
	if ip.IsValid() {
		what = describe(ip)
	}
	return fmt.Sprintf("following the redirect to %s (%s) on the word of the server at %s, which is %s", target, what, from, describe(from))
}

// stranger reports whether a server is one of the wide world.
func stranger(from netip.Addr) bool {
	r := rangeOf(from)
	return r.reach != private && r.reach != loopback && !near(r)
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
