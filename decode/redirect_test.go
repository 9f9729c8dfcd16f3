package decode

import (
	"strings"
	"testing"
)

func TestParseRedirect(t *testing.T) {
	tests := []struct {
		line          string
		kind          RedirectKind
		addr, current string
		cookie        string
		session       string
	}{
		{line: "XFR 3 NS 10.0.0.5:1863", kind: RedirectNS, addr: "10.0.0.5:1863"},
		{line: "XFR 3 NS host", kind: RedirectNS, addr: "host"},
		{line: "XFR 3 NS 64.4.12.133 0", kind: RedirectNS, addr: "64.4.12.133"},
		{line: "XFR 3 NS 10.0.0.5:1863 0 10.0.0.1:1863", kind: RedirectNS, addr: "10.0.0.5:1863", current: "10.0.0.1:1863"},
		{line: "XFR 3 NS 192.0.2.10:1863 U D", kind: RedirectNS, addr: "192.0.2.10:1863"},
		{line: "XFR 3 NS 192.0.2.10:1863 U messenger.msn.com", kind: RedirectNS, addr: "192.0.2.10:1863"},
		{line: "XFR 3 NS 192.0.2.10:1863 U D VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDINCg==", kind: RedirectNS, addr: "192.0.2.10:1863"},
		{line: "XFR 0 NS *.gateway.edge.messenger.live.com:1863 G D aG9w", kind: RedirectNS, addr: "*.gateway.edge.messenger.live.com:1863"},
		{line: "XFR 15 SB 10.0.1.200:1863 CKI 17262740.1050826919.32308", kind: RedirectSB, addr: "10.0.1.200:1863", cookie: "17262740.1050826919.32308"},
		{line: "XFR 15 SB sb.example:1864 CKI abc U messenger.msn.com", kind: RedirectSB, addr: "sb.example:1864", cookie: "abc"},
		{line: "XFR 15 SB sb.example:1864 CKI abc U messenger.msn.com 1", kind: RedirectSB, addr: "sb.example:1864", cookie: "abc"},
		{line: "XFR 15  SB sb.example:1864 CKI abc ", kind: RedirectSB, addr: "sb.example:1864", cookie: "abc"},
		{line: "RNG 11752013 10.0.1.200:1863 CKI 849102291.520491113 bob@example.com Bob", kind: RedirectRNG, addr: "10.0.1.200:1863", cookie: "849102291.520491113", session: "11752013"},
		{line: "RNG ab12cd 10.0.1.200:1864 CKI c bob@example.com Bob U messenger.hotmail.com 1", kind: RedirectRNG, addr: "10.0.1.200:1864", cookie: "c", session: "ab12cd"},
		{line: "XFR 0 NS 0"},
		{line: "XFR 3 SB"},
		{line: "XFR 3 NS"},
		{line: "USR 6 MD5 S 1"},
		{line: "ZZZ 1 10.0.0.5:1863"},
	}
	for _, tt := range tests {
		for _, end := range []string{"\r\n", "\n"} {
			frames := cut(&Framer{}, []byte(tt.line+end))
			fr := &frames[0]
			r, ok := ParseRedirect(fr)
			if ok != (tt.kind != 0) {
				t.Errorf("%q: redirect: %v", tt.line, ok)
				continue
			}
			at := func(tok Token) string { return string(fr.Raw[tok.Start:tok.End]) }
			if r.Kind != tt.kind || at(r.Addr) != tt.addr || at(r.Current) != tt.current || r.Cookie != tt.cookie || r.SessionID != tt.session {
				t.Errorf("%q: %v to %q, current %q, cookie %q, session %q", tt.line, r.Kind, at(r.Addr), at(r.Current), r.Cookie, r.SessionID)
			}
			if ok && !MayRedirect(fr.Raw[:3]) {
				t.Errorf("%q: MayRedirect says no", tt.line)
			}
		}
	}
	for _, s := range []string{"X", "XF", "XFR", "XFR ", "R", "RNG 1"} {
		if !MayRedirect([]byte(s)) {
			t.Errorf("MayRedirect(%q) = false", s)
		}
	}
	for _, s := range []string{"", "N", "XFA", "MSG ", "XFRX", "RNG\r"} {
		if MayRedirect([]byte(s)) {
			t.Errorf("MayRedirect(%q) = true", s)
		}
	}
}

func TestUnclearRedirect(t *testing.T) {
	for _, tt := range []struct {
		line, addr string
		unclear    bool
	}{
		{"XFR 3 NS 10.0.0.5:1863 0", "", false},
		{"XFR 0 NS 0", "", false},
		{"XFR 3 NS 10.0.0.5:+80 0", "10.0.0.5:+80", true},
		{"XFR 3 NS http://10.0.0.5/", "http://10.0.0.5/", true},
		{"XFR 3 SB 10.0.0.5;1863 CKI 1", "10.0.0.5;1863", true},
		{"RNG 1 10.0.0.5:65536 CKI 1.2 bob@example.com Bob", "10.0.0.5:65536", true},
		{"RNG 1 10.0.0.5:65535 CKI 1.2 bob@example.com Bob", "", false},
		{"XFR 3 SB", "", true},
		{"PNG", "", false},
		{"XFR 2 CON 42\r\n<xfr><target>192.0.2.10:443</target></xfr>", "192.0.2.10:443", true},
		{"XFR CON 6\r\n<xfr/>", "", true},
		{"XFR CON 0", "", false},
		{"ZZZ 3 NS 10.0.0.5:+80", "", false},
	} {
		line := tt.line
		if !strings.Contains(line, "\r\n") {
			line += "\r\n"
		}
		fr := &cut(&Framer{}, []byte(line))[0]
		if addr, unclear := UnclearRedirect(fr); string(addr) != tt.addr || unclear != tt.unclear {
			t.Errorf("%q: %q, %v", tt.line, addr, unclear)
		}
	}
	if _, unclear := UnclearRedirect(&Frame{Kind: Opaque, Raw: []byte("XFR 3 SB")}); unclear {
		t.Error("opaque bytes are a redirect")
	}
}
