package capture

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// A contact whose parameters stand in another order than usual is redacted as any, in
// its order.
func TestRedactPrefixOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in.txt")
	text := "C= VER 1 MSNP12 CVR0\\r\\n\nS= VER 1 MSNP12\\r\\n\n" +
		"S= LST C=11111111-2222-3333-4444-555555555555 F=Bob N=bob@example.com 11 1\\r\\n\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, after, _, _ := redactAll(t, path, true)
	got := string(after[len(after)-1].Frame.Raw)
	for i := len(after) - 1; after[i].Kind != Data; i-- {
		got = string(after[i-1].Frame.Raw)
	}
	if !regexp.MustCompile(`^LST C=\S+ F=Name\S* N=person\S+@\S+ 11 1\r\n$`).MatchString(got) {
		t.Errorf("%q", got)
	}
}
