package replay

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msnproxy/capture/compare"
	"msnproxy/capture/story"
	"msnproxy/decode"
	"msnproxy/proxy"
	"msnproxy/proxy/proxytest"
)

// The recorded demo against the server that it was recorded of.
func TestClientDemo(t *testing.T) { t.Parallel(); inMemory(t, clientDemoInMemory) }

func clientDemoInMemory(t *bubble) {
	s := demoServer(t, proxytest.Config{})
	r := play(t, ClientConfig{Story: tell(t, demo), Server: s.DS, Accounts: demoPasswords()})
	clean(t, r)
	t.Logf("%+v\n%s", r.Result, r)
}

// One fault of a server at a time, and what is said of it.
func TestClientFaults(t *testing.T) {
	replace := func(old, new string) func(string) string {
		return func(line string) string { return strings.Replace(line, old, new, 1) }
	}
	gone := func(string) string { return "" }
	for _, test := range []struct {
		what  string
		alter func(decode.Role, string, []byte) []byte
		want  []string // one difference each, in order
	}{
		{"a field of ILN", once(decode.NS, "ILN 9 NLN", replace("NLN alice", "AWY alice")), []string{
			`message 80 #4 NS bob@example.com: different ILN (answers CHG of message 78): status is "AWY", recorded was "NLN"`}},
		{"no ACK", once(decode.SB, "ACK 6", gone), []string{
			`message 139 #5 SB alice@example.com: unanswered ACK (answers MSG of message 138): nothing answers within 300ms; recorded was: delivered`}},
		{"another error", once(decode.SB, "CAL 2", func(string) string { return "217 2" }), []string{
			`message 122 #5 SB alice@example.com: refused CAL (answers CAL of message 121): the server answers 217 (not online, or does not accept messages), recorded was: CAL (ringing, session 48532192)`}},
		{"a message too many", once(decode.NS, "QNG", func(string) string { return "NLN BSY carol@example.com Carol\r\nQNG" }), []string{
			`after message 82 #2 NS alice@example.com: extra NLN: the recording does not have it: carol@example.com (Carol) is busy`}},
		{"a redirect to nowhere", once(decode.NS, "XFR 22 SB", func(line string) string {
			f := strings.Fields(line)
			f[3] = "127.0.0.1:1"
			return strings.Join(f, " ")
		}), []string{
			`message 118 #5 SB alice@example.com: redirect (answers XFR of message 117): XFR leads nowhere: cannot connect to 127.0.0.1:1: connection refused`}},
		{"a redirect of another kind", once(decode.DS, "XFR 3 NS", func(string) string { return "USR 3 MD5 S 123.456" }), []string{
			`message 6 #1 DS alice@example.com: different XFR (answers USR of message 5): the server answers USR: challenge 123.456; recorded was: XFR (go to 127.0.0.1:38023)`}},
		{"a right answer refused", once(decode.NS, "QRY 10", func(string) string { return "540 10" }), []string{
			`message 41 #2 NS alice@example.com: refused QRY (answers QRY of message 40): the server answers 540 (wrong answer to the challenge), recorded was: QRY (the answer is right); the answer sent, `}},
		{"a line of the list gone", once(decode.NS, "LST 8 AL", gone), []string{
			`message 33 #2 NS alice@example.com: missing LST (answers SYN of message 17): it does not come: AL 1/1: bob@example.com (Bob)`}},
		{"two answers in the wrong order", swap("GTC 8", "BLP 8"), []string{
			`message 19 #2 NS alice@example.com: reordered GTC (answers SYN of message 17): it comes after the BLP of message 20, which the recording has after it`}},
		{"another TrID", once(decode.NS, "URL 17", replace("17", "99")), []string{
			`after message 105 #2 NS alice@example.com: extra URL: no request has the TrID 99: /cgi-bin/HoTMaiL`,
			`message 107 #2 NS alice@example.com: unanswered URL (answers URL of message 106): nothing answers within 300ms; recorded was: /cgi-bin/HoTMaiL`}},
		{"words of a person", func(r decode.Role, line string, frame []byte) []byte {
			return bytes.Replace(frame, []byte("Hello Bob"), []byte("Hullo Bob"), 1)
		}, []string{
			`message 131 #6 SB bob@example.com: different MSG: text is "Hullo Bob, schöne Grüße vom Café", recorded was "Hello Bob, schöne Grüße vom Café"`}},
	} {
		bubbled(t, test.what, func(t *bubble) {
			r := play(t, ClientConfig{Story: tell(t, demo), Server: newRelay(t, proxytest.Config{}, test.alter).DS,
				Accounts: demoPasswords(), Timeout: 300 * time.Millisecond})
			var got []string
			for i := range r.list {
				if !r.list[i].Note {
					got = append(got, r.list[i].String())
				}
			}
			if r.err != nil || len(got) < len(test.want) {
				t.Fatalf("%v\n%s", r.err, r)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("%s\nwant\n%s", got[i], want)
				}
			}
			t.Logf("%+v\n%s", r.Result, r)
		})
	}
}

