// Package http1 finds the messages of HTTP/1 in bytes, and opens and changes them. It
// does no I/O, and keeps every byte as it stood: names in their spelling, line ends,
// chunks.
package http1

import (
	"bytes"
	"strconv"
	"strings"
)

// Guess says how sure it is that bytes are a message of HTTP/1.
type Guess uint8

// The guesses, from the least to the most certain.
const (
	No    Guess = iota
	Maybe       // more bytes are needed to say
	Yes
)

// The bounds on what is taken for a message. Requests of MSN's clients stay below a tenth.
const (
	// MaxLine is the longest first line, in bytes without its end.
	MaxLine = 8 << 10
	// MaxHead is the longest head: first line, headers and the empty line.
	MaxHead = 64 << 10
	// MaxSize is the largest body that an announced length is believed for.
	MaxSize = 1 << 30
	// maxChunkLine bounds the line before a chunk, which may have extensions.
	maxChunkLine = 1 << 10
)

// Starts says whether b begins as a request of HTTP/1 does, or else as an answer. It is
// sure once the first line is whole.
func Starts(b []byte, request bool) Guess {
	end := bytes.IndexByte(b, '\n')
	if end < 0 && len(b) <= MaxLine+1 {
		if request {
			return requestPrefix(b)
		}
		return answerPrefix(b)
	}
	if end < 0 || end > MaxLine+1 {
		return No
	}
	line := trimCR(b[:end])
	if len(line) <= MaxLine && firstLine(line, request).ok {
		return Yes
	}
	return No
}

// Size says how long the message is that begins b: n bytes, which may be more than there
// are so far. With Maybe the end is not known yet: n is then how long it is at least.
// ended says that no more bytes will come; it ends a message that has no length. What is
// still Maybe then is cut short.
func Size(b []byte, request, ended bool) (n int, g Guess) {
	s := Sizer{Request: request}
	return s.Size(b, ended)
}

// Sizer is [Size] for a message that comes in pieces: it looks at each byte once. The zero
// value is for an answer; one Sizer serves one message.
type Sizer struct {
	// Request: the message is a request.
	Request bool
	// Bodiless: the message is the answer to a HEAD, and has no body whatever its head
	// announces.
	Bodiless bool

	sure  Guess
	seen  int // so many bytes hold no end of the head
	head  int // length of the head, once it is whole
	how   bodyKind
	at    int  // chunked: where the next chunk begins
	data  bool // chunked: at is where the data of a chunk ends
	tail  bool
	total int
	gone  int // bytes of the body that were skipped
}

// Passed returns how many of n bytes lie before the place where Size goes on looking: they
// need not be given to it again, if Skip says so.
func (s *Sizer) Passed(n int) int {
	switch {
	case s.head == 0:
		return 0
	case s.how == untilEnd:
		return n
	}
	return min(s.at, n)
}

// Skip says that what is given to Size from now on lacks the first n bytes, at most as many
// as Passed returned.
func (s *Sizer) Skip(n int) {
	s.at -= n
	s.gone += n
}

type bodyKind uint8

const (
	noBody bodyKind = iota
	counted
	chunked
	untilEnd
)

// Size is [Size] for b, which is the same message as before and what came after it.
func (s *Sizer) Size(b []byte, ended bool) (int, Guess) {
	if s.sure != Yes {
		if s.sure = Starts(b, s.Request); s.sure != Yes {
			return len(b), s.sure
		}
	}
	if s.head == 0 {
		if g := s.findHead(b); g != Yes {
			return len(b), g
		}
	}
	switch s.how {
	case noBody, counted:
		return s.total, Yes
	case chunked:
		return s.chunks(b)
	}
	if ended {
		return len(b), Yes
	}
	return len(b), Maybe
}

// findHead looks for the end of the head, and for what follows it.
func (s *Sizer) findHead(b []byte) Guess {
	n := HeadLen(b[s.seen:])
	if n == 0 {
		if len(b) >= MaxHead {
			return No
		}
		s.seen = max(0, len(b)-3)
		return Maybe
	}
	n += s.seen
	if n > MaxHead {
		return No
	}
	m, ok := parseHead(b[:n])
	if !ok {
		return No
	}
	length, how, ok := m.length(s.Bodiless)
	if !ok {
		return No
	}
	s.head, s.how, s.at, s.total = n, how, n, n+length
	return Yes
}

