package payload

import (
	"slices"
	"strings"
)

// maxNested is how many times a value may stand within a value.
const maxNested = 4

// Unfold returns the nodes with everything that is nested in them opened: XML and
// descriptions of pictures within values, addresses, the bodies of routed payloads, the
// packets and invitations of P2P. Nodes that do not stand in the payload as such, as they
// were encoded, have no place. Decode does not do this: it costs, and nobody wants
// it but who looks at one message closely. Problems are those of what is nested.
func (p *Payload) Unfold() (nodes []Node, problems []string) {
	u := &Payload{raw: p.raw, str: p.str, count: p.count}
	nodes = u.open(p.Nodes, 0)
	switch p.Kind {
	case MIME:
		if Routed(p.raw) {
			nodes = u.openRouted(p, nodes)
		} else {
			nodes = append(nodes, u.body(p)...)
		}
	case Opaque, Note:
		nodes = append(nodes, u.anything(0)...)
	}
	return nodes, u.Problems
}

// body opens a body of which Decode makes no nodes.
func (u *Payload) body(p *Payload) []Node {
	at := len(p.raw) - len(p.Body)
	switch p.ContentType {
	case PeerType:
		return u.p2p(at, true)
	case "text/x-mms-emoticon", "text/x-mms-animemoticon":
		return u.emoticons(at)
	}
	return nil
}

// anything opens bytes of which nothing else is known.
func (u *Payload) anything(at int) []Node {
	b := u.raw[at:]
	if isSLP(b) {
		return u.slp(at, len(u.raw), true)
	}
	if isSIP(b) {
		return u.sip(at)
	}
	if nodes := u.p2p(at, false); nodes != nil {
		return nodes
	}
	return u.inside(&Node{Value: u.cut(at, len(u.raw)), Start: at, End: len(u.raw)}, 0)
}

// open copies the nodes and opens their values.
func (u *Payload) open(nodes []Node, depth int) []Node {
	out := slices.Clone(nodes)
	for i := range out {
		n := &out[i]
		n.Children = append(u.open(n.Children, depth), u.inside(n, depth)...)
		u.elementMeaning(n)
		if strings.EqualFold(n.Name, "imtext") {
			blockedText(n)
		}
	}
	return out
}

// within returns what a value holds if it is XML, whole and sound.
func (u *Payload) within(n *Node, depth int) []Node {
	v := strings.TrimSpace(n.Value)
	if depth >= maxNested || len(v) < 4 || v[0] != '<' || v[len(v)-1] != '>' {
		return nil
	}
	inner := &Payload{raw: []byte(n.Value), str: n.Value, count: u.count}
	start, end, there := 0, len(n.Value), false
	if string(u.raw[n.Start:n.End]) == n.Value {
		inner.raw, inner.str = u.raw, u.str
		start, end, there = n.Start, n.End, true
	}
	nodes := inner.xml(start, end)
	u.count = inner.count
	if len(inner.Problems) > 0 {
		return nil
	}
	nodes = inner.open(nodes, depth+1)
	u.count = inner.count
	if !there {
		unplace(nodes)
	}
	return nodes
}

// unplace takes the places away from nodes of what was encoded.
func unplace(nodes []Node) {
	for i := range nodes {
		nodes[i].Start, nodes[i].End = 0, 0
		unplace(nodes[i].Children)
	}
}
