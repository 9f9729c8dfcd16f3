package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"msnproxy/capture"
)

// redirectLines are lines from a public server with A where the address goes, N where
// the client must find the proxy's.
var redirectLines = []struct{ name, in, out string }{
	{"MSNP2", "XFR 3 NS 65.54.239.9:1863\r\n", "XFR 3 NS N\r\n"},
	{"MSNP3", "XFR 3 NS 65.54.239.9:1863 0\r\n", "XFR 3 NS N 0\r\n"},
	{"MSNP7", "XFR 3 NS 65.54.239.9:1863 0 65.54.239.5:1863\r\n", "XFR 3 NS N 0 N\r\n"},
	{"MSNP13", "XFR 3 NS 65.54.239.9:1863 U D\r\n", "XFR 3 NS N U D\r\n"},
	{"MSNP21", "XFR 3 NS 65.54.239.9:1863 U D VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDINCg==\r\n", "XFR 3 NS N U D VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDINCg==\r\n"},
	{"no port", "XFR 3 NS 65.54.239.9 0\r\n", "XFR 3 NS N 0\r\n"},
	{"name", "XFR 3 NS ns7.example.com:1863 0\r\n", "XFR 3 NS N 0\r\n"},
	{"name alone", "XFR 3 NS ns7.example.com\r\n", "XFR 3 NS N\r\n"},
	{"IPv6", "XFR 3 NS [2001:db8::9]:1863\r\n", "XFR 3 NS N\r\n"},
	{"lone LF", "XFR 3 NS 65.54.239.9:1863\n", "XFR 3 NS N\n"},
	{"two blanks", "XFR 3  NS 65.54.239.9:1863  0 \r\n", "XFR 3  NS N  0 \r\n"},
	{"moved in mid-session", "XFR 0 NS 65.54.239.9:1863 0\r\n", "XFR 0 NS N 0\r\n"},
	{"SB", "XFR 15 SB 65.54.239.20:1863 CKI 17262740.1050826919.32308\r\n", "XFR 15 SB N CKI 17262740.1050826919.32308\r\n"},
	{"SB of MSNP13", "XFR 15 SB 65.54.239.20:1864 CKI c U messenger.msn.com\r\n", "XFR 15 SB N CKI c U messenger.msn.com\r\n"},
	{"SB of MSNP14", "XFR 15 SB 65.54.239.20:1864 CKI c U messenger.msn.com 1\r\n", "XFR 15 SB N CKI c U messenger.msn.com 1\r\n"},
	{"RNG", "RNG 11752013 65.54.239.20:1863 CKI 849102291.520491113 bob@example.com Bob\r\n", "RNG 11752013 N CKI 849102291.520491113 bob@example.com Bob\r\n"},
	{"RNG of MSNP14", "RNG ab12 65.54.239.20 CKI c bob@example.com Bob U messenger.hotmail.com 1\r\n", "RNG ab12 N CKI c bob@example.com Bob U messenger.hotmail.com 1\r\n"},

	{"start again", "XFR 0 NS 0\r\n", "XFR 0 NS 0\r\n"},
	{"gateway", "XFR 0 NS *.gateway.edge.messenger.live.com:1863 G D aG9w\r\n", "XFR 0 NS *.gateway.edge.messenger.live.com:1863 G D aG9w\r\n"},
	{"no address", "XFR 3 SB\r\n", "XFR 3 SB\r\n"},
	{"payload", "MSG Hotmail Hotmail 27\r\nXFR 3 NS 65.54.239.9:1863\r\n", "MSG Hotmail Hotmail 27\r\nXFR 3 NS 65.54.239.9:1863\r\n"},
	{"roster", "MSG Hotmail Hotmail 116\r\nMIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\nRoster: 987654321;65.54.239.20:1863\r\n\r\nType: 1\r\n",
		"MSG Hotmail Hotmail 113\r\nMIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\nRoster: 987654321;N\r\n\r\nType: 1\r\n"},
	{"user roster", "MSG bob@example.com Bob 86\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nRoster: 987654321;65.54.239.20:1863\r\n\r\nhi", "MSG bob@example.com Bob 86\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nRoster: 987654321;65.54.239.20:1863\r\n\r\nhi"},
	{"user roster, system type", "MSG bob@example.com Bob 116\r\nMIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\nRoster: 987654321;65.54.239.20:1863\r\n\r\nType: 1\r\n", "MSG bob@example.com Bob 116\r\nMIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\nRoster: 987654321;65.54.239.20:1863\r\n\r\nType: 1\r\n"},
	{"roster in a text of the service", "MSG Hotmail Hotmail 86\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nRoster: 987654321;65.54.239.20:1863\r\n\r\nhi", "MSG Hotmail Hotmail 86\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nRoster: 987654321;65.54.239.20:1863\r\n\r\nhi"},
	{"no roster", "MSG bob@example.com Bob 37\r\nMIME-Version: 1.0\r\n\r\nRoster: 1;2.2.2.2", "MSG bob@example.com Bob 37\r\nMIME-Version: 1.0\r\n\r\nRoster: 1;2.2.2.2"},
}

