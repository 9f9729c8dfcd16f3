package payload

import (
	"bytes"
	"strconv"
	"strings"

	"msnproxy/decode/p2p"
)

// Object returns the attributes of a description of a picture as it stands in a
// command line: percent-encoded XML (CHG, ILN and NLN from MSNP9). Places are in
// raw. It returns nothing for what is none: servers send 0.
func Object(raw []byte) []Node {
	text, at := make([]byte, 0, len(raw)), make([]int, 0, len(raw)+1)
	for i := 0; i < len(raw); i++ {
		at = append(at, i)
		c := raw[i]
		if c == '%' && i+2 < len(raw) {
			if n, err := strconv.ParseUint(string(raw[i+1:i+3]), 16, 8); err == nil {
				c, i = byte(n), i+2
			}
		}
		text = append(text, c)
	}
	at = append(at, len(raw))
	if len(text) == 0 || text[0] != '<' {
		return nil
	}
	p := &Payload{raw: text}
	nodes := p.open(p.xml(0, len(text)), 0)
	moveBack(nodes, at)
	if len(nodes) == 1 && strings.EqualFold(nodes[0].Name, "msnobj") {
		return nodes[0].Children
	}
	return nodes
}

// moveBack turns places in a text into those where its bytes came from.
func moveBack(nodes []Node, at []int) {
	for i := range nodes {
		n := &nodes[i]
		n.Start, n.End = at[n.Start], at[n.End]
		moveBack(n.Children, at)
	}
}

// objectMeanings says what the attributes of a picture's description mean.
func objectMeanings(nodes []Node) {
	o := p2p.Object{}
	for i := range nodes {
		n := &nodes[i]
		name := strings.TrimPrefix(n.Name, "@")
		n.Meaning = p2p.Meaning(name, n.Value)
		o.Attributes = append(o.Attributes, p2p.Field{Name: name, Value: n.Value})
		if strings.EqualFold(name, "SHA1C") {
			o.SHA1C = n.Value
		}
	}
	for i := range nodes {
		if strings.EqualFold(nodes[i].Name, "@SHA1C") {
			nodes[i].Meaning = o.Sealed().String()
		}
	}
}

// emoticons opens a list of custom emoticons: what to type and the description of
// the picture, each followed by a tab.
func (u *Payload) emoticons(at int) (nodes []Node) {
	for at < len(u.raw) && u.count <= maxNodes {
		u.count++
		end := len(u.raw)
		if i := bytes.IndexByte(u.raw[at:], '\t'); i >= 0 {
			end = at + i
		}
		n := Node{Name: "shortcut", Value: u.cut(at, end), Start: at, End: end}
		if strings.HasPrefix(n.Value, "<") {
			n.Name = "picture"
			n.Children = u.within(&n, 0)
		}
		nodes = append(nodes, n)
		at = end + 1
	}
	return nodes
}
