package ca

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"msnproxy/decode/gateway"
)

// KnownHosts are the hosts that Microsoft's clients, MSNP8 to MSNP21, spoke HTTPS with.
// A CA is limited to them, what is below them, and the names that it was made for.
func KnownHosts() []string { return slices.Concat(knownHosts, gateway.Hosts()) }

var knownHosts = []string{
	// Sign-in.
	"nexus.passport.com", "login.passport.com", "loginnet.passport.com", "login.passport.net",
	"login.live.com", "msnia.login.live.com",
	// Configuration, contacts, offline messages, profiles.
	"config.messenger.msn.com", "config.edge.messenger.live.com", "svcs.microsoft.com",
	"contacts.msn.com", "omega.contacts.msn.com", "storage.msn.com", "rsi.hotmail.com",
	"ows.messenger.msn.com",
}

// limits are what a CA may make certificates for.
type limits struct {
	hosts []string // with all that is below them; in small letters
	nets  []*net.IPNet
}

// limitsFor returns the known hosts and what is named besides: hosts, addresses, CIDRs.
func limitsFor(names []string) (limits, error) {
	l := limits{hosts: KnownHosts()}
	for _, name := range names {
		if p, err := prefix(name); err == nil {
			if least := leastBits(p); p.Bits() < least {
				return l, fmt.Errorf("%s is too much of the world: who gets hold of the key could pretend to be any of it; name a net of /%d or smaller", name, least)
			}
			l.nets = append(l.nets, ipNet(p))
			continue
		}
		host, err := hostName(strings.TrimPrefix(name, "*."))
		if err != nil {
			return l, err
		}
		if wide(host, name) {
			return l, fmt.Errorf("%q stands for all hosts below %q: who gets hold of the key could pretend to be any of them; name the hosts, such as messenger.example.com", name, host)
		}
		if !slices.Contains(l.hosts, host) {
			l.hosts = append(l.hosts, host)
		}
	}
	// This machine, for tests.
	l.nets = append(l.nets, ipNet(netip.MustParsePrefix("127.0.0.0/8")), ipNet(netip.MustParsePrefix("::1/128")))
	return l, nil
}

// leastBits is how long the prefix of a net must be: the largest that are private have these.
func leastBits(p netip.Prefix) int {
	if p.Addr().Is4() {
		return 8 // 10.0.0.0/8
	}
	return 7 // fc00::/7
}

// topLevel are the oldest domains of the top level; those of countries have two letters.
var topLevel = []string{"com", "net", "org", "edu", "gov", "mil", "int", "arpa", "info", "biz"}

// wide reports whether a name, which the user wrote like that, is a domain of the top level.
func wide(host, written string) bool {
	return !strings.Contains(host, ".") && (len(host) == 2 || slices.Contains(topLevel, host) || strings.HasPrefix(written, "*."))
}

// limitsOf reads those of a certificate.
func limitsOf(cert *x509.Certificate) limits {
	return limits{hosts: cert.PermittedDNSDomains, nets: cert.PermittedIPRanges}
}

// allow reports whether a certificate may be made for a name or address.
func (l limits) allow(name string) bool {
	if ip := net.ParseIP(name); ip != nil {
		return len(l.nets) == 0 || slices.ContainsFunc(l.nets, func(n *net.IPNet) bool { return n.Contains(ip) })
	}
	name = strings.TrimPrefix(name, "*.")
	return len(l.hosts) == 0 || slices.ContainsFunc(l.hosts, func(host string) bool {
		return name == host || strings.HasSuffix(name, "."+strings.TrimPrefix(host, "."))
	})
}

// strings returns the limits as text, in their order.
func (l limits) strings() (all []string) {
	all = append(all, l.hosts...)
	for _, n := range l.nets {
		all = append(all, n.String())
	}
	return all
}

func prefix(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		ip = ip.Unmap().WithZone("")
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// maxHost is how long a host name can be in a certificate.
const maxHost = 253

// hostName returns a host name in small letters without a dot at its end, if it is one.
func hostName(s string) (string, error) {
	name := strings.ToLower(strings.TrimSuffix(s, "."))
	bad := name == "" || len(name) > maxHost
	for label := range strings.SplitSeq(name, ".") {
		bad = bad || label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-'
		for _, c := range []byte(label) {
			bad = bad || !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_')
		}
	}
	if bad {
		return "", fmt.Errorf("%q is no host name, address or CIDR: want one such as login.example.com (those with letters beyond ASCII in their xn-- form)", s)
	}
	return name, nil
}
