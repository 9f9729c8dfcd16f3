package proxy

import (
	"errors"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
	"msnproxy/proxy/gate/rule"
)

// An address that another program has put into a redirect is not the user's own word: what
// may be dialled is what --allow says. One that a person or a rule of a file has put there
// is.
func TestGateForeignAddress(t *testing.T) {
	const (
		call  = "RNG 17 192.0.2.9:1863 CKI 9.9 bob@example.com Bob\r\n"
		there = "RNG 17 127.0.0.1:1864 CKI 9.9 bob@example.com Bob\r\n"
		again = `send client "RNG 18 127.0.0.1:1864 CKI 9.9 bob@example.com Bob"`
		raw   = `raw "` + `RNG 18 127.0.0.1:1864 CKI 9.9 bob@example.com Bob\r\n"`
		moved = `set address = "127.0.0.1:1864"`
	)
	rules := func(do string) *rule.Set {
		r, err := rule.ParseLine(do + ` if verb == "RNG"`)
		if err != nil {
			t.Fatal(err)
		}
		s := rule.New()
		s.Add(r)
		return s
	}
	decided := func(do string, foreign bool) func(m *memory, g *gate.Gate, server *memoryConn) error {
		return func(m *memory, g *gate.Gate, server *memoryConn) error {
			g.Break(gate.Breakpoint{When: `verb == "RNG"`})
			m.say(server, call)
			list, err := action.ParseList(do)
			if err != nil {
				return err
			}
			if foreign {
				_, err = g.DecideForeign(g.Held()[0].Number, list, "api")
			} else {
				_, err = g.Decide(g.Held()[0].Number, list, "operator")
			}
			return err
		}
	}
	for _, tt := range []struct {
		name    string
		do      func(m *memory, g *gate.Gate, server *memoryConn) error
		refused bool
	}{
		{"sent by a person", func(m *memory, g *gate.Gate, server *memoryConn) error {
			_, err := g.Send(1, decode.Client, []byte(there), gate.SendOptions{By: "operator"})
			return err
		}, false},
		{"sent by a program", func(m *memory, g *gate.Gate, server *memoryConn) error {
			_, err := g.Send(1, decode.Client, []byte(there), gate.SendOptions{By: "api", Untrusted: true})
			return err
		}, true},
		{"changed by a person", decided(moved, false), false},
		{"changed by a program", decided(moved, true), true},
		{"sent beside by a person", decided(again, false), false},
		{"sent beside by a program", decided(again, true), true},
		{"let go by a program", decided("forward", true), false},
		{"a rule", func(m *memory, g *gate.Gate, server *memoryConn) error {
			defer m.say(server, call)
			return g.SetRules(rules(moved))
		}, false},
		{"a rule, let go by a program", func(m *memory, g *gate.Gate, server *memoryConn) error {
			if err := g.SetRules(rules(moved + ", hold")); err != nil {
				return err
			}
			m.say(server, call)
			_, err := g.DecideForeign(g.Held()[0].Number, []action.Action{{Kind: action.Forward}}, "api")
			return err
		}, false},
		{"a program's rule", func(m *memory, g *gate.Gate, server *memoryConn) error {
			defer m.say(server, call)
			return g.SetForeignRules(rules(moved))
		}, true},
		{"a program's rule, beside", func(m *memory, g *gate.Gate, server *memoryConn) error {
			defer m.say(server, call)
			return g.SetForeignRules(rules(again))
		}, true},
		{"sent raw by a program", func(m *memory, g *gate.Gate, server *memoryConn) error {
			_, err := g.Send(1, decode.Client, []byte(there), gate.SendOptions{By: "api", Raw: true, Untrusted: true})
			return err
		}, true},
		{"raw, among others, by a program", func(m *memory, g *gate.Gate, server *memoryConn) error {
			_, err := g.Send(1, decode.Client, []byte("QNG 5\r\n"+there+"\r\n"+there+"MSG a b 9\r\nhel"), gate.SendOptions{By: "api", Raw: true, Untrusted: true})
			return err
		}, true},
		{"made raw by a program", decided(raw, true), true},
		{"sent beside, raw, by a program", decided("send client "+raw, true), true},
		{"raw by a program, let go by a person", func(m *memory, g *gate.Gate, server *memoryConn) error {
			if err := g.SetForeignRules(rules(raw + ", hold")); err != nil {
				return err
			}
			m.say(server, call)
			_, err := g.Decide(g.Held()[0].Number, nil, "operator")
			return err
		}, true},
		{"a program's rule, raw", func(m *memory, g *gate.Gate, server *memoryConn) error {
			defer m.say(server, call)
			return g.SetForeignRules(rules(raw))
		}, true},
		{"a program's rule, raw beside", func(m *memory, g *gate.Gate, server *memoryConn) error {
			defer m.say(server, call)
			return g.SetForeignRules(rules("send client " + raw))
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := gate.New(gate.Options{})
			inMemory(t, Config{Gate: g, Allow: []string{"192.0.2.9"}}, func(m *memory) {
				client, server := m.pair()
				m.say(client, "VER 1 MSNP7\r\n")
				m.say(server, "VER 1 MSNP7\r\n")
				if err := tt.do(m, g, server); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				if got := m.got(client); strings.Contains(got, "127.0.0.1:1864") || !strings.Contains(got, "127.0.0.1:1863") {
					t.Errorf("the client got %q, want it to stay behind the proxy", got)
				}
				remarks := strings.Join(m.j.remarks(), "\n")
				if got := strings.Contains(remarks, "refuse"); got != tt.refused {
					t.Errorf("refused: %v, want %v; %s", got, tt.refused, remarks)
				}
			})
		})
	}
}

