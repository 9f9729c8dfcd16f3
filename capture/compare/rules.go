package compare

import (
	"fmt"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/address"
)

// Rules say what counts as the same. Nil stands for the usual.
type Rules struct {
	// Accounts are handles of the first side, in lower case, and what takes their
	// place on the second.
	Accounts map[string]string

	ignore []pattern
}

// pattern is what --ignore names.
type pattern struct{ verb, field string }

// NewRules reads what is to be ignored:
//
//	friendly       the field of that name, whatever the message
//	MSG.text       the field of messages with that verb (217.*: all of them)
//	verb:NLN       messages with that verb altogether
//
// Case does not matter. A field that others are nested in stands for these, too.
func NewRules(ignore []string) (*Rules, error) {
	r := &Rules{}
	for _, s := range ignore {
		p := pattern{field: strings.ToLower(strings.TrimSpace(s))}
		if verb, ok := strings.CutPrefix(p.field, "verb:"); ok {
			p.verb, p.field = strings.ToUpper(verb), ""
			if len(verb) != 3 {
				return nil, fmt.Errorf("%q: after verb: stand three letters, or the digits of an error", s)
			}
		} else if len(p.field) > 4 && p.field[3] == '.' {
			p.verb, p.field = strings.ToUpper(p.field[:3]), p.field[4:]
		}
		if p.verb != "" && decode.LookupVerb(p.verb) == nil {
			return nil, fmt.Errorf("%q: there is no verb %s", s, p.verb)
		}
		if p.verb == "" && p.field == "" {
			return nil, fmt.Errorf("%q names no field; write friendly, MSG.text or verb:NLN", s)
		}
		r.ignore = append(r.ignore, p)
	}
	return r, nil
}

// skips reports whether messages with the verb are ignored.
func (r *Rules) skips(verb string) bool {
	if r == nil {
		return false
	}
	for _, p := range r.ignore {
		if p.field == "" && p.verb == verb {
			return true
		}
	}
	return false
}

// ignores reports whether a field is ignored.
func (r *Rules) ignores(verb, field string) bool {
	if r == nil {
		return false
	}
	for _, p := range r.ignore {
		if p.field == "" || p.verb != "" && p.verb != verb {
			continue
		}
		if p.field == "*" || strings.EqualFold(p.field, field) {
			return true
		}
		within := len(field) > len(p.field) && (field[len(p.field)] == '/' && strings.EqualFold(field[:len(p.field)], p.field))
		if i := strings.LastIndexByte(field, '/'); within || i >= 0 && strings.EqualFold(field[i+1:], p.field) {
			return true
		}
	}
	return false
}

// renames reports whether accounts go by other names on the second side.
func (r *Rules) renames() bool { return r != nil && len(r.Accounts) > 0 }

// account returns what takes the place of a value of the first side.
func (r *Rules) account(value string) string {
	if r == nil || len(r.Accounts) == 0 {
		return value
	}
	if other, ok := r.Accounts[strings.ToLower(value)]; ok {
		return other
	}
	return value
}

// handle makes an address comparable: in lower case, without its end point, which is
// another one in each session. first: it is of the first side.
func (r *Rules) handle(s string, first bool) string {
	if address.Plain(s) {
		return strings.ToLower(r.accountIf(first, s))
	}
	var out []string
	address.Walk(s, func(part address.Part, start, end int) {
		switch part {
		case address.EndPoint:
		case address.Account:
			out = append(out, r.accountIf(first, s[start:end]))
		default:
			out = append(out, s[start:end])
		}
	})
	return strings.ToLower(strings.Join(out, ";"))
}
