package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
)

func repairCommand() *cli.Command {
	return &cli.Command{
		Name:      "repair",
		Usage:     "mend a torn or damaged capture",
		ArgsUsage: "FILE",
		Description: `Leaves out what makes no sense in a pcap or pcapng file of any program, at its end
or in the middle, and says what was lost. What was taken for text on its way is made a
capture again: by a transfer in text mode that added carriage returns, by PowerShell's >
(UTF-16), with what tcpdump says to people in front or behind. The file as it was is
kept beside it, with .orig at the end of its name. The exit code is 2 if more was lost
than kept.

Example:
   msnproxy repair session.pcapng
` + exitCodes,
		Action: repair,
	}
}

func repair(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage("repair", "repair wants one file, not %d", c.NArg())
	}
	path := c.Args().First()
	done, err := capture.Repair(path)
	if err != nil {
		return err
	}
	w := c.App.Writer
	for _, what := range done.Undone {
		fmt.Fprintf(w, "%s\n", show.Escape(nil, what))
	}
	if len(done.Lost) == 0 && len(done.Undone) == 0 {
		fmt.Fprintf(w, "%s is whole: nothing to repair\n", show.Escape(nil, path))
		return nil
	}
	for _, l := range done.Lost {
		fmt.Fprintf(w, "left out %s\n", show.Escape(nil, l.String()))
	}
	fmt.Fprintf(w, "%s: %s kept, %d bytes lost; the original is %s\n",
		show.Escape(nil, path), plural(int(done.Blocks), "block"), done.Bytes(), show.Escape(nil, done.Original))
	if kept := done.Kept; kept < done.Bytes() {
		return fmt.Errorf("%s: most of it could not be mended: %d bytes kept, %d lost", path, kept, done.Bytes())
	}
	return nil
}
