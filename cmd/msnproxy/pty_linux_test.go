package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/term"
)

// seenWithin is how long a script waits for something on a screen.
const seenWithin = 60 * time.Second

// ptyScreen is the program on a pseudo-terminal of its own.
type ptyScreen struct {
	cmd     *exec.Cmd
	control *os.File // what a terminal emulator has
	tty     *os.File // what the program has
	before  *term.State
	out     vt
	drained chan struct{} // closed when there is no more output
}

// ptyScreens are the screens of scripts, by their work directory.
var ptyScreens sync.Map

func ioctl(f *os.File, what, arg uintptr) error {
	if _, _, err := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), what, arg); err != 0 {
		return err
	}
	return nil
}

func init() {
	// Who runs the tests under nohup has SIGHUP ignored, and so would the programs that
	// they start.
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
}

func openPty() (control, tty *os.File, err error) {
	if control, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	var zero, number uint32
	if err = ioctl(control, syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&zero))); err != nil {
		return nil, nil, err
	}
	if err = ioctl(control, syscall.TIOCGPTN, uintptr(unsafe.Pointer(&number))); err != nil {
		return nil, nil, err
	}
	tty, err = os.OpenFile("/dev/pts/"+strconv.Itoa(int(number)), os.O_RDWR|syscall.O_NOCTTY, 0)
	return control, tty, err
}

func resizePty(f *os.File, w, h int) error {
	size := [4]uint16{uint16(h), uint16(w)}
	return ioctl(f, syscall.TIOCSWINSZ, uintptr(unsafe.Pointer(&size)))
}

// ptyCommands are the commands of scripts for the program on a terminal.
func ptyCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"screen": startOnPty, "sees": seesOnPty, "keys": keysOnPty, "signal": signalOnPty, "resize": resizeOnPty, "left": leftPty,
	}
}

// screen ARG... starts msnproxy on a terminal of 120 by 40, as a job of its own.
func startOnPty(ts *testscript.TestScript, _ bool, args []string) {
	control, tty, err := openPty()
	ts.Check(err)
	ts.Check(resizePty(control, 120, 40))
	s := &ptyScreen{control: control, tty: tty, drained: make(chan struct{})}
	s.before, err = term.GetState(int(tty.Fd()))
	ts.Check(err)
	exe, err := exec.LookPath(filepath.Join(binDir(ts), "msnproxy"))
	ts.Check(err)
	s.cmd = exec.Command(exe, args...)
	s.cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TZ", "TERM", "LC_ALL", "NO_COLOR", "COLORTERM", "MSNPROXY_CONFIG_DIR", "MSNPROXY_NO_UI", "MSNPROXY_TEST_PANIC", "GOCOVERDIR"} {
		if v := ts.Getenv(name); v != "" {
			s.cmd.Env = append(s.cmd.Env, name+"="+v)
		}
	}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = tty, tty, tty
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(s.cmd.Start())
	go func() {
		defer close(s.drained)
		_, _ = io.Copy(&s.out, control) // ends with an error, when all of the tty is closed
	}()
	ptyScreens.Store(ts.MkAbs("."), s)
	ts.Defer(func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		tty.Close()
		control.Close()
	})
}

// binDir is where testscript has put the program.
func binDir(ts *testscript.TestScript) string {
	dir, _, _ := strings.Cut(ts.Getenv("PATH"), string(os.PathListSeparator))
	return dir
}

func theScreen(ts *testscript.TestScript) *ptyScreen {
	s, ok := ptyScreens.Load(ts.MkAbs("."))
	if !ok {
		ts.Fatalf("there is no screen")
	}
	return s.(*ptyScreen)
}

// tail is the end of a text.
func tail(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimSpace(strings.Join(lines[max(len(lines)-100, 0):], "\n"))
}

// sees TEXT... waits until the texts are on the screen, or when it was left were
// written behind it; with ! they must not be there now.
func seesOnPty(ts *testscript.TestScript, neg bool, args []string) {
	s := theScreen(ts)
	for _, text := range args {
		deadline := time.Now().Add(seenWithin)
		for !neg && !strings.Contains(s.out.seen(), text) {
			if time.Now().After(deadline) {
				ts.Fatalf("no %q in\n%s", text, tail(s.out.seen()))
			}
			time.Sleep(10 * time.Millisecond)
		}
		if neg && strings.Contains(s.out.seen(), text) {
			ts.Fatalf("there is %q", text)
		}
	}
}

// keys TEXT types; \x1b, \r and the like are as in Go.
func keysOnPty(ts *testscript.TestScript, _ bool, args []string) {
	s := theScreen(ts)
	for _, a := range args {
		text, err := strconv.Unquote(`"` + a + `"`)
		ts.Check(err)
		_, err = io.WriteString(s.control, text)
		ts.Check(err)
		time.Sleep(30 * time.Millisecond) // a person is slower
	}
}

// signal NAME sends TERM, HUP, QUIT, INT, STOP, CONT or KILL.
func signalOnPty(ts *testscript.TestScript, _ bool, args []string) {
	sig, ok := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "QUIT": syscall.SIGQUIT, "INT": syscall.SIGINT,
		"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT, "KILL": syscall.SIGKILL}[args[0]]
	if !ok {
		ts.Fatalf("no signal %s", args[0])
	}
	s := theScreen(ts)
	ts.Check(s.cmd.Process.Signal(sig))
}

// resize W H makes the terminal another size.
func resizeOnPty(ts *testscript.TestScript, _ bool, args []string) {
	s := theScreen(ts)
	w, _ := strconv.Atoi(args[0])
	h, _ := strconv.Atoi(args[1])
	ts.Check(resizePty(s.control, w, h))
}

// left CODE waits for the end of the program, wants that exit code, and the terminal
// as it was: out of the alternate screen, with a cursor, and its modes.
func leftPty(ts *testscript.TestScript, _ bool, args []string) {
	s := theScreen(ts)
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(seenWithin):
		ts.Fatalf("it does not end")
	}
	after, err := term.GetState(int(s.tty.Fd()))
	ts.Check(err)
	s.tty.Close()
	<-s.drained
	if got := fmt.Sprint(s.cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("exit code %s, want %s; it wrote\n%s", got, args[0], tail(s.out.seen()))
	}
	if !reflect.DeepEqual(s.before, after) {
		ts.Fatalf("the modes of the terminal are not what they were: %v, %v", s.before, after)
	}
	all := s.out.output()
	for _, m := range []struct{ on, off string }{{"\x1b[?1049h", "\x1b[?1049l"}, {"\x1b[?25l", "\x1b[?25h"}, {"\x1b[?1000h", "\x1b[?1000l"}, {"\x1b[?2004h", "\x1b[?2004l"}} {
		if on := strings.LastIndex(all, m.on); on >= 0 && strings.LastIndex(all, m.off) < on {
			ts.Fatalf("%q was not undone", m.on)
		}
	}
}
