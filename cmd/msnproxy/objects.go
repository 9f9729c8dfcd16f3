package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/objects"
	"msnproxy/decode/transfer"
)

func objectsCommand() *cli.Command {
	return &cli.Command{
		Name:      "objects",
		Usage:     "list the files, pictures and emoticons of a recording, and save them",
		ArgsUsage: "FILE...",
		Description: filesUsage + `
Lists what people handed each other by P2P (MSNP9 and later) and MSNFTP: who gave what to
whom, how much of it came by which path, how long it took, and whether its hash is right.
With --out what came is written to files in DIR, which is made if it is not there: under
names of which only harmless characters are left, with the extension that the first
bytes give. What is not whole has .part behind its name. Nothing is overwritten, no
link is followed, and 4 GiB and 10,000 files are the most that is written.

Examples:
   msnproxy objects session.pcapng
   msnproxy objects session.pcapng --out objects
   msnproxy objects log/*.pcapng --format json
` + `
Exit codes: 0 fine, 1 something of what was accepted is incomplete, or has the wrong size
or hash (not for that alone that it may have gone by a direct connection which was not
recorded), 2 trouble (usage, file), 130 interrupted.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: text or json"},
			&cli.StringFlag{Name: "out", Usage: "write what was transferred to files in `DIR`"},
		},
		Action: listObjects,
	}
}

func listObjects(c *cli.Context) (err error) {
	in, format, err := openFormatted(c)
	if err != nil {
		return err
	}
	defer in.Close()
	defer collectLess()()
	k := &transfer.Tracker{MSNFTP: true}
	var folder *objects.Folder
	if dir := c.String("out"); dir != "" {
		if folder, err = objects.Create(dir); err != nil {
			return err
		}
		k.Sink = folder.Sink
	}
	messages, err := transfers(c, in, k)
	var corrupt *capture.CorruptError
	if err != nil && !errors.As(err, &corrupt) {
		if folder != nil {
			err = errors.Join(err, folder.Close())
		}
		return err
	}
	if err == nil && messages == 0 && len(k.Transfers()) == 0 {
		return in.Stats().NoMSNP(inputName(c))
	}
	return showObjects(c, k, folder, format == "json", err)
}

// transfers feeds a recording to a tracker.
func transfers(c *cli.Context, in *capture.Reader, k *transfer.Tracker) (messages int64, err error) {
	f := capture.NewFollower(capture.FollowOptions{})
	var last time.Time
	for {
		r, err := in.Next()
		if err != nil {
			k.Finish(last)
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return f.Messages(), err
		}
		if c.Context.Err() != nil {
			return 0, &exit{code: exitInterrupted}
		}
		if r.Time.After(last) {
			last = r.Time
		}
		if e := f.Record(r); e.Message != nil {
			k.Message(e.Message)
		}
		if r.Kind == capture.Closed {
			k.Closed(r.Conn.ID)
		}
	}
}

// showObjects prints what a tracker has found, with what went wrong in reading it.
func showObjects(c *cli.Context, k *transfer.Tracker, folder *objects.Folder, asJSON bool, wrong error) error {
	list := k.Transfers()
	var file func(*transfer.Transfer) string
	if folder != nil {
		wrong = errors.Join(wrong, folder.Close())
		file = folder.Name
	}
	switch {
	case asJSON:
		for _, t := range list {
			name := ""
			if file != nil {
				name = file(t)
			}
			if _, err := c.App.Writer.Write(asciiJSON(objects.AppendJSON(nil, t, name))); err != nil {
				return errors.Join(err, wrong)
			}
		}
	case len(list) > 0:
		if err := objects.WriteText(c.App.Writer, list, file); err != nil {
			return errors.Join(err, wrong)
		}
	}
	if n := k.Dropped(); n > 0 {
		fmt.Fprintf(c.App.ErrWriter, "msnproxy: %s are not listed, the oldest: there are too many\n", plural(n, "transfer"))
	}
	broken, unrecorded := 0, 0
	for _, t := range list {
		if t.Broken() {
			broken++
		}
		if t.State == transfer.Unrecorded {
			unrecorded++
		}
	}
	if !asJSON {
		more := ""
		if unrecorded > 0 {
			more = fmt.Sprintf("; the data of %d was not recorded", unrecorded)
		}
		fmt.Fprintf(c.App.ErrWriter, "msnproxy: %s, %d incomplete, of the wrong size or with the wrong hash%s\n", plural(len(list), "transfer"), broken, more)
	}
	switch {
	case wrong != nil:
		return wrong
	case broken > 0:
		return &exit{code: exitFindings}
	}
	return nil
}
