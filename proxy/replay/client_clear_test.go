package replay

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"msnproxy/capture/story"
)

// transcript tells a recording that is written down here.
func transcript(t testing.TB, lines ...string) *story.Story {
	t.Helper()
	path := filepath.Join(t.TempDir(), "recording.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return tell(t, path)
}

// answering is a server that answers lines by what they begin with, and tells what it
// was sent. No answer: it says nothing.
func answering(t testing.TB, answers map[string]string) (addr string, got func() string) {
	t.Helper()
	var mu sync.Mutex
	var all strings.Builder
	addr = brokenPeer(t, func(c peerConn) {
		buf, line := make([]byte, 4096), ""
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			mu.Lock()
			all.Write(buf[:n])
			mu.Unlock()
			line += string(buf[:n])
			for {
				one, rest, ok := strings.Cut(line, "\r\n")
				if !ok {
					break
				}
				line = rest
				for begin, answer := range answers {
					if strings.HasPrefix(one, begin) {
						_, _ = c.Write([]byte(answer + "\r\n"))
					}
				}
			}
		}
	})
	return addr, func() string {
		mu.Lock()
		defer mu.Unlock()
		return all.String()
	}
}

// A password goes out in clear only where that is asked for, whatever the recording
// says: neither the given one nor the recorded one.
func TestClientClearText(t *testing.T) {
	begin := []string{"C: VER 1 MSNP2", "S: VER 1 MSNP2", "C: INF 2", "S: INF 2 CTP"}
	oneStep := append(begin[:4:4], "C: USR 3 CTP I alice@example.com recorded", "S: USR 3 OK alice@example.com Alice")
	twoSteps := append(begin[:4:4], "C: USR 3 CTP I alice@example.com", "S: USR 3 CTP S", "C: USR 4 CTP S recorded", "S: USR 4 OK alice@example.com Alice")
	strange := append(begin[:4:4], "C: USR 3 MD5 I alice@example.com", "S: USR 3 MD5 S 1.2", "C: USR 4 XYZ A B hunter2", "S: USR 4 OK alice@example.com Alice")
	for _, test := range []struct {
		what     string
		lines    []string
		password string
		clear    bool
		sent     string // the last line that goes out
		withheld bool
	}{
		{"in one step", oneStep, "hunter2", false, "INF 2", true},
		{"in one step, no password known", oneStep, "", false, "INF 2", true},
		{"in one step, allowed", oneStep, "hunter2", true, "USR 3 CTP I alice@example.com hunter2", false},
		{"in one step, allowed, no password known", oneStep, "", true, "USR 3 CTP I alice@example.com recorded", false},
		{"in two steps", twoSteps, "hunter2", false, "USR 3 CTP I alice@example.com", true},
		{"in two steps, allowed", twoSteps, "hunter2", true, "USR 4 CTP S hunter2", false},
		{"in a form that the table does not have", strange, "hunter2", false, "USR 3 MD5 I alice@example.com", true},
		{"in such a form, allowed", strange, "hunter2", true, "USR 4 XYZ A B hunter2", false},
		{"in such a form, something else", strange, "hunter", false, "USR 4 XYZ A B hunter2", false},
	} {
		bubbled(t, test.what, func(t *bubble) {
			addr, got := answering(t, map[string]string{"VER 1": "VER 1 MSNP2", "INF 2": "INF 2 CTP", "USR 3 CTP I alice@example.com": "USR 3 CTP S", "USR 3 MD5": "USR 3 MD5 S 1.2"})
			config := ClientConfig{Story: transcript(t, test.lines...), Server: addr, ClearText: test.clear, Timeout: 100 * time.Millisecond}
			if test.password != "" {
				config.Know(map[string]string{"alice@example.com": test.password, "bob@example.com": "x"})
			}
			r := play(t, config)
			lines := strings.Split(strings.TrimSpace(got()), "\r\n")
			if last := lines[len(lines)-1]; last != test.sent {
				t.Errorf("the last line sent is %q, want %q", last, test.sent)
			}
			if withheld := strings.Contains(r.String(), "gives a password in clear"); withheld != test.withheld {
				t.Errorf("withheld: %t\n%s", withheld, r)
			}
			if strings.Contains(r.String(), "hunter2") {
				t.Errorf("the report shows the password\n%s", r)
			}
		})
	}
}

// Passwords go to who has the name now, and to nobody who has one already.
func TestKnow(t *testing.T) {
	own := "own"
	config := ClientConfig{Story: tell(t, demo), Accounts: map[string]ClientAccount{"alice@example.com": {Handle: "Dora@Example.com"}}}
	config.Know(map[string]string{"alice@example.com": "a", "dora@example.com": "d", "bob@example.com": "b", "zoe@example.com": "z"})
	if a := config.Accounts["alice@example.com"]; a.Password == nil || *a.Password != "d" || a.Handle != "Dora@Example.com" {
		t.Errorf("who plays alice: %+v", a)
	}
	if b := config.Accounts["bob@example.com"]; b.Password == nil || *b.Password != "b" || len(config.Accounts) != 2 {
		t.Errorf("who plays bob: %+v of %d", b, len(config.Accounts))
	}
	config = ClientConfig{Story: config.Story, Accounts: map[string]ClientAccount{"alice@example.com": {Password: &own}}}
	config.Know(map[string]string{"alice@example.com": "a"})
	if a := config.Accounts["alice@example.com"]; *a.Password != own {
		t.Errorf("alice's password is %q", *a.Password)
	}
	config = ClientConfig{Story: config.Story}
	if config.Know(map[string]string{"alice@example.com": "a"}); len(config.Accounts) != 1 {
		t.Errorf("%v", config.Accounts)
	}
}
