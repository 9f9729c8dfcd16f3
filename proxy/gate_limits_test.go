package proxy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/proxy/gate"
)

// Behind a held message so much waits; then nothing more is read, which a line says, no
// keep-alive passes, and a reset is noticed all the same.
func TestGateLimits(t *testing.T) {
	const ring = "RNG 17 127.0.0.1:1864 CKI 9.9 bob@example.com Bob\r\n"
	small := func(i int) string { return fmt.Sprintf("NLN NLN %d@example.com X\r\n", i) }
	large := "MSG bob@example.com Bob 65536\r\n" + strings.Repeat("x", 65536)
	for _, tt := range []struct {
		name  string
		frame func(i int) string
		count int    // behind the held one
		full  string // "": not yet
	}{
		{"1,023 messages", small, 1023, ""},
		{"1,024 messages", small, 1024, "1024 messages of the server wait behind one that is held"},
		{"15 large ones", func(int) string { return large }, 15, ""},
		{"16 large ones", func(int) string { return large }, 16, " bytes of the server wait behind a message that is held"},
	} {
		for _, end := range []string{"released", "reset"} {
			if end == "reset" && tt.full != "" {
				continue // see TestGateFullAndReset
			}
			t.Run(tt.name+", "+end, func(t *testing.T) {
				g := gate.New(gate.Options{})
				g.Break(gate.Breakpoint{When: `verb == "RNG"`})
				inMemory(t, Config{Gate: g}, func(m *memory) {
					client, server := m.pair()
					m.say(client, "VER 1 MSNP7\r\n")
					m.say(server, ring)
					var behind strings.Builder
					for i := range tt.count {
						behind.WriteString(tt.frame(i))
						m.say(server, tt.frame(i))
					}
					time.Sleep(time.Second)
					told := strings.Join(m.j.remarks(), "\n")
					if tt.full == "" && told != "" || !strings.Contains(told, tt.full) {
						t.Errorf("remarks: %s", told)
					}
					m.say(server, "QNG 50\r\n")
					time.Sleep(time.Second)
					if got := m.got(client); (got == "QNG 50\r\n") != (tt.full == "") {
						t.Errorf("the client got %q", got)
					}
					if end == "reset" {
						server.SetLinger(0)
						server.Close()
						time.Sleep(time.Second)
						if held := g.Held(); len(held) != 0 {
							t.Errorf("%d held", len(held))
						}
						return
					}
					g.Release(true)
					time.Sleep(time.Second)
					want := strings.Replace(ring, "1864", "1863", 1) + behind.String()
					if tt.full != "" {
						want += "QNG 50\r\n"
					}
					if got := m.got(client); got != want {
						t.Errorf("the client got %d bytes, want %d: %.200q", len(got), len(want), got)
					}
				})
			})
		}
	}
}

// What is in memory can't be watched for a reset while it is not read; a socket can.
func TestGateFullAndReset(t *testing.T) {
	g := gate.New(gate.Options{})
	g.Break(gate.Breakpoint{When: `verb == "RNG"`})
	u := newUpstream(t)
	p, j := start(t, Config{Upstream: u.Addr().String(), Gate: g})
	client, server := pair(t, p, u)
	send(t, client, "VER 1 MSNP7\r\n")
	expect(t, server, "VER 1 MSNP7\r\n")
	send(t, server, "RNG 17 127.0.0.1:1864 CKI 9.9 bob@example.com Bob\r\n"+strings.Repeat("NLN NLN bob@example.com X\r\n", 1100))
	j.waitRemark(t, "messages of the server wait behind one that is held")
	if err := server.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	server.Close()
	j.wait(t, "the end", func(r *capture.Record) bool { return r.Kind == capture.Closed && r.Reset })
	if held := g.Held(); len(held) != 0 {
		t.Errorf("%d held", len(held))
	}
}

// What is full says what has it wait.
func TestGateFullWhy(t *testing.T) {
	for _, tt := range []struct{ fault, rule, want string }{
		{"latency 1h", "", "1024 messages of the server wait behind one that is kept back by fault latency: nothing more is read from it, and no keep-alive passes, until they have gone"},
		{"stall", "", "1024 messages of the server wait behind one that is kept back by fault stall: nothing more is read from it, and no keep-alive passes, until they have gone"},
		{"", "delay 1h", "1024 messages of the server wait behind one that is delayed by test: nothing more is read from it, and no keep-alive passes, until they have gone"},
		{"", "hold", "1024 messages of the server wait behind one that is held: nothing more is read from it, and no keep-alive passes, until something is let go"},
	} {
		t.Run(tt.fault+tt.rule, func(t *testing.T) {
			g := gate.New(gate.Options{})
			if tt.fault != "" {
				g = faulty(t, 7, tt.fault)
			} else {
				g.Add(stage(t, `verb == "NLN"`, tt.rule))
			}
			inMemory(t, Config{Gate: g}, func(m *memory) {
				_, server := m.pair()
				for range 1025 {
					m.say(server, "NLN NLN bob@example.com X\r\n")
				}
				if got := m.remarked("nothing more is read"); got != tt.want {
					t.Errorf("said %q", got)
				}
			})
		})
	}
}
