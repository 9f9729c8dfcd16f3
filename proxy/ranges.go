package proxy

import (
	"fmt"
	"net/netip"
	"strings"
)

// reach says who may name an address in a redirect.
type reach uint8

const (
	public   reach = iota // everybody
	private               // a server that is itself on such an address
	loopback              // likewise
	special               // nobody but the user, with --allow
	nobody                // it is no address that a server can have
)

// ipRange is a range of addresses that are not simply public.
type ipRange struct {
	prefix netip.Prefix
	reach  reach
	name   string // to follow "is a"
	// embeds is where in an IPv6 address an IPv4 address stands, in bytes; 0: none
	// does.
	embeds int
}

func span(prefix string, r reach, name string) ipRange {
	return ipRange{prefix: netip.MustParsePrefix(prefix), reach: r, name: name}
}

func embedding(prefix, name string, at int) ipRange {
	return ipRange{netip.MustParsePrefix(prefix), special, name, at}
}

// ranges are those of the IANA registries of special-purpose addresses (IPv4 and
// IPv6, 2025), what was special before, and where clouds keep their metadata. The
// first that fits holds, so the narrower stand before the wider.
var ranges = []ipRange{
	// Whoever gets at these gets at the credentials of a machine in a cloud.
	span("169.254.169.254/32", special, "cloud metadata address"),
	span("169.254.170.2/32", special, "cloud metadata address (ECS)"),
	span("169.254.170.23/32", special, "cloud metadata address (EKS)"),
	span("169.254.42.42/32", special, "cloud metadata address (Scaleway)"),
	span("168.63.129.16/32", special, "cloud metadata address (Azure)"),
	span("100.100.100.200/32", special, "cloud metadata address (Alibaba)"),
	span("192.0.0.192/32", special, "cloud metadata address (Oracle)"),
	span("fd00:ec2::/32", special, "cloud metadata address (AWS)"),
	span("fd20:ce::254/128", special, "cloud metadata address (Google)"),
	span("fd00:42::42/128", special, "cloud metadata address (Scaleway)"),
	span("fd00:c1::a9fe:a9fe/128", special, "cloud metadata address (Oracle)"),

	span("0.0.0.0/32", nobody, "unspecified address"),
	span("0.0.0.0/8", special, `"this network" address`),
	span("10.0.0.0/8", private, "private address"),
	span("100.64.0.0/10", special, "shared address (carrier-grade NAT)"),
	span("127.0.0.0/8", loopback, "loopback address"),
	span("169.254.0.0/16", special, "link-local address"),
	span("172.16.0.0/12", private, "private address"),
	span("192.0.0.0/24", special, "protocol assignment address"),
	span("192.0.2.0/24", special, "documentation address"),
	span("192.31.196.0/24", special, "AS112 address"),
	span("192.52.193.0/24", special, "AMT address"),
	span("192.88.99.0/24", special, "6to4 relay address"),
	span("192.168.0.0/16", private, "private address"),
	span("192.175.48.0/24", special, "AS112 address"),
	span("198.18.0.0/15", special, "benchmarking address"),
	span("198.51.100.0/24", special, "documentation address"),
	span("203.0.113.0/24", special, "documentation address"),
	span("224.0.0.0/4", nobody, "multicast address"),
	span("255.255.255.255/32", nobody, "broadcast address"),
	span("240.0.0.0/4", special, "reserved address"),

	span("::/128", nobody, "unspecified address"),
	span("::1/128", loopback, "loopback address"),
	embedding("::/96", "IPv4-compatible address", 12),
	embedding("::ffff:0:0:0/96", "IPv4-translated address", 12),
	embedding("64:ff9b::/96", "NAT64 address", 12),
	span("64:ff9b:1::/48", special, "local NAT64 address"),
	span("100::/64", special, "discard-only address"),
	span("100:0:0:1::/64", special, "dummy address"),
	embedding("2001::/32", "Teredo address", 12),
	span("2001:2::/48", special, "benchmarking address"),
	span("2001:db8::/32", special, "documentation address"),
	span("2001:10::/28", special, "ORCHID address"),
	span("2001:20::/28", special, "ORCHIDv2 address"),
	span("2001:30::/28", special, "drone identification address"),
	span("2001::/23", special, "protocol assignment address"),
	embedding("2002::/16", "6to4 address", 2),
	span("2620:4f:8000::/48", special, "AS112 address"),
	span("3ffe::/16", special, "6bone address"),
	span("3fff::/20", special, "documentation address"),
	span("5f00::/16", special, "segment routing address"),
	span("fc00::/7", private, "private address"),
	span("fe80::/10", special, "link-local address"),
	span("fec0::/10", special, "site-local address"),
	span("ff00::/8", nobody, "multicast address"),
	// What was given out so far for the whole world is 2000::/3.
	span("2000::/3", public, ""),
	span("::/0", special, "reserved address"),
}

// rangeOf returns the range that an address is of; its name is empty for a public
// address. IPv4 in IPv6 is judged as IPv4, and a zone does not count.
func rangeOf(ip netip.Addr) ipRange {
	ip = ip.Unmap().WithZone("")
	for _, r := range ranges {
		if r.prefix.Contains(ip) {
			return r
		}
	}
	return ipRange{}
}

// describe names the range of an address, with the IPv4 address in it if it embeds
// one: "a 6to4 address of 10.0.0.5, a private address".
func describe(ip netip.Addr) string {
	r := rangeOf(ip)
	if r.name == "" {
		return "a public address"
	}
	text := article(r.name)
	if r.embeds == 0 {
		return text
	}
	all := ip.As16()
	var v4 [4]byte
	copy(v4[:], all[r.embeds:])
	if r.prefix.Bits() == 32 { // Teredo turns every bit over
		for i := range v4 {
			v4[i] ^= 0xff
		}
	}
	inner := netip.AddrFrom4(v4)
	return fmt.Sprintf("%s of %s, %s", text, inner, describe(inner))
}

func article(name string) string {
	if name == "unspecified address" || strings.ContainsRune("AIO", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

// mayName reports whether a server at from may name an address of the range without
// the user's leave.
func (r ipRange) mayName(from netip.Addr) bool {
	if r.reach == public {
		return true
	}
	f := rangeOf(from)
	switch r.reach {
	case private, loopback:
		// A server on the same machine or network could reach these itself. So it is
		// with one on a link-local or shared address.
		return f.reach == private || f.reach == loopback || near(f)
	case special:
		// The neighbours of a server behind a carrier's NAT, as in some private networks.
		return r == shared && f == shared
	}
	return false
}

// shared is the range that carriers use behind their own NAT, and that some private
// networks are made of.
var shared = rangeOf(netip.MustParseAddr("100.64.0.1"))

// near reports whether a server on an address of the range is no stranger from the
// wide world.
func near(r ipRange) bool {
	return r == shared || r == rangeOf(netip.MustParseAddr("fe80::1")) || r == rangeOf(netip.MustParseAddr("169.254.0.1"))
}

// oddNumber reports whether a host is an IP address in a form that programs read in
// different ways, or not at all: 10.1, 0x0a000005, 012.0.0.5, 10.0.0.5. with a dot.
// No name ends in a label that is a number.
func oddNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" {
		return true
	}
	if hex, ok := strings.CutPrefix(strings.ToLower(last), "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}
