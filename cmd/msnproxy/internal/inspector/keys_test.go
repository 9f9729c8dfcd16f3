package inspector

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The table of keys in the documents is that of the program.
func TestKeysInDocs(t *testing.T) {
	const begin, end = "<!-- keys -->\n", "<!-- /keys -->"
	file := filepath.Join("..", "..", "..", "..", "docs", "inspector.md")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the keys", file)
	}
	var keys strings.Builder
	if err := WriteKeys(&keys, true); err != nil {
		t.Fatal(err)
	}
	want := before + begin + "\n" + keys.String() + end + after
	if want == string(b) {
		return
	}
	if !*update {
		t.Fatalf("the keys in %s are not those of the program: go test -update writes them", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A key does one thing at a place, and each command has a name and a text of its
// own.
func TestKeysAreDistinct(t *testing.T) {
	for _, at := range []where{inSessions, inDetail, inMain, inMain | inLadder, inMain | inChat, inMain | inFindings, inMain | inStats} {
		seen := make(map[string]string)
		for _, a := range actions {
			if a.where&at == 0 {
				continue
			}
			for _, k := range a.keys {
				if seen[k] != "" {
					t.Errorf("%s is %s and %s", k, seen[k], a.name)
				}
				seen[k] = a.name
			}
		}
	}
	names := make(map[string]bool)
	for _, a := range actions {
		if names[a.name] || a.about == "" || a.run == nil || a.where == 0 {
			t.Errorf("%q: twice, or not whole", a.name)
		}
		names[a.name] = true
	}
}
