package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode/stage"
)

func statsCommand() *cli.Command {
	return &cli.Command{
		Name:      "stats",
		Usage:     "count what is in a recording",
		ArgsUsage: "FILE...",
		Description: filesUsage + `
Counts and bytes of each command, connection and account; how long replies took
(the first one to each request; percentiles are up to 3 % too long); errors;
verdicts on challenges; the longest silence of each connection; how long each server
takes to let others know of what a client says, where both are recorded.

Examples:
   msnproxy stats session.pcapng
   msnproxy stats session.pcapng --format json
` + exitCodes,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: text or json"},
		},
		Action: stats,
	}
}

// openFormatted opens the recordings of a command that writes text or JSON, and says which.
func openFormatted(c *cli.Context) (in *capture.Reader, format string, err error) {
	if err := inputs(c); err != nil {
		return nil, "", err
	}
	if format = c.String("format"); format != "text" && format != "json" {
		return nil, "", usage(c.Command.Name, "there is no format %q; the formats are text, json", format)
	}
	in, err = openRecording(c)
	return in, format, err
}

func stats(c *cli.Context) error {
	in, format, err := openFormatted(c)
	if err != nil {
		return err
	}
	defer in.Close()
	defer collectLess()()
	book := new(stage.Book)
	t, err := count(c, in, book)
	var corrupt *capture.CorruptError
	if err != nil && !errors.As(err, &corrupt) {
		return err
	}
	if err == nil && t.Messages == 0 {
		if err := in.Stats().NoMSNP(inputName(c)); err != nil {
			return err
		}
	}
	// What was read before a damage is counted, and the damage reported.
	if format == "json" {
		return errors.Join(writeStatsJSON(c.App.Writer, t, book), err)
	}
	if wrong := t.WriteText(c.App.Writer); wrong != nil {
		return errors.Join(wrong, err)
	}
	return errors.Join(writeSignIns(c.App.Writer, book, t.Last), err)
}

func count(c *cli.Context, in *capture.Reader, book *stage.Book) (*tally.Tally, error) {
	t, f := tally.New(), capture.NewFollower(capture.FollowOptions{})
	for {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return t, err
		}
		if c.Context.Err() != nil {
			return t, &exit{code: exitInterrupted}
		}
		e := f.Record(r)
		if t.Event(e); e.Conn != nil {
			if book.See(e.Conn); r.Kind == capture.Closed {
				book.Closed(e.Conn)
			}
		}
	}
}

