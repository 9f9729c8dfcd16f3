package proxy

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/decode"
)

// happened tells records in short, with the time since the first.
func (m *memory) happened() (list []string) {
	time.Sleep(queueRest + jammedRest) // until the observer has been told
	m.settle()
	var begun time.Time
	for i, r := range m.j.all() {
		if i == 0 {
			begun = r.Time
		}
		s := r.Time.Sub(begun).String() + " " + r.Kind.String()
		if r.From != 0 {
			s += " " + r.From.String()
		}
		if r.Reset {
			s += " reset"
		}
		if r.Kind == capture.Data {
			s += " " + strings.TrimSpace(string(r.Frame.Raw))
		} else if r.Text != "" {
			s += ": " + r.Text
		}
		list = append(list, s)
	}
	return list
}

const versions = "VER 1 MSNP7 CVR0\r\n"

// One side's end is told when the other goes on, once, with its time, and at the
// latest after halfPatience; not where the other ends, too.
func TestHalfCloseIsTold(t *testing.T) {
	tests := []struct {
		name string
		talk func(m *memory, client, server *memoryConn)
		want []string
	}{
		{"the other ends in time", func(m *memory, client, server *memoryConn) {
			client.CloseWrite()
			time.Sleep(halfPatience - 1)
			server.Close()
		}, []string{"0s opened", "0s data client VER 1 MSNP7 CVR0", "0s data server VER 1 MSNP7 CVR0", "0s data client INF 2",
			"199.999999ms closed client"}},
		{"the other does not", func(m *memory, client, server *memoryConn) {
			server.CloseWrite()
			time.Sleep(4 * time.Second)
			client.Close()
		}, []string{"0s opened", "0s data client VER 1 MSNP7 CVR0", "0s data server VER 1 MSNP7 CVR0", "0s data client INF 2",
			"0s half-closed server", "4s closed server"}},
		{"the other says something", func(m *memory, client, server *memoryConn) {
			client.CloseWrite()
			time.Sleep(time.Millisecond)
			m.say(server, "INF 2 MD5\r\n")
			m.say(server, "OUT\r\n")
			time.Sleep(time.Second)
			server.Close()
		}, []string{"0s opened", "0s data client VER 1 MSNP7 CVR0", "0s data server VER 1 MSNP7 CVR0", "0s data client INF 2",
			"0s half-closed client", "1ms data server INF 2 MD5", "1ms data server OUT", "1.001s closed client"}},
		{"sent more than it takes", func(m *memory, client, server *memoryConn) {
			server.Close()
			time.Sleep(time.Second)
			m.say(client, "PNG\r\n")
		}, []string{"0s opened", "0s data client VER 1 MSNP7 CVR0", "0s data server VER 1 MSNP7 CVR0", "0s data client INF 2",
			"0s half-closed server", "1s data client PNG", "1s closed server: the server had closed it, and the client went on sending"}},
		{"a reset", func(m *memory, client, server *memoryConn) {
			reset(server)
		}, []string{"0s opened", "0s data client VER 1 MSNP7 CVR0", "0s data server VER 1 MSNP7 CVR0", "0s data client INF 2",
			"0s closed server reset"}},
		{"the other's reset", func(m *memory, client, server *memoryConn) {
			server.CloseWrite()
			m.settle()
			reset(client)
		}, []string{"0s opened", "0s data client VER 1 MSNP7 CVR0", "0s data server VER 1 MSNP7 CVR0", "0s data client INF 2",
			"0s closed client reset"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inMemory(t, Config{}, func(m *memory) {
				client, server := m.pair()
				m.say(client, versions)
				m.say(server, versions)
				m.say(client, "INF 2\r\n")
				tt.talk(m, client, server)
				if d := cmp.Diff(tt.want, m.happened()); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			})
		})
	}
}

