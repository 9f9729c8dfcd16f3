package proxy

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
)

// does is a stage that carries out actions on what a filter matches.
type does struct {
	when *filter.Filter
	do   []action.Action
}

func stage(t testing.TB, when, do string) does {
	t.Helper()
	f, err := filter.Compile(when)
	if err != nil {
		t.Fatal(err)
	}
	list, err := action.ParseList(do)
	if err != nil {
		t.Fatal(err)
	}
	return does{f, list}
}

func (s does) Name() string              { return "test" }
func (s does) AsksHistory() bool         { return s.when.AsksHistory() }
func (s does) Interest() filter.Interest { return s.when.Interest() }
func (s does) Look(m *decode.Message, e *action.Effect) gate.Waiter {
	if ok, err := s.when.Match(m); err != nil || !ok {
		return nil
	}
	for _, a := range s.do {
		if err := e.Apply(m, a, s.Name()); err != nil {
			panic(err)
		}
	}
	return nil
}

// stages make a gate.
func stages(t testing.TB, pairs ...string) *gate.Gate {
	t.Helper()
	g := gate.New(gate.Options{})
	for i := 0; i < len(pairs); i += 2 {
		g.Add(stage(t, pairs[i], pairs[i+1]))
	}
	return g
}

// got returns what an end has received since the last call.
func (m *memory) got(c *memoryConn) string {
	m.settle()
	var sb strings.Builder
	buf := make([]byte, 64<<10)
	for {
		c.SetReadDeadline(time.Now().Add(time.Microsecond))
		n, err := c.Read(buf)
		sb.Write(buf[:n])
		if err != nil {
			if err == io.EOF {
				sb.WriteString("<EOF>")
			}
			c.SetReadDeadline(time.Time{})
			return sb.String()
		}
	}
}

// fates tells what became of the frames, in short.
func (m *memory) fates() (list []string) {
	time.Sleep(queueRest + jammedRest)
	m.settle()
	for _, r := range m.j.all() {
		switch r.Kind {
		case capture.Data:
			if r.Fate != capture.Passed {
				list = append(list, r.From.Letter()+" "+r.Fate.String()+" "+strings.TrimSpace(string(r.Frame.Raw)))
			}
		case capture.Became:
			s := r.From.Letter() + " " + r.Fate.String()
			if r.Sent != nil {
				s += " as " + strings.TrimSpace(string(r.Sent))
			}
			if r.HeldFor > 0 {
				s += " after " + r.HeldFor.String()
			}
			list = append(list, s)
		}
	}
	return list
}

func TestGateActions(t *testing.T) {
	const hello = "MSG bob@example.com Bob 5\r\nhello"
	for _, tt := range []struct {
		name, when, do, client, server string
		toServer, toClient             string // of what client and server say, who gets what
	}{
		{"nothing wanted", `verb == "XYZ"`, "drop", "PNG\r\n", "QNG 50\r\n", "PNG\r\n", "QNG 50\r\n"},
		{"forwarded", `verb == "PNG"`, "forward", "PNG\r\nOUT\r\n", "", "PNG\r\nOUT\r\n", ""},
		{"dropped", `verb == "PNG"`, "drop", "VER 1 MSNP7\r\nPNG\r\nINF 2\r\n", "", "VER 1 MSNP7\r\nINF 2\r\n", ""},
		{"alone", `verb == "PNG"`, "drop", "PNG\r\n", "", "", ""},
		{"changed", `verb == "MSG"`, `set payload = "hi"`, "", hello + "BYE bob@example.com\r\n", "", "MSG bob@example.com Bob 2\r\nhiBYE bob@example.com\r\n"},
		{"replied", `verb == "MSG" && from == "client"`, `drop, reply "NAK {trid}"`, "MSG 7 A 2\r\nhi", "", "", "NAK 7\r\n"},
		{"beside", `verb == "BYE"`, `before send client "JOI x@example.com X", send server "OUT"`, "", "BYE bob@example.com\r\n", "OUT\r\n", "JOI x@example.com X\r\nBYE bob@example.com\r\n"},
		{"a request beside", `verb == "CHG" && from == "client"`, `send server "SYN 1 0", after 1ms send server "PNG"`, "CHG 7 BSY\r\n", "CHG 7 BSY\r\nSYN 100007 5\r\nQNG 50\r\n",
			"CHG 7 BSY\r\nSYN 100007 0\r\nPNG\r\n", "CHG 7 BSY\r\n"},
		{"twice", `verb == "BYE"`, `repeat 1`, "", "BYE bob@example.com\r\n", "", "BYE bob@example.com\r\nBYE bob@example.com\r\n"},
		{"raw", `verb == "BYE"`, `raw "B\x00YE\n"`, "", "BYE bob@example.com\r\nQNG 50\r\n", "", "B\x00YE\nQNG 50\r\n"},
		{"both ways", `true`, `forward`, "PNG\r\n", hello, "PNG\r\n", hello},
		{"closed", `verb == "BYE"`, `close`, "", "BYE bob@example.com\r\nQNG 50\r\n", "<EOF>", "BYE bob@example.com\r\n<EOF>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inMemory(t, Config{Gate: stages(t, tt.when, tt.do)}, func(m *memory) {
				client, server := m.pair()
				if tt.client != "" {
					m.say(client, tt.client)
				}
				time.Sleep(10 * time.Millisecond)
				if tt.server != "" {
					m.say(server, tt.server)
				}
				time.Sleep(time.Second)
				if got := m.got(server); got != tt.toServer {
					t.Errorf("the server got %q, want %q", got, tt.toServer)
				}
				if got := m.got(client); got != tt.toClient {
					t.Errorf("the client got %q, want %q", got, tt.toClient)
				}
			})
		})
	}
}

