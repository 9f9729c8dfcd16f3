// Command msnproxy is a man-in-the-middle debugging proxy for MSN Messenger.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"msnproxy/cmd/msnproxy/internal/show"
)

// The exit codes, the same for every command.
const (
	exitFine        = 0
	exitFindings    = 1
	exitTrouble     = 2
	exitInterrupted = 130
)

const exitCodes = `
Exit codes: 0 fine, 1 findings or differences, 2 trouble (usage, file, network),
130 interrupted.`

func main() { os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr)) }

// exit is an error that asks for an exit code.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// run is the program: it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signals(os.Exit)
	defer stop()
	errs := &aside{w: stderr}
	defer errs.finish()
	app := newApp(stdin, stdout, errs)
	err := app.RunContext(ctx, flagsFirst(app, helpAndVersion(app, args)))
	var e *exit
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &e):
		if e.err != nil {
			complain(errs, e.err)
		}
		return e.code
	case errors.Is(err, syscall.EPIPE):
		return exitFine // whoever reads the output has seen enough
	}
	complain(errs, err)
	return exitTrouble
}

// complain prints an error. Files and peers have a say in its text, so it is
// escaped line by line.
func complain(w io.Writer, err error) {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	for i, line := range lines {
		if i == 0 {
			line = "msnproxy: " + line
		}
		fmt.Fprintf(w, "%s\n", show.Escape(nil, line))
	}
}

func newApp(stdin io.Reader, stdout io.Writer, stderr *aside) *cli.App {
	cli.HelpFlag = &cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "show help"}
	app := &cli.App{
		Name:  "msnproxy",
		Usage: "see, record and check what MSN Messenger says",
		Description: "A proxy between a Messenger client and its server, for MSNP2 to MSNP21. Point the\n" +
			"client at it and watch the conversation. Try \"msnproxy demo\".\n" + exitCodes,
		Reader: stdin, Writer: stdout, ErrWriter: stderr,
		HideHelpCommand: true,
		// Rules and passwords have commas in them.
		DisableSliceFlagSeparator: true,
		HideVersion:               true,
		Commands: []*cli.Command{
			runCommand(), demoCommand(), readCommand(), viewCommand(), checkCommand(), diffCommand(), statsCommand(), doctorCommand(), objectsCommand(), convertCommand(), repairCommand(), replayCommand(), rulesCommand(), ctlCommand(), dissectorCommand(), caCommand(), explainCommand(), completionCommand(), versionCommand(),
		},
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   usageError,
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return cli.ShowAppHelp(c)
			}
			return unknownCommand(c.App, c.Args().First())
		},
	}
	sameForAll(app.Commands)
	return app
}

// sameForAll sets what holds for every command and its subcommands.
func sameForAll(commands []*cli.Command) {
	for _, cmd := range commands {
		cmd.OnUsageError = usageError
		cmd.HideHelpCommand = true
		sameForAll(cmd.Subcommands)
	}
}

// called is how the command is called: "read", "replay server".
func called(c *cli.Context) string {
	_, name, _ := strings.Cut(c.Command.HelpName, " ")
	return name
}

func unknownCommand(app *cli.App, name string) error {
	var names []string
	for _, c := range app.Commands {
		names = append(names, c.Name)
	}
	return fmt.Errorf("there is no command %q; the commands are %s", name, strings.Join(names, ", "))
}

// flagsFirst puts the flags of a command before its arguments, as the flag
// package stops at the first argument and would take later flags for more.
func flagsFirst(app *cli.App, args []string) []string {
	if len(args) < 2 {
		return args
	}
	cmd := app.Command(args[1])
	if cmd == nil {
		return args
	}
	at := 2 // of the first argument of the command
	for at < len(args) {
		i := slices.IndexFunc(cmd.Subcommands, func(sub *cli.Command) bool { return sub.HasName(args[at]) })
		if i < 0 {
			break
		}
		cmd = cmd.Subcommands[i]
		at++
	}
	var flags, rest []string
	for i := at; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if len(a) < 2 || a[0] != '-' {
			rest = append(rest, a)
			continue
		}
		flags = append(flags, a)
		if takesValue(cmd, a) && i+1 < len(args) {
			i++
			flags = append(flags, args[i])
		}
	}
	out := append(slices.Clone(args[:at]), flags...)
	if len(rest) > 0 {
		out = append(append(out, "--"), rest...)
	}
	return out
}

// takesValue reports whether the argument after this flag is its value.
func takesValue(cmd *cli.Command, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, f := range cmd.Flags {
		for _, n := range f.Names() {
			if n == name {
				switch f.(type) {
				case *cli.BoolFlag, *cli.GenericFlag: // --redact, or --redact=all
					return false
				}
				return true
			}
		}
	}
	return false
}
