package chat

import (
	"testing"
	"time"

	"msnproxy/decode"
)

// What a proxy withheld, or made, is in the chat with a word on that.
func TestWithheld(t *testing.T) {
	b, tr := New(), decode.NewTracker()
	at := time.Unix(1000, 0)
	say := func(row int, from decode.Sender, line string, fate decode.Fate) {
		for fr := range frames(t, line) {
			m := tr.Relayed(1, from, fr, at, decode.Relay{Fate: fate})
			b.Message(row, m)
		}
	}
	tr.Open(1, "10.0.0.2:1027", "10.0.0.1:1863", at)
	say(1, decode.Client, "USR 1 alice@example.com cookie", decode.Passed)
	say(2, decode.Server, "USR 1 OK alice@example.com Alice", decode.Passed)
	say(3, decode.Server, "JOI bob@example.com Bob", decode.Passed)
	say(4, decode.Client, "MSG 2 A # plain lost", decode.Withheld)
	say(5, decode.Client, "MSG 3 U # plain kept", decode.Passed)
	say(6, decode.Server, "MSG bob@example.com Bob # plain made", decode.Injected)
	var said []string
	for _, l := range b.Lines() {
		if l.Kind == Said {
			said = append(said, l.Text)
		}
		if l.Row == 4 && l.Delivery.State == Waiting {
			t.Error("nobody has got it, and an acknowledgement is waited for")
		}
	}
	if len(said) != 3 || said[0] != "lost [withheld]" || said[1] != "kept" || said[2] != "made [injected]" {
		t.Errorf("%q", said)
	}
}
