package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/check"
	"msnproxy/decode/stage"
)

// patient is what doctor learns of sign-ins, of a file or as they come.
type patient struct {
	follow *capture.Follower
	book   stage.Book
	end    time.Time
	found  map[uint32][]check.Located // by connection
	conns  map[uint32]*decode.Connection
	calls  []webCall
}

func newPatient(known map[string]string) *patient {
	return &patient{follow: capture.NewFollower(capture.FollowOptions{Check: true, Least: decode.Warning, Passwords: known}),
		found: make(map[uint32][]check.Located), conns: make(map[uint32]*decode.Connection)}
}

// record takes what is recorded next.
func (p *patient) record(r *capture.Record) {
	e := p.follow.Record(r)
	if r.Time.After(p.end) {
		p.end = r.Time
	}
	if e.Conn != nil {
		p.book.See(e.Conn)
		p.conns[e.Conn.ID] = e.Conn
		if r.Kind == capture.Closed {
			p.book.Closed(e.Conn)
		}
	}
	if e.Message != nil && e.Message.Call != nil {
		p.web(e.Message)
	}
	p.keep(p.follow.Findings(e))
}

// signInRules are the groups of rules whose findings tell why a sign-in fails, or what it will fail at next.
var signInRules = []string{"version", "signin", "redirect", "challenge", "end", "frame", "line", "sso", "token", "host", "lists", "switchboard"}

// mostFound is how many findings are kept of a connection.
const mostFound = 32

// keep keeps the findings that matter.
func (p *patient) keep(list []check.Located) {
	for _, l := range list {
		group, _, _ := strings.Cut(l.Rule, ".")
		if (l.Severity >= decode.Error || slices.Contains(signInRules, group)) && len(p.found[l.Conn]) < mostFound {
			p.found[l.Conn] = append(p.found[l.Conn], l)
		}
	}
}

// findings are those on the connections of a sign-in.
func (p *patient) findings(s *decode.SignIn) (list []check.Located) {
	for id, c := range p.conns {
		if c.SignIn == s {
			list = append(list, p.found[id]...)
		}
	}
	slices.SortStableFunc(list, func(a, b check.Located) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Number, b.Number))
	})
	return list
}

func doctorFile(c *cli.Context) error {
	in, format, err := openFormatted(c)
	if err != nil {
		return err
	}
	defer in.Close()
	defer collectLess()()
	known, err := passwords(c)
	if err != nil {
		return err
	}
	p := newPatient(known)
	for {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if c.Context.Err() != nil {
			return &exit{code: exitInterrupted}
		}
		p.record(r)
	}
	p.keep(p.follow.Finish())
	list := p.diagnoses()
	if err := in.Stats().NoMSNP(inputName(c)); err != nil && !slices.ContainsFunc(list, (*diagnosis).known) {
		list = []*diagnosis{{verdict: stage.Verdict{Level: stage.Bad, Then: "no sign-in", Cause: err.Error()}, sign: &decode.SignIn{}}}
	}
	if c.Bool("matrix") {
		return matrixOf(list).tell(c)
	}
	return tell(c.App.Writer, format, list)
}

// diagnosis is what there is to say of a sign-in.
type diagnosis struct {
	sign    *decode.SignIn
	verdict stage.Verdict
	found   []check.Located
	never   []string // web hosts that were not asked here
}

// known reports whether there was more than a connection.
func (d *diagnosis) known() bool { return d.sign.Reached > decode.StageCame || d.sign.ForeignFrom != 0 }

func (p *patient) diagnoses() (list []*diagnosis) {
	for _, s := range p.book.SignIns() {
		d := &diagnosis{sign: s, verdict: stage.Judge(s, p.end), found: p.findings(s)}
		p.webHalf(d)
		d.name()
		list = append(list, d)
	}
	return joined(list)
}

// joined puts what became of a client where it was sent to what is said of its sign-in: as
// long as it has said nothing there nobody knows that it is the same one.
func joined(list []*diagnosis) []*diagnosis {
	for _, d := range list {
		if d.verdict.Level != stage.Bad || d.sign.SentTo == "" {
			continue
		}
		there := slices.IndexFunc(list, func(o *diagnosis) bool {
			return o.sign.Session == 0 && o.sign.First > d.sign.Conn && o.sign.Server == d.sign.SentTo && o.verdict.Level == stage.Bad
		})
		if there >= 0 {
			v := list[there].verdict
			d.verdict.Cause = "the client was sent to " + d.sign.SentTo + ", and came there; " + v.Cause
			d.verdict.Then = "then the client came to " + d.sign.SentTo + ", and the connection ended"
			d.verdict.Advice, d.verdict.Reasons = v.Advice, v.Reasons
			list = slices.Delete(list, there, there+1)
			return joined(list)
		}
	}
	return list
}

// tellingRules are those whose findings say themselves what stops a sign-in.
var tellingRules = []string{"version.cvr0-reply", "signin.rejected", "redirect.unspecified", "redirect.private", "sso.blob", "token.unknown", "host.escapes"}

