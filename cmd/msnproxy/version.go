package main

import (
	"fmt"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:        "version",
		Usage:       "print the version",
		Description: "Example:\n   msnproxy version\n" + exitCodes,
		Action: func(c *cli.Context) error {
			if c.NArg() != 0 {
				return usage("version", "version takes no arguments")
			}
			_, err := fmt.Fprintln(c.App.Writer, "msnproxy "+version())
			return err
		},
	}
}

// version tells from which commit the program was built, as far as the Go
// toolchain noted it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(version not known)"
	}
	v, commit, dirty := info.Main.Version, "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			commit = " commit " + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = " with local changes"
		}
	}
	return v + commit + dirty + ", " + info.GoVersion
}
