package inspector

import "github.com/gdamore/tcell/v2"

// newScreen opens the terminal.
func newScreen() (tcell.Screen, error) { return tcell.NewScreen() }
