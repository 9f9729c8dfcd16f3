package proxytest

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/challenge"
)

// MSNP13 and later: lists in an address book elsewhere (ADL), presence with personal
// message (UUX, UBX), from MSNP15 on sign-in by SSO, then end points, and in MSNP21 routed
// payloads in place of presence and switchboard.

const (
	// laterFrom is the first dialect of that kind.
	laterFrom = 13
	// networksFrom is the first that names networks, and asks for them (FQY).
	networksFrom = 14
	// ssoFrom is the first whose sign-in answers a nonce.
	ssoFrom = 15
	// endPointsFrom is the first in which a client says at which machine it is.
	endPointsFrom = 16
	// circlesFrom is the first with circles, which want a ticket of their own.
	circlesFrom = 18
)

// laterDialects are the numbers of those that the server speaks.
var laterDialects = []int{13, 14, 15, 16, 17, 18, 21}

// later is what a client of MSNP13 and later has said of itself. The server's lock
// guards it.
type later struct {
	endPoint     string // "{GUID}", "" before MSNP16
	capabilities string
	object       string // its picture, as it stands on the wire
	data         string // <Data> of UUX
	endPointData string // what is within <EndpointData>
}

// laterCommands are the handlers of MSNP13 and later; what is not in here is refused.
func laterCommands() map[string]command {
	const login = decode.DS | decode.NS
	return map[string]command{
		"VER": {login, 0, fresh, (*conn).ver},
		"CVR": {login, laterFrom, fresh, (*conn).laterVersion},
		"USR": {login, laterFrom, fresh, (*conn).laterSignIn},
		"OUT": {login | decode.SB, laterFrom, fresh, (*conn).outCommand},
		"PNG": {decode.NS, laterFrom, signedIn, (*conn).png},
		"QRY": {decode.NS, laterFrom, signedIn, (*conn).qry},
		"CHL": {decode.NS, laterFrom, signedIn, (*conn).chl},
		"BLP": {decode.NS, laterFrom, signedIn, (*conn).laterPrivacy},
		"PRP": {decode.NS, laterFrom, signedIn, (*conn).laterName},
		"ADL": {decode.NS, laterFrom, signedIn, (*conn).membership},
		"RML": {decode.NS, laterFrom, signedIn, (*conn).membership},
		"FQY": {decode.NS, networksFrom, signedIn, (*conn).networkOf},
		"UUX": {decode.NS, laterFrom, signedIn, (*conn).personal},
		"CHG": {decode.NS, laterFrom, signedIn, (*conn).laterStatus},
		"XFR": {decode.NS, laterFrom, signedIn, (*conn).xfr},
		"PUT": {decode.NS, 18, signedIn, (*conn).publish},
		"SDG": {decode.NS, 18, signedIn, (*conn).route},
		"CAL": {decode.SB, laterFrom, signedIn, (*conn).cal},
		"MSG": {decode.SB, laterFrom, signedIn, (*conn).msg},
	}
}

// Ticket is what a client shows in place of a password (MSNP8 and later), and the
// secret that came with it, in Base64.
// Circle lets into circles (MSNP18 and later), XML in Base64.
type Ticket struct{ Text, Secret, Circle string }

// TicketFor mints the ticket of an account. The same password gives the same ticket: no
// service has to be asked for it, and it guards nothing.
func TicketFor(account, password string) Ticket {
	sum := sha1.Sum([]byte(strings.ToLower(account) + "\n" + password))
	again := sha1.Sum(sum[:])
	return Ticket{
		Text:   fmt.Sprintf("t=demo%x&p=", again[:12]),
		Secret: base64.StdEncoding.EncodeToString(append(sum[:], again[:4]...)),
		Circle: base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `<SignedTicket><Ticket>demo%x</Ticket></SignedTicket>`, again[12:])),
	}
}

// hops is a hop string with that count (MSNP21, CVR and XFR).
func hops(n int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "Version: 1\r\nXfrCount: %d\r\n", n))
}

// hopsOf reads a hop string; 0 if it is none, or says so.
func hopsOf(s string) (n int) {
	text, _ := base64.StdEncoding.DecodeString(s)
	_, count, _ := strings.Cut(string(text), "XfrCount: ")
	fmt.Sscan(count, &n)
	return n
}

// laterVersion answers CVR, which comes before the sign-in from MSNP8 on. In MSNP21 the dispatch
// server sends the client away already here.
func (c *conn) laterVersion(req *request) error {
	if c.stage != versioned && c.stage != informed || len(req.args) < 8 {
		return errVersionParameters
	}
	c.stage = informed
	if c.dialect >= 21 && c.role == decode.DS {
		c.replyAs("XFR", req, append(c.redirect(), hops(hopsOf(req.arg(8))+1))...)
		return errHangUp
	}
	v := req.args[5]
	c.reply(req, v, v, v, downloadURL, infoURL)
	return nil
}