// A side that takes nothing more has the last word: what it sent before goes on, and
// reading from it tells how it ended.
func TestUnwritable(t *testing.T) {
	broke := errors.New("cable cut")
	tests := []struct {
		name string
		do   func(c *conn)
		want capture.Record
	}{
		{"closed before", func(c *conn) { c.halfClosed(decode.Server); c.unwritable(decode.Server, syscall.EPIPE) },
			capture.Record{From: decode.Server, Text: "the server had closed it, and the client went on sending"}},
		{"closed, as is found out later", func(c *conn) { c.unwritable(decode.Server, syscall.EPIPE); c.halfClosed(decode.Server) },
			capture.Record{From: decode.Server, Text: "the server had closed it, and the client went on sending"}},
		{"reset, as the write says", func(c *conn) { c.unwritable(decode.Server, syscall.ECONNRESET); c.halfClosed(decode.Server) },
			capture.Record{From: decode.Server, Reset: true}},
		{"reset, as the read says", func(c *conn) {
			c.unwritable(decode.Client, syscall.EPIPE)
			c.abort(decode.Client, syscall.ECONNRESET)
		}, capture.Record{From: decode.Client, Reset: true}},
		{"reset after its end, by itself", func(c *conn) { c.halfClosed(decode.Client); c.abort(decode.Client, syscall.EPIPE) },
			capture.Record{From: decode.Client, Reset: true}},
		{"after its end, for what was sent", func(c *conn) {
			c.halfClosed(decode.Client)
			c.goesOn(decode.Server)
			c.abort(decode.Client, syscall.EPIPE)
		}, capture.Record{From: decode.Client, Text: "the client had closed it, and the server went on sending"}},
		{"something else", func(c *conn) { c.halfClosed(decode.Client); c.unwritable(decode.Server, broke) },
			capture.Record{From: decode.Server, Reset: true, Text: "the connection with the server broke: cable cut"}},
		{"what came first counts", func(c *conn) {
			c.abort(decode.Client, syscall.ECONNRESET)
			c.unwritable(decode.Server, broke)
			c.abort(decode.Server, broke)
			c.halfClosed(decode.Server)
		}, capture.Record{From: decode.Client, Reset: true}},
		{"both have ended", func(c *conn) {
			c.halfClosed(decode.Client)
			c.halfClosed(decode.Server)
			c.abort(decode.Server, syscall.ECONNRESET)
		}, capture.Record{From: decode.Client}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := New(Config{Upstream: "192.0.2.1"})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			one, _ := memoryPair(&net.TCPAddr{}, &net.TCPAddr{})
			c := &conn{p: p, client: one, rec: &capture.Conn{}}
			tt.do(c)
			c.half.forget()
			got := capture.Record{From: c.closer, Reset: c.reset, Text: c.text}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if cut := tt.want.Reset || tt.want.Text != ""; c.cut != cut {
				t.Errorf("the peers get a reset: %v", c.cut)
			}
		})
	}
}

// A server that says nothing is remarked on, when it had time enough.
func TestSilence(t *testing.T) {
	const server = "the server 192.0.2.1:1863 has said nothing for 5s since the client began"
	tests := []struct {
		name string
		talk func(m *memory, client, server *memoryConn)
		want []string
	}{
		{"nobody", func(m *memory, client, server *memoryConn) { time.Sleep(silencePatience) },
			[]string{"5s neither the client nor the server has said anything for 5s"}},
		{"the client, in time", func(m *memory, client, server *memoryConn) {
			time.Sleep(silencePatience - 1)
			m.say(client, versions)
			time.Sleep(silencePatience - 1)
			m.say(server, versions)
			time.Sleep(time.Hour)
		}, nil},
		{"the server", func(m *memory, client, server *memoryConn) {
			time.Sleep(time.Second)
			m.say(client, versions)
			time.Sleep(silencePatience)
			m.settle()
			m.say(client, "INF 2\r\n")
			time.Sleep(time.Hour)
		}, []string{"6s " + server}},
		{"a request of the sign-in", func(m *memory, client, server *memoryConn) {
			m.say(client, versions)
			m.say(server, versions)
			m.say(client, "INF 2\r\n")
			time.Sleep(silencePatience - 1)
			m.say(server, "INF 2 MD5\r\n")
			time.Sleep(time.Second)
			m.say(client, "USR 3 MD5 I alice@example.com\r\n")
			time.Sleep(time.Hour)
		}, []string{"10.999999999s the server 192.0.2.1:1863 has not answered USR for 5s"}},
		{"nothing that is owed", func(m *memory, client, server *memoryConn) {
			m.say(client, versions)
			m.say(server, versions)
			m.say(client, "PNG\r\nSYN 2 0\r\nMSG 3 N 1\r\nxOUT\r\n")
			time.Sleep(time.Hour)
		}, nil},
		{"the client's eighth command asks", func(m *memory, client, server *memoryConn) {
			m.say(server, versions)
			m.say(client, strings.Repeat("PNG\r\n", 7)+"INF 2\r\n")
			time.Sleep(time.Hour)
		}, []string{"5s the server 192.0.2.1:1863 has not answered INF for 5s"}},
		{"its ninth is no sign-in any more", func(m *memory, client, server *memoryConn) {
			m.say(server, versions)
			m.say(client, strings.Repeat("PNG\r\n", 8)+"INF 2\r\n")
			time.Sleep(time.Hour)
		}, nil},
		{"the server, to TLS", func(m *memory, client, server *memoryConn) {
			m.say(client, "\x16\x03\x01\x00\xa0\x01")
			time.Sleep(time.Hour)
		}, []string{"5s " + server + " with a hello of TLS 1.0; msnproxy reads MSNP in clear"}},
		{"the server, to what is named", func(m *memory, client, server *memoryConn) {
			m.say(client, "SSH-2.0-x\r\n")
			time.Sleep(time.Hour)
		}, []string{"0s the client's first bytes are no MSNP but the greeting of SSH", "5s " + server + " with the greeting of SSH"}},
		{"the server, to half a line", func(m *memory, client, server *memoryConn) {
			m.say(client, "VER 1 ")
			time.Sleep(time.Hour)
		}, []string{"5s " + server + " with MSNP, a line without its end"}},
		{"the server, to a line in parts", func(m *memory, client, server *memoryConn) {
			m.say(client, "VER 1 ")
			m.say(client, "MSNP7\r\n")
			time.Sleep(time.Hour)
		}, []string{"5s " + server + ": is it a server of MSNP"}},
		{"it came and went", func(m *memory, client, server *memoryConn) {
			client.Close()
			server.Close()
			time.Sleep(time.Hour)
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inMemory(t, Config{}, func(m *memory) {
				client, server := m.pair()
				m.settle()
				begun := time.Now()
				tt.talk(m, client, server)
				time.Sleep(queueRest + jammedRest)
				m.settle()
				var got []string
				for _, r := range m.j.all() {
					if r.Kind == capture.Remark {
						got = append(got, r.Time.Sub(begun).String()+" "+r.Text)
					}
				}
				if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
					t.Errorf("%q, want %q", got, tt.want)
				}
			})
		})
	}
}

