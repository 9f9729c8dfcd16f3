package tally

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBuckets(t *testing.T) {
	last := -1
	for v := uint64(0); v < 1<<62; v += 1 + v/100 {
		b := bucket(v)
		if b < last || v > upper(b) || b > 0 && v <= upper(b-1) {
			t.Fatalf("%d is in bucket %d, which ends at %d", v, b, upper(b))
		}
		if v > 0 && float64(upper(b)-v) > float64(v)/subBuckets {
			t.Fatalf("%d counts as %d", v, upper(b))
		}
		last = b
	}
}

func TestPercentile(t *testing.T) {
	var h Histogram
	if h.Percentile(50) != 0 {
		t.Error("of nothing")
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var all []time.Duration
	for range 10000 {
		d := time.Duration(rnd.ExpFloat64() * float64(time.Millisecond))
		all = append(all, d)
		h.Add(d)
	}
	slices.Sort(all)
	for _, p := range []float64{1, 50, 90, 99, 100} {
		want := all[min(len(all)-1, int(p/100*float64(len(all))+0.999999)-1)]
		if got := h.Percentile(p); got < want || float64(got) > float64(want)*1.04 {
			t.Errorf("p%v is %v, want %v", p, got, want)
		}
	}
	if h.Max() != all[len(all)-1] || h.Count() != 10000 {
		t.Errorf("max %v, count %d", h.Max(), h.Count())
	}
}
