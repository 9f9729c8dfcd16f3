package check

import "msnproxy/decode"

// What a proxy does to frames parts what one end says from what the other one gets.
// A fault is only found with an end for what it said itself, by what it got.

// counting tells which messages a rule is to see, of those that a proxy has not passed
// on as they came.
type counting uint8

const (
	bySaid counting = iota // a client's if the server gets it, a server's if it has said it
	byGot                  // either one's if the other gets it: a client acts on it
	bySelf                 // all: the rule tells by itself what was said from what was got
)

// counts reports whether the rule is to see the message.
func (by counting) counts(m *decode.Message) bool {
	switch {
	case m.Fate == decode.Passed, by == bySelf:
		return true
	case m.From == decode.Client, by == byGot:
		return m.Fate == decode.Injected
	}
	return m.Fate == decode.Withheld
}

// injected takes a message that only its receiver knows of: it may answer it, or act
// on it.
func (k *Checker) injected(c *conn, m *decode.Message) {
	if m.Frame.Kind != decode.Command || m.Form == nil || m.Conn.Role == decode.FTP {
		return
	}
	k.muted = true
	defer func() { k.muted = false }()
	if m.From == decode.Client {
		k.requested(c, m)
	} else if q := c.answers(m); q != nil {
		q.replied = true
	}
	if m.Error() == "" {
		k.byAct(c, m)
	}
}
