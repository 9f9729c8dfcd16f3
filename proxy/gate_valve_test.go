package proxy

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/rule"
)

// reads are what an end received, read by read.
type reads struct {
	mu    sync.Mutex
	parts []string
	at    []time.Duration
	end   error
}

// read reads all that comes to an end until there is no more.
func read(c *memoryConn) *reads {
	r, start := new(reads), time.Now()
	go func() {
		buf := make([]byte, 1<<20)
		for {
			n, err := c.Read(buf)
			r.mu.Lock()
			if n > 0 {
				r.parts, r.at = append(r.parts, string(buf[:n])), append(r.at, time.Since(start))
			}
			r.end = err
			r.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return r
}

func (r *reads) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.parts, "")
}

// when tells what came at which time. Whether what comes at the same time is read at once is
// a matter of chance.
func (r *reads) when() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for i := 0; i < len(r.parts); {
		at, part := r.at[i], ""
		for ; i < len(r.parts) && r.at[i] == at; i++ {
			part += r.parts[i]
		}
		list = append(list, fmt.Sprintf("%v %q", at.Round(time.Millisecond/10), part))
	}
	return strings.Join(list, "\n")
}

// faulty makes a gate with faults.
func faulty(t testing.TB, seed int64, faults ...string) *gate.Gate {
	t.Helper()
	set := rule.New()
	set.SetSeed(seed)
	for _, f := range faults {
		list, err := rule.ParseFault(f)
		if err != nil {
			t.Fatal(err)
		}
		set.Add(list...)
	}
	return gate.New(gate.Options{Faults: set})
}

// hit tells which frames a fault has hit: fate, who, and how late.
func (m *memory) hit() (list []string) {
	time.Sleep(queueRest + jammedRest)
	m.settle()
	for _, r := range m.j.all() {
		if (r.Kind == capture.Became || r.Kind == capture.Data) && len(r.ChangedBy) > 0 {
			s := fmt.Sprintf("%d %v %s", r.Frame.Offset, r.Fate, strings.Join(r.ChangedBy, "+"))
			if r.Sent != nil {
				s += fmt.Sprintf(" %q", r.Sent)
			}
			if r.HeldFor > 0 {
				s += " " + r.HeldFor.String()
			}
			list = append(list, s)
		}
	}
	return list
}

