package service

import (
	"bytes"
	"net/url"
	"strings"

	"msnproxy/decode/http1"
)

// fromHead appends the values that stand in the head of a message.
func fromHead(m *http1.Message, params []Param, values []Value) []Value {
	for i := range params {
		p := &params[i]
		eachInHead(m, p.Where, func(start, end int) {
			if p.Where[0] == '?' {
				values = append(values, Value{p, unescape(m.Raw[start:end]), start, end})
				return
			}
			text := strings.ToValidUTF8(string(m.Raw[start:end]), "\ufffd")
			if t, err := url.PathUnescape(text); err == nil && strings.HasPrefix(p.Where, ":Auth") {
				text = t
			}
			values = append(values, Value{p, text, start, end})
		})
	}
	return values
}

// eachInHead tells of each place in the head that where stands for: ":Header",
// ":Header/key" or "?name".
func eachInHead(m *http1.Message, where string, tell func(start, end int)) {
	switch where[0] {
	case '?':
		start, end := target(m)
		i := bytes.IndexByte(m.Raw[start:end], '?')
		if i < 0 {
			return
		}
		start += i + 1
		eachPair(m.Raw[start:end], '&', func(name string, s, e int) {
			if strings.EqualFold(name, where[1:]) {
				tell(start+s, start+e)
			}
		})
	case ':':
		for i := range m.Headers {
			eachInHeader(m, i, where, tell)
		}
	}
}

// eachInHeader is eachInHead for one header.
func eachInHeader(m *http1.Message, i int, where string, tell func(start, end int)) {
	header, key, keyed := strings.Cut(where[1:], "/")
	h := &m.Headers[i]
	switch {
	case !strings.EqualFold(string(m.Text(h.Name)), header):
	case !keyed:
		tell(h.Value.Start, h.Value.End)
	default:
		eachKey(m.Text(h.Value), func(name string, s, e int) {
			if strings.EqualFold(name, key) {
				tell(h.Value.Start+s, h.Value.Start+e)
			}
		})
	}
}

// target returns where the target of a request stands.
func target(m *http1.Message) (start, end int) {
	p := m.TargetPlace()
	return p.Start, p.End
}

// eachPair tells of each name=value between separators, and where the value stands.
func eachPair(b []byte, sep byte, tell func(name string, start, end int)) {
	for at := 0; at < len(b); {
		end := len(b)
		if i := bytes.IndexByte(b[at:], sep); i >= 0 {
			end = at + i
		}
		name, _, found := bytes.Cut(b[at:end], []byte{'='})
		if found {
			tell(strings.TrimSpace(unescape(name)), at+len(name)+1, end)
		}
		at = end + 1
	}
}

// eachKey tells of each name=value, or name = value, in a header, parted by blanks, commas or
// semicolons. A
// value may stand in quotes, which it is told of without, and then hold any of them.
func eachKey(b []byte, tell func(name string, start, end int)) {
	const parts = " ,;\t\r\n"
	for at := 0; at < len(b); {
		if strings.IndexByte(parts, b[at]) >= 0 {
			at++
			continue
		}
		end := at
		for end < len(b) && b[end] != '=' && strings.IndexByte(parts, b[end]) < 0 {
			end++
		}
		eq := end
		for eq < len(b) && blank(b[eq]) {
			eq++
		}
		if eq >= len(b) || b[eq] != '=' {
			at = end
			continue
		}
		name, from := string(b[at:end]), eq+1
		for eq > end && from < len(b) && blank(b[from]) {
			from++
		}
		to, next := from, 0
		if q := byteAt(b, from); q == '\'' || q == '"' {
			from++
			to, next = len(b), len(b)
			if i := bytes.IndexByte(b[from:], q); i >= 0 {
				to, next = from+i, from+i+1
			}
		} else {
			for to < len(b) && strings.IndexByte(parts, b[to]) < 0 {
				to++
			}
			next = to
		}
		tell(name, from, to)
		at = next
	}
}

func byteAt(b []byte, i int) byte {
	if i < len(b) {
		return b[i]
	}
	return 0
}
