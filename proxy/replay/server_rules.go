package replay

import (
	"slices"
	"strconv"
	"strings"

	"msnproxy/capture/story"
	"msnproxy/decode"
)

// unasked takes a request that the recording does not have, or no more.
func (c *conn) unasked(m *decode.Message) {
	if c.unknown++; c.unknown > maxUnknown {
		c.report(Broken, 0, "closed: more than %d requests are not in the recording", maxUnknown)
		c.closing = true
		return
	}
	what := "asked " + spoken(m) + " (not in the recording): "
	if m.Verb != nil && farewell(m.Verb) {
		c.leaving, c.closing = true, true
		c.line(m.Name())
		c.report(ByRule, 0, "%sanswered and closed", what)
		return
	}
	if m.Form != nil && !m.WantsReply() {
		c.report(ByRule, 0, "%sit needs no answer", what)
		return
	}
	if c.judge(m, nil) {
		return
	}
	if q := c.asBefore(m, true); q != nil {
		c.report(ByRule, q.Number, "%sanswered as in message %d", what, q.Number)
		return
	}
	if c.byRule(m) {
		c.report(ByRule, 0, "%sanswered by rule", what)
		return
	}
	if q := c.asBefore(m, false); q != nil {
		c.report(ByRule, q.Number, "%sanswered as another in message %d", what, q.Number)
		return
	}
	c.refuse(m, what)
}

// refuse treats a request as --unknown says.
func (c *conn) refuse(m *decode.Message, what string) {
	switch c.s.cfg.Unknown {
	case IgnoreUnknown:
		c.report(Refused, 0, "%signored", what)
	case CloseUnknown:
		c.report(Refused, 0, "%sclosed", what)
		c.closing = true
	default:
		code := decode.RefusalOf(m.Name())
		c.report(Refused, 0, "%sanswered %s (%s)", what, code, decode.ErrorName(code))
		c.line(code, string(trid(m)))
	}
}

// asBefore answers as a request of the recording was answered that is the same, or
// with just the same verb, whoever made it: one that the client has made already, or
// that stands elsewhere. Answers that let somebody in somewhere can't be given twice.
func (c *conn) asBefore(m *decode.Message, exact bool) *story.Message {
	for _, q := range c.s.script.requests[m.Name()] {
		if q.Conn.Role&c.role == 0 {
			continue
		}
		d, _, err := c.s.other.Decode(q)
		if err != nil || !sameForm(d, m) || exact && !same(d, m) {
			continue
		}
		replies := c.s.script.replies(q)
		if len(replies) == 0 || !c.repeatable(replies) || refused(replies) && !exact {
			continue
		}
		c.s.said.put(q, m.Frame)
		for _, r := range replies {
			if d, _, err := c.s.reader.Decode(r); err == nil {
				c.live(d, r, q, string(trid(m)))
			}
		}
		c.s.said.forget(q)
		return q
	}
	return nil
}

// repeatable reports whether the replies can be given once more.
func (c *conn) repeatable(replies []*story.Message) bool {
	for _, r := range replies {
		d, _, err := c.s.reader.Decode(r)
		if err != nil || d.Frame.Kind != decode.Command || d.Form == nil {
			return false
		}
		for i := range d.Form.Params {
			switch k := d.Form.Params[i].Kind; {
			case k.Address, k.Name == "cookie", k.Name == "session", k.Name == "challenge", k.Name == "nonce":
				return false
			}
		}
	}
	return true
}

// byRule answers a request as the table says that it is answered: by the verb that
// replies to it, with the parameters of the request. It returns false where the
// answer holds something that only a server knows.
func (c *conn) byRule(m *decode.Message) bool {
	if m.Form == nil || m.Form.From&decode.Client == 0 {
		return false
	}
	switch ack := string(m.Raw("ack")); {
	case ack != "":
		c.line(decode.VerbOf(decode.ActAcknowledge).Name, string(trid(m)))
		return true
	case signIn(m) && c.run != nil:
		salt := number(10) + "." + number(9)
		c.posedLive(salt, true)
		c.line(m.Name(), string(trid(m)), string(m.Raw("package")), "S", salt)
		return true
	case m.Raw("response") != nil || m.Raw("password") != nil || m.Raw("cookie") != nil:
		if c.account == "" || m.Form.Reply != "" {
			return false
		}
	}
	v := m.Verb
	if m.Form.Reply != "" {
		v = decode.LookupVerb(m.Form.Reply)
	}
	for i := range v.Forms {
		f := &v.Forms[i]
		if f.From&decode.Server == 0 || f.Roles&c.role == 0 || !f.In(c.dialect) || f.Payload != "" || !answers(m, f) {
			continue
		}
		if params, ok := c.fill(m, f); ok {
			c.line(v.Name, params...)
			return true
		}
	}
	return false
}

// answers reports whether a row can answer the request: what lets in answers what
// shows a secret, and nothing else; a way elsewhere is nothing that a rule knows.
func answers(m *decode.Message, f *decode.Form) bool {
	if f.Verb.Redirects() {
		return false
	}
	secret := m.Raw("response") != nil || m.Raw("password") != nil || m.Raw("cookie") != nil || m.Raw("ticket") != nil
	lets := func(p decode.Param) bool { return slices.Equal(p.Literals, []string{"OK"}) }
	return !secret || slices.ContainsFunc(f.Params, lets)
}

// fill makes the parameters of an answer from those of the request.
func (c *conn) fill(m *decode.Message, f *decode.Form) (params []string, ok bool) {
	for i := range f.Params {
		p := &f.Params[i]
		v, known := c.parameter(m, p)
		switch {
		case known:
			params = append(params, v)
		case p.Optional:
			return params, true
		default:
			return nil, false
		}
	}
	return params, true
}

// parameter is what stands for a parameter of an answer: the one of the request with
// its name, else one of its kind, else what is always right.
func (c *conn) parameter(m *decode.Message, p *decode.Param) (string, bool) {
	if v := m.Raw(p.Name); v != nil && p.Name != "word" && (len(p.Literals) == 0 || slices.Contains(p.Literals, string(v))) && !p.Repeat {
		return string(v), true
	}
	if len(p.Literals) > 0 {
		return p.Literals[0], !p.Optional
	}
	for i := range m.Len() {
		if f := m.Field(i); f.Param != nil && f.Param.Kind == p.Kind && p.Kind.Name != "word" {
			if p.Kind.Name != "dialect" || c.speaks(string(f.Raw)) {
				return string(f.Raw), true
			}
		}
	}
	switch p.Kind.Name {
	case "handle", "friendly":
		return c.account, c.account != "" && !p.Optional
	case "seconds":
		return "50", c.dialect >= 9
	case "listver", "flag":
		return "1", true
	case "url":
		return "/", true
	case "package":
		return "MD5", !p.Optional
	case "group":
		return "29", !p.Optional
	}
	return "", false
}

// speaks reports whether a dialect that the client offers is that of the recording.
func (c *conn) speaks(dialect string) bool {
	n, ok := strings.CutPrefix(strings.ToUpper(dialect), "MSNP")
	return ok && (c.dialect == 0 || n == strconv.Itoa(c.dialect))
}
