package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// usage is an error in how the program was called.
func usage(command, format string, args ...any) error {
	return fmt.Errorf("%s\nSee \"%s --help\"", fmt.Sprintf(format, args...), strings.TrimSpace("msnproxy "+command))
}

var (
	// What the flag package and cli say of a value that does not suit a flag, on the
	// command line and in the environment.
	badValue = regexp.MustCompile(`(?s)^invalid (?:boolean )?value "(.*)" for (?:flag )?-+([a-z-]+): .*$`)
	badEnv   = regexp.MustCompile(`(?s)^could not parse "(.*)" as [a-z0-9 ]+ value from environment variable "([A-Z0-9_]+)" for flag ([a-z-]+): .*$`)
	noValue  = regexp.MustCompile(`^flag needs an argument: -+([a-z-]+)$`)
)

// usageError makes an error of the flag parser one of ours.
func usageError(c *cli.Context, err error, _ bool) error {
	command, flags := called(c), c.App.Flags
	if c.Command != nil {
		flags = append(slices.Clone(flags), c.Command.Flags...)
	}
	text := err.Error()
	if m := badValue.FindStringSubmatch(text); m != nil {
		return usage(command, "--%s is %q; %s", m[2], m[1], wants(flags, m[2], text))
	}
	if m := badEnv.FindStringSubmatch(text); m != nil {
		return usage(command, "%s is %q, for --%s; %s", m[2], m[1], m[3], wants(flags, m[3], text))
	}
	if m := noValue.FindStringSubmatch(text); m != nil {
		return usage(command, "--%s wants a value", m[1])
	}
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		where := elsewhere(c.App.Commands, name)
		if len(name) > 1 {
			name = "-" + name
		}
		return usage(command, "there is no flag -%s%s", name, where)
	}
	return usage(command, "%s", text)
}

// elsewhere says which command has a flag: run before others. "": none has it.
func elsewhere(commands []*cli.Command, flag string) (where string) {
	for _, cmd := range commands {
		if cmd.Name != "run" && where != "" || cmd.Hidden {
			continue
		}
		for _, f := range cmd.Flags {
			if slices.Contains(f.Names(), flag) {
				where = " here; " + cmd.Name + " has it"
			}
		}
	}
	return where
}

// wants says what the values of a flag look like.
func wants(flags []cli.Flag, name, text string) string {
	for _, f := range flags {
		if !slices.Contains(f.Names(), name) {
			continue
		}
		switch f.(type) {
		case *cli.IntFlag, *cli.Int64Flag, *cli.UintFlag:
			return "it is a whole number, such as 100"
		case *cli.Float64Flag:
			return "it is a number, such as 0.5"
		case *cli.DurationFlag:
			return "it is a time with its unit, such as 500ms, 5s or 1h30m"
		case *cli.BoolFlag:
			return "it is true or false, or stands without a value"
		}
	}
	// The value's own type says what it is.
	return text[strings.LastIndex(text, ": ")+2:]
}

// helpAndVersion makes of "help read", "replay help" and "--version" what this
// program calls "read --help", "replay --help" and "version".
func helpAndVersion(app *cli.App, args []string) []string {
	if len(args) < 2 {
		return args
	}
	if cmd := app.Command(args[1]); len(args) == 3 && args[2] == "help" && cmd != nil && len(cmd.Subcommands) > 0 {
		return []string{args[0], args[1], "--help"}
	}
	switch args[1] {
	case "help":
		return append(append(slices.Clone(args[:1]), args[2:]...), "--help")
	case "--version", "-version", "-v", "-V":
		return append([]string{args[0], "version"}, args[2:]...)
	}
	return args
}
