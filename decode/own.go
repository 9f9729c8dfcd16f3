package decode

import "msnproxy/decode/payload"

// Own reports whether a server sends the message when it likes, and not because of
// anything that clients say: an alert, new mail, a challenge. Such a message can't be
// expected to come again.
func (m *Message) Own() bool {
	if m.From != Server || m.Form == nil {
		return false
	}
	return m.Form.Own || m.Form.Payload == string(payload.MIME) && payload.NewMail(m.Frame.Payload())
}
