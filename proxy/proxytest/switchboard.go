package proxytest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	peers "msnproxy/decode/address"
)

const (
	// maxMessage is the size of a switchboard message, headers and body, above
	// which the connection is closed.
	maxMessage = 1664
	// maxCookies bounds the cookies that one account can have unused, whether it
	// asked for them or was called.
	maxCookies = 32
)

// cookie is the right to enter a conversation once. The server's lock guards it.
type cookie struct {
	account *account
	dialect int
	until   time.Time
	talk    *conversation // nil: it opens a new one
}

// conversation is a switchboard session.
type conversation struct {
	id      string
	members []*member // in the order of joining
}

// member is one party of a conversation.
type member struct {
	conn     *conn
	talk     *conversation
	endPoint string // "{GUID}" (MSNP16 and later), or ""
}

// names are those that the others know the member by: the end point, if it has one
// (MSNP16 and later), then the handle alone.
func (m *member) names() []string {
	handle := m.conn.account.handle
	if m.endPoint == "" {
		return []string{handle}
	}
	return []string{handle + ";" + m.endPoint, handle}
}

// capabilities are those that IRO and JOI tell a client of that dialect (MSNP12 and
// later), or "".
func (m *member) capabilities(dialect int) string {
	if n := m.conn.account.session; n != nil && dialect >= 12 {
		return n.later.capabilities
	}
	return ""
}

// newCookie returns a cookie in the shape of Microsoft's, or nothing if the
// account has too many unused.
func (s *Server) newCookie(a *account, dialect int, talk *conversation) string {
	now, held := s.config.Now(), 0
	for text, k := range s.cookies {
		switch {
		case now.After(k.until):
			delete(s.cookies, text)
		case k.account == a:
			held++
		}
	}
	if held >= maxCookies {
		return ""
	}
	text := fmt.Sprintf("%s.%d.%s", s.number(8), now.Unix(), s.number(5))
	s.cookies[text] = &cookie{account: a, dialect: dialect, until: now.Add(s.config.CookieLife), talk: talk}
	return text
}

// redeem takes a cookie back, or returns nil if it is not good for the handle.
func (s *Server) redeem(text, handle string) *cookie {
	k := s.cookies[text]
	if k == nil || s.config.Now().After(k.until) || k.account != s.accountOf(handle) {
		return nil
	}
	delete(s.cookies, text)
	return k
}

// switchboard returns the address that clients are told.
func (s *Server) switchboard() string { return cmp.Or(s.config.AnnounceSB, s.SB) }

// xfr hands out a switchboard: C: XFR 15 SB, S: XFR 15 SB 10.0.1.200:1863 CKI
// 17262740.1050826919.32308.
func (c *conn) xfr(req *request) error {
	if req.arg(0) != "SB" {
		return errInvalidParameter
	}
	if !c.session.takesCalls() {
		return errHidden
	}
	ticket := c.server.newCookie(c.account, c.dialect, nil)
	if ticket == "" {
		return errUserTooActive
	}
	params := []any{"SB", c.server.switchboard(), "CKI", ticket}
	params = append(params, way(c.dialect, "messenger.msn.com")...)
	c.reply(req, params...)
	return nil
}

// way is how a client of the dialect is told to get to a switchboard: from MSNP13 on
// directly, and whose that is, from MSNP14 on that TCP will do.
func way(dialect int, domain string) []any {
	switch {
	case dialect < laterFrom:
		return nil
	case dialect < networksFrom:
		return []any{"U", domain}
	}
	return []any{"U", domain, 1}
}

// usrCookie is the caller's first line: C: USR 1 alice@example.com 17262740...,
// S: USR 1 OK alice@example.com Alice.
func (c *conn) usrCookie(req *request) error {
	who := peers.Parse(req.arg(0))
	handle, endPoint := who.Account, who.EndPoint
	k := c.server.redeem(req.arg(1), handle)
	if k == nil || k.talk != nil {
		return errAuthentication
	}
	c.enter(k, &conversation{id: c.server.number(8)}, endPoint)
	c.reply(req, "OK", c.member.names()[0], c.account.name)
	return nil
}

