package proxy

import (
	"strings"
	"testing"
	"time"

	"msnproxy/proxy/gate"
)

// What waits behind a held frame is told as held, and as gone when it has: if the
// connection ends before, it never went.
func TestGateBehind(t *testing.T) {
	for _, tt := range []struct {
		name  string
		then  func(m *memory, g *gate.Gate, client *memoryConn)
		want  string
		fates []string
	}{
		{"let go", func(m *memory, g *gate.Gate, _ *memoryConn) { g.Release(true) }, "RNG 1\r\nFLN a\r\nFLN b\r\n",
			[]string{"S passed after 1s", "S passed after 1s", "S passed after 1s"}},
		{"gone", func(m *memory, g *gate.Gate, client *memoryConn) {
			client.SetLinger(0)
			client.Close()
		}, "", []string{"S withheld after 1s", "S withheld after 1s", "S withheld after 1s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := gate.New(gate.Options{})
			if _, err := g.Break(gate.Breakpoint{When: `verb == "RNG"`}); err != nil {
				t.Fatal(err)
			}
			inMemory(t, Config{Gate: g}, func(m *memory) {
				client, server := m.pair()
				m.say(server, "RNG 1\r\nFLN a\r\n")
				m.say(server, "FLN b\r\nQNG 50\r\n")
				time.Sleep(10 * time.Millisecond)
				if got := m.got(client); got != "QNG 50\r\n" {
					t.Errorf("before: %q", got)
				}
				time.Sleep(time.Second)
				tt.then(m, g, client)
				time.Sleep(100 * time.Millisecond)
				if tt.want != "" {
					if got := m.got(client); got != tt.want {
						t.Errorf("after: %q", got)
					}
				}
				var got []string
				for _, s := range m.fates() {
					if before, after, ok := strings.Cut(s, " after 1"); ok {
						s = before + " after 1" + after[len(after)-1:] // but for the milliseconds
					}
					got = append(got, s)
				}
				want := append([]string{"S held RNG 1", "S held FLN a", "S held FLN b"}, tt.fates...)
				if strings.Join(got, "\n") != strings.Join(want, "\n") {
					t.Errorf("told:\n%s", strings.Join(got, "\n"))
				}
			})
		})
	}
}
