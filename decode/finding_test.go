package decode

import (
	"strings"
	"testing"
)

// A finding holds what was on the wire, so that who shows it escapes it once.
func TestQuote(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"a\tb\x1b\\\"", "\"a\tb\x1b\\\"\""},
		{"\xe4", "\"\xe4\""},
		{strings.Repeat("x", 60), `"` + strings.Repeat("x", 60) + `"`},
		{strings.Repeat("x", 61), `"` + strings.Repeat("x", 60) + `"...`},
		{strings.Repeat("x", 59) + "\u00e4", `"` + strings.Repeat("x", 59) + `"...`},
		{strings.Repeat("x", 57) + "\U0001f600", `"` + strings.Repeat("x", 57) + `"...`},
		{strings.Repeat("\x80", 70), `"` + strings.Repeat("\x80", 56) + `"...`},
		{"", `""`},
	} {
		if got := Quote([]byte(tt.in)); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}
