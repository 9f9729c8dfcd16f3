package payload

import (
	"bytes"
	"encoding/base64"
	"html"
	"strings"

	"msnproxy/decode/address"
)

// inside returns what a value holds: an address with more than an account, or XML, also
// such as was escaped once more.
func (u *Payload) inside(n *Node, depth int) []Node {
	switch {
	case isAddress(n.Value):
		return u.addressWithin(n)
	case strings.HasPrefix(n.Value, "&lt;") && strings.HasSuffix(n.Value, "&gt;"):
		// What alerts are about is escaped twice (MSNP13).
		return u.within(&Node{Name: n.Name, Value: html.UnescapeString(n.Value)}, depth)
	case strings.EqualFold(n.Name, "Mail-Data"):
		nodes := u.within(n, depth)
		mailMeanings(nodes, "")
		return nodes
	}
	return u.within(n, depth)
}

// isAddress reports whether a value is an address that says more than an account.
func isAddress(v string) bool {
	if strings.IndexByte(v, '@') < 0 || address.Plain(v) || strings.ContainsAny(v, " \t\r\n<>\"/,(") {
		return false
	}
	a := address.Parse(v)
	return strings.Contains(a.Account, "@") && (a.Network != "" || strings.HasPrefix(a.EndPoint, "{") || a.Via != "")
}

// addressWithin takes the address apart that a value is.
func (u *Payload) addressWithin(n *Node) []Node {
	if n.End > n.Start && string(u.raw[n.Start:n.End]) == n.Value {
		return u.address(n.Start, n.End, true)
	}
	nodes := (&Payload{raw: []byte(n.Value), str: n.Value}).address(0, len(n.Value), true)
	unplace(nodes)
	return nodes
}

// blockedText says which words a policy keeps from being sent (GCF, MSNP11): a regular
// expression in base64.
func blockedText(n *Node) {
	for i := range n.Children {
		v := &n.Children[i]
		if !strings.EqualFold(v.Name, "@value") {
			continue
		}
		if b, err := base64.StdEncoding.DecodeString(v.Value); err == nil && len(b) > 0 && printable(b) {
			v.Meaning = valid(b)
			v.Children = append(v.Children, Node{Name: "pattern", Value: v.Meaning})
		}
	}
}

// isSIP reports whether b begins as a message of SIP does (UUN and UBN, MSNP13).
func isSIP(b []byte) bool {
	line, _, ok := bytes.Cut(b, []byte("\n"))
	return ok && len(line) < 1024 && bytes.Contains(line, []byte("SIP/2.0")) && printable(line)
}

// sip opens a message of SIP: a start line, its headers, and a body that is text.
func (u *Payload) sip(at int) []Node {
	line := at + bytes.IndexByte(u.raw[at:], '\n')
	to := at + len(bytes.TrimSuffix(u.raw[at:line], []byte{'\r'}))
	first := Node{Name: "sip", Value: u.cut(at, to), Start: at, End: to}
	first.Children, at = u.block(line + 1)
	if at < len(u.raw) {
		first.Children = append(first.Children, Node{Name: "body", Value: u.cut(at, len(u.raw)), Start: at, End: len(u.raw)})
	}
	return []Node{first}
}
