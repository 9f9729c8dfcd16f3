package inspector

import (
	"fmt"
	"strings"

	"github.com/gdamore/tcell/v2"
)

// square is a place of the screen: a character with its marks, which may take the
// next place, too.
type square struct {
	s     string
	w     int // cells: 1 or 2
	style tcell.Style
}

// squares returns what stands in a line of a screen. There is one square for a wide
// character, so that what they take adds up to the width.
func squares(s tcell.Screen, y int) []square {
	width, _ := s.Size()
	var line []square
	for x := 0; x < width; {
		text, style, w := s.Get(x, y)
		w = min(max(w, 1), width-x)
		line = append(line, square{text, w, style})
		x += w
	}
	return line
}

// Text returns a screen as text, a line for each of its lines, without the blanks
// at their ends. A wide character stands for its two cells.
func Text(s tcell.Screen) string {
	_, h := s.Size()
	var out, line strings.Builder
	for y := range h {
		line.Reset()
		for _, q := range squares(s, y) {
			line.WriteString(q.s)
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}

// Styles returns a letter for the style of each cell, line by line, and below that
// what the letters stand for. The default style is a dot; dots at the ends of lines
// are left out.
func Styles(s tcell.Screen) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	_, h := s.Size()
	var out, line, legend strings.Builder
	known := map[tcell.Style]string{tcell.StyleDefault: "."}
	for y := range h {
		line.Reset()
		for _, q := range squares(s, y) {
			if known[q.style] == "" {
				letter := "?" // more styles than letters
				if n := len(known) - 1; n < len(letters) {
					letter = letters[n : n+1]
				}
				known[q.style] = letter
				legend.WriteString(letter + " " + inkOf(q.style).String() + "\n")
			}
			line.WriteString(strings.Repeat(known[q.style], q.w))
		}
		out.WriteString(strings.TrimRight(line.String(), ".") + "\n")
	}
	return out.String() + "\n" + legend.String()
}

// look is what a style is made of.
type look struct {
	fg, bg                  tcell.Color
	bold, dim, italic       bool
	underline, reverse, out bool // out: struck out
}

// inkOf takes a style apart.
func inkOf(s tcell.Style) look {
	// Decompose is frowned upon, as it does not tell all of a style; nothing else
	// tells colours and attributes. What it leaves out of underlines is asked for.
	fg, bg, attrs := s.Decompose()
	return look{
		fg: fg, bg: bg,
		bold: attrs&tcell.AttrBold != 0, dim: attrs&tcell.AttrDim != 0, italic: attrs&tcell.AttrItalic != 0,
		reverse: attrs&tcell.AttrReverse != 0, out: attrs&tcell.AttrStrikeThrough != 0,
		underline: s.GetUnderlineStyle() != tcell.UnderlineStyleNone,
	}
}

// String names what a style is made of: "#7a8196 on #24283b bold".
func (l look) String() string {
	var words []string
	if l.fg != tcell.ColorDefault {
		words = append(words, colorName(l.fg))
	}
	if l.bg != tcell.ColorDefault {
		words = append(words, "on "+colorName(l.bg))
	}
	for _, a := range []struct {
		on   bool
		name string
	}{{l.bold, "bold"}, {l.dim, "dim"}, {l.italic, "italic"}, {l.underline, "underline"}, {l.reverse, "reverse"}, {l.out, "struck"}} {
		if a.on {
			words = append(words, a.name)
		}
	}
	if len(words) == 0 {
		return "default"
	}
	return strings.Join(words, " ")
}

func colorName(c tcell.Color) string {
	if c.IsRGB() {
		return fmt.Sprintf("#%06x", c.Hex())
	}
	return c.Name()
}
