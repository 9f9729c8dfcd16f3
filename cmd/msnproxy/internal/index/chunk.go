package index

import "msnproxy/decode"

// chunkRows is how many rows lie together. A chunk is looked at as a whole when
// rows are filtered.
const chunkRows = 4096

// chunk is rows, and a bit for each of what is asked of many rows at a time.
type chunk struct {
	rows  [chunkRows]record
	folds bitmap // noise
	noted bitmap // has a mark or a comment
	// found has a finding of at least that severity, the first: a note.
	found   [decode.Error]bitmap
	refused bitmap // an error, of the server or a finding
}

// settle works out the bits of a row.
func (c *chunk) settle(i int) {
	r := &c.rows[i]
	c.folds.set(i, r.folds())
	c.noted.set(i, r.has(flagMarked|flagComment))
	for s := range c.found {
		c.found[s].set(i, r.has(flagFinds) && int(r.severity()) > s)
	}
	c.refused.set(i, r.severity() == decode.Error || r.has(flagRefuses))
}

// put appends a row. The lock is held.
func (x *Index) put(k *record) {
	i := x.n % chunkRows
	if i == 0 {
		x.chunks = append(x.chunks, &chunk{})
	}
	n := len(x.chunks) - 1
	c := x.chunks[n]
	c.rows[i] = *k
	if k.noise() != decode.NoNoise || k.has(flagFinds|flagRefuses) {
		c.settle(i)
	}
	if k.conn > 0 {
		if o := x.conns[k.conn]; len(o.chunks) == 0 || o.chunks[len(o.chunks)-1] != uint32(n) {
			o.chunks = append(o.chunks, uint32(n))
		}
	}
	x.n++
}

// change changes a row that is there, and has the views look at it again. The lock
// is held.
func (x *Index) change(i int, f func(*record)) {
	c := x.chunks[i/chunkRows]
	r := &c.rows[i%chunkRows]
	before := r.folds()
	f(r)
	c.settle(i % chunkRows)
	if r.conn > 0 && before != r.folds() {
		if before {
			x.conns[r.conn].folded--
		} else {
			x.conns[r.conn].folded++
		}
	}
	x.journal.row(i)
}
