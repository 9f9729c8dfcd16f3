package decode

import (
	"strings"
	"testing"
)

// What first bytes are while more may come, at the bounds of what is needed to say.
func TestOpeningsEarly(t *testing.T) {
	const ssl2, rtmp = "\x80\x2f\x01\x00\x02\x00\x15\x00\x01\x00\x10", "\x03\x00\x00\x00\x00\x00\x00\x00\x00"
	server13 := "\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x03" + strings.Repeat("r", 32) + "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04"
	for _, tt := range []struct {
		from    Sender
		in      string
		name    string // empty: more bytes are needed
		text    string
		partial bool
	}{
		{Client, ssl2, "SSLv2", "SSL 2.0", false},
		{Client, ssl2[:10], "", "", false},
		{Client, rtmp, "RTMP", "", false},
		{Client, rtmp[:8], "", "", false},
		{Server, server13, "TLS", "a hello of TLS 1.3 from a server", false},
		{Client, "\x16\x03\x04\x00\x04\x01\x00\x00\x00", "TLS", "a hello of TLS", false},
		{Server, "SSH-2.0-x", "SSH", "", true},
		{Server, "SSH-2.0-x\r\n", "SSH", "", false},
		{Client, "<?xml version=\"1.0\"?>\n<a/>", "XML", "", true},
		{Server, "HTTP/1.1 200", "HTTP", "", true},
		{Server, "HTTP/1.1 200 OK\r\n", "HTTP", "", false},
		{Client, "PROXY TCP4 1", "PROXY protocol", "", true},
		{Client, "PROXY UNKNOWN\r\n", "PROXY protocol", "", false},
		{Client, "\xff\xfa\x01", "Telnet", "", false},
		{Client, "\xff\xfb", "", "", false},
		{Client, "\xff\xfb\x40", "Telnet", "", false},
		{Client, "\xff\xfb\x41", "binary", "", false},
		{Client, "\xff\xfe\x01", "", "", false},
		{Client, "\xff\xfe\x01\x02", "Telnet", "", false},
		{Client, "\x05\x01\x00\x05\x01\x00\x01", "SOCKS5", "request", true},
		{Client, "\x05\x01\x02\x01\x01u\x01p", "SOCKS5", "request", true},
		{Client, "\x05\x01\x02\x01\x01u\x01p\x05\x01\x00\x01\x01\x02\x03\x04\x07\x47", "SOCKS5", "for 1.2.3.4:1863", false},
		{Client, "\x04\x01\x07\x47\x00\x00\x00\x01\x00ns\x00", "SOCKS4a", "for ns:1863", false},
		{Client, "\x04\x01\x07\x47\x00\x00\x00\x01\x00ns", "SOCKS4a", "", true},
		{Server, ":irc.example.com PING\r\n", "text", "", false},
		{Server, ":irc.example.com PING x\r\n", "IRC", "", false},
		{Server, "220 ", "", "", false},
		{Client, "V\x00~\x00", "UTF-16", "", false},
		{Client, "V\x00 \x00", "UTF-16", "", false},
		{Client, "V\x00\x7f\x00", "binary", "", false},
		{Client, "V\x00\x1f\x00", "binary", "", false},
		{Client, "V\x00V\x01", "binary", "", false},
		{Client, "JOI bob Bob\r\n", "MSNP", "", false},
		{Client, "PNG", "", "", false},
	} {
		o, ok := ReadOpening([]byte(tt.in), tt.from, false)
		if ok != (tt.name != "") || o.Name != tt.name || !strings.Contains(o.Text, tt.text) || o.Partial != tt.partial {
			t.Errorf("%q: %+v, %v", tt.in, o, ok)
		}
	}
	for in, want := range map[string]string{"PNG ": "text", "PNG 1": "MSNP", "PNGS1": "text", "ZZZ 1": "text", "\x7f": "binary", "\x1f": "binary", "~": "text", " ": "text", "a\tb": "text"} {
		if o, _ := ReadOpening([]byte(in), Client, true); o.Name != want {
			t.Errorf("%q at the end: %s, want %s", in, o.Name, want)
		}
	}
}

// How bytes from the wire are shown: 60 of them at most, what is not ASCII as a dot.
func TestQuotedBytes(t *testing.T) {
	for in, want := range map[string]string{
		"":                      `""`,
		"a ~\x7f\x1f\u00e9":     `"a ~..."`,
		strings.Repeat("x", 60): `"` + strings.Repeat("x", 60) + `"`,
		strings.Repeat("x", 61): `"` + strings.Repeat("x", 60) + `..."`,
	} {
		if got := quoted([]byte(in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{"": "", "a": "a", "a\r\nb": "a", "\nb": "", "a\r": "a"} {
		if got := string(firstLine([]byte(in))); got != want {
			t.Errorf("%q begins with %q", in, got)
		}
	}
	if s := (Opening{Text: "a"}).String(); s != "a" {
		t.Error(s)
	}
	if s := (Opening{Text: "a", Advice: "b"}).String(); s != "a; b" {
		t.Error(s)
	}
}
