package filter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"msnproxy/decode"
)

// values are what the names can be that have few values. Those that say what stands
// on the wire are not among them: a peer may have put anything there.
var values = map[string][]string{
	"role":  {decode.Role(0).String(), decode.DS.String(), decode.NS.String(), (decode.DS | decode.NS).String(), decode.SB.String(), decode.FTP.String(), decode.WEB.String()},
	"from":  {decode.Client.String(), decode.Server.String()},
	"kind":  {decode.Command.String(), decode.Blank.String(), decode.Block.String(), decode.Opaque.String(), decode.Web.String(), kindEnd, kindLost},
	"ended": {decode.NoOccurrence.String(), decode.Closed.String(), decode.Reset.String(), decode.HalfClosed.String()},
	"by":    {"", decode.Client.String(), decode.Server.String()},
	"fate":  {decode.Passed.String(), decode.Withheld.String(), decode.Injected.String(), decode.Held.String()},
	"noise": {decode.NoNoise.String(), decode.KeepAlive.String(), decode.Typing.String(), decode.Repeated.String(), decode.EmptyLine.String()},
}

// verbShape is what a verb looks like; what is no command has none.
var verbShape = regexp.MustCompile(`^([A-Z]{3}|[0-9]{3})?$`)

// comparisons looks for comparisons with values that a name never has: such an
// expression would match nothing, or everything, without a word.
type comparisons struct{ err *Error }

// Visit implements ast.Visitor.
func (c *comparisons) Visit(node *ast.Node) {
	b, ok := (*node).(*ast.BinaryNode)
	if !ok || c.err != nil {
		return
	}
	switch b.Operator {
	case "==", "!=":
		c.compare(b.Left, b.Right)
		c.compare(b.Right, b.Left)
	case "in":
		if list, ok := b.Right.(*ast.ArrayNode); ok {
			for _, with := range list.Nodes {
				c.compare(b.Left, with)
			}
		}
	}
}

func (c *comparisons) compare(name, with ast.Node) {
	id, ok := name.(*ast.IdentifierNode)
	s, isString := with.(*ast.StringNode)
	if !ok || !isString || c.err != nil {
		return
	}
	if text := never(id.Value, s.Value); text != "" {
		c.err = &Error{Column: with.Location().From + 1, Text: text}
	}
}

// never says why a name is never a value; nothing if it may be.
func never(name, value string) string {
	if name == "verb" && !verbShape.MatchString(value) && !decode.WebName(value) {
		hint := ""
		if upper := strings.ToUpper(value); verbShape.MatchString(upper) {
			hint = fmt.Sprintf(" (did you mean %q?)", upper)
		}
		return fmt.Sprintf("verb is never %q; it is three capital letters or three digits, or an action of a web service such as ABFindAll%s", value, hint)
	}
	can, ok := values[name]
	if !ok || slices.Contains(can, value) {
		return ""
	}
	quoted := make([]string, len(can))
	for i, v := range can {
		quoted[i] = fmt.Sprintf("%q", v)
	}
	return fmt.Sprintf("%s is never %q; it is %s or %s", name, value, strings.Join(quoted[:len(quoted)-1], ", "), quoted[len(quoted)-1])
}
