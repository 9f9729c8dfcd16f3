package p2p

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSLPFields(t *testing.T) {
	in := slp("INVITE MSNMSGR:bob@example.com MSNSLP/1.0", "To: <msnmsgr:bob@example.com>\r\nCall-ID:{1}\r\nContent-Type: application/x-msnmsgr-sessionreqbody\r\n",
		"EUF-GUID: {5d3e02ab-6190-11d3-bbbb-00c04f795683}\r\nSessionID: 7\r\nAppID: 2\r\nContext: "+fileContext(2, 574, 11, "hi.txt", "")+"\r\n")
	m, ok := ParseSLP([]byte(in))
	if !ok || len(m.Problems) > 0 {
		t.Fatalf("%v, %q", ok, m.Problems)
	}
	got := dump([]byte(in), m.Fields(), 0)
	got = strings.ReplaceAll(got, m.Key("Context"), "...")
	want := `slp=INVITE MSNMSGR:bob@example.com MSNSLP/1.0
 Method=INVITE <494e56495445>
 URI=MSNMSGR:bob@example.com
 To=<msnmsgr:bob@example.com>
 Call-ID={1} <7b317d>
 Content-Type=application/x-msnmsgr-sessionreqbody
 Content-Length=856 <383536>
 body=856 bytes (application/x-msnmsgr-sessionreqbody)
  EUF-GUID={5d3e02ab-6190-11d3-bbbb-00c04f795683} (file transfer)
  SessionID=7 <37>
  AppID=2 (file transfer) <32>
  Context=...
   file version=2
   file size=11 (bytes)
   file type=1 (without a preview)
   file name=hi.txt
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s := m.Summary(); s != `INVITE to file "hi.txt", 11 bytes` {
		t.Error(s)
	}
	reply, _ := ParseSLP([]byte("MSNSLP/1.0 603 Decline\r\nFrom: <msnmsgr:a@example.com;{5}>\r\n\r\n"))
	if diff := cmp.Diff("slp=MSNSLP/1.0 603 Decline\n Status=603 (declined) <000000>\n Reason=Decline <00000000000000>\n From=<msnmsgr:a@example.com;{5}>\n", dump(nil2(400), reply.Fields(), 0)); diff != "" {
		t.Error(diff)
	}
	if reply.Summary() != "603 Decline" || reply.From() != "a@example.com;{5}" || len(reply.Problems) != 0 {
		t.Errorf("%+v", reply)
	}
}

func nil2(n int) []byte { return make([]byte, n) }

// What the length says that is not so is said, and read in spite of it.
func TestSLPProblems(t *testing.T) {
	for in, want := range map[string]string{
		"BYE MSNMSGR:a@x MSNSLP/1.0\r\nContent-Length: 3\r\n\r\n\r\n\x00": "",
		"BYE MSNMSGR:a@x MSNSLP/1.0\r\nContent-Length: 4\r\n\r\n\r\n\x00": "Content-Length of MSNSLP is 4, and 3 bytes follow",
		"BYE MSNMSGR:a@x MSNSLP/1.0\r\nContent-Length: 2\r\n\r\n\r\n\x00": "Content-Length of MSNSLP is 2, and 3 bytes follow",
		"BYE MSNMSGR:a@x MSNSLP/1.0\r\nContent-Length: x\r\n\r\n\r\n\x00": `Content-Length of MSNSLP is "x", which is no number`,
		"BYE MSNMSGR:a@x MSNSLP/1.0\r\n\r\n\r\n\x00":                      `Content-Length of MSNSLP is "", which is no number`,
		"BYE MSNMSGR:a@x MSNSLP/1.0\r\n\r\n":                              "",
		"BYE MSNMSGR:a@x MSNSLP/1.0\n":                                    "",
	} {
		m, ok := ParseSLP([]byte(in))
		if got := strings.Join(m.Problems, "; "); !ok || got != want || m.Method != "BYE" {
			t.Errorf("%q: %v, %q, want %q", in, ok, got, want)
		}
	}
	for _, in := range []string{"\x08\x00\x00\x10 INVITE MSNMSGR:a@x MSNSLP/1.0\r\n", "INVITE a MSNSLP/1.0\r\n", "I like MSNSLP/1.0\r\n", " MSNMSGR:a MSNSLP/1.0\r\n",
		"INV1TE MSNMSGR:a@x MSNSLP/1.0\r\n", "INVITE :a MSNSLP/1.0\r\n", "", "INVITE MSNMSGR:a@x MSNSLP/1.0", "hello\r\nMSNSLP/1.0\r\n", strings.Repeat("x", maxStart) + " MSNSLP/1.0\r\n"} {
		if _, ok := ParseSLP([]byte(in)); ok {
			t.Errorf("%.40q is MSNSLP", in)
		}
	}
	if m, ok := ParseSLP([]byte("BYE MSNMSGR:a MSNSLP/1.0\r\n" + strings.Repeat("a: b\r\n", 5000))); !ok || len(m.Headers)+len(m.Body) > 2*maxLines {
		t.Errorf("%d headers", len(m.Headers))
	}
}

func objectContext(typ string) string {
	return base64.StdEncoding.EncodeToString([]byte(`<msnobj Creator="bob@example.com" Size="99" Type="` + typ + `" Location="a.tmp" Friendly="QgBvAGIA"/>` + "\x00"))
}

func TestInvitation(t *testing.T) {
	webcam := base64.StdEncoding.EncodeToString([]byte("{\x00B\x008\x00}\x00\x00\x00"))
	tests := []struct {
		euf, context, kind, name string
		size                     int64
		pull                     bool
	}{
		{"A4268EEC-FEC5-49E5-95C3-F126696BDBF6", objectContext("3"), "display picture", "Bob", 99, true},
		{"A4268EEC-FEC5-49E5-95C3-F126696BDBF6", objectContext("2"), "custom emoticon", "Bob", 99, true},
		{"A4268EEC-FEC5-49E5-95C3-F126696BDBF6", objectContext("77"), "object", "Bob", 99, true},
		{"A4268EEC-FEC5-49E5-95C3-F126696BDBF6", "", "object", "", -1, true},
		{"5D3E02AB-6190-11D3-BBBB-00C04F795683", fileContext(2, 9999, 123, "añ.txt", "PNG"), "file", "añ.txt", 123, false},
		{"5D3E02AB-6190-11D3-BBBB-00C04F795683", fileContext(3, 638, 1<<40, "x", ""), "file", "x", 1 << 40, false},
		{"5D3E02AB-6190-11D3-BBBB-00C04F795683", fileContext(4, 638, 1, "x", ""), "file", "", -1, false},
		{"4BD96FC0-AB17-4425-A14A-439185962DC8", webcam, "webcam", "", -1, false},
		{"1C9AA97E-9C05-4583-A3BD-908A196F1E92", webcam, "webcam", "", -1, true},
		{"6A13AF9C-5308-4F35-923A-67E8DDA40C2F", base64.StdEncoding.EncodeToString([]byte("1;1;Chess")), "activity", "1;1;Chess", -1, false},
		{"E073B06B-636E-45B7-ACA4-6D4B5978C93C", objectContext("8"), "wink", "Bob", 99, true},
		{"41D3E74E-04A2-4B37-96F8-08ACDB610874", "", "photo sharing", "", -1, false},
		{"534142D5-1F2A-431F-A60C-B0CF723FDF7D", "%%%", "shared folders", "", -1, false},
		{"00000000-0000-0000-0000-000000000000", "", "unknown", "", -1, false},
	}
	for _, tt := range tests {
		m, _ := ParseSLP([]byte(slp("INVITE MSNMSGR:b@x MSNSLP/1.0", "Call-ID: {9}\r\n", "EUF-GUID: {"+tt.euf+"}\r\nSessionID: 4294967295\r\nAppID: 12\r\nContext: "+tt.context+"\r\n")))
		inv, ok := m.Invitation()
		if !ok || inv.Kind != tt.kind || inv.Name != tt.name || inv.Size != tt.size || inv.Pull() != tt.pull {
			t.Errorf("%s: %v, %+v", tt.euf, ok, inv)
		}
		if inv.CallID != "{9}" || inv.SessionID != 1<<32-1 || inv.AppID != 12 || inv.EUF != tt.euf {
			t.Errorf("%+v", inv)
		}
	}
	if m, _ := ParseSLP([]byte("BYE MSNMSGR:b@x MSNSLP/1.0\r\n\r\nEUF-GUID: {A}\r\n")); true {
		if _, ok := m.Invitation(); ok {
			t.Error("BYE is an invitation")
		}
	}
}

func TestParseFile(t *testing.T) {
	const preview = "\x89PNG preview"
	for _, tt := range []struct {
		version uint32
		length  int
		preview string
		want    string
	}{
		{2, 574, "", ""}, {2, 574, preview, preview}, {3, 638, preview, preview}, {3, 637, preview, preview}, {3, 637, "", ""},
	} {
		b, _ := decode64(fileContext(tt.version, tt.length, 5, "x", tt.preview))
		if f, ok := ParseFile(b); !ok || string(f.Preview) != tt.want || f.Size != 5 || f.Name != "x" {
			t.Errorf("%+v: %v, %+v", tt, ok, f)
		}
	}
	b, _ := decode64(fileContext(2, 574+12, 5, "x", preview)) // the preview is counted, too
	if f, _ := ParseFile(append(b[:574:574], preview...)); string(f.Preview) != preview {
		t.Errorf("%q", f.Preview)
	}
	if _, ok := ParseFile(b[:539]); ok {
		t.Error("539 bytes are a description")
	}
	if _, ok := ParseFile(b[:540]); !ok {
		t.Error("540 bytes are none")
	}
}

func TestOffer(t *testing.T) {
	m, _ := ParseSLP([]byte(slp("MSNSLP/1.0 200 OK", "Content-Type: application/x-msnmsgr-transrespbody\r\n",
		"Bridge: TCPv1\r\nListening: true\r\nNonce: {04030201-0605-0807-090A-0B0C0D0E0F10}\r\nIPv4Internal-Addrs: 192.0.2.1 192.0.2.2\r\nIPv4Internal-Port: 4000\r\n"+
			"IPv4External-Addrs: 192.0.2.1\r\nIPv4External-Port: 4000\r\nstroPdnAsrddAlanretxE4vPI: 1004:9.2.0.291\r\nIPv6-Addrs: 2001:db8::1\r\nIPv6-Port: 5\r\n")))
	o, ok := m.Offer()
	want := []string{"192.0.2.1:4000", "192.0.2.2:4000", "192.0.2.9:4001", "[2001:db8::1]:5"}
	if !ok || !o.Listening || o.Bridge != "TCPv1" {
		t.Errorf("%v, %+v", ok, o)
	}
	if diff := cmp.Diff(want, o.Addresses); diff != "" {
		t.Error(diff)
	}
	nonce := guid([]byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"))
	if !o.Admits(nonce) || o.Admits("{00000000-0605-0807-090A-0B0C0D0E0F10}") || o.Admits("") {
		t.Errorf("the nonce %s of %+v", nonce, o)
	}
	// printf '\x01...\x10' | openssl sha1 gives 2cc429832452134629f1f6d296ec8aef...
	if hashed := (Offer{Nonce: "{8329C42C-5224-4613-29F1-F6D296EC8AEF}", Hashed: true}); !hashed.Admits(nonce) || hashed.Admits("{1}") {
		t.Error("the hashed nonce does not admit")
	}
	if plain := (Offer{Nonce: "{8329C42C-5224-4613-29F1-F6D296EC8AEF}"}); plain.Admits(nonce) {
		t.Error("what was not hashed is compared as if it were")
	}
	req, _ := ParseSLP([]byte(slp("INVITE MSNMSGR:b@x MSNSLP/1.0", "Content-Type: application/x-msnmsgr-transreqbody\r\n", "Bridges: TRUDPv1 TCPv1\r\nConn-Type: Firewall\r\nHashed-Nonce: {5}\r\n")))
	if o, ok := req.Offer(); !ok || o.Bridges != "TRUDPv1 TCPv1" || !o.Hashed || o.Nonce != "{5}" || req.Summary() != "INVITE to a direct connection, Firewall" {
		t.Errorf("%v, %+v, %s", ok, o, req.Summary())
	}
	if _, ok := (&SLP{}).Offer(); ok {
		t.Error("nothing is an offer")
	}
}

func TestObject(t *testing.T) {
	const text = `<msnobj Creator="buddy1@example.com" Size="24539" Type="3" Location="TFR2C.tmp" Friendly="QgBvAGIA" SHA1D="trC8SlFx2sWQxZMIBAWSEnXc8oQ=" SHA1C="U32o6bosZzluJq82eAtMpx5dIEI="/>`
	o, ok := ParseObject([]byte(text))
	if !ok || o.Creator != "buddy1@example.com" || o.Size != 24539 || o.Type != 3 || o.Location != "TFR2C.tmp" || o.Friendly != "Bob" || len(o.Attributes) != 7 {
		t.Errorf("%v, %+v", ok, o)
	}
	if o.Sealed() != Wrong {
		t.Error("SHA1C is right")
	}
	// printf 'Creatorbuddy1@example.comSize24539Type3LocationTFR2C.tmpFriendlyQgBvAGIASHA1DtrC8SlFx2sWQxZMIBAWSEnXc8oQ=' | openssl sha1 -binary | base64
	if got := o.SHA1COf(); got != "C28LJAAt/4S6QKDH/10AkESBfMo=" {
		t.Errorf("SHA1C should be %s", got)
	}
	right, _ := ParseObject([]byte(strings.Replace(text, "U32o6bosZzluJq82eAtMpx5dIEI=", o.SHA1COf(), 1)))
	if right.Sealed() != Right {
		t.Error("SHA1C is wrong")
	}
	for in, want := range map[string]string{
		`<msnobj Creator='a&amp;b' Size=`:           "a&b",
		` <MSNOBJ creator = "x"/>`:                  "x",
		`<msnobj/>`:                                 "",
		`<msnobj Creator="never ends`:               "never ends",
		`<msnobj Size="1"Creator="no blank"/>`:      "no blank",
		`<msnobj Creator="a" Creator="b"></msnobj>`: "b",
	} {
		if o, ok := ParseObject([]byte(in)); !ok || o.Creator != want {
			t.Errorf("%s: %v, %+v", in, ok, o)
		}
	}
	for _, in := range []string{"", "<", "<msnob", "<msnobjx/>", "x<msnobj/>", "<msnobj"} {
		if _, ok := ParseObject([]byte(in)); ok {
			t.Errorf("%q is an object", in)
		}
	}
	if o, _ := ParseObject([]byte("<msnobj" + strings.Repeat(` a="b"`, 65) + "/>")); len(o.Attributes) != 64 {
		t.Errorf("%d attributes", len(o.Attributes))
	}
	if o.Judge([]byte("12345678901234567890")) != Wrong || (&Object{}).Judge(nil) != Unjudged {
		t.Error("SHA1D")
	}
	sum, _ := decode64(o.SHA1D)
	if o.Judge(sum) != Right {
		t.Error("SHA1D is wrong")
	}
}
