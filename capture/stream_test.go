package capture

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// Segments in any order, repeated, overlapping: what comes out is the stream, if
// every byte is there.
func TestStreamAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		data := make([]byte, 1+random.IntN(500))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		begin := uint32(0) - uint32(random.IntN(600))
		var segments [][2]int
		for at := 0; at < len(data); {
			to := at + 1 + random.IntN(min(60, len(data)-at))
			segments = append(segments, [2]int{at, to})
			at = to
		}
		for range random.IntN(20) {
			at := random.IntN(len(data))
			segments = append(segments, [2]int{at, at + 1 + random.IntN(len(data)-at)})
		}
		random.Shuffle(len(segments), func(i, j int) { segments[i], segments[j] = segments[j], segments[i] })
		var s stream
		s.start(begin)
		var got []byte
		for _, g := range segments {
			got = append(got, s.add(begin+uint32(g[0]), data[g[0]:g[1]], 0, time.Time{})...)
			for b, ok := s.pop(); ok; b, ok = s.pop() {
				got = append(got, b.data...)
			}
		}
		if !bytes.Equal(got, data) || s.memory != 0 || len(s.held) != 0 {
			t.Fatalf("round %d: %d of %d bytes; %d pieces of %d bytes left", round, len(got), len(data), len(s.held), s.memory)
		}
	}
}

// With a byte missing nothing comes out twice or in the wrong place, and what
// is skipped is what is missing.
func TestStreamWithHoles(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		data := make([]byte, 400)
		for i := range data {
			data[i] = byte(i)
		}
		var s stream
		s.start(0)
		there := make([]bool, len(data))
		got := make([]bool, len(data))
		take := func(b []byte) {
			at := int(s.next) - len(b)
			for i := range b {
				if got[at+i] || b[i] != data[at+i] {
					t.Fatalf("byte %d is wrong or comes twice", at+i)
				}
				got[at+i] = true
			}
		}
		for range 30 {
			at := random.IntN(len(data))
			to := at + 1 + random.IntN(min(20, len(data)-at))
			for i := at; i < to; i++ {
				there[i] = true
			}
			take(s.add(uint32(at), data[at:to], 0, time.Time{}))
			for b, ok := s.pop(); ok; b, ok = s.pop() {
				take(b.data)
			}
		}
		for n, _ := s.missing(0); n > 0; n, _ = s.missing(0) {
			for i := int(s.next); i < int(s.next)+n; i++ {
				if there[i] {
					t.Fatalf("byte %d is there and was skipped", i)
				}
			}
			s.skip(n)
			for b, ok := s.pop(); ok; b, ok = s.pop() {
				take(b.data)
			}
		}
		for i := range there {
			if there[i] != got[i] {
				t.Fatalf("byte %d: there %v, got %v", i, there[i], got[i])
			}
		}
	}
}

// What one link may hold is bounded: then the hole is given up.
func TestStreamGivesUp(t *testing.T) {
	w := newWire(t)
	var s stream
	s.start(0)
	piece := make([]byte, 1000)
	for i := 1; ; i++ {
		s.add(uint32(i*1000), piece, 0, time.Time{})
		if n, acked := s.missing(0); s.impatient(n, acked, w.now, i, ackedPatience, false, false) {
			if n != 1000 {
				t.Errorf("%d bytes given up", n)
			}
			break
		}
		if s.memory > maxHeld+2000 {
			t.Fatal("it holds more than it may")
		}
	}
}

// A distance has an opposite, whatever the numbers, and however wide an int is.
func TestAfter(t *testing.T) {
	for _, tt := range []struct {
		a, b uint32
		want int
	}{{5, 3, 2}, {3, 5, -2}, {2, 0xfffffffe, 4}, {0x7fffffff, 0, 1<<31 - 1}, {0x80000001, 0, -(1<<31 - 1)}, {0x80000000, 0, -(1<<31 - 1)}} {
		if d := after(tt.a, tt.b); d != tt.want || -d == d {
			t.Errorf("%#x after %#x: %d", tt.a, tt.b, d)
		}
	}
}
