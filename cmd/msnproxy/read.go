package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
)

func readCommand() *cli.Command {
	return &cli.Command{
		Name:      "read",
		Usage:     "print a recording",
		ArgsUsage: "FILE...",
		Description: filesUsage + `
Standard input and, with --follow, a file that grows are printed as they come; Ctrl-C
ends that. Of a recording with --rotate give the name of any of its files, or that
which was given to --record.

Examples:
   msnproxy read session.pcap --filter 'verb == "MSG"' --detail 2
   msnproxy read 'log/*.pcapng' other.pcap --detail 0
   tcpdump -U -w - port 1863 | msnproxy read -
   msnproxy read --follow session.pcapng
` + exitCodes,
		Flags: append(outputFlags("text, json or transcript", false),
			&cli.BoolFlag{Name: "follow", Usage: "go on with what is added to the file, and with the next one when it is rotated, replaced or made anew, until interrupted"}),
		Action: read,
	}
}

func read(c *cli.Context) error {
	if err := inputs(c); err != nil {
		return err
	}
	if c.Bool("follow") && (c.NArg() != 1 || c.Args().First() == "-") {
		return usage("read", "--follow wants one file, not %s", inputName(c))
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
	in, err := openRead(c, func() { _ = p.Flush() })
	if err != nil {
		return interrupted(c, err)
	}
	defer in.Close()
	err = interrupted(c, copyRecords(c, p, in))
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
		return in.Stats().NoMSNP(inputName(c))
	}
	if ferr := p.FilterError(); ferr != nil {
		fmt.Fprintf(c.App.ErrWriter, "msnproxy: some messages did not suit the filter, and are not shown: %v\n", ferr)
	}
	return nil
}

// copyRecords prints every record of the recording. What was read before an
// error is printed.
func copyRecords(c *cli.Context, p *show.Printer, in *capture.Reader) error {
	// What waits for more ends by itself, with what there is.
	live := c.Bool("follow") || slices.Contains(c.Args().Slice(), "-")
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
		if n%1024 == 0 && !live && c.Context.Err() != nil {
			return &exit{code: exitInterrupted}
		}
	}
}
