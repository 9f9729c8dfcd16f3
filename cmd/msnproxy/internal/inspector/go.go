package inspector

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"msnproxy/decode/filter"
	vocabulary "msnproxy/proxy/gate/action"
)

// goTo goes to a message by its number, or to the first one at a time or after it.
func (ins *Inspector) goTo(arg string) {
	if arg == "" {
		ins.openPrompt(&prompt{label: "go to", done: func(text string) {
			if strings.TrimSpace(text) != "" {
				ins.goTo(text)
			}
		}}, "")
		return
	}
	arg = strings.TrimSpace(arg)
	if n, err := strconv.ParseInt(arg, 10, 64); err == nil {
		row := ins.x.RowOf(n)
		if row < 0 {
			ins.complain("there is no message " + arg + "; they go from 1 to " + strconv.FormatInt(ins.x.Summary().Messages, 10))
			return
		}
		ins.reveal(row)
		return
	}
	at, ok := ins.timeOf(arg)
	if !ok {
		ins.complain("go where? A number, a time as 22:03:34 or 2026-11-24 22:03:34, or a step as +5s or -2m")
		return
	}
	n := ins.x.Len()
	row := sort.Search(n, func(i int) bool { return !ins.x.Row(i).Time.Before(at) })
	if row = ins.rows.Near(min(row, n-1)); row >= 0 {
		ins.selectRow(row)
	}
}

// timeOf reads a time: of the day of the selected message, a whole one, or one
// relative to the selected message.
func (ins *Inspector) timeOf(s string) (time.Time, bool) {
	if ins.sel < 0 {
		return time.Time{}, false
	}
	from := ins.x.Row(ins.sel).Time.In(ins.o.Location)
	w, ok := filter.ParseWhen(s, ins.o.Location)
	switch {
	case !ok:
		return time.Time{}, false
	case w.Kind == filter.Step:
		return from.Add(w.Step), true
	case w.Kind == filter.Clock:
		h, m, sec := w.At.Clock()
		return time.Date(from.Year(), from.Month(), from.Day(), h, m, sec, w.At.Nanosecond(), ins.o.Location), true
	}
	return w.At, true
}

// commandLine opens the line where commands are typed by name.
func (ins *Inspector) commandLine() {
	ins.openPrompt(&prompt{label: ":", history: ins.commands, complete: ins.completeCommand, done: ins.command}, "")
}

// command does what was typed: the name of an action with what it takes, or the
// number of a message.
func (ins *Inspector) command(text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	ins.commands = append(ins.commands, text)
	name, arg, _ := strings.Cut(text, " ")
	if _, err := strconv.Atoi(name); err == nil {
		ins.goTo(name)
		return
	}
	a := actionNamed(name)
	if isVocabulary(name) && (a == nil || a.gate && a.name != "hold" && arg != "" || strings.HasPrefix(arg, ",")) {
		ins.act(text)
		return
	}
	if a == nil {
		ins.complain("there is no command " + name + nearest(name))
		return
	}
	arg = strings.TrimSpace(arg)
	if arg != "" && a.arg == "" {
		ins.complain(name + " takes nothing behind it")
		return
	}
	a.run(ins, arg)
}

// nearest names the commands that may be meant.
func nearest(name string) string {
	var like []string
	for _, a := range actions {
		if strings.HasPrefix(a.name, name) || strings.Contains(a.name, name) {
			like = append(like, a.name)
		}
	}
	return prefixed("; there are ", strings.Join(like, ", "))
}

// completeCommand completes the name of a command, then what it takes.
func (ins *Inspector) completeCommand(text string) (int, []string) {
	name, arg, has := strings.Cut(text, " ")
	var words []string
	if !has {
		for _, a := range actions {
			if strings.HasPrefix(a.name, name) && (!a.gate || ins.o.Gate != nil) {
				words = append(words, a.name)
			}
		}
		if ins.o.Gate != nil {
			for _, w := range vocabulary.Words() {
				if strings.HasPrefix(w, name) && !slices.Contains(words, w) {
					words = append(words, w)
				}
			}
		}
		return 0, words
	}
	a := actionNamed(name)
	switch {
	case a == nil:
	case a.name == "hold":
		from, words := ins.completeHold(arg)
		return len(name) + 1 + from, words
	case a.name == "filter":
		from, words := ins.completeFilter(arg)
		return len(name) + 1 + from, words
	case a.arg == "FILE":
		from, words := completeFile(arg, Endings)
		return len(name) + 1 + from, words
	case strings.Contains(a.arg, "|") && strings.ToLower(a.arg) == a.arg:
		for _, w := range strings.Split(a.arg, "|") {
			if strings.HasPrefix(w, arg) {
				words = append(words, w)
			}
		}
	}
	return len(name) + 1, words
}