// HeadLen returns the length of the head at the start of b, the empty line included; 0 if
// its end is not in b. Lines may end with a lone LF.
func HeadLen(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return 0
		}
		at += i + 1
		switch rest := b[at:]; {
		case len(rest) > 0 && rest[0] == '\n':
			return at + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return at + 2
		}
	}
}

// length says how long the body is: n bytes where it is counted.
func (m *Message) length(bodiless bool) (n int, how bodyKind, ok bool) {
	switch {
	case bodiless || !m.Request && (m.Status < 200 || m.Status == 204 || m.Status == 304):
		return 0, noBody, true
	case m.chunked():
		return 0, chunked, true
	}
	values := m.Values("Content-Length")
	for i, v := range values {
		// Some send it twice; that is no harm as long as both say the same.
		if v = strings.TrimSpace(v); i > 0 && v != strings.TrimSpace(values[0]) {
			return 0, noBody, false
		} else if n, ok = decimal(v); !ok {
			return 0, noBody, false
		}
	}
	switch {
	case len(values) > 0:
		return n, counted, true
	case m.Request:
		return 0, noBody, true
	}
	return 0, untilEnd, true
}

func (m *Message) chunked() bool {
	for _, v := range m.Values("Transfer-Encoding") {
		for word := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(word), "chunked") {
				return true
			}
		}
	}
	return false
}

func decimal(s string) (int, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 62)
	return int(n), err == nil && n <= MaxSize
}

// chunks goes on through chunks, from s.at.
func (s *Sizer) chunks(b []byte) (int, Guess) {
	for {
		if s.tail {
			return s.trailer(b)
		}
		if s.data {
			eol, g := lineEnd(b, s.at)
			if g != Yes {
				return max(s.at, len(b)), g
			}
			s.at, s.data = s.at+eol, false
		}
		if s.at > len(b) {
			return s.at, Maybe
		}
		size, line, g := chunkLine(b[s.at:])
		if g != Yes {
			return len(b), g
		}
		if s.at+s.gone-s.head+size > MaxSize {
			return len(b), No
		}
		if size == 0 {
			s.at, s.tail = s.at+line, true
			continue
		}
		s.at, s.data = s.at+line+size, true
	}
}

// trailer looks for the empty line behind the last chunk.
func (s *Sizer) trailer(b []byte) (int, Guess) {
	for {
		rest := b[s.at:]
		i := bytes.IndexByte(rest, '\n')
		switch {
		case s.at+s.gone-s.head > MaxSize+MaxHead || i < 0 && len(rest) > MaxHead || i > MaxHead:
			return len(b), No
		case i < 0:
			return len(b), Maybe
		}
		s.at += i + 1
		if len(trimCR(rest[:i])) == 0 {
			s.how, s.total = counted, s.at
			return s.at, Yes
		}
	}
}

// chunkLine reads the line before a chunk: its size, and the length of the line with its
// end.
func chunkLine(b []byte) (size, line int, g Guess) {
	i := bytes.IndexByte(b[:min(len(b), maxChunkLine)], '\n')
	if i < 0 {
		if len(b) >= maxChunkLine {
			return 0, 0, No
		}
		i = len(b)
		g = Maybe
	} else {
		g = Yes
	}
	digits, _, extended := bytes.Cut(b[:i], []byte{';'})
	digits = bytes.TrimRight(digits, " \t\r")
	if len(digits) == 0 {
		if g == Maybe && !extended {
			return 0, 0, Maybe
		}
		return 0, 0, No
	}
	n, err := strconv.ParseUint(string(digits), 16, 62)
	if err != nil || n > MaxSize {
		return 0, 0, No
	}
	return int(n), i + 1, g
}

// lineEnd returns the length of the line end that must stand at at.
func lineEnd(b []byte, at int) (int, Guess) {
	switch {
	case at >= len(b):
		return 0, Maybe
	case b[at] == '\n':
		return 1, Yes
	case b[at] != '\r':
		return 0, No
	case at+1 >= len(b):
		return 0, Maybe
	case b[at+1] == '\n':
		return 2, Yes
	}
	return 0, No
}

func trimCR(line []byte) []byte { return bytes.TrimSuffix(line, []byte{'\r'}) }
