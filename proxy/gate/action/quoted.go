package action

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"msnproxy/decode"
	"msnproxy/decode/filter"
)

// quoted is a quoted text: bytes, and values of the message among them.
type quoted struct{ pieces []piece }

// piece is bytes, or a value.
type piece struct {
	bytes []byte
	value *filter.Value
}

const hexDigits = "0123456789abcdef"

// escape writes bytes as they stand within quotes, where values may stand or not.
func escape(sb *strings.Builder, b []byte, values bool) {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch c := b[0]; {
		case c == '\r':
			sb.WriteString(`\r`)
		case c == '\n':
			sb.WriteString(`\n`)
		case c == '\t':
			sb.WriteString(`\t`)
		case c == '"' || c == '\\':
			sb.WriteByte('\\')
			sb.WriteByte(c)
		case c == '{' && values:
			sb.WriteString("{{")
		case c < ' ' || c == 0x7f || r == utf8.RuneError && n == 1:
			sb.WriteString(`\x`)
			sb.WriteByte(hexDigits[c>>4])
			sb.WriteByte(hexDigits[c&15])
		default:
			sb.Write(b[:n])
		}
		b = b[n:]
	}
}

// quote puts a text that holds no values within quotes.
func quote(s string) string {
	var sb strings.Builder
	sb.WriteByte('"')
	escape(&sb, []byte(s), false)
	sb.WriteByte('"')
	return sb.String()
}

// String returns the text within quotes.
func (q *quoted) String() string {
	var sb strings.Builder
	sb.WriteByte('"')
	for _, p := range q.pieces {
		if p.value == nil {
			escape(&sb, p.bytes, true)
			continue
		}
		sb.WriteByte('{')
		sb.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.value.String()))
		sb.WriteByte('}')
	}
	sb.WriteByte('"')
	return sb.String()
}

// fixed returns the text if no value of a message is in it.
func (q *quoted) fixed() ([]byte, bool) {
	switch len(q.pieces) {
	case 0:
		return nil, true
	case 1:
		return q.pieces[0].bytes, q.pieces[0].value == nil
	}
	return nil, false
}

// plain reports whether no value of a message is in the text.
func (q *quoted) plain() bool {
	_, ok := q.fixed()
	return ok
}

// text returns the text for a message, values as they are.
func (q *quoted) text(m *decode.Message) ([]byte, error) {
	var out []byte
	for _, p := range q.pieces {
		out = append(out, p.bytes...)
		if p.value != nil {
			s, err := p.value.Text(m)
			if err != nil {
				return nil, err
			}
			out = append(out, s...)
		}
	}
	return out, nil
}

// guid is one in braces, as dialects from 16 on have them in lines: no value.
var guid = regexp.MustCompile(`^\{[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\}`)

// add appends bytes.
func (q *quoted) add(b ...byte) {
	if n := len(q.pieces); n > 0 && q.pieces[n-1].value == nil {
		q.pieces[n-1].bytes = append(q.pieces[n-1].bytes, b...)
		return
	}
	q.pieces = append(q.pieces, piece{bytes: append([]byte(nil), b...)})
}

// readQuoted reads what stands between quotes of the kind of mark. An error is told
// with its place in s.
func readQuoted(s string, mark byte, values bool) (*quoted, int, error) {
	q := &quoted{}
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\':
			b, n, err := unescape(s[i:], mark)
			if err != nil {
				return nil, i, err
			}
			q.add(b)
			i += n
		case c == '{' && values && strings.HasPrefix(s[i:], "{{"):
			q.add('{')
			i += 2
		case c == '{' && values && !guid.MatchString(s[i:]):
			v, n, err := readValue(s[i:], mark)
			if err != nil {
				return nil, i + n, err
			}
			q.pieces = append(q.pieces, piece{value: v})
			i += n
		default:
			q.add(c)
			i++
		}
	}
	return q, 0, nil
}

// unescape reads one escape, and returns its length.
func unescape(s string, mark byte) (byte, int, error) {
	if len(s) > 1 {
		switch c := s[1]; c {
		case 'r':
			return '\r', 2, nil
		case 'n':
			return '\n', 2, nil
		case 't':
			return '\t', 2, nil
		case '\\', mark:
			return c, 2, nil
		case 'x':
			if len(s) > 3 {
				hi, lo := strings.IndexByte(hexDigits, s[2]|0x20), strings.IndexByte(hexDigits, s[3]|0x20)
				if isHex(s[2]) && isHex(s[3]) {
					return byte(hi<<4 | lo), 4, nil
				}
			}
			return 0, 0, errors.New(`\x wants two hex digits`)
		}
	}
	return 0, 0, fmt.Errorf(`no such escape; there are \r \n \t \\ \%c and \xHH`, mark)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// readValue reads {EXPR} and returns its length, or how far an error is in it. The
// braces and quotes of the expression are in pairs.
func readValue(s string, mark byte) (*filter.Value, int, error) {
	var sc scanner
	var sb strings.Builder
	end := 0
	for i := 0; end == 0; i++ {
		if i == len(s) {
			return nil, 0, errors.New("a { without its } (a brace that begins no value is written {{)")
		}
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || s[i+1] == mark) {
			i++
		}
		if sc.step(s[i]); sc.open() {
			sb.WriteByte(s[i])
		} else {
			end = i + 1
		}
	}
	source := strings.TrimSpace(sb.String()[1:])
	if source == "" {
		return nil, 0, errors.New("nothing stands between { and } (a brace that begins no value is written {{)")
	}
	v, err := filter.CompileValue(source)
	if err != nil {
		return nil, 1, err
	}
	return v, end, nil
}
