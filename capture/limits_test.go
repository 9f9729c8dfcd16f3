package capture

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

// Limits hold to the one: each is tried where it is reached and one beyond.

// How long missing bytes are waited for, and what may wait behind them meanwhile.
func TestPatienceWithHoles(t *testing.T) {
	const early = 200 * time.Millisecond
	for _, tt := range []struct {
		name    string
		n       int
		acked   bool
		waited  time.Duration
		packets int
		late    time.Duration // so late bytes came before
		alone   bool
		live    bool
		pieces  int
		memory  int
		want    bool
	}{
		{name: "nothing is missing", n: 0, acked: true, waited: time.Hour, packets: 1000},
		{name: "acknowledged, a moment too early", n: 1, acked: true, waited: early - 1, packets: 63},
		{name: "acknowledged, in time", n: 1, acked: true, waited: early, want: true},
		{name: "acknowledged, after packets enough", n: 1, acked: true, packets: 64, want: true},
		{name: "not acknowledged, after packets enough", n: 1, waited: early, packets: 64},
		{name: "late before: packets do not count", n: 1, acked: true, waited: early, packets: 1000, late: time.Second},
		{name: "late before, in time", n: 1, acked: true, waited: early + 2*time.Second, late: time.Second, want: true},
		{name: "late before, a moment too early", n: 1, acked: true, waited: early + 2*time.Second - 1, late: time.Second},
		{name: "not acknowledged, a moment too early", n: 1, waited: 60*time.Second - 1, packets: 1000},
		{name: "not acknowledged, in time", n: 1, waited: 60 * time.Second, want: true},
		{name: "only one side, a moment too early", n: 1, alone: true, waited: 5*time.Second - 1},
		{name: "only one side, in time", n: 1, alone: true, waited: 5 * time.Second, want: true},
		{name: "live, a moment too early", n: 1, live: true, waited: 3*time.Second - 1},
		{name: "live, in time", n: 1, live: true, waited: 3 * time.Second, want: true},
		{name: "live, only one side, a moment too early", n: 1, live: true, alone: true, waited: time.Second - 1},
		{name: "live, only one side, in time", n: 1, live: true, alone: true, waited: time.Second, want: true},
		{name: "as many pieces as may wait", n: 1, pieces: 4096},
		{name: "one more", n: 1, pieces: 4097, want: true},
		{name: "as much memory as may be", n: 1, memory: 1 << 20},
		{name: "a byte more", n: 1, memory: 1<<20 + 1, want: true},
	} {
		begun := time.Unix(1e9, 0)
		s := stream{held: make([]piece, tt.pieces), memory: tt.memory}
		f := flow{open: &open{late: tt.late}}
		if s.memory <= 1<<20 && len(s.held) <= 4096 && s.impatient(tt.n, tt.acked, begun, 500, f.acceptable(), tt.alone, tt.live) {
			t.Errorf("%s: given up at once", tt.name)
		}
		if got := s.impatient(tt.n, tt.acked, begun.Add(tt.waited), 500+tt.packets, f.acceptable(), tt.alone, tt.live); got != tt.want {
			t.Errorf("%s: given up: %v", tt.name, got)
		}
	}
}

// A hole that is filled is waited for anew when there is another.
func TestPatienceBeginsAnew(t *testing.T) {
	at := time.Unix(1e9, 0)
	var s stream
	s.start(100)
	s.impatient(5, true, at, 0, ackedPatience, false, false)
	s.add(100, []byte("abc"), 0, at)
	if s.impatient(2, true, at.Add(time.Second), 10, ackedPatience, false, false) {
		t.Error("given up at once")
	}
	if !s.impatient(2, true, at.Add(time.Second+200*time.Millisecond), 10, ackedPatience, false, false) {
		t.Error("not given up")
	}
}

