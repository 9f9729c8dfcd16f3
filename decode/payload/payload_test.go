package payload

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// dump lists the nodes, one a line, indented by depth.
func dump(b []byte, nodes []Node, depth int) string {
	var sb strings.Builder
	for _, n := range nodes {
		fmt.Fprintf(&sb, "%s%s=%s", strings.Repeat(" ", depth), n.Name, n.Value)
		if n.Meaning != "" {
			fmt.Fprintf(&sb, " (%s)", n.Meaning)
		}
		if n.End > n.Start && string(b[n.Start:n.End]) != n.Value {
			fmt.Fprintf(&sb, " <%s>", b[n.Start:n.End])
		}
		sb.WriteByte('\n')
		sb.WriteString(dump(b, n.Children, depth+1))
	}
	return sb.String()
}

func lines(s ...string) string { return strings.Join(s, "\r\n") }

var payloads = []struct {
	name    string
	kind    Kind
	in      string
	summary string
	text    string
	nodes   string
}{
	{"text", MIME, lines("MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "X-MMS-IM-Format: FN=MS%20Sans%20Serif; EF=BI; CO=ff; CS=0; PF=22; RL=1", "", "Hé Alice!\r\nhow are you"),
		`"Hé Alice! how are you"`, "Hé Alice!\r\nhow are you", `MIME-Version=1.0
Content-Type=text/plain; charset=UTF-8
X-MMS-IM-Format=FN=MS%20Sans%20Serif; EF=BI; CO=ff; CS=0; PF=22; RL=1
 FN=MS Sans Serif (font) <MS%20Sans%20Serif>
 EF=BI (bold, italic)
 CO=ff (#ff0000)
 CS=0 (ANSI)
 PF=22 (pitch and family of the font)
 RL=1 (right to left)
`},
	{"text without blanks, LF only", MIME, "content-type:text/plain;charset=iso-8859-1\n\nH\xe9", `"Hé"`, "Hé",
		"content-type=text/plain;charset=iso-8859-1\n"},
	{"text without charset", MIME, "Content-Type: text/plain\r\n\r\n\x93Hi\x94", `"“Hi”"`, "“Hi”", "Content-Type=text/plain\n"},
	{"text, Shift JIS", MIME, "Content-Type: text/plain; charset=shift_jis\r\n\r\n\x93\xfa\x96{", `"日本"`, "日本",
		"Content-Type=text/plain; charset=shift_jis\n"},
	{"typing", MIME, lines("MIME-Version: 1.0", "Content-Type: text/x-msmsgscontrol", "TypingUser: alice@example.com", "", "", ""),
		"is typing", "", `MIME-Version=1.0
Content-Type=text/x-msmsgscontrol
TypingUser=alice@example.com (who is at it)
`},
	{"profile", MIME, lines("MIME-Version: 1.0", "Content-Type: text/x-msmsgsprofile; charset=UTF-8", "LoginTime: 1726321960", "MemberIdLow: -517030579", "preferredEmail: alice@example.com", "Gender: ", "Wallet:", "ClientPort: 18183", "MSPAuth: 4AbC$$", "", ""),
		"profile of alice@example.com", "", `MIME-Version=1.0
Content-Type=text/x-msmsgsprofile; charset=UTF-8
LoginTime=1726321960 (2024-09-14 13:52:40 UTC)
MemberIdLow=-517030579 (0xe12ebd4d)
preferredEmail=alice@example.com
Gender=
Wallet=
ClientPort=18183 (port 18183, or 1863 if its bytes are swapped)
MSPAuth=4AbC$$ (ticket: a secret)
`},
	{"mailbox", MIME, lines("Content-Type: text/x-msmsgsinitialemailnotification; charset=UTF-8", "", "Inbox-Unread: 2", "Folders-Unread: 0", "Inbox-URL: /cgi-bin/HoTMaiL", "", ""),
		"mailbox: 2 unread, 0 in other folders", "", `Content-Type=text/x-msmsgsinitialemailnotification; charset=UTF-8
Inbox-Unread=2
Folders-Unread=0
Inbox-URL=/cgi-bin/HoTMaiL
`},
	{"new mail", MIME, lines("Content-Type: text/x-msmsgsemailnotification; charset=UTF-8", "", `From: =?"us-ascii"?Q?Bob Lee?=`, `Subject: =?"us-ascii"?Q?Just saying hello.?=`, "Dest-Folder: ACTIVE", "From-Addr: bob@example.com", "id: 2", ""),
		`mail from Bob Lee: "Just saying hello."`, "Just saying hello.", `Content-Type=text/x-msmsgsemailnotification; charset=UTF-8
From==?"us-ascii"?Q?Bob Lee?= (Bob Lee)
Subject==?"us-ascii"?Q?Just saying hello.?= (Just saying hello.)
Dest-Folder=ACTIVE (inbox)
From-Addr=bob@example.com
id=2
`},
	{"new mail, MSNP2", MIME, lines("Content-Type: application/x-msmsgsemailnotification", "", "From: Bob", "Subject: =?utf-8?B?SMOp?= =?iso-8859-1?q?_=E9t=E9?= !", ""),
		`mail from Bob: "Hé été !"`, "Hé été !", `Content-Type=application/x-msmsgsemailnotification
From=Bob
Subject==?utf-8?B?SMOp?= =?iso-8859-1?q?_=E9t=E9?= ! (Hé été !)
`},
	{"mail moved", MIME, lines("Content-Type: text/x-msmsgsactivemailnotification; charset=UTF-8", "", "Src-Folder: ACTIVE", "Dest-Folder: trAsH", "Message-Delta: 1", ""),
		"mail: 1 moved from ACTIVE to trAsH", "", `Content-Type=text/x-msmsgsactivemailnotification; charset=UTF-8
Src-Folder=ACTIVE (inbox)
Dest-Folder=trAsH (trash)
Message-Delta=1 (mails moved)
`},
	{"system", MIME, lines("Content-Type: application/x-msmsgssystemmessage", "", "Type: 1", "Arg1: 5", ""),
		"server goes down in 5 minutes", "", `Content-Type=application/x-msmsgssystemmessage
Type=1 (server goes down)
Arg1=5 (minutes)
`},
	{"invitation", MIME, lines("Content-Type: text/x-msmsgsinvite; charset=UTF-8", "", "Application-Name: File Transfer", "Application-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}", "Invitation-Command: INVITE", "Invitation-Cookie: 33267", "Application-File: readme.txt", "Application-FileSize: 11", ""),
		"invites to file transfer: readme.txt, 11 bytes", "", `Content-Type=text/x-msmsgsinvite; charset=UTF-8
Application-Name=File Transfer
Application-GUID={5D3E02AB-6190-11d3-BBBB-00C04F795683} (file transfer)
Invitation-Command=INVITE
Invitation-Cookie=33267
Application-File=readme.txt
Application-FileSize=11 (bytes)
`},
	{"accept", MIME, lines("Content-Type: text/x-msmsgsinvite; charset=UTF-8", "", "Invitation-Command: ACCEPT", "Invitation-Cookie: 33267", "IP-Address: 10.44.102.65", "Port: 6891", "AuthCookie: 4301", "Request-Data: IP-Address:", ""),
		"accepts invitation 33267, at 10.44.102.65:6891", "", `Content-Type=text/x-msmsgsinvite; charset=UTF-8
Invitation-Command=ACCEPT
Invitation-Cookie=33267
IP-Address=10.44.102.65
Port=6891
AuthCookie=4301 (admits to the file transfer: a secret)
Request-Data=IP-Address: (asks for these keys)
`},
	{"cancel", MIME, lines("Content-Type: text/x-msmsgsinvite", "", "Invitation-Command: CANCEL", "Invitation-Cookie: 33267", "Cancel-Code: REJECT", ""),
		"cancels invitation 33267: declined", "", `Content-Type=text/x-msmsgsinvite
Invitation-Command=CANCEL
Invitation-Cookie=33267
Cancel-Code=REJECT (declined)
`},
	{"unknown type", MIME, "Content-Type: image/gif\r\n\r\nbase64:R0lG", "image/gif, 11 bytes", "base64:R0lG", "Content-Type=image/gif\n"},
	{"binary", MIME, "Content-Type: application/x-ms-ink\r\n\r\n\x00\x01\x02", "application/x-ms-ink, 3 bytes", "",
		"Content-Type=application/x-ms-ink\n"},
	{"acknowledgement by P2P, version 2", MIME, "Content-Type: application/x-msnmsgrp2p\r\n\r\n\x10\x00\x00\x00\x00\x00\x00\x07\x02\x04\x00\x00\x01\x02\x00\x00\x00\x00\x00\x00", "P2P ACK of 258", "",
		"Content-Type=application/x-msnmsgrp2p\n"},
	{"data by P2P, version 1", MIME, p2pPacket(7, "\x89PNG", 12), "P2P data of session 7, 4 bytes", "", "Content-Type=application/x-msnmsgrp2p\n"},
	{"bye by P2P", MIME, p2pPacket(0, "BYE MSNMSGR:a@x MSNSLP/1.0\r\n\r\n", 0), "P2P MSNSLP BYE", "", "Content-Type=application/x-msnmsgrp2p\n"},
	{"alert", Notification, "<NOTIFICATION ver=\"1\" id=\"2\" siteurl=\"http://a.example/?a=1&b=2\">\n\t<TO pid=\"0x00014c30:0xe12ebd4d\" name=\"alice@example.com\"/>\n\t<MSG id=\"0\">\n\t\t<BODY lang=\"1033\"><TEXT>Lunch &amp; more</TEXT></BODY>\n\t</MSG>\n</NOTIFICATION>",
		`"Lunch & more"`, "Lunch & more", `NOTIFICATION=
 @ver=1
 @id=2
 @siteurl=http://a.example/?a=1&b=2
 TO=
  @pid=0x00014c30:0xe12ebd4d
  @name=alice@example.com
 MSG=
  @id=0
  BODY=
   @lang=1033
   TEXT=Lunch & more <Lunch &amp; more>
`},
	{"page that failed", Notification, `<NOTIFICATION id="23"><FROM pid="0x1:0x2" name="bob@example.com"/><MSG pri="1" id="407"><BODY><TEXT>call me</TEXT></BODY></MSG></NOTIFICATION>`,
		`bob@example.com: "call me"`, "call me", `NOTIFICATION=
 @id=23
 FROM=
  @pid=0x1:0x2
  @name=bob@example.com
 MSG=
  @pri=1
  @id=407 (error code of a page that failed)
  BODY=
   TEXT=call me
`},
	{"page", Page, `<PHONE pri="1"><LOC>HOME</LOC><NUM>5551112222</NUM></PHONE><TEXT xml:space="preserve">call me &#x26; Bob</TEXT>`,
		`"call me & Bob"`, "call me & Bob", `PHONE=
 @pri=1
 LOC=HOME
 NUM=5551112222
TEXT=call me & Bob <call me &#x26; Bob>
 @xml:space=preserve
`},
	{"note", Note, "Hello", `"Hello"`, "Hello", ""},
	{"answer", Challenge, "8f2f5a91b72102cd28355e9fc9000d6e", "8f2f5a91b72102cd28355e9fc9000d6e", "", "response=8f2f5a91b72102cd28355e9fc9000d6e\n"},
	{"lists", XML, `<ml l="1"><d n="example.com"><c n="bob" l="3" t='1'/></d></ml>`, "bob@example.com FL AL", "", `ml=
 @l=1
 d=
  @n=example.com
  c=
   @n=bob
   @l=3
   @t=1
`},
	{"bytes", Opaque, "\x00\x01", "2 bytes", "", ""},
}

func TestDecode(t *testing.T) {
	for _, tt := range payloads {
		t.Run(tt.name, func(t *testing.T) {
			p := Decode(tt.kind, []byte(tt.in))
			if diff := cmp.Diff(tt.nodes, dump([]byte(tt.in), p.Nodes, 0)); diff != "" {
				t.Error(diff)
			}
			if p.Summary != tt.summary || p.Text != tt.text {
				t.Errorf("summary %q, text %q", p.Summary, p.Text)
			}
			if len(p.Problems) > 0 {
				t.Errorf("problems: %q", p.Problems)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	tests := []struct {
		kind     Kind
		in, want string
	}{
		{MIME, "no colon here\r\n\r\n", "without a colon"},
		{MIME, "Content-Type: text/plain; charset=utf-8\r\n\r\n\xff", "not valid UTF-8"},
		{MIME, "Content-Type: text/plain; charset=martian\r\n\r\nx", "not known"},
		{MIME, "Content-Type: text/x-msmsgscontrol\r\n\r\n", "TypingUser"},
		{MIME, "Content-Type: text/x-msmsgsinvite\r\n\r\nInvitation-Command: MAYBE\r\n", "MAYBE"},
		{MIME, "Content-Type: text/x-msmsgsemailnotification\r\n\r\nX: y\r\n", "mail notification"},
		{MIME, strings.Repeat("a:b\n", 5000), "more than"},
		{Challenge, "abc", "32 hex digits"},
		{MIME, wrongLength, "a P2P packet of version 1 in which 0 bytes are announced behind the header, and there are 9"},
		{MIME, "Content-Type: application/x-msnmsgrp2p\r\n\r\n\x00\x01", "no P2P packet: as version 1 it has 2 bytes"},
		{Notification, "<NOTIFICATION><MSG>", "has no end"},
		{Notification, "</X>", "without a beginning"},
		{Notification, "<a <<b", "broken"},
		{Page, "<PHONE/>", "without a TEXT"},
		{XML, strings.Repeat("<a>", 100), "deep"},
		{XML, strings.Repeat("<a/>", 9000), "more than"},
	}
	for _, tt := range tests {
		p := Decode(tt.kind, []byte(tt.in))
		if all := strings.Join(p.Problems, "; "); !strings.Contains(all, tt.want) {
			t.Errorf("%.40q: problems %q, want %q", tt.in, all, tt.want)
		}
	}
}

func TestInvitation(t *testing.T) {
	for _, tt := range payloads {
		if tt.name == "invitation" {
			inv, ok := Decode(tt.kind, []byte(tt.in)).Invitation()
			want := Invitation{Command: "INVITE", Cookie: "33267", Application: "file transfer",
				GUID: "{5D3E02AB-6190-11d3-BBBB-00C04F795683}", File: "readme.txt", FileSize: "11"}
			if !ok || inv != want {
				t.Errorf("%+v", inv)
			}
		}
		if tt.name == "typing" {
			if p := Decode(tt.kind, []byte(tt.in)); p.TypingUser() != "alice@example.com" {
				t.Error(p.TypingUser())
			}
		}
	}
}

func TestHeader(t *testing.T) {
	b := []byte("MIME-Version: 1.0\r\ncontent-TYPE:text/plain \r\nEmpty:\r\n\r\nContent-Type: no\r\n")
	if v, ok := Header(b, "Content-Type"); !ok || string(v) != "text/plain" {
		t.Errorf("%q %v", v, ok)
	}
	if v, ok := Header(b, "Empty"); !ok || len(v) != 0 {
		t.Errorf("%q %v", v, ok)
	}
	if _, ok := Header(b, "Missing"); ok {
		t.Error("found what is not there")
	}
	if body := Walk(b, func(_, _ []byte) bool { return true }); string(body) != "Content-Type: no\r\n" {
		t.Errorf("body %q", body)
	}
	if n := testing.AllocsPerRun(10, func() { Header(b, "Empty") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// check is what holds for every payload, whatever is in it.
func check(t *testing.T, kind Kind, b []byte) {
	p := Decode(kind, b)
	var nodes func([]Node)
	nodes = func(list []Node) {
		for _, n := range list {
			if n.Start < 0 || n.Start > n.End || n.End > len(b) {
				t.Fatalf("node %q from %d to %d of %d", n.Name, n.Start, n.End, len(b))
			}
			if !utf8.ValidString(n.Name) || !utf8.ValidString(n.Value) || !utf8.ValidString(n.Meaning) {
				t.Fatalf("node %q=%q (%q) is not UTF-8", n.Name, n.Value, n.Meaning)
			}
			nodes(n.Children)
		}
	}
	nodes(p.Nodes)
	if got := string(AppendSummary(nil, kind, b)); got != p.Summary {
		t.Fatalf("AppendSummary gives %q, Decode %q", got, p.Summary)
	}
	if !utf8.ValidString(p.Text) || !utf8.ValidString(p.Summary) || strings.Contains(p.ContentType, "\n") {
		t.Fatalf("text %q, summary %q", p.Text, p.Summary)
	}
	p.Invitation()
}

// Every prefix of every payload decodes to something.
func TestPrefixes(t *testing.T) {
	for _, tt := range payloads {
		for i := range len(tt.in) + 1 {
			check(t, tt.kind, []byte(tt.in[:i]))
		}
	}
}

// A megabyte of anything takes no time to speak of.
func TestBig(t *testing.T) {
	for _, s := range []string{"a", "a:b\n", "<a>", "<a b=c/>x", "=?", "&", "\xff", "Subject: =?utf-8?Q?a?= "} {
		big := []byte(strings.Repeat(s, 1<<20/len(s)))
		for _, kind := range []Kind{MIME, XML, Notification, Page, Note, Challenge, Opaque} {
			check(t, kind, big)
		}
		check(t, MIME, append([]byte("Content-Type: text/x-msmsgsemailnotification\r\nX-MMS-IM-Format: "), big...))
		check(t, MIME, append([]byte("Content-Type: text/x-msmsgsemailnotification\r\n\r\nFrom: "), big...))
	}
}

func fuzz(f *testing.F, kind Kind) {
	for _, tt := range payloads {
		if tt.kind == kind {
			f.Add([]byte(tt.in))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) { check(t, kind, b) })
}

func FuzzMIME(f *testing.F)         { fuzz(f, MIME) }
func FuzzXML(f *testing.F)          { fuzz(f, XML) }
func FuzzNotification(f *testing.F) { fuzz(f, Notification) }
func FuzzPage(f *testing.F)         { fuzz(f, Page) }
func FuzzNote(f *testing.F)         { fuzz(f, Note) }
func FuzzChallenge(f *testing.F)    { fuzz(f, Challenge) }

func BenchmarkWalk(b *testing.B) {
	msg := []byte(payloads[0].in)
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		Walk(msg, func(name, value []byte) bool {
			n += len(value)
			return true
		})
	}
}

func TestSystem(t *testing.T) {
	for kind, want := range map[string]bool{
		"application/x-msmsgssystemmessage": true, "Text/X-MSMSGSSystemMessage; charset=UTF-8": true, "text/x-msmsgssystemmessage ;x": true,
		"text/plain": false, "": false, "application/x-msmsgssystemmessages": false,
	} {
		if got := System([]byte("MIME-Version: 1.0\r\nContent-Type: " + kind + "\r\n\r\n")); got != want {
			t.Errorf("%q: %v", kind, got)
		}
	}
	if System([]byte("\r\nContent-Type: text/x-msmsgssystemmessage\r\n")) {
		t.Error("a line of the body is a header")
	}
}

func TestNote822(t *testing.T) {
	for _, c := range []struct{ in, text, from string }{
		{"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\nFrom: a\r\n\r\naGVs\r\nbG8=\r\n", "hello", "a"},
		{"Content-Transfer-Encoding: BASE64\nX: y\n\naGVsbG8=", "hello", ""},
		{"Content-Transfer-Encoding: base64\n\n!", "", ""},
		{"Content-Transfer-Encoding: quoted-printable\n\na=3Db=\nc", "a=bc", ""},
		{"Subject: x\n\nplain\n\ntext\n", "plain\n\ntext", ""},
		{"no headers\n\ntext", "", ""},
		{"A: b", "", ""},
		{"", "", ""},
	} {
		if text, from := Note822([]byte(c.in)); text != c.text || from != c.from {
			t.Errorf("%q: %q from %q", c.in, text, from)
		}
	}
}
