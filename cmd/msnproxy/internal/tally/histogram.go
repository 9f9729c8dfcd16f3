package tally

import (
	"math/bits"
	"time"
)

// subBuckets is how many buckets there are for each power of two: what Percentile
// returns is at most one part in it too much.
const subBuckets = 32

// Histogram holds durations in buckets that grow with them, so that its size does
// not depend on how many there are. The zero value is empty.
type Histogram struct {
	buckets map[int]int64
	count   int64
	max     time.Duration
}

// Add adds a duration.
func (h *Histogram) Add(d time.Duration) {
	if h.buckets == nil {
		h.buckets = make(map[int]int64)
	}
	d = max(d, 0)
	h.buckets[bucket(uint64(d))]++
	h.count++
	h.max = max(h.max, d)
}

// Count returns how many durations were added.
func (h *Histogram) Count() int64 { return h.count }

// Max returns the longest.
func (h *Histogram) Max() time.Duration { return h.max }

// Percentile returns the duration that p percent of them do not exceed, up to
// three percent too long; 0 if there are none.
func (h *Histogram) Percentile(p float64) time.Duration {
	want := int64(p/100*float64(h.count) + 0.999999)
	var seen int64
	for b := 0; b < 64*subBuckets; b++ {
		if seen += h.buckets[b]; seen >= want && h.buckets[b] > 0 {
			return min(time.Duration(upper(b)), h.max)
		}
	}
	return h.max
}

// bucket returns the number of the bucket of v: exact below subBuckets.
func bucket(v uint64) int {
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - 6
	return (shift+1)*subBuckets + int(v>>shift) - subBuckets
}

// upper returns the greatest value of a bucket.
func upper(b int) uint64 {
	if b < subBuckets {
		return uint64(b)
	}
	shift := b/subBuckets - 1
	return (uint64(b%subBuckets+subBuckets)+1)<<shift - 1
}
