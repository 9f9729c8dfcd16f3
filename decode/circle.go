package decode

import (
	"slices"
	"strings"

	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

// Circles and group chats (MSNP18 and later): an address that stands for many.

// CircleChange is what a message tells of who is in a circle.
type CircleChange uint8

const (
	// NoCircleChange: it tells nothing of that.
	NoCircleChange CircleChange = iota
	// CircleHere: somebody is there, or is to be.
	CircleHere
	// CircleGone: somebody is no more.
	CircleGone
	// circleByWord: that of the verb which its parameter "what" names.
	circleByWord
)

// nobodysCircle is where a client asks for a new one.
const nobodysCircle = "00000000-0000-0000-0000-000000000000@"

// Circle returns the account of the circle that the message goes to, comes from, or comes
// by; "" if there is none.
func (m *Message) Circle() string {
	if m.Form == nil || m.Role&SB != 0 {
		return ""
	}
	if raw := m.Raw(handleKind); raw != nil {
		if address.Plain(raw) {
			return ""
		}
		return circleOf(m.Peer())
	}
	if m.Form.Payload != string(payload.MIME) {
		return ""
	}
	from, to := payload.Route(m.Frame.Payload())
	return circleOf(address.Parse(validText(to)), address.Parse(validText(from)))
}

// circleOf returns the first circle among addresses, and what they come by.
func circleOf(list ...address.Address) string {
	for _, a := range list {
		if ofCircle(a) && !strings.HasPrefix(a.Account, nobodysCircle) {
			return a.Account
		}
	}
	for _, a := range list {
		if via := address.Parse(a.Via); ofCircle(via) {
			return via.Account
		}
	}
	return ""
}

// CircleChange returns what the message tells of who is in its [Message.Circle].
func (m *Message) CircleChange() CircleChange {
	if m.Form == nil {
		return NoCircleChange
	}
	change := m.Form.Circle
	if change == circleByWord {
		change = NoCircleChange
		if v := LookupVerb(strings.ToUpper(m.text("what"))); v != nil {
			change = v.Forms[0].Circle
		}
	}
	return change
}

// circleMembers returns who has part in a circle by what a message tells.
func (m *Message) circleMembers(own string) (who []string) {
	if raw := m.Raw(handleKind); raw != nil {
		if a := m.Peer(); !ofCircle(a) {
			who = append(who, a.Account)
		}
		return append(who, own)
	}
	from, _ := payload.Route(m.Frame.Payload())
	if a := address.Parse(validText(from)); a.Account != "" && !ofCircle(a) {
		who = append(who, a.Account)
	}
	if own != "" && !slices.Contains(who, own) {
		who = append(who, own)
	}
	if p := m.Payload(); m.CircleChange() == CircleHere && p != nil {
		if r := p.Roster(); r != nil {
			who = append(who, r.Members...)
		}
	}
	return who
}

// circleName returns what the message says that its circle is called; "" if it does not.
func (m *Message) circleName() string {
	if m.Raw(handleKind) != nil {
		if name, _ := m.Value("friendly"); ofCircle(m.Peer()) && !strings.Contains(name, "@") {
			return name
		}
		return ""
	}
	if p := m.Payload(); p != nil && m.CircleChange() == CircleHere {
		if r := p.Roster(); r != nil {
			return r.Name
		}
	}
	return ""
}
