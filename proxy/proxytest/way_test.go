package proxytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// scripted is a dialer to a proxy that wants some bytes, and gives others, in turn. What
// came that was not wanted goes to the channel.
func scripted(t *testing.T, says ...string) (Dialer, <-chan string) {
	wrong := make(chan string, 1)
	return func(context.Context, string, string) (net.Conn, error) {
		mine, his := net.Pipe()
		go func() {
			defer close(wrong)
			defer his.Close()
			for i := 0; i < len(says); i += 2 {
				got := make([]byte, len(says[i]))
				io.ReadFull(his, got)
				if string(got) != says[i] {
					wrong <- fmt.Sprintf("%q, not %q", got, says[i])
					return
				}
				io.WriteString(his, says[i+1])
			}
		}()
		return mine, nil
	}, wrong
}

// What each way says to its proxy, byte for byte, and that what follows the answer is the
// other end's, and stays.
func TestWays(t *testing.T) {
	long := strings.Repeat("x", 255)
	for _, test := range []struct {
		name, target string
		way          func(Dialer) Dialer
		says         []string
		code         int    // of a refusal
		fails        string // what the error says
	}{
		{name: "socks4", target: "127.0.0.2:1863", way: func(d Dialer) Dialer { return SOCKS4("p:1", "", d) },
			says: []string{"\x04\x01\x07\x47\x7f\x00\x00\x02\x00", "\x00\x5a______"}},
		{name: "socks4 with a user", target: "127.0.0.2:80", way: func(d Dialer) Dialer { return SOCKS4("p:1", "al", d) },
			says: []string{"\x04\x01\x00\x50\x7f\x00\x00\x02al\x00", "\x00\x5a______"}},
		{name: "socks4 mapped", target: "[::ffff:127.0.0.2]:80", way: func(d Dialer) Dialer { return SOCKS4("p:1", "", d) },
			says: []string{"\x04\x01\x00\x50\x7f\x00\x00\x02\x00", "\x00\x5a______"}},
		{name: "socks4 refused", target: "127.0.0.2:80", way: func(d Dialer) Dialer { return SOCKS4("p:1", "", d) },
			says: []string{"\x04\x01\x00\x50\x7f\x00\x00\x02\x00", "\x00\x5b______"}, code: 91},
		{name: "socks4 of IPv6", target: "[::1]:80", way: func(d Dialer) Dialer { return SOCKS4("p:1", "", d) }, fails: "no address of IPv4"},
		{name: "socks4 odd", target: "127.0.0.2:80", way: func(d Dialer) Dialer { return SOCKS4("p:1", "", d) },
			says: []string{"\x04\x01\x00\x50\x7f\x00\x00\x02\x00", "\x04\x5a______"}, fails: "begins with 4"},
		{name: "socks4a", target: "ns.example.com:1863", way: func(d Dialer) Dialer { return SOCKS4a("p:1", "", d) },
			says: []string{"\x04\x01\x07\x47\x00\x00\x00\x01\x00ns.example.com\x00", "\x00\x5a______"}},
		{name: "socks5 name", target: "ns.example.com:1863", way: func(d Dialer) Dialer { return SOCKS5("p:1", "", "", d) },
			says: []string{"\x05\x01\x00", "\x05\x00", "\x05\x01\x00\x03\x0ens.example.com\x07\x47", "\x05\x00\x00\x01____\x00\x00"}},
		{name: "socks5 longest name", target: long + ":1", way: func(d Dialer) Dialer { return SOCKS5("p:1", "", "", d) },
			says: []string{"\x05\x01\x00", "\x05\x00", "\x05\x01\x00\x03\xff" + long + "\x00\x01", "\x05\x00\x00\x03\x02ab\x00\x00"}},
		{name: "socks5 longer name", target: long + "x:1", way: func(d Dialer) Dialer { return SOCKS5("p:1", "", "", d) },
			says: []string{"\x05\x01\x00", "\x05\x00"}, fails: "255 bytes"},
		{name: "socks5 IPv4", target: "127.0.0.2:1863", way: func(d Dialer) Dialer { return SOCKS5("p:1", "", "", d) },
			says: []string{"\x05\x01\x00", "\x05\x00", "\x05\x01\x00\x01\x7f\x00\x00\x02\x07\x47", "\x05\x00\x00\x04" + long[:16] + "\x00\x00"}},
		{name: "socks5 IPv6", target: "[::1]:1863", way: func(d Dialer) Dialer { return SOCKS5("p:1", "", "", d) },
			says: []string{"\x05\x01\x00", "\x05\x00", "\x05\x01\x00\x04" + strings.Repeat("\x00", 15) + "\x01\x07\x47", "\x05\x00\x00\x03\x00\x00\x00"}},
		{name: "socks5 password", target: "127.0.0.2:1863", way: func(d Dialer) Dialer { return SOCKS5("p:1", "al", "pw1", d) },
			says: []string{"\x05\x02\x00\x02", "\x05\x02", "\x01\x02al\x03pw1", "\x01\x00", "\x05\x01\x00\x01\x7f\x00\x00\x02\x07\x47", "\x05\x00\x00\x01____\x00\x00"}},
		{name: "socks5 wrong password", target: "127.0.0.2:1863", way: func(d Dialer) Dialer { return SOCKS5("p:1", "al", "pw1", d) },
			says: []string{"\x05\x02\x00\x02", "\x05\x02", "\x01\x02al\x03pw1", "\x01\x01"}, fails: "does not take"},
		{name: "socks5 unknown method", target: "127.0.0.2:1863", way: func(d Dialer) Dialer { return SOCKS5("p:1", "", "", d) },
			says: []string{"\x05\x01\x00", "\x05\xff"}, fails: "method 255"},
		{name: "socks5 refused", target: "127.0.0.2:1863", way: func(d Dialer) Dialer { return SOCKS5("p:1", "", "", d) },
			says: []string{"\x05\x01\x00", "\x05\x00", "\x05\x01\x00\x01\x7f\x00\x00\x02\x07\x47", "\x05\x02\x00\x01____\x00\x00"}, code: 2},
		{name: "connect", target: "ns.example.com:1863", way: func(d Dialer) Dialer { return CONNECT("p:1", d) },
			says: []string{"CONNECT ns.example.com:1863 HTTP/1.1\r\nHost: ns.example.com:1863\r\nProxy-Connection: Keep-Alive\r\n\r\n", "HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n"}},
		{name: "connect refused", target: "ns.example.com:25", way: func(d Dialer) Dialer { return CONNECT("p:1", d) },
			says: []string{"CONNECT ns.example.com:25 HTTP/1.1\r\nHost: ns.example.com:25\r\nProxy-Connection: Keep-Alive\r\n\r\n", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"}, code: 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			const early = "early bytes"
			if n := len(test.says); n > 0 && test.code == 0 && test.fails == "" {
				test.says[n-1] += early
			}
			next, wrong := scripted(t, test.says...)
			c, err := test.way(next)(soon(t), "tcp", test.target)
			var refused *Refused
			switch {
			case test.code != 0:
				if !errors.As(err, &refused) || refused.Code != test.code || refused.Target != test.target {
					t.Errorf("error %v, not a refusal with %d", err, test.code)
				}
			case test.fails != "":
				if err == nil || errors.As(err, &refused) || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("error %v says nothing of %q", err, test.fails)
				}
			case err != nil:
				t.Error(err)
			default:
				defer c.Close()
				if rest, _ := io.ReadAll(c); string(rest) != early {
					t.Errorf("what follows is %q", rest)
				}
			}
			if w, bad := <-wrong; bad && test.fails == "" {
				t.Error("it said " + w)
			}
		})
	}
}

