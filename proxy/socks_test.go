package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/proxy/entrance"
)

var proxied = []entrance.Entrance{entrance.SOCKS(nil), entrance.CONNECT(nil)}

// greetings ask in every way for the upstream of proxies in memory, 192.0.2.1:1863. Where
// one has parts the client waits for the answer to each.
var greetings = []struct {
	way            string
	parts, answers []string
}{
	{"SOCKS4", []string{"\x04\x01\x07\x47\xc0\x00\x02\x01\x00"}, []string{"\x00\x5a\x00\x00\x00\x00\x00\x00"}},
	{"SOCKS4", []string{"\x04\x01\x07\x47\xc0\x00\x02\x01alice\x00"}, []string{"\x00\x5a\x00\x00\x00\x00\x00\x00"}},
	{"SOCKS4a", []string{"\x04\x01\x07\x47\x00\x00\x00\x01\x00192.0.2.1\x00"}, []string{"\x00\x5a\x00\x00\x00\x00\x00\x00"}},
	{"SOCKS5", []string{"\x05\x01\x00", "\x05\x01\x00\x01\xc0\x00\x02\x01\x07\x47"}, []string{"\x05\x00", "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"}},
	{"SOCKS5", []string{"\x05\x02\x01\x02", "\x01\x05alice\x06secret", "\x05\x01\x00\x03\x09192.0.2.1\x07\x47"}, []string{"\x05\x02", "\x01\x00", "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"}},
	{"SOCKS5", []string{"\x05\x02\x02\x00", "\x05\x01\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x01\x07\x47"}, []string{"\x05\x00", "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"}},
	{"CONNECT", []string{"CONNECT 192.0.2.1:1863 HTTP/1.0\r\n\r\n"}, []string{"HTTP/1.0 200 Connection established\r\n\r\n"}},
	{"CONNECT", []string{"CONNECT 192.0.2.1:1863 HTTP/1.1\r\nHost: 192.0.2.1:1863\r\nProxy-Authorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n"}, []string{"HTTP/1.1 200 Connection established\r\n\r\n"}},
}

// A greeting cut at any byte, its parts one by one or all at once, and what the client says
// next behind it in one segment or later: the server gets what the client says, the client
// the answers and what the server says, and nothing else is recorded.
func TestGreetings(t *testing.T) {
	for _, g := range greetings {
		whole := strings.Join(g.parts, "")
		t.Run(fmt.Sprintf("%s %d", g.way, len(whole)), func(t *testing.T) {
			inMemory(t, Config{Ways: proxied}, func(m *memory) {
				id := uint32(0)
				try := func(writes []string, also string) {
					t.Helper()
					id++
					client := m.clients.Dial("198.51.100.9:1055")
					for _, w := range writes {
						m.say(client, w)
						time.Sleep(10 * time.Millisecond)
					}
					server := m.servers.Next()
					m.say(client, versions[len(also):]+"INF 2\r\n")
					m.say(server, versions)
					if got := m.got(client); got != strings.Join(g.answers, "")+versions {
						t.Errorf("cut as %q: the client got %q", writes, got)
					}
					if got := m.got(server); got != versions+"INF 2\r\n" {
						t.Errorf("cut as %q: the server got %q", writes, got)
					}
					client.Close()
					server.Close()
					time.Sleep(queueRest + jammedRest)
					m.settle()
					var said string
					for _, r := range m.j.all() {
						switch {
						case r.Conn.ID != id:
						case r.Kind == capture.Data:
							said += string(r.Frame.Raw)
						case r.Kind == capture.Remark:
							t.Errorf("cut as %q: %s", writes, r.Text)
						case r.Kind == capture.Opened && (r.Conn.Way != g.way || r.Conn.Asked != "192.0.2.1:1863" && r.Conn.Asked != "[::ffff:192.0.2.1]:1863"):
							t.Errorf("%+v", r.Conn)
						}
					}
					if said != versions+"INF 2\r\n"+versions {
						t.Errorf("cut as %q: recorded %q", writes, said)
					}
				}
				for cut := range len(whole) {
					try([]string{whole[:cut], whole[cut:]}, "")
					try([]string{whole[:cut], whole[cut:] + versions[:3]}, versions[:3])
				}
				try(g.parts, "")
				try([]string{whole + versions}, versions)
				try(strings.Split(whole, ""), "")
			})
		})
	}
}

