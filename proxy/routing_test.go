package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadOpening(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want opening
	}{
		{"", opening{}},
		{"V", opening{}},
		{"VER", opening{}},
		{"VER ", opening{verb: "VER", whole: true}},
		{"VERS", opening{whole: true}},
		{"ver ", opening{whole: true}},
		{"GET ", opening{whole: true}},
		{"\x04", opening{whole: true}},
		{"USR 1 alice@example.com 1.2", opening{}},
		{"USR 1 alice@example.com 1.2\r", opening{verb: "USR", cookie: "1.2", whole: true}},
		{"USR 1 alice@example.com 1.2\n", opening{verb: "USR", cookie: "1.2", whole: true}},
		{"USR 1 alice@example.com;{guid} 1.2 more\r\n", opening{verb: "USR", cookie: "1.2", whole: true}},
		{"USR 1 MD5 I alice@example.com\r\n", opening{verb: "USR", whole: true}},
		{"USR\t1 alice@example.com 1.2\r\n", opening{whole: true}},
		{"USR \r\n", opening{verb: "USR", whole: true}},
		{"ANS 1  alice@example.com  1.2  99 \r\n", opening{verb: "ANS", cookie: "1.2", session: "99", whole: true}},
		{"ANS 1 alice@example.com 1.2\r\nPNG\r\n", opening{verb: "ANS", cookie: "1.2", whole: true}},
		{"ANS " + strings.Repeat("x", maxFirstLine), opening{whole: true}},
	} {
		if got := readOpening([]byte(tt.in)); got != tt.want {
			t.Errorf("%.40q: %+v, want %+v", tt.in, got, tt.want)
		}
	}
}

var anyLoopback = []string{"127.0.0.0/8"}

// TestSignInThroughOnePort goes from a dispatch server over a notification server
// to a switchboard, called and calling.
func TestSignInThroughOnePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to dialled
		ds, ns, sb := to.server(), to.server(), to.server()
		inBubble(t, Config{Upstream: ds.Addr().String(), Allow: anyLoopback, Dialer: to.dial}, func(m *memory) {
			self := m.p.Addr().String()
			m.servers = ds
			client, server := m.pair()
			send(t, client, "VER 1 MSNP7\r\n")
			expect(t, server, "VER 1 MSNP7\r\n")
			send(t, server, fmt.Sprintf("XFR 1 NS %s 0 %s\r\n", ns.Addr(), ds.Addr()))
			expect(t, client, fmt.Sprintf("XFR 1 NS %s 0 %s\r\n", self, self))
			client.Close()

			client = m.clients.Dial("198.51.100.9:1056")
			m.say(client, "VE")
			if len(to.list) != 1 {
				t.Errorf("dialled %q before it is known what the client wants", to.list)
			}
			send(t, client, "R 2 MSNP7\r\n")
			server = ns.Next()
			expect(t, server, "VER 2 MSNP7\r\n")
			send(t, server, fmt.Sprintf("XFR 3 SB %s CKI 17.1\r\nRNG 9 %s CKI 17.2 bob@example.com Bob\r\n", sb.Addr(), sb.Addr()))
			expect(t, client, fmt.Sprintf("XFR 3 SB %s CKI 17.1\r\nRNG 9 %s CKI 17.2 bob@example.com Bob\r\n", self, self))

			for _, first := range []string{"USR 1 alice@example.com 17.1\r\n", "ANS 1 alice@example.com 17.2 9\r\n", "USR  1  alice@example.com  17.1 \r\n"} {
				call := m.clients.Dial("198.51.100.9:1057")
				send(t, call, first)
				expect(t, sb.Next(), first)
			}
			if n := len(m.j.remarks()); n > 0 {
				t.Errorf("remarks: %q", m.j.remarks())
			}
			again := m.clients.Dial("198.51.100.9:1058")
			send(t, again, "VER 1 MSNP7\r\n")
			expect(t, ds.Next(), "VER 1 MSNP7\r\n")
		})
	})
}

