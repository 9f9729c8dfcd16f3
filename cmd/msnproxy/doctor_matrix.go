package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"msnproxy/cmd/msnproxy/internal/doctor"
	"msnproxy/decode"
	"msnproxy/decode/stage"
)

// matrixJSON is how far clients come with each dialect.
type matrixJSON struct {
	V        int         `json:"v"`
	Level    string      `json:"level"`
	Dialects []reachJSON `json:"dialects"`
}

type reachJSON struct {
	Dialect int      `json:"dialect"`
	Stages  []string `json:"stages"`
	Text    string   `json:"text"`
}

// doctorMatrix tries each dialect at a server.
func doctorMatrix(c *cli.Context, o doctor.Options) error {
	m := matrix{columns: doctor.Columns()}
	doctor.Matrix(c.Context, o, func(t doctor.Try) {
		m.tries = append(m.tries, t)
		if c.String("format") == "text" {
			m.progress(c.App.ErrWriter, t)
		}
	})
	if c.Context.Err() != nil {
		return &exit{code: exitInterrupted}
	}
	return m.tell(c)
}

// matrix is a table of dialects and stages.
type matrix struct {
	columns []decode.Stage
	tries   []doctor.Try
}

func (m *matrix) progress(w io.Writer, t doctor.Try) {
	fmt.Fprintf(w, "msnproxy: MSNP%d tried\n", t.Dialect)
}

// level is bad where no dialect leads anywhere.
func (m *matrix) level() stage.Level {
	if slices.ContainsFunc(m.tries, func(t doctor.Try) bool { return t.Sign != nil && t.Sign.Reached >= decode.StageNamed }) {
		return stage.Fine
	}
	return stage.Bad
}

func (m *matrix) tell(c *cli.Context) error {
	if c.String("format") == "json" {
		out := matrixJSON{V: 1, Level: m.level().String(), Dialects: []reachJSON{}}
		for _, t := range m.tries {
			j := reachJSON{Dialect: t.Dialect, Stages: []string{}, Text: esc(t.Then)}
			for _, r := range stage.Rows() {
				if t.Sign != nil && t.Sign.Has(r.Stage) && r.Stage != decode.StageNone {
					j.Stages = append(j.Stages, r.Key)
				}
			}
			out.Dialects = append(out.Dialects, j)
		}
		if err := writeJSON(c.App.Writer, out); err != nil {
			return err
		}
		return ill(m.level())
	}
	w := tabwriter.NewWriter(c.App.Writer, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "DIALECT")
	for _, s := range m.columns {
		fmt.Fprintf(w, "\t%s", doctor.Name(s))
	}
	fmt.Fprintln(w, "\tTHEN")
	for _, t := range m.tries {
		fmt.Fprintf(w, "MSNP%d", t.Dialect)
		for _, s := range m.columns {
			mark := "-"
			if t.Sign != nil && t.Sign.Has(s) {
				mark = "yes"
			}
			fmt.Fprintf(w, "\t%s", mark)
		}
		fmt.Fprintf(w, "\t%s\n", esc(t.Then))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return ill(m.level())
}

// matrixOf makes the table of the sign-ins of recordings: of each dialect the one that came
// farthest.
func matrixOf(list []*diagnosis) *matrix {
	m := &matrix{columns: []decode.Stage{decode.StageAgreed, decode.StageIntroduced, decode.StageSentOn, decode.StageChallenged,
		decode.StageProven, decode.StageAdmitted, decode.StageListed, decode.StageOnline, decode.StageTalking}}
	best := make(map[int]*diagnosis)
	for _, d := range list {
		if n := d.sign.Dialect; n > 0 && (best[n] == nil || d.sign.Reached > best[n].sign.Reached) {
			best[n] = d
		}
	}
	for n := range 100 {
		if d := best[n]; d != nil {
			m.tries = append(m.tries, doctor.Try{Dialect: n, Sign: d.sign, Then: d.verdict.Then})
		}
	}
	return m
}
