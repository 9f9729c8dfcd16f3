package p2p

import "slices"

// span is from start up to, not including, end.
type span struct{ start, end uint64 }

// maxSpans is how many stretches one set holds: more are of somebody who wants memory.
const maxSpans = 1024

// ranges is what has come of something: stretches in order, none touching another.
type ranges struct {
	list []span
	size uint64 // of all
}

// has reports whether all from start to end has come.
func (r *ranges) has(start, end uint64) bool {
	i, found := slices.BinarySearchFunc(r.list, start, func(s span, at uint64) int {
		switch {
		case s.end <= at:
			return -1
		case s.start > at:
			return 1
		}
		return 0
	})
	return start >= end || found && r.list[i].end >= end
}

// touches reports whether anything from start up to, not including, end has come.
func (r *ranges) touches(start, end uint64) bool {
	for _, s := range r.list {
		if s.start < end && s.end > start {
			return true
		}
	}
	return false
}

// reach is where the last stretch ends.
func (r *ranges) reach() uint64 {
	if n := len(r.list); n > 0 {
		return r.list[n-1].end
	}
	return 0
}

// add notes that this has come, and returns how much of it is new. Where there are too
// many stretches it notes nothing.
func (r *ranges) add(start, end uint64) (fresh uint64) {
	if start >= end {
		return 0
	}
	from := 0 // the first that touches it
	for from = len(r.list); from > 0 && r.list[from-1].end >= start; from-- {
	}
	to, old := from, uint64(0)
	joined := span{start, end}
	for ; to < len(r.list) && r.list[to].start <= end; to++ {
		old += r.list[to].end - r.list[to].start
		joined.start, joined.end = min(joined.start, r.list[to].start), max(joined.end, r.list[to].end)
	}
	if from == to && len(r.list) >= maxSpans {
		return 0
	}
	fresh = joined.end - joined.start - old
	r.list = slices.Replace(r.list, from, to, joined)
	r.size += fresh
	return fresh
}

// hole returns the first stretch before end that has not come; false if there is none.
func (r *ranges) hole(end uint64) (span, bool) {
	at := uint64(0)
	for _, s := range r.list {
		if s.start > at {
			return span{at, min(s.start, end)}, at < end
		}
		at = s.end
	}
	return span{at, end}, at < end
}
