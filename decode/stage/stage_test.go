package stage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

var began = time.Unix(1_000_000, 0).UTC()

// follow plays a script of lines "CONN C: command", "CONN open CLIENT SERVER",
// "CONN closed|reset [C|S|-] [words]" and "wait TIME", a millisecond each, and returns
// the sign-ins and when it was over.
func follow(t *testing.T, script string) ([]*decode.SignIn, time.Time) {
	t.Helper()
	tracker, book, at := decode.NewTracker(), Book{}, began
	framers := map[string]*decode.Framer{}
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		at = at.Add(time.Millisecond)
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "wait" {
			d, err := time.ParseDuration(words[1])
			if err != nil {
				t.Fatal(err)
			}
			at = at.Add(d)
			continue
		}
		var id uint32
		fmt.Sscan(words[0], &id)
		switch words[1] {
		case "open":
			book.See(tracker.Open(id, words[2], words[3], at))
		case "closed", "reset":
			how, by := decode.Closed, decode.Sender(0)
			if words[1] == "reset" {
				how = decode.Reset
			}
			if len(words) > 2 {
				by = map[string]decode.Sender{"C": decode.Client, "S": decode.Server, "-": 0}[words[2]]
			}
			c := tracker.Connection(id)
			tracker.Ended(id, how, by, strings.Join(words[min(3, len(words)):], " "), at)
			book.Closed(c)
			tracker.Close(id)
		default:
			from := decode.Client
			if words[1] == "S:" {
				from = decode.Server
			}
			_, text, _ := strings.Cut(line, ": ")
			text, body, hasBody := strings.Cut(text, "|")
			raw := strings.ReplaceAll(text, "~", "\r\n") + "\r\n"
			if hasBody {
				raw += body
			}
			f := framers[words[0]+words[1]]
			if f == nil {
				f = &decode.Framer{}
				framers[words[0]+words[1]] = f
			}
			for _, fr := range cut(f, raw) {
				m := tracker.Frame(id, from, &fr, at)
				book.See(m.Conn)
			}
		}
	}
	return book.SignIns(), at
}

// cut returns the frames of bytes.
func cut(f *decode.Framer, raw string) (list []decode.Frame) {
	var fr decode.Frame
	for f.Feed([]byte(raw)); f.Next(&fr); {
		list = append(list, fr.Clone())
	}
	return list
}

const (
	opened = "1 open 10.0.0.9:1030 10.0.0.5:1863\n"
	ver7   = opened + "1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7 CVR0\n"
	inf7   = ver7 + "1 C: INF 2\n1 S: INF 2 MD5\n"
	usr7   = inf7 + "1 C: USR 3 MD5 I alice@example.com\n"
	sent7  = usr7 + "1 S: XFR 3 NS 10.0.0.6:1863 0 10.0.0.5:1863\n"
	came7  = sent7 + "1 closed C\n2 open 10.0.0.9:1031 10.0.0.6:1863\n2 C: VER 4 MSNP7 CVR0\n"
	salt7  = usr7 + "1 S: USR 3 MD5 S 1234567890.123456789\n"
	proof7 = salt7 + "1 C: USR 4 MD5 S f59af8f2fa91d38aff7c870c17f99903\n"
	in7    = proof7 + "1 S: USR 4 OK alice@example.com Alice 1\n"
	syn7   = in7 + "1 C: SYN 5 0\n1 S: SYN 5 0\n"
	chg7   = syn7 + "1 C: CHG 6 NLN\n1 S: CHG 6 NLN\n"
	ver15  = opened + "1 C: VER 1 MSNP15 CVR0\n1 S: VER 1 MSNP15 CVR0\n"
	cvr15  = ver15 + "1 C: CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.5.1302 MSMSGS alice@example.com\n1 S: CVR 2 8.5.1302 8.5.1302 8.5.1302 http://a http://b\n"
	sso15  = cvr15 + "1 C: USR 3 SSO I alice@example.com\n1 S: USR 3 SSO S MBI_KEY_OLD bm9uY2U=\n"
	in15   = sso15 + "1 C: USR 4 SSO S t=abc&p= HAAAAAEAAAADZgAABIAAAAgAAAA\n1 S: USR 4 OK alice@example.com 1 0\n"
	adl15  = in15 + "1 C: ADL 5 9|<ml></ml>\n1 S: ADL 5 OK\n"
)

