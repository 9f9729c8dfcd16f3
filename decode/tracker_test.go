package decode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// play feeds lines to a tracker, one millisecond apart, and returns what it made
// of each. A line is "CONN C: command", "CONN open CLIENT SERVER" or
// "CONN close"; "|" stands for CRLF before a payload.
func play(t *testing.T, tr *Tracker, script string) []string {
	t.Helper()
	var out []string
	at := time.Unix(1000, 0)
	for _, line := range strings.Split(strings.Trim(script, "\n"), "\n") {
		at = at.Add(time.Millisecond)
		var id uint32
		line = strings.TrimLeft(line, "\t ")
		if _, err := fmt.Sscan(line, &id); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		_, rest, _ := strings.Cut(line, " ")
		words := strings.Fields(rest)
		switch words[0] {
		case "open":
			tr.Open(id, words[1], words[2], at)
			continue
		case "close":
			tr.Close(id)
			continue
		}
		from := Client
		if words[0] == "S:" {
			from = Server
		}
		text, body, hasBody := strings.Cut(rest[3:], "|")
		raw := text + "\r\n"
		if hasBody {
			raw += body
		}
		frames := cut(&Framer{}, []byte(raw))
		if len(frames) != 1 {
			t.Fatalf("%q is %d frames: %q", raw, len(frames), describe(frames))
		}
		m := tr.Frame(id, from, &frames[0], at)
		out = append(out, fact(m))
	}
	return out
}

func fact(m *Message) string {
	c := m.Conn
	s := fmt.Sprintf("#%d %s %s", c.ID, c.Role, m.Name())
	if c.Dialect != 0 {
		s += fmt.Sprintf(" MSNP%d", c.Dialect)
	}
	if c.Session != nil {
		s += fmt.Sprintf(" s%d=%s", c.Session.Number, c.Session.Account)
	}
	if c.Conversation != nil {
		s += fmt.Sprintf(" c%d=%s(%s)", c.Conversation.Number, c.Conversation.SessionID, strings.Join(c.Conversation.Participants, ","))
	}
	if m.ReplyTo != 0 {
		s += fmt.Sprintf(" answers %d %s after %v", m.ReplyTo, m.ReplyVerb, m.Latency)
	}
	if m.Challenge != nil {
		s += " challenge " + m.Challenge.Result.String()
	}
	if m.SignIn != 0 {
		s += " sign-in " + m.SignIn.String()
	}
	for _, f := range m.Findings {
		s += " !" + f.Rule
	}
	return s
}

