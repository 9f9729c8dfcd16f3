package payload

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each bound where it is reached, and one beyond.
func TestLimits(t *testing.T) {
	const oim = "Content-Type: text/x-msmsgsoimnotification\r\n\r\n"
	attributes := func(n int) string { return "<a " + strings.Repeat(`b="1" `, n) + "/>" }
	nested := func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }
	// The first piece of an element's text may be longer.
	pieces := func(a, b int) string {
		return "<a>" + strings.Repeat("x", a) + "<!-- -->" + strings.Repeat("y", b) + "</a>"
	}
	for _, tt := range []struct {
		name     string
		kind     Kind
		in       string
		problems string
	}{
		{"4096 headers", MIME, strings.Repeat("a:b\n", 4096), ""},
		{"4097 headers", MIME, strings.Repeat("a:b\n", 4097), "more than 4096 headers: the rest is left out"},
		{"headers and keys", MIME, oim + strings.Repeat("a:b\n", 4096), "more than 4096 headers: the rest is left out"},
		{"4096 pieces of XML", XML, strings.Repeat("<a/>", 2048), ""},
		{"4097 pieces of XML", XML, strings.Repeat("<a/>", 2048) + "x", "more than 4096 pieces of XML: the rest is left out"},
		{"4094 attributes", XML, attributes(4094), ""}, // one piece is the beginning, one the end
		{"4095 attributes", XML, attributes(4095), "more than 4096 pieces of XML: the rest is left out; XML element \"a\" has no end"},
		{"32 elements deep", XML, nested(32), ""},
		{"33 elements deep", XML, nested(33), "XML is nested more than 32 deep; XML end tag \"a\" without a beginning"},
		{"16 KiB of text in pieces", XML, pieces(16383, 1), ""},
		{"more than 16 KiB of text in pieces", XML, pieces(16384, 1), `long text of XML element "a" is cut short`},
		{"one piece of text", XML, pieces(20000, 0), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(Decode(tt.kind, []byte(tt.in)).Problems, "; "); got != tt.problems {
				t.Errorf("problems %q, want %q", got, tt.problems)
			}
		})
	}
	for given, want := range map[int]int{4094: 4094, 4095: 4095, 4096: 4095} {
		if n := len(Decode(XML, []byte(attributes(given))).Nodes[0].Children); n != want {
			t.Errorf("%d of %d attributes, want %d", n, given, want)
		}
	}
	if a := Decode(XML, []byte(pieces(16384, 1))).Nodes[0]; a.Value != strings.Repeat("x", 16384) {
		t.Errorf("%d bytes of text", len(a.Value))
	}
	for given, want := range map[int]int{15: 15, 16: 16, 17: 16} {
		if n := len(Decode(MIME, []byte(strings.Repeat("no colon\r\n", given))).Problems); n != want {
			t.Errorf("%d lines without a colon: %d problems, want %d", given, n, want)
		}
	}
	for given, want := range map[int]int{32: 32, 33: 32} {
		p := Decode(MIME, []byte("X-MMS-IM-Format: "+strings.Repeat("CO=0; ", given)))
		if n := len(p.Nodes[0].Children); n != want {
			t.Errorf("%d of %d pieces of a format, want %d", n, given, want)
		}
	}
	for given, want := range map[int]int{4095: 4095, 4096: 4096, 4097: 4096} {
		nodes, _ := Decode(MIME, []byte("Content-Type: text/x-mms-emoticon\r\n\r\n"+strings.Repeat("a\t", given))).Unfold()
		if n := len(nodes) - 1; n != want {
			t.Errorf("%d of %d emoticons, want %d", n, given, want)
		}
	}
}

// A value within a value, four times and five.
func TestNested(t *testing.T) {
	escape := strings.NewReplacer("<", "&lt;", "&", "&amp;")
	in := "<f/>"
	for _, name := range []string{"e", "d", "c", "b", "a"} {
		in = "<" + name + ">" + escape.Replace(in) + "</" + name + ">"
	}
	nodes, _ := Decode(XML, []byte(in)).Unfold()
	names := ""
	for n := nodes; len(n) == 1; n = n[0].Children {
		names += n[0].Name
	}
	if names != "abcde" {
		t.Errorf("opened as far as %s", names)
	}
}

