package capture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// thenNothing reads as its bytes and NULs behind them.
type thenNothing []byte

func (b thenNothing) ReadAt(p []byte, at int64) (int, error) {
	clear(p)
	if at < int64(len(b)) {
		copy(p, b[at:])
	}
	return len(p), nil
}

// Which packets of a pcap are believed when one is mended.
func TestMendPcap(t *testing.T) {
	for _, tt := range []struct {
		snap, fraction, kept, full uint32
		size                       int64
		want                       int
	}{
		{65535, 999999999, 1, 1, 1000, 17},
		{65535, 1000000000, 1, 1, 1000, 0},
		{65535, 0, 0, 0, 1000, 0},
		{65535, 0, 0, 1, 1000, 0},
		{65535, 0, 1, 2, 1000, 17},
		{65535, 0, 2, 1, 1000, 0},
		{65535, 0, 1, 16777216, 1000, 17},
		{65535, 0, 1, 16777217, 1000, 0},
		{0, 0, 16777216, 16777216, 1 << 40, 16777232},
		{0, 0, 16777217, 16777217, 1 << 40, 0},
		{100, 0, 262144, 262144, 1 << 40, 262160},
		{100, 0, 262145, 262145, 1 << 40, 0},
		{262144, 0, 262145, 262145, 1 << 40, 0},
		{262145, 0, 262145, 262145, 1 << 40, 262161},
		{1, 0, 262145, 262145, 1 << 40, 0},
		{0, 0, 262145, 262145, 1 << 40, 262161},
		{65535, 0, 10, 10, 26, 26},
		{65535, 0, 10, 10, 25, 0},
		{65535, 0, 10, 10, 15, 0},
	} {
		var h []byte
		for _, n := range []uint32{7, tt.fraction, tt.kept, tt.full} {
			h = binary.LittleEndian.AppendUint32(h, n)
		}
		m := &mender{in: thenNothing(h), size: tt.size, order: binary.LittleEndian, snap: tt.snap}
		if got, err := m.block(0); got != tt.want || err != nil {
			t.Errorf("%+v: %d, %v", tt, got, err)
		}
	}
	for size, want := range map[int64]string{0: "empty", 1: "only 1 bytes", 23: "only 23 bytes", 24: ""} {
		_, err := newMender(thenNothing("\xd4\xc3\xb2\xa1"), "it", size)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("a pcap of %d bytes: %v", size, err)
		}
	}
	// The snapshot length stands at byte 16.
	m, err := newMender(thenNothing("\xa1\xb2\xc3\xd4\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x00\x00\x00\x01"), "it", 24)
	if err != nil || m.snap != 0x102 || m.order != binary.ByteOrder(binary.BigEndian) {
		t.Errorf("%+v, %v", m, err)
	}
}

