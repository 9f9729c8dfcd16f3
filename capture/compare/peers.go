package compare

import (
	"cmp"
	"strconv"
	"strings"

	"msnproxy/decode/payload"
)

// chunked are the headers that tell how something was cut, not what it is, in lower case.
var chunked = map[string]bool{"bridging-offsets": true, "content-length": true, "segment": true}

// appendPeer adds what a message says that carries P2P: its headers, and in place of
// packets the message of MSNSLP that they make whole, or what is handed over.
func appendPeer(fields []Field, m told) []Field {
	if p := m.Payload(); p != nil && m.Direct == nil {
		fields = appendNodes(fields, "", whole(p.Nodes), false)
	}
	if m.peer.SLP != nil {
		fields = appendNodes(fields, "", whole(payload.SLP(m.peer.SLP)), false)
	}
	t := m.peer.Transfer
	if t == nil {
		return fields
	}
	size := strconv.FormatUint(t.Received(), 10)
	if t.Size >= 0 {
		size += " of " + strconv.FormatInt(t.Size, 10)
	}
	return append(fields, Field{Name: "transfer/kind", Value: t.Kind},
		Field{Name: "transfer/bytes", Value: size}, Field{Name: "transfer/state", Value: t.State.String()},
		Field{Name: "transfer/sha1", Value: cmp.Or(t.SHA1, "not known")})
}

// whole returns the nodes without those that tell how something was cut.
func whole(nodes []payload.Node) []payload.Node {
	out := make([]payload.Node, 0, len(nodes))
	for _, n := range nodes {
		if chunked[strings.ToLower(n.Name)] {
			continue
		}
		n.Children = whole(n.Children)
		if n.Name == "body" && len(n.Children) > 0 {
			n.Value = ""
		}
		out = append(out, n)
	}
	return out
}
