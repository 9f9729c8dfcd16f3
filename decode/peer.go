package decode

import (
	"iter"

	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

// handleKind is the kind of parameters that are addresses.
const handleKind = "handle"

// isHandle accepts what names an account on the wire: an address in any of its
// spellings, or the service itself ("Hotmail").
func isHandle(b []byte) bool {
	account := address.Bare(b)
	for i, c := range account {
		if c == '@' {
			return i > 0
		}
	}
	return string(b) == "Hotmail" || len(account) > 4 && string(account[:4]) == "tel:"
}

// Peer is whom the message is about, or who sends it: the first that its line names, or,
// if the line names nobody, the other end of a routed payload (MSNP18 and later). The
// network may be a parameter of its own. All is empty where nobody is named.
func (m *Message) Peer() (a address.Address) {
	if m.Form == nil {
		return a
	}
	if raw := m.Raw(handleKind); raw != nil {
		a = address.Parse(validText(raw))
		if a.Network == "" {
			a.Network = m.text("network")
		}
		return a
	}
	if m.Form.Payload == string(payload.MIME) {
		from, to := payload.Route(m.Frame.Payload())
		if m.From == Client {
			from = to
		}
		return address.Parse(validText(from))
	}
	return a
}

// addressed returns what an address says besides the account, or nothing.
func addressed(a address.Address) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		_ = (a.Network == "" || yield("network", a.Network)) &&
			(a.EndPoint == "" || yield("endpoint", a.EndPoint)) &&
			(a.Via == "" || yield("via", a.Via))
	}
}

// Also returns names and values that the message has besides its parameters, as filters
// know them: "handle", if the line has none, "network", "endpoint" and "via" of its
// [Message.Peer]. It costs next to nothing where the line names an account and no more.
func (m *Message) Also() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		if raw := m.Raw(handleKind); raw != nil && address.Plain(raw) {
			return
		}
		if circle := m.Circle(); circle != "" && !yield("circle", circle) {
			return
		}
		a := m.Peer()
		if a.Account != "" && m.Raw(handleKind) == nil && !yield("handle", a.Account) {
			return
		}
		if m.Raw("network") != nil {
			a.Network = ""
		}
		addressed(a)(yield)
	}
}

// openAddress opens an address: what it says besides the account.
func openAddress(raw []byte) []payload.Node {
	if address.Plain(raw) {
		return nil
	}
	return payload.AddressParts(raw)
}

// appendPeer appends an address as summaries have it: who it is, and where that is not
// all by which end point or circle.
func appendPeer(dst, raw []byte) []byte {
	if address.Plain(raw) {
		return append(dst, raw...)
	}
	a := address.Parse(string(raw))
	return a.Append(dst)
}
