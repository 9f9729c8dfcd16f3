package proxytest

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"msnproxy/decode/challenge"
)

// signInLater signs in to a server of MSNP15 and later, after VER.
func (c *Client) signInLater(ctx context.Context) (redirect string, err error) {
	account, l := c.options.Account, c.link
	args := []string{"0x0409", "winnt", "6.1.0", "i386", "MSNMSGR", "14.0.8117.0416", "MSNMSGR", account}
	if c.number >= 21 {
		args[5] = "15.4.3538.0513"
		args = append(args, cmp.Or(c.hop, hops(1)))
	}
	cvr, err := l.one(ctx, "CVR", args...)
	switch {
	case err != nil:
		return "", err
	case cvr.is("XFR", []string{"NS", "*"}):
		c.hop = cvr.Arg(4)
		return cvr.Arg(1), nil
	}
	nonce, err := l.one(ctx, "USR", "SSO", "I", account)
	switch {
	case err != nil:
		return "", err
	case nonce.is("XFR", []string{"NS", "*"}):
		return nonce.Arg(1), nil
	case !nonce.is("USR", []string{"SSO", "S", "*", "*"}):
		return "", fmt.Errorf("%s: USR: the %s answered %s %q", account, l.server, nonce.Verb, nonce.Args)
	}
	ticket, err := c.ticket(ctx, nonce.Arg(2))
	if err != nil {
		return "", err
	}
	answer, err := challenge.SSO(ticket.Secret, nonce.Arg(3), [8]byte{0, 1, 2, 3, 4, 5, 6, 7})
	if err != nil {
		return "", fmt.Errorf("%s: USR: %w", account, err)
	}
	args = []string{"SSO", "S", ticket.Text, answer}
	if c.number >= endPointsFrom {
		args = append(args, c.options.EndPoint)
	}
	ok, err := l.one(ctx, "USR", args...)
	if err != nil {
		return "", err
	}
	if !ok.is("USR", []string{"OK", "*"}) {
		return "", fmt.Errorf("%s: USR: the %s answered %s %q", account, l.server, ok.Verb, ok.Args)
	}
	return "", nil
}

// handle is the account as it enters a switchboard: with the end point from MSNP16 on.
func (c *Client) handle() string {
	if c.number >= endPointsFrom && c.options.EndPoint != "" {
		return c.options.Account + ";" + c.options.EndPoint
	}
	return c.options.Account
}

// Members are whom ADL puts on lists: bits by handle.
type Members []Member

// Member is one of them.
type Member struct {
	Handle string
	Lists  int // 1 FL, 2 AL, 4 BL
}

// AddMembers sends ADL, as a client does at sign-in with all that it has. MSNP21 has a
// list for each service.
func (c *Client) AddMembers(ctx context.Context, initial bool, members Members) error {
	_, err := c.DoPayload(ctx, "ADL", []byte(c.document(initial, members)))
	return err
}

// RemoveMembers sends RML.
func (c *Client) RemoveMembers(ctx context.Context, members Members) error {
	_, err := c.DoPayload(ctx, "RML", []byte(c.document(false, members)))
	return err
}

// document writes members for ADL and RML, and those of no list for FQY.
func (c *Client) document(initial bool, members Members) string {
	var b strings.Builder
	b.WriteString("<ml>")
	if initial {
		b.Reset()
		b.WriteString(`<ml l="1">`)
	}
	for _, m := range members {
		name, domain, _ := strings.Cut(m.Handle, "@")
		if m.Lists == 0 {
			fmt.Fprintf(&b, `<d n="%s"><c n="%s"/></d>`, escapeXML(domain), escapeXML(name))
			continue
		}
		if c.number >= 21 {
			fmt.Fprintf(&b, `<d n="%s"><c n="%s" t="1"><s l="%d" n="IM"/><s l="%[3]d" n="PE"/><s l="%[3]d" n="PF"/></c></d>`, escapeXML(domain), escapeXML(name), m.Lists)
			continue
		}
		fmt.Fprintf(&b, `<d n="%s"><c n="%s" l="%d" t="1"/></d>`, escapeXML(domain), escapeXML(name), m.Lists)
	}
	return b.String() + "</ml>"
}

// GoOnline is what a client of MSNP13 and later says after the sign-in: privacy, lists,
// name, what it can, personal message, status. From MSNP21 on it publishes instead.
func (c *Client) GoOnline(ctx context.Context, name, message, object string, members Members) error {
	if _, err := c.Do(ctx, "BLP", "AL"); err != nil {
		return err
	}
	if err := c.AddMembers(ctx, true, members); err != nil {
		return err
	}
	if c.number >= 21 {
		_, err := c.DoPayload(ctx, "PUT", []byte(PublishPayload(c.options.Account, c.options.EndPoint, "NLN", c.options.Capabilities)))
		return err
	}
	if _, err := c.Do(ctx, "PRP", "MFN", encode(name)); err != nil {
		return err
	}
	if c.number >= endPointsFrom {
		if _, err := c.DoPayload(ctx, "UUX", []byte("<EndpointData><Capabilities>"+c.options.Capabilities+"</Capabilities></EndpointData>")); err != nil {
			return err
		}
	}
	data := "<Data><PSM>" + escapeXML(message) + "</PSM><CurrentMedia></CurrentMedia></Data>"
	if _, err := c.DoPayload(ctx, "UUX", []byte(data)); err != nil {
		return err
	}
	status := []string{"NLN", c.options.Capabilities, object}
	if object == "" {
		status[2] = "0"
	}
	_, err := c.Do(ctx, "CHG", status...)
	return err
}

// Send sends a routed message to an account (MSNP21, SDG): there is no answer but an
// error.
func (c *Client) Send(ctx context.Context, to, what, contentType, body string) error {
	_, err := c.link.command(ctx, nil, "SDG", []byte(MessagePayload(to, c.options.Account, c.options.EndPoint, what, contentType, body)))
	return err
}

// NudgePayload returns the payload of a nudge on a switchboard.
func NudgePayload() string { return mime("text/x-msnmsgr-datacast", nil, "ID: 1", "", "") }

// capabilitiesOf returns those of a client of 2009 that takes ink, messages in chunks and
// winks, and, in the second half (MSNP16 and later), P2P of version 2 and nudges.
func capabilitiesOf(number int) string {
	const ink, chunks, winks, client2009 = 0x4, 0x20, 0x8000, 0xa0000000
	const p2pv2, nudges = 0x20, 0x400
	n := strconv.FormatUint(ink|chunks|winks|client2009, 10)
	if number >= endPointsFrom {
		n += ":" + strconv.Itoa(p2pv2|nudges)
	}
	return n
}
