package capture

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
	"msnproxy/decode/check"
)

// The packets that are made are those that gopacket makes, to the byte.
func TestMadePackets(t *testing.T) {
	serialize := func(from, to netip.Addr, protocol layers.IPProtocol, l ...gopacket.SerializableLayer) []byte {
		var ip gopacket.SerializableLayer
		if from.Is4() {
			v4 := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Flags: layers.IPv4DontFragment, Protocol: protocol, SrcIP: net.IP(from.AsSlice()), DstIP: net.IP(to.AsSlice())}
			ip = v4
			for _, l := range l {
				if l, ok := l.(interface {
					SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
				}); ok {
					l.SetNetworkLayerForChecksum(v4)
				}
			}
		} else {
			v6 := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: protocol, SrcIP: net.IP(from.AsSlice()), DstIP: net.IP(to.AsSlice())}
			ip = v6
			l[0].(*layers.TCP).SetNetworkLayerForChecksum(v6)
		}
		b := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, append([]gopacket.SerializableLayer{ip}, l...)...); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	data := make([]byte, 65535-60)
	for i := range data {
		data[i] = byte(i*7 + i>>8)
	}
	for _, ends := range [][2]string{{"10.0.0.9:1034", "198.51.100.10:1863"}, {"[2001:db8::1]:1034", "[2001:db8::2]:1863"}, {"255.255.255.255:65535", "255.255.255.254:65534"}} {
		from, to := netip.MustParseAddrPort(ends[0]), netip.MustParseAddrPort(ends[1])
		for _, n := range []int{0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 300, len(data)} {
			for _, flags := range []byte{0x02, 0x12, 0x10, 0x18, 0x11, 0x14} {
				tcp := &layers.TCP{SrcPort: layers.TCPPort(from.Port()), DstPort: layers.TCPPort(to.Port()), Seq: 0xfedcba98, Ack: 0x12345678,
					SYN: flags&2 != 0, ACK: flags&0x10 != 0, PSH: flags&8 != 0, FIN: flags&1 != 0, RST: flags&4 != 0, Window: 65535}
				if tcp.SYN {
					if n > 300 {
						continue
					}
					// The largest segment, no operation, a scale of 2^14, padding.
					tcp.Options = []layers.TCPOption{
						{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{0xff, 0xd7}},
						{OptionType: layers.TCPOptionKindNop},
						{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{14}},
					}
				}
				want := serialize(from.Addr(), to.Addr(), layers.IPProtocolTCP, tcp, gopacket.Payload(data[:n]))
				got := appendSegment([]byte("before"), &madeSegment{from: from, to: to, seq: 0xfedcba98, ack: 0x12345678, flags: flags, data: data[:n]})
				if string(got) != "before"+string(want) {
					t.Fatalf("%s, flags %#x, %d bytes:\n got %x\nwant %x", ends, flags, n, got[6:], want)
				}
			}
		}
	}
	local := netip.MustParseAddr("127.0.0.1")
	if got, want := appendDatagram(nil), serialize(local, local, layers.IPProtocolUDP, &layers.UDP{SrcPort: 9, DstPort: 9}); !bytes.Equal(got, want) {
		t.Errorf("a datagram:\n got %x\nwant %x", got, want)
	}
	if maxSegment != 65535-60 {
		t.Error(maxSegment)
	}
}

// What is written for each kind of record, to the byte: recordings of any version are
// read by those before it. tshark reads them, as other tests see.
func TestWrittenBytes(t *testing.T) {
	var text strings.Builder
	for _, ends := range [][2]string{{"10.0.0.9:1034", "10.0.0.5:1863"}, {"[2001:db8::1]:1034", "[2001:db8::2]:1863"}, {"pc.example.com:1034", "ns.example.com:1863"}} {
		records := slices.DeleteFunc(everyKind(ends[0], ends[1]), func(r Record) bool { return len(r.Frame.Raw) > 1000 })
		fmt.Fprintln(&text, "pcapng", ends)
		b := writePcapng(t, records)
		for len(b) > 0 {
			n := int(b[4]) | int(b[5])<<8 | int(b[6])<<16
			for _, line := range chunks(b[:n], 32) {
				fmt.Fprintln(&text, hex.EncodeToString(line))
			}
			fmt.Fprintln(&text)
			b = b[n:]
		}
		var pcap bytes.Buffer
		w, err := NewPcapWriter(&pcap)
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			if err := w.WriteRecord(&records[i]); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprintln(&text, "pcap", ends)
		for _, line := range chunks(pcap.Bytes(), 32) {
			fmt.Fprintln(&text, hex.EncodeToString(line))
		}
	}
	const golden = "testdata/goldens/written.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || text.String() != string(want) {
		got := strings.Split(text.String(), "\n")
		for i, line := range strings.Split(string(want), "\n") {
			if i >= len(got) || got[i] != line {
				t.Fatalf("%v: line %d of %s:\n got %s\nwant %s", err, i+1, golden, got[min(i, len(got)-1)], line)
			}
		}
		t.Fatal(err, "more is written than", golden, "has")
	}
}

