package payload

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// WithText returns the payload with another text, in the charset that it has: all bytes
// but those of the text stay, and a length that a header tells of the body is counted
// anew. It is an error if the payload has no text, or its charset can't hold this one.
func (p *Payload) WithText(text string) ([]byte, error) {
	if text == p.Text && p.TextEnd > 0 {
		return bytes.Clone(p.raw), nil
	}
	switch {
	case p.TextEnd == 0 && p.Text != "":
		return nil, errors.New("it does not stand in the payload as such: set a header, or the payload")
	case p.TextEnd == 0:
		return nil, fmt.Errorf("there is none in it (%s)", p.Summary)
	case p.Kind == MIME && !endsBlock(p.raw[:p.TextStart]):
		return nil, errors.New("its headers do not end in an empty line")
	}
	var b []byte
	if p.Kind == Notification || p.Kind == Page || p.Kind == XML {
		var out bytes.Buffer
		if err := xml.EscapeText(&out, []byte(text)); err != nil {
			return nil, err
		}
		b = out.Bytes()
	} else {
		var err error
		if b, err = toCharset(text, p.Charset); err != nil {
			return nil, err
		}
	}
	return p.put(p.TextStart, p.TextEnd, b), nil
}

// endsBlock reports whether a header block ends where b does.
func endsBlock(b []byte) bool {
	b, ok := bytes.CutSuffix(b, []byte{'\n'})
	b = bytes.TrimSuffix(b, []byte{'\r'})
	return ok && (len(b) == 0 || b[len(b)-1] == '\n')
}

// toCharset writes a text in a charset; one that is not known, and is read as UTF-8, is
// written as that.
func toCharset(text, charset string) ([]byte, error) {
	enc, err := htmlindex.Get(charset)
	if isUTF8(charset) || err != nil {
		return []byte(text), nil
	}
	out, err := enc.NewEncoder().Bytes([]byte(text))
	if back, _ := fromCharset(out, charset); err == nil && back == text {
		return out, nil
	}
	for _, r := range text {
		b, err := enc.NewEncoder().Bytes(utf8.AppendRune(nil, r))
		if back, _ := fromCharset(b, charset); err != nil || back != string(r) {
			return nil, fmt.Errorf("its charset, %s, has no %q", charset, r)
		}
	}
	return nil, fmt.Errorf("its charset, %s, can't hold %q", charset, text)
}

// WithHeader returns the payload with another value of a header, or of a key that the
// body has like one: the first of that name, whatever its case. It keeps its place and
// the spelling of its name. A header that is not there is put behind the others of the
// last block. A length that a header tells of the body is counted anew.
func (p *Payload) WithHeader(name, value string) ([]byte, error) {
	if strings.ContainsAny(value, "\r\n") {
		return nil, errors.New("a line break ends a header")
	}
	if name == "" || strings.ContainsAny(name, ": \t\r\n") {
		return nil, fmt.Errorf("%q is no name of a header", name)
	}
	if p.Kind != MIME {
		return nil, fmt.Errorf("a payload of the kind %s has no headers", p.Kind)
	}
	for i := range p.Nodes {
		if n := &p.Nodes[i]; strings.EqualFold(n.Name, name) && n.End > 0 {
			b := []byte(value)
			if n.Start == n.End && n.Start > 0 && p.raw[n.Start-1] == ':' {
				b = append([]byte{' '}, b...)
			}
			return p.put(n.Start, n.End, b), nil
		}
	}
	head := p.raw[:len(p.raw)-len(p.Body)]
	if !endsBlock(head) {
		return nil, errors.New("its headers do not end in an empty line")
	}
	end := []byte("\n")
	if bytes.HasSuffix(head, []byte("\r\n")) {
		end = []byte("\r\n")
	}
	at := len(head) - len(end)
	return p.put(at, at, slices.Concat([]byte(name+": "+value), end)), nil
}

// put returns the payload with other bytes from start to end.
func (p *Payload) put(start, end int, b []byte) []byte {
	return p.Splice([]Piece{{start, end, b}})
}

// Piece is what stands in place of the bytes of a payload from Start to End.
type Piece struct {
	Start, End int
	With       []byte
}

// Splice returns the payload with the pieces, which are in order and do not overlap. The
// length that a routed payload tells of its body is counted anew.
func (p *Payload) Splice(pieces []Piece) []byte {
	grown := 0
	for _, x := range pieces {
		if x.Start >= len(p.raw)-len(p.Body) {
			grown += len(x.With) - (x.End - x.Start)
		}
	}
	if n, length := p.Recount(grown); grown != 0 && n != nil {
		i, given := slices.BinarySearchFunc(pieces, n.Start, func(x Piece, at int) int { return x.Start - at })
		if !given {
			pieces = slices.Insert(slices.Clone(pieces), i, Piece{n.Start, n.End, length})
		}
	}
	var out []byte
	at := 0
	for _, x := range pieces {
		out = append(append(out, p.raw[at:x.Start]...), x.With...)
		at = x.End
	}
	return append(out, p.raw[at:]...)
}

// Recount returns the header by which a routed payload tells the length of its body, and
// what it is if the body grows by so many bytes; nil: there is none. A length that was
// wrong before is as wrong then.
func (p *Payload) Recount(grown int) (n *Node, length []byte) {
	if !Routed(p.raw) {
		return nil, nil
	}
	for i := range p.Nodes {
		n := &p.Nodes[i]
		told, err := strconv.Atoi(n.Value)
		if strings.EqualFold(n.Name, "Content-Length") && n.End <= len(p.raw)-len(p.Body) && err == nil && told >= 0 && told < 1<<30 {
			return n, strconv.AppendInt(nil, int64(max(0, told+grown)), 10)
		}
	}
	return nil, nil
}
