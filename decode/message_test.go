package decode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// read makes a message of a line and, behind "|", its payload.
func read(from Sender, role Role, dialect int, in string) *Message {
	raw := []byte(strings.Replace(in, "|", "\r\n", 1))
	if !strings.Contains(in, "|") {
		raw = append(raw, "\r\n"...)
	}
	line := strings.IndexByte(string(raw), '\r')
	m := new(Message)
	m.Decode(&Frame{Raw: raw, LineLen: line, EOL: 2}, from, role, dialect)
	return m
}

// The names and values of a line's parameters: a repeated one is several fields of one
// name and one value; what the table does not have is counted from 1.
func TestFields(t *testing.T) {
	for _, tt := range []struct {
		from Sender
		line string
		want string
	}{
		{Client, "PNG", ""},
		{Client, "VER 1 MSNP7 CVR0", "trid=1 dialects=MSNP7 dialects=CVR0"},
		{Client, "INF 2 x y", "trid=2 extra1=x extra2=y"},
		{Client, "ZZZ 1 x", "extra1=1 extra2=x"},
		{Client, "OUT x", "extra1=x"},
		{Server, "911 7", "trid=7"},
		{Server, "NLN bob@example.com Bob 1 2 3 4", "status=bob@example.com handle=Bob network=1 friendly=2 capabilities=3 msnobj=4"},
		{Client, "CHG NLN 5", "status=NLN capabilities=5"},
		{Client, "INF  4", "trid=4"},
	} {
		var got []string
		m := read(tt.from, 0, 0, tt.line)
		for _, f := range m.Fields() {
			got = append(got, f.Name+"="+string(f.Raw))
		}
		if s := strings.Join(got, " "); s != tt.want || m.Len() != len(got) {
			t.Errorf("%s: %s, want %s", tt.line, s, tt.want)
		}
	}
}

