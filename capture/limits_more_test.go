package capture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

// More limits, each tried where it is reached and one beyond.

// A side of which there is no packet is waited for 60 seconds and 256 packets; so is
// what the other has said, up to a mebibyte or 4096 packets. What waits for no hole
// goes on after twice the time and packets of a late one.
func TestWaitingForAnswers(t *testing.T) {
	begun := time.Unix(1e9, 0)
	for _, tt := range []struct {
		name    string
		waited  time.Duration
		packets int64
		memory  int
		pieces  int
		seen    bool // the other side was
		goes    bool
	}{
		{"in time", 60 * time.Second, 256, 600, 1, false, true},
		{"a moment early", 60*time.Second - 1, 1000, 600, 1, false, false},
		{"a packet early", time.Hour, 255, 600, 1, false, false},
		{"at once", 0, 0, 1048576, 4096, false, false},
		{"more memory", 0, 0, 1048577, 1, false, true},
		{"more packets", 0, 0, 600, 4097, false, true},
		{"the other side is there", 400 * time.Millisecond, 128, 600, 1, true, true},
		{"a moment early, the other is there", 400*time.Millisecond - 1, 1000, 600, 1, true, false},
		{"a packet early, the other is there", time.Hour, 127, 600, 1, true, false},
	} {
		f := &flow{open: &open{}}
		f.streams[1].start(5000)
		f.streams[0].seen, f.streams[1].seen = true, tt.seen
		w := waiting{segment: segment{from: 0, seq: 1000, ack: 5100, has: true, data: []byte("VER 1\r\n")}, at: begun, since: begun, packet: 7}
		f.waiting[0] = make([]waiting, tt.pieces)
		for i := range f.waiting[0] {
			f.waiting[0][i] = w
		}
		f.waits = tt.memory
		f.waiting[1] = nil
		p := &packets{table: newTable(), now: begun.Add(tt.waited), memory: tt.memory}
		p.count.Packets = 7 + tt.packets
		if !tt.seen {
			f.streams[1] = stream{}
		}
		if got := p.release(f); got != tt.goes {
			t.Errorf("%s: goes on %v", tt.name, got)
		}
		if tt.goes && !tt.seen && (!f.alone || len(f.waiting[0]) != tt.pieces-1) {
			t.Errorf("%s: alone %v, %d wait", tt.name, f.alone, len(f.waiting[0]))
		}
	}
}

