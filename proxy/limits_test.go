package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// The limits that docs/proxy.md and the package comment give hold to the one: each
// is tried where it is reached and one beyond.

func TestHostNameLimit(t *testing.T) {
	for n, good := range map[int]bool{253: true, 254: false} {
		_, err := parseAddress(strings.Repeat("a", n), DefaultPort)
		if (err == nil) != good {
			t.Errorf("a name of %d characters: %v", n, err)
		}
	}
	for port, good := range map[string]bool{"0": false, "1": true, "65535": true, "65536": false} {
		if _, err := parseAddress("h:"+port, DefaultPort); (err == nil) != good {
			t.Errorf("port %s: %v", port, err)
		}
	}
	for c, good := range map[string]bool{"a": true, "z": true, "A": true, "Z": true, "0": true, "9": true, ".": true, "-": true, "_": true,
		"`": false, "{": false, "@": false, "[": false, "/": false, ";": false, " ": false} {
		if _, err := parseAddress("h"+c+"h", DefaultPort); (err == nil) != good {
			t.Errorf("%q in a name: %v", c, err)
		}
	}
}

// The wait for a first line ends after 2 KiB.
func TestFirstLineLimit(t *testing.T) {
	for n, whole := range map[int]bool{2047: false, 2048: true} {
		if o := readOpening([]byte("USR " + strings.Repeat("x", n-4))); o.whole != whole {
			t.Errorf("%d bytes end the wait: %v", n, o.whole)
		}
	}
}

// A cookie is good for ten minutes and an XFR NS for two; a look does not prolong it.
func TestRedirectsAreGoodFor(t *testing.T) {
	start := time.Unix(1e9, 0)
	alice := netip.MustParseAddr("192.0.2.7")
	for _, tt := range []struct {
		what  string
		after time.Duration
		good  bool
	}{
		{"cookie", 10 * time.Minute, true}, {"cookie", 10*time.Minute + 1, false},
		{"NS", 2 * time.Minute, true}, {"NS", 2*time.Minute + 1, false},
	} {
		now := start
		r := routes{now: func() time.Time { return now }}
		if tt.what == "NS" {
			r.sendNS(alice, route{})
		} else {
			r.admit(alice, cookieKey("1.2"), route{})
		}
		now = start.Add(tt.after)
		var good bool
		waiting := r.waiting(alice)
		if tt.what == "NS" {
			_, _, good = r.takeNS(alice)
		} else {
			_, good = r.find(alice, cookieKey("1.2"))
		}
		if good != tt.good || waiting != tt.good {
			t.Errorf("%s after %v: good %v, waited for %v", tt.what, tt.after, good, waiting)
		}
	}
}

// 512 cookies, 64 pending XFR NS and 4,096 client addresses are remembered; the oldest
// go first, and of what is out of date nothing is kept.
func TestRedirectsRemembered(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := routes{now: func() time.Time { return now }}
	alice := netip.MustParseAddr("192.0.2.7")
	at := func(i int) route { return route{target: address{fmt.Sprint("ns", i), 1863}} }
	has := func(i int) bool { _, ok := r.find(alice, cookieKey(fmt.Sprint(i))); return ok }
	for i := range 512 {
		r.admit(alice, cookieKey(fmt.Sprint(i)), at(i))
	}
	r.admit(alice, cookieKey("511"), at(511)) // given again: takes no place
	if !has(0) || !has(511) {
		t.Error("fewer than 512 cookies are remembered")
	}
	r.admit(alice, cookieKey("512"), at(512))
	if has(0) || !has(1) || !has(512) {
		t.Error("more than 512 cookies are remembered, or the wrong one went")
	}
	for i := range 64 {
		r.sendNS(alice, at(i))
	}
	if rt, _, _ := r.takeNS(alice); rt.target.host != "ns0" {
		t.Errorf("the oldest is %s", rt.target)
	}
	for i := range 2 {
		r.sendNS(alice, at(64+i))
	}
	rt, others, ok := r.takeNS(alice)
	if !ok || rt.target.host != "ns2" || len(others) != 63 || others[0].host != "ns3" {
		t.Errorf("the oldest is %s, with %d others", rt.target, len(others))
	}

	r = routes{now: func() time.Time { return now }}
	ip := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	for i := range 4096 {
		now = now.Add(time.Microsecond)
		r.sendNS(ip(i), at(i))
	}
	now = now.Add(time.Microsecond)
	r.sendNS(ip(0), at(0)) // known: nobody goes, and it is no longer the oldest
	if !r.waiting(ip(0)) || !r.waiting(ip(1)) {
		t.Error("fewer than 4,096 clients are remembered")
	}
	now = now.Add(time.Microsecond)
	r.sendNS(ip(4096), at(4096))
	if !r.waiting(ip(0)) || r.waiting(ip(1)) || !r.waiting(ip(2)) || !r.waiting(ip(4096)) {
		t.Error("more than 4,096 clients are remembered, or the wrong one went")
	}
}

