package proxy

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// stuckObserver takes nothing until it is let go.
type stuckObserver struct {
	journal
	gate   chan struct{}
	missed []int64
}

func (s *stuckObserver) Observe(r *capture.Record) {
	<-s.gate
	s.journal.Observe(r)
}

// Missed implements MissedObserver.
func (s *stuckObserver) Missed(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missed = append(s.missed, n)
}

// TestRelayingNeverWaitsForTheObserver has an observer that hangs; what it missed is
// told it as lost, by link and to the byte. A recorder misses nothing.
func TestRelayingNeverWaitsForTheObserver(t *testing.T) {
	for _, recorded := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o, to := &stuckObserver{gate: make(chan struct{})}, &orders{}
			cfg := Config{Observer: o, QueueRecords: 50, QueueBytes: 2000}
			if recorded {
				cfg.Recorder = to
			}
			inBubble(t, cfg, func(m *memory) {
				client, server := m.pair()
				for i := range 300 {
					s := fmt.Sprintf("QNG %d\r\n", i)
					send(t, server, s)
					expect(t, client, s)
					if recorded && !to.has(fmt.Sprintf("data S %q", s)) {
						t.Fatalf("%q is not recorded", s)
					}
					send(t, client, "PNG\r\n")
					expect(t, server, "PNG\r\n")
				}
				m.settle()
				if d := m.p.Stats().Dropped; d == 0 {
					t.Error("nothing was dropped")
				}
				close(o.gate)
				time.Sleep(time.Second)
				m.settle()
				o.mu.Lock()
				if n := len(o.missed); n == 0 || o.missed[n-1] != m.p.Stats().Dropped || !slices.IsSorted(o.missed) || len(slices.Compact(o.missed)) != n {
					t.Errorf("told of %v that were not shown, and not of %d", o.missed, m.p.Stats().Dropped)
				}
				o.mu.Unlock()
				send(t, server, "OUT OTH\r\n")
				expect(t, client, "OUT OTH\r\n")
				client.Close()
				server.Close()
				m.p.Close()
				offset := map[decode.Sender]int64{}
				gaps := 0
				for _, r := range o.all() {
					switch r.Kind {
					case capture.Lost:
						gaps++
						offset[r.From] += r.Lost
					case capture.Data:
						if r.Frame.Offset != offset[r.From] {
							t.Fatalf("the %s's frame at %d comes after %d bytes", r.From, r.Frame.Offset, offset[r.From])
						}
						offset[r.From] += int64(len(r.Frame.Raw))
					}
				}
				if offset[decode.Client] != 300*5 || offset[decode.Server] != m.p.Stats().FromServers || gaps == 0 {
					t.Errorf("shown and lost: %v in %d gaps, of %+v", offset, gaps, m.p.Stats())
				}
			})
		})
	}
}

// TestLossless has an observer that is slow, and a queue of next to nothing.
func TestLossless(t *testing.T) {
	j := &journal{}
	slow := ObserverFunc(func(r *capture.Record) {
		time.Sleep(time.Second)
		j.Observe(r)
	})
	inMemory(t, Config{Observer: slow, QueueRecords: 3, Lossless: true}, func(m *memory) {
		client, server := m.pair()
		want := strings.Repeat("PNG\r\n", 200)
		send(t, client, want)
		expect(t, server, want)
		client.Close()
		expectEOF(t, server)
		server.Close()
		time.Sleep(time.Hour)
		m.p.Close()
		if got := j.received(t, 1, decode.Client); string(got) != want || m.p.Stats().Dropped != 0 {
			t.Errorf("%d bytes of %d were shown, %d records dropped", len(got), len(want), m.p.Stats().Dropped)
		}
	})
}

// TestASlowObserverOfAHalfDeadConnection has what timers tell wait for an observer that
// takes a minute for a record, while the links go on and end. With a lock held meanwhile
// the clock of the bubble stands still.
func TestASlowObserverOfAHalfDeadConnection(t *testing.T) {
	j := &journal{}
	slow := ObserverFunc(func(r *capture.Record) {
		time.Sleep(time.Minute)
		j.Observe(r)
	})
	inMemory(t, Config{Observer: slow, QueueRecords: 1, Lossless: true}, func(m *memory) {
		client, server := m.pair()
		time.Sleep(silencePatience + time.Second) // that nobody says anything is told
		send(t, client, "VER 1 MSNP7\r\n")
		expect(t, server, "VER 1 MSNP7\r\n")
		client.CloseWrite()
		time.Sleep(halfPatience + time.Second) // that one side has ended, too
		send(t, server, "VER 1 MSNP7\r\n")
		server.Close()
		time.Sleep(time.Hour)
		m.p.Close()
		kinds := map[capture.Kind]int{}
		for _, r := range j.all() {
			kinds[r.Kind]++
		}
		if kinds[capture.HalfClosed] != 1 || kinds[capture.Closed] != 1 || kinds[capture.Remark] == 0 {
			t.Errorf("told: %v", kinds)
		}
	})
}

