package replay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/proxy/proxytest"
)

// sameEachTime plays in memory n times, and fails where a result is not the first one,
// which it returns.
func sameEachTime(t *testing.T, n int, once func(t *bubble) replayed) replayed {
	t.Helper()
	var first replayed
	var want string
	for i := range n {
		var r replayed
		inMemory(t, func(t *bubble) { r = once(t) })
		r.Elapsed = 0
		got := fmt.Sprintf("%v %+v\n%s", r.err, *r.Result, r)
		if i == 0 {
			first, want = r, got
		} else if got != want {
			t.Fatalf("run %d:\n%s\nthe first:\n%s", i, got, want)
		}
	}
	return first
}

// hungUp is a recording of a client that says its last words, and that of another one
// that is told of them.
var hungUp = []string{"C: VER 1 MSNP7", "S: VER 1 MSNP7", "C: USR 2 MD5 I alice@example.com", "S: USR 2 MD5 S 1.2",
	"C: USR 3 MD5 S 0123456789abcdef0123456789abcdef", "S: USR 3 OK alice@example.com Alice 1", "C: CHG 4 BSY", "S: CHG 4 BSY"}

// Whether the client's last words still go out as the server hangs up is chance: that
// is no difference, and the result is the same. What is still to come is one.
func TestClientHungUp(t *testing.T) {
	t.Parallel()
	const read = 100 // lines, to the end
	for _, test := range []struct {
		what, answer string // to CHG, with which the server ends it
		reads        int    // lines behind that, before the end
		last         []string
		sent, left   int
		want         string
	}{
		{"at once", "CHG 4 BSY\r\n", 0, []string{"C: OUT"}, 5, 0, ""},
		{"after OUT", "CHG 4 BSY\r\n", 1, []string{"C: OUT"}, 5, 0, ""},
		{"never", "CHG 4 BSY\r\n", read, []string{"C: OUT"}, 5, 0, ""},
		{"several last words", "CHG 4 BSY\r\n", 0, []string{"C: REM 5 FL bob@example.com", "C: PNG", "C: OUT"}, 7, 0, ""},
		{"some of them read", "CHG 4 BSY\r\n", 2, []string{"C: REM 5 FL bob@example.com", "C: PNG", "C: OUT"}, 7, 0, ""},
		{"with something to come", "CHG 4 BSY\r\n", 0, []string{"C: CHG 5 NLN", "S: CHG 5 NLN", "C: OUT"}, 4, 3,
			"message 10 #1 NS alice@example.com: ended CHG (answers CHG of message 9): the server ends the connection before this message (is online); 3 messages are left out"},
		{"with something to come, and something else", "CHG 4 BSY\r\n", -1, []string{"C: CHG 5 NLN", "S: CHG 5 NLN", "C: OUT"}, 4, 3,
			"after message 8 #1 NS alice@example.com: extra NLN: the recording does not have it: bob@example.com (Bob) is online\n" +
				"message 10 #1 NS alice@example.com: ended CHG (answers CHG of message 9): the server ends the connection before this message (is online); 3 messages are left out"},
		{"with something to come, which was asked for", "CHG 4 BSY\r\n", 1, []string{"C: CHG 5 NLN", "S: CHG 5 NLN", "C: OUT"}, 4, 3,
			"message 10 #1 NS alice@example.com: ended CHG (answers CHG of message 9): the server ends the connection before this message (is online); 3 messages are left out"},
		{"with something to come, and a whim", "CHG 4 BSY\r\n", 0, []string{"C: CHG 5 NLN", "S: CHG 5 NLN", "S: CHL 0 1"}, 4, 3,
			"message 10 #1 NS alice@example.com: ended CHG (answers CHG of message 9): the server ends the connection before this message (is online); 3 messages are left out"},
		{"with only a whim to come", "CHG 4 BSY\r\n", 0, []string{"C: REM 5 FL bob@example.com", "S: CHL 0 1"}, 5, 0, ""},
	} {
		t.Run(test.what, func(t *testing.T) {
			r := sameEachTime(t, 8, func(t *bubble) replayed {
				addr := brokenPeer(t, func(c peerConn) {
					next := lines(c)
					for _, out := range []string{"VER 1 MSNP7\r\n", "USR 2 MD5 S 1.2\r\n", "USR 3 OK alice@example.com Alice 1\r\n", test.answer} {
						next()
						_, _ = c.Write([]byte(out))
					}
					for range test.reads {
						next()
					}
					if test.reads < 0 { // what is asked is taken, and something else said
						next()
						_, _ = c.Write([]byte("NLN NLN bob@example.com Bob\r\n"))
					}
				})
				return play(t, ClientConfig{Story: transcript(t, append(hungUp[:len(hungUp):len(hungUp)], test.last...)...), Server: addr})
			})
			if r.err != nil || r.String() != test.want || r.Sent != test.sent || r.Skipped != test.left {
				t.Errorf("%v, %+v\n%s\nwant\n%s", r.err, r.Result, r, test.want)
			}
		})
	}
}

