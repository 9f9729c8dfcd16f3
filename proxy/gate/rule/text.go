package rule

import (
	"fmt"
	"strconv"
	"strings"

	"msnproxy/proxy/gate/action"
)

// String returns the rule on one line, as [ParseLine] reads it. The line has no name, and
// says not that the rule is switched off.
func (r *Rule) String() string {
	s := action.Join(r.Do)
	if o := r.options(); len(o) > 0 {
		s = strings.Join(o, ", ") + ": " + s
	}
	if r.When != "" {
		s += " if " + oneLine(r.When)
	}
	return s
}

// oneLine puts a condition on one line, unless a comment ends with a line of it.
func oneLine(s string) string {
	if strings.Contains(s, "//") || strings.Contains(s, "`") {
		return s
	}
	return strings.NewReplacer("\r\n", " ", "\n", " ").Replace(s)
}

func (r *Rule) options() (list []string) {
	add := func(word, value string) { list = append(list, strings.TrimSpace(word+" "+value)) }
	if r.Every > 1 {
		add("every", strconv.Itoa(r.Every))
	}
	if r.Chance < 1 {
		add("chance", number(r.Chance))
	}
	if r.First > 0 {
		add("first", strconv.Itoa(r.First))
	}
	if r.Skip > 0 {
		add("skip", strconv.Itoa(r.Skip))
	}
	if r.Per != All {
		add("per", r.Per.String())
	}
	if r.Last {
		add("last", "")
	}
	if r.Again {
		add("again", "")
	}
	return list
}

func number(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// TOML returns the rule as it stands in a file.
func (r *Rule) TOML() string {
	var sb strings.Builder
	fmt.Fprintf(&sb, "[[rule]]\nname = %s\n", quote(r.Name))
	if r.Off {
		sb.WriteString("enabled = false\n")
	}
	if r.When != "" {
		fmt.Fprintf(&sb, "when = %s\n", quote(r.When))
	}
	for _, o := range r.options() {
		word, value, _ := strings.Cut(o, " ")
		switch {
		case value == "":
			value = "true"
		case word == "per":
			value = quote(value)
		}
		fmt.Fprintf(&sb, "%s = %s\n", word, value)
	}
	list := make([]string, len(r.Do))
	for i, a := range r.Do {
		list[i] = quote(a.String())
	}
	fmt.Fprintf(&sb, "do = [%s]\n", strings.Join(list, ", "))
	return sb.String()
}

// quote writes a text as TOML: between single quotes, where nothing is escaped, if that
// can be.
func quote(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r == '\'' || r < ' ' || r == 0x7f }) {
		return "'" + s + "'"
	}
	var sb strings.Builder
	sb.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			sb.WriteByte('\\')
			sb.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&sb, `\u%04x`, r)
		default:
			sb.WriteRune(r)
		}
	}
	sb.WriteByte('"')
	return sb.String()
}

// Text returns a file that says the same as the set: the text of its file, with the seed,
// and behind it the rules that stand in none. Switches as they were when they were read.
func (s *Set) Text() string {
	var sb strings.Builder
	seed := fmt.Sprintf("seed = %d\n", s.seed)
	lines := strings.SplitAfter(s.text, "\n")
	if s.at == 0 {
		sb.WriteString(seed)
	} else {
		lines[s.at-1] = seed
	}
	for _, line := range lines {
		sb.WriteString(line)
	}
	for _, r := range s.added {
		if !strings.HasSuffix(sb.String(), "\n") {
			sb.WriteByte('\n')
		}
		sb.WriteString("\n" + r.TOML())
	}
	return sb.String()
}