// name puts a finding that says what is wrong before what can be told without it.
func (d *diagnosis) name() {
	i := slices.IndexFunc(d.found, func(l check.Located) bool { return slices.Contains(tellingRules, l.Rule) })
	if i >= 0 && d.verdict.Level == stage.Bad && d.sign.ForeignFrom == 0 {
		d.verdict.Cause = d.found[i].Text + " (" + d.found[i].Rule + ")"
		d.found = slices.Delete(d.found, i, i+1)
	}
}

// tell prints them, and returns what the program ends with.
func tell(w io.Writer, format string, list []*diagnosis) error {
	worst := stage.Fine
	for _, d := range list {
		worst = max(worst, d.verdict.Level)
	}
	if format == "json" {
		out := doctorJSON{V: 1, Level: worst.String(), SignIns: []signInJSON{}}
		for _, d := range list {
			out.SignIns = append(out.SignIns, d.json())
		}
		if err := writeJSON(w, out); err != nil {
			return err
		}
		return ill(worst)
	}
	for i, d := range list {
		if i > 0 {
			fmt.Fprintln(w)
		}
		d.write(w)
	}
	if len(list) == 0 {
		fmt.Fprintln(w, "There is no sign-in in it.")
	}
	return ill(worst)
}

// doctorJSON is what doctor writes of sign-ins as JSON: docs/json.md describes it.
type doctorJSON struct {
	V       int          `json:"v"`
	Level   string       `json:"level"`
	SignIns []signInJSON `json:"sign_ins"`
}

type signInJSON struct {
	Level    string        `json:"level"`
	Session  int           `json:"session,omitempty"`
	Account  string        `json:"account,omitempty"`
	Dialect  int           `json:"dialect,omitempty"`
	Client   string        `json:"client,omitempty"`
	Server   string        `json:"server,omitempty"`
	Conn     uint32        `json:"conn,omitempty"`
	Conns    int           `json:"conns,omitempty"`
	Stage    string        `json:"stage,omitempty"`
	Stages   []string      `json:"stages"`
	Number   int64         `json:"number,omitempty"`
	Text     string        `json:"text"`
	Cause    string        `json:"cause,omitempty"`
	Do       string        `json:"do,omitempty"`
	Usually  []string      `json:"usually,omitempty"`
	Never    []string      `json:"never_asked,omitempty"`
	Findings []findingJSON `json:"findings,omitempty"`
}

type findingJSON struct {
	Conn     uint32 `json:"conn"`
	Number   int64  `json:"number,omitempty"`
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Text     string `json:"text"`
}

func (d *diagnosis) json() signInJSON {
	s, v := d.sign, &d.verdict
	j := signInJSON{Level: v.Level.String(), Session: s.Session, Account: esc(s.Account), Dialect: s.Dialect, Client: s.Client, Server: s.Server,
		Conn: s.Conn, Conns: s.Conns, Number: s.Number, Text: esc(v.String()), Cause: esc(v.Cause), Do: esc(v.Advice), Usually: v.Reasons, Never: d.never, Stages: []string{}}
	for _, r := range stage.Rows() {
		if r.Stage == s.Reached {
			j.Stage = r.Key
		}
		if s.Has(r.Stage) {
			j.Stages = append(j.Stages, r.Key)
		}
	}
	for _, l := range d.found {
		j.Findings = append(j.Findings, findingJSON{l.Conn, l.Number, l.Rule, l.Severity.String(), esc(l.Text)})
	}
	return j
}

// write prints a diagnosis: what is bad stands on the first line.
func (d *diagnosis) write(w io.Writer) {
	v := &d.verdict
	fmt.Fprintf(w, "%-8s %s\n", v.Level, esc(d.head()))
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "   %-9s %s\n", name, esc(text))
		}
	}
	row("sign-in", v.String())
	row("do", v.Advice)
	for i, r := range v.Reasons {
		row([]string{"usually", ""}[min(i, 1)], r)
	}
	const most = 8
	for i, l := range d.found {
		if i == most {
			row("", plural(len(d.found)-most, "more finding")+": see msnproxy check")
			break
		}
		text := fmt.Sprintf("%s %s: %s", l.Severity, l.Rule, l.Text)
		if l.Number > 0 {
			text = fmt.Sprintf("%s, message %d", text, l.Number)
		}
		row([]string{"findings", ""}[min(i, 1)], text)
	}
}

// head is who it is, and what is wrong.
func (d *diagnosis) head() string {
	s := d.sign
	var parts []string
	switch {
	case s.Session > 0:
		parts = append(parts, fmt.Sprintf("session %d", s.Session))
	case s.Conn > 0:
		parts = append(parts, fmt.Sprintf("connection #%d", s.Conn))
	}
	if s.Account != "" {
		parts = append(parts, s.Account)
	}
	text := strings.Join(parts, ", ")
	if d.verdict.Cause != "" {
		text = strings.TrimPrefix(text+": "+d.verdict.Cause, ": ")
	}
	return text
}

// mostStuck is how many sign-ins run names at its end.
const mostStuck = 8

// stuckSignIns says how far sign-ins came that did not come to their end.
func stuckSignIns(list []*decode.SignIn) (lines []string) {
	for _, s := range list {
		if v := stage.Judge(s, time.Time{}); v.Level == stage.Bad && s.Session > 0 {
			lines = append(lines, esc(fmt.Sprintf("of %s %s", cmp.Or(s.Account, "nobody"), v.String())))
		}
	}
	return lines
}
