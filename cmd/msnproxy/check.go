package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
	"msnproxy/decode/check"
)

func checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "say what in a recording is not as the protocol wants it",
		ArgsUsage: "FILE...",
		Description: filesUsage + `
Applies the rules to a recording, and prints what they find, one line each.
docs/checks.md describes the rules. The exit code is 1 if there is a finding of at
least --min.

Examples:
   msnproxy check session.pcapng
   msnproxy check session.pcapng --min note --rule challenge --rule signin
   msnproxy check session.pcapng --rule -name.raw --format json
` + exitCodes,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: text or json"},
			&cli.StringFlag{Name: "min", Value: "warning", Usage: "least `SEVERITY` that is printed and counts: note, warning or error"},
			&cli.StringSliceFlag{Name: "rule", Usage: "only this `RULE` or group of rules, or with a minus all but it (may be repeated)"},
			&cli.BoolFlag{Name: "rules", Usage: "list the rules, and end"},
		}, passwordFlags(checksSignIns, false)...),
		Action: checkFile,
	}
}

// checkRun is one run of check.
type checkRun struct {
	c      *cli.Context
	least  decode.Severity
	json   bool
	follow *capture.Follower
	found  [decode.Error + 1]int // by severity
	hidden [decode.Error + 1]int // of them, below --min
	err    error
}

func checkFile(c *cli.Context) error {
	if c.Bool("rules") {
		return listRules(c.App.Writer)
	}
	if err := inputs(c); err != nil {
		return err
	}
	k := &checkRun{c: c}
	if err := k.flags(); err != nil {
		return err
	}
	in, err := openRecording(c)
	if err != nil {
		return err
	}
	defer in.Close()
	defer collectLess()()
	if err := k.read(in); err != nil {
		return err
	}
	if !k.json {
		fmt.Fprintf(c.App.ErrWriter, "msnproxy: %s\n", k.total())
	}
	if k.found != k.hidden {
		return &exit{code: exitFindings}
	}
	return nil
}

// total says how many findings there are, and which of them were not printed.
func (k *checkRun) total() string {
	s := fmt.Sprintf("%s, %s, %s", plural(k.found[decode.Error], "error"),
		plural(k.found[decode.Warning], "warning"), plural(k.found[decode.Note], "note"))
	var hidden []string
	for severity := decode.Error; severity >= decode.Note; severity-- {
		if n := k.hidden[severity]; n > 0 {
			hidden = append(hidden, plural(n, severity.String()))
		}
	}
	if len(hidden) == 0 {
		return s
	}
	return fmt.Sprintf("%s; not shown: %s (--min note shows all)", s, strings.Join(hidden, ", "))
}

func (k *checkRun) flags() (err error) {
	switch k.c.String("min") {
	case "note":
		k.least = decode.Note
	case "warning":
		k.least = decode.Warning
	case "error":
		k.least = decode.Error
	default:
		return usage("check", "--min is %q; it is note, warning or error", k.c.String("min"))
	}
	switch k.c.String("format") {
	case "text":
	case "json":
		k.json = true
	default:
		return usage("check", "there is no format %q; the formats are text, json", k.c.String("format"))
	}
	o := capture.FollowOptions{Check: true}
	if o.Wanted, err = check.Select(commas(k.c.StringSlice("rule"))); err != nil {
		return usage("check", "--rule: %v", err)
	}
	if o.Passwords, err = passwords(k.c); err != nil {
		return err
	}
	k.follow = capture.NewFollower(o)
	return nil
}

// read feeds the recording to the rules. What was found before an error is
// printed.
func (k *checkRun) read(in *capture.Reader) error {
	for {
		r, err := in.Next()
		if err != nil {
			k.print(k.follow.Finish())
			if !errors.Is(err, io.EOF) {
				return err
			}
			if k.follow.Messages() == 0 {
				return in.Stats().NoMSNP(inputName(k.c))
			}
			return k.err
		}
		if k.c.Context.Err() != nil {
			return &exit{code: exitInterrupted}
		}
		if k.print(k.follow.Findings(k.follow.Record(r))); k.err != nil {
			return k.err
		}
	}
}

// locatedJSON is a finding as JSON: see docs/json.md.
type locatedJSON struct {
	V        int        `json:"v"`
	Time     *time.Time `json:"time,omitempty"`
	Conn     uint32     `json:"conn"`
	Number   int64      `json:"number,omitempty"`
	From     string     `json:"from,omitempty"`
	Offset   int64      `json:"offset"`
	Rule     string     `json:"rule"`
	Severity string     `json:"severity"`
	Text     string     `json:"text"`
}

func (k *checkRun) print(list []check.Located) {
	for i := range list {
		l := &list[i]
		k.found[l.Severity]++
		if l.Severity < k.least {
			k.hidden[l.Severity]++
			continue
		}
		var line []byte
		if k.json {
			line = locatedLine(l)
		} else {
			line = append(show.Clip(nil, l.String(), 500), '\n')
		}
		if _, err := k.c.App.Writer.Write(line); err != nil && k.err == nil {
			k.err = err
		}
	}
}

func locatedLine(l *check.Located) []byte {
	j := locatedJSON{V: 1, Conn: l.Conn, Number: l.Number, Offset: l.Offset, Rule: l.Rule,
		Severity: l.Severity.String(), Text: string(show.Escape(nil, l.Text))}
	if !l.Time.IsZero() {
		at := l.Time.UTC()
		j.Time = &at
	}
	if l.From != 0 {
		j.From = l.From.String()
	}
	b, _ := json.Marshal(j) // strings and numbers: it can't fail
	return append(b, '\n')
}

func listRules(w io.Writer) error {
	rules := append([]check.Rule(nil), check.Rules()...)
	sort.SliceStable(rules, func(i, j int) bool { return rules[i].Group() < rules[j].Group() })
	for i := range rules {
		r := &rules[i]
		about, _, _ := strings.Cut(r.About, ". ")
		if _, err := fmt.Fprintf(w, "%-26s %-8s %-16s %s\n", r.ID, r.Severity, r.Dialects(), strings.TrimSuffix(strings.ReplaceAll(about, "\n", " "), ".")); err != nil {
			return err
		}
	}
	return nil
}
