package proxytest

import (
	"strings"
	"testing"
	"time"
)

// open has the account behind w ask for a switchboard at TrID 8 and go there.
func open(t *testing.T, s *Server, w *wire, account, name string) *wire {
	t.Helper()
	w.send("XFR 8 SB\r\n")
	w.want("XFR 8 SB " + s.SB + " CKI ")
	sb := dialWire(t, s.SB)
	sb.send("USR 1 " + account + " " + w.line() + "\r\n")
	sb.want("USR 1 OK " + account + " " + name + "\r\n")
	return sb
}

// ring reads a RNG and returns the ANS that answers it.
func ring(w *wire, s *Server, account string) string {
	w.t.Helper()
	w.want("RNG ")
	tokens := strings.Split(w.line(), " ")
	if len(tokens) != 6 || tokens[1] != s.SB || tokens[2] != "CKI" {
		w.t.Fatalf("RNG %q", tokens)
	}
	return "ANS 1 " + account + " " + tokens[3] + " " + tokens[0] + "\r\n"
}

func TestSwitchboard(t *testing.T) {
	s, a, b := both(t, Config{})
	hers := open(t, s, a, "alice@example.com", "Alice")
	hers.send("MSG 2 N 3\r\nabcMSG 3 A 3\r\nabcMSG 4 U 3\r\nabcUSR 5 a b\r\nANS 6 a b c\r\n")
	hers.want("NAK 2\r\nNAK 3\r\n207 5\r\n207 6\r\n")
	hers.send("CAL 7 bob@example.com\r\n")
	hers.want("CAL 7 RINGING ")
	hers.line()
	ans := ring(b, s, "bob@example.com")
	hers.send("CAL 8 bob@example.com\r\nCAL 9 alice@example.com\r\nCAL 10 carol@example.com\r\nCAL 11 dave@example.com\r\nCAL 12 dave\r\n")
	hers.want("215 8\r\n215 9\r\n217 10\r\n217 11\r\n208 12\r\n")

	his := dialWire(t, s.SB)
	his.send(ans)
	his.want("IRO 1 1 1 alice@example.com Alice\r\nANS 1 OK\r\n")
	hers.want("JOI bob@example.com Bob%20M%C3%BCller\r\n")
	hers.send("MSG 13 A 3\r\nabcMSG 14 N 0\r\nMSG 15 U 6\r\nJOI x\n")
	hers.want("ACK 13\r\n")
	his.want("MSG alice@example.com Alice 3\r\nabcMSG alice@example.com Alice 0\r\nMSG alice@example.com Alice 6\r\nJOI x\n")

	// Used cookies are good for nothing.
	again := dialWire(t, s.SB)
	again.send(ans)
	again.want("911 1\r\n")
	again.closed()

	c := enter(t, s, 5, "carol@example.com", "caterpillar")
	c.send("CHG 4 NLN\r\n")
	c.want("CHG 4 NLN\r\nILN 4 NLN alice@example.com Alice\r\n")
	his.send("CAL 2 carol@example.com\r\n")
	his.want("CAL 2 RINGING ")
	his.line()
	hers2 := dialWire(t, s.SB)
	hers2.send(ring(c, s, "carol@example.com"))
	hers2.want("IRO 1 1 2 alice@example.com Alice\r\nIRO 1 2 2 bob@example.com Bob%20M%C3%BCller\r\nANS 1 OK\r\n")
	for _, w := range []*wire{hers, his} {
		w.want("JOI carol@example.com Carol\r\n")
	}
	his.send("OUT\r\n")
	his.closed()
	if err := s.TimeOut("carol@example.com"); err != nil {
		t.Fatal(err)
	}
	hers.want("BYE bob@example.com\r\nBYE carol@example.com 1\r\n")
	hers2.want("BYE bob@example.com\r\n")
	hers2.closed()
}

