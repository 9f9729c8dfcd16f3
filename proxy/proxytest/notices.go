package proxytest

import (
	"fmt"
	"strings"
)

// mime writes a payload: headers, an empty line, and the body.
func mime(contentType string, headers []string, body ...string) string {
	var b strings.Builder
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: " + contentType + "\r\n")
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	for _, line := range body {
		b.WriteString(line + "\r\n")
	}
	return b.String()
}

// notice sends a message of the server's own.
func (c *conn) notice(payload string) { c.sendPayload("MSG Hotmail Hotmail", payload) }

// sendProfile sends the first message after the sign-in. In MSNP2 it holds the
// time alone.
func (c *conn) sendProfile() {
	headers := []string{fmt.Sprintf("LoginTime: %d", c.server.config.Now().Unix())}
	if c.dialect >= 3 {
		headers = append(headers,
			"EmailEnabled: 1",
			"MemberIdHigh: 85040",
			"MemberIdLow: -517030579",
			"lang_preference: 1033",
			"preferredEmail: "+c.account.handle,
			"country: US",
			"PostalCode: ",
			"Gender: ",
			"Kid: 0",
			"Age: ",
			"BDayPre: ",
			"Birthday: ",
			"Wallet: ",
			"Flags: 1027",
			"sid: 507",
			"kv: 4",
			"MSPAuth: 4"+c.server.number(16)+"$$",
		)
	}
	if c.dialect >= bookFrom {
		headers = append(headers, "ABCHMigrated: 1")
	}
	c.notice(mime("text/x-msmsgsprofile; charset=UTF-8", headers))
}

// mailType returns the content type of a mail notification: MSNP2 has one for
// all of them.
func (c *conn) mailType(name string) string {
	if c.dialect < 3 {
		return "application/x-msmsgsemailnotification"
	}
	return "text/x-msmsgs" + name + "; charset=UTF-8"
}

func (c *conn) sendInitialMail() {
	c.notice(mime(c.mailType("initialemailnotification"), nil,
		fmt.Sprintf("Inbox-Unread: %d", c.account.unread),
		"Folders-Unread: 0",
		"Inbox-URL: /cgi-bin/HoTMaiL",
		"Folders-URL: /cgi-bin/folders",
		"Post-URL: http://mail.example/",
		"",
	))
}

func (c *conn) sendNewMail(from, subject string) {
	name := from
	if at := strings.IndexByte(from, '@'); at > 0 {
		name = from[:at]
	}
	body := []string{
		"From: " + name,
		"Message-URL: /cgi-bin/getmsg?msg=1",
		"Post-URL: http://mail.example/",
		"Subject: " + word(subject),
		"Dest-Folder: ACTIVE",
		"From-Addr: " + from,
	}
	if c.dialect >= 3 {
		body = append(body, "id: 2")
	}
	c.notice(mime(c.mailType("emailnotification"), nil, append(body, "")...))
}

// word spells text the way mail notifications do: RFC 2047, but with quotes
// around the character set and blanks as they are.
func word(text string) string {
	charset := "us-ascii"
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '=' || c == '?' || c == '_' {
			charset = "utf-8"
			fmt.Fprintf(&b, "=%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return `=?"` + charset + `"?Q?` + b.String() + `?=`
}
