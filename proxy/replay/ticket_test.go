package replay

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msnproxy/decode/challenge"
	"msnproxy/proxy/proxytest"
)

func TestParseTicket(t *testing.T) {
	for _, test := range []struct {
		in   string
		want Ticket
		is   bool
		err  error
	}{
		{"secret", Ticket{}, false, nil},
		{"", Ticket{}, false, nil},
		{"t=abc&p=def", Ticket{}, false, nil}, // a password may look like that
		{"ticket:t=abc&p=def", Ticket{"t=abc&p=def", "", ""}, true, nil},
		{"ticket: t=abc&p= \t c2VjcmV0 ", Ticket{"t=abc&p=", "c2VjcmV0", ""}, true, nil},
		{"ticket:t=abc&p= c2VjcmV0 PGFiYz4=", Ticket{"t=abc&p=", "c2VjcmV0", "PGFiYz4="}, true, nil},
		{"ticket:t=abc&p= c2VjcmV0 PGFiYz4= more", Ticket{}, true, ErrTicket},
		{"ticket:t=abc&p= c2VjcmV0 PGFiYz4", Ticket{}, true, ErrTicket},
		{"ticket:", Ticket{}, true, ErrTicket},
		{"ticket:t=abc&p= c2VjcmV", Ticket{}, true, ErrTicket},
		{"ticket:t=abc&p= c2VjcmV0 more", Ticket{}, true, ErrTicket},
	} {
		got, is, err := ParseTicket(test.in)
		if got != test.want || is != test.is || !errors.Is(err, test.err) {
			t.Errorf("%q: %+v, %v, %v", test.in, got, is, err)
		}
		if again, _, _ := ParseTicket(got.String()); test.is && err == nil && again != got {
			t.Errorf("%q: spelt %q", test.in, got)
		}
	}
}

func TestParseAccountTicket(t *testing.T) {
	old, a, ok := ParseAccount("alice@example.com=test@example.org:ticket:t=a:b&p= c2VjcmV0")
	if old != "alice@example.com" || a.Handle != "test@example.org" || a.Password != nil || a.Ticket == nil || *a.Ticket != (Ticket{"t=a:b&p=", "c2VjcmV0", ""}) || !ok {
		t.Errorf("%q %+v %v", old, a, ok)
	}
	if _, a, ok := ParseAccount("alice@example.com=:ticket:"); ok || a.Ticket != nil {
		t.Errorf("%+v", a)
	}
}

// A live server that checks tickets: right ones, wrong ones, none.
func TestClientTickets(t *testing.T) {
	ticketOf := func(password string) *Ticket {
		ticket := Ticket(proxytest.TicketFor("alice@example.com", password))
		return &ticket
	}
	right := ticketOf("other")
	for _, dialect := range []string{"MSNP9", "MSNP18"} {
		offered := []string{dialect, "CVR0"}
		file := recordScript(t, offered)
		accounts := proxytest.DemoAccounts()
		accounts[0].Password = "other" // since it was recorded
		for _, test := range []struct {
			what    string
			a       ClientAccount
			refused string // by what is said of it; "": not
			lacks   bool
		}{
			{"right", ClientAccount{Ticket: right}, "", false},
			{"none", ClientAccount{}, "the recorded ticket was sent, which is good for one sign-in, as no other is known: give alice@example.com=ticket:TICKET", true},
			{"a password", ClientAccount{Password: &accounts[0].Password}, "the recorded ticket was sent", true},
			{"another", ClientAccount{Ticket: ticketOf("wrong")}, map[string]string{"MSNP9": "the ticket given was sent", "MSNP18": "the ticket given was sent, and the answer to the nonce "}[dialect], false},
			{"another secret", ClientAccount{Ticket: &Ticket{right.Text, "c2VjcmV0", ""}}, map[string]string{"MSNP18": "that follows from its secret"}[dialect], false},
			{"no secret", ClientAccount{Ticket: &Ticket{Text: right.Text}}, map[string]string{"MSNP18": "as its secret is not known: give alice@example.com=ticket:TICKET SECRET"}[dialect], dialect == "MSNP18"},
		} {
			t.Run(dialect+"/"+test.what, func(t *testing.T) {
				s, err := proxytest.Start(proxytest.Config{Accounts: accounts, Dialects: offered, Seed: 7})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				config := ClientConfig{Story: tell(t, file), Server: s.DS, Accounts: demoPasswords(), Timeout: 2 * time.Second}
				config.Accounts["alice@example.com"] = test.a
				client, err := NewClient(config)
				if err != nil {
					t.Fatal(err)
				}
				if got := client.WithoutTicket(); slices.Contains(got, "alice@example.com") != test.lacks || slices.Contains(got, "bob@example.com") {
					t.Errorf("without a ticket: %q", got)
				}
				if got := client.WithoutPassword(); got != nil {
					t.Errorf("without a password: %q", got)
				}
				if test.refused != "" {
					config.Only = []string{"alice@example.com"}
				}
				r := play(t, config)
				if test.refused == "" {
					clean(t, r)
					return
				}
				if len(r.list) == 0 || r.list[0].Kind != DiffRefused || !strings.Contains(r.list[0].Text, test.refused) {
					t.Errorf("%v\n%s", r.err, r)
				}
				if strings.Contains(r.String(), right.Secret) || strings.Contains(r.String(), right.Text) {
					t.Errorf("it shows a secret: %s", r)
				}
			})
		}
	}
}

