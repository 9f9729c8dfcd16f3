package inspector

import (
	"os"
	"strings"

	"github.com/gdamore/tcell/v2"

	"msnproxy/decode"
)

// theme gives each meaning a style: direction first, then severity. Nothing is
// told by colour alone.
type theme struct {
	name string

	text, dim, strong  tcell.Style
	bar, tab, tabOn    tcell.Style // the top line
	border, borderOn   tcell.Style // between panes; of the one with the keys
	raised, sunk       tcell.Color // behind the selected line, with the keys and without
	client, server     tcell.Style // who sends
	note, warning, err tcell.Style // severities
	field, means       tcell.Style // names of fields; what values mean
	lit                tcell.Style // bytes of the selected field
	match              tcell.Style // what is searched for
	redirect           tcell.Style // what was sent on instead
	user               tcell.Style // marks and comments
	status, on, alarm  tcell.Style // the status line; what is switched on; what is amiss
	hint, key          tcell.Style // the bottom line
	prompt, bad        tcell.Style // what is typed; while it can't be used

	behind tcell.Color // what the terminal is taken to have behind all
	far    tcell.Color // black or white: the farthest from what is behind
}

// themeNames are the themes in the order in which a key goes through them.
var themeNames = []string{"dark", "light", "16", "mono"}

// ThemeNames returns what Options.Theme may be.
func ThemeNames() []string { return append([]string{"auto"}, themeNames...) }

func newTheme(name string) *theme {
	switch name {
	case "light":
		return lightTheme()
	case "16":
		return plainTheme()
	case "mono":
		return monoTheme()
	}
	return darkTheme()
}

// chooseTheme chooses for a terminal: none of colour if the user wants none
// (https://no-color.org), the sixteen where there are no more, and by COLORFGBG,
// which some terminals set, light or dark.
func chooseTheme(name string, colors int) string {
	switch {
	case name != "" && name != "auto":
		return name
	case os.Getenv("NO_COLOR") != "" || colors > 0 && colors < 8:
		return "mono"
	case colors > 0 && colors <= 16:
		return "16"
	}
	fgbg := strings.Split(os.Getenv("COLORFGBG"), ";")
	switch fgbg[len(fgbg)-1] {
	case "7", "15":
		return "light"
	}
	return "dark"
}

// selected returns the style for text on the selected line: with the keys, or
// without. Colours that could not be read on it are moved towards the text's.
func (t *theme) selected(s tcell.Style, keys bool) tcell.Style {
	switch {
	case t.raised == tcell.ColorDefault && keys:
		return s.Dim(false).Reverse(true)
	case t.raised == tcell.ColorDefault:
		return s.Dim(false).Underline(true)
	case keys:
		return t.legible(s, t.raised)
	}
	return t.legible(s, t.sunk)
}

// undimmed returns the theme for the selected line: what is dim elsewhere can be
// read there, too.
func (t *theme) undimmed() *theme {
	u := *t
	u.dim = t.text
	return &u
}

// severity returns the style for findings of that severity.
func (t *theme) severity(s decode.Severity) tcell.Style {
	switch s {
	case decode.Error:
		return t.err
	case decode.Warning:
		return t.warning
	case decode.Note:
		return t.note
	}
	return t.dim
}

// sender returns the style for what that end sends.
func (t *theme) sender(s decode.Sender) tcell.Style {
	if s == decode.Server {
		return t.server
	}
	return t.client
}

func ink(hex int32) tcell.Style {
	return tcell.StyleDefault.Foreground(tcell.NewHexColor(hex))
}

func darkTheme() *theme {
	paper, raised := tcell.NewHexColor(0x24283b), tcell.NewHexColor(0x364a82)
	return &theme{
		name: "dark", behind: tcell.NewHexColor(0x1a1b26), far: tcell.ColorWhite.TrueColor(),
		text: tcell.StyleDefault, dim: ink(0x858ca1), strong: tcell.StyleDefault.Bold(true),
		bar: ink(0xa9b1d6).Background(paper), tab: ink(0x8a91b0).Background(paper),
		tabOn:  ink(0xffffff).Background(raised).Bold(true),
		border: ink(0x4a5070), borderOn: ink(0x7aa2f7).Bold(true),
		raised: raised, sunk: paper,
		client: ink(0x7dcfff), server: ink(0x9ece6a),
		note: ink(0x7aa2f7), warning: ink(0xe0af68), err: ink(0xf7768e).Bold(true),
		field: ink(0xbb9af7), means: ink(0x858ca1),
		lit:      ink(0x1a1b26).Background(tcell.NewHexColor(0xe0af68)),
		match:    ink(0x1a1b26).Background(tcell.NewHexColor(0xff9e64)),
		redirect: ink(0xff9e64), user: ink(0xe0af68).Bold(true),
		status: ink(0xa9b1d6).Background(paper), on: ink(0x9ece6a).Background(paper).Bold(true),
		alarm: ink(0xf7768e).Background(paper).Bold(true),
		hint:  ink(0x858ca1), key: ink(0xc0caf5).Bold(true),
		prompt: tcell.StyleDefault, bad: ink(0xf7768e),
	}
}

