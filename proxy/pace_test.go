package proxy

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// clocked notes when it is told of each record.
type clocked struct {
	mu sync.Mutex
	at []time.Time
	n  []int
	on time.Duration // it takes so long for each
}

func (c *clocked) Observe(r *capture.Record) {
	c.mu.Lock()
	c.at, c.n = append(c.at, time.Now()), append(c.n, len(r.Frame.Raw))
	c.mu.Unlock()
	time.Sleep(c.on)
}

// The observer is told at once after a rest, then every five milliseconds, and every
// 25 while records have to be dropped.
func TestObserverIsToldEvery(t *testing.T) {
	for _, tt := range []struct {
		name string
		jam  bool
		want time.Duration
	}{{"nothing is dropped", false, 5 * time.Millisecond}, {"records were dropped", true, 25 * time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			o := &clocked{}
			q := newQueue(&settings{Config: Config{Observer: o, QueueRecords: 2, QueueBytes: 1000}})
			synctest.Wait()
			c := &capture.Conn{ID: 1}
			one := []capture.Record{{Kind: capture.Data, Conn: c, Frame: decode.Frame{Raw: make([]byte, 10)}}}
			var lost int64
			begun := time.Now()
			if !q.add(one, &lost) {
				t.Error("an idle queue need not be woken")
			}
			if tt.jam {
				q.add(one, &lost)
				q.add(one, &lost)
			}
			q.nudge()
			synctest.Wait()
			first := len(o.at)
			if q.add(one, &lost) {
				t.Error("a queue that rests must be woken")
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if first == 0 || !o.at[0].Equal(begun) {
				t.Errorf("%s: first told %v later", tt.name, o.at[0].Sub(begun))
			}
			if got := o.at[first].Sub(begun); got != tt.want {
				t.Errorf("%s: told again after %v, want %v", tt.name, got, tt.want)
			}
			q.close(time.Second)
		})
	}
}

// Close waits five seconds for an observer that hangs, and no longer.
func TestCloseWaitsForTheObserver(t *testing.T) {
	for hangs, want := range map[time.Duration]time.Duration{4 * time.Second: 4 * time.Second, 6 * time.Second: 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			o := &clocked{on: hangs}
			p, err := New(Config{Upstream: "192.0.2.1", Observer: o})
			if err != nil {
				t.Fatal(err)
			}
			p.remark("something")
			synctest.Wait()
			begun := time.Now()
			p.Close()
			if got := time.Since(begun); got != want {
				t.Errorf("the observer hangs for %v: closed after %v", hangs, got)
			}
			time.Sleep(time.Minute)
		})
	}
}

// What records point to is theirs, however much there is, and comes in its order:
// small and large ones, more than a block holds.
func TestQueueKeepsBytes(t *testing.T) {
	j := &journal{}
	q := newQueue(&settings{Config: Config{Observer: j, QueueRecords: 1 << 20, QueueBytes: 1 << 30}})
	buf := make([]byte, arenaBlock+1)
	sizes := []int{0, 1, 127, arenaBlock/4 - 1, arenaBlock / 4, arenaBlock/4 + 1, arenaBlock, arenaBlock + 1}
	for range 2 * recordBlock {
		sizes = append(sizes, 500)
	}
	var lost int64
	for round := range 3 { // blocks are used again
		for i, n := range sizes {
			for k := range buf[:n] {
				buf[k] = byte(i + k + round)
			}
			r := capture.Record{Kind: capture.Data, Conn: &capture.Conn{ID: 1}, Frame: decode.Frame{Raw: buf[:n]}, Sent: buf[:n/2]}
			if n == 1 {
				r.Sent = nil
			}
			if q.add([]capture.Record{r}, &lost) {
				q.nudge()
			}
		}
		for end := time.Now().Add(patience); len(j.all()) < (round+1)*len(sizes) && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
	}
	q.close(patience)
	all := j.all()
	if len(all) != 3*len(sizes) || lost != 0 {
		t.Fatalf("%d records, want %d; %d bytes lost", len(all), 3*len(sizes), lost)
	}
	for at, r := range all {
		round, i := at/len(sizes), at%len(sizes)
		want := make([]byte, sizes[i])
		for k := range want {
			want[k] = byte(i + k + round)
		}
		sent := want[:len(want)/2]
		if !bytes.Equal(r.Frame.Raw, want) || !bytes.Equal(r.Sent, sent) || (r.Sent == nil) != (sizes[i] == 1) {
			t.Fatalf("round %d, record %d of %d bytes: other bytes", round, i, sizes[i])
		}
	}
	if len(q.spare.records) > spareBlocks+3 || len(q.filling.records) != 0 {
		t.Errorf("%d blocks are kept", len(q.spare.records))
	}
}