// TestRedirectCutEverywhere cuts each redirect, with commands around it, at every
// byte.
func TestRedirectCutEverywhere(t *testing.T) {
	p, _ := idleProxy(t, Config{Advertise: "192.0.2.1:1863"})
	for _, tt := range redirectLines {
		// Whether the unknown command has a payload is told by what follows.
		const before, after = "CHL 0 17101613\r\nMSG a b 5\r\nXFR 1ZZZ 1 CON 9\r\n", "QNG 40\r\nRNG"
		in := before + tt.in + after
		want := before + put(tt.out, "192.0.2.1:1863") + after
		for cut := range in {
			b := newBare(t, p, "65.54.239.5")
			b.feed(t, &b.down, in[:cut])
			b.feed(t, &b.down, in[cut:])
			if err := b.down.flush(); err != nil {
				t.Fatal(err)
			}
			expected := want
			if tt.name == "roster" && cut > len(before) && cut < len(before)+len(tt.in) {
				expected = in // part of the MSG was sent already
			}
			if got := b.toClient.all(); got != expected {
				t.Errorf("%s, cut at %d:\n got %q\nwant %q", tt.name, cut, got, expected)
			}
		}
		b := newBare(t, p, "65.54.239.5")
		for i := range in {
			b.feed(t, &b.down, in[i:i+1])
		}
		if err := b.down.flush(); err != nil {
			t.Fatal(err)
		}
		if tt.name == "roster" {
			want = in
		}
		if got := b.toClient.all(); got != want {
			t.Errorf("%s, byte by byte:\n got %q\nwant %q", tt.name, got, want)
		}
	}
}

// put puts addr where the token N stands.
func put(line, addr string) string {
	fields := strings.SplitAfter(line, " ")
	for i, f := range fields {
		if rest, ok := strings.CutPrefix(f, "N"); ok && strings.Trim(rest, " \r\n") == "" {
			fields[i] = addr + rest
		}
		fields[i] = strings.Replace(fields[i], ";N\r\n", ";"+addr+"\r\n", 1)
	}
	return strings.Join(fields, "")
}

func TestObserverSeesBoth(t *testing.T) {
	p, j := idleProxy(t, Config{Advertise: "192.0.2.1:1863"})
	b := newBare(t, p, "65.54.239.5")
	b.feed(t, &b.down, "PNG\r\nXFR 3 NS 65.54.239.9:18")
	b.feed(t, &b.down, "63 0\r\nQNG\r\n")
	r := j.wait(t, "XFR", func(r *capture.Record) bool { return string(r.Frame.Verb()) == "XFR" })
	if string(r.Frame.Raw) != "XFR 3 NS 65.54.239.9:1863 0\r\n" || string(r.Sent) != "XFR 3 NS 192.0.2.1:1863 0\r\n" || r.Fate != capture.Passed {
		t.Errorf("received %q, sent %q", r.Frame.Raw, r.Sent)
	}
	r = j.wait(t, "QNG", func(r *capture.Record) bool { return string(r.Frame.Verb()) == "QNG" })
	if r.Sent != nil || r.Frame.Offset != 34 {
		t.Errorf("QNG at %d, sent %q", r.Frame.Offset, r.Sent)
	}
}

