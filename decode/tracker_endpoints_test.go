package decode

import (
	"fmt"
	"testing"
	"time"

	"msnproxy/decode/challenge"
)

const (
	pointA = "{0f0e0d0c-0b0a-0908-0706-050403020100}"
	pointB = "{11111111-2222-3333-4444-555555555555}"
)

// A notification server that is met in mid-stream belongs to the session of whoever comes
// to a switchboard with a cookie that it gave.
func TestSessionByCookie(t *testing.T) {
	const asked = `
		1 open 10.0.0.9:1030 10.0.0.5:1863
		1 C: XFR 15 SB
		1 S: XFR 15 SB 10.0.1.200:1863 CKI 17.1 U messenger.example.com 1
		3 open 10.0.0.9:1040 10.0.1.200:1863
		3 C: USR 1 alice@example.com;` + pointA + ` 17.1`
	for _, tt := range []struct {
		name, script, account, endPoint string
		together                        bool
	}{
		{"asked for", asked, "alice@example.com", pointA, true},
		{"called", `
			1 open 10.0.0.9:1030 10.0.0.5:1863
			1 S: RNG 11752013 10.0.1.200:1863 CKI 84.5 bob@example.com Bob
			3 open 10.0.0.9:1040 10.0.1.200:1863
			3 C: ANS 1 alice@example.com 84.5 11752013`, "alice@example.com", "", true},
		{"the switchboard was there before", `
			1 open 10.0.0.9:1030 10.0.0.5:1863
			4 open 10.0.0.9:1039 10.0.1.200:1863
			4 C: ANS 1 alice@example.com 99.9 4711` + asked[len("\n\t\t1 open 10.0.0.9:1030 10.0.0.5:1863"):], "alice@example.com", pointA, true},
		{"another cookie", asked[:len(asked)-1] + "2", "", "", false},
		{"somebody else signs in there", `
			1 open 10.0.0.9:1030 10.0.0.5:1863
			1 C: USR 3 SSO I bob@example.com
			1 C: XFR 15 SB
			1 S: XFR 15 SB 10.0.1.200:1863 CKI 17.1 U messenger.example.com 1
			3 open 10.0.0.9:1040 10.0.1.200:1863
			3 C: USR 1 alice@example.com 17.1`, "bob@example.com", "", false},
		{"it is closed", `
			1 open 10.0.0.9:1030 10.0.0.5:1863
			1 S: RNG 11752013 10.0.1.200:1863 CKI 84.5 bob@example.com Bob
			1 close
			1 open 10.0.0.9:1031 10.0.0.5:1863
			3 open 10.0.0.9:1040 10.0.1.200:1863
			3 C: ANS 1 alice@example.com 84.5 11752013`, "", "", false},
	} {
		tr := NewTracker()
		play(t, tr, tt.script)
		ns, sb := tr.Connection(1), tr.Connection(3)
		if ns.Account != tt.account || ns.EndPoint != tt.endPoint || (ns.Session != nil && ns.Session == sb.Session) != tt.together {
			t.Errorf("%s: account %q, end point %q, sessions %v and %v", tt.name, ns.Account, ns.EndPoint, ns.Session, sb.Session)
		}
		if tt.together && !ns.SignedIn {
			t.Errorf("%s: not signed in", tt.name)
		}
	}
}

// One account may be signed in several times from one machine: each end point has a session.
func TestSessionsOfEndPoints(t *testing.T) {
	signIn := func(id int, point string) string {
		return fmt.Sprintf(`
			%[1]d open 10.0.0.9:%[1]d 10.0.0.5:1863
			%[1]d C: VER 1 MSNP18
			%[1]d S: VER 1 MSNP18
			%[1]d C: USR 3 SSO I alice@example.com
			%[1]d S: USR 3 SSO S MBI_KEY_OLD bm9uY2U=
			%[1]d C: USR 4 SSO S t=abc&p= HAAAAAEAAAADZgAA %[2]s
			%[1]d S: USR 4 OK alice@example.com 1 0`, id, point)
	}
	tr := NewTracker()
	play(t, tr, signIn(1, pointA)+signIn(2, "11111111-2222-3333-4444-555555555555")+`
		3 open 10.0.0.9:3 10.0.1.200:1863
		3 C: ANS 1 alice@example.com;`+pointA+` 9.9 4711
		4 open 10.0.0.9:4 10.0.1.200:1863
		4 C: ANS 1 alice@example.com;`+pointB+` 9.9 4711
		5 open 10.0.0.9:5 10.0.1.200:1863
		5 C: ANS 1 alice@example.com;{22222222-2222-3333-4444-555555555555} 9.9 4711
		6 open 10.0.0.9:6 10.0.1.200:1863
		6 C: ANS 1 alice@example.com 9.9 4711`)
	var got []int
	for id := range uint32(6) {
		got = append(got, tr.Connection(id+1).Session.Number)
	}
	if want := "[1 2 1 2 3 3]"; fmt.Sprint(got) != want {
		t.Errorf("sessions %v, want %s", got, want)
	}
	if s := tr.Connection(1).Session; s.EndPoint != pointA {
		t.Errorf("end point %q", s.EndPoint)
	}
	if tr.Connection(4).Conversation != tr.Connection(3).Conversation || fmt.Sprint(tr.Connection(3).Conversation.Participants) != "[alice@example.com]" {
		t.Errorf("%v", tr.Connection(3).Conversation.Participants)
	}
}

