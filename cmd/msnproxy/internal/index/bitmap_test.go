package index

import (
	"math/rand/v2"
	"testing"
)

// Bits at the edges of words.
func TestBitmap(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	for _, fill := range []float64{0, 0.001, 0.02, 0.5, 1} {
		var b bitmap
		var plain [chunkRows]bool
		for i := range plain {
			plain[i] = random.Float64() < fill
			b.set(i, plain[i])
		}
		n := 0
		for i := range plain {
			if b.has(i) != plain[i] || b.before(i) != n {
				t.Fatalf("fill %v, bit %d: %v, %d before", fill, i, b.has(i), b.before(i))
			}
			next, prev := -1, -1
			for k := i; k < chunkRows && next < 0; k++ {
				if plain[k] {
					next = k
				}
			}
			for k := i; k >= 0 && prev < 0; k-- {
				if plain[k] {
					prev = k
				}
			}
			if b.next(i) != next || b.prev(i) != prev {
				t.Fatalf("fill %v, bit %d: next %d, prev %d, want %d, %d", fill, i, b.next(i), b.prev(i), next, prev)
			}
			if plain[i] {
				if b.nth(n) != i {
					t.Fatalf("fill %v: bit %d is not the one with %d before it", fill, i, n)
				}
				n++
			}
		}
		if b.before(chunkRows) != n || b.nth(n) != -1 || b.next(chunkRows) != -1 {
			t.Errorf("fill %v: at the end", fill)
		}
	}
	for _, at := range [][2]int{{0, 0}, {0, 1}, {0, 64}, {63, 64}, {63, 65}, {64, 64}, {1, 4095}, {0, 4096}, {4095, 4096}, {4096, 4096}} {
		b := span(at[0], at[1])
		if n := b.before(chunkRows); n != at[1]-at[0] || n > 0 && (b.next(0) != at[0] || b.prev(chunkRows-1) != at[1]-1) {
			t.Errorf("span %v has %d bits", at, n)
		}
	}
}
