package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/entrance"
)

// asking is a way in for tests: "@host:port\n", answered by "+\n" or "-reason\n".
type asking struct{ rewrite bool }

func (asking) Name() string { return "asking" }

func (asking) Takes(c *entrance.Caller) decode.Guess {
	b := c.Buffered()
	switch {
	case c.Asked != nil, len(b) > 0 && b[0] != '@':
		return decode.No
	case len(b) == 0:
		return decode.Maybe
	}
	return decode.Yes
}

func (a asking) Enter(_ context.Context, c *entrance.Caller) (*entrance.Wish, error) {
	for bytes.IndexByte(c.Buffered(), '\n') < 0 {
		if err := c.More(); err != nil {
			return nil, entrance.Left("a question", err)
		}
	}
	line := c.Take(bytes.IndexByte(c.Buffered(), '\n') + 1)
	return &entrance.Wish{Way: "asking", Target: string(line[1 : len(line)-1]), By: "a question", Rewrite: a.rewrite, Answer: func(err error) error {
		answer := "+\n"
		if err != nil {
			answer = fmt.Sprintf("-%d\n", entrance.ReasonOf(err))
		}
		_, werr := io.WriteString(c, answer)
		return werr
	}}, nil
}

// several is a way in whose connections each carry several: lines of "#text", of which each is
// relayed as a connection of its own that says text.
type several struct{ carried chan error }

func (several) Name() string { return "several" }

func (several) Takes(c *entrance.Caller) decode.Guess {
	switch b := c.Buffered(); {
	case len(b) == 0:
		return decode.Maybe
	case b[0] == '#':
		return decode.Yes
	}
	return decode.No
}

func (m several) Enter(_ context.Context, c *entrance.Caller) (*entrance.Wish, error) {
	for {
		i := bytes.IndexByte(c.Buffered(), '\n')
		if i < 0 {
			if err := c.More(); err != nil {
				return nil, nil
			}
			continue
		}
		line := c.Take(i + 1)
		near, far := net.Pipe()
		go func() {
			defer near.Close()
			_, _ = near.Write(append(line[1:len(line)-1:len(line)], "\r\n"...))
			_, _ = io.Copy(c, near)
		}()
		m.carried <- c.Host.Carry(&entrance.Wish{Way: "several", Conn: far, Rewrite: true})
	}
}

// dialText connects to the proxy and sends text.
func dialText(t *testing.T, p *Proxy, text string) *net.TCPConn {
	t.Helper()
	c := dial(t, p.Addr().String())
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAsked(t *testing.T) {
	up, other := newUpstream(t), newUpstream(t)
	p, seen := start(t, Config{Upstream: up.Addr().String(), Ways: []entrance.Entrance{asking{}}, Allow: []string{"127.0.0.1:" + fmt.Sprint(endpoint(other.Addr()).Port())}})
	// What follows the question in the same segment is not lost.
	for _, u := range []*upstream{up, other} {
		c := dialText(t, p, "@"+u.Addr().String()+"\nVER 1 MSNP7\r\n")
		expect(t, c, "+\n")
		s := u.next(t)
		expect(t, s, "VER 1 MSNP7\r\n")
		r := seen.wait(t, "opened", func(r *capture.Record) bool { return r.Kind == capture.Opened && r.Conn.Asked == u.Addr().String() })
		if r.Conn.Way != "asking" || r.Conn.Server != u.Addr().String() {
			t.Errorf("%+v", r.Conn)
		}
	}
	// One who comes as to a server is where he ever was.
	c := dialText(t, p, "VER 2 MSNP7\r\n")
	s := up.next(t)
	expect(t, s, "VER 2 MSNP7\r\n")
	_ = c
}

func TestAskedRefused(t *testing.T) {
	up, other := newUpstream(t), newUpstream(t)
	p, seen := start(t, Config{Upstream: up.Addr().String(), Ways: []entrance.Entrance{asking{}}})
	for target, want := range map[string]string{
		other.Addr().String():    "--allow " + other.Addr().String(),
		p.Addr().String():        "the proxy's own address",
		"[::ffff:127.0.0.1]:123": "--allow",
		"2130706433:1863":        "in a form that programs read in different ways",
		"0.0.0.0:1863":           "which no server has",
		"127.0.0.1:25":           "--allow 127.0.0.1:25",
		"no host:1863":           "cannot be part of a host name",
		"example.com:0":          "want a number from 1",
	} {
		c := dialText(t, p, "@"+target+"\nVER 1 MSNP7\r\n")
		expect(t, c, fmt.Sprintf("-%d\n", entrance.Forbidden))
		if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
			t.Errorf("%s: %q, %v after the refusal", target, rest, err)
		}
		c.Close()
		seen.wait(t, want, func(r *capture.Record) bool {
			return r.Kind == capture.Remark && strings.Contains(r.Text, want) && strings.HasPrefix(r.Text, "refused a question")
		})
	}
	if n := p.Stats().Refused; n != 8 {
		t.Errorf("%d refused", n)
	}
	if len(other.conns) > 0 || len(up.conns) > 0 {
		t.Error("something was dialled")
	}
}

