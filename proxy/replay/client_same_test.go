package replay

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/capture/story"
	"msnproxy/decode"
	"msnproxy/proxy/proxytest"
)

// The result is the same each time, whichever connection is read first: with a server
// that says more on both connections at once, less, and in other words.
func TestClientSame(t *testing.T) {
	t.Parallel()
	alter := func(role decode.Role, line string, frame []byte) []byte {
		switch {
		case role != decode.NS:
		case strings.HasPrefix(line, "NLN"), strings.HasPrefix(line, "ILN"):
			return []byte(strings.Replace(string(frame), "Alice", "Alicia", 1) + "NLN BSY carol@example.com Carol\r\n")
		case strings.HasPrefix(line, "CHG"):
			return append(frame[:len(frame):len(frame)], "BPR 1 carol@example.com PHH 1\r\n"...)
		case strings.HasPrefix(line, "LST"):
			return []byte(strings.Replace(string(frame), "Bob", "Bobby", 1))
		}
		return frame
	}
	var first string
	for i := range 20 {
		var r replayed
		inMemory(t, func(t *bubble) {
			r = play(t, ClientConfig{Story: tell(t, demo), Server: newRelay(t, proxytest.Config{}, alter).DS, Accounts: demoPasswords(), Timeout: 500 * time.Millisecond})
		})
		if r.err != nil || r.Differences < 10 {
			t.Fatalf("%v, %+v\n%s", r.err, r.Result, r)
		}
		r.Elapsed = 0
		got := fmt.Sprintf("%+v\n%s", *r.Result, r)
		if i == 0 {
			first = got
		} else if got != first {
			t.Fatalf("run %d:\n%s\nthe first:\n%s", i, got, first)
		}
	}
}

// dialog returns a recording of one long connection: a sign-in, then n requests.
func dialog(t testing.TB, n int) *story.Story {
	lines := []string{"C: VER 1 MSNP7", "S: VER 1 MSNP7", "C: USR 2 MD5 I alice@example.com", "S: USR 2 MD5 S 1.2",
		"C: USR 3 MD5 S 0123456789abcdef0123456789abcdef", "S: USR 3 OK alice@example.com Alice 1"}
	for i := range n {
		lines = append(lines, fmt.Sprintf("C: CHG %d BSY", 4+i), fmt.Sprintf("S: CHG %d BSY", 4+i), fmt.Sprintf("S: NLN BSY b%d@example.com B", i))
	}
	return transcript(t, lines...)
}

// A connection that is lost is one line, however much was still to come.
func TestClientLost(t *testing.T) {
	for _, test := range []struct {
		what string
		lose func(c peerConn)
	}{
		{"closed", func(c peerConn) {}},
		{"reset", func(c peerConn) {
			time.Sleep(time.Millisecond) // until all has arrived
			_ = c.SetLinger(0)
		}},
	} {
		bubbled(t, test.what, func(t *bubble) {
			addr := brokenPeer(t, func(c peerConn) {
				letIn(c, nil)
				test.lose(c)
			})
			r := play(t, ClientConfig{Story: dialog(t, 2000), Server: addr, Timeout: 5 * time.Second})
			want := "message 8 #1 NS alice@example.com: ended CHG (answers CHG of message 7): the server ends the connection before this message (is busy); 6000 messages are left out"
			if r.err != nil || r.String() != want {
				t.Errorf("%v\n%.2000s\nwant\n%s", r.err, r, want)
			}
			if r.Sent != 3 || r.Skipped != 6000 || r.Differences != 1 {
				t.Errorf("%+v", r.Result)
			}
		})
	}
}

// letIn lets the client in, and then answers each line as said; nil: with nothing.
func letIn(c peerConn, answer func(line string) string) {
	read := lines(c)
	for _, out := range []string{"VER 1 MSNP7\r\n", "USR 2 MD5 S 1.2\r\n", "USR 3 OK alice@example.com Alice 1\r\n"} {
		if read() == "" {
			return
		}
		_, _ = c.Write([]byte(out))
	}
	for answer != nil {
		line := read()
		if line == "" {
			return
		}
		_, _ = c.Write([]byte(answer(line)))
	}
}

// lines reads a connection by lines; "": its end.
func lines(c net.Conn) func() string {
	buf := ""
	return func() string {
		for {
			if line, rest, ok := strings.Cut(buf, "\r\n"); ok {
				buf = rest
				return line
			}
			b := make([]byte, 4096)
			n, err := c.Read(b)
			if n == 0 && err != nil {
				return ""
			}
			buf += string(b[:n])
		}
	}
}

// No more than 1,000 differences and notes are told, and it is said that there are more.
func TestClientMostReports(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		n       int
		stopped string
	}{{999, ""}, {1000, "after 1000 differences and notes"}} {
		inMemory(t, func(t *bubble) {
			addr := brokenPeer(t, func(c peerConn) {
				i := 0
				letIn(c, func(line string) string {
					i++
					friendly := "B"
					if i <= test.n {
						friendly = "X"
					}
					return fmt.Sprintf("%s\r\nNLN BSY b%d@example.com %s\r\n", line, i-1, friendly)
				})
			})
			r := play(t, ClientConfig{Story: dialog(t, 1010), Server: addr})
			if r.Stopped != test.stopped || len(r.list) != min(test.n, 1000) || r.Differences != len(r.list) {
				t.Errorf("%d: %d told, %+v, %v", test.n, len(r.list), r.Result, r.err)
			}
		})
	}
}