// Each line is what a session's Sign-in line says of a script, and how bad that is.
func TestLines(t *testing.T) {
	for _, tt := range []struct{ script, level, want string }{
		{opened, "warning", "reached: a connection; then nothing"},
		{opened + "wait 10s", "bad", "reached: a connection; then nothing, for 10s"},
		{opened + "1 closed - no route to host", "bad", "reached: a connection; then nothing, the connection is closed"},
		{opened + "1 C: VER 1 MSNP7 CVR0", "warning", "reached: VER of the client; then no reply to VER (message 1)"},
		{opened + "1 C: VER 1 MSNP7 CVR0\nwait 9s", "warning", "reached: VER of the client; then no reply to VER (message 1), for 9s"},
		{opened + "1 C: VER 1 MSNP7 CVR0\nwait 10s", "bad", "reached: VER of the client; then no reply to VER (message 1), for 10s"},
		{opened + "1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 0", "bad", "reached: VER of the client; then the server declines all dialects"},
		{opened + "1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 0\n1 closed S", "bad", "reached: VER of the client; then the server declines all dialects, the connection is closed by the server"},
		{opened + "1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 CVR0", "ok", "none: the client only asked for a newer version of itself (CVR0)"},
		{ver7 + "1 closed C", "bad", "reached: VER (MSNP7); then nothing, the connection is closed by the client"},
		{inf7 + "wait 10s", "bad", "reached: INF (MSNP7); then nothing, for 10s"},
		{cvr15 + "wait 10s", "bad", "reached: CVR (MSNP15); then nothing, for 10s"},
		{usr7 + "wait 10s", "bad", "reached: USR I (MSNP7); then no reply to USR (message 5), for 10s"},
		{usr7 + "wait 2s\n1 reset S", "bad", "reached: USR I (MSNP7); then no reply to USR (message 5), the connection is reset by the server after 2s"},
		{usr7 + "1 S: 911 3\n1 closed S", "bad", "reached: USR I (MSNP7); then error 911 (authentication failed) to USR, the connection is closed by the server"},
		{usr7 + "1 S: OUT SSD", "bad", "reached: USR I (MSNP7); then OUT (closes: server is shutting down) of the server"},
		{sent7 + "1 closed C", "bad", "reached: XFR NS (MSNP7); then the client did not come to 10.0.0.6:1863, the connection is closed by the client"},
		{came7 + "wait 10s", "bad", "reached: XFR NS followed (MSNP7); then no reply to VER (message 7), for 10s"},
		{came7 + "2 S: VER 4 0", "bad", "reached: XFR NS followed (MSNP7); then the server declines all dialects"},
		{salt7 + "1 closed C", "bad", "reached: USR S of the server (MSNP7); then nothing, the connection is closed by the client"},
		{sso15 + "wait 30s", "bad", "reached: USR S of the server (MSNP15); then nothing, for 30s"},
		{proof7 + "1 S: 911 4", "bad", "reached: USR S of the client (MSNP7); then error 911 (authentication failed) to USR"},
		{in7 + "wait 10s", "warning", "reached: USR OK (MSNP7); signed in, then nothing, for 10s"},
		{in7 + "1 C: OUT", "ok", "reached: USR OK (MSNP7); signed in, then OUT of the client"},
		{syn7, "warning", "reached: SYN (MSNP7); signed in, then nothing"},
		{adl15, "warning", "reached: ADL (MSNP15); signed in, then nothing"},
		{chg7, "ok", "reached: CHG (MSNP7); signed in"},
		{chg7 + "1 C: PNG\nwait 60s", "ok", "reached: CHG (MSNP7); signed in"},
		{chg7 + "1 reset S", "ok", "reached: CHG (MSNP7); signed in; then the connection is reset by the server"},
		{chg7 + "1 C: OUT\n1 closed C", "ok", "reached: CHG (MSNP7); signed in; then OUT of the client"},
		{chg7 + "1 C: OUT\n1 S: OUT", "ok", "reached: CHG (MSNP7); signed in; then OUT of the client"},
		{chg7 + "1 S: OUT SSD\n1 C: OUT", "ok", "reached: CHG (MSNP7); signed in; then OUT (closes: server is shutting down) of the server"},
		{chg7 + "1 S: OUT OTH", "ok", "reached: CHG (MSNP7); signed in; then OUT (closes: signed in elsewhere) of the server"},
		{chg7 + "1 C: XFR 7 SB\n1 S: XFR 7 SB 10.0.1.2:1863 CKI 17.1\n2 open 10.0.0.9:1031 10.0.1.2:1863\n2 C: USR 1 alice@example.com 17.1\n2 S: USR 1 OK alice@example.com Alice\n2 closed C",
			"ok", "reached: a switchboard (MSNP7); signed in"},
		{"1 open 10.0.0.9:1030 10.0.0.5:1863\n1 C: PNG\n1 S: QNG 50", "ok", "not seen: it was over before the recording began"},
		{"1 open 10.0.0.9:1030 10.0.1.2:1863\n1 C: ANS 1 alice@example.com 17.1 5\n1 S: ANS 1 OK", "ok", "not seen: only a switchboard of it is there"},
		{opened + "1 C: VER 1 MSNP7 CVR0\n1 S: HTTP/1.1 400 Bad Request~Content-Length: 0~", "bad", "reached: VER of the client; then bytes of the server that are no MSNP"},
		{opened + "1 C: GET / HTTP/1.1~", "bad", "reached: a connection; then bytes of the client that are no MSNP"},
	} {
		list, end := follow(t, tt.script)
		if len(list) != 1 {
			t.Errorf("%d sign-ins, not 1, in\n%s", len(list), tt.script)
			continue
		}
		v := Judge(list[0], end)
		if v.String() != tt.want || v.Level.String() != tt.level {
			t.Errorf("%s: %q, want %s: %q, in\n%s", v.Level, v.String(), tt.level, tt.want, tt.script)
		}
		if (v.Level == Bad) != (v.Cause != "" && v.Level == Bad) {
			t.Errorf("%q is bad without a cause", v.String())
		}
	}
}

