package rule

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/action"
)

//go:embed presets/*.toml
var presetFiles embed.FS

// Preset is a fault of the protocol that has a name: rules that are part of the program.
type Preset struct {
	Name string
	// About is what it does, Tests whom it tests, "client", "server", "receiver" or
	// "both", Right is what right behaviour is.
	About, Tests, Right string
	// Values are the words one of which may follow the name; the first is meant where
	// none does. None for most.
	Values []string

	text string
	put  []string // what stands in the rules for each value
}

// Presets returns all presets, by name.
func Presets() []Preset {
	files, _ := presetFiles.ReadDir("presets") // it is part of the program
	list := make([]Preset, 0, len(files))
	for _, f := range files {
		text, _ := presetFiles.ReadFile("presets/" + f.Name())
		list = append(list, readPreset(strings.TrimSuffix(f.Name(), path.Ext(f.Name())), string(text)))
	}
	slices.SortFunc(list, func(a, b Preset) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// readPreset reads what the comments say that the file begins with. A line that begins
// with blanks goes on with the one before.
func readPreset(name, text string) Preset {
	p := Preset{Name: name, text: text}
	said := make(map[string]string)
	last := ""
	for line := range strings.Lines(text) {
		line, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "# ")
		if !ok {
			break
		}
		if strings.HasPrefix(line, " ") {
			said[last] += " " + strings.TrimSpace(line)
			continue
		}
		key, value, _ := strings.Cut(line, ": ")
		said[key], last = value, key
	}
	p.About, p.Tests, p.Right = said["about"], said["tests"], said["right"]
	for _, word := range strings.Fields(said["value"]) {
		word, put, other := strings.Cut(word, "=")
		if !other {
			put = word
		}
		p.Values, p.put = append(p.Values, word), append(p.put, put)
	}
	return p
}

// LookupPreset returns the preset of that name, and whether there is one.
func LookupPreset(name string) (Preset, bool) {
	list := Presets()
	i := slices.IndexFunc(list, func(p Preset) bool { return p.Name == name })
	if i < 0 {
		return Preset{}, false
	}
	return list[i], true
}

// Text returns the rules as a file, with one of the values; empty: the first.
func (p *Preset) Text(value string) (string, error) {
	i := max(0, slices.Index(p.Values, value))
	switch {
	case value != "" && len(p.Values) == 0:
		return "", fmt.Errorf("%s takes no value, and not %s", p.Name, value)
	case value != "" && p.Values[i] != value:
		return "", fmt.Errorf("%s takes one of %s, and not %s", p.Name, strings.Join(p.Values, ", "), value)
	case len(p.Values) == 0:
		return p.text, nil
	}
	return strings.ReplaceAll(p.text, "$1", p.put[i]), nil
}

// Rules returns the rules, with one of the values; empty: the first.
func (p *Preset) Rules(value string) ([]*Rule, error) {
	text, err := p.Text(value)
	if err != nil {
		return nil, err
	}
	s, err := Parse(text, p.Name)
	if err != nil {
		return nil, err
	}
	for _, r := range s.rules {
		if r.Name = fault + p.Name + ": " + r.Name; len(s.rules) == 1 {
			r.Name = fault + p.Name
		}
		r.Line = 0
	}
	return s.rules, nil
}

// ParseFault reads a fault as --fault takes it: the name of a preset, one of its values
// behind it, or actions; before it the options of [ParseLine], behind it a condition.
//
//	lost-ack
//	every 3, per connection: busy 911 if account contains "bob"
//	slice 1 if role == "SB"
//
// Whoever changed a message by it is called fault NAME.
func ParseFault(s string) ([]*Rule, error) {
	options := &Rule{Chance: 1}
	from := 0
	if i := colon(s); i >= 0 {
		if err := options.readOptions(s, i); err != nil {
			return nil, err
		}
		from = i + 1
	}
	end := len(s)
	if list := ifs(s, from); len(list) > 0 {
		end = list[0]
	}
	words := strings.Fields(s[from:end])
	if len(words) > 0 && len(words) <= 2 {
		if p, ok := LookupPreset(words[0]); ok {
			return p.with(words[1:], options, s, end)
		}
	}
	r, err := ParseLine(s)
	if err != nil {
		return nil, unknownFault(s, from, words, err)
	}
	r.Name = fault + r.Do[0].Kind.String()
	if r.Do[0].Kind == action.Byte {
		r.Name = fault + r.Do[0].Fault.Kind.String()
	}
	return []*Rule{r}, nil
}

// unknownFault adds to the error of a word that is no action that it is no preset.
func unknownFault(s string, from int, words []string, err error) error {
	if len(words) == 0 || slices.Contains(action.Words(), words[0]) {
		return err
	}
	names := PresetNames()
	hint := "neither an action nor a preset; \"msnproxy explain fault\" lists those"
	if near := filter.Nearest(words[0], append(names, action.Words()...)); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	}
	return at1(s, from+strings.Index(s[from:], words[0]), "there is no fault %q (%s)", words[0], hint)
}

// PresetNames returns the names of the presets.
func PresetNames() []string {
	list := Presets()
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	return names
}

// with returns the rules of a preset with what was said beside its name. The condition
// stands at a place of s.
func (p *Preset) with(value []string, options *Rule, s string, at int) ([]*Rule, error) {
	rules, err := p.Rules(strings.Join(value, " "))
	if err != nil {
		return nil, at1(s, strings.Index(s, p.Name), "%v", err)
	}
	when := ""
	if at < len(s) {
		c := Rule{Do: []action.Action{{Kind: action.Forward}}, Chance: 1}
		if err := c.readCondition(s, at); err != nil {
			return nil, err
		}
		when = c.When
	}
	for _, r := range rules {
		r.narrow(options)
		switch {
		case when == "":
		case r.When == "":
			r.When = when
		default:
			r.When = "(" + r.When + ") and (" + when + ")"
		}
		if err := r.compile(); err != nil {
			return nil, at1(s, at, "%v", err)
		}
	}
	return rules, nil
}

// narrow takes over the options that were said.
func (r *Rule) narrow(o *Rule) {
	if o.Every > 0 {
		r.Every = o.Every
	}
	if o.First > 0 {
		r.First = o.First
	}
	if o.Skip > 0 {
		r.Skip = o.Skip
	}
	if o.Chance < 1 {
		r.Chance = o.Chance
	}
	if o.Per != All {
		r.Per = o.Per
	}
	r.Last, r.Again = r.Last || o.Last, r.Again || o.Again
}
