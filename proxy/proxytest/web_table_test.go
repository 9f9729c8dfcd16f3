package proxytest

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"msnproxy/decode/http1"
	"msnproxy/decode/service"
)

// tapped keeps both directions of a connection.
type tapped struct {
	net.Conn
	mu       sync.Mutex
	up, down bytes.Buffer
}

func (c *tapped) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up.Write(p)
	return c.Conn.Write(p)
}

func (c *tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down.Write(p[:n])
	return n, err
}

// messages cuts bytes into messages.
func messages(t *testing.T, b []byte, request bool) (list [][]byte) {
	t.Helper()
	for len(b) > 0 {
		n, sure := http1.Size(b, request, true)
		if sure != http1.Yes || n == 0 {
			t.Fatalf("no message: %q", b)
		}
		list, b = append(list, b[:n]), b[n:]
	}
	return list
}

// The table of services knows everything that is said in the script, and what it masks
// leaves no secret.
func TestTableKnowsTheServices(t *testing.T) {
	seen := map[string]bool{}
	for _, test := range []struct {
		dialect     string
		old, packed bool
	}{{"MSNP9", false, false}, {"MSNP11", false, false}, {"MSNP13", true, false}, {"MSNP15", false, false}, {"MSNP15", true, true}, {"MSNP18", false, false}} {
		s, w := withWeb(t, WebConfig{Moved: true, Packed: test.packed}, test.dialect)
		var conns []*tapped
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := w.Dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			conns = append(conns, &tapped{Conn: c})
			return conns[len(conns)-1], nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		err := Script{Dialects: []string{test.dialect}, Web: &WebOptions{Dial: dial, Plain: true, OldTokens: test.old, Packed: test.packed}}.Run(ctx, s.DS, s)
		if err != nil {
			t.Fatal(err)
		}
		m := service.NewMasker()
		for _, c := range conns {
			c.mu.Lock()
			up, down := messages(t, c.up.Bytes(), true), messages(t, c.down.Bytes(), false)
			c.mu.Unlock()
			if len(up) != len(down) {
				t.Fatalf("%d requests and %d answers", len(up), len(down))
			}
			for i := range up {
				asked, known := service.Read(up[i], nil)
				answer, too := &service.Call{}, false
				if known {
					answer, too = service.Read(down[i], asked.Action)
				}
				if !known || !too || asked.Action.Any {
					t.Errorf("%s: not in the table: %s\n%s", test.dialect, up[i], down[i])
					continue
				}
				seen[asked.Name] = true
				if answer.Fault && answer.Value("challenge") == "" {
					t.Errorf("%s: %s is refused: %s", test.dialect, asked.Name, down[i])
				}
				for _, raw := range [][]byte{up[i], down[i]} {
					leaves(t, asked.Name, raw, test.packed, m)
				}
			}
		}
	}
	for _, action := range []string{"nexus", "login2", "RST", "RST2", "GetClientConfig", "FindMembership", "AddMember", "DeleteMember", "ABFindAll", "ABFindContactsPaged",
		"GetMetadata", "GetMessage", "DeleteMessages", "Store", "Store2"} {
		if !seen[action] {
			t.Errorf("%s was never asked for", action)
		}
	}
}

// leaves wants no secret in what is left of a message when it is masked.
func leaves(t *testing.T, action string, raw []byte, packed bool, m *service.Masker) {
	t.Helper()
	answer := bytes.HasPrefix(raw, []byte("HTTP"))
	if is := bytes.Contains(raw, []byte("\r\nContent-Encoding: gzip\r\n")); is != (packed && answer) {
		t.Fatalf("compressed: %v: %q", is, raw)
	}
	masked := string(service.Mask(raw, m))
	if packed && answer && strings.HasPrefix(action, "RST") && !strings.Contains(masked, "BinarySecret>masked-") {
		t.Errorf("what is masked reads %q", masked)
	}
	secrets := []string{"demo", "web"} // how tokens begin
	for _, a := range DemoAccounts() {
		secrets = append(secrets, a.Password, TicketFor(a.Handle, a.Password).Secret)
	}
	for _, secret := range secrets {
		if tokenLike(masked, secret) {
			t.Errorf("%s leaves %q in %s", action, secret, masked)
		}
	}
}

// tokenLike reports whether a password, or a token that begins so, stands in the text.
func tokenLike(text, secret string) bool {
	if secret == "demo" || secret == "web" {
		for _, part := range strings.Split(text, secret)[1:] {
			if strings.IndexFunc(part+"x", func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) }) >= 24 {
				return true
			}
		}
		return false
	}
	return strings.Contains(text, secret)
}