// laterSignIn is the sign-in of the dialect.
func (c *conn) laterSignIn(req *request) error {
	if c.dialect < ssoFrom {
		return c.twn(req)
	}
	return c.sso(req)
}

// sso is the sign-in: C: USR 3 SSO I alice@example.com, S: USR 3 SSO S MBI_KEY_OLD
// nonce, C: USR 4 SSO S ticket answer {machine}, S: USR 4 OK alice@example.com 1 0.
func (c *conn) sso(req *request) error {
	switch {
	case c.stage == signedIn && c.dialect >= circlesFrom && req.arg(0) == "SHA":
		return c.circles(req)
	case c.stage == signedIn:
		return errAlreadyLogin
	case c.stage < informed || req.arg(0) != "SSO":
		return errNotExpected
	case req.arg(1) == "I" && len(req.args) == 3 && c.stage < challenged:
		return c.ssoInitiate(req, req.args[2])
	case req.arg(1) == "S" && len(req.args) >= 4 && c.stage == challenged:
		return c.ssoRespond(req)
	}
	return errNotExpected
}

// circles takes a circle ticket: C: USR 5 SHA A ticket, S: USR 5 OK alice@example.com 0 0.
func (c *conn) circles(req *request) error {
	if len(req.args) != 3 || req.args[1] != "A" || req.args[2] != TicketFor(c.account.handle, c.account.password).Circle {
		return errAuthentication
	}
	c.reply(req, "OK", c.account.handle, 0, 0)
	return nil
}

func (c *conn) ssoInitiate(req *request, handle string) error {
	if refused := checkHandle(handle); refused != nil {
		return refused
	}
	if c.role == decode.DS && !c.server.config.NoRedirect {
		c.replyAs("XFR", req, c.redirect()...)
		return errHangUp
	}
	c.handle, c.stage = handle, challenged
	nonce := make([]byte, 48)
	for i := range nonce {
		nonce[i] = byte(c.server.rand.IntN(256))
	}
	c.salt = base64.StdEncoding.EncodeToString(nonce)
	c.sendPolicies()
	c.reply(req, "SSO", "S", "MBI_KEY_OLD", c.salt)
	return nil
}

// sendPolicies tells a client, before it is let in, what it may do.
func (c *conn) sendPolicies() {
	c.sendPayload("GCF 0", `<Policies><Policy type="SHIELDS" checksum="D9705A71BA841CB38955822E048970C3"><config><shield><cli maj="7" min="0" minbld="0" maxbld="9999" deny=" "/></shield><block></block></config></Policy></Policies>`)
}

func (c *conn) ssoRespond(req *request) error {
	acct := c.server.accountOf(c.handle)
	if acct == nil {
		return errAuthentication
	}
	ticket := TicketFor(acct.handle, acct.password)
	if req.args[2] != ticket.Text || !challenge.VerifySSO(ticket.Secret, c.salt, req.args[3]) {
		return errAuthentication
	}
	c.letIn(acct)
	c.session.later.endPoint = strings.ToLower(req.arg(4))
	c.reply(req, "OK", acct.handle, 1, 0)
	c.welcome()
	return nil
}

// welcome is what follows the sign-in unasked.
func (c *conn) welcome() {
	a := c.account
	if c.dialect >= 21 {
		c.challenge("0")
	}
	if c.dialect < 21 {
		c.send("SBS 0 null")
	}
	c.sendProfile()
	if c.dialect >= endPointsFrom && c.dialect < 21 {
		c.sendPayload("UBX 1:"+a.handle, "")
	}
	c.notice(mime(mailboxType+"; charset=UTF-8", nil, "Mail-Data: "+a.mailData(),
		"Inbox-URL: /cgi-bin/HoTMaiL", "Folders-URL: /cgi-bin/folders", "Post-URL: http://mail.example/", ""))
}

// laterPrivacy: C: BLP 5 AL, S: BLP 5 AL.
func (c *conn) laterPrivacy(req *request) error {
	if !slices.Contains([]string{"AL", "BL"}, req.arg(0)) {
		return errHangUp
	}
	c.account.privacy = req.arg(0)
	c.reply(req, req.arg(0))
	return nil
}

// laterName sets the friendly name: C: PRP 7 MFN Alice, S: PRP 7 MFN Alice.
func (c *conn) laterName(req *request) error {
	if req.arg(0) != "MFN" || len(req.args) != 2 || len(req.args[1]) > maxName {
		return errInvalidParameter
	}
	c.account.name = req.args[1]
	c.reply(req, "MFN", req.args[1])
	c.server.announce(c.account)
	return nil
}
