package preamble

import (
	"net/netip"
	"strings"
	"testing"
)

const (
	name255 = "\xff"
	connect = "CONNECT ns.example.com:1863 HTTP/1.0\r\nProxy-authorization:  basic YWxpY2U6YTpi\r\nHost: x\r\n\r\n"
)

var long = strings.Repeat("n", 255)

func text(s string) *string { return &s }

var requests = []struct {
	in     string
	want   Request
	target string
}{
	{"\x04\x01\x07\x47\x40\x04\x0d\x11\x00", Request{Way: SOCKS4, Command: Connect, Host: "64.4.13.17", Port: 1863}, "64.4.13.17:1863"},
	{"\x04\x01\x07\x47\x00\x00\x00\x00me\x00", Request{Way: SOCKS4, Command: Connect, Host: "0.0.0.0", Port: 1863, User: text("me")}, "0.0.0.0:1863"},
	{"\x04\x02\x07\x47\x40\x04\x0d\x11" + long + "\x00", Request{Way: SOCKS4, Command: Bind, Host: "64.4.13.17", Port: 1863, User: &long}, "64.4.13.17:1863"},
	{"\x04\x01\x07\x47\x00\x00\x00\x01\x00ns.example.com\x00", Request{Way: SOCKS4a, Command: Connect, Host: "ns.example.com", Port: 1863}, "ns.example.com:1863"},
	{"\x04\x01\x00\x00\x00\x00\x00\x01me\x00" + long + "\x00", Request{Way: SOCKS4a, Command: Connect, Host: long, User: text("me")}, long + ":0"},
	{"\x05\x01\x00\x05\x01\x00\x01\x40\x04\x0d\x11\x07\x47", Request{Way: SOCKS5, Command: Connect, Host: "64.4.13.17", Port: 1863}, "64.4.13.17:1863"},
	{"\x05\x02\x00\x02\x05\x01\x00\x03\x0ens.example.com\x07\x47", Request{Way: SOCKS5, Command: Connect, Host: "ns.example.com", Port: 1863}, "ns.example.com:1863"},
	{"\x05\x01\x02\x01\x02me\x01p\x05\x02\x00\x04" + strings.Repeat("\x00", 15) + "\x01\x07\x47", Request{Way: SOCKS5, Command: Bind, Host: "::1", Port: 1863, User: text("me"), Password: "p"}, "[::1]:1863"},
	{"\x05\x01\x02\x01\x00\x00\x05\x03\x00\x03" + name255 + long + "\x00\x35", Request{Way: SOCKS5, Command: Associate, Host: long, Port: 53, User: text("")}, long + ":53"},
	{"\x05\x04\x00\x02\x09\x80\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50", Request{Way: SOCKS5, Command: Connect, Host: "127.0.0.1", Port: 80}, "127.0.0.1:80"},
	{connect, Request{Way: CONNECT, Command: Connect, Host: "ns.example.com", Port: 1863, User: text("alice"), Password: "a:b", Proto: "HTTP/1.0"}, "ns.example.com:1863"},
	{"CONNECT [::1]:25 HTTP/1.1\n\n", Request{Way: CONNECT, Command: Connect, Host: "::1", Port: 25, Proto: "HTTP/1.1"}, "[::1]:25"},
	{"CONNECT example.com HTTP/1.1\r\n\r\n", Request{Way: CONNECT, Command: Connect, Host: "example.com", Strange: true, Proto: "HTTP/1.1"}, "example.com:0"},
	{"CONNECT example.com:65536 HTTP/1.1\r\n\r\n", Request{Way: CONNECT, Command: Connect, Host: "example.com:65536", Strange: true, Proto: "HTTP/1.1"}, "[example.com:65536]:0"},
	{"CONNECT a:65535 HTTP/1.1\r\nProxy-Authorization: Digest x\r\n\r\n", Request{Way: CONNECT, Command: Connect, Host: "a", Port: 65535, Proto: "HTTP/1.1"}, "a:65535"},
	{"CONNECT a:1 HTTP/1.1\r\nProxy-Authorization: Basic !\r\n\r\n", Request{Way: CONNECT, Command: Connect, Host: "a", Port: 1, Proto: "HTTP/1.1"}, "a:1"},
}

// Each request, cut at every byte, and with what comes behind it.
func TestRequests(t *testing.T) {
	for _, tt := range requests {
		for n := range len(tt.in) {
			r, _, s := ReadRequest([]byte(tt.in[:n]))
			if s != Short || r.Way != "" && r.Way != tt.want.Way {
				t.Errorf("%.40q cut at %d: %+v, %d", tt.in, n, r, s)
			}
		}
		for _, behind := range []string{"", "V", "VER 1 MSNP7\r\n", "\x00", "\x05\x01"} {
			r, n, s := ReadRequest([]byte(tt.in + behind))
			if s != Whole || n != len(tt.in) || !same(r, tt.want) || r.Target() != tt.target {
				t.Errorf("%.40q: %+v, %d, %d; want %+v, %d", tt.in, r, n, s, tt.want, len(tt.in))
			}
		}
	}
}

