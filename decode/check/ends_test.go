package check

import (
	"fmt"
	"strings"
	"testing"
)

// ends runs a script and returns what is found with how its connections end.
func ends(t *testing.T, script string) string {
	t.Helper()
	var list []string
	for _, l := range play(t, script) {
		if strings.HasPrefix(l.Rule, "end.") {
			list = append(list, fmt.Sprintf("%d %s: %s", l.Number, l.Rule, l.Text))
		}
	}
	return strings.Join(list, "; ")
}

func TestEnds(t *testing.T) {
	const reset, gone, open = "0 end.reset: the connection is reset", "0 end.mid-session: the connection is closed", "0 end.unanswered: the connection ends without a reply to "
	chg := func(n int) (s string) {
		for i := range n {
			s += fmt.Sprintf("\n1 C: CHG %d NLN", i+5)
		}
		return s
	}
	for _, tt := range []struct{ script, want string }{
		{"ns 7\n1 reset S", reset + " by the server while the client is signed in"},
		{"ns 7\n1 reset C", reset + " by the client while the client is signed in"},
		{"ns 7\n1 reset", reset + " while the client is signed in"},
		{"1 open\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 reset S", reset + " by the server"},
		{"1 open\n1 reset S", ""}, // nothing was said
		{"ns 7\n1 half C\n1 reset S", gone + " by the server without OUT while the client is signed in"}, // it was closed before
		{"ns 7\n1 C: OUT\n1 reset S", ""},
		{"ns 7\n1 S: OUT SSD\n1 closed S", ""},
		{"ns 7\n1 S: XFR 0 NS 10.0.0.6:1863 0 10.0.0.5:1863\n1 closed C", ""},
		{"ns 7\n1 closed S", gone + " by the server without OUT while the client is signed in"},
		{"ns 7\n1 half S\n1 closed S", gone + " by the server without OUT while the client is signed in"},
		{"ns 7\n1 lost S 10\n1 closed S", ""},
		{"ns 7\n1 lost S 10\n1 reset S", reset + " by the server while the client is signed in"},
		{"ns 7\n1 close", ""},
		{"1 mid\n1 C: PNG\n1 S: QNG\n1 closed S", ""},
		{"call 7\n2 closed C", ""},
		{"talk 7\n2 closed C", gone + ` by the client without OUT while the client is in a conversation with "bob@example.com"`},
		{"talk 7\n2 S: BYE bob@example.com\n2 reset C", ""},
		{"call 7\n2 reset C", reset + " by the client"},
		{"talk 7\n2 reset S", reset + ` by the server while the client is in a conversation with "bob@example.com"`},
		{"talk 7\n2 S: JOI c@example.com C\n2 S: JOI d@example.com D\n2 closed C", gone + ` by the client without OUT while the client is in a conversation with "bob@example.com", "c@example.com", "d@example.com"`},
		{"talk 7\n2 S: JOI c@example.com C\n2 S: JOI d@example.com D\n2 S: JOI e@example.com E\n2 closed C", gone + ` by the client without OUT while the client is in a conversation with "bob@example.com", "c@example.com", "d@example.com", 1 more`},
		{"1 open\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 C: INF 2\n1 closed S", open + "INF in message 3"},
		{"1 open\n1 C: VER 1 MSNP7 CVR0\n1 closed S", ""}, // only one direction was recorded, perhaps
		{"ns 7" + chg(5) + "\n1 C: OUT\n1 closed C", ""},
		{"ns 7" + chg(5) + "\n1 reset", reset + " while the client is signed in; " + open + "CHG in message 9, CHG in message 10, CHG in message 11, CHG in message 12, CHG in message 13"},
		{"ns 7" + chg(6) + "\n1 reset", reset + " while the client is signed in; " + open + "CHG in message 9, CHG in message 10, CHG in message 11, CHG in message 12, CHG in message 13, 1 more"},
		{"ns 7\n1 C: PNG\n1 S: QNG\n1 C: PNG\n1 reset", reset + " while the client is signed in; " + open + "PNG in message 11"},
	} {
		if got := ends(t, tt.script); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.script, got, tt.want)
		}
	}
}
