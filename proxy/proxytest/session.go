package proxytest

import (
	"maps"
	"strings"
)

// session is an account's sign-in at the notification server. The server's lock
// guards it.
type session struct {
	conn    *conn
	account *account
	status  string // as set with CHG; empty before the first one
	noCalls bool   // IMS OFF
	renames int
	found   []string           // handles of the last FND
	asked   []string           // challenges not answered yet, the newest last
	shown   map[*account]shown // whom the client knows to be online
	later   later
}

// shown is the presence that a client was last told of a contact.
type shown struct{ status, name, capabilities, object string }

func newSession(c *conn, a *account) *session {
	return &session{conn: c, account: a, shown: map[*account]shown{}}
}

// end takes the session out of the service: the contacts learn of it, and the
// calls that it has not answered are over.
func (n *session) end() {
	if n.account.session != n {
		return
	}
	n.account.session = nil
	s := n.conn.server
	maps.DeleteFunc(s.cookies, func(_ string, k *cookie) bool {
		return k.account == n.account && k.talk != nil
	})
	s.announce(n.account)
}

// takesCalls reports whether the switchboard is open to the session.
func (n *session) takesCalls() bool { return n.online() && !n.noCalls }

// online reports whether others can see the session at all.
func (n *session) online() bool { return n.status != "" && n.status != "HDN" }

// presence returns what the viewer may see of a contact; ok is false if that is
// nothing.
func presence(viewer *session, of *account) (seen shown, ok bool) {
	if of.session == nil || !of.session.online() || !of.allows(viewer.account.handle) {
		return shown{}, false
	}
	l := of.session.later
	return shown{of.session.status, of.name, l.capabilities, l.object}, true
}

// announce tells everybody who has the account in the forward list what has
// changed in its presence: NLN or FLN.
func (s *Server) announce(of *account) {
	for _, a := range s.order {
		if a.session != nil && a != of && a.lists["FL"].find(of.handle) != nil {
			a.session.update(of)
		}
	}
}

// update tells the client what it does not know yet of the contact's presence.
func (n *session) update(of *account) {
	if n.status == "" {
		return // before its first CHG a client is told nothing
	}
	now, visible := presence(n, of)
	was, known := n.shown[of]
	switch {
	case visible && (!known || now != was):
		n.shown[of] = now
		n.conn.sendPresence(nil, now, of)
	case !visible && known:
		delete(n.shown, of)
		n.conn.sendOffline(of)
	}
}

// initial tells the client in answer to req who of its contacts is online: ILN.
func (n *session) initial(req *request, of *account) {
	if of == nil || of == n.account || n.status == "" || n.shown[of] != (shown{}) {
		return
	}
	if now, visible := presence(n, of); visible {
		n.shown[of] = now
		n.conn.sendPresence(req, now, of)
	}
}

// statuses are those that CHG may set.
const statuses = " NLN BSY IDL BRB AWY PHN LUN HDN "

// chg sets the status: C: CHG 9 NLN, S: CHG 9 NLN, and the first time an ILN
// for every contact online, then a challenge.
func (c *conn) chg(req *request) error {
	return c.setStatus(req, req.arg(0))
}

// setStatus sets the status, which echo begins with.
func (c *conn) setStatus(req *request, echo ...string) error {
	status := echo[0]
	if len(status) != 3 || !strings.Contains(statuses, " "+status+" ") {
		return errInvalidParameter
	}
	n, first := c.session, c.session.status == ""
	n.status = status
	params := make([]any, len(echo))
	for i, p := range echo {
		params[i] = p
	}
	c.reply(req, params...)
	c.settle(req, first)
	return nil
}

// settle tells the client who is there, if it is visible for the first time, and
// everybody else of it.
func (c *conn) settle(req *request, first bool) {
	n := c.session
	if first {
		for _, contact := range *c.account.lists["FL"] {
			n.initial(req, c.server.accountOf(contact.handle))
		}
	}
	c.server.announce(c.account)
	if first && c.dialect >= 6 && c.dialect < 21 && !c.server.config.NoChallenge {
		c.challenge("0")
	}
}

// ims opens and closes the account to calls without a change of status (MSNP3,
// said by WebTV): S: IMS 28 0 OFF.
func (c *conn) ims(req *request) error {
	switch req.arg(0) {
	case "ON":
		c.session.noCalls = false
	case "OFF":
		c.session.noCalls = true
	default:
		return errInvalidParameter
	}
	c.reply(req, 0, req.args[0])
	return nil
}
