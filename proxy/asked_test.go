package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// No way leads where neither the upstream nor --allow does, however it is spelt, and what
// a name stands for is judged, too.
func TestOpenRelay(t *testing.T) {
	names := map[string][]string{
		"ns.example.com":     {"192.0.2.1"},
		"sb.example.com":     {"192.0.2.9"},
		"evil.example.com":   {"127.0.0.1"},
		"rebind.example.com": {"93.184.1.1", "127.0.0.1", "10.0.0.7", "169.254.169.254"},
		"mail.example.com":   {"93.184.1.2"},
		"lan.example.com":    {"10.0.0.8"},
		"localhost":          {"127.0.0.1"},
	}
	type ask struct{ target, dialled string } // dialled "": refused
	for _, tt := range []struct {
		upstream string
		allow    []string
		asks     []ask
	}{
		{"192.0.2.1", nil, []ask{
			{"192.0.2.1:1863", "192.0.2.1:1863"}, {"ns.example.com:1863", "192.0.2.1:1863"}, {"[::ffff:192.0.2.1]:1863", "192.0.2.1:1863"},
			{"192.0.2.1:1864", ""}, {"192.0.2.1:25", ""}, {"192.0.2.1:80", ""}, {"192.0.2.2:1863", ""}, {"ns.example.com:80", ""},
			{"127.0.0.1:1863", ""}, {"localhost:1863", ""}, {"evil.example.com:1863", ""}, {"0.0.0.0:1863", ""}, {"[::]:1863", ""}, {"[::1]:1863", ""},
			{"3221225985:1863", ""}, {"0xc0000201:1863", ""}, {"0300.0.02.1:1863", ""}, {"192.0.513:1863", ""}, {"192.0.2.1.:1863", ""},
			{"[::ffff:127.0.0.1]:1863", ""}, {"[64:ff9b::c000:201]:1863", ""}, {"unknown.example.com:1863", ""}, {"169.254.169.254:80", ""},
			{"224.0.0.1:1863", ""}, {"255.255.255.255:1863", ""}, {"192.0.2.1%eth0:1863", ""},
		}},
		{"ns.example.com:1863", nil, []ask{
			{"192.0.2.1:1863", "192.0.2.1:1863"}, {"NS.example.com.:1863", "192.0.2.1:1863"}, {"ns.example.com:1863", "192.0.2.1:1863"}, {"sb.example.com:1863", ""},
		}},
		{"93.184.1.9", []string{"93.184.0.0/16", "evil.example.com", "rebind.example.com", "lan.example.com:1863", "sb.example.com:1864", "mail.example.com:25", "224.0.0.0/4"}, []ask{
			{"93.184.7.7:1863", "93.184.7.7:1863"}, {"93.184.7.7:25", ""}, {"93.184.7.7:465", ""}, {"93.184.7.7:587", ""}, {"93.184.7.7:2525", ""}, {"93.184.7.7:26", "93.184.7.7:26"},
			{"mail.example.com:25", "93.184.1.2:25"}, {"MAIL.example.com.:25", "93.184.1.2:25"}, {"mail.example.com:587", ""},
			{"evil.example.com:1863", ""}, {"rebind.example.com:1863", "93.184.1.1:1863"}, {"lan.example.com:1863", ""}, {"10.0.0.8:1863", ""},
			{"sb.example.com:1864", ""}, {"224.0.0.1:1863", ""}, {"94.184.7.7:1863", ""},
		}},
		{"10.0.0.1", []string{"lan.example.com", "evil.example.com", "127.0.0.1:25"}, []ask{
			{"lan.example.com:80", "10.0.0.8:80"}, {"evil.example.com:1864", "127.0.0.1:1864"}, {"127.0.0.1:25", "127.0.0.1:25"}, {"evil.example.com:25", "127.0.0.1:25"}, {"127.0.0.1:26", ""},
			// The proxy itself, whatever allows it.
			{"evil.example.com:1863", ""}, {"127.0.0.1:1863", ""}, {"[::ffff:127.0.0.1]:1863", ""},
		}},
	} {
		for _, a := range tt.asks {
			var went []string
			cfg := Config{Upstream: tt.upstream, Allow: tt.allow, Ways: proxied,
				Resolver: func(_ context.Context, host string) (ips []netip.Addr, err error) {
					for _, ip := range names[strings.TrimSuffix(strings.ToLower(host), ".")] {
						ips = append(ips, netip.MustParseAddr(ip))
					}
					if ips == nil {
						err = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
					}
					return ips, err
				},
				Dialer: func(_ context.Context, _, addr string) (net.Conn, error) {
					went = append(went, addr)
					return nil, syscall.ECONNREFUSED
				},
			}
			host, port := cutPort(a.target)
			for _, say := range []string{
				"CONNECT " + a.target + " HTTP/1.1\r\n\r\n",
				"\x05\x01\x00\x05\x01\x00\x03" + string([]byte{byte(len(host))}) + host + string([]byte{byte(port >> 8), byte(port)}),
				"\x04\x01" + string([]byte{byte(port >> 8), byte(port)}) + "\x00\x00\x00\x01\x00" + host + "\x00",
			} {
				went = nil
				inMemory(t, cfg, func(m *memory) {
					client := m.clients.Dial("198.51.100.9:1055")
					m.say(client, say)
					client.Close()
					time.Sleep(time.Minute)
					if want := strings.Fields(a.dialled); !slices.Equal(went, want) {
						t.Errorf("upstream %s, allow %q: %s by %q led to %q, want %q", tt.upstream, tt.allow, a.target, say[:1], went, want)
					}
					if a.dialled == "" && len(m.j.remarks()) != 1 {
						t.Errorf("%s: %q", a.target, m.j.remarks())
					}
				})
			}
		}
	}
}

