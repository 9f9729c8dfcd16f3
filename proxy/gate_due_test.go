package proxy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
)

// The end of what a side says waits for what is due later; what can't go any more is told
// as such.
func TestGateDue(t *testing.T) {
	const said = "NLN NLN bob@example.com Bob\r\nFLN bob@example.com\r\n"
	reset := func(c *memoryConn) {
		c.SetLinger(0)
		c.Close()
	}
	for _, tt := range []struct {
		name, do string
		then     func(client, server *memoryConn)
		early    string // what the client has after 399 ms
		late     string // and what more after 401 ms
		fates    string
		remark   string
	}{
		{"postponed", "postpone 400ms", func(_, server *memoryConn) { server.CloseWrite() },
			"FLN bob@example.com\r\n", "NLN NLN bob@example.com Bob\r\n<EOF>", "S held NLN NLN bob@example.com Bob|S passed after 400ms", ""},
		{"sent later", `after 400ms send client "QNG"`, func(_, server *memoryConn) { server.CloseWrite() },
			said, "QNG\r\n<EOF>", "S held NLN NLN bob@example.com Bob|S passed|S injected QNG", ""},
		{"both", `postpone 400ms, after 200ms send client "QNG"`, func(_, server *memoryConn) { server.CloseWrite() },
			"FLN bob@example.com\r\nQNG\r\n", "NLN NLN bob@example.com Bob\r\n<EOF>", "S held NLN NLN bob@example.com Bob|S injected QNG|S passed after 400ms", ""},
		{"postponed, reset", "postpone 400ms", func(_, server *memoryConn) { reset(server) },
			"", "", "S held NLN NLN bob@example.com Bob|S withheld", ""},
		{"sent later, reset", `after 400ms send client "QNG"`, func(_, server *memoryConn) { reset(server) },
			"", "", "S held NLN NLN bob@example.com Bob|S passed", `test: what was to be sent to the client 400ms later was not ("QNG\r\n"): the connection has ended`},
		{"to who was told of the end", `after 400ms send server "OUT"`, func(client, _ *memoryConn) { client.CloseWrite() },
			said, "", "S held NLN NLN bob@example.com Bob|S passed", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inMemory(t, Config{Gate: stages(t, `verb == "NLN"`, tt.do)}, func(m *memory) {
				client, server := m.pair()
				m.say(server, said)
				start := time.Now()
				tt.then(client, server)
				time.Sleep(399*time.Millisecond - time.Since(start))
				if got := m.got(client); tt.early != "" && got != tt.early {
					t.Errorf("before: %q", got)
				}
				if s := m.got(server); strings.HasPrefix(tt.name, "to who") && s != "" {
					t.Errorf("the server, before: %q", s)
				}
				time.Sleep(3 * time.Millisecond)
				if got := m.got(client); tt.late != "" && got != tt.late {
					t.Errorf("then: %q", got)
				}
				if s := m.got(server); strings.HasPrefix(tt.name, "to who") && s != "OUT\r\n<EOF>" {
					t.Errorf("the server, then: %q", s)
				}
				fates := slices.DeleteFunc(m.fates(), func(s string) bool { return strings.HasPrefix(s, "C ") })
				for i, s := range fates {
					if before, after, ok := strings.Cut(s, " after "); ok {
						d, _ := time.ParseDuration(after)
						fates[i] = before + " after " + d.Truncate(10*time.Millisecond).String()
					}
				}
				if s := strings.Join(fates, "|"); s != tt.fates {
					t.Errorf("told %q", s)
				}
				if s := m.remarked("was to be sent"); s != tt.remark {
					t.Errorf("remarked %q", s)
				}
			})
		})
	}
}

// What is to be sent later to somebody who was told meanwhile that nothing comes is not.
func TestGateDueTooLate(t *testing.T) {
	inMemory(t, Config{Gate: stages(t, `verb == "NLN"`, `after 400ms send server "OUT"`)}, func(m *memory) {
		client, server := m.pair()
		client.CloseWrite()
		m.settle()
		m.say(server, "NLN NLN bob@example.com Bob\r\n")
		time.Sleep(time.Second)
		if got := m.got(server); got != "<EOF>" {
			t.Errorf("the server got %q", got)
		}
		if s := m.remarked("was to be sent"); s != `test: what was to be sent to the server 400ms later was not ("OUT\r\n"): the client sends no more, and the server was told so` {
			t.Errorf("remarked %q", s)
		}
		for _, r := range m.j.all() {
			if r.Kind == capture.Data && r.From == decode.Client {
				t.Errorf("told as sent: %q", r.Frame.Raw)
			}
		}
	})
}

// remarked are the remarks that contain a text.
func (m *memory) remarked(about string) string {
	list := m.remarks()
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return !strings.Contains(s, about) }), "\n")
}

// What waits for the end of a frame that never comes does not keep the end from the receiver.
func TestGateDueMid(t *testing.T) {
	g := gate.New(gate.Options{})
	inMemory(t, Config{Gate: g}, func(m *memory) {
		client, server := m.pair()
		m.say(server, "MSG bob@example.com Bob 30\r\npart")
		if _, err := g.Send(1, decode.Client, []byte("OUT SSD\r\n"), gate.SendOptions{By: "api"}); err != nil {
			t.Fatal(err)
		}
		server.CloseWrite()
		time.Sleep(time.Second)
		if got := m.got(client); got != "MSG bob@example.com Bob 30\r\npart<EOF>" {
			t.Errorf("the client got %q", got)
		}
	})
}
