package proxytest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/challenge"
)

// Where the version check sends people.
const (
	downloadURL = "http://dl.example/setup.exe"
	infoURL     = "http://info.example"
)

// ver settles the dialect: C: VER 1 MSNP7 MSNP6 CVR0, S: VER 1 MSNP7. Without
// one in common the answer is VER 1 0, and the end.
func (c *conn) ver(req *request) error {
	if c.stage != fresh {
		return errNotExpected
	}
	var common []any
	for _, name := range c.server.config.Dialects {
		if slices.ContainsFunc(req.args, func(a string) bool { return strings.EqualFold(a, name) }) {
			common = append(common, name)
		}
	}
	if len(common) == 0 {
		c.reply(req, 0)
		return errHangUp
	}
	c.dialect, c.stage = dialectNumber(common[0].(string)), versioned
	if !c.server.config.ListAllDialects {
		common = common[:1]
	}
	c.reply(req, common...)
	return nil
}

// inf names the authentication packages: S: INF 2 MD5.
func (c *conn) inf(req *request) error {
	if c.stage != versioned {
		return errNotExpected
	}
	c.stage = informed
	c.reply(req, "MD5")
	return nil
}

// usr is the sign-in, in two steps at the notification server and in one at the
// dispatch server and the switchboard.
func (c *conn) usr(req *request) error {
	switch {
	case c.stage == signedIn:
		return errAlreadyLogin
	case c.role == decode.SB:
		return c.usrCookie(req)
	case c.stage == fresh || len(req.args) != 3 || req.args[0] != "MD5":
		return errNotExpected
	case req.args[1] == "I" && c.stage < challenged:
		return c.usrInitiate(req, req.args[2])
	case req.args[1] == "S" && c.stage == challenged:
		return c.usrRespond(req, req.args[2])
	}
	return errNotExpected
}

// usrInitiate answers USR MD5 I: the dispatch server with a redirect, the
// notification server with a salt, whoever asks.
func (c *conn) usrInitiate(req *request, handle string) error {
	if refused := checkHandle(handle); refused != nil {
		return refused
	}
	if c.role == decode.DS && !c.server.config.NoRedirect {
		c.replyAs("XFR", req, c.redirect()...)
		return errHangUp
	}
	s := c.server
	c.handle = handle
	c.salt = fmt.Sprintf("%d.%s", s.config.Now().Unix(), s.number(9))
	c.stage = challenged
	c.reply(req, "MD5", "S", c.salt)
	return nil
}

// redirect returns the parameters of an XFR to the notification server. MSNP2
// names the address alone; MSNP3 adds a 0, MSNP7 the address of the server that
// is speaking, and MSNP13 has ways in place of both.
func (c *conn) redirect() []any {
	here := map[decode.Role]string{decode.DS: c.server.DS, decode.NS: c.server.NS}[c.role]
	params := []any{"NS", cmp.Or(c.server.config.AnnounceNS, c.server.NS), 0, here}
	switch {
	case c.dialect < 3:
		return params[:2]
	case c.dialect < 7:
		return params[:3]
	case c.dialect >= laterFrom:
		return append(params[:2], "U", "D")
	}
	return params
}

// usrRespond answers USR MD5 S. The response is the MD5 of salt and password.
func (c *conn) usrRespond(req *request, response string) error {
	s := c.server
	acct := s.accountOf(c.handle)
	if acct == nil || response != challenge.SignIn(c.salt, acct.password) {
		return errAuthentication
	}
	c.letIn(acct)
	verified := ""
	if c.dialect >= 6 {
		verified = "1"
		if acct.unverified {
			verified = "0"
		}
	}
	c.reply(req, "OK", acct.handle, acct.name, verified)
	c.sendProfile()
	c.sendInitialMail()
	return nil
}

// cvr is the version check of a signed-in client: S: CVR 10 4.5.0121 4.5.0121
// 4.5.0121 http://dl.example/setup.exe http://info.example.
func (c *conn) cvr(req *request) error {
	switch {
	case c.stage == challenged:
		return errNotExpected
	case c.stage != signedIn:
		return errVersionParameters
	}
	return c.version(req)
}

// cvq is the version check of a client that has only CVR0 in common with the
// server, which closes after it.
func (c *conn) cvq(req *request) error {
	if c.stage != versioned || c.dialect != 0 {
		return errVersionParameters
	}
	if err := c.version(req); err != nil {
		return err
	}
	return errHangUp
}

// version answers CVR and CVQ. Whatever the client is, it is the version to
// have: nobody is told to go and fetch another.
func (c *conn) version(req *request) error {
	if len(req.args) < 6 || len(req.args) > 8 {
		return errVersionParameters
	}
	if !strings.HasPrefix(req.args[0], "0x") {
		return errLocale
	}
	v := req.args[5]
	c.reply(req, v, v, v, downloadURL, infoURL)
	return nil
}

// outCommand is the client's farewell. The notification server returns it.
func (c *conn) outCommand(*request) error {
	if c.role != decode.SB && !c.server.config.SilentOut {
		c.send("OUT")
	}
	return errHangUp
}
