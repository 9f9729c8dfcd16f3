package inspector

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"

	"msnproxy/cmd/msnproxy/internal/show"
)

// rect is a part of the screen.
type rect struct{ x, y, w, h int }

func (r rect) has(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// canvas draws into a part of the screen, and nowhere else. What it is given to
// draw may come from the wire: controls are shown as escapes, and every character
// takes the cells that terminals agree on.
type canvas struct {
	rect
	s tcell.Screen
	*theme
	// needle is what is searched for, in lower case: it is lit wherever it shows.
	needle string
	// turns are the places behind right-to-left words; nil: they are not wanted.
	turns *[]place
}

// place is a cell of the screen.
type place struct{ x, y int }

// part returns a canvas for a part of this one, in its own coordinates.
func (c canvas) part(x, y, w, h int) canvas {
	x, y = max(x, 0), max(y, 0)
	w, h = max(min(w, c.w-x), 0), max(min(h, c.h-y), 0)
	c.rect = rect{c.x + x, c.y + y, w, h}
	return c
}

// fill fills a line, or the part of it that begins at x, with a style.
func (c canvas) fill(x, y, w int, style tcell.Style) {
	if y < 0 || y >= c.h {
		return
	}
	for i := max(x, 0); i < min(x+w, c.w); i++ {
		c.s.SetContent(c.x+i, c.y+y, ' ', nil, style)
	}
}

// rule draws a character all along a line.
func (c canvas) rule(y int, r rune, style tcell.Style) {
	for x := 0; x < c.w && y >= 0 && y < c.h; x++ {
		c.s.SetContent(c.x+x, c.y+y, r, nil, style)
	}
}

// text draws s at x, y, in at most width cells, and returns how many it took. What
// does not fit is cut, and an ellipsis says so.
func (c canvas) text(x, y, width int, s string, style tcell.Style) int {
	width = min(width, c.w-x)
	if y < 0 || y >= c.h || width <= 0 || x < 0 || s == "" {
		return 0
	}
	s = printable(s, width)
	pen := pen{c: c, x: x, y: y, end: x + width, style: style}
	if c.needle != "" {
		pen.hits = hits(s, c.needle)
	}
	for i := 0; i < len(s); {
		n := pen.cluster(s[i:], i)
		if n == 0 {
			pen.ellipsis()
			break
		}
		i += n
	}
	pen.turned()
	return pen.x - x
}

// right draws s so that it ends before x+width.
func (c canvas) right(x, y, width int, s string, style tcell.Style) {
	if n := cells(s); n < width {
		c.text(x+width-n, y, n, s, style)
	} else {
		c.text(x, y, width, s, style)
	}
}

// printable escapes what is not, of as much as can be seen.
func printable(s string, width int) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	// No cell needs more bytes than a base character with its marks.
	if most := width*4*(1+maxMarks) + 64; len(s) > most {
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most] + "…"
	}
	return string(show.Escape(nil, steady(s)))
}

// steady replaces what takes other room in some terminals than in others by what
// does not: emoji are not joined, flags are letters, Korean letters are whole
// syllables and the sound marks of narrow Japanese stand for themselves.
func steady(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return unsteady(r) || jamo(r) }) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == joiner:
			return -1
		case flagLetter(r):
			return r - firstFlagLetter + 'A'
		case r == 0xff9e || r == 0xff9f:
			return r - 0xff9e + 0x309b
		case odd(r):
			return utf8.RuneError
		}
		return r
	}, norm.NFC.String(s))
}

func unsteady(r rune) bool {
	return r == joiner || flagLetter(r) || r == 0xff9e || r == 0xff9f || odd(r)
}

// odd are characters whose width tcell and terminals do not agree on. They are too
// rare for more than a sign that something is there.
func odd(r rune) bool {
	switch {
	case r < 0x2e3a:
		return false
	case r == 0x2e3a, r == 0x2e3b, r == 0x302e, r == 0x302f, r == 0x3030, r == 0x303d, r == 0x3297, r == 0x3299,
		r >= 0x1d165 && r <= 0x1d172, r == 0x1f202, r == 0x1f237, r >= 0x1f260 && r <= 0x1f265:
		return true
	}
	return false
}

// firstFlagLetter is an A; two such letters are drawn as one flag by some.
const firstFlagLetter = 0x1f1e6

func flagLetter(r rune) bool { return r >= firstFlagLetter && r < firstFlagLetter+26 }

// jamo are the letters that Korean syllables are made of.
func jamo(r rune) bool { return r >= 0x1100 && r <= 0x11ff || r >= 0xd7b0 && r <= 0xd7ff }

const (
	// joiner glues emoji to one picture in some terminals, and not in others.
	joiner = '\u200d'
	// maxMarks is how many combining characters are drawn on one base.
	maxMarks = 3
	// leftMark ends a run of right-to-left letters, so that terminals which reorder
	// text do not draw what stands behind it into it.
	leftMark = '\u200e'
)

