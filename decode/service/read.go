package service

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"msnproxy/decode/http1"
)

// The bounds on what is looked at.
const (
	// MaxBody is how many bytes of a body are read, once it is decompressed. Masking goes
	// by the same bound: see [Mask].
	MaxBody = 4 << 20
	// maxValues is how many values are kept of a message.
	maxValues = 8192
)

// Value is a value of a message.
type Value struct {
	// Param is the row's entry; one of faultParams for what is said in a Fault.
	Param *Param
	// Text is the value decoded: entities and percent escapes undone.
	Text string
	// Start and End are where it stands in the message, as it was sent; equal where it does
	// not stand there as such, as in a compressed body.
	Start, End int
}

// Call is a request to a service, or the answer to one.
type Call struct {
	HTTP *http1.Message
	// Action is the row. Name is the name of the action, which differs from the row's where
	// that stands for any.
	Action *Action
	Name   string
	// Fault: the service refuses. Status is the code of HTTP of an answer.
	Fault  bool
	Status int
	// Values are what the table has names for, headers first, in the order in which they
	// were sent.
	Values []Value
	// Body is the body without chunks and decompressed. It is a window into the message
	// unless the message is encoded. BodyErr says why it is not all.
	Body    []byte
	BodyErr error
}

// faultParams are the values of a Fault, whoever says it.
var faultParams = []Param{
	{Name: "fault", Where: "Fault/faultcode"},
	{Name: "fault", Where: "Fault/Code/Value"},
	{Name: "why", Where: "Fault/faultstring"},
	{Name: "why", Where: "Fault/Reason/Text"},
	{Name: "code", Where: "detail/errorcode"},
	{Name: "code", Where: "internalerror/code"},
	{Name: "challenge", Where: "detail/LockKeyChallenge", Kind: ID},
	{Name: "tweener", Where: "detail/TweenerChallenge", Kind: ID},
}

// FaultParams returns the values that a refusal may have, whatever the action.
func FaultParams() []Param { return faultParams }

// Read reads a message. asked is the row of the request that an answer is to; nil: none is
// known, or it is a request. ok is false where the message is of none of the services.
func Read(raw []byte, asked *Action) (c *Call, ok bool) {
	m, ok := http1.Parse(raw)
	if !ok {
		return nil, false
	}
	c = &Call{HTTP: m, Status: m.Status}
	if m.Request {
		if !mayBe(m) {
			return nil, false
		}
	} else if asked == nil && !mayAnswer(m) {
		return nil, false
	}
	c.Body, c.BodyErr = m.Body(MaxBody)
	root := c.root()
	if m.Request {
		c.asks(root)
	} else {
		c.answers(root, asked)
	}
	if c.Action == nil {
		return nil, false
	}
	c.collect()
	return c, true
}

// path returns the path of a request's target, in lower case.
func path(m *http1.Message) string {
	t := m.Target
	if i := strings.Index(t, "://"); i >= 0 {
		t = t[i+3:]
		if i := strings.IndexByte(t, '/'); i >= 0 {
			t = t[i:]
		} else {
			t = "/"
		}
	}
	t, _, _ = strings.Cut(t, "?")
	return strings.ToLower(t)
}

func mayBe(m *http1.Message) bool {
	p := path(m)
	for _, a := range table {
		if a.at(p) && a.method(m.Method) {
			return true
		}
	}
	return false
}

// Asked reports whether a first line, without its end, is that of a request to one of the
// services. One that is known by more than its line is none.
func Asked(line []byte) bool {
	m, ok := http1.Parse(append(append([]byte(nil), line...), "\r\n\r\n"...))
	if !ok || !m.Request {
		return false
	}
	p := path(m)
	for _, a := range table {
		if !a.Empty && a.at(p) && a.method(m.Method) {
			return true
		}
	}
	return false
}

// mayAnswer reports whether an answer whose request is not known may be one of a service's.
func mayAnswer(m *http1.Message) bool {
	if strings.Contains(strings.ToLower(m.Value("Content-Type")), "xml") {
		return true
	}
	for _, a := range table {
		for mark := range strings.FieldsSeq(a.Marks) {
			if marked(m, mark) {
				return true
			}
		}
	}
	return false
}

// marked reports whether a header by which an action is known stands in the answer. One of
// authentication says it by the word Passport.
func marked(m *http1.Message, mark string) bool {
	v := m.Value(mark)
	return v != "" && (!strings.Contains(mark, "Authenticat") || strings.Contains(v, "Passport"))
}

// root returns the first element in the Body, or the first of all where there is none.
func (c *Call) root() (name string) {
	if i := bytes.IndexByte(c.Body, '<'); i < 0 {
		return ""
	}
	first := ""
	s := scanner{b: c.Body, start: func(s *scanner, n string) {
		if first == "" {
			first = n
		}
		if k := len(s.open); name == "" && k > 0 && s.open[k-1].first && strings.EqualFold(s.open[k-1].name, "Body") {
			name = n
		}
		if strings.EqualFold(n, "Fault") {
			c.Fault = true
		}
	}}
	s.run()
	if name == "" {
		return first
	}
	return name
}

