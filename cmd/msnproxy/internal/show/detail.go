package show

import (
	"strings"

	"msnproxy/decode"
)

// appendFields appends every field of a message, and of its payload to the last of
// what is nested in it.
func (p *Printer) appendFields(dst []byte, m *decode.Message) []byte {
	if m.Form != nil {
		dst = append(dst, margin...)
		dst = append(dst, m.Form.Usage()...)
		dst = append(dst, ": "...)
		dst = append(dst, m.Form.Meaning...)
		dst = append(dst, '\n')
	}
	p.lines = Lines(p.lines[:0], m)
	for i := range p.lines {
		if l := &p.lines[i]; i > 0 || !m.Named() { // the verb stands above
			dst = p.appendField(dst, 1+l.Depth, l.Name, l.Value, l.Means)
		}
	}
	clear(p.lines)
	return dst
}

func (p *Printer) appendField(dst []byte, depth int, name, value, means string) []byte {
	dst = p.appendName(dst, depth, name)
	dst = Clip(dst, value, clipField)
	return p.appendMeaning(dst, means)
}

// appendName begins the line of a field, appendMeaning ends it.
func (p *Printer) appendName(dst []byte, depth int, name string) []byte {
	dst = append(dst, hexBlank[:min(len(margin)+2*(depth-1), len(hexBlank))]...)
	dst = append(dst, p.palette.name.on...)
	start := len(dst)
	dst = Clip(dst, name, 80)
	width := len(dst) - start
	dst = append(dst, p.palette.name.off...)
	dst = append(dst, hexBlank[:max(18-width, 0)]...)
	return append(dst, ' ')
}

func (p *Printer) appendMeaning(dst []byte, means string) []byte {
	if means != "" {
		dst = append(dst, p.palette.dim.on...)
		dst = append(dst, "  ("...)
		dst = Clip(dst, means, clipField)
		dst = append(dst, ')')
		dst = append(dst, p.palette.dim.off...)
	}
	return append(dst, '\n')
}

// The columns of a line of appendHex.
const (
	hexWidth  = 16
	hexOffset = 8                             // digits of the offset
	hexBytes  = len(margin) + hexOffset + 2   // where the bytes begin
	hexText   = hexBytes + 3*hexWidth + 1 + 1 // where the text begins
)

var hexBlank = []byte(strings.Repeat(" ", hexText+hexWidth))

// appendHex appends the bytes, sixteen to a line, each line with its offset in
// the link.
func appendHex(dst, b []byte, offset int64) []byte {
	const hex = "0123456789abcdef"
	for len(b) > 0 {
		n := min(hexWidth, len(b))
		start := len(dst)
		dst = append(dst, hexBlank[:hexText+n]...)
		line := dst[start:]
		for i, at := hexOffset-1, offset; i >= 0; i, at = i-1, at>>4 {
			line[len(margin)+i] = hex[at&15]
		}
		col := hexBytes
		for i, c := range b[:n] {
			if i == hexWidth/2 {
				col++
			}
			line[col], line[col+1] = hex[c>>4], hex[c&15]
			col += 3
			if c < ' ' || c > '~' {
				c = '.'
			}
			line[hexText+i] = c
		}
		dst = append(dst, '\n')
		b, offset = b[n:], offset+int64(n)
	}
	return dst
}
