package check

import (
	"strings"
	"testing"
)

// What was changed on purpose is said where the other end must stumble over it, and
// nowhere else.
func TestChanged(t *testing.T) {
	const (
		chat = "talk 7\n2 C: MSG 3 A #|$text\n"
		bye  = "talk 7\n2 Sb BYE bob@example.com => "
		held = "ns 7\n1 S: CHL 0 15570131571988941333\n1 Cr QRY 22 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e => "
	)
	for _, tc := range []struct{ name, script, want string }{
		{"an ACK", chat + "2 Sd ACK 3", "changed.reply: rule \"test\" withheld what answers MSG in message"},
		{"what answers nothing", "talk 7\n2 Sd BYE bob@example.com", ""},
		{"a request", "talk 7\n2 Cd CAL 3 carol@example.com", ""},
		{"the answer to what a proxy asked", "talk 7\n2 Ci CAL 3 carol@example.com\n2 Sd CAL 3 RINGING 4711", ""},
		{"a proxy's own doing", chat + "2 Sw ACK 3", ""},
		{"too long", bye + `MSG bob@example.com Bob 3\r\nhi`, "changed.length: rule \"test\" sent a command whose length is larger"},
		{"right", bye + `BYE carol@example.com\r\n`, ""},
		{"too short", bye + `MSG bob@example.com Bob 1\r\nhi`, "changed.length: rule \"test\" sent bytes behind a command that are none"},
		{"too short, and a line", bye + `MSG bob@example.com Bob 1\r\nhi zzz\r\n`, "changed.length: rule \"test\" sent bytes behind a command that are none"},
		{"an error behind", bye + `BYE bob@example.com\r\n217 3\r\n`, ""},
		{"an unknown command alone", bye + `ZZZ 1\r\n`, ""},
		{"no end of the line", bye + `BYE bob@exa`, "changed.length: rule \"test\" sent a command whose line has no end"},
		{"another product", held + "QRY 22 other #|00000000000000000000000000000000", ""},
		{"a wrong answer", held + "QRY 22 msmsgs@msnmsgr.com #|00000000000000000000000000000000", "changed.proof: rule \"test\" made the right answer"},
		{"another command", held + "PNG", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ""
			for _, l := range play(t, tc.script) {
				if strings.HasPrefix(l.Rule, "changed.") {
					got += l.Rule + ": " + l.Text + "\n"
				}
			}
			if !strings.HasPrefix(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("found %q, want %q", got, tc.want)
			}
		})
	}
}
