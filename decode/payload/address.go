package payload

import (
	"msnproxy/decode/address"
	"msnproxy/decode/meaning"
)

// AddressParts returns what an address says besides the account, each part where it
// stands in raw.
func AddressParts(raw []byte) []Node {
	u := &Payload{raw: raw}
	return u.address(0, len(raw), false)
}

// addressNames are what the parts of an address are called, here and in filters.
var addressNames = map[address.Part]string{
	address.Network: "network", address.Account: "handle", address.EndPoint: "endpoint",
	address.Via: "via", address.Path: "path", address.Other: "parameter",
}

// address takes an address apart, from start to end of the payload.
func (p *Payload) address(start, end int, whole bool) (nodes []Node) {
	address.Walk(p.raw[start:end], func(part address.Part, from, to int) {
		if part == address.Account && !whole {
			return
		}
		n := Node{Name: addressNames[part], Value: p.cut(start+from, start+to), Start: start + from, End: start + to}
		if part == address.Network {
			n.Meaning = meaning.Network(n.Value)
		}
		nodes = append(nodes, n)
	})
	return nodes
}

// routing is the header that a routed payload begins with.
const routing = "Routing"

// Routed reports whether a payload says itself where it goes (MSNP18 and later): it
// begins with the header Routing.
func Routed(b []byte) bool {
	return len(b) > len(routing) && b[len(routing)] == ':' && isName(b[:len(routing)], routing)
}

// Route returns the addresses that a routed payload comes from and goes to, as windows
// into it; nothing for any other payload, and nothing is allocated.
func Route(b []byte) (from, to []byte) {
	if !Routed(b) {
		return nil, nil
	}
	Walk(b, func(name, value []byte) bool {
		switch {
		case from == nil && isName(name, "From"):
			from = value
		case to == nil && isName(name, "To"):
			to = value
		}
		return from == nil || to == nil
	})
	return from, to
}