// TestWhatElseComesFirst sends first lines that name no server to the upstream,
// while a redirect is pending; those of which more may come, when that takes too long.
func TestWhatElseComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to dialled
		ds, sb := to.server(), to.server()
		inBubble(t, Config{Upstream: ds.Addr().String(), Allow: anyLoopback, FirstLineWait: 50 * time.Millisecond, Dialer: to.dial}, func(m *memory) {
			m.servers = ds
			client, server := m.pair()
			send(t, server, fmt.Sprintf("XFR 3 SB %s CKI 17.1\r\n", sb.Addr()))
			line(t, client)

			for first, wait := range map[string]time.Duration{
				"GET / HTTP/1.1\r\n\r\n": 0, "\x05\x01\x00": 0, "\r\n": 0, "x": 0, "VERY": 0, "PNG\r\n": 0, "USR 1 alice@example.com " + strings.Repeat("9", 3000): 0,
				"USR 1 MD5 I alice@example.com\r\n": 0, "USR": 50 * time.Millisecond, "USR 1 alice": 50 * time.Millisecond, "": 50 * time.Millisecond,
			} {
				begun := time.Now()
				client := m.clients.Dial("198.51.100.9:1056")
				if first != "" {
					send(t, client, first)
				}
				server := m.servers.Next()
				expect(t, server, first)
				if took := time.Since(begun); took != wait {
					t.Errorf("%q: the upstream was dialled after %v, want %v", first, took, wait)
				}
				send(t, server, "220 the server speaks\r\n")
				expect(t, client, "220 the server speaks\r\n")
				client.Close()
			}
			for _, r := range m.j.remarks() {
				if !strings.Contains(r, "no MSNP") && !strings.Contains(r, "lost the framing") {
					t.Errorf("remark: %q", r)
				}
			}

			unknown := m.clients.Dial("198.51.100.9:1057")
			send(t, unknown, "USR 1 alice@example.com 99.9\r\n")
			expect(t, m.servers.Next(), "USR 1 alice@example.com 99.9\r\n")
			m.j.waitRemark(t, "USR with a cookie that no redirect gave")

			half := m.clients.Dial("198.51.100.9:1058")
			send(t, half, "ANS 1")
			_ = half.CloseWrite()
			server = m.servers.Next()
			expect(t, server, "ANS 1")
			expectEOF(t, server)
			if slices.Contains(to.list, sb.Addr().String()) {
				t.Error("a connection came to a server that nobody was sent to")
			}
		})
	})
}

func TestUnknownCookieWithNothingPending(t *testing.T) {
	ds := newUpstream(t)
	p, j := start(t, Config{Upstream: ds.Addr().String()})
	client, server := pair(t, p, ds)
	send(t, client, "ANS 1 alice@example.com 99.9 1\r\n")
	expect(t, server, "ANS 1 alice@example.com 99.9 1\r\n")
	j.waitRemark(t, "ANS with a cookie that no redirect gave")
}

// TestTwoClientsBehindOneAddress has two clients of one address redirected to
// different notification servers.
func TestTwoClientsBehindOneAddress(t *testing.T) {
	ds, ns1, ns2 := newUpstream(t), newUpstream(t), newUpstream(t)
	p, j := start(t, Config{Upstream: ds.Addr().String(), Allow: anyLoopback})
	alice, toAlice := pair(t, p, ds)
	bob, toBob := pair(t, p, ds)
	send(t, toAlice, fmt.Sprintf("XFR 1 NS %s\r\n", ns1.Addr()))
	line(t, alice)
	send(t, toBob, fmt.Sprintf("XFR 1 NS %s\r\n", ns2.Addr()))
	line(t, bob)

	alice = dial(t, p.Addr().String())
	send(t, alice, "VER 1 MSNP7\r\n")
	expect(t, ns1.next(t), "VER 1 MSNP7\r\n")
	j.waitRemark(t, "whose connection this is cannot be told")
	bob = dial(t, p.Addr().String())
	send(t, bob, "VER 2 MSNP7\r\n")
	expect(t, ns2.next(t), "VER 2 MSNP7\r\n")
	if n := len(j.remarks()); n != 1 {
		t.Errorf("remarks: %q, want one", j.remarks())
	}
}

func TestCookieIsGoodForItsClientAddress(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := routes{now: func() time.Time { return now }}
	alice, bob := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.8")
	sb := route{target: address{"65.54.239.20", 1863}}
	r.admit(alice, cookieKey("1.2"), sb)
	if _, ok := r.find(bob, cookieKey("1.2")); ok {
		t.Error("bob got in with alice's cookie")
	}
	if _, ok := r.find(alice, sessionKey("1.2")); ok {
		t.Error("a cookie was taken for a session id")
	}
	if got, ok := r.find(alice, cookieKey("1.2")); !ok || got.target != sb.target {
		t.Errorf("alice's cookie: %+v, %v", got, ok)
	}
	if r.waiting(bob) || !r.waiting(alice) {
		t.Error("waiting for the wrong one")
	}
	now = now.Add(cookieGood + time.Second)
	if _, ok := r.find(alice, cookieKey("1.2")); ok || r.waiting(alice) {
		t.Error("the cookie is good for ever")
	}
}

