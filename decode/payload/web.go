package payload

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"msnproxy/decode/http1"
)

// maxWeb is how much of a body of HTTP is decoded.
const maxWeb = 4 << 20

// Web decodes a message of HTTP/1: raw is all of it, the payload begins at start, behind
// the first line. The nodes are the headers, then those of the body where that is XML. What
// was sent in chunks or compressed has no places, and stands in Body as it is.
func Web(raw []byte, start int) *Payload {
	p := &Payload{Kind: HTTP, raw: raw[start:]}
	if utf8.Valid(p.raw) {
		p.str = string(p.raw)
	}
	m, ok := http1.Parse(raw)
	if !ok {
		p.Summary = "HTTP, cut short"
		return p
	}
	for i := range m.Headers {
		h := &m.Headers[i]
		name := valid(m.Text(h.Name))
		p.Nodes = append(p.Nodes, Node{Name: name, Value: valid(m.Text(h.Value)), Start: h.Value.Start - start, End: h.Value.End - start})
	}
	media, params, _ := strings.Cut(m.Value("Content-Type"), ";")
	p.ContentType = strings.ToLower(strings.TrimSpace(valid([]byte(media))))
	if _, charset, ok := strings.Cut(strings.ToLower(params), "charset="); ok {
		p.Charset = strings.Trim(valid([]byte(charset)), `" ;`)
	}
	p.ReadAs = p.ContentType
	body, err := m.Body(maxWeb)
	if err != nil {
		p.problem("%v", err)
	}
	if p.Body = body; !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n\ufeff"), []byte{'<'}) {
		return p
	}
	if !m.Encoded() {
		p.Nodes = append(p.Nodes, p.xml(m.Head-start, len(p.raw))...)
		return p
	}
	in := Decode(XML, body)
	unplaced(in.Nodes)
	p.Nodes, p.Problems = append(p.Nodes, in.Nodes...), append(p.Problems, in.Problems...)
	return p
}

// unplaced takes the places away from nodes that do not stand in the payload as they are.
func unplaced(nodes []Node) {
	for i := range nodes {
		nodes[i].Start, nodes[i].End = 0, 0
		unplaced(nodes[i].Children)
	}
}
