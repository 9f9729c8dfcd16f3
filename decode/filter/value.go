package filter

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"msnproxy/decode"
)

// Value is an expression that makes something of a message: a text, a number or a list of
// texts, as the right-hand side of a change does. It knows the names that filters know.
// It is safe for concurrent use.
type Value struct{ compiled }

// CompileValue is [CompileValueIn] for local time.
func CompileValue(source string) (*Value, error) { return CompileValueIn(source, time.Local) }

// CompileValueIn reads an expression: replace(text, "colour", "color"), or
// map(args, # == "MSNP8" ? "MSNP7" : #). loc is the time zone that times are in. An error
// says what is wrong and in which column.
func CompileValueIn(source string, loc *time.Location) (*Value, error) {
	v := new(Value)
	if _, err := v.compile(source, loc, expr.AsAny()); err != nil {
		return nil, err
	}
	if t := v.program.Node().Type(); t != nil {
		switch t.Kind() {
		case reflect.Bool, reflect.Map, reflect.Struct, reflect.Func:
			return nil, &Error{Source: source, Text: notValue(typeName(t))}
		}
	}
	return v, nil
}

// run has a machine and an environment of its own, so that nobody need take turns.
func (v *Value) run(m *decode.Message) (any, error) {
	c := v.compiled
	c.env, c.machine = make(map[string]any, len(c.used)), vm.VM{}
	return c.run(m)
}

// Text works the expression out for a message, as one text: numbers in decimal, the texts
// of a list parted by blanks.
func (v *Value) Text(m *decode.Message) (string, error) {
	out, err := v.run(m)
	if err != nil {
		return "", err
	}
	if list, ok, err := v.list(out); err != nil {
		return "", err
	} else if ok {
		return strings.Join(list, " "), nil
	}
	return v.text(out)
}

// List works the expression out for a message, as a list of texts: what is none is a list
// of one.
func (v *Value) List(m *decode.Message) ([]string, error) {
	out, err := v.run(m)
	if err != nil {
		return nil, err
	}
	if list, ok, err := v.list(out); ok || err != nil {
		return list, err
	}
	s, err := v.text(out)
	if err != nil {
		return nil, err
	}
	return []string{s}, nil
}

// list returns a list's texts, and whether it is a list.
func (v *Value) list(out any) ([]string, bool, error) {
	switch out := out.(type) {
	case []string:
		return append([]string{}, out...), true, nil
	case []any:
		list := make([]string, len(out))
		for i, e := range out {
			s, err := v.text(e)
			if err != nil {
				return nil, true, err
			}
			list[i] = s
		}
		return list, true, nil
	}
	return nil, false, nil
}

// text returns a text or a number as a text.
func (v *Value) text(out any) (string, error) {
	switch out := out.(type) {
	case string:
		return out, nil
	case int:
		return strconv.Itoa(out), nil
	case float64:
		return strconv.FormatFloat(out, 'f', -1, 64), nil
	}
	return "", &Error{Source: v.source, Text: notValue(typeName(reflect.TypeOf(out)))}
}

func notValue(what string) string {
	return fmt.Sprintf("it is %s, and a text, a number or a list of texts is wanted", what)
}

// typeName is a type of expr in words.
func typeName(t reflect.Type) string {
	if t == nil {
		return "nothing"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Map:
		return "a map"
	case reflect.Slice:
		return "a list"
	}
	return "a " + t.String()
}
