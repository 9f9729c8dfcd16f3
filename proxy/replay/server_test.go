package replay

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"msnproxy/capture/story"
	"msnproxy/proxy/proxytest"
)

const soon = 60 * time.Second

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

var demo = filepath.Join("..", "..", "cmd", "msnproxy", "internal", "chat", "testdata", "demo.pcapng")

func testdata(name string) string { return filepath.Join("..", "..", "capture", "testdata", name) }

// recordings are the demo and the captures of real clients and servers.
func recordings() map[string]string {
	return map[string]string{
		"demo": demo, "msnp6-sign-in": testdata("msnp6-sign-in.txt"),
		"escargot-amsn": testdata("escargot-amsn082-msnp7.pcap"), "escargot-twisted": testdata("escargot-twisted-msnp7.pcap"),
		"goserver": testdata("goserver-amsn052-msnp2-ds-ns-sb.pcap"), "javaserver": testdata("javaserver-amsn082-msnp7.pcap"),
	}
}

func tell(t testing.TB, path string) *story.Story {
	t.Helper()
	st, err := story.Open(path, story.Options{SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// events collects what a server reports.
type events struct {
	mu  sync.Mutex
	all []Event
}

func (e *events) add(ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

func (e *events) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var b strings.Builder
	for _, ev := range e.all {
		fmt.Fprintf(&b, "%s: %s\n", ev.Kind, ev)
	}
	return b.String()
}

// of returns the events of one kind, or of all but the usual ones.
func (e *events) of(kinds ...EventKind) (out []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.all {
		for _, k := range kinds {
			if ev.Kind == k {
				out = append(out, ev.String())
			}
		}
	}
	return out
}

// unusual are the kinds that a faithful client never causes.
var unusual = []EventKind{Different, ByRule, Refused, Waited, Wrong, Broken, Trouble}

// serve starts a server.
func serve(t testing.TB, cfg ServerConfig) (*Server, *events) {
	t.Helper()
	e := &events{}
	if cfg.Report == nil {
		cfg.Report = e.add
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if b, ok := t.(*bubble); ok {
		cfg.Listener, _ = b.host.Listen()
	}
	s, err := NewServer(cfg)
	if err == nil {
		err = s.Listen()
	}
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutting down: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return s, e
}

// The demo's script talks to the demo's recording: both accounts at once.
func TestScriptAgainstRecording(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  ServerConfig
	}{
		{"one port", ServerConfig{}},
		{"per target", ServerConfig{PerTarget: true}},
		{"fresh challenges, passwords", ServerConfig{FreshChallenge: true, Passwords: map[string]string{"alice@example.com": "wonderland", "bob@example.com": "builder"}}},
		{"at pace", ServerConfig{Speed: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.cfg.Story = tell(t, demo)
			s, e := serve(t, test.cfg)
			for range 2 { // it can be played again
				if err := proxytest.RunScript(within(t, soon), s.Addr().String(), nil, nil); err != nil {
					t.Fatalf("%v\n%s", err, e)
				}
			}
			if got := e.of(unusual...); got != nil {
				t.Errorf("%q", got)
			}
			for _, p := range s.Summary() {
				if !p.Whole || p.Times != 2 {
					t.Errorf("%s, %d times", p, p.Times)
				}
			}
		})
	}
}
