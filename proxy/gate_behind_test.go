package proxy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/proxy/gate"
)

// What waits behind a held frame is told as held, and as gone when it has: if the
// connection ends before, it never went.
func TestGateBehind(t *testing.T) {
	const whole, half = "RNG 1\r\nFLN a\r\nFLN b\r\nMSG bob@example.com Bob 5\r\nhello", "S held MSG bob@example.com Bob 8\r\npart"
	passed := slices.Repeat([]string{"S passed after 1s"}, 4)
	withheld := slices.Repeat([]string{"S withheld after 1s"}, 4)
	for _, tt := range []struct {
		name  string
		then  func(m *memory, g *gate.Gate, client, server *memoryConn)
		want  string
		fates []string
	}{
		{"let go", func(m *memory, g *gate.Gate, _, server *memoryConn) {
			g.Release(true)
			m.say(server, "ners")
		}, whole + "MSG bob@example.com Bob 8\r\npartners", append([]string{half + "ners"}, append(passed, "S passed after 0s")...)},
		{"let go at the end", func(m *memory, g *gate.Gate, _, server *memoryConn) {
			server.CloseWrite()
			m.settle()
			g.Release(true)
		}, whole + "MSG bob@example.com Bob 8\r\npart<EOF>", append([]string{half}, append(passed, "S passed after 0s")...)},
		{"gone", func(m *memory, g *gate.Gate, client, _ *memoryConn) {
			client.SetLinger(0)
			client.Close()
		}, "", append([]string{half}, append(withheld, "S withheld")...)},
		{"reset by the sender", func(m *memory, g *gate.Gate, _, server *memoryConn) {
			server.SetLinger(0)
			server.Close()
		}, "", append([]string{half}, append(withheld, "S withheld")...)},
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
				for _, s := range []string{"MSG bob@exam", "ple.com Bob 5\r\nhe", "ll", "oMSG bob@example.com Bob 8\r\npart"} {
					m.say(server, s)
				}
				time.Sleep(10 * time.Millisecond)
				if got := m.got(client); got != "QNG 50\r\n" {
					t.Errorf("before: %q", got)
				}
				time.Sleep(time.Second)
				tt.then(m, g, client, server)
				time.Sleep(100 * time.Millisecond)
				if tt.want != "" {
					if got := m.got(client); got != tt.want {
						t.Errorf("after: %q", got)
					}
				}
				var got []string
				for _, s := range m.fates() {
					if before, after, ok := strings.Cut(s, " after "); ok { // but for the milliseconds
						d, _ := time.ParseDuration(after)
						s = before + " after " + d.Truncate(time.Second).String()
					}
					got = append(got, s)
				}
				want := append([]string{"S held RNG 1", "S held FLN a", "S held FLN b", "S held MSG bob@example.com Bob 5\r\nhello"}, tt.fates...)
				if strings.Join(got, "\n") != strings.Join(want, "\n") {
					t.Errorf("told:\n%s", strings.Join(got, "\n"))
				}
			})
		})
	}
}
