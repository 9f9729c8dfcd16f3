package rule

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseErrors(t *testing.T) {
	const ok = "[[rule]]\nname = 'a'\n"
	for _, tt := range []struct{ text, want string }{
		{"sed = 7", `r.toml: line 1, column 1: no word "sed" here (did you mean seed?)`},
		{"[rules]\nx=1", `line 1`},
		{ok + "wen = 'true'\ndo = ['drop']", `r.toml: line 3, column 1: no word "wen" here (did you mean when?)`},
		{ok + "wen = 'true'\ndo = ['drop']", "3| wen = 'true'"},
		{ok + "something = 'true'\ndo = ['drop']", `no word "something" here (there are again, chance, do,`},
		{ok + "do = 'drop'", `line 3`},
		{ok + "do = ['drop'", `line 3`},
		{ok + "do = ['drop']\nevery = 'x'", `line 4`},
		{ok, `r.toml: line 1: rule "a": it does nothing: do = ['drop']`},
		{ok + "do = []", `r.toml: line 3: rule "a": it does nothing`},
		{ok + "do = ['drop',\n 'explode']", `r.toml: line 4: rule "a": do: no action is called "explode"`},
		{ok + "do = ['drop']\n# x\nwhen = 'verb = \"MSG\"'", `r.toml: line 5: rule "a": when: `},
		{ok + "do = ['drop']\nwhen = 'verb == \"MSG\" and acount == \"\"'", `unknown name acount (did you mean account?) in column 19`},
		{ok + "do = ['drop']\nwhen = 'verb == \"MSG\" and acount == \"\"'", "\n  verb == \"MSG\" and acount == \"\"\n                    ^"},
		{ok + "do = ['drop']\nfirst = 0", `line 4: rule "a": first is 0, and at least 1`},
		{ok + "do = ['drop']\nevery = 0", `every is 0, and at least 1`},
		{ok + "do = ['drop']\nskip = -1", `skip is -1, and at least 0`},
		{ok + "do = ['drop']\nchance = 1.01", `chance is 1.01, and from 0 (never) to 1 (always)`},
		{ok + "do = ['drop']\nchance = -0.01", `chance is -0.01`},
		{ok + "do = ['drop']\nchance = nan", `chance is NaN`},
		{ok + "do = ['drop']\nper = 'client'", `line 4: rule "a": per is "client", and one of all, connection, account, session`},
		{ok + "do = ['drop']\n" + ok + "do = ['drop']", `line 5: rule "a": another rule is called so`},
		{"[[rule]]\ndo = ['drop']\nname = \"a\\nb\"", `line 3: rule "a\nb": a name is one line of text`},
		{"[[rule]]\nname = \"a\\u007f\"\ndo = ['drop']", `a name is one line of text`},
		{"rule = [{name = 'a', do = ['explode']}]", `r.toml: rule "a": do: no action is called "explode"`},
		{"# x\n[other]\nx = 1\n" + ok + "do = ['drop']", "line 2, column 2: no word \"other\""},
		{"\n\nrule = [\n{name = 'a', do = ['drop'], every = 0}]", `r.toml: rule "a": every is 0`},
		{"\xff", "r.toml is no text in UTF-8"},
		{strings.Repeat("#", 1<<20+1), "r.toml has 1048577 bytes; rules may have 1048576"},
	} {
		s, err := Parse(tt.text, "r.toml")
		if err == nil || s != nil {
			t.Errorf("%.200s: %+v, %v", tt.text, s, err)
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.200s:\n%v\nwant\n%s", tt.text, err, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, text := range []string{"", "seed = 3", strings.Repeat("#", 1<<20), "rule = [{name = 'a', do = ['drop']}]", "# x\n\nrule = []"} {
		if _, err := Parse(text, "r.toml"); err != nil {
			t.Errorf("%.100s: %v", text, err)
		}
	}
	s := parse(t, "[[rule]]\ndo = ['drop, reply \"NAK {trid}\"', 'close']\n[[rule]]\nname = \"x\"\nenabled = false\ndo = ['drop']")
	if r := s.All()[0]; r.Name != "rule 1" || len(r.Do) != 3 || r.Line != 1 || r.By() != `rule "rule 1"` || r.Off {
		t.Errorf("%+v", r)
	}
	if r := s.All()[1]; r.Line != 3 || !r.Off {
		t.Errorf("%+v", r)
	}
	others := []int64{New().Seed(), New().Seed()} // by chance
	if s.Seed() < 1 || s.Seed() > 1<<31-1 || s.Seed() == others[0] && s.Seed() == others[1] {
		t.Errorf("the seed is %d", s.Seed())
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.toml")
	if _, err := Load(path); err == nil || !strings.HasPrefix(err.Error(), "can't read the rules in "+path+": ") || strings.Count(err.Error(), path) != 1 {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("seed = 9"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Load(path); err != nil || s.Seed() != 9 {
		t.Error(s, err)
	}
}

// Text says the same as the set, whatever it was made of.
func TestText(t *testing.T) {
	nine, err := os.ReadFile("testdata/nine.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "# no seed, and no line end", "seed = 3", "# x\nseed = 3 # y\n[[rule]]\ndo = ['drop']", string(nine), "'seed' = 3\n"} {
		s := parse(t, text)
		for _, line := range []string{`every 3, chance 0.5, first 2, skip 1, per session, last, again: drop if verb == "ACK"`, `remark "it's \\ {trid}"`, `chance 0: drop`, `drop if verb == 'ACK'`} {
			r, err := ParseLine(line)
			if err != nil {
				t.Fatal(err)
			}
			s.Add(r)
		}
		rules, err := ParseFault("busy 911 if account != \"\"")
		if err != nil {
			t.Fatal(err)
		}
		s.Add(rules...)
		s.SetSeed(s.Seed() + 1)
		again, err := Parse(s.Text(), "text")
		if err != nil {
			t.Errorf("%s\n%v", s.Text(), err)
			continue
		}
		if again.Seed() != s.Seed() || again.Len() != s.Len() || again.Text() != s.Text() {
			t.Errorf("seed %d, %d rules of\n%s", again.Seed(), again.Len(), s.Text())
		}
		for i, r := range s.All() {
			if a := again.All()[i]; a.TOML() != r.TOML() || a.By() != r.By() {
				t.Errorf("%s became\n%s", r.TOML(), a.TOML())
			}
		}
	}
	s := New()
	for range 3 {
		r, _ := ParseLine("drop")
		s.Add(r)
	}
	if s.Rules()[2].Name != "drop (3)" {
		t.Errorf("%+v", s.Rules())
	}
}

func TestTOML(t *testing.T) {
	for line, want := range map[string]string{
		`every 2, chance 0.5, first 3, skip 1, per account, last, again: drop, mark a if text == "x"`: `[[rule]]
name = 'NAME'
enabled = false
when = 'text == "x"'
every = 2
chance = 0.5
first = 3
skip = 1
per = 'account'
last = true
again = true
do = ['drop', 'mark a']
`,
		`chance 0: remark "it's"`:          "[[rule]]\nname = 'NAME'\nenabled = false\nchance = 0.0\ndo = [\"remark \\\"it's\\\"\"]\n",
		"drop if text == \"a\x7fb\"":       "[[rule]]\nname = 'NAME'\nenabled = false\nwhen = \"text == \\\"a\\u007fb\\\"\"\ndo = ['drop']\n",
		"drop if\ttext == \"a\" and\ttrue": "[[rule]]\nname = 'NAME'\nenabled = false\nwhen = \"text == \\\"a\\\" and\\u0009true\"\ndo = ['drop']\n",
	} {
		r, err := ParseLine(line)
		if err != nil {
			t.Fatal(err)
		}
		r.Name, r.Off = "NAME", true
		if got := r.TOML(); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", line, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	nine, _ := os.ReadFile("testdata/nine.toml")
	f.Add(string(nine))
	for _, p := range Presets() {
		f.Add(p.text)
	}
	f.Add("rule = [{name = 'a', do = ['drop']}]")
	f.Add("[[rule]]\nname = \"\"\"\na\"\"\"\nwhen = '''\ntrue'''\ndo = [\n'drop', # x\n]")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 {
			return
		}
		s, err := Parse(text, "fuzz")
		if err != nil {
			return
		}
		again, err := Parse(s.Text(), "text")
		if err != nil {
			t.Fatalf("%q: %v", s.Text(), err)
		}
		for i, r := range s.All() {
			if again.All()[i].TOML() != r.TOML() {
				t.Errorf("%s became %s", r.TOML(), again.All()[i].TOML())
			}
			if _, err := Parse(r.TOML(), "rule"); err != nil {
				t.Errorf("%s: %v", r.TOML(), err)
			}
		}
		s.Advise()
	})
}