// What the client's answer is when the server cannot be had, and why.
func TestRefusals(t *testing.T) {
	const socks5 = "\x05\x01\x00\x05"
	upstream5 := socks5 + "\x01\x00\x01\xc0\x00\x02\x01\x07\x47"
	upstream4 := "\x04\x01\x07\x47\xc0\x00\x02\x01\x00"
	connect := "CONNECT 192.0.2.1:1863 HTTP/1.1\r\n\r\n"
	other4, other5, otherC := "\x04\x01\x07\x47\xc0\x00\x02\x02\x00", socks5+"\x01\x00\x01\xc0\x00\x02\x02\x07\x47", "CONNECT 192.0.2.2:1863 HTTP/1.0\r\n\r\n"
	reply5 := func(code byte) string {
		return "\x05\x00\x05" + string([]byte{code}) + "\x00\x01\x00\x00\x00\x00\x00\x00"
	}
	const no4 = "\x00\x5b\x00\x00\x00\x00\x00\x00"
	op := func(err error) error { return &net.OpError{Op: "dial", Err: err} }
	for _, tt := range []struct {
		say  string
		dial error
		want string // what the client gets; ending in *: it begins so
		why  string
	}{
		{upstream5, op(syscall.ECONNREFUSED), reply5(5), "cannot connect to 192.0.2.1:1863: connection refused"},
		{upstream5, op(syscall.ENETUNREACH), reply5(3), "cannot connect"},
		{upstream5, op(syscall.EHOSTUNREACH), reply5(3), "cannot connect"},
		{upstream5, context.DeadlineExceeded, reply5(4), "no answer in time"},
		{upstream5, errors.New("cable cut"), reply5(1), "cable cut"},
		{upstream4, op(syscall.ECONNREFUSED), no4, "connection refused"},
		{connect, op(syscall.ECONNREFUSED), "HTTP/1.1 502 Bad Gateway\r\n*", "connection refused"},
		{connect, context.DeadlineExceeded, "HTTP/1.1 504 Gateway Timeout\r\n*", "no answer in time"},
		{other4, nil, no4, "(--allow 192.0.2.2:1863 lets it pass)"},
		{other5, nil, reply5(2), "(--allow 192.0.2.2:1863 lets it pass)"},
		{otherC, nil, "HTTP/1.0 403 Forbidden\r\n*", "(--allow 192.0.2.2:1863 lets it pass)"},
		{socks5 + "\x01\x00\x03\x04a\x00.b\x07\x47", nil, reply5(2), "cannot be part of a host name"},
		{socks5 + "\x01\x00\x03\x00\x07\x47", nil, reply5(2), "no host"},
		{socks5 + "\x01\x00\x03\x05[::1]\x07\x47", nil, reply5(2), "refused a SOCKS5 request for [::1]:1863: "},
		{socks5 + "\x01\x00\x03\x03[a:\xff\xff", nil, reply5(2), "refused a SOCKS5 request for [a:]:65535: "},
		{socks5 + "\x01\x00\x03\x01a\x00\x00", nil, reply5(2), "refused a SOCKS5 request for a:0: "},
		{socks5 + "\x01\x00\x03\x0a3221225985\x07\x47", nil, reply5(2), "in a form that programs read in different ways"},
		{"\x04\x01\x07\x47\x00\x00\x00\x01\x00192.0.2.01\x00", nil, no4, "in a form that programs read in different ways"},
		{socks5 + "\x02\x00\x01\xc0\x00\x02\x01\x07\x47", nil, reply5(7), `refused a SOCKS5 request for BIND ("192.0.2.1:1863")`},
		{socks5 + "\x03\x00\x01\x00\x00\x00\x00\x00\x00", nil, reply5(7), "UDP ASSOCIATE"},
		{socks5 + "\x09\x00\x01\x00\x00\x00\x00\x00\x00", nil, reply5(7), "command 9"},
		{socks5 + "\x01\x00\x02\x00", nil, reply5(8), "a type that SOCKS5 does not have"},
		{"\x05\x01\x01", nil, "\x05\xff", "it offers none of the ways to sign in"},
		{"\x05\x00", nil, "\x05\xff", "it offers none of the ways to sign in that"},
		{"\x05\x01\x20", nil, "\x05\xff", "that are known, neither none"},
		{"\x04\x02\x07\x47\xc0\x00\x02\x01\x00", nil, no4, "refused a SOCKS4 request for BIND"},
		{"CONNECT example.com HTTP/1.1\r\n\r\n", nil, "HTTP/1.1 400 Bad Request\r\n*", "want host:port"},
		{"\x05\x01\x00\x04\x01", nil, "\x05\x00", "a SOCKS5 request that goes on as none does"},
		{"\x05\x01\x02\x02", nil, "\x05\x02", "the login of SOCKS5 that goes on as none does"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			cfg := Config{Ways: proxied, Resolver: func(context.Context, string) ([]netip.Addr, error) {
				t.Error("a name was looked up")
				return nil, errors.New("no")
			}}
			if tt.dial != nil {
				cfg.Dialer = func(context.Context, string, string) (net.Conn, error) { return nil, tt.dial }
			}
			inMemory(t, cfg, func(m *memory) {
				client := m.clients.Dial("198.51.100.9:1055")
				m.say(client, tt.say)
				// It is an end, not a reset.
				got, ended := strings.CutSuffix(m.got(client), "<EOF>")
				if !ended {
					t.Errorf("after %q the connection goes on", got)
				}
				client.Close()
				want, begins := strings.CutSuffix(tt.want, "*")
				if begins {
					if head, body, _ := strings.Cut(got, "\r\n\r\n"); !strings.HasPrefix(head, want) || !strings.HasSuffix(body, tt.why+"\n") && !strings.Contains(body, tt.why) {
						t.Errorf("got %q", got)
					}
				} else if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				time.Sleep(queueRest + jammedRest)
				m.settle()
				if remarks := m.j.remarks(); len(remarks) != 1 || !strings.Contains(remarks[0], tt.why) {
					t.Errorf("remarks %q", remarks)
				}
				for _, r := range m.j.all() {
					if strings.ContainsAny(r.Text, "\x00\r\n") || r.Conn.ID != 1 {
						t.Errorf("%+v", r)
					}
				}
			})
		})
	}
}

