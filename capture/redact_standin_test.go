package capture

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"msnproxy/decode"
)

// everything is all that a redacted record says.
func everything(records []Record) []byte {
	var b bytes.Buffer
	for i := range records {
		r := &records[i]
		b.Write(r.Frame.Raw)
		b.Write(r.Sent)
		fmt.Fprintln(&b, r.Text)
		if r.Conn != nil {
			fmt.Fprintln(&b, r.Conn.Client, r.Conn.Server, r.Conn.Via)
		}
	}
	return b.Bytes()
}

// A recording that has a marked word or number in every place that can hold one: no
// mark is left, whatever its spelling.
func TestRedactCanary(t *testing.T) {
	all := []string{"canary", "15551234567", "5551234", "(555)", "24.111.111", "90210", "33267", "1.2.3.4", "ns.example.com", "alice@canary"}
	secrets := []string{"507canarysid", "4canarykv", "AAcanaryauth", "aaaabbbbccccddddeeeeffff0000", "P4$$", "w0rd", "!!@@##", "canaryticket", "canaryprofile",
		"17canarycookie", "18canarycookie", "93301canary", "canarysso", "canarynonce", "canarytoken", "canarycutauth"}
	for _, test := range []struct {
		all  bool
		gone []string
	}{{true, append(all, secrets...)}, {false, secrets}} {
		_, after, _, _ := redactAll(t, filepath.Join("testdata", "redact_canary.txt"), test.all)
		left := bytes.ToLower(everything(after))
		for _, s := range test.gone {
			for how, spelled := range spellings(s) {
				if !test.all && strings.HasPrefix(how, "Base64") {
					continue // names, which stay then, begin alike
				}
				if i := bytes.Index(left, bytes.ToLower(spelled)); i >= 0 {
					t.Errorf("all %v: %q is left, %s: %q", test.all, s, how, left[max(0, i-40):min(len(left), i+40)])
				}
			}
		}
	}
}

// redactLine redacts one frame of the server's, or of the client's behind "C: ".
func redactLine(r *Redactor, raw string) string {
	from := decode.Server
	if rest, ok := strings.CutPrefix(raw, "C: "); ok {
		raw, from = rest, decode.Client
	}
	var f decode.Framer
	var fr decode.Frame
	f.Feed([]byte(raw + "\r\n"))
	f.Next(&fr)
	rec := Record{Kind: Data, Conn: &Conn{}, From: from, Frame: fr}
	r.Redact(&rec, 0, 0)
	return strings.TrimSuffix(string(rec.Frame.Raw), "\r\n")
}

