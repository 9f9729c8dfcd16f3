package proxy

import (
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
