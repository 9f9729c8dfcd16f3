package show

import (
	"strings"
	"testing"
	"unicode"
)

func TestEscape(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Hello Bob", "Hello Bob"},
		{"Hé 日本 🙂", "Hé 日本 🙂"},
		{"\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"a\x00b\r\n\tc\x7f", `a\x00b\r\n\tc\x7f`},
		{"bad \xff\xc3(", `bad \xff\xc3(`},
		{"C1 \u009b31m", `C1 \u009b31m`},
		{"turn \u202e round \u2066", `turn \u202e round \u2066`},
		{"\u2028\ufeff\U000e0001", `\u2028\ufeff\u0e0001`},
		{`C:\dir\new \\ \`, `C:\dir\\new \\\ \`},
		{"a\u00a0b", `a\u00a0b`},
	}
	for _, tt := range tests {
		if got := string(Escape(nil, tt.in)); got != tt.want {
			t.Errorf("%q: got %s want %s", tt.in, got, tt.want)
		}
		if got := string(Escape(nil, []byte(tt.in))); got != tt.want {
			t.Errorf("bytes %q: got %s want %s", tt.in, got, tt.want)
		}
	}
}

func TestClip(t *testing.T) {
	if got := string(Clip(nil, strings.Repeat("é", 10), 7)); got != "ééé... (14 bytes more)" {
		t.Error(got)
	}
	if got := string(Clip(nil, "short", 5)); got != "short" {
		t.Error(got)
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("\x1b]0;title\x07", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		out := string(Escape(nil, s)) + string(Clip(nil, s, n&0xff))
		for _, r := range out {
			if !unicode.IsPrint(r) || r == unicode.ReplacementChar && !strings.ContainsRune(s, r) {
				t.Fatalf("%q: %q in %q", s, r, out)
			}
		}
	})
}
