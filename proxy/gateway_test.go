package proxy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/entrance"
	"msnproxy/proxy/proxytest"
)

// said returns what was said on each connection, by the role of its server and in the
// order in which they came, with the addresses that differ between runs replaced.
func (j *journal) said(t *testing.T, s *proxytest.Server, p *Proxy) map[string][2]string {
	t.Helper()
	names := strings.NewReplacer(s.DS, "10.0.0.1:1863", s.NS, "10.0.0.2:1863", s.SB, "10.0.0.3:1863", p.Addr().String(), "10.0.0.9:1863")
	seen, name, count := map[string][2]string{}, map[uint32]string{}, map[string]int{}
	for _, r := range j.all() {
		if r.Conn == nil || r.Kind != capture.Data {
			continue
		}
		id := r.Conn.ID
		if name[id] == "" {
			verb := string(r.Frame.Raw[:3])
			count[verb]++
			name[id] = fmt.Sprint(verb, count[verb])
		}
		both := seen[name[id]]
		both[r.From-1] += names.Replace(string(r.Frame.Raw))
		seen[name[id]] = both
	}
	return seen
}

func demoServer() *proxytest.Server {
	return proxytest.NewServer(proxytest.Config{Accounts: proxytest.DemoAccounts(), Seed: 7, Now: func() time.Time { return time.Unix(1e9, 0) }})
}

// runScript runs the script through a proxy that cfg says, by clients that connect as dial
// does, and returns what was said.
func runScript(t *testing.T, s *proxytest.Server, cfg Config, dial func(p *Proxy) func(context.Context, string, string) (net.Conn, error)) (map[string][2]string, *journal) {
	t.Helper()
	p, j := start(t, cfg)
	ctx, cancel := context.WithTimeout(t.Context(), 6*patience) // it polls its way through
	defer cancel()
	if err := (proxytest.Script{Dial: dial(p)}).Run(ctx, p.Addr().String(), s); err != nil {
		t.Fatal(err)
	}
	p.Close() // a gateway does not see that a client hangs up
	return j.said(t, s, p), j
}

// The script gives the same conversation through the gateway as it does over TCP, whether
// the gateway is here or behind.
func TestScriptThroughTheGateway(t *testing.T) {
	s := demoServer()
	defer s.Close()
	want, _ := runScript(t, s, Config{Upstream: s.DS, Allow: anyLoopback}, func(*Proxy) func(context.Context, string, string) (net.Conn, error) {
		return new(net.Dialer).DialContext
	})
	for _, often := range []bool{false, true} {
		for _, pass := range []bool{false, true} {
			t.Run(fmt.Sprintf("pass %v, often %v", pass, often), func(t *testing.T) {
				t.Parallel()
				s := demoServer()
				defer s.Close()
				cfg := Config{Upstream: s.DS, Allow: anyLoopback, Ways: []entrance.Entrance{entrance.Gateway(entrance.GatewayOptions{})}}
				if pass {
					behind := &proxytest.Gateway{NS: s.DS, Servers: []string{s.NS, s.SB}, Steady: often}
					h := httptest.NewServer(behind)
					defer h.Close()
					defer behind.Close()
					cfg.Upstream = h.Listener.Addr().String()
					cfg.Ways = []entrance.Entrance{entrance.Gateway(entrance.GatewayOptions{Pass: cfg.Upstream})}
				}
				got, j := runScript(t, s, cfg, func(p *Proxy) func(context.Context, string, string) (net.Conn, error) {
					return (&proxytest.GatewayDialer{Address: p.Addr().String(), Host: "gateway.example.com", Often: often}).Dial
				})
				if len(got) != len(want) {
					t.Errorf("%d connections, want %d", len(got), len(want))
				}
				for name, both := range want {
					for i, text := range both {
						if got[name][i] != text {
							t.Errorf("%s, %v:\n%q\nwant\n%q", name, decode.Sender(i+1), got[name][i], text)
						}
					}
				}
				for _, text := range j.remarks() {
					if !strings.HasPrefix(text, "through MSN's HTTP gateway: ") && !strings.Contains(text, "(GW-IP)") {
						t.Errorf("remark: %s", text)
					}
				}
			})
		}
	}
}

// The streams of a session are the same to the byte however requests and writes are cut,
// also with two requests at once and where one is sent again.
func TestGatewayStreams(t *testing.T) {
	for _, pass := range []bool{false, true} {
		t.Run(fmt.Sprintf("pass %v", pass), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(42, 7))
			u := newUpstream(t)
			cfg := Config{Upstream: u.Addr().String(), Ways: []entrance.Entrance{entrance.Gateway(entrance.GatewayOptions{})}}
			if pass {
				behind := &proxytest.Gateway{NS: u.Addr().String()}
				h := httptest.NewServer(behind)
				defer h.Close()
				defer behind.Close()
				cfg.Upstream = h.Listener.Addr().String()
				cfg.Ways = []entrance.Entrance{entrance.Gateway(entrance.GatewayOptions{Pass: cfg.Upstream})}
			}
			p, j := start(t, cfg)
			ended := map[uint32]bool{}
			for round := range 2 {
				up, down := "VER 1 MSNP7 CVR0\r\n", "VER 1 MSNP7 CVR0\r\n"
				for range 15 {
					text := strings.Repeat("a\r\n", r.IntN(90))
					up += fmt.Sprintf("MSG %d N %d\r\n%s", r.IntN(99)+2, len(text), text)
					down += fmt.Sprintf("MSG bob@example.com Bob %d\r\n%s", len(text), text)
				}
				d := &proxytest.GatewayDialer{Address: p.Addr().String(), Often: round%2 == 1, Every: time.Millisecond, Split: func(n int) int { return 1 + r.IntN(n) }}
				client, err := d.Dial(t.Context(), "tcp", "ns.example.com")
				if err != nil {
					t.Fatal(err)
				}
				send(t, client, up)
				server := u.next(t)
				go func() {
					for rest := down; rest != ""; {
						n := min(len(rest), 700)
						_, _ = server.Write([]byte(rest[:n]))
						rest = rest[n:]
					}
				}()
				expect(t, server, up)
				expect(t, client, down)
				server.Close()
				expectEOF(t, client)
				client.Close()
				j.wait(t, "the end of the session", func(r *capture.Record) bool {
					return r.Kind == capture.Closed && r.Conn.Way == "HTTP gateway" && !ended[r.Conn.ID]
				})
				for _, r := range j.all() {
					if r.Kind == capture.Closed {
						ended[r.Conn.ID] = true
					}
					if r.Kind == capture.Data && !r.Frame.Complete() {
						t.Errorf("%s sent %q", r.From, r.Frame.Raw)
					}
				}
			}
		})
	}
}

