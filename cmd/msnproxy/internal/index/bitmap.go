package index

import "math/bits"

// bitmap has a bit for each row of a chunk.
type bitmap [chunkRows / 64]uint64

func (b *bitmap) has(i int) bool { return b[i/64]>>(i%64)&1 != 0 }

func (b *bitmap) set(i int, on bool) {
	if on {
		b[i/64] |= 1 << (i % 64)
	} else {
		b[i/64] &^= 1 << (i % 64)
	}
}

// span is the bits from up to, but not including, to.
func span(from, to int) (b bitmap) {
	for w := from / 64; w < len(b) && w*64 < to; w++ {
		b[w] = ^uint64(0)
		if at := from - w*64; at > 0 {
			b[w] = b[w] >> at << at
		}
		if n := to - w*64; n < 64 {
			b[w] &= 1<<n - 1
		}
	}
	return b
}

// before counts the bits before bit i, which may be the number of bits.
func (b *bitmap) before(i int) (n int) {
	for w := range i / 64 {
		n += bits.OnesCount64(b[w])
	}
	if i%64 > 0 {
		n += bits.OnesCount64(b[i/64] & (1<<(i%64) - 1))
	}
	return n
}

// next returns the first bit from i on, or -1.
func (b *bitmap) next(i int) int {
	for w := i / 64; w < len(b); w++ {
		word := b[w]
		if at := i - w*64; at > 0 {
			word = word >> at << at
		}
		if word != 0 {
			return w*64 + bits.TrailingZeros64(word)
		}
	}
	return -1
}

// prev returns the last bit up to i, or -1.
func (b *bitmap) prev(i int) int {
	for w := i / 64; w >= 0; w-- {
		word := b[w]
		if at := i - w*64; at < 63 {
			word &= 1<<(at+1) - 1
		}
		if word != 0 {
			return w*64 + 63 - bits.LeadingZeros64(word)
		}
	}
	return -1
}

// nth returns the bit that has n bits before it, or -1.
func (b *bitmap) nth(n int) int {
	for w, word := range b {
		if ones := bits.OnesCount64(word); n >= ones {
			n -= ones
			continue
		}
		for ; n > 0; n-- {
			word &= word - 1
		}
		return w*64 + bits.TrailingZeros64(word)
	}
	return -1
}
