package decode

import (
	"iter"

	"msnproxy/decode/payload"
)

// Nodes are all names and values that the message holds beyond its parameters, in
// order: what the payload says, with everything opened that is nested in it, and what
// parameters hold, as descriptions of pictures and tickets. It costs.
func (m *Message) Nodes() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for i := range m.Len() {
			if !walkNodes(m.Within(i), yield) {
				return
			}
		}
		nodes, _ := m.Unfold()
		walkNodes(nodes, yield)
	}
}

// Unfold is Unfold of the payload, with what the message made whole of P2P. Without a
// payload it returns nothing.
func (m *Message) Unfold() (nodes []payload.Node, problems []string) {
	p := m.Payload()
	if p == nil {
		return nil, nil
	}
	nodes, problems = p.Unfold()
	return append(nodes, payload.SLP(m.Joined)...), problems
}

func walkNodes(nodes []payload.Node, yield func(name, value string) bool) bool {
	for i := range nodes {
		if !yield(nodes[i].Name, nodes[i].Value) || !walkNodes(nodes[i].Children, yield) {
			return false
		}
	}
	return true
}