func chunks(b []byte, n int) (list [][]byte) {
	for len(b) > n {
		list, b = append(list, b[:n]), b[n:]
	}
	return append(list, b)
}

// A pcap can't be written where its blocks make no sense, or the disk is full.
func TestPcapWriterFails(t *testing.T) {
	var out bytes.Buffer
	w, err := NewPcapWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		b  []byte
		ok bool
	}{
		{join(le32(7), le32(12), le32(12)), true},
		{join(le32(7), le32(11), le32(11)), false},
		{join(le32(7), le32(13), le32(13)), false},
	} {
		if _, err := w.Write(tt.b); (err == nil) != tt.ok {
			t.Errorf("%x: %v", tt.b, err)
		}
	}
	if out.Len() != 24 {
		t.Errorf("%d bytes", out.Len())
	}
	if _, err := NewPcapWriter(noSpace{}); err == nil {
		t.Error("the head of the file did not go out, and nobody knows")
	}
	w.w = noSpace{}
	conn := &Conn{ID: 1, Client: "10.0.0.9:1034", Server: "10.0.0.5:1863"}
	if err := w.WriteRecord(&Record{Kind: Opened, Conn: conn}); err == nil {
		t.Error("a packet did not go out, and nobody knows")
	}
}

type noSpace struct{}

func (noSpace) Write([]byte) (int, error) { return 0, errors.New("full") }

// All counts of two recordings add up.
func TestStatsAdd(t *testing.T) {
	one, two := Stats{Format: "pcap"}, Stats{Format: "pcap"}
	fill := func(s *Stats, k int64) {
		v := reflect.ValueOf(s).Elem()
		for i := range v.NumField() {
			if f := v.Field(i); f.CanInt() {
				f.SetInt(k * int64(i+1))
			}
		}
		s.Strange = map[string]int64{"USB": k, fmt.Sprint(k): k}
	}
	fill(&one, 1000)
	fill(&two, 7)
	sum := Stats{}
	sum.add(one)
	sum.add(two)
	for i := range reflect.TypeOf(sum).NumField() {
		name, got := reflect.TypeOf(sum).Field(i).Name, reflect.ValueOf(sum).Field(i)
		want := int64(1007 * (i + 1))
		if name == "CutAt" {
			want = int64(1000 * (i + 1)) // the longest
		}
		if got.CanInt() && got.Int() != want {
			t.Errorf("%s: %d; want %d", name, got.Int(), want)
		}
	}
	if !reflect.DeepEqual(sum.Strange, map[string]int64{"USB": 1007, "1000": 1000, "7": 7}) || sum.Format != "pcap" {
		t.Error(sum)
	}
	sum.add(Stats{Format: "transcript", Text: true})
	if sum.Format != "several formats" || sum.Text {
		t.Error(sum)
	}
	text := Stats{}
	text.add(Stats{Format: "transcript", Text: true})
	if text.Format != "transcript" || !text.Text {
		t.Error(text)
	}
}

