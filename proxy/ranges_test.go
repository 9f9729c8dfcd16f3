package proxy

import (
	"net/netip"
	"strings"
	"testing"
)

// TestRanges looks at both edges of every range, inside and outside.
func TestRanges(t *testing.T) {
	const wide = ""
	for _, tt := range []struct {
		before, first, last, after string // "": nothing to say about it
		beforeIs, is, afterIs      string // part of the description; "": public
		reach                      reach
	}{
		{"", "0.0.0.0", "0.0.0.0", "0.0.0.1", "", "unspecified", "this network", nobody},
		{"0.0.0.0", "0.0.0.1", "0.255.255.255", "1.0.0.0", "unspecified", "this network", wide, special},
		{"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", wide, "private", wide, private},
		{"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", wide, "shared", wide, special},
		{"100.100.100.199", "100.100.100.200", "100.100.100.200", "100.100.100.201", "shared", "metadata", "shared", special},
		{"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", wide, "loopback", wide, loopback},
		{"168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17", wide, "metadata", wide, special},
		{"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", wide, "link-local", wide, special},
		{"169.254.169.253", "169.254.169.254", "169.254.169.254", "169.254.169.255", "link-local", "metadata", "link-local", special},
		{"169.254.170.1", "169.254.170.2", "169.254.170.2", "169.254.170.3", "link-local", "metadata", "link-local", special},
		{"169.254.170.22", "169.254.170.23", "169.254.170.23", "169.254.170.24", "link-local", "metadata", "link-local", special},
		{"169.254.42.41", "169.254.42.42", "169.254.42.42", "169.254.42.43", "link-local", "metadata", "link-local", special},
		{"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", wide, "private", wide, private},
		{"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", wide, "protocol assignment", wide, special},
		{"192.0.0.191", "192.0.0.192", "192.0.0.192", "192.0.0.193", "protocol", "metadata", "protocol", special},
		{"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", wide, "documentation", wide, special},
		{"192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0", wide, "AS112", wide, special},
		{"192.52.192.255", "192.52.193.0", "192.52.193.255", "192.52.194.0", wide, "AMT", wide, special},
		{"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", wide, "6to4 relay", wide, special},
		{"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", wide, "private", wide, private},
		{"192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0", wide, "AS112", wide, special},
		{"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", wide, "benchmarking", wide, special},
		{"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", wide, "documentation", wide, special},
		{"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", wide, "documentation", wide, special},
		{"223.255.255.255", "224.0.0.0", "239.255.255.255", "240.0.0.0", wide, "multicast", "reserved", nobody},
		{"239.255.255.255", "240.0.0.0", "255.255.255.254", "255.255.255.255", "multicast", "reserved", "broadcast", special},
		{"255.255.255.254", "255.255.255.255", "255.255.255.255", "", "reserved", "broadcast", "", nobody},

		{"", "::", "::", "::1", "", "unspecified", "loopback", nobody},
		{"::", "::1", "::1", "::2", "unspecified", "loopback", "IPv4-compatible", loopback},
		{"::1", "::2", "::ffff:ffff", "::1:0:0", "loopback", "IPv4-compatible", "reserved", special},
		{"::fffe:ffff:ffff:ffff", "::ffff:0:0:0", "::ffff:0:ffff:ffff", "::ffff:1:0:0", "reserved", "IPv4-translated", "reserved", special},
		{"64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::", "64:ff9b::ffff:ffff", "64:ff9b::1:0:0", "reserved", "NAT64", "reserved", special},
		{"64:ff9b:0:ffff:ffff:ffff:ffff:ffff", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "64:ff9b:2::", "reserved", "local NAT64", "reserved", special},
		{"ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "100::", "100::ffff:ffff:ffff:ffff", "100:0:0:1::", "reserved", "discard", "dummy", special},
		{"100::ffff:ffff:ffff:ffff", "100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", "100:0:0:2::", "discard", "dummy", "reserved", special},
		{"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001::ffff:ffff:ffff:ffff:ffff:ffff", "2001:1::", wide, "Teredo", "protocol assignment", special},
		{"2001:1:ffff:ffff:ffff:ffff:ffff:ffff", "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "2001:2:1::", "protocol", "benchmarking", "protocol", special},
		{"2001:f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:20::", "protocol", "ORCHID address", "ORCHIDv2", special},
		{"2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:30::", "ORCHID", "ORCHIDv2", "drone", special},
		{"2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:40::", "ORCHIDv2", "drone", "protocol", special},
		{"2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:40::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::", "drone", "protocol assignment", wide, special},
		{"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", wide, "documentation", wide, special},
		{"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::", wide, "6to4", wide, special},
		{"2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::", wide, "AS112", wide, special},
		{"3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", wide, "6bone", wide, special},
		{"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", "6bone", "documentation", wide, special},
		{"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f00::", wide, "reserved", "segment routing", special},
		{"5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f01::", "reserved", "segment routing", "reserved", special},
		{"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::", "reserved", "private", "reserved", private},
		{"fd00:ec1:ffff:ffff:ffff:ffff:ffff:ffff", "fd00:ec2::", "fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff", "fd00:ec3::", "private", "metadata", "private", special},
		{"fd20:ce::253", "fd20:ce::254", "fd20:ce::254", "fd20:ce::255", "private", "metadata", "private", special},
		{"fd00:42::41", "fd00:42::42", "fd00:42::42", "fd00:42::43", "private", "metadata", "private", special},
		{"fd00:c1::a9fe:a9fd", "fd00:c1::a9fe:a9fe", "fd00:c1::a9fe:a9fe", "fd00:c1::a9fe:a9ff", "private", "metadata", "private", special},
		{"fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::", "reserved", "link-local", "site-local", special},
		{"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::", "link-local", "site-local", "multicast", special},
		{"feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "site-local", "multicast", "", nobody},
		{"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "reserved", wide, "Teredo", public},
	} {
		see := func(addr, is string) {
			t.Helper()
			if addr == "" {
				return
			}
			if is == wide {
				is = "public"
			}
			// Of what embeds another address only the range itself is looked at.
			got, _, _ := strings.Cut(describe(netip.MustParseAddr(addr)), ",")
			if !strings.Contains(got, is) {
				t.Errorf("%s is %s, want %s", addr, got, is)
			}
		}
		see(tt.before, tt.beforeIs)
		see(tt.after, tt.afterIs)
		for _, addr := range []string{tt.first, tt.last} {
			see(addr, tt.is)
			ip := netip.MustParseAddr(addr)
			if got := rangeOf(ip).reach; got != tt.reach {
				t.Errorf("%s: reach %d, want %d", addr, got, tt.reach)
			}
			if ip.Is4() {
				mapped := netip.AddrFrom16(ip.As16())
				if rangeOf(mapped) != rangeOf(ip) {
					t.Errorf("%s is judged otherwise than %s", mapped, ip)
				}
			}
			for _, from := range []string{"65.54.239.5", "127.0.0.1", "192.168.1.5"} {
				s, err := Config{Upstream: "65.54.239.4"}.check()
				if err != nil {
					t.Fatal(err)
				}
				want := tt.reach == public || from != "65.54.239.5" && (tt.reach == private || tt.reach == loopback)
				if why := s.refuse(address{addr, 1863}, ip, netip.MustParseAddr(from)); (why == "") != want {
					t.Errorf("%s redirects to %s: %q", from, addr, why)
				}
			}
		}
	}
}

func TestEmbeddedAddresses(t *testing.T) {
	for addr, want := range map[string]string{
		"64:ff9b::a00:5":           "a NAT64 address of 10.0.0.5, a private address",
		"64:ff9b::808:808":         "a NAT64 address of 8.8.8.8, a public address",
		"::a00:5":                  "an IPv4-compatible address of 10.0.0.5, a private address",
		"2002:a9fe:a9fe::1":        "a 6to4 address of 169.254.169.254, a cloud metadata address",
		"2001:0:1:2:3:4:80ff:fffe": "a Teredo address of 127.0.0.1, a loopback address",
		"::ffff:10.0.0.5":          "a private address",
		"fe80::1%eth0":             "a link-local address",
		"8.8.8.8":                  "a public address",
	} {
		if got := describe(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s is %s, want %s", addr, got, want)
		}
	}
}

// TestFollowedOnWhoseWord: where a server that is not public redirects to without
// anybody's leave, a line says so, once.
func TestFollowedOnWhoseWord(t *testing.T) {
	for _, tt := range []struct {
		from, line string
		allow      []string
		want       string
	}{
		{"127.0.0.1", "XFR 3 NS 192.168.1.7:1863 0\r\n", nil, "following the redirect to 192.168.1.7:1863 (a private address) on the word of the server at 127.0.0.1, which is a loopback address"},
		{"192.168.1.5", "XFR 3 NS 65.54.239.9 0\r\n", nil, "following the redirect to 65.54.239.9:1863 (a public address) on the word of the server at 192.168.1.5, which is a private address"},
		{"10.0.0.1", "RNG 1 sb.example.com CKI 1.2 bob@example.com Bob\r\n", nil, "following the redirect to sb.example.com:1863 (a name, which is judged when it is known what it stands for) on the word of the server at 10.0.0.1, which is a private address"},
		{"127.0.0.1", "XFR 3 NS 192.168.1.7:1863 0\r\n", []string{"192.168.1.7"}, ""},
		{"127.0.0.1", "XFR 3 NS ns.example.com:1863 0\r\n", nil, ""},
		{"65.54.239.5", "XFR 3 NS 65.54.239.9:1863 0\r\n", nil, ""},
	} {
		p, j := idleProxy(t, Config{Allow: tt.allow})
		b := newBare(t, p, tt.from)
		b.feed(t, &b.down, tt.line)
		b.feed(t, &b.down, tt.line)
		waitIdle(t, p)
		if got := strings.Join(j.remarks(), "\n"); got != tt.want {
			t.Errorf("%s says %q: %q, want %q", tt.from, tt.line, got, tt.want)
		}
	}
}

func TestFollowedIsToldOfWithinBounds(t *testing.T) {
	p, j := idleProxy(t, Config{})
	b := newBare(t, p, "127.0.0.1")
	for i := range maxFollowed + 5 {
		ip := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		b.feed(t, &b.down, "XFR 3 NS "+ip.String()+" 0\r\n")
	}
	waitIdle(t, p)
	if n := len(j.remarks()); n != maxFollowed {
		t.Errorf("%d remarks, want %d", n, maxFollowed)
	}
}
