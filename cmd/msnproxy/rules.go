package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/proxy/gate/rule"
)

// rulesTest is the command as it is called.
const rulesTest = "rules test"

// rulesCommand looks at gate rules without a proxy; its subcommands say how.
func rulesCommand() *cli.Command {
	return &cli.Command{
		Name:  "rules",
		Usage: "check a file of gate rules, or try it on a recording",
		Description: `Gate rules say what a proxy changes, delays, drops or sends: docs/rules.md.
(What "msnproxy check" applies are other rules: docs/checks.md.)

Examples:
   msnproxy rules check rules.toml
   msnproxy rules test rules.toml session.pcapng
` + exitCodes,
		Subcommands: []*cli.Command{rulesCheckCommand(), rulesTestCommand()},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usage("rules", "rules what? %s", subcommands(c.Command))
			}
			return usage("rules", "rules has no subcommand %q; %s", c.Args().First(), subcommands(c.Command))
		},
	}
}

func rulesCheckCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "say what in files of gate rules can't be, or costs more than it need",
		ArgsUsage: "FILE...",
		Description: `Reads files of gate rules, and says by the command table what can't apply (a cookie
set in an ACK), what never matches, and which condition names no verb, so that all traffic
is made whole before it goes on.

Examples:
   msnproxy rules check rules.toml
   msnproxy rules check --format json *.toml
` + exitCodes,
		Flags:  []cli.Flag{rulesFormatFlag()},
		Action: rulesCheck,
	}
}

func rulesFormatFlag() cli.Flag {
	return &cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: text or json"}
}

// rulesJSON reports whether JSON is wanted.
func rulesJSON(c *cli.Context) (bool, error) {
	switch f := c.String("format"); f {
	case "text":
		return false, nil
	case "json":
		return true, nil
	default:
		return false, usage(called(c), "there is no format %q; the formats are text, json", f)
	}
}

// adviceJSON is advice as JSON: see docs/rules.md.
type adviceJSON struct {
	V        int    `json:"v"`
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Text     string `json:"text"`
}

func rulesCheck(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage(called(c), "rules check wants files of rules")
	}
	asJSON, err := rulesJSON(c)
	if err != nil {
		return err
	}
	found := 0
	for _, path := range c.Args().Slice() {
		s, err := rule.Load(path)
		if err != nil {
			return err
		}
		list := s.Advise()
		found += len(list)
		for _, a := range list {
			severity := "warning"
			if a.Wrong {
				severity = "error"
			}
			line := append(show.Escape(nil, fmt.Sprintf("%s: %s: %s", path, severity, a)), '\n')
			if asJSON {
				line = jsonLine(adviceJSON{1, path, a.Line, a.Rule, severity, a.Text})
			}
			if _, err := c.App.Writer.Write(line); err != nil {
				return err
			}
		}
		if !asJSON {
			fmt.Fprintf(c.App.ErrWriter, "msnproxy: %s: %s, %s\n", path, plural(s.Len(), "rule"), plural(len(list), "remark"))
		}
	}
	if found > 0 {
		return &exit{code: exitFindings}
	}
	return nil
}

func jsonLine(v any) []byte {
	b, _ := json.Marshal(v) // strings and numbers: it can't fail
	return append(b, '\n')
}

// hitJSON is what has become of a rule as JSON: see docs/rules.md.
type hitJSON struct {
	V       int    `json:"v"`
	Rule    string `json:"rule"`
	Text    string `json:"text"`
	Enabled bool   `json:"enabled"`
	Matched int64  `json:"matched"`
	Applied int64  `json:"applied"`
	Failed  int64  `json:"failed"`
	Error   string `json:"error,omitempty"`
}

// writeHits prints the counters of the rules.
func writeHits(w io.Writer, s *rule.Set, asJSON bool) error {
	if !asJSON {
		if _, err := fmt.Fprintf(w, "\nmatched applied  failed  rule (seed %d)\n", s.Seed()); err != nil {
			return err
		}
	}
	for _, r := range s.Rules() {
		line := jsonLine(hitJSON{1, r.Name, r.Text, r.Enabled, r.Matched, r.Applied, r.Failed, r.Error})
		if !asJSON {
			line = fmt.Appendf(nil, "%7d %7d %7d  %s%s\n", r.Matched, r.Applied, r.Failed, show.Escape(nil, r.Name), remarkOn(&r))
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

func remarkOn(r *rule.Status) string {
	switch {
	case r.Failed > 0:
		return "  failed: " + string(show.Clip(nil, r.Error, 300))
	case !r.Enabled:
		return "  (switched off)"
	case r.Matched == 0:
		return "  never matched"
	case r.Applied == 0:
		return "  never applied"
	}
	return ""
}
