package main

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
)

// writeReference writes docs/commands.md: the command table as a page. A test
// keeps the page what the table says.
func writeReference(w io.Writer) {
	fmt.Fprint(w, `# Commands

This page is made from the command table (decode/rows_*.go) by
`+"`msnproxy explain --markdown`"+`; don't edit it. C: client to server, S: server to
client. DS dispatch server, NS notification server, SB switchboard. {x} may be
missing, x... stands for any number. What is said of MSNP24 is
enough to stay in step, and no more.
`)
	for _, v := range decode.Verbs() {
		fmt.Fprintf(w, "\n## %s\n\n%s.\n", v.Name, upperFirst(v.Meaning))
		if v.PayloadFrom > 0 {
			fmt.Fprintf(w, "\nA line of %d tokens or more whose last one is a number has a payload of that many bytes.\n", v.PayloadFrom)
		}
		if v.PayloadFrom == 0 && v.Namespaced {
			fmt.Fprint(w, "\nIn MSNP24 a line that ends in a namespace and a number has a payload of that many bytes.\n")
		}
		if v.Undocumented {
			fmt.Fprint(w, "\nNo source says what its parameters mean, or what is in its payload.\n")
		}
		if types := messageTypesOf(v); types != nil {
			fmt.Fprint(w, "\nWhat it is says the header Message-Type:\n\n| type | is | body read as |\n|---|---|---|\n")
			for _, t := range types {
				fmt.Fprintf(w, "| %s | %s%s | %s |\n", t.Name, t.Meaning, sourced(t), t.ReadAs)
			}
		}
		for i := range v.Forms {
			referenceForm(w, &v.Forms[i])
		}
	}
	fmt.Fprintf(w, "\n## Error replies\n\n`ddd {TrID} {text}`; from MSNP13 also `ddd TrID length` with a payload.\n\n| code | meaning |\n|---|---|\n")
	codes := decode.ErrorCodes()
	var sorted []string
	for c := range codes {
		sorted = append(sorted, c)
	}
	sort.Strings(sorted)
	for _, c := range sorted {
		fmt.Fprintf(w, "| %s | %s |\n", c, codes[c])
	}
}

func referenceForm(w io.Writer, f *decode.Form) {
	fmt.Fprintf(w, "\n%s: `%s`\n\n%s. %s; %s.\n", senderOf(f), f.Usage(), upperFirst(f.Meaning), f.Dialects(), serversOf(f))
	rows := 0
	for i := range f.Params {
		p := &f.Params[i]
		if p.Name == "word" {
			continue
		}
		if rows == 0 {
			fmt.Fprint(w, "\n| parameter | is |\n|---|---|\n")
		}
		rows++
		about := p.Kind.About
		var marks []string
		if p.Kind.Secret {
			marks = append(marks, "secret")
		}
		if p.Kind.Address {
			marks = append(marks, "rewritten by the proxy")
		}
		if len(marks) > 0 {
			about += " (" + strings.Join(marks, ", ") + ")"
		}
		fmt.Fprintf(w, "| %s | %s |\n", p.Name, strings.ReplaceAll(about, "|", "\\|"))
	}
	if f.Echo {
		fmt.Fprintf(w, "\nEcho: %s.\n", echoes(f))
	}
	if f.Noise != decode.NoNoise {
		fmt.Fprintf(w, "\nNoise in a list: %s.\n", f.Noise)
	}
	line, body, has := strings.Cut(f.Example, "\r\n")
	fmt.Fprintf(w, "\n    %s: %s\n", senderOf(f), line)
	if has {
		for _, l := range strings.Split(body, "\r\n") {
			fmt.Fprintln(w, strings.TrimRight("    "+string(show.Escape(nil, l)), " "))
		}
	}
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
