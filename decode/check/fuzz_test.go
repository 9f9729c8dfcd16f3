package check

import (
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

// Whatever the bytes, the checker neither panics nor remembers without bound,
// and each finding has a rule and a place.
func FuzzChecker(f *testing.F) {
	for _, id := range []string{"frame.opaque", "payload.characters", "challenge.form", "lists.both", "lists.group",
		"switchboard.stranger", "transfer.size", "trid.early", "name.utf-8", "mime.format", "redirect.layout", "signin.other"} {
		var client, server strings.Builder
		s := newStage(f)
		s.tap = func(letter byte, raw string) {
			if letter == 'C' {
				client.WriteString(raw)
			} else {
				server.WriteString(raw)
			}
		}
		s.run(fixtures[id].bad)
		f.Add([]byte(client.String()), []byte(server.String()), uint16(7))
	}
	f.Fuzz(func(t *testing.T, client, server []byte, step uint16) {
		tracker, checker := decode.NewTracker(), New()
		links := [2]decode.Framer{}
		at := time.Unix(0, 0)
		info := tracker.Open(1, "10.0.0.9:1", "10.0.0.5:1863", at)
		checker.Opened(info, step&1 == 0)
		judge := func(found []Located) {
			for _, l := range found {
				if Lookup(l.Rule) == nil || l.Text == "" || l.Conn != 1 {
					t.Fatalf("%+v", l)
				}
			}
		}
		feed := func(from decode.Sender, b []byte) {
			link := &links[from&1]
			link.Feed(b)
			for fr := (decode.Frame{}); link.Next(&fr); {
				judge(checker.Message(tracker.Frame(1, from, &fr, at)))
			}
		}
		n := int(step%64) + 1
		for len(client)+len(server) > 0 {
			at = at.Add(time.Second)
			k := min(n, len(client))
			feed(decode.Client, client[:k])
			client = client[k:]
			k = min(n, len(server))
			feed(decode.Server, server[:k])
			server = server[k:]
		}
		for i, from := range []decode.Sender{decode.Server, decode.Client} {
			for fr := (decode.Frame{}); links[i].Flush(&fr); {
				judge(checker.Message(tracker.Frame(1, from, &fr, at)))
			}
		}
		judge(checker.Lost(info, decode.Client, 1, at))
		judge(checker.Closed(info, at))
		if len(checker.conns)+len(checker.watched) > 0 {
			t.Fatal("a connection is kept")
		}
	})
}