// What is left out as the server hangs up is the same however far the recording was gone
// through by then: here bob hears no more of alice, who was hung up on before.
func TestClientHungUpOneByOne(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, time.Millisecond, 100 * time.Millisecond} {
		r := sameEachTime(t, 8, func(t *bubble) replayed {
			addr := brokenPeer(t, func(c peerConn) {
				next := lines(c)
				for line := next(); line != ""; line = next() {
					w := strings.Fields(line)
					answer := map[string]string{"VER": "VER " + w[1] + " MSNP7", "INF": "INF " + w[1] + " MD5", "SYN": "SYN " + w[1] + " 0",
						"CHG": "CHG " + w[1] + " NLN\r\nCHL 0 15570131571988941333"}[w[0]]
					switch {
					case w[0] == "USR" && w[3] == "I":
						answer = "USR " + w[1] + " MD5 S 1234567.89"
					case w[0] == "USR":
						answer = "USR " + w[1] + " OK alice@example.com Alice"
					case w[0] == "QRY":
						_, _ = c.Write([]byte("540 " + w[1] + "\r\n"))
						time.Sleep(after)
						return
					}
					if answer != "" {
						_, _ = c.Write([]byte(answer + "\r\n"))
					}
				}
			})
			return play(t, ClientConfig{Story: tell(t, demo), Server: addr, Accounts: demoPasswords(), Timeout: 300 * time.Millisecond})
		})
		for _, want := range []string{
			"message 43 #2 NS alice@example.com: ended CVR (answers CVR of message 42): the server ends the connection before this message (recommends 4.5.0121, needs 4.5.0121); 43 messages",
			"message 86 #4 NS bob@example.com: ended CVR (answers CVR of message 85): the server ends the connection before this message (recommends 4.5.0121, needs 4.5.0121); 11 messages",
			"message 205 #8 NS bob@example.com: ended CVR (answers CVR of message 204): the server ends the connection before this message (recommends 4.5.0121, needs 4.5.0121); 8 messages",
		} {
			if !strings.Contains(r.String(), want) {
				t.Errorf("hanging up %v after the refusal: no %q\n%s", after, want, r)
			}
		}
	}
}

// At a recorded pace the client's last words are said one after the other: whether the
// server is still there then is no chance.
func TestClientHungUpAtPace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pause time.Duration
		want  int
	}{{199 * time.Millisecond, 0}, {200 * time.Millisecond, 1}} {
		r := sameEachTime(t, 3, func(t *bubble) replayed {
			addr := brokenPeer(t, func(c peerConn) { letIn(c, nil) })
			st := transcript(t, append(hungUp[:6:6], "C: REM 4 FL bob@example.com", "C: REM 5 FL carol@example.com")...)
			at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
			for _, m := range st.Conns[0].Messages {
				m.Time = at
			}
			st.Conns[0].Messages[7].Time = at.Add(test.pause)
			return play(t, ClientConfig{Story: st, Server: addr, Speed: 1})
		})
		if r.Differences != test.want {
			t.Errorf("with %v between: %+v\n%s", test.pause, r.Result, r)
		}
	}
}

