package proxytest

import (
	"fmt"
	"maps"
	"slices"

	"msnproxy/decode"
	"msnproxy/decode/challenge"
)

// MSNP8 to MSNP14: sign-in with a ticket (TWN), capabilities, from MSNP10 on contacts
// and groups with ids, from MSNP11 on personal messages and the second algorithm for
// challenges.

const (
	// ticketFrom is the first dialect of that kind.
	ticketFrom = 8
	// bookFrom is the first whose contacts and groups have ids.
	bookFrom = 10
	// personalFrom is the first with personal messages (UUX, UBX).
	personalFrom = 11
)

// ticketDialects are the numbers of those.
var ticketDialects = []int{8, 9, 10, 11, 12}

// ticketCommands are the handlers of MSNP8 and 9.
func ticketCommands() map[string]command {
	const login = decode.DS | decode.NS
	all := newCommands()
	maps.DeleteFunc(all, func(verb string, _ command) bool { return slices.Contains([]string{"INF", "LST", "LSG"}, verb) })
	maps.Copy(all, map[string]command{
		"CVR": {login, ticketFrom, fresh, (*conn).laterVersion},
		"USR": {login, ticketFrom, fresh, (*conn).twn},
		"SYN": {decode.NS, ticketFrom, signedIn, (*conn).synCounted},
		"CHG": {decode.NS, ticketFrom, signedIn, (*conn).laterStatus},
	})
	return all
}

// bookCommands are the handlers of MSNP10 to 12.
func bookCommands() map[string]command {
	all := ticketCommands()
	maps.DeleteFunc(all, func(verb string, _ command) bool { return slices.Contains([]string{"ADD", "REA"}, verb) })
	maps.Copy(all, map[string]command{
		"ADC": {decode.NS, bookFrom, signedIn, (*conn).adc},
		"REM": {decode.NS, bookFrom, signedIn, (*conn).remByID},
		"SBP": {decode.NS, bookFrom, signedIn, (*conn).sbp},
		"ADG": {decode.NS, bookFrom, signedIn, (*conn).adgWithID},
		"REG": {decode.NS, bookFrom, signedIn, (*conn).regByID},
		"RMG": {decode.NS, bookFrom, signedIn, (*conn).rmgByID},
		"PRP": {decode.NS, bookFrom, signedIn, (*conn).prpOrName},
		"UUX": {decode.NS, personalFrom, signedIn, (*conn).personal},
		"GCF": {decode.NS, personalFrom, signedIn, (*conn).gcf},
	})
	return all
}

// twn is the sign-in: C: USR 3 TWN I alice@example.com, S: USR 3 TWN S lc=1033,..,
// C: USR 4 TWN S t=..&p=.., S: USR 4 OK alice@example.com 1 0; before MSNP10 the name
// comes behind the account.
func (c *conn) twn(req *request) error {
	switch {
	case c.stage == signedIn:
		return errAlreadyLogin
	case c.stage < informed || len(req.args) != 3 || req.args[0] != "TWN":
		return errNotExpected
	case req.args[1] == "I" && c.stage < challenged:
		return c.twnInitiate(req, req.args[2])
	case req.args[1] == "S" && c.stage == challenged:
		return c.twnRespond(req, req.args[2])
	}
	return errNotExpected
}

func (c *conn) twnInitiate(req *request, handle string) error {
	if refused := checkHandle(handle); refused != nil {
		return refused
	}
	if c.role == decode.DS && !c.server.config.NoRedirect {
		c.replyAs("XFR", req, c.redirect()...)
		return errHangUp
	}
	c.handle, c.stage = handle, challenged
	if c.dialect >= laterFrom {
		c.sendPolicies()
	}
	c.reply(req, "TWN", "S", fmt.Sprintf("lc=1033,id=507,tw=40,fs=1,ru=http%%3A%%2F%%2Fmessenger%%2Eexample%%2Ecom,ct=%d,kpp=1,kv=5,ver=2.1.0173.1,tpf=%s",
		c.server.config.Now().Unix(), c.server.number(16)))
	return nil
}

func (c *conn) twnRespond(req *request, ticket string) error {
	a := c.server.accountOf(c.handle)
	if a == nil || ticket != TicketFor(a.handle, a.password).Text {
		return errAuthentication
	}
	c.letIn(a)
	name, verified := "", 1
	if c.dialect < bookFrom {
		name = a.name
	}
	if a.unverified {
		verified = 0
	}
	c.reply(req, "OK", a.handle, name, verified, 0)
	if c.dialect < personalFrom {
		c.sendProfile()
		c.sendInitialMail()
		return nil
	}
	c.welcome()
	return nil
}

// letIn makes the connection the session of the account; one that there was is over.
func (c *conn) letIn(a *account) {
	if old := a.session; old != nil {
		old.conn.send("OUT OTH")
		old.conn.hangUp()
	}
	c.stage, c.account = signedIn, a
	c.session = newSession(c, a)
	a.session = c.session
	c.expectBy(0)
}

// gcf gives the client its settings: C: GCF 6 Shields.xml, S: GCF 6 Shields.xml 105
// and the document.
func (c *conn) gcf(req *request) error {
	if req.arg(0) != "Shields.xml" {
		return errInvalidParameter
	}
	c.sendPayload("GCF "+req.trid+" Shields.xml", `<config><shield><cli maj="7" min="0" minbld="0" maxbld="9999" deny=" "/></shield><block></block></config>`)
	return nil
}

// ofAge reports whether a client of the dialect may answer challenges with that
// product id: ids came in two tables, the second in MSNP11. Before MSNP8 nobody minds.
func (c *conn) ofAge(product string) bool {
	p, known := challenge.Lookup(product)
	return c.dialect < ticketFrom || known && (p.First >= personalFrom) == (c.dialect >= personalFrom)
}