// Whether a segment answers what is not here yet.
func TestBlocked(t *testing.T) {
	s := func(next uint32) stream {
		var s stream
		s.start(next)
		s.seen = true
		return s
	}
	acked := func(next, ack uint32) stream {
		s := s(next)
		s.hasAck, s.acked = true, ack
		return s
	}
	ended := s(100)
	ended.ended, ended.end = true, 100
	one := []waiting{{segment: segment{seq: 100}}}
	for _, tt := range []struct {
		name  string
		peer  stream
		wait  []waiting
		alone bool
		has   bool
		ack   uint32
		want  bool
	}{
		{"no packet of the other", stream{}, nil, false, true, 5, true},
		{"and none is waited for", stream{}, nil, true, true, 5, false},
		{"no packet of the other, no acknowledgment", stream{}, nil, false, false, 0, false},
		{"the other has not begun", stream{seen: true}, nil, false, true, 5, false},
		{"the other waits, and this comes behind", stream{seen: true}, one, false, true, 101, true},
		{"the other waits, and this comes before", stream{seen: true}, one, false, true, 100, false},
		{"the other waits, no acknowledgment", stream{seen: true}, one, false, false, 101, false},
		{"all is here", s(100), nil, false, true, 100, false},
		{"a byte is not, which may be a FIN", s(100), nil, false, true, 101, false},
		{"a byte is not, which waits", s(100), one, false, true, 101, true},
		{"behind the end", ended, one, false, true, 101, false},
		{"two bytes are not", s(100), nil, false, true, 102, true},
		{"as far as is believed", s(100), nil, false, true, 100 + 67108864, true},
		{"farther", s(100), nil, false, true, 101 + 67108864, false},
		{"before", s(100), nil, false, true, 90, false},
		{"no acknowledgment, none before", s(100), nil, false, false, 0, false},
		{"no acknowledgment, as before", acked(100, 102), nil, false, false, 0, true},
		{"no acknowledgment, all here", acked(100, 100), nil, false, false, 0, false},
	} {
		f := &flow{open: &open{alone: tt.alone}}
		f.streams[1], f.waiting[1] = tt.peer, tt.wait
		if got := f.blocked(&segment{from: 0, ack: tt.ack, has: tt.has}); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	for want, s := range map[uint32]segment{7: {seq: 7}, 8: {seq: 7, syn: true}, 9: {seq: 7, syn: true, fin: true}, 12: {seq: 7, data: []byte("abc"), cut: 2}} {
		if s.end() != want {
			t.Errorf("%+v ends at %d", s, s.end())
		}
	}
}

// Which connection of several with the same ends a segment is of.
func TestSequenceDistance(t *testing.T) {
	begun := trace{started: true, begun: 1000, next: 2000}
	ack := trace{hasAck: true, firstAck: 1000, acked: 2000}
	for _, tt := range []struct {
		t     trace
		seq   uint32
		want  int
		known bool
	}{
		{begun, 2000, 0, true}, {begun, 2001, 1, true}, {begun, 1999, 0, true}, {begun, 1000, 0, true}, {begun, 999, 0, true}, {begun, 998, 1002, true},
		{ack, 1000, 0, true}, {ack, 2000, 0, true}, {ack, 999, 1, true}, {ack, 2001, 1, true}, {ack, 900, 100, true}, {ack, 2100, 100, true},
		{trace{}, 7, 0, false},
	} {
		if got, known := tt.t.far(tt.seq); got != tt.want || known != tt.known {
			t.Errorf("%+v, %d: %d, %v", tt.t, tt.seq, got, known)
		}
	}
	flows := func(mine, peer trace) *flow { return &flow{traces: [2]trace{mine, peer}} }
	for _, tt := range []struct {
		name        string
		f           *flow
		s           segment
		least, most int
	}{
		{"both known", flows(begun, begun), segment{seq: 2005, ack: 2007, has: true}, 5, 7},
		{"the other way round", flows(begun, begun), segment{seq: 2007, ack: 2005, has: true}, 5, 7},
		{"no acknowledgment", flows(begun, begun), segment{seq: 2005, ack: 2007}, 5, 5},
		{"a reset", flows(begun, begun), segment{seq: 2005, ack: 2007, rst: true}, 5, 5},
		{"only the other side", flows(trace{}, begun), segment{seq: 2005, ack: 2007, has: true}, 7, 7},
		{"only its own", flows(begun, trace{}), segment{seq: 2005, ack: 2007, has: true}, 5, 5},
		{"acknowledgments by themselves", flows(begun, ack), segment{seq: 2005, ack: 1993, has: true}, 5, 7},
		{"only acknowledgments", flows(trace{}, ack), segment{seq: 2005, ack: 1993, has: true}, 7, 7},
		{"nothing", flows(trace{}, trace{}), segment{seq: 2005, ack: 2007, has: true}, 0, 0},
	} {
		if least, most := tt.f.distance(&tt.s); least != tt.least || most != tt.most {
			t.Errorf("%s: %d, %d", tt.name, least, most)
		}
	}
	syn := func(f *flow, has bool, ack uint32) bool {
		return f.ofSYN(&segment{syn: true, seq: 999, has: has, ack: ack})
	}
	saw := func(side int, isn uint32) *flow {
		f := flows(trace{}, trace{})
		f.sawSYN[side], f.isn[side] = true, isn
		return f
	}
	for name, ok := range map[string]bool{
		"the same again":                  syn(saw(0, 999), false, 0),
		"an answer":                       syn(saw(1, 500), true, 501),
		"an answer, farther on":           syn(saw(1, 500), true, 501+262144),
		"behind its beginning":            syn(flows(begun, trace{}), false, 0),
		"of what was acknowledged":        syn(flows(trace{hasAck: true, firstAck: 1000}, trace{}), false, 0),
		"of what was acknowledged, later": syn(flows(trace{hasAck: true, firstAck: 999 + 67108864}, trace{}), false, 0),
		"of what nothing is known of":     syn(flows(trace{}, trace{}), false, 0),
	} {
		if !ok {
			t.Errorf("%s: it is not of the connection", name)
		}
	}
	for name, ok := range map[string]bool{
		"another":                         syn(saw(0, 998), false, 0),
		"an answer to what was before":    syn(saw(1, 500), true, 500),
		"an answer to what is far off":    syn(saw(1, 500), true, 502+262144),
		"of what has begun before":        syn(flows(trace{started: true, begun: 999}, trace{}), false, 0),
		"of what has begun later":         syn(flows(trace{started: true, begun: 1001}, trace{}), false, 0),
		"of what was acknowledged before": syn(flows(trace{hasAck: true, firstAck: 999}, trace{}), false, 0),
		"of what was acknowledged far on": syn(flows(trace{hasAck: true, firstAck: 1000 + 67108864}, trace{}), false, 0),
	} {
		if ok {
			t.Errorf("%s: it is of the connection", name)
		}
	}
}

// Sixteen connections may have the same ends, in as many places. How far off numbers
// are makes another one: 16 MiB in one place, 256 KiB in two.
func TestConnectionsWithTheSameEnds(t *testing.T) {
	add := func(p *packets, here place, next uint32) *flow {
		f := p.table.add(&flowKey{})
		f.traces = [2]trace{{started: true, begun: next - 100, next: next}, {started: true, begun: next - 100, next: next}}
		f.open = nil
		f.places.add(here)
		return f
	}
	for _, tt := range []struct {
		name  string
		place place
		off   uint32
		size  int
		rst   bool
		again bool // it is of the connection that there is
	}{
		{"near", 1, 0, 7, false, true},
		{"almost far", 1, 16777215, 7, false, true},
		{"far", 1, 16777216, 7, false, false},
		{"far, but too short to begin with", 1, 16777216, 1, false, true},
		{"far, two bytes", 1, 16777216, 2, false, false},
		{"far, a reset", 1, 16777216, 7, true, true},
		{"elsewhere", 2, 0, 7, false, true},
		{"elsewhere, almost far", 2, 262143, 7, false, true},
		{"elsewhere, far", 2, 262144, 7, false, false},
		{"elsewhere, far, but too short", 2, 262144, 1, false, true},
		{"elsewhere, far, a reset", 2, 262144, 7, true, true},
	} {
		p := &packets{table: newTable()}
		f := add(p, 1, 5000)
		s := segment{seq: 5000 + tt.off, ack: 5000 + tt.off, has: true, data: make([]byte, tt.size), rst: tt.rst, place: tt.place}
		if got, old := p.choose(&s); (got == f) != tt.again || old != nil || got != nil && got != f {
			t.Errorf("%s: %v", tt.name, got == f)
		}
	}
	// Of two in one place the nearer one, of two places the one of the packet's.
	p := &packets{table: newTable()}
	a, b, c := add(p, 1, 5000), add(p, 1, 9000), add(p, 2, 7000)
	for _, tt := range []struct {
		place place
		seq   uint32
		want  *flow
	}{{1, 5100, a}, {1, 8900, b}, {2, 5100, c}, {3, 7100, c}, {3, 5100, a}, {3, 8800, b}} {
		if got, _ := p.choose(&segment{seq: tt.seq, ack: tt.seq, has: true, data: []byte("VER 1\r\n"), place: tt.place}); got != tt.want {
			t.Errorf("%d in place %d is of another connection", tt.seq, tt.place)
		}
	}
	if got, old := p.choose(&segment{seq: 1 << 30, syn: true, place: 2}); got != nil || old != c {
		t.Error("a new connection takes another's place")
	}
	if got, old := p.choose(&segment{seq: 1 << 30, syn: true, place: 4}); got != nil || old != nil {
		t.Error("a new connection elsewhere takes another's place")
	}
	// Four places are kept.
	var l places
	for i := range 5 {
		l.add(place(i + 1))
		l.add(place(i + 1))
	}
	for i, has := range []bool{false, true, true, true, true, false} {
		if l.has(place(i+1)) != has {
			t.Errorf("place %d of five: %v", i+1, !has)
		}
	}
	p = newPackets(&dump{})
	for n := 1; n <= 17; n++ {
		f := p.start(&segment{place: place(n)}, nil, time.Unix(int64(n), 0))
		f.seen = time.Unix(int64(n), 0)
		if _, kept := f.last(); kept != min(n, 16) || p.table.len() != kept || p.count.Connections != n {
			t.Errorf("%d connections, %d are kept open", n, kept)
		}
	}
}

// A comment has ten thousand bytes at most.
func TestLongestComment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	if err := os.WriteFile(path, writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863")[:3]), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := Append(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Put(annotated(1, strings.Repeat("a", 10000))); err != nil {
		t.Error(err)
	}
	if err := a.Put(annotated(2, strings.Repeat("a", 10001))); err == nil || !strings.Contains(err.Error(), "10001 bytes is too long; 10000 are possible") {
		t.Error(err)
	}
	for _, tt := range []struct {
		mark string
		ok   bool
	}{{"", true}, {"a", true}, {"é", true}, {"ab", false}, {"1", false}, {"\xff", false}, {" ", false}} {
		r := annotated(3, "x")
		r.About.Mark = tt.mark
		if err := a.Put(r); (err == nil) != tt.ok {
			t.Errorf("the mark %q: %v", tt.mark, err)
		}
	}
	for n, want := range map[int]string{400: "a", 401: "a..."} {
		if got := printableLine(strings.Repeat("a", n)); got != strings.Repeat("a", 399)+want {
			t.Errorf("a line of %d bytes: %d", n, len(got))
		}
	}
	if got := printableLine("a\x1f b\x7f~\xffé\ufffd\t"); got != "a. b.~.é.." {
		t.Errorf("%q", got)
	}
	for text, want := range map[string]string{
		"a\nb\x1b\x7f\xff\t":             "a\nb....",
		strings.Repeat("a", 65535):       strings.Repeat("a", 65535),
		strings.Repeat("a", 65536):       strings.Repeat("a", 65535),
		strings.Repeat("a", 65534) + "é": strings.Repeat("a", 65534),
	} {
		if got := string(printableLines(text)); got != want {
			t.Errorf("a text of %d bytes: %d, %.20q", len(text), len(got), got)
		}
	}
	for n, want := range map[int]int{65535: 65535, 65536: 65535} {
		b := appendOption(nil, 1, make([]byte, n))
		if got := int(b[2]) | int(b[3])<<8; got != want || len(b) != 65540 {
			t.Errorf("a value of %d bytes: %d, in %d", n, got, len(b))
		}
	}
	for n, ok := range map[int]bool{4096: true, 4100: false, 28: false} {
		name := "msnproxy"
		body := join(le32(0x1a2b3c4d), le16(1), le16(0), make([]byte, 8))
		if n > 28 {
			body = join(body, le16(4), le16(len(name)), []byte(name), le16(1), le16(n-28-12-4-4), make([]byte, n-28-12-4-4), le32(0))
		}
		b := join(le32(0x0a0d0d0a), le32(uint32(n)), body, le32(uint32(n)))
		if len(b) != n {
			t.Fatal(len(b), n)
		}
		if got := isOwn(bufio.NewReaderSize(bytes.NewReader(b), 8192)); got != ok {
			t.Errorf("a section header of %d bytes is ours: %v", n, got)
		}
	}
}