// What the quick way says of a text is what Decode says, and costs nothing; where there
// are many headers it is not taken.
func TestQuick(t *testing.T) {
	headers := func(n int) string { return strings.Repeat("a:b\r\n", n) }
	const text, typing = "Content-Type: text/plain\r\n", "Content-Type: text/x-msmsgscontrol\r\n"
	for _, tt := range []struct {
		name, in, want string
		slow           bool
	}{
		{"text", text + "\r\nhi", `"hi"`, false},
		{"LF only", "Content-Type:text/plain\n\nhi", `"hi"`, false},
		{"nothing said", text + "\r\n", `""`, false},
		{"no empty line", text, `""`, true},
		{"63 headers", text + headers(62) + "\r\nhi", `"hi"`, false},
		{"64 headers", text + headers(63) + "\r\nhi", `"hi"`, true},
		{"5000 headers", text + headers(4999) + "\r\nhi", `""`, true},
		{"two types", "Content-Type: image/gif\r\n" + text + "\r\nhi", "image/gif, 2 bytes", true},
		{"one type twice", text + text + "\r\nhi", `"hi"`, true},
		{"no UTF-8", text + "\r\n\xe9", `"é"`, true},
		{"typing, the 64th header", typing + headers(62) + "TypingUser: a@example.com\r\n\r\n", "is typing", false},
		{"typing, the 65th header", typing + headers(63) + "TypingUser: a@example.com\r\n\r\n", "is typing", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, dst := []byte(tt.in), make([]byte, 0, 256)
			if got := string(AppendSummary(dst, MIME, b)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if got := Decode(MIME, b).Summary; got != tt.want {
				t.Errorf("decoded: %s, want %s", got, tt.want)
			}
			if n := testing.AllocsPerRun(3, func() { AppendSummary(dst, MIME, b) }); n > 0 != tt.slow {
				t.Errorf("%v allocations", n)
			}
		})
	}
	if got := string(AppendSummary(nil, Note, []byte(text+"\r\nhi"))); got != `"Content-Type: text/plain hi"` {
		t.Errorf("a note that looks like MIME: %s", got)
	}
}

// A text becomes one line of at most 120 bytes.
func TestQuote(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, tt := range []struct{ in, want string }{
		{"", `""`},
		{"a  b\r\n\tc", `"a b c"`},
		{" \n a ", `"a"`},
		{"!~\x7f\x01", "\"!~\x7f\x01\""},
		{"日\u3000本\u2028語", `"日 本 語"`},
		{"à la\u00a0carte", `"à la carte"`},
		{"\x80\xff", "\"\x80\xff\""},
		{x(120), `"` + x(120) + `"`},
		{x(120) + " ", `"` + x(120) + `"`},
		{x(121), `"` + x(120) + `..."`},
		{x(119) + " y", `"` + x(119) + ` ..."`},
		{x(1) + strings.Repeat("é", 60), `"x` + strings.Repeat("é", 59) + `..."`},
		{strings.Repeat("é", 60), `"` + strings.Repeat("é", 60) + `"`},
		{x(118) + "日", `"` + x(118) + `..."`},
		{x(117) + "日", `"` + x(117) + `日"`},
	} {
		if got := quote(tt.in); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.in, got, tt.want)
		}
		if got := string(appendQuote([]byte("a list: "), []byte(tt.in))); got != "a list: "+tt.want {
			t.Errorf("%q appended: %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestWalk(t *testing.T) {
	for _, tt := range []struct{ in, headers, body string }{
		{"a: b\r\nc:d\r\n\r\nx", "a=b c=d", "x"},
		{"a:\tb \t\n\nx:y\n", "a=b", "x:y\n"},
		{": b\r\n\r\n", "=b", ""},
		{"oops\r\na:\r\n\r\n", "oops a=", ""},
		{"\nx", "", "x"},
		{"a:b", "a=b", "none"},
		{"a:b\r\n", "a=b", "none"},
		{"", "", "none"},
	} {
		var got []string
		body := Walk([]byte(tt.in), func(name, value []byte) bool {
			if value == nil {
				got = append(got, string(name))
			} else {
				got = append(got, string(name)+"="+string(value))
			}
			return true
		})
		if all := strings.Join(got, " "); all != tt.headers {
			t.Errorf("%q: %s, want %s", tt.in, all, tt.headers)
		}
		if tt.body == "none" && len(body) > 0 || tt.body != "none" && (body == nil || string(body) != tt.body) {
			t.Errorf("%q: body %q, want %q", tt.in, body, tt.body)
		}
	}
	p := Decode(MIME, []byte(": b\r\n\r\n"))
	if diff := cmp.Diff("=b\n", dump(p.raw, p.Nodes, 0)); diff != "" || len(p.Problems) > 0 {
		t.Errorf("%v %s", p.Problems, diff)
	}
}

// Values that are numbers, at the bounds of what they can be.
func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		header, value, want string
	}{
		{"LoginTime", "-1", ""},
		{"LoginTime", "0", "1970-01-01 00:00:00 UTC"},
		{"LoginTime", "8589934592", "2242-03-16 12:56:32 UTC"},
		{"LoginTime", "8589934593", ""},
		{"LoginTime", "now", ""},
		{"MemberIdLow", "-2147483648", "0x80000000"},
		{"MemberIdLow", "-2147483649", ""},
		{"MemberIdHigh", "4294967295", "0xffffffff"},
		{"MemberIdHigh", "4294967296", ""},
		{"MemberIdHigh", "x", ""},
		{"ClientPort", "65535", "port 65535, or 65535 if its bytes are swapped"},
		{"ClientPort", "65536", ""},
		{"ClientPort", "1863", "port 1863, or 18183 if its bytes are swapped"},
		{"EmailEnabled", "1", "yes"},
		{"EmailEnabled", "0", "no"},
		{"EmailEnabled", "2", ""},
		{"lang_preference", "1033", "LCID, decimal"},
	} {
		p := Decode(MIME, []byte("Content-Type: text/x-msmsgsprofile\r\n"+tt.header+": "+tt.value+"\r\n\r\n"))
		if got := p.Nodes[1].Meaning; got != tt.want {
			t.Errorf("%s %s means %q, want %q", tt.header, tt.value, got, tt.want)
		}
	}
}

