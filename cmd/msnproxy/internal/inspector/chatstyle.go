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

// nearlyLegible is the contrast from which on a colour is moved until it can be read;
// of one that stands out less than that nothing would be left.
const nearlyLegible = 3.0

// readable returns the colour that a sender chose, or one near it that stands out from
// what is behind it, if the theme has such colours.
func (t *theme) readable(hex string, behind tcell.Color) (tcell.Color, bool) {
	if len(hex) != 7 || t.far == tcell.ColorDefault {
		return 0, false
	}
	if behind == tcell.ColorDefault {
		behind = t.behind
	}
	ink := tcell.GetColor(hex)
	if !ink.Valid() || contrast(ink, behind) < nearlyLegible {
		return 0, false
	}
	ink, _, _ = t.legible(tcell.StyleDefault.Foreground(ink), behind).Decompose()
	return ink, true
}