// Numbers too far off are strays.
func TestSequenceReach(t *testing.T) {
	for d, want := range map[uint32]int{1 << 30: 1, 1<<30 + 1: 0} {
		var s stream
		s.start(77)
		s.add(77+d, []byte("x"), 0, time.Time{})
		if len(s.held) != want {
			t.Errorf("%d bytes ahead: %d pieces are held", d, len(s.held))
		}
		s.finish(77 + d)
		if s.ended != (want == 1) {
			t.Errorf("a FIN %d bytes ahead: %v", d, s.ended)
		}
	}
	for d, want := range map[uint32]int{64 << 20: 64 << 20, 64<<20 + 1: 0} {
		var s stream
		s.start(77)
		s.hasAck, s.acked = true, 77+d
		if n, acked := s.missing(0); n != want || acked != (want > 0) {
			t.Errorf("an acknowledgment %d bytes ahead: %d missing, %v", d, n, acked)
		}
	}
	for d, moved := range map[uint32]bool{0: false, 1: true, 64<<20 - 1: true, 64 << 20: false, 1 << 31: false} {
		s := stream{hasAck: true, firstAck: 77, acked: 77}
		s.acknowledge(77 + d)
		if (s.acked == 77+d) != (moved || d == 0) || s.firstAck != 77 {
			t.Errorf("an acknowledgment %d further on: %d", d, s.acked-77)
		}
	}
	// Before what was there already, nothing new.
	var s stream
	s.start(100)
	s.add(100, []byte("abcd"), 0, time.Time{})
	s.finish(103)
	if s.ended {
		t.Error("a FIN before the last byte")
	}
	s.finish(104)
	s.finish(105)
	if !s.ended || s.end != 104 || !s.over() || s.over() {
		t.Errorf("%+v", s)
	}
}

// What a stream begins with of which the opening was not captured.
func TestStartInTheMiddle(t *testing.T) {
	for _, tt := range []struct {
		name  string
		s     stream
		seq   uint32
		data  string
		fin   bool
		start uint32 // 0: it does not
	}{
		{"bytes", stream{}, 500, "ab", false, 500},
		{"one byte", stream{}, 500, "a", false, 500},
		{"a keep-alive", stream{}, 500, "\x00", false, 0},
		{"two NULs", stream{}, 500, "\x00\x00", false, 500},
		{"no bytes", stream{}, 500, "", false, 0},
		{"a FIN", stream{}, 500, "", true, 500},
		{"behind what was acknowledged", stream{hasAck: true, firstAck: 490}, 500, "ab", false, 490},
		{"where it was acknowledged", stream{hasAck: true, firstAck: 500}, 500, "ab", false, 500},
		{"before", stream{hasAck: true, firstAck: 510}, 500, "ab", false, 500},
		{"as far behind as is believed", stream{hasAck: true, firstAck: 500}, 500 + 64<<20, "ab", false, 500},
		{"farther", stream{hasAck: true, firstAck: 500}, 501 + 64<<20, "ab", false, 501 + 64<<20},
		{"behind a hint", stream{hinted: true, hint: 498}, 500, "ab", false, 498},
		{"a byte behind a hint, which may have been a keep-alive", stream{hinted: true, hint: 499}, 500, "ab", false, 500},
	} {
		s := tt.s
		s.startMiddle(tt.seq, []byte(tt.data), tt.fin)
		if s.started != (tt.start != 0) || s.started && s.next != tt.start {
			t.Errorf("%s: started %v at %d", tt.name, s.started, s.next)
		}
		if !s.started && (!s.hinted || s.hint != tt.seq) {
			t.Errorf("%s: no hint", tt.name)
		}
	}
}

// Connections that are not MSNP are looked at for 16 KiB, or for 64 in mid-stream.
func TestProbedBytes(t *testing.T) {
	for _, tt := range []struct {
		opened bool
		n      int
		other  bool
	}{{true, 16 << 10, false}, {true, 16<<10 + 1, true}, {false, 64 << 10, false}, {false, 64<<10 + 1, true}} {
		f := flow{open: &open{}}
		f.sawSYN[1] = tt.opened
		f.look(0, make([]byte, tt.n-1000))
		f.look(1, make([]byte, 1000))
		if f.verdict == isMSNP || (f.verdict == isOther) != tt.other {
			t.Errorf("opened %v, %d bytes: %v", tt.opened, tt.n, f.verdict)
		}
		if !tt.other {
			if f.look(1, []byte(ver)); f.verdict != isMSNP || f.client != 1 {
				t.Errorf("opened %v: VER behind %d bytes: %v", tt.opened, tt.n, f.verdict)
			}
		}
	}
}

