package chat

import (
	"fmt"
	"strings"
	"testing"
)

// What CANCEL means hangs on its code, who sends it and how far things were.
func TestCancel(t *testing.T) {
	const ask = "4 C: MSG 2 N # invite Application-Name: Chess; Invitation-Command: INVITE; Invitation-Cookie: 7\n"
	const accept = "3 C: MSG 3 N # invite Invitation-Command: ACCEPT; Invitation-Cookie: 7\n"
	for _, tt := range []struct{ before, from, code, want string }{
		{ask, "3", "REJECT", "declined by Alice"},
		{ask, "3", "reject", "declined by Alice"},
		{ask, "3", "", "declined by Alice"},
		{ask, "3", "ODD", "declined by Alice, ODD"},
		{ask, "4", "ODD", "cancelled by Bob Müller, ODD"},
		{ask, "4", "TIMEOUT", "failed by Bob Müller, no answer in time"},
		{ask, "3", "FTTIMEOUT", "failed by Alice, no connection in time"},
		{ask, "3", "FAIL", "failed by Alice"},
		{ask + accept, "3", "OUTBANDCANCEL", "cancelled by Alice"},
		{ask + accept, "3", "ODD", "cancelled by Alice, ODD"},
	} {
		step := fmt.Sprintf("%s C: MSG 9 N # invite Invitation-Command: CANCEL; Invitation-Cookie: 7; Cancel-Code: %s", tt.from, tt.code)
		lines := play(t, both+tt.before+step+"\n"+step).Lines()
		if l := lines[len(lines)-1]; l.Text != "invites to Chess: "+tt.want || l.Kind != Invite {
			t.Errorf("%s by %s: %v %s", tt.code, tt.from, l.Kind, l.Text)
		}
	}
}

// How a transfer ended is what BYE says, or what had come until the end.
func TestTransferEnd(t *testing.T) {
	const begin = both + fileAccepted + "5 open 10.0.0.8:1050 10.0.0.9:6891\n5 C: VER MSNFTP\n"
	for end, want := range map[string]string{
		"5 C: BYE 16777989":                        "transferred",
		"5 S: BYE 16777987":                        "transferred",
		"5 C: BYE 2147942405":                      "failed, disk full (0 of 11 bytes came)",
		"5 C: BYE 2164261682":                      "cancelled (0 of 11 bytes came)",
		"5 C: BYE 42":                              "failed, code 42 (0 of 11 bytes came)",
		"5 S: block hello world\n5 close":          "transferred",
		"5 C: BYE 2147942405\n5 C: BYE 16777989":   "failed, disk full (0 of 11 bytes came)",
		"5 C: BYE 16777989\n5 close":               "transferred",
		"5 C: CCL\n5 C: BYE 16777989":              "cancelled (0 of 11 bytes came)",
		"6 open 10.0.0.8:1051 10.0.0.1:1\n6 close": "accepted by Alice (0 of 11 bytes came)",
	} {
		lines := play(t, begin+end).Lines()
		l := lines[len(lines)-1]
		if _, got, _ := strings.Cut(l.Text, ": "); got != want || l.Invitation.Conn != 5 {
			t.Errorf("%q: %q, connection %d", end, got, l.Invitation.Conn)
		}
	}
}

// Of two files from the same address, the cookie tells which.
func TestTransferCookie(t *testing.T) {
	second := strings.NewReplacer("Cookie: 33", "Cookie: 34", "4301", "4302", "a.txt", "b.txt").Replace(fileAccepted)
	lines := play(t, both+fileAccepted+second+`
		5 open 10.0.0.8:1050 10.0.0.9:6891
		5 C: VER MSNFTP
		5 C: USR bob@example.com 4301
		5 C: BYE 16777989`).Lines()
	a, b := lines[len(lines)-2].Invitation, lines[len(lines)-1].Invitation
	if a.State != Transferred || a.Conn != 5 || b.State != Accepted || b.Conn != 0 {
		t.Errorf("%+v, %+v", a, b)
	}
}