// Raw bytes of a person, and of rules of a file, stay as they are, whoever lets them go.
// Those of a program do not hide a redirect, and what is no redirect goes as it stands.
func TestGateRaw(t *testing.T) {
	const there = "RNG 18 127.0.0.1:1864 CKI 9.9 bob@example.com Bob\r\n"
	quoted := func(s string) string { return `"` + strings.ReplaceAll(s, "\r\n", `\r\n`) + `"` }
	ruled := func(do string) *rule.Set {
		r, err := rule.ParseLine(do + ` if verb == "NLN"`)
		if err != nil {
			t.Fatal(err)
		}
		s := rule.New()
		s.Add(r)
		return s
	}
	for _, tt := range []struct {
		name, raw string
		foreign   bool
		want      bool // it goes out as it stands
	}{
		{"a person's", there, false, true},
		{"a person's piece", "QNG 5\r\nXFR 0 NS 10.", false, true},
		{"a program's", "QNG 5\r\n\r\nMSG a b 9\r\nhello", true, true},
		{"a program's piece", "QNG 5\r\nXFR 0 NS 10.", true, false},
		{"in a payload", "MSG a b 500\r\n" + there, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := gate.New(gate.Options{})
			inMemory(t, Config{Gate: g}, func(m *memory) {
				client, server := m.pair()
				m.say(client, "VER 1 MSNP7\r\n")
				m.say(server, "VER 1 MSNP7\r\n")
				check := func(how string, err error) {
					t.Helper()
					time.Sleep(time.Second)
					if got := strings.Contains(m.got(client), tt.raw); got != tt.want || !got != errors.Is(err, action.ErrHides) {
						t.Errorf("%s: it went as it stands: %v; %v", how, got, err)
					}
				}
				m.got(client)
				_, err := g.Send(1, decode.Client, []byte(tt.raw), gate.SendOptions{By: "x", Raw: true, Untrusted: tt.foreign})
				check("sent", err)
				if _, err := g.Send(1, decode.Server, []byte(tt.raw), gate.SendOptions{By: "x", Raw: true, Untrusted: tt.foreign}); err != nil {
					t.Errorf("to the server: %v", err)
				}
				g.Break(gate.Breakpoint{When: `verb == "FLN"`})
				for _, do := range []string{"raw ", "send client raw "} {
					m.say(server, "FLN bob@example.com\r\n")
					list, perr := action.ParseList(do + quoted(tt.raw))
					if perr != nil {
						t.Fatal(perr)
					}
					n := g.Held()[0].Number
					if tt.foreign {
						_, err = g.DecideForeign(n, list, "api")
					} else {
						_, err = g.Decide(n, list, "operator")
					}
					check(do, err)
					if err != nil {
						if _, err := g.Decide(n, nil, "operator"); err != nil {
							t.Errorf("it is held no more: %v", err)
						}
					}
					set := g.SetRules
					if tt.foreign {
						set = g.SetForeignRules
					}
					if err := set(ruled(do + quoted(tt.raw) + ", hold")); err != nil {
						t.Fatal(err)
					}
					m.say(server, "NLN NLN bob@example.com Bob\r\n")
					for _, h := range g.Held() { // an action that failed has held nothing
						if _, err := g.DecideForeign(h.Number, []action.Action{{Kind: action.Forward}}, "api"); err != nil {
							t.Error(err)
						}
					}
					err = nil
					if list, _ := g.Rules(); list[0].Failed == 1 {
						err = action.ErrHides
					}
					check("rule: "+do, err)
				}
			})
		})
	}
}
