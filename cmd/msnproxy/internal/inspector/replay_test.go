package inspector

import (
	"context"
	"strings"
	"testing"
	"time"

	"msnproxy/capture/story"
	"msnproxy/proxy/replay"
)

// replayServer serves a recording until the test ends, and returns its address.
func replayServer(t *testing.T, path string, passwords map[string]string) string {
	t.Helper()
	s, err := story.Open(path, story.Options{SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	server, err := replay.NewServer(replay.ServerConfig{Story: s, Listen: "127.0.0.1:0", Passwords: passwords, Patience: time.Second})
	if err == nil {
		err = server.Listen()
	}
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		<-ended
		s.Close()
	})
	return server.Addr().String()
}

// A replay to a server that does as recorded: each answer stands beside the
// recorded one, and none differs.
func TestReplay(t *testing.T) {
	path := find(t, "demo")
	b := openBench(t, path, 120, 40, Options{})
	b.ins.command("go 130")
	b.ins.command("replay " + replayServer(t, path, nil) + " bob@example.com=bob@example.com:x")
	b.settle()
	s := b.ins.replayed
	if s == nil || b.ins.overlay != s {
		t.Fatalf("no replay is shown:\n%s", b.text())
	}
	compared := 0
	for _, l := range s.lines {
		switch l.mark {
		case sheetDiffers, sheetMissing, sheetExtra, sheetWaiting:
			t.Errorf("%s %s %q %q", l.name, l.mark.sign(), l.left, l.right)
		}
		if strings.Contains(l.name, "←") && l.mark == sheetSame && l.right != "" {
			compared++
		}
	}
	if compared < 100 {
		t.Errorf("%d answers stand beside the recorded ones:\n%s", compared, b.text())
	}
	if !strings.Contains(b.ins.toast.text, "0 differences") {
		t.Errorf("said %q", b.ins.toast.text)
	}
	b.key("G")
	b.key("Enter")
	if b.ins.overlay != nil || b.ins.x.Row(b.ins.sel).Number < 150 {
		t.Errorf("Enter leads to message %d", b.ins.x.Row(b.ins.sel).Number)
	}
	b.key("R")
	if b.ins.overlay != s {
		t.Error("R does not show the replay again")
	}
}

// A server that refuses the password: the difference stands at the message, and
// what to do about it is said.
func TestReplayRefused(t *testing.T) {
	path := find(t, "demo")
	b := openBench(t, path, 120, 40, Options{})
	b.ins.command("go 5")
	b.ins.command("replay " + replayServer(t, path, map[string]string{"alice@example.com": "other"}))
	b.settle()
	marked := false
	for _, l := range b.ins.replayed.lines {
		marked = marked || l.mark == sheetDiffers && strings.Contains(l.right, "911")
	}
	if !marked {
		t.Errorf("the refusal is not shown:\n%s", b.text())
	}
	if text := b.ins.toast.text; !b.ins.toast.bad || !strings.Contains(text, "alice@example.com") || !strings.Contains(text, "password") {
		t.Errorf("said %q", text)
	}
}

// What can't be: no session, no server, nobody there.
func TestReplayTrouble(t *testing.T) {
	b := openBench(t, find(t, "demo"), 120, 40, Options{})
	b.ins.command("go 5")
	for _, c := range []struct{ typed, want string }{
		{"replay 127.0.0.1:1", "cannot connect"},
		{"replay 127.0.0.1:1 alice", "OLD=NEW:PASSWORD"},
		{"replay 127.0.0.1:1 dora@example.com=:x", "does not sign in"},
	} {
		b.ins.command(c.typed)
		b.settle()
		if !strings.Contains(b.ins.toast.text, c.want) {
			t.Errorf("%s: said %q, want %q", c.typed, b.ins.toast.text, c.want)
		}
		b.ins.overlay = nil
	}
}

// The prompt begins with an address of this machine, whatever server the recording is
// of: Enter signs in there.
func TestReplayPrompt(t *testing.T) {
	b := openBench(t, find(t, "escargot-amsn"), 120, 40, Options{})
	b.ins.command("go 5")
	b.key("r")
	if screen := b.text(); !strings.Contains(screen, "127.0.0.1:1863") {
		t.Errorf("no harmless address in the prompt:\n%s", screen)
	}
}

// Passwords that the program was given are for replays, too.
func TestReplayKnown(t *testing.T) {
	path := find(t, "demo")
	passwords := map[string]string{"alice@example.com": "wonderland"}
	b := openBench(t, path, 120, 40, Options{Passwords: passwords})
	b.ins.command("go 5")
	b.ins.command("replay " + replayServer(t, path, passwords))
	b.settle()
	if b.ins.toast.bad || !strings.Contains(b.ins.toast.text, "compared") {
		t.Errorf("said %q", b.ins.toast.text)
	}
}