// What each fault does to what a server says: the writes, their times, and the rows that it
// has hit.
func TestValves(t *testing.T) {
	const hello, ack, bye = "MSG bob@example.com Bob 5\r\nhello", "ACK 2\r\n", "BYE bob@example.com\r\n"
	type say struct {
		at time.Duration
		s  string
	}
	at := func(ms int, s string) say { return say{time.Duration(ms) * time.Millisecond, s} }
	for _, tt := range []struct {
		fault string
		says  []say
		want  []string // each write, with its time
		hit   []string
	}{
		{"latency 200ms", []say{at(0, ack), at(10, bye), at(20, ack+bye)},
			[]string{`200ms "ACK 2\r\n"`, `210ms "BYE bob@example.com\r\n"`, `220ms "ACK 2\r\nBYE bob@example.com\r\n"`},
			[]string{"0 passed fault latency 200ms", "7 passed fault latency 200ms", "28 passed fault latency 200ms", "35 passed fault latency 200ms"}},
		{`latency 200ms if verb == "ACK"`, []say{at(0, ack+bye)},
			[]string{`200ms "ACK 2\r\nBYE bob@example.com\r\n"`}, []string{"0 passed fault latency 200ms"}},
		{"bandwidth 100B/s", []say{at(0, ack)},
			[]string{`20ms "AC"`, `40ms "K "`, `60ms "2\r"`, `70ms "\n"`}, []string{"0 passed fault bandwidth 20ms"}},
		{"slice 3", []say{at(0, ack+"\n"+ack)},
			[]string{`0s "ACK"`, `2ms " 2\r"`, `4ms "\n"`, `5ms "\n"`, `6ms "ACK"`, `8ms " 2\r"`, `10ms "\n"`}, nil},
		{"slice 7", []say{at(0, ack+bye)},
			[]string{`0s "ACK 2\r\n"`, `2ms "BYE bob"`, `4ms "@exampl"`, `6ms "e.com\r\n"`}, []string{"7 passed fault slice"}},
		{"slice 10 every 1s", []say{at(0, hello)},
			[]string{`0s "MSG bob@ex"`, `1s "ample.com "`, `2s "Bob 5\r\nhel"`, `3s "lo"`}, []string{"0 passed fault slice"}},
		{"coalesce 50ms", []say{at(0, ack), at(49, bye), at(51, ack)},
			[]string{`50ms "ACK 2\r\nBYE bob@example.com\r\n"`, `101ms "ACK 2\r\n"`},
			[]string{"0 passed fault coalesce 50ms", "7 passed fault coalesce 1ms", "28 passed fault coalesce 50ms"}},
		{`coalesce 50ms if verb == "ACK"`, []say{at(0, ack+ack+bye)},
			[]string{`50ms "ACK 2\r\nACK 2\r\nBYE bob@example.com\r\n"`}, []string{"0 passed fault coalesce 50ms", "7 passed fault coalesce 50ms"}},
		{"stall for 10s", []say{at(0, ack), at(9000, bye), at(10000, ack), at(21000, bye)},
			[]string{`10s "ACK 2\r\nBYE bob@example.com\r\n"`, `20s "ACK 2\r\n"`, `31s "BYE bob@example.com\r\n"`},
			[]string{"0 passed fault stall 10s", "7 passed fault stall 1s", "28 passed fault stall 10s", "35 passed fault stall 10s"}},
		{"first 1: stall for 10s", []say{at(0, ack), at(9000, bye), at(11000, ack)},
			[]string{`10s "ACK 2\r\nBYE bob@example.com\r\n"`, `11s "ACK 2\r\n"`}, []string{"0 passed fault stall 10s"}},
		{"limit 12", []say{at(0, ack+bye+ack)}, []string{`0s "ACK 2\r\nBYE b"`}, []string{`7 passed fault limit "BYE b"`, "28 withheld the end of the connection"}},
		{"limit 7", []say{at(0, ack), at(1, bye)}, []string{`0s "ACK 2\r\n"`}, []string{"0 passed fault limit"}},
		{"limit 8", []say{at(0, ack), at(1, bye)}, []string{`0s "ACK 2\r\n"`, `1ms "B"`}, []string{`7 passed fault limit "B"`}},
		{"cut at 2", []say{at(0, ack)}, []string{`0s "AC"`, `2ms "K 2\r\n"`}, []string{"0 passed fault cut"}},
		{"cut at 7", []say{at(0, ack)}, []string{`0s "ACK 2\r\n"`}, nil},
		{"cut line", []say{at(0, hello)}, []string{`0s "MSG bob@exam"`, `2ms "ple.com Bob 5\r\nhello"`}, []string{"0 passed fault cut"}},
		{"cut crlf", []say{at(0, hello)}, []string{`0s "MSG bob@example.com Bob 5\r"`, `2ms "\nhello"`}, []string{"0 passed fault cut"}},
		{"cut crlf", []say{at(0, "ACK 2\n")}, []string{`0s "ACK 2\n"`}, nil},
		{"cut payload", []say{at(0, hello+ack)}, []string{`0s "MSG bob@example.com Bob 5\r\nhe"`, `2ms "llo"`, `3ms "ACK 2\r\n"`}, []string{"0 passed fault cut"}},
		{"split", []say{at(0, hello)}, []string{`0s "MSG bob@example.com Bob 5\r"`, `2ms "\nhe"`, `4ms "llo"`}, []string{"0 passed fault split"}},
		{"glue", []say{at(0, ack), at(20, ack)}, []string{`50ms "ACK 2\r\nACK 2\r\n"`}, []string{"0 passed fault glue 50ms", "7 passed fault glue 30ms"}},
		{"corrupt 1/1", []say{at(0, "A\r\n"), at(1, "XFR 3 NS 192.0.2.1:1863 0 192.0.2.1:1863\r\n")}, nil, nil},
		{`half-close if verb == "ACK"`, []say{at(0, ack+bye), at(1, ack)}, []string{`0s "ACK 2\r\n"`},
			[]string{"0 passed fault half-close", "7 withheld fault half-close", "28 withheld fault half-close"}},
		{`close if verb == "ACK"`, []say{at(0, ack), at(1, bye)}, []string{`0s "ACK 2\r\n"`}, []string{"0 passed fault close"}},
		{`reset if verb == "ACK"`, []say{at(0, ack), at(1, bye)}, nil, []string{"0 passed fault reset"}},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			inMemory(t, Config{Gate: faulty(t, 7, tt.fault)}, func(m *memory) {
				client, server := m.pair()
				m.settle()
				got, start := read(client), time.Now()
				for _, s := range tt.says {
					time.Sleep(s.at - time.Since(start))
					_, _ = server.Write([]byte(s.s))
				}
				time.Sleep(time.Minute)
				if tt.want != nil && got.when() != strings.Join(tt.want, "\n") {
					t.Errorf("got\n%s\nwant\n%s", got.when(), strings.Join(tt.want, "\n"))
				}
				if hit := m.hit(); tt.hit != nil && !slices.Equal(hit, tt.hit) {
					t.Errorf("hit\n%s\nwant\n%s", strings.Join(hit, "\n"), strings.Join(tt.hit, "\n"))
				}
				client.Close()
				server.Close()
			})
		})
	}
}