// ans is the first line of the party called: C: ANS 1 bob@example.com cookie
// session-id, S: an IRO for everybody there, then ANS 1 OK. The others get JOI.
func (c *conn) ans(req *request) error {
	if c.stage == signedIn {
		return errAlreadyLogin
	}
	who := peers.Parse(req.arg(0))
	handle, endPoint := who.Account, who.EndPoint
	k := c.server.redeem(req.arg(1), handle)
	if k == nil || k.talk == nil || k.talk.id != req.arg(2) {
		return errAuthentication
	}
	present := slices.Clone(k.talk.members)
	c.enter(k, k.talk, endPoint)
	total, index := 0, 0
	for _, m := range present {
		total += len(m.names())
	}
	for _, m := range present {
		for _, name := range m.names() {
			index++
			c.replyAs("IRO", req, index, total, name, m.conn.account.name, m.capabilities(c.dialect))
		}
	}
	c.reply(req, "OK")
	for _, m := range present {
		for _, name := range c.member.names() {
			m.conn.send("JOI", name, c.account.name, c.member.capabilities(m.conn.dialect))
		}
	}
	return nil
}

// enter signs the connection in to a conversation.
func (c *conn) enter(k *cookie, talk *conversation, endPoint string) {
	c.stage, c.account, c.dialect = signedIn, k.account, k.dialect
	c.member = &member{conn: c, talk: talk, endPoint: endPoint}
	talk.members = append(talk.members, c.member)
	c.expectBy(0)
}

// others returns the connections of everybody else in the conversation.
func (m *member) others() []*conn {
	var conns []*conn
	for _, o := range m.talk.members {
		if o != m {
			conns = append(conns, o.conn)
		}
	}
	return conns
}

// leave takes the member out of the conversation; the others get BYE, with the
// reason, which is 1 for somebody idle for too long.
func (m *member) leave(reason string) {
	m.talk.members = slices.DeleteFunc(m.talk.members, func(o *member) bool { return o == m })
	for _, o := range m.talk.members {
		for _, name := range m.names() {
			o.conn.send("BYE", name, reason)
		}
	}
}

// cal invites somebody: C: CAL 2 bob@example.com, S: CAL 2 RINGING 11752013. The
// party called gets RNG.
func (c *conn) cal(req *request) error {
	handle := req.arg(0)
	if len(req.args) != 1 || checkHandle(handle) != nil {
		return errInvalidUsername
	}
	s, talk, callee := c.server, c.member.talk, c.server.accountOf(handle)
	switch {
	case callee == nil || callee.session == nil || !callee.session.takesCalls():
		return errNotOnline
	case !callee.allows(c.account.handle):
		if s.config.OldRefusal {
			return errNotOnList
		}
		return errNotOnline
	case talk.awaits(s, callee):
		return errAlreadyThere
	}
	ticket := s.newCookie(callee, callee.session.conn.dialect, talk)
	if ticket == "" {
		return errUserTooActive
	}
	c.reply(req, "RINGING", talk.id)
	params := []any{talk.id, s.switchboard(), "CKI", ticket, c.account.handle, c.account.name}
	params = append(params, way(callee.session.conn.dialect, "messenger.hotmail.com")...)
	callee.session.conn.send("RNG", params...)
	return nil
}

// awaits reports whether the account is in the conversation or called to it.
func (t *conversation) awaits(s *Server, a *account) bool {
	for _, m := range t.members {
		if m.conn.account == a {
			return true
		}
	}
	now := s.config.Now()
	for _, k := range s.cookies {
		if k.talk == t && k.account == a && !now.After(k.until) {
			return true
		}
	}
	return false
}

// msg carries a message to everybody else. Mode U is never answered, N is
// answered with NAK if there is nobody, A with ACK or NAK.
func (c *conn) msg(req *request) error {
	mode, size := req.arg(0), req.arg(1)
	n, err := strconv.Atoi(size)
	if len(req.args) != 2 || err != nil || n != len(req.payload) || n > maxMessage ||
		len(mode) != 1 || !strings.Contains("UNA", mode) && !(mode == "D" && c.dialect >= 9) {
		return errHangUp
	}
	start := "MSG " + c.account.handle + " " + c.account.name
	others := c.member.others()
	for _, o := range others {
		o.sendPayload(start, string(req.payload))
	}
	switch {
	case len(others) == 0 && mode != "U":
		c.replyAs("NAK", req)
	case len(others) > 0 && (mode == "A" || mode == "D"):
		c.replyAs("ACK", req)
	}
	return nil
}
