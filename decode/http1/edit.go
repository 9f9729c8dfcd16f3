package http1

import (
	"slices"
	"strconv"
	"strings"
)

// Change says that the bytes at a place become others.
type Change struct {
	Place
	To []byte
}

// Splice returns a copy of b with the changes made. Places must not overlap; their order
// does not matter.
func Splice(b []byte, changes []Change) []byte {
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b Change) int { return a.Start - b.Start })
	out, at := make([]byte, 0, len(b)), 0
	for _, c := range changes {
		out = append(append(out, b[at:c.Start]...), c.To...)
		at = c.End
	}
	return append(out, b[at:]...)
}

// WithHead returns a copy of the message with changes to its head, which must not touch
// what says how long the body is. The body stays as it was sent.
func (m *Message) WithHead(changes ...Change) []byte { return Splice(m.Raw, changes) }

// WithBody returns a copy of the message with another body, as it is, and changes to its
// head. Its length is announced by Content-Length, in the place where the length stood or
// behind all headers; headers that tell of chunks, of trailers and of compression go. The
// changes must not touch these. A message that has no body, and is given none, gets no
// length.
func (m *Message) WithBody(body []byte, changes ...Change) []byte {
	changes = slices.Clone(changes)
	length := []byte(strconv.Itoa(len(body)))
	placed := len(body) == 0 && len(m.Sent()) == 0
	for i := range m.Headers {
		h := &m.Headers[i]
		switch name := string(m.Text(h.Name)); {
		case strings.EqualFold(name, "Content-Length") && !m.chunked():
			changes, placed = append(changes, Change{h.Value, length}), true
		case strings.EqualFold(name, "Content-Length"), strings.EqualFold(name, "Transfer-Encoding"),
			strings.EqualFold(name, "Content-Encoding"), strings.EqualFold(name, "Trailer"):
			changes = append(changes, Change{m.lines(h), nil})
		}
	}
	if !placed {
		eol := m.Raw[m.Line : m.Line+m.eol()]
		at := m.Head - 1 // before the empty line
		if m.Raw[at-1] == '\r' {
			at--
		}
		line := append([]byte("Content-Length: "), length...)
		changes = append(changes, Change{Place{at, at}, append(line, eol...)})
	}
	return append(Splice(m.Raw[:m.Head], changes), body...)
}

// eol is the length of the first line's end.
func (m *Message) eol() int {
	if m.Raw[m.Line] == '\r' {
		return 2
	}
	return 1
}

// Without is the change that takes a header away, with its line or lines.
func (m *Message) Without(h *Header) Change { return Change{Place: m.lines(h)} }

// lines returns the place of a header with its line ends.
func (m *Message) lines(h *Header) Place {
	end := h.Value.End
	for m.Raw[end] != '\n' {
		end++
	}
	return Place{h.Name.Start, end + 1}
}
