package check

import (
	"msnproxy/decode"
	"msnproxy/decode/challenge"
)

// What somebody at a proxy did on purpose. Neither end is at fault, but both go on as if
// the other had said it.
var changedRules = []Rule{
	{ID: "changed.reply", Severity: warning, First: 2, Source: "gate rules, breakpoints, faults",
		About: "The proxy was made to withhold what answers a request. Who asked waits for it: a right client says that the message may not have been delivered, or that the server does not answer, and goes on."},
	{ID: "changed.length", Severity: warning, First: 2, Source: "gate rules, breakpoints, faults",
		About: "What the proxy was made to send on is not made of whole commands: the length of a payload is wrong, a line has no end, or what is left over is no command. The receiver is out of step from there on, waits for bytes that do not come, or hangs up."},
	{ID: "changed.proof", Severity: warning, First: 6, Last: 18, Source: "MSNP6, QRY",
		About: "The client's answer to a challenge was right, and the proxy was made to send another one on. A right server says 540 and closes the connection."},
}

// changed looks at what a proxy was made to do to a message, once that is known.
func (k *Checker) changed(c *conn, m *decode.Message) {
	if len(m.ChangedBy) == 0 || m.Fate == decode.Held || m.Fate == decode.Injected || m.Frame.Kind != decode.Command {
		return
	}
	by := m.ChangedBy[len(m.ChangedBy)-1]
	if m.Fate == decode.Withheld {
		if q := c.answers(m); m.From == decode.Server && q != nil && !q.made {
			k.add(c, m, "changed.reply", "%s withheld what answers %s in message %d: the client waits for it", by, q.verb, q.number)
		}
		return
	}
	sent := m.Sent()
	if sent == nil || m.Role == decode.FTP {
		return
	}
	if what := amiss(m, sent); what != "" {
		k.add(c, m, "changed.length", "%s sent %s", by, what)
		return
	}
	got := m.Arrived()
	if got == nil || m.Challenge == nil || m.Challenge.Result != challenge.Right || got.Verb != m.Verb {
		return
	}
	if string(got.Raw("product")) == string(m.Raw("product")) && string(got.Frame.Payload()) != string(m.Frame.Payload()) {
		k.add(c, m, "changed.proof", "%s made the right answer to the challenge a wrong one", by)
	}
}

// amiss says what bytes that a proxy sent instead of a command have that commands have
// not; "": nothing.
func amiss(m *decode.Message, sent []byte) string {
	var f decode.Framer
	var fr decode.Frame
	f.Feed(sent)
	for n := 0; f.Next(&fr); n++ {
		var one decode.Message
		one.Decode(&fr, m.From, m.Role, m.Dialect)
		if n > 0 && (fr.Kind != decode.Command || one.Form == nil && one.Error() == "") {
			return "bytes behind a command that are none: its length is too small"
		}
	}
	switch left := f.Pending(); {
	case len(left) == 0:
		return ""
	case !f.Flush(&fr):
		return ""
	case fr.Missing > 0:
		return "a command whose length is larger than what there is of it"
	case fr.Offset > 0:
		return "bytes behind a command that are none: its length is too small"
	}
	return "a command whose line has no end"
}
