package index

import (
	"math/bits"
	"sync"

	"msnproxy/decode"
	"msnproxy/decode/filter"
)

// Scope says whose rows are wanted; the zero value: everybody's. Only one of the
// three is set.
type Scope struct {
	// Session and Conversation are numbers from 1, Conn is [Conn.Index].
	Session, Conversation, Conn int
}

// Has reports whether the connection is in the scope.
func (s Scope) Has(c *Conn) bool {
	switch {
	case s == Scope{}:
		return true
	case c == nil:
		return false
	case s.Conn != 0:
		return c.Index == s.Conn
	case s.Session != 0:
		return c.Facts.Session != nil && c.Facts.Session.Number == s.Session
	}
	return c.Facts.Conversation != nil && c.Facts.Conversation.Number == s.Conversation
}

// Query says which rows are wanted.
type Query struct {
	Scope Scope
	// Filter is an expression that compiles; "": none.
	Filter string
	// Marked: only rows with a mark or a comment.
	Marked bool
	// Fold folds the noise away.
	Fold bool
}

// part is what a view knows of a chunk.
type part struct {
	match, shown [chunkRows / 64]uint64
	rows         int // that were looked at
	version      int // of the chunk when they were
	count        int // shown
	hidden       int // matched, and folded away
}

// View is the rows that a query wants. Rows that come are taken in by Sync; a
// filter is applied by a goroutine of the view's own, those rows first that lie
// near the anchor. All methods may be called from any goroutine.
type View struct {
	x  *Index
	mu sync.Mutex
	// What follows is guarded by mu.
	query     Query
	parts     []*part
	limit     int // rows that are taken in; -1: all
	anchor    int // chunk
	round     int // counts queries
	working   bool
	filterErr error
	closed    bool
	idle      *sync.Cond
}

// NewView returns a view of the index.
func (x *Index) NewView(q Query) *View {
	v := &View{x: x, query: q, limit: -1}
	v.idle = sync.NewCond(&v.mu)
	v.Sync()
	return v
}

// Close ends the view's goroutine.
func (v *View) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	v.round++
}

// Query returns what the view shows.
func (v *View) Query() Query {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.query
}

// Ask changes what the view shows. The error is that of a filter that does not
// compile; then nothing changes.
func (v *View) Ask(q Query) error {
	if q.Filter != "" {
		if _, err := filter.Compile(q.Filter); err != nil {
			return err
		}
	}
	v.mu.Lock()
	same := v.query.Filter == q.Filter && v.query.Scope == q.Scope
	same = same && v.query.Marked == q.Marked
	v.query = q
	if same {
		v.fold() // what matches is known already
	} else {
		v.round++
		v.parts, v.filterErr = nil, nil
	}
	v.mu.Unlock()
	v.Sync()
	return nil
}

// fold works out what is shown where only that has changed. mu is held.
func (v *View) fold() {
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	for k, p := range v.parts {
		v.refold(p, v.x.chunks[k])
	}
}

// Pause takes in no more rows, until it is told otherwise.
func (v *View) Pause(pause bool) {
	n := v.x.Len()
	v.mu.Lock()
	v.limit = -1
	if pause {
		v.limit = n
	}
	v.mu.Unlock()
	v.Sync()
}

// Anchor says near which row a filter is applied first.
func (v *View) Anchor(row int) {
	v.mu.Lock()
	v.anchor = max(row, 0) / chunkRows
	v.mu.Unlock()
}

// Sync takes in the rows that have come and the changes to others. With a filter
// it sets the view's goroutine to work.
func (v *View) Sync() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	n := v.x.n
	if v.limit >= 0 {
		n = min(n, v.limit)
	}
	for len(v.parts)*chunkRows < n {
		v.parts = append(v.parts, &part{})
	}
	behind := false
	for k, p := range v.parts {
		rows := min(chunkRows, n-k*chunkRows)
		if p.rows == rows && p.version == v.x.chunks[k].version {
			continue
		}
		if v.query.Filter != "" {
			behind = true
			continue
		}
		v.take(k, p, rows)
	}
	if behind && !v.working && !v.closed {
		v.working = true
		go guarded(v.x.guard, v.work)
	}
}

// take looks at the rows of a chunk that are new, without a filter. Both locks are
// held.
func (v *View) take(k int, p *part, rows int) {
	c := v.x.chunks[k]
	from := p.rows
	if p.version != c.version {
		from = 0
	}
	for i := from; i < rows; i++ {
		p.setMatch(i, v.wants(&c.rows[i]))
	}
	p.rows, p.version = rows, c.version
	v.refold(p, c)
}

// wants applies what needs no bytes. The index's lock is held.
func (v *View) wants(r *record) bool {
	if v.query.Marked && !r.has(flagMarked|flagComment) {
		return false
	}
	if v.query.Scope == (Scope{}) {
		return true
	}
	return r.conn > 0 && v.query.Scope.Has(v.x.conns[r.conn].facts)
}

func (p *part) setMatch(i int, match bool) {
	if match {
		p.match[i/64] |= 1 << (i % 64)
	} else {
		p.match[i/64] &^= 1 << (i % 64)
	}
}

