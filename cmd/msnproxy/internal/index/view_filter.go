package index

import (
	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/filter"
)

// filterStep is how many rows the filter is applied to at a time, before somebody
// else gets a turn.
const filterStep = 1024

// work applies the filter, chunk by chunk, until nothing is left to look at.
func (v *View) work() {
	r := v.x.NewReader()
	var f *filter.Filter
	round := -1
	for {
		v.mu.Lock()
		if v.round != round {
			round, f = v.round, nil
			if v.query.Filter != "" {
				f, _ = filter.Compile(v.query.Filter) // it did before
			}
		}
		k := -1
		if f != nil && !v.closed {
			k = v.due()
		}
		if k < 0 {
			v.working = false
			v.idle.Broadcast()
			v.mu.Unlock()
			v.x.notify()
			return
		}
		v.mu.Unlock()
		v.apply(r, f, k, round)
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

// due returns the chunk to look at next: the one at the anchor, those behind it,
// those before it; -1: none. mu is held.
func (v *View) due() int {
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	n := v.x.n
	if v.limit >= 0 {
		n = min(n, v.limit)
	}
	for len(v.parts)*chunkRows < n {
		v.parts = append(v.parts, &part{})
	}
	late := func(k int) bool {
		p := v.parts[k]
		return p.rows != min(chunkRows, n-k*chunkRows) || p.version != v.x.chunks[k].version
	}
	for k := min(v.anchor, max(len(v.parts)-1, 0)); k < len(v.parts); k++ {
		if late(k) {
			return k
		}
	}
	for k := min(v.anchor, len(v.parts)) - 1; k >= 0; k-- {
		if late(k) {
			return k
		}
	}
	return -1
}

// apply applies the filter to the rows of a chunk that are new, or to all of them
// where some have changed.
func (v *View) apply(r *Reader, f *filter.Filter, k, round int) {
	v.mu.Lock()
	if k >= len(v.parts) {
		v.mu.Unlock()
		return
	}
	v.x.mu.RLock()
	p, version := v.parts[k], v.x.chunks[k].version
	rows := min(chunkRows, v.x.n-k*chunkRows)
	v.x.mu.RUnlock()
	if v.limit >= 0 {
		rows = min(rows, v.limit-k*chunkRows)
	}
	from := p.rows
	if p.version != version {
		from = 0
	}
	v.mu.Unlock()
	base := k * chunkRows
	wants := func(i int) bool { return v.wants(v.x.at(i)) }
	var failed error
	for at := from; at < rows; at += filterStep {
		end := min(at+filterStep, rows)
		var match [filterStep]bool
		_ = r.Walk(base+at, base+end, wants, func(i int, m *decode.Message, _ *capture.Record) bool {
			if m == nil {
				return true
			}
			ok, err := f.Match(m)
			if err != nil && failed == nil {
				failed = err
			}
			match[i-base-at] = ok
			return true
		})
		if !v.settle(p, k, at, match[:end-at], version, round) {
			return
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.round == round && failed != nil && v.filterErr == nil {
		v.filterErr = failed
	}
	if v.round == round {
		p.version = version
	}
}

// settle takes over what the filter said of some rows. It reports false if another
// query is asked by now.
func (v *View) settle(p *part, k, at int, match []bool, version, round int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.round != round || v.closed {
		return false
	}
	for i, ok := range match {
		p.setMatch(at+i, ok)
	}
	p.rows = max(p.rows, at+len(match))
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	v.refold(p, v.x.chunks[k])
	return true
}
