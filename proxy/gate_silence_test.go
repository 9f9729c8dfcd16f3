package proxy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/proxy/gate"
)

// A server is not called silent while what was said to it, or by it, is held.
func TestNoSilenceWhileHeld(t *testing.T) {
	for name, when := range map[string]string{"the client's": `verb == "INF" && from == "client"`, "the server's": `verb == "INF" && from == "server"`} {
		t.Run(name, func(t *testing.T) {
			g := gate.New(gate.Options{})
			if _, err := g.Break(gate.Breakpoint{When: when}); err != nil {
				t.Fatal(err)
			}
			inMemory(t, Config{Gate: g}, func(m *memory) {
				client, server := m.pair()
				m.say(client, versions)
				m.say(server, versions)
				m.got(client)
				m.got(server)
				m.say(client, "INF 2\r\n")
				if strings.Contains(when, "server") {
					m.say(server, "INF 2 MD5\r\n")
				}
				time.Sleep(10 * silencePatience)
				m.settle()
				if len(g.Held()) != 1 {
					t.Fatalf("held: %+v", g.Held())
				}
				if got := m.remarks(); len(got) > 0 {
					t.Fatalf("while it is held: %q", got)
				}
				if _, err := g.Decide(g.Held()[0].Number, nil, "operator"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2*silencePatience + time.Second)
				m.settle()
				said := slices.ContainsFunc(m.remarks(), func(s string) bool { return strings.Contains(s, "has not answered INF") })
				if want := strings.Contains(when, "client"); said != want {
					t.Errorf("silence is remarked on afterwards: %v, not %v: %q", said, want, m.remarks())
				}
			})
		})
	}
}

// remarks are the texts of what was remarked on.
func (m *memory) remarks() (list []string) {
	time.Sleep(queueRest + jammedRest)
	m.settle()
	for _, r := range m.j.all() {
		if r.Kind == capture.Remark && r.Text != "" {
			list = append(list, r.Text)
		}
	}
	return list
}