// A stall that is taken away lets all arrive, in order, and so does every other valve; until
// then the other direction goes on.
func TestValvesTakenAway(t *testing.T) {
	for _, fault := range []string{"stall", "latency 1h", "bandwidth 1B/s", "slice 1 every 1h", "coalesce 1h", "stall, slice 2 every 1h, latency 1h"} {
		for _, how := range []string{"switched off", "replaced", "released", "half-way"} {
			t.Run(fault+" "+how, func(t *testing.T) {
				set := rule.New()
				r, err := rule.ParseLine(fault + ` if from == "server"`)
				if err != nil {
					t.Fatal(err)
				}
				set.Add(r)
				g := gate.New(gate.Options{Rules: set})
				inMemory(t, Config{Gate: g}, func(m *memory) {
					client, server := m.pair()
					m.settle()
					got, other := read(client), read(server)
					var sent strings.Builder
					for i := range 20 {
						s := fmt.Sprintf("MSG bob@example.com Bob 3\r\n%03dACK %d\r\n", i, i)
						sent.WriteString(s)
						m.say(server, s)
						m.say(client, "PNG\r\n")
						time.Sleep(50 * time.Millisecond)
					}
					if len(got.all()) > 20 || other.all() != strings.Repeat("PNG\r\n", 20) {
						t.Fatalf("arrived too early: %q, %q", got.all(), other.all())
					}
					switch how {
					case "switched off":
						err = g.EnableRule(r.Name, false)
					case "replaced":
						err = g.SetRules(rule.New())
					case "released":
						g.Release(true)
					default:
						m.say(server, "ACK")
						sent.WriteString("ACK 99\r\n")
						err = g.EnableRule(r.Name, false)
						m.say(server, " 99\r\n")
					}
					if err != nil {
						t.Fatal(err)
					}
					time.Sleep(10 * time.Second)
					if got.all() != sent.String() {
						t.Errorf("got\n%q\nwant\n%q", got.all(), sent.String())
					}
					m.say(server, "OUT\r\n")
					if got.all() != sent.String()+"OUT\r\n" {
						t.Errorf("behind it: %q", got.all())
					}
					client.Close()
					server.Close()
				})
			})
		}
	}
}