// asks finds the row of a request.
func (c *Call) asks(root string) {
	m, p := c.HTTP, path(c.HTTP)
	action := strings.Trim(m.Value("SOAPAction"), `" `)
	if i := strings.LastIndexAny(action, "/#:"); i >= 0 {
		action = action[i+1:]
	}
	var any *Action
	for _, by := range []string{action, root} {
		for _, a := range table {
			if !a.at(p) || !a.method(m.Method) {
				continue
			}
			switch {
			case a.Any:
				any = a
			case a.Empty:
				if p == a.Paths && len(c.Body) == 0 && ours(m) {
					c.Action, c.Name = a, a.Name
				}
			case a.Methods != "", a.Service == "Passport", by != "" && strings.EqualFold(by, a.Name),
				by != "" && by == root && action == "" && strings.EqualFold(root, a.Root):
				c.Action, c.Name = a, a.Name
			}
			if c.Action != nil {
				return
			}
		}
	}
	if any == nil {
		return
	}
	c.Action, c.Name = any, any.Name
	for _, name := range []string{root, action} {
		if name != "" && len(name) <= 64 && strings.Trim(name, wordBytes) == "" {
			c.Name = name
			return
		}
	}
}

const wordBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

// ours reports whether a request that says nothing else is of a client of MSN.
func ours(m *http1.Message) bool {
	agent, host := strings.ToLower(m.Value("User-Agent")), strings.ToLower(m.Value("Host"))
	for _, word := range []string{"msmsgs", "msn", "messenger", "windows live"} {
		if strings.Contains(agent, word) || strings.Contains(host, word) {
			return true
		}
	}
	return false
}

// answers finds the row of an answer: by what it answers, or by itself.
func (c *Call) answers(root string, asked *Action) {
	c.Action = asked
	for _, a := range table {
		if asked != nil && !asked.Any {
			break
		}
		if asked != nil && a.Service != asked.Service {
			continue
		}
		known := root != "" && a.answered(root)
		for mark := range strings.FieldsSeq(a.Marks) {
			known = known || marked(c.HTTP, mark)
		}
		if known {
			c.Action = a
			break
		}
	}
	if c.Action == nil {
		return
	}
	c.Name = c.Action.Name
	if n, ok := strings.CutSuffix(root, "Response"); ok && c.Action.Any && n != "" && strings.Trim(n, wordBytes) == "" && len(n) <= 64 {
		c.Name = n
	}
}

// collect finds the values.
func (c *Call) collect() {
	params := c.Action.Answer
	if c.HTTP.Request {
		params = c.Action.Ask
	}
	c.Values = fromHead(c.HTTP, params, c.Values)
	at := -1
	if !c.HTTP.Encoded() {
		at = c.HTTP.Head
	}
	c.fromForm(params, at)
	finders := finders(params)
	if c.Fault {
		finders = append(finders, faultFinders...)
	}
	s := scanner{b: c.Body, value: func(s *scanner, attribute string, start, end int) {
		for i := range finders {
			f := &finders[i]
			if len(c.Values) >= maxValues || !s.in(f.path, attribute) {
				continue
			}
			c.add(f.param, plain(s.b[start:end]), start, end, at)
			return
		}
	}}
	if bytes.IndexByte(c.Body, '<') >= 0 && len(finders) > 0 {
		s.run()
	}
}

// add adds a value of the body, which stands in the message from at on.
func (c *Call) add(p *Param, text string, start, end, at int) {
	v := Value{Param: p, Text: text}
	if at >= 0 {
		v.Start, v.End = at+start, at+end
	}
	if !p.Many && c.has(p) {
		return
	}
	c.Values = append(c.Values, v)
}

func (c *Call) has(p *Param) bool {
	for i := range c.Values {
		if c.Values[i].Param.Name == p.Name {
			return true
		}
	}
	return false
}

// Value returns the text of the first value of that name, "" if there is none.
func (c *Call) Value(name string) string {
	for i := range c.Values {
		if c.Values[i].Param.Name == name {
			return c.Values[i].Text
		}
	}
	return ""
}

// First returns the place in Values of the first of that name, or -1.
func (c *Call) First(name string) int {
	return slices.IndexFunc(c.Values, func(v Value) bool { return v.Param.Name == name })
}

// finder is a param that stands in XML.
type finder struct {
	path  []string
	param *Param
}

var faultFinders = finders(faultParams)

func finders(params []Param) (list []finder) {
	for i := range params {
		if w := params[i].Where; w[0] != ':' && w[0] != '?' {
			list = append(list, finder{strings.Split(w, "/"), &params[i]})
		}
	}
	return list
}

// fromForm adds the values of a form in the body.
func (c *Call) fromForm(params []Param, at int) {
	if !isForm(c.HTTP) {
		return
	}
	eachPair(c.Body, '&', func(name string, start, end int) {
		for i := range params {
			if p := &params[i]; p.Where[0] == '?' && strings.EqualFold(p.Where[1:], name) {
				c.add(p, unescape(c.Body[start:end]), start, end, at)
			}
		}
	})
}

func isForm(m *http1.Message) bool {
	return strings.Contains(strings.ToLower(m.Value("Content-Type")), "x-www-form-urlencoded")
}

// Unescaped undoes percent escapes in a text; where there are none it stays.
func Unescaped(s string) string {
	if t, err := url.PathUnescape(s); err == nil {
		return t
	}
	return s
}

func unescape(b []byte) string {
	s, err := url.QueryUnescape(string(b))
	if err != nil {
		s = string(b)
	}
	return strings.ToValidUTF8(s, "\ufffd")
}