func TestSwitchboardMessageLimits(t *testing.T) {
	for _, tt := range []struct {
		name, send string
		closed     bool
	}{
		{"largest", "MSG 2 U 1664\r\n" + strings.Repeat("x", 1664), false},
		{"too large", "MSG 2 U 1665\r\n" + strings.Repeat("x", 1665), true},
		{"unknown mode", "MSG 2 D 1\r\nx", true},
		{"no length", "MSG 2 U x\r\n", true},
		{"no mode", "MSG 2 1\r\n", true},
		{"absurd length", "MSG 2 U 99999999999999999999\r\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, a, _ := both(t, Config{})
			sb := open(t, s, a, "alice@example.com", "Alice")
			sb.send(tt.send)
			if !tt.closed {
				sb.send("OUT\r\n")
			}
			sb.closed()
		})
	}
}

func TestCallOf(t *testing.T) {
	const block = "REM 5 AL alice@example.com\r\nADD 6 BL alice@example.com A\r\n"
	const blocked = "REM 5 AL 10 alice@example.com\r\nADD 6 BL 11 alice@example.com A\r\n"
	for _, tt := range []struct {
		name, bob, reply string
		seen, want       string
		old              bool
	}{
		{"hidden", "CHG 5 HDN\r\n", "CHG 5 HDN\r\n", "FLN bob@example.com\r\n", "217 2\r\n", false},
		{"takes no calls", "IMS 5 OFF\r\n", "IMS 5 0 OFF\r\n", "", "217 2\r\n", false},
		{"blocks", block, blocked, "FLN bob@example.com\r\n", "217 2\r\n", false},
		{"blocks, old server", block, blocked, "FLN bob@example.com\r\n", "216 2\r\n", true},
		{"away", "CHG 5 AWY\r\n", "CHG 5 AWY\r\n", "NLN AWY bob@example.com Bob%20M%C3%BCller\r\n", "CAL 2 RINGING ", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, a, b := both(t, Config{OldRefusal: tt.old})
			sb := open(t, s, a, "alice@example.com", "Alice")
			b.send(tt.bob)
			b.want(tt.reply)
			a.want(tt.seen)
			sb.send("CAL 2 bob@example.com\r\n")
			sb.want(tt.want)
		})
	}
}

func TestCookies(t *testing.T) {
	now := fixed()
	s, a, b := both(t, Config{Now: func() time.Time { return now }})
	ask := func() string {
		a.send("XFR 9 SB\r\n")
		a.want("XFR 9 SB " + s.SB + " CKI ")
		return a.line()
	}
	for _, line := range []string{
		"USR 1 bob@example.com " + ask(),    // somebody else's
		"ANS 1 alice@example.com " + ask(),  // a caller's
		"USR 1 alice@example.com 1" + ask(), // unknown
		"ANS 1 alice@example.com " + ask() + " 1",
	} {
		w := dialWire(t, s.SB)
		w.send(line + "\r\n")
		w.want("911 1\r\n")
		w.closed()
	}
	// Called, signed off and on again: the call is over, another one rings.
	sb := open(t, s, a, "alice@example.com", "Alice")
	sb.send("CAL 2 bob@example.com\r\n")
	sb.want("CAL 2 RINGING ")
	sb.line()
	ans := ring(b, s, "bob@example.com")
	b.send("OUT\r\n")
	b.want("OUT\r\n")
	b.closed()
	w := dialWire(t, s.SB)
	w.send(ans)
	w.want("911 1\r\n")
	w.closed()

	a.want("FLN bob@example.com\r\n")

	old := ask()
	s.mu.Lock()
	now = now.Add(2*time.Minute + time.Second)
	s.mu.Unlock()
	w = dialWire(t, s.SB)
	w.send("USR 1 alice@example.com " + old + "\r\n")
	w.want("911 1\r\n")
	w.closed()
	for range maxCookies {
		ask()
	}
	a.send("XFR 10 SB\r\n")
	a.want("713 10\r\n")
	sb.send("CAL 3 alice@example.com\r\n")
	sb.want("215 3\r\n")
}
