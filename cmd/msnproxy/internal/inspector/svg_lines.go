package inspector

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// lines are the characters of a screen that are drawn rather than written: the
// lines between panes and the bars of charts, which no two fonts join alike.
type lines struct {
	colors []string // in order of appearance
	of     map[string]*strokes
}

// strokes are those of one colour.
type strokes struct {
	across, down []stroke
	last         map[int]int // the last stroke down, by its column
	round, bars  bytes.Buffer
}

// stroke is a line from one place to another of a column or a line, in halves of
// cells.
type stroke struct{ at, from, to int }

// The sides that a character's lines reach from its middle.
const (
	boxLeft = 1 << iota
	boxRight
	boxUp
	boxDown
	boxRound
)

var boxes = map[rune]int{
	'─': boxLeft | boxRight, '│': boxUp | boxDown,
	'┌': boxDown | boxRight, '┐': boxDown | boxLeft, '└': boxUp | boxRight, '┘': boxUp | boxLeft,
	'╭': boxDown | boxRight | boxRound, '╮': boxDown | boxLeft | boxRound,
	'╰': boxUp | boxRight | boxRound, '╯': boxUp | boxLeft | boxRound,
	'├': boxUp | boxDown | boxRight, '┤': boxUp | boxDown | boxLeft,
	'┬': boxLeft | boxRight | boxDown, '┴': boxLeft | boxRight | boxUp,
	'┼': boxLeft | boxRight | boxUp | boxDown, '╴': boxLeft, '╵': boxUp, '╶': boxRight, '╷': boxDown,
}

// The parts of a block: its upper half, of which pictures are made, from below in eighths,
// whole, from the left in eighths.
const (
	upperHalf = '▀'
	lowestBar = '▁'
	wholeBar  = '█'
	thinBar   = '▏'
)

// isLine reports whether a character is drawn.
func isLine(r rune) bool { return boxes[r] != 0 || r >= upperHalf && r <= thinBar || r == '━' }

// add adds a character at a place of the screen.
func (l *lines) add(s string, x, y int, color string) {
	r, _ := utf8.DecodeRuneInString(s)
	if l.of == nil {
		l.of = make(map[string]*strokes)
	}
	k := l.of[color]
	if k == nil {
		k = &strokes{last: make(map[int]int)}
		l.of[color] = k
		l.colors = append(l.colors, color)
	}
	left, top := float64(x)*cellWidth, float64(y)*cellHeight
	switch {
	case r == '━':
		filled(&k.bars, left, top+cellHeight/2-1.5, cellWidth, 3)
		return
	case r == upperHalf:
		filled(&k.bars, left, top, cellWidth, cellHeight/2)
		return
	case r > wholeBar && boxes[r] == 0:
		filled(&k.bars, left, top, cellWidth*float64(thinBar+1-r)/8, cellHeight)
		return
	case boxes[r] == 0:
		h := cellHeight * float64(r-lowestBar+1) / 8
		filled(&k.bars, left, top+cellHeight-h, cellWidth, h)
		return
	}
	sides, midX, midY := boxes[r], 2*x+1, 2*y+1
	if sides&boxRound != 0 {
		endX, endY := midX+1, midY+1
		if sides&boxLeft != 0 {
			endX = midX - 1
		}
		if sides&boxUp != 0 {
			endY = midY - 1
		}
		fmt.Fprintf(&k.round, "M%s %sQ%s %s %s %s", halfX(midX), halfY(endY), halfX(midX), halfY(midY), halfX(endX), halfY(midY))
		return
	}
	if from, to := reach(sides, boxLeft, boxRight, midX); from < to {
		k.addAcross(stroke{midY, from, to})
	}
	if from, to := reach(sides, boxUp, boxDown, midY); from < to {
		k.addDown(stroke{midX, from, to})
	}
}

// reach returns how far a line goes from its middle, to the one side and the other.
func reach(sides, one, other, mid int) (from, to int) {
	from, to = mid, mid
	if sides&one != 0 {
		from--
	}
	if sides&other != 0 {
		to++
	}
	return from, to
}

// addAcross adds a stroke, or makes the one before it longer.
func (k *strokes) addAcross(s stroke) {
	if n := len(k.across); n > 0 && k.across[n-1].at == s.at && k.across[n-1].to == s.from {
		k.across[n-1].to = s.to
		return
	}
	k.across = append(k.across, s)
}

// addDown adds a stroke, or makes the one above it longer.
func (k *strokes) addDown(s stroke) {
	if i, ok := k.last[s.at]; ok && k.down[i].to == s.from {
		k.down[i].to = s.to
		return
	}
	k.last[s.at] = len(k.down)
	k.down = append(k.down, s)
}

// write writes what was added, a path or two for each colour.
func (l *lines) write(out *bytes.Buffer) {
	for _, color := range l.colors {
		k := l.of[color]
		if k.bars.Len() > 0 {
			fmt.Fprintf(out, "<path fill=\"%s\" shape-rendering=\"crispEdges\" d=\"%s\"/>\n", color, k.bars.Bytes())
		}
		if len(k.across)+len(k.down) > 0 {
			fmt.Fprintf(out, "<path stroke=\"%s\" shape-rendering=\"crispEdges\" d=\"", color)
			for _, s := range k.across {
				fmt.Fprintf(out, "M%s %sH%s", halfX(s.from), halfY(s.at), halfX(s.to))
			}
			for _, s := range k.down {
				fmt.Fprintf(out, "M%s %sV%s", halfX(s.at), halfY(s.from), halfY(s.to))
			}
			out.WriteString("\"/>\n")
		}
		if k.round.Len() > 0 {
			fmt.Fprintf(out, "<path stroke=\"%s\" fill=\"none\" d=\"%s\"/>\n", color, k.round.Bytes())
		}
	}
}

func filled(out *bytes.Buffer, x, y, w, h float64) {
	fmt.Fprintf(out, "M%s %sh%sv%sh-%sz", num(x), num(y), num(w), num(h), num(w))
}

func halfX(n int) string { return num(float64(n) * cellWidth / 2) }
func halfY(n int) string { return num(float64(n) * cellHeight / 2) }
