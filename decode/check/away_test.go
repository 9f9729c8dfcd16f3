package check

import (
	"fmt"
	"strings"
	"testing"
)

// A client is only said to go elsewhere where that is certain.
func TestElsewhere(t *testing.T) {
	come := func(to, between, came string) string {
		return "1 open 10.0.0.9:1 10.0.0.1:1863\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 C: USR 2 MD5 I carol@example.com\n" +
			"1 S: XFR 2 NS " + to + " 0 10.0.0.1:1863\n1 close\n" + between +
			fmt.Sprintf("2 open 10.0.0.9:2 %s\n2 C: VER 3 MSNP7 CVR0\n2 S: VER 3 MSNP7\n2 C: USR 4 MD5 I carol@example.com\n2 S: USR 4 MD5 S 1", came)
	}
	for _, tt := range []struct {
		name, script string
		want         bool
	}{
		{"there", come("10.0.0.5:1863", "", "10.0.0.5:1863"), false},
		{"no port is 1863", come("10.0.0.5", "", "10.0.0.5:1863"), false},
		{"another port", come("10.0.0.5:1864", "", "10.0.0.5:1863"), true},
		{"a name", come("ns.example.com:1863", "", "10.0.0.5:1863"), false},
		{"a name, another port of it", come("ns.example.com:1864", "", "NS.example.com:1863"), true},
		{"a private one for a public one", come("64.4.12.133:1863", "", "10.0.0.5:1863"), false},
		{"another public one", come("64.4.12.133:1863", "", "64.4.12.134:1863"), true},
		{"its own machine for a private one", come("127.0.0.1:1863", "", "10.0.0.5:1863"), false},
		{"nowhere", come("0.0.0.0:1863", "", "10.0.0.5:1863"), false},
		{"it was there", come("10.0.0.5:1863", "3 open 10.0.0.9:3 10.0.0.5:1863\n3 close\n", "10.0.0.1:1863"), false},
		{"somebody else was there", come("10.0.0.5:1863", "3 open 10.0.0.8:3 10.0.0.5:1863\n3 close\n", "10.0.0.1:1863"), true},
		{"within five minutes", come("10.0.0.5:1863", "+4m59.99s\n", "10.0.0.1:1863"), true},
		{"later", come("10.0.0.5:1863", "+5m\n", "10.0.0.1:1863"), false},
		{"a switchboard's port", strings.Replace(macros["call"], "2 open 10.0.0.9:1031 10.0.1.2:1863", "2 open 10.0.0.9:1031 10.0.1.2:1864", 1), true},
		{"a switchboard", macros["call"], false},
	} {
		found := false
		for _, l := range play(t, strings.ReplaceAll(tt.script, "%d", "7")) {
			found = found || l.Rule == "redirect.elsewhere"
		}
		if found != tt.want {
			t.Errorf("%s: %v", tt.name, found)
		}
	}
}
