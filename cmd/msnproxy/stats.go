package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode"
)

func statsCommand() *cli.Command {
	return &cli.Command{
		Name:      "stats",
		Usage:     "count what is in a recording",
		ArgsUsage: "FILE",
		Description: `Counts and bytes of each command, connection and account; how long replies took
(the first one to each request; percentiles are up to 3 % too long); errors;
verdicts on challenges; the longest silence of each connection.

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

func stats(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage("stats", "stats wants one file, not %d", c.NArg())
	}
	format := c.String("format")
	if format != "text" && format != "json" {
		return usage("stats", "there is no format %q; the formats are text, json", format)
	}
	in, err := openRecording(c)
	if err != nil {
		return err
	}
	defer in.Close()
	defer collectLess()()
	t, err := count(c, in)
	var corrupt *capture.CorruptError
	if err != nil && !errors.As(err, &corrupt) {
		return err
	}
	if err == nil && t.Messages == 0 {
		return fmt.Errorf("%s: no MSNP in it (%v)", c.Args().First(), in.Stats())
	}
	// What was read before a damage is counted, and the damage reported.
	if format == "json" {
		return errors.Join(writeStatsJSON(c.App.Writer, t), err)
	}
	return errors.Join(writeStats(c.App.Writer, t), err)
}

func count(c *cli.Context, in *capture.Reader) (*tally.Tally, error) {
	t, tracker := tally.New(), decode.NewTracker()
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
		if r.Conn == nil {
			continue
		}
		switch r.Kind {
		case capture.Opened:
			tracker.Open(r.Conn.ID, r.Conn.Client, r.Conn.Server, r.Time)
		case capture.Data:
			if tracker.Connection(r.Conn.ID) == nil {
				tracker.Open(r.Conn.ID, r.Conn.Client, r.Conn.Server, r.Time)
			}
			t.Message(tracker.Frame(r.Conn.ID, r.From, &r.Frame, r.Time))
			continue
		case capture.Closed:
			tracker.Close(r.Conn.ID)
		}
		t.Record(r)
	}
}

// safe makes what may have come from the wire fit for a terminal and a table.
func safe(s string) string {
	if s == "" {
		return "-"
	}
	return string(show.Clip(nil, s, 60))
}

func writeStats(out io.Writer, t *tally.Tally) error {
	fmt.Fprintf(out, "%s, %d bytes", plural(int(t.Messages), "message"), t.Bytes)
	if !t.First.IsZero() {
		fmt.Fprintf(out, ", from %s to %s (%v)", t.First.UTC().Format(time.RFC3339), t.Last.UTC().Format(time.RFC3339), t.Last.Sub(t.First).Round(time.Millisecond))
	}
	fmt.Fprintf(out, "\n")
	if t.Opaque > 0 || t.Lost > 0 {
		fmt.Fprintf(out, "%d bytes are no MSNP, %d are missing\n", t.Opaque, t.Lost)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nCOMMAND\tFROM\tCOUNT\tBYTES\tUNANSWERED\tP50\tP90\tP99\tMAX\n")
	for _, c := range t.Commands() {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t", safe(c.Verb), c.From, c.Count, c.Bytes)
		if c.Wanted > 0 {
			fmt.Fprintf(w, "%d", max(c.Wanted-c.Answered, 0))
		}
		fmt.Fprintf(w, "\t")
		if c.Latency.Count() > 0 {
			fmt.Fprintf(w, "%v\t%v\t%v\t%v", short(c.Latency.Percentile(50)), short(c.Latency.Percentile(90)), short(c.Latency.Percentile(99)), short(c.Latency.Max()))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "\nCONNECTION\tROLE\tACCOUNT\tCLIENT\tSERVER\tTIME\tFROM CLIENT\tFROM SERVER\tLONGEST SILENCE\n")
	for _, c := range t.Conns() {
		fmt.Fprintf(w, "#%d\t%s\t%s\t%s\t%s\t%v\t%d, %d bytes\t%d, %d bytes\t%v\n", c.ID, c.Role, safe(c.Account), safe(c.Client), safe(c.Server),
			short(c.Last.Sub(c.First)), c.Messages[0], c.Bytes[0], c.Messages[1], c.Bytes[1], short(c.Idle))
	}
	fmt.Fprintf(w, "\nACCOUNT\tCONNECTIONS\tMESSAGES\tBYTES\n")
	for _, a := range t.Accounts() {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", safe(a.Handle), a.Connections, a.Messages, a.Bytes)
	}
	if len(t.Errors) > 0 {
		fmt.Fprintf(w, "\nERROR\tCOUNT\tMEANING\n")
		for _, code := range sortedKeys(t.Errors) {
			fmt.Fprintf(w, "%s\t%d\t%s\n", safe(code), t.Errors[code], decode.ErrorName(code))
		}
	}
	if len(t.Challenges) > 0 {
		fmt.Fprintf(w, "\nCHALLENGE\tCOUNT\n")
		for _, v := range sortedKeys(t.Challenges) {
			fmt.Fprintf(w, "%s\t%d\n", v, t.Challenges[v])
		}
	}
	return w.Flush()
}

func sortedKeys(m map[string]int64) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// short rounds a duration to three digits or so.
func short(d time.Duration) time.Duration {
	for unit := time.Duration(1); unit < time.Hour; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
	return d.Round(time.Second)
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
	Errors      map[string]int64 `json:"errors"`
	Challenges  map[string]int64 `json:"challenges"`
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

func writeStatsJSON(out io.Writer, t *tally.Tally) error {
	s := statsJSON{V: 1, First: timeOrNil(t.First), Last: timeOrNil(t.Last), Messages: t.Messages, Bytes: t.Bytes,
		Opaque: t.Opaque, Lost: t.Lost, Errors: t.Errors, Challenges: t.Challenges}
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