// A proxy that says nothing holds nobody up beyond the context.
func TestWayThatSaysNothing(t *testing.T) {
	silent := func(context.Context, string, string) (net.Conn, error) {
		mine, his := net.Pipe()
		go io.Copy(io.Discard, his)
		return mine, nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := SOCKS5("p:1", "", "", silent)(ctx, "tcp", "127.0.0.2:1"); err == nil {
		t.Error("it connected")
	}
}

func TestTargetsThatAreNone(t *testing.T) {
	none := func(context.Context, string, string) (net.Conn, error) {
		t.Error("it dialled")
		return nil, io.EOF
	}
	for _, target := range []string{"example.com", "example.com:65536", "example.com:http"} {
		if _, err := CONNECT("p:1", none)(soon(t), "tcp", target); err == nil {
			t.Errorf("%s is one", target)
		}
	}
}

func TestDialersInTurn(t *testing.T) {
	var asked []string
	to := func(name string) Dialer {
		return func(_ context.Context, _, address string) (net.Conn, error) {
			asked = append(asked, name+" "+address)
			return nil, nil
		}
	}
	d := InTurn(to("a"), At("p:1", to("b")))
	for range 3 {
		d(t.Context(), "tcp", "h:1")
	}
	if got := strings.Join(asked, ", "); got != "a h:1, b p:1, a h:1" {
		t.Error(got)
	}
}
