package main

import (
	"errors"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/decode/filter"
)

// hindsight reads the recording once before it is read for good, if a filter asks for
// findings: some are only known when later messages are. What comes through a pipe can
// be read only once, and has none; such findings are then told when they come.
func hindsight(c *cli.Context, f *filter.Filter, known map[string]string) (capture.Hindsight, error) {
	names, err := capture.Expand(recordings(c)...)
	if err != nil || !f.AsksFindings() || c.Bool("follow") || !slices.ContainsFunc(names, isFile) || slices.ContainsFunc(names, isPipe) {
		return nil, nil
	}
	in, err := openRecording(c)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	h, err := capture.Look(in, capture.FollowOptions{Passwords: known}, c.Context.Done())
	if errors.Is(err, capture.ErrStopped) {
		return nil, &exit{code: exitInterrupted}
	}
	return h, nil // a damaged recording is told of when it is read for good
}

// isFile reports whether the argument names a file that can be read twice.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// isPipe reports whether the argument names what can be read only once.
func isPipe(name string) bool {
	info, err := os.Stat(name)
	return name == "-" || err == nil && !info.Mode().IsRegular() && !info.IsDir()
}
