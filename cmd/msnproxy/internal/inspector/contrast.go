package inspector

import (
	"math"

	"github.com/gdamore/tcell/v2"
)

// leastContrast is what the web's guidelines (WCAG 2.1, 1.4.3) want of text that is
// not large.
const leastContrast = 4.5

// contrast is how far two colours are apart, from 1 to 21, as the guidelines count.
func contrast(a, b tcell.Color) float64 {
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x, y) / min(x, y)
}

// luminance is how bright a colour is, from 0 to 1.
func luminance(c tcell.Color) float64 {
	r, g, b := c.RGB()
	part := func(v int32) float64 {
		f := float64(v) / 255
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b)
}

// legible puts text before a background, and moves its colour towards white or
// black until it can be read there.
func (t *theme) legible(s tcell.Style, behind tcell.Color) tcell.Style {
	ink, _, _ := s.Decompose()
	s = s.Background(behind)
	if ink == tcell.ColorDefault || contrast(ink, behind) >= leastContrast {
		return s
	}
	const steps = 8
	for i := 1; i < steps; i++ {
		if mixed := mix(ink, t.far, i, steps); contrast(mixed, behind) >= leastContrast {
			return s.Foreground(mixed)
		}
	}
	return s.Foreground(t.far)
}

// mix returns the colour at i of n steps from a to b.
func mix(a, b tcell.Color, i, n int) tcell.Color {
	ar, ag, ab := a.RGB()
	br, bg, bb := b.RGB()
	at := func(x, y int32) int32 { return x + (y-x)*int32(i)/int32(n) }
	return tcell.NewRGBColor(at(ar, br), at(ag, bg), at(ab, bb))
}
