package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode/stage"
)

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "say how far a sign-in comes, and what stops it",
		ArgsUsage: "[FILE...]",
		Description: `Of a recording: how far each sign-in came, what came then, why sign-ins usually
stop there, and which findings matter. docs/doctor.md tells the stages.

Examples:
   msnproxy doctor session.pcapng
   msnproxy doctor session.pcapng --json
` + exitCodes,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: text or json"},
			&cli.BoolFlag{Name: "json", Usage: "the same as --format json"},
		}, passwordFlags(checksSignIns, false)...),
		Action: doctor,
	}
}

func doctor(c *cli.Context) error {
	if c.Bool("json") {
		if err := c.Set("format", "json"); err != nil {
			return err
		}
	}
	return doctorFile(c)
}

// doctorLine is a line of what doctor says: how good it is, what was looked at, what was
// found, and what to do about it.
type doctorLine struct {
	Level stage.Level
	What  string
	Text  string
	Do    string
}

// doctorLineJSON is one as JSON.
type doctorLineJSON struct {
	Level string `json:"level"`
	What  string `json:"what"`
	Text  string `json:"text"`
	Do    string `json:"do,omitempty"`
}

func (l *doctorLine) json() doctorLineJSON {
	return doctorLineJSON{l.Level.String(), esc(l.What), esc(l.Text), esc(l.Do)}
}

// write prints the line; what to do stands below it.
func (l *doctorLine) write(w io.Writer) {
	fmt.Fprintf(w, "%-8s %-12s %s\n", l.Level, esc(l.What), esc(l.Text))
	if l.Do != "" {
		fmt.Fprintf(w, "%-8s %-12s -> %s\n", "", "", esc(l.Do))
	}
}

// esc makes what may have come from the wire fit for a terminal.
func esc(s string) string { return string(show.Clip(nil, s, 600)) }

// writeJSON writes one object in a line.
func writeJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(asciiJSON(b), '\n'))
	return err
}

// ill is what doctor ends with: exit code 1 where something is bad.
func ill(worst stage.Level) error {
	if worst == stage.Bad {
		return &exit{code: exitFindings}
	}
	return nil
}
