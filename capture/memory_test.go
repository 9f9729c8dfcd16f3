package capture

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

// Whatever is missing, comes late, twice or in another order: at the end nothing is
// held any more, and nothing is counted as held.
func TestNothingIsHeldAtTheEnd(t *testing.T) {
	held := func(name string, b []byte) {
		t.Helper()
		_, r, err := readAll(t, b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		p, ok := r.in.(*packets)
		if !ok {
			t.Fatalf("%s: %T", name, r.in)
		}
		if p.memory != 0 || p.queue.parked != 0 || p.queue.memory != 0 || !p.queue.empty() {
			t.Errorf("%s: %d bytes are held, %d parked, %d queued", name, p.memory, p.queue.parked, p.queue.memory)
		}
	}
	files, _ := filepath.Glob("testdata/*.pcap")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		held(file, b)
	}
	make := func() *wire {
		w := newWire(t)
		k := w.dial(aliceAt, nsAt)
		other := w.dial("10.9.9.9:4000", "198.51.100.10:25")
		for range 6 {
			k.C(ver)
			other.S("220 mail.example.com\r\n")
			k.S(ver)
			k.C(msg)
			other.C("HELO x\r\n")
		}
		k.end()
		other.rst(decode.Server)
		return w
	}
	n := len(make().packets)
	for gap := range n {
		w := make()
		w.packets = append(w.packets[:gap], w.packets[gap+1:]...)
		held("one is missing", w.pcap())
		w = make()
		w.packets = append(w.packets[:gap], w.packets[min(gap+5, n):]...)
		held("five are missing", w.pcap())
		w = make()
		late := w.packets[gap]
		w.packets = append(append(w.packets[:gap], w.packets[gap+1:]...), late)
		held("one comes last", w.pcap())
		w = make()
		w.packets = append(w.packets, w.packets[gap])
		held("one comes twice", w.pcap())
		held("it ends", func() []byte { w := make(); w.packets = w.packets[:gap]; return w.pcap() }())
	}
}

// A reset counts where it may be: near what was sent, or without a place of its own.
func TestResetsAreBelieved(t *testing.T) {
	for _, tt := range []struct {
		name string
		off  int
		ack  bool
		zero bool
		ends bool
	}{
		{"in its place", 0, true, false, true},
		{"a byte before", -1, true, false, true},
		{"two bytes before", -2, true, false, false},
		{"far ahead", 1 << 20, true, false, true},
		{"farther", 1<<20 + 1, true, false, false},
		{"of no place, with an acknowledgment", 0, true, true, true},
		{"of no place, without", 0, false, true, false},
	} {
		w := newWire(t)
		k := w.dial(aliceAt, nsAt)
		k.C(ver)
		k.S(ver)
		tcp := layers.TCP{RST: true, ACK: tt.ack, Seq: uint32(int(k.c) + tt.off), Ack: k.s}
		if tt.zero {
			tcp.Seq = 0
		}
		k.send(decode.Client, tcp, "")
		got, _, err := readAll(t, w.pcap())
		if err != nil {
			t.Fatal(err)
		}
		ended := false
		for _, e := range got {
			ended = ended || e.Kind == Closed && e.From == decode.Client
		}
		if ended != tt.ends {
			t.Errorf("a reset %s: ends the connection %v", tt.name, ended)
		}
	}
}

// The connections with missing bytes are looked after every 64 packets, and after 50
// milliseconds.
func TestWatched(t *testing.T) {
	for _, tt := range []struct {
		packets int64
		passed  time.Duration
		looks   bool
	}{{64, 0, true}, {128, 0, true}, {63, 0, false}, {65, 0, false}, {1, 50*time.Millisecond - 1, false}, {1, 50 * time.Millisecond, true}} {
		begun := time.Unix(1e9, 0)
		p := &packets{table: newTable(), now: begun.Add(tt.passed), watchedAt: begun}
		p.count.Packets = tt.packets
		p.watched = []*flow{{closed: true, open: &open{}}, {open: &open{halfDue: true, watched: true}, seen: begun}}
		p.watched[1].halfAt = p.now
		p.watch()
		if looks := len(p.watched) == 1; looks != tt.looks {
			t.Errorf("packet %d, after %v: looked after %v", tt.packets, tt.passed, looks)
		}
	}
	// What is looked after on: a hole, half an end, a reset, what waits.
	for _, tt := range []struct {
		name string
		open open
		on   bool
	}{
		{"nothing", open{}, false},
		{"half an end", open{halfDue: true}, true},
		{"a reset", open{reset: true}, true},
		{"a hole of the one", open{streams: [2]stream{{started: true, ended: true, end: 5}, {}}}, true},
		{"a hole of the other", open{streams: [2]stream{{}, {started: true, ended: true, end: 5}}}, true},
		{"what waits", open{waits: 1}, true},
	} {
		at := time.Unix(1e9, 0)
		o := tt.open
		o.halfAt, o.resetAt, o.watched = at, at, true
		f := &flow{open: &o}
		p := &packets{table: newTable(), now: at}
		if done := p.settled(f); done == tt.on || o.watched != tt.on {
			t.Errorf("%s: looked after on %v", tt.name, !done)
		}
	}
}