// What is asked of a message by name.
func TestMessageValues(t *testing.T) {
	m := read(Client, 0, 0, "VER 1 MSNP7 MSNP%36 CVR0")
	if v, ok := m.Value("dialects"); !ok || v != "MSNP7 MSNP%36 CVR0" {
		t.Errorf("%q, %v", v, ok)
	}
	if raw := m.Raw("dialects"); string(raw) != "MSNP7" {
		t.Errorf("%q", raw)
	}
	for _, tt := range []struct {
		line, name, want string
		ok               bool
	}{
		{"REA 25 alice@example.com Alice%20B", "friendly", "Alice B", true},
		{"REA 25 alice@example.com Alice%20B", "handle", "alice@example.com", true},
		{"REA 25 alice@example.com Alice\xff", "friendly", "Alice\ufffd", true},
		{"REA 25 alice@example.com", "friendly", "", false},
		{"ADD 12 FL bob@example.com Bob", "group", "", false},
		{"ADD 12 FL bob@example.com Bob 2", "group", "2", true},
		{"ADD 12 FL bob@example.com Bob", "nothing", "", false},
		{"ZZZ 1", "trid", "", false},
	} {
		m := read(Client, 0, 0, tt.line)
		if v, ok := m.Value(tt.name); v != tt.want || ok != tt.ok {
			t.Errorf("%s: %s is %q, %v", tt.line, tt.name, v, ok)
		}
		if ok := m.Raw(tt.name) != nil; ok != tt.ok {
			t.Errorf("%s: raw %s: %v", tt.line, tt.name, ok)
		}
	}
	if f := (Field{Raw: []byte("a%20b")}); f.Value() != "a%20b" || f.Means() != "" {
		t.Errorf("a field that the table does not have: %q, %q", f.Value(), f.Means())
	}
	for line, want := range map[string]string{"CHG 9 BSY": "busy", "CHG 9 NLN": "online", "REA 1 a@b A": ""} {
		m := read(Client, 0, 0, line)
		if got := m.Field(1).Means(); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// A TrID has 32 bits.
func TestTrID(t *testing.T) {
	for _, tt := range []struct {
		line string
		want uint32
		ok   bool
	}{
		{"INF 0", 0, true}, {"INF 4294967295", 4294967295, true}, {"INF 4294967296", 0, false},
		{"INF x", 0, false}, {"INF", 0, false}, {"PNG", 0, false}, {"CHG NLN", 0, false}, {"ZZZ 1", 0, false}, {"OUT 1", 0, false},
	} {
		if n, ok := read(Client, 0, 0, tt.line).TrID(); n != tt.want || ok != tt.ok {
			t.Errorf("%s: %d, %v", tt.line, n, ok)
		}
	}
}

// What is said of a message as a whole.
func TestMessageIs(t *testing.T) {
	for _, tt := range []struct {
		from                  Sender
		in, name, code        string
		fits, spaced, refuses bool
		payload               string // its kind; none: there is none
	}{
		{Client, "PNG", "PNG", "", true, false, false, "none"},
		{Client, "PNG ", "PNG", "", true, true, false, "none"},
		{Client, "INF  4", "INF", "", true, true, false, "none"},
		{Client, "INF x", "INF", "", false, false, false, "none"},
		{Client, "INF ", "INF", "", false, true, false, "none"},
		{Server, "911 7", "911", "911", true, false, true, "none"},
		{Server, "NAK 7", "NAK", "", true, false, true, "none"},
		{Server, "ACK 7", "ACK", "", true, false, false, "none"},
		{Client, "ACK 7", "ACK", "", false, false, false, "none"},
		{Client, "ZZZ 7", "ZZZ", "", false, false, false, "none"},
		{Client, "ZZZ 7 CON 1|x", "ZZZ", "", false, false, false, "opaque"},
		{Server, "MSG a@b A 1|x", "MSG", "", true, false, false, "mime"},
		{Server, "MSG a@b A 0|", "MSG", "", true, false, false, "none"},
		{Server, "241 12 5|<ml/>", "241", "241", true, false, true, "xml"},
	} {
		m := read(tt.from, 0, 0, tt.in)
		if m.Name() != tt.name || m.Error() != tt.code || m.Fits() != tt.fits || m.Spaced() != tt.spaced || m.Refuses() != tt.refuses {
			t.Errorf("%s: %s, %q, fits %v, spaced %v, refuses %v", tt.in, m.Name(), m.Error(), m.Fits(), m.Spaced(), m.Refuses())
		}
		p := m.Payload()
		if got := p != nil; got != (tt.payload != "none") {
			t.Errorf("%s: payload %v", tt.in, p)
		}
		if kind := string(m.payloadKind()); tt.payload != "none" && kind != tt.payload {
			t.Errorf("%s: payload of kind %q", tt.in, kind)
		}
		if p != m.Payload() {
			t.Errorf("%s: decoded twice", tt.in)
		}
	}
	var m Message
	m.Decode(&Frame{}, Client, 0, 0)
	if m.Verb != nil || m.Name() != "" || m.Len() != 0 {
		t.Errorf("of nothing: %v", m.Verb)
	}
	m.Decode(&Frame{Kind: Opaque, Raw: []byte("MSG a b 3")}, Client, 0, 0)
	if m.Payload() != nil || m.Verb != nil {
		t.Error("opaque bytes have a payload")
	}
}

// Of rows that fit equally the first is meant; role and dialect decide where several
// might be, also in a line that lacks something.
func TestChoose(t *testing.T) {
	for _, tt := range []struct {
		from    Sender
		role    Role
		dialect int
		line    string
		want    string
	}{
		{Client, 0, 0, "REM 13 FL bob@example.com", "REM TrID list handle {group}"},
		{Client, NS, 21, "REM 13 FL bob@example.com", "REM TrID list handle {group}"},
		{Client, NS, 11, "REM 13 FL 1111-2222", "REM TrID FL guid {group}"},
		{Server, NS, 7, "USR 1 OK alice@example.com Alice", "USR TrID OK handle friendly {verified}"},
		{Server, SB, 7, "USR 1 OK alice@example.com Alice", "USR TrID OK handle friendly"},
		{Server, NS, 7, "USR OK alice@example.com Alice", "USR TrID OK handle friendly {verified}"},
		{Server, SB, 7, "USR OK alice@example.com Alice", "USR TrID OK handle friendly"},
		{Server, NS, 7, "INF 2 MD5", "INF TrID packages..."},
		{Server, NS, 8, "SYN 8 9 2 1", "SYN TrID listver contacts groups"},
		{Server, NS, 7, "SYN 8 9", "SYN TrID listver"},
	} {
		m := read(tt.from, tt.role, tt.dialect, tt.line)
		if m.Form == nil || m.Form.Usage() != tt.want {
			t.Errorf("%s to %s, MSNP%d: %v", tt.line, tt.role, tt.dialect, m.Form.Usage())
		}
	}
}

// What values of a kind look like: what just fits, and what just does not.
func TestKindsFit(t *testing.T) {
	for kind, tt := range map[string]struct{ fit, not []string }{
		"trid":      {[]string{"0", "1234567890", "9"}, []string{"", "12345678901", "1a", "-1", "/", ":"}},
		"groups":    {[]string{"0", "0,3", ","}, []string{"", "0 3", "a"}},
		"flag":      {[]string{"0", "1"}, []string{"", "2", "00", "01"}},
		"handle":    {[]string{"a@b", "Hotmail", "tel:+15550100", "1:a@b", "a@"}, []string{"", "@b", "bob", "hotmail", "tel"}},
		"address":   {[]string{"a", "a:1", "a:0", "a:65535", "z:1863", "A-Z.9:1", "0.0.0.0", "[::1]:1863", "[::1]", "*.x", "a_b", "a%b", "Z", "9"}, []string{"", ":1", "a:", "a:65536", "a:x", "a;1", "a/b", "a@b", "`", "{", "@", "\\", "^"}},
		"status":    {[]string{"NLN", "AAA", "ZZZ"}, []string{"", "NL", "NLNN", "nln", "N@N", "N[N"}},
		"property":  {[]string{"PHH"}, []string{"PH", "ph1"}},
		"list":      {[]string{"FL", "AL", "BL", "RL", "PL"}, []string{"", "XL", "fl"}},
		"dialect":   {[]string{"MSNP2", "MSNP21", "MSNP999", "msnp7", "CVR0", "CVRO", "cvr0"}, []string{"", "MSNP", "MSNP1000", "MSNPx", "CVR1", "7"}},
		"listbits":  {[]string{"0", "11", "4294967295"}, []string{"", "x", "-1", "42949672950"}},
		"machine":   {[]string{"{0f0e0d0c-0b0a-0908-0706-050403020100}", "0F0E0D0C-0B0A-0908-0706-050403020100"}, []string{"", "{0f0e0d0c}", "HAAAAAEAAAAD"}},
		"blob":      {[]string{"HAAAAAEAAAAD", "x"}, []string{"", "{0f0e0d0c-0b0a-0908-0706-050403020100}"}},
		"namespace": {[]string{"CON", "MSGR", `CON\USER`}, []string{"", "CONX", "con", "OK"}},
		"lcid":      {[]string{"0x1", "0x0409", "0X0409", "1033"}, []string{"", "0x", "x0409", "1x0409", "en"}},
		"number":    {[]string{"0"}, []string{"x"}},
	} {
		k := kinds[kind]
		for _, v := range tt.fit {
			if !k.fit([]byte(v)) {
				t.Errorf("%s: %q does not fit", kind, v)
			}
		}
		for _, v := range tt.not {
			if k.fit([]byte(v)) {
				t.Errorf("%s: %q fits", kind, v)
			}
		}
	}
}

// The words behind codes: a few of each kind, and that of codes nobody knows.
func TestMeanings(t *testing.T) {
	for kind, words := range map[string]map[string]string{
		"status":   {"BSY": "busy", "XYZ": "online, in a state not known here"},
		"list":     {"FL": "forward list: my contacts", "AL": "allow list: may see and call me", "BL": "block list: may not", "RL": "reverse list: have me in their forward list", "PL": "pending list", "XL": ""},
		"property": {"PHH": "home phone", "PHW": "work phone", "PHM": "mobile phone", "MOB": "contacts may page the mobile (Y/N)", "MBE": "mobile device is set up (Y/N)", "WWE": "web watch", "MFN": "friendly name", "HSB": "has a blog", "X": ""},
		"flag":     {"1": "yes", "0": "no"},
		"package":  {"MD5": "MD5 of challenge and password", "CTP": "clear text password", "TWN": "Passport ticket (Tweener)", "SSO": "single sign-on ticket", "SHA": "circle ticket", "CKI": "cookie", "X": ""},
		"word":     {"I": "initiate", "S": "subsequent", "OK": "accepted", "NS": "notification server", "SB": "switchboard", "RINGING": "the server is calling", "CKI": "cookie", "X": ""},
		"prompt":   {"A": "ask", "N": "allow silently", "X": ""},
		"privacy":  {"AL": "allow everybody but the block list", "BL": "allow only the allow list", "X": ""},
		"ack":      {"U": "no answer", "N": "NAK on failure", "A": "ACK, or NAK on failure", "D": "ACK or an error (peer-to-peer data)", "X": ""},
		"reason":   {"OTH": "signed in elsewhere", "SSD": "server is shutting down", "MIG": "account is being moved", "TOU": "terms of use not accepted", "RCT": "reconnect later", "X": ""},
		"code":     {"16777987": "sent", "16777989": "received", "2147942405": "disk full", "2164261682": "cancelled", "2164261694": "timed out", "1": ""},
		"service":  {"PASSWORD": "change the password", "INBOX": "mailbox", "COMPOSE": "write a mail", "MESSAGE": "read a mail", "FOLDERS": "mail folders", "PERSON": "own profile", "PROFILE": "edit the profile", "MOBILE": "mobile settings", "CHGMOB": "change the mobile", "CHAT": "chat rooms", "N2PACCOUNT": "phone account", "N2PFUND": "phone credit", "ADDRBOOK": "address book", "ADVSEARCH": "advanced search", "INTSEARCH": "search by interest", "X": ""},
		"os":       {"win": "Windows 95, 98, ME", "winnt": "Windows NT and later", "mac": "Mac OS", "macosx": "Mac OS", "X": ""},
		"network":  {"1": "Messenger", "2": "Office Communicator", "4": "telephone", "8": "mobile network", "9": "circle", "13": "Facebook", "32": "Yahoo", "0": ""},
		"lcid":     {"0x0409": "English (US)", "0X0407": "German", "1033": "English (US)", "0409": "", "x": "", "0x100000409": ""},
		"friendly": {"Bob": ""},
	} {
		for v, want := range words {
			if got := kinds[kind].Means(v); got != want {
				t.Errorf("%s %s: %q, want %q", kind, v, got, want)
			}
		}
	}
	got := fmt.Sprint(Role(0), DS, NS, SB, FTP, DS|NS, NS|SB, " ", RedirectKind(0), RedirectNS, RedirectSB, RedirectRNG, " ", Passed, Withheld, Injected, " ", Maybe, Yes, No)
	if want := "? DS NS SB MSNFTP DS/NS ? none XFR NS XFR SB RNG passed withheld injected maybe yes no"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Error codes have names, and the table tells how commands are refused.
func TestErrorNames(t *testing.T) {
	if ErrorName("911") != "authentication failed" || ErrorName("999") != "" || ErrorCodes()["911"] != ErrorName("911") {
		t.Error("911 or 999")
	}
	for line, want := range map[string]bool{"911": true, "911 7": true, "91": false, "999": false, "": false} {
		if errorKnown([]byte(line)) != want {
			t.Errorf("%q is known: %v", line, !want)
		}
	}
	for name, want := range map[string]string{"ZZZ": "200", "PNG": "502", "USR": "911", "CAL": "217"} {
		if got := RefusalOf(name); got != want {
			t.Errorf("%s is refused by %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"PNG": "PNG", "911": "error", "ZZZ": "", "PN": "", "PNGX": "", "9A1": "", "91A": "", "A11": ""} {
		got := ""
		if v := LookupVerb(name); v != nil {
			got = v.Name
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(Verbs()) != len(verbs) {
		t.Error("the table has other verbs")
	}
}

// What becomes of a message that a proxy changes or keeps.
func TestArrived(t *testing.T) {
	m := read(Server, NS, 7, "XFR 3 NS 10.0.0.5:1863")
	if m.Arrived() != m {
		t.Error("passed: another message arrived")
	}
	m.sent = []byte("XFR 3 NS 127.0.0.1:1863\r\n")
	a := m.Arrived()
	if a == nil || string(a.Raw("address")) != "127.0.0.1:1863" || m.Arrived() != a {
		t.Errorf("rewritten: %v", a)
	}
	for _, sent := range []string{"", "XFR 3", "PNG\r\nPNG\r\n"} {
		m := read(Server, NS, 7, "XFR 3 NS 10.0.0.5:1863")
		if m.sent = []byte(sent); m.Arrived() != nil {
			t.Errorf("%q is one frame", sent)
		}
	}
	m.Fate = Withheld
	if m.Arrived() != nil {
		t.Error("withheld, and arrived")
	}
}

// All names and values of a message, also within its payload and its pictures.
func TestNodes(t *testing.T) {
	for in, want := range map[string]string{
		"PNG": "",
		"MSG a@b A 28|Content-Type: text/plain\r\n\r\n":             "Content-Type=text/plain",
		"NLN BSY a@b 1 A 5 %3Cmsnobj%20Creator%3D%22a%40b%22%2F%3E": "Creator=a@b",
	} {
		var got []string
		for name, value := range read(Server, 0, 0, in).Nodes() {
			if value != "" {
				got = append(got, name+"="+value)
			}
		}
		if s := strings.Join(got, " "); !strings.Contains(s, want) || want == "" && s != "" {
			t.Errorf("%s: %s, want %s", in, s, want)
		}
		n := 0
		for range read(Server, 0, 0, in).Nodes() {
			n++
			break
		}
		if n != min(1, len(got)) {
			t.Errorf("%s: %d at first", in, n)
		}
	}
}

// Summaries: of what is no command, and what is left out where it is not there.
func TestSummary(t *testing.T) {
	for _, tt := range []struct {
		fr   Frame
		want string
	}{
		{Frame{Kind: Blank, Raw: []byte("\r\n")}, "empty line"},
		{Frame{Kind: Block, Raw: []byte("\x00\x02\x00ab")}, "block of the file, 2 bytes"},
		{Frame{Kind: Block, Raw: []byte("\x01\x00\x00")}, "end of the file's blocks"},
		{Frame{Kind: Block, Raw: []byte("\x01")}, "end of the file's blocks"},
		{Frame{Kind: Block}, "block of the file, 0 bytes"},
		{Frame{Kind: Opaque, Raw: []byte("a")}, "1 byte that is no MSNP"},
		{Frame{Kind: Opaque, Raw: []byte("ab")}, "2 bytes that are no MSNP"},
		{Frame{Kind: Opaque, Raw: []byte("ab"), Gap: true}, "2 bytes that are no MSNP"},
		{Frame{Raw: []byte("ZZZ 1 x"), LineLen: 7}, "1 x"},
		{Frame{Raw: []byte("ZZZ"), LineLen: 3}, ""},
		{Frame{Raw: []byte("ZZZ 1"), LineLen: 5}, "1"},
		{Frame{Raw: []byte("NLN BSY a@"), LineLen: 10, Gap: true}, "a@ (?) is busy… (cut)"},
		{Frame{Raw: []byte("NLN BSY a@"), LineLen: 10}, "a@ (?) is busy"},
		{Frame{Raw: []byte("PNG\r\n"), LineLen: 3, EOL: 2, Gap: true}, "are you there?"},
		{Frame{Raw: []byte("MSG a@b A 9\r\nx"), LineLen: 11, EOL: 2, Missing: 8, Gap: true}, "a@b: 1 of 9 bytes… (cut)"},
		{Frame{Raw: []byte("MSG a@b A 9\r\n"), LineLen: 11, EOL: 2, Missing: 9, Gap: true, Omitted: true}, "a@b: "},
		{Frame{Kind: Block, Raw: []byte("\x00\x02\x00a"), Missing: 1, Gap: true}, "block of the file, 1 bytes"},
	} {
		var m Message
		m.Decode(&tt.fr, Server, 0, 0)
		if m.Verb != nil && m.Name() == "PNG" {
			m.Decode(&tt.fr, Client, 0, 0)
		}
		if got := m.Summary(); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.fr.Raw, got, tt.want)
		}
	}
	for _, tt := range []struct {
		from       Sender
		line, want string
	}{
		{Client, "ADD 12 FL bob@example.com Bob", "bob@example.com to FL"},
		{Client, "ADD 12 FL bob@example.com Bob 2", "bob@example.com to FL, group 2"},
		{Client, "ADD 12 FL bob@example.com Bob 2 x y", "bob@example.com to FL, group 2 +2 more"},
		{Client, "PRP 10 PHH", "set PHH to empty"},
		{Client, "PRP 10 PHH 1%202", "set PHH to 1 2"},
		{Server, "911 7", "authentication failed"},
		{Server, "999 7", "error 999"},
		{Server, "217 5 not here", "not online, or does not accept messages: not here"},
		{Client, "VER 1 MSNP7 CVR0", "offers MSNP7 CVR0"},
		{Server, "INF 2 MD5 CTP X", "by MD5 CTP X"},
		{Server, "OUT SSD", "closes: server is shutting down"},
		{Server, "OUT XYZ", "closes: XYZ"},
		{Server, "OUT", "closes"},
	} {
		if got := read(tt.from, 0, 0, tt.line).Summary(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
		}
	}
	m := read(Server, 0, 0, "PNG")
	m.Decode(&Frame{Kind: Opaque, Raw: []byte("ab")}, Server, 0, 0)
	if m.Opening = (&Opening{Text: "a test"}); m.Summary() != "2 bytes that are no MSNP: a test" {
		t.Error(m.Summary())
	}
	if m.Opening = (&Opening{}); m.Summary() != "2 bytes that are no MSNP" {
		t.Error(m.Summary())
	}
}

// The notation of summaries and of rows: each part, and mistakes in it.
func TestNotations(t *testing.T) {
	params, err := parseSyntax("trid list handle:target? more:arg...?")
	if err != nil || len(params) != 4 || params[0].Optional || !params[2].Optional || !params[3].Repeat || params[2].Kind.Name != "target" {
		t.Fatalf("%+v, %v", params, err)
	}
	pieces, err := parseSummary("{trid}a{list=}[ {handle?}]{payload}", params)
	if err != nil || len(pieces) != 5 || pieces[1].text != "a" || !pieces[2].means || !pieces[3].group[1].empty || pieces[4].special != "payload" {
		t.Errorf("%+v, %v", pieces, err)
	}
	var got []string
	for _, s := range []string{"{trid", "[a", "{nobody}", "[{nobody}]", "{trid"} {
		_, err := parseSummary(s, params)
		got = append(got, fmt.Sprint(err))
	}
	for _, s := range []string{"nokind", "trid? list", "more:arg... list"} {
		_, err := parseSyntax(s)
		got = append(got, fmt.Sprint(err))
	}
	want := []string{"no }", "no ]", `no parameter "nobody"`, `no parameter "nobody"`, "no }",
		`no kind "nokind"`, "list follows an optional parameter", "list follows a repeated parameter"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, v := range verbs {
		for i := range v.Forms {
			if v.Forms[i].Meaning == "" {
				t.Errorf("%s has no meaning", v.Forms[i].Usage())
			}
		}
	}
	if f := LookupVerb("IRO").Forms[0]; f.Meaning != "somebody who is in the conversation already" {
		t.Errorf("a row without a meaning of its own: %q", f.Meaning)
	}
	if f := LookupVerb("GTC").Forms[0]; f.Meaning != "sets it" {
		t.Errorf("a row with one: %q", f.Meaning)
	}
}
