package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"msnproxy/capture/compare"
	"msnproxy/capture/story"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
	"msnproxy/decode/filter"
)

func diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "say how two recordings differ in what they mean",
		ArgsUsage: "FIRST SECOND",
		Description: `Compares two recordings as sessions: connection by connection, request by request,
down to the field. TrIDs, cookies, session ids, addresses, challenges, times and the
order of what is independent do not count. Any format that "msnproxy read" reads; each
of the two is a file, a directory or a quoted pattern ('old/*.pcapng').

   -  only in the first recording         ~  says something else
   +  only in the second                  >  comes in another order

The two numbers on a line are those of the message in either recording.
docs/compare.md tells what is compared with what, and the JSON.

Examples:
   msnproxy diff good.pcapng mine.pcapng
   msnproxy diff good.pcapng mine.pcapng --ignore friendly --ignore MSG.text
   msnproxy diff good.pcapng mine.pcapng --filter 'from == "server"' --format json

Exit codes: 0 no difference, 1 differences, 2 trouble (usage, file), 130 interrupted.`,
		Flags: append([]cli.Flag{
			&cli.StringSliceFlag{Name: "ignore", Usage: "leave out a field (`FIELD`: friendly), one of a verb (MSG.text), or messages (verb:NLN); may be repeated"},
			&cli.BoolFlag{Name: "noise", Usage: "compare keep-alive, typing and empty lines, too"},
			&cli.StringSliceFlag{Name: "account", Usage: "an account of the first recording goes by another name in the second (`OLD=NEW`, may be repeated)"},
			&cli.StringFlag{Name: "filter", Usage: "only messages for which `EXPR` holds (see \"msnproxy explain filter\")"},
			&cli.IntFlag{Name: "context", Value: 2, Usage: "show `N` messages around a difference"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: text or json"},
			&cli.StringFlag{Name: "color", Value: "auto", Usage: "`WHEN` to use colours: auto, always, never"},
		}, passwordFlags(checksSignIns, false)...),
		Action: diffFiles,
	}
}

func diffFiles(c *cli.Context) error {
	if c.NArg() != 2 {
		return usage("diff", "diff wants two recordings, not %d", c.NArg())
	}
	if c.Args().Get(0) == "-" && c.Args().Get(1) == "-" {
		return usage("diff", "only one of the recordings can be standard input")
	}
	out, options, err := diffFlags(c)
	if err != nil {
		return err
	}
	known, err := passwords(c)
	if err != nil {
		return err
	}
	defer collectLess()()
	var stories [2]*story.Story
	damaged := false
	for i := range stories {
		s, err := story.Open(c.Args().Get(i), story.Options{Passwords: known, Check: options.Findings, Stop: c.Context.Done()})
		if err != nil {
			return stoppedOr(err)
		}
		defer s.Close()
		if s.Damage != nil {
			damaged = true
			complain(c.App.ErrWriter, s.Damage)
		}
		stories[i] = s
	}
	report, err := compare.Stories(stories[0], stories[1], options)
	if err != nil {
		return stoppedOr(err)
	}
	if err := show.Differences(c.App.Writer, report, out); err != nil {
		return err
	}
	if !out.JSON {
		complain(c.App.ErrWriter, errors.New(counted(report)))
	}
	switch {
	case damaged:
		return &exit{code: exitTrouble}
	case !report.Equal():
		return &exit{code: exitFindings}
	}
	return nil
}

// stoppedOr makes an interruption of what ends because of one.
func stoppedOr(err error) error {
	if errors.Is(err, story.ErrStopped) {
		return &exit{code: exitInterrupted}
	}
	return err
}

func diffFlags(c *cli.Context) (show.DifferenceOptions, compare.Options, error) {
	out := show.DifferenceOptions{Context: c.Int("context")}
	options := compare.Options{Noise: c.Bool("noise"), Stop: c.Context.Done()}
	switch c.String("format") {
	case "text":
	case "json":
		out.JSON = true
	default:
		return out, options, usage("diff", "there is no format %q; the formats are text, json", c.String("format"))
	}
	if out.Context < 0 {
		return out, options, usage("diff", "--context is %d; it is 0 or more", out.Context)
	}
	var err error
	if out.Color, err = wantColor(c); err != nil {
		return out, options, err
	}
	if options.Rules, err = compare.NewRules(commas(c.StringSlice("ignore"))); err != nil {
		return out, options, usage("diff", "--ignore: %v", err)
	}
	for _, s := range c.StringSlice("account") {
		from, to, ok := strings.Cut(s, "=")
		if !ok || from == "" || to == "" {
			return out, options, usage("diff", "--account wants OLD=NEW, such as alice@example.com=carol@example.com")
		}
		if options.Rules.Accounts == nil {
			options.Rules.Accounts = make(map[string]string)
		}
		options.Rules.Accounts[strings.ToLower(from)] = to
	}
	if src := c.String("filter"); src != "" {
		f, err := filter.Compile(src)
		if err != nil {
			return out, options, fmt.Errorf("--filter: %w", err)
		}
		options.Findings = f.AsksFindings()
		options.Keep = func(m *decode.Message) bool {
			ok, err := f.Match(m)
			return ok && err == nil
		}
	}
	return out, options, nil
}

// counted says in one line how many differences there are, and of which kinds.
func counted(r *compare.Report) string {
	n := r.Differences()
	if n == 0 {
		return fmt.Sprintf("no difference in %s and %s", plural(r.A.Messages, "message"), plural(r.B.Messages, "message"))
	}
	s := plural(n, "difference") + ":"
	for k := compare.Missing; int(k) < len(r.Counts); k++ {
		if r.Counts[k] > 0 {
			s += fmt.Sprintf(" %d %s,", r.Counts[k], k)
		}
	}
	return strings.TrimSuffix(s, ",") + "\n" + whose(r)
}

// whose says who says something else, and in which fields most often: what comes
// of one cause is there many times.
func whose(r *compare.Report) string {
	var by [decode.Server + 1]int
	fields := make(map[string]int)
	for _, session := range r.Sessions {
		for _, conn := range session.Conns {
			for i := range conn.Steps {
				s := &conn.Steps[i]
				if m := cmp.Or(s.A, s.B); s.Kind != compare.Same {
					by[m.From]++
				}
				for _, f := range s.Fields {
					fields[f.Name]++
				}
			}
		}
	}
	s := fmt.Sprintf("of the server's messages %d, of the client's %d", by[decode.Server], by[decode.Client])
	if len(fields) == 0 {
		return s
	}
	names := slices.SortedFunc(maps.Keys(fields), func(a, b string) int {
		return cmp.Or(cmp.Compare(fields[b], fields[a]), cmp.Compare(a, b))
	})
	s += "; most in the fields"
	for _, name := range names[:min(len(names), 5)] {
		s += fmt.Sprintf(" %s (%d),", name, fields[name])
	}
	return strings.TrimSuffix(s, ",")
}
