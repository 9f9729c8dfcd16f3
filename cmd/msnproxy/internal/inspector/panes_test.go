package inspector

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

func init() {
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "write the goldens anew")
	}
}

// paneBench is an inspector on a screen that is none.
type paneBench struct {
	t      testing.TB
	ins    *Inspector
	x      *index.Index
	screen tcell.SimulationScreen
	posts  chan func()
	now    time.Time
}

var paneCaptures = map[string]string{
	"amsn":    "capture/testdata/escargot-amsn082-msnp7.pcap",
	"twisted": "capture/testdata/escargot-twisted-msnp7.pcap",
	"go":      "capture/testdata/goserver-amsn052-msnp2-ds-ns-sb.pcap",
	"java":    "capture/testdata/javaserver-amsn082-msnp7.pcap",
	"demo":    "cmd/msnproxy/internal/chat/testdata/demo.pcapng",
	"signin":  "capture/testdata/msnp6-sign-in.txt", // no conversation
}

func paneCapture(name string) string {
	return filepath.Join("..", "..", "..", "..", filepath.FromSlash(paneCaptures[name]))
}

// newPaneBench shows live traffic, of which none has come.
func newPaneBench(t testing.TB, o Options) *paneBench {
	b := &paneBench{t: t, x: index.New(index.Options{SpoolDir: t.TempDir()}), posts: make(chan func(), 1000), now: time.Unix(1_800_000_000, 0)}
	o.Index, o.Location, o.Theme = b.x, time.UTC, "dark"
	o.Now = func() time.Time { return b.now }
	b.ins = New(o)
	b.ins.posted = func(f func()) { b.posts <- f }
	b.screen = tcell.NewSimulationScreen("UTF-8")
	if err := b.screen.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.ins.jobs.stop()
		b.ins.rows.Wait()
		b.ins.rows.Close()
		b.screen.Fini()
		b.x.Close()
	})
	b.size(120, 40)
	return b
}

// openPaneBench shows a recording that is read to its end.
func openPaneBench(t testing.TB, name string) *paneBench {
	t.Helper()
	b := newPaneBench(t, Options{})
	for _, r := range paneRecords(t, name) {
		if err := b.x.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	b.x.Finish()
	b.settle()
	return b
}

// paneRecords reads the records of a capture, which stay as they are.
func paneRecords(t testing.TB, name string) (list []*capture.Record) {
	t.Helper()
	in, err := capture.Open(paneCapture(name))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		kept := *r
		kept.Frame.Raw = append([]byte(nil), r.Frame.Raw...)
		if r.Sent != nil {
			kept.Sent = append([]byte(nil), r.Sent...)
		}
		list = append(list, &kept)
	}
}

func (b *paneBench) size(w, h int) {
	b.screen.SetSize(w, h)
	b.ins.SetRect(0, 0, w, h)
	b.settle()
}

// settle draws until nothing is under way.
func (b *paneBench) settle() {
	b.t.Helper()
	for range 100 {
		b.now = b.now.Add(2 * time.Second) // nothing waits because it was done just now
		b.ins.rows.Wait()
		b.ins.Draw(b.screen)
		if !b.ins.working() {
			return
		}
		select {
		case f := <-b.posts:
			f()
		case <-time.After(10 * time.Second):
			b.t.Fatal("nothing comes of what is under way")
		}
	}
	b.t.Fatal("it never ends")
}

// keys presses keys by their names.
func (b *paneBench) keys(names string) {
	b.t.Helper()
	for _, name := range strings.Fields(names) {
		ev := tcell.NewEventKey(tcell.KeyRune, []rune(name)[0], 0)
		for k, n := range specialKeys {
			if n == name {
				ev = tcell.NewEventKey(k, 0, 0)
			}
		}
		b.ins.Key(ev)
		b.settle()
	}
}

// command types a command.
func (b *paneBench) command(text string) {
	b.t.Helper()
	b.ins.command(text)
	b.settle()
}

