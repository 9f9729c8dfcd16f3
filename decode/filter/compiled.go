package filter

import (
	"slices"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"msnproxy/decode"
)

// compiled is an expression over a message: what [Filter] and [Value] share.
type compiled struct {
	source  string
	program *vm.Program
	used    []*Name
	env     map[string]any
	machine vm.VM

	location *time.Location // of times that name no zone
	timed    bool           // it asks for the time
}

// compile reads the expression and returns its syntax tree, as it was typed.
func (c *compiled) compile(source string, loc *time.Location, want ...expr.Option) (ast.Node, error) {
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, explain(source, err)
	}
	c.source, c.env, c.location = source, make(map[string]any), loc
	sample := map[string]any{timeKnown: false, stepKnown: false, timeClock: time.Duration(0), timeAt: time.Time{}, timeStep: time.Duration(0)}
	asked := namesIn(tree.Node)
	for _, n := range allNames() {
		sample[n.Name] = zero(n.Type)
		if asked[n.Name] {
			c.used = append(c.used, n)
		}
	}
	var with comparisons
	ast.Walk(&tree.Node, &with)
	if with.err != nil {
		with.err.Source = source
		return nil, with.err
	}
	c.timed = asked["time"]
	times := &comparer{loc: loc}
	options := append([]expr.Option{expr.Env(sample), expr.Timezone("UTC"), expr.Patch(times)}, want...)
	c.program, err = expr.Compile(source, options...)
	if times.err != nil {
		err = times.err
	}
	if err != nil {
		return nil, explain(source, err)
	}
	return tree.Node, nil
}

// run works the expression out for a message.
func (c *compiled) run(m *decode.Message) (any, error) {
	for _, n := range c.used {
		c.env[n.Name] = n.get(m)
	}
	if c.timed {
		c.instant(m)
	}
	out, err := c.machine.Run(c.program, c.env)
	if err != nil {
		return nil, explain(c.source, err)
	}
	return out, nil
}

// Uses reports whether the expression asks for any of the names.
func (c *compiled) Uses(names ...string) bool {
	return slices.ContainsFunc(c.used, func(n *Name) bool { return slices.Contains(names, n.Name) })
}

// Names returns the names that the expression asks for, in order.
func (c *compiled) Names() []Name {
	list := make([]Name, len(c.used))
	for i, n := range c.used {
		list[i] = *n
	}
	return list
}

// String returns the expression.
func (c *compiled) String() string { return c.source }

// namesIn gathers the identifiers of an expression.
func namesIn(node ast.Node) map[string]bool {
	c := collector{}
	ast.Walk(&node, c)
	return c
}

type collector map[string]bool

// Visit implements ast.Visitor.
func (c collector) Visit(node *ast.Node) {
	if id, ok := (*node).(*ast.IdentifierNode); ok {
		c[id.Value] = true
	}
}

// AsksHistory reports whether the expression asks for what messages before this one decide,
// besides what is known of the connection: replies, copies, findings, chats.
func (c *compiled) AsksHistory() bool {
	return slices.ContainsFunc(c.used, func(n *Name) bool { return slices.Contains(historical, n.Name) })
}

var historical = []string{"session", "conversation", "circle", "noise", "reply_to", "latency_ms", "copy_of", "delivered_ms", "findings", "severity"}