func same(a, b Request) bool {
	if (a.User == nil) != (b.User == nil) || a.User != nil && *a.User != *b.User {
		return false
	}
	a.User, b.User = nil, nil
	return a == b
}

func TestNoRequests(t *testing.T) {
	for _, in := range []string{
		"VER 1 MSNP7\r\n", "\x06", "\x04\x03", "\x04\x00\x00\x00foo\x00", "\x04\x01\x00\x00\x0a\x00\x00\x01\x00",
		"\x04\x01\x07\x47\x40\x04\x0d\x11" + long + "n", "\x04\x01\x07\x47\x00\x00\x00\x01\x00" + long + "n",
		"\x05\x00", "\x05\xff", "\x05\x01\x0a", "\x05\x01\x7f", "\x05\x02\x00\x0a", "\x05\x01\x00\x06", "\x05\x01\x00\x00",
		"CONNECT\t", "CONNECX", "CONNECT a:1\r\n", "CONNECT a:1 HTTP/2\r\n", "CONNECT a:1 x HTTP/1.1\r\n", "connect a:1 HTTP/1.1\r\n",
		"CONNECT " + strings.Repeat("a", maxHead-7), "CONNECT a:1 HTTP/1.1\r\n" + strings.Repeat("a", maxHead-21),
	} {
		if r, n, s := ReadRequest([]byte(in)); s != Foreign || n != 0 {
			t.Errorf("%.40q: %+v, %d, %d", in, r, n, s)
		}
	}
	for _, in := range []string{
		"", "C", "CONNECT ", "CONNECT " + strings.Repeat("a", maxHead-8), "CONNECT a:1 HTTP/1.1\r\n" + strings.Repeat("a", maxHead-22),
		"\x04\x01\x07\x47\x40\x04\x0d\x11" + long,
	} {
		if _, _, s := ReadRequest([]byte(in)); s != Short {
			t.Errorf("%.40q: %d, want more", in, s)
		}
	}
	// A type of address that SOCKS5 does not have ends what can be read.
	r, _, s := ReadRequest([]byte("\x05\x01\x00\x05\x01\x00\x02\x00"))
	if s != Whole || !r.Strange {
		t.Errorf("%+v, %d", r, s)
	}
}

var answers = []struct {
	way, in string
	want    Answer
}{
	{SOCKS4, "\x00\x5a\x00\x00\x00\x00\x00\x00", Answer{SOCKS4, true, 0x5a}},
	{SOCKS4a, "\x00\x5b\x00\x00\x00\x00\x00\x00", Answer{SOCKS4, false, 0x5b}},
	{SOCKS4, "\x00\x5d\x07\x47\x7f\x00\x00\x01", Answer{SOCKS4, false, 0x5d}},
	{SOCKS5, "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", Answer{SOCKS5, true, 0}},
	{SOCKS5, "\x05\x02\x01\x00\x05\x02\x00\x03\x01a\x00\x00", Answer{SOCKS5, false, 2}},
	{SOCKS5, "\x05\x02\x01\x01", Answer{SOCKS5, false, 0xff}},
	{SOCKS5, "\x05\xff", Answer{SOCKS5, false, 0xff}},
	{SOCKS5, "\x05\x00\x05\x05\x00\x04" + strings.Repeat("\x00", 18), Answer{SOCKS5, false, 5}},
	{CONNECT, "HTTP/1.0 200 Connection established\r\n\r\n", Answer{CONNECT, true, 200}},
	{CONNECT, "HTTP/1.1 299\r\nVia: x\r\n\r\n", Answer{CONNECT, true, 299}},
	{CONNECT, "HTTP/1.1 300 x\r\n\r\n", Answer{CONNECT, false, 300}},
	{CONNECT, "HTTP/1.1 407 x\r\nContent-Length: 3\r\n\r\nno\n", Answer{CONNECT, false, 407}},
	{CONNECT, "HTTP/1.1 200 x\r\nContent-Length: 3\r\n\r\n", Answer{CONNECT, true, 200}},
	{CONNECT, "HTTP/1.1 199 x\n\n", Answer{CONNECT, false, 199}},
}

