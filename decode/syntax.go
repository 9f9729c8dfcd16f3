package decode

import (
	"fmt"
	"slices"
	"strings"
)

// compile joins the groups of rows into the table and works out the parameters
// and the summary of each row. The rows are part of the program, so a mistake in
// one is a bug and stops it; a test compiles them all.
func compile(groups ...[]Verb) []*Verb {
	var all []*Verb
	for _, g := range groups {
		for i := range g {
			v := &g[i]
			for j := range v.Forms {
				v.Forms[j].compile(v)
				v.Echoes = v.Echoes || v.Forms[j].Echo
				v.Namespaced = v.Namespaced || v.Forms[j].Says("namespace")
				for _, p := range v.Forms[j].Params {
					if p.Prefix != "" && !slices.Contains(v.prefixes, p.Prefix) {
						v.prefixes = append(v.prefixes, p.Prefix)
					}
				}
			}
			all = append(all, v)
		}
	}
	for j := range errorForms {
		errorForms[j].compile(errorVerb)
	}
	markCopies(all)
	return all
}

// markCopies finds the rows by which servers tell what a client has said.
func markCopies(all []*Verb) {
	heard := make(map[string]bool)
	for _, v := range all {
		for j := range v.Forms {
			heard[v.Forms[j].Heard] = true
		}
	}
	for _, v := range all {
		for j := range v.Forms {
			f := &v.Forms[j]
			f.Copy = f.From == Server && heard[v.Name]
		}
	}
}

func (f *Form) compile(v *Verb) {
	params, err := parseSyntax(f.Syntax)
	if err != nil {
		panic(fmt.Sprintf("command table: %s %q: %v", v.Name, f.Syntax, err))
	}
	f.Verb, f.Params = v, params
	f.usage = f.makeUsage()
	if f.Meaning == "" {
		f.Meaning = v.Meaning
	}
	f.numbered = len(params) > 0 && params[0].Name == "trid"
	for _, p := range params {
		if !p.Optional {
			f.least++
		}
		f.repeat = f.repeat || p.Repeat
		f.keyed = f.keyed || p.Prefix != "" && p.Optional
	}
	if f.pieces, err = parseSummary(f.Summary, params); err != nil {
		panic(fmt.Sprintf("command table: %s summary %q: %v", v.Name, f.Summary, err))
	}
}

// parseSyntax reads the notation of the table's rows. Each word is a parameter:
//
//	name          a parameter; its kind is the kind of that name
//	name:kind     a parameter of another kind
//	name=A|B      one that has only these values here
//	LITERAL       (upper case) a word that stands there just so, named "word"
//	name?         it may be missing
//	name...       any number of tokens from here on
//	X=name        its token begins with a letter and a =; such a one may be missing
//	              although others follow, and those of a line may stand in any order
func parseSyntax(s string) ([]Param, error) {
	var params []Param
	optional := false
	for _, word := range strings.Fields(s) {
		p := Param{}
		if w, ok := strings.CutSuffix(word, "?"); ok {
			p.Optional, word = true, w
		}
		if w, ok := strings.CutSuffix(word, "..."); ok {
			p.Repeat, word = true, w
		}
		if len(word) > 2 && word[1] == '=' {
			p.Prefix, word = word[:2], word[2:]
		}
		if name, values, ok := strings.Cut(word, "="); ok {
			p.Literals, word = strings.Split(values, "|"), name
		} else if word == strings.ToUpper(word) {
			p.Literals, word = []string{word}, "word"
		}
		name, kind, ok := strings.Cut(word, ":")
		if !ok {
			kind = name
		}
		p.Name, p.Kind = name, kinds[kind]
		if p.Kind == nil {
			return nil, fmt.Errorf("no kind %q", kind)
		}
		if optional && !p.Optional {
			return nil, fmt.Errorf("%s follows an optional parameter", name)
		}
		optional = p.Optional && p.Prefix == ""
		if len(params) > 0 && params[len(params)-1].Repeat {
			return nil, fmt.Errorf("%s follows a repeated parameter", name)
		}
		params = append(params, p)
	}
	return params, nil
}
