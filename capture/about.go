package capture

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"msnproxy/decode"
)

// About says which frame a remark is on: by connection, sender and offset in the
// link, which stay when files are rotated, filtered and converted.
//
// A later annotation on the same frame takes the place of the earlier one; one
// without mark and text takes it away.
type About struct {
	// Conn is the ID of the connection.
	Conn uint32
	From decode.Sender
	// Offset is that of the frame, decode.Frame.Offset.
	Offset int64
	// Mark is one letter, or "".
	Mark string
}

// maxText is the longest comment that surely fits into a packet's comment: each
// byte may be written as six, and the line for people stands before it.
const maxText = 10_000

// line says an annotation in a line for people.
func (a *About) line(text string) string {
	what := "comment"
	if a.Mark != "" {
		what = "mark " + a.Mark
	}
	s := fmt.Sprintf("%s on connection %d, ", what, a.Conn)
	if from := senderName(a.From); from != "" {
		s += from + ", "
	}
	s += fmt.Sprintf("byte %d", a.Offset)
	switch {
	case text != "":
		return s + ": " + text
	case a.Mark == "":
		return s + ": taken away"
	}
	return s
}

// noteAbout is About in a note, and in JSON lines.
type noteAbout struct {
	Conn   uint32 `json:"conn"`
	From   string `json:"from,omitempty"`
	Offset int64  `json:"offset"`
	Mark   string `json:"mark,omitempty"`
}

// about returns what a note says; nil if it says nothing. A mark that is no letter
// is none: anything may stand in a file.
func (n *noteAbout) about() *About {
	if n == nil {
		return nil
	}
	a := &About{Conn: n.Conn, From: senderOf(n.From), Offset: n.Offset}
	if isMark(n.Mark) {
		a.Mark = n.Mark
	}
	return a
}

// isMark reports whether a mark is one letter.
func isMark(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 0 && n == len(s) && unicode.IsLetter(r)
}

// annotation returns the comment of the packet that an annotation stands in. Of a
// text that does not fit into one the beginning is taken.
func annotation(r *Record) []byte {
	a, text := *r.About, r.Text
	if !isMark(a.Mark) {
		a.Mark = ""
	}
	for {
		n := note{Remark: &text, About: &noteAbout{Conn: a.Conn, From: senderName(a.From), Offset: a.Offset, Mark: a.Mark}}
		comment := n.comment(a.line(text))
		if len(comment) <= maxComment {
			return comment
		}
		cut := len(text) / 2
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
}
