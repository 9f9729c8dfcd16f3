package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
)

func readCommand() *cli.Command {
	return &cli.Command{
		Name:      "read",
		Usage:     "print a recording",
		ArgsUsage: "FILE",
		Description: `FILE is a capture (pcap or pcapng, also gzipped) of any program, with MSNP in it
on any port, or a transcript; - is standard input.

Example:
   msnproxy read session.pcap --filter 'verb == "MSG"' --detail 2
` + exitCodes,
		Flags:  outputFlags("text, json or transcript", false),
		Action: read,
	}
}

func read(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage("read", "read wants one file, not %d", c.NArg())
	}
	p, err := newPrinter(c, show.Text, show.JSON, show.Transcript)
	if err != nil {
		return err
	}
	defer collectLess()()
	known, err := hindsight(c, p.Filter, p.Passwords)
	if err != nil {
		return err
	}
	p.Foresee(known)
	in, err := openRecording(c)
	if err != nil {
		return err
	}
	defer in.Close()
	err = copyRecords(c, p, in)
	if ferr := p.Finish(); ferr != nil && err == nil {
		err = ferr
	}
	var corrupt *capture.CorruptError
	if errors.As(err, &corrupt) {
		return fmt.Errorf("%w; %s read", err, plural(p.Stats().Messages, "message"))
	}
	if err != nil {
		return err
	}
	if p.Stats().Messages == 0 {
		return in.Stats().NoMSNP(c.Args().First())
	}
	if ferr := p.FilterError(); ferr != nil {
		fmt.Fprintf(c.App.ErrWriter, "msnproxy: some messages did not suit the filter, and are not shown: %v\n", ferr)
	}
	return nil
}

// openRecording opens the file that is the first argument; - is standard input.
func openRecording(c *cli.Context) (*capture.Reader, error) {
	if name := c.Args().First(); name != "-" {
		return capture.Open(name)
	}
	return capture.OpenReader(c.App.Reader, "standard input")
}

// copyRecords prints every record of the recording. What was read before an
// error is printed.
func copyRecords(c *cli.Context, p *show.Printer, in *capture.Reader) error {
	for n := 0; ; n++ {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.Join(p.Flush(), err)
		}
		if err := p.Record(r); err != nil {
			return err
		}
		if n%1024 == 0 && c.Context.Err() != nil {
			return &exit{code: exitInterrupted}
		}
	}
}