// What turns out later is known after a look; a look ends when it is told to.
func TestLook(t *testing.T) {
	const text = "C: VER 1 MSNP8\nS: VER 1 MSNP8\nC: VER 1 MSNP8\nC: XYZ\n"
	open := func() *Reader {
		r, err := OpenReader(strings.NewReader(text), "it")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	known, err := Look(open(), FollowOptions{}, nil)
	if err != nil || len(known) == 0 {
		t.Fatal(known, err)
	}
	for number := range known {
		if number < 1 || number > 4 {
			t.Error("a finding on message", number)
		}
	}
	stop := make(chan struct{})
	close(stop)
	if known, err := Look(open(), FollowOptions{}, stop); !errors.Is(err, ErrStopped) || len(known) != 0 {
		t.Error(known, err)
	}
	if _, err := Look(open(), FollowOptions{}, make(chan struct{})); err != nil {
		t.Error(err)
	}
	broken := fmt.Errorf("no disk")
	r, err := OpenReader(io.MultiReader(strings.NewReader(strings.Repeat(text, 2000)), iotest.ErrReader(broken)), "it")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Look(r, FollowOptions{}, nil); !errors.Is(err, broken) {
		t.Error(err)
	}
	// It is asked for every 256 records.
	stop = make(chan struct{})
	in := &stopping{lines: 255, stop: stop}
	if r, err = OpenReader(in, "it"); err != nil {
		t.Fatal(err)
	}
	if _, err := Look(r, FollowOptions{}, stop); !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
	h := Hindsight{}
	h.add([]check.Located{{Number: 0}, {Number: 1}, {Number: 2}, {Number: 2}})
	if len(h) != 2 || len(h[1]) != 1 || len(h[2]) != 2 {
		t.Error(h)
	}
}

// stopping is a transcript without end that closes stop after some lines.
type stopping struct {
	lines int
	stop  chan struct{}
}

func (s *stopping) Read(b []byte) (int, error) {
	if s.lines--; s.lines == 0 {
		close(s.stop)
	}
	if s.lines < -1000 {
		return 0, errors.New("nobody stops")
	}
	return copy(b, "C: PNG\n"), nil
}

// The files of a rotation, by number.
func TestSeries(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "a[1]*")
	for _, name := range []string{"_00001_20280101000000.pcapng", "_00002_20280101000000.pcapng.gz", "_00002_20280101000000.pcapng", "_00007_20280101000000.pcapng.gz",
		"_00003_20280101000000.txt", "_0004_20280101000000.pcapng", "_00005_2028010100000.pcapng", "_00010_20280101000000.pcapng", "_99999999999999999999999_20280101000000.pcapng", "b_00001_20280101000000.pcapng"} {
		if err := os.WriteFile(base+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := series(base, ".pcapng")
	want := map[int]string{1: base + "_00001_20280101000000.pcapng", 2: base + "_00002_20280101000000.pcapng", 7: base + "_00007_20280101000000.pcapng.gz", 10: base + "_00010_20280101000000.pcapng"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if got, ok := firstOf(base + ".pcapng"); !ok || got != want[1] {
		t.Error(got)
	}
	for n, next := range map[int]int{1: 2, 2: 7, 7: 10} {
		if got, ok := nextOf(want[n]); !ok || got != want[next] {
			t.Errorf("behind %d: %s", n, got)
		}
	}
	if got, ok := nextOf(want[10]); ok {
		t.Error(got)
	}
	if got, ok := nextOf(base); ok {
		t.Error(got)
	}
	for n, want := range map[int]string{-1: "zero", 0: "two", 1: "two", 2: "five", 5: ""} {
		if got, ok := least(map[int]string{0: "zero", 2: "two", 5: "five"}, n); got != want || ok != (want != "") {
			t.Errorf("above %d: %s, %v", n, got, ok)
		}
	}
	if _, ok := least(nil, -1); ok {
		t.Error("one of none")
	}
}

// How much a line announces.
func TestAnnounced(t *testing.T) {
	for in, want := range map[string]int{
		"MSG a A 12\r\nabc":   24,
		"MSG a A 12\nabc":     23,
		"MSG a A 12":          0,
		"MSG\r\n":             5,
		"\n":                  1,
		"\r\n":                2,
		"7\n":                 9,
		"90\r\n":              94,
		"109\r\n":             114,
		"a:9/\n":              5,
		"MSG 1048576\r\n":     13 + 1048576,
		"MSG 1048577\r\n":     0,
		"MSG 10485760000\r\n": 0,
		"x\r9\n":              13,
	} {
		if got := announced([]byte(in)); got != want {
			t.Errorf("%q: %d; want %d", in, got, want)
		}
	}
	if decode.DefaultMaxPayload != 1<<20 {
		t.Skip("the table is made for payloads of a mebibyte")
	}
}

// countingReader gives a byte at a time.
type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b[:1])
	c.n += n
	return n, err
}

// Through a pipe no more is waited for than is needed to know what it is.
func TestReadsNoMoreThanNeeded(t *testing.T) {
	const command = ">> PNG\n<< QNG 50\n"
	hexdump := strings.Repeat("0x0000:  4500 0028 0001 0000 4006 0000 c633 6407\n0x0010:  c633 6408 0000 0000 0000 0000 0000 0000\n", 50)
	for _, tt := range []struct {
		name, text string
		want       int
	}{
		{"a transcript", "C: VER 1 MSNP8\nS: VER 1 MSNP8\n", 15},
		{"a transcript with a remark", "# said\n\nC: VER 1 MSNP8\nS: VER 1 MSNP8\n", 23},
		{"a transcript, after words", "said\nC: VER 1 MSNP8\nS: VER 1 MSNP8\nC: PNG\n", 42},
		{"eight commands of a log", strings.Repeat(command, 100), 4 * len(command)},
		{"a hex dump", hexdump, 4096},
		{"a short hex dump", hexdump[:4095], 4095},
		{"JSON lines", `{"v":1,"kind":"opened","conn":1}` + "\n", 5},
	} {
		in := &countingReader{r: strings.NewReader(tt.text)}
		if _, err := OpenReader(in, "it"); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if in.n != tt.want {
			t.Errorf("%s: %d bytes are read; want %d", tt.name, in.n, tt.want)
		}
	}
	// Nor is more than 64 KiB looked at.
	blank := strings.Repeat(strings.Repeat(" ", 4095)+"\n", 16)
	for n, known := range map[int]bool{65536 - 2: true, 65536 - 1: false, 65536: false} {
		_, err := OpenReader(strings.NewReader(blank[len(blank)-n:]+"C: VER 1\nS: VER 1\n"), "it")
		if (err == nil) != known {
			t.Errorf("commands behind %d bytes: %v", n, err)
		}
	}
}

// What the lines of a payload in a document may be, beside what they are.
func TestPayloadVariants(t *testing.T) {
	lines := func(s string) (list [][]byte) {
		for _, l := range strings.Split(s, "|") {
			list = append(list, []byte(l))
		}
		return list
	}
	text := func(list [][]byte) string {
		if list == nil {
			return "-"
		}
		return string(bytes.Join(list, []byte("|")))
	}
	for in, want := range map[string]string{
		"a|b": "-", "  a|  b": "a|b", "  a|   b": "a| b", "   a|  b": " a|b", "  a||  b": "a||b", "  a| |  b": "a||b", "\ta|  b": "-", "": "-", " ": "-", " |  a": "|a", "  a|b": "-",
	} {
		if got := text(unindented(lines(in))); got != want {
			t.Errorf("%q without indents: %q; want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"a|b": "-", `a\r\n|b`: "a|b", `a\n|b\r`: "a|b", `a<CR><LF>|b<CRLF>|c␍␊|d↵`: "a|b|c|d", `a\r\n |b`: "a|b", `a\r\n\r\n|b`: "a|b", `a|b\r\n\r\n`: `a|b`,
		`a|b\r\n\r\n\r\n`: `a|b\r\n`, `\r\n`: "",
	} {
		if got := text(writtenEnds(lines(in))); got != want {
			t.Errorf("%q without ends: %q; want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"a|b": "-", "a|.. b": "a+b", "a|.. b|.. c|d": "a+b+c|d", ".. a|b": "-", ".. a|.. b": ".. a+b", "a| \t.. b": "a+b", "a|..b": "-", "|.. b": "+b"} {
		if got := text(joined(lines(in), "+")); got != want {
			t.Errorf("%q joined: %q; want %q", in, got, want)
		}
	}
	list := lines("a|.. b")
	joined(list, "")
	if text(list) != "a|.. b" {
		t.Error("joining changes the lines")
	}
	for in, want := range map[string]string{
		"a": "a/a", " a ": " a /a /a", " a|.. b": " a|.. b/ ab/ a b/a|.. b", `  a\r\n|  b`: `  a\r\n|  b/a\r\n|b/a|b/a|b`,
	} {
		var got []string
		for _, v := range variants(lines(in)) {
			got = append(got, text(v))
		}
		if got := strings.Join(got, "/"); got != want {
			t.Errorf("%q: %q; want %q", in, got, want)
		}
	}
}

// The events of connections that may turn out to be MSNP hold those of others back.
func TestQueue(t *testing.T) {
	at := time.Unix(1e9, 0)
	msnp, other, maybe := &flow{verdict: isMSNP, open: &open{}}, &flow{verdict: isOther}, &flow{open: &open{}}
	var q queue
	data := func(f *flow, s string) { q.push(event{flow: f, kind: Data, time: at, data: []byte(s)}) }
	pop := func(now time.Time) string {
		e, ok := q.pop(now)
		if !ok {
			return "-"
		}
		return string(e.data)
	}
	if !q.empty() || pop(at) != "-" {
		t.Error("there is something")
	}
	q.own()
	data(other, "x")
	data(msnp, "a")
	data(maybe, "b")
	data(msnp, "c")
	if got := pop(at) + pop(at.Add(2*time.Second)) + pop(at.Add(2*time.Second)); got != "a--" {
		t.Error(got)
	}
	if got := pop(at.Add(2*time.Second + 1)); got != "c" {
		t.Error("after two seconds:", got)
	}
	if q.parked != 1+128 || maybe.parkedN != 1+128 || pop(at) != "-" {
		t.Error(q.parked, maybe.parkedN)
	}
	maybe.verdict = isMSNP
	data(maybe, "d")
	data(maybe, "e")
	if got := pop(at) + pop(at) + pop(at) + pop(at); got != "bde-" || q.parked != 0 || maybe.parkedN != 0 {
		t.Error(got, q.parked)
	}
	// What is forgotten is not counted any more.
	late := &flow{open: &open{}}
	data(late, "abc")
	pop(at.Add(time.Minute))
	if q.parked != 3+128 {
		t.Error(q.parked)
	}
	q.forget(late)
	q.forget(&flow{})
	if q.parked != 0 || late.parkedN != 0 || late.parked != nil {
		t.Error(q.parked)
	}
	// What stays longer than its packet is copied, once.
	q = queue{}
	maybe = &flow{open: &open{}}
	lent := []byte("lent")
	q.push(event{flow: maybe, time: at, data: lent})
	q.own()
	lent[0] = 'X'
	if q.memory != 4 || q.lent != 1 {
		t.Error(q.memory, q.lent)
	}
	q.own()
	if q.memory != 4 {
		t.Error("counted twice:", q.memory)
	}
	maybe.verdict = isMSNP
	if got := pop(at); got != "lent" || q.memory != 0 {
		t.Error(got, q.memory)
	}
	// How much may wait.
	for _, tt := range []struct {
		memory, events int
		age            time.Duration
		full           bool
	}{
		{1048576, 8192, 2 * time.Second, false}, {1048577, 1, 0, true}, {0, 8193, 0, true}, {0, 1, 2*time.Second + 1, true},
	} {
		q := queue{memory: tt.memory, events: make([]event, tt.events)}
		for i := range q.events {
			q.events[i].time = at
		}
		if q.full(at.Add(tt.age)) != tt.full {
			t.Errorf("%+v", tt)
		}
		q.events, q.head = append(q.events, event{time: at}), 1
		if q.events[0].time = (time.Time{}); q.full(at.Add(tt.age)) != tt.full {
			t.Errorf("%+v, behind the first", tt)
		}
	}
	// The order stays when room is made at the front.
	q = queue{}
	for i := range 3000 {
		data(msnp, fmt.Sprint(i))
		if i%3 == 2 {
			q.own()
		}
	}
	for i := range 3000 {
		if got := pop(at); got != fmt.Sprint(i) {
			t.Fatalf("%s instead of %d", got, i)
		}
		if len(q.events) > 2*(3000-i)+1100 {
			t.Fatalf("%d events of which %d are to come", len(q.events), 2999-i)
		}
	}
	if pop(at) != "-" || q.memory != 0 || !q.empty() || cap(q.events) > 1024 {
		t.Error(q.memory, cap(q.events))
	}
}
