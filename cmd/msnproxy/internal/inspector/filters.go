package inspector

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode/filter"
)

// filters are those that were used, and those that were kept under a name. They
// outlive the program, if there is a directory for them.
type filters struct {
	path    string // "": they are not kept
	history []string
	saved   map[string]string
}

// historyMost is how many filters are remembered.
const historyMost = 200

// loadFilters reads the filters. A line is an expression, or @NAME, a blank and
// one. What can't be read is as if it were not there: no filter is worth not
// starting for.
func loadFilters(dir string) *filters {
	f := &filters{saved: make(map[string]string)}
	if dir == "" {
		return f
	}
	f.path = filepath.Join(dir, "filters")
	b, err := os.ReadFile(f.path)
	if err != nil {
		return f
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if name, ok := strings.CutPrefix(line, "@"); ok {
			if name, expr, ok := strings.Cut(name, " "); ok {
				f.saved[name] = expr
			}
		} else if line != "" {
			f.history = append(f.history, line)
		}
	}
	return f
}

// remember puts a filter at the end of the history.
func (f *filters) remember(expr string) error {
	f.history = slices.DeleteFunc(f.history, func(s string) bool { return s == expr })
	f.history = append(f.history, expr)
	if n := len(f.history) - historyMost; n > 0 {
		f.history = slices.Delete(f.history, 0, n)
	}
	return f.write()
}

func (f *filters) write() error {
	if f.path == "" {
		return nil
	}
	var b strings.Builder
	for _, name := range f.names() {
		b.WriteString("@" + name + " " + f.saved[name] + "\n")
	}
	for _, expr := range f.history {
		b.WriteString(expr + "\n")
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return err
	}
	// Whole or not at all, also when another inspector writes at the same time.
	t, err := os.CreateTemp(filepath.Dir(f.path), "filters-*")
	if err != nil {
		return err
	}
	_, err = t.WriteString(b.String())
	if err = errors.Join(err, t.Close()); err == nil {
		err = os.Rename(t.Name(), f.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(t.Name()))
	}
	return nil
}

