package replay

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode"
)

// message makes a message of bytes that are one frame.
func message(t testing.TB, from decode.Sender, role decode.Role, text string) *decode.Message {
	t.Helper()
	var framer decode.Framer
	var fr decode.Frame
	framer.Feed([]byte(text))
	if !framer.Next(&fr) && !framer.Flush(&fr) || len(fr.Raw) != len(text) {
		t.Fatalf("%q is not one frame", text)
	}
	m := new(decode.Message)
	m.Decode(&fr, from, role, 7)
	return m
}

func TestTranslate(t *testing.T) {
	for _, test := range []struct {
		what     string
		from     decode.Sender
		role     decode.Role
		in, out  string
		unmapped []Unmapped
	}{
		{"a TrID", decode.Server, decode.NS, "CHG 9 NLN\r\n", "CHG 4711 NLN\r\n", nil},
		{"the server's own", decode.Server, decode.NS, "CHL 0 123\r\n", "CHL 0 456\r\n", nil},
		{"a TrID that is not known", decode.Server, decode.NS, "CHG 8 NLN\r\n", "CHG 8 NLN\r\n", []Unmapped{{"trid", "trid", "8"}}},
		{"a switchboard", decode.Server, decode.NS, "XFR 9 SB 10.0.0.1:1863 CKI 17.1\r\n", "XFR 4711 SB 127.0.0.1:5 CKI 99.9\r\n", nil},
		{"a call", decode.Server, decode.NS, "RNG 1 10.0.0.1:1863 CKI 17.1 bob@example.com Bob\r\n", "RNG 1 127.0.0.1:5 CKI 99.9 bob@example.com Bob\r\n", []Unmapped{{"session", "session", "1"}}},
		{"a notification server", decode.Server, decode.DS, "XFR 9 NS 10.0.0.1:1863 0 10.0.0.1:1863\n", "XFR 4711 NS 127.0.0.1:5 0 127.0.0.1:5\n", nil},
		{"blanks and what the table does not have", decode.Client, decode.NS, "CHG  9  NLN x 9\r\n", "CHG  4711  NLN x 9\r\n", nil},
		{"a payload that looks like a command", decode.Client, decode.SB, "MSG 9 N 10\r\nCHG 9 NLN\n", "MSG 4711 N 10\r\nCHG 9 NLN\n", nil},
		{"an answer to a challenge", decode.Client, decode.NS, "QRY 9 msmsgs@msnmsgr.com 3\r\nabc", "QRY 4711 msmsgs@msnmsgr.com 5\r\ndefgh", nil},
		{"another", decode.Client, decode.NS, "QRY 9 msmsgs@msnmsgr.com 3\r\nabd", "QRY 4711 msmsgs@msnmsgr.com 3\r\nabd", []Unmapped{{"response", "payload", "abd"}}},
		{"an error", decode.Server, decode.SB, "217 9\r\n", "217 4711\r\n", nil},
		{"an unknown verb", decode.Client, decode.NS, "XYZ 9 17.1\r\n", "XYZ 9 17.1\r\n", nil},
		{"an empty line", decode.Server, decode.NS, "\r\n", "\r\n", nil},
		{"no line end", decode.Client, decode.NS, "OUT", "OUT", nil},
	} {
		t.Run(test.what, func(t *testing.T) {
			var all Values
			all.Set("cookie", "17.1", "99.9")
			all.Set("address", "10.0.0.1:1863", "127.0.0.1:5")
			v := all.Within()
			v.Set("trid", "9", "4711")
			v.Set("challenge", "123", "456")
			v.Set("response", "abc", "defgh")
			out, unmapped := v.Translate([]byte("x"), message(t, test.from, test.role, test.in))
			if diff := cmp.Diff("x"+test.out, string(out)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.unmapped, unmapped); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValues(t *testing.T) {
	var all Values
	inner := all.Within()
	all.Set("cookie", "a", "b")
	inner.Set("trid", "1", "2")
	inner.Forget("trid", "1")
	if _, ok := inner.Live("trid", "1"); ok {
		t.Error("what is forgotten is there")
	}
	if s, ok := inner.Live("cookie", "a"); !ok || s != "b" {
		t.Errorf("the cookie is %q", s)
	}
	inner.Set("cookie", "a", "c")
	if s, _ := all.Live("cookie", "a"); s != "b" {
		t.Errorf("outside, the cookie is %q", s)
	}
}
