package replay

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// brokenPeer is a server that does with a connection whatever the test says.
func brokenPeer(t testing.TB, serve func(c peerConn)) string {
	t.Helper()
	l := listen(t)
	var work sync.WaitGroup
	stop := make(chan struct{})
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				done := make(chan struct{})
				defer close(done)
				work.Go(func() {
					select {
					case <-stop:
					case <-done:
					}
					c.Close()
				})
				serve(c.(peerConn))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		close(stop)
		work.Wait()
	})
	return l.Addr().String()
}

// Peers that are no server, or a broken one: a clear report, in bounded time.
func TestClientBrokenPeers(t *testing.T) {
	read := func(c net.Conn) string {
		b := make([]byte, 512)
		n, _ := c.Read(b)
		return string(b[:n])
	}
	for _, test := range []struct {
		what  string
		serve func(c peerConn)
		want  string
	}{
		{"silence", func(c peerConn) { io.Copy(io.Discard, c) }, "unanswered VER (answers VER of message 1): nothing answers within 100ms"},
		{"nothing is read", func(c peerConn) { time.Sleep(500 * time.Millisecond) /* in a bubble */ }, "unanswered VER"},
		{"garbage", func(c peerConn) { read(c); c.Write([]byte("\x00\x01\x02\x1b[31mSSH-2.0-x\r\n\xff\xfe")); read(c) }, "garbage: "},
		{"a web server", func(c peerConn) {
			read(c)
			c.Write([]byte("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"))
		}, "HTTP/1.1 400"},
		{"an early close", func(c peerConn) { read(c) }, "the server ends the connection before this message (speaks MSNP7); 6 messages are left out"},
		{"a close at once", func(c peerConn) {}, "ended"},
		{"a reset", func(c peerConn) { read(c); c.SetLinger(0) }, "VER"},
		{"a close after VER", func(c peerConn) { read(c); c.Write([]byte("VER 1 MSNP7\r\n")) }, "INF"},
		{"wrong TrIDs", func(c peerConn) { read(c); c.Write([]byte("VER 4711 MSNP7\r\n")); read(c) }, "no request has the TrID 4711"},
		{"half a command", func(c peerConn) { read(c); c.Write([]byte("VER 1 MS")); read(c) }, "unanswered VER"},
		{"half a command, then the end", func(c peerConn) { read(c); c.Write([]byte("VER 1 MS")) }, "in the middle of a command"},
		{"a payload that does not end", func(c peerConn) { read(c); c.Write([]byte("MSG Hotmail Hotmail 500\r\nMIME")); read(c) }, "unanswered VER"},
		{"no dialect", func(c peerConn) { read(c); c.Write([]byte("VER 1 0\r\n")); read(c) }, "different VER"},
		{"an error", func(c peerConn) { read(c); c.Write([]byte("601 1\r\n")); read(c) }, "the server answers 601 (server is unavailable)"},
		{"a flood", func(c peerConn) {
			read(c)
			b := []byte(strings.Repeat("NLN NLN carol@example.com Carol\r\n", 1000))
			for {
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		}, "extra NLN"},
		{"a flood of no lines", func(c peerConn) {
			read(c)
			b := []byte(strings.Repeat("x", 1<<16))
			for {
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		}, "garbage"},
		{"challenges without end", func(c peerConn) {
			read(c)
			b := []byte(strings.Repeat("CHL 0 1234\r\n", 1000))
			for {
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		}, "extra CHL"},
		{"escapes for the terminal", func(c peerConn) { read(c); c.Write([]byte("VER 1 \x1b]0;x\a\r\n")); read(c) }, "different VER"},
	} {
		bubbled(t, test.what, func(t *bubble) {
			story, addr := tell(t, demo), brokenPeer(t, test.serve)
			r := play(t, ClientConfig{Story: story, Server: addr, Accounts: demoPasswords(), Timeout: 100 * time.Millisecond})
			if r.Elapsed > 5*time.Second {
				t.Errorf("it took %v", r.Elapsed)
			}
			if !errors.Is(r.err, ErrNoSignIn) || r.Differences == 0 {
				t.Errorf("%v, %+v", r.err, r.Result)
			}
			if !strings.Contains(r.String(), test.want) {
				t.Errorf("no %q in\n%s", test.want, r)
			}
			if len(r.list) > mostReports+1 {
				t.Errorf("%d reports", len(r.list))
			}
			if len(r.list) < 20 {
				t.Logf("%v\n%s", r.Elapsed, r)
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		r := play(t, ClientConfig{Story: tell(t, demo), Server: l.Addr().String(), Accounts: demoPasswords()})
		if r.err == nil || !strings.Contains(r.err.Error(), "cannot connect to "+l.Addr().String()) {
			t.Error(r.err)
		}
	})
}
