package compare

import (
	"strconv"
	"strings"
	"testing"

	"msnproxy/decode"
)

// message decodes one frame.
func message(t *testing.T, from decode.Sender, role decode.Role, dialect int, text string) *decode.Message {
	t.Helper()
	var framer decode.Framer
	framer.Feed([]byte(text))
	var fr decode.Frame
	if !framer.Next(&fr) || !fr.Complete() {
		t.Fatalf("no frame: %q", text)
	}
	fr = fr.Clone()
	m := &decode.Message{}
	m.Decode(&fr, from, role, dialect)
	return m
}

// What differs from one sign-in to the next is no difference: tickets, what proves them,
// nonces, machines and end points. Whose they are, and whether they are there, is.
func TestSignInsDiffer(t *testing.T) {
	const here, there = "{0f0e0d0c-0b0a-0908-0706-050403020100}", "{11111111-2222-3333-4444-555555555555}"
	publish := func(account, endPoint, status string) string {
		body := `<user><s n="IM"><Status>` + status + `</Status></s><sep n="IM" epid="` + endPoint + `"><Capabilities>4:0</Capabilities></sep></user>`
		p := "Routing: 1.0\r\nTo: 1:" + account + "\r\nFrom: 1:" + account + ";epid=" + endPoint + "\r\n\r\nReliability: 1.0\r\n\r\nPublication: 1.0\r\nUri: /user\r\nContent-Type: application/user+xml\r\nContent-Length: 155\r\n\r\n" + body
		return "PUT 9 " + strconv.Itoa(len(p)) + "\r\n" + p
	}
	rules := &Rules{Accounts: map[string]string{"bob@example.com": "rob@example.org"}}
	for _, test := range []struct {
		from    decode.Sender
		role    decode.Role
		dialect int
		a, b    string
		rules   *Rules
		want    string // names of the fields that differ
	}{
		{decode.Client, decode.NS, 9, "USR 4 TWN S t=1&p=1\r\n", "USR 4 TWN S t=2&p=2\r\n", nil, ""},
		{decode.Server, decode.NS, 9, "USR 3 TWN S lc=1033,ct=1\r\n", "USR 3 TWN S lc=1033,ct=2\r\n", nil, ""},
		{decode.Server, decode.NS, 18, "USR 3 SSO S MBI_KEY_OLD bm9uY2U=\r\n", "USR 3 SSO S MBI_KEY_OLD b3RoZXI=\r\n", nil, ""},
		{decode.Server, decode.NS, 18, "USR 3 SSO S MBI_KEY_OLD bm9uY2U=\r\n", "USR 3 SSO S MBI bm9uY2U=\r\n", nil, "policy"},
		{decode.Client, decode.NS, 18, "USR 4 SSO S t=1&p= HAAA " + here + "\r\n", "USR 4 SSO S t=2&p= HBBB " + there + "\r\n", nil, ""},
		{decode.Client, decode.NS, 18, "USR 4 SSO S t=1&p= HAAA " + here + "\r\n", "USR 4 SSO S t=1&p= HAAA\r\n", nil, "machine"},
		{decode.Server, decode.SB, 18, "JOI bob@example.com;" + here + " Bob 4:0\r\n", "JOI Bob@example.com;" + there + " Bob 4:0\r\n", nil, ""},
		{decode.Server, decode.SB, 18, "JOI bob@example.com;" + here + " Bob 4:0\r\n", "JOI zoe@example.com;" + here + " Bob 4:0\r\n", nil, "handle"},
		{decode.Server, decode.NS, 18, "FLN 1:bob@example.com 0:0\r\n", "FLN 1:rob@example.org 0:0\r\n", rules, ""},
		{decode.Server, decode.NS, 18, "FLN 1:bob@example.com 0:0\r\n", "FLN 32:rob@example.org 0:0\r\n", rules, "handle/network"},
		{decode.Server, decode.NS, 18, "FLN 1:bob@example.com 0:0\r\n", "FLN 1:bob@example.com 0:0\r\n", rules, "handle"},
		{decode.Client, decode.NS, 21, publish("bob@example.com", here, "NLN"), publish("bob@example.com", there, "NLN"), nil, ""},
		{decode.Client, decode.NS, 21, publish("bob@example.com", here, "NLN"), publish("bob@example.com", here, "BSY"), nil, "user/s/Status"},
	} {
		var names []string
		for _, d := range Messages(message(t, test.from, test.role, test.dialect, test.a), message(t, test.from, test.role, test.dialect, test.b), test.rules) {
			names = append(names, d.Name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%q, %q: %q differ, want %q", test.a, test.b, got, test.want)
		}
	}
}