func TestCarried(t *testing.T) {
	up := newUpstream(t)
	way := several{make(chan error, 3)}
	p, seen := start(t, Config{Upstream: up.Addr().String(), Ways: []entrance.Entrance{asking{}, way}, MaxConns: 2})
	c := dialText(t, p, "#VER 1 MSNP7\n#VER 2 MSNP7\n")
	s := up.next(t)
	expect(t, s, "VER 1 MSNP7\r\n")
	if err := <-way.carried; err != nil {
		t.Error(err)
	}
	if err := <-way.carried; err == nil || !strings.Contains(err.Error(), "2 connections are open") {
		t.Errorf("beyond the limit: %v", err)
	}
	if _, err := io.WriteString(s, "VER 1 MSNP7\r\n"); err != nil {
		t.Fatal(err)
	}
	expect(t, c, "VER 1 MSNP7\r\n")
	r := seen.wait(t, "opened", func(r *capture.Record) bool { return r.Kind == capture.Opened })
	if r.Conn.ID != 1 || r.Conn.Way != "several" {
		t.Errorf("%+v", r.Conn)
	}
}

// What a way has read goes first, whatever its length.
func TestEarly(t *testing.T) {
	up := newUpstream(t)
	p, _ := start(t, Config{Upstream: up.Addr().String(), Ways: []entrance.Entrance{asking{}}})
	near, far := net.Pipe()
	defer near.Close()
	early := "VER 1 MSNP7\r\n" + strings.Repeat("PNG\r\n", readSize/4)
	if err := (host{p}).Carry(&entrance.Wish{Way: "x", Conn: far, Early: []byte(early), Remark: "it came"}); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(near, "OUT\r\n") }()
	expect(t, up.next(t), early+"OUT\r\n")
}

// Who says nothing at first is connected to the server, and may still come by another way.
func TestLate(t *testing.T) {
	up, other := newUpstream(t), newUpstream(t)
	p, seen := start(t, Config{Upstream: up.Addr().String(), Ways: []entrance.Entrance{asking{}}, Allow: []string{other.Addr().String()}})
	c := dial(t, p.Addr().String())
	s := up.next(t)
	send(t, c, "VER 1 MSNP7\r\n")
	expect(t, s, "VER 1 MSNP7\r\n")

	c = dial(t, p.Addr().String())
	s = up.next(t)
	send(t, c, "@"+other.Addr().String()+"\nVER 2 MSNP7\r\n")
	expect(t, c, "+\n")
	expect(t, other.next(t), "VER 2 MSNP7\r\n")
	if b, err := io.ReadAll(s); err != nil || len(b) > 0 {
		t.Errorf("the server that was not asked for got %q, %v", b, err)
	}
	seen.wait(t, "closed", func(r *capture.Record) bool {
		return r.Kind == capture.Closed && r.Conn.ID == 2 && strings.Contains(r.Text, "goes on as a new connection")
	})
}

