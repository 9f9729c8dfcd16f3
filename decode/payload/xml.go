package payload

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// xml decodes XML leniently, from start to end of the payload: several roots, end
// tags that are missing or too many and bare ampersands are all taken. An element
// is a node whose value is its text; its attributes are its first children, their
// names with an @ before them. Where nothing goes any more the rest becomes one
// node of text.
func (p *Payload) xml(start, end int) []Node {
	b := p.raw[start:end]
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	root := &Node{}
	open := []*Node{root}
	for {
		from := int(d.InputOffset())
		token, err := d.RawToken()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.problem("XML is broken at byte %d: %v", start+from, err)
				root.Children = append(root.Children, Node{Name: "text", Value: valid(b[from:]), Start: start + from, End: end})
			}
			break
		}
		to := int(d.InputOffset())
		if p.count++; p.count > maxNodes {
			p.problem("more than %d pieces of XML: the rest is left out", maxNodes)
			break
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			top.Children = append(top.Children, p.element(t, b, start, from, to))
			if len(open) <= maxDepth { // the root is no element
				open = append(open, &top.Children[len(top.Children)-1])
			} else {
				p.problem("XML is nested more than %d deep", maxDepth)
			}
		case xml.EndElement:
			open = p.closeElement(open, name(t.Name))
		case xml.CharData:
			p.addText(top, string(t), start+from, start+to)
		}
	}
	if len(open) > 1 {
		p.problem("XML element %s has no end", quote(open[len(open)-1].Name))
	}
	if root.Value != "" {
		root.Children = append([]Node{{Name: "text", Value: root.Value, Start: root.Start, End: root.End}}, root.Children...)
	}
	return root.Children
}

// addText adds text to an element. Blanks between elements are none.
func (p *Payload) addText(n *Node, text string, start, end int) {
	const most = 16 << 10 // of a text in pieces, so that joining them takes linear time
	if strings.TrimSpace(text) == "" && n.Value == "" {
		return
	}
	if n.Value != "" && len(n.Value)+len(text) > most {
		p.problem("long text of XML element %s is cut short", quote(n.Name))
		return
	}
	if n.Value == "" {
		n.Start = start
	}
	n.Value += strings.ToValidUTF8(text, "\ufffd")
	n.End = end
}

// element makes a node of a start tag, which stands in b from from to to.
func (p *Payload) element(t xml.StartElement, b []byte, start, from, to int) Node {
	n := Node{Name: name(t.Name)}
	at := from
	for _, a := range t.Attr {
		if p.count++; p.count > maxNodes {
			break
		}
		child := Node{Name: "@" + name(a.Name), Value: strings.ToValidUTF8(a.Value, "\ufffd")}
		key := name(a.Name) + "="
		if before, _, ok := bytes.Cut(b[at:to], []byte(key)); ok {
			child.Start, child.End = attrValue(b[:to], at+len(before)+len(key))
			at = child.End
			child.Start += start
			child.End += start
		} else {
			at = to // blanks around the =: no telling where the others stand
		}
		n.Children = append(n.Children, child)
	}
	return n
}

// attrValue finds the attribute value, with or without quotes, that starts at at in a
// tag, which ends with a >.
func attrValue(b []byte, at int) (start, end int) {
	if b[at] == '"' || b[at] == '\'' {
		if i := bytes.IndexByte(b[at+1:], b[at]); i >= 0 {
			return at + 1, at + 1 + i
		}
	}
	return at, at + bytes.IndexAny(b[at:], " \t\r\n>/")
}

// closeElement ends the innermost open element of that name, and with it those
// within it.
func (p *Payload) closeElement(open []*Node, name string) []*Node {
	for i, n := range slices.Backward(open) { // the root has no name
		if n.Name == name {
			if i < len(open)-1 {
				p.problem("XML element %s has no end", quote(open[len(open)-1].Name))
			}
			return open[:i]
		}
	}
	p.problem("XML end tag %s without a beginning", quote(name))
	return open
}

func name(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// xmlSummary is the first text in the tree, or the name of the root.
func xmlSummary(nodes []Node) string {
	if len(nodes) == 0 {
		return "empty"
	}
	if text := firstText(nodes); text != "" {
		return nodes[0].Name + " " + quote(text)
	}
	return nodes[0].Name
}

func firstText(nodes []Node) string {
	for i := range nodes {
		if strings.HasPrefix(nodes[i].Name, "@") {
			continue
		}
		if s := strings.TrimSpace(nodes[i].Value); s != "" {
			return s
		}
		if s := firstText(nodes[i].Children); s != "" {
			return s
		}
	}
	return ""
}

// notification: an alert or a page (NOT and IPG, MSNP5 and 6).
func (p *Payload) notification() {
	p.Nodes = p.xml(0, len(p.raw))
	text := p.Find("TEXT")
	if text == nil {
		p.Summary = xmlSummary(p.Nodes)
		return
	}
	p.Text, p.TextStart, p.TextEnd = text.Value, text.Start, text.End
	p.Summary = quote(p.Text)
	if from := p.Find("FROM"); from != nil {
		if n := find(from.Children, "@name"); n != nil {
			p.Summary = n.Value + ": " + p.Summary
		}
	}
	if msg := p.Find("MSG"); msg != nil {
		if n := find(msg.Children, "@id"); n != nil && n.Value != "" && n.Value != "0" {
			n.Meaning = "error code of a page that failed"
		}
	}
}

// page: fragments of XML, PHONE and TEXT (PAG, MSNP5).
func (p *Payload) page() {
	p.Nodes = p.xml(0, len(p.raw))
	if text := p.Find("TEXT"); text != nil {
		p.Text, p.TextStart, p.TextEnd = text.Value, text.Start, text.End
		p.Summary = quote(p.Text)
		return
	}
	p.Summary = xmlSummary(p.Nodes)
	p.problem("a page without a TEXT")
}
