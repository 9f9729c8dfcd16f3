package inspector

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
)

// The measures of a picture, in pixels. Cells are as wide as the characters of most
// fonts of that size.
const (
	cellWidth  = 8.4
	cellHeight = 18.0
	fontSize   = 14
	baseline   = 13.5 // below the top of a cell
	frameBar   = 30.0 // the bar with the title
	framePad   = 10.0
)

// paper is what a terminal has its own idea of: the colours that are not named by
// the screen.
type paper struct {
	back, front, bar, edge, title string
	sixteen                       [16]string
}

var darkPaper = paper{
	back: "#1a1b26", front: "#c0caf5", bar: "#16161e", edge: "#3b4261", title: "#787c99",
	sixteen: [16]string{"#15161e", "#f7768e", "#9ece6a", "#e0af68", "#7aa2f7", "#bb9af7", "#7dcfff", "#a9b1d6",
		"#565f89", "#ff7a93", "#b9f27c", "#ff9e64", "#7da6ff", "#c8a9ff", "#b4f9f8", "#ffffff"},
}

var lightPaper = paper{
	back: "#fbfbfd", front: "#20242f", bar: "#eceff6", edge: "#c3c9d8", title: "#6b7285",
	sixteen: [16]string{"#20242f", "#b80f34", "#3b7a18", "#9a5b00", "#2e5cb8", "#6d3fb0", "#00698c", "#b4bacb",
		"#737a8c", "#d0214a", "#4c9a22", "#b97400", "#3f72d8", "#8453cc", "#0082ad", "#ffffff"},
}

// color returns a colour as CSS has it; instead is for the default colour.
func (p *paper) color(c tcell.Color, instead string) string {
	switch {
	case c == tcell.ColorDefault || !c.Valid() || c.Hex() < 0:
		return instead
	case !c.IsRGB() && c-tcell.ColorValid < 16:
		return p.sixteen[c-tcell.ColorValid]
	}
	return fmt.Sprintf("#%06x", c.Hex())
}

// picture is a screen on its way to SVG.
type picture struct {
	*paper
	body    bytes.Buffer
	classes map[string]string // by what they say
	order   []string
	lines   lines
}

// SVG draws a screen as an SVG picture of a terminal's window, on light or on dark
// ground. It needs no font of its own: each run of text says how wide it is, and
// lines and bars are drawn, so that columns are straight in any font.
func SVG(s tcell.Screen, title string, light bool) []byte {
	p := &picture{paper: &darkPaper, classes: make(map[string]string)}
	if light {
		p.paper = &lightPaper
	}
	w, h := s.Size()
	for y := range h {
		line := squares(s, y)
		p.grounds(line, y)
		p.characters(line, y)
	}
	p.lines.write(&p.body)
	return p.window(float64(w)*cellWidth, float64(h)*cellHeight, title)
}

// window puts the frame around the body.
func (p *picture) window(w, h float64, title string) []byte {
	var out bytes.Buffer
	width, height := w+2*framePad, h+frameBar+framePad
	fmt.Fprintf(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %s %s\" width=\"%s\" height=\"%s\">\n",
		num(width), num(height), num(width), num(height))
	fmt.Fprintf(&out, "<title>%s</title>\n<style>\n", escapeXML(title))
	fmt.Fprintf(&out, "text{font:%dpx ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;fill:%s}\n", fontSize, p.front)
	for _, rule := range p.order {
		fmt.Fprintf(&out, ".%s{%s}\n", p.classes[rule], rule)
	}
	fmt.Fprintf(&out, "</style>\n<rect x=\".5\" y=\".5\" width=\"%s\" height=\"%s\" rx=\"8\" fill=\"%s\" stroke=\"%s\"/>\n",
		num(width-1), num(height-1), p.back, p.edge)
	fmt.Fprintf(&out, "<path fill=\"%s\" d=\"M1 %sV8.5a7.5 7.5 0 0 1 7.5-7.5H%sa7.5 7.5 0 0 1 7.5 7.5V%sz\"/>\n",
		p.bar, num(frameBar-6), num(width-8.5), num(frameBar-6))
	for i, c := range []string{"#f7768e", "#e0af68", "#9ece6a"} {
		fmt.Fprintf(&out, "<circle cx=\"%d\" cy=\"12.5\" r=\"5\" fill=\"%s\"/>\n", 17+17*i, c)
	}
	fmt.Fprintf(&out, "<text x=\"%s\" y=\"17\" text-anchor=\"middle\" style=\"font-size:12px;fill:%s\">%s</text>\n",
		num(width/2), p.title, escapeXML(title))
	fmt.Fprintf(&out, "<g transform=\"translate(%s %s)\">\n", num(framePad), num(frameBar))
	out.Write(p.body.Bytes())
	out.WriteString("</g>\n</svg>\n")
	return out.Bytes()
}