// pen draws clusters of characters one after another.
type pen struct {
	c     canvas
	x, y  int
	end   int
	style tcell.Style
	hits  []span
	lastX int // of the cluster drawn last
	turn  int // behind the last right-to-left letter; 0: none, or it is known
}

// turned has the mark put behind a run of right-to-left letters.
func (p *pen) turned() {
	if p.turn > 0 && p.c.turns != nil {
		*p.c.turns = append(*p.c.turns, place{p.c.x + p.turn, p.c.y + p.y})
	}
	p.turn = 0
}

type span struct{ from, to int }

// cluster draws the first cluster of s, whose place in the whole text is at, and
// returns its length in bytes; 0: there is no room.
func (p *pen) cluster(s string, at int) int {
	r, n := utf8.DecodeRuneInString(s)
	width := runeWidth(r)
	if width == 0 { // a mark without a base
		return n
	}
	var marks []rune
	i := n
	for i < len(s) {
		m, k := utf8.DecodeRuneInString(s[i:])
		if runeWidth(m) != 0 {
			break
		}
		if len(marks) < maxMarks && unicode.Is(unicode.M, m) && !variation(m) {
			marks = append(marks, m)
		}
		i += k
	}
	if p.x+width > p.end {
		return 0
	}
	style := p.style
	for _, h := range p.hits {
		if at >= h.from && at < h.to {
			style = p.c.match
		}
	}
	p.c.s.SetContent(p.c.x+p.x, p.c.y+p.y, r, marks, style)
	if rightToLeft(r) {
		p.turn = p.x + width
	} else if r != ' ' { // a blank may stand between two such words
		p.turned()
	}
	p.lastX = p.x
	p.x += width
	return i
}

// ellipsis says that something was cut.
func (p *pen) ellipsis() {
	at := p.x
	if at >= p.end {
		at = p.lastX
	}
	p.c.s.SetContent(p.c.x+at, p.c.y+p.y, '…', nil, p.style)
	for p.x = at + 1; p.x < p.end; p.x++ {
		p.c.s.SetContent(p.c.x+p.x, p.c.y+p.y, ' ', nil, p.style)
	}
}

// protect ends each run of right-to-left letters, when all is drawn. The mark goes
// into the cell behind them: tcell takes none at the end of a cell.
func protect(s tcell.Screen, turns []place) {
	for _, at := range turns {
		text, style, _ := s.Get(at.x, at.y)
		if r, _ := utf8.DecodeRuneInString(text); r != leftMark && !rightToLeft(r) && text != "" {
			s.SetContent(at.x, at.y, leftMark, []rune(text), style)
		}
	}
}

// hits returns where the needle, which is in lower case, stands in s.
func hits(s, needle string) (list []span) {
	lower := strings.ToLower(s)
	if len(lower) != len(s) {
		return nil // some letter's small form is longer: places would be wrong
	}
	for from := 0; ; {
		i := strings.Index(lower[from:], needle)
		if i < 0 {
			return list
		}
		list = append(list, span{from + i, from + i + len(needle)})
		from += i + len(needle)
	}
}

// cells returns how many cells text draws for s.
func cells(s string) int {
	s = printable(s, len(s))
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// tail shortens an address or a path so that its end stays: that is what tells one
// from another.
func tail(s string, width int) string {
	if width < 2 || cells(s) <= width {
		return s
	}
	for i := range s {
		if cells(s[i:]) < width {
			return "…" + strings.TrimLeft(s[i:], ".")
		}
	}
	return ""
}

// first returns the length of the first character of s, and the cells that text
// draws for it.
func first(s string) (size, width int) {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r >= ' ' && r <= '~' && r != '\\':
		return size, 1
	case r == '\\': // may have to be escaped
		return size, 2
	case unsteady(r) || strconv.IsPrint(r) && (r != utf8.RuneError || size > 1):
		return size, cells(s[:size])
	}
	return size, len(show.Escape(nil, s[:size]))
}

// runeWidth returns the cells of one character: those that terminals agree on,
// with or without knowledge of emoji sequences.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case variation(r), r == joiner, r >= 0x1f3fb && r <= 0x1f3ff: // skin tones
		return 0
	case unicode.In(r, unicode.Mn, unicode.Me), jamo(r) && r >= 0x1160: // those that are in no syllable
		return 0
	}
	return uniseg.StringWidth(string(r))
}

// variation selectors ask for a picture or for text, and change the width in some
// terminals only.
func variation(r rune) bool { return r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef }

func rightToLeft(r rune) bool {
	return r >= 0x590 && r < 0x900 || r >= 0xfb1d && r < 0xfe00 || r >= 0xfe70 && r < 0xff00 ||
		r >= 0x10800 && r < 0x11000 || r >= 0x1e800 && r < 0x1f000
}