func TestCloseDoesNotWaitForAHangingObserverForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &stuckObserver{gate: make(chan struct{})}
		s := settings{Config: Config{Observer: o, QueueRecords: 10, QueueBytes: 1000}}
		q := newQueue(&s)
		var lost int64
		if q.add([]capture.Record{{Kind: capture.Remark, Text: "one"}}, &lost) {
			q.nudge()
		}
		begun := time.Now()
		q.close(10 * time.Second)
		if took := time.Since(begun); took != 10*time.Second {
			t.Errorf("it was waited for %v", took)
		}
		close(o.gate)
		<-q.done
		if len(o.remarks()) != 1 {
			t.Errorf("remarks: %q", o.remarks())
		}
	})
}

func TestCloseWithAHangingObserverThatIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &stuckObserver{gate: make(chan struct{})}
		inBubble(t, Config{Observer: o, QueueRecords: 2, Lossless: true}, func(m *memory) {
			m.p.grace = 20 * time.Second
			client, server := m.pair()
			send(t, client, strings.Repeat("PNG\r\n", 100))
			time.Sleep(time.Second)
			begun := time.Now()
			m.p.Close()
			if took := time.Since(begun); took < 20*time.Second || took > 40*time.Second {
				t.Errorf("closing took %v", took)
			}
			close(o.gate)
			<-m.p.queue.done
			if d := m.p.Stats().Dropped; d == 0 {
				t.Error("all was shown to an observer that hung")
			}
			server.Close()
		})
	})
}

// orders checks in the path that a request is committed before its bytes go on.
type orders struct {
	mu      sync.Mutex
	put     []string
	records []string // committed
}

func (o *orders) Put(records []capture.Record) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range records {
		r := &records[i]
		o.put = append(o.put, fmt.Sprintf("%s %s %q", r.Kind, r.From.Letter(), r.Frame.Raw))
	}
	return uint64(len(o.put))
}

func (o *orders) Commit(ticket uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := int(ticket); n > len(o.records) {
		o.records = o.put[:n]
	}
}

func (o *orders) has(s string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.records {
		if r == s {
			return true
		}
	}
	return false
}

func TestRecorderIsToldFirst(t *testing.T) {
	u := newUpstream(t)
	o := &orders{}
	p, err := New(Config{Upstream: u.Addr().String(), Listen: "127.0.0.1:0", Recorder: o})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Listen(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- p.Serve(t.Context()) }()
	client, server := pair(t, p, u)
	for i := range 50 {
		s := fmt.Sprintf("SYN %d 0\r\n", i)
		send(t, client, s)
		expect(t, server, s)
		if !o.has(fmt.Sprintf("data C %q", s)) {
			t.Fatalf("%q arrived before it was recorded", s)
		}
		send(t, server, s)
		expect(t, client, s)
		if !o.has(fmt.Sprintf("data S %q", s)) {
			t.Fatalf("%q arrived before it was recorded", s)
		}
	}
	p.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if last := o.records[len(o.records)-1]; !strings.HasPrefix(last, "closed") {
		t.Errorf("the last record is %s", last)
	}
}

func TestRemarksAreLogged(t *testing.T) {
	var log bytes.Buffer
	p, err := New(Config{Upstream: "ns.example.com", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.remark("something \x1b[2J odd")
	if s := log.String(); !strings.Contains(s, "level=WARN") || !strings.Contains(s, `odd`) || strings.Contains(s, "\x1b") {
		t.Errorf("log: %q", s)
	}
}

// TestNothingIsAllocated keeps the path of a message free of allocations, with
// redirects, framing and an observer.
func TestNothingIsAllocated(t *testing.T) {
	p, err := New(Config{Upstream: "ns.example.com", Observer: ObserverFunc(func(*capture.Record) {})})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	b := newBare(t, p, "65.54.239.5")
	b.down.dst, b.up.dst = discard{}, discard{}
	msg := string(message)
	for _, l := range []*link{&b.up, &b.down} {
		w := new(work)
		one := func() {
			w.in = w.buf[:copy(w.buf[:], msg)]
			if err := l.carry(w); err != nil {
				t.Fatal(err)
			}
		}
		for range 1000 {
			one()
		}
		if n := testing.AllocsPerRun(2000, one); n >= 1 {
			t.Errorf("a message from the %s: %.1f allocations", l.from, n)
		}
	}
}

// discard is a connection that takes everything.
type discard struct{ *sink }

func (discard) Write(b []byte) (int, error) { return len(b), nil }