// A link of nonsense, or one that keeps losing its place, does not fill the screen:
// it is remarked on eight times, and that says so.
func TestRemarksOfALink(t *testing.T) {
	for _, tt := range []struct {
		name, piece, count, last string
		pieces, want             int
	}{
		{"lost three times", "\x00\x00\r\nPNG\r\n", " the framing ", "found the framing again", 3, 6},
		{"as often as is said", "\x00\x00\r\nPNG\r\n", "", "the client's bytes keep making no sense: that is not remarked on again for this connection", 4, 8},
		{"and on", "\x00\x00\r\nPNG\r\n", "", "the client's bytes keep making no sense: that is not remarked on again for this connection", 9, 8},
	} {
		p, j := idleProxy(t, Config{})
		b := newBare(t, p, "65.54.239.5")
		b.feed(t, &b.up, "PNG\r\n")
		for range tt.pieces {
			b.feed(t, &b.up, tt.piece)
		}
		p.Close()
		got := j.remarks()
		if len(got) != tt.want || !strings.Contains(got[len(got)-1], tt.last) {
			t.Errorf("%s: %d remarks, want %d: %q", tt.name, len(got), tt.want, got)
		}
		if lost := p.Stats().Lost; lost != int64(tt.pieces) {
			t.Errorf("%s: lost %d times", tt.name, lost)
		}
	}
	for times, want := range map[int]int{7: 7, 8: 8, 9: 8} {
		p, j := idleProxy(t, Config{})
		b := newBare(t, p, "65.54.239.5")
		b.feed(t, &b.down, "QNG\r\n")
		for range times {
			b.feed(t, &b.down, "\x00\r\n"+aRedirect)
		}
		p.Close()
		n, last := 0, ""
		for _, r := range j.remarks() {
			if strings.Contains(r, "passed as it came") {
				n, last = n+1, r
			}
		}
		if n != want || strings.HasSuffix(last, "not remarked on again for this connection") != (times >= 8) {
			t.Errorf("%d redirects passed: %d remarks, want %d, the last %q", times, n, want, last)
		}
	}
}

// Redirects on the word of a server that is not public are told of 256 times.
func TestFollowedTargetsToldOf(t *testing.T) {
	p, j := idleProxy(t, Config{})
	b := newBare(t, p, "127.0.0.1")
	for i := range 257 {
		b.feed(t, &b.down, fmt.Sprintf("XFR 3 NS 10.0.%d.%d 0\r\n", i>>8, i&0xff))
		if i == 254 || i == 255 {
			waitIdle(t, p)
			if n := len(j.remarks()); n != i+1 {
				t.Errorf("%d targets, %d remarks", i+1, n)
			}
		}
	}
	p.Close()
	if n := len(j.remarks()); n != 256 {
		t.Errorf("%d remarks, want 256", n)
	}
}

