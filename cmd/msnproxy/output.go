package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode/filter"
)

// outputFlags are the flags of every command that prints messages.
func outputFlags(formats string, env bool) []cli.Flag {
	vars := func(name string) []string {
		if !env {
			return nil
		}
		return []string{"MSNPROXY_" + name}
	}
	flags := []cli.Flag{
		&cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: " + formats, EnvVars: vars("FORMAT")},
		&cli.IntFlag{Name: "detail", Value: 1, Usage: "for text: 0 one line a message, 1 also connections and findings, 2 also fields, 3 also bytes (`N`)", EnvVars: vars("DETAIL")},
		&cli.StringFlag{Name: "filter", Usage: "only messages for which `EXPR` holds, such as 'verb == \"MSG\" && account contains \"bob\"' (see \"msnproxy explain filter\")", EnvVars: vars("FILTER")},
		&cli.StringFlag{Name: "color", Value: "auto", Usage: "`WHEN` to use colours: auto, always, never", EnvVars: vars("COLOR")},
		&cli.BoolFlag{Name: "utc", Usage: "show times in UTC rather than in local time", EnvVars: vars("UTC")},
	}
	return append(flags, passwordFlags(checksSignIns, env)...)
}

// checksSignIns is what passwords are for in commands that look at messages.
const checksSignIns = "check MD5 sign-ins of this account"

// newPrinter makes the printer that the flags ask for.
func newPrinter(c *cli.Context, formats ...show.Format) (*show.Printer, error) {
	o := show.Options{Format: show.Format(c.String("format")), Detail: c.Int("detail"), Location: time.Local}
	known := false
	for _, f := range formats {
		known = known || f == o.Format
	}
	if !known {
		return nil, usage(c.Command.Name, "there is no format %q; the formats are %s", o.Format, join(formats))
	}
	if o.Detail < 0 || o.Detail > 3 {
		return nil, usage(c.Command.Name, "--detail is %d; it goes from 0 to 3", o.Detail)
	}
	if c.Bool("utc") {
		o.Location = time.UTC
	}
	var err error
	if o.Color, err = wantColor(c); err != nil {
		return nil, err
	}
	if src := c.String("filter"); src != "" {
		if o.Filter, err = filter.CompileIn(src, o.Location); err != nil {
			return nil, fmt.Errorf("--filter: %w", err)
		}
	}
	if o.Passwords, err = passwords(c); err != nil {
		return nil, err
	}
	o.Check = o.Format == show.JSON || o.Format == show.Text && o.Detail > 0
	return show.New(c.App.Writer, o), nil
}

func join(formats []show.Format) string {
	var names []string
	for _, f := range formats {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// wantColor decides on colours: as told, else on a terminal unless NO_COLOR is
// set (https://no-color.org).
func wantColor(c *cli.Context) (bool, error) {
	switch c.String("color") {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(c.App.Writer), nil
	}
	return false, usage(c.Command.Name, "--color is %q; it is auto, always or never", c.String("color"))
}

func isTerminal(stream any) bool {
	if o, ok := stream.(*outlet); ok {
		stream = o.w
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// plural returns "1 message", "2 messages".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