// cutPort parts "host:port", brackets left out.
func cutPort(target string) (host string, port uint16) {
	i := strings.LastIndexByte(target, ':')
	_, _ = fmt.Sscan(target[i+1:], &port)
	return strings.Trim(target[:i], "[]"), port
}

// Redirects under a way that carries everything: they pass as they come, and the client may
// ask for where they lead, and nobody else.
func TestRedirectsInTunnels(t *testing.T) {
	const (
		asks   = "\x04\x01\x07\x47\xc0\x00\x02\x01\x00"
		xfr    = "XFR 9 SB 64.4.13.7:1864 CKI 17.1\r\n"
		asksSB = "\x04\x01\x07\x48\x40\x04\x0d\x07\x00"
		told   = "XFR 9 SB 203.0.113.5:1863 CKI 17.1\r\n"
		yes    = "\x00\x5a\x00\x00\x00\x00\x00\x00"
		no     = "\x00\x5b\x00\x00\x00\x00\x00\x00"
	)
	for _, tt := range []struct {
		rewrite Rewrite
		want    string
	}{{RewriteAuto, xfr}, {RewriteNever, xfr}, {RewriteAlways, told}} {
		var went []string
		m := &memory{}
		cfg := Config{Ways: proxied, Rewrite: tt.rewrite, Advertise: "203.0.113.5", Dialer: func(_ context.Context, _, addr string) (net.Conn, error) {
			went = append(went, addr)
			return m.servers.Dial("192.0.2.7:5000"), nil
		}}
		inMemory(t, cfg, func(bubble *memory) {
			m.servers = bubble.servers
			client := bubble.clients.Dial("198.51.100.9:1055")
			bubble.say(client, asks+versions)
			server := m.servers.Next()
			bubble.say(server, versions+xfr)
			if got := bubble.got(client); got != yes+versions+tt.want {
				t.Errorf("%s: the client got %q", tt.rewrite, got)
			}
			ask := func(from, what string) string {
				went = nil
				c := bubble.clients.Dial(from)
				bubble.say(c, what+"USR 1 alice@example.com 17.1\r\n")
				got := strings.TrimSuffix(bubble.got(c), "<EOF>")
				c.Close()
				time.Sleep(2 * partingWait)
				return got + strings.Join(went, " ")
			}
			if got := ask("198.51.100.10:1056", asksSB); got != no {
				t.Errorf("%s: another client, who was sent nowhere, %q", tt.rewrite, got)
			}
			if tt.rewrite == RewriteAlways {
				if got := ask("198.51.100.9:1056", "\x04\x01\x07\x47\xcb\x00\x71\x05\x00"); got != yes+"64.4.13.7:1864" {
					t.Errorf("asked for the proxy's own address: %q", got)
				}
				return
			}
			if got := ask("198.51.100.9:1056", asksSB); got != yes+"64.4.13.7:1864" {
				t.Errorf("%s: asked for where it was sent: %q", tt.rewrite, got)
			}
		})
	}
}

