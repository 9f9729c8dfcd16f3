package decode

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Which messages are to be answered when all is well.
func TestWantsReply(t *testing.T) {
	for _, tt := range []struct {
		from Sender
		in   string
		want bool
	}{
		{Client, "INF 2", true},
		{Client, "PNG", true},
		{Client, "OUT", false},
		{Client, "ZZZ 1", false},
		{Client, "INF", false},
		{Client, "MSG 4 A 1|x", true},
		{Client, "MSG 4 D 1|x", true},
		{Client, "MSG 4 N 1|x", false},
		{Client, "MSG 4 U 1|x", false},
		{Server, "INF 2 MD5", false},
		{Server, "CHL 0 123", true},
		{Server, "QNG", false},
		{Server, "JOI bob@example.com Bob", false},
	} {
		m := read(tt.from, 0, 0, tt.in)
		if m.WantsReply() != tt.want {
			t.Errorf("%s: %v", tt.in, !tt.want)
		}
		if m.Fate = Withheld; m.WantsReply() {
			t.Errorf("%s wants a reply, though nobody got it", tt.in)
		}
	}
}

// The newest 64 requests are remembered at most, and never fewer than 32.
func TestRequestsBound(t *testing.T) {
	var r requests
	for i := range uint32(65) {
		if i == 64 && len(r.list) != 64 {
			t.Errorf("of 64 there are %d", len(r.list))
		}
		r.add(request{trid: i, hasTrID: true, from: Client})
	}
	if len(r.list) != 33 || r.list[0].trid != 32 || r.list[32].trid != 64 {
		t.Errorf("of 65 there are %d, from %d", len(r.list), r.list[0].trid)
	}
	if r.byTrID(Client, 32) == nil || r.byTrID(Client, 31) != nil || r.byTrID(Server, 32) != nil {
		t.Error("32 is not the oldest")
	}
}

// What a message of the server's answers.
func TestPairs(t *testing.T) {
	for name, tt := range map[string]struct{ script, want string }{
		"by TrID":                        {"1 C: INF 2\n1 C: CHG 3 NLN\n1 S: INF 2 MD5", "answers 1 INF"},
		"by verb":                        {"1 C: PNG\n1 S: QNG", "answers 1 PNG"},
		"another TrID":                   {"1 C: INF 2\n1 S: INF 3 MD5", ""},
		"TrID 0 of its own":              {"1 C: CHG 0 NLN\n1 S: CHL 0 123", ""},
		"TrID 0 of the same verb":        {"1 C: CHG 0 NLN\n1 S: CHG 0 NLN", "answers 1 CHG"},
		"an error for TrID 0":            {"1 C: CHG 0 NLN\n1 S: 500 0", "answers 1 CHG"},
		"an error without one":           {"1 C: CHG 3 NLN\n1 S: 500", "answers 1 CHG"},
		"an error, two requests":         {"1 C: CHG 3 NLN\n1 C: CHG 4 NLN\n1 S: 500", ""},
		"an error, one is answered":      {"1 C: CHG 3 NLN\n1 C: CHG 4 NLN\n1 S: CHG 3 NLN\n1 S: 500", "answers 2 CHG"},
		"an error with an unknown TrID":  {"1 C: CHG 3 NLN\n1 S: 500 9", ""},
		"the TrID for the list-version":  {"1 C: PRP 9 PHH 1\n1 S: PRP 9 PHH 1", "answers 1 PRP"},
		"only the property":              {"1 C: PRP 9 PHH 1\n1 S: PRP PHH 1", ""},
		"a client answers nobody's TrID": {"1 S: INF 2 MD5\n1 C: INF 2", ""},
	} {
		facts := play(t, NewTracker(), tt.script)
		last := facts[len(facts)-1]
		if got := strings.Contains(last, "answers"); got != (tt.want != "") || !strings.Contains(last, tt.want) {
			t.Errorf("%s: %s, want %q", name, last, tt.want)
		}
	}
}

// A server puts the TrID where the list-version stands: it answers the open request of
// that verb, and no other.
func TestLeadingTrID(t *testing.T) {
	prp, syn := LookupVerb("PRP"), LookupVerb("SYN")
	for _, tt := range []struct {
		line string
		q    request
		want bool
	}{
		{"BPR 9 bob@example.com MOB N", request{trid: 9, verb: LookupVerb("BPR")}, true},
		{"PRP 9 PHH 1", request{trid: 9, verb: prp}, true},
		{"PRP 9 PHH 1", request{trid: 8, verb: prp}, false},
		{"PRP 9 PHH 1", request{trid: 9, verb: syn}, false},
		{"PRP 9 PHH 1", request{trid: 9, verb: prp, replied: true}, false},
		{"PRP 0 PHH 1", request{trid: 0, verb: prp}, false},
		{"PRP 4294967295 PHH 1", request{trid: 4294967295, verb: prp}, true},
		{"PRP 4294967296 PHH 1", request{trid: 0, verb: prp}, false},
		{"QNG", request{trid: 9, verb: LookupVerb("QNG")}, false},
		{"ZZZ 9", request{trid: 9}, false},
		{"QNG 9", request{trid: 9, verb: LookupVerb("QNG")}, false},
	} {
		var r requests
		tt.q.hasTrID, tt.q.from = true, Client
		r.add(tt.q)
		if got := r.leading(read(Server, NS, 7, tt.line)) != nil; got != tt.want {
			t.Errorf("%s, request %d: %v", tt.line, tt.q.trid, got)
		}
	}
}

