package service

import (
	"encoding/base64"
	"testing"
)

// The ticket for circles comes as XML, and USR shows it in Base64.
func TestTokenIDOfXML(t *testing.T) {
	const ticket = "<SignedTicket><Ticket>abc</Ticket></SignedTicket>"
	id := TokenID(ticket)
	for text, same := range map[string]bool{
		base64.StdEncoding.EncodeToString([]byte(ticket)):          true,
		base64.StdEncoding.EncodeToString([]byte("\r\n" + ticket)): false, // no ticket begins so
		base64.StdEncoding.EncodeToString([]byte(ticket + "\r\n")): true,
		" " + ticket + " ": true,
		base64.StdEncoding.EncodeToString([]byte("another" + ticket)):    false,
		base64.StdEncoding.EncodeToString([]byte("<Another></Another>")): false,
	} {
		if got := TokenID(text); (got == id) != same {
			t.Errorf("%q: %s, and the ticket's is %s", text, got, id)
		}
	}
	if plain := base64.StdEncoding.EncodeToString([]byte("no XML")); TokenID(plain) == TokenID("no XML") {
		t.Error("what is no XML is taken for its Base64")
	}
}