// Who the client is is told by a line, then by the ports.
func TestFindClient(t *testing.T) {
	for _, tt := range []struct {
		from  side
		line  string
		ports [2]uint16
		want  side
	}{
		{0, usr, [2]uint16{5, 6}, 0}, {1, usr, [2]uint16{6, 5}, 1},
		{0, "CHL 0 1234\r\n", [2]uint16{6, 5}, 1}, {1, "CHL 0 1234\r\n", [2]uint16{5, 6}, 0},
		{0, "OUT\r\n", [2]uint16{2000, 1863}, 0}, {0, "OUT\r\n", [2]uint16{1863, 2000}, 1},
		{0, "OUT\r\n", [2]uint16{1000, 1864}, 0}, {0, "OUT\r\n", [2]uint16{1000, 6891}, 0}, {0, "OUT\r\n", [2]uint16{6891, 1000}, 1},
		{0, "OUT\r\n", [2]uint16{2000, 1000}, 0}, {0, "OUT\r\n", [2]uint16{1000, 2000}, 1}, {0, "OUT\r\n", [2]uint16{1863, 6891}, 1},
		{0, "\r\n" + usr, [2]uint16{5, 6}, 0},
	} {
		f := flow{open: &open{}}
		f.key.port = tt.ports
		f.findClient(tt.from, []byte(tt.line))
		if f.client != tt.want || !f.known {
			t.Errorf("%q from side %d, ports %v: the client is side %d", tt.line, tt.from, tt.ports, f.client)
		}
		f.client = tt.want.peer()
		if f.findClient(tt.from, []byte(tt.line)); f.client != tt.want.peer() {
			t.Errorf("%q: found again", tt.line)
		}
	}
}

// What is not known to be MSNP holds back others for so long, and no longer.
func TestQueueHoldsBack(t *testing.T) {
	begun := time.Unix(1e9, 0)
	for _, tt := range []struct {
		name   string
		memory int
		events int
		after  time.Duration
		full   bool
	}{
		{"a megabyte", 1 << 20, 1, 0, false}, {"a byte more", 1<<20 + 1, 1, 0, true},
		{"8,192 events", 0, 8192, 0, false}, {"one more", 0, 8193, 0, true},
		{"two seconds", 0, 1, 2 * time.Second, false}, {"a moment more", 0, 1, 2*time.Second + 1, true},
		{"live, half a second", 0, -1, time.Second / 2, false}, {"live, a moment more", 0, -1, time.Second/2 + 1, true},
	} {
		q := queue{memory: tt.memory, live: tt.events < 0}
		for range 3 { // taken already
			q.push(event{})
			q.head++
		}
		for range max(tt.events, -tt.events) {
			q.push(event{time: begun})
		}
		if got := q.full(begun.Add(tt.after)); got != tt.full {
			t.Errorf("%s: full %v", tt.name, got)
		}
	}
}

