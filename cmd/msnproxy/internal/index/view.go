package index

import (
	"iter"
	"math/bits"
	"sync"
	"sync/atomic"

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
	return c.In(s.Conversation)
}

// In reports whether the connection has part in the conversation of that number.
func (c *Conn) In(conversation int) bool {
	for v := range c.Conversations() {
		if v.Number == conversation {
			return true
		}
	}
	return false
}

// Conversations returns those that the connection has part in: one of a switchboard, any
// number of a notification server.
func (c *Conn) Conversations() iter.Seq[*decode.Conversation] {
	return func(yield func(*decode.Conversation) bool) {
		if v := c.Facts.Conversation; v != nil && !yield(v) {
			return
		}
		for _, v := range c.Facts.Talks {
			if !yield(v) {
				return
			}
		}
	}
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
	match, shown bitmap
	stale        *bitmap // rows to be looked at again; nil: none
	rows         int     // that were looked at
	asked        int     // those that are being looked at among them
	refold       bool    // what is noise has changed
	count        int     // shown
	hidden       int     // matched, and folded away
}

// View is the rows that a query wants. Rows that come are taken in by Sync; a
// filter is applied by a goroutine of the view's own, those rows first that lie
// near the anchor. All methods may be called from any goroutine.
//
// The view's lock is taken before the index's, and that one for a chunk at a time,
// so that who adds rows does not wait for a view.
type View struct {
	x  *Index
	mu sync.Mutex
	// What follows is guarded by mu.
	query   Query
	parts   []*part
	caught  uint64 // changes of the index that are taken in
	inScope []verdict
	facts   bool         // the filter asks what is known of connections
	finds   bool         // the filter asks for findings
	limit   int          // rows that are taken in; -1: all
	anchor  int          // chunk
	round   atomic.Int64 // counts queries; changed with mu held
	working bool
	closed  bool
	failure error // of the filter
	idle    *sync.Cond
	asked   atomic.Int64   // how many rows were filtered, for benchmarks
	reader  *Reader        // the worker's
	filter  *filter.Filter // the worker's, of the round compiled
}

// verdict is whether a connection is in the scope.
type verdict uint8

const (
	unjudged verdict = iota
	within
	without
)

// NewView returns a view of the index. If the filter does not compile, nothing is
// filtered, and FilterErr says why.
func (x *Index) NewView(q Query) *View {
	v := &View{x: x, limit: -1, reader: x.NewReader()}
	v.idle = sync.NewCond(&v.mu)
	if err := v.Ask(q); err != nil {
		q.Filter = ""
		_ = v.Ask(q)
		v.failure = err
	}
	return v
}

// Close ends the view's goroutine.
func (v *View) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	v.round.Add(1)
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
	var f *filter.Filter
	if q.Filter != "" {
		var err error
		if f, err = filter.CompileIn(q.Filter, v.x.location); err != nil {
			return err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	same := q
	if same.Fold = v.query.Fold; same == v.query && v.parts != nil {
		v.query = q
		v.refold() // what matches is known already
	} else {
		v.round.Add(1)
		v.query, v.filter, v.parts, v.failure = q, f, nil, nil
		v.inScope = v.inScope[:0]
		v.facts = f != nil && f.Uses("session", "conversation", "role", "dialect", "account")
		v.finds = f.AsksFindings() || f != nil && f.Uses("fate", "injected", "changed_by", "held_ms", "noise")
		v.x.mu.RLock()
		v.caught = v.x.journal.count
		v.x.mu.RUnlock()
	}
	v.sync()
	return nil
}

// refold works out what is shown where only that has changed. mu is held.
func (v *View) refold() {
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	for k, p := range v.parts {
		v.show(p, v.x.chunks[k])
	}
}

// Pause takes in no more rows, until it is told otherwise.
func (v *View) Pause(pause bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sync() // what is there is part of it
	switch {
	case !pause:
		v.limit = -1
	case v.limit < 0:
		v.limit = v.x.Len()
	}
	v.sync()
}

// Anchor says near which row a filter is applied first.
func (v *View) Anchor(row int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.anchor = max(row, 0) / chunkRows
}

// Sync takes in the rows that have come and the changes to others. With a filter
// it sets the view's goroutine to work.
func (v *View) Sync() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sync()
}

// sync is Sync with mu held.
func (v *View) sync() {
	n := v.catchUp()
	behind := false
	for k, p := range v.parts {
		rows := min(chunkRows, n-k*chunkRows)
		switch {
		case p.rows == rows && p.stale == nil && !p.refold:
		case v.query.Filter != "" && (p.rows < rows || p.stale != nil):
			behind = true
		default:
			v.take(k, p, rows)
		}
	}
	if behind && !v.working && !v.closed {
		v.working = true
		go guarded(v.x.guard, v.work)
	}
}

