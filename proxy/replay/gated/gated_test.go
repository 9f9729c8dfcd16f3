package gated_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"msnproxy/capture"
	"msnproxy/capture/story"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/rule"
	"msnproxy/proxy/proxytest"
	"msnproxy/proxy/replay"
	"msnproxy/proxy/replay/gated"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const soon = 20 * time.Second

// stage is a recording's server behind a gate with rules, and what it reports.
type stage struct {
	*gated.Server
	mu   sync.Mutex
	kind map[replay.EventKind][]string
	end  func()
}

func start(t *testing.T, cfg replay.ServerConfig, rules ...string) *stage {
	t.Helper()
	st, err := story.Open(filepath.Join("..", "..", "..", "cmd", "msnproxy", "internal", "chat", "testdata", "demo.pcapng"), story.Options{SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	set := rule.New()
	for _, s := range rules {
		r, err := rule.ParseLine(s)
		if err != nil {
			t.Fatal(err)
		}
		r.Name = "r"
		set.Add(r)
	}
	b := &stage{kind: make(map[replay.EventKind][]string)}
	cfg.Story, cfg.Listen = st, "127.0.0.1:0"
	cfg.Report = func(e replay.Event) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.kind[e.Kind] = append(b.kind[e.Kind], e.Text)
	}
	b.Server, err = gated.New(cfg, gate.New(gate.Options{Rules: set, Alone: true, Follow: capture.FollowOptions{Check: true}}))
	if err == nil {
		err = b.Listen()
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- b.Serve(ctx) }()
	b.end = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		st.Close()
	})
	t.Cleanup(b.end)
	return b
}

// said is what was reported of a kind.
func (b *stage) said(kind replay.EventKind) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.kind[kind], "\n")
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	t.Cleanup(cancel)
	return ctx
}

func dial(t *testing.T, b *stage) *proxytest.Client {
	t.Helper()
	c, err := proxytest.Dial(within(t), b.Addr().String(), proxytest.Options{Account: "alice@example.com", Password: "wonderland"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// With rules that change nothing the recording is played as without a gate: the redirects
// lead to the proxy, with one port or several.
func TestUntouched(t *testing.T) {
	for _, perTarget := range []bool{false, true} {
		t.Run(fmt.Sprint(perTarget), func(t *testing.T) {
			b := start(t, replay.ServerConfig{PerTarget: perTarget, Patience: 5 * time.Second}, `mark a if verb == "RNG"`)
			if err := proxytest.RunScript(within(t), b.Addr().String(), nil, nil); err != nil {
				t.Fatal(err)
			}
			b.end()
			for _, kind := range []replay.EventKind{replay.Changed, replay.Different, replay.ByRule, replay.Refused, replay.Waited, replay.Broken} {
				if s := b.said(kind); s != "" {
					t.Errorf("%s: %s", kind, s)
				}
			}
			for _, p := range b.Summary() {
				if !p.Whole {
					t.Error(p)
				}
			}
		})
	}
}

// What the server says is broken, and the client gets it so.
func TestServerBroken(t *testing.T) {
	b := start(t, replay.ServerConfig{}, `replace "911 {trid}" if verb == "SYN" and from == "server"`)
	var refused *proxytest.ServerError
	if _, err := dial(t, b).Sync(within(t), 0); !errors.As(err, &refused) || refused.Code != 911 {
		t.Errorf("SYN was answered %v", err)
	}
	if s := b.said(replay.Changed); s != `rule "r" changes SYN of the server` {
		t.Errorf("changed: %q", s)
	}
}

// What a rule makes of what the client says is not the client's: it is no difference, and
// what it withheld was asked.
func TestClientChanged(t *testing.T) {
	b := start(t, replay.ServerConfig{Patience: 200 * time.Millisecond}, `set status = "AWY" if verb == "CHG" and from == "client"`, `drop if verb == "URL" and from == "client"`)
	c := dial(t, b)
	ctx := within(t)
	if _, err := c.Sync(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if err := c.SetStatus(ctx, "NLN"); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(ctx, []byte("URL 77 INBOX\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	b.end()
	changed := b.said(replay.Changed)
	for _, want := range []string{`rule "r" changes CHG of the client`, `made by rule "r": asked CHG`, `which is not quite message`, `rule "r (2)" withholds URL of the client`} {
		if !strings.Contains(changed, want) {
			t.Errorf("no %q in\n%s", want, changed)
		}
	}
	if s := b.said(replay.Different) + b.said(replay.ByRule); s != "" {
		t.Errorf("counted as the client's: %s", s)
	}
	p := b.Summary()[0]
	if p.Withheld != 1 || p.Whole || !strings.Contains(p.String(), "the gate withheld 1 requests") {
		t.Errorf("%+v", p)
	}
	for _, a := range p.Unasked {
		if a.Name == "URL" {
			t.Errorf("URL in message %d was asked", a.Message)
		}
	}
}

// Bytes that are no command are not the client's either, and what rules add is told.
func TestClientSpoilt(t *testing.T) {
	b := start(t, replay.ServerConfig{}, `raw "!!\r\n" if verb == "PNG"`, `send server "URL 0 INBOX" if verb == "CVR" and from == "client"`)
	c := dial(t, b)
	if _, err := c.CheckVersion(within(t)); err != nil {
		t.Fatal(err)
	}
	_ = c.Write(within(t), []byte("PNG\r\n"))
	for deadline := time.Now().Add(soon); !strings.Contains(b.said(replay.Changed), "sends what is no MSNP") && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	changed := b.said(replay.Changed)
	for _, want := range []string{`rule "r (2)" sends URL as the client`, `rule "r" changes PNG of the client`, `made by rule "r": sends what is no MSNP`} {
		if !strings.Contains(changed, want) {
			t.Errorf("no %q in\n%s", want, changed)
		}
	}
	if s := b.said(replay.Broken); s != "" {
		t.Errorf("counted as the client's: %s", s)
	}
}
