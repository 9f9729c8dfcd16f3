package service

import "msnproxy/decode/http1"

// other is the row of what goes over a connection to a service and is in no row of the
// table.
var other = &Action{Name: "HTTP", Service: "other", Meaning: "something else of a web server", Asks: "{method} {target}", Answers: "",
	Ask:    []Param{{Name: "method"}, {Name: "target", Kind: URL}, {Name: "host"}},
	Answer: []Param{{Name: "location", Where: ":Location", Kind: Host}}}

// Other returns the row of what is in no row of the table.
func Other() *Action { return other }

// ReadOther reads a message that is in no row of the table.
func ReadOther(raw []byte) (*Call, bool) {
	m, ok := http1.Parse(raw)
	if !ok {
		return nil, false
	}
	c := &Call{HTTP: m, Action: other, Name: other.Name, Status: m.Status}
	if c.Body, c.BodyErr = m.Body(MaxBody); !m.Request {
		c.Values = fromHead(m, other.Answer, nil)
		return c, true
	}
	start, end := target(m)
	c.Values = []Value{
		{Param: &other.Ask[0], Text: m.Method, End: len(m.Method)},
		{Param: &other.Ask[1], Text: m.Target, Start: start, End: end},
	}
	if h := m.Find("Host"); h != nil {
		c.Values = append(c.Values, Value{&other.Ask[2], m.Value("Host"), h.Value.Start, h.Value.End})
	}
	return c, true
}
