package index

import (
	"sort"

	"msnproxy/capture"
	"msnproxy/decode"
)

// notes are what users have said about rows.
type notes struct {
	byRow map[int]note
}

type note struct{ mark, text string }

// Comment returns the comment on a row, or "".
func (x *Index) Comment(row int) string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.notes.byRow[row].text
}

// Mark returns the letter of the mark on a row, or "".
func (x *Index) Mark(row int) string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.notes.byRow[row].mark
}

// MarkedRow returns the row that has the mark, or -1.
func (x *Index) MarkedRow(mark string) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for row, n := range x.notes.byRow {
		if n.mark == mark {
			return row
		}
	}
	return -1
}

// Noted returns the rows with a mark or a comment, in order.
func (x *Index) Noted() []int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	rows := make([]int, 0, len(x.notes.byRow))
	for row := range x.notes.byRow {
		rows = append(rows, row)
	}
	sort.Ints(rows)
	return rows
}

// Note puts a mark and a comment on a row, in place of what was there; both empty:
// nothing. It returns the remarks that keep that in a recording: a mark is taken
// from the row that had it before. It does nothing to rows that are no messages.
func (x *Index) Note(row int, mark, text string) []*capture.Record {
	x.mu.Lock()
	defer x.notify()
	defer x.mu.Unlock()
	if !x.holds(row) || x.at(row).kind() != Message {
		return nil
	}
	var kept []*capture.Record
	if mark != "" {
		for other, n := range x.notes.byRow {
			if other != row && n.mark == mark {
				x.note(other, note{text: n.text})
				kept = append(kept, x.remark(other))
			}
		}
	}
	x.note(row, note{mark, text})
	return append(kept, x.remark(row))
}

// Remarks returns the remarks that keep the marks and comments on the rows that are
// wanted, in order of rows.
func (x *Index) Remarks(want func(row int) bool) []*capture.Record {
	var kept []*capture.Record
	for _, row := range x.Noted() {
		if want(row) {
			x.mu.RLock()
			kept = append(kept, x.remark(row))
			x.mu.RUnlock()
		}
	}
	return kept
}

// remark makes the record that keeps the note on a row. The lock is held.
func (x *Index) remark(row int) *capture.Record {
	k, n := x.at(row), x.notes.byRow[row]
	return &capture.Record{Kind: capture.Remark, Time: k.time(), Text: n.text,
		About: &capture.About{Conn: x.conns[k.conn].facts.Facts.ID, From: k.from(), Offset: k.offset, Mark: n.mark}}
}

// note changes the note on a row. The lock is held.
func (x *Index) note(row int, n note) {
	if x.notes.byRow == nil {
		x.notes.byRow = make(map[int]note)
	}
	x.notes.byRow[row] = n
	if n == (note{}) {
		delete(x.notes.byRow, row)
	}
	x.change(row, func(r *record) {
		r.flags &^= flagMarked | flagComment
		if n.mark != "" {
			r.flags |= flagMarked
		}
		if n.text != "" {
			r.flags |= flagComment
		}
	})
}

// annotated takes a note that stands in the recording. The lock is held.
func (x *Index) annotated(r *capture.Record) {
	c := x.byID[r.About.Conn]
	if c == nil {
		return
	}
	if row := x.frameAt(c, r.About.From, r.About.Offset); row >= 0 {
		x.note(row, note{r.About.Mark, r.Text})
	}
}

// frameAt returns the last row of a connection whose frame begins there in its
// link, or -1. In a link frames come by their offsets.
func (x *Index) frameAt(c *conn, from decode.Sender, offset int64) int {
	of := func(r *record) bool {
		return int(r.conn) == c.facts.Index && r.kind() == Message && r.from() == from
	}
	// The last of its chunks that begins with an offset that is not beyond.
	n := sort.Search(len(c.chunks), func(i int) bool {
		for k := i; k < len(c.chunks); k++ {
			rows := &x.chunks[c.chunks[k]].rows
			for at := range rows {
				if of(&rows[at]) {
					return rows[at].offset > offset
				}
			}
		}
		return true // no more frames from here on
	})
	for i := n - 1; i >= 0; i-- {
		k := int(c.chunks[i])
		rows := &x.chunks[k].rows
		for at := len(rows) - 1; at >= 0; at-- {
			switch {
			case !of(&rows[at]):
			case rows[at].offset == offset:
				return k*chunkRows + at
			case rows[at].offset < offset:
				return -1
			}
		}
	}
	return -1
}

// Severest returns the severity of the gravest finding on a row.
func (x *Index) Severest(row int) decode.Severity {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if !x.holds(row) {
		return 0
	}
	return x.at(row).severity()
}
