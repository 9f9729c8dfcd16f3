package capture

import (
	"regexp"
	"testing"
)

// Which parts of what names an account have a stand-in, and of which kind.
func TestRedactHandles(t *testing.T) {
	_, all := redactors(t)
	for _, tt := range []struct{ in, want string }{
		{"", `^$`}, {"Hotmail", `^Hotmail$`}, {"alice@example.com", `^person1@example\.net$`}, {"1:alice@example.com", `^1:person1@example\.net$`},
		{"32:ALICE@example.com", `^32:person1@example\.net$`}, {"123:alice@example.com", `^person2@example\.net$`}, {"x:alice@example.com", `^person3@example\.net$`},
		{"tel:+15551234", `^tel:\+1555\d{7}$`}, {"+15551234", `^\+1555\d{7}$`}, {"123", `^123$`}, {"1234", `^1555\d{7}$`}, {"4:123", `^4:123$`}, {"4:1234", `^4:1555\d{7}$`},
		{"alice@example.com;via=9:bob@example.com", `^person1@example\.net;via=9:person4@example\.net$`},
		{"alice@example.com;{0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f}", `^person1@example\.net;\{[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}$`},
		{"via=bob@example.com", `^person5@example\.net$`},
	} {
		if got := string(all.handle([]byte(tt.in))); !regexp.MustCompile(tt.want).MatchString(got) {
			t.Errorf("%s: %s", tt.in, got)
		}
	}
	for _, tt := range []struct{ in, want string }{
		{"", `^$`}, {"localhost", `^localhost$`}, {"LocalHost", `^LocalHost$`}, {"127.0.0.1", `^127\.0\.0\.1$`}, {"::1", `^::1$`}, {"0.0.0.0", `^0\.0\.0\.0$`},
		{"pc.example.com", `^host1\.example$`}, {"PC.example.com", `^host1\.example$`}, {"10.1.2.3", `^192\.0\.2\.1$`}, {"::ffff:10.1.2.3", `^192\.0\.2\.1$`},
		{"2001:db8:9::1", `^2001:db8::2$`}, {"[2001:db8:9::1]", `^\[2001:db8::2\]$`}, {"fe80::1%eth0", `^2001:db8::3$`},
	} {
		if got := all.host(tt.in); !regexp.MustCompile(tt.want).MatchString(got) {
			t.Errorf("the host %s: %s", tt.in, got)
		}
	}
	for in, want := range map[string]string{"a": `^[a-z]+$`, "{": `^`, "{}": `^\{`} {
		if got := string(all.endPoint([]byte(in))); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("the end point %s: %s", in, got)
		}
	}
}