// refold works out what is shown of what matches. The index's lock is held.
func (v *View) refold(p *part, c *chunk) {
	p.count, p.hidden = 0, 0
	for w := range p.match {
		word := p.match[w]
		if v.query.Fold && word != 0 {
			for rest := word; rest != 0; rest &= rest - 1 {
				i := bits.TrailingZeros64(rest)
				if c.rows[w*64+i].folds() {
					word &^= 1 << i
				}
			}
		}
		p.shown[w] = word
		p.count += bits.OnesCount64(word)
		p.hidden += bits.OnesCount64(p.match[w] &^ word)
	}
}

// Counts returns how many rows are shown, how many are folded away, and how many
// of the rows have been looked at, out of how many.
func (v *View) Counts() (shown, folded, looked, rows int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range v.parts {
		shown += p.count
		folded += p.hidden
		looked += p.rows
	}
	rows = v.limit
	if rows < 0 {
		rows = v.x.Len()
	}
	return shown, folded, looked, rows
}

// FilterErr returns the first error that the filter met on a message, if it met one:
// such messages do not match.
func (v *View) FilterErr() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.filterErr
}

// Shows reports whether the row is shown.
func (v *View) Shows(row int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.has(row)
}

func (v *View) has(row int) bool {
	k := row / chunkRows
	return row >= 0 && k < len(v.parts) && v.parts[k].shown[row%chunkRows/64]>>(row%64)&1 != 0
}

// Next returns the first row shown after the given one, or -1.
func (v *View) Next(row int) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	row++
	for k := max(row, 0) / chunkRows; k < len(v.parts); k++ {
		p := v.parts[k]
		if p.count == 0 {
			continue
		}
		for w := max(row-k*chunkRows, 0) / 64; w < len(p.shown); w++ {
			word := p.shown[w]
			if base := k*chunkRows + w*64; row > base {
				word = word >> (row - base) << (row - base)
			}
			if word != 0 {
				return k*chunkRows + w*64 + bits.TrailingZeros64(word)
			}
		}
	}
	return -1
}

// Prev returns the last row shown before the given one, or -1.
func (v *View) Prev(row int) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	row = min(row, len(v.parts)*chunkRows) - 1
	for k := row / chunkRows; row >= 0 && k >= 0; k-- {
		p := v.parts[k]
		if p.count == 0 {
			continue
		}
		for w := min(row-k*chunkRows, chunkRows-1) / 64; w >= 0; w-- {
			word := p.shown[w]
			if base := k*chunkRows + w*64; row-base < 63 {
				word &= 1<<(row-base+1) - 1
			}
			if word != 0 {
				return k*chunkRows + w*64 + 63 - bits.LeadingZeros64(word)
			}
		}
	}
	return -1
}

// Rank returns how many rows are shown before the given one.
func (v *View) Rank(row int) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.rank(row)
}

func (v *View) rank(row int) (n int) {
	for k, p := range v.parts {
		if (k+1)*chunkRows <= row {
			n += p.count
			continue
		}
		n += ones(&p.shown, row-k*chunkRows)
		break
	}
	return n
}

// ones counts the bits before bit i.
func ones(words *[chunkRows / 64]uint64, i int) (n int) {
	for w := 0; w < i/64; w++ {
		n += bits.OnesCount64(words[w])
	}
	if i%64 != 0 && i > 0 {
		n += bits.OnesCount64(words[i/64] & (1<<(i%64) - 1))
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
		if rank >= p.count {
			rank -= p.count
			continue
		}
		for w, word := range p.shown {
			if n := bits.OnesCount64(word); rank >= n {
				rank -= n
				continue
			}
			for ; rank > 0; rank-- {
				word &= word - 1
			}
			return k*chunkRows + w*64 + bits.TrailingZeros64(word)
		}
	}
	return -1
}

// Near returns the row if it is shown, else the next one that is, else the one
// before; -1 if none is.
func (v *View) Near(row int) int {
	if v.Shows(row) {
		return row
	}
	if n := v.Next(row); n >= 0 {
		return n
	}
	return v.Prev(row)
}

// FoldedBetween returns how many rows after one and before another are folded
// away.
func (v *View) FoldedBetween(after, before int) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for k := max(after, 0) / chunkRows; k < len(v.parts) && k*chunkRows < before; k++ {
		p := v.parts[k]
		if p.hidden == 0 {
			continue
		}
		var folded [chunkRows / 64]uint64
		for w := range folded {
			folded[w] = p.match[w] &^ p.shown[w]
		}
		n += ones(&folded, min(before-k*chunkRows, chunkRows)) - ones(&folded, max(after+1-k*chunkRows, 0))
	}
	return n
}

// NextWith returns the first row shown after the given one with a finding of at
// least that severity, or with dir < 0 the last one before it; -1: none.
func (v *View) NextWith(row, dir int, least decode.Severity) int {
	return v.seek(row, dir, func(r *record) bool { return r.has(flagFinds) && r.severity() >= least })
}

// NextError is NextWith for refusals: errors that a server answers with, and
// findings of that severity.
func (v *View) NextError(row, dir int) int {
	return v.seek(row, dir, func(r *record) bool {
		return r.severity() == decode.Error || r.verb >= verbErrors && r.verb < verbErrors+1000
	})
}

// seek returns the nearest row shown in a direction that is wanted.
func (v *View) seek(row, dir int, want func(*record) bool) int {
	for {
		if dir < 0 {
			row = v.Prev(row)
		} else {
			row = v.Next(row)
		}
		if row < 0 {
			return -1
		}
		v.x.mu.RLock()
		ok := want(v.x.at(row))
		v.x.mu.RUnlock()
		if ok {
			return row
		}
	}
}