func TestLogins(t *testing.T) {
	need := &entrance.Login{User: "alice", Password: "s:t"}
	cfg := Config{Ways: []entrance.Entrance{entrance.SOCKS(need), entrance.CONNECT(need)}}
	request := "\x05\x01\x00\x01\xc0\x00\x02\x01\x07\x47"
	const granted = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	for _, tt := range []struct{ say, want, why string }{
		{"\x05\x02\x00\x02\x01\x05alice\x03s:t" + request, "\x05\x02\x01\x00" + granted, ""},
		{"\x05\x01\x02\x01\x05alice\x03s:u" + request, "\x05\x02\x01\x01", "not that of --socks-user"},
		{"\x05\x01\x02\x01\x04alic\x03s:t" + request, "\x05\x02\x01\x01", "not that of --socks-user"},
		{"\x05\x01\x00", "\x05\xff", "which are asked for (--socks-user)"},
		{"\x04\x01\x07\x47\xc0\x00\x02\x01alice\x00", "\x00\x5b\x00\x00\x00\x00\x00\x00", "set the client to SOCKS5"},
		{"CONNECT 192.0.2.1:1863 HTTP/1.1\r\nProxy-Authorization: Basic YWxpY2U6czp0\r\n\r\n", "HTTP/1.1 200", ""},
		{"CONNECT 192.0.2.1:1863 HTTP/1.1\r\nProxy-Authorization: Basic YWxpY2U6czp1\r\n\r\n", "HTTP/1.1 407", "(--socks-user)"},
		{"CONNECT 192.0.2.1:1863 HTTP/1.1\r\n\r\n", "HTTP/1.1 407", "(--socks-user)"},
	} {
		inMemory(t, cfg, func(m *memory) {
			client := m.clients.Dial("198.51.100.9:1055")
			m.say(client, tt.say)
			got := strings.TrimSuffix(m.got(client), "<EOF>")
			if !strings.HasPrefix(got, tt.want) || tt.want[0] != 'H' && got != tt.want {
				t.Errorf("%q: got %q", tt.say, got)
			}
			if strings.Contains(tt.want, "407") && !strings.Contains(got, "\r\nProxy-Authenticate: Basic realm=") {
				t.Errorf("%q", got)
			}
			client.Close()
			time.Sleep(partingWait + queueRest + jammedRest)
			m.settle()
			remarks := strings.Join(m.j.remarks(), "\n")
			if !strings.Contains(remarks, tt.why) || tt.why == "" && remarks != "" || strings.Contains(remarks, "s:u") || strings.Contains(remarks, "alic") {
				t.Errorf("%q: remarks %q", tt.say, remarks)
			}
		})
	}
}