func lightTheme() *theme {
	paper, raised := tcell.NewHexColor(0xe4e8f2), tcell.NewHexColor(0xb7cdf5)
	return &theme{
		name: "light", behind: tcell.NewHexColor(0xffffff), far: tcell.ColorBlack.TrueColor(),
		text: ink(0x20242f), dim: ink(0x697082), strong: ink(0x20242f).Bold(true),
		bar: ink(0x3b4252).Background(paper), tab: ink(0x5c6577).Background(paper),
		tabOn:  ink(0x10131a).Background(raised).Bold(true),
		border: ink(0xb4bacb), borderOn: ink(0x2e5cb8).Bold(true),
		raised: raised, sunk: paper,
		client: ink(0x00698c), server: ink(0x3b7a18),
		note: ink(0x2e5cb8), warning: ink(0x9a5b00), err: ink(0xb80f34).Bold(true),
		field: ink(0x6d3fb0), means: ink(0x697082),
		lit:      ink(0x10131a).Background(tcell.NewHexColor(0xf5cf8a)),
		match:    ink(0x10131a).Background(tcell.NewHexColor(0xffb86b)),
		redirect: ink(0xb34700), user: ink(0x9a5b00).Bold(true),
		status: ink(0x3b4252).Background(paper), on: ink(0x33700f).Background(paper).Bold(true),
		alarm: ink(0xb80f34).Background(paper).Bold(true),
		hint:  ink(0x697082), key: ink(0x20242f).Bold(true),
		prompt: ink(0x20242f), bad: ink(0xb80f34),
	}
}

// plainTheme keeps to the sixteen colours that every terminal has, as its user has
// set them.
func plainTheme() *theme {
	d := tcell.StyleDefault
	of := func(c tcell.Color) tcell.Style { return d.Foreground(c) }
	return &theme{
		name: "16",
		text: d, dim: d.Dim(true), strong: d.Bold(true),
		bar: d.Reverse(true), tab: d.Reverse(true), tabOn: d.Bold(true),
		border: d.Dim(true), borderOn: d.Bold(true),
		client: of(tcell.ColorTeal), server: of(tcell.ColorGreen),
		note: of(tcell.ColorNavy), warning: of(tcell.ColorOlive), err: of(tcell.ColorMaroon).Bold(true),
		field: of(tcell.ColorPurple), means: d.Dim(true),
		lit: d.Foreground(tcell.ColorBlack).Background(tcell.ColorOlive), match: d.Foreground(tcell.ColorBlack).Background(tcell.ColorTeal),
		redirect: of(tcell.ColorPurple), user: of(tcell.ColorOlive).Bold(true),
		status: d.Reverse(true), on: d.Reverse(true).Bold(true), alarm: of(tcell.ColorMaroon).Reverse(true).Bold(true),
		hint: d.Dim(true), key: d.Bold(true), prompt: d, bad: of(tcell.ColorMaroon),
	}
}

func monoTheme() *theme {
	d := tcell.StyleDefault
	return &theme{
		name: "mono",
		text: d, dim: d.Dim(true), strong: d.Bold(true),
		bar: d.Reverse(true), tab: d.Reverse(true), tabOn: d.Bold(true),
		border: d.Dim(true), borderOn: d.Bold(true),
		client: d, server: d, note: d, warning: d.Bold(true), err: d.Bold(true),
		field: d, means: d.Dim(true), lit: d.Reverse(true), match: d.Reverse(true),
		redirect: d.Bold(true), user: d.Bold(true),
		status: d.Reverse(true), on: d.Reverse(true).Bold(true), alarm: d.Reverse(true).Bold(true),
		hint: d.Dim(true), key: d.Bold(true), prompt: d, bad: d.Underline(true),
	}
}