// What is known to be public stays, all else gets a stand-in of the right kind.
func TestRedactLines(t *testing.T) {
	const guid = `\{[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}`
	red, err := NewRedactor(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ line, want string }{
		{"C: VER 1 MSNP7 MSNP6 CVR0", "VER 1 MSNP7 MSNP6 CVR0"},
		{"C: CVR 2 0x0409 win 4.10 i386 MSNMSGR 5.0.0544 MSMSGS bob@example.com", `CVR 2 0x0409 win 4\.10 i386 MSNMSGR 5\.0\.0544 MSMSGS person1@example\.net`},
		{"C: CVR 2 0x0409 bobos 4.x bobchip Bobclient 1.bob Bobbase bob@example.com", `CVR 2 0x0409 [a-z]+ [a-z]+ [a-z]+ [a-z]+ [a-z]+ [a-z]+ person1@example\.net`},
		{"C: USR 3 MD5 I BOB@example.com", `USR 3 MD5 I person1@example\.net`},
		{"C: USR 4 MD5 S 0123456789abcdef0123456789abcdef", `USR 4 MD5 S [0-9a-f]{32}`},
		{"C: USR 4 CTP S x", `USR 4 CTP S REDACTED[0-9a-f]{12}`},
		{"USR 3 MD5 S 1013928519.693957190", `USR 3 MD5 S 1013928519\.693957190`},
		{"XFR 3 NS 10.0.0.5:1863 0 10.0.0.6:1863", `XFR 3 NS 192\.0\.2\.1:1863 0 192\.0\.2\.2:1863`},
		{"XFR 3 SB 10.0.0.5:1864 CKI 17262740.1050826919.32308", `XFR 3 SB 192\.0\.2\.1:1864 CKI REDACTED[0-9a-f]{12}`},
		{"XFR 3 NS 127.0.0.1:1863 0 gateway.messenger.hotmail.com:80", `XFR 3 NS 127\.0\.0\.1:1863 0 gateway\.messenger\.hotmail\.com:80`},
		{"XFR 3 NS [2001:db8:1::5]:1863 0 bobs-box.example.org:1863", `XFR 3 NS \[2001:db8::3\]:1863 0 host1\.example:1863`},
		{"XFR 3 NS fe80::1%eth0 0", `XFR 3 NS 2001:db8::4 0`},
		{"XFR 3 NS 10.0.0.5;bob 0", `XFR 3 NS [a-z]+\.example 0`},
		{"CHG 9 NLN 268435456", `CHG 9 NLN 268435456`},
		{"ILN 9 NLN bob%40example.com Bob 0", `ILN 9 NLN person1@example\.net Name1 0`},
		{"NLN NLN 1:bob@example.com;{F52973B6-C926-4BAD-9BA8-7C1E840E4AB0} 1 Bob 2788999228:48", `NLN NLN 1:person1@example\.net;` + guid + ` 1 Name1 2788999228:48`},
		{"NLN NLN 9:x@live.com;via=9:00000000-0000-0000-0009-aaaaaaaaaaaa@live.com 1 Bob 0:0", `NLN NLN 9:person2@example\.net;via=9:person3@example\.net 1 Name1 0:0`},
		{"C: ADD 5 FL tel:+15557654321 bob", `ADD 5 FL tel:\+15550100001 Name\d+`},
		{"C: ADD 5 FL 15557654321 bob", `ADD 5 FL 15550100001 Name\d+`},
		{"C: ADD 5 FL 4:5557 bob", `ADD 5 FL 4:15550100002 Name\d+`},
		{"C: SND 9 3 0x0409 MSMSGS", `SND 9 3 0x0409 MSMSGS`},
		{"C: ADC 16 FL N=bob@example.com F=Bob", `ADC 16 FL N=person1@example\.net F=Name1`},
		{"C: ADC 16 FL C=f52973b6-c926-4bad-9ba8-7c1e840e4ab0 f52973b6-c926-4bad-9ba8-7c1e840e4ab0", `ADC 16 FL C=[0-9a-f-]{36} [0-9a-f-]{36}`},
		{"LST N=bob@example.com F=Bob C=f52973b6-c926-4bad-9ba8-7c1e840e4ab0 11 1 f52973b6-c926-4bad-9ba8-7c1e840e4ab0", `LST N=person1@example\.net F=Name1 C=[0-9a-f-]{36} 11 1 [0-9a-f-]{36}`},
		{"C: USR 4 SSO S t=abc&p= HAAAAAEAAAADZgAABIAA {f52973b6-c926-4bad-9ba8-7c1e840e4ab0}", `USR 4 SSO S REDACTED[0-9a-f]{12} REDACTED[0-9a-f]{12} ` + guid},
		{"USR 3 TWN S lc=1033,id=507,ru=bob", `USR 3 TWN S [a-z]+`},
		{"XFR 2 NS 127.0.0.1:1863 U D VmVyc2lvbjogMQ0K", `XFR 2 NS 127\.0\.0\.1:1863 U D VmVyc2lvbjogMQ0K`},
		{"C: FND 9 fname=Bob city=*", `FND 9 fname=[a-z]+ city=\*`},
		{"C: PRP 7 MOB Y", `PRP 7 MOB Y`},
		{"C: PRP 7 PHH 1%20(555)", `PRP 7 PHH 15550100003`},
		{"C: PRP 7 PHH 1-55.5", `PRP 7 PHH 15550100003`},
		{"C: PRP 7 PHH ext%20bob", `PRP 7 PHH [a-z]+%20[a-z]+`},
		{"C: PRP 7 PHH 555", `PRP 7 PHH [a-z]+`},
		{"PRP PHM tel%3A%2B15557654321", `PRP PHM tel:\+15550100001`},
		{"C: XYZ tel:+15557654321 +1-555-765-4321", `XYZ tel:\+15550100001 \+15550100001`},
		{"SYN 2 2005-04-23T18:57:44.8130000-07:00 bob", `SYN 2 2005-04-23T18:57:44\.8130000-07:00 [a-z]+`},
		{"URL 13 /cgi-bin/bob https://login.example/bob?u=bob%40example.com 2", `URL 13 /[a-z]+ https://site\.example/[a-z]+ 2`},
		{"C: XYZ 1234 bob 12 1234 bob@example.com 10.0.0.5 10.0.0.5:99", `XYZ 1234 [a-z]+ 12 \d{5} person1@example\.net 192\.0\.2\.1 192\.0\.2\.1:99`},
		{"C: XYZ 1234567890 9876", `XYZ \d{5} \d{5}`},
		{"PNG bob", `PNG [a-z]+`},
	} {
		got := redactLine(red, test.line)
		if !regexp.MustCompile(`^` + test.want + `$`).MatchString(got) {
			t.Errorf("%q became %q, want %s", test.line, got, test.want)
		}
	}
}