// A connection that has carried sessions of a gateway is none itself, also where the proxy
// ends it.
func TestGatewayConnectionsAreNotRecorded(t *testing.T) {
	s := demoServer()
	defer s.Close()
	p, j := start(t, Config{Upstream: s.DS, Ways: []entrance.Entrance{entrance.Gateway(entrance.GatewayOptions{})}})
	c, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	const body = "VER 1 MSNP7 CVR0\r\n"
	fmt.Fprintf(c, "POST /gateway/gateway.dll?Action=open&Server=NS&IP=x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	p.Close()
	n := 0
	for _, r := range j.all() {
		if r.Kind == capture.Opened {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d connections were recorded, want the session alone", n)
	}
}

func TestWhatTheServerShouldBe(t *testing.T) {
	for want, in := range map[string]entry{
		"a server of MSNP":          {},
		"a server of MSNP, too":     {wish: &entrance.Wish{Peer: "a server of MSNP, too"}},
		"a server of MSNP as usual": {wish: &entrance.Wish{Peer: "a server of MSNP as usual"}},
	} {
		if got := (&conn{in: in}).peer(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := (&conn{in: entry{wish: &entrance.Wish{}}}).peer(); got != "a server of MSNP" {
		t.Errorf("%q", got)
	}
}

// Who asks an outer way for a gateway that clients know is served here, also if it waits for
// the answer. Nothing is dialled for that, and nothing else is let through by it.
func TestGatewayInsideAnotherWay(t *testing.T) {
	const known = "gateway.messenger.hotmail.com"
	post := "POST /gateway/gateway.dll?Action=open&Server=NS&IP=messenger.hotmail.com HTTP/1.1\r\nHost: " + known + "\r\nContent-Length: 13\r\n\r\n" + "VER 1 MSNP7\r\n"
	connect := func(to string) string { return "CONNECT " + to + " HTTP/1.0\r\n\r\n" }
	socks5 := func(name, port string) string {
		return "\x05\x01\x00\x05\x01\x00\x03" + string(rune(len(name))) + name + port
	}
	const yes, yes5 = "HTTP/1.0 200 Connection established\r\n\r\n", "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	for _, tt := range []struct{ ask, answer string }{
		{connect(known + ":80"), yes},
		{connect("BY1." + known + ".:80"), yes},
		{socks5(known, "\x00\x50"), yes5},
		{"\x04\x01\x00\x50\x00\x00\x00\x01\x00" + known + "\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00"},
		{connect(known + ":443"), ""},
		{connect(known + ":8080"), ""},
		{connect("gateway.example.com:80"), ""},
		{connect("x" + known + ":80"), ""},
	} {
		for _, pass := range []string{"", "192.0.2.1:80"} {
			for _, split := range []int{0, 2, 9} { // of the request: so much comes with what is asked
				dials, m := 0, &memory{}
				ways := append(slices.Clone(proxied), entrance.Gateway(entrance.GatewayOptions{Pass: pass}))
				cfg := Config{Ways: ways, Dialer: func(_ context.Context, _, address string) (net.Conn, error) {
					if dials++; address != "192.0.2.1:1863" {
						t.Errorf("%q: %s was dialled", tt.ask, address)
					}
					return m.servers.Dial("192.0.2.7:5000"), nil
				}, Resolver: func(context.Context, string) ([]netip.Addr, error) {
					t.Error("a name was looked up")
					return nil, errors.New("no")
				}}
				inMemory(t, cfg, func(bubble *memory) {
					*m = *bubble
					client := m.clients.Dial("198.51.100.9:1055")
					defer client.Close()
					m.say(client, tt.ask+post[:split])
					got := m.got(client)
					if tt.answer == "" || pass != "" {
						if answer, ended := strings.CutSuffix(got, "<EOF>"); !ended || answer == tt.answer || dials > 0 {
							t.Errorf("%q: got %q, dialled %d times", tt.ask, got, dials)
						}
						return
					}
					if got != tt.answer || dials > 0 {
						t.Fatalf("%q: got %q, dialled %d times", tt.ask, got, dials)
					}
					time.Sleep(time.Minute / 6)
					m.say(client, post[split:])
					server := m.servers.Next()
					m.say(server, "VER 1 MSNP7\r\n")
					time.Sleep(time.Second)
					if got := m.got(server); got != "VER 1 MSNP7\r\n" {
						t.Errorf("%q: the server got %q", tt.ask, got)
					}
					if got := m.got(client); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(got, "\r\n\r\nVER 1 MSNP7\r\n") {
						t.Errorf("%q: got %q", tt.ask, got)
					}
				})
			}
		}
	}
}