func TestAnswers(t *testing.T) {
	for _, tt := range answers {
		for n := range len(tt.in) {
			if a, _, s := ReadAnswer([]byte(tt.in[:n]), tt.way); s != Short {
				t.Errorf("%s: %q cut at %d: %+v, %d", tt.way, tt.in, n, a, s)
			}
		}
		for _, behind := range []string{"", "VER 1 MSNP7\r\n", "\x00"} {
			if a, n, s := ReadAnswer([]byte(tt.in+behind), tt.way); s != Whole || n != len(tt.in) || a != tt.want {
				t.Errorf("%s: %q: %+v, %d, %d", tt.way, tt.in, a, n, s)
			}
		}
	}
	for _, tt := range [][2]string{
		{SOCKS4, "\x01"}, {SOCKS4, "\x00\x59"}, {SOCKS4, "\x00\x5e"}, {SOCKS5, "\x04"}, {SOCKS5, "\x05\x02\x05"}, {SOCKS5, "\x05\x00\x01"},
		{SOCKS5, "\x05\x00\x05\x00\x00\x02\x00\x00\x00\x00\x00\x00"}, {CONNECT, "HTTP/2"}, {CONNECT, "HTTP/1.1 OK\r\n\r\n"}, {CONNECT, "HTTP/1.1\r\n\r\n"},
		{CONNECT, "HTTP/1.1 200\r\n" + strings.Repeat("a", maxHead)}, {"", "VER"},
	} {
		if a, n, s := ReadAnswer([]byte(tt[1]), tt[0]); s != Foreign || n != 0 {
			t.Errorf("%s: %.40q: %+v, %d, %d", tt[0], tt[1], a, n, s)
		}
	}
}

// What is written is what is read.
func TestAppend(t *testing.T) {
	v6 := netip.MustParseAddrPort("[fe80::1%eth0]:1863")
	for _, tt := range []struct{ got, want string }{
		{string(AppendReply5(nil, Reply5Refused, netip.AddrPort{})), "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"},
		{string(AppendReply5(nil, Reply5Granted, netip.MustParseAddrPort("[::ffff:1.2.3.4]:1863"))), "\x05\x00\x00\x01\x01\x02\x03\x04\x07\x47"},
		{string(AppendReply5(nil, Reply5Granted, v6)), "\x05\x00\x00\x04\xfe\x80" + strings.Repeat("\x00", 13) + "\x01\x07\x47"},
		{string(AppendReply4([]byte("x"), Reply4Refused)), "x\x00\x5b\x00\x00\x00\x00\x00\x00"},
		{string(AppendMethod(nil, NoMethod)), "\x05\xff"},
		{string(AppendLogin(nil, true)) + string(AppendLogin(nil, false)), "\x01\x00\x01\x01"},
		{string(AppendHTTP(nil, "HTTP/1.0", 200, "OK", "X: y", "z")), "HTTP/1.0 200 OK\r\n\r\n"},
		{string(AppendHTTP(nil, "HTTP/1.7", 407, "No", "X: y", "z")), "HTTP/1.1 407 No\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 2\r\nX: y\r\n\r\nz\n"},
		{string(AppendHTTP(nil, "HTTP/1.1", 403, "No", "", "z")), "HTTP/1.1 403 No\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 2\r\n\r\nz\n"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
	for c, want := range map[Command]string{Connect: "CONNECT", Bind: "BIND", Associate: "UDP ASSOCIATE", 7: "command 7"} {
		if c.String() != want {
			t.Errorf("%d: %s", c, c)
		}
	}
}

func TestMethods(t *testing.T) {
	for _, tt := range []struct {
		in string
		n  int
		s  State
	}{{"", 0, Short}, {"\x05", 0, Short}, {"\x05\x01", 0, Short}, {"\x05\x00", 2, Whole}, {"\x05\x01\x20x", 3, Whole}, {"\x05\xff", 0, Short}, {"\x04", 0, Foreign}} {
		if n, s := Methods([]byte(tt.in)); n != tt.n || s != tt.s {
			t.Errorf("%q: %d, %d", tt.in, n, s)
		}
	}
}

func TestHead(t *testing.T) {
	for in, want := range map[string]int{"": 0, "\n": 0, "\n\n": 2, "a\n": 0, "a\r\n\r": 0, "a\r\n\r\nb": 5, "a\n\nb\n\n": 3, "a\n\r\n": 4, "a\n \n": 0, "\r\n\r\n": 4} {
		if n := Head([]byte(in)); n != want {
			t.Errorf("%q: %d, want %d", in, n, want)
		}
	}
}

func FuzzRequest(f *testing.F) {
	for _, tt := range requests {
		f.Add([]byte(tt.in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, n, s := ReadRequest(b)
		if s == Whole && (n <= 0 || n > len(b)) || s != Whole && n != 0 {
			t.Fatalf("%q: %d, %d", b, n, s)
		}
		for _, way := range []string{SOCKS4, SOCKS5, CONNECT} {
			if _, n, s := ReadAnswer(b, way); s == Whole && (n <= 0 || n > len(b)) || s != Whole && n != 0 {
				t.Fatalf("%s %q: %d, %d", way, b, n, s)
			}
		}
	})
}
