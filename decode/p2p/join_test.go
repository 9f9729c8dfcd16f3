package p2p

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// text is n bytes that repeat nowhere.
func text(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func blobs(data []byte, most int) map[string][]*Packet {
	return map[string][]*Packet{
		"version 1": blobV1(77, 0, 0, data, most),
		"version 2": blobV2(1<<32-500, 3, 0, 0, data, most), // its numbers wrap around
	}
}

// A blob comes out once and whole, wherever it is cut, however its packets are
// shuffled, and though each comes twice.
func TestJoin(t *testing.T) {
	data := text(700)
	for most := 1; most <= 701; most += 1 + most/3 {
		for version, list := range blobs(data, most) {
			for seed := range uint64(4) {
				order := slices.Clone(list)
				if seed > 0 {
					rand.New(rand.NewPCG(seed, 0)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
				}
				var j Joiner
				var got [][]byte
				for _, p := range append(slices.Clone(order), order...) { // once more, as the receiver's connection shows it
					for range 2 {
						if r := j.Add("a", "b", p); r.Blob != nil {
							got = append(got, bytes.Clone(r.Blob))
						}
					}
				}
				if len(got) != 1 || !bytes.Equal(got[0], data) {
					t.Fatalf("%s, %d a packet, seed %d: %d blobs", version, most, seed, len(got))
				}
				if len(j.open) != 0 || len(j.order) != 0 {
					t.Errorf("%d blobs are left", len(j.open))
				}
			}
		}
	}
}

// As long as any packet lacks there is no blob.
func TestJoinLacks(t *testing.T) {
	for version, list := range blobs(text(100), 9) {
		for i := range list {
			var j Joiner
			for k, p := range list {
				if k != i && j.Add("a", "b", p).Blob != nil {
					t.Errorf("%s is whole without packet %d", version, i)
				}
			}
			if j.Add("a", "b", list[i]).Blob == nil {
				t.Errorf("%s is not whole with packet %d", version, i)
			}
		}
	}
}

// Blobs of several senders, and several of one, do not get mixed up.
func TestJoinInterleaved(t *testing.T) {
	var j Joiner
	a, b := text(40), text(50)
	one, two, three := blobV1(5, 0, 0, a, 7), blobV1(5, 0, 0, b, 7), blobV1(6, 0, 0, b, 7)
	got := map[string]string{}
	for i := range two {
		add := func(from string, list []*Packet) {
			if i < len(list) {
				if r := j.Add(from, "x", list[i]); r.Blob != nil {
					got[fmt.Sprint(from, list[i].ID)] = string(r.Blob)
				}
			}
		}
		add("a", one)
		add("b", two)
		add("a", three)
	}
	if len(got) != 3 || got["a5"] != string(a) || got["b5"] != string(b) || got["a6"] != string(b) {
		t.Errorf("%d blobs", len(got))
	}
}

// Two short blobs with one number are two, the same one twice is one.
func TestJoinSameNumber(t *testing.T) {
	var j Joiner
	var got []string
	for _, s := range []string{"abc", "abc", "xyz", "xyz", "longer"} {
		r := j.Add("a", "b", blobV1(5, 0, 0, []byte(s), 99)[0])
		got = append(got, fmt.Sprintf("%s %v", r.Blob, r.Again))
	}
	if want := []string{"abc false", " true", "xyz false", " true", "longer false"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// A total that changes begins the blob anew, and is told.
func TestJoinTotalChanges(t *testing.T) {
	var j Joiner
	first, second := blobV1(5, 0, 0, text(20), 10), blobV1(5, 0, 0, text(30), 10)
	j.Add("a", "b", first[0])
	if r := j.Add("a", "b", second[0]); r.Was != 20 || r.Total != 30 || r.Blob != nil {
		t.Errorf("%+v", r)
	}
	if r := j.Add("a", "b", second[1]); r.Was != 0 {
		t.Errorf("%+v", r)
	}
	if r := j.Add("a", "b", second[2]); !bytes.Equal(r.Blob, text(30)) {
		t.Errorf("%+v", r)
	}
}

// What is announced costs nothing; what comes is bounded.
func TestJoinBounds(t *testing.T) {
	var j Joiner
	for id := range uint32(3 * maxOpen) {
		if r := j.Add("a", "b", &Packet{Version: V1, ID: id, Total: 1 << 62, Data: []byte("x")}); r.Blob != nil || r.Total != 1<<62 {
			t.Fatalf("%+v", r)
		}
	}
	if len(j.open) != 16 || len(j.order) != 16 {
		t.Errorf("%d blobs are open", len(j.open))
	}
	for n, want := range map[int]bool{256 << 10: true, 256<<10 + 1: false} {
		var j Joiner
		data := text(n)
		whole := false
		for _, p := range blobV1(1, 0, 0, data, 60000) {
			r := j.Add("a", "b", p)
			whole = whole || r.Blob != nil
		}
		if whole != want {
			t.Errorf("%d bytes: whole %v", n, whole)
		}
	}
	for n, want := range map[int]bool{1024: true, 1025: false} {
		var j Joiner
		whole := false
		for _, p := range blobV1(1, 0, 0, text(n), 1) {
			whole = whole || j.Add("a", "b", p).Blob != nil
		}
		if whole != want {
			t.Errorf("%d packets: whole %v", n, whole)
		}
	}
	for id := range uint32(3000) {
		j.Add("a", "b", blobV1(id, 0, 0, []byte("abc"), 9)[0])
	}
	if len(j.done) != 2048 || len(j.ended) != 2048 {
		t.Errorf("%d are remembered", len(j.done))
	}
}

// The content comes in order and with its SHA-1, wherever it is cut and in whatever
// order its packets come, doubled or not.
func TestStream(t *testing.T) {
	data := text(5000)
	want := sha1.Sum(data)
	for _, most := range []int{1, 7, 100, 1202, 4999, 5000} {
		for version, list := range map[string][]*Packet{"1": blobV1(9, 5, FlagObject, data, most), "2": blobV2(9, 2, 5, tfObject, data, most)} {
			for seed := range uint64(3) {
				if len(list) > 1000 && seed > 0 {
					continue // more stretches than are kept apart
				}
				order := slices.Clone(list)
				if seed > 0 {
					rand.New(rand.NewPCG(seed, 0)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
				}
				var out bytes.Buffer
				s := Stream{Out: &out}
				fresh := 0
				for i, p := range order {
					if s.Whole() {
						t.Fatalf("version %s is whole after %d of %d", version, i, len(order))
					}
					n, _, changed := s.Add(p)
					again, _, _ := s.Add(p)
					fresh += n
					if _, known := s.Total(); changed || again != 0 && known {
						t.Fatalf("version %s: changed %v, again %d", version, changed, again)
					}
				}
				if !s.Whole() || !bytes.Equal(out.Bytes(), data) || !bytes.Equal(s.Sum(), want[:]) || s.Received() != 5000 {
					t.Fatalf("version %s, %d a packet, seed %d: whole %v, %d bytes out, %d received", version, most, seed, s.Whole(), out.Len(), s.Received())
				}
				if _, _, hole := s.Hole(); hole || s.size != 0 || len(s.held) != 0 {
					t.Errorf("a hole, or %d bytes held", s.size)
				}
			}
		}
	}
}

// A packet that lacks leaves a hole, and what is before it comes out.
func TestStreamHole(t *testing.T) {
	data := text(95)
	for version, list := range map[string][]*Packet{"1": blobV1(9, 5, FlagObject, data, 10), "2": blobV2(9, 2, 5, tfObject, data, 10)} {
		for i := range list {
			var out bytes.Buffer
			s := Stream{Out: &out}
			s.Expect(95)
			for k, p := range list {
				if k != i {
					s.Add(p)
				}
			}
			start, end, ok := s.Hole()
			if s.Whole() || s.Sum() != nil || !ok || start != uint64(10*i) || end != uint64(min(10*i+10, 95)) || out.Len() != 10*i || s.Received() != uint64(95-(end-start)) {
				t.Errorf("version %s without %d: %d to %d, %d bytes out", version, i, start, end, out.Len())
			}
		}
	}
}

func TestStreamBounds(t *testing.T) {
	var s Stream
	add := func(offset, total uint64, n int) int {
		fresh, _, _ := s.Add(&Packet{Version: V1, SessionID: 1, Offset: offset, Total: total, Data: make([]byte, n)})
		return fresh
	}
	add(1<<40, 1<<41, 4<<20)
	if s.size != 4<<20 {
		t.Errorf("%d bytes are held", s.size)
	}
	if add(1<<40+8<<20, 1<<41, 1) != 1 || s.size != 4<<20 {
		t.Errorf("%d bytes are held", s.size)
	}
	if add(1<<64-1, 1<<41, 2) != 0 {
		t.Error("a place beyond all numbers")
	}
	s = Stream{}
	for i := range uint64(1500) {
		add(2*i+1, 1<<41, 1)
	}
	if len(s.come.list) != 1024 || len(s.held) != 1024 {
		t.Errorf("%d stretches", len(s.come.list))
	}
	s = Stream{Out: brokenPipe{}}
	add(0, 10, 5)
	add(5, 10, 5)
	if s.Err == nil || !s.Whole() {
		t.Errorf("%v, %v", s.Err, s.Whole())
	}
	s = Stream{}
	add(0, 10, 5)
	if _, was, changed := s.Add(&Packet{Version: V1, Offset: 5, Total: 11, Data: make([]byte, 5)}); was != 10 || !changed {
		t.Errorf("was %d, changed %v", was, changed)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, fmt.Errorf("broken") }

func TestRanges(t *testing.T) {
	var r ranges
	for _, x := range []struct{ start, end, fresh uint64 }{
		{10, 20, 10}, {30, 40, 10}, {10, 20, 0}, {20, 25, 5}, {24, 31, 5}, {0, 0, 0}, {9, 41, 2}, {5, 9, 4},
	} {
		if n := r.add(x.start, x.end); n != x.fresh {
			t.Errorf("%+v: %d", x, n)
		}
	}
	if len(r.list) != 1 || r.list[0] != (span{5, 41}) || r.size != 36 {
		t.Errorf("%+v", r)
	}
	if h, ok := r.hole(50); !ok || h != (span{0, 5}) {
		t.Errorf("%v %v", h, ok)
	}
	if h, ok := r.hole(3); !ok || h != (span{0, 3}) {
		t.Errorf("%v %v", h, ok)
	}
	r.add(0, 5)
	if h, ok := r.hole(50); !ok || h != (span{41, 50}) {
		t.Errorf("%v %v", h, ok)
	}
	if _, ok := r.hole(41); ok {
		t.Error("a hole")
	}
	if !r.has(0, 41) || r.has(0, 42) || !r.has(40, 41) || r.has(41, 42) || !r.has(7, 7) {
		t.Error("has")
	}
}

// A direct connection's frames come out wherever its bytes are cut.
func TestDirect(t *testing.T) {
	nonce := []byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10")
	frame := func(b []byte) []byte {
		n := len(b)
		return append([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}, b...)
	}
	handshake := v1(Packet{ID: 9, Flags: FlagHandshake, Nonce: nonce}, -1)
	data := frame(v1(Packet{SessionID: 5, ID: 10, Total: 3, Flags: FlagFile, Data: []byte("abc")}, -1))
	ack := []byte{16, 0, 0, 0, 0, 0, 0, 9, 2, 4, 0, 0, 0, 7, 0, 0} // as long as a nonce
	const let = "nonce {04030201-0605-0807-090A-0B0C0D0E0F10}"
	for _, tt := range []struct {
		in   [][]byte
		want []string
	}{
		{[][]byte{[]byte(Greeting), frame(handshake), frame(nil), data, frame(ack)}, []string{"0 greeting", "8 " + let + " in a packet", "60 ", "64 abc", "119 "}},
		{[][]byte{frame(handshake), data}, []string{"0 " + let + " in a packet", "52 abc"}},
		{[][]byte{frame(nonce), frame(v2(Packet{SessionID: 5, ID: 10, TF: 7, Data: []byte("abcd")}, -1)), frame(ack)}, []string{"0 " + let, "20 abcd", "44 "}},
		{[][]byte{[]byte(Greeting), frame(nonce), frame(ack)}, []string{"0 greeting", "8 " + let, "28 "}},
		{[][]byte{[]byte(Greeting), data, frame(handshake)}, []string{"0 greeting", "8 no nonce abc", "63 " + let + " in a packet"}},
		{[][]byte{[]byte(Greeting), []byte(Greeting)}, []string{"0 greeting", "8 lost"}},
	} {
		in := bytes.Join(tt.in, nil)
		for cut := range len(in) + 1 {
			for _, fork := range []func(*Direct) *Direct{func(d *Direct) *Direct { return d }, (*Direct).Fork, (*Direct).Brief} {
				d := new(Direct)
				var got []string
				for _, part := range [][]byte{in[:cut], in[cut:]} {
					d.Feed(part)
					for f, ok := d.Next(); ok; f, ok = d.Next() {
						what := fmt.Sprint(f.At, " ")
						switch {
						case f.Err != nil:
							what += "lost"
						case f.Greeting:
							what += "greeting"
						case f.Nonce != "" && f.Packet != nil:
							what += "nonce " + f.Nonce + " in a packet"
						case f.Nonce != "":
							what += "nonce " + f.Nonce
						case f.Missing:
							what += "no nonce " + string(f.Packet.Data)
						case f.Packet != nil:
							what += string(f.Packet.Data)
						}
						got = append(got, what)
					}
					d = fork(d)
				}
				if !slices.Equal(got, tt.want) {
					t.Fatalf("cut at %d: %q, want %q", cut, got, tt.want)
				}
				if have, _ := d.Begun(); have != 0 || !d.Lost() && d.Fed() != int64(len(in)) {
					t.Fatalf("%d begun, %d fed", have, d.Fed())
				}
			}
		}
	}
	for name, in := range map[string][]byte{"too long": {1, 0, 1, 0}, "no packet": frame([]byte("hello world"))} {
		var d Direct
		d.Feed(in)
		if f, ok := d.Next(); !ok || f.Err == nil || !d.Lost() {
			t.Errorf("%s: not lost", name)
		}
		if _, ok := d.Next(); ok {
			t.Errorf("%s: more than one frame", name)
		}
		d.Feed(in)
		if d.rest != nil {
			t.Errorf("%s: keeps bytes", name)
		}
	}
	var d Direct
	d.Feed([]byte{0, 0, 1, 0}) // 64 KiB
	if _, ok := d.Next(); ok || d.Lost() {
		t.Error("64 KiB is too long")
	}
}

// What is kept of a packet that has begun is little, but of MSNSLP all.
func TestBrief(t *testing.T) {
	for _, tt := range []struct {
		name          string
		packet        []byte
		session, want int
	}{
		{"version 1", v1(Packet{SessionID: 5, Total: 1200, Flags: FlagFile, Data: make([]byte, 1200)}, -1), 5, 320},
		{"version 2", v2(Packet{SessionID: 5, TF: 7, Data: make([]byte, 1200)}, -1), 5, 320},
		{"MSNSLP, version 1", v1(Packet{Total: 1200, Data: make([]byte, 1200)}, -1), 0, 1000},
		{"MSNSLP, version 2", v2(Packet{TF: 1, Data: make([]byte, 1200)}, -1), 0, 1000},
	} {
		in := append([]byte{byte(len(tt.packet)), byte(len(tt.packet) >> 8), 0, 0}, tt.packet...)
		var d Direct
		d.Feed(in[:1000])
		b := d.Brief()
		if have, want := b.Begun(); b.Size() != tt.want || have != 1000 || want != len(in) || b.Fed() != 1000 {
			t.Errorf("%s: keeps %d, %d of %d", tt.name, b.Size(), have, want)
		}
		if twice := b.Brief(); twice.Size() != tt.want || twice.Fed() != 1000 {
			t.Errorf("%s: of that %d", tt.name, twice.Size())
		}
		b.Feed(in[1000:])
		if f, ok := b.Next(); !ok || f.Packet == nil || int(f.Packet.SessionID) != tt.session || len(f.Packet.Data) != 1200 {
			t.Errorf("%s: %+v", tt.name, f)
		}
		if d.Size() != 1000 {
			t.Errorf("%s: the original has %d", tt.name, d.Size())
		}
	}
}