// Which blocks of a pcapng are.
func TestMendPcapng(t *testing.T) {
	for typ, want := range map[uint32]bool{0: false, 1: true, 2: true, 10: true, 11: false, 0xbac: false, 0xbad: true, 0xbae: false,
		0x40000bac: false, 0x40000bad: true, 0x40000bae: false, 0x0a0d0d0a: true, 0x0a0d0d0b: false} {
		m := &mender{in: thenNothing(le32(typ)), size: 4, order: binary.LittleEndian, ng: true}
		if got, err := m.mayBegin(); got != want || err != nil {
			t.Errorf("a block of type %#x: %v, %v", typ, got, err)
		}
		m = &mender{in: thenNothing(le32(typ)), size: 3, order: binary.LittleEndian, ng: true}
		if got, err := m.mayBegin(); got || err != nil {
			t.Errorf("three bytes of type %#x: %v, %v", typ, got, err)
		}
	}
	packet := func(iface, size uint32, rest int) []byte {
		return join(le32(iface), make([]byte, 8), le32(size), le32(size), make([]byte, rest))
	}
	option := func(code, n int) []byte { return join(le16(code), le16(n)) }
	for _, tt := range []struct {
		name string
		typ  uint32
		body []byte
		want bool
	}{
		{"a section", 0x0a0d0d0a, make([]byte, 16), true},
		{"a short section", 0x0a0d0d0a, make([]byte, 12), false},
		{"a section with a senseless option", 0x0a0d0d0a, join(make([]byte, 16), option(1, 8)), false},
		{"a section with an option", 0x0a0d0d0a, join(make([]byte, 16), option(1, 4), le32(0)), true},
		{"an interface", 1, make([]byte, 8), true},
		{"a short interface", 1, make([]byte, 4), false},
		{"an interface with a senseless option", 1, join(make([]byte, 8), option(1, 8)), false},
		{"statistics", 5, make([]byte, 12), true},
		{"short statistics", 5, make([]byte, 8), false},
		{"statistics with a senseless option", 5, join(make([]byte, 12), option(1, 8)), false},
		{"a packet", 6, packet(1, 4, 4), true},
		{"an empty packet", 6, packet(1, 0, 0), true},
		{"a packet of an interface that is not there", 6, packet(2, 4, 4), false},
		{"a short packet", 6, packet(1, 0, 0)[:16], false},
		{"a packet larger than its block", 6, packet(1, 5, 4), false},
		{"a packet far larger", 6, packet(1, 0xffffffff, 4), false},
		{"a packet with padding", 6, packet(1, 1, 4), true},
		{"a packet with an option", 6, join(packet(1, 1, 4), option(1, 4), le32(0)), true},
		{"a packet with a senseless option", 6, join(packet(1, 4, 4), option(1, 8)), false},
		{"what is not known", 7, nil, true},
	} {
		m := &mender{ifaces: 2}
		if got := m.sound(tt.typ, tt.body, binary.LittleEndian); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	whole := func(typ, n, n2 uint32, size int) []byte {
		return join(le32(typ), le32(n), make([]byte, size-12), le32(n2))
	}
	for _, tt := range []struct {
		name string
		b    []byte
		size int64
		want int
	}{
		{"the smallest", whole(7, 12, 12, 12), 12, 12},
		{"cut", whole(7, 12, 12, 12), 11, 0},
		{"too small", whole(7, 8, 8, 12), 12, 0},
		{"no multiple of four", whole(7, 13, 13, 13), 13, 0},
		{"with another length at its end", whole(7, 16, 12, 16), 16, 0},
		{"longer than the file", whole(7, 16, 16, 16), 15, 0},
		{"the largest", whole(7, 16777216, 16777216, 16777216), 16777216, 16777216},
		{"a larger one", whole(7, 16777220, 16777220, 16777220), 16777220, 0},
		{"a section that says nothing of its order", whole(0x0a0d0d0a, 28, 28, 28), 28, 0},
		{"a section", join(le32(0x0a0d0d0a), le32(28), le32(0x1a2b3c4d), make([]byte, 12), le32(28)), 28, 28},
		{"a big-endian section", join(be32(0x0a0d0d0a), be32(28), be32(0x1a2b3c4d), make([]byte, 12), be32(28)), 28, 28},
	} {
		m := &mender{in: bytes.NewReader(tt.b), size: tt.size, order: binary.LittleEndian, ng: true}
		if got, err := m.block(0); got != tt.want || err != nil {
			t.Errorf("a block, %s: %d, %v", tt.name, got, err)
		}
		if big := tt.name == "a big-endian section"; big != (m.order == binary.ByteOrder(binary.BigEndian)) {
			t.Errorf("%s: what follows is %v", tt.name, m.order)
		}
	}
}

func TestRepairKeepsAHundred(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 100; n++ {
		want := path + ".orig"
		if n > 1 {
			want += fmt.Sprint(n)
		}
		if got, err := keepOriginal(path); got != want || err != nil {
			t.Fatalf("%s, %v; want %s", got, err, want)
		}
	}
	if got, err := keepOriginal(path); err == nil || !strings.Contains(err.Error(), "a hundred originals") {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := keepOriginal(path + "/none"); err == nil || strings.Contains(err.Error(), "a hundred") {
		t.Error(err)
	}
	if got := fmt.Sprint(LostRange{5, 7, false}, LostRange{5, 7, true}); got != "7 bytes at byte 5 7 bytes at the end, from byte 5 on" {
		t.Error(got)
	}
	if r := (Repaired{Lost: []LostRange{{1, 2, false}, {7, 3, true}}}); r.Bytes() != 5 {
		t.Error(r.Bytes())
	}
}

// How far back the end of a recording is looked at before anything is added to it.
func TestAppendLooksBack(t *testing.T) {
	one := func(n int) []byte { return join(le32(7), le32(uint32(n)), make([]byte, n-12), le32(uint32(n))) }
	several := func(n int) []byte { return bytes.Repeat(one(12), n) }
	junk := []byte("no block")
	for _, tt := range []struct {
		name string
		b    []byte
		ok   bool
	}{
		{"a block", one(12), true},
		{"seven", several(7), true},
		{"seven, and damage before", join(junk, several(7)), false},
		{"eight, and damage before", join(junk, several(8)), true},
		{"nothing", nil, true},
		{"damage", junk, false},
		{"less than a block", one(12)[1:], false},
		{"a large one, and damage before", join(junk, one(262144)), true},
		{"a smaller one, and damage before", join(junk, one(262140)), false},
		{"no multiple of four", join(one(16)[:14], le32(18)), false},
		{"shorter than blocks are", join(make([]byte, 8), le32(8)), false},
		{"longer than the file", join(le32(7), le32(16), le32(16)), false},
		{"as long as blocks may be", one(16777216), true},
		{"longer", one(16777220), false},
		{"of no type that is known", join(le32(11), le32(12), le32(12)), false},
		{"with two lengths", join(le32(7), le32(16), le32(12)), false},
	} {
		if err := soundEnd(bytes.NewReader(tt.b), int64(len(tt.b))); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// Which texts show packets.
func TestDumpOf(t *testing.T) {
	const zero, next = "\t0x0000:  4500 0028\n", "\t0x0010:  4500 0028\n"
	const ascii = "12:00:00.000001 IP 10.0.0.1.1055 > 10.0.0.2.1863: Flags [P.], seq 1:4, ack 1, win 1, length 3\n"
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "-"},
		{"two lines of digits", zero + next, "-"},
		{"three", zero + next + next, "hex dump"},
		{"three, none the first", next + next + next, "-"},
		{"the first one later", next + next + zero + next + next, "hex dump"},
		{"three, the last without an end", zero + next + strings.TrimSpace(next), "hex dump"},
		{"one packet as text", ascii, "-"},
		{"two", ascii + "OUT\n" + ascii, "text of tcpdump -A"},
		{"CRLF", strings.ReplaceAll(zero+next+next, "\n", "\r\n"), "hex dump"},
		{"within the first 400 lines", strings.Repeat("a\n", 397) + zero + next + next, "hex dump"},
		{"behind them", strings.Repeat("a\n", 398) + zero + next + next, "-"},
	} {
		got := "-"
		if p := dumpOf([]byte(tt.text)); p != nil {
			got = p(nil).format()
		}
		if got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

// The packets of a dump, and which of them have no link layer.
func TestDumpPackets(t *testing.T) {
	read := func(text string, ascii bool) (list []string) {
		d := &dump{f: &file{r: bufio.NewReader(strings.NewReader(text))}, ascii: ascii}
		for {
			var pkt packet
			if err := d.next(&pkt); err != nil {
				if err != io.EOF {
					list = append(list, err.Error())
				}
				return list
			}
			s := fmt.Sprintf("%x", pkt.data)
			if ascii {
				var seg segment
				newDissector().dissect(&pkt, &seg)
				s = fmt.Sprintf("%s to %s, %d, %d, %q", seg.key.address(seg.from), seg.key.address(seg.from.peer()), seg.seq, seg.ack, seg.data)
				for flag, set := range map[string]bool{" SYN": seg.syn, " FIN": seg.fin, " RST": seg.rst, " no ACK": !seg.has} {
					if set {
						s += flag
					}
				}
			}
			if !pkt.time.IsZero() {
				s += pkt.time.Format(" 15:04:05")
			}
			list = append(list, s)
		}
	}
	const head = "12:00:00.000001 IP 10.0.0.1.1055 > 10.0.0.2.1863: Flags "
	for _, tt := range []struct {
		text  string
		ascii bool
		want  string
	}{
		{"0000  01 02\n", false, "0102"},
		{"0000  01 02", false, "0102"},
		{"0x0000:  0102\n\t0x0002:  03\n0x0000:  04\n", false, "010203|04"},
		{"12:00:01 x\n0x0000:  01\n12:00:02 y\n0x0000:  02\nz\n", false, "01 12:00:01|02 12:00:02"},
		{"12:00:01 x\nwords\n0x0000:  01\n", false, "01 12:00:01"},
		{"0x0000:  0102\n0x0004:  0506\n0x0006:  07\n0x0000:  08\n", false, "08"},
		{"0x0001:  02\n0x0000:  01\n", false, "01"},
		{"words\n", false, ""},
		{head + "[P.], seq 1:4, ack 9, win 1, length 3\nE..OUT\n", true, `10.0.0.1:1055 to 10.0.0.2:1863, 1, 9, "OUT" 12:00:00`},
		{head + "[S], seq 1, win 1, length 0\nE..\n" + head + "[F.], seq 4, ack 9, win 1, length 0\nE..\n", true,
			`10.0.0.1:1055 to 10.0.0.2:1863, 4, 9, "" FIN 12:00:00`},
		{head + "[R.], seq 4, ack 9, win 1, length 0\nE..\n", true, `10.0.0.1:1055 to 10.0.0.2:1863, 4, 9, "" RST 12:00:00`},
		{head + "[.], ack 9, win 1, length 0\n", true, `10.0.0.1:1055 to 10.0.0.2:1863, 0, 9, "" 12:00:00`},
		{strings.Replace(head, "10.0.0.1", "10.0.0.256", 1) + "[P.], seq 1:4, ack 9, win 1, length 3\nE..OUT\n\n", true, ""},
		{strings.Replace(head, "10.0.0.2", "10.0.0.256", 1) + "[P.], seq 1:4, ack 9, win 1, length 3\nE..OUT\n\n", true, ""},
		{strings.Replace(head, "1863", "65536", 1) + "[P.], seq 1:4, ack 9, win 1, length 3\nE..OUT\n\n", true, ""},
		{"words\n", true, ""},
	} {
		if got := strings.Join(read(tt.text, tt.ascii), "|"); got != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
	for n, want := range map[int]int{60000: 1, 60001: 0} {
		if got := read(head+"[P.], seq 1:4, ack 9, win 1, length "+fmt.Sprint(n)+"\n"+strings.Repeat("a", n)+"\n", true); len(got) != want {
			t.Errorf("a packet of %d bytes as text: %d", n, len(got))
		}
	}
	v4, v6 := make([]byte, 20), make([]byte, 40)
	copy(v4, "\x45\x00\x00\x14")
	copy(v6, "\x60\x00\x00\x00\x00\x00\x06")
	but := func(b []byte, at int, c byte) []byte { b = bytes.Clone(b); b[at] = c; return b }
	for _, tt := range []struct {
		name string
		b    []byte
		raw  bool
	}{
		{"IPv4", v4, true}, {"IPv4, cut", v4[:19], false}, {"IPv4 with options", but(v4, 0, 0x4f), true}, {"a short header", but(v4, 0, 0x44), false},
		{"a version 5", but(v4, 0, 0x55), false}, {"longer than it is", but(v4, 3, 0x15), false}, {"shorter", but(v4, 3, 0x13), true},
		{"far longer", but(v4, 2, 1), false},
		{"IPv6", v6, true}, {"IPv6, cut", v6[:39], false}, {"IPv6 of UDP", but(v6, 6, 17), false}, {"a version 7", but(v6, 0, 0x70), false},
		{"Ethernet", make([]byte, 60), false},
	} {
		d, pkt := &dump{data: tt.b, at: time.Unix(1, 0)}, packet{}
		if d.give(&pkt); (pkt.link != layers.LinkTypeEthernet) != tt.raw || pkt.time != d.at {
			t.Errorf("%s: link type %d", tt.name, pkt.link)
		}
	}
}