// Requests are counted that nothing answers, not the lines that do not come: after ten
// in a row the connection is given up, not before.
func TestClientUnanswered(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		silent, want int
		gone         bool
	}{{9, 9, false}, {10, 10, true}} {
		inMemory(t, func(t *bubble) {
			var list []string
			for i := range 12 {
				list = append(list, fmt.Sprintf("C: REM %d FL b%d@example.com", 4+i, i), fmt.Sprintf("S: REM %d FL 1 b%d@example.com", 4+i, i), fmt.Sprintf("S: REM %d FL 1 c%d@example.com", 4+i, i))
			}
			addr := brokenPeer(t, func(c peerConn) {
				i := 0
				letIn(c, func(line string) string {
					if i++; i <= test.silent {
						return ""
					}
					f := strings.Fields(line)
					return fmt.Sprintf("REM %s FL 1 %s\r\nREM %s FL 1 c%s\r\n", f[1], f[3], f[1], f[3][1:])
				})
			})
			lines := append([]string{"C: VER 1 MSNP7", "S: VER 1 MSNP7", "C: USR 2 MD5 I alice@example.com", "S: USR 2 MD5 S 1.2",
				"C: USR 3 MD5 S 0123456789abcdef0123456789abcdef", "S: USR 3 OK alice@example.com Alice 1"}, list...)
			r := play(t, ClientConfig{Story: transcript(t, lines...), Server: addr})
			if gone := strings.Contains(r.String(), "requests in a row are not answered"); r.Unanswered != test.want || gone != test.gone {
				t.Errorf("%d silent: %+v, given up: %t\n%s", test.silent, r.Result, gone, r)
			}
		})
	}
}

// Of a request that is answered in part what is missing is told, and it is not counted.
func TestClientAnsweredInPart(t *testing.T) { t.Parallel(); inMemory(t, answeredInPart) }

func answeredInPart(t *bubble) {
	lines := []string{"C: VER 1 MSNP7", "S: VER 1 MSNP7", "C: USR 2 MD5 I alice@example.com", "S: USR 2 MD5 S 1.2",
		"C: USR 3 MD5 S 0123456789abcdef0123456789abcdef", "S: USR 3 OK alice@example.com Alice 1"}
	for i := range 12 {
		lines = append(lines, fmt.Sprintf("C: REM %d FL b%d@example.com", 4+i, i), fmt.Sprintf("S: REM %d FL 1 b%d@example.com", 4+i, i), fmt.Sprintf("S: REM %d FL 1 c%d@example.com", 4+i, i))
	}
	addr := brokenPeer(t, func(c peerConn) {
		letIn(c, func(line string) string {
			f := strings.Fields(line)
			return fmt.Sprintf("REM %s FL 1 %s\r\n", f[1], f[3])
		})
	})
	r := play(t, ClientConfig{Story: transcript(t, lines...), Server: addr})
	if r.Unanswered != 0 || r.Differences != 12 || strings.Contains(r.String(), "in a row") {
		t.Errorf("%+v\n%s", r.Result, r)
	}
}

// What is waited for is said after a second, once, and not where it comes sooner.
func TestClientWaiting(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		takes time.Duration
		want  []string
	}{
		{time.Second - 1, nil},
		{time.Second + 1, []string{"waiting for message 11 #1 NS alice@example.com, CHG (answers CHG of message 10), and 1 more: 4s at most"}},
		{5*time.Second - 1, []string{"waiting for message 11 #1 NS alice@example.com, CHG (answers CHG of message 10), and 1 more: 4s at most"}},
	} {
		inMemory(t, func(t *bubble) {
			addr := brokenPeer(t, func(c peerConn) {
				n := 0
				letIn(c, func(line string) string {
					if n++; n == 2 {
						time.Sleep(test.takes)
					}
					return fmt.Sprintf("%s\r\nNLN BSY b%d@example.com B\r\n", line, n-1)
				})
			})
			var said []string
			r := play(t, ClientConfig{Story: dialog(t, 3), Server: addr, Waiting: func(s string) { said = append(said, s) }})
			clean(t, r)
			if !slices.Equal(said, test.want) {
				t.Errorf("after %v: %q, want %q", test.takes, said, test.want)
			}
		})
	}
}

// An answer is waited for as long as the timeout, and no longer.
func TestClientTimeout(t *testing.T) {
	t.Parallel()
	for takes, want := range map[time.Duration]int{5*time.Second - 1: 0, 5*time.Second + 1: 1} {
		inMemory(t, func(t *bubble) {
			addr := brokenPeer(t, func(c peerConn) {
				n := 0
				letIn(c, func(line string) string {
					if n++; n == 2 {
						time.Sleep(takes)
					}
					return fmt.Sprintf("%s\r\nNLN BSY b%d@example.com B\r\n", line, n-1)
				})
			})
			if r := play(t, ClientConfig{Story: dialog(t, 3), Server: addr}); r.Unanswered != want || r.err != nil {
				t.Errorf("an answer after %v: %+v, %v\n%s", takes, r.Result, r.err, r)
			}
		})
	}
}
