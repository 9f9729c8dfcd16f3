package filter

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"

	"msnproxy/decode"
)

// Interest says which messages an expression can match, by sender and verb. Who must make
// messages whole before they are judged need do so with these only.
type Interest struct{ Client, Server Verbs }

// Verbs are verbs; the zero value has none.
type Verbs struct {
	// All: any verb, and what is no command.
	All bool
	// List is sorted; empty if All is set.
	List []string
}

// Everything is the interest in all that there is.
var Everything = Interest{Verbs{All: true}, Verbs{All: true}}

// Has reports whether the verb is among them: three letters, or the digits of an error;
// "" stands for what is no command.
func (v Verbs) Has(verb string) bool {
	if v.All {
		return true
	}
	_, found := slices.BinarySearch(v.List, verb)
	return found
}

// None reports whether there are none at all.
func (v Verbs) None() bool { return !v.All && len(v.List) == 0 }

// Union returns the verbs that are in either.
func (v Verbs) Union(w Verbs) Verbs {
	if v.All || w.All {
		return Verbs{All: true}
	}
	list := slices.Concat(v.List, w.List)
	slices.Sort(list)
	return Verbs{List: slices.Compact(list)}
}

// Of returns the verbs that are wanted of a sender; of [decode.Either], of both.
func (i Interest) Of(from decode.Sender) Verbs {
	switch from {
	case decode.Client:
		return i.Client
	case decode.Server:
		return i.Server
	}
	return i.Client.Union(i.Server)
}

// Wants reports whether a message of the sender with that verb can match.
func (i Interest) Wants(from decode.Sender, verb string) bool { return i.Of(from).Has(verb) }

// Union returns what either can match.
func (i Interest) Union(j Interest) Interest {
	return Interest{i.Client.Union(j.Client), i.Server.Union(j.Server)}
}

// Interest returns what the expression can match, as far as its syntax tells: comparisons
// of verb, error and from, parameters that only some verbs have, and what and, or, not
// and ?: make of them. Everything else may match anything.
func (f *Filter) Interest() Interest { return f.interest }

func interestOf(tree ast.Node) Interest {
	yes, _ := outcomes(tree)
	return Interest{yes.client.verbs(), yes.server.verbs()}
}

// verbSet is a set of verbs: those listed, or all but those.
type verbSet struct {
	but  bool
	list map[string]bool
}

// messages is a set of messages, told apart by sender and verb.
type messages struct{ client, server verbSet }

var (
	anyVerb = verbSet{but: true}
	noVerb  = verbSet{}
	anyOne  = messages{anyVerb, anyVerb}
	nobody  = messages{noVerb, noVerb}
)

func (s verbSet) has(verb string) bool { return s.list[verb] != s.but }

// where returns the set of verbs of which holds says so, by whether they are in s and in t.
func (s verbSet) where(t verbSet, holds func(a, b bool) bool) verbSet {
	r := verbSet{but: holds(s.but, t.but), list: make(map[string]bool)}
	for _, list := range []map[string]bool{s.list, t.list} {
		for verb := range list {
			if holds(s.has(verb), t.has(verb)) != r.but {
				r.list[verb] = true
			}
		}
	}
	return r
}

func (s verbSet) verbs() Verbs {
	if s.but {
		return Verbs{All: true}
	}
	list := make([]string, 0, len(s.list))
	for verb := range s.list {
		list = append(list, verb)
	}
	slices.Sort(list)
	return Verbs{List: list}
}

func (s messages) where(t messages, holds func(a, b bool) bool) messages {
	return messages{s.client.where(t.client, holds), s.server.where(t.server, holds)}
}

func both(a, b bool) bool   { return a && b }
func either(a, b bool) bool { return a || b }