// The same end point has the same stand-in in a line and in a payload, in any case.
func TestRedactEndPoint(t *testing.T) {
	red, err := NewRedactor(true)
	if err != nil {
		t.Fatal(err)
	}
	bye := redactLine(red, "BYE bob@example.com;{f52973b6-c926-4bad-9ba8-7c1e840e4ab0}")
	body := `<Data><EndpointData id="{F52973B6-C926-4BAD-9BA8-7C1E840E4AB0}"><Capabilities>0:0</Capabilities></EndpointData></Data>`
	ubx := redactLine(red, fmt.Sprintf("UBX 1:bob@example.com %d\r\n%s", len(body), body))
	_, point, _ := strings.Cut(bye, ";")
	if len(point) != 38 || !strings.Contains(ubx, `id="`+point+`"`) || strings.Contains(point, "f52973b6") {
		t.Errorf("%q and %q", bye, ubx)
	}
}

// A secret's stand-in shows neither how long it is nor what is in it, and is the same
// for the same secret only.
func TestRedactSecretShape(t *testing.T) {
	red, err := NewRedactor(false)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, s := range []string{"1", "12345678", "P4$$w0rd!", "!!@@##$$%%^^&&", strings.Repeat("long", 60), "pässwörd"} {
		got := redactLine(red, "C: USR 4 CTP S "+s)
		if !regexp.MustCompile(`^USR 4 CTP S REDACTED[0-9a-f]{12}$`).MatchString(got) {
			t.Errorf("%q became %q", s, got)
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%q and %q have one stand-in", s, other)
		}
		seen[got] = s
		if again := redactLine(red, "C: USR 5 CTP S "+s); again[5:] != got[5:] {
			t.Errorf("%q became %q and %q", s, got, again)
		}
	}
	// A cookie joins a redirect with the connection that it leads to.
	xfr := redactLine(red, "XFR 3 SB 10.0.0.5:1863 CKI 1.2.3")
	usr := redactLine(red, "C: USR 1 bob@example.com 1.2.3")
	if x, u := xfr[strings.LastIndexByte(xfr, ' '):], usr[strings.LastIndexByte(usr, ' '):]; x != u || strings.Contains(x, "1.2.3") {
		t.Errorf("%q and %q", xfr, usr)
	}
}