// The clocks of two captures differ if acknowledgments came more than once before
// their bytes, or once by ten seconds; a tenth of a second is worth a word.
func TestClocksAreToldApart(t *testing.T) {
	for _, tt := range []struct {
		a, b   []time.Duration // what each side's acknowledgments took
		offset time.Duration
		said   bool
	}{
		{[]time.Duration{10 * time.Second}, nil, 0, false},
		{[]time.Duration{50 * time.Millisecond}, []time.Duration{-50 * time.Millisecond}, 0, false},
		{[]time.Duration{100 * time.Millisecond}, []time.Duration{-100 * time.Millisecond, -100 * time.Millisecond}, -100 * time.Millisecond, true},
		{[]time.Duration{100 * time.Millisecond}, []time.Duration{-99999999, -99999998}, -99999999, false},
		{[]time.Duration{-100 * time.Millisecond, -time.Millisecond}, []time.Duration{100 * time.Millisecond}, 100 * time.Millisecond, true},
		{[]time.Duration{-99999998, -time.Millisecond}, []time.Duration{100 * time.Millisecond}, 99999999, false},
		{[]time.Duration{10 * time.Second}, []time.Duration{-10 * time.Second}, -10 * time.Second, true},
		{[]time.Duration{10 * time.Second}, []time.Duration{-10*time.Second + 1}, 0, false},
		{[]time.Duration{10 * time.Second, time.Second}, []time.Duration{-time.Second, time.Second, -time.Second}, -time.Second, true},
		{[]time.Duration{time.Second}, []time.Duration{0, 0}, 0, false},
	} {
		f := flow{open: &open{}}
		for i, list := range [][]time.Duration{tt.a, tt.b} {
			for _, d := range list {
				f.streams[i].clock.sample(d)
			}
		}
		offset, said := f.clockOffset()
		if said != tt.said || offset != tt.offset {
			t.Errorf("%v and %v: %v, %v; want %v, %v", tt.a, tt.b, offset, said, tt.offset, tt.said)
		}
	}
	for d, want := range map[time.Duration]string{500 * time.Millisecond: "0.5 s", 9900 * time.Millisecond: "9.9 s", 10 * time.Second: "10 s", 90 * time.Second: "90 s"} {
		if got := seconds(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
}

// Two beginnings that differ are no twins; 96 equal bytes of both sides are proof, 24
// are if that is all there is, and 256 of one side.
func TestTwinsNeed(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 20)
	for _, tt := range []struct {
		a, b  [2]int // bytes of the two sides
		end   bool
		twin  bool // still
		known bool // it is one
	}{
		{[2]int{90, 5}, [2]int{90, 5}, false, true, false},
		{[2]int{90, 6}, [2]int{90, 6}, false, true, true},
		{[2]int{96, 0}, [2]int{96, 0}, false, true, false},
		{[2]int{255, 0}, [2]int{255, 0}, false, true, false},
		{[2]int{256, 0}, [2]int{256, 0}, false, true, true},
		{[2]int{20, 3}, [2]int{20, 3}, true, false, false},
		{[2]int{20, 4}, [2]int{20, 4}, true, true, true},
		{[2]int{20, 5}, [2]int{20, 4}, true, false, false},
		{[2]int{50, 0}, [2]int{50, 0}, true, false, false},
	} {
		begins := func(n [2]int) *beginning {
			var b beginning
			for s := range side(2) {
				if n[s] > 0 {
					b.take(s, 100+uint32(s), []byte(text)[:n[s]])
				}
			}
			return &b
		}
		o := &flow{open: &open{}, begins: begins(tt.b), verdict: isMSNP}
		f := &flow{open: &open{}, begins: begins(tt.a)}
		f.twin = o
		p := &packets{table: newTable()}
		p.resembles(f, tt.end)
		known := p.count.Twins == 1
		if still := known || f.open != nil && f.twin != nil; still != tt.twin || known != tt.known {
			t.Errorf("%v and %v, at the end %v: twin %v, known %v", tt.a, tt.b, tt.end, still, known)
		}
	}
	var b beginning
	b.take(0, 7, []byte(text)[:200])
	b.take(0, 207, []byte(text)[:200])
	if len(b.side[0]) != 256 || b.begun[0] != 7 {
		t.Errorf("%d bytes are compared, from %d", len(b.side[0]), b.begun[0])
	}
}

// A hundred reports wait for who is told, and the end waits five seconds for them.
func TestReportsWait(t *testing.T) {
	for n, want := range map[int]int{100: 101, 101: 101} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			told := 0
			p := reporter{to: func(error) {
				time.Sleep(time.Second / 200)
				mu.Lock()
				told++
				mu.Unlock()
			}}
			p.errorf("the first is being told")
			synctest.Wait()
			for i := range n {
				p.errorf("trouble %d", i)
			}
			p.close()
			if told != want {
				t.Errorf("%d of %d were told", told, n+1)
			}
		})
	}
	for hangs, want := range map[time.Duration]time.Duration{4 * time.Second: 4 * time.Second, 6 * time.Second: 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			p := reporter{to: func(error) { time.Sleep(hangs) }}
			p.errorf("trouble")
			synctest.Wait()
			begun := time.Now()
			p.close()
			if got := time.Since(begun); got != want {
				t.Errorf("who is told hangs for %v: the end waited %v", hangs, got)
			}
			time.Sleep(time.Minute)
			p.close() // nothing is left
			p.to = nil
			p.errorf("nobody is told")
		})
	}
	said := false
	var list []error
	p := reporter{to: func(err error) { list = append(list, err) }}
	p.once(&said, "%w", errors.New("once"))
	p.close()
	p.once(&said, "twice")
	p.close()
	if len(list) != 1 || !said {
		t.Errorf("%v", list)
	}
}

