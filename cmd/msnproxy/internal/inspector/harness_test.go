package inspector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
)

// bench is an inspector on a screen that is none, driven step by step: each key is
// taken and the screen drawn before the next one, as fast as that goes and always
// in the same order.
type bench struct {
	t      testing.TB
	ins    *Inspector
	x      *index.Index
	screen tcell.SimulationScreen
	posts  chan func()
	now    time.Time
	quit   bool
	kept   []string
	feeds  map[string]*capture.Reader
	w, h   int
}

// home is where the tests began: flows go elsewhere, to save there.
var home, _ = os.Getwd()

// repository is where captures are named from.
var repository = filepath.Join(home, "../../../..")

// captures are the recordings that screens are made of, by a short name.
var captures = []struct{ name, path string }{
	{"escargot-amsn", "capture/testdata/escargot-amsn082-msnp7.pcap"},
	{"escargot-twisted", "capture/testdata/escargot-twisted-msnp7.pcap"},
	{"goserver", "capture/testdata/goserver-amsn052-msnp2-ds-ns-sb.pcap"},
	{"javaserver", "capture/testdata/javaserver-amsn082-msnp7.pcap"},
	{"demo", "cmd/msnproxy/internal/chat/testdata/demo.pcapng"},
}

// find returns the path of a recording: one of captures by its short name or that
// of its file, or one in testdata.
func find(t testing.TB, name string) string {
	t.Helper()
	for _, c := range captures {
		if name == c.name || name == filepath.Base(c.path) {
			return filepath.Join(repository, c.path)
		}
	}
	for _, dir := range []string{filepath.Join(home, "testdata"), filepath.Join(repository, "capture/testdata"), filepath.Join(repository, "cmd/msnproxy/testdata/later")} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatalf("there is no recording %s", name)
	return ""
}

// openBench shows a recording that is read to its end; path "": live traffic,
// which feed brings.
func openBench(t testing.TB, path string, w, h int, o Options) *bench {
	t.Helper()
	b := &bench{t: t, posts: make(chan func(), 100), now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), w: w, h: h,
		feeds: make(map[string]*capture.Reader)}
	b.x = index.New(index.Options{SpoolDir: t.TempDir()})
	t.Cleanup(b.x.Close)
	if path != "" {
		b.load(path)
		o.Title = filepath.Base(path)
	} else {
		o.Live, o.Title = true, "messenger.example.com"
	}
	o.Index, o.Location, o.Now = b.x, time.UTC, func() time.Time { return b.now }
	if o.Theme == "" {
		o.Theme = "dark"
	}
	if o.ConfigDir == "" {
		o.ConfigDir = t.TempDir()
	}
	b.ins = New(o)
	t.Cleanup(func() {
		b.ins.jobs.stop()
		b.ins.endJob()
		b.ins.rows.Close()
	})
	b.ins.posted = func(f func()) { b.posts <- f }
	b.ins.quit = func() { b.quit = true }
	b.screen = tcell.NewSimulationScreen("UTF-8")
	if err := b.screen.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.screen.Fini)
	b.ins.screen = b.screen
	b.resize(w, h)
	return b
}

func (b *bench) load(path string) {
	b.t.Helper()
	in, err := capture.Open(path)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { in.Close() })
	file, err := os.Open(path)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { file.Close() })
	if err := b.x.Load(in, file, filepath.Base(path), nil); err != nil {
		b.t.Fatal(err)
	}
	if !b.x.Summary().Done {
		b.t.Fatalf("%s is not read to its end", path)
	}
}

// feed adds the next n records of a recording to live traffic; n < 0: all that are
// left.
func (b *bench) feed(path string, n int) {
	b.t.Helper()
	in := b.feeds[path]
	if in == nil {
		var err error
		if in, err = capture.Open(path); err != nil {
			b.t.Fatal(err)
		}
		b.t.Cleanup(func() { in.Close() })
		b.feeds[path] = in
	}
	for ; n != 0; n-- {
		r, err := in.Next()
		if err != nil {
			if n > 0 {
				b.t.Fatalf("%s has no more records: %v", path, err)
			}
			break
		}
		if err := b.x.Add(r); err != nil {
			b.t.Fatal(err)
		}
	}
	b.settle()
}

func (b *bench) resize(w, h int) {
	b.w, b.h = w, h
	b.screen.SetSize(w, h)
	b.ins.SetRect(0, 0, w, h)
	b.settle()
}

func (b *bench) draw() {
	b.ins.Draw(b.screen)
	b.screen.Show()
}

// settleFor bounds how long what goroutines work out may take.
const settleFor = 10 * time.Second

// settle draws, and waits until nothing is under way.
func (b *bench) settle() {
	b.t.Helper()
	b.draw()
	deadline := time.Now().Add(settleFor)
	for {
		if !b.ins.paused {
			b.ins.rows.Wait()
			b.ins.tick()
		}
		select {
		case f := <-b.posts:
			f()
			continue
		default:
		}
		if b.draw(); !b.busy() { // drawing may have begun something
			break
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("after %v something is still under way; the screen:\n%s", settleFor, b.text())
		}
		select {
		case f := <-b.posts:
			f()
		case <-time.After(10 * time.Millisecond):
		}
	}
	if wrong := b.wrong(); wrong != "" {
		b.t.Fatalf("the screen is wrong: %s\n%s", wrong, b.text())
	}
}