// outcomes returns the messages of which the expression may be true, and those of which
// it may be false.
func outcomes(node ast.Node) (yes, no messages) {
	switch n := node.(type) {
	case *ast.BoolNode:
		if n.Value {
			return anyOne, nobody
		}
		return nobody, anyOne
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			yes, no = outcomes(n.Node)
			return no, yes
		}
	case *ast.ConditionalNode:
		is, not := outcomes(n.Cond)
		yes1, no1 := outcomes(n.Exp1)
		yes2, no2 := outcomes(n.Exp2)
		return is.where(yes1, both).where(not.where(yes2, both), either), is.where(no1, both).where(not.where(no2, both), either)
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&", "or", "||":
			yes1, no1 := outcomes(n.Left)
			yes2, no2 := outcomes(n.Right)
			if n.Operator == "and" || n.Operator == "&&" {
				return yes1.where(yes2, both), no1.where(no2, either)
			}
			return yes1.where(yes2, either), no1.where(no2, both)
		case "==", "!=":
			name, value := n.Left, n.Right
			if _, ok := name.(*ast.IdentifierNode); !ok {
				name, value = value, name
			}
			if yes, no, ok := oneOf(name, []ast.Node{value}); ok && n.Operator == "==" {
				return yes, no
			} else if ok {
				return no, yes
			}
		case "in":
			if list, ok := n.Right.(*ast.ArrayNode); ok {
				if yes, no, ok := oneOf(n.Left, list.Nodes); ok {
					return yes, no
				}
			}
		}
	}
	return byParameter(node)
}

// oneOf is outcomes of: the name has one of the values; not ok where nothing follows
// from it.
func oneOf(name ast.Node, values []ast.Node) (yes, no messages, ok bool) {
	id, ok := name.(*ast.IdentifierNode)
	if !ok {
		return yes, no, false
	}
	yes, no = nobody, anyOne
	for _, v := range values {
		y, n, ok := equal(id.Value, v)
		if !ok {
			return yes, no, false
		}
		yes, no = yes.where(y, either), no.where(n, both)
	}
	return yes, no, true
}

// equal is outcomes of name == value; not ok where nothing follows from it.
func equal(name string, value ast.Node) (yes, no messages, ok bool) {
	if s, isText := value.(*ast.StringNode); isText {
		switch name {
		case "verb":
			yes, no = onVerb(s.Value)
			return yes, no, true
		case "from":
			yes, no = nobody, anyOne
			switch s.Value {
			case decode.Client.String():
				yes.client, no.client = anyVerb, noVerb
			case decode.Server.String():
				yes.server, no.server = anyVerb, noVerb
			}
			return yes, no, true
		}
	}
	if n, isNumber := value.(*ast.IntegerNode); isNumber && name == "error" && n.Value > 0 {
		yes, no = onVerb(fmt.Sprintf("%03d", n.Value))
		return yes, no, true
	}
	return yes, no, false
}

func onVerb(verb string) (yes, no messages) {
	list := map[string]bool{verb: true}
	return messages{verbSet{list: list}, verbSet{list: list}}, messages{verbSet{true, list}, verbSet{true, list}}
}

// byParameter is outcomes of an expression that asks for one parameter of the command
// table and nothing else: of a message whose verb has no such parameter it says what it
// says of an empty one.
func byParameter(node ast.Node) (yes, no messages) {
	asked := namesIn(node)
	if len(asked) != 1 {
		return anyOne, anyOne
	}
	for name := range asked {
		if !isParameter(name) {
			return anyOne, anyOne
		}
		program, err := expr.Compile(node.String(), expr.Env(map[string]any{name: ""}), expr.AsBool())
		if err != nil {
			return anyOne, anyOne
		}
		of, err := expr.Run(program, map[string]any{name: ""})
		if err != nil {
			return anyOne, anyOne
		}
		if of == true {
			return anyOne, saying(name)
		}
		return saying(name), anyOne
	}
	return anyOne, anyOne
}

// isParameter reports whether filters find a parameter of the command table by that name.
func isParameter(name string) bool {
	return slices.ContainsFunc(Parameters(), func(p Name) bool { return p.Name == name }) &&
		!slices.ContainsFunc(names, func(n Name) bool { return n.Name == name })
}

// saying returns the messages whose verb has a parameter of that name.
func saying(name string) messages {
	return messages{sayingFrom(decode.Client, name), sayingFrom(decode.Server, name)}
}

func sayingFrom(from decode.Sender, name string) verbSet {
	if decode.LookupVerb("000").Says(from, name) {
		return anyVerb // the codes of errors have no end
	}
	list := make(map[string]bool)
	for _, v := range decode.Verbs() {
		if v.Says(from, name) {
			list[v.Name] = true
		}
	}
	return verbSet{list: list}
}
