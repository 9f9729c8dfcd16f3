package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
)

// outlive has a command go on when its output is not read: when the reader of
// standard output or error is gone (| head), or takes nothing (a full pipe). With
// waits who writes to standard output waits for the reader, else lines are dropped;
// from the first signal on the reader has outletPatience, and from the second on
// outletHurry. going is what goes on. What
// waits is written by end.
func outlive(c *cli.Context, waits bool, going string) *outlet {
	// Without this a write to a closed pipe ends the program.
	signal.Ignore(syscall.SIGPIPE)
	hurry := hurried(c.Context)
	errs := c.App.ErrWriter.(*aside)
	errs.outlive(hurry)
	out := newOutlet(c.App.Writer, outletLimit, waits, func(err error) {
		if errors.Is(err, syscall.EPIPE) {
			fmt.Fprintf(errs, "msnproxy: nobody reads the output any more; %s\n", going)
		} else {
			fmt.Fprintf(errs, "msnproxy: the output cannot be written: %v; %s\n", unwrapPath(err), going)
		}
	})
	c.App.Writer = out
	context.AfterFunc(c.Context, func() { out.hasten(hurry) })
	return out
}

// unwrapPath takes the name of the call and of the file off an error.
func unwrapPath(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// unread says at the end how many lines nobody read.
func unread(c *cli.Context, out *outlet) {
	if n := out.drops(); n > 0 {
		fmt.Fprintf(c.App.ErrWriter, "msnproxy: %s of output not written, as nobody read them\n", plural(int(n), "line"))
	}
}