// Passwords and tickets come from one file.
func TestKnowTickets(t *testing.T) {
	c := ClientConfig{Story: tell(t, demo)}
	c.Know(map[string]string{"alice@example.com": "ticket:t=a&p= c2VjcmV0", "bob@example.com": "ticket:"})
	if a := c.Accounts["alice@example.com"]; a.Password != nil || a.Ticket == nil || a.Ticket.Secret != "c2VjcmV0" {
		t.Errorf("%+v", a)
	}
	if a, ok := c.Accounts["bob@example.com"]; ok {
		t.Errorf("%+v", a)
	}
	c.Know(map[string]string{"alice@example.com": "secret"})
	if a := c.Accounts["alice@example.com"]; a.Password != nil {
		t.Errorf("a ticket is replaced: %+v", a)
	}
}

// The replay server poses new nonces, takes any ticket, and checks the one that it knows.
func TestServerTickets(t *testing.T) {
	const recorded, secret = "bm9uY2U=", "c2VjcmV0"
	lines := []string{"C: VER 1 MSNP18 CVR0", "S: VER 1 MSNP18", "C: CVR 2 0x0409 winnt 6.1.0 i386 MSNMSGR 14.0 MSNMSGR alice@example.com",
		"S: CVR 2 14.0 14.0 14.0 http://a.example http://b.example", "C: USR 3 SSO I alice@example.com", "S: USR 3 SSO S MBI_KEY_OLD " + recorded,
		"C: USR 4 SSO S t=1&p= HAAA {0f0e0d0c-0b0a-0908-0706-050403020100}", "S: USR 4 OK alice@example.com 1 0", "C: CHG 5 NLN 0:0 0", "S: CHG 5 NLN 0:0 0"}
	var nonces sync.Map // the bubbles are side by side
	nonces.Store(recorded, true)
	for _, test := range []struct {
		what, given, ticket string
		answer              func(nonce string) string
		wrong               string
	}{
		{"any", "", "t=2&p=", nil, ""},
		{"a password says nothing of it", "secret", "t=2&p=", nil, ""},
		{"the one given", "ticket:t=2&p=", "t=2&p=", nil, ""},
		{"another", "ticket:t=2&p=", "t=3&p=", nil, "another ticket than the one given"},
		{"a right answer", "ticket:t=2&p= " + secret, "t=2&p=", func(nonce string) string { s, _ := challenge.SSO(secret, nonce, [8]byte{1}); return s }, ""},
		{"an answer to the recorded nonce", "ticket:t=2&p= " + secret, "t=2&p=", func(string) string { s, _ := challenge.SSO(secret, recorded, [8]byte{1}); return s }, "does not follow from the secret"},
		{"no answer", "ticket:t=2&p= " + secret, "t=2&p=", func(string) string { return "" }, "without an answer to the nonce"},
	} {
		bubbled(t, test.what, func(t *bubble) {
			config := ServerConfig{Story: transcript(t, lines...)}
			if test.given != "" {
				config.Passwords = map[string]string{"alice@example.com": test.given}
			}
			s, e := serve(t, config)
			p := visit(t, s.Addr().String())
			p.ask("VER 1 MSNP18 CVR0\r\nCVR 2 0x0409 winnt 6.1.0 i386 MSNMSGR 14.0 MSNMSGR alice@example.com\r\nUSR 3 SSO I alice@example.com\r\n", "USR 3 SSO S MBI_KEY_OLD ")
			nonce := strings.TrimSuffix(p.want("\r\n"), "\r\n")
			if _, again := nonces.LoadOrStore(nonce, true); len(nonce) != 64 || again {
				t.Errorf("the nonce is %q", nonce)
			}
			line := "USR 4 SSO S " + test.ticket
			if test.answer == nil {
				line += " HBBB"
			} else if a := test.answer(nonce); a != "" {
				line += " " + a
			}
			p.send(line + " {11111111-2222-3333-4444-555555555555}\r\n")
			if test.wrong == "" {
				p.want("USR 4 OK alice@example.com 1 0\r\n")
			} else {
				p.want("911 4\r\n")
				p.end()
			}
			if wrong := strings.Join(e.of(Wrong), "\n"); (wrong == "") != (test.wrong == "") || !strings.Contains(wrong, test.wrong) {
				t.Errorf("wrong: %q", wrong)
			}
			if different := e.of(Different, ByRule, Refused); test.wrong == "" && different != nil {
				t.Errorf("%q", different)
			}
		})
	}
}
