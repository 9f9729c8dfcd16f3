package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/inspector"
	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy"
)

// inspectorFlags are the flags of every command with the inspector.
func inspectorFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "theme", Value: "auto", Usage: "colours of the inspector: `NAME` is " + strings.Join(inspector.ThemeNames(), ", "), EnvVars: []string{"MSNPROXY_THEME"}},
		&cli.StringFlag{Name: "view", Value: "messages", Usage: "begin with the view `NAME`: " + strings.Join(inspector.ViewNames(), ", ")},
		&cli.BoolFlag{Name: "no-mouse", Usage: "leave the mouse to the terminal", EnvVars: []string{"MSNPROXY_NO_MOUSE"}},
	}
}

// noUIFlag is that of commands that can do without the inspector.
func noUIFlag() cli.Flag {
	return &cli.BoolFlag{Name: "no-ui", Usage: "print messages as lines, also on a terminal", EnvVars: []string{"MSNPROXY_NO_UI"}}
}

// inspects decides whether a command shows the inspector: on a terminal that can,
// unless lines are asked for.
func inspects(c *cli.Context) bool {
	return !c.Bool("no-ui") && !c.IsSet("format") && !c.IsSet("detail") &&
		isTerminal(c.App.Reader) && isTerminal(c.App.Writer) && inspector.Usable() == nil
}

// inspectorOptions reads the flags.
func inspectorOptions(c *cli.Context) (o inspector.Options, err error) {
	o = inspector.Options{Theme: c.String("theme"), View: c.String("view"), NoMouse: c.Bool("no-mouse"), Filter: c.String("filter"),
		Location: time.Local, ConfigDir: configDir(), Create: saveTo}
	if c.Bool("utc") {
		o.Location = time.UTC
	}
	for _, f := range []struct {
		flag, value string
		known       []string
	}{{"theme", o.Theme, inspector.ThemeNames()}, {"view", o.View, inspector.ViewNames()}} {
		if !slices.Contains(f.known, f.value) {
			return o, usage(c.Command.Name, "--%s is %q; it is one of %s", f.flag, f.value, strings.Join(f.known, ", "))
		}
	}
	if o.Filter != "" {
		if _, err := filter.CompileIn(o.Filter, o.Location); err != nil {
			return o, fmt.Errorf("--filter: %w", err)
		}
	}
	return o, nil
}

// configDir is where the inspector keeps the history of filters; "": nowhere.
func configDir() string {
	if dir := os.Getenv("MSNPROXY_CONFIG_DIR"); dir != "" {
		return dir
	}
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		var err error
		if dir, err = os.UserConfigDir(); err != nil {
			return ""
		}
	}
	return filepath.Join(dir, "msnproxy")
}

// live is the inspector on live traffic. It is the proxy's observer, which never
// waits for the screen.
type live struct {
	x      *index.Index
	ins    *inspector.Inspector
	errors *aside
	err    error // how the inspector ended
}

// newLive makes the inspector for a proxy.
func newLive(o inspector.Options, known map[string]string, recorder *capture.Recorder, errors *aside) *live {
	l := &live{errors: errors, x: index.New(index.Options{Passwords: known, Location: o.Location})}
	o.Index, o.Live, o.Passwords = l.x, true, known
	if recorder != nil {
		o.Recording = func() inspector.Recording {
			return inspector.Recording{Path: recorder.Path(), Size: recorder.Size(), Dropped: recorder.Dropped()}
		}
		o.Keep = func(r *capture.Record) error {
			if !recorder.Record(r) {
				return errNotRecorded
			}
			return nil
		}
	}
	l.ins = inspector.New(o)
	return l
}

var errNotRecorded = errors.New("the recording takes nothing at the moment")

// addToIndex is replaced by tests.
var addToIndex = (*index.Index).Add

// Observe implements proxy.Observer.
func (l *live) Observe(r *capture.Record) {
	l.ins.Guard(func() { _ = addToIndex(l.x, r) }) // the status line says what the disk does not take
}

// run shows the inspector until the user leaves or ctx is done. Nothing else writes
// to the terminal meanwhile.
func (l *live) run(ctx context.Context) {
	l.errors.hold(l.ins.Complain)
	logged := log.Writer()
	log.SetOutput(l.errors)
	l.err = l.ins.Run(ctx)
	log.SetOutput(logged)
	l.errors.release()
}

// exit is what the program ends with, after err.
func (l *live) exit(c *cli.Context, err error) error {
	var fault *inspector.PanicError
	switch {
	case errors.As(l.err, &fault):
		complain(c.App.ErrWriter, fault) // before the lines that say where things are
		return &exit{code: exitTrouble}
	case err != nil:
		return err
	case errors.Is(l.err, inspector.ErrInterrupted), c.Context.Err() != nil:
		return &exit{code: exitInterrupted}
	}
	return l.err
}

// totals counts for the summary what the index holds.
func (l *live) totals() (t totals) {
	s := l.x.Summary()
	var signIns []*decode.SignIn
	list, _ := l.x.SignIns()
	for i := range list {
		signIns = append(signIns, &list[i])
	}
	t = totals{stuck: stuckSignIns(signIns), sessions: s.Sessions, messages: int(s.Messages)}
	l.x.Tally(func(y *tally.Tally) { t.opaque = y.Opaque })
	seen := make(map[int]bool)
	for _, c := range l.x.Conns() {
		for v := range c.Conversations() {
			seen[v.Number] = true
		}
	}
	t.conversations = len(seen)
	return t
}

var _ proxy.Observer = (*live)(nil)
