package compare

import (
	"strconv"
	"strings"

	"msnproxy/decode"
)

// FieldDifference is a field that two messages do not agree on.
type FieldDifference struct {
	Name string
	// A and B are the values; nil: that side has no such field.
	A, B *string
	// Broken: the value is volatile and there on both sides, but not the one that
	// took the place of A before.
	Broken bool
}

// Messages says in which fields b differs from a: none if both mean the same.
// Messages with different verbs differ in the field "verb", and in no other.
// Whether values are the same that other messages have is not known here.
func Messages(a, b *decode.Message, r *Rules) []FieldDifference {
	return messages(told{Message: a}, told{Message: b}, r)
}

// messages is Messages, where it is known what packets of P2P mean.
func messages(a, b told, r *Rules) []FieldDifference {
	if va, vb := label(a.Message), label(b.Message); va != vb && (a.Error() == "" || b.Error() == "") {
		return []FieldDifference{{Name: "verb", A: &va, B: &vb}}
	}
	fa, fb := meaning(a, r, true), meaning(b, r, false)
	at := make(map[string]int, len(fb))
	for i := range fb {
		at[fb[i].id] = i
	}
	var out []FieldDifference
	used := make([]bool, len(fb))
	for i := range fa {
		f := &fa[i]
		j, ok := at[f.id]
		if !ok {
			out = append(out, FieldDifference{Name: f.Name, A: &f.Value})
			continue
		}
		used[j] = true
		if !f.Volatile && !fb[j].Volatile && f.norm != fb[j].norm && !sealed(f, &fb[j]) {
			out = append(out, FieldDifference{Name: f.Name, A: &f.Value, B: &fb[j].Value})
		}
	}
	for j := range fb {
		if !used[j] {
			out = append(out, FieldDifference{Name: fb[j].Name, B: &fb[j].Value})
		}
	}
	return out
}

// sealed reports whether both are the same in the description of an object, where no
// account can go by another name, as the description has a digest of itself.
func sealed(a, b *said) bool {
	return a.Value == b.Value && strings.Contains(a.id, "msnobj/")
}

// label names what a message is.
func label(m *decode.Message) string {
	if !m.Named() {
		return m.Frame.Kind.String()
	}
	return m.Name()
}

// said is a field made comparable.
type said struct {
	Field
	// id is the name in lower case, with a number for the second and later ones.
	id string
	// norm is the value as it is compared.
	norm string
}

// meanings works out what messages mean, in memory that it uses again.
type meanings struct {
	fields []Field
	said   []said
	seen   map[string]int
}

// meaning returns the fields that count. first: the message is of the first side.
func meaning(m told, r *Rules, first bool) []said { return new(meanings).of(m, r, first) }

// of is meaning; what it returns holds until the next call.
func (x *meanings) of(m told, r *Rules, first bool) []said {
	x.fields = appendTold(x.fields[:0], m)
	out := x.said[:0]
	if x.seen == nil {
		x.seen = make(map[string]int)
	}
	clear(x.seen)
	verb := label(m.Message)
	domain := ""
	for _, f := range x.fields {
		if r.ignores(verb, f.Name) {
			continue
		}
		s := said{Field: f, id: strings.ToLower(f.Name), norm: f.Value}
		n := x.seen[s.id]
		x.seen[s.id] = n + 1
		if n > 0 {
			s.id += "\x00" + strconv.Itoa(n)
		}
		if r.renames() && strings.HasPrefix(s.id, listPrefix) {
			// Who goes by another name may be of another domain.
			name := strings.ToLower(f.Name)
			if strings.HasSuffix(name, domainSuffix) {
				domain = f.Value
				continue
			}
			if strings.HasSuffix(name, contactSuffix) && domain != "" {
				s.norm += "@" + domain
			}
		}
		if strings.IndexByte(s.norm, '@') > 0 && strings.IndexByte(s.norm, ' ') < 0 {
			s.norm = r.handle(s.norm, first) // wherever it stands
		} else if first {
			s.norm = r.account(s.norm)
		}
		out = append(out, s)
	}
	x.said = out
	return out
}

// How the fields of a list of contacts are named (ADL, RML, FQY): all, the domain of some,
// and a contact of that.
const (
	listPrefix    = "ml/"
	domainSuffix  = "/d/@n"
	contactSuffix = "/d/c/@n"
)

// FNV-1a: the same in every run, so that a report is, too.
const (
	offset64 = 14695981039346656037
	prime64  = 1099511628211
)

func digest[T string | []byte](h uint64, s T) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * prime64
	}
	return (h ^ 0xff) * prime64
}
