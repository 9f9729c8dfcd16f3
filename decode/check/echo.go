package check

import (
	"strings"

	"msnproxy/decode"
)

// maxEchoedValue is how many bytes of a parameter are remembered for its echo.
const maxEchoedValue = 400

// named is a parameter of a request by name.
type named struct{ name, value string }

// forEcho returns what a request says that its reply is to repeat.
func forEcho(m *decode.Message) (list []named) {
	if m == nil || !m.Fits() || !m.Verb.Echoes {
		return nil
	}
	for i := range m.Len() {
		f := m.Field(i)
		switch {
		case f.Param == nil || f.Param.Repeat || f.Param.Kind.Secret || f.Param.Kind.Volatile || f.Name == "word":
		case len(f.Raw) <= maxEchoedValue:
			list = append(list, named{f.Name, f.Value()})
		}
	}
	return list
}

// echoed compares a reply that repeats its request with that. What only one of the two
// has says nothing; nor do statuses, which presence.other is about, and the names of those
// who are put on a list: servers know what they are called by now.
func (k *Checker) echoed(c *conn, m *decode.Message, q *request) {
	if !m.Form.Echo || m.Verb.Name != q.verb || !m.Fits() {
		return
	}
	for _, said := range q.said {
		got, ok := m.Value(said.name)
		switch {
		case !ok || strings.EqualFold(got, said.value):
			continue
		case said.name == "status", said.name == "friendly" && m.Raw("list") != nil:
			continue
		}
		k.add(c, m, "trid.echo", "%s in message %d said %s %s, and the reply has %s", q.verb, q.number, said.name, clip([]byte(said.value)), clip([]byte(got)))
	}
}
