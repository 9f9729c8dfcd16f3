package proxy

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A client without a proxy follows redirects by the proxy's rules, but for servers
// under test, which name each other and themselves.
func TestGuard(t *testing.T) {
	const wide, inside, self = "65.54.239.5", "192.168.1.5", "127.0.0.1"
	for _, tt := range []struct {
		from, target string // from: "" for the user
		allow        []string
		fails        error
		dialled      string // "": it must not be
		want         string // what the error says; "": there is none
	}{
		{"", "10.0.0.5:80", nil, nil, "10.0.0.5:80", ""},
		{"", "10.0.0.5", nil, nil, "10.0.0.5:1863", ""},
		{"", "10.0.0.5:9999", nil, nil, "10.0.0.5:9999", ""},
		{"", "[::1]:9999", nil, nil, "[::1]:9999", ""},
		{"", "a b", nil, nil, "", "cannot be part of a host name"},
		{wide, "65.54.239.9:1863", nil, nil, "65.54.239.9:1863", ""},
		{wide, "65.54.239.9:1865", nil, nil, "", "refused to follow the redirect to 65.54.239.9:1865: port 1865 is none of"},
		{wide, "65.54.239.5:1865", nil, nil, "65.54.239.5:1865", ""}, // its own address
		{wide, "10.0.0.5", nil, nil, "", "a public server redirects to a private address"},
		{wide, "10.0.0.5", []string{"10.0.0.0/8"}, nil, "10.0.0.5:1863", ""},
		{wide, "127.0.0.1:9999", nil, nil, "", "port 9999 is none of"},
		{wide, "127.0.0.1", nil, nil, "", "a public server redirects to a loopback address"},
		{self, "127.0.0.1:9999", nil, nil, "127.0.0.1:9999", ""},
		{self, "127.0.0.9:9999", nil, nil, "127.0.0.9:9999", ""},
		{"::ffff:127.0.0.1", "127.0.0.9:9999", nil, nil, "127.0.0.9:9999", ""},
		{self, "192.168.1.7:9999", nil, nil, "", "port 9999 is none of"},
		{inside, "127.0.0.1:9999", nil, nil, "", "port 9999 is none of"},
		{inside, "127.0.0.1", nil, nil, "127.0.0.1:1863", ""},
		{wide, "192.0.2.1:5000", nil, nil, "192.0.2.1:5000", ""}, // the upstream
		{wide, "65.54.239.9", nil, context.DeadlineExceeded, "65.54.239.9:1863", "cannot connect to 65.54.239.9:1863: no answer in time"},
		{wide, "65.54.239.9", nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "65.54.239.9:1863", "cannot connect to 65.54.239.9:1863: connection refused"},
	} {
		g, err := NewGuard("192.0.2.1:5000", tt.allow)
		if err != nil {
			t.Fatal(err)
		}
		var from netip.Addr
		if tt.from != "" {
			from = netip.MustParseAddr(tt.from)
		}
		made, _ := memoryPair(nil, nil)
		dialled := ""
		c, err := g.Dial(t.Context(), tt.target, from, func(_ context.Context, network, addr string) (net.Conn, error) {
			dialled = network + " " + addr
			if tt.fails != nil {
				return nil, tt.fails
			}
			return made, nil
		})
		if want := strings.TrimSuffix("tcp "+tt.dialled, "tcp "); dialled != want {
			t.Errorf("%s says %s: dialled %q, want %q", tt.from, tt.target, dialled, want)
		}
		switch {
		case tt.want == "" && (err != nil || c != net.Conn(made)):
			t.Errorf("%s says %s: %v, %v", tt.from, tt.target, c, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s says %s: %v, want %q", tt.from, tt.target, err, tt.want)
		}
	}
}

// Of a name with several addresses the first is taken that may be dialled and answers.
func TestGuardSeveralAddresses(t *testing.T) {
	const good, dead = "65.54.239.9", "65.54.239.8"
	for _, tt := range []struct {
		ips     []string
		dialled []string
		want    string // of the error; "": there is none
	}{
		{[]string{"10.0.0.5", good}, []string{good}, ""},
		{[]string{dead, good, "65.54.239.7"}, []string{dead, good}, ""},
		{[]string{good, "10.0.0.5"}, []string{good}, ""},
		{[]string{"10.0.0.5", "127.0.0.1"}, nil, "a public server redirects to a loopback address"},
		{[]string{"10.0.0.5", dead}, []string{dead}, "cannot connect to ns.example.com:1863: cable cut"},
	} {
		g, err := NewGuard("192.0.2.1", nil)
		if err != nil {
			t.Fatal(err)
		}
		g.lookup = func(context.Context, string) (list []netip.Addr, err error) {
			for _, ip := range tt.ips {
				list = append(list, netip.MustParseAddr(ip))
			}
			return list, nil
		}
		made, _ := memoryPair(nil, nil)
		var dialled []string
		c, err := g.Dial(t.Context(), "ns.example.com", netip.MustParseAddr("65.54.239.5"), func(_ context.Context, _, addr string) (net.Conn, error) {
			ip := strings.TrimSuffix(addr, ":1863")
			dialled = append(dialled, ip)
			if ip == dead {
				return nil, errors.New("cable cut")
			}
			return made, nil
		})
		if !slices.Equal(dialled, tt.dialled) {
			t.Errorf("%q: dialled %q, want %q", tt.ips, dialled, tt.dialled)
		}
		switch {
		case tt.want == "" && (err != nil || c != net.Conn(made)):
			t.Errorf("%q: %v, %v", tt.ips, c, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%q: %v, want %q", tt.ips, err, tt.want)
		}
	}
}

func TestGuardNames(t *testing.T) {
	g, err := NewGuard("192.0.2.1", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.Dial(t.Context(), "nothing.invalid", netip.Addr{}, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "cannot find nothing.invalid:1863: ") {
		t.Errorf("a name that nobody has: %v", err)
	}
	for _, tt := range []struct {
		upstream string
		allow    []string
		want     string
	}{
		{"", nil, "server: "}, {"a b", nil, "server: "}, {"192.0.2.1", []string{"10.0.0.0/99"}, "allow: "},
	} {
		if _, err := NewGuard(tt.upstream, tt.allow); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q, %q: %v", tt.upstream, tt.allow, err)
		}
	}
}

// Users read why a server was not reached, and not what Go calls it.
func TestCause(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: &net.OpError{Op: "connect", Err: syscall.ECONNREFUSED}}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{refused, "connection refused"},
		{&net.OpError{Op: "dial", Err: syscall.ETIMEDOUT}, "no answer in time"},
		{&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "ns.example.com", IsNotFound: true}}, "no such host"},
		{&net.DNSError{Err: "server misbehaving", Name: "ns.example.com", Server: "192.0.2.53"}, "server misbehaving"},
		{errors.New("cable cut"), "cable cut"},
		{&refusal{target: address{"ns.example.com", 1863}, why: "why"}, "refused to follow the redirect to ns.example.com:1863: why"},
		{&refusal{target: address{"ns.example.com", 1863}, by: "a SOCKS5 request", why: "why"}, "refused a SOCKS5 request for ns.example.com:1863: why"},
	} {
		if got := cause(tt.err); got.Error() != tt.want {
			t.Errorf("%v: %v, want %s", tt.err, got, tt.want)
		}
	}
}
