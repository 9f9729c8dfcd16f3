package check

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

const docsHead = `# What check looks for

This page is made from the rules (decode/check/rules_*.go); don't edit it.

Each finding has the name of its rule, a severity, the connection, the number of the
message and the offset of its frame in the bytes of its sender. The severities:

| severity | means |
|---|---|
| error | broken: something was lost or refused |
| warning | against the protocol; peers may stumble |
| note | unusual, and harmless by itself |

Sources on the protocol differ. What one of them allows is not found fault with, unless
peers are known to stumble over it: then it is a note. A rule that is only for some
dialects is applied where the dialect is known, from the server's VER or from the
sign-in that a switchboard belongs to. Where a recording starts in the middle, or has
holes, the rules that need to have seen everything keep silent.

| rule | severity | for |
|---|---|---|
`

// WriteDocs writes the page about the rules, docs/checks.md.
func WriteDocs(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString(docsHead)
	for i := range rules {
		r := &rules[i]
		fmt.Fprintf(b, "| [%s](#%s) | %v | %s |\n", r.ID, anchor(r.ID), r.Severity, r.Dialects())
	}
	group := ""
	for i := range rules {
		r := &rules[i]
		if r.Group() != group {
			group = r.Group()
			fmt.Fprintf(b, "\n## %s\n", groupTitles[group])
		}
		fmt.Fprintf(b, "\n### %s\n\n", r.ID)
		wrap(b, r.About)
		fmt.Fprintf(b, "\n%s, %s. Source: %s.\n", titleCase(r.Severity.String()), r.Dialects(), r.Source)
	}
	return b.Flush()
}

// WriteRule writes what there is to say about a rule, for a terminal: name, severity
// and dialects, then the paragraph and its source.
func WriteRule(w io.Writer, r *Rule) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s: %v, %s\n", r.ID, r.Severity, r.Dialects())
	wrap(b, r.About)
	fmt.Fprintf(b, "Source: %s.\n", r.Source)
	return b.Flush()
}

// groupTitles are the headings of the page.
var groupTitles = map[string]string{
	"frame": "Frames", "line": "Command lines", "payload": "Payloads", "mime": "MIME messages",
	"trid": "Requests and replies", "version": "Dialects", "signin": "Signing in", "challenge": "Challenges",
	"redirect": "Redirects", "lists": "Lists and groups", "presence": "Presence", "name": "Names and limits",
	"switchboard": "Switchboards", "session": "Keep-alive and leaving", "end": "Ends of connections", "transfer": "File transfers",
	"delivery": "Delivery", "changed": "Changed on purpose",
	"p2p": "P2P", "web": "Web services", "sso": "Sign-in by ticket and key", "token": "Tickets",
	"lockkey": "Lock keys of offline messages", "ab": "Address book", "host": "Hosts that lead away",
}

// anchor is what a heading's link is: points vanish.
func anchor(id string) string { return strings.ReplaceAll(id, ".", "") }

func titleCase(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// marker is a word that makes a list, a heading or a quotation of a line that it
// begins.
var marker = regexp.MustCompile(`^([0-9]+[.)]|[-+*>]|#+)$`)

// wrap writes a paragraph in lines of at most 86 bytes, if no line would begin
// with a marker by that.
func wrap(w *bufio.Writer, text string) {
	const width = 86
	n := 0
	for _, word := range slices.Collect(strings.FieldsSeq(text)) {
		if n > 0 && n+1+len(word) > width && !marker.MatchString(word) {
			w.WriteByte('\n')
			n = 0
		} else if n > 0 {
			w.WriteByte(' ')
			n++
		}
		w.WriteString(word)
		n += len(word)
	}
	w.WriteByte('\n')
}
