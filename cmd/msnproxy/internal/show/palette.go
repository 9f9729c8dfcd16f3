package show

import (
	"strings"

	"github.com/fatih/color"
)

// ink switches a colour on and off.
type ink struct{ on, off string }

// palette has a colour for each meaning: direction first, then severity. Nothing
// is told by colour alone.
type palette struct {
	client, server, dim, note, warning, err, name ink
}

func newPalette(enabled bool) palette {
	if !enabled {
		return palette{}
	}
	return palette{
		client:  mix(color.FgCyan),
		server:  mix(color.FgGreen),
		dim:     mix(color.Faint),
		note:    mix(color.FgBlue),
		warning: mix(color.FgYellow),
		err:     mix(color.FgRed, color.Bold),
		name:    mix(color.Bold),
	}
}

// mix asks the colour package for its sequences once, so that printing a message
// costs no more than two copies.
func mix(attributes ...color.Attribute) ink {
	c := color.New(attributes...)
	c.EnableColor()
	on, off, _ := strings.Cut(c.Sprint("|"), "|")
	return ink{on, off}
}
