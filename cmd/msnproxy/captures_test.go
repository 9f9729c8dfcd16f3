package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// The real captures, end to end. The goldens and counts are the program's own
// output, so they guard against change; that nothing is opaque, unnamed or outside a
// session is checked for itself.
func TestRealCaptures(t *testing.T) {
	for _, tt := range []struct {
		file                              string
		messages, sessions, conversations int
		accounts                          []string
	}{
		{"escargot-amsn082-msnp7.pcap", 134, 2, 2, []string{"alice@example.com", "bob@example.com"}},
		{"escargot-twisted-msnp7.pcap", 131, 2, 1, []string{"alice@example.com", "bob@example.com"}},
		{"goserver-amsn052-msnp2-ds-ns-sb.pcap", 88, 2, 1, []string{"alice@example.com", "bob@example.com"}},
		{"javaserver-amsn082-msnp7.pcap", 134, 2, 2, []string{"alice@example.com", "bob@example.com"}},
		{"msnp6-sign-in.txt", 24, 1, 0, []string{"example@hotmail.com"}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			path := filepath.Join("..", "..", "capture", "testdata", tt.file)
			for _, detail := range []string{"1", "2"} {
				out := runRead(t, path, "--utc", "--detail", detail)
				golden(t, filepath.Join("testdata", "golden", tt.file+".detail"+detail), out)
			}
			checkCapture(t, runRead(t, path, "--format", "json"), tt.messages, tt.sessions, tt.conversations, tt.accounts)
		})
	}
}

func runRead(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(append([]string{"msnproxy", "read"}, args...), nil, &out, &errs); code != exitFine || errs.Len() > 0 {
		t.Fatalf("read %v: exit code %d: %s", args, code, errs.String())
	}
	return out.Bytes()
}

// checkCapture counts what JSON lines tell: every frame a command by name, joined
// into sessions and conversations.
func checkCapture(t *testing.T, out []byte, messages, sessions, conversations int, accounts []string) {
	t.Helper()
	seen := map[string]bool{}
	var n, s, c int
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		var m struct {
			Event, Verb, Kind, Account, Role string
			Session, Conversation            int
			Fields                           map[string]any
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if m.Event != "" {
			continue
		}
		n++
		s, c = max(s, m.Session), max(c, m.Conversation)
		seen[m.Account] = true
		if m.Kind == "opaque" || m.Verb == "" && m.Kind == "" {
			t.Errorf("no command: %s", line)
		}
		if m.Role != "MSNFTP" && m.Role != "DS/NS" && m.Session == 0 && m.Kind == "" {
			t.Errorf("of no session: %s", line)
		}
		if m.Role == "SB" && m.Conversation == 0 {
			t.Errorf("of no conversation: %s", line)
		}
		for name := range m.Fields {
			// The transcript stands for an answer with a formula, in three words.
			if strings.HasPrefix(name, "extra") && m.Fields["response"] != "$md5(prefix" {
				t.Errorf("a parameter without a name: %s", line)
			}
		}
	}
	if n != messages || s != sessions || c != conversations {
		t.Errorf("%d messages, %d sessions, %d conversations, want %d, %d, %d", n, s, c, messages, sessions, conversations)
	}
	for _, a := range accounts {
		if !seen[a] {
			t.Errorf("nothing of %s", a)
		}
	}
}

// A capture without MSNP says what it holds instead.
func TestNoMSNP(t *testing.T) {
	head := make([]byte, 24)
	copy(head, "\xd4\xc3\xb2\xa1\x02\x00\x04\x00")
	head[18], head[20] = 1, 101
	b := bytes.NewBuffer(head)
	packet(b, 0, 1, 0, 1, 0, 2, "")
	packet(b, 1, 1, 0, 2, 0, 0x18, "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
	var out, errs bytes.Buffer
	code := run([]string{"msnproxy", "read", "-"}, b, &out, &errs)
	if code != exitTrouble || out.Len() > 0 || !strings.Contains(errs.String(), "no MSNP in it (pcap: 2 packets, 1 TCP connection, none of which is MSNP") {
		t.Errorf("exit code %d, %q, %q", code, out.String(), errs.String())
	}
}
