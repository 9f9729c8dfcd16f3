package inspector

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// wrong says what is wrong with a screen whatever it shows: something that a
// terminal would interpret, a line that is not as wide as the screen, lines between
// panes that are not straight. "": nothing is.
func (b *bench) wrong() string {
	places := b.ins.places
	left, right := -1, -1 // columns of the lines between panes
	if r := places[sessionsPane]; r.w > 0 && r.w < b.w {
		left = r.w
	}
	if r := places[detailPane]; r.x > 0 && b.ins.layout.isBeside(b.w) && !b.ins.layout.zoomed {
		right = r.x - 1
	}
	body := b.ins.overlay == nil && b.w >= leastWidth && b.h >= leastHeight
	for y := range b.h {
		x := 0
		for _, c := range b.line(y) {
			if n := terminalWidth(c.s); n != c.w {
				return fmt.Sprintf("line %d, column %d: %+q takes %d cells in a terminal, not %d", y+1, x+1, c.s, n, c.w)
			}
			if r, bad := unsafeRune(c.s); bad {
				return fmt.Sprintf("line %d, column %d: %U", y+1, x+1, r)
			}
			if r := places[mainPane]; body && (x == left || x == right) && y >= r.y && y < r.y+r.h && trimMark(c.s) != "│" {
				return fmt.Sprintf("line %d: there is no line between panes at column %d", y+1, x+1)
			}
			x += c.w
		}
		if x != b.w {
			return fmt.Sprintf("line %d is %d cells wide, not %d", y+1, x, b.w)
		}
	}
	return ""
}

// terminalWidth returns how many cells terminals give a text that know nothing of
// clusters: what wcwidth says of each character.
func terminalWidth(s string) (n int) {
	for _, r := range s {
		if r >= ' ' && r <= '~' {
			n++
			continue
		}
		k := width.LookupRune(r).Kind()
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf), r >= 0x1160 && r <= 0x11ff:
		case k == width.EastAsianWide, k == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

func trimMark(s string) string { return strings.TrimPrefix(s, string(leftMark)) }

// unsafeRune returns what is in a cell that a terminal would do something with
// other than show it. The mark that the canvas puts behind right-to-left letters is
// allowed.
func unsafeRune(s string) (rune, bool) {
	for _, r := range s {
		if r >= ' ' && r <= '~' {
			continue
		}
		if r != leftMark && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)) {
			return r, true
		}
	}
	return 0, false
}