// What is wrong is said with what to do, and usual reasons only where it is not plain.
func TestCauses(t *testing.T) {
	for _, tt := range []struct {
		script, cause, advice string
		reasons               bool
	}{
		{opened + "1 closed - cannot connect to 10.0.0.5:1863: connection refused", "the proxy ended it: cannot connect to 10.0.0.5:1863: connection refused", "doctor --upstream 10.0.0.5:1863", false},
		{opened + "1 closed C the client is closed", "the connection is closed by the client", "", true},
		{opened + "1 C: GET / HTTP/1.1~", "what the client says is no MSNP: this is an HTTP request", "1863", false},
		{opened + "1 C: VER 1 MSNP7\n1 S: VER 1 0", "speaks none of the dialects", "doctor --matrix", false},
		{usr7 + "1 S: 911 3", "the server refuses: error 911 (authentication failed) to USR", "explain 911", true},
		{usr7 + "1 S: OUT OTH", "the server closes the connection: OUT", "", true},
		{usr7 + "wait 10s", "the server does not answer USR (message 5)", "", true},
		{usr7 + "1 closed S", "the connection is closed by the server without a reply to USR (message 5)", "", true},
		{sso15 + "wait 10s", "the client says nothing more", "", true},
		{strings.ReplaceAll(sent7, "NS 10.0.0.6", "NS 127.0.0.1"), "that is a loopback address", "--allow 127.0.0.1:1863", false},
		{strings.ReplaceAll(sent7, "NS 10.0.0.6", "NS 0.0.0.0"), "that is where a server listens", "--allow", false},
		{strings.ReplaceAll(sent7, "NS 10.0.0.6:1863", "NS 10.0.0.6:0"), "that is where a server listens", "--allow", false},
		{strings.ReplaceAll(sent7, "10.0.0.9:1030 10.0.0.5", "10.0.0.9:1030 203.0.113.5"), "that is a private address", "--allow 10.0.0.6:1863", false},
		{strings.ReplaceAll(strings.ReplaceAll(sent7, "10.0.0.9:1030 10.0.0.5", "10.0.0.9:1030 203.0.113.5"), "NS 10.0.0.6", "NS 169.254.0.6"), "that is a link-local address", "--allow", false},
		{sent7, "the client was sent to 10.0.0.6:1863, and did not come there", "", true},
		{strings.ReplaceAll(sent7, "10.0.0.", "127.0.0."), "the client was sent to 127.0.0.6:1863, and did not come there", "", true},
		{strings.ReplaceAll(sent7, "NS 10.0.0.6", "NS ns.example.com"), "the client was sent to ns.example.com:1863", "", true},
	} {
		list, end := follow(t, tt.script+"\nwait 10s")
		v := Judge(list[0], end)
		if v.Level != Bad || !strings.Contains(v.Cause, tt.cause) || !strings.Contains(v.Advice, tt.advice) || tt.advice == "" && v.Advice != "" {
			t.Errorf("%s: %q, do %q; want %q, do %q", v.Level, v.Cause, v.Advice, tt.cause, tt.advice)
		}
		if (len(v.Reasons) > 0) != tt.reasons {
			t.Errorf("%q: usual reasons %q", v.Cause, v.Reasons)
		}
	}
}