// Whatever is said: what arrives is what was sent, or its beginning where the fault ends
// something; and nothing runs on behind it.
func TestValvesProperty(t *testing.T) {
	frames := []string{"VER 1 MSNP7 CVR0\r\n", "MSG bob@example.com Bob 5\r\nhello", "NLN NLN bob@example.com Bob\r\n",
		"MSG bob@example.com Bob 0\r\n", "OUT OTH\n", "\r\n", "XYZ 1 2 3\r\n", "NOT 300\r\n" + strings.Repeat("x", 300),
		"\x00\xff nothing\n", "SYN 8 1\r\n"}
	said := strings.Join(frames, "") + strings.Join(frames[1:7], "")
	for fault, whole := range map[string]bool{"latency 30ms±20ms": true, "bandwidth 5kB/s": true, "slice 5": true, "coalesce 20ms": true,
		"split": true, "cut at 3": true, "cut line": true, "stall for 1s": true, "chance 0.4: stall for 300ms": true, "every 2: slice 1 every 3ms, latency 10ms±5ms": true,
		"limit 300": false, "chance 0.2: close": false, "chance 0.2: half-close": false, "chance 0.2: reset": false,
		"latency 30ms±30ms, slice 3, bandwidth 3kB/s, coalesce 10ms, cut line": true} {
		t.Run(fault, func(t *testing.T) {
			var runs [2]string
			for run := range runs {
				inMemory(t, Config{Gate: faulty(t, 7, fault)}, func(m *memory) {
					client, server := m.pair()
					m.settle()
					got := [3]*reads{decode.Client: read(server), decode.Server: read(client)}
					for rest := said; rest != ""; {
						n := min(len(rest), 1+len(rest)*7%97)
						_, _ = client.Write([]byte(rest[:n]))
						m.settle() // the dice are thrown in order
						_, _ = server.Write([]byte(rest[:n]))
						rest = rest[n:]
						time.Sleep(7 * time.Millisecond)
					}
					client.CloseWrite()
					server.CloseWrite()
					time.Sleep(time.Minute)
					for _, from := range []decode.Sender{decode.Client, decode.Server} {
						all := got[from].all()
						if whole && all != said || !strings.HasPrefix(said, all) {
							t.Errorf("from the %s:\n%q\nwant\n%q", from, all, said)
						}
						if fault != "chance 0.2: reset" { // which takes with it, by chance, what was not read yet
							runs[run] += got[from].when() + "\n"
						}
					}
					if runs[run] == "" {
						hit := m.hit()
						if slices.Sort(hit); len(hit) == 0 {
							t.Error("nothing was hit")
						}
						runs[run] = strings.Join(hit, "\n")
					}
					client.Close()
					server.Close()
				})
			}
			if runs[0] != runs[1] {
				t.Errorf("with the same seed\n%s\nand\n%s", runs[0], runs[1])
			}
		})
	}
}

// Latency is a queue, not a sleep for each message: as much arrives in a time as is sent.
// A bandwidth is kept.
func TestValvesThroughput(t *testing.T) {
	for _, tt := range []struct {
		fault      string
		from, upto time.Duration
	}{
		{"latency 200ms", 1190 * time.Millisecond, 1220 * time.Millisecond},
		{"latency 200ms±50ms", 1140 * time.Millisecond, 1260 * time.Millisecond},
		{"bandwidth 5kB/s", 7900 * time.Millisecond, 8500 * time.Millisecond}, // 40 kB
	} {
		t.Run(tt.fault, func(t *testing.T) {
			inMemory(t, Config{Gate: faulty(t, 7, tt.fault)}, func(m *memory) {
				client, server := m.pair()
				m.settle()
				got := read(client)
				frame := "NOT 391\r\n" + strings.Repeat("x", 391) // 400 bytes
				for range 100 {
					m.say(server, frame)
					time.Sleep(10 * time.Millisecond)
				}
				time.Sleep(time.Minute)
				if n := len(got.all()); n != 100*len(frame) {
					t.Fatalf("%d bytes", n)
				}
				if last := got.at[len(got.at)-1]; last < tt.from || last > tt.upto {
					t.Errorf("the last came after %v, not from %v to %v", last, tt.from, tt.upto)
				}
				client.Close()
				server.Close()
			})
		})
	}
}