// Connections get other addresses, the same as in redirects; ports and loopback stay.
func TestRedactConn(t *testing.T) {
	conn := &Conn{ID: 3, Client: "10.0.0.9:1025", Server: "messenger.example.org:1863", Via: "127.0.0.1:1863"}
	for _, all := range []bool{false, true} {
		red, err := NewRedactor(all)
		if err != nil {
			t.Fatal(err)
		}
		open := Record{Kind: Opened, Conn: conn}
		red.Redact(&open, 0, 0)
		xfr := redactLine(red, "XFR 3 NS messenger.example.org:1863 0 10.0.0.9:80")
		end := Record{Kind: Closed, Conn: conn, Text: "dial tcp 10.0.0.9:1863: refused"}
		red.Redact(&end, 0, 0)
		want := *conn
		if all {
			want.Client, want.Server = "192.0.2.1:1025", "host1.example:1863"
		}
		if *open.Conn != want || end.Conn != open.Conn {
			t.Errorf("all %v: %+v, %+v", all, *open.Conn, *end.Conn)
		}
		if all && (xfr != "XFR 3 NS host1.example:1863 0 192.0.2.1:80" || strings.Contains(end.Text, "10.0.0.9")) {
			t.Errorf("%q, %q", xfr, end.Text)
		}
		if red.conns[conn] != nil || red.offset[conn] != nil || red.offset[end.Conn] != nil {
			t.Errorf("kept: %v, %v", red.conns, red.offset)
		}
	}
	if conn.Client != "10.0.0.9:1025" {
		t.Errorf("the original was changed: %+v", conn)
	}
}

// There are stand-ins for more addresses than documents ever needed.
func TestDocumentation(t *testing.T) {
	seen := map[string]int{}
	for n := 1; n <= 70000; n++ {
		s := documentation(n).String()
		if m, ok := seen[s]; ok {
			t.Fatalf("%d and %d are %s", m, n, s)
		}
		seen[s] = n
	}
	for n, want := range map[int]string{1: "192.0.2.1", 254: "192.0.2.254", 255: "198.51.100.1", 508: "198.51.100.254", 509: "203.0.113.1", 762: "203.0.113.254", 763: "198.18.0.1"} {
		if got := documentation(n).String(); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// What is public of a payload stays as it is, the pieces of a header, too; what is
// not is taken out of the middle of what is.
func TestRedactPublicValues(t *testing.T) {
	red, err := NewRedactor(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ headers, want string }{
		{"MIME-Version: 1.0", "MIME-Version: 1.0"},
		{"Content-Type: text/plain; charset=UTF-8", "Content-Type: text/plain; charset=UTF-8"},
		{"Content-Type: text/plain;charset=\"utf-8\"; x=bob", "Content-Type: text/plain;charset=\"utf-8\""},
		{"Content-Type: text/bob; charset=bob", "Content-Type: application/x-unknown"},
		{"X-MMS-IM-Format: FN=MS%20Shell%20Dlg; EF=BI; CO=ff8000; CS=cc; PF=22; RL=1", "X-MMS-IM-Format: FN=MS%20Shell%20Dlg; EF=BI; CO=ff8000; CS=cc; PF=22; RL=1"},
		{"X-MMS-IM-Format: FN=Bob; EF=bob; CO=0; Bob=1", "X-MMS-IM-Format: FN=Font; EF=; CO=0"},
		{"Inbox-Unread: 1234567890", "Inbox-Unread: 1234567890"},
		{"Inbox-Unread: 12345678901", "Inbox-Unread: \\d{5}"},
		{"Age: 42", "Age: \\d{5}"},
		{"Chunks: 3", "Chunks: 3"},
	} {
		body := test.headers + "\r\n\r\n"
		got := redactLine(red, fmt.Sprintf("MSG bob@example.com Bob %d\r\n%s", len(body), body))
		_, got, _ = strings.Cut(got, "\r\n")
		if got = strings.TrimRight(got, "\r\n"); !regexp.MustCompile(`^` + test.want + `$`).MatchString(got) {
			t.Errorf("%q became %q", test.headers, got)
		}
	}
}
