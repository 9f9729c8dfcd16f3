package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
)

// filesUsage is what commands say of the recordings that they read.
const filesUsage = `FILE is a capture (pcap or pcapng, also gzipped) of any program, with MSNP in it
on any port, a transcript, or the log of a client; - is standard input. Several files,
directories and patterns ('log/*.pcapng') are read as one recording: in order of time,
what stands in several of them once.
`

// inputs checks that there is something to read.
func inputs(c *cli.Context) error {
	name := c.Command.Name
	if c.NArg() == 0 {
		return usage(name, "%s wants a recording: files, directories or patterns", name)
	}
	stdin := 0
	for _, arg := range c.Args().Slice() {
		if arg == "-" {
			stdin++
		}
	}
	if stdin > 1 {
		return usage(name, "standard input can be read only once")
	}
	return nil
}

// openRecording opens the recordings that are the arguments as one; - is standard input.
func openRecording(c *cli.Context) (*capture.Reader, error) {
	return openRecordings(c, nil)
}

// openRecordings opens recordings as one. Standard input ends when the command is
// interrupted, so that what there is is told; before it is waited for, idle is called.
func openRecordings(c *cli.Context, idle func()) (*capture.Reader, error) {
	return capture.OpenAll(&livePipe{ctx: c.Context, in: c.App.Reader, idle: idle}, recordings(c)...)
}

// recordings are the arguments that name recordings: all, but for the last of convert and
// the first of rules test.
func recordings(c *cli.Context) []string {
	args := c.Args().Slice()
	switch {
	case len(args) == 0:
	case c.Command.Name == "convert":
		return args[:len(args)-1]
	case called(c) == rulesTest:
		return args[1:]
	}
	return args
}

// inputName is what messages call the recording that is read.
func inputName(c *cli.Context) string {
	args := recordings(c)
	switch {
	case len(args) != 1:
		return strings.Join(args, ", ")
	case args[0] == "-":
		return "standard input"
	}
	return args[0]
}

// livePipe reads from what may take its time, until the context is done.
type livePipe struct {
	ctx  context.Context
	in   io.Reader
	idle func() // nil: nobody wants to know

	parts chan part
	free  chan []byte
	left  []byte
	block []byte
	err   error
}

// part is what one read brought.
type part struct {
	b   []byte
	err error
}

// pipeBlock is how many bytes one read takes at most.
const pipeBlock = 64 << 10

// Read implements io.Reader.
func (p *livePipe) Read(b []byte) (int, error) {
	if f, ok := p.in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return f.Read(b) // it never waits
		}
	}
	if p.parts == nil {
		p.start()
	}
	if len(p.left) == 0 && p.err == nil {
		p.wait(nil)
	}
	n := copy(b, p.left)
	if p.left = p.left[n:]; n > 0 {
		return n, nil
	}
	return 0, p.err
}

// start begins to read. The goroutine ends with the input, or is left in a read that
// nothing interrupts when the program ends.
func (p *livePipe) start() {
	p.parts, p.free = make(chan part), make(chan []byte, 2)
	p.free <- make([]byte, pipeBlock)
	p.free <- make([]byte, pipeBlock)
	go func() {
		for {
			var b []byte
			select {
			case b = <-p.free:
			case <-p.ctx.Done():
				return
			}
			n, err := p.in.Read(b)
			select {
			case p.parts <- part{b[:n], err}:
			case <-p.ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
}

// Await implements [capture.Live].
func (p *livePipe) Await(atMost time.Duration) bool {
	if f, ok := p.in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	if p.parts == nil {
		p.start()
	}
	if len(p.left) > 0 || p.err != nil {
		return true
	}
	t := time.NewTimer(atMost)
	defer t.Stop()
	return p.wait(t.C)
}

// wait takes the next part. It reports false if the time is over before.
func (p *livePipe) wait(over <-chan time.Time) bool {
	if p.block != nil {
		p.free <- p.block[:cap(p.block)]
		p.block = nil
	}
	var got part
	select {
	case got = <-p.parts:
	default:
		if p.idle != nil {
			p.idle()
		}
		select {
		case got = <-p.parts:
		case <-p.ctx.Done():
			p.err = io.EOF
			return true
		case <-over:
			return false
		}
	}
	p.left, p.block, p.err = got.b, got.b, got.err
	return true
}

// interrupted makes of what reading ended with what an interruption makes of it.
func interrupted(c *cli.Context, err error) error {
	var corrupt *capture.CorruptError
	var format *capture.FormatError
	if c.Context.Err() != nil && (err == nil || errors.As(err, &corrupt) || errors.As(err, &format)) {
		return &exit{code: exitInterrupted}
	}
	return err
}

// openRead opens what read reads; before it waits for more, idle is called.
func openRead(c *cli.Context, idle func()) (*capture.Reader, error) {
	if c.Bool("follow") {
		return capture.Follow(c.Context, c.Args().First(), idle), nil
	}
	return openRecordings(c, idle)
}
