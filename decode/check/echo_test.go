package check

import (
	"slices"
	"strings"
	"testing"
)

// What a reply repeats is what was said; what only one side says, and what servers know
// better, is no fault.
func TestEchoes(t *testing.T) {
	long := strings.Repeat("a", maxEchoedValue)
	for _, tt := range []struct{ script, want string }{
		{"ns8 9\n1 C: ADD 9 FL bob@example.com bob@example.com 2\n1 S: ADD 9 FL 12 bob@example.com Bob 2", ""},
		{"ns8 9\n1 C: ADD 9 FL bob@example.com Bob\n1 S: ADD 9 FL 12 BOB@example.com Bob", ""},
		{"ns8 9\n1 C: ADD 9 FL bob@example.com Bob\n1 S: ADD 9 FL 12 eve@example.com Bob", `handle "bob@example.com", and the reply has "eve@example.com"`},
		{"ns8 9\n1 C: ADD 9 FL bob@example.com Bob\n1 S: ADD 9 AL 12 bob@example.com Bob", `list "FL", and the reply has "AL"`},
		{"ns8 9\n1 C: ADG 9 Pals 0\n1 S: ADG 9 12 Friends 2 0", `groupname "Pals"`},
		{"ns8 9\n1 C: CHG 9 NLN 268435456\n1 S: CHG 9 NLN", ""},
		{"ns8 9\n1 C: CHG 9 NLN 268435456\n1 S: CHG 9 NLN 4", `capabilities "268435456"`},
		{"ns8 9\n1 C: PRP 9 PHH 1%20(555)\n1 S: PRP 9 3 PHH 1%20%28555%29", ""},
		{"ns8 9\n1 C: PRP 9 PHH 1\n1 S: PRP 9 3 PHH 2", `value "1"`},
		{"ns8 9\n1 C: REA 9 alice@example.com A" + long[1:] + "\n1 S: REA 9 3 alice@example.com B", "friendly"},
		{"ns8 9\n1 C: REA 9 alice@example.com A" + long + "\n1 S: REA 9 3 alice@example.com B", ""},
	} {
		found := slices.DeleteFunc(play(t, tt.script), func(l Located) bool { return l.Rule != "trid.echo" })
		if tt.want == "" && len(found) > 0 || tt.want != "" && (len(found) != 1 || !strings.Contains(found[0].Text, tt.want)) {
			t.Errorf("%s\n%v, want %q", tt.script, found, tt.want)
		}
	}
	for _, script := range []string{
		"ns8 10\n1 C: ADC 9 FL N=bob@example.com F=bob\n1 S: ADC 9 FL N=bob@example.com F=Bobby C=1111",
		"ns8 10\n1 C: SBP 9 1111 MFN Bob\n1 S: SBP 9 1111 MFN Bob",
	} {
		for _, l := range play(t, script) {
			if l.Rule == "trid.echo" {
				t.Errorf("%s\n%v", script, l)
			}
		}
	}
	found := play(t, "ns8 10\n1 C: ADC 9 FL N=bob@example.com\n1 S: ADC 9 FL N=eve@example.com")
	if !slices.ContainsFunc(found, func(l Located) bool { return l.Rule == "trid.echo" }) {
		t.Errorf("another contact: %v", found)
	}
}
