package capture

import (
	"iter"
	"time"
)

// table finds the connection that a packet belongs to, and knows which one was
// silent for the longest.
type table struct {
	flows map[flowKey]*flow // the newest of those with the same ends
	n     int
	last  *flow // the one found last
	ends  flow  // of the list: older is the newest flow, newer the oldest
}

func newTable() table { return table{flows: make(map[flowKey]*flow)} }

func (t *table) len() int { return t.n }

func (t *table) find(key *flowKey) *flow {
	if t.last != nil && t.last.key == *key {
		return t.last
	}
	f := t.flows[*key]
	if f != nil {
		t.last = f
	}
	return f
}

func (t *table) add(key *flowKey) *flow {
	f := &flow{key: *key, open: &open{}, same: t.flows[*key]}
	t.flows[*key] = f
	t.n++
	t.last = f
	return f
}

// touch makes the flow the newest.
func (t *table) touch(f *flow, at time.Time) {
	f.seen = at
	if t.ends.older == f {
		return
	}
	t.unlink(f)
	if t.ends.older == nil {
		t.ends.older, t.ends.newer = f, f
		f.newer, f.older = &t.ends, &t.ends
		return
	}
	newest := t.ends.older
	f.older, f.newer = newest, &t.ends
	newest.newer, t.ends.older = f, f
}

func (t *table) unlink(f *flow) {
	if f.newer == nil {
		return
	}
	f.newer.older, f.older.newer = f.older, f.newer
	f.newer, f.older = nil, nil
	if t.ends.older == &t.ends {
		t.ends.older, t.ends.newer = nil, nil
	}
}

func (t *table) remove(f *flow) {
	t.unlink(f)
	if t.last == f {
		t.last = nil
	}
	first := t.flows[f.key]
	if first == f {
		if t.n--; f.same == nil {
			delete(t.flows, f.key)
		} else {
			t.flows[f.key] = f.same
		}
		return
	}
	for o := first; o != nil; o = o.same {
		if o.same == f {
			t.n--
			o.same = f.same
			return
		}
	}
}

// last returns how many connections have the ends of f, which is the newest of
// them, and the oldest of those.
func (f *flow) last() (last *flow, n int) {
	for last, n = f, 1; last.same != nil; last = last.same {
		n++
	}
	return last, n
}

// oldest returns the flow that was silent for the longest, or nil.
func (t *table) oldest() *flow { return t.ends.newer }

// all goes through the flows, the one that was silent for the longest first.
func (t *table) all() iter.Seq[*flow] {
	return func(yield func(*flow) bool) {
		if t.ends.newer == nil {
			return
		}
		for f := t.ends.newer; f != &t.ends; f = f.newer {
			if !yield(f) {
				return
			}
		}
	}
}
