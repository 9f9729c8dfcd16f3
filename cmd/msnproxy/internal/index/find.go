package index

import (
	"bytes"
	"context"
	"strings"
	"unicode/utf8"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
)

// Needle is a text that is looked for, without regard to case.
type Needle struct {
	lower string
	ascii []byte // lower, if it is ASCII
}

// NewNeedle returns a needle; an empty one finds nothing.
func NewNeedle(s string) Needle {
	n := Needle{lower: strings.ToLower(s)}
	if strings.IndexFunc(n.lower, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		n.ascii = []byte(n.lower)
	}
	return n
}

// String returns the text in lower case.
func (n Needle) String() string { return n.lower }

// In reports whether the text holds the needle.
func (n Needle) In(s string) bool {
	if len(n.ascii) == 0 {
		return n.lower != "" && strings.Contains(strings.ToLower(s), n.lower)
	}
	for at := 0; at+len(n.ascii) <= len(s); at++ {
		if lower(s[at]) == n.ascii[0] && foldEqual(s[at:at+len(n.ascii)], n.ascii) {
			return true
		}
	}
	return false
}

// inBytes is In for bytes as they were on the wire.
func (n Needle) inBytes(b []byte) bool {
	if len(n.ascii) == 0 {
		return n.lower != "" && bytes.Contains(bytes.ToLower(b), []byte(n.lower))
	}
	small, capital := n.ascii[0], n.ascii[0]
	if 'a' <= small && small <= 'z' {
		capital -= 'a' - 'A'
	}
	i, j := indexFrom(b, 0, small), indexFrom(b, 0, capital)
	for {
		at := min(i, j)
		switch {
		case at+len(n.ascii) > len(b):
			return false
		case foldEqual(b[at:at+len(n.ascii)], n.ascii):
			return true
		}
		if i == at {
			i = indexFrom(b, at+1, small)
		}
		if j == at {
			j = indexFrom(b, at+1, capital)
		}
	}
}

// indexFrom returns the place of the first such byte from one on, or the length.
func indexFrom(b []byte, from int, c byte) int {
	if i := bytes.IndexByte(b[from:], c); i >= 0 {
		return from + i
	}
	return len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func foldEqual[T string | []byte](b T, small []byte) bool {
	for i := range len(b) {
		if lower(b[i]) != small[i] {
			return false
		}
	}
	return true
}

// Finder looks for a needle in rows: in their bytes, in the summary, in the names,
// values and meanings of all fields, in what is said of rows that are no messages, and
// in comments.
type Finder struct {
	Needle Needle
	lines  []show.Line
	buf    []byte
}

// Matches reports whether a row holds the needle.
func (f *Finder) Matches(m *decode.Message, rec *capture.Record) bool {
	if f.Needle.inBytes(rec.Frame.Raw) || f.Needle.In(rec.Text) {
		return true
	}
	if m == nil {
		f.buf = show.Occasion(f.buf[:0], rec)
		return f.Needle.inBytes(f.buf)
	}
	f.buf = m.AppendSummary(f.buf[:0])
	if f.Needle.inBytes(f.buf) {
		return true
	}
	f.lines = show.Lines(f.lines[:0], m)
	for i := range f.lines {
		l := &f.lines[i]
		if f.Needle.In(l.Name) || f.Needle.In(l.Value) || f.Needle.In(l.Means) {
			return true
		}
	}
	return false
}

// Find returns the first row shown after the given one that holds the needle, or
// with dir < 0 the last one before it; -1 if there is none or ctx is done.
// progress, if not nil, is told how far it has come.
func (v *View) Find(ctx context.Context, row, dir int, needle Needle, progress func(row int)) int {
	r := v.x.NewReader()
	f := Finder{Needle: needle}
	const step = 1024
	for {
		if ctx.Err() != nil {
			return -1
		}
		if progress != nil {
			progress(row)
		}
		from, to := row+1, row+1+step
		if dir < 0 {
			from, to = max(row-step, 0), max(row, 0)
		}
		if n := v.x.Len(); from >= n || to <= 0 || from >= to {
			return -1
		} else {
			to = min(to, n)
		}
		found := -1
		shows := v.window(from, to)
		_ = r.Walk(from, to, shows, func(i int, m *decode.Message, rec *capture.Record) bool {
			if f.Matches(m, rec) || needle.In(v.x.Comment(i)) {
				found = i
				return dir < 0
			}
			return true
		})
		if found >= 0 {
			return found
		}
		row = to - 1
		if dir < 0 {
			row = from
		}
	}
}
