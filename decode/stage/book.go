package stage

import (
	"cmp"
	"maps"
	"slices"

	"msnproxy/decode"
)

// maxKept is how many sign-ins are kept that are over.
const maxKept = 1 << 16

// Book collects the sign-ins of a recording. The zero value is ready. What it gives out
// are the tracker's own, which change as more is known.
type Book struct {
	open map[uint32]*decode.Connection
	kept map[*decode.SignIn]bool
	// Missed counts those that there were too many of.
	Missed int
}

// See takes a connection that is open: the first time that it is heard of, or later.
func (b *Book) See(c *decode.Connection) {
	if old := b.open[c.ID]; old != nil && old != c {
		b.Closed(old)
	}
	if b.open == nil {
		b.open, b.kept = make(map[uint32]*decode.Connection), make(map[*decode.SignIn]bool)
	}
	b.open[c.ID] = c
}

// Closed tells that one is at its end.
func (b *Book) Closed(c *decode.Connection) {
	if b.open[c.ID] != c {
		return
	}
	delete(b.open, c.ID)
	switch {
	case !signsIn(c) || b.kept[c.SignIn]:
	case len(b.kept) >= maxKept:
		b.Missed++
	default:
		b.kept[c.SignIn] = true
	}
}

// signsIn reports whether clients sign in on a connection like that.
func signsIn(c *decode.Connection) bool {
	return !c.Direct && c.Role != decode.FTP && c.Role != decode.WEB
}

// Finish tells that no more comes. Of the connections that are open only how far they came
// is held on to.
func (b *Book) Finish() {
	for _, c := range b.open {
		b.Closed(c)
	}
}

// Of returns the sign-in of a session by its number, or nil.
func (b *Book) Of(session int) *decode.SignIn {
	for _, c := range b.open {
		if signsIn(c) && c.SignIn.Session == session {
			return c.SignIn
		}
	}
	for s := range b.kept {
		if s.Session == session {
			return s
		}
	}
	return nil
}

// SignIns returns all, in the order of their first connections, those that go on included.
func (b *Book) SignIns() []*decode.SignIn {
	all := maps.Clone(b.kept)
	for _, c := range b.open {
		if signsIn(c) {
			all[c.SignIn] = true
		}
	}
	list := slices.Collect(maps.Keys(all))
	slices.SortFunc(list, func(a, c *decode.SignIn) int { return cmp.Compare(a.First, c.First) })
	return list
}