// The proxy's own login in a request that no way takes goes no further; any other is the
// server's.
func TestLoginOfNoWay(t *testing.T) {
	need := &entrance.Login{User: "alice", Password: "s:t"}
	const head, rest = "GET http://web.example.com/ HTTP/1.1\r\n", "Host: web.example.com\r\n\r\nVER 1"
	for _, tt := range []struct {
		need        *entrance.Login
		header, got string
	}{
		{need, "Proxy-Authorization: Basic YWxpY2U6czp0\r\n", ""},
		{need, "proxy-authorization:\r\n\tbasic YWxpY2U6czp0\r\n", ""},
		{need, "Proxy-Authorization: Basic YWxpY2U6czp1\r\n", "Proxy-Authorization: Basic YWxpY2U6czp1\r\n"},
		{need, "Authorization: Basic YWxpY2U6czp0\r\n", "Authorization: Basic YWxpY2U6czp0\r\n"},
		{nil, "Proxy-Authorization: Basic YWxpY2U6czp0\r\n", "Proxy-Authorization: Basic YWxpY2U6czp0\r\n"},
	} {
		for _, late := range []time.Duration{0, firstByteWait} {
			inMemory(t, Config{Ways: []entrance.Entrance{entrance.SOCKS(tt.need), entrance.CONNECT(tt.need)}}, func(m *memory) {
				client := m.clients.Dial("198.51.100.9:1055")
				time.Sleep(late)
				m.settle()
				m.say(client, head+tt.header+rest)
				if got := m.got(m.servers.Next()); got != head+tt.got+rest {
					t.Errorf("%q, late %v: the server got %q", tt.header, late, got)
				}
				client.Close()
			})
		}
	}
}

