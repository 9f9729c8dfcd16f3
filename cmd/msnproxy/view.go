package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/inspector"
)

func viewCommand() *cli.Command {
	var flags []cli.Flag
	for _, f := range outputFlags("", false) {
		switch f.Names()[0] {
		case "filter", "password", "accounts", "utc":
			flags = append(flags, f)
		}
	}
	return &cli.Command{
		Name:      "view",
		Usage:     "look at a recording in the inspector",
		ArgsUsage: "FILE...",
		Description: filesUsage + `Nothing is sent anywhere, but by
r, to a server that you type. Marks and comments are kept in the file if msnproxy has
recorded it (.pcapng, not compressed); elsewhere only by saving a copy.

In the inspector ? lists the keys, and q leaves. It keeps the history of filters in
msnproxy/filters in the directory of your configuration (MSNPROXY_CONFIG_DIR is
another one).

Examples:
   msnproxy view session.pcapng
   msnproxy view session.pcap.gz --filter 'verb == "MSG"' --view chat
   ssh gateway tcpdump -w - port 1863 | msnproxy view -
` + exitCodes,
		Flags:  slices.Concat(flags, inspectorFlags()),
		Action: view,
	}
}

func view(c *cli.Context) error {
	if err := inputs(c); err != nil {
		return err
	}
	o, err := inspectorOptions(c)
	if err != nil {
		return err
	}
	known, err := passwords(c)
	if err != nil {
		return err
	}
	if !isTerminal(c.App.Writer) {
		return fmt.Errorf("the inspector needs a terminal, and standard output is none; \"msnproxy read %s\" prints the recording", c.Args().First())
	}
	if err := inspector.Usable(); err != nil {
		return err
	}
	v, err := openViewed(c)
	if err != nil {
		return err
	}
	defer v.close()
	v.x = index.New(index.Options{Passwords: known, Location: o.Location})
	defer v.x.Close()
	o.Index, o.Title, o.Keep, o.Passwords = v.x, v.name, v.keeper(), known
	v.ins = inspector.New(o)
	defer v.load()()
	if err := v.known(c); err != nil {
		return err
	}
	stderr := c.App.ErrWriter.(*aside)
	stderr.hold(v.ins.Complain)
	err = v.ins.Run(c.Context)
	stderr.release()
	switch {
	case errors.Is(err, inspector.ErrInterrupted), err == nil && c.Context.Err() != nil:
		if err := v.trouble(); err != nil {
			complain(stderr, err)
		}
		return &exit{code: exitInterrupted}
	case err != nil:
		return err
	}
	return v.trouble()
}

// viewed is a recording in the inspector.
type viewed struct {
	name   string
	in     *capture.Reader
	file   *os.File // what in reads, to be read by place; nil: it can't be
	x      *index.Index
	ins    *inspector.Inspector
	notes  *capture.Appender
	loaded chan struct{} // closed when all is read
	err    error         // of reading, when loaded is closed
}

// openViewed opens the file that is the first argument. What comes through a pipe
// is waited for, until somebody interrupts.
func openViewed(c *cli.Context) (*viewed, error) {
	v := &viewed{name: inputName(c), loaded: make(chan struct{})}
	opened := make(chan error, 1)
	go func() {
		var err error
		v.in, err = openRecording(c)
		opened <- err
	}()
	select {
	case err := <-opened:
		if err != nil {
			return nil, err
		}
	case <-c.Context.Done():
		return nil, &exit{code: exitInterrupted}
	}
	if c.Args().First() == "-" || !v.in.Placed() {
		return v, nil // several files have no places, either
	}
	names, err := capture.Expand(c.Args().Slice()...)
	if err != nil {
		return nil, err
	}
	v.name = names[0]
	info, err := os.Stat(v.name)
	if err == nil && info.Mode().IsRegular() { // of a pipe nothing can be read twice
		v.file, err = os.Open(v.name)
	}
	return v, err
}

func (v *viewed) close() {
	if v.notes != nil {
		v.notes.Close()
	}
	if v.file != nil {
		v.file.Close()
	}
}

// keeper returns what keeps notes in the file, nil if it has no place for them. The
// file is not touched before there is a note.
func (v *viewed) keeper() func(*capture.Record) error {
	if v.file == nil {
		return nil
	}
	return func(r *capture.Record) (err error) {
		if v.notes == nil {
			if v.notes, err = capture.Append(v.name); err != nil {
				v.notes = nil
				return err
			}
		}
		return v.notes.Put(r)
	}
}

// stopFor is how long a read that is under way may take at the end.
const stopFor = 200 * time.Millisecond

// load begins to read, and returns what ends it. What goes wrong is said in the
// inspector.
func (v *viewed) load() (end func()) {
	stop := make(chan struct{})
	var file io.ReaderAt // an *os.File that is nil would be no nil
	if v.file != nil {
		file = v.file
	}
	go v.ins.Guard(func() {
		defer close(v.loaded)
		v.err = v.x.Load(v.in, file, v.name, stop)
		sum := v.x.Summary()
		switch {
		case v.err != nil:
			v.ins.Complain(v.err.Error())
		case sum.Done && sum.Rows == 0:
			if v.err = v.in.Stats().NoMSNP(v.name); v.err != nil {
				v.ins.Complain(v.err.Error())
			}
		}
	})
	return func() {
		close(stop)
		select {
		case <-v.loaded:
			v.in.Close()
		case <-time.After(stopFor): // it waits for a pipe
		}
	}
}

// knownWithin is how long the screen waits to be spared for a file that has nothing
// to show.
const knownWithin = 250 * time.Millisecond

// known returns what is wrong with a file that has nothing to show, if that shows at
// once.
func (v *viewed) known(c *cli.Context) error {
	late := time.NewTimer(knownWithin)
	defer late.Stop()
	for v.x.Len() == 0 {
		select {
		case <-v.x.Changed():
		case <-v.loaded:
			if v.x.Len() == 0 {
				return v.err
			}
		case <-c.Context.Done():
			return &exit{code: exitInterrupted}
		case <-late.C:
			return nil
		}
	}
	return nil
}

// trouble is what was wrong with the file, as far as it was read.
func (v *viewed) trouble() error {
	select {
	case <-v.loaded:
		return v.err
	default:
		return nil
	}
}
