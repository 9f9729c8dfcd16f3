// Package filter is the one expression language for picking messages, and ends of
// connections that stand among them ([decode.Message.Occur]), in the
// syntax of expr-lang: verb == "MSG" && account contains "bob".
package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"

	"msnproxy/decode"
)

// Filter says which messages are wanted. It is not safe for concurrent use.
type Filter struct {
	compiled
	interest Interest
}

// Name is a name that filters know.
type Name struct {
	Name string
	// Type is "string", "number", "boolean", "list" or "map".
	Type string
	// About is one line for people.
	About string

	get func(*decode.Message) any
}

// Names returns the names that filters know besides the parameters of the
// command table, which all are strings and empty where a message has none.
func Names() []Name { return slices.Clone(names) }

// Compile is [CompileIn] for local time.
func Compile(source string) (*Filter, error) { return CompileIn(source, time.Local) }

// CompileIn reads an expression. loc is the time zone that times are in. An error says
// what is wrong and in which column.
func CompileIn(source string, loc *time.Location) (*Filter, error) {
	f := new(Filter)
	tree, err := f.compile(source, loc, expr.AsBool())
	if err != nil {
		return nil, err
	}
	f.interest = interestOf(tree)
	return f, nil
}

// Match reports whether the message is wanted. An expression that fails on a
// message, such as an index out of range, does not match it; the error says why.
func (f *Filter) Match(m *decode.Message) (bool, error) {
	out, err := f.run(m)
	if err != nil {
		return false, err
	}
	ok, _ := out.(bool)
	return ok, nil
}

// AsksFindings reports whether the expression asks for findings, so that rules must be
// applied. That of no filter does not.
func (f *Filter) AsksFindings() bool { return f != nil && f.Uses("findings", "severity") }

// Error is an expression that can't be used.
type Error struct {
	Source string
	// Column counts characters from 1; 0: not known.
	Column int
	Text   string
}

// Error returns what is wrong, and below the expression a mark at the place.
func (e *Error) Error() string {
	if e.Column == 0 {
		return e.Text
	}
	line := strings.NewReplacer("\n", " ", "\t", " ").Replace(e.Source)
	return fmt.Sprintf("%s in column %d\n  %s\n  %s^", e.Text, e.Column, line, strings.Repeat(" ", e.Column-1))
}

func explain(source string, err error) error {
	var fe *file.Error
	if !errors.As(err, &fe) {
		return &Error{Source: source, Text: err.Error()}
	}
	e := &Error{Source: source, Column: fe.Column + 1, Text: fe.Message}
	if strings.Contains(fe.Message, `Operator("=")`) {
		e.Text += " (write == to compare)"
	}
	if name, ok := strings.CutPrefix(fe.Message, "unknown name "); ok {
		e.Text += nearest(strings.TrimSpace(name))
	}
	return e
}

// nearest suggests the names that are like the one that is not known.
func nearest(name string) string {
	all := allNames()
	known := make([]string, len(all))
	for i, n := range all {
		known[i] = n.Name
	}
	best := Nearest(name, known)
	if best == "" {
		return " (see \"msnproxy explain filter\" for the names)"
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// Nearest returns the first of the known words that is most like the word typed, or ""
// if three or more characters differ from each. Known words are in lower case.
func Nearest(word string, known []string) string {
	best, dist := "", 3
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d < dist {
			best, dist = k, d
		}
	}
	return best
}

// distance is the number of characters to change, add or remove to make one word
// the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diag, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diag+cost)
		}
	}
	return row[len(b)]
}