// How long is waited for what: a first byte, the rest of it, the rest of a greeting.
func TestWaysWait(t *testing.T) {
	at := func(m *memory) (times []time.Duration) {
		time.Sleep(time.Minute)
		m.settle()
		var begun time.Time
		for i, r := range m.j.all() {
			if i == 0 {
				begun = r.Time
			}
			if r.Kind == capture.Closed {
				times = append(times, r.Time.Sub(begun))
			}
		}
		return times
	}
	for _, tt := range []struct {
		name, say string
		after     time.Duration // until this
		dialled   bool
		then      string // is sent, and
		got       string // is what the server gets
	}{
		{"nothing", "", firstByteWait - 1, false, versions, versions},
		{"nothing for long", "", firstByteWait, true, versions, versions},
		{"a line", "V", 0, true, "ER 1\r\n", "VER 1\r\n"},
		{"what may be SOCKS", "\x04", greetingWait - 1, false, "\x00", "\x04\x00"},
		{"0.3 seconds of nothing", "", 300*time.Millisecond - 1, false, versions, versions},
		{"0.3 seconds of it", "", 300 * time.Millisecond, true, versions, versions},
		{"what may be CONNECT", "CON", DefaultFirstLineWait - 1, false, " 1\r\n", "CON 1\r\n"},
		{"what may be CONNECT, for long", "CON", DefaultFirstLineWait, true, " 1\r\n", "CON 1\r\n"},
		{"what is CONNECT or nothing", "CONN", greetingWait - 1, false, "X 1\r\n", "CONNX 1\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dials, m := 0, &memory{}
			cfg := Config{Ways: proxied, Dialer: func(context.Context, string, string) (net.Conn, error) {
				dials++
				return m.servers.Dial("192.0.2.7:5000"), nil
			}}
			inMemory(t, cfg, func(bubble *memory) {
				*m = *bubble
				client := m.clients.Dial("198.51.100.9:1055")
				if tt.say != "" {
					m.say(client, tt.say)
				}
				time.Sleep(tt.after)
				m.settle()
				if dials > 0 != tt.dialled {
					t.Errorf("dialled %d times", dials)
				}
				m.say(client, tt.then)
				server := m.servers.Next()
				m.settle()
				if got := m.got(server); got != tt.got {
					t.Errorf("the server got %q, want %q", got, tt.got)
				}
			})
		})
	}
	// The time for the rest runs from the first byte on.
	inMemory(t, Config{Ways: proxied}, func(m *memory) {
		client := m.clients.Dial("198.51.100.9:1055")
		time.Sleep(firstByteWait - 1)
		m.say(client, "\x05")
		time.Sleep(DefaultFirstLineWait - 1)
		m.say(client, "\x01\x00")
		if got := m.got(client); got != "\x05\x00" {
			t.Errorf("got %q", got)
		}
		client.Close()
	})
	for _, say := range []string{"\x05", "\x04\x01", "CONN", "CONNECT", "\x05\x01\x00", "\x05\x01\x02\x01", "\x04\x01\x07\x47\xc0\x00\x02\x01", "CONNECT x:1 HTTP/1.1\r\n"} {
		inMemory(t, Config{Ways: proxied}, func(m *memory) {
			client := m.clients.Dial("198.51.100.9:1055")
			m.say(client, say)
			times := at(m)
			if len(times) != 1 || times[0] != greetingWait+partingWait {
				t.Errorf("%q: closed after %v", say, times)
			}
			if r := m.j.remarks(); len(r) != 1 || !strings.Contains(r[0], "did not finish it in time") {
				t.Errorf("%q: %q", say, r)
			}
			client.Close()
		})
	}
	// One with pauses goes to no server, and neither does its password.
	for _, parts := range [][]string{
		{"CONNEC", "T 192.0.2.1:1863 HTTP/1.0\r\nProxy-Authorization: Basic YWxpY2U6czp0\r\n\r\n"},
		{"\x05", "\x01\x02\x01\x05alice\x03s:t", "\x05\x01\x00\x01\xc0\x00\x02\x01\x07\x47"},
	} {
		inMemory(t, Config{Ways: proxied}, func(m *memory) {
			client := m.clients.Dial("198.51.100.9:1055")
			for _, part := range parts {
				m.say(client, part)
				time.Sleep(DefaultFirstLineWait + time.Second)
			}
			m.say(client, versions)
			if got := m.got(m.servers.Next()); got != versions {
				t.Errorf("the server got %q", got)
			}
			for _, r := range m.j.all() {
				if strings.Contains(string(r.Frame.Raw)+r.Text, "s:t") || strings.Contains(string(r.Frame.Raw), "YWxpY2U6czp0") {
					t.Errorf("%+v", r)
				}
			}
			client.Close()
		})
	}
	for _, begun := range []string{"\x05", "CONN"} {
		inMemory(t, Config{Ways: proxied}, func(m *memory) {
			client := m.clients.Dial("198.51.100.9:1055")
			m.say(client, begun)
			client.Close()
			time.Sleep(time.Minute)
			m.settle()
			if r := m.j.remarks(); len(r) != 1 || !strings.HasPrefix(r[0], "the client went in the middle of ") {
				t.Errorf("%q", r)
			}
		})
	}
	// Somebody who goes in the middle of it is told of, too.
	inMemory(t, Config{Ways: proxied}, func(m *memory) {
		client := m.clients.Dial("198.51.100.9:1055")
		m.say(client, "\x05\x01\x00")
		client.Close()
		time.Sleep(time.Minute)
		m.settle()
		if r := m.j.remarks(); len(r) != 1 || r[0] != "the client went in the middle of a SOCKS5 request" {
			t.Errorf("%q", r)
		}
	})
	// And Close wakes who waits for it.
	inMemory(t, Config{Ways: proxied}, func(m *memory) {
		client := m.clients.Dial("198.51.100.9:1055")
		m.say(client, "\x05\x01\x00")
		begun := time.Now()
		m.p.Close()
		if d := time.Since(begun); d > 0 {
			t.Errorf("Close took %v", d)
		}
		_ = client
	})
}

