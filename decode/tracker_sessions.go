package decode

import (
	"cmp"
	"net"
	"strings"
	"time"
)

const (
	// admissionsKept is how many cookies are remembered, the newest.
	admissionsKept = 4096
	// redirectGood is how long a client that was sent to another NS is waited for.
	redirectGood = 5 * time.Minute
)

// admission is what a cookie is good for.
type admission struct {
	session   *Session
	sessionID string
	inviter   string
	number    int64 // of the message that gave it out
}

// admissions are the cookies of XFR SB and RNG.
type admissions struct {
	byCookie map[string]admission
	order    []string
}

func (a *admissions) add(cookie string, ad admission) {
	if cookie == "" {
		return
	}
	if a.byCookie == nil {
		a.byCookie = make(map[string]admission)
	}
	if _, known := a.byCookie[cookie]; !known {
		a.order = append(a.order, cookie)
	}
	a.byCookie[cookie] = ad
	if len(a.order) > admissionsKept {
		delete(a.byCookie, a.order[0])
		a.order = append(a.order[:0], a.order[1:]...)
	}
}

// hostOf returns the host of "host:port", or all of it if there is no port.
func hostOf(addr string) string {
	if h, _, err := net.SplitHostPort(addr); err == nil {
		return h
	}
	return addr
}

// sameAddr compares two addresses, of which either may lack its port (1863).
func sameAddr(a, b string) bool {
	full := func(s string) string {
		if _, _, err := net.SplitHostPort(s); err != nil {
			return s + ":1863"
		}
		return s
	}
	return strings.EqualFold(full(a), full(b))
}

// sameAccount compares two handles: case does not matter, nor does the end point
// that MSNP16 and later put behind one.
func sameAccount(a, b string) bool {
	a, _, _ = strings.Cut(a, ";")
	b, _, _ = strings.Cut(b, ";")
	return strings.EqualFold(a, b)
}

// join makes the connection one of the session.
func (t *Tracker) join(c *Connection, s *Session) {
	if c.Session == s {
		return
	}
	if old := c.Session; old != nil {
		if old.open--; old.open <= 0 && old.redirected == "" {
			t.endSession(old)
		}
	}
	c.Session = s
	s.open++
	t.sessions[s] = true
	if c.Role&SB != 0 && c.Dialect == 0 {
		c.Dialect = s.Dialect
	}
}

func (t *Tracker) endSession(s *Session) { delete(t.sessions, s) }

// newSession starts a session for an account on the connection.
func (t *Tracker) newSession(c *Connection, account string) *Session {
	t.lastSession++
	s := &Session{Number: t.lastSession, Account: account, Dialect: c.Dialect, ClientHost: hostOf(c.Client)}
	t.join(c, s)
	return s
}

// expected returns the session whose client was sent to another NS and comes
// back as c, by the address it was sent to and the host that it comes from, and
// by account where that is known ("": not yet). Nil if there is none, or if
// there are several and nothing tells which.
func (t *Tracker) expected(c *Connection, account string, at time.Time) *Session {
	var found *Session
	for s := range t.sessions {
		if s.redirected == "" {
			continue
		}
		if !at.IsZero() && at.Sub(s.at) > redirectGood {
			if s.redirected = ""; s.open <= 0 {
				t.endSession(s)
			}
			continue
		}
		switch {
		case s.ClientHost != hostOf(c.Client):
		case account != "" && !sameAccount(s.Account, account):
		case account == "" && c.Server != "" && !sameAddr(s.redirected, c.Server):
		case found != nil && account == "":
			return nil
		case found == nil || s.Number < found.Number:
			found = s
		}
	}
	return found
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
	handle, package_ := m.text("handle"), m.text("package")
	switch {
	case c.Role == FTP:
		return
	case m.From == Client && package_ == "" && m.Raw("cookie") != nil:
		t.enter(c, m, handle)
	case m.From == Client && handle != "":
		t.signIn(c, m, handle)
	case m.From == Server && m.Raw("challenge") != nil:
		c.salt = m.Arrived().text("challenge")
	case m.From == Server && handle != "":
		c.Account, c.SignedIn = handle, true
		if c.Session == nil {
			t.newSession(c, handle)
		}
		if c.Role == NS {
			c.Session.redirected = ""
			c.Session.Account = handle
		} else if c.Role == SB {
			c.takePart(handle)
		}
	}
}

