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
	return n.lower != "" && strings.Contains(strings.ToLower(s), n.lower)
}

// inBytes is In for bytes as they were on the wire.
func (n Needle) inBytes(b []byte) bool {
	if len(n.ascii) == 0 {
		return bytes.Contains(bytes.ToLower(b), []byte(n.lower))
	}
	first, upper := n.ascii[0], n.ascii[0]
	if 'a' <= first && first <= 'z' {
		upper -= 'a' - 'A'
	}
	for at := 0; at+len(n.ascii) <= len(b); at++ {
		i := bytes.IndexByte(b[at:], first)
		if upper != first {
			if j := bytes.IndexByte(b[at:], upper); j >= 0 && (i < 0 || j < i) {
				i = j
			}
		}
		if i < 0 || at+i+len(n.ascii) > len(b) {
			return false
		}
		at += i
		if foldEqual(b[at:at+len(n.ascii)], n.ascii) {
			return true
		}
	}
	return false
}

func foldEqual(b, lower []byte) bool {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// Finder looks for a needle in rows: in their bytes, in the summary, in the names,
// values and meanings of all fields, and in comments.
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
		return false
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
		v.mu.Lock()
		parts := v.parts
		v.mu.Unlock()
		shows := func(i int) bool {
			k := i / chunkRows
			return k < len(parts) && parts[k].shown[i%chunkRows/64]>>(i%64)&1 != 0
		}
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
