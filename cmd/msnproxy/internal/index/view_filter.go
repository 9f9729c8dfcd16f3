package index

import (
	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/filter"
)

// filterStep is how many rows the filter is applied to at a time, before somebody
// else gets a turn.
const filterStep = 1024

// step is rows of a chunk that the filter is to be applied to.
type step struct {
	chunk, from, to int
	todo            bitmap // those that are to be looked at
	want            bitmap // those for which the filter is asked
	match           bitmap
	failed          error
}

// work applies the filter, step by step, until nothing is left to look at.
func (v *View) work() {
	var s step
	for {
		f, round := v.due(&s)
		if f == nil {
			v.x.notify()
			return
		}
		v.apply(f, &s, round)
		v.settle(&s, round)
		v.x.notify()
	}
}

// Wait returns when the filter has been applied to all rows that were there.
func (v *View) Wait() {
	v.Sync()
	v.mu.Lock()
	defer v.mu.Unlock()
	for v.working {
		v.idle.Wait()
	}
}

// due fills in what is to be done next, in the chunk nearest to the anchor that has
// something. The filter is nil if there is nothing left.
func (v *View) due(s *step) (f *filter.Filter, round int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.filter != nil && !v.closed {
		n := v.catchUp()
		if k := v.nearest(n); k >= 0 {
			v.begin(s, k, min(chunkRows, n-k*chunkRows))
			return v.filter, v.round.Load()
		}
	}
	v.working = false
	v.idle.Broadcast()
	return nil, 0
}

// nearest returns the chunk to look at next, or -1. mu is held.
func (v *View) nearest(n int) int {
	late := func(k int) bool {
		if k < 0 || k >= len(v.parts) {
			return false
		}
		p := v.parts[k]
		return p.stale != nil || p.rows < min(chunkRows, n-k*chunkRows)
	}
	at := min(v.anchor, len(v.parts)-1)
	for d := 0; d < len(v.parts); d++ {
		if late(at + d) {
			return at + d
		}
		if late(at - d) {
			return at - d
		}
	}
	return -1
}

// begin makes a step of a chunk, which has so many rows. mu is held.
func (v *View) begin(s *step, k, rows int) {
	p := v.parts[k]
	todo := span(p.rows, rows)
	if p.stale != nil {
		for w := range todo {
			todo[w] |= p.stale[w]
		}
	}
	*s = step{chunk: k, from: todo.next(0)}
	s.to = min(s.from+filterStep, rows)
	s.todo = span(s.from, s.to)
	left := false
	for w := range todo {
		s.todo[w] &= todo[w]
		if p.stale != nil {
			p.stale[w] &^= s.todo[w]
			left = left || p.stale[w] != 0
		}
	}
	if !left {
		p.stale = nil
	}
	p.asked = max(p.asked, s.to)
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	s.want = v.wanted(k, &s.todo)
}

// apply asks the filter, until another query is asked.
func (v *View) apply(f *filter.Filter, s *step, round int64) {
	base := s.chunk * chunkRows
	wants := func(i int) bool { return s.want.has(i - base) }
	// Rows whose bytes are gone do not match.
	_ = v.reader.Walk(base+s.from, base+s.to, wants, func(i int, m *decode.Message, rec *capture.Record) bool {
		if m == nil {
			if m = v.reader.Occurrence(rec); m == nil {
				return v.round.Load() == round
			}
		}
		v.asked.Add(1)
		ok, err := f.Match(m)
		if err != nil && s.failed == nil {
			s.failed = err
		}
		s.match.set(i-base, ok)
		return v.round.Load() == round
	})
}

// settle takes over what the filter said, unless another query is asked by now.
func (v *View) settle(s *step, round int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.round.Load() != round || v.closed {
		return
	}
	p := v.parts[s.chunk]
	for w := range s.todo {
		p.match[w] = p.match[w]&^s.todo[w] | s.match[w]
	}
	p.rows = max(p.rows, s.to)
	if v.failure == nil {
		v.failure = s.failed
	}
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	v.show(p, v.x.chunks[s.chunk])
}
