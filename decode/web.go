package decode

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"msnproxy/decode/payload"
	"msnproxy/decode/service"
)

// Messages of HTTP/1 that belong to one of the web services of package service are read as
// commands are: the action is the verb, its values are the parameters.

// webKinds are the kinds of values of web services. They are no kinds of the command
// table: nothing in it is written in their notation.
var webKinds = [service.Kinds]*Kind{
	service.Word:     {Name: "word of a service", About: "as the service says it"},
	service.Account:  kinds[handleKind],
	service.Person:   {Name: "words of a person", About: "a name, or what somebody wrote", Personal: true},
	service.Password: {Name: "web password", About: "password, in clear unless it was masked when it was recorded", Secret: true, Volatile: true},
	service.Token:    {Name: "token", About: "ticket of a sign-in service", Secret: true, Volatile: true, Linked: true},
	service.Secret:   {Name: "binary secret", About: "key that came with a token, base64", Secret: true, Volatile: true},
	service.Cookie:   {Name: "web cookie", About: "cookie of a web service", Secret: true, Volatile: true},
	service.Host:     {Name: "web host", About: "host that the client dials next"},
	service.URL:      {Name: "web address", About: "web address"},
	service.ID:       {Name: "id of a service", About: "id, another one each time", Volatile: true},
	service.Time:     {Name: "time", About: "time of day", Volatile: true},
	service.LockKey:  {Name: "lock key", About: "answer to the challenge of the service for offline messages", Volatile: true},
}

// webAnswer is what the requests wait for.
const webAnswer = "answer"

// webVerbs are the rows of the service table as those of the command table.
var webVerbs = func() map[*service.Action]*Verb {
	verbs := make(map[*service.Action]*Verb)
	for _, a := range append(service.Actions(), service.Other()) {
		v := &Verb{Name: a.Name, Meaning: a.Meaning}
		v.Forms = []Form{
			{From: Client, Roles: WEB, Reply: webAnswer, Meaning: a.Meaning, Verb: v, Params: webParams(a.Ask)},
			{From: Server, Roles: WEB, Reply: "none", Meaning: "answer: " + a.Meaning, Verb: v, Params: webParams(append(a.Answer, service.FaultParams()...))},
		}
		for i := range v.Forms {
			f := &v.Forms[i]
			f.usage = f.makeUsage()
			text := a.Asks
			if f.From == Server {
				text = a.Answers
			}
			var err error
			if f.pieces, err = parseSummary(text, f.Params); err != nil {
				panic(fmt.Sprintf("summary of %s: %v", a.Name, err))
			}
		}
		verbs[a] = v
	}
	return verbs
}()

func webParams(list []service.Param) (params []Param) {
	for i := range list {
		params = append(params, Param{Name: list[i].Name, Kind: webKinds[list[i].Kind], Optional: true})
	}
	return params
}

// webShape is what the names of actions look like that are in no row.
var webShape = regexp.MustCompile(`^[A-Z][A-Za-z0-9_]*[a-z][A-Za-z0-9_]*$`)

// WebName reports whether a message of a web service may have that name.
func WebName(name string) bool {
	if a := service.Lookup(name); a != nil {
		return a.Name == name
	}
	return name == service.Other().Name || len(name) > 3 && webShape.MatchString(name)
}

// WebParams returns the parameters of all messages of web services.
func WebParams() (list []Param) {
	for _, a := range append(service.Actions(), service.Other()) {
		for _, f := range webVerbs[a].Forms {
			list = append(list, f.Params...)
		}
	}
	return list
}

// ServiceRequest reports whether b, the first bytes of a link or of a segment, begins with a
// whole first line of a request to one of the web services.
func ServiceRequest(b []byte) bool {
	i := bytes.IndexByte(b[:min(len(b), MaxOpening)], '\n')
	return i > 0 && service.Asked(firstLine(b[:i+1]))
}

// readWeb reads a message of HTTP. asked is the row of the request that it answers, if that
// is known. What belongs to none of the services is read only where the connection is known
// to be to one.
func (m *Message) readWeb(asked *service.Action) {
	call, ok := service.Read(m.Frame.Raw, asked)
	if !ok && m.Role == WEB {
		call, ok = service.ReadOther(m.Frame.Raw)
	}
	if !ok || call.HTTP.Request != (m.From == Client) {
		return
	}
	m.Call, m.Verb, m.Role = call, webVerbs[call.Action], WEB
	m.Form = &m.Verb.Forms[0]
	if m.From == Server {
		m.Form = &m.Verb.Forms[1]
	}
	m.tokens = append(m.tokens[:0], Token{0, m.Frame.LineLen})
	for i := range call.Values {
		m.tokens = append(m.tokens, Token{call.Values[i].Start, call.Values[i].End})
	}
}

// webField is [Message.Field] of a message of a web service.
func (m *Message) webField(i int) Field {
	v := &m.Call.Values[i]
	f := Field{Name: v.Param.Name, Token: m.tokens[i+1], text: v.Text, decoded: true}
	f.Raw = m.Frame.Raw[f.Token.Start:f.Token.End]
	if len(f.Raw) == 0 {
		f.Raw = []byte(v.Text)
	}
	for i := range m.Form.Params {
		if p := &m.Form.Params[i]; p.Name == f.Name {
			f.Param = p
			break
		}
	}
	return f
}