func TestTrackerSignIn(t *testing.T) {
	tr := NewTracker()
	tr.Passwords = map[string]string{"alice@example.com": "password"}
	got := play(t, tr, `
		1 open 10.0.0.9:1030 10.0.0.1:1863
		1 C: VER 1 MSNP7 MSNP6 CVR0
		1 S: VER 1 MSNP7
		1 C: INF 2
		1 S: INF 2 MD5
		1 C: USR 3 MD5 I alice@example.com
		1 S: XFR 3 NS 10.0.0.5:1863 0 10.0.0.1:1863
		1 close
		2 open 10.0.0.9:1031 10.0.0.5:1863
		2 C: VER 4 MSNP7 MSNP6 CVR0
		2 S: VER 4 MSNP7
		2 C: USR 6 MD5 I alice@example.com
		2 S: USR 6 MD5 S 1234567890.123456789
		2 C: USR 7 MD5 S f59af8f2fa91d38aff7c870c17f99903
		2 S: USR 7 OK alice@example.com Alice 1
		2 C: PNG
		2 C: PNG
		2 S: QNG
		2 S: QNG
		2 S: CHL 0 15570131571988941333
		2 C: QRY 22 msmsgs@msnmsgr.com 32|8f2f5a91b72102cd28355e9fc9000d6e
		2 S: QRY 22
		2 S: XFR 0 NS 10.0.0.6:1863 0 10.0.0.5:1863
		2 close
		3 open 10.0.0.9:1032 10.0.0.6:1863
		3 C: VER 30 MSNP7
		3 C: USR 31 MD5 I alice@example.com`)
	want := []string{
		"#1 DS/NS VER",
		"#1 DS/NS VER MSNP7 answers 1 VER after 1ms",
		"#1 DS/NS INF MSNP7",
		"#1 DS/NS INF MSNP7 answers 3 INF after 1ms",
		"#1 DS/NS USR MSNP7 s1=alice@example.com",
		"#1 DS XFR MSNP7 s1=alice@example.com answers 5 USR after 1ms",
		"#2 DS/NS VER s1=alice@example.com",
		"#2 DS/NS VER MSNP7 s1=alice@example.com answers 7 VER after 1ms",
		"#2 DS/NS USR MSNP7 s1=alice@example.com",
		"#2 NS USR MSNP7 s1=alice@example.com answers 9 USR after 1ms",
		"#2 NS USR MSNP7 s1=alice@example.com sign-in right",
		"#2 NS USR MSNP7 s1=alice@example.com answers 11 USR after 1ms",
		"#2 NS PNG MSNP7 s1=alice@example.com",
		"#2 NS PNG MSNP7 s1=alice@example.com",
		"#2 NS QNG MSNP7 s1=alice@example.com answers 13 PNG after 2ms",
		"#2 NS QNG MSNP7 s1=alice@example.com answers 14 PNG after 2ms",
		"#2 NS CHL MSNP7 s1=alice@example.com",
		"#2 NS QRY MSNP7 s1=alice@example.com answers 17 CHL after 1ms challenge right",
		"#2 NS QRY MSNP7 s1=alice@example.com answers 18 QRY after 1ms",
		"#2 NS XFR MSNP7 s1=alice@example.com",
		"#3 DS/NS VER s1=alice@example.com",
		"#3 DS/NS USR s1=alice@example.com",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTrackerConversation(t *testing.T) {
	got := play(t, NewTracker(), `
		1 open 10.0.0.9:1030 10.0.0.5:1863
		2 open 10.0.0.8:1030 10.0.0.5:1863
		1 C: VER 1 MSNP5
		1 S: VER 1 MSNP5
		1 C: USR 3 MD5 I alice@example.com
		2 C: USR 3 MD5 I bob@example.com
		1 C: XFR 15 SB
		1 S: XFR 15 SB 10.0.1.200:1863 CKI 17.1
		3 open 10.0.0.9:1040 10.0.1.200:1863
		3 C: USR 1 alice@example.com 17.1
		3 S: USR 1 OK alice@example.com Alice
		3 C: CAL 2 bob@example.com
		3 S: CAL 2 RINGING 11752013
		2 S: RNG 11752013 10.0.1.200:1863 CKI 84.5 alice@example.com Alice
		4 open 10.0.0.8:1041 10.0.1.200:1863
		4 C: ANS 1 bob@example.com 84.5 11752013
		4 S: IRO 1 1 1 alice@example.com Alice
		4 S: ANS 1 OK
		3 S: JOI bob@example.com Bob
		3 C: MSG 3 A 0
		3 S: ACK 3
		3 close
		4 close
		5 open 10.0.0.7:1 10.0.1.200:1863
		5 C: ANS 1 carol@example.com 99 4711`)
	want := []string{
		"#1 DS/NS VER",
		"#1 DS/NS VER MSNP5 answers 1 VER after 1ms",
		"#1 DS/NS USR MSNP5 s1=alice@example.com",
		"#2 DS/NS USR s2=bob@example.com",
		"#1 NS XFR MSNP5 s1=alice@example.com",
		"#1 NS XFR MSNP5 s1=alice@example.com answers 5 XFR after 1ms",
		"#3 SB USR MSNP5 s1=alice@example.com c1=(alice@example.com)",
		"#3 SB USR MSNP5 s1=alice@example.com c1=(alice@example.com) answers 7 USR after 1ms",
		"#3 SB CAL MSNP5 s1=alice@example.com c1=(alice@example.com)",
		"#3 SB CAL MSNP5 s1=alice@example.com c1=11752013(alice@example.com) answers 9 CAL after 1ms",
		"#2 NS RNG s2=bob@example.com",
		"#4 SB ANS s2=bob@example.com c1=11752013(alice@example.com,bob@example.com)",
		"#4 SB IRO s2=bob@example.com c1=11752013(alice@example.com,bob@example.com) answers 12 ANS after 1ms",
		"#4 SB ANS s2=bob@example.com c1=11752013(alice@example.com,bob@example.com) answers 12 ANS after 2ms",
		"#3 SB JOI MSNP5 s1=alice@example.com c1=11752013(alice@example.com,bob@example.com)",
		"#3 SB MSG MSNP5 s1=alice@example.com c1=11752013(alice@example.com,bob@example.com)",
		"#3 SB ACK MSNP5 s1=alice@example.com c1=11752013(alice@example.com,bob@example.com) answers 16 MSG after 1ms",
		"#5 SB ANS s3=carol@example.com c2=4711(carol@example.com)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTrackerFindings(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"package misspelt", "1 S: USR 6 MDS S prefix", "line.parameter"},
		{"unknown command", "1 C: ZZZ 1", "version.unknown-command"},
		{"wrong sender", "1 C: NLN BSY bob@example.com Bob", "line.sender"},
		{"too few parameters", "1 S: NLN BSY", "line.missing"},
		{"too many parameters", "1 S: ACK 5 6 7", "line.extra"},
		{"trailing blank", "1 C: INF 2 ", "line.blanks"},
		{"two blanks", "1 C: INF  4", "line.blanks"},
		{"dialect", "1 C: VER 1 MSNP2\n1 S: VER 1 MSNP2\n1 C: LSG 12", "version.command"},
		{"role", "1 C: ANS 1 a@b 1 2\n1 C: SYN 1 0", "line.role"},
		{"challenge wrong", "1 S: CHL 0 15570131571988941333\n1 C: QRY 22 msmsgs@msnmsgr.com 32|00000000000000000000000000000000", "challenge.mismatch"},
		{"wrong answer accepted", "1 S: CHL 0 15570131571988941333\n1 C: QRY 22 msmsgs@msnmsgr.com 32|00000000000000000000000000000000\n1 S: QRY 22", "challenge.accepted"},
		{"right answer refused", "1 S: CHL 0 15570131571988941333\n1 C: QRY 22 msmsgs@msnmsgr.com 32|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: 540 22", "challenge.refused"},
		{"unknown product", "1 S: CHL 0 1\n1 C: QRY 22 nobody 32|8f2f5a91b72102cd28355e9fc9000d6e", "challenge.product"},
		{"no challenge", "1 C: QRY 22 msmsgs@msnmsgr.com 32|8f2f5a91b72102cd28355e9fc9000d6e", "challenge.unasked"},
		{"sign-in wrong", "1 C: USR 6 MD5 I alice@example.com\n1 S: USR 6 MD5 S 1\n1 C: USR 7 MD5 S 8f2f5a91b72102cd28355e9fc9000d6e", "signin.mismatch"},
		{"sign-in no hex", "1 C: USR 7 MD5 S secret", "signin.response"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := NewTracker()
			tr.Passwords = map[string]string{"alice@example.com": "password"}
			facts := play(t, tr, tt.script)
			if last := facts[len(facts)-1]; !strings.Contains(last, "!"+tt.want) {
				t.Errorf("%s: no %s", last, tt.want)
			}
			for _, f := range facts[:len(facts)-1] {
				if strings.Contains(f, "!"+tt.want) {
					t.Errorf("%s: too early", f)
				}
			}
		})
	}
}

// What real servers do is not found fault with.
func TestTrackerCalm(t *testing.T) {
	for _, line := range []string{
		"S: VER 1 MSNP7 MSNP6 CVR0", "C: VER 0 msnp7 CVRO", "S: VER 1 0", "S: INF 2 MD5 CTP",
		"S: XFR 0 NS 0", "S: XFR 3 NS 64.4.12.133 0", "S: BPR PHH", "S: PRP 8 255 PHW", "S: LST 8 FL 9 2 1 bob@example.com Bob 0",
		"S: GTC 9 A", "S: 217 User not online", "S: QNG 41", "S: CHL 15570131571988941333", "S: USR 7 OK alice@example.com Alice",
		"C: CVQ 2 0x0409 win 4.10 i386 MSMSGS 1.0.0863 ", "S: BYE bob@example.com 1", "C: OUT", "S: OUT SSD",
	} {
		for _, f := range play(t, NewTracker(), "1 "+line) {
			if strings.Contains(f, "!") {
				t.Errorf("%s: %s", line, f)
			}
		}
	}
}

// What has ended is let go.
func TestTrackerForgets(t *testing.T) {
	tr := NewTracker()
	for i := range 500 {
		play(t, tr, fmt.Sprintf(`
			1 open 10.0.0.9:%d 10.0.0.5:1863
			1 C: VER 1 MSNP5
			1 C: USR 3 MD5 I user%d@example.com
			2 open 10.0.0.9:%d 10.0.1.1:1863
			2 C: ANS 1 user%d@example.com 99 %d
			2 close
			1 close`, i, i, i, i, i))
	}
	if n := len(tr.conns) + len(tr.sessions.present) + len(tr.sessions.away) + tr.sessions.gone.Len() + len(tr.conversations) + len(tr.calls); n != 0 {
		t.Errorf("%d connections, %d sessions, %d conversations, %d calls are kept", len(tr.conns), len(tr.sessions.present), len(tr.conversations), len(tr.calls))
	}
}

// A conversation is one also where the answer to a call passes before the caller has
// heard that it rings; whose call it is must be clear.
func TestConversationRace(t *testing.T) {
	const rest = `
		1 S: CAL 2 RINGING 77
		1 S: JOI bob@example.com Bob
		2 S: IRO 1 1 1 alice@example.com Alice
		2 S: ANS 1 OK`
	const open = `
		1 open 10.0.0.9:1 10.0.0.2:1864
		1 C: USR 1 alice@example.com;{1BE99E6D-1C6E-4BEA-8B3E-9C464006A774} 1.1
		1 S: USR 1 OK alice@example.com;{1BE99E6D-1C6E-4BEA-8B3E-9C464006A774} Alice
		1 C: CAL 2 bob@example.com`
	for _, tt := range []struct {
		name, script  string
		first, second int // numbers of the conversations right after ANS
		after         int // and of both in the end
		participants  string
	}{
		{"in order", open + "\n1 S: CAL 2 RINGING 77\n2 open 10.0.0.8:1 10.0.0.2:1864\n2 C: ANS 1 Bob@example.com 2.2 77", 1, 1, 1, "[alice@example.com Bob@example.com]"},
		{"the answer first", open + "\n2 open 10.0.0.8:1 10.0.0.2:1864\n2 C: ANS 1 Bob@example.com 2.2 77", 1, 1, 1, "[alice@example.com Bob@example.com]"},
		{"two callers", open + "\n3 open 10.0.0.7:1 10.0.0.2:1864\n3 C: USR 1 carol@example.com 3.3\n3 C: CAL 2 bob@example.com\n2 open 10.0.0.8:1 10.0.0.2:1864\n2 C: ANS 1 bob@example.com 2.2 77", 1, 3, 3, "[bob@example.com alice@example.com]"},
		{"another server", open + "\n2 open 10.0.0.8:1 10.0.0.3:1864\n2 C: ANS 1 bob@example.com 2.2 77", 1, 2, 0, ""},
		{"somebody who was not called", open + "\n2 open 10.0.0.8:1 10.0.0.2:1864\n2 C: ANS 1 dave@example.com 2.2 78", 1, 2, 0, ""},
	} {
		tr := NewTracker()
		play(t, tr, tt.script)
		a, b := tr.Connection(1), tr.Connection(2)
		if a.Account != "alice@example.com" || a.EndPoint != "{1BE99E6D-1C6E-4BEA-8B3E-9C464006A774}" {
			t.Errorf("%s: %s, %s", tt.name, a.Account, a.EndPoint)
		}
		if a.Conversation.Number != tt.first || b.Conversation.Number != tt.second {
			t.Errorf("%s: conversations %d and %d, want %d and %d", tt.name, a.Conversation.Number, b.Conversation.Number, tt.first, tt.second)
		}
		if tt.after == 0 {
			continue
		}
		play(t, tr, rest)
		if a.Conversation.Number != tt.after || b.Conversation != a.Conversation {
			t.Errorf("%s: in the end conversations %d and %d, want %d", tt.name, a.Conversation.Number, b.Conversation.Number, tt.after)
		}
		if got := fmt.Sprint(a.Conversation.Participants); got != tt.participants {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

// A role is what most of what is said belongs to, not what comes first.
func TestRoleRevised(t *testing.T) {
	for _, tt := range []struct {
		script string
		want   Role
	}{
		{"1 S: USR 1 OK alice@example.com Alice", NS | SB},
		{"1 S: USR 1 OK alice@example.com Alice\n1 S: CAL 2 RINGING 77", SB},
		{"1 S: JOI bob@example.com Bob\n1 C: PNG", NS},
		{"1 S: JOI bob@example.com Bob\n1 S: JOI carol@example.com Carol\n1 C: PNG", SB},
		{"1 S: JOI bob@example.com Bob\n1 S: JOI carol@example.com Carol\n1 C: PNG\n1 S: QNG", NS},
		{"1 C: USR 1 alice@example.com 1.1\n1 C: PNG\n1 C: PNG\n1 C: PNG", SB},
		{"1 C: USR 1 alice@example.com 1.1\n1 C: PNG\n1 C: PNG\n1 C: PNG\n1 C: PNG", NS},
	} {
		tr := NewTracker()
		play(t, tr, tt.script)
		if got := tr.Connection(1).Role; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.script, got, tt.want)
		}
	}
}

// TestTrackerVersionNamesAccount: from MSNP8 on CVR says whose client it is, and a
// dispatch server of MSNP21 sends it away then and there.
func TestTrackerVersionNamesAccount(t *testing.T) {
	got := play(t, NewTracker(), `
		1 open 10.0.0.9:1030 10.0.0.1:1863
		1 C: VER 1 MSNP21 CVR0
		1 S: VER 1 MSNP21
		1 C: CVR 2 0x0409 winnt 6.1.0 i386 MSNMSGR 15.4.3538.0513 MSNMSGR alice@example.com VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDENCg==
		1 S: XFR 2 NS 10.0.0.5:1863 U D VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDINCg==
		1 close
		2 open 10.0.0.9:1031 10.0.0.5:1863
		2 C: VER 3 MSNP21 CVR0`)
	want := []string{
		"#1 DS/NS VER",
		"#1 DS/NS VER MSNP21 answers 1 VER after 1ms",
		"#1 DS/NS CVR MSNP21 s1=alice@example.com",
		"#1 DS XFR MSNP21 s1=alice@example.com answers 3 CVR after 1ms",
		"#2 DS/NS VER s1=alice@example.com",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
