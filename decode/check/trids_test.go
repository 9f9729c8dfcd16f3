package check

import (
	"fmt"
	"slices"
	"testing"
)

// A reply with a TrID that nobody gave is told of when it comes if it is plain what it
// answers, and that request is then not said to be unanswered, too.
func TestReplyWithAnotherTrID(t *testing.T) {
	const begin = "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7 CVR0\n"
	const signIn = begin + "1 C: USR 2 MD5 I alice@example.com\n1 S: USR 2 MD5 S 1\n1 C: USR 3 MD5 S f59af8f2fa91d38aff7c870c17f99903\n"
	const waits = "USR has the TrID 8, which no request has had; USR in message 5 waits for its reply with TrID 3"
	const plain = "CHG has the TrID 99, which no request has had"
	for _, test := range []struct {
		what, script string
		want         []string
	}{
		{"another TrID", signIn + "1 S: USR 8 OK alice@example.com Alice\n", []string{"6 trid.unknown: " + waits}},
		{"and then the right one", signIn + "1 S: USR 8 OK alice@example.com Alice\n1 S: USR 3 OK alice@example.com Alice\n1 close", []string{"6 trid.unknown: " + waits}},
		{"another TrID, and the end", signIn + "1 S: USR 8 OK alice@example.com Alice\n1 close", []string{"6 trid.unknown: " + waits}},
		{"of another verb", begin + "1 C: INF 2\n1 S: CHG 99 NLN\n1 S: INF 2 MD5\n1 close", []string{"4 trid.unknown: " + plain}},
		{"of which two wait", begin + "1 C: CHG 2 NLN\n1 C: CHG 3 BSY\n1 S: CHG 99 NLN\n1 S: CHG 2 NLN\n1 S: CHG 3 BSY\n1 close", []string{"5 trid.unknown: " + plain}},
		{"of a recording with a hole", "1 mid 10.0.0.9:1 10.0.0.5:1863\n1 C: CHG 2 NLN\n1 S: CHG 99 NLN\n1 S: CHG 2 NLN\n1 close", nil},
	} {
		var got []string
		for _, l := range play(t, test.script) {
			if l.Rule[:5] == "trid." {
				got = append(got, fmt.Sprintf("%d %s: %s", l.Number, l.Rule, l.Text))
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%q, want\n%q", test.what, got, test.want)
		}
	}
}

// A client that leaves where its dialect was not offered has that reason, told once.
func TestLeftForTheDialect(t *testing.T) {
	for says, want := range map[string][]string{"MSNP8": {"version.choice"}, "0": {"version.refused"}, "MSNP7": {"version.cvr0-reply"}} {
		var got []string
		for _, l := range play(t, "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 "+says+"\n1 close") {
			if len(l.Rule) > 8 && l.Rule[:8] == "version." {
				got = append(got, l.Rule)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", says, got, want)
		}
	}
}
