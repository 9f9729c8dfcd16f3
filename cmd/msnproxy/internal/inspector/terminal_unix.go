//go:build unix

package inspector

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gdamore/tcell/v2"
	"golang.org/x/term"
)

const canSuspend = true

// Usable says why the terminal can't show the inspector, or returns nil.
func Usable() error {
	switch t := os.Getenv("TERM"); t {
	case "":
		return errors.New("TERM is not set, so nothing is known of the terminal; set it, such as TERM=xterm-256color")
	case "dumb":
		return errors.New("TERM is dumb: such a terminal can't show the inspector; set TERM, such as TERM=xterm-256color")
	}
	return nil
}

// standIns are the terminals that one of an unknown name most probably is like.
var standIns = []string{"xterm-256color", "xterm"}

// newScreen opens the terminal, which need be neither standard input nor output. The
// note says what was done about an unknown one.
func newScreen(theme string) (screen tcell.Screen, note string, err error) {
	if err := Usable(); err != nil {
		return nil, "", err
	}
	if theme != "" && theme != "auto" && theme != "mono" {
		os.Unsetenv("NO_COLOR") // tcell obeys it; who asks for colours by name wants them
	}
	name := os.Getenv("TERM")
	info, err := tcell.LookupTerminfo(name)
	for _, other := range standIns {
		if err == nil {
			break
		}
		if info, err = tcell.LookupTerminfo(other); err == nil {
			note = fmt.Sprintf("nothing is known of the terminal %s (TERM): it is taken for %s", name, other)
		}
	}
	if err != nil {
		return nil, "", fmt.Errorf("nothing is known of the terminal %s (TERM): %w; set TERM, such as TERM=xterm-256color", name, err)
	}
	tty, err := tcell.NewDevTty()
	if err != nil {
		return nil, "", fmt.Errorf("the inspector needs a terminal, and there is none to open: %w", err)
	}
	tcell.SetEncodingFallback(tcell.EncodingFallbackASCII) // for a locale that tcell does not know
	screen, err = tcell.NewTerminfoScreenFromTtyTerminfo(tty, info)
	if err != nil {
		return nil, "", fmt.Errorf("opening the terminal %s: %w", name, err)
	}
	return screen, note, nil
}

// terminalState is how the terminal was found.
type terminalState struct {
	tty   *os.File
	state *term.State
}

// saveTerminal notes how the terminal is.
func saveTerminal() (s terminalState) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return s
	}
	if s.state, err = term.GetState(int(tty.Fd())); err != nil {
		tty.Close()
		return s
	}
	s.tty = tty
	return s
}

// restore makes the terminal what it was, without the screen: it hangs.
func (s terminalState) restore() {
	if s.tty == nil {
		return
	}
	modes := []string{"?1000l", "?1002l", "?1003l", "?1006l", "?2004l", "?1004l", "?2026l", ">4;0m", "m", "?1049l", "?25h"}
	fmt.Fprint(s.tty, "\x1b["+strings.Join(modes, "\x1b["))
	_ = term.Restore(int(s.tty.Fd()), s.state)
}

func (s terminalState) close() {
	if s.tty != nil {
		s.tty.Close()
	}
}

// stopGroup stops the program as Ctrl-Z does where nobody takes that key, until the
// shell continues it. It reports false if that did not happen: without a shell that
// could continue it a program is not stopped.
func stopGroup() bool {
	cont := make(chan os.Signal, 1)
	signal.Notify(cont, syscall.SIGCONT)
	defer signal.Stop(cont)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return false
	}
	// While stopped, time passes: the timer may be done before the signal is told.
	for _, wait := range []time.Duration{time.Second, 100 * time.Millisecond} {
		select {
		case <-cont:
			return true
		case <-time.After(wait):
		}
	}
	return false
}

// watchSignals begins to watch for the signals that have to do with the terminal:
// before the terminal is another one.
func watchSignals() (got chan os.Signal, end func()) {
	got = make(chan os.Signal, 4)
	signal.Notify(got, syscall.SIGQUIT, syscall.SIGCONT)
	return got, func() { signal.Stop(got) }
}

// signals sees to those signals.
func (ins *Inspector) signals(got <-chan os.Signal, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case s := <-got:
			if s == syscall.SIGQUIT {
				ins.abort()
				return
			}
			ins.post(ins.continued)
		}
	}
}
