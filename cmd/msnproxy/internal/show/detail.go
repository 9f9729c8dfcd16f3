package show

import (
	"fmt"
	"strconv"

	"msnproxy/decode"
	"msnproxy/decode/payload"
)

// appendFields appends every field of a message, and of its payload.
func (p *Printer) appendFields(dst []byte, m *decode.Message) []byte {
	if m.Form != nil {
		dst = append(dst, margin...)
		dst = append(dst, m.Form.Usage()...)
		dst = append(dst, ": "...)
		dst = append(dst, m.Form.Meaning...)
		dst = append(dst, '\n')
	}
	for i := range m.Len() {
		f := m.Field(i)
		dst = p.appendField(dst, 1, f.Name, f.Value(), f.Means())
	}
	pl := m.Payload()
	if pl == nil {
		return dst
	}
	what := string(pl.Kind)
	if pl.ContentType != "" {
		what = pl.ContentType
	}
	dst = p.appendField(dst, 1, "payload", fmt.Sprintf("%d bytes", len(m.Frame.Payload())), what)
	return p.appendNodes(dst, 2, pl.Nodes)
}

func (p *Printer) appendNodes(dst []byte, depth int, nodes []payload.Node) []byte {
	for i := range nodes {
		n := &nodes[i]
		dst = p.appendField(dst, depth, n.Name, n.Value, n.Meaning)
		dst = p.appendNodes(dst, depth+1, n.Children)
	}
	return dst
}

func (p *Printer) appendField(dst []byte, depth int, name, value, means string) []byte {
	dst = append(dst, margin...)
	for range depth - 1 {
		dst = append(dst, "  "...)
	}
	start := len(dst)
	dst = append(dst, p.palette.name.on...)
	dst = Clip(dst, name, 80)
	dst = append(dst, p.palette.name.off...)
	dst = pad(dst, start, 18+len(p.palette.name.on)+len(p.palette.name.off))
	dst = append(dst, ' ')
	dst = Clip(dst, value, clipField)
	if means != "" {
		dst = append(dst, p.palette.dim.on...)
		dst = append(dst, "  ("...)
		dst = Clip(dst, means, clipField)
		dst = append(dst, ')')
		dst = append(dst, p.palette.dim.off...)
	}
	return append(dst, '\n')
}

// appendHex appends the bytes, sixteen to a line, each with its offset in the
// link.
func appendHex(dst, b []byte, offset int64) []byte {
	const hex = "0123456789abcdef"
	const width = 16
	for len(b) > 0 {
		n := min(width, len(b))
		dst = append(dst, margin...)
		start := len(dst)
		dst = strconv.AppendInt(dst, offset, 16)
		if short := 8 - (len(dst) - start); short > 0 {
			digits := string(dst[start:])
			dst = append(dst[:start], "00000000"[:short]...)
			dst = append(dst, digits...)
		}
		dst = append(dst, ' ')
		for i := range width {
			if i == width/2 {
				dst = append(dst, ' ')
			}
			if i < n {
				dst = append(dst, ' ', hex[b[i]>>4], hex[b[i]&15])
			} else {
				dst = append(dst, "   "...)
			}
		}
		dst = append(dst, "  "...)
		for _, c := range b[:n] {
			if c < ' ' || c > '~' {
				c = '.'
			}
			dst = append(dst, c)
		}
		dst = append(dst, '\n')
		b, offset = b[n:], offset+int64(n)
	}
	return dst
}