func TestRoutesForget(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := routes{now: func() time.Time { return now }}
	alice := netip.MustParseAddr("192.0.2.7")
	at := func(i int) route { return route{target: address{fmt.Sprint("ns", i), 1863}} }
	r.sendNS(alice, at(1))
	now = now.Add(nsGood + time.Second)
	if _, _, ok := r.takeNS(alice); ok {
		t.Error("an XFR NS is pending for ever")
	}
	for i := range pendingOfClient + 10 {
		r.sendNS(alice, at(i))
	}
	if rt, others, ok := r.takeNS(alice); !ok || rt.target.host != "ns10" || len(others) != pendingOfClient-1 {
		t.Errorf("oldest %v of %d others, %v", rt.target, len(others), ok)
	}
	for i := range cookiesOfClient + 10 {
		r.admit(alice, cookieKey(fmt.Sprint(i)), at(i))
	}
	if _, ok := r.find(alice, cookieKey("9")); ok {
		t.Error("too many cookies are remembered")
	}
	if _, ok := r.find(alice, cookieKey("10")); !ok {
		t.Error("too few cookies are remembered")
	}
	for i := range clientsRemember + 10 {
		now = now.Add(time.Millisecond)
		r.sendNS(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), at(i))
	}
	if len(r.clients) > clientsRemember || r.waiting(alice) {
		t.Errorf("%d clients are remembered; the oldest: %v", len(r.clients), r.waiting(alice))
	}
	now = now.Add(cookieGood)
	r.sendNS(alice, at(1))
	if len(r.clients) != 1 {
		t.Errorf("%d clients are remembered after their time", len(r.clients))
	}
}

func TestRosterSessionRoutes(t *testing.T) {
	ds, sb := newUpstream(t), newUpstream(t)
	p, _ := start(t, Config{Upstream: ds.Addr().String(), Allow: anyLoopback})
	client, server := pair(t, p, ds)
	const head = "MIME-Version: 1.0\r\nContent-Type: Text/X-msmsgssystemmessage; charset=UTF-8\r\n"
	body := head + "roster:77;" + sb.Addr().String() + "\r\nRoster: 78;" + sb.Addr().String() + " \r\n\r\n"
	send(t, server, fmt.Sprintf("MSG Hotmail Hotmail %d\r\n%s", len(body), body))
	told := head + "roster:77;" + p.Addr().String() + "\r\nRoster: 78;" + p.Addr().String() + " \r\n\r\n"
	expect(t, client, fmt.Sprintf("MSG Hotmail Hotmail %d\r\n%s", len(told), told))
	client = dial(t, p.Addr().String())
	send(t, client, "ANS 1 alice@example.com 99.9 77\r\n")
	expect(t, sb.next(t), "ANS 1 alice@example.com 99.9 77\r\n")
}

// TestRefusedRedirect has the client reset when it follows a redirect that the
// rules refuse, and nobody dialled.
func TestRefusedRedirect(t *testing.T) {
	for _, ports := range []Ports{OnePort, PerTarget} {
		synctest.Test(t, func(t *testing.T) {
			var to dialled
			ds, evil := to.server(), to.server()
			inBubble(t, Config{Upstream: ds.Addr().String(), Ports: ports, Dialer: to.dial}, func(m *memory) {
				m.servers = ds
				self := m.p.Addr().String()
				client, server := m.pair()
				send(t, server, fmt.Sprintf("XFR 1 NS %s 0\r\nXFR 2 SB %s CKI 6.6\r\n", evil.Addr(), evil.Addr()))
				expect(t, client, fmt.Sprintf("XFR 1 NS %s 0\r\nXFR 2 SB %s CKI 6.6\r\n", self, self))
				m.j.waitRemark(t, "refused: XFR NS to "+evil.Addr().String())
				m.j.waitRemark(t, "refused: XFR SB to "+evil.Addr().String())
				for _, first := range []string{"VER 1 MSNP7\r\n", "USR 1 alice@example.com 6.6\r\n"} {
					c := m.clients.Dial("198.51.100.9:1056")
					send(t, c, first)
					expectReset(t, c)
				}
				m.j.waitRemark(t, "refused to follow the redirect to "+evil.Addr().String())
				if s := m.p.Stats(); s.Refused != 2 || s.Open != 1 {
					t.Errorf("%+v", s)
				}
				fresh := m.clients.Dial("198.51.100.9:1057")
				send(t, fresh, "VER 1 MSNP7\r\n")
				expect(t, m.servers.Next(), "VER 1 MSNP7\r\n")
				if want := []string{ds.Addr().String(), ds.Addr().String()}; !slices.Equal(to.list, want) {
					t.Errorf("dialled %q, want %q", to.list, want)
				}
			})
		})
	}
}