// Clients whose redirects have run out are forgotten, when a minute has passed since
// that was last looked at and somebody is redirected.
func TestRoutesAreSwept(t *testing.T) {
	start := time.Unix(1e9, 0)
	now := start
	r := routes{now: func() time.Time { return now }}
	client := func(i byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, i}) }
	for i, tt := range []struct {
		at   time.Duration
		left int
	}{
		{0, 1},
		{time.Minute, 2},
		{time.Minute + 1, 3},   // looked at: all are good
		{2*time.Minute + 1, 4}, // the first is not, but a minute is not over
		{2*time.Minute + 2, 4}, // the first goes
		{3*time.Minute + 3, 3}, // the second and the third go
	} {
		now = start.Add(tt.at)
		r.sendNS(client(byte(i)), route{})
		if len(r.clients) != tt.left {
			t.Errorf("after %v %d clients are remembered, want %d", tt.at, len(r.clients), tt.left)
		}
	}
	if r.admit(client(77), cookieKey("1.2"), route{}); r.clients[client(77)] == nil {
		t.Fatal("not remembered")
	}
	now = now.Add(5 * time.Minute)
	r.sendNS(client(78), route{})
	if len(r.clients) != 2 || !r.waiting(client(77)) {
		t.Errorf("%d clients are remembered; a cookie is still good", len(r.clients))
	}
}

// Nothing can be connected beyond --max-conns, which is said once in ten seconds.
func TestMaxConnsIsSaidNowAndThen(t *testing.T) {
	inMemory(t, Config{MaxConns: 2}, func(m *memory) {
		m.pair()
		second, _ := m.pair()
		refused := func() {
			t.Helper()
			if _, err := m.clients.Dial("198.51.100.9:1056").Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("beyond the limit: %v", err)
			}
		}
		said := func(want int) {
			t.Helper()
			m.settle()
			time.Sleep(queueRest)
			m.settle()
			got := 0
			for _, r := range m.j.remarks() {
				if strings.HasPrefix(r, "2 connections are open, the limit: reset a new one from 198.51.100.9:1056") {
					got++
				}
			}
			if got != want {
				t.Errorf("%d remarks, want %d", got, want)
			}
		}
		begun := time.Now()
		refused()
		said(1)
		time.Sleep(time.Until(begun.Add(10 * time.Second)))
		refused()
		said(1)
		time.Sleep(time.Until(begun.Add(10*time.Second + 1)))
		refused()
		said(2)
		if s := m.p.Stats(); s.OverLimit != 3 || s.Open != 2 || s.Accepted != 2 {
			t.Errorf("%+v", s)
		}
		reset(second)
		m.settle()
		m.pair() // there is room again
	})
}

// failing is a listener out of file descriptors for so many times.
type failing struct {
	*memoryListener
	left  int
	tried []time.Time
}

func (f *failing) Accept() (net.Conn, error) {
	if f.left--; f.left >= 0 {
		f.tried = append(f.tried, time.Now())
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return f.memoryListener.Accept()
}

// A listener that fails is tried again, from 5 milliseconds on in twice the time
// each time, at least once a second; then it serves as if nothing had been.
func TestAcceptIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &failing{memoryListener: newMemoryListener("127.0.0.1:1863"), left: 11}
		servers := newMemoryListener("192.0.2.1:1863")
		j := &journal{}
		p, err := New(Config{Upstream: "192.0.2.1", Listener: l, Observer: j, Lossless: true,
			Dialer: func(context.Context, string, string) (net.Conn, error) { return servers.Dial("192.0.2.7:5000"), nil }})
		if err != nil {
			t.Fatal(err)
		}
		go p.Serve(t.Context())
		client := l.Dial("198.51.100.9:1055")
		server := servers.Next()
		if _, err := client.Write([]byte("VER 1 MSNP7\r\n")); err != nil {
			t.Error(err)
		}
		b := make([]byte, 100)
		if n, _ := server.Read(b); string(b[:n]) != "VER 1 MSNP7\r\n" {
			t.Errorf("%q", b[:n])
		}
		synctest.Wait() // until it listens again
		want := []time.Duration{5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000}
		for i, d := range want {
			if got := l.tried[i+1].Sub(l.tried[i]); got != d*time.Millisecond {
				t.Errorf("pause %d is %v, want %v", i, got, d*time.Millisecond)
			}
		}
		// It has worked: the next failure is the first again.
		l.left = 2
		l.Dial("198.51.100.9:1056")
		servers.Next()
		l.Dial("198.51.100.9:1057")
		servers.Next()
		synctest.Wait()
		if n := len(l.tried); n != 13 || l.tried[12].Sub(l.tried[11]) != 5*time.Millisecond {
			t.Errorf("tried %d times", n)
		}
		p.Close()
		if got := j.remarks(); len(got) != 13 || got[0] != "cannot accept a connection: too many open files" {
			t.Errorf("%d remarks: %q", len(got), got)
		}
	})
}