// busy reports whether something that goroutines work out is still to come.
func (b *bench) busy() bool {
	return b.ins.working() || b.ins.search != nil || b.ins.job != nil
}

func (b *bench) key(name string) {
	b.t.Helper()
	ev, err := keyEvent(name)
	if err != nil {
		b.t.Fatal(err)
	}
	b.ins.Key(ev)
	b.settle()
}

// keyEvent returns the event of a key by its name: that of the actions, or what
// keyName makes of it.
func keyEvent(name string) (*tcell.EventKey, error) {
	switch name {
	case "Space":
		return tcell.NewEventKey(tcell.KeyRune, ' ', 0), nil
	case "Shift-Tab":
		name = "Backtab"
	}
	for k, n := range specialKeys {
		if n == name {
			return tcell.NewEventKey(k, 0, 0), nil
		}
	}
	if c, ok := strings.CutPrefix(name, "Ctrl-"); ok && len(c) == 1 && c >= "A" && c <= "Z" {
		return tcell.NewEventKey(tcell.KeyCtrlA+tcell.Key(c[0]-'A'), 0, tcell.ModCtrl), nil
	}
	if r := []rune(name); len(r) == 1 {
		return tcell.NewEventKey(tcell.KeyRune, r[0], 0), nil
	}
	return nil, fmt.Errorf("there is no key %s", name)
}

func (b *bench) mouse(action tview.MouseAction, x, y int) {
	b.t.Helper()
	b.ins.MouseHandler()(action, tcell.NewEventMouse(x, y, tcell.Button1, 0), func(tview.Primitive) {})
	b.settle()
}

// keep takes what would be written into a recording.
func (b *bench) keep(r *capture.Record) error {
	if r.About == nil {
		return errors.New("a remark about nothing")
	}
	b.kept = append(b.kept, fmt.Sprintf("%+v %s", *r.About, r.Text))
	return nil
}

// line returns what stands in a line.
func (b *bench) line(y int) []square { return squares(b.screen, y) }

// lineText returns a line of the screen, with the blanks at its end.
func (b *bench) lineText(y int) string {
	var s strings.Builder
	for _, c := range b.line(y) {
		s.WriteString(c.s)
	}
	return s.String()
}

func (b *bench) text() string { return Text(b.screen) }

// selected returns the text of the selected line of a pane: all of its lines, where
// it has several.
func (b *bench) selected(id paneID) string {
	r := b.ins.places[id]
	var lines []string
	for y := r.y; y < r.y+r.h; y++ {
		if s := b.raised(r, y); s != "" {
			lines = append(lines, s)
		}
	}
	return strings.Join(lines, "\n")
}

// raised returns the part of a line that a pane has, if it is drawn as selected.
func (b *bench) raised(r rect, y int) string {
	var s strings.Builder
	x, hits := 0, 0
	for _, c := range b.line(y) {
		if x >= r.x && x < r.x+r.w {
			s.WriteString(c.s)
			if b.isRaised(c.style) {
				hits++
			}
		}
		x += c.w
	}
	if hits*2 <= r.w && !(hits > 0 && b.ins.theme.raised == tcell.ColorDefault) {
		return ""
	}
	return strings.TrimRight(s.String(), " ")
}

func (b *bench) isRaised(s tcell.Style) bool {
	t := b.ins.theme
	_, bg, attrs := s.Decompose()
	if t.raised == tcell.ColorDefault {
		return attrs&tcell.AttrReverse != 0 || s.GetUnderlineStyle() != tcell.UnderlineStyleNone
	}
	return bg == t.raised || bg == t.sunk
}

// statusLine returns the line that says everything that is on.
func (b *bench) statusLine() string {
	bottom := 2
	if b.ins.noHints {
		bottom = 1
	}
	return strings.TrimSpace(b.lineText(b.h - bottom))
}

// where returns the place of a text on the screen.
func (b *bench) where(text string) (x, y int, ok bool) {
	for y := range b.h {
		cells := b.line(y)
		x := 0
		for i := range cells {
			var rest strings.Builder
			for _, c := range cells[i:] {
				if rest.Len() >= len(text) {
					break
				}
				rest.WriteString(c.s)
			}
			if strings.HasPrefix(rest.String(), text) {
				return x, y, true
			}
			x += cells[i].w
		}
	}
	return 0, 0, false
}

// size reads 120x40.
func size(s string) (w, h int, err error) {
	a, b, ok := strings.Cut(s, "x")
	if !ok {
		return 0, 0, fmt.Errorf("a size is like 80x24, not %s", s)
	}
	if w, err = strconv.Atoi(a); err != nil {
		return 0, 0, err
	}
	h, err = strconv.Atoi(b)
	return w, h, err
}