// swap lets the line that begins with a come after the one that begins with b.
func swap(a, b string) func(decode.Role, string, []byte) []byte {
	var held []byte
	done := false
	return func(_ decode.Role, line string, frame []byte) []byte {
		switch {
		case done:
		case held == nil && strings.HasPrefix(line, a):
			held = bytes.Clone(frame)
			return nil
		case held != nil && strings.HasPrefix(line, b):
			done = true
			return append(bytes.Clone(frame), held...)
		}
		return frame
	}
}

// A recording's clients against a server of the same recording, all users at once.
// What the client records is the same again.
func TestClientServer(t *testing.T) {
	for name, path := range recordings() {
		bubbled(t, name, func(t *bubble) {
			original, file := tell(t, path), filepath.Join(t.TempDir(), "again.pcapng")
			s, e := serve(t, ServerConfig{Story: tell(t, path)})
			recorder, end := recordTo(t, file)
			r := play(t, ClientConfig{Story: original, Server: s.Addr().String(), Recorder: recorder})
			end()
			clean(t, r)
			if got := e.of(unusual...); got != nil {
				t.Errorf("the server: %q", got)
			}
			sameStory(t, original, tell(t, file))
		})
	}
}

// With a proxy between the two: its recording is the same again, too.
func TestClientProxyServer(t *testing.T) {
	for name, path := range recordings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			original, file := tell(t, path), filepath.Join(t.TempDir(), "again.pcapng")
			s, _ := serve(t, ServerConfig{Story: tell(t, path)})
			recorder, end := recordTo(t, file)
			p, err := proxy.New(proxy.Config{Upstream: s.Addr().String(), Listen: "127.0.0.1:0", Recorder: recorder})
			if err == nil {
				err = p.Listen()
			}
			if err != nil {
				t.Fatal(err)
			}
			served := make(chan error, 1)
			go func() { served <- p.Serve(context.Background()) }()
			r := play(t, ClientConfig{Story: original, Server: p.Addr().String()})
			if err := p.Shutdown(within(t, soon)); err != nil {
				t.Error(err)
			}
			if err := <-served; err != nil {
				t.Error(err)
			}
			end()
			clean(t, r)
			sameStory(t, original, tell(t, file))
		})
	}
}

// sameStory fails the test where two recordings differ in anything but what is between the
// clients.
func sameStory(t testing.TB, a, b *story.Story) {
	t.Helper()
	report, err := compare.Stories(a, b, compare.Options{Keep: func(m *decode.Message) bool { return m.Conn.Role != decode.FTP }})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range report.Sessions {
		for _, c := range s.Conns {
			if c.Kind() == compare.Missing && c.A.Role == decode.FTP {
				continue
			}
			if c.Kind() != compare.Same || c.Differences > 0 {
				t.Errorf("%s: connection %v: %s, %d differences, ends %q and %q", s.Account(), c.Role(), c.Kind(), c.Differences, c.EndA, c.EndB)
			}
			for _, step := range c.Steps {
				if step.Kind != compare.Same {
					t.Errorf("%s: %+v %+v %v", step.Kind, step.A, step.B, step.Fields)
				}
			}
		}
	}
}