func TestFormatMeanings(t *testing.T) {
	in := "X-MMS-IM-Format: EF=USIx; EF=; EF=x; CO=0; CO=123456; CO=1000000; CO=zz; CS=DE; CS=9; RL=0; FN=a%2; FN=%zz%41%;=x; none; PF="
	p := Decode(MIME, []byte(in))
	want := `EF=USIx (underlined, struck out, italic)
EF= (no effects)
EF=x (no effects)
CO=0 (#000000)
CO=123456 (#563412)
CO=1000000
CO=zz
CS=DE (Thai)
CS=9
RL=0
FN=a%2 (font)
FN=%zzA% (font) <%zz%41%>
=x
PF= (pitch and family of the font)
`
	if diff := cmp.Diff(want, dump(p.raw, p.Nodes[0].Children, 0)); diff != "" {
		t.Error(diff)
	}
}

// XML is read as far as it goes, and each value stands where it is said to stand.
func TestLenientXML(t *testing.T) {
	for _, tt := range []struct{ in, summary, nodes, problems string }{
		{`<a><b></a>`, "a", "a=\n b=\n", `XML element "b" has no end`},
		{`<a><b></c></b></a>`, "a", "a=\n b=\n", `XML end tag "c" without a beginning`},
		{`<a/><<b`, `a "<<b"`, "a=\ntext=<<b\n", "XML is broken at byte 4: XML syntax error on line 1: expected element name after <"},
		{`<a><b>hi</b></a>`, `a "hi"`, "a=\n b=hi\n", ""},
		{`<a t="x"> <b/> <c> yes </c></a>`, `a "yes"`, "a=\n @t=x\n b=\n c= yes \n", ""},
		{`<a x="" y='' z=1>t</a>`, `a "t"`, "a=t\n @x=\n @y=\n @z=1\n", ""},
		{`<a x=1/>`, "a", "a=\n @x=1\n", ""},
		{`<a x="1&amp;2" x='3'/>`, "a", "a=\n @x=1&2 <1&amp;2>\n @x=3\n", ""},
		{`<wsse:a wsse:b="c"/>`, "wsse:a", "wsse:a=\n @wsse:b=c\n", ""},
		{`hello <a/>`, `text "hello"`, "text=hello \na=\n", ""},
		{``, "empty", "", ""},
	} {
		p := Decode(XML, []byte(tt.in))
		if diff := cmp.Diff(tt.nodes, dump(p.raw, p.Nodes, 0)); diff != "" {
			t.Errorf("%s:\n%s", tt.in, diff)
		}
		if got := strings.Join(p.Problems, "; "); got != tt.problems || p.Summary != tt.summary {
			t.Errorf("%s: %s, problems %s", tt.in, p.Summary, got)
		}
	}
	// Blanks around the =: the value is read, and has no place.
	if n := Decode(XML, []byte(`<a b = "c" d="e"/>`)).Nodes[0].Children; len(n) != 2 || n[0].Value != "c" || n[0].End != 0 || n[1].Value != "e" || n[1].End != 0 {
		t.Errorf("%+v", n)
	}
	// What stands in quotes begins and ends within them, also where it is empty.
	if n := Decode(XML, []byte(`<a b="" c="x"/>`)).Nodes[0].Children; n[0].Start != 6 || n[0].End != 6 || n[1].Start != 11 || n[1].End != 12 {
		t.Errorf("%+v", n)
	}
}

