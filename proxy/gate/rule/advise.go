package rule

import (
	"fmt"
	"slices"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/action"
)

// Advice is what the command table has to say on a rule.
type Advice struct {
	// Rule is its name, Line where it begins in its file, 0 if not known.
	Rule string
	Line int
	// Wrong: it can't do what it says. Otherwise it costs what it need not, or may not
	// mean what it says.
	Wrong bool
	Text  string
}

// String returns the advice on one line.
func (a Advice) String() string {
	s := fmt.Sprintf("rule %q: %s", a.Rule, a.Text)
	if a.Line > 0 {
		s = fmt.Sprintf("line %d: %s", a.Line, s)
	}
	return s
}

// Advise says of each rule, switched on or not, what can't be by the command table:
// conditions that nothing fulfils, verbs that there are not, changes of what a message
// does not have.
func (s *Set) Advise() (list []Advice) {
	for _, r := range s.rules {
		add := func(wrong bool, format string, args ...any) {
			list = append(list, Advice{r.Name, r.Line, wrong, fmt.Sprintf(format, args...)})
		}
		r.advise(add)
	}
	return list
}

type advisor func(wrong bool, format string, args ...any)

func (r *Rule) advise(add advisor) {
	i := r.interest
	if i.Client.None() && i.Server.None() {
		add(true, "no message can fulfil its condition: %s", oneLine(r.When))
		return
	}
	if r.Chance == 0 {
		add(true, "its chance is 0: it is never applied")
	}
	r.unknown(add)
	if open := gated(i); open != "" {
		add(false, "its condition may hold of any verb%s, so all of that is made whole before it goes on; say which verb is meant: verb == \"MSG\" and ...", open)
	}
	for _, a := range r.Do {
		r.applies(a, add)
		for _, v := range a.Values() {
			r.known(v, add)
		}
	}
}

// gated says which side may send what the rule wants, whatever the verb.
func gated(i filter.Interest) string {
	switch {
	case i.Client.All && i.Server.All:
		return " of both sides"
	case i.Client.All:
		return " of the client"
	case i.Server.All:
		return " of the server"
	}
	return ""
}

// unknown looks for verbs that the table does not have, or not from that sender.
func (r *Rule) unknown(add advisor) {
	for _, name := range r.interest.Of(decode.Either).List {
		if name != "" && decode.LookupVerb(name) == nil {
			add(false, "there is no command %s in MSNP2 to MSNP%d", name, decode.LastFollowed)
		}
	}
	if r.none(func(decode.Sender, *decode.Verb) bool { return true }) {
		add(true, "it never matches: there is no %s in MSNP2 to MSNP%d", r.verbs(), decode.LastFollowed)
	}
}

// wanted returns the verbs of the table that the rule wants of a sender; known is false if
// others may come, of which the table says nothing.
func (r *Rule) wanted(from decode.Sender) (list []*decode.Verb, known bool) {
	verbs := r.interest.Of(from)
	if verbs.All {
		return nil, false
	}
	for _, name := range verbs.List {
		v := decode.LookupVerb(name)
		if v == nil {
			return nil, false
		}
		if first, _ := v.Dialects(from); first > 0 {
			list = append(list, v)
		}
	}
	return list, true
}

// none reports whether of all that the rule wants nothing is what says says.
func (r *Rule) none(says func(from decode.Sender, v *decode.Verb) bool) bool {
	for _, from := range []decode.Sender{decode.Client, decode.Server} {
		list, known := r.wanted(from)
		if !known || slices.ContainsFunc(list, func(v *decode.Verb) bool { return says(from, v) }) {
			return false
		}
	}
	return true
}

// verbs names what the rule wants.
func (r *Rule) verbs() string {
	i := r.interest
	s := strings.Join(i.Of(decode.Either).List, ", ")
	switch {
	case i.Server.None():
		return s + " of the client"
	case i.Client.None():
		return s + " of the server"
	}
	return s
}

// hasPayload reports whether the verb can have a payload.
func hasPayload(from decode.Sender, v *decode.Verb) bool {
	return v.PayloadFrom > 0 || slices.ContainsFunc(v.Forms, func(f decode.Form) bool { return f.From&from != 0 && f.Payload != "" })
}

// applies looks whether an action can be carried out on what the rule wants.
func (r *Rule) applies(a action.Action, add advisor) {
	if a.Kind != action.Set {
		return
	}
	switch {
	case a.Header || a.Name == "text" || a.Name == "payload":
		if r.none(hasPayload) {
			add(true, "%s can't apply: no payload follows %s", a, r.verbs())
		}
	case a.Name == "args":
	default:
		if r.none(func(from decode.Sender, v *decode.Verb) bool { return v.Says(from, a.Name) }) {
			add(true, "%s can't apply: there is no %s in %s (\"msnproxy explain %s\")", a, a.Name, r.verbs(), r.interest.Of(decode.Either).List[0])
		}
	}
}

// known looks for values that what the rule wants never has.
func (r *Rule) known(v *filter.Value, add advisor) {
	general := filter.Names()
	for _, n := range v.Names() {
		if slices.ContainsFunc(general, func(g filter.Name) bool { return g.Name == n.Name }) {
			continue
		}
		if r.none(func(from decode.Sender, v *decode.Verb) bool { return v.Says(from, n.Name) }) {
			add(true, "%s is always empty in %s: there is no %s in it", v, r.verbs(), n.Name)
		}
	}
}
