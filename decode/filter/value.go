package filter

import (
	"fmt"
	"strconv"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"msnproxy/decode"
)

// Value is an expression that makes a text or a list of a message, with the names that
// filters know. It is safe for concurrent use.
type Value struct{ f *Filter }

// CompileValue reads the expression of a value: replace(text, "colour", "color"). An
// error says what is wrong and in which column.
func CompileValue(source string) (*Value, error) {
	f, err := compile(source, time.Local, expr.AsAny())
	if err != nil {
		return nil, err
	}
	return &Value{f}, nil
}

// Uses reports whether the expression asks for any of the names.
func (v *Value) Uses(names ...string) bool { return v.f.Uses(names...) }

// String returns the expression.
func (v *Value) String() string { return v.f.source }

// Text returns the value of a message as text; numbers are decimal. A value that is a
// list, or nothing, is an error that says so.
func (v *Value) Text(m *decode.Message) (string, error) {
	out, err := v.run(m)
	if err != nil {
		return "", err
	}
	s, ok := text(out)
	if !ok {
		return "", v.wrong(out, "a text or a number")
	}
	return s, nil
}

// List returns the value of a message as a list of texts; one text is a list of it.
func (v *Value) List(m *decode.Message) ([]string, error) {
	out, err := v.run(m)
	if err != nil {
		return nil, err
	}
	switch out := out.(type) {
	case []string:
		return out, nil
	case []any:
		list := make([]string, len(out))
		for i, e := range out {
			s, ok := text(e)
			if !ok {
				return nil, v.wrong(e, "a list of texts and numbers")
			}
			list[i] = s
		}
		return list, nil
	}
	s, ok := text(out)
	if !ok {
		return nil, v.wrong(out, "a list of texts and numbers")
	}
	return []string{s}, nil
}

// run has a machine and an environment of its own, so that it takes no turns.
func (v *Value) run(m *decode.Message) (any, error) {
	f := &Filter{source: v.f.source, used: v.f.used, env: make(map[string]any, len(v.f.used)), location: v.f.location}
	for _, n := range f.used {
		f.env[n.Name] = n.get(m)
	}
	if v.f.timed {
		f.instant(m)
	}
	out, err := vm.Run(v.f.program, f.env)
	if err != nil {
		return nil, explain(f.source, err)
	}
	return out, nil
}

func (v *Value) wrong(out any, want string) error {
	return &Error{Source: v.f.source, Text: fmt.Sprintf("%s is %s, and should be %s", v.f.source, typeName(out), want)}
}

// text is a value as text, and whether it can be one.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// typeName says what a value is in the words of [Name.Type].
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case []any, []string:
		return "a list"
	case map[string]string, map[string]any:
		return "a map"
	}
	return fmt.Sprintf("a %T", v)
}
