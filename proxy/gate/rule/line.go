package rule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/action"
)

// optionWords are what may stand before the colon of a rule on one line.
var optionWords = []string{"again", "chance", "every", "first", "last", "per", "skip"}

// examples are of those that have a value.
var examples = map[string]string{"chance": "chance 0.1", "every": "every 3", "first": "first 1", "per": "per connection", "skip": "skip 2"}

// ParseLine reads a rule on one line:
//
//	[every 3, chance 0.1, first 1, skip 2, per connection, last, again:] ACTION[, ACTION] [if EXPR]
//
// Its name is the line. Errors are [filter.Error]s, with the column.
func ParseLine(s string) (*Rule, error) {
	r := &Rule{Name: lineName(s), Chance: 1}
	if !utf8.ValidString(s) {
		return nil, &filter.Error{Source: r.Name, Text: `it is no text in UTF-8; write bytes as \xHH within quotes`}
	}
	from := 0
	if i := colon(s); i >= 0 {
		if err := r.readOptions(s, i); err != nil {
			return nil, err
		}
		from = i + 1
	}
	// An expression among the actions may have an if of its own.
	places := append(ifs(s, from), len(s))
	var err error
	for _, at := range places {
		var more error
		if r.Do, more = action.ParseList(s[from:at]); more == nil {
			return r, r.readCondition(s, at)
		}
		if err == nil {
			err = within(s, from, more)
		}
	}
	return nil, err
}

// lineName is what a rule on one line is called.
func lineName(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\ufffd"), func(r rune) bool {
		return r <= ' ' || r == 0x7f
	}), " ")
}

// colon returns the place of the colon behind the options, or -1 if there are none.
func colon(s string) int {
	i := strings.IndexByte(s, ':')
	if i >= 0 && strings.ContainsAny(s[:i], "\"'`=(){}[]") {
		return -1
	}
	return i
}

// readCondition reads the condition behind an if at a place; at the end there is none.
func (r *Rule) readCondition(s string, at int) error {
	r.When = ""
	if at < len(s) {
		at += len("if")
		if r.When = strings.TrimSpace(s[at:]); r.When == "" {
			return at1(s, at, "a condition is missing behind if, as in if verb == \"MSG\"")
		}
		at += strings.Index(s[at:], r.When)
	}
	if err := r.compile(); err != nil {
		return within(s, at, err)
	}
	return nil
}

// ifs returns the places of the words "if" that stand in no quotes and no brackets.
func ifs(s string, from int) (list []int) {
	depth, quote := 0, byte(0)
	for i := from; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case depth == 0 && strings.HasPrefix(s[i:], "if") && blank(s, i-1) && blank(s, i+2):
			list = append(list, i)
		}
	}
	return list
}

// blank reports whether a blank stands at a place, or nothing does.
func blank(s string, i int) bool {
	return i < 0 || i >= len(s) || s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r'
}

// readOptions reads what stands before the colon at a place.
func (r *Rule) readOptions(s string, colon int) error {
	seen := make(map[string]bool)
	for at := 0; at <= colon; {
		end := colon
		if i := strings.IndexByte(s[at:colon], ','); i >= 0 {
			end = at + i
		}
		words := strings.Fields(s[at:end])
		if len(words) == 0 {
			return at1(s, at, "a word is missing: one of %s", strings.Join(optionWords, ", "))
		}
		begin := at + strings.Index(s[at:], words[0])
		if seen[words[0]] {
			return at1(s, begin, "%s is said twice", words[0])
		}
		seen[words[0]] = true
		if err := r.option(words); err != nil {
			return at1(s, begin, "%v", err)
		}
		at = end + 1
	}
	return nil
}

// option reads one of them.
func (r *Rule) option(words []string) (err error) {
	word := words[0]
	if !slices.Contains(optionWords, word) {
		if near := filter.Nearest(word, optionWords); near != "" {
			return fmt.Errorf("no word %q stands before the colon (did you mean %s?)", word, near)
		}
		return fmt.Errorf("no word %q stands before the colon; there are %s", word, strings.Join(optionWords, ", "))
	}
	if word == "last" || word == "again" {
		if len(words) > 1 {
			return fmt.Errorf("%s stands alone", word)
		}
		r.Last, r.Again = r.Last || word == "last", r.Again || word == "again"
		return nil
	}
	if len(words) != 2 {
		return fmt.Errorf("%s has one value, as in %s", word, examples[word])
	}
	value := words[1]
	switch word {
	case "per":
		per := slices.Index(pers, value)
		if per < 0 {
			return fmt.Errorf("per is %q, and one of %s", value, strings.Join(pers, ", "))
		}
		r.Per = Per(per)
	case "chance":
		if r.Chance, err = strconv.ParseFloat(value, 64); err != nil || !(r.Chance >= 0 && r.Chance <= 1) {
			return fmt.Errorf("chance is %s, and from 0 (never) to 1 (always)", value)
		}
	case "every":
		r.Every, err = count(word, value, 1)
	case "first":
		r.First, err = count(word, value, 1)
	case "skip":
		r.Skip, err = count(word, value, 0)
	}
	return err
}

func count(word, value string, least int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < least {
		return 0, fmt.Errorf("%s is %s, and a number from %d on", word, value, least)
	}
	return n, nil
}

// at1 makes an error of the column at a place.
func at1(s string, at int, format string, args ...any) *filter.Error {
	return &filter.Error{Source: s, Column: utf8.RuneCountInString(s[:at]) + 1, Text: fmt.Sprintf(format, args...)}
}

// within makes an error of what begins at a place one of the whole line.
func within(s string, at int, err error) *filter.Error {
	var e *filter.Error
	switch {
	case !errors.As(err, &e):
		return at1(s, at, "%v", err)
	case e.Column == 0:
		return at1(s, at, "%s", e.Text)
	}
	return &filter.Error{Source: s, Column: utf8.RuneCountInString(s[:at]) + e.Column, Text: e.Text}
}