// What waits for the observer is bounded in records and in bytes, twice as wide for
// what is no data; a link's lost bytes are told when there is room again.
func TestQueueBounds(t *testing.T) {
	c := &capture.Conn{ID: 1}
	data := func(n int) capture.Record {
		return capture.Record{Kind: capture.Data, Conn: c, From: decode.Client, Frame: decode.Frame{Raw: make([]byte, n)}}
	}
	remark := capture.Record{Kind: capture.Remark, Conn: c}
	many := func(n int, r capture.Record) (list []capture.Record) {
		for range n {
			list = append(list, r)
		}
		return list
	}
	for _, tt := range []struct {
		name    string
		records []capture.Record
		lost    int64
		dropped int64
		shown   string
	}{
		{"as many records as fit", many(3, data(10)), 0, 0, "d10 d10 d10"},
		{"one more", many(4, data(10)), 10, 1, "d10 d10 d10"},
		{"as many bytes as fit", []capture.Record{data(60), data(40)}, 0, 0, "d60 d40"},
		{"one more byte", []capture.Record{data(60), data(41)}, 41, 1, "d60"},
		{"the first is taken whatever it is", []capture.Record{data(500), data(1)}, 1, 1, "d500"},
		{"both kinds of bytes count", []capture.Record{data(10), {Kind: capture.Data, Conn: c, Frame: decode.Frame{Raw: make([]byte, 50)}, Sent: make([]byte, 41)}}, 50, 1, "d10"},
		{"both kinds of bytes fit", []capture.Record{data(10), {Kind: capture.Data, Conn: c, Frame: decode.Frame{Raw: make([]byte, 50)}, Sent: make([]byte, 40)}}, 0, 0, "d10 d50"},
		{"remarks have twice the room", many(6, remark), 0, 0, "r r r r r r"},
		{"and no more", many(7, remark), 0, 1, "r r r r r r"},
		{"beside data, too", append(many(4, data(1)), many(4, remark)...), 1, 2, "d1 d1 d1 r r r"},
	} {
		o := &stuckObserver{gate: make(chan struct{})}
		q := &queue{observer: o, maxRecords: 3, maxBytes: 100, wake: make(chan struct{}, 1), done: make(chan struct{})}
		q.room.L = &q.mu
		var lost int64
		q.add(tt.records, &lost)
		if lost != tt.lost || q.drops() != tt.dropped {
			t.Errorf("%s: %d bytes lost, %d records dropped", tt.name, lost, q.drops())
		}
		if jammed := q.jammed.Load(); jammed != (tt.lost > 0) {
			t.Errorf("%s: jammed: %v", tt.name, jammed)
		}
		close(o.gate)
		go q.deliver()
		for q.nudge(); lost > 0; { // what comes next says what was lost
			before := lost
			if q.add([]capture.Record{data(2)}, &lost); lost > before {
				lost = before
				time.Sleep(time.Millisecond)
			}
		}
		q.close(patience)
		var shown []string
		gap := int64(0)
		for _, r := range o.all() {
			switch r.Kind {
			case capture.Lost:
				gap = r.Lost
			case capture.Data:
				if gap == 0 {
					shown = append(shown, fmt.Sprint("d", len(r.Frame.Raw)))
				}
			default:
				shown = append(shown, "r")
			}
		}
		if got := strings.Join(shown, " "); got != tt.shown || gap != tt.lost {
			t.Errorf("%s: shown %s, and %d bytes as lost", tt.name, got, gap)
		}
	}
}
