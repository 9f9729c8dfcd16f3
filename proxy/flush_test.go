package proxy

import (
	"strings"
	"testing"

	"msnproxy/decode"
)

// A line that lacks its end when the connection ends passes as it came, is counted as
// a frame and shown; that it may be a redirect is said from its first letter on.
func TestFlush(t *testing.T) {
	for _, tt := range []struct {
		says   string
		remark string
	}{
		{"X", "the server's last line may be a redirect but lacks its end: it passed as it came"},
		{"XFR 1 NS 192.0.2.9:1863", "the server's last line may be a redirect but lacks its end: it passed as it came"},
		{"QNG 50", ""},
	} {
		inMemory(t, Config{}, func(m *memory) {
			client, server := m.pair()
			m.say(client, versions)
			m.say(server, versions)
			server.Write([]byte(tt.says))
			m.settle()
			before := m.p.Stats().Frames
			_ = server.CloseWrite()
			m.settle()
			expect(t, client, versions+tt.says)
			if n := m.p.Stats().Frames - before; n != 1 {
				t.Errorf("%q: counts as %d frames", tt.says, n)
			}
			client.Close()
			m.happened()
			if got := m.j.received(t, 1, decode.Server); string(got) != versions+tt.says {
				t.Errorf("%q: %q was shown", tt.says, got)
			}
			if got := strings.Join(m.j.remarks(), "; "); !strings.HasSuffix(got, tt.remark) || (got == "") != (tt.remark == "") {
				t.Errorf("%q: %q", tt.says, got)
			}
		})
	}
}

// What the first bytes are is said at the end where they are too few to tell before.
func TestFewFirstBytes(t *testing.T) {
	for says, want := range map[string]string{"GE": `text: "GE"`, "VER": `text: "VER"`, "\x16\x03": "binary data"} {
		inMemory(t, Config{}, func(m *memory) {
			client, server := m.pair()
			m.say(client, says)
			m.happened()
			if got := m.j.remarks(); len(got) > 0 {
				t.Errorf("%q: too early: %q", says, got)
			}
			client.CloseWrite()
			m.settle()
			server.Close()
			m.happened()
			if got := m.j.remarks(); len(got) != 1 || !strings.HasPrefix(got[0], "the client's first bytes are no MSNP but "+want) {
				t.Errorf("%q: %q", says, got)
			}
		})
	}
}
