package inspector

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

var update = flag.Bool("update", false, "write the goldens and the pictures anew")

// blankScreen returns an empty screen.
func blankScreen(t testing.TB, w, h int) tcell.SimulationScreen {
	t.Helper()
	s := tcell.NewSimulationScreen("UTF-8")
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Fini)
	s.SetSize(w, h)
	return s
}

// demoRecording is the recording that the pictures are made of.
var demoRecording = filepath.Join("..", "chat", "testdata", "demo.pcapng")

// inspect returns an inspector on a recording that is read to its end, with the
// dark theme and UTC times. What its goroutines want done on the screen's goes to
// the channel.
func inspect(t testing.TB, path string, w, h int, o Options) (*Inspector, chan func()) {
	t.Helper()
	x := index.New(index.Options{SpoolDir: t.TempDir()})
	t.Cleanup(x.Close)
	in, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	if err := x.Load(in, file, path, nil); err != nil {
		t.Fatal(err)
	}
	o.Index, o.Title, o.Location = x, filepath.Base(path), time.UTC
	if o.Theme == "" {
		o.Theme = "dark"
	}
	o.Now = func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }
	ins := New(o)
	t.Cleanup(ins.rows.Close)
	posts := make(chan func(), 10)
	ins.posted = func(f func()) { posts <- f }
	ins.SetRect(0, 0, w, h)
	ins.tick()
	return ins, posts
}

// goldenFile compares with a file of testdata, or with -update writes it.
func goldenFile(t testing.TB, path string, got []byte) {
	t.Helper()
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, got, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what is made now (go test -update writes it): %s", path, diff)
	}
}

// mixed is a screen with all that makes columns crooked.
func mixed(t testing.TB) tcell.SimulationScreen {
	s := blankScreen(t, 30, 7)
	c := canvas{rect: rect{0, 0, 30, 7}, s: s, theme: darkTheme()}
	c.fill(0, 0, 30, c.bar)
	c.text(1, 0, 28, "wide 日本語 <&\"'> e\u0301x", c.bar)
	c.text(0, 1, 30, "שלום عليكم ok", c.client)
	c.rule(2, '─', c.border)
	c.text(5, 2, 3, "[a]", c.strong)
	for y := 2; y < 6; y++ {
		c.s.SetContent(20, y, '│', nil, c.borderOn)
	}
	c.s.SetContent(20, 2, '┬', nil, c.borderOn)
	c.text(0, 3, 20, "smile 🙂 → ✗", c.err)
	c.text(22, 3, 8, "▀▁▃▅█▌", c.note)
	c.text(0, 4, 20, "reversed", tcell.StyleDefault.Reverse(true))
	c.text(10, 4, 9, "dim", tcell.StyleDefault.Dim(true).Italic(true))
	c.text(0, 5, 20, "under line", tcell.StyleDefault.Underline(true).Foreground(tcell.ColorTeal))
	c.text(0, 6, 20, "\x1b[31m", c.theme.text)
	return s
}

func TestText(t *testing.T) {
	s := mixed(t)
	goldenFile(t, filepath.Join("testdata", "mixed.txt"), []byte(Text(s)+"\n"+Styles(s)))
}

func TestSVG(t *testing.T) {
	s := mixed(t)
	for _, light := range []bool{false, true} {
		name := map[bool]string{false: "mixed-dark.svg", true: "mixed-light.svg"}[light]
		got := SVG(s, "a <title>", light)
		goldenFile(t, filepath.Join("testdata", name), got)
		d := xml.NewDecoder(bytes.NewReader(got))
		var text strings.Builder
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s is no XML: %v", name, err)
			}
			if c, ok := token.(xml.CharData); ok {
				text.Write(c)
			}
		}
		for _, want := range []string{"a <title>", "wide", "日", "<&\"'>", "e\u0301x", "שלום", "🙂", `\x1b[31m`} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
		if strings.ContainsRune(text.String(), leftMark) {
			t.Errorf("%s has marks of the terminal's", name)
		}
	}
}

// The pictures of the documentation are made of the program's own screens.
func TestPictures(t *testing.T) {
	transfers := find(t, "transfers.txt")
	for _, p := range []struct {
		name      string
		recording string
		keys      func(*Inspector)
	}{
		{"messages", demoRecording, func(*Inspector) {}},
		{"ladder", demoRecording, func(ins *Inspector) { ins.setView(ladderView) }},
		{"chat", demoRecording, func(ins *Inspector) {
			ins.selectRow(rowWith(t, ins, "MSG", decode.Client))
			ins.setView(chatView)
		}},
		{"findings", demoRecording, func(ins *Inspector) { ins.setView(findingsView) }},
		{"stats", demoRecording, func(ins *Inspector) { ins.setView(statsView) }},
		{"transfers", transfers, func(ins *Inspector) { ins.setView(transfersView) }},
		{"help", demoRecording, (*Inspector).showHelp},
	} {
		t.Run(p.name, func(t *testing.T) {
			ins, posts := inspect(t, p.recording, 120, 36, Options{})
			s := blankScreen(t, 120, 36)
			ins.Draw(s)
			ins.goTo("49") // a redirect
			ins.toast = toast{}
			p.keys(ins)
			ins.Draw(s)
			for quiet := false; !quiet; { // what panes work out by themselves
				select {
				case f := <-posts:
					f()
					ins.Draw(s)
				case <-time.After(100 * time.Millisecond):
					quiet = true
				}
			}
			ins.Draw(s)
			goldenFile(t, filepath.Join("..", "..", "..", "..", "docs", "inspector", p.name+".svg"), SVG(s, "msnproxy view "+ins.o.Title, false))
		})
	}
}
