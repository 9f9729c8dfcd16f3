package index

import (
	"testing"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/filter"
)

// plain is a view worked out by a loop over all rows.
type plain struct {
	match, shown []bool
}

func plainView(t testing.TB, x *Index, q Query, n int) *plain {
	t.Helper()
	p := &plain{match: make([]bool, n), shown: make([]bool, n)}
	var f *filter.Filter
	if q.Filter != "" {
		var err error
		if f, err = filter.Compile(q.Filter); err != nil {
			t.Fatal(err)
		}
	}
	r := x.NewReader()
	for i := range n {
		row := x.Row(i)
		ok := q.Scope.Has(row.Conn) && (!q.Marked || row.Marked || row.Comment)
		if ok && f != nil {
			m, rec, err := r.Read(i)
			if err == nil && m == nil {
				m = r.Occurrence(rec)
			}
			if ok = err == nil && m != nil; ok {
				ok, _ = f.Match(m)
			}
		}
		folds := row.Noise != decode.NoNoise && row.Severity < decode.Warning && !row.Marked && !row.Comment && !row.SentOn && row.Fate == capture.Passed
		p.match[i], p.shown[i] = ok, ok && !(q.Fold && folds)
	}
	return p
}

func (p *plain) shows(i int) bool { return i >= 0 && i < len(p.shown) && p.shown[i] }

func (p *plain) next(i int) int {
	for i = max(i+1, 0); i < len(p.shown); i++ {
		if p.shown[i] {
			return i
		}
	}
	return -1
}

func (p *plain) prev(i int) int {
	for i = min(i, len(p.shown)) - 1; i >= 0; i-- {
		if p.shown[i] {
			return i
		}
	}
	return -1
}

func (p *plain) near(i int) int {
	if p.shows(i) {
		return i
	}
	if n := p.next(i); n >= 0 {
		return n
	}
	return p.prev(i)
}

func (p *plain) rank(row int) (n int) {
	for i := 0; i < min(row, len(p.shown)); i++ {
		if p.shown[i] {
			n++
		}
	}
	return n
}

func (p *plain) folded(after, before int) (n int) {
	for i := max(after+1, 0); i < min(before, len(p.shown)); i++ {
		if p.match[i] && !p.shown[i] {
			n++
		}
	}
	return n
}

func (p *plain) seek(i, dir int, want func(int) bool) int {
	for {
		if dir < 0 {
			i = p.prev(i)
		} else {
			i = p.next(i)
		}
		if i < 0 || want(i) {
			return i
		}
	}
}
