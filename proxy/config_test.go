package proxy

import (
	"net/netip"
	"strings"
	"testing"
)

func TestConfigErrors(t *testing.T) {
	for _, tt := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, "upstream: no server given"},
		{Config{Upstream: "a b"}, `upstream: "a b": ' ' cannot be part of a host name`},
		{Config{Upstream: ":1863"}, "no host"},
		{Config{Upstream: "host:"}, `port ""`},
		{Config{Upstream: "host:99999"}, "want a number from 1 to 65535"},
		{Config{Upstream: "host:0"}, "want a number from 1 to 65535"},
		{Config{Upstream: "a:b:c"}, "want host[:port]"},
		{Config{Upstream: "[host]"}, "no IPv6 address"},
		{Config{Upstream: "http://host/"}, "upstream:"},
		{Config{Upstream: strings.Repeat("a", 300)}, "300 characters"},
		{Config{Upstream: "host\x1b[2J"}, `'\x1b' cannot be`},
		{Config{Upstream: "h", Listen: "1863"}, "listen:"},
		{Config{Upstream: "h", Listen: "127.0.0.1:x"}, "listen:"},
		{Config{Upstream: "h", Listen: "bad host:1863"}, "listen:"},
		{Config{Upstream: "h", Advertise: "0.0.0.0"}, "advertise: clients cannot connect to 0.0.0.0"},
		{Config{Upstream: "h", Advertise: "[::]:1863"}, "advertise: clients cannot connect to ::"},
		{Config{Upstream: "h", Advertise: "x y"}, "advertise:"},
		{Config{Upstream: "h", Allow: []string{"10.0.0.0/99"}}, "allow:"},
		{Config{Upstream: "h", Allow: []string{"ok", ""}}, "allow:"},
		{Config{Upstream: "h", Allow: []string{"host:port"}}, "allow:"},
		{Config{Upstream: "h", MaxConns: -1}, "max-conns: -1 is negative"},
		{Config{Upstream: "h", FirstLineWait: -1}, "timeouts cannot be negative"},
		{Config{Upstream: "h", Ports: 9}, "ports: 9"},
	} {
		_, err := New(tt.cfg)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v, want one line with %q", tt.cfg, err, tt.want)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.5":            "10.0.0.5:1863",
		"10.0.0.5:1864":       "10.0.0.5:1864",
		"ns.example.com":      "ns.example.com:1863",
		"NS_1.example.com:80": "NS_1.example.com:80",
		"::1":                 "[::1]:1863",
		"[::1]":               "[::1]:1863",
		"[::1]:1900":          "[::1]:1900",
		"::ffff:10.0.0.5":     "[::ffff:10.0.0.5]:1863",
	} {
		a, err := parseAddress(in, DefaultPort)
		if err != nil || a.String() != want {
			t.Errorf("%q: %s, %v; want %s", in, a, err, want)
		}
	}
}

func TestPortsByName(t *testing.T) {
	for name, p := range map[string]Ports{"one": OnePort, "per-target": PerTarget} {
		if got, err := ParsePorts(name); got != p || err != nil || p.String() != name {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := ParsePorts("many"); err == nil {
		t.Error("many was taken for a mode")
	}
}

func TestListenErrors(t *testing.T) {
	u := newUpstream(t)
	busy := u.Addr().String()
	p, err := New(Config{Upstream: "ns.example.com", Listen: busy})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Listen(); err == nil || !strings.HasPrefix(err.Error(), "listen on "+busy+": address already in use") {
		t.Errorf("a busy port: %v", err)
	}
	if err := p.Serve(t.Context()); err == nil {
		t.Error("Serve on a busy port")
	}

	free := newUpstream(t)
	addr := free.Addr().String()
	free.Close()
	loop, err := New(Config{Upstream: addr, Listen: addr})
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	if err := loop.Listen(); err == nil || !strings.Contains(err.Error(), "relay to itself") {
		t.Errorf("listening on the upstream's own address: %v", err)
	}
}

func TestProbe(t *testing.T) {
	u := newUpstream(t)
	p, err := New(Config{Upstream: u.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	expectEOF(t, u.next(t))
}

func TestIsSelf(t *testing.T) {
	p, err := New(Config{Upstream: "ns.example.com", Listen: ":0"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Listen(); err != nil {
		t.Fatal(err)
	}
	port := endpoint(p.Addr()).Port()
	for ip, want := range map[string]bool{"127.0.0.1": true, "127.0.0.9": true, "0.0.0.0": true, "65.54.239.5": false} {
		if got := p.isSelf(netip.AddrPortFrom(netip.MustParseAddr(ip), port)); got != want {
			t.Errorf("%s is the proxy itself: %v", ip, got)
		}
	}
	if p.isSelf(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port^1)) {
		t.Error("another port is the proxy itself")
	}
}
