package ca

import "testing"

// Nobody makes a CA for half the world by a slip.
func TestTooWide(t *testing.T) {
	for name, refused := range map[string]bool{
		"com": true, "COM.": true, "*.com": true, "de": true, "*.lan": true,
		"0.0.0.0/0": true, "10.0.0.0/7": true, "::/0": true, "fc00::/6": true,
		"10.0.0.0/8": false, "fc00::/7": false, "xpbox": false, "example.com": false, "*.example.com": false,
	} {
		if _, err := limitsFor([]string{name}); (err != nil) != refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}
