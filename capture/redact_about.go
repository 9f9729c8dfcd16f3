package capture

import (
	"slices"

	"msnproxy/decode"
)

// movedLink is one side of a connection. It is known by number, as annotations come
// when the connection is closed.
type movedLink struct {
	conn uint32
	from decode.Sender
}

// moves say how far the frames of a link were moved by what was taken out before
// them: those from an offset on, up to the next one. Only changes are kept: 16
// bytes for each frame that got another length.
type moves []move

type move struct{ from, by int64 }

// move notes where a frame is now that was at an offset.
func (r *Redactor) move(rec *Record, was int64) {
	link := movedLink{rec.Conn.ID, rec.From}
	m := r.moved[link]
	if m == nil {
		m = &moves{{}}
		r.moved[link] = m
	}
	if by := rec.Frame.Offset - was; by != (*m)[len(*m)-1].by {
		*m = append(*m, move{was, by})
	}
}

// now returns where the frame is that was at an offset.
func (m moves) now(offset int64) int64 {
	i, _ := slices.BinarySearchFunc(m, offset, func(a move, offset int64) int {
		if a.from <= offset {
			return -1
		}
		return 1
	})
	if i == 0 {
		return offset
	}
	return offset + m[i-1].by
}

// annotation puts an annotation on the frame as it is now. The comment is a text
// like any other; a mark tells nothing of a person.
func (r *Redactor) annotation(rec *Record) {
	about := *rec.About
	if m := r.moved[movedLink{about.Conn, about.From}]; m != nil {
		about.Offset = m.now(about.Offset)
	}
	rec.About = &about
	if r.all {
		rec.Text = string(r.words([]byte(rec.Text)))
	}
}