func TestAdvertisedAddress(t *testing.T) {
	for _, tt := range []struct{ local, advertise, want string }{
		{"192.0.2.1:1863", "", "192.0.2.1:PORT"},
		{"[::ffff:192.0.2.1]:1863", "", "192.0.2.1:PORT"},
		{"[2001:db8::1]:1863", "", "[2001:db8::1]:PORT"},
		{"192.0.2.1:1863", "msn.example.com", "msn.example.com:PORT"},
		{"192.0.2.1:1863", "198.51.100.7:1900", "198.51.100.7:1900"},
		{"192.0.2.1:1863", "[2001:db8::7]:1900", "[2001:db8::7]:1900"},
		{"192.0.2.1:1863", "2001:db8::7", "[2001:db8::7]:PORT"},
	} {
		p, _ := idleProxy(t, Config{Advertise: tt.advertise})
		b := newBare(t, p, "65.54.239.5")
		local := netip.MustParseAddrPort(tt.local)
		b.local = netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
		_, port, _ := strings.Cut(p.Addr().String(), ":")
		want := "XFR 1 NS " + strings.ReplaceAll(tt.want, "PORT", port) + "\r\n"
		b.feed(t, &b.down, "XFR 1 NS 65.54.239.9:1863\r\n")
		if b.toClient.all() != want {
			t.Errorf("reached at %s, advertise %q: %q, want %q", tt.local, tt.advertise, b.toClient.all(), want)
		}
	}
}

func TestWhatIsNotRewritten(t *testing.T) {
	p, j := idleProxy(t, Config{})
	b := newBare(t, p, "65.54.239.5")
	b.feed(t, &b.down, "XFR 0 NS x.example.com:1863 G D aG9w\r\n")
	j.waitRemark(t, "HTTP gateway")
	b.feed(t, &b.down, "XFR 3 NS 65.54.239.9:1863")
	if err := b.down.flush(); err != nil {
		t.Fatal(err)
	}
	j.waitRemark(t, "lacks its end")
	b.feed(t, &b.up, "XFR 3 NS 65.54.239.9:1863\r\n")
	if got := b.toServer.all(); got != "XFR 3 NS 65.54.239.9:1863\r\n" {
		t.Errorf("a client's XFR became %q", got)
	}
}

