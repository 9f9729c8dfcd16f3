package decode

import (
	"strings"
	"testing"
	"time"
)

// TestTrackerNamesOpenings: bytes before the first command have their name, with one
// warning for a connection.
func TestTrackerNamesOpenings(t *testing.T) {
	type piece struct {
		from     Sender
		in       string
		severity Severity // of frame.opaque; 0: there is none
		text     string   // part of it, and of the summary
	}
	for name, pieces := range map[string][]piece{
		"SOCKS5": {
			{Client, "\x05\x01\x00", Warning, "3 bytes at offset 0 are no MSNP: a request to a SOCKS5 proxy; msnproxy can"},
			{Server, "\x05\x00", Note, "the answer of a SOCKS5 proxy"},
			{Client, "\x05\x01\x00\x01\x40\x04\x0d\x11\x07\x47", Note, "a request to a SOCKS5 proxy for 64.4.13.17:1863"},
			{Server, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", Note, "the answer of a SOCKS5 proxy"},
			{Client, "VER 1 MSNP7 CVR0\r\n", 0, ""},
			{Server, "VER 1 MSNP7\r\n", 0, ""},
			{Client, "\x00\x00\x00\r\n", Note, "5 bytes at offset 31 are no MSNP"},
		},
		"gateway": {
			{Client, "POST /gateway/gateway.dll?Action=open HTTP/1.1\r\nContent-Length: 18\r\n\r\n", Warning, "a request to MSN's HTTP gateway"},
			{Client, "VER 1 MSNP7 CVR0\r\n", 0, ""},
			{Server, "HTTP/1.1 200 OK\r\nX-MSN-Messenger: SessionID=1\r\n\r\n", Note, "the answer of MSN's HTTP gateway"},
			{Client, "POST /gateway/gateway.dll?SessionID=1 HTTP/1.1\r\n\r\n", Note, "a request to MSN's HTTP gateway"},
		},
		"a verb of HTTP": {
			{Client, "GET / HTTP/1.1\r\n", Warning, "16 bytes at offset 0 are no MSNP: an HTTP request"},
			{Client, "Host: x\r\n\r\n", Note, "an HTTP request"},
		},
		"unknown": {
			{Client, "\x00\x01\x02\r\n", Warning, "5 bytes at offset 0 are no MSNP"},
			{Client, "VER 1 MSNP7 CVR0\r\n", 0, ""},
			{Client, "\x00\r\n", Warning, "3 bytes at offset 23 are no MSNP"},
		},
		"lost later": {
			{Client, "VER 1 MSNP7 CVR0\r\n", 0, ""},
			{Client, "\x05\x01\x00\r\n", Warning, "5 bytes at offset 18 are no MSNP"},
		},
	} {
		tr := NewTracker()
		tr.Open(1, "", "", time.Time{})
		var framers [2]Framer
		for i, p := range pieces {
			f := &framers[p.from-1]
			var fr Frame
			f.Feed([]byte(p.in))
			var last *Message
			found := ""
			severity := Severity(0)
			take := func() {
				m := tr.Frame(1, p.from, &fr, time.Time{})
				for _, fd := range m.Findings {
					if fd.Rule == "frame.opaque" {
						found, severity = fd.Text, fd.Severity
					}
				}
				last = m
			}
			for f.Next(&fr) {
				take()
			}
			if p.severity != 0 {
				for f.Flush(&fr) {
					take()
				}
			}
			if severity != p.severity || !strings.Contains(found, p.text) || p.severity == 0 && found != "" {
				t.Errorf("%s, piece %d: %s %q, want %s %q", name, i, severity, found, p.severity, p.text)
			}
			if _, what, named := strings.Cut(found, " are no MSNP: "); named && last.Frame.Kind == Opaque {
				what, _, _ = strings.Cut(what, "; ")
				if !strings.Contains(last.Summary(), what) {
					t.Errorf("%s, piece %d: summary %q, finding %q", name, i, last.Summary(), found)
				}
			}
		}
	}
}
