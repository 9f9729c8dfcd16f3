package inspector

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteKeys writes all keys with the names of their commands, by groups: as text,
// or as Markdown tables.
func WriteKeys(w io.Writer, markdown bool) error {
	if markdown {
		var b strings.Builder
		for _, g := range groups {
			fmt.Fprintf(&b, "**%s**\n\n| key | command | does |\n|---|---|---|\n", g.name)
			for _, a := range g.actions {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", quoted(a.keyNames()), quoted([]string{a.usage()}), inCell.Replace(a.about+a.place()))
			}
			b.WriteString("\n")
		}
		_, err := io.WriteString(w, b.String())
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, g := range groups {
		if i > 0 {
			fmt.Fprintln(t)
		}
		fmt.Fprintf(t, "%s\n", g.name)
		for _, a := range g.actions {
			fmt.Fprintf(t, "  %s\t%s\t%s\n", strings.Join(a.keyNames(), " "), a.usage(), a.about+a.place())
		}
	}
	return t.Flush()
}

// inCell makes a text fit for a cell of a Markdown table.
var inCell = strings.NewReplacer("|", `\|`)

func quoted(words []string) string {
	var b strings.Builder
	for _, w := range words {
		if w == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("`" + inCell.Replace(w) + "`")
	}
	return b.String()
}

// keyNames are the keys as they are written on the screen.
func (a *action) keyNames() []string {
	names := make([]string, len(a.keys))
	for i, k := range a.keys {
		names[i] = keyName(k)
	}
	return names
}

// usage is the command as it is typed.
func (a *action) usage() string { return ":" + strings.TrimSpace(a.name+" "+a.arg) }

// place says where the action can be done, if that is not everywhere.
func (a *action) place() string {
	var places []string
	for _, p := range []struct {
		bit  where
		name string
	}{{inSessions, "the sessions"}, {inMain | inDetail, "the messages and the detail"}, {inLadder, "Ladder"}, {inChat, "Chat"}, {inFindings, "Findings"}, {inStats, "Stats"}, {inHolds, "Holds"}} {
		if a.where&p.bit == p.bit {
			places = append(places, p.name)
		}
	}
	if a.where&anywhere == anywhere || len(places) == 0 {
		return ""
	}
	return " (in " + strings.Join(places, ", ") + ")"
}