// What the server says to the client's last words counts: for half a second where the
// recorded server was the one to close, and for 50 ms after the client has closed.
func TestClientLastWordAnswered(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]int{0: 2, 549 * time.Millisecond: 2, 551 * time.Millisecond: 0} {
		r := sameEachTime(t, 5, func(t *bubble) replayed {
			relay := newRelay(t, proxytest.Config{}, func(role decode.Role, line string, frame []byte) []byte {
				if role == decode.SB && line == "" {
					return []byte("BPR 1 carol@example.com PHH 1\r\n")
				}
				return frame
			})
			relay.hold = func(role decode.Role, line string) time.Duration {
				if line == "" {
					return after
				}
				return 0
			}
			return play(t, ClientConfig{Story: tell(t, demo), Server: relay.DS, Accounts: demoPasswords(), Timeout: 500 * time.Millisecond})
		})
		if r.Differences != want || strings.Count(r.String(), "extra BPR") != want {
			t.Errorf("after %v: %+v\n%s", after, r.Result, r)
		}
	}
}

// With --stop-on-diff the first difference in the order of the recording is told,
// however many come at once, and the result is the same each time.
func TestClientFirstDifference(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ what, want string }{
		{"NLN", "different NLN"}, {"LST", "different LST"}, {"ILN", "ILN"}, {"JOI", "different JOI"}, {"USR", "extra BPR"},
	} {
		r := sameEachTime(t, 20, func(t *bubble) replayed {
			relay := newRelay(t, proxytest.Config{}, func(role decode.Role, line string, frame []byte) []byte {
				if strings.HasPrefix(line, test.what) {
					return []byte(strings.NewReplacer("Alice", "Alicia", "Bob", "Bobby").Replace(string(frame)) + "BPR 1 carol@example.com PHH 1\r\n")
				}
				return frame
			})
			return play(t, ClientConfig{Story: tell(t, demo), Server: relay.DS, Accounts: demoPasswords(), StopOnDiff: true})
		})
		if r.Differences != 1 || r.Stopped != "at the first difference" || len(r.list) != r.Notes+1 || !strings.Contains(r.String(), test.want) {
			t.Errorf("%s: %v, %+v\n%s", test.what, r.err, r.Result, r)
		}
	}
}

// The first difference stops the replay also where it is the last of all.
func TestClientFirstDifferenceIsLast(t *testing.T) {
	t.Parallel()
	for says, stopped := range map[string]string{"CHG 4 IDL\r\n": "at the first difference", "CHG 4 BSY\r\n": ""} {
		r := sameEachTime(t, 5, func(t *bubble) replayed {
			addr := brokenPeer(t, func(c peerConn) { letIn(c, func(string) string { return says }) })
			return play(t, ClientConfig{Story: transcript(t, hungUp...), Server: addr, StopOnDiff: true})
		})
		if r.Stopped != stopped || (r.Differences == 1) != (stopped != "") || r.err != nil {
			t.Errorf("%q: %v, %+v\n%s", says, r.err, r.Result, r)
		}
	}
}

// Of two differences at once the one that the recording has first is told, whichever
// comes first; at once is what comes within 200 ms.
func TestClientFirstOfTwo(t *testing.T) {
	t.Parallel()
	const reply, event = "message 156 #2 NS alice@example.com: different CHG", "message 157 #4 NS bob@example.com: different NLN"
	for _, test := range []struct {
		held string
		late time.Duration
		want string
	}{
		{"CHG 23", 0, reply}, {"CHG 23", 199 * time.Millisecond, reply}, {"CHG 23", 201 * time.Millisecond, event},
		{"NLN BSY alice@example.com Alice", 0, reply}, {"NLN BSY alice@example.com Alice", 199 * time.Millisecond, reply},
	} {
		r := sameEachTime(t, 5, func(t *bubble) replayed {
			relay := newRelay(t, proxytest.Config{}, func(role decode.Role, line string, frame []byte) []byte {
				return []byte(strings.NewReplacer("CHG 23 BSY", "CHG 23 IDL", "NLN BSY alice", "NLN AWY alice").Replace(string(frame)))
			})
			relay.hold = func(role decode.Role, line string) time.Duration {
				if strings.HasPrefix(line, test.held) {
					return test.late
				}
				return 0
			}
			return play(t, ClientConfig{Story: tell(t, demo), Server: relay.DS, Accounts: demoPasswords(), StopOnDiff: true})
		})
		if r.Differences != 1 || len(r.list) != 1 || !strings.HasPrefix(r.String(), test.want) {
			t.Errorf("%s %v late: %v, %+v\n%s\nwant %s", test.held, test.late, r.err, r.Result, r, test.want)
		}
	}
}