func TestMoreMail(t *testing.T) {
	word := func(n int) string { return "=?utf-8?Q?" + strings.Repeat("x", n-12) + "?=" }
	for _, tt := range []struct{ in, want string }{
		{"=?utf-8?Q?=C3=A9?=", "é"},
		{"=?windows-1251?B?z/Do4uXy?=", "Привет"},
		{`=?"utf-8"?q?a_b?=`, "a b"},
		{"=?utf-8?Q", "=?utf-8?Q"},
		{"=?utf-8?Q?", "=?utf-8?Q?"},
		{"=?utf-8?Q?x", "=?utf-8?Q?x"},
		{"=?utf-8??x?=", "=?utf-8??x?="},
		{"=?utf-8?QB?x?=", "=?utf-8?QB?x?="},
		{"=?martian?Q?x?=", "=?martian?Q?x?="},
		{"a =?utf-8?Q?b?= =?utf-8?Q?c?= d", "a bc d"},
		{"=?utf-8?Q?b?= =? =?utf-8?Q?c?=", "b =? c"},
		{word(1024), strings.Repeat("x", 1012)},
		{word(1025), word(1025)},
	} {
		p := Decode(MIME, []byte("Content-Type: text/x-msmsgsemailnotification\r\n\r\nFrom: b\r\nSubject: "+tt.in+"\r\n"))
		if p.Text != tt.want {
			t.Errorf("%q is %q, want %q", tt.in, p.Text, tt.want)
		}
	}
	for name, want := range map[string]string{"ACTIVE": "inbox", "trAsH": "trash", ".!!OIM": "offline messages", ".!!trAsH": "trash of offline messages", "x": ""} {
		p := Decode(MIME, []byte("Content-Type: text/x-msmsgsactivemailnotification\r\n\r\nSrc-Folder: "+name+"\r\nMessage-Delta: 1\r\n"))
		if got := p.Find("Src-Folder").Meaning; got != want {
			t.Errorf("%s means %q", name, got)
		}
	}
	for kind, want := range map[string]bool{
		"text/x-msmsgsemailnotification": true, "Application/X-MSMSGSEmailNotification ; charset=UTF-8": true, "text/x-msmsgsoimnotification": true,
		"text/x-msmsgsinitialemailnotification": false, "text/x-msmsgsactivemailnotification": false, "text/plain": false, "": false,
	} {
		if got := NewMail([]byte("Content-Type: " + kind + "\r\n\r\n")); got != want {
			t.Errorf("%s tells of new mail: %v", kind, got)
		}
	}
	if got := Decode(MIME, []byte("Content-Type: text/x-msmsgsinitialemailnotification\r\n\r\nInbox-Unread: 1\r\n")).Summary; got != "mailbox: 1 unread, 0 in other folders" {
		t.Error(got)
	}
}