// writeSignIns says how far each sign-in came.
func writeSignIns(out io.Writer, book *stage.Book, end time.Time) error {
	list := book.SignIns()
	if len(list) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nSESSION\tACCOUNT\tSIGN-IN\n")
	for _, s := range list {
		number := "-"
		if s.Session > 0 {
			number = strconv.Itoa(s.Session)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", number, safe(s.Account), show.Clip(nil, stage.Line(s, end), 200))
	}
	if book.Missed > 0 {
		fmt.Fprintf(w, "and %s more\n", plural(book.Missed, "sign-in"))
	}
	return w.Flush()
}

// safe makes what may have come from the wire fit for a terminal and a table.
func safe(s string) string {
	if s == "" {
		return "-"
	}
	return string(show.Clip(nil, s, 60))
}

// statsJSON is what stats writes as JSON: docs/json.md describes it.
type statsJSON struct {
	V           int              `json:"v"`
	First       *time.Time       `json:"first,omitempty"`
	Last        *time.Time       `json:"last,omitempty"`
	Messages    int64            `json:"messages"`
	Bytes       int64            `json:"bytes"`
	Opaque      int64            `json:"opaque_bytes"`
	Lost        int64            `json:"lost_bytes"`
	Commands    []commandJSON    `json:"commands"`
	Connections []connJSON       `json:"connections"`
	Accounts    []accountJSON    `json:"accounts"`
	Deliveries  []deliveryJSON   `json:"deliveries,omitempty"`
	Errors      map[string]int64 `json:"errors"`
	Challenges  map[string]int64 `json:"challenges"`
	Ends        map[string]int64 `json:"ends,omitempty"`
	SignIns     []signInJSON     `json:"sign_ins,omitempty"`
}

type commandJSON struct {
	Verb       string   `json:"verb"`
	From       string   `json:"from"`
	Count      int64    `json:"count"`
	Bytes      int64    `json:"bytes"`
	Unanswered *int64   `json:"unanswered,omitempty"`
	P50        *float64 `json:"p50_ms,omitempty"`
	P90        *float64 `json:"p90_ms,omitempty"`
	P99        *float64 `json:"p99_ms,omitempty"`
	Max        *float64 `json:"max_ms,omitempty"`
}

type connJSON struct {
	Conn           uint32     `json:"conn"`
	Role           string     `json:"role"`
	Account        string     `json:"account,omitempty"`
	Client         string     `json:"client,omitempty"`
	Server         string     `json:"server,omitempty"`
	First          *time.Time `json:"first,omitempty"`
	Last           *time.Time `json:"last,omitempty"`
	ClientMessages int64      `json:"client_messages"`
	ClientBytes    int64      `json:"client_bytes"`
	ServerMessages int64      `json:"server_messages"`
	ServerBytes    int64      `json:"server_bytes"`
	IdleMs         float64    `json:"idle_ms"`
	IdleSince      *time.Time `json:"idle_since,omitempty"`
}

type accountJSON struct {
	Account     string `json:"account"`
	Connections int64  `json:"connections"`
	Messages    int64  `json:"messages"`
	Bytes       int64  `json:"bytes"`
}

type deliveryJSON struct {
	Verb    string   `json:"verb"`
	Server  string   `json:"server"`
	Count   int64    `json:"count"`
	Altered int64    `json:"altered,omitempty"`
	Twice   int64    `json:"twice,omitempty"`
	P50     *float64 `json:"p50_ms,omitempty"`
	P90     *float64 `json:"p90_ms,omitempty"`
	P99     *float64 `json:"p99_ms,omitempty"`
	Max     *float64 `json:"max_ms,omitempty"`
}

func writeStatsJSON(out io.Writer, t *tally.Tally, book *stage.Book) error {
	s := statsJSON{V: 1, First: timeOrNil(t.First), Last: timeOrNil(t.Last), Messages: t.Messages, Bytes: t.Bytes,
		Opaque: t.Opaque, Lost: t.Lost, Errors: t.Errors, Challenges: t.Challenges, Ends: t.Ends}
	ms := func(d time.Duration) *float64 { v := float64(d) / 1e6; return &v }
	for _, c := range t.Commands() {
		j := commandJSON{Verb: safe(c.Verb), From: c.From.String(), Count: c.Count, Bytes: c.Bytes}
		if c.Wanted > 0 {
			n := max(c.Wanted-c.Answered, 0)
			j.Unanswered = &n
		}
		if c.Latency.Count() > 0 {
			j.P50, j.P90, j.P99, j.Max = ms(c.Latency.Percentile(50)), ms(c.Latency.Percentile(90)), ms(c.Latency.Percentile(99)), ms(c.Latency.Max())
		}
		s.Commands = append(s.Commands, j)
	}
	for _, c := range t.Conns() {
		s.Connections = append(s.Connections, connJSON{c.ID, c.Role, c.Account, c.Client, c.Server, timeOrNil(c.First), timeOrNil(c.Last),
			c.Messages[0], c.Bytes[0], c.Messages[1], c.Bytes[1], float64(c.Idle) / 1e6, timeOrNil(c.IdleSince)})
	}
	for _, a := range t.Accounts() {
		s.Accounts = append(s.Accounts, accountJSON{a.Handle, a.Connections, a.Messages, a.Bytes})
	}
	for _, d := range t.Deliveries() {
		j := deliveryJSON{Verb: safe(d.Verb), Server: safe(d.Server), Count: d.Latency.Count() + d.Altered, Altered: d.Altered, Twice: d.Again}
		if l := &d.Latency; l.Count() > 0 {
			j.P50, j.P90, j.P99, j.Max = ms(l.Percentile(50)), ms(l.Percentile(90)), ms(l.Percentile(99)), ms(l.Max())
		}
		s.Deliveries = append(s.Deliveries, j)
	}
	for _, d := range book.SignIns() {
		s.SignIns = append(s.SignIns, (&diagnosis{sign: d, verdict: stage.Judge(d, t.Last)}).json())
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = out.Write(append(asciiJSON(b), '\n'))
	return err
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// asciiJSON escapes what is not ASCII, so that JSON may go to a terminal.
func asciiJSON(b []byte) []byte {
	var out []byte
	for _, r := range string(b) {
		switch {
		case r < 0x7f:
			out = append(out, byte(r))
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800|r>>10, 0xdc00|r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}
