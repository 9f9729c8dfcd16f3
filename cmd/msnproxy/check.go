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
		ArgsUsage: "FILE",
		Description: `Applies the rules to a recording, and prints what they find, one line each.
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
	c       *cli.Context
	wanted  func(id string) bool
	least   decode.Severity
	json    bool
	tracker *decode.Tracker
	checker *check.Checker
	found   [decode.Error + 1]int
	err     error
}

func checkFile(c *cli.Context) error {
	if c.Bool("rules") {
		return listRules(c.App.Writer)
	}
	if c.NArg() != 1 {
		return usage("check", "check wants one file, not %d", c.NArg())
	}
	k := &checkRun{c: c, tracker: decode.NewTracker(), checker: check.New()}
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
	total := k.found[decode.Note] + k.found[decode.Warning] + k.found[decode.Error]
	if !k.json {
		fmt.Fprintf(c.App.ErrWriter, "msnproxy: %s, %s, %s\n", plural(k.found[decode.Error], "error"),
			plural(k.found[decode.Warning], "warning"), plural(k.found[decode.Note], "note"))
	}
	if total > 0 {
		return &exit{code: exitFindings}
	}
	return nil
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
	if k.wanted, err = check.Select(k.c.StringSlice("rule")); err != nil {
		return usage("check", "--rule: %v", err)
	}
	k.tracker.Passwords, err = passwords(k.c)
	return err
}

// read feeds the recording to the rules. What was found before an error is
// printed.
func (k *checkRun) read(in *capture.Reader) error {
	var last time.Time
	messages := 0
	for {
		r, err := in.Next()
		if err != nil {
			k.print(k.checker.Finish(last))
			if !errors.Is(err, io.EOF) {
				return err
			}
			if messages == 0 {
				return fmt.Errorf("%s: no MSNP in it (%v)", k.c.Args().First(), in.Stats())
			}
			return k.err
		}
		if k.c.Context.Err() != nil {
			return &exit{code: exitInterrupted}
		}
		if !r.Time.IsZero() {
			last = r.Time
		}
		if r.Kind == capture.Data {
			messages++
		}
		k.record(r)
		if k.err != nil {
			return k.err
		}
	}
}

func (k *checkRun) record(r *capture.Record) {
	if r.Conn == nil {
		return
	}
	c := k.tracker.Connection(r.Conn.ID)
	if c == nil && (r.Kind == capture.Opened || r.Kind == capture.Data) {
		c = k.tracker.Open(r.Conn.ID, r.Conn.Client, r.Conn.Server, r.Time)
		k.checker.Opened(c, r.Conn.MidStream)
	}
	switch {
	case c == nil:
	case r.Kind == capture.Data && r.Fate != capture.Injected:
		k.print(k.checker.Message(k.tracker.Frame(r.Conn.ID, r.From, &r.Frame, r.Time)))
	case r.Kind == capture.Lost:
		k.print(k.checker.Lost(c, r.From, r.Lost, r.Time))
	case r.Kind == capture.Closed:
		k.print(k.checker.Closed(c, r.Time))
		k.tracker.Close(r.Conn.ID)
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
		if l.Severity < k.least || !k.wanted(l.Rule) {
			continue
		}
		k.found[l.Severity]++
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
