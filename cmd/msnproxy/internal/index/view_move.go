package index

import "msnproxy/decode"

// Shows reports whether the row is shown.
func (v *View) Shows(row int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.shows(row)
}

func (v *View) shows(row int) bool {
	return row >= 0 && row/chunkRows < len(v.parts) && v.parts[row/chunkRows].shown.has(row%chunkRows)
}

// Next returns the first row shown after the given one, or -1.
func (v *View) Next(row int) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.next(row, nil)
}

// Prev returns the last row shown before the given one, or -1.
func (v *View) Prev(row int) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.prev(row, nil)
}

// next is Next for the rows that also are among those that only returns of a chunk;
// nil: all. mu is held.
func (v *View) next(row int, only func(k int) *bitmap) int {
	row = max(row+1, 0)
	for k := row / chunkRows; k < len(v.parts); k++ {
		p := v.parts[k]
		if p.count == 0 {
			continue
		}
		rows := v.among(k, only)
		if i := rows.next(max(row-k*chunkRows, 0)); i >= 0 {
			return k*chunkRows + i
		}
	}
	return -1
}

// prev is Prev as next is Next.
func (v *View) prev(row int, only func(k int) *bitmap) int {
	row = min(row, len(v.parts)*chunkRows) - 1
	if row < 0 {
		return -1
	}
	for k := row / chunkRows; k >= 0; k-- {
		p := v.parts[k]
		if p.count == 0 {
			continue
		}
		rows := v.among(k, only)
		if i := rows.prev(min(row-k*chunkRows, chunkRows-1)); i >= 0 {
			return k*chunkRows + i
		}
	}
	return -1
}

// among returns the rows of a chunk that are shown and among others.
func (v *View) among(k int, only func(k int) *bitmap) *bitmap {
	p := v.parts[k]
	if only == nil {
		return &p.shown
	}
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	rows := *only(k)
	for w := range rows {
		rows[w] &= p.shown[w]
	}
	return &rows
}

// Rank returns how many rows are shown before the given one.
func (v *View) Rank(row int) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for k, p := range v.parts {
		if row <= k*chunkRows {
			break
		}
		if row >= (k+1)*chunkRows {
			n += p.count
		} else {
			n += p.shown.before(row - k*chunkRows)
		}
	}
	return n
}

// At returns the row that has so many shown before it, or -1.
func (v *View) At(rank int) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if rank < 0 {
		return -1
	}
	for k, p := range v.parts {
		if rank < p.count {
			return k*chunkRows + p.shown.nth(rank)
		}
		rank -= p.count
	}
	return -1
}

// Near returns the row if it is shown, else the next one that is, else the one
// before; -1 if none is.
func (v *View) Near(row int) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if n := v.next(row-1, nil); n >= 0 {
		return n
	}
	return v.prev(row, nil)
}

// FoldedBetween returns how many rows after one and before another are folded
// away.
func (v *View) FoldedBetween(after, before int) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	from := max(after+1, 0)
	for k := from / chunkRows; k < len(v.parts) && k*chunkRows < before && from < before; k++ {
		p := v.parts[k]
		lo, hi := max(from-k*chunkRows, 0), min(before-k*chunkRows, chunkRows)
		switch {
		case p.hidden == 0:
		case lo == 0 && hi == chunkRows:
			n += p.hidden
		default: // nothing is shown that does not match
			n += p.match.before(hi) - p.match.before(lo) - p.shown.before(hi) + p.shown.before(lo)
		}
	}
	return n
}

// NextWith returns the first row shown after the given one with a finding of at
// least that severity, or with dir < 0 the last one before it; -1: none.
func (v *View) NextWith(row, dir int, least decode.Severity) int {
	level := min(max(least, decode.Note), decode.Error) - decode.Note
	return v.seek(row, dir, func(k int) *bitmap { return &v.x.chunks[k].found[level] })
}

// NextError is NextWith for refusals: errors that a server answers with, and
// findings of that severity.
func (v *View) NextError(row, dir int) int {
	return v.seek(row, dir, func(k int) *bitmap { return &v.x.chunks[k].refused })
}

func (v *View) seek(row, dir int, only func(k int) *bitmap) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if dir < 0 {
		return v.prev(row, only)
	}
	return v.next(row, only)
}

// window returns the rows shown from up to, but not including, to, as a function
// that may be asked under any lock.
func (v *View) window(from, to int) func(row int) bool {
	first := from / chunkRows
	var shown []bitmap
	v.mu.Lock()
	defer v.mu.Unlock()
	for k := first; k*chunkRows < to && k < len(v.parts); k++ {
		shown = append(shown, v.parts[k].shown)
	}
	return func(row int) bool {
		k := row/chunkRows - first
		return k < len(shown) && shown[k].has(row%chunkRows)
	}
}
