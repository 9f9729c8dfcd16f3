package proxytest

import (
	"fmt"
	"strconv"
	"strings"

	peers "msnproxy/decode/address"
)

// Routed payloads (MSNP18 and later: PUT, NFY, SDG): blocks of headers for routing,
// reliability and what it is about, then the body.

// address is an account as routed payloads write it, with the end point if it has one.
func address(handle, endPoint string) string {
	if endPoint == "" {
		return "1:" + handle
	}
	return "1:" + handle + ";epid=" + endPoint
}

// routed writes a payload. Each block is a list of headers; the length of the body is
// put behind the last one.
func routed(to, from string, routing, about []string, body string) string {
	var b strings.Builder
	b.WriteString("Routing: 1.0\r\nTo: " + to + "\r\nFrom: " + from + "\r\n")
	for _, h := range routing {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\nReliability: 1.0\r\n\r\n")
	for _, h := range about {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	return b.String()
}

// header returns a header of a routed payload, the first of that name.
func header(payload []byte, name string) string {
	for line := range strings.SplitSeq(string(payload), "\r\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// whom returns the handle of an address.
func whom(address string) string {
	a := peers.Parse(address)
	if a.Network == "" {
		return ""
	}
	return a.Account
}

// bodyOf returns what stands behind the blocks of headers.
func bodyOf(payload []byte) string {
	parts := strings.SplitN(string(payload), "\r\n\r\n", 4)
	if len(parts) < 4 {
		return ""
	}
	return parts[3]
}

// notify sends NFY of what a contact publishes.
func (c *conn) notify(verb string, of *account, body string) {
	c.noticed++
	c.sendPayload("NFY "+verb, routed(address(c.account.handle, ""), address(of.handle, ""), nil,
		[]string{"Notification: 1.0", "NotifNum: " + strconv.Itoa(c.noticed-1), "Uri: /user", "NotifType: Partial", "Content-Type: application/user+xml"}, body))
}

// publish takes PUT: the presence of a client of MSNP21.
func (c *conn) publish(req *request) error {
	body, l := bodyOf(req.payload), &c.session.later
	c.sendPayload("PUT "+req.trid+" OK", "Routing: 1.0\r\nTo: "+address(c.account.handle, l.endPoint)+"\r\nFrom: "+address(c.account.handle, "")+"\r\n\r\nReliability: 1.0\r\n\r\n")
	if v := within(body, "<Capabilities>", "</Capabilities>"); v != "" {
		l.capabilities = v
	}
	status := within(body, "<Status>", "</Status>")
	if len(status) != 3 || !strings.Contains(statuses, " "+status+" ") {
		return nil
	}
	first := c.session.status == ""
	c.session.status = status
	c.settle(nil, first)
	return nil
}

// within returns what stands between two marks.
func within(s, from, to string) string {
	_, s, ok := strings.Cut(s, from)
	if !ok {
		return ""
	}
	s, _, ok = strings.Cut(s, to)
	if !ok {
		return ""
	}
	return s
}

// route takes SDG, a message to somebody: it goes there as it is, with TrID 0.
func (c *conn) route(req *request) error {
	other := c.server.accountOf(whom(header(req.payload, "To")))
	switch {
	case whom(header(req.payload, "From")) != c.account.handle:
		return errHangUp
	case other == nil || other.session == nil || !other.session.online() || !other.allows(c.account.handle):
		return errNotOnline
	}
	other.session.conn.sendPayload("SDG 0", string(req.payload))
	return nil
}

// MessagePayload is a message as routed payloads carry it (SDG): what is "Text",
// "Nudge", "Control/Typing" and the like.
func MessagePayload(to, from, endPoint, what, contentType, body string) string {
	about := []string{"Messaging: 2.0", "Message-Type: " + what}
	if contentType != "" {
		about = append(about, "Content-Type: "+contentType)
	}
	return routed(address(to, ""), address(from, endPoint), []string{"Service-Channel: IM/Online", "Options: 0"}, about, body)
}

// PublishPayload is what PUT publishes of an account itself.
func PublishPayload(handle, endPoint, status, capabilities string) string {
	body := fmt.Sprintf(`<user><s n="IM"><Status>%s</Status></s><sep n="IM" epid="%s"><Capabilities>%s</Capabilities></sep></user>`, status, endPoint, capabilities)
	return routed(address(handle, ""), address(handle, endPoint), nil,
		[]string{"Publication: 1.0", "Uri: /user", "Content-Type: application/user+xml"}, body)
}