func TestPerTargetPorts(t *testing.T) {
	ds, ns, sb := newUpstream(t), newUpstream(t), newUpstream(t)
	p, j := start(t, Config{Upstream: ds.Addr().String(), Allow: anyLoopback, Ports: PerTarget})
	client, server := pair(t, p, ds)
	told := func(c net.Conn, want string, from net.Conn) string {
		t.Helper()
		send(t, from, want)
		fields := strings.Fields(line(t, c))
		return fields[3]
	}
	nsPort := told(client, fmt.Sprintf("XFR 1 NS %s 0 %s\r\n", ns.Addr(), ds.Addr()), server)
	if nsPort == p.Addr().String() || nsPort == ns.Addr().String() {
		t.Fatalf("told %s", nsPort)
	}
	if again := told(client, fmt.Sprintf("XFR 2 NS %s\r\n", ns.Addr()), server); again != nsPort {
		t.Errorf("told %s, and then %s", nsPort, again)
	}
	onNS := dial(t, nsPort)
	toNS := ns.next(t) // nothing was said yet
	sbPort := told(onNS, fmt.Sprintf("XFR 3 SB %s CKI 1.1\r\n", sb.Addr()), toNS)
	if sbPort == nsPort {
		t.Errorf("two servers share port %s", sbPort)
	}
	call := dial(t, sbPort)
	send(t, call, "USR 1 alice@example.com 1.1\r\n")
	expect(t, sb.next(t), "USR 1 alice@example.com 1.1\r\n")

	// The second address of XFR NS is where the client is now.
	send(t, toNS, fmt.Sprintf("XFR 0 NS %s 0 %s\r\n", ds.Addr(), ns.Addr()))
	fields := strings.Fields(line(t, onNS))
	if fields[5] != nsPort {
		t.Errorf("the current server was told as %s, want %s", fields[5], nsPort)
	}
	if n := len(p.Targets()); n != 3 {
		t.Errorf("%d ports are open: %v", n, p.Targets())
	}
	if len(j.remarks()) > 0 {
		t.Errorf("remarks: %q", j.remarks())
	}
}

// TestTargetPortIsTheSameInTheNextRun lets clients remember the address of their
// notification server.
func TestTargetPortIsTheSameInTheNextRun(t *testing.T) {
	var first uint16
	for range 2 {
		p, _ := idleProxy(t, Config{Ports: PerTarget})
		tg, err := p.target(route{target: address{"65.54.239.9", 1863}})
		if err != nil {
			t.Fatal(err)
		}
		if first == 0 {
			first = tg.port
		}
		if tg.port != first || tg.port < targetPortFirst || tg.port >= targetPortFirst+targetPorts+targetTries {
			t.Errorf("port %d, and %d before", tg.port, first)
		}
		p.Close()
	}
}

func TestTooManyTargets(t *testing.T) {
	p, j := idleProxy(t, Config{Ports: PerTarget, Advertise: "192.0.2.1:1863"})
	b := newBare(t, p, "65.54.239.5")
	for i := range maxTargets + 1 {
		b.feed(t, &b.down, fmt.Sprintf("XFR 1 NS 65.54.239.%d:1863\r\n", i+100))
	}
	j.waitRemark(t, "cannot open a port for 65.54.239.164:1863")
	if last := string(b.toClient.writes[maxTargets]); last != "XFR 1 NS 192.0.2.1:1863\r\n" {
		t.Errorf("told %q", last)
	}
	if rt, _, ok := p.routes.takeNS(b.clientIP); !ok || rt.target.host != "65.54.239.164" {
		t.Errorf("route %+v, %v", rt, ok)
	}
}
