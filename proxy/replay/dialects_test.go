package replay

import (
	"context"
	"io"
	"path/filepath"
	"testing"

	"msnproxy/capture"
	"msnproxy/decode/check"
	"msnproxy/proxy"
	"msnproxy/proxy/proxytest"
)

// dialects are all that the test server speaks.
var dialects = []string{"MSNP2", "MSNP3", "MSNP4", "MSNP5", "MSNP6", "MSNP7", "MSNP8", "MSNP9", "MSNP10", "MSNP11", "MSNP12", "MSNP13", "MSNP14",
	"MSNP15", "MSNP16", "MSNP17", "MSNP18", "MSNP21"}

// The script of each dialect, through a proxy that records: nothing is to be said of the
// recording, and it plays both ways, to a live client, to a live server that checks
// passwords and tickets, and to itself.
func TestDialects(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			offered := []string{dialect, "CVR0"}
			file := recordScript(t, offered)
			for _, l := range findings(t, file) {
				t.Error(l.String())
			}

			s, e := serve(t, ServerConfig{Story: tell(t, file)})
			// The second time from other machines.
			for _, endPoints := range []map[string]string{nil, {"alice@example.com": "{aaaaaaaa-0000-0000-0000-000000000001}", "bob@example.com": "{bbbbbbbb-0000-0000-0000-000000000002}"}} {
				if err := (proxytest.Script{Dialects: offered, EndPoints: endPoints}).Run(within(t, soon), s.Addr().String(), nil); err != nil {
					t.Fatalf("a live client at %v: %v\n%s", endPoints, err, e)
				}
			}
			if got := e.of(unusual...); got != nil {
				t.Errorf("a live client: %q", got)
			}
			r := play(t, ClientConfig{Story: tell(t, file), Server: s.Addr().String()})
			if r.err != nil || r.Differences+r.Notes+r.Skipped > 0 {
				t.Errorf("against itself: %+v, %v\n%s", r.Result, r.err, r)
			}
			for _, p := range s.Summary() {
				if !p.Whole {
					t.Errorf("%s", p)
				}
			}

			r = play(t, ClientConfig{Story: tell(t, file), Server: demoServer(t, proxytest.Config{Dialects: offered, Seed: 1}).DS, Accounts: demoPasswords(), ClearText: true})
			if r.err != nil || r.Differences > 0 {
				t.Errorf("a live server: %+v, %v\n%s", r.Result, r.err, r)
			}
		})
	}
}

// recordScript records the script in a dialect, by a proxy, and returns the file.
func recordScript(t *testing.T, offered []string) string {
	t.Helper()
	server := demoServer(t, proxytest.Config{Dialects: offered})
	file := filepath.Join(t.TempDir(), "script.pcapng")
	recorder, end := recordTo(t, file)
	p, err := proxy.New(proxy.Config{Upstream: server.DS, Listen: "127.0.0.1:0", Recorder: recorder, Allow: []string{server.NS, server.SB}})
	if err == nil {
		err = p.Listen()
	}
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- p.Serve(context.Background()) }()
	if err := (proxytest.Script{Dialects: offered}).Run(within(t, soon), p.Addr().String(), server); err != nil {
		t.Error(err)
	}
	if err := p.Shutdown(within(t, soon)); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	end()
	return file
}

// findings are all that the rules say of a recording.
func findings(t *testing.T, file string) (all []check.Located) {
	t.Helper()
	in, err := capture.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	f := capture.NewFollower(capture.FollowOptions{Check: true})
	for {
		r, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f.Findings(f.Record(r))...)
	}
	if f.Messages() < 30 {
		t.Errorf("%d messages are too few for the script", f.Messages())
	}
	return append(all, f.Finish()...)
}