// TestRefuse is the table of the rules about targets; TestRanges has those about
// addresses.
func TestRefuse(t *testing.T) {
	const public, lan, loop, linkLocal, carrier = "65.54.239.5", "192.168.1.5", "127.0.0.1", "fe80::5", "100.64.0.9"
	for _, tt := range []struct {
		from, target string
		allow        []string
		why          string // part of the reason; "": allowed
	}{
		{from: public, target: "65.54.239.9:1863"},
		{from: public, target: "65.54.239.9:1864"},
		{from: public, target: "65.54.239.9:80"},
		{from: public, target: "65.54.239.9:443"},
		{from: public, target: "65.54.239.9:22", why: "port 22"},
		{from: public, target: "65.54.239.9:25", allow: []string{"65.54.239.0/24"}},
		{from: public, target: "65.54.239.9:25", allow: []string{"65.54.239.0/24:26"}, why: "port 25"},
		{from: public, target: "127.0.0.1:1863", why: "loopback"},
		{from: public, target: "[::1]:1863", why: "loopback"},
		{from: public, target: "[::ffff:127.0.0.1]:1863", why: "loopback"},
		{from: public, target: "10.0.0.5:1863", why: "a public server redirects to a private address (--allow 10.0.0.5:1863"},
		{from: public, target: "[fd00::5]:1863", why: "private"},
		{from: public, target: "169.254.0.5:1863", why: "link-local"},
		{from: public, target: "10.0.0.5:1863", allow: []string{"10.0.0.5"}},
		{from: public, target: "10.0.0.5:1863", allow: []string{"10.0.0.5:1863"}},
		{from: public, target: "10.0.0.5:1864", allow: []string{"10.0.0.5:1863"}, why: "private"},
		{from: public, target: "10.0.0.5:1863", allow: []string{"192.168.0.0/16", "10.0.0.0/8"}},
		{from: public, target: "[fd00::5]:1900", allow: []string{"[fd00::/8]:1900"}},
		{from: public, target: "[fd00::5]:1900", allow: []string{"fd00::/8"}},
		{from: public, target: "sb.example.com:1863"},
		{from: public, target: "sb.example.com:99", why: "port 99"},
		{from: public, target: "sb.example.com:99", allow: []string{"SB.example.com"}},
		{from: public, target: "sb.example.com:99", allow: []string{"sb.example.com:99"}},
		{from: public, target: "sb.example.com:99", allow: []string{"sb.example.com:98"}, why: "port 99"},
		{from: public, target: "sb.example.com:99", allow: []string{"10.0.0.0/8"}}, // judged when it is resolved
		{from: public, target: "sb.example.com:99", allow: []string{"10.0.0.0/8:98"}, why: "port 99"},
		{from: public, target: "sb.example.com:99", allow: []string{"other.example.com"}, why: "port 99"},
		{from: public, target: "10.0.0.5:1863", allow: []string{"10.0.0.5:1864", "10.0.0.5:1863"}},
		{from: public, target: "[fdff::5]:1863", allow: []string{"fd00::/104"}, why: "private"},
		{from: public, target: "[fd00::ff:5]:1863", allow: []string{"fd00::/104"}},
		{from: public, target: "0.0.0.0:1863", allow: []string{"0.0.0.0/0"}, why: "no server has"},
		{from: public, target: "ns.example.com:5000"}, // the upstream itself
		{from: public, target: "NS.example.com.:5000"},

		// Zones and IPv4 in IPv6, on either side.
		{from: loop, target: "[fe80::1%eth0]:1863", why: "link-local"},
		{from: loop, target: "[fe80::1%eth0]:1863", allow: []string{"fe80::1%eth0"}},
		{from: loop, target: "[fe80::1%eth0]:1863", allow: []string{"[fe80::1%eth0]:1863"}},
		{from: loop, target: "[fe80::1%eth0]:1863", allow: []string{"fe80::1%eth1"}, why: "link-local"},
		{from: loop, target: "[fe80::1%eth0]:1863", allow: []string{"fe80::1"}},
		{from: loop, target: "[fe80::1%eth0]:1863", allow: []string{"fe80::/10"}},
		{from: loop, target: "[fe80::1]:1863", allow: []string{"fe80::1%eth0"}, why: "link-local"},
		{from: public, target: "10.0.0.5:1863", allow: []string{"::ffff:10.0.0.5"}},
		{from: public, target: "10.0.0.5:1863", allow: []string{"[::ffff:10.0.0.5]:1863"}},
		{from: public, target: "[::ffff:10.0.0.5]:1863", allow: []string{"10.0.0.5"}},
		{from: public, target: "10.9.0.5:1863", allow: []string{"::ffff:10.0.0.0/104"}},
		{from: public, target: "11.0.0.5:22", allow: []string{"::ffff:10.0.0.0/104"}, why: "port 22"},
		{from: public, target: "10.9.0.5:1863", allow: []string{"::ffff:0:0/96"}},
		{from: public, target: "10.9.0.5:1863", allow: []string{"::ffff:0:0/95"}, why: "private"}, // an IPv6 range

		// Forms that programs read in different ways.
		{from: loop, target: "10.1:1863", why: "different ways"},
		{from: loop, target: "010.0.0.5:1863", why: "different ways"},
		{from: loop, target: "0x0a000005:1863", why: "different ways"},
		{from: loop, target: "167772165:1863", why: "different ways"},
		{from: loop, target: "10.0.0.5.:1863", why: "different ways"},
		{from: loop, target: "10.0.0.0x5:1863", why: "different ways"},
		{from: loop, target: ".:1863", why: "different ways"},
		{from: loop, target: "10.1:1863", allow: []string{"10.1"}},
		{from: loop, target: "10.0.0.5a:1863"},
		{from: loop, target: "10.0.0.0x5g:1863"},

		// A server that is not public may name what is not, but nothing special.
		{from: loop, target: "127.0.0.1:1863"},
		{from: loop, target: "10.0.0.5:1864"},
		{from: loop, target: "65.54.239.9:1863"},
		{from: loop, target: "127.0.0.1:5001", why: "port 5001"},
		{from: loop, target: "127.0.0.1:5001", allow: []string{"127.0.0.1"}},
		{from: loop, target: "169.254.169.254:80", why: "the server at 127.0.0.1 redirects to a cloud metadata address (--allow 169.254.169.254:80"},
		{from: loop, target: "169.254.169.254:80", allow: []string{"169.254.0.0/16"}},
		{from: lan, target: "192.168.1.6:1863"},
		{from: lan, target: "127.0.0.1:1863"},
		{from: lan, target: "65.54.239.9:1863"},
		{from: lan, target: "[fe80::6]:1863", why: "link-local"},
		{from: lan, target: "100.64.0.5:1863", why: "shared"},
		{from: carrier, target: "100.64.0.5:1863"},
		{from: carrier, target: "100.100.100.200:1863", why: "metadata"},
		{from: carrier, target: "192.168.1.6:1863"},
		{from: linkLocal, target: "192.168.1.6:1863"},
		{from: "169.254.7.7", target: "192.168.1.6:1863"},
		{from: linkLocal, target: "[fe80::6]:1863", why: "link-local"},
		{from: "2002:a00:5::1", target: "10.0.0.5:1863", why: "private"},
		{from: "64:ff9b::808:808", target: "10.0.0.5:1863", why: "private"},
		{from: "203.0.113.5", target: "10.0.0.5:1863", why: "private"},
	} {
		s, err := Config{Upstream: "ns.example.com:5000", Allow: tt.allow}.check()
		if err != nil {
			t.Fatal(err)
		}
		a, err := parseAddress(tt.target, DefaultPort)
		if err != nil {
			t.Fatal(err)
		}
		ip, _ := a.ip()
		why := s.refuse(a, ip, netip.MustParseAddr(tt.from))
		if (why == "") != (tt.why == "") || !strings.Contains(why, tt.why) {
			t.Errorf("%s redirects to %s, allow %q: %q, want %q", tt.from, tt.target, tt.allow, why, tt.why)
		}
	}
}

