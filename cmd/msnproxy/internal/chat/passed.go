package chat

import (
	"slices"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

// passedOn takes a message of a notification server: what somebody says by it (MSNP14 and
// later), the answer to that, and what it tells of messages that wait for somebody.
func (b *Builder) passedOn(row int, m *decode.Message) {
	body := m.Payload()
	switch {
	case m.Error() != "":
		if b.requests.get(m.ReplyTo).line != 0 {
			b.refused(row, m)
		}
	case m.Form.Circle != decode.NoCircleChange && m.Circle() != "":
		b.circle(row, m, body)
	case !m.Form.Talk:
		b.acknowledged(row, m)
	case body == nil:
	case m.From == decode.Server && len(body.OfflineMessages()) > 0:
		b.left(row, m, body)
	case m.Peer().Account != "" && !fromService(m):
		b.message(row, m)
	}
}

// fromService reports whether the service itself says it, for whom no account stands.
func fromService(m *decode.Message) bool {
	return m.Raw("friendly") != nil && !strings.Contains(m.Peer().Account, "@")
}

// left tells of messages that people of the chat have left for the account while it was
// not there.
func (b *Builder) left(row int, m *decode.Message, body *payload.Payload) {
	_, account := link(m)
	for _, one := range body.OfflineMessages() {
		if !b.concerns(m, one.From) {
			continue
		}
		p := b.person(one.From)
		p.learn(one.Name)
		l := p.of(Service, row, m.Time, false)
		l.Text = "left a message for " + b.person(account).display()
		if one.Size != "" {
			l.Text += ", " + one.Size + " bytes"
		}
		if one.Received != "" {
			l.Text += ", at " + one.Received
		}
		b.add(l)
	}
}

// concerns reports whether a message that somebody left is part of the chat.
func (b *Builder) concerns(m *decode.Message, from string) bool {
	for _, v := range m.Conn.Talks {
		if v.Number == b.number {
			return slices.ContainsFunc(v.Participants, func(h string) bool { return address.Same(h, from) })
		}
	}
	return b.number == 0
}