// A Roster header without an address names none: there is nothing to remark on.
func TestRosterWithoutAnAddress(t *testing.T) {
	for roster, remarks := range map[string]int{"1;": 0, "1; ": 0, "": 0, "1": 0, ";": 0, "1;:": 1, "1;x y": 1} {
		p, j := idleProxy(t, Config{})
		b := newBare(t, p, "65.54.239.5")
		body := "MIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\nRoster: " + roster + "\r\n\r\n"
		msg := fmt.Sprintf("MSG Hotmail Hotmail %d\r\n%s", len(body), body)
		b.feed(t, &b.down, msg)
		if got := b.toClient.all(); got != msg {
			t.Errorf("%q became %q", msg, got)
		}
		p.Close()
		if got := j.remarks(); len(got) != remarks {
			t.Errorf("%q: %q", roster, got)
		}
	}
}

// The line that an early leaver was answered with is shown as far as 512 bytes.
func TestLeftEarlyShowsALineWithinBounds(t *testing.T) {
	for n, want := range map[int]int{512: 512, 513: 512} {
		inMemory(t, Config{}, func(m *memory) {
			client, server := m.pair()
			m.say(client, versions)
			m.say(server, "OUT "+strings.Repeat("x", n-4)+"\r\n")
			client.CloseWrite()
			m.settle()
			server.Close()
			m.happened()
			whole := fmt.Sprintf("the client left after VER: the answer was %q", "OUT "+strings.Repeat("x", want-4))
			if got := m.j.remarks(); len(got) != 1 || got[0] != whole {
				t.Errorf("%d bytes: %q", n, got)
			}
		})
	}
}

