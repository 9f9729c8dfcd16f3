package proxytest

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"msnproxy/decode"
)

// maxHits is the number of people that FND shows at most.
const maxHits = 50

// directoryFields are the parameters of FND, in order.
var directoryFields = []string{"fname", "lname", "city", "state", "country"}

func (d DirectoryEntry) values() []string {
	return []string{d.First, d.Last, d.City, d.State, d.Country}
}

// fnd searches the directory: C: FND 1 fname=Bob lname=Lee city=* state=*
// country=US, S: FND 1 1 2 fname=Bob ... for every hit, or FND 1 0 0.
func (c *conn) fnd(req *request) error {
	if len(req.args) != len(directoryFields) {
		return errInvalidParameter
	}
	var patterns []string
	for i, field := range directoryFields {
		value, ok := strings.CutPrefix(req.args[i], field+"=")
		pattern := strings.ToLower(decode.Unescape([]byte(value)))
		if _, err := path.Match(pattern, ""); !ok || value == "" || err != nil {
			return errInvalidParameter
		}
		patterns = append(patterns, pattern)
	}
	var hits []*account
	for _, a := range c.server.order {
		if a.directory != (DirectoryEntry{}) && fits(patterns, a.directory) {
			hits = append(hits, a)
		}
	}
	if len(hits) > maxHits {
		return errTooManyHits
	}
	c.session.found = nil
	if len(hits) == 0 {
		c.reply(req, 0, 0)
	}
	for i, a := range hits {
		c.session.found = append(c.session.found, a.handle)
		params := []any{i + 1, len(hits)}
		for f, value := range a.directory.values() {
			params = append(params, directoryFields[f]+"="+encode(value))
		}
		c.reply(req, params...)
	}
	return nil
}

func fits(patterns []string, entry DirectoryEntry) bool {
	for i, value := range entry.values() {
		if ok, _ := path.Match(patterns[i], strings.ToLower(value)); !ok {
			return false
		}
	}
	return true
}

// invitee reads the target of SND and SDC: an address, or the number of a hit of
// the last FND.
func (c *conn) invitee(target string) error {
	if i, err := strconv.Atoi(target); err == nil && i >= 1 && i <= len(c.session.found) {
		return nil
	}
	if checkHandle(target) != nil {
		return errInvitation
	}
	return nil
}

// snd invites somebody to the service by e-mail: S: SND 3 OK. No mail is sent.
func (c *conn) snd(req *request) error {
	if err := c.invitee(req.arg(0)); err != nil {
		return err
	}
	c.reply(req, "OK")
	return nil
}

// sdc is snd with a text of one's own as payload (MSNP5): S: SDC 2 OK.
func (c *conn) sdc(req *request) error {
	if len(req.args) != 8 {
		return errInvitation
	}
	return c.snd(req)
}

// pag pages a contact's mobile. It is answered only if it fails: 220 where the
// contact takes no pages.
func (c *conn) pag(req *request) error {
	a := c.server.accountOf(req.arg(0))
	if a == nil || a.props["MOB"] != "Y" || !a.allows(c.account.handle) {
		return errNoPages
	}
	return nil
}

// services are the web pages that URL gives the address of, with the dialects
// that know them.
var services = map[string]struct {
	first, last int
	page        string
}{
	"PASSWORD":   {2, 2, "/password"},
	"INBOX":      {2, 7, "/cgi-bin/HoTMaiL"},
	"COMPOSE":    {2, 7, "/cgi-bin/compose"},
	"MESSAGE":    {2, 7, "/cgi-bin/message"},
	"FOLDERS":    {2, 7, "/cgi-bin/folders"},
	"PERSON":     {2, 7, "/person"},
	"MOBILE":     {5, 7, "http://mobile.example/"},
	"CHGMOB":     {5, 7, "http://mobile.example/change"},
	"PROFILE":    {6, 7, "http://profile.example/"},
	"N2PACCOUNT": {6, 6, "http://phone.example/account"},
	"N2PFUND":    {6, 6, "http://phone.example/fund"},
	"CHAT":       {7, 7, "http://chat.example/"},
}

// url gives the address of a web page: C: URL 4 INBOX, S: URL 4
// /cgi-bin/HoTMaiL https://login.example/md5auth.srf?lc=1033 2.
func (c *conn) url(req *request) error {
	at, known := services[req.arg(0)]
	if !known || c.dialect < at.first || min(c.dialect, 7) > at.last {
		return errInvalidParameter
	}
	page, site := at.page, ""
	if req.args[0] == "COMPOSE" && req.arg(1) != "" {
		page = fmt.Sprintf("%s?to=%s", page, req.args[1])
	}
	if c.dialect >= 3 {
		site = "2"
	}
	c.reply(req, page, "https://login.example/md5auth.srf?lc=1033", site)
	return nil
}

// png is the keep-alive: S: QNG, from MSNP9 on with the seconds until the next PNG is
// wanted.
func (c *conn) png(*request) error {
	if c.dialect >= 9 {
		c.send("QNG", 50)
		return nil
	}
	c.send("QNG")
	return nil
}