// Why a client may have gone that said VER and nothing more.
func TestLeftEarly(t *testing.T) {
	const left = "the client left after VER: "
	tests := []struct {
		client, server, want string
	}{
		{versions, "", left + "the server had not answered"},
		{versions, "VER 1 MSNP7\r\n", ""},
		{"VER 1 MSNP7 CVRO\r\n", "VER 1 MSNP7 CVR0\r\n", left + "the answer is one that it offered, so the reason is its own"},
		{"VER 1 MSNP7\r\n", "VER 1 MSNP7\r\n", left + "the answer is one that it offered, so the reason is its own"},
		{versions, "VER 1 0\r\n", ""},
		{versions, "VER 1 MSNP8\r\n", ""},
		{versions, "OUT\r\n", left + `the answer was "OUT"`},
		{versions + "INF 2\r\n", "VER 1 MSNP7\r\n", ""},
		{"INF 2\r\n", "VER 1 MSNP7\r\n", ""},
		{versions + "INF", "VER 1 MSNP7\r\n", ""}, // it was about to say more
	}
	for _, tt := range tests {
		inMemory(t, Config{}, func(m *memory) {
			client, server := m.pair()
			m.say(client, tt.client)
			if tt.server != "" {
				m.say(server, tt.server)
			}
			client.CloseWrite()
			m.settle()
			server.Close()
			m.happened()
			want := []string{tt.want}
			if tt.want == "" {
				want = nil
			}
			if got := m.j.remarks(); !slices.Equal(got, want) {
				t.Errorf("%q, %q: %q", tt.client, tt.server, got)
			}
		})
	}
	// A server that ends it says why, if anybody does; so does the proxy.
	for _, end := range []func(m *memory, server *memoryConn){
		func(m *memory, server *memoryConn) { server.Close() },
		func(m *memory, server *memoryConn) { reset(server) },
		func(m *memory, server *memoryConn) { m.p.Close() },
	} {
		inMemory(t, Config{}, func(m *memory) {
			client, server := m.pair()
			m.say(client, versions)
			m.say(server, versions)
			end(m, server)
			m.settle()
			client.Close()
			m.happened()
			if got := m.j.remarks(); len(got) != 0 {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestDialTimeout(t *testing.T) {
	hang := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	inMemory(t, Config{Dialer: hang, DialTimeout: 7 * time.Second}, func(m *memory) {
		client := m.clients.Dial("198.51.100.9:1055")
		begun := time.Now()
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the client reads %v", err)
		}
		if d := time.Since(begun); d != 7*time.Second {
			t.Errorf("after %v", d)
		}
		const why = "cannot connect to 192.0.2.1:1863: no answer in time"
		want := []string{"0s opened", "7s remark: " + why, "7s closed reset: " + why}
		if d := cmp.Diff(want, m.happened()); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// A server that ends a connection without a word gets a line that says what it may be.
func TestWordless(t *testing.T) {
	const closed, broken = "the server 192.0.2.1:1863 closed the connection without a word", "the server 192.0.2.1:1863 reset the connection without a word"
	tests := []struct {
		name string
		talk func(m *memory, client, server *memoryConn)
		want string
	}{
		{"closed", func(m *memory, client, server *memoryConn) { server.Close(); m.settle(); m.say(client, versions) }, closed},
		{"reset", func(m *memory, client, server *memoryConn) { m.say(client, versions); reset(server) }, broken},
		{"after a byte", func(m *memory, client, server *memoryConn) {
			m.say(client, versions)
			m.say(server, "x")
			server.Close()
			m.settle()
			client.Close()
		}, ""},
		{"nothing to answer", func(m *memory, client, server *memoryConn) { server.Close(); m.settle(); client.Close() }, ""},
		{"by the client", func(m *memory, client, server *memoryConn) {
			m.say(client, versions)
			client.Close()
			m.settle()
			server.Close()
		}, ""},
	}
	for _, tt := range tests {
		inMemory(t, Config{}, func(m *memory) {
			client, server := m.pair()
			tt.talk(m, client, server)
			m.happened()
			var got string
			for _, r := range m.j.remarks() {
				if strings.Contains(r, "without a word") {
					got, _, _ = strings.Cut(r, ": is it")
				}
			}
			if got != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
		})
	}
}