// text returns the screen, a line a string, without what stands at the left.
func (b *paneBench) text() []string {
	w, h := b.screen.Size()
	var lines []string
	for y := range h {
		var line strings.Builder
		for x := 0; x < w; {
			s, _, width := b.screen.Get(x, y)
			line.WriteString(strings.ReplaceAll(s, string(leftMark), ""))
			x += max(width, 1)
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

// main returns the lines of the view.
func (b *paneBench) main() []string {
	r := b.ins.places[mainPane]
	var lines []string
	for y := r.y; y < r.y+r.h; y++ {
		var line strings.Builder
		for x := r.x; x < r.x+r.w; {
			s, _, width := b.screen.Get(x, y)
			line.WriteString(s)
			x += max(width, 1)
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

func (b *paneBench) sees(want string) {
	b.t.Helper()
	if s := strings.Join(b.main(), "\n"); !strings.Contains(s, want) {
		b.t.Errorf("%q is not there:\n%s", want, s)
	}
}

func (b *paneBench) seesNot(want string) {
	b.t.Helper()
	if s := strings.Join(b.main(), "\n"); strings.Contains(s, want) {
		b.t.Errorf("%q is there:\n%s", want, s)
	}
}

// selectedLine returns the line of the view that is lit, from its first lit cell on.
func (b *paneBench) selectedLine() string {
	r := b.ins.places[mainPane]
	for y := r.y; y < r.y+r.h; y++ {
		_, style, _ := b.screen.Get(r.x+r.w-1, y)
		if _, behind, _ := style.Decompose(); behind == b.ins.theme.raised || behind == b.ins.theme.sunk {
			return strings.TrimSpace(b.main()[y-r.y])
		}
	}
	return ""
}

// paneLine makes a frame of a message on a connection.
func (b *paneBench) paneLine(conn *capture.Conn, from decode.Sender, raw string) {
	b.t.Helper()
	var f decode.Framer
	var fr decode.Frame
	f.Feed([]byte(raw))
	for f.Next(&fr) {
		b.now = b.now.Add(time.Millisecond)
		if err := b.x.Add(&capture.Record{Kind: capture.Data, Conn: conn, From: from, Time: b.now, Frame: fr}); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *paneBench) paneOpen(id uint32) *capture.Conn {
	b.t.Helper()
	c := &capture.Conn{ID: id, Client: fmt.Sprintf("10.0.0.%d:1111", id), Server: "10.1.0.1:1863"}
	if err := b.x.Add(&capture.Record{Kind: capture.Opened, Conn: c, Time: b.now}); err != nil {
		b.t.Fatal(err)
	}
	return c
}

// Findings by rule at each size; the other screens are those of TestScreens. The
// goldens are the program's own output, and were looked at.
func TestPanesGolden(t *testing.T) {
	for _, size := range []struct{ w, h int }{{80, 24}, {120, 40}, {200, 60}} {
		for _, name := range []string{"demo", "amsn", "twisted"} {
			b := openPaneBench(t, name)
			for _, view := range []struct{ name, keys string }{
				{"findings-rule", "4 l j j"},
			} {
				b.ins.setView(messagesView)
				b.ins.sel, b.ins.focus = 0, mainPane
				*b.ins.main[findingsView].(*findingsPane) = *newFindingsPane(b.ins).(*findingsPane)
				if view.name == "findings-rule" {
					b.command("severity note")
				}
				b.size(size.w, size.h)
				b.keys(view.keys)
				b.ins.toast.text = ""
				b.settle()
				paneGolden(t, fmt.Sprintf("%s-%s-%dx%d", view.name, name, size.w, size.h), strings.Join(b.text(), "\n")+"\n")
			}
		}
	}
}

func paneGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "panes", name+".txt")
	if on, _ := strconv.ParseBool(flag.Lookup("update").Value.String()); on {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: %s", path, diff)
	}
}

// What is under way when the screen ends, ends with it, and what is not wanted any
// more is not shown.
func TestTaskEnds(t *testing.T) {
	b := newPaneBench(t, Options{})
	work := task{ins: b.ins}
	begun, shown := make(chan bool), ""
	work.start(0, func(c context.Context) func() { close(begun); <-c.Done(); return func() { shown = "first" } })
	<-begun
	work.start(0, func(context.Context) func() { return func() { shown = "second" } })
	(<-b.posts)()
	if shown != "second" || work.busy() {
		t.Errorf("%q, busy: %v", shown, work.busy())
	}
	done := make(chan bool)
	work.start(0, func(context.Context) func() { defer close(done); return func() { shown = "third" } })
	<-done
	f := <-b.posts
	work.stop()
	if f(); shown != "second" {
		t.Error("what was stopped is shown")
	}
	work.start(time.Hour, func(context.Context) func() { t.Error("worked too early"); return nil })
	b.ins.jobs.stop()
}