// What the documentation says is the default is what is used.
func TestDefaults(t *testing.T) {
	s, err := Config{Upstream: "ns.example.com"}.check()
	if err != nil {
		t.Fatal(err)
	}
	type limits struct {
		upstream, listen                     string
		maxConns, maxPayload, records, bytes int
		dial, firstLine                      time.Duration
	}
	got := limits{s.upstream.String(), s.Listen, s.MaxConns, s.MaxPayload, s.QueueRecords, s.QueueBytes, s.DialTimeout, s.FirstLineWait}
	want := limits{"ns.example.com:1863", "127.0.0.1:1863", 1024, 1 << 20, 16384, 2 << 20, 10 * time.Second, 3 * time.Second}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, err := (Config{Upstream: "h", DialTimeout: -1}).check(); err == nil {
		t.Error("a negative time was taken")
	}
	// The smallest that can be asked for are taken as they are.
	s, err = Config{Upstream: "h", MaxConns: 1, MaxPayload: 1, QueueRecords: 1, QueueBytes: 1, DialTimeout: 1, FirstLineWait: 1}.check()
	got = limits{"", "", s.MaxConns, s.MaxPayload, s.QueueRecords, s.QueueBytes, s.DialTimeout, s.FirstLineWait}
	if want = (limits{"", "", 1, 1, 1, 1, 1, 1}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

// With a port for each server there are 64, from 20000 to 29999; where a server's own
// is taken the next twenty are tried.
func TestTargetPorts(t *testing.T) {
	p, _ := idleProxy(t, Config{Ports: PerTarget})
	for i := range 65 {
		tg, err := p.target(route{target: address{fmt.Sprint("ns", i), 1863}})
		if (err == nil) != (i < 64) || err != nil && err.Error() != "64 ports are open already" {
			t.Fatalf("server %d: %v", i+1, err)
		}
		if err == nil && (tg.port < 20000 || tg.port > 29999) {
			t.Errorf("server %d has port %d", i+1, tg.port)
		}
	}
	if got := len(p.Targets()); got != 64 {
		t.Errorf("%d ports", got)
	}
}

// A server that a public one has named is judged as named by that, whoever names it
// before or after.
func TestTargetIsJudgedByTheStrictest(t *testing.T) {
	wide, inside := netip.MustParseAddr("65.54.239.5"), netip.MustParseAddr("127.0.0.1")
	for _, from := range [][]netip.Addr{{wide, inside}, {inside, wide}, {inside, wide, inside}} {
		p, _ := idleProxy(t, Config{Ports: PerTarget})
		var tg *target
		for _, ip := range from {
			var err error
			if tg, err = p.target(route{target: address{"10.0.0.5", 1863}, from: ip}); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.routeOf(tg).from; got != wide {
			t.Errorf("named by %v: judged by %v", from, got)
		}
	}
}

// One Roster header that cannot be followed does not keep the next from it.
func TestRosterAfterABadOne(t *testing.T) {
	p, _ := idleProxy(t, Config{Advertise: "192.0.2.1:1863"})
	b := newBare(t, p, "65.54.239.5")
	message := func(addr string) string {
		body := "MIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\nRoster: 1;x y\r\nRoster: 2;" + addr + "\r\n\r\n"
		return fmt.Sprintf("MSG Hotmail Hotmail %d\r\n%s", len(body), body)
	}
	b.feed(t, &b.down, message("65.54.239.20:1863"))
	if got, want := b.toClient.all(), message("192.0.2.1:1863"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every address of this machine is the proxy where it listens on all.
func TestOwnAddressesAreSelf(t *testing.T) {
	p, _ := start(t, Config{Upstream: "ns.example.com", Listen: "0.0.0.0:0"})
	one, _ := idleProxy(t, Config{})
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, _ := netip.AddrFromSlice(n.IP)
		ip = ip.Unmap()
		if !p.isSelf(netip.AddrPortFrom(ip, endpoint(p.Addr()).Port())) {
			t.Errorf("%s is not the proxy", ip)
		}
		if got := one.isSelf(netip.AddrPortFrom(ip, endpoint(one.Addr()).Port())); got != (ip == endpoint(one.Addr()).Addr()) {
			t.Errorf("%s is the proxy on %s: %v", ip, one.Addr(), got)
		}
	}
}

// Who closes a proxy before it serves gets no error for that.
func TestClosedBeforeServe(t *testing.T) {
	p, err := New(Config{Upstream: "ns.example.com", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Listen(); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if err := p.Serve(t.Context()); err != nil {
		t.Error(err)
	}
	if p, err = New(Config{Upstream: "ns.example.com", Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if err := p.Serve(t.Context()); err == nil {
		t.Error("a proxy that never listened serves after its end")
	}
}

// What is left at the end of a link is remarked on if it makes no sense, and not if
// it is a line without its end.
func TestEndOfALink(t *testing.T) {
	for in, lost := range map[string]int64{"PNG\r\nOUT": 0, "PNG\r\n": 0, "PNG\r\n\x00\x01": 1} {
		p, j := idleProxy(t, Config{})
		b := newBare(t, p, "65.54.239.5")
		b.feed(t, &b.up, in)
		if err := b.up.flush(); err != nil {
			t.Fatal(err)
		}
		p.Close()
		if got := p.Stats().Lost; got != lost || len(j.remarks()) != int(lost) {
			t.Errorf("%q: lost %d times; %q", in, got, j.remarks())
		}
	}
}

// What the observer is not shown is counted, frame by frame.
func TestDroppedFramesAreCounted(t *testing.T) {
	o := &stuckObserver{gate: make(chan struct{})}
	p, err := New(Config{Upstream: "ns.example.com", Observer: o, QueueRecords: 5})
	if err != nil {
		t.Fatal(err)
	}
	b := newBare(t, p, "65.54.239.5")
	for range 50 {
		b.feed(t, &b.up, "PNG\r\nPNG\r\n")
	}
	dropped := p.Stats().Dropped
	close(o.gate)
	p.Close()
	shown := int64(0)
	for _, r := range o.all() {
		if r.Kind == capture.Data {
			shown++
		}
	}
	if shown+dropped != 100 || p.Stats().Frames != 100 || shown < 5 || shown > 11 {
		t.Errorf("%d frames shown, %d dropped, of %d", shown, dropped, p.Stats().Frames)
	}
}