// A thousand connections that came and went unrecorded are told of one by one.
func TestPassedConnections(t *testing.T) {
	var g gap
	g.begin(gapFull, "no space")
	for i := range 1001 {
		c := &Conn{ID: uint32(i + 1)}
		g.miss(&Record{Conn: c, Kind: Opened})
		g.miss(&Record{Conn: c, Kind: Closed})
		if want := int64(max(i+1-1000, 0)); g.beyond != want || len(g.missed) != min(i+1, 1000) {
			t.Fatalf("%d passed: %d beyond, %d kept", i+1, g.beyond, len(g.missed))
		}
	}
	list := g.take()
	if last := list[len(list)-1]; len(list) != 2001 || last.Text != "1 connection came and went unrecorded, besides those above: no space" {
		t.Errorf("%d records, %q", len(list), last.Text)
	}
	if list := g.take(); len(list) != 0 || g.passed != 0 {
		t.Errorf("%d records, again", len(list))
	}
	// What one missed is counted by its sides.
	c := &Conn{ID: 1}
	at := time.Unix(1e9, 0)
	for i, r := range []Record{
		{Conn: c, Kind: Data, From: decode.Client, Frame: decode.Frame{Raw: []byte("abc")}},
		{Conn: c, Kind: Data, From: decode.Server, Frame: decode.Frame{Raw: []byte("abcd")}},
		{Conn: c, Kind: Data, From: decode.Client, Frame: decode.Frame{Raw: []byte("a")}, Fate: Injected},
		{Conn: c, Kind: Lost, From: decode.Server, Lost: 7},
		{Conn: c, Kind: Lost, From: decode.Server, Lost: -1},
		{Conn: c, Kind: HalfClosed, From: decode.Client},
		{Kind: Remark},
	} {
		r.Time = at.Add(time.Duration(i) * time.Second)
		want := int64(1)
		if r.Kind == HalfClosed {
			want = 0
		}
		if got := g.miss(&r); got != want {
			t.Errorf("%s: %d", r.Kind, got)
		}
	}
	var got []string
	for _, r := range g.take() {
		got = append(got, fmt.Sprint(r.Kind, " ", r.From, " ", r.Lost, " ", r.Text, " ", r.Time.Sub(at)))
	}
	want := []string{
		"lost client 3 2 messages of the client not recorded: no space 2s",
		"lost server 11 3 messages of the server not recorded: no space 4s",
		"half-closed client 0  5s",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q", got)
	}
	if got := g.end(); got != "6 messages of 1 connection not recorded" || g.open() {
		t.Error(got)
	}
}

