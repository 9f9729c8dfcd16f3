package p2p

import (
	"bytes"
	"hash/fnv"
)

// Bounds on what is remembered of one content.
const (
	maxRecalled = 64 << 10 // bytes from its beginning, as they are
	maxSums     = 8192     // pieces behind them
)

// recall remembers content, to tell whether the same place is filled twice with other
// bytes: the first 64 KiB however they are cut, of the rest 8,192 pieces, which are
// known again if they are cut the same way.
type recall struct {
	begin []byte
	come  ranges // of begin
	sums  map[span]uint64
}

// differs notes that data came at a place, and returns where in it the first byte is
// that is another than before; -1: there is none.
func (r *recall) differs(at uint64, data []byte) int {
	if at < maxRecalled {
		n := min(uint64(len(data)), maxRecalled-at)
		if i := r.early(at, data[:n]); i >= 0 || n == uint64(len(data)) {
			return i
		}
	}
	h := fnv.New64a()
	h.Write(data)
	k, sum := span{at, at + uint64(len(data))}, h.Sum64()
	if old, ok := r.sums[k]; ok {
		if old != sum {
			return 0
		}
		return -1
	}
	if r.sums == nil {
		r.sums = make(map[span]uint64)
	}
	if len(r.sums) < maxSums {
		r.sums[k] = sum
	}
	return -1
}

// early is differs for the beginning.
func (r *recall) early(at uint64, data []byte) int {
	end := at + uint64(len(data))
	if n := uint64(len(r.begin)); n < end {
		r.begin = append(r.begin, make([]byte, end-n)...)
	}
	there := r.begin[at:end]
	switch {
	case r.come.has(at, end):
		if bytes.Equal(there, data) {
			return -1
		}
		for i := range data {
			if there[i] != data[i] {
				return i
			}
		}
	case r.come.touches(at, end):
		for i := range data {
			if p := at + uint64(i); r.come.has(p, p+1) && there[i] != data[i] {
				return i
			}
		}
	}
	copy(there, data)
	r.come.add(at, end)
	return -1
}
