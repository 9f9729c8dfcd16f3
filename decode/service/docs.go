package service

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
)

// kindTexts say what values are, for the page.
var kindTexts = [Kinds]string{Word: "", Account: "account", Person: "personal", Password: "secret", Token: "secret", Secret: "secret",
	Cookie: "secret", Host: "host that is dialled next", URL: "address", ID: "differs each time", Time: "time", LockKey: "answer to a challenge"}

const docsHead = `# Web services

What clients of MSNP8 to 21 ask of web services, as msnproxy reads it: the action is the
` + "`verb`" + ` of the row, the values are its ` + "`fields`" + ` and names in filters
(` + "`verb == \"ABFindAll\" and scenario == \"Initial\"`" + `). An action of the address book, of the lists, of
profiles or of offline messages that is not here has its own name and the values that
all of its service have. What lets somebody in is masked when a proxy records it
([web.md](web.md)). A refusal has ` + "`fault`, `why`, `code`, `challenge`" + `.

This page is made by ` + "`go test ./decode/service -update`" + `.
`

// WriteDocs writes the page about the services, docs/services.md.
func WriteDocs(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString(docsHead)
	last := ""
	for _, a := range table {
		if a.Service != last {
			last = a.Service
			fmt.Fprintf(b, "\n# %s\n\nPaths that end in %s; Microsoft's hosts: %s.\n", last, strings.Join(strings.Fields(a.Paths), ", "), cmp.Or(strings.Join(strings.Fields(a.Hosts), ", "), "none"))
		}
		fmt.Fprintf(b, "\n## %s\n\n%s%s.\n", a.Name, strings.ToUpper(a.Meaning[:1]), a.Meaning[1:])
		writeParams(b, "Request", a.Ask)
		writeParams(b, "Answer", a.Answer)
	}
	return b.Flush()
}

// WriteAction writes what there is to say about an action, for a terminal.
func WriteAction(w io.Writer, a *Action) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s: %s (web service %s)\n", a.Name, a.Meaning, a.Service)
	fmt.Fprintf(b, "  path ends in %s; Microsoft's hosts: %s\n", strings.Join(strings.Fields(a.Paths), ", "), cmp.Or(strings.Join(strings.Fields(a.Hosts), ", "), "none"))
	for _, side := range []struct {
		name   string
		params []Param
	}{{"request", a.Ask}, {"answer", a.Answer}} {
		for i := range side.params {
			p := &side.params[i]
			is := kindTexts[p.Kind]
			if is != "" {
				is = "  (" + is + ")"
			}
			fmt.Fprintf(b, "  %-8s %-14s %s%s\n", side.name, p.Name, strings.ReplaceAll(standsIn(p.Where), "`", ""), is)
		}
	}
	return b.Flush()
}

func writeParams(b *bufio.Writer, title string, params []Param) {
	if len(params) == 0 {
		return
	}
	fmt.Fprintf(b, "\n| %s | stands in | is |\n|---|---|---|\n", title)
	for i := range params {
		p := &params[i]
		is := kindTexts[p.Kind]
		if p.Many {
			is = strings.TrimPrefix(is+", may come several times", ", ")
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", p.Name, standsIn(p.Where), is)
	}
}

// standsIn is where a value is, for people.
func standsIn(where string) string {
	switch where[0] {
	case ':':
		header, key, keyed := strings.Cut(where[1:], "/")
		if keyed {
			return fmt.Sprintf("header `%s`, `%s=`", header, key)
		}
		return fmt.Sprintf("header `%s`", header)
	case '?':
		return fmt.Sprintf("`%s=` in address or form", where[1:])
	}
	return "`" + where + "`"
}