// Meanings and summaries of what is seldom sent.
func TestSummaries(t *testing.T) {
	for _, tt := range []struct{ in, summary, problems string }{
		{"text/x-msmsgsinvite|Invitation-Command: INVITE|Application-File: a.txt|", "invites to something: a.txt, ? bytes", ""},
		{"text/x-msmsgsinvite|Invitation-Command: INVITE|Application-GUID: {44BBA842-CC51-11CF-AAFA-00AA00B6015C}|", "invites to NetMeeting", ""},
		{"text/x-msmsgsinvite|Invitation-Command: INVITE|Application-Name: Chess|", "invites to Chess", ""},
		{"text/x-msmsgsinvite|Invitation-Command: accept|Invitation-Cookie: 1|IP-Address: 10.0.0.9|", "accepts invitation 1, at 10.0.0.9", ""},
		{"text/x-msmsgsinvite|Invitation-Command: ACCEPT|Invitation-Cookie: 1|Port: 6891|", "accepts invitation 1", ""},
		{"text/x-msmsgsinvite|Invitation-Command: CANCEL|Invitation-Cookie: 1|Cancel-Code: ODD|", "cancels invitation 1: ODD", ""},
		{"text/x-msmsgsinvite|Invitation-Command: CANCEL|Invitation-Cookie: 1|", "cancels invitation 1", ""},
		{"text/x-msmsgsinvite|x: y|", "invitation: no command", `Invitation-Command is "", not INVITE, ACCEPT or CANCEL`},
		{"text/x-msnmsgr-datacast|ID: 1|", "nudge", ""},
		{"text/x-msnmsgr-datacast|ID: 4|", "action", ""},
		{"text/x-msnmsgr-datacast|ID: 9|", "text/x-msnmsgr-datacast, 7 bytes", ""},
		{"text/x-msnmsgr-datacast|Data: 1|", "text/x-msnmsgr-datacast, 9 bytes", ""},
		{"text/x-msmsgssystemmessage|Type: 1|", "server goes down in some minutes", ""},
		{"text/x-msmsgssystemmessage|Type: 2|", "system message of type 2", ""},
		{"text/x-msmsgssystemmessage|", "system message of type (none)", ""},
		{"text/x-msmsgsprofile|x", "profile", "1 bytes after the headers of a profile"},
		{"text/x-msmsgscontrol|", "text/x-msmsgscontrol, 0 bytes", "neither TypingUser nor RecordingUser"},
		{"text/html|<b>hi</b>", `"<b>hi</b>"`, ""},
		{"|hi", "no content type, 2 bytes", ""},
	} {
		kind, body, _ := strings.Cut(tt.in, "|")
		p := Decode(MIME, []byte("Content-Type: "+kind+"\r\n\r\n"+strings.ReplaceAll(body, "|", "\r\n")))
		if got := strings.Join(p.Problems, "; "); p.Summary != tt.summary || got != tt.problems {
			t.Errorf("%s: %q, problems %q", tt.in, p.Summary, got)
		}
	}
	for _, tt := range []struct{ key, want string }{
		{"Connectivity: N", "can't accept connections"}, {"Connectivity: Y", ""}, {"Sender-Connect: TRUE", "the receiver listens"},
		{"Request-Data: Port:", "asks for these keys"}, {"Application-FileSize: 7", "bytes"},
	} {
		p := Decode(MIME, []byte("Content-Type: text/x-msmsgsinvite\r\n\r\nInvitation-Command: INVITE\r\n"+tt.key+"\r\n"))
		if got := p.Nodes[2].Meaning; got != tt.want {
			t.Errorf("%s means %q", tt.key, got)
		}
	}
	for name, want := range map[string]string{"Roster: 1": "switchboard session and address", "recordinguser: a": "who is at it", "X: y": ""} {
		if got := Decode(MIME, []byte(name+"\r\n\r\n")).Nodes[0].Meaning; got != want {
			t.Errorf("%s means %q", name, got)
		}
	}
	p := Decode(MIME, []byte("Content-Type: text/x-msnmsgr-datacast\r\n\r\nID: 3\r\n"))
	if got := p.Find("id").Meaning; got != "voice clip" || p.Len() != 48 {
		t.Errorf("%s, %d bytes", got, p.Len())
	}
}

// The text of what has no decoder is shown if it is one.
func TestOther(t *testing.T) {
	for in, want := range map[string]string{"a b": "a b", "a\tb\r\n": "a\tb\r\n", "a\x1fb": "", "a\x00": "", "": ""} {
		p := Decode(MIME, []byte("Content-Type: x/y; charset=\"UTF-8\"; z\r\n\r\n"+in))
		if p.Text != want || p.Charset != "utf-8" {
			t.Errorf("%q: text %q, charset %s", in, p.Text, p.Charset)
		}
		if p := Decode(Opaque, []byte(in)); p.Text != want || p.Summary != fmt.Sprintf("%d bytes", len(in)) {
			t.Errorf("%q: text %q, %s", in, p.Text, p.Summary)
		}
	}
	if p := Decode(MIME, []byte("Content-Type: x/y\r\n\r\n")); p.Charset != "" {
		t.Errorf("the charset of no text is %s", p.Charset)
	}
	// A text that its charset does not allow is read with marks where it fails.
	p := Decode(MIME, []byte("Content-Type: text/plain; charset=utf8\r\n\r\na\xffb"))
	if p.Text != "a\ufffdb" || len(p.Problems) != 1 {
		t.Errorf("%q %q", p.Text, p.Problems)
	}
}