// TestNamesAreJudgedWhenResolved keeps a public server from leading to the inside
// by way of a name.
func TestNamesAreJudgedWhenResolved(t *testing.T) {
	inside := []netip.Addr{netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("::1")}
	p, _ := idleProxy(t, Config{Resolver: func(_ context.Context, host string) ([]netip.Addr, error) {
		if host == "sb.example.com" {
			return inside, nil
		}
		return nil, nil
	}})
	rt := route{target: address{"sb.example.com", 1863}, from: netip.MustParseAddr("65.54.239.5")}
	_, err := p.dial(t.Context(), rt)
	var refused *refusal
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "sb.example.com:1863") {
		t.Errorf("dial: %v, want a refusal", err)
	}
	rt.target.host = "gone.example.com"
	if _, err := p.dial(t.Context(), rt); err == nil || err.Error() != "cannot find gone.example.com:1863: no such host" {
		t.Errorf("dial: %v", err)
	}
}

func TestRosterIsRemarkedOnWhenCut(t *testing.T) {
	p, j := idleProxy(t, Config{})
	b := newBare(t, p, "65.54.239.5")
	const msg = "MSG Hotmail Hotmail 116\r\nMIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\nRoster: 987654321;65.54.239.20:1863\r\n\r\nType: 1\r\n"
	b.feed(t, &b.down, msg[:40])
	b.feed(t, &b.down, msg[40:])
	if b.toClient.all() != msg {
		t.Errorf("got %q", b.toClient.all())
	}
	j.waitRemark(t, "Roster")
}

// The hosts file that leads clients here leads the proxy itself here, too.
func TestUpstreamIsTheProxyItself(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := endpoint(l.Addr()).Port()
	_, j := start(t, Config{Listener: l, Upstream: fmt.Sprintf("messenger.hotmail.com:%d", port), Resolver: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}})
	dialReset(t, l.Addr().String(), "VER 1 MSNP7 CVR0\r\n")
	j.waitRemark(t, fmt.Sprintf("refused to connect to the upstream messenger.hotmail.com:%d: its name leads to 127.0.0.1:%[1]d, the proxy's own address; does this machine's hosts file say so? Name the server by its IP address", port))
}

func TestRedirectToTheProxyItself(t *testing.T) {
	p, j := idleProxy(t, Config{Allow: []string{"127.0.0.1"}})
	b := newBare(t, p, "127.0.0.1")
	b.feed(t, &b.down, "XFR 1 NS "+p.Addr().String()+"\r\n")
	j.waitRemark(t, "the proxy's own address")
	rt, _, ok := p.routes.takeNS(b.clientIP)
	if !ok || rt.refused == "" {
		t.Errorf("route %+v, %v; want a refused one", rt, ok)
	}
}