func (f *filters) names() []string {
	var names []string
	for name := range f.saved {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// resolve returns the expression that was typed: @NAME stands for a saved one.
func (f *filters) resolve(text string) (string, error) {
	text = strings.TrimSpace(text)
	name, ok := strings.CutPrefix(text, "@")
	if !ok {
		return text, nil
	}
	if expr, ok := f.saved[name]; ok {
		return expr, nil
	}
	return "", errors.New("no filter is saved as " + name + prefixed("; there are ", strings.Join(f.names(), ", ")))
}

// filterCommand opens the filter prompt, or applies what was typed behind the
// command.
func (ins *Inspector) filterCommand(arg string) {
	if arg != "" {
		ins.applyFilter(arg)
		return
	}
	before := ins.rows.Query().Filter
	ins.openPrompt(&prompt{
		label: "filter", history: ins.filters.history,
		check: ins.checkFilter,
		complete: func(text string) (int, []string) {
			return ins.completeFilter(text)
		},
		done: ins.applyFilter,
		cancelled: func() {
			if ins.rows.Query().Filter != "" {
				ins.say("the filter stays; an empty one shows all")
			}
		},
	}, before)
}

func (ins *Inspector) checkFilter(text string) string {
	expr, err := ins.filters.resolve(text)
	if err == nil && expr != "" {
		_, err = filter.Compile(expr)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func (ins *Inspector) applyFilter(text string) {
	expr, err := ins.filters.resolve(text)
	if err == nil && expr != "" {
		_, err = filter.Compile(expr)
	}
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		ins.complain("the filter can't be used: " + first)
		return
	}
	q := ins.rows.Query()
	q.Filter = expr
	ins.ask(q)
	if expr == "" {
		return
	}
	if err := ins.filters.remember(expr); err != nil {
		ins.complain("the history of filters can't be kept: " + err.Error())
	}
}

// saveFilter keeps the filter in use under a name.
func (ins *Inspector) saveFilter(arg string) {
	expr := ins.rows.Query().Filter
	save := func(name string) {
		name = strings.TrimPrefix(strings.TrimSpace(name), "@")
		if name == "" || strings.ContainsAny(name, " \t") {
			ins.complain("a filter's name is one word")
			return
		}
		ins.filters.saved[name] = expr
		if err := ins.filters.write(); err != nil {
			ins.complain("the filter can't be kept: " + err.Error())
			return
		}
		ins.say("the filter is saved: f @" + name + " applies it")
	}
	switch {
	case expr == "":
		ins.complain("there is no filter to save: f makes one")
	case arg != "":
		save(arg)
	default:
		ins.openPrompt(&prompt{label: "save the filter as", done: save}, "")
	}
}

// completeFilter completes the last word of an expression: a name, a saved filter,
// or in quotation marks a value that was seen.
func (ins *Inspector) completeFilter(text string) (from int, words []string) {
	if name, ok := strings.CutPrefix(text, "@"); ok {
		for _, n := range ins.filters.names() {
			if strings.HasPrefix(n, name) {
				words = append(words, n)
			}
		}
		return 1, words
	}
	if strings.Count(text, `"`)%2 == 1 {
		quote := strings.LastIndexByte(text, '"')
		begun := strings.ToLower(text[quote+1:])
		for _, v := range ins.values(nameBefore(text[:quote])) {
			if strings.HasPrefix(strings.ToLower(v), begun) {
				words = append(words, v+`"`)
			}
		}
		return quote + 1, words
	}
	from = len(text)
	for from > 0 && wordByte(text[from-1]) {
		from--
	}
	begun := text[from:]
	if before := strings.TrimRight(text, " "); begun == "" && before != "" && strings.IndexByte(`")]`, before[len(before)-1]) >= 0 {
		return from, []string{"and", "or"} // behind a value or a condition
	}
	general := make(map[string]bool)
	for _, n := range filter.Names() {
		general[n.Name] = true
		if strings.HasPrefix(n.Name, begun) {
			words = append(words, n.Name)
		}
	}
	if begun == "" {
		return from, words // the parameters are too many to be shown unasked
	}
	var more []string
	for _, n := range filter.Parameters() {
		if strings.HasPrefix(n.Name, begun) && !general[n.Name] {
			more = append(more, n.Name)
		}
	}
	for _, op := range []string{"contains", "startsWith", "endsWith", "matches", "and", "or", "not", "in"} {
		if strings.HasPrefix(op, begun) {
			more = append(more, op)
		}
	}
	return from, append(words, more...)
}

func wordByte(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// nameBefore returns the last name of an expression: what the value behind it is
// compared with.
func nameBefore(text string) string {
	names := make(map[string]bool)
	for _, n := range filter.Names() {
		names[n.Name] = true
	}
	for _, n := range filter.Parameters() {
		names[n.Name] = true
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return r >= 0x80 || !wordByte(byte(r)) })
	for i := len(words) - 1; i >= 0; i-- {
		if names[words[i]] {
			return words[i]
		}
	}
	return ""
}

// values returns what a name's values were in this recording.
func (ins *Inspector) values(name string) []string {
	switch name {
	case "verb":
		return ins.x.Verbs()
	case "from":
		return []string{"client", "server"}
	case "role":
		return []string{"DS", "NS", "SB", "DS/NS", "MSNFTP", "?"}
	case "kind":
		return []string{"command", "blank", "block", "opaque"}
	case "noise":
		return []string{"keep-alive", "typing", "repeated presence", "empty line"}
	case "findings":
		return ins.x.Rules()
	case "account", "handle":
		return distinct(ins.x.Conns(), func(c *index.ConnState) []string {
			list := []string{c.Facts.Account}
			for v := range c.Conversations() {
				list = append(list, v.Participants...)
			}
			return list
		})
	case "client":
		return distinct(ins.x.Conns(), func(c *index.ConnState) []string { return []string{c.Facts.Client} })
	case "server":
		return distinct(ins.x.Conns(), func(c *index.ConnState) []string { return []string{c.Facts.Server} })
	case "content":
		return []string{"text/plain", "text/x-msmsgscontrol", "text/x-msmsgsinvite", "text/x-msmsgsprofile", "application/x-msnmsgrp2p"}
	}
	return nil
}

func distinct(conns []index.ConnState, of func(*index.ConnState) []string) (list []string) {
	seen := make(map[string]bool)
	for i := range conns {
		for _, s := range of(&conns[i]) {
			if s != "" && !seen[s] {
				seen[s] = true
				list = append(list, s)
			}
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return list
}
