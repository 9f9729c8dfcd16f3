package capture

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

// smallFiles are captures of one short conversation, and where in them each
// record or block begins.
func smallFiles(t testing.TB) map[string][]byte {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.S(ver)
	k.end()
	return map[string][]byte{
		"pcap":               w.pcap(),
		"pcap big-endian":    w.pcapAs(binary.BigEndian, magicNano, layers.LinkTypeRaw),
		"pcapng":             w.pcapng(binary.LittleEndian, layers.LinkTypeRaw),
		"pcapng, big-endian": w.pcapng(binary.BigEndian, layers.LinkTypeRaw),
	}
}

// starts returns where each record or block of a capture begins, and its end.
func starts(b []byte) []int {
	var at []int
	var order binary.ByteOrder = binary.LittleEndian
	if binary.LittleEndian.Uint32(b) == magicSection {
		if binary.BigEndian.Uint32(b[8:]) == byteOrderMagic {
			order = binary.BigEndian
		}
		for i := 0; i < len(b); i += int(order.Uint32(b[i+4:])) {
			at = append(at, i)
		}
		return append(at, len(b))
	}
	if binary.BigEndian.Uint32(b) == magicNano {
		order = binary.BigEndian
	}
	for i := pcapHeader; i < len(b); i += packetHeader + int(order.Uint32(b[i+8:])) {
		at = append(at, i)
	}
	return append(at, len(b))
}

// A file may end anywhere. What is whole is read, and the error names the place
// where the torn record begins.
func TestTornAtEveryByte(t *testing.T) {
	for name, b := range smallFiles(t) {
		begins := starts(b)
		whole, _, err := readAll(t, b)
		if err != nil || len(whole) != 4 {
			t.Fatalf("%s: %v %v", name, whole, err)
		}
		for n := begins[0]; n < len(b); n++ {
			if n < 4 || begins[0] == pcapHeader && n < pcapHeader {
				continue // not even a header: see TestNotARecording
			}
			got, _, err := readAll(t, b[:n])
			if slices.Contains(begins, n) {
				if err != nil {
					t.Errorf("%s cut at %d, between records: %v", name, n, err)
				}
				continue
			}
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) {
				t.Fatalf("%s cut at %d: %v", name, n, err)
			}
			i, _ := slices.BinarySearch(begins, n)
			if corrupt.Offset != int64(begins[i-1]) || corrupt.Path != "test.pcap" {
				t.Errorf("%s cut at %d: offset %d, not %d", name, n, corrupt.Offset, begins[i-1])
			}
			if len(got) == 4 && got[3].Kind == HalfClosed {
				got = got[:3] // the other end's FIN is cut off
			}
			if len(got) > 0 && !slices.Equal(got, whole[:len(got)]) {
				t.Errorf("%s cut at %d: %v", name, n, got)
			}
			if n > begins[len(begins)-2] && len(got) != 4 {
				t.Errorf("%s cut in the last record: only %v", name, got)
			}
		}
	}
}

// Any byte may be wrong. That is an error or not, but never a panic, and never
// one without a place.
func TestWrongAtEveryByte(t *testing.T) {
	for name, b := range smallFiles(t) {
		for i := range b {
			for _, x := range []byte{0x01, 0x80, 0xff} {
				bad := bytes.Clone(b)
				bad[i] ^= x
				r, err := OpenReader(bytes.NewReader(bad), "test.pcap")
				if err != nil {
					var format *FormatError
					if i >= pcapHeader || !errors.As(err, &format) {
						t.Errorf("%s, byte %d: %v", name, i, err)
					}
					continue
				}
				for err == nil {
					_, err = r.Next()
				}
				corrupt := new(CorruptError)
				if errors.As(err, &corrupt) {
					if corrupt.Offset < 0 || corrupt.Offset >= int64(len(b)) || corrupt.What == "" {
						t.Errorf("%s, byte %d: %v", name, i, err)
					}
				} else if !errors.Is(err, io.EOF) {
					t.Errorf("%s, byte %d: %v", name, i, err)
				}
			}
		}
	}
}

