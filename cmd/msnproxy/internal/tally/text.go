package tally

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
)

// safe makes what may have come from the wire fit for a terminal and a table.
func safe(s string) string {
	if s == "" {
		return "-"
	}
	return string(show.Clip(nil, s, 60))
}

// WriteText writes the counts as tables for people. What came from the wire is
// escaped.
func (t *Tally) WriteText(out io.Writer) error {
	fmt.Fprintf(out, "%d %s, %d bytes", t.Messages, map[bool]string{true: "message", false: "messages"}[t.Messages == 1], t.Bytes)
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
	if list := t.Deliveries(); len(list) > 0 {
		fmt.Fprintf(w, "\nDELIVERY\tSERVER\tCOUNT\tALTERED\tTWICE\tP50\tP90\tP99\tMAX\n")
		for _, d := range list {
			l := &d.Latency
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%v\t%v\t%v\t%v\n", safe(d.Verb), safe(d.Server), l.Count()+d.Altered, d.Altered, d.Again,
				short(l.Percentile(50)), short(l.Percentile(90)), short(l.Percentile(99)), short(l.Max()))
		}
	}
	if len(t.Errors) > 0 {
		fmt.Fprintf(w, "\nERROR\tCOUNT\tMEANING\n")
		for _, code := range sortedKeys(t.Errors) {
			fmt.Fprintf(w, "%s\t%d\t%s\n", safe(code), t.Errors[code], decode.ErrorName(code))
		}
	}
	if len(t.Ends) > 0 {
		fmt.Fprintf(w, "\nENDED\tCOUNT\n")
		for _, how := range sortedKeys(t.Ends) {
			fmt.Fprintf(w, "%s\t%d\n", how, t.Ends[how])
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
