package check

import "msnproxy/decode"

// What a proxy does to frames parts what one end says from what the other one gets.
// A fault is only found with an end for what it said itself, by what it got.

// telling are the commands by which a server tells a client what it may or must do.
var telling = map[string]bool{
	"VER": true, "INF": true, "USR": true, "XFR": true, "RNG": true, "CHL": true, "ANS": true,
}

// either are the commands whose rules tell by themselves what was said from what
// was got.
var either = map[string]bool{"VER": true, "QRY": true, "OUT": true}

// counts reports whether the rule on a message's verb is to see it. What a client
// says counts if the server gets it, as does what tells a client what to do; what
// else a server says counts if the server has said it.
func counts(m *decode.Message) bool {
	switch {
	case m.Fate == decode.Passed, either[m.Verb.Name]:
		return true
	case m.From == decode.Client, telling[m.Verb.Name]:
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
		k.byVerb(c, m)
	}
}
