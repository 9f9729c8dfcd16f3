package inspector

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"
)

// slate is a screen to draw on, filled with a sign that no text has.
type slate struct {
	tcell.SimulationScreen
	w, h int
}

const chalk = '\u25a6'

func newSlate(t testing.TB, w, h int) *slate {
	t.Helper()
	s := &slate{tcell.NewSimulationScreen("UTF-8"), w, h}
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Fini)
	s.SetSize(w, h)
	return s
}

func (s *slate) wipe() {
	for i := range s.w * s.h {
		s.SetContent(i%s.w, i/s.w, chalk, nil, tcell.StyleDefault)
	}
}

// line returns what a terminal is sent for a line.
func (s *slate) line(y int) string {
	var b strings.Builder
	for x := 0; x < s.w; {
		text, _, w := s.Get(x, y)
		b.WriteString(text)
		x += w
	}
	return b.String()
}

func TestCanvasText(t *testing.T) {
	tests := []struct {
		in    string
		width int
		want  string
		n     int
	}{
		{"Hello", 10, "Hello", 5},
		{"Hello", 5, "Hello", 5},
		{"Hello!", 5, "Hell…", 5},
		{"", 5, "", 0},
		{"日本", 4, "日本", 4},
		{"日本", 3, "日…", 3},
		{"日本語", 5, "日本…", 5},
		{"a日本", 4, "a日…", 4},
		{"\x1b[31mred", 20, `\x1b[31mred`, 11},
		{"x\u202ey\u2066z\u200f", 30, `x\u202ey\u2066z\u200f`, 21},
		{"\xff\xc3(", 20, `\xff\xc3(`, 9},
		{"e\u0301a", 5, "e\u0301a", 2},
		{"e" + strings.Repeat("\u0301", 100) + "a", 5, "e\u0301\u0301\u0301…", 2},
		{"\u0301a", 5, "a", 1},
		{"👨\u200d👩\u200d👧", 10, "👨👩👧", 6},
		{"👍🏽!", 10, "👍!", 3},
		{"❤\ufe0f!", 10, "❤!", 2},
		{"🇩🇪!", 10, "DE!", 3},
		{"\u1112\u1161\u11ab\u1100\u1173\u11af", 10, "한글", 4},
		{"\u1161\u11ab!", 10, "!", 1},
		{"ﾊﾞ", 10, "ﾊ゛", 3},
		{"שלום עולם abc", 20, "שלום עולם\u200e abc", 13},
		{"שלום", 20, "שלום\u200e" + string(chalk), 4},
		{`C:\dir\new`, 20, `C:\dir\\new`, 11},
	}
	s := newSlate(t, 40, 1)
	for _, tt := range tests {
		s.wipe()
		var turns []place
		c := canvas{rect: rect{0, 0, 40, 1}, s: s, theme: darkTheme(), turns: &turns}
		n := c.text(0, 0, tt.width, tt.in, tcell.StyleDefault)
		protect(s, turns)
		got := strings.TrimRight(s.line(0), string(chalk))
		if want := strings.TrimRight(tt.want, string(chalk)); got != want || n != tt.n {
			t.Errorf("%+q in %d cells: got %+q, %d cells; want %+q, %d", tt.in, tt.width, got, n, want, tt.n)
		}
	}
}

// TestEveryCharacter draws each character that can be drawn: it takes as many cells
// as the canvas thinks, tcell thinks, and terminals think.
func TestEveryCharacter(t *testing.T) {
	s := newSlate(t, 20, 1)
	c := canvas{rect: rect{0, 0, 20, 1}, s: s, theme: darkTheme()}
	bad := 0
	for r := rune(1); r <= utf8.MaxRune && bad < 20; r++ {
		if !strconv.IsPrint(r) && r > 0x2100 {
			continue
		}
		if unicode.Is(unicode.Mc, r) && uniseg.StringWidth(string(r)) == 0 {
			continue // vowels of Indian scripts: terminals differ, and tcell can't draw them as the others do
		}
		s.wipe()
		text := "a" + string(r) + "b"
		n := c.text(0, 0, 20, text, tcell.StyleDefault)
		line := s.line(0)
		drawn := strings.TrimRight(line, string(chalk))
		if u, ok := unsafeRune(drawn); ok {
			t.Errorf("%U: %U is on the screen", r, u)
			bad++
		}
		if w := terminalWidth(drawn); w != n || cells(text) != n || uniseg.StringWidth(drawn) != n {
			t.Errorf("%U: the canvas gives %+q %d cells, a terminal %d, tcell %d", r, drawn, n, w, uniseg.StringWidth(drawn))
			bad++
		}
	}
}

// FuzzCanvasText draws any bytes, as they come from the wire.
func FuzzCanvasText(f *testing.F) {
	for _, s := range []string{
		"Hello Bob", "\x1b[31mred\x1b[0m\x1b]52;c;ZXZpbA==\x07", "a\u202eb\u2066c\u200f", "日本語", "\xff\xfe\xc3(", "e\u0301\u0302\u0303\u0304",
		"👨\u200d👩\u200d👧 👍🏽 ❤\ufe0f 🇩🇪 1\ufe0f\u20e3", "\u1112\u1161\u11ab", "שלום (abc) مرحبا", "one\r\ntwo\tthree\x00\x7f", "ﾊﾞ\u3099", "\\x1b \\ \\\\",
	} {
		f.Add(s, 10, "")
		f.Add(s, 3, "b")
	}
	f.Fuzz(func(t *testing.T, text string, width int, needle string) {
		const w, from = 60, 7
		width = min(max(width, 0), w-from-3)
		s := newSlate(t, w, 3)
		s.wipe()
		var turns []place
		c := canvas{rect: rect{0, 0, w, 3}, s: s, theme: darkTheme(), turns: &turns, needle: strings.ToLower(needle)}
		n := c.part(from, 1, width, 1).text(0, 0, width+10, text, tcell.StyleDefault)
		protect(s, turns)
		if n > width {
			t.Fatalf("%d cells were taken, of %d", n, width)
		}
		for y := range 3 {
			line := s.line(y)
			if r, bad := unsafeRune(line); bad {
				t.Fatalf("%U is on the screen", r)
			}
			if got := terminalWidth(line); got != w {
				t.Fatalf("line %d takes %d cells in a terminal: %+q", y, got, line)
			}
			for x := 0; x < w; x++ {
				if y == 1 && x >= from && x < from+width {
					continue
				}
				if got, _, _ := s.Get(x, y); strings.TrimPrefix(got, string(leftMark)) != string(chalk) {
					t.Fatalf("drawn outside: %+q at %d, %d", got, x, y)
				}
			}
		}
		if all := cells(text); all <= width && n != all {
			t.Fatalf("%d cells were taken, cells says %d", n, all)
		}
	})
}
