package decode

import (
	"bytes"
	"crypto/tls"
	"net"
	"strings"
	"testing"
)

// openingCases are first bytes of links by everything that is recognised, and by
// what nearly is.
var openingCases = []struct {
	from   Sender
	in     string
	name   string
	text   string // part of it
	target string
}{
	{Client, "VER 1 MSNP7 MSNP6 CVR0\r\n", "MSNP", "", ""},
	{Client, "CVQ 1 0x0409 winnt 5.1 i386 MSNMSGR 1 x\r\n", "MSNP", "", ""},
	{Client, "\r\nVER 1 MSNP7\r\n", "MSNP", "", ""},
	{Client, "USR 1 alice@example.com 1.2\r\n", "MSNP", "", ""},
	{Client, "ANS 1 alice@example.com 1.2 3\r\n", "MSNP", "", ""},
	{Client, "CNT 1 CON 12\r\n", "MSNP", "", ""},
	{Client, "XFR 1 NS\r\n", "MSNP", "", ""},
	{Client, "OUT\r\n", "MSNP", "", ""},
	{Client, "PNG\n", "MSNP", "", ""},
	{Server, "VER 1 MSNP7 CVR0\r\n", "MSNP", "", ""},
	{Server, "911 3\r\n", "MSNP", "", ""},
	{Server, "240 3 12\r\n", "MSNP", "", ""},
	{Server, "XFR 3 NS 10.0.0.5;1863 0\r\n", "MSNP", "", ""},
	{Server, "RNG 1 10.0.0.5:+80 CKI 1 a@example.com A\r\n", "MSNP", "", ""},
	{Server, "MSG Hotmail Hotmail 0\r\n", "MSNP", "", ""},
	{Server, "JOI bob@example.com Bob\r\n", "MSNP", "", ""},
	{Server, "PNG\r\n", "MSNP", "", ""},
	{0, "VER 1 MSNP7\r\n", "MSNP", "", ""},
	{Client, "VER MSNFTP\r\n", "MSNFTP", "a file", ""},
	{0, "VER MSNFTP\r\n", "MSNFTP", "a file", ""},

	{Client, "OUT of the blue, and more\r\n", "text", "OUT of the blue", ""},
	{Server, "MSG from heaven\r\n", "text", "", ""},
	{Client, "ABC\r\n", "text", `"ABC"`, ""},
	{Client, "THE quick brown fox\r\n", "text", "", ""},
	{Client, "ver 1 msnp7\r\n", "text", "", ""},
	{Server, "this is a text about MSNP:\r\n", "text", "", ""},
	{Client, "VE\x1b[2J\r\n", "binary", "", ""},
	{Client, "\x00\x01\x02zz XFR 3 NS 203.0.113.9:1863\r\n", "binary", "", ""},
	{Client, "V\x00E\x00R\x00 \x00", "UTF-16", "", ""},
	{Client, "\xff\xfeV\x00E\x00", "UTF-16", "", ""},
	{Client, "\xfe\xff\x00V", "UTF-16", "", ""},
	{Client, "\xef\xbb\xbfVER 1 MSNP7\r\n", "BOM", "in front of MSNP", ""},
	{Client, "\xef\xbb\xbf<x>", "BOM", "in front of what follows", ""},

	{Client, "\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\x00\x2f\x01\x00\x00\x00", "TLS", "a hello of TLS 1.2", ""},
	{Client, "\x16\x03\x00\x00\x2d\x01\x00\x00\x29\x03\x00" + strings.Repeat("r", 32) + "\x00\x00\x02\x00\x04\x01\x00", "TLS", "a hello of SSL 3.0", ""},
	{Server, "\x16\x03\x03\x00\x04\x02\x00\x00\x2c", "TLS", "TLS 1.2 from a server", ""},
	{Server, "\x15\x03\x01\x00\x02\x02\x46", "TLS", "alert (70)", ""},
	{Client, "\x16\x03\x05\x00\x04\x01\x00\x00\x00", "binary", "", ""},
	{Client, "\x16\x03\x01\x00\x04\x03\x00\x00\x00", "binary", "", ""},
	{Client, "\x15\x03\x01\x00\x03\x02\x46\x00", "binary", "", ""},
	{Client, "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80", "SSLv2", "SSL 2.0", ""},
	{Client, "\x80\x2e\x01\x03\x00\x00\x15\x00\x00\x00\x10\x01\x00\x80", "SSLv2", "offers SSL 3.0", ""},
	{Client, "\x80\x2e\x01\x03\x04\x00\x15\x00\x00\x00\x10\x01\x00\x80", "SSLv2", "offers TLS 1.3", ""},
	{Client, "\x80\x2e\x01\x03\x05\x00\x15\x00\x00\x00\x10\x01\x00\x80", "binary", "", ""},
	{Client, "\x80\x2f\x01\x03\x01\x00\x15\x00\x00\x00\x10\x01\x00\x80", "binary", "", ""},
	{Client, "\x80\x2d\x01\x03\x01\x00\x14\x00\x00\x00\x10\x01\x00\x80", "binary", "", ""},

	{Client, "\x05\x01\x00", "SOCKS5", "a request to a SOCKS5 proxy", ""},
	{Client, "\x05\x01\x00\x05\x01\x00\x01\x40\x04\x0d\x11\x07\x47", "SOCKS5", "for 64.4.13.17:1863", "64.4.13.17:1863"},
	{Client, "\x05\x02\x00\x02\x01\x01u\x01p\x05\x01\x00\x03\x0ens.example.com\x07\x47", "SOCKS5", "ns.example.com:1863", "ns.example.com:1863"},
	{Client, "\x05\x01\x00\x05\x01\x00\x04" + strings.Repeat("\x00", 15) + "\x01\x07\x47", "SOCKS5", "[::1]:1863", "[::1]:1863"},
	{Client, "\x05\x01\x00\x05\x01\x00\x09\x40\x04\x0d\x11\x07\x47", "SOCKS5", "a request to a SOCKS5 proxy", ""},
	{Client, "\x05\x01\x20\x05", "binary", "", ""},
	{Client, "\x05\x01\x80", "SOCKS5", "", ""},
	{Client, "\x05\x01\x09", "SOCKS5", "", ""},
	{Client, "\x05\x01\x0a\x05", "binary", "", ""},
	{Client, "\x05\x01\x7f\x05", "binary", "", ""},
	{Server, "\x05\x00", "SOCKS5", "answer", ""},
	{Server, "\x05\xff", "SOCKS5", "answer", ""},
	{Client, "\x04\x01\x07\x47\x40\x04\x0d\x11\x00", "SOCKS4", "for 64.4.13.17:1863", "64.4.13.17:1863"},
	{Client, "\x04\x01\x07\x47\x00\x00\x00\x01me\x00ns.example.com\x00", "SOCKS4a", "for ns.example.com:1863", "ns.example.com:1863"},
	{Client, "\x04\x03\x07\x47\x40\x04\x0d\x11\x00", "binary", "", ""},
	{Server, "\x00\x5a\x00\x00\x00\x00\x00\x00", "SOCKS4", "answer", ""},
	{Server, "\x00\x5d\x00\x00\x00\x00\x00\x00", "SOCKS4", "answer", ""},
	{Server, "\x00\x59\x00\x00\x00\x00\x00\x00", "binary", "", ""},
	{Server, "\x00\x5e\x00\x00\x00\x00\x00\x00", "binary", "", ""},
	{Client, "PROXY TCP4 192.0.2.7 192.0.2.1 5000 1863\r\nVER 1 MSNP7\r\n", "PROXY protocol", "version 1: 192.0.2.7:5000 for 192.0.2.1:1863", ""},
	{Client, "PROXY UNKNOWN\r\n", "PROXY protocol", "version 1", ""},
	{Client, proxyV2 + "\x21\x11\x00\x0c", "PROXY protocol", "version 2", ""},

	{Client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP", `"GET / HTTP/1.1"`, ""},
	{Client, "PUT /x HTTP/1.0\r\n\r\n", "HTTP", "", ""},
	{Client, "GET /x\r\n", "HTTP", "", ""},
	{Client, "GET the lead out\r\n", "text", "", ""},
	{Client, "POST http://gateway.messenger.hotmail.com/gateway/gateway.dll?Action=open&Server=NS&IP=x HTTP/1.1\r\n", "HTTP gateway", "request to MSN's", ""},
	{Client, "POST /gateway/gateway.dll?SessionID=17.1 HTTP/1.1\r\n\r\n", "HTTP gateway", "", ""},
	{Client, "GET http://example.com/ HTTP/1.1\r\n\r\n", "HTTP proxy", "", ""},
	{Client, "CONNECT ns.example.com:1863 HTTP/1.0\r\n\r\n", "HTTP CONNECT", "to connect to ns.example.com:1863", "ns.example.com:1863"},
	{Client, "OPTIONS sip:x SIP/2.0\r\n", "SIP", "", ""},
	{Client, "DESCRIBE rtsp://x RTSP/1.0\r\n", "RTSP", "", ""},
	{Client, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2", "", ""},
	{Server, "HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP", "400 Bad Request", ""},
	{Server, "HTTP/1.1 200 OK\r\nX-MSN-Messenger: SessionID=1\r\n\r\n", "HTTP gateway", "answer", ""},
	{Server, "ICY 200 OK\r\n", "ICY", "", ""},

	{Server, "SSH-2.0-OpenSSH_9.6\r\n", "SSH", "OpenSSH_9.6", ""},
	{Server, "RFB 003.008\n", "VNC", "", ""},
	{Server, "220 mail.example.com ESMTP\r\n", "SMTP", "220 mail", ""},
	{Server, "220 ProFTPD\r\n", "FTP", "", ""},
	{Server, "220-welcome\r\n", "SMTP or FTP", "", ""},
	{Server, "421 go away\r\n", "SMTP or FTP", "", ""},
	{Server, "200 news.example.com ready\r\n", "NNTP", "", ""},
	{Server, "300 things\r\n", "text", "", ""},
	{Client, "EHLO me\r\n", "SMTP", "client", ""},
	{Server, "+OK ready\r\n", "POP3", "", ""},
	{Server, "* OK IMAP4rev1\r\n", "IMAP", "", ""},
	{Server, ":irc.example.com NOTICE * :hi\r\n", "IRC", "", ""},
	{Server, ":irc.example.com 001 alice :hi\r\n", "IRC", "", ""},
	{Server, ":) hello there\r\n", "text", "", ""},
	{Client, "NICK alice\r\n", "IRC", "", ""},
	{Client, "CAP LS 302\r\n", "IRC", "", ""},
	{Client, "\xff\xfb\x1f\xff\xfb\x20", "Telnet", "", ""},
	{Client, "\xff\xfd\x41", "binary", "", ""},
	{Client, "Gr\xc3\xbc\xc3", "text", "", ""},
	{Client, "\xff\xfe\x01\xff\xfb\x01", "Telnet", "", ""},
	{Client, "\xff\xf9\x01", "binary", "", ""},
	{Client, "<?xml version='1.0'?><stream:stream to='x'>", "XMPP", "", ""},
	{Client, "<?xml version=\"1.0\"?>\n<stream:stream to='x'>", "XMPP", "", ""},
	{Client, "<stream:stream xmlns='jabber:client'>", "XMPP", "", ""},
	{Client, "<?xml version=\"1.0\"?>\n<note/>", "XML", "", ""},
	{Server, "<!DOCTYPE html>\n", "HTML", "", ""},
	{Client, "YMSG\x00\x10\x00\x00", "YMSG", "", ""},
	{Server, "*\x01\x00\x00\x00\x04\x00\x00\x00\x01", "OSCAR", "", ""},
	{Client, "FLAPON\r\n\r\n", "TOC", "", ""},
	{Client, "\x03\x00\x00\x00\x00\x00\x00\x00\x00abc", "RTMP", "", ""},
	{Client, "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00", "RDP", "", ""},
	{Client, "\x04\x00\x00\x00foo\x00", "MSNP2P", "", ""},
	{Client, "\x13BitTorrent protocol", "BitTorrent", "", ""},
	{Client, "\x81\x00\x00\x44 ", "NetBIOS", "", ""},
}

func TestOpenings(t *testing.T) {
	for _, tt := range openingCases {
		o, ok := ReadOpening([]byte(tt.in), tt.from, true)
		if !ok || o.Name != tt.name || !strings.Contains(o.Text, tt.text) || o.Target != tt.target || o.Partial {
			t.Errorf("%q: %+v, %v; want %s, %q, target %q", tt.in, o, ok, tt.name, tt.text, tt.target)
		}
		if msnp := tt.name == "MSNP" || tt.name == "MSNFTP"; o.MSNP() != msnp || (o.Advice == "") != msnp {
			t.Errorf("%q: MSNP %v, advice %q", tt.in, o.MSNP(), o.Advice)
		}
		if !printable([]byte(o.String())) {
			t.Errorf("%q: %q must be escaped", tt.in, o.String())
		}
		for n := range len(tt.in) {
			// Whatever is said of the beginning must not be taken back.
			early, ok := ReadOpening([]byte(tt.in[:n]), tt.from, false)
			if !ok {
				continue
			}
			if family(early.Name) != family(o.Name) {
				t.Errorf("%q is %s, %q is %s", tt.in[:n], early.Name, tt.in, o.Name)
			}
		}
	}
}

// family is the name without what more bytes add.
func family(name string) string {
	switch name {
	case "HTTP gateway":
		return "HTTP"
	case "XMPP":
		return "XML"
	}
	return name
}

// TestWholeLineDecides: no redirect may wait for more than its own line.
func TestWholeLineDecides(t *testing.T) {
	for _, tt := range openingCases {
		if tt.name != nameMSNP && tt.name != nameText {
			continue
		}
		if o, ok := ReadOpening([]byte(tt.in), tt.from, false); !ok || o.Name != tt.name {
			t.Errorf("%q: %v, %v", tt.in, o.Name, ok)
		}
	}
}

func TestOpeningsEnd(t *testing.T) {
	if _, ok := ReadOpening(nil, Client, true); ok {
		t.Error("no byte is something")
	}
	line := bytes.Repeat([]byte("A"), 3)
	line = append(append(line, " 1 "...), bytes.Repeat([]byte("x"), MaxOpening)...)
	if _, ok := ReadOpening(line[:MaxOpening-1], Client, false); ok {
		t.Error("decided before the most that is looked at")
	}
	if o, ok := ReadOpening(line[:MaxOpening], Client, false); !ok || o.Name != "text" {
		t.Errorf("%v %v", o, ok)
	}
	if o, ok := ReadOpening([]byte("VER 1 MSNP7"), Client, true); !ok || o.Name != "text" && o.Name != "MSNP" {
		t.Errorf("%v %v", o, ok)
	}
}

// TestRealHello takes what a real client of TLS sends, whole and cut.
func TestRealHello(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	go func() {
		defer far.Close()
		_ = tls.Client(far, &tls.Config{ServerName: "ns.example.com", MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13}).Handshake()
	}()
	b := make([]byte, 8<<10)
	n, err := near.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	b = b[:n]
	o, ok := ReadOpening(b, Client, false)
	if !ok || o.Partial || o.Text != "a hello of TLS 1.3 for ns.example.com" || o.Target != "ns.example.com" {
		t.Errorf("%+v", o)
	}
	for n := 1; n < len(b); n++ {
		o, ok := ReadOpening(b[:n], Client, false)
		if ok != (n > 5) || ok && (o.Name != "TLS" || !o.Partial) {
			t.Fatalf("%d bytes: %+v, %v", n, o, ok)
		}
	}
}

func FuzzOpening(f *testing.F) {
	for _, tt := range openingCases {
		f.Add([]byte(tt.in), uint8(tt.from))
	}
	f.Fuzz(func(t *testing.T, b []byte, from uint8) {
		o, ok := ReadOpening(b, Sender(from%4), true)
		if ok != (len(b) > 0) || ok && (o.Name == "" || o.Text == "" || o.Partial) {
			t.Errorf("%q: %+v, %v", b, o, ok)
		}
		if !printable([]byte(o.String())) {
			t.Errorf("%q: %q", b, o.String())
		}
	})
}

// What secrets may be in is not quoted.
func TestOpeningNoQuery(t *testing.T) {
	for raw, want := range map[string]string{
		"GET /x?passwd=SEC1&t=SEC2 HTTP/1.1\r\n":                   `"GET /x?... HTTP/1.1"`,
		"GET /x#access_token=SEC1 HTTP/1.1\r\n":                    `"GET /x?... HTTP/1.1"`,
		"GET http://u:SEC1@h/x HTTP/1.1\r\n":                       `"GET http://...@h/x HTTP/1.1"`,
		"POST /gateway/gateway.dll?SessionID=SEC1 HTTP/1.1\r\n":    `"POST /gateway/gateway.dll?... HTTP/1.1"`,
		"FROB /x?pwd=SEC1 HTTP/1.1\r\n":                            `"FROB /x?... HTTP/1.1"`,
		"GET /x? HTTP/1.1\r\n":                                     `"GET /x? HTTP/1.1"`,
		"GET /" + strings.Repeat("a", 60) + "?t=SEC1 HTTP/1.1\r\n": `aaa..."`,
	} {
		o, ok := ReadOpening([]byte(raw), Client, true)
		if !ok || strings.Contains(o.String(), "SEC") || !strings.Contains(o.Text, want) {
			t.Errorf("%q: %v %q", raw, ok, o.Text)
		}
	}
}