// Reasons are those of the dialect.
func TestReasonsByDialect(t *testing.T) {
	for script, want := range map[string]string{salt7 + "1 closed C": "challenge", sso15 + "1 closed C": "RST2.srf",
		strings.NewReplacer("MSNP15", "MSNP12", "USR 3 SSO I", "USR 3 TWN I", "USR 3 SSO S MBI_KEY_OLD bm9uY2U=", "USR 3 TWN S lc=1033").Replace(sso15) + "1 closed C": "nexus.passport.com"} {
		list, end := follow(t, script)
		if v := Judge(list[0], end); !strings.Contains(v.Reasons[0], want) {
			t.Errorf("%q: want %q first", v.Reasons, want)
		}
	}
}

// A client that tries again has a sign-in each time; one that is sent on has one.
func TestTries(t *testing.T) {
	again := strings.ReplaceAll(strings.ReplaceAll(usr7, "1 ", "2 "), "VER 2 ", "VER 1 ")
	list, _ := follow(t, usr7+"1 closed S\n"+again)
	if len(list) != 2 || list[0].Session == list[1].Session || list[0].First != 1 || list[1].First != 2 {
		t.Errorf("two tries: %+v", list)
	}
	list, _ = follow(t, came7+"2 S: VER 4 MSNP7 CVR0\n2 C: USR 5 MD5 I alice@example.com\n2 S: USR 5 MD5 S 1.2\n")
	if len(list) != 1 || list[0].Conns != 2 || list[0].Conn != 2 || list[0].First != 1 || list[0].Reached != decode.StageChallenged || list[0].SentTo != "" {
		t.Errorf("sent on: %+v", list[0])
	}
	for _, s := range []decode.Stage{decode.StageCame, decode.StageOffered, decode.StageAgreed, decode.StageIntroduced, decode.StageNamed, decode.StageSentOn, decode.StageFollowed, decode.StageChallenged} {
		if !list[0].Has(s) {
			t.Errorf("stage %d was not seen", s)
		}
	}
	if list[0].Has(decode.StageAdmitted) {
		t.Error("it is not let in")
	}
}