func TestDamage(t *testing.T) {
	le := binary.LittleEndian
	head := append(section(le), describe(le, layers.LinkTypeRaw, 9, 0)...)
	one := enhanced(le, 0, 1, []byte{1, 2, 3, 4})
	change := func(b []byte, at int, value uint32) []byte {
		b = bytes.Clone(b)
		le.PutUint32(b[at:], value)
		return b
	}
	pcapFile := newWire(t).pcap()
	tests := []struct {
		name   string
		file   []byte
		offset int
		what   string
	}{
		{"two lengths", join(head, change(one, len(one)-4, 40)), len(head), "a block of length 36 that ends with length 40"},
		{"length of 0", join(head, change(one, 4, 0)), len(head), "length 0: impossible"},
		{"odd length", join(head, change(one, 4, 37)), len(head), "length 37: impossible"},
		{"length too large", join(head, change(one, 4, 1<<30)), len(head), "impossible"},
		{"larger than the block", join(head, one, change(one, 20, 8)), len(head) + len(one), "a packet of 8 bytes in a block that has 4"},
		{"far larger", join(head, change(one, 20, 1<<31+5)), len(head), "a packet of 2147483653 bytes in a block that has 4"},
		{"no such interface", join(head, change(one, 8, 1)), len(head), "a packet of interface 1, but 1 are described"},
		{"no such interface at all", join(head, change(one, 8, 1<<31)), len(head), "but 1 are described"},
		{"too short", join(head, block(le, blockPacket, make([]byte, 16))), len(head), "a packet block of 16 bytes: too short"},
		{"simple too short", join(head, block(le, blockSimple, nil)), len(head), "a packet block of 0 bytes: too short"},
		{"simple too large", join(head, block(le, blockSimple, []byte{9, 0, 0, 0, 1, 2, 3, 4})), len(head), "a packet of 9 bytes in a block that has 4"},
		{"simple too early", join(section(le), block(le, blockSimple, []byte{4, 0, 0, 0, 1, 2, 3, 4})), 28, "before any interface"},
		{"interface too short", join(section(le), block(le, blockInterface, []byte{1, 0, 0, 0})), 28, "an interface description of 4 bytes"},
		{"option too long", join(section(le), block(le, blockInterface, []byte{1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 200, 0})), 28, "an option of 200 bytes in a block that has 0 left"},
		{"resolution", join(section(le), describe(le, 1, 20, 0)), 28, "resolution of 0x14"},
		{"byte order", join(head, change(section(le), 8, 7)), len(head), "without its byte order mark"},
		{"section too short", join(head, block(le, magicSection, le.AppendUint32(nil, byteOrderMagic))), len(head), "a section header of 16 bytes"},
		{"version", change(section(le), 12, 3), 0, "pcapng version 3.0"},
		{"rubbish", join(head, []byte("this is no block at all")), len(head), "impossible"},
		{"pcap too large", join(pcapFile, bytes.Repeat([]byte{0xff}, 32)), len(pcapFile), "a packet of 4294967295 bytes: too large"},
	}
	for _, tt := range tests {
		_, _, err := readAll(t, tt.file)
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if corrupt.Offset != int64(tt.offset) || !strings.Contains(corrupt.What, tt.what) {
			t.Errorf("%s: %v; want offset %d, %s", tt.name, err, tt.offset, tt.what)
		}
	}
}

// A packet that is larger than the window on the file, and one that only says
// so.
func TestLargeRecords(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	w.ip(append([]byte{0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}, make([]byte, 3*readBuffer)...), false)
	k.S(ver)
	for _, b := range [][]byte{w.pcap(), w.pcapng(binary.LittleEndian, layers.LinkTypeRaw)} {
		got, _, err := readAll(t, b)
		if err != nil {
			t.Fatal(err)
		}
		want(t, got, begins(), c(ver), s(ver))
		last := starts(b)[len(starts(b))-3]
		_, _, err = readAll(t, b[:last+2*readBuffer])
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || corrupt.Offset != int64(last) {
			t.Errorf("%v, not at %d", err, last)
		}
	}
}

func zip(b []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write(b)
	z.Close()
	return buf.Bytes()
}

func TestGzip(t *testing.T) {
	files := smallFiles(t)
	files["transcript"] = []byte("C: VER 1 MSNP7 CVR0\nS: VER 1 MSNP7 CVR0\n")
	for name, b := range files {
		plain, _, err := readAll(t, b)
		if err != nil {
			t.Fatal(err)
		}
		zipped := zip(b)
		got, _, err := readAll(t, zipped)
		if err != nil || !slices.Equal(got, plain) {
			t.Errorf("%s: %v %v", name, got, err)
		}
		// Several members, one after the other.
		half := len(b) / 2
		got, _, err = readAll(t, join(zip(b[:half]), zip(b[half:])))
		if err != nil || !slices.Equal(got, plain) {
			t.Errorf("%s in two: %v %v", name, got, err)
		}
		for n := range zipped {
			r, err := OpenReader(bytes.NewReader(zipped[:n]), "x.gz")
			for err == nil {
				_, err = r.Next()
			}
			var corrupt *CorruptError
			var format *FormatError
			var line *TranscriptError
			if !errors.As(err, &corrupt) && !errors.As(err, &format) && !errors.As(err, &line) {
				t.Fatalf("%s cut at %d: %v", name, n, err)
			}
			if corrupt != nil && !strings.Contains(err.Error(), "uncompressed data") {
				t.Errorf("%v", err)
			}
		}
	}
}