// catchUp takes in which rows have changed, makes parts for those that have come,
// and returns how many there are. mu is held.
func (v *View) catchUp() int {
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	if !v.x.journal.since(v.caught, v.rowChanged, v.connChanged) {
		for _, p := range v.parts {
			all := span(0, p.asked)
			p.stale = &all
		}
		v.inScope = v.inScope[:0]
	}
	v.caught = v.x.journal.count
	n := v.x.n
	if v.limit >= 0 {
		n = min(n, v.limit)
	}
	for len(v.parts)*chunkRows < n {
		v.parts = append(v.parts, &part{})
	}
	return n
}

// rowChanged takes in that flags of a row have changed. Both locks are held.
func (v *View) rowChanged(i int) {
	k := i / chunkRows
	if k >= len(v.parts) || i%chunkRows >= v.parts[k].asked {
		return // it will be looked at
	}
	p := v.parts[k]
	p.refold = true
	if v.query.Marked || v.finds {
		p.again(i % chunkRows)
	}
}

// connChanged takes in that more is known of a connection. Both locks are held.
func (v *View) connChanged(index int) {
	if v.query.Scope.Conn != 0 || v.query.Scope == (Scope{}) && !v.facts {
		return // nobody has asked
	}
	if index < len(v.inScope) {
		v.inScope[index] = unjudged
	}
	for _, k := range v.x.conns[index].chunks {
		if int(k) >= len(v.parts) {
			return
		}
		p := v.parts[k]
		rows := &v.x.chunks[k].rows
		for i := range p.asked {
			if int(rows[i].conn) == index {
				p.again(i)
			}
		}
	}
}

func (p *part) again(i int) {
	if p.stale == nil {
		p.stale = new(bitmap)
	}
	p.stale.set(i, true)
}

// take looks at the rows of a chunk that are new or have changed, without a
// filter, or with one at what is noise. mu is held.
func (v *View) take(k int, p *part, rows int) {
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	if p.rows < rows || p.stale != nil {
		from := p.rows
		if p.stale != nil {
			from = 0
		}
		todo := span(from, rows)
		want := v.wanted(k, &todo)
		for w := range todo {
			p.match[w] = p.match[w]&^todo[w] | want[w]
		}
		p.rows, p.asked, p.stale = rows, rows, nil
	}
	v.show(p, v.x.chunks[k])
}

// wanted returns which rows of a chunk, out of some, the query wants, but for its
// filter. Both locks are held.
func (v *View) wanted(k int, of *bitmap) bitmap {
	want := *of
	c := v.x.chunks[k]
	if v.query.Marked {
		for w := range want {
			want[w] &= c.noted[w]
		}
	}
	if v.query.Scope == (Scope{}) {
		return want
	}
	for w, word := range want {
		for rest := word; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros64(rest)
			if r := &c.rows[w*64+i]; !v.has(int(r.conn)) || !v.says(k*chunkRows+w*64+i, int(r.conn)) {
				want[w] &^= 1 << i
			}
		}
	}
	return want
}

// says reports whether a row belongs to the conversation that is asked for: on a
// connection to a notification server others stand beside it. Both locks are held.
func (v *View) says(row, conn int) bool {
	n := v.query.Scope.Conversation
	if f := v.x.conns[conn].facts.Facts; n == 0 || f.Conversation != nil && f.Conversation.Number == n {
		return true
	}
	return v.x.inTalk(row, n)
}

// has reports whether a connection is in the scope. Both locks are held.
func (v *View) has(conn int) bool {
	for conn >= len(v.inScope) {
		v.inScope = append(v.inScope, make([]verdict, len(v.x.conns)-len(v.inScope))...)
	}
	if v.inScope[conn] == unjudged {
		v.inScope[conn] = without
		if conn > 0 && v.query.Scope.Has(v.x.conns[conn].facts) {
			v.inScope[conn] = within
		}
	}
	return v.inScope[conn] == within
}

// show works out what is shown of what matches. Both locks are held.
func (v *View) show(p *part, c *chunk) {
	p.shown, p.refold = p.match, false
	if v.query.Fold {
		for w := range p.shown {
			p.shown[w] &^= c.folds[w]
		}
	}
	p.count = p.shown.before(chunkRows)
	p.hidden = p.match.before(chunkRows) - p.count
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
	return v.failure
}
