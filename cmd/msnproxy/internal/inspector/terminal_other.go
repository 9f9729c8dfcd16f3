//go:build !unix

package inspector

import (
	"fmt"
	"os"

	"github.com/gdamore/tcell/v2"
)

const canSuspend = false

// Usable says why the terminal can't show the inspector, or returns nil.
func Usable() error { return nil }

// newScreen opens the terminal.
func newScreen(string) (screen tcell.Screen, note string, err error) {
	if screen, err = tcell.NewScreen(); err != nil {
		return nil, "", fmt.Errorf("the inspector needs a terminal: %w", err)
	}
	return screen, "", nil
}

// terminalState is how the terminal was found.
type terminalState struct{}

func saveTerminal() terminalState { return terminalState{} }

func (terminalState) restore() {}

func (terminalState) close() {}

func stopGroup() bool { return false }

func watchSignals() (got chan os.Signal, end func()) { return nil, func() {} }

func (ins *Inspector) signals(_ <-chan os.Signal, done <-chan struct{}) { <-done }
