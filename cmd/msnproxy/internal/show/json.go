package show

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"msnproxy/capture"
	"msnproxy/decode/payload"
)

// jsonVersion is the "v" of every object: it changes when a name changes its
// meaning or goes away, not when one is added. docs/json.md describes it.
const jsonVersion = 1

// object builds one JSON object by hand: the names are few, their order is fixed
// for readers, and a message costs no allocation.
type object struct{ b []byte }

func (o *object) name(s string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, s...)
	o.b = append(o.b, '"', ':')
}

func (o *object) str(name, v string) {
	if v != "" {
		o.name(name)
		o.b = appendJSON(o.b, v)
	}
}

func (o *object) num(name string, v int64) {
	if v != 0 {
		o.name(name)
		o.b = strconv.AppendInt(o.b, v, 10)
	}
}

func (o *object) head(t time.Time, conn *capture.Conn) {
	o.b = append(o.b, '{')
	o.num("v", jsonVersion)
	if !t.IsZero() {
		o.name("time")
		o.b = append(o.b, '"')
		o.b = t.UTC().AppendFormat(o.b, time.RFC3339Nano)
		o.b = append(o.b, '"')
	}
	if conn != nil {
		o.num("conn", int64(conn.ID))
	}
}

func (o *object) base64(name string, b []byte) {
	o.name(name)
	o.b = append(o.b, '"')
	o.b = base64.StdEncoding.AppendEncode(o.b, b)
	o.b = append(o.b, '"')
}

func (o *object) strings(name string, list []string) {
	if len(list) == 0 {
		return
	}
	o.name(name)
	open := byte('[')
	for _, s := range list {
		o.b = append(o.b, open)
		o.b = appendJSON(o.b, s)
		open = ','
	}
	o.b = append(o.b, ']')
}

// nodes appends names and values, with what is in them.
func (o *object) nodes(name string, nodes []payload.Node) {
	if len(nodes) == 0 {
		return
	}
	o.name(name)
	open := byte('[')
	for i := range nodes {
		n := &nodes[i]
		o.b = append(o.b, open, '{')
		o.str("name", n.Name)
		o.str("value", n.Value)
		o.str("meaning", n.Meaning)
		o.nodes("nodes", n.Children)
		o.b = append(o.b, '}')
		open = ','
	}
	o.b = append(o.b, ']')
}

// appendJSON appends a JSON string. Everything that is not printable is escaped,
// so that JSON may go to a terminal, too; bytes that are no UTF-8 become U+FFFD.
func appendJSON[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c == '\n':
				dst = append(dst, '\\', 'n')
			case c == '\r':
				dst = append(dst, '\\', 'r')
			case c == '\t':
				dst = append(dst, '\\', 't')
			case c < ' ' || c == 0x7f:
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			default:
				dst = append(dst, c)
			}
			continue
		}
		r, n := decodeRune(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, `\ufffd`...)
		case strconv.IsPrint(r):
			dst = append(dst, s[i:i+n]...)
		default:
			dst = appendUTF16(dst, r)
		}
		i += n
	}
	return append(dst, '"')
}

// appendUTF16 appends \uNNNN, twice where the rune needs a surrogate pair.
func appendUTF16(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	one := func(r rune) {
		dst = append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
	}
	if r > 0xffff {
		r -= 0x10000
		one(0xd800 | r>>10)
		one(0xdc00 | r&0x3ff)
		return dst
	}
	one(r)
	return dst
}