// What is said of a direct connection or of a file is no sign-in.
func TestFilesAreNone(t *testing.T) {
	if list, _ := follow(t, "1 open 10.0.0.9:1030 10.0.0.8:6891\n1 C: VER MSNFTP\n1 S: VER MSNFTP\n1 closed C"); len(list) != 0 {
		t.Errorf("%+v", list[0])
	}
}

// Every stage has a row, in order, and a name in each dialect.
func TestRows(t *testing.T) {
	keys := map[string]bool{}
	for s := decode.StageNone; s < decode.Stages; s++ {
		r := Of(s)
		if r == nil || r.Stage != s || r.About == "" || r.Key == "" || keys[r.Key] {
			t.Fatalf("stage %d: %+v", s, r)
		}
		keys[r.Key] = true
		for d := 0; d <= 21; d++ {
			if r.Name(d) == "" {
				t.Errorf("stage %s has no name in MSNP%d", r.Key, d)
			}
		}
	}
	for _, tt := range []struct {
		stage   decode.Stage
		dialect int
		in      bool
	}{{decode.StageTicket, 7, false}, {decode.StageTicket, 8, true}, {decode.StageTicket, 0, true}, {decode.StageTalking, 20, true}, {decode.StageTalking, 21, false}, {decode.StageAdmitted, 2, true}} {
		if Of(tt.stage).In(tt.dialect) != tt.in {
			t.Errorf("stage %d in MSNP%d: want %v", tt.stage, tt.dialect, tt.in)
		}
	}
	for d, want := range map[int]string{7: "INF", 8: "CVR", 0: "CVR"} {
		if got := Of(decode.StageIntroduced).Name(d); got != want {
			t.Errorf("introduced in MSNP%d: %s, want %s", d, got, want)
		}
	}
	for d, want := range map[int]string{12: "SYN", 13: "ADL"} {
		if got := Of(decode.StageListed).Name(d); got != want {
			t.Errorf("lists in MSNP%d: %s, want %s", d, got, want)
		}
	}
}

// Four requests without a reply are remembered; more are not.
func TestWaiting(t *testing.T) {
	three := opened + "1 C: VER 1 MSNP7\n1 C: INF 2\n1 C: USR 3 MD5 I alice@example.com\n1 C: CVR 4 0x0409 win 4.10 i386 MSMSGS 4.5.0121 MSMSGS\n"
	list, _ := follow(t, three)
	if n := len(list[0].Waiting()); n != 4 {
		t.Errorf("%d requests wait, not 4", n)
	}
	list, _ = follow(t, three+"1 C: SYN 5 0\n1 S: INF 2 MD5\n")
	var verbs []string
	for _, q := range list[0].Waiting() {
		verbs = append(verbs, q.Verb)
	}
	if got := strings.Join(verbs, " "); got != "VER USR CVR" {
		t.Errorf("%s wait, not VER, USR and CVR", got)
	}
}

// A book keeps 65,536 sign-ins that are over.
func TestBookIsBounded(t *testing.T) {
	tracker, b := decode.NewTracker(), Book{}
	for id := uint32(1); id <= 1<<16+1; id++ {
		c := tracker.Open(id, "", "", began)
		b.See(c)
		b.Closed(c)
		tracker.Close(id)
	}
	if n := len(b.SignIns()); n != 1<<16 || b.Missed != 1 {
		t.Errorf("%d kept, %d missed", n, b.Missed)
	}
	c := tracker.Open(70_000, "", "", began)
	b.See(c)
	b.Finish()
	if b.Missed != 2 {
		t.Errorf("%d missed", b.Missed)
	}
}