// What is held stands, with what is behind it; the other direction and keep-alive go on.
func TestGateHold(t *testing.T) {
	const ring = "RNG 17 127.0.0.1:1864 CKI 9.9 bob@example.com Bob\r\n"
	for _, tt := range []struct {
		name   string
		decide string // "" : forwarded
		want   string // what the client gets in the end
	}{
		{"forwarded", "", "RNG 17 127.0.0.1:1863 CKI 9.9 bob@example.com Bob\r\nNLN NLN bob@example.com Bob\r\n"},
		{"dropped", "drop", "NLN NLN bob@example.com Bob\r\n"},
		{"changed", `set session = "18"`, "RNG 18 127.0.0.1:1863 CKI 9.9 bob@example.com Bob\r\nNLN NLN bob@example.com Bob\r\n"},
		{"delayed", `delay 5s`, "RNG 17 127.0.0.1:1863 CKI 9.9 bob@example.com Bob\r\nNLN NLN bob@example.com Bob\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := gate.New(gate.Options{})
			if _, err := g.Break(gate.Breakpoint{When: `verb == "RNG"`}); err != nil {
				t.Fatal(err)
			}
			inMemory(t, Config{Gate: g}, func(m *memory) {
				client, server := m.pair()
				m.say(client, "VER 1 MSNP7\r\n")
				m.say(server, "VER 1 MSNP7\r\n")
				m.got(client)
				m.got(server)
				m.say(server, ring+"NLN NLN bo")
				m.say(server, "b@example.com Bob\r\n")
				pings := 0
				for range 9 {
					m.say(client, "PNG\r\n")
					if m.got(server) != "PNG\r\n" {
						t.Fatal("a PNG did not pass")
					}
					m.say(server, "QNG 50\r\n")
					time.Sleep(10 * time.Second)
					if got := m.got(client); got != "QNG 50\r\n" {
						t.Fatalf("the client got %q", got)
					}
					pings++
				}
				held := g.Held()
				if len(held) != 1 || held[0].Behind != 1 || string(held[0].Frame) != ring || !held[0].First {
					t.Fatalf("held: %+v", held)
				}
				do, err := action.ParseList(tt.decide)
				if tt.decide != "" && err != nil {
					t.Fatal(err)
				}
				if tt.decide == "" {
					do = nil
				}
				if _, err := g.Decide(held[0].Number, do, "operator"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(6 * time.Second)
				if got := m.got(client); got != tt.want {
					t.Errorf("the client got %q, want %q", got, tt.want)
				}
				if len(g.Held()) != 0 {
					t.Error("still held")
				}
				if _, err := g.Decide(held[0].Number, nil, "operator"); err == nil {
					t.Error("decided twice")
				}
				if f := m.fates(); !slices.ContainsFunc(f, func(s string) bool { return strings.HasPrefix(s, "S held RNG") }) {
					t.Errorf("%q", f)
				}
			})
		})
	}
}

// Ends while something is held: of the sender it waits behind it; a reset, and the end of
// the proxy, take what is held with them, and say so.
func TestGateEndsWhileHeld(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(m *memory, client, server *memoryConn)
		gone bool
	}{
		{"the sender ends", func(m *memory, client, server *memoryConn) { server.CloseWrite() }, false},
		{"the sender resets", func(m *memory, client, server *memoryConn) { server.SetLinger(0); server.Close() }, true},
		{"the receiver resets", func(m *memory, client, server *memoryConn) { client.SetLinger(0); client.Close() }, true},
		{"the proxy ends", func(m *memory, client, server *memoryConn) { m.p.Close() }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := gate.New(gate.Options{})
			g.Break(gate.Breakpoint{When: `verb == "RNG"`})
			inMemory(t, Config{Gate: g}, func(m *memory) {
				client, server := m.pair()
				m.say(client, "VER 1 MSNP7\r\n")
				m.say(server, "RNG 17 127.0.0.1:1864 CKI 9.9 bob@example.com Bob\r\nQNG 50\r\n")
				m.got(client)
				tt.end(m, client, server)
				time.Sleep(time.Minute)
				held := g.Held()
				if tt.gone {
					if len(held) != 0 {
						t.Errorf("held: %+v", held)
					}
					if f := m.fates(); len(f) == 0 || !strings.HasPrefix(f[len(f)-1], "S withheld") {
						t.Errorf("%q", f)
					}
					return
				}
				if len(held) != 1 || !held[0].Gone {
					t.Fatalf("held: %+v", held)
				}
				if got := m.got(client); got != "" && got != "QNG 50\r\n" {
					t.Errorf("the client got %q", got)
				}
				g.Release(true)
				time.Sleep(time.Second)
				if got := m.got(client); !strings.HasPrefix(got, "RNG 17") || !strings.HasSuffix(got, "<EOF>") {
					t.Errorf("the client got %q", got)
				}
			})
		})
	}
}