// The same with a client of the world.
func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed: apt-get install curl")
	}
	up, other := newUpstream(t), newUpstream(t)
	p, seen := start(t, Config{Upstream: up.Addr().String(), Ways: proxied})
	at := p.Addr().String()
	for _, tt := range []struct {
		args []string
		way  string
		code string // of curl when it is refused
	}{
		{[]string{"--socks4", at}, "SOCKS4", "(91)"},
		{[]string{"--socks4a", at}, "SOCKS4a", "(91)"},
		{[]string{"--socks5", at}, "SOCKS5", "(2)"},
		{[]string{"--socks5", "alice:secret@" + at}, "SOCKS5", "(2)"},
		{[]string{"--socks5-hostname", at}, "SOCKS5", "(2)"},
		{[]string{"--proxytunnel", "-x", at}, "CONNECT", "403"},
		{[]string{"--proxytunnel", "--proxy1.0", at, "--proxy-user", "alice:secret"}, "CONNECT", "403"},
	} {
		run := func(url string) (string, error) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			out, err := exec.CommandContext(ctx, curl, append([]string{"-q", "-sS", "--noproxy", "", url}, tt.args...)...).CombinedOutput()
			return string(out), err
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c := <-up.conns
			defer c.Close()
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
		}()
		if out, err := run("http://" + up.Addr().String() + "/"); out != "hello" || err != nil {
			t.Errorf("%q: %q, %v", tt.args, out, err)
			continue
		}
		<-done
		if out, err := run("http://" + other.Addr().String() + "/"); err == nil || !strings.Contains(out, tt.code) {
			t.Errorf("%q: %q, %v", tt.args, out, err)
		}
		seen.wait(t, tt.way, func(r *capture.Record) bool { return r.Kind == capture.Opened && r.Conn.Way == tt.way })
	}
	for _, r := range seen.all() {
		if strings.Contains(string(r.Frame.Raw)+r.Text, "secret") || strings.Contains(string(r.Frame.Raw), "YWxpY2U6c2VjcmV0") {
			t.Errorf("the password is in %+v", r)
		}
	}
}
