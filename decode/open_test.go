package decode

import (
	"encoding/base64"
	"strings"
	"testing"

	"msnproxy/decode/payload"
)

// flat writes nodes as "name=value (meaning)", what is in one in brackets.
func flat(nodes []payload.Node) string {
	var list []string
	for _, n := range nodes {
		s := n.Name + "=" + n.Value
		if n.Meaning != "" {
			s += " (" + n.Meaning + ")"
		}
		if len(n.Children) > 0 {
			s += " [" + flat(n.Children) + "]"
		}
		list = append(list, s)
	}
	return strings.Join(list, ", ")
}

// opened returns what the named parameter of a line holds.
func opened(t *testing.T, from Sender, dialect int, line, name string) (Field, []payload.Node) {
	t.Helper()
	fr := Frame{Raw: []byte(line + "\r\n"), LineLen: len(line), EOL: 2}
	var m Message
	m.Decode(&fr, from, NS, dialect)
	for i, f := range m.Fields() {
		if f.Name == name {
			return f, m.Within(i)
		}
	}
	t.Fatalf("%q has no %s", line, name)
	return Field{}, nil
}

const proof = "HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAAABAgMEBQYH5/b6UPUTyMkbVgyWJivzLXG/cLnbi6heZDPcDaN19raFPD126EaQQUkKltX7vdAMfHnoLDqagK3kpZIzyCXvzkmmW6IvHKU2tUFdVEJ4iq50Aoiu+mkP7WkXXvQ="

func TestOpened(t *testing.T) {
	numbers := "header size=28 (bytes), cipher mode=0x0001 (CBC), cipher=0x6603 (3DES), hash=0x8004 (SHA-1), IV length=8 (bytes), hash length=20 (bytes), cipher text length=72 (bytes)"
	for _, tt := range []struct {
		from    Sender
		dialect int
		line    string
		name    string
		want    string
	}{
		{Client, 21, "CVR 2 0x0409 winnt 6.1.0 i386 MSNMSGR 15.4 MSNMSGR alice@example.com VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDENCg==", "hop",
			"Version=1, XfrCount=1 (times that the client was sent on)"},
		{Client, 21, "CVR 2 0x0409 winnt 6.1.0 i386 MSNMSGR 15.4 MSNMSGR alice@example.com 0", "hop", ""},
		{Server, 21, "XFR 2 NS 10.0.0.5:1863 U D " + base64.StdEncoding.EncodeToString([]byte("IsGeoXfr: true\r\nXfrSentUTCTime: 634200192015000000\r\n")), "hop",
			"IsGeoXfr=true, XfrSentUTCTime=634200192015000000 (2010-09-14 00:00:01 UTC)"},
		{Client, 15, "USR 4 SSO S t=A&p=B " + proof, "ticket", "t=A (ticket), p=B (profile)"},
		{Client, 15, "USR 4 SSO S t=A&p=B" + proof, "ticket", "t=A (ticket), p=B (profile), blob=" + proof + " [" + numbers +
			", IV=0001020304050607, HMAC of the nonce=e7f6fa50f513c8c91b560c96262bf32d71bf70b9, nonce, enciphered=" + hexOf(t, proof, 56) + "]"},
		{Client, 15, "USR 4 SSO S t=A " + proof, "blob", numbers +
			", IV=0001020304050607, HMAC of the nonce=e7f6fa50f513c8c91b560c96262bf32d71bf70b9, nonce, enciphered=" + hexOf(t, proof, 56)},
		// 28 bytes are the numbers alone, 27 are nothing.
		{Client, 15, "USR 4 SSO S t=A " + proof[:38] + "==", "blob", numbers + ", IV= (0 of 8 bytes), HMAC of the nonce= (0 of 20 bytes), nonce, enciphered= (0 of 72 bytes)"},
		{Client, 15, "USR 4 SSO S t=A " + proof[:36], "blob", ""},
		{Client, 15, "USR 4 SSO S t=A REDACTED", "blob", ""},
		{Client, 18, "USR 5 SHA A PENpcmNsZVRpY2tldD48YT4xPC9hPjwvQ2lyY2xlVGlja2V0Pg==", "ticket", "CircleTicket= [a=1]"},
		{Server, 14, "USR 3 TWN S lc=1033,id=507,tw=40,ru=http%3A%2F%2Fa%2Eexample,ct=1150000000,x", "policy",
			"lc=1033 (English (US)), id=507 (site), tw=40 (seconds that a ticket is good for), ru=http://a.example (where to return to), ct=1150000000 (2006-06-11 04:26:40 UTC), x="},
		{Server, 15, "USR 3 SSO S MBI_KEY_OLD bm9uY2U=", "policy", ""},
		{Server, 18, "FQY 8 %3Cml%3E%3Cd%20n=%22example.com%22%3E%3Cc%20n=%22bob%22%20t=%2232%22/%3E%3C/d%3E%3C/ml%3E", "list", "ml= [d= [@n=example.com, c= (bob@example.com) [@n=bob, @t=32 (Yahoo), handle=bob@example.com]]]"},
		{Server, 11, "SBS 0 SC=2ad5;SI=1;;PS=2", "value", "SC=2ad5, SI=1, PS=2"},
		{Server, 11, "SBS 0 null", "value", ""},
		{Client, 9, "CHG 9 NLN 0 %3Cmsnobj%20Type%3D%223%22%2F%3E", "msnobj", "@Type=3 (display picture)"},
	} {
		f, nodes := opened(t, tt.from, tt.dialect, tt.line, tt.name)
		if got := flat(nodes); got != tt.want {
			t.Errorf("%s\n%s: %s\nwant %s", tt.line, tt.name, got, tt.want)
		}
		placed(t, f.Raw, nodes)
	}
}