// Sixteen kinds of connections that are not MSNP are told apart.
func TestForeignKinds(t *testing.T) {
	var s Stats
	for i := range 17 {
		s.foreign(decode.Opening{Name: fmt.Sprint("kind ", i)})
	}
	if len(s.Foreign) != 16 || s.Foreign[15].Name != "kind 15" {
		t.Errorf("%d kinds: %v", len(s.Foreign), s.Foreign)
	}
}

// Fragments of a datagram are waited for 30 seconds, and two megabytes of them.
func TestFragmentsWait(t *testing.T) {
	begun := time.Unix(1e9, 0)
	fragment := func(d *dissector, id uint16, first bool, size int, at time.Time) []byte {
		d.ip4 = layers.IPv4{Version: 4, IHL: 5, Id: id, Protocol: layers.IPProtocolTCP, SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{10, 0, 0, 2}}
		if d.ip4.FragOffset = uint16(size / 8); first {
			d.ip4.FragOffset, d.ip4.Flags = 0, layers.IPv4MoreFragments
		}
		d.ip4.Payload = make([]byte, size)
		d.ip4.Length, d.ip4.Contents = uint16(20+size), make([]byte, 20)
		whole, _ := d.defragment(at)
		return whole
	}
	// They are looked through when 30 seconds have passed since that was done last.
	for _, tt := range []struct {
		others, wait time.Duration
		comes        bool
	}{
		{time.Second, 30 * time.Second, true},
		{30*time.Second + 1, 60*time.Second + 1, true},
		{30*time.Second + 1, 60*time.Second + 2, false},
		{30 * time.Second, 60 * time.Second, true},
	} {
		var d dissector
		fragment(&d, 1, true, 800, begun)
		fragment(&d, 2, true, 800, begun.Add(tt.others)) // others come meanwhile
		whole := fragment(&d, 1, false, 800, begun.Add(tt.wait))
		if (len(whole) == 1600) != tt.comes {
			t.Errorf("the rest after %v: %d bytes", tt.wait, len(whole))
		}
	}
	for more, kept := range map[int]bool{0: true, 8: false} {
		var d dissector
		const size = 64<<10 - pieceOverhead
		for id := range uint16(32) {
			fragment(&d, id, true, size, begun)
		}
		if d.pieces.total != 2<<20 {
			t.Fatalf("%d bytes wait", d.pieces.total)
		}
		if more > 0 {
			fragment(&d, 99, true, more, begun)
		}
		if whole := rest(&d, 1, size, begun); (len(whole) == size+8) != kept {
			t.Errorf("%d bytes beyond wait: the datagram has %d", more, len(whole))
		}
	}
}

// rest is the last fragment of a datagram, of eight bytes.
func rest(d *dissector, id uint16, at int, now time.Time) []byte {
	d.ip4 = layers.IPv4{Version: 4, IHL: 5, Id: id, Protocol: layers.IPProtocolTCP, SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{10, 0, 0, 2}, FragOffset: uint16(at / 8), Length: 28}
	d.ip4.Contents, d.ip4.Payload = make([]byte, 20), make([]byte, 8)
	whole, _ := d.defragment(now)
	return whole
}
