package replay

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"msnproxy/capture/story"
	"msnproxy/decode/challenge"
)

// Ticket is what a client shows in place of a password (MSNP8 and later): Text as it
// stands in the line, "t=..&p=..", and from MSNP15 on the binary secret that the ticket
// service gave along with it, in base64, which answers nonces. Circle is what lets the
// account into its circles (MSNP18 and later), XML in base64. They let in whoever has them.
type Ticket struct{ Text, Secret, Circle string }

// ticketMark begins a ticket that stands in place of a password.
const ticketMark = "ticket:"

// ErrTicket is the error for what begins as a ticket and is none. It does not repeat the
// value, which may be a secret.
var ErrTicket = errors.New("behind ticket: stands no ticket; it wants TICKET, or for MSNP15 and later TICKET SECRET with a blank between, the secret in base64, and behind that the circle ticket if there is one")

// ParseTicket reads ticket:TEXT, ticket:TEXT SECRET or ticket:TEXT SECRET CIRCLE. is reports whether s begins as
// one at all; a password does not.
func ParseTicket(s string) (t Ticket, is bool, err error) {
	rest, is := strings.CutPrefix(s, ticketMark)
	if !is {
		return t, false, nil
	}
	parts := strings.Fields(rest)
	if len(parts) < 1 || len(parts) > 3 {
		return t, true, ErrTicket
	}
	t.Text = parts[0]
	if len(parts) > 1 {
		t.Secret = parts[1]
		if key, err := base64.StdEncoding.DecodeString(t.Secret); err != nil || len(key) == 0 {
			return Ticket{}, true, ErrTicket
		}
	}
	if len(parts) > 2 {
		t.Circle = parts[2]
		if xml, err := base64.StdEncoding.DecodeString(t.Circle); err != nil || !strings.HasPrefix(string(xml), "<") {
			return Ticket{}, true, ErrTicket
		}
	}
	return t, true, nil
}

// String spells the ticket as ParseTicket reads it.
func (t Ticket) String() string {
	return strings.TrimSpace(ticketMark + t.Text + " " + t.Secret + " " + t.Circle)
}

// ticket is the ticket that is shown, where one is known and the recorded one was not
// refused.
func (k *clientConn) ticket(m *story.Message, r *request) ([]byte, bool) {
	t := k.p.config.Accounts[strings.ToLower(k.recorded.Account)].Ticket
	switch {
	case wasRefused(m):
		return nil, false
	case t == nil:
		r.answer = "the recorded ticket was sent, which is good for one sign-in, as no other is known: give " + k.recorded.Account + "=ticket:TICKET with --accounts"
		return nil, false
	}
	r.answer = "the ticket given was sent"
	return []byte(t.Text), true
}

// circle is the circle ticket that is shown, likewise.
func (k *clientConn) circle(m *story.Message, r *request) ([]byte, bool) {
	t := k.p.config.Accounts[strings.ToLower(k.recorded.Account)].Ticket
	switch {
	case wasRefused(m):
		return nil, false
	case t == nil || t.Circle == "":
		r.answer = "the recorded circle ticket was sent, which is good for one sign-in, as no other is known: give " + k.recorded.Account + "=ticket:TICKET SECRET CIRCLETICKET with --accounts"
		return nil, false
	}
	r.answer = "the circle ticket given was sent"
	return []byte(t.Circle), true
}

// proof answers the live nonce with the secret of the ticket.
func (k *clientConn) proof(m *story.Message, r *request) ([]byte, bool) {
	t := k.p.config.Accounts[strings.ToLower(k.recorded.Account)].Ticket
	switch {
	case wasRefused(m) || t == nil || k.salt == "":
		return nil, false
	case t.Secret == "":
		r.answer = "the ticket given was sent with the recorded answer to another nonce, as its secret is not known: give " + k.recorded.Account + "=ticket:TICKET SECRET with --accounts"
		return nil, false
	}
	var iv [8]byte
	rand.Read(iv[:])
	blob, err := challenge.SSO(t.Secret, k.salt, iv)
	if err != nil {
		return nil, false // ParseTicket has seen that the secret is base64
	}
	r.answer = fmt.Sprintf("the ticket given was sent, and the answer to the nonce %s that follows from its secret", k.salt)
	return []byte(blob), true
}
