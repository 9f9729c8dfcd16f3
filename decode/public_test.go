package decode

import (
	"strings"
	"testing"
)

// Which values of parameters tell nothing of a person, by kind: what lies just beyond
// is hidden.
func TestPublicValues(t *testing.T) {
	for _, tt := range []struct{ kind, value, not string }{
		{"trid", "4294967295", "12a"},
		{"challenge", strings.Repeat("1", 39) + ".", strings.Repeat("1", 41)},
		{"challenge", "989048851.1851137130", "98904885x.1851137130x"},
		{"session", strings.Repeat("aF", 16), strings.Repeat("aF", 16) + "0"},
		{"session", "11752099", "alice"},
		{"capabilities", "268435456:48", "268435456:48:1"},
		{"capability", "268435456", "268435456:48"},
		{"listbits", "11", "alice"},
		{"groupid", "12", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"},
		{"namespace", `MSGR\PUT`, `ALICE\PUT`},
		{"hop", "VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDENCg==", "YWxpY2U="},
		{"hop", "VmVyc2lvbjogMQ0K", "VmVyc2lvbjogYWxpY2UNCg=="},
		{"hop", "0", "alice"},
		{"policy", "MBI_KEY_OLD", "alice"},
		{"paid", "null", "SC=1"},
		{"way", "U", "alice"},
		{"lcid", "0x0409", "en-alice"},
		{"clientver", "8.5.1302.1018", "8.5 alice"},
		{"arch", "I386", "alice-pc"},
		{"client", "msmsgs", "alice"},
		{"product", "PROD0090YUAUV{2B", "PROD0090YUAUV{2C"},
		{"text", "2026-11-24T22:03:34.5-07:00", "2026-11-24 alice"},
		{"listver", "2026-11-24T22:03:34Z", "alice"},
		{"status", "BSY", "bob"},
		{"dialect", "MSNP8", "bob@example.com"},
		{"word", "MD5", "alice"},
	} {
		p := Param{Kind: &Kind{Name: tt.kind}}
		if !p.Public([]byte(tt.value)) {
			t.Errorf("%s %s is public", tt.kind, tt.value)
		}
		if p.Public([]byte(tt.not)) {
			t.Errorf("%s %s is not public", tt.kind, tt.not)
		}
		p.Kind.Secret = true
		if p.Public([]byte(tt.value)) {
			t.Errorf("%s %s is public, though secret", tt.kind, tt.value)
		}
		p.Literals = []string{tt.value}
		if !p.Public([]byte(tt.value)) {
			t.Errorf("%s, the only value there is, is not public", tt.value)
		}
	}
	if p := (Param{Kind: &Kind{Name: "friendly"}}); p.Public([]byte("1")) {
		t.Error("no friendly name is public")
	}
}

func TestPublicWord(t *testing.T) {
	for word, want := range map[string]bool{"999": true, "1000": false, "FL": true, "MD5": true, "alice": false, "": false} {
		if got := PublicWord([]byte(word)); got != want {
			t.Errorf("%q: %v", word, got)
		}
	}
}

// A % that no two hex digits follow stands for itself.
func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		"Bob%20B": "Bob B", "%4a%4A": "JJ", "%c3%A9": "\u00e9", "%00%09": "\x00\t", "50%": "50%", "50%4": "50%4",
		"%41": "A", "%4G%/0%:0%@0%`0%g0": "%4G%/0%:0%@0%`0%g0", "%af%FA": "\ufffd",
	} {
		if got := Unescape([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestOccurrences(t *testing.T) {
	for o, want := range map[Occurrence]bool{NoOccurrence: false, HalfClosed: true, Closed: true, Reset: true, Lost: false} {
		if o.Ends() != want {
			t.Errorf("%q ends: %v", o, o.Ends())
		}
	}
}
