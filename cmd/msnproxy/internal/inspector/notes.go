package inspector

import (
	"errors"
	"strings"
	"unicode"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/index"
)

// letterOf returns the letter of a key, or "".
func letterOf(ev *tcell.EventKey) string {
	if ev.Key() == tcell.KeyRune && ev.Rune() < 0x80 && (unicode.IsLetter(ev.Rune()) || unicode.IsDigit(ev.Rune())) {
		return string(ev.Rune())
	}
	return ""
}

// letter has f done with the letter that was typed behind a command, or with the
// next key.
func (ins *Inspector) letter(arg, what string, f func(letter string)) {
	arg = strings.TrimSpace(arg)
	switch {
	case len(arg) == 1:
		f(arg)
	case arg != "":
		ins.complain(what + " is one letter")
	default:
		ins.toast = toast{text: what + "...", until: ins.o.Now().Add(toastFor)}
		ins.pending = func(ev *tcell.EventKey) {
			if l := letterOf(ev); l != "" {
				f(l)
			} else {
				ins.complain(what + " is a letter or a digit")
			}
		}
	}
}

// message returns the selected row if it is a message, or complains.
func (ins *Inspector) message() (int, bool) {
	if ins.sel < 0 || ins.x.Row(ins.sel).Kind != index.Message {
		ins.complain("select a message first")
		return 0, false
	}
	return ins.sel, true
}

func (ins *Inspector) markCommand(arg string) {
	row, ok := ins.message()
	if !ok {
		ins.pending = func(*tcell.EventKey) {} // the letter is no command
		return
	}
	ins.letter(arg, "mark with a letter", func(l string) {
		if ins.x.Mark(row) == l {
			l = ""
		}
		ins.note(row, l, ins.x.Comment(row))
	})
}

func (ins *Inspector) toMark(arg string) {
	ins.letter(arg, "go to mark", func(l string) {
		row := ins.x.MarkedRow(l)
		if row < 0 {
			var have []string
			for _, r := range ins.x.Noted() {
				if m := ins.x.Mark(r); m != "" {
					have = append(have, m)
				}
			}
			ins.complain("there is no mark " + l + prefixed("; there are ", strings.Join(have, " ")))
			return
		}
		ins.reveal(row)
	})
}

func (ins *Inspector) commentCommand(arg string) {
	row, ok := ins.message()
	if !ok {
		return
	}
	save := func(text string) { ins.note(row, ins.x.Mark(row), strings.TrimSpace(text)) }
	if arg != "" {
		save(arg)
		return
	}
	ins.openPrompt(&prompt{label: "comment", done: save}, ins.x.Comment(row))
}

// note puts a mark and a comment on a row and keeps them in the recording.
func (ins *Inspector) note(row int, mark, text string) {
	kept := ins.x.Note(row, mark, text)
	if ins.o.Keep == nil {
		ins.unkept = len(ins.x.Noted()) > 0
		return
	}
	var err error
	for _, r := range kept {
		err = errors.Join(err, ins.o.Keep(r))
	}
	if err != nil {
		ins.unkept = true
		first, _, _ := strings.Cut(err.Error(), "\n")
		ins.complain("not kept in the recording: " + first + " (w saves a copy that has it)")
	}
}

// askQuit leaves, but asks first if something would be lost.
func (ins *Inspector) askQuit() {
	if ins.askRelease() {
		return
	}
	rec := Recording{}
	if ins.o.Recording != nil {
		rec = ins.o.Recording()
	}
	sum := ins.x.Summary()
	why := ""
	switch {
	case ins.job != nil:
		why = ins.job.name + " is not whole yet, and will be removed."
	case ins.unkept:
		why = "Marks and comments are not saved (w saves a copy with them)."
	case rec.Path != "" && sum.Open > 0:
		why = plural(sum.Open, "connection") + " will be closed, and the recording ends."
	case ins.o.Live && sum.Open > 0:
		why = plural(sum.Open, "connection") + " will be closed; nothing is recorded (w saves what came)."
	}
	if why == "" {
		ins.quit()
		return
	}
	ins.tell(why+" Leave? y/n", true)
	ins.toast.until = ins.o.Now().Add(1 << 40)
	ins.pending = func(ev *tcell.EventKey) {
		switch {
		case ev.Key() == tcell.KeyCtrlC:
			ins.interrupt()
		case letterOf(ev) == "y" || letterOf(ev) == "q":
			ins.quit()
		}
	}
}
