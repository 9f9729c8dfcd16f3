package proxy

import (
	"context"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

func waitClosed(t testing.TB, j *journal) capture.Record {
	t.Helper()
	return j.wait(t, "end of a connection", func(r *capture.Record) bool { return r.Kind == capture.Closed })
}

func TestHalfCloseOfEitherSide(t *testing.T) {
	u := newUpstream(t)
	p, j := start(t, Config{Upstream: u.Addr().String()})
	for i, from := range []decode.Sender{decode.Client, decode.Server} {
		one, other := pair(t, p, u)
		if from == decode.Server {
			one, other = other, one
		}
		send(t, one, "OUT")
		if err := one.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		expect(t, other, "OUT")
		expectEOF(t, other)
		for range 3 {
			send(t, other, "PNG\r\n")
			expect(t, one, "PNG\r\n")
		}
		if err := other.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		expectEOF(t, one)
		r := j.wait(t, "end", func(r *capture.Record) bool { return r.Kind == capture.Closed && r.Conn.ID == uint32(i+1) })
		if r.From != from || r.Reset {
			t.Errorf("closed by the %s, reset %v: %s; want the %s", r.From, r.Reset, r.Text, from)
		}
	}
}

func TestResetArrivesAsReset(t *testing.T) {
	u := newUpstream(t)
	p, j := start(t, Config{Upstream: u.Addr().String()})
	for i, tt := range []struct {
		from  decode.Sender
		after func(one, other *net.TCPConn)
	}{
		{decode.Client, nil},
		{decode.Server, nil},
		// One side has said that it sends no more, and resets later.
		{decode.Client, func(one, other *net.TCPConn) { _ = one.CloseWrite(); expectEOF(t, other) }},
		{decode.Server, func(one, other *net.TCPConn) { _ = one.CloseWrite(); expectEOF(t, other) }},
		// The other side has.
		{decode.Client, func(one, other *net.TCPConn) { _ = other.CloseWrite(); expectEOF(t, one) }},
		{decode.Server, func(one, other *net.TCPConn) { _ = other.CloseWrite(); expectEOF(t, one) }},
	} {
		one, other := pair(t, p, u)
		if tt.from == decode.Server {
			one, other = other, one
		}
		send(t, one, "PNG\r\n")
		expect(t, other, "PNG\r\n")
		if tt.after != nil {
			tt.after(one, other)
		}
		reset(one)
		r := j.wait(t, "end", func(r *capture.Record) bool { return r.Kind == capture.Closed && r.Conn.ID == uint32(i+1) })
		if r.From != tt.from || !r.Reset || r.Text != "" {
			t.Errorf("case %d: closed by the %s, reset %v: %s", i, r.From, r.Reset, r.Text)
		}
		if i != 2 && i != 3 {
			expectReset(t, other)
			continue
		}
		// After the end of the stream only a write tells.
		for end := time.Now().Add(patience); ; {
			if _, err := other.Write([]byte("PNG\r\n")); err != nil {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("case %d: the reset never arrived", i)
			}
		}
	}
}

// TestServerDies has the server close a connection that the client goes on
// writing to.
func TestServerDies(t *testing.T) {
	u := newUpstream(t)
	p, j := start(t, Config{Upstream: u.Addr().String()})
	client, server := pair(t, p, u)
	send(t, server, "OUT SSD\r\n")
	server.Close()
	expect(t, client, "OUT SSD\r\n")
	expectEOF(t, client)
	for end := time.Now().Add(patience); ; {
		if _, err := client.Write([]byte("PNG\r\n")); err != nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the client can write to a dead server for ever")
		}
	}
	// The server closed it, and the client went on: no reset of anybody's.
	if r := waitClosed(t, j); r.From != decode.Server || r.Reset || r.Text != "the server had closed it, and the client went on sending" {
		t.Errorf("closed by the %s, reset %v: %s", r.From, r.Reset, r.Text)
	}
	if n := p.Stats().Resets; n != 1 {
		t.Errorf("%d resets", n)
	}
}

func TestServerRefuses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := l.Addr().String()
	l.Close()
	p, j := start(t, Config{Upstream: dead})
	dialReset(t, p.Addr().String(), "")
	want := "cannot connect to " + dead + ": connection refused"
	j.waitRemark(t, want)
	if r := waitClosed(t, j); !r.Reset || r.From != 0 || r.Conn.Server != dead {
		t.Errorf("closed: %+v", r)
	}
	if err := p.Probe(t.Context()); err == nil || err.Error() != "upstream: "+want {
		t.Errorf("Probe: %v", err)
	}
	if s := p.Stats(); s.DialErrors != 1 || s.Resets != 1 || s.Open != 0 {
		t.Errorf("%+v", s)
	}
}

// TestNeverReadingPeer has one side not read while the other direction and other
// connections go on.
func TestNeverReadingPeer(t *testing.T) {
	u := newUpstream(t)
	p, _ := start(t, Config{Upstream: u.Addr().String()})
	client, server := pair(t, p, u)
	stuck := make(chan struct{})
	go func() {
		defer close(stuck)
		b := []byte(strings.Repeat("NLN NLN bob@example.com Bob\r\n", 1000))
		for {
			if _, err := server.Write(b); err != nil {
				return
			}
		}
	}()
	for range 100 {
		send(t, client, "PNG\r\n")
		expect(t, server, "PNG\r\n")
	}
	other, toOther := pair(t, p, u)
	send(t, other, "VER 1 MSNP7\r\n")
	expect(t, toOther, "VER 1 MSNP7\r\n")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Shutdown(ctx); err != context.DeadlineExceeded {
		t.Errorf("Shutdown: %v", err)
	}
	<-stuck
}

