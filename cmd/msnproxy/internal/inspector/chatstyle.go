package inspector

import (
	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/chat"
)

// saidStyle is how the text of a line looks: as its sender wanted it, as far as
// that can be read.
func (t *theme) saidStyle(l *chat.Line, behind tcell.Color) tcell.Style {
	switch l.Kind {
	case chat.Said:
	case chat.File, chat.Invite, chat.Service:
		return t.text.Italic(true)
	case chat.Notice:
		return t.warning
	case chat.Typing:
		return t.dim.Italic(true)
	default:
		return t.dim
	}
	f, s := &l.Format, t.text
	if ink, ok := t.readable(f.Color, behind); ok {
		s = s.Foreground(ink)
	}
	return s.Bold(f.Bold).Italic(f.Italic).Underline(f.Underline).StrikeThrough(f.Strike)
}

func (t *theme) wayStyle(l *chat.Line) tcell.Style {
	switch l.Delivery.State {
	case chat.Failed:
		return t.err
	case chat.Waiting:
		return t.warning
	}
	return t.dim
}

// readable returns the colour that a sender chose, if the theme has such colours
// and it stands out from what is behind it.
func (t *theme) readable(hex string, behind tcell.Color) (tcell.Color, bool) {
	const least = 3.5 // contrast, as the web's guidelines count it; they want 3 for large text, 4.5 for small
	if len(hex) != 7 || t.name != "dark" && t.name != "light" {
		return 0, false
	}
	if behind == tcell.ColorDefault {
		behind = tcell.NewHexColor(0x1a1b26)
		if t.name == "light" {
			behind = tcell.NewHexColor(0xffffff)
		}
	}
	ink := tcell.GetColor(hex)
	a, b := luminance(ink)+0.05, luminance(behind)+0.05
	return ink, ink.Valid() && max(a, b)/min(a, b) >= least
}

// luminance is how bright a colour is, from 0 to 1.
func luminance(c tcell.Color) float64 {
	r, g, b := c.RGB()
	part := func(v int32) float64 {
		f := float64(v) / 255
		return f * f * (0.2 + 0.8*f) // near enough to sRGB's curve
	}
	return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b)
}