// 256 files wait to be packed, more stay as they are.
func TestUnpackedFiles(t *testing.T) {
	var said []string
	say := &reporter{to: func(err error) { said = append(said, err.Error()) }}
	s := &shelf{compress: true, busy: true, say: say}
	for n := 1; n <= 258; n++ {
		s.put(nil, fmt.Sprint(n), n != 3)
		if f := s.files[n-1]; f.pack != (n <= 257 && n != 3) {
			t.Errorf("file %d is to be packed: %v", n, f.pack)
		}
	}
	say.close()
	if len(said) != 1 || !strings.Contains(said[0], "258 stays unpacked") {
		t.Errorf("%q", said)
	}
}

// Of many recordings 64 are open before their turn.
func TestManyOpen(t *testing.T) {
	open := func() (*Reader, error) { return OpenReader(strings.NewReader("C: PNG\n"), "it") }
	m := &merged{joiner: newJoiner()}
	for n := 1; n <= 66; n++ {
		r, err := open()
		if err != nil {
			t.Fatal(err)
		}
		s := &source{number: n, r: r, open: open}
		if n == 66 {
			s.open = nil // it can't be opened again
		}
		m.add(s)
		if early := n == 65; s.early != early || (s.r == nil) != early {
			t.Errorf("recording %d of many is closed: %v", n, s.early)
		}
	}
	n := 0
	for rec := new(Record); ; {
		if err := m.next(rec); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			break
		}
		if rec.Kind == Data {
			n++
		}
	}
	if n != 66 {
		t.Errorf("%d messages", n)
	}
}