// A client that looks names up itself asks for the address of where it was sent.
func TestLedByName(t *testing.T) {
	cfg := Config{Ways: proxied, Resolver: func(_ context.Context, host string) ([]netip.Addr, error) {
		if i := strings.IndexByte(host, '.'); host[i:] == ".example.com" && host[:2] == "sb" {
			return []netip.Addr{netip.MustParseAddr("64.4.13." + host[2:i])}, nil
		}
		return nil, errors.New("no")
	}}
	ask := func(m *memory, last byte, port byte) string {
		c := m.clients.Dial("198.51.100.9:1056")
		m.say(c, "\x04\x01\x07"+string([]byte{port})+"\x40\x04\x0d"+string([]byte{last})+"\x00")
		got := strings.TrimSuffix(m.got(c), "<EOF>")
		c.Close()
		time.Sleep(2 * partingWait)
		return got
	}
	const yes, no = "\x00\x5a\x00\x00\x00\x00\x00\x00", "\x00\x5b\x00\x00\x00\x00\x00\x00"
	inMemory(t, cfg, func(m *memory) {
		client := m.clients.Dial("198.51.100.9:1055")
		m.say(client, "\x04\x01\x07\x47\xc0\x00\x02\x01\x00"+versions)
		server := m.servers.Next()
		m.say(server, versions)
		for n := range maxNamesAsked + 1 {
			m.say(server, fmt.Sprintf("XFR %d SB sb%d.example.com:1863 CKI 17.1\r\n", n+9, n+1))
		}
		if got := ask(m, 2, 0x47); got != yes {
			t.Errorf("the eighth last: %q", got)
		}
		if got := ask(m, 1, 0x47); got != no {
			t.Errorf("the ninth last: %q", got)
		}
		if got := ask(m, 3, 0x48); got != no {
			t.Errorf("another port: %q", got)
		}
		if got := ask(m, 99, 0x47); got != no {
			t.Errorf("another host: %q", got)
		}
		time.Sleep(cookieGood)
		if got := ask(m, 2, 0x47); got != no {
			t.Errorf("later than %v: %q", cookieGood, got)
		}
	})
	for a, b := range map[string]string{"NS.Example.com.": "ns.example.com", "::ffff:10.0.0.5": "10.0.0.5"} {
		if namedKey(address{a, 1}) != namedKey(address{b, 1}) || namedKey(address{a, 1}) == namedKey(address{b, 2}) {
			t.Errorf("%s and %s", a, b)
		}
	}
}

// Where redirects are never rewritten a line says that the client leaves.
func TestRewriteNever(t *testing.T) {
	for _, tt := range []struct{ say, told string }{
		{"XFR 9 SB 64.4.13.7:1863 CKI 17.1\r\n", "XFR SB to 64.4.13.7:1863 passed as it came, for redirects are never rewritten: the client leaves the proxy"},
		{"MSG Hotmail Hotmail 99\r\n" + rosterMessage("64.4.13.8"), "Roster to 64.4.13.8:1863 passed as it came, for redirects are never rewritten: the client leaves the proxy"},
		{"XFR 9 SB 169.254.169.254:80 CKI 17.1\r\n", "it passes as it came, and the client is refused if it asks for it"},
	} {
		inMemory(t, Config{Rewrite: RewriteNever}, func(m *memory) {
			client, server := m.pair()
			m.say(client, versions)
			m.say(server, versions+tt.say)
			if got := m.got(client); got != versions+tt.say {
				t.Errorf("the client got %q", got)
			}
			time.Sleep(queueRest + jammedRest)
			m.settle()
			if remarks := strings.Join(m.j.remarks(), "\n"); !strings.Contains(remarks, tt.told) {
				t.Errorf("%q: remarks %q", tt.say, remarks)
			}
		})
	}
}

// rosterMessage is a system message of 99 bytes with a Roster header.
func rosterMessage(host string) string {
	s := "MIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\nRoster: 1;" + host + ":1863\r\n\r\n"
	return s + strings.Repeat(" ", max(0, 99-len(s)))
}

func TestRewriteModes(t *testing.T) {
	for _, r := range []Rewrite{RewriteAuto, RewriteAlways, RewriteNever} {
		if got, err := ParseRewrite(r.String()); got != r || err != nil {
			t.Errorf("%s: %v, %v", r, got, err)
		}
	}
	if _, err := ParseRewrite("often"); err == nil || err.Error() != `rewrite "often": want auto, always or never` {
		t.Error(err)
	}
	if _, err := New(Config{Upstream: "192.0.2.1", Rewrite: RewriteNever + 1}); err == nil || !strings.HasPrefix(err.Error(), "rewrite: ") {
		t.Error(err)
	}
}