func TestFriendlyOfObject(t *testing.T) {
	for in, want := range map[string]string{
		"h\x00i\x00\x00\x00x\x00": "hi", "h\x00i\x00": "hi", "h\x00i": "h", "": "", "=\xd8\x00\xde": "😀",
	} {
		object := `<msnobj Size="1" Type="3" Friendly="` + base64.StdEncoding.EncodeToString([]byte(in)) + `"/>`
		n := Object([]byte(object))
		if len(n) != 3 || n[2].Meaning != want || n[1].Meaning != "display picture" || n[0].Meaning != "bytes" {
			t.Errorf("%q: %+v", in, n)
		}
	}
	if n := Object([]byte(`<msnobj Friendly="?"/>`)); n[0].Meaning != "" {
		t.Errorf("%+v", n)
	}
	if n := Object([]byte("<other/>")); len(n) != 1 || n[0].Name != "other" {
		t.Errorf("%+v", n)
	}
}

// What Unfold finds, whole.
func TestUnfoldWhole(t *testing.T) {
	const routing = "Routing: 1.0\r\nTo: 1:bob@example.com\r\n\r\nReliability: 1.0\r\n\r\n"
	const routed = "Routing=1.0\nTo=1:bob@example.com\n network=1 (Messenger)\n handle=bob@example.com\nReliability=1.0\n"
	for _, tt := range []struct {
		name string
		kind Kind
		in   string
		want string
	}{
		{"MSNP18, a text", MIME, routing + "Messaging: 2.0\r\n\r\nhi", routed + "Messaging=2.0\n"},
		{"MSNP18, no body", MIME, routing + "Messaging: 2.0\r\n\r\n", routed + "Messaging=2.0\n"},
		{"MSNP18, bytes", MIME, routing + "Messaging: 2.0\r\n\r\n\x00\x01", routed + "Messaging=2.0\nbody=2 bytes <\x00\x01>\n"},
		{"MSNP18, XML", MIME, routing + "Publication: 1.0\r\n\r\n<a>b</a>", routed + "Publication=1.0\na=b\n"},
		{"no such block first", MIME, "X: 1\r\n\r\nReliability: 1.0\r\n\r\n", "X=1\n"},
		{"no headers", MIME, "\r\n\x00", ""},
		{"emoticons", MIME, "Content-Type: text/x-mms-animemoticon\r\n\r\n:)\t<a/>\t\t<b/>", "Content-Type=text/x-mms-animemoticon\nshortcut=:)\npicture=<a/>\n a=\nshortcut=\npicture=<b/>\n b=\n"},
		{"the shortest XML", XML, "<x>&lt;a/></x>", "x=<a/> <&lt;a/>>\n a=\n"},
		{"no XML", XML, "<x>&lt;a</x>", "x=<a <&lt;a>\n"},
		{"a note", Note, "<a/>", "a=\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nodes, _ := Decode(tt.kind, []byte(tt.in)).Unfold()
			if diff := cmp.Diff(tt.want, dump([]byte(tt.in), nodes, 0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string][2]bool{ // volatile, secret
		"LoginTime": {true, false}, "MSPAuth": {true, true}, "authcookie": {true, true}, "Subject": {false, false},
		"set-cookie": {true, true}, "RESPONSE": {true, false},
	} {
		if Volatile(name) != want[0] || Secret(name) != want[1] {
			t.Errorf("%s: volatile %v, secret %v", name, Volatile(name), Secret(name))
		}
	}
	for name, want := range map[string]string{"Invitation-Cookie": "invitation", "Session-ID": "invitation session", "AuthCookie": "cookie", "Port": "", "Subject": ""} {
		if got := Linked(name); got != want {
			t.Errorf("%s is of the class %q", name, got)
		}
	}
}

// Many beginnings of encoded words, none of which ends.
func TestBigWords(t *testing.T) {
	for _, s := range []string{"=?a?Q?x", "=?a?Q", "=?"} {
		big := append([]byte("Content-Type: text/x-msmsgsemailnotification\r\n\r\nFrom: "), bytes.Repeat([]byte(s), 1<<20/len(s))...)
		check(t, MIME, big)
	}
}