// inks returns the colours of a square as they are seen.
func (p *picture) inks(l look) (fg, bg string) {
	fg, bg = p.color(l.fg, p.front), p.color(l.bg, p.back)
	if l.reverse {
		fg, bg = bg, fg
	}
	return fg, bg
}

// grounds draws what lies behind a line's characters, where it is not the paper.
func (p *picture) grounds(line []square, y int) {
	x, from, last := 0, 0, p.back
	end := func(to int) {
		if last != p.back && to > from {
			fmt.Fprintf(&p.body, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>\n",
				num(float64(from)*cellWidth), num(float64(y)*cellHeight), num(float64(to-from)*cellWidth), num(cellHeight), last)
		}
	}
	for _, q := range line {
		if _, bg := p.inks(inkOf(q.style)); bg != last {
			end(x)
			from, last = x, bg
		}
		x += q.w
	}
	end(x)
}

// characters draws a line's characters in runs of one style. A character that may
// be wider or narrower than others in some fonts is a run of its own, and so are
// right-to-left letters together, which a viewer puts in order. No run has two
// blanks side by side: some viewers make one of them.
func (p *picture) characters(line []square, y int) {
	var text strings.Builder
	x, from, width, blanks := 0, 0, 0, 0
	var style tcell.Style
	kind := plainRun
	end := func() {
		if s := strings.TrimRight(text.String(), " "); s != "" {
			p.run(s, from, y, width-blanks, style, kind)
		}
		text.Reset()
		width, blanks = 0, 0
	}
	for _, q := range line {
		k := runKind(q)
		blank := q.s == " " && !inkOf(q.style).underline
		switch {
		case k == drawnRun:
			end()
			fg, _ := p.inks(inkOf(q.style))
			p.lines.add(q.s, x, y, fg)
		case blank && width == 0:
		case blank && blanks == 0 && kind == plainRun && q.style == style:
			text.WriteByte(' ')
			width++
			blanks++
		default:
			if width > 0 && (k != kind || k == oddRun || q.style != style || blank) {
				end()
			}
			if blank {
				break
			}
			if width == 0 {
				from, style, kind = x, q.style, k
			}
			text.WriteString(strings.ReplaceAll(q.s, string(leftMark), ""))
			width += q.w
			blanks = 0
		}
		x += q.w
	}
	end()
}

// Kinds of runs.
const (
	plainRun = iota
	oddRun   // of one character
	rightRun // right to left
	drawnRun // no text at all
)

func runKind(q square) int {
	r, _ := utf8.DecodeRuneInString(q.s)
	switch {
	case isLine(r):
		return drawnRun
	case rightToLeft(r):
		return rightRun
	case r >= 0x250 || q.w > 1:
		return oddRun
	}
	return plainRun
}

// run draws a run of text.
func (p *picture) run(s string, x, y, width int, style tcell.Style, kind int) {
	l := inkOf(style)
	var css []string
	if fg, _ := p.inks(l); fg != p.front {
		css = append(css, "fill:"+fg)
	}
	for _, a := range []struct {
		on  bool
		css string
	}{{l.bold, "font-weight:bold"}, {l.italic, "font-style:italic"}, {l.dim, "opacity:.65"},
		{l.underline, "text-decoration:underline"}, {l.out, "text-decoration:line-through"}} {
		if a.on {
			css = append(css, a.css)
		}
	}
	at := num(float64(x) * cellWidth)
	end := ""
	if kind == rightRun {
		// The run begins at its right end.
		css = append(css, "direction:rtl", "unicode-bidi:embed")
		at = num(float64(x+width) * cellWidth)
	}
	if utf8.RuneCountInString(s) > 1 {
		end = " textLength=\"" + num(float64(width)*cellWidth) + "\""
	}
	if rule := strings.Join(css, ";"); rule != "" {
		end += " class=\"" + p.class(rule) + "\""
	}
	fmt.Fprintf(&p.body, "<text x=\"%s\" y=\"%s\"%s>%s</text>\n", at, num(float64(y)*cellHeight+baseline), end, escapeXML(s))
}

// class returns the short name of a style.
func (p *picture) class(rule string) string {
	name := p.classes[rule]
	if name == "" {
		name = "s" + strconv.Itoa(len(p.order))
		p.classes[rule] = name
		p.order = append(p.order, rule)
	}
	return name
}

// num writes a number with at most two digits behind the point.
func num(f float64) string {
	s := strconv.FormatFloat(f, 'f', 2, 64)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

func escapeXML(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // it goes to memory
	return b.String()
}
