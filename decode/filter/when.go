package filter

import (
	"fmt"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"msnproxy/decode"
)

// When is a time as people type it. One of Clock, At and Step is meant.
type When struct {
	// Kind says which.
	Kind WhenKind
	// Clock is the time since midnight.
	Clock time.Duration
	// At is a time with its date.
	At time.Time
	// Step is a time after another one, or before it if it is negative.
	Step time.Duration
	// Unit is how exact it was typed: a second for 22:03:34, a minute for 22:03.
	Unit time.Duration
}

// WhenKind tells what a [When] is.
type WhenKind uint8

// The kinds.
const (
	Clock WhenKind = iota + 1
	Date
	Step
)

// day is one without a change of the clock.
const day = 24 * time.Hour

var layouts = []struct {
	layout string
	kind   WhenKind
	unit   time.Duration
}{
	{"15:04:05", Clock, time.Second},
	{"15:04", Clock, time.Minute},
	{"2006-01-02 15:04:05", Date, time.Second},
	{"2006-01-02 15:04", Date, time.Minute},
	{time.RFC3339, Date, time.Second},
	{"2006-01-02", Date, day},
}

// ParseWhen reads a time of day (22:03:34, 22:03), a time with its date (2026-11-24
// 22:03:34, RFC 3339, 2026-11-24), or a step (+5s, -2m). loc is the time zone of what
// names none.
func ParseWhen(s string, loc *time.Location) (When, bool) {
	if s = strings.TrimSpace(s); s == "" {
		return When{}, false
	}
	if d, err := time.ParseDuration(s); err == nil && (s[0] == '+' || s[0] == '-') {
		return When{Kind: Step, Step: d, Unit: 1}, true
	}
	for _, l := range layouts {
		t, err := time.ParseInLocation(l.layout, s, loc)
		if err != nil {
			continue
		}
		w := When{Kind: l.kind, At: t, Unit: l.unit}
		if strings.Contains(s, ".") { // a fraction, which Parse takes behind seconds
			w.Unit = 1
		}
		if l.kind == Clock {
			w.Clock = clock(t)
		}
		return w, true
	}
	return When{}, false
}

// clock is the time of day.
func clock(t time.Time) time.Duration {
	h, m, s := t.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(t.Nanosecond())
}

// Names that only comparisons of time are made of: nobody can type them.
const (
	timeClock = "time of day"
	timeAt    = "time since 1970"
	timeStep  = "time since the first message"
	timeKnown = "time is known"
	stepKnown = "time since the first message is known"
)

// instant fills in what comparisons of time are made of: times and durations, as expr
// compares whole numbers as int, which has 32 bits on some machines.
func (f *compiled) instant(m *decode.Message) {
	known := !m.Time.IsZero()
	f.env[timeKnown], f.env[stepKnown] = known, known && !m.Start.IsZero()
	f.env[timeClock], f.env[timeAt], f.env[timeStep] = time.Duration(0), m.Time, time.Duration(0)
	if known {
		f.env[timeClock] = clock(m.Time.In(f.location))
		f.env[timeStep] = m.Time.Sub(m.Start)
	}
}

// comparer makes comparisons of the time with a text such as "22:03:34" ones of
// numbers.
type comparer struct {
	loc *time.Location
	err *file.Error
}

// mirrored is the operator that says the same with the sides exchanged.
var mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

// Visit implements ast.Visitor.
func (c *comparer) Visit(node *ast.Node) {
	b, ok := (*node).(*ast.BinaryNode)
	if !ok {
		return
	}
	left, right, op := b.Left, b.Right, b.Operator
	if _, first := left.(*ast.StringNode); first {
		left, right, op = right, left, mirrored[op]
	}
	id, ok := left.(*ast.IdentifierNode)
	text, isText := right.(*ast.StringNode)
	if !ok || !isText || id.Value != "time" || mirrored[op] == "" {
		return
	}
	w, ok := ParseWhen(text.Value, c.loc)
	if !ok || w.Kind == Step && w.Step < 0 {
		if c.err == nil {
			c.err = &file.Error{Location: right.Location(), Message: fmt.Sprintf("%q is no time to compare with: "+
				"22:03:34, 2026-11-24 22:03:34, or +5s for 5 s after the first message", text.Value)}
		}
		return
	}
	ast.Patch(node, compare(op, w))
}

// compare makes the comparison. Of a time that is not known nothing holds.
func compare(op string, w When) ast.Node {
	// The time that was typed, and the first that is not within what was typed.
	var from, to any
	known, name := timeKnown, timeAt
	switch w.Kind {
	case Clock:
		name, from, to = timeClock, w.Clock, w.Clock+w.Unit
	case Date:
		from, to = w.At, w.At.Add(w.Unit)
	case Step:
		known, name, from, to = stepKnown, timeStep, w.Step, w.Step+w.Unit
	}
	than := func(op string, v any) ast.Node {
		return &ast.BinaryNode{Operator: op, Left: &ast.IdentifierNode{Value: name}, Right: &ast.ConstantNode{Value: v}}
	}
	both := func(op string, a, b ast.Node) ast.Node { return &ast.BinaryNode{Operator: op, Left: a, Right: b} }
	var is ast.Node
	switch op {
	case "==": // within the second that was typed
		is = both("and", than(">=", from), than("<", to))
	case "!=":
		is = both("or", than("<", from), than(">=", to))
	default:
		is = than(op, from)
	}
	return both("and", &ast.IdentifierNode{Value: known}, is)
}