// What a client passes on says whose connection it is, where its beginning is missing.
func TestSessionByFrom(t *testing.T) {
	for from, want := range map[string]string{
		"1:alice@example.com;epid=" + pointA: "alice@example.com " + pointA,
		"1:alice@example.com":                "alice@example.com ",
	} {
		tr := NewTracker()
		f := &Framer{}
		body := "Routing: 1.0\r\nTo: 1:bob@example.com\r\nFrom: " + from + "\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Text\r\n\r\nhi"
		for _, fr := range cut(f, fmt.Appendf(nil, "SDG 5 %d\r\n%s", len(body), body)) {
			tr.Frame(1, Client, &fr, time.Unix(1000, 0))
		}
		c := tr.Connection(1)
		if got := c.Account + " " + c.EndPoint; got != want || (c.Session != nil) != (c.Account != "") {
			t.Errorf("From: %s: %q, want %q", from, got, want)
		}
	}
}

// A miss says which side is wrong.
func TestChallengeSides(t *testing.T) {
	const text = "22210219642164014968"
	answer := func(id string) string { a, _ := challenge.Respond(id, text); return a }
	const young, old = "PROD0090YUAUV{2B", "PROD0038W!61ZTF9"
	for _, tt := range []struct{ name, dialect, product, answer, reply, want string }{
		{"another product's", "12", young, answer("PROD0119GSJUC$18"), "QRY 5", `error challenge.mismatch: the answer to the challenge is wrong: the client answers as product "PROD0119GSJUC$18" would; ` + answer(young) + " is right"},
		{"nobody's", "12", young, "00000000000000000000000000000000", "540 5", "error challenge.mismatch: the answer to the challenge is wrong; " + answer(young) + " is right"},
		{"an old id in a new dialect, refused", "12", old, answer(old), "540 5", "error challenge.refused: the server refuses the answer in message 4, which is right by its product id, though not by its dialect: client and server differ in which of the two counts"},
	} {
		tr := NewTracker()
		var got string
		for _, line := range []string{"C: VER 1 MSNP" + tt.dialect, "S: VER 1 MSNP" + tt.dialect, "S: CHL 0 " + text, "C: QRY 5 " + tt.product + " 32\r\n" + tt.answer, "S: " + tt.reply} {
			from := Client
			if line[0] == 'S' {
				from = Server
			}
			raw := line[3:]
			if len(raw) < 32 || raw[:3] != "QRY" {
				raw += "\r\n"
			}
			for _, fr := range cut(&Framer{}, []byte(raw)) {
				for _, f := range tr.Frame(1, from, &fr, time.Unix(1000, 0)).Findings {
					if f.Rule != "challenge.algorithm" && got == "" {
						got = f.String()
					}
				}
			}
		}
		if got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// A switchboard whose beginning was not seen is known by what is said on it, and so is who
// is there; and what turns out to be none leaves the conversation.
func TestSwitchboardByWhatIsSaid(t *testing.T) {
	typing := "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: alice@example.com\r\n\r\n\r\n"
	type line struct {
		from Sender
		raw  string
	}
	typed := line{Client, fmt.Sprintf("MSG 4 U %d\r\n%s", len(typing), typing)}
	hello := line{Server, "MSG bob@example.com;" + pointB + " Bob 2\r\nhi"}
	for _, tt := range []struct {
		name  string
		lines []line
		want  string
	}{
		{"a message each way", []line{hello, {Client, "MSG 3 A 2\r\nhi"}, hello}, "SB  [bob@example.com] false"},
		{"typing says who this is", []line{{Client, "MSG 3 A 2\r\nhi"}, typed, hello}, "SB alice@example.com [alice@example.com bob@example.com] true"},
		{"somebody leaves", []line{{Server, "BYE bob@example.com\r\n"}}, "SB  [bob@example.com] false"},
		{"a notification server's", []line{{Server, "MSG Hotmail Hotmail 2\r\nhi"}}, "?  none false"},
		{"taken for one", []line{{Server, "JOI bob@example.com Bob\r\n"}, {Client, "PNG\r\n"}}, "NS  none false"},
		{"a line whose payload is missing", []line{{Client, "MSG 3 A 20\r\n"}}, "SB  [] false"},
		{"entered", []line{{Client, "USR 1 alice@example.com 1.1\r\n"}, hello}, "SB alice@example.com [alice@example.com] true"},
	} {
		tr := NewTracker()
		for _, l := range tt.lines {
			f := &Framer{}
			frames := cut(f, []byte(l.raw))
			if fr := (Frame{}); len(frames) == 0 && f.Flush(&fr) {
				frames = append(frames, fr)
			}
			for _, fr := range frames {
				tr.Frame(1, l.from, &fr, time.Unix(1000, 0))
			}
		}
		c := tr.Connection(1)
		people := "none"
		if c.Conversation != nil {
			people = fmt.Sprint(c.Conversation.Participants)
		}
		if got := fmt.Sprint(c.Role, " ", c.Account, " ", people, " ", c.Session != nil); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		tr.Close(1)
		if len(tr.conversations) != 0 {
			t.Errorf("%s: %d conversations are kept", tt.name, len(tr.conversations))
		}
	}
}

// Two notification server connections of an account that are open at once, both met in
// mid-stream, are two sessions, as far as they do not say that they are one end point.
func TestSessionsMidStream(t *testing.T) {
	body := func(from string) string {
		b := "Routing: 1.0\r\nTo: 1:bob@example.com\r\nFrom: 1:alice@example.com" + from + "\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Text\r\n\r\nhi"
		return fmt.Sprintf("SDG 5 %d\r\n%s", len(b), b)
	}
	for _, tt := range []struct {
		first, second string
		together      bool
	}{
		{";epid=" + pointA, ";epid=" + pointB, false},
		{";epid=" + pointA, ";epid=" + pointA, true},
		{"", ";epid=" + pointB, false},
		{";epid=" + pointA, "", false},
		{"", "", false},
	} {
		tr := NewTracker()
		for id, from := range []string{tt.first, tt.second} {
			tr.Open(uint32(id+1), fmt.Sprintf("10.0.0.9:%d", id+1000), "10.0.0.5:1863", time.Unix(1000, 0))
			for _, fr := range cut(&Framer{}, []byte(body(from))) {
				tr.Frame(uint32(id+1), Client, &fr, time.Unix(1000, 0))
			}
		}
		a, b := tr.Connection(1), tr.Connection(2)
		if (a.Session == b.Session) != tt.together || a.Session == nil || b.Session == nil {
			t.Errorf("%q and %q: sessions %v and %v", tt.first, tt.second, a.Session, b.Session)
		}
	}
}

// A circle is a conversation, with its name and its members, each the person that they are
// elsewhere.
func TestCircleConversation(t *testing.T) {
	const circle = "9:00000000-0000-0000-0009-000000000001@live.com"
	tr := NewTracker()
	play(t, tr, `
		1 open 10.0.0.9:1030 10.0.0.5:1863
		1 C: VER 1 MSNP18
		1 S: VER 1 MSNP18
		1 S: USR 4 OK alice@example.com 1 0
		1 S: NLN NLN 1:bob@example.com Bob 0:0
		1 S: NLN NLN `+circle+` My%20Circle 0:0
		1 S: ILN 5 NLN 1:bob@example.com;via=`+circle+` Bob 0:0
		1 S: FLN 1:carol@example.com;via=`+circle+` 0:0`)
	c := tr.Connection(1)
	if len(c.Talks) != 1 {
		t.Fatalf("%d conversations", len(c.Talks))
	}
	v := c.Talks[0]
	if v.Circle != "00000000-0000-0000-0009-000000000001@live.com" || v.Name != "My Circle" || fmt.Sprint(v.Participants) != "[alice@example.com bob@example.com carol@example.com]" {
		t.Errorf("%+v", v)
	}
}
