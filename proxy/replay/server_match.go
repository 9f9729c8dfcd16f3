package replay

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"msnproxy/capture/compare"
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// maxTried is how many requests with the same verb are compared with a live one.
const maxTried = 64

// find returns the recorded request that a live one is, and in what it differs: the
// first that is the same but for what changes from session to session, else the first
// of those with the fewest differences. Nil if the recording has none of the form.
func (c *conn) find(p *part, m *decode.Message) (*story.Message, []compare.FieldDifference) {
	var best *story.Message
	var least []compare.FieldDifference
	for i, index := range p.open(m.Name()) {
		if i == maxTried {
			break
		}
		q := p.msgs()[index]
		if p.done.has(index) {
			continue
		}
		d, _, err := c.s.reader.Decode(q)
		if err != nil {
			c.report(Trouble, q.Number, "%v", err)
			continue
		}
		if !sameForm(d, m) {
			continue
		}
		if same(d, m) {
			return q, nil
		}
		diffs := compare.Messages(d, m, nil)
		if len(diffs) == 0 {
			return q, nil
		}
		if best == nil || len(diffs) < len(least) {
			best, least = q, diffs
		}
	}
	return best, least
}

// sameForm reports whether both are of one row of the table: USR has several, and
// they ask for different things.
func sameForm(a, b *decode.Message) bool {
	return a.Form == b.Form || a.Form == nil || b.Form == nil || shape(a.Form) == shape(b.Form)
}

// shape is what two rows of different dialects or roles have in common.
func shape(f *decode.Form) string {
	var names []string
	for i := range f.Params {
		if p := &f.Params[i]; !p.Optional {
			names = append(names, p.Name+"="+strings.Join(p.Literals, "|"))
		}
	}
	return strings.Join(names, " ")
}

// same reports, quickly, whether two messages differ in nothing but volatile
// parameters. Where it says no, they may still mean the same.
func same(a, b *decode.Message) bool {
	if a.Form != b.Form || a.Len() != b.Len() || !bytes.Equal(a.Frame.Payload(), b.Frame.Payload()) {
		return false
	}
	for i := range a.Len() {
		fa, fb := a.Field(i), b.Field(i)
		if fa.Param != nil && (fa.Param.Kind.Volatile || fa.Param.Kind.Secret) {
			continue
		}
		if !bytes.Equal(fa.Raw, fb.Raw) {
			return false
		}
	}
	return true
}

// differences says in what a live request is not the recorded one.
func differences(list []compare.FieldDifference) string {
	const most, width = 4, 40
	clip := func(s *string) string {
		if s == nil {
			return "nothing"
		}
		if len(*s) > width {
			return strconv.Quote(strings.ToValidUTF8((*s)[:width], "") + "...")
		}
		return strconv.Quote(*s)
	}
	var out []string
	for i, d := range list {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(list)-most))
			break
		}
		out = append(out, fmt.Sprintf("%s is %s, recorded is %s", d.Name, clip(d.B), clip(d.A)))
	}
	return strings.Join(out, "; ")
}

// take takes a frame from the client.
func (c *conn) take(fr *decode.Frame) {
	if c.closing || c.ended {
		return
	}
	c.maker = c.front.maker(fr.Raw)
	defer func() { c.maker = "" }()
	switch fr.Kind {
	case decode.Command:
	case decode.Blank:
		return
	default:
		c.nonsense(fr)
		return
	}
	m := &c.msg
	m.Decode(fr, decode.Client, c.role, c.dialect)
	if fr.Missing > 0 || fr.EOL == 0 && (m.Verb == nil || !farewell(m.Verb)) {
		c.report(Broken, 0, "half a command: %s", m.Name())
		return
	}
	c.last, c.stalled = time.Now(), false
	if !c.begun {
		c.begun = true
		if !c.enter(m) {
			return
		}
		m.Decode(fr, decode.Client, c.role, c.dialect)
	}
	if c.trial {
		if signIn(m) {
			if !c.settle(m) {
				return
			}
			m.Decode(fr, decode.Client, c.role, c.dialect)
		} else if len(c.early) < maxTried {
			c.early = append(c.early, fr.Clone())
		}
	}
	c.ask(m)
	c.s.stir()
}

// nonsense takes bytes that are no command.
func (c *conn) nonsense(fr *decode.Frame) {
	if c.senseless == 0 {
		c.report(Broken, 0, "sends what is no MSNP")
	}
	if c.senseless += len(fr.Raw); !c.begun || c.senseless > maxSenseless {
		c.report(Broken, 0, "closed: %d bytes are no MSNP", c.senseless)
		c.closing = true
	}
}

// ask takes a request.
func (c *conn) ask(m *decode.Message) {
	if c.part == nil {
		c.unasked(m)
		return
	}
	q, diffs := c.find(c.part, m)
	if q == nil {
		c.unasked(m)
		return
	}
	c.peerSays(q, m)
	v := decode.LookupVerb(q.Name)
	c.leaving = c.leaving || v != nil && farewell(v)
	if len(diffs) > 0 {
		c.report(Different, q.Number, "asked %s, which is not quite message %d: %s", spoken(m), q.Number, differences(diffs))
		c.s.said.put(q, m.Frame)
	} else if c.respelt(q, m) {
		c.s.said.put(q, m.Frame)
	} else {
		c.s.said.forget(q)
	}
	if c.judge(m, q) {
		c.part.skip(c.s.script, q)
		return
	}
	c.part.ask(c.s.script, q, string(trid(m)))
}

// respelt reports whether a live request that means the same as the recorded one says it
// otherwise, so that who hears of it has to hear the live words: another end point, for
// one.
func (c *conn) respelt(q *story.Message, m *decode.Message) bool {
	d, _, err := c.s.reader.Decode(q)
	return err == nil && !same(d, m)
}

// trid returns the TrID of a line as it stands there, nil if it has none. That of a
// verb that the table does not have is the number after it.
func trid(m *decode.Message) []byte {
	if m.Form != nil || m.Len() == 0 {
		return m.Raw("trid")
	}
	raw := m.Field(0).Raw
	if _, err := strconv.ParseUint(string(raw), 10, 32); err != nil {
		return nil
	}
	return raw
}

// spoken is a request for people: verb and TrID.
func spoken(m *decode.Message) string {
	if id := trid(m); id != nil {
		return m.Name() + " " + string(id)
	}
	return m.Name()
}
