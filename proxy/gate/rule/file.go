package rule

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/action"
)

// MaxText is the largest file of rules, in bytes: its text goes into each recording.
const MaxText = 1 << 20

// Load reads a file of rules.
func Load(path string) (*Set, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("can't read the rules in %s: %w", path, err)
	}
	return Parse(string(b), path)
}

// document is a file of rules.
type document struct {
	Seed *int64  `toml:"seed"`
	Rule []entry `toml:"rule"`
}

// entry is one rule of it.
type entry struct {
	Name    string   `toml:"name"`
	When    string   `toml:"when"`
	Do      []string `toml:"do"`
	Enabled *bool    `toml:"enabled"`
	First   *int     `toml:"first"`
	Skip    *int     `toml:"skip"`
	Every   *int     `toml:"every"`
	Chance  *float64 `toml:"chance"`
	Per     string   `toml:"per"`
	Last    bool     `toml:"last"`
	Again   bool     `toml:"again"`
}

// words are what may stand in a file, and in a rule.
var (
	fileWords = []string{"rule", "seed"}
	ruleWords = []string{"again", "chance", "do", "enabled", "every", "first", "last", "name", "per", "skip", "when"}
)

// Parse reads the text of a file of rules; name is the file's, for errors. Either all of
// it is right or there is no set; errors say line and cause.
func Parse(text, name string) (*Set, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("%s has %d bytes; rules may have %d", name, len(text), MaxText)
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("%s is no text in UTF-8, as TOML is", name)
	}
	var doc document
	d := toml.NewDecoder(strings.NewReader(text))
	if err := d.DisallowUnknownFields().Decode(&doc); err != nil {
		return nil, wrong(name, err)
	}
	s := New()
	s.name, s.text = name, text
	at := findPlaces(text)
	if doc.Seed != nil {
		s.seed, s.at, s.seeded = *doc.Seed, at.seed, true
	}
	for i := range doc.Rule {
		p := at.rule(i)
		r, err := doc.Rule[i].rule(i, p)
		if err == nil && s.find(r.Name) != nil {
			p.name = r.Name
			err = p.wrong("name", "another rule is called so")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.rules = append(s.rules, r)
	}
	return s, nil
}

// wrong explains an error of the TOML, with the line.
func wrong(name string, err error) error {
	var missing *toml.StrictMissingError
	if errors.As(err, &missing) {
		var all []string
		for i := range missing.Errors {
			e := &missing.Errors[i]
			row, column := e.Position()
			key := e.Key()
			word, known := "", fileWords
			if len(key) > 0 {
				word = key[len(key)-1]
			}
			if len(key) > 1 {
				known = ruleWords
			}
			hint := fmt.Sprintf("there are %s", strings.Join(known, ", "))
			if near := filter.Nearest(word, known); near != "" {
				hint = fmt.Sprintf("did you mean %s?", near)
			}
			shown := strings.ReplaceAll(e.String(), "missing field", "unknown")
			shown = strings.ReplaceAll(shown, "missing table", "unknown")
			all = append(all, fmt.Sprintf("line %d, column %d: no word %q here (%s)\n%s", row, column, word, hint, shown))
		}
		return fmt.Errorf("%s: %s", name, strings.Join(all, "\n"))
	}
	var e *toml.DecodeError
	if errors.As(err, &e) {
		row, column := e.Position()
		return fmt.Errorf("%s: line %d, column %d: %s\n%s", name, row, column, strings.TrimPrefix(e.Error(), "toml: "), e.String())
	}
	return fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "toml: "))
}

// rule makes a rule of what the file says.
func (e *entry) rule(i int, p place) (*Rule, error) {
	r := &Rule{Name: e.Name, When: e.When, Chance: 1, Last: e.Last, Again: e.Again, Line: p.line}
	if r.Name == "" {
		r.Name = fmt.Sprintf("rule %d", i+1)
	}
	p.name = r.Name
	if strings.ContainsFunc(r.Name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return nil, p.wrong("name", "a name is one line of text")
	}
	r.Off = e.Enabled != nil && !*e.Enabled
	for _, n := range []struct {
		word  string
		from  *int
		to    *int
		least int
	}{{"first", e.First, &r.First, 1}, {"skip", e.Skip, &r.Skip, 0}, {"every", e.Every, &r.Every, 1}} {
		if n.from == nil {
			continue
		}
		if *n.to = *n.from; *n.to < n.least {
			return nil, p.wrong(n.word, "%s is %d, and at least %d", n.word, *n.to, n.least)
		}
	}
	if e.Chance != nil {
		if r.Chance = *e.Chance; !(r.Chance >= 0 && r.Chance <= 1) {
			return nil, p.wrong("chance", "chance is %v, and from 0 (never) to 1 (always)", r.Chance)
		}
	}
	if e.Per != "" {
		per := slices.Index(pers, e.Per)
		if per < 0 {
			return nil, p.wrong("per", "per is %q, and one of %s", e.Per, strings.Join(pers, ", "))
		}
		r.Per = Per(per)
	}
	if len(e.Do) == 0 {
		return nil, p.wrong("do", "it does nothing: do = ['drop']")
	}
	for j, s := range e.Do {
		list, err := action.ParseList(s)
		if err != nil {
			return nil, p.within(j, err)
		}
		r.Do = append(r.Do, list...)
	}
	if err := r.compile(); err != nil {
		return nil, p.wrong("when", "when: %w", err)
	}
	return r, nil
}

// places are where things stand in a file.
type places struct {
	seed  int
	rules []place
}

// place is where a rule stands: the lines of it, of its words, and of its actions.
type place struct {
	name  string
	line  int
	words map[string]int
	do    []int
}

func (p *places) rule(i int) place {
	if i < len(p.rules) {
		return p.rules[i]
	}
	return place{}
}

func (p place) wrong(word, format string, args ...any) error {
	return p.at(p.words[word], format, args...)
}

func (p place) within(i int, err error) error {
	line := p.words["do"]
	if i < len(p.do) {
		line = p.do[i]
	}
	return p.at(line, "do: %w", err)
}

func (p place) at(line int, format string, args ...any) error {
	err := fmt.Errorf("rule %q: "+format, append([]any{p.name}, args...)...)
	if line == 0 {
		line = p.line
	}
	if line == 0 {
		return err
	}
	return fmt.Errorf("line %d: %w", line, err)
}

// findPlaces walks a text that is known to be TOML. Rules that are written otherwise than
// as [[rule]] have no places.
func findPlaces(text string) (at places) {
	var p unstable.Parser
	p.Reset([]byte(text))
	line := func(n *unstable.Node) int {
		if n.Raw.Length == 0 {
			return 0
		}
		return p.Shape(n.Raw).Start.Line
	}
	in := false // a rule
	for p.NextExpression() {
		n := p.Expression()
		if n.Kind != unstable.KeyValue && n.Kind != unstable.ArrayTable {
			in = false
			continue
		}
		key := n.Key()
		if !key.Next() {
			continue
		}
		word, first := string(key.Node().Data), line(key.Node())
		switch {
		case n.Kind == unstable.ArrayTable:
			if in = word == "rule"; in {
				at.rules = append(at.rules, place{line: first, words: make(map[string]int)})
			}
		case in:
			r := &at.rules[len(at.rules)-1]
			r.words[word] = first
			for items := n.Value().Children(); word == "do" && items.Next(); {
				r.do = append(r.do, line(items.Node()))
			}
		case word == "seed" && len(at.rules) == 0:
			at.seed = first
		}
	}
	return at
}
