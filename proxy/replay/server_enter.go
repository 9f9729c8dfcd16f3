package replay

import (
	"msnproxy/decode"
	"msnproxy/decode/address"
)

// signIn reports whether a request says whose sign-in it is: by whichever package, or,
// from MSNP8 on, as what client it comes (CVR).
func signIn(m *decode.Message) bool {
	return m.Raw("handle") != nil && (m.Raw("package") != nil || m.Raw("clientver") != nil)
}

// enter finds out from the first line what the client comes for: with a cookie for a
// switchboard, else to sign in. It returns false if it is turned away.
func (c *conn) enter(m *decode.Message) bool {
	if cookie := m.Raw("cookie"); cookie != nil {
		c.role = decode.SB
		return c.admit(m, string(cookie))
	}
	c.role, c.trial = decode.DS|decode.NS, true
	for _, x := range c.s.candidates(c, "") {
		if offers(m, x.conn.Dialect) {
			c.part = newPart(x.conn)
			c.dialect = x.conn.Dialect
			return true
		}
	}
	if m.Raw("dialects") != nil {
		c.report(Refused, 0, "offers no dialect of the recording: %s", m.Summary())
		c.line(string(m.Frame.Verb()), string(trid(m)), "0")
		c.closing = true
		return false
	}
	return true
}

// admit lets the client into the switchboard that the cookie is for.
func (c *conn) admit(m *decode.Message, cookie string) bool {
	handle := address.Bare(string(m.Raw("handle")))
	ad, ok := c.s.cookies.take(cookie)
	if !ok || !address.Same(ad.account, handle) {
		c.account = ""
		c.report(Refused, 0, "%s shows a cookie that is not good for %s", spoken(m), handle)
		c.line(decode.RefusalOf(m.Name()), string(trid(m)))
		c.closing = true
		return false
	}
	rec := c.s.script.came[ad.via]
	if rec == nil {
		c.login(ad.account)
		c.report(Trouble, ad.via.Number, "the recording has no switchboard for message %d: what is said there is answered by rule", ad.via.Number)
		return true
	}
	c.attach(ad.run, rec, newPart(rec))
	return true
}

// settle takes the sign-in: now it is known who this is, and which connection of the
// recording. It returns false if the account is turned away.
func (c *conn) settle(m *decode.Message) bool {
	who := address.Bare(string(m.Raw("handle")))
	list := c.s.candidates(c, who)
	if len(list) == 0 {
		c.account = ""
		c.report(Refused, 0, "%s is not in the recording", who)
		c.trial, c.part = false, nil
		switch c.s.cfg.Unknown {
		case IgnoreUnknown:
		case RefuseUnknown:
			c.line(decode.RefusalOf(m.Name()), string(trid(m)))
			c.closing = true
		case CloseUnknown:
			c.closing = true
		}
		return false
	}
	x := list[0]
	if x.run == nil {
		x.run = c.s.begin(x.session)
	} else {
		c.s.followed(who, x)
	}
	// What was promised is said before who this is changes what comes.
	if c.part != nil {
		for {
			m, _ := c.part.due(c.s.script, c.ready)
			if m == nil {
				break
			}
			c.say(m)
		}
	}
	p := newPart(x.conn)
	c.attach(x.run, x.conn, p)
	c.catchUp(p, m)
	return true
}

// catchUp takes note on the right part of what was asked before it was known.
func (c *conn) catchUp(p *part, m *decode.Message) {
	var d decode.Message
	for i := range c.early {
		d.Decode(&c.early[i], decode.Client, c.role, c.dialect)
		if q, _ := c.find(p, &d); q != nil {
			p.skip(c.s.script, q)
		}
	}
	c.early = nil
	q, _ := c.find(p, m)
	if q == nil {
		return
	}
	for i, before := range p.msgs()[:q.Index] {
		if before.From == decode.Server {
			p.done.set(int32(i))
		}
	}
}