// webRaw is [Message.Raw] of a message of a web service: the value decoded.
func (m *Message) webRaw(name string) []byte {
	for i := range m.Call.Values {
		if v := &m.Call.Values[i]; v.Param.Name == name {
			return []byte(v.Text)
		}
	}
	return nil
}

// webValue is [Message.Value] of a message of a web service: all values of the name, parted
// by blanks.
func (m *Message) webValue(name string) (string, bool) {
	var all []string
	for i := range m.Call.Values {
		if v := &m.Call.Values[i]; v.Param.Name == name {
			all = append(all, v.Text)
		}
	}
	return strings.Join(all, " "), all != nil
}

// Named reports whether it is a command or a message of a web service: both have a name,
// and parameters.
func (m *Message) Named() bool { return m.Frame.Kind == Command || m.Call != nil }

// AnswerTo reads the message once more, if it is one of HTTP, as the answer to a request of
// that name: most of them do not say it themselves.
func (m *Message) AnswerTo(name string) {
	if m.Frame.Kind != Web || m.From != Server {
		return
	}
	if a := service.Lookup(name); a != nil {
		m.readWeb(a)
	} else if a := service.Other(); m.Role == WEB && name == a.Name {
		m.readWeb(a)
	}
}

// webRefuses says in words that the service refuses, or "".
func (m *Message) webRefuses() string {
	c := m.Call
	if m.From == Client {
		return ""
	}
	var words []string
	for _, name := range []string{"code", "fault", "refused", "why"} {
		if v := c.Value(name); v != "" {
			words = append(words, service.Unescaped(v))
		}
	}
	switch {
	case c.Fault || c.Value("refused") != "":
		return strings.Join(append([]string{"refused:"}, words...), " ")
	case c.Status >= 400:
		return fmt.Sprintf("refused: %d %s", c.Status, c.HTTP.Reason)
	}
	return ""
}

// appendWeb appends the summary of a message of a web service.
func (m *Message) appendWeb(dst []byte) []byte {
	if why := m.webRefuses(); why != "" {
		return append(dst, why...)
	}
	n := len(dst)
	if text, _ := m.webNote(); text != "" {
		dst = append(append(append(dst, '"'), strings.Join(strings.Fields(text), " ")...), '"')
		if to := m.Call.Value("to"); to != "" {
			dst = append(append(dst, " for "...), to...)
			if n := m.Call.Value("number"); n != "" {
				dst = append(append(dst, ", number "...), n...)
			}
		}
		return dst
	}
	dst, _ = m.appendWebPieces(dst, m.Form.pieces)
	if m.From == Server && len(strings.TrimSpace(string(dst[n:]))) == 0 {
		dst = fmt.Appendf(dst[:n], "%d %s", m.Call.Status, m.Call.HTTP.Reason)
	}
	return dst
}

// appendWebPieces appends the pieces of a summary, and reports whether all values were there.
func (m *Message) appendWebPieces(dst []byte, pieces []piece) ([]byte, bool) {
	complete := true
	for i := range pieces {
		p, n := &pieces[i], len(dst)
		switch {
		case p.group != nil:
			var ok bool
			if dst, ok = m.appendWebPieces(dst, p.group); !ok {
				dst = dst[:n]
			}
		case p.param < 0:
			dst = append(dst, p.text...)
		default:
			if dst = m.appendWebValues(dst, m.Form.Params[p.param].Name); len(dst) == n {
				complete = false
			}
		}
	}
	return dst, complete
}

// appendWebValues appends the values of that name, as many as a line has room for. In the
// answer to FindMembership they are told by their lists.
func (m *Message) appendWebValues(dst []byte, name string) []byte {
	const most = 4
	n, kept := 0, map[string]bool{}
	for i := range m.Call.Values {
		v := &m.Call.Values[i]
		if v.Param.Name != name || kept[v.Text] {
			continue
		}
		if n++; n <= most {
			if n > 1 {
				dst = append(dst, ", "...)
			}
			kept[v.Text] = true
			text := strings.Join(strings.Fields(v.Text), " ")
			if v.Param.Kind.Secret() && !service.IsMasked(text) {
				text = "(secret)"
			}
			dst = append(dst, service.List(text)...)
		}
	}
	if n > most {
		dst = fmt.Appendf(dst, " +%d more", n-most)
	}
	return dst
}

// webNote returns the text of an offline message, and who it is from, if that is what the
// message brings or fetches.
func (m *Message) webNote() (text, from string) {
	content := m.Call.Value("content")
	if content == "" {
		return "", ""
	}
	return payload.Note822([]byte(content))
}

// webPayload decodes what follows the first line of a message of HTTP.
func (m *Message) webPayload() *payload.Payload {
	p := payload.Web(m.Frame.Raw, m.Frame.LineLen+m.Frame.EOL)
	if m.Call != nil {
		p.Text, _ = m.webNote()
	}
	return p
}