// Interfaces of one file differ in link type and clock; a new section starts
// over with them; what is not understood is passed over.
func TestInterfaces(t *testing.T) {
	le := binary.LittleEndian
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.S(ver)
	k.C(inf)
	k.S(infMD5)
	k.end()
	clocks := []struct {
		link   layers.LinkType
		resol  byte
		offset uint64
		units  func(ns uint64) uint64
	}{
		{layers.LinkTypeEthernet, 6, 0, func(ns uint64) uint64 { return ns / 1000 }},
		{layers.LinkTypeRaw, 9, 1000, func(ns uint64) uint64 { return ns - 1000e9 }},
		{layers.LinkTypeNull, 3, ^uint64(0), func(ns uint64) uint64 { return ns/1e6 + 1000 }},
		{layers.LinkTypeRaw, 0x80 | 20, 0, func(ns uint64) uint64 { return ns/1e9<<20 | (ns%1e9<<20+1e9-1)/1e9 }},
		{layers.LinkTypeRaw, 10, 0, func(ns uint64) uint64 { return ns * 10 }},
	}
	file := section(le)
	file = append(file, block(le, 0xbad, []byte{1, 2, 3, 4, 5})...)
	for _, cl := range clocks {
		file = append(file, describe(le, cl.link, cl.resol, cl.offset)...)
	}
	for i, p := range w.packets {
		id := i % len(clocks)
		cl := clocks[id]
		data := p.data
		switch cl.link {
		case layers.LinkTypeEthernet:
			data = ethernet(data, false)
		case layers.LinkTypeNull:
			data = join([]byte{2, 0, 0, 0}, data)
		}
		b := enhanced(le, uint32(id), cl.units(uint64(p.time.UnixNano())), data)
		if i == 5 { // as older programs write it: drops follow the interface
			le.PutUint32(b, blockOldPacket)
			le.PutUint16(b[10:], 77)
		}
		file = append(file, b...)
	}
	// Another section, of the other byte order.
	be := binary.BigEndian
	file = append(file, section(be)...)
	file = append(file, describe(be, layers.LinkTypeRaw, 9, 0)...)
	w = &wire{t: t, now: w.now}
	k = w.dial(bobAt, nsAt)
	k.C(ver)
	for _, p := range w.packets {
		file = append(file, enhanced(be, 0, uint64(p.time.UnixNano()), p.data)...)
	}
	got, r, err := readAll(t, file)
	if err != nil {
		t.Fatal(err)
	}
	expected := []told{
		{1, Opened, 0, opened, 0}, {1, Data, decode.Client, ver, 3}, {1, Data, decode.Server, ver, 4},
		{1, Data, decode.Client, inf, 5}, {1, Data, decode.Server, infMD5, 6}, {1, Closed, decode.Client, "", 8},
		{2, Opened, 0, bobAt + " " + nsAt, 10}, {2, Data, decode.Client, ver, 13},
	}
	if !slices.Equal(got, expected) {
		t.Errorf("got  %v\nwant %v", got, expected)
	}
	if s := r.Stats(); s.Packets != 14 || s.Format != "pcapng" {
		t.Errorf("%v", s)
	}
}

// Simple packet blocks have no time.
func TestSimplePackets(t *testing.T) {
	le := binary.LittleEndian
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.end()
	file := append(section(le), describe(le, layers.LinkTypeRaw, 9, 0)...)
	for _, p := range w.packets {
		file = append(file, block(le, blockSimple, append(le.AppendUint32(nil, uint32(len(p.data))), p.data...))...)
	}
	got, _, err := readAll(t, file)
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, begins(), c(ver), ends(decode.Client))
	r, err := OpenReader(bytes.NewReader(file), "x")
	if err != nil {
		t.Fatal(err)
	}
	if rec, err := r.Next(); err != nil || !rec.Time.IsZero() {
		t.Errorf("%v, %v", rec, err)
	}
}

func TestResolution(t *testing.T) {
	tests := []struct {
		r         resolution
		ts        uint64
		sec, nsec int64
	}{
		{6, 1500000, 1, 500000000}, {9, 1500000001, 1, 500000001}, {0, 7, 7, 0},
		{19, 1e19 + 5e18, 1, 500000000}, {12, 1_999_999_999_999, 1, 999999999},
		{0x80, 3, 3, 0}, {0x81, 3, 1, 500000000}, {0x80 | 63, 1<<63 + 1<<62, 1, 500000000}, {0x80 | 32, 1<<33 + 1<<30, 2, 250000000},
	}
	for _, tt := range tests {
		if sec, nsec := tt.r.split(tt.ts); sec != tt.sec || nsec != tt.nsec || !tt.r.valid() {
			t.Errorf("%#x: %d is %d s %d ns, not %d s %d ns", uint8(tt.r), tt.ts, sec, nsec, tt.sec, tt.nsec)
		}
	}
	for _, r := range []resolution{20, 127, 0x80 | 64, 0xff} {
		if r.valid() {
			t.Errorf("%#x is valid", uint8(r))
		}
	}
}

// failing is a file that can't be read on.
type failing struct{ r *bytes.Reader }

func (f failing) Read(p []byte) (int, error) {
	if f.r.Len() == 0 {
		return 0, errors.New("input/output error")
	}
	return f.r.Read(p)
}

func TestReadError(t *testing.T) {
	b := smallFiles(t)["pcap"]
	at := starts(b)
	r, err := OpenReader(failing{bytes.NewReader(b[:at[5]+3])}, "bad.pcap")
	if err == nil {
		for err == nil {
			_, err = r.Next()
		}
	}
	if want := fmt.Sprintf("bad.pcap: reading at byte %d: input/output error", at[5]); err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
