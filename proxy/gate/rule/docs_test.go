package rule

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"msnproxy/proxy/gate/action"
)

// The page on rules has the nine rules, every word, action and fault.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	nine, err := os.ReadFile("testdata/nine.toml")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	want = append(want, "```toml\n"+string(nine)+"```")
	for _, w := range ruleWords {
		want = append(want, "\n| `"+w+"` |")
	}
	for _, w := range action.Words() {
		want = append(want, "`"+w)
	}
	for _, p := range Presets() {
		row := "\n| `" + p.Name + "`"
		for _, v := range p.Values {
			row += " `" + v + "`"
		}
		want = append(want, row+fmt.Sprintf(" | %s | %s | %s |\n", p.About, p.Tests, p.Right))
	}
	for _, w := range want {
		if !strings.Contains(string(page), w) {
			t.Errorf("docs/rules.md lacks %q", w)
		}
	}
}
