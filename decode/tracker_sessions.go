package decode

import (
	"cmp"
	"net"
	"time"

	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

// admissionsKept is how many cookies are remembered, the newest.
const admissionsKept = 4096

// admission is what a cookie of XFR SB or RNG is good for.
type admission struct {
	session   *Session
	sessionID string
	inviter   string
	number    int64       // of the message that gave it out
	conn      *Connection // on which it was given out
}

// hostOf returns the host of "host:port", or all of it if there is no port.
func hostOf(addr string) string {
	if h, _, err := net.SplitHostPort(addr); err == nil {
		return h
	}
	return addr
}

// join makes the connection one of the session.
func (t *Tracker) join(c *Connection, s *Session) {
	if c.Session == s {
		return
	}
	old := c.Session
	if old != nil {
		t.leave(old)
	}
	c.shares(s, old == nil)
	c.Session = s
	s.open++
	if c.Role&SB != 0 && c.Dialect == 0 {
		c.Dialect = s.Dialect
	}
}

// leave notes that a connection of the session is no more.
func (t *Tracker) leave(s *Session) {
	if s.open--; s.open <= 0 && s.redirected == "" {
		t.sessions.forget(s)
	}
}

// overdue lets go of those whose clients did not come where they were sent.
func (t *Tracker) overdue(at time.Time) {
	for e := t.sessions.gone.Front(); e != nil; e = t.sessions.gone.Front() {
		s := e.Value.(*Session)
		if !s.overdue(at) {
			return
		}
		if t.sessions.back(s); s.open <= 0 {
			t.sessions.forget(s)
		}
	}
}

// newSession starts a session for an account on the connection.
func (t *Tracker) newSession(c *Connection, account string) *Session {
	t.lastSession++
	s := &Session{Number: t.lastSession, Account: account, Dialect: c.Dialect, ClientHost: hostOf(c.Client)}
	t.sessions.named(s)
	t.join(c, s)
	return s
}

// rename tells the account of a session.
func (t *Tracker) rename(s *Session, account string) {
	if !address.Same(s.Account, account) {
		s.Account = account
		t.sessions.named(s)
	}
}

// expected returns the session whose client was sent to another NS and comes
// back as c, by the address it was sent to and the host that it comes from, or
// by account where that is known ("": not yet). Nil if there is none, or if
// there are several and nothing tells which.
func (t *Tracker) expected(c *Connection, account string, at time.Time) *Session {
	t.overdue(at)
	if account != "" {
		return t.sessions.returning(hostOf(c.Client), account, at)
	}
	return t.sessions.expected(hostOf(c.Client), c.Server, at)
}

// arrive takes a client's VER: the first word of a new DS or NS connection. If
// one client was sent there, this is it; USR confirms that or not.
func (t *Tracker) arrive(c *Connection, m *Message) {
	if c.Session == nil && c.Role&(DS|NS) != 0 {
		if s := t.expected(c, "", m.Time); s != nil {
			c.Came = s.by
			t.join(c, s)
		}
	}
}

// user follows the sign-in, and the first line on a switchboard.
func (t *Tracker) user(c *Connection, m *Message) {
	package_ := m.text("package")
	a := address.Parse(m.text("handle"))
	handle, endPoint := a.Account, a.EndPoint
	switch {
	case c.Role == FTP:
		return
	case m.From == Client && package_ == "" && m.Raw("cookie") != nil:
		t.enter(c, m)
	case m.From == Client && handle != "":
		c.EndPoint = endPoint
		t.signIn(c, m, handle)
	case m.From == Client && m.Raw("machine") != nil:
		c.EndPoint = m.text("machine")
		if c.Session != nil {
			c.Session.EndPoint = c.EndPoint
		}
	case m.From == Server && m.Raw("challenge") != nil:
		c.salt = m.Arrived().text("challenge")
	case m.From == Server && m.Raw("nonce") != nil:
		c.nonce = m.Arrived().text("nonce")
	case m.From == Server && handle != "":
		c.Account, c.SignedIn = handle, true
		c.let = m.Number
		c.EndPoint = cmp.Or(endPoint, c.EndPoint)
		if c.Session == nil {
			t.newSession(c, handle)
		}
		if c.Role == NS {
			t.sessions.back(c.Session)
			t.rename(c.Session, handle)
		} else if c.Role == SB {
			c.takePart(handle)
		}
	}
}

// client takes CVR, which from MSNP8 on says whose client it is: a dispatch server of
// MSNP21 sends it away then and there.
func (t *Tracker) client(c *Connection, m *Message) {
	if handle := m.text("handle"); m.From == Client && handle != "" && c.Account == "" {
		t.signIn(c, m, handle)
	}
}

// signIn takes USR I: from here on it is known who this is.
func (t *Tracker) signIn(c *Connection, m *Message, handle string) {
	c.Account = handle
	s := c.Session
	if s == nil || s.Account != "" && !address.Same(s.Account, handle) {
		if s = t.expected(c, handle, m.Time); s == nil {
			c.Came = 0
			t.newSession(c, handle)
			return
		}
		c.Came = s.by
		t.join(c, s)
	}
	t.sessions.back(s)
	t.rename(s, handle)
	s.Dialect = cmp.Or(c.Dialect, s.Dialect)
}

// redirect takes XFR and RNG from the server.
func (t *Tracker) redirect(c *Connection, m *Message) {
	r, ok := m.Redirect()
	if !ok {
		return
	}
	raw := m.Frame.Raw
	if sent, ok := m.Arrived().Redirect(); ok {
		r.Cookie = sent.Cookie // the address is where the proxy connects to
	}
	switch r.Kind {
	case RedirectNS:
		if !c.SignedIn {
			c.Role, c.firm, c.against = DS, 1, 0
			m.Role = DS
		}
		if s := c.Session; s != nil {
			t.overdue(m.Time)
			t.sessions.sent(s, string(raw[r.Addr.Start:r.Addr.End]), m.Time, m.Number)
		}
	case RedirectSB:
		t.admit(r.Cookie, admission{session: c.Session, number: m.Number, conn: c})
	case RedirectRNG:
		t.admit(r.Cookie, admission{session: c.Session, sessionID: r.SessionID, inviter: r.Inviter, number: m.Number, conn: c})
	}
}

// admit remembers a cookie that was given out.
func (t *Tracker) admit(cookie string, ad admission) {
	if cookie != "" {
		t.cookies.Put(cookie, ad)
	}
}

// known returns the session that the connection belongs to by now on which the cookie
// was given out.
func (a *admission) known() *Session {
	if a.conn == nil {
		return nil
	}
	return a.conn.Session
}

// enter takes the first line on a switchboard: USR of the caller, or ANS.
func (t *Tracker) enter(c *Connection, m *Message) {
	a := address.Parse(m.text("handle"))
	handle := a.Account
	c.Account, c.EndPoint = handle, a.EndPoint
	ad, _ := t.cookies.Get(m.text("cookie"))
	c.Came = ad.number
	if s := cmp.Or(ad.session, ad.known()); s != nil && address.Same(s.Account, handle) {
		t.join(c, s)
	} else if s := t.sessions.newest(hostOf(c.Client), handle, c.EndPoint); s != nil {
		t.join(c, s)
	} else {
		t.newSession(c, handle)
	}
	c.Session.EndPoint = cmp.Or(c.Session.EndPoint, c.EndPoint)
	t.found(ad.conn, c)
	if c.Dialect == 0 {
		c.Dialect = c.Session.Dialect
	}
	id := cmp.Or(m.text("session"), ad.sessionID)
	if v := t.caller(c, id, ad.inviter); v != nil {
		t.attend(c, v)
	}
	t.converse(c, id)
	if ad.inviter != "" {
		c.takePart(ad.inviter)
	}
	c.takePart(handle)
}

// found tells whose the connection is, which was met in mid-stream, that gave out the
// cookie by which an account comes to a switchboard.
func (t *Tracker) found(c, comes *Connection) {
	if c == nil || c.closed || c.Session != nil || c.Account != "" {
		return
	}
	c.Account, c.SignedIn = comes.Account, true
	c.EndPoint = cmp.Or(c.EndPoint, comes.EndPoint)
	t.join(c, comes.Session)
	c.Dialect = cmp.Or(c.Dialect, comes.Session.Dialect)
}

// introduce learns from what a client sends on by itself (MSNP18 and later) who it is, on
// a connection that was met in mid-stream, and at which end point.
func (t *Tracker) introduce(c *Connection, m *Message) {
	if m.From != Client || c.EndPoint != "" || m.Form.Payload != string(payload.MIME) || m.Arrived() == nil {
		return
	}
	from, _ := payload.Route(m.Frame.Payload())
	a := address.Parse(validText(from))
	switch {
	case a.Account == "":
		return
	case c.Account == "" && c.Session == nil:
		t.belong(c, a)
	}
	if address.Same(c.Account, a.Account) {
		if c.EndPoint = a.EndPoint; c.Session != nil && c.Role&SB == 0 {
			c.Session.EndPoint = cmp.Or(c.Session.EndPoint, a.EndPoint)
		}
	}
}

func (t *Tracker) answer(c *Connection, m *Message) {
	if m.From == Client {
		t.enter(c, m)
		return
	}
	c.SignedIn = true
}

// call takes CAL; the reply names the conversation.
func (t *Tracker) call(c *Connection, m *Message) {
	if m.From == Client {
		t.calling(c, m.text("handle"))
	}
	if id := m.text("session"); id != "" {
		t.converse(c, id)
	}
}

func (t *Tracker) joins(c *Connection, m *Message) {
	if c.Conversation == nil {
		t.converse(c, "")
		c.late = true
		c.takePart(c.Account)
	}
	c.takePart(m.text("handle"))
}