// Where the server judges an answer otherwise than it was computed here.
func TestDisagreement(t *testing.T) {
	const right, wrong = "8f2f5a91b72102cd28355e9fc9000d6e", "00000000000000000000000000000000"
	const asked = "1 S: CHL 0 15570131571988941333\n1 C: QRY 22 msmsgs@msnmsgr.com 32|"
	const sign = "1 C: USR 6 MD5 I alice@example.com\n1 S: USR 6 MD5 S 1013928519.693957190\n1 C: USR 7 MD5 S "
	const signRight = "b2a86428805a48bfd4ba3be3be57a0fd" // of the challenge and the word Password
	for name, tt := range map[string]struct{ script, rules string }{
		"right and taken":              {asked + right + "\n1 S: QRY 22", ""},
		"right and refused":            {asked + right + "\n1 S: 540 22", "challenge.refused"},
		"wrong and taken":              {asked + wrong + "\n1 S: QRY 22", "challenge.accepted"},
		"wrong and refused":            {asked + wrong + "\n1 S: 540 22", ""},
		"said twice":                   {asked + right + "\n1 S: QRY 22\n1 S: 540 22", ""},
		"unasked":                      {"1 C: QRY 22 msmsgs@msnmsgr.com 32|" + wrong + "\n1 S: QRY 22", ""},
		"sign-in wrong and refused":    {sign + wrong + "\n1 S: 911 7", ""},
		"sign-in wrong and taken":      {sign + wrong + "\n1 S: USR 7 OK alice@example.com Alice 1", "signin.accepted"},
		"sign-in right and taken":      {sign + signRight + "\n1 S: USR 7 OK alice@example.com Alice 1", ""},
		"sign-in right and refused":    {sign + signRight + "\n1 S: 911 7", "signin.rejected"},
		"sign-in right, server busy":   {sign + signRight + "\n1 S: 910 7", ""},
		"sign-in wrong, and sent away": {sign + wrong + "\n1 S: XFR 7 NS 10.0.0.5:1863", ""},
	} {
		tr := NewTracker()
		tr.Passwords = map[string]string{"alice@example.com": "Password"}
		facts := play(t, tr, tt.script)
		last := facts[len(facts)-1]
		got := ""
		for _, rule := range []string{"challenge.refused", "challenge.accepted", "signin.accepted", "signin.rejected"} {
			if strings.Contains(last, "!"+rule) {
				got += rule
			}
		}
		if got != tt.rules {
			t.Errorf("%s: %s, want %q", name, last, tt.rules)
		}
	}
}

// A server may take an answer to one of the last four challenges.
func TestChallengesBound(t *testing.T) {
	tr := NewTracker()
	for i := range 5 {
		play(t, tr, fmt.Sprintf("1 S: CHL 0 1557013157198894133%d", i))
	}
	list := tr.Connection(1).challenges
	if len(list) != 4 || list[0].text != "15570131571988941331" || list[3].text != "15570131571988941334" {
		t.Errorf("%v", list)
	}
	fr := Frame{Raw: []byte("QNG\r\n"), LineLen: 3, EOL: 2, Resync: true}
	tr.Frame(1, Client, &fr, time.Time{})
	if len(tr.Connection(1).challenges) != 4 {
		t.Error("what the client lost was no challenge")
	}
	tr.Frame(1, Server, &fr, time.Time{})
	if len(tr.Connection(1).challenges) != 0 {
		t.Error("what the server lost may have been a challenge")
	}
}

// DS and NS count as one role until the client is sent away.
func TestSingleRole(t *testing.T) {
	for r, want := range map[Role]bool{0: false, DS: true, NS: true, SB: true, FTP: true, DS | NS: true, NS | SB: false, DS | SB: false, DS | NS | SB: false} {
		if r.single() != want {
			t.Errorf("%d: %v", r, !want)
		}
	}
}

// A client that was sent to another server is waited for 5 minutes.
func TestOverdue(t *testing.T) {
	at := time.Unix(1000, 0)
	s := Session{at: at}
	for d, want := range map[time.Duration]bool{0: false, 300 * time.Second: false, 300*time.Second + 1: true} {
		if s.overdue(at.Add(d)) != want {
			t.Errorf("after %v: %v", d, !want)
		}
	}
	if s.overdue(time.Time{}) {
		t.Error("without times nobody is late")
	}
	for server, want := range map[string]string{"10.0.0.5": "h  10.0.0.5:1863", "10.0.0.5:80": "h  10.0.0.5:80", "NS": "h  ns:1863"} {
		if got := where("h", server); got != want {
			t.Errorf("%s: %q", server, got)
		}
	}
}

// A conversation remembers 256 people, and a caller 64 whom it calls.
func TestConversationBounds(t *testing.T) {
	var v Conversation
	for i := range 257 {
		v.takePart(fmt.Sprintf("user%d@example.com", i))
	}
	v.takePart("")
	if n := len(v.Participants); n != 256 {
		t.Errorf("%d take part", n)
	}
	tr := NewTracker()
	c := tr.Open(1, "10.0.0.9:1", "10.0.0.2:1863", time.Time{})
	tr.converse(c, "")
	for i := range 65 {
		tr.calling(c, fmt.Sprintf("user%d@example.com", i))
	}
	if n := len(c.Conversation.calls); n != 64 || len(tr.calls) != 64 {
		t.Errorf("%d are called", n)
	}
	tr.calling(c, "")
	tr.called(c.Conversation)
	if len(tr.calls) != 0 {
		t.Errorf("%d calls are kept", len(tr.calls))
	}
}
