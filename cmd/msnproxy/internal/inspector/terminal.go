package inspector

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/show"
)

// exitAborted is the exit code after [Inspector.dump].
const exitAborted = 2

// exit is os.Exit, for tests.
var exit = os.Exit

// restoreGrace is how long the screen may take to give the terminal back.
const restoreGrace = 500 * time.Millisecond

// restore gives the terminal back. If the screen does not come to it, that is done
// past it.
func restore(screen tcell.Screen, saved terminalState) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		screen.Fini()
	}()
	select {
	case <-done:
	case <-time.After(restoreGrace):
		saved.restore()
	}
}

// dump ends the program: the terminal is restored, what all goroutines do is
// printed, and where the recording is.
func (ins *Inspector) dump(screen tcell.Screen, saved terminalState) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	restore(screen, saved)
	fmt.Fprintf(os.Stderr, "%s\n", stacks)
	fmt.Fprintln(os.Stderr, "msnproxy: aborted; above is what it was doing")
	if ins.o.Recording != nil {
		if r := ins.o.Recording(); r.Path != "" {
			fmt.Fprintf(os.Stderr, "msnproxy: the recording is in %s\n", show.Escape(nil, r.Path))
		}
	}
	exit(exitAborted)
}

// suspend gives the terminal back to the shell until it lets the program go on.
func (ins *Inspector) suspend() {
	if ins.app == nil {
		return
	}
	if !canSuspend {
		ins.say("there is no going back to the shell on this system")
		return
	}
	continued := false
	ins.app.Suspend(func() {
		text := "msnproxy: stopped; fg goes on"
		if ins.o.Live {
			text = "msnproxy: stopped, and the traffic through it waits; fg goes on"
		}
		fmt.Fprintln(os.Stderr, text)
		continued = stopGroup()
	})
	if !continued {
		ins.complain("there is no shell to go back to")
	}
	ins.resumed = ins.o.Now()
	ins.redraw()
}

// continued takes the terminal anew after the program was stopped by somebody else:
// the shell has used it meanwhile.
func (ins *Inspector) continued() {
	if ins.app == nil || ins.o.Now().Sub(ins.resumed) < time.Second {
		return // suspend has seen to it
	}
	ins.app.Suspend(func() {})
	ins.redraw()
}