func TestShutdownDrains(t *testing.T) {
	u := newUpstream(t)
	p, j := start(t, Config{Upstream: u.Addr().String()})
	client, server := pair(t, p, u)
	done := make(chan error, 1)
	go func() { done <- p.Shutdown(context.Background()) }()
	for !p.isClosing() {
		time.Sleep(time.Millisecond)
	}
	if c, err := net.Dial("tcp", p.Addr().String()); err == nil {
		c.Close()
		t.Error("new connections are accepted")
	}
	for range 3 {
		send(t, client, "PNG\r\n")
		expect(t, server, "PNG\r\n")
		send(t, server, "QNG\r\n")
		expect(t, client, "QNG\r\n")
	}
	select {
	case err := <-done:
		t.Fatalf("Shutdown did not wait: %v", err)
	default:
	}
	client.Close()
	expectEOF(t, server)
	server.Close()
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if r := waitClosed(t, j); r.Reset || r.From != decode.Client {
		t.Errorf("closed: %+v", r)
	}
	p.Close()
}

func TestCloseEndsEverything(t *testing.T) {
	u := newUpstream(t)
	hold := make(chan struct{})
	p, j := start(t, Config{Upstream: u.Addr().String(), Ports: PerTarget, Allow: anyLoopback})
	client, server := pair(t, p, u)
	send(t, server, "XFR 1 NS "+u.Addr().String()+"\r\n")
	told := strings.Fields(line(t, client))[3]
	second := dial(t, told)
	u.next(t)
	close(hold)
	p.Close()
	p.Close()
	for _, c := range []net.Conn{client, server, second} {
		if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%v", err)
		}
	}
	for _, addr := range []string{told, p.Addr().String()} {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			t.Errorf("%s is still open", addr)
		}
	}
	if r := waitClosed(t, j); r.Text != "the proxy was closed" {
		t.Errorf("closed: %q", r.Text)
	}
	if err := p.Listen(); err == nil {
		t.Error("a closed proxy listens")
	}
}

// Who the proxy cuts off has not closed it, whatever was on its way to that.
func TestClosedByTheProxy(t *testing.T) {
	for _, test := range []struct {
		what  string
		begin func(m *memory)
		text  string
	}{
		{"while both talk", func(m *memory) { m.pair() }, "the proxy was closed"},
		{"when the client had finished", func(m *memory) {
			client, _ := m.pair()
			m.settle()
			client.CloseWrite()
		}, "the proxy was closed; the client had finished sending before"},
		{"when the server had finished", func(m *memory) {
			_, server := m.pair()
			m.settle()
			server.CloseWrite()
		}, "the proxy was closed; the server had finished sending before"},
		{"before the client said anything", func(m *memory) {
			client, server := m.pair()
			m.say(server, "XFR 1 NS 192.0.2.1 0\r\n")
			client.Close()
			server.Close()
			m.settle()
			m.clients.Dial("198.51.100.9:1056")
		}, "the proxy was closed"},
	} {
		inMemory(t, Config{}, func(m *memory) {
			test.begin(m)
			m.settle()
			m.p.Close()
			m.settle()
			all := m.j.all()
			if r := all[len(all)-1]; r.Kind != capture.Closed || r.From != 0 || r.Text != test.text {
				t.Errorf("%s: %s by %q: %q, want %q", test.what, r.Kind, r.From, r.Text, test.text)
			}
			if r := m.j.remarks(); len(r) > 0 {
				t.Errorf("%s: %q", test.what, r)
			}
		})
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	u := newUpstream(t)
	p, err := New(Config{Upstream: u.Addr().String(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Serve(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestMaxConns(t *testing.T) {
	u := newUpstream(t)
	p, j := start(t, Config{Upstream: u.Addr().String(), MaxConns: 2})
	a, toA := pair(t, p, u)
	pair(t, p, u)
	for range 3 {
		dialReset(t, p.Addr().String(), "")
	}
	j.waitRemark(t, "2 connections are open, the limit")
	if s := p.Stats(); s.OverLimit != 3 || s.Remarks != 1 {
		t.Errorf("%+v", s)
	}
	a.Close()
	expectEOF(t, toA)
	toA.Close()
	waitClosed(t, j)
	pair(t, p, u)
}

// A side's end is the end of the connection where the other has ended, too, where the
// side takes nothing more, and where all is over already.
func TestHalfClosedIsTheEnd(t *testing.T) {
	for what, tt := range map[string]struct {
		before func(c *conn)
		want   bool
	}{
		"the other goes on":        {func(c *conn) {}, false},
		"the other has ended":      {func(c *conn) { c.halfClosed(decode.Server) }, true},
		"it takes nothing":         {func(c *conn) { c.unwritable(decode.Client, syscall.EPIPE) }, true},
		"it was reset":             {func(c *conn) { c.unwritable(decode.Client, syscall.ECONNRESET) }, true},
		"the other takes nothing":  {func(c *conn) { c.unwritable(decode.Server, syscall.EPIPE) }, false},
		"the other was reset":      {func(c *conn) { c.abort(decode.Server, syscall.ECONNRESET) }, true},
		"the proxy has stopped it": {func(c *conn) { c.stop(proxyClosed) }, true},
	} {
		p, err := New(Config{Upstream: "192.0.2.1"})
		if err != nil {
			t.Fatal(err)
		}
		one, _ := memoryPair(&net.TCPAddr{}, &net.TCPAddr{})
		c := &conn{p: p, client: one, rec: &capture.Conn{}}
		tt.before(c)
		if got := c.halfClosed(decode.Client); got != tt.want {
			t.Errorf("%s: %v", what, got)
		}
		c.half.forget()
		p.Close()
	}
}
