package proxy

import (
	"strings"
	"testing"

	"msnproxy/capture"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/rule"
)

// What is recorded says by which rules it was made: the text of those in force from the
// beginning, and a remark for each of those that come later.
func TestGateRulesTold(t *testing.T) {
	set := func(seed int64, lines ...string) *rule.Set {
		s := rule.New()
		for _, line := range lines {
			r, err := rule.ParseLine(line)
			if err != nil {
				t.Fatal(err)
			}
			r.Name = "of " + line[:4]
			s.Add(r)
		}
		s.SetSeed(seed)
		return s
	}
	g := gate.New(gate.Options{Rules: set(7, `drop if verb == "ACK"`), Faults: set(7, `delay 1s if verb == "NAK"`)})
	text := g.RulesText()
	for _, want := range []string{"# rules\nseed = 7\n", `name = 'of drop'`, `do = ['drop']`, "# faults\nseed = 7\n", `do = ['delay 1s']`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if s := gate.New(gate.Options{}).RulesText(); s != "" {
		t.Errorf("no rules: %q", s)
	}
	inMemory(t, Config{Gate: g}, func(m *memory) {
		m.pair()
		off := set(8, `first 2: drop if verb == "MSG"`, `mark a`)
		if err := off.Enable("of mark", false); err != nil {
			t.Fatal(err)
		}
		for _, s := range []*rule.Set{off, nil} {
			if err := g.SetRules(s); err != nil {
				t.Fatal(err)
			}
		}
		m.fates()
		var got []string
		for _, r := range m.j.all() {
			if r.Kind == capture.Remark {
				got = append(got, r.Text)
			}
		}
		want := []string{
			"gate rules: 2 are in force anew, seed 8",
			`gate rule "of firs": first 2: drop if verb == "MSG"`,
			`gate rule "of mark": mark a (off)`,
			"gate rules: none are in force any more",
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("remarks:\n%s", strings.Join(got, "\n"))
		}
	})
}
