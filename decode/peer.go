package decode

import (
	"bytes"
	"iter"

	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

// handleKind is the kind of parameters that are addresses.
const handleKind = "handle"

// addresses is that kind: to compare pointers is cheaper than names, and values are asked
// for it all the time.
var addresses = kinds[handleKind]

// isHandle accepts what names an account on the wire: an address in any of its
// spellings, or the service itself ("Hotmail").
func isHandle(b []byte) bool {
	at := bytes.IndexByte(b, '@')
	if at > 0 && !isDigit(b[0]) && bytes.IndexByte(b[:at], ';') < 0 {
		return true // as nearly all are: no network comes first
	}
	account := address.Bare(b)
	if at = bytes.IndexByte(account, '@'); at >= 0 {
		return at > 0
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
	if m.Call != nil {
		return address.Parse(string(m.webRaw(handleKind)))
	}
	if raw := m.Raw(handleKind); raw != nil {
		a = m.parse(raw)
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

// parsed is the address that a sender wrote last: most write the same one again.
type parsed struct {
	raw  []byte
	addr address.Address
}

// parse takes an address apart that stands on the line.
func (m *Message) parse(raw []byte) address.Address {
	if !m.mine {
		return address.Parse(validText(raw))
	}
	p := &m.Conn.parsed[0]
	if m.From == Server {
		p = &m.Conn.parsed[1]
	}
	if p.raw == nil || !bytes.Equal(p.raw, raw) {
		*p = parsed{append(p.raw[:0], raw...), address.Parse(validText(raw))}
	}
	return p.addr
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
