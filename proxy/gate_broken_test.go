package proxy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
)

// looks is a stage that a function is.
type looks func(m *decode.Message, e *action.Effect) gate.Waiter

func (looks) Name() string              { return "the stage of the test" }
func (looks) Interest() filter.Interest { return filter.Everything }
func (f looks) Look(m *decode.Message, e *action.Effect) gate.Waiter {
	return f(m, e)
}

// Whatever becomes of a stage, the relay goes on, and a line says so.
func TestGateBroken(t *testing.T) {
	block := make(chan struct{})
	for _, tt := range []struct {
		name  string
		look  looks
		late  time.Duration // how long the first message takes
		line  string
		drops bool // the other stage still decides
	}{
		{"it panics", func(*decode.Message, *action.Effect) gate.Waiter { panic("oh") }, 0,
			"the stage of the test failed (oh): it decides nothing any more", true},
		{"it panics half way", func(_ *decode.Message, e *action.Effect) gate.Waiter { e.Drop = true; panic("oh") }, 0,
			"the stage of the test failed (oh): it decides nothing any more", true},
		{"it does not end", func(*decode.Message, *action.Effect) gate.Waiter { <-block; return nil }, 5 * time.Second,
			"the gate took more than 5s over one message: messages pass ungated from now on", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := gate.New(gate.Options{})
			g.Add(tt.look)
			g.Add(stage(t, `verb == "OUT"`, "drop"))
			inMemory(t, Config{Gate: g}, func(m *memory) {
				if strings.Contains(tt.name, "end") {
					block = make(chan struct{}) // of this bubble
					defer func() { close(block) }()
				}
				client, server := m.pair()
				m.say(client, "OUT\r\n") // owes nobody an answer
				if tt.late > 0 {
					time.Sleep(tt.late - time.Millisecond)
					if got := m.got(server); got != "" {
						t.Errorf("the server got %q at once", got)
					}
					time.Sleep(2 * time.Millisecond)
				}
				if got := m.got(server); (got == "OUT\r\n") == tt.drops {
					t.Errorf("the server got %q", got)
				}
				m.say(client, "INF 2\r\nOUT\r\nPNG\r\n")
				want := "INF 2\r\nOUT\r\nPNG\r\n"
				if tt.drops {
					want = "INF 2\r\nPNG\r\n"
				}
				if got := m.got(server); got != want {
					t.Errorf("the server got %q, want %q", got, want)
				}
				time.Sleep(time.Second)
				if told := m.j.remarks(); !slices.Contains(told, tt.line) {
					t.Errorf("remarks: %q", told)
				}
				if _, err := g.Try(1, nil); err == nil || strings.Contains(err.Error(), "out of order") == tt.drops {
					t.Errorf("Try: %v", err)
				}
			})
		})
	}
}

// What is held when the gate is given up goes on, as it would, and all that is behind it.
func TestGateBrokenWhileHolding(t *testing.T) {
	var block chan struct{}
	g := gate.New(gate.Options{})
	g.Break(gate.Breakpoint{When: `verb == "RNG"`})
	g.Add(looks(func(m *decode.Message, _ *action.Effect) gate.Waiter {
		if m.Act() == decode.ActEnd {
			<-block
		}
		return nil
	}))
	inMemory(t, Config{Gate: g}, func(m *memory) {
		block = make(chan struct{})
		defer func() { close(block) }()
		client, server := m.pair()
		m.say(server, "RNG 17 127.0.0.1:1864 CKI 9.9 bob@example.com Bob\r\nFLN bob@example.com\r\n")
		m.say(client, "OUT\r\n")
		time.Sleep(6 * time.Second)
		m.say(server, "FLN carol@example.com\r\n")
		time.Sleep(time.Second)
		want := "RNG 17 127.0.0.1:1863 CKI 9.9 bob@example.com Bob\r\nFLN bob@example.com\r\nFLN carol@example.com\r\n"
		if got := m.got(client); got != want {
			t.Errorf("the client got %q, want %q", got, want)
		}
		if held := g.Held(); len(held) != 0 {
			t.Errorf("%d held", len(held))
		}
	})
}