// signIn takes USR I: from here on it is known who this is.
func (t *Tracker) signIn(c *Connection, m *Message, handle string) {
	c.Account = handle
	s := c.Session
	if s == nil || s.Account != "" && !sameAccount(s.Account, handle) {
		if s = t.expected(c, handle, m.Time); s == nil {
			c.Came = 0
			t.newSession(c, handle)
			return
		}
		c.Came = s.by
		t.join(c, s)
	}
	s.redirected = ""
	s.Account, s.Dialect = handle, cmp.Or(c.Dialect, s.Dialect)
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
			c.Role = DS
			m.Role = DS
		}
		if s := c.Session; s != nil {
			s.redirected, s.at, s.by = string(raw[r.Addr.Start:r.Addr.End]), m.Time, m.Number
		}
	case RedirectSB:
		t.cookies.add(r.Cookie, admission{session: c.Session, number: m.Number})
	case RedirectRNG:
		t.cookies.add(r.Cookie, admission{session: c.Session, sessionID: r.SessionID, inviter: r.Inviter, number: m.Number})
	}
}

// enter takes the first line on a switchboard: USR of the caller, or ANS.
func (t *Tracker) enter(c *Connection, m *Message, handle string) {
	c.Account = handle
	ad := t.cookies.byCookie[m.text("cookie")]
	c.Came = ad.number
	if s := ad.session; s != nil && sameAccount(s.Account, handle) {
		t.join(c, s)
	} else if s := t.byAccount(handle, c); s != nil {
		t.join(c, s)
	} else {
		t.newSession(c, handle)
	}
	if c.Dialect == 0 {
		c.Dialect = c.Session.Dialect
	}
	id := m.text("session")
	t.converse(c, cmp.Or(id, ad.sessionID))
	if ad.inviter != "" {
		c.takePart(ad.inviter)
	}
	c.takePart(handle)
}

// byAccount returns the newest open session of the account from the same host.
func (t *Tracker) byAccount(handle string, c *Connection) (found *Session) {
	for s := range t.sessions {
		if sameAccount(s.Account, handle) && s.ClientHost == hostOf(c.Client) && (found == nil || s.Number > found.Number) {
			found = s
		}
	}
	return found
}

func (t *Tracker) answer(c *Connection, m *Message) {
	if m.From == Client {
		t.enter(c, m, m.text("handle"))
		return
	}
	c.SignedIn = true
}

// call takes CAL; the reply names the conversation.
func (t *Tracker) call(c *Connection, m *Message) {
	if id := m.text("session"); id != "" {
		t.converse(c, id)
	}
}

func (t *Tracker) joins(c *Connection, m *Message) {
	if c.Conversation == nil {
		t.converse(c, "")
	}
	c.takePart(m.text("handle"))
}

// converse puts the connection into the conversation of that session id, or into
// a new one as long as the id is not known.
func (t *Tracker) converse(c *Connection, id string) {
	v := c.Conversation
	if v != nil && (id == "" || v.SessionID == id) {
		return
	}
	key := ""
	if id != "" {
		key = id + " " + strings.ToLower(c.Server)
		if known := t.conversations[key]; known != nil {
			if v != nil {
				v.open--
				for _, h := range v.Participants {
					known.takePart(h)
				}
			}
			known.open++
			c.Conversation = known
			return
		}
	}
	if v == nil || v.SessionID != "" {
		if v != nil {
			v.open--
		}
		t.lastConvers++
		v = &Conversation{Number: t.lastConvers, open: 1}
	}
	if id != "" {
		v.SessionID, v.key = id, key
		t.conversations[key] = v
	}
	c.Conversation = v
}

func (c *Connection) takePart(handle string) {
	if c.Conversation != nil {
		c.Conversation.takePart(handle)
	}
}

// maxParticipants bounds what a hostile switchboard can make us remember.
const maxParticipants = 256

func (v *Conversation) takePart(handle string) {
	handle, _, _ = strings.Cut(handle, ";")
	for _, h := range v.Participants {
		if strings.EqualFold(h, handle) {
			return
		}
	}
	if handle != "" && len(v.Participants) < maxParticipants {
		v.Participants = append(v.Participants, handle)
	}
}