// A client that has said nothing yet may not need the upstream, which cannot be reached, or
// hangs up: it is waited for.
func TestLateWithoutUpstream(t *testing.T) {
	const at, other = "198.51.100.9:1055", "192.0.2.9:1863"
	for _, tt := range []struct {
		name, say  string
		after      time.Duration
		down       bool // else the upstream hangs up
		want, gets string
	}{
		{"down", "@" + other + "\nVER 1\r\n", firstByteWait + DefaultFirstLineWait - 1, true, "+\n", "VER 1\r\n"},
		{"down, for long", "@" + other + "\nVER 1\r\n", firstByteWait + DefaultFirstLineWait, true, "<reset>", ""},
		{"down, and it is wanted", "VER 1\r\n", firstByteWait + time.Second, true, "<reset>", ""},
		{"hangs up", "@" + other + "\nVER 1\r\n", firstByteWait + DefaultFirstLineWait - 1, false, "+\n", "VER 1\r\n"},
		{"hangs up, for long", "@" + other + "\nVER 1\r\n", firstByteWait + DefaultFirstLineWait, false, "<EOF>", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &memory{}
			cfg := Config{Ways: []entrance.Entrance{asking{}}, Allow: []string{other}, Dialer: func(_ context.Context, _, address string) (net.Conn, error) {
				switch {
				case address == other:
					return m.servers.Dial("192.0.2.7:5000"), nil
				case tt.down:
					return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
				}
				near, far := memoryPair(m.servers.Addr(), m.servers.Addr())
				far.Close()
				return near, nil
			}}
			inMemory(t, cfg, func(bubble *memory) {
				*m = *bubble
				client := m.clients.Dial(at)
				defer client.Close()
				time.Sleep(tt.after)
				m.settle()
				_, err := client.Write([]byte(tt.say))
				m.settle()
				if tt.want == "<reset>" {
					if err == nil {
						_ = client.SetReadDeadline(time.Now().Add(time.Second))
						_, err = client.Read(make([]byte, 9))
					}
					if !isReset(err) {
						t.Errorf("%v, want a reset", err)
					}
				} else if got := m.got(client); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				if tt.gets != "" {
					s := m.servers.Next()
					m.settle()
					if got := m.got(s); got != tt.gets {
						t.Errorf("the server got %q", got)
					}
				}
			})
		})
	}
}

// A first line that is waited for because a redirect may be for it may come late, and by
// another way.
func TestLateWhileRedirected(t *testing.T) {
	for say, want := range map[string]string{
		"VER 2 MSNP7\r\n":                  "",
		"@192.0.2.1:1863\nVER 2 MSNP7\r\n": "+\n",
	} {
		inMemory(t, Config{Ways: []entrance.Entrance{asking{rewrite: true}}}, func(m *memory) {
			client := m.clients.Dial("198.51.100.9:1055")
			m.say(client, "VER 1 MSNP7\r\n")
			server := m.servers.Next()
			m.say(server, "VER 1 MSNP7\r\nXFR 2 NS 192.0.2.1:1863\r\n")
			client.Close()
			server.Close()
			client = m.clients.Dial("198.51.100.9:1056")
			time.Sleep(firstByteWait + time.Second)
			m.say(client, say)
			server = m.servers.Next()
			m.settle()
			if got := m.got(server); got != "VER 2 MSNP7\r\n" {
				t.Errorf("%q: the server got %q", say, got)
			}
			m.say(server, "VER 2 MSNP7\r\n")
			if got := m.got(client); got != want+"VER 2 MSNP7\r\n" {
				t.Errorf("%q: the client got %q", say, got)
			}
			client.Close()
			server.Close()
		})
	}
}
