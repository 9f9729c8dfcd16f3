package capture

import (
	"fmt"
	"strings"
	"testing"

	"msnproxy/decode"
)

// TestForeignConnections: a capture without MSNP says what there is in it, and what
// to do about it.
func TestForeignConnections(t *testing.T) {
	for _, tt := range []struct {
		client, server, want string
	}{
		{"\x05\x01\x00", "\x05\xff", "1 of SOCKS5 (a request to a SOCKS5 proxy)); msnproxy can be that proxy"},
		{"CONNECT ns.example.com:1863 HTTP/1.0\r\n\r\n", "HTTP/1.0 403 no\r\n\r\n", "1 of HTTP CONNECT (a request to an HTTP proxy to connect to ns.example.com:1863)"},
		{"\x16\x03\x01\x00\xa0\x01", "\x15\x03\x01\x00\x02\x02\x46", "1 of TLS (a hello of TLS 1.0)"},
		{"", "220 mail.example.com ESMTP\r\n", `1 of SMTP (the greeting of SMTP: "220 mail.example.com ESMTP")`},
		{"hello?\r\n", "220 mail.example.com ESMTP\r\n", "1 of SMTP (the greeting"},
		{"hello?\r\n", "what?\r\n", `1 of text (text: "hello?")`},
		{"\x00\x01\x02", "", "1 of binary (binary data"},
		{"hel", "", `1 of text (text: "hel")`},
		{"PN", "", `1 of text (text: "PN")`},
	} {
		w := newWire(t)
		k := w.dial(aliceAt, nsAt)
		if tt.client != "" {
			k.C(tt.client)
		}
		if tt.server != "" {
			k.S(tt.server)
		}
		k.end()
		got, r, err := readAll(t, w.pcap())
		if err != nil || len(got) > 0 {
			t.Errorf("%q: %v, %v", tt.client, got, err)
		}
		if e := r.Stats().NoMSNP("x.pcap").Error(); !strings.HasPrefix(e, "x.pcap: no MSNP in it (pcap: ") || !strings.Contains(e, "none of which is MSNP: "+tt.want) {
			t.Errorf("%q: %s", tt.client, e)
		}
	}
}

func TestForeignKindsAreBounded(t *testing.T) {
	var s Stats
	for i := range maxForeign + 3 {
		for range 2 {
			s.foreign(decode.Opening{Name: fmt.Sprint("kind ", i), Text: "x", Advice: "look"})
		}
	}
	if len(s.Foreign) != maxForeign || s.Foreign[maxForeign-1].Count != 2 {
		t.Errorf("%d kinds: %+v", len(s.Foreign), s.Foreign)
	}
	if e := s.NoMSNP("x").Error(); strings.Contains(e, "look") {
		t.Errorf("advice where there are several kinds: %s", e)
	}
	for n, texts := range map[int]bool{1: true, 3: true, 4: false} {
		few := Stats{Format: "pcap", Connections: n, Foreign: s.Foreign[:n]}
		if got := few.String(); strings.Contains(got, "(x)") != texts {
			t.Errorf("%d kinds: %s", n, got)
		}
	}
}

// A first packet that is cut before it tells what it is is called that, and what comes
// behind the cut does not go on with it.
func TestCutBeginning(t *testing.T) {
	for _, tt := range []struct {
		name          string
		client        []string
		bytes         int // that are left of each packet
		want, mustNot string
	}{
		{"two bytes", []string{ver, inf, usr}, 2, `1 of something cut short (it begins with "VE", the capture has left out the rest); 4 packets cut at 42 bytes (capture whole packets: tcpdump -s 0)`, "text:"},
		{"a verb and no more", []string{ver, inf}, 3, `something cut short (it begins with "VER"`, "text"},
		{"a verb and its blank", []string{ver, inf}, 4, "1 of MSNP", "cut short"},
		{"two that make a verb", []string{"VE, and so on", "R is cut, too"}, 2, `something cut short (it begins with "VE"`, "1 of MSNP"},
		{"bytes of TLS", []string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}, 2, "something cut short (it begins with \"\x16\x03\"", "binary"},
		{"enough of HTTP", []string{"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"}, 30, "1 of HTTP", "cut short"},
		{"none", []string{ver}, 0, "1 without a byte of data; 2 packets cut at 40 bytes", "something"},
		{"within the header", []string{ver}, -4, "5 packets of TCP, cut within its header (capture whole packets: tcpdump -s 0)", "without TCP"},
	} {
		w := newWire(t)
		k := w.dial(aliceAt, nsAt)
		for _, line := range tt.client {
			k.C(line)
		}
		if strings.HasPrefix(tt.client[0], "GET") {
			k.S("HTTP/1.1 200 OK\r\n\r\n")
		} else {
			k.S(ver)
		}
		for i := range w.packets {
			w.packets[i].data = w.packets[i].data[:min(len(w.packets[i].data), 40+tt.bytes)]
		}
		_, r, err := readAll(t, w.pcap())
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Stats().String(); !strings.Contains(got, tt.want) || strings.Contains(got, tt.mustNot) {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}