// hexOf returns the bytes of a value in base64 from a place on.
func hexOf(t *testing.T, s string, from int) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	const hex = "0123456789abcdef"
	var sb strings.Builder
	for _, c := range b[from:] {
		sb.WriteByte(hex[c>>4])
		sb.WriteByte(hex[c&15])
	}
	return sb.String()
}

// placed checks that nodes that have a place have it within the value.
func placed(t *testing.T, raw []byte, nodes []payload.Node) {
	t.Helper()
	for _, n := range nodes {
		if n.Start < 0 || n.End < n.Start || n.End > len(raw) {
			t.Errorf("%s stands from %d to %d of %d bytes", n.Name, n.Start, n.End, len(raw))
		} else if s := string(raw[n.Start:n.End]); n.End > n.Start && validText([]byte(s)) != n.Value && Unescape([]byte(s)) != n.Value {
			t.Errorf("%s is %q, and %q stands there", n.Name, n.Value, s)
		}
		placed(t, raw, n.Children)
	}
}

// What lets somebody in is marked so, each part of the sign-in by its own name.
func TestSecretsOfSSO(t *testing.T) {
	line := "USR 4 SSO S t=A&p=B " + proof + " {0f0e0d0c-0b0a-0908-0706-050403020100}"
	for _, name := range []string{"ticket", "blob", "machine"} {
		if f, _ := opened(t, Client, 16, line, name); !f.Param.Kind.Secret {
			t.Errorf("%s is not secret", name)
		}
	}
}

func TestGUIDs(t *testing.T) {
	const guid = "0f0e0d0c-0b0a-0908-0706-050403020100"
	for s, want := range map[string]bool{guid: true, "{" + guid + "}": true, strings.ToUpper(guid): true,
		"{" + guid: false, guid + "}": false, guid[1:]: false, guid + "0": false, "": false, strings.Replace(guid, "-", "0", 1): false,
		strings.Replace(guid, "f", "g", 1): false, "[" + guid + "]": false, "{" + guid[1:] + "-}": false} {
		if isGUID([]byte(s)) != want || isBlob([]byte(s)) == want && s != "" {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(proof))
	f.Add([]byte("t=A&p=" + proof))
	f.Add([]byte("VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDENCg=="))
	f.Add([]byte("lc=1033,id=507,,=,ru=%"))
	f.Add([]byte("bob@example.com;{\xff\xff\x7f%AA}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for name, k := range kinds {
			if k.open == nil || name == "msnobj" {
				continue
			}
			placed(t, raw, k.within(raw))
			k.Means(string(raw))
		}
	})
}
