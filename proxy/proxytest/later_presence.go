package proxytest

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// members is the document of ADL, RML and FQY.
type members struct {
	XMLName xml.Name `xml:"ml"`
	Initial string   `xml:"l,attr,omitempty"`
	Domains []struct {
		Name     string `xml:"n,attr"`
		Contacts []struct {
			Name string `xml:"n,attr"`
		} `xml:"c"`
	} `xml:"d"`
}

// membership takes ADL and RML: C: ADL 6 62 and <ml l="1">.., S: ADL 6 OK. What is on
// which list does not matter here: the server's own lists stand.
func (c *conn) membership(req *request) error {
	var m members
	if err := xml.Unmarshal(req.payload, &m); err != nil || m.Initial == "" && len(m.Domains) == 0 {
		return errBadList
	}
	for _, d := range m.Domains {
		for _, contact := range d.Contacts {
			if checkHandle(contact.Name+"@"+d.Name) != nil {
				return errInvalidUsername
			}
		}
	}
	c.reply(req, "OK")
	return nil
}

// networkOf answers FQY: everybody here is on network 1.
func (c *conn) networkOf(req *request) error {
	var m members
	if err := xml.Unmarshal(req.payload, &m); err != nil {
		return errBadList
	}
	var b strings.Builder
	b.WriteString("<ml>")
	for _, d := range m.Domains {
		fmt.Fprintf(&b, `<d n="%s">`, escapeXML(d.Name))
		for _, contact := range d.Contacts {
			fmt.Fprintf(&b, `<c n="%s" t="1"/>`, escapeXML(contact.Name))
		}
		b.WriteString("</d>")
	}
	b.WriteString("</ml>")
	c.sendPayload("FQY "+req.trid, b.String())
	return nil
}

func escapeXML(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}

// personal takes UUX, the personal message and what the end point can: S: UUX 9 0.
func (c *conn) personal(req *request) error {
	p := string(req.payload)
	l := &c.session.later
	switch {
	case strings.HasPrefix(p, "<Data>"):
		l.data = p
	case strings.HasPrefix(p, "<EndpointData>"):
		l.endPointData = strings.TrimSuffix(strings.TrimPrefix(p, "<EndpointData>"), "</EndpointData>")
	case strings.HasPrefix(p, "<PrivateEndpointData>"):
	default:
		return errHangUp
	}
	c.reply(req, 0)
	if c.session.online() {
		c.server.announcePersonal(c.account)
	}
	return nil
}

// laterStatus sets the status: C: CHG 8 NLN 2684354596:32 0, S: the same.
func (c *conn) laterStatus(req *request) error {
	if len(req.args) < 2 && c.dialect > 8 || len(req.args) > 3 {
		return errInvalidParameter
	}
	l := &c.session.later
	l.capabilities, l.object = req.arg(1), req.arg(2)
	return c.setStatus(req, req.args...)
}

// announcePersonal tells everybody who has the account in the forward list of its
// personal message: UBX.
func (s *Server) announcePersonal(of *account) {
	for _, a := range s.order {
		if n := a.session; n != nil && a != of && n.status != "" && a.lists["FL"].find(of.handle) != nil {
			if _, visible := presence(n, of); visible {
				n.conn.sendPersonal(of)
			}
		}
	}
}

// sendPersonal sends UBX of a contact, if there is anything to tell.
func (c *conn) sendPersonal(of *account) {
	if c.dialect < personalFrom || c.dialect >= 21 || of.session == nil {
		return
	}
	l := &of.session.later
	if l.data == "" {
		return
	}
	payload := l.data
	if c.dialect >= endPointsFrom && l.endPoint != "" {
		payload += fmt.Sprintf(`<EndpointData id="%s">%s</EndpointData>`, l.endPoint, l.endPointData)
	}
	switch {
	case c.dialect >= 18:
		c.sendPayload("UBX 1:"+of.handle, payload)
	case c.dialect >= networksFrom:
		c.sendPayload("UBX "+of.handle+" 1", payload)
	default:
		c.sendPayload("UBX "+of.handle, payload)
	}
}

// sendPresence sends what the client may know of a contact: ILN in answer to req, else
// NLN.
func (c *conn) sendPresence(req *request, now shown, of *account) {
	if c.dialect >= 21 {
		c.notify("PUT", of, fmt.Sprintf(`<user><s n="IM"><Status>%s</Status></s><sep n="IM" epid="%s"><Capabilities>%s</Capabilities></sep></user>`,
			now.status, of.session.later.endPoint, escapeXML(now.capabilities)))
		return
	}
	params := []any{now.status, of.handle, now.name}
	switch {
	case c.dialect >= 18:
		params = []any{now.status, "1:" + of.handle, now.name, now.capabilities, now.object}
	case c.dialect >= networksFrom:
		params = []any{now.status, of.handle, 1, now.name, now.capabilities, now.object}
	case c.dialect >= 9 && now.object != "0":
		params = append(params, now.capabilities, now.object)
	case c.dialect >= ticketFrom:
		params = append(params, now.capabilities)
	}
	if req != nil {
		c.replyAs("ILN", req, params...)
	} else {
		c.send("NLN", params...)
	}
	c.sendPersonal(of)
}

// sendOffline says that a contact is gone.
func (c *conn) sendOffline(of *account) {
	switch {
	case c.dialect >= 21:
		c.notify("DEL", of, `<user><s n="IM"/></user>`)
	case c.dialect >= 18:
		c.send("FLN", "1:"+of.handle, "0:0")
	case c.dialect >= endPointsFrom:
		c.send("FLN", of.handle, 1, "0:0")
	case c.dialect >= networksFrom:
		c.send("FLN", of.handle, 1)
	default:
		c.send("FLN", of.handle)
	}
}
