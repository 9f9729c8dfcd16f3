package inspector

import (
	"bytes"
	"errors"
	"strings"

	"github.com/gdamore/tcell/v2"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/payload"
	"msnproxy/proxy/gate"
	vocabulary "msnproxy/proxy/gate/action"
)

// editor is the overlay in which a held message is changed. Each change is an action; they
// are kept with the message until it is sent, and what is shown is what the gate says that
// they lead to.
type editor struct {
	ins    *Inspector
	held   *gate.Held
	now    []byte          // what goes on; nil: nothing
	m      *decode.Message // of now; nil: that is not one frame
	fields []editField
	odd    []string
	wrong  string // why there is nothing to show
	sel    int
	top, h int
}

// editField is a line of the form.
type editField struct {
	name, value string
	note        string
	set         func(value string) (vocabulary.Action, error) // nil: it can't be set
}

// editHeld opens the editor for the selected held message.
func (ins *Inspector) editHeld() {
	m, ok := ins.selectedHeld()
	if !ok {
		return
	}
	e := &editor{ins: ins, held: m}
	e.refresh()
	for i := range e.fields {
		if e.fields[i].name == "text" {
			e.sel = i
		}
	}
	ins.overlay = e
}

// changes returns what was changed up to now.
func (e *editor) changes() []vocabulary.Action { return e.ins.holds.edits[e.held.Number] }

// setChanges keeps other changes; the error says why they can't be made.
func (e *editor) setChanges(list []vocabulary.Action) error {
	if _, err := e.ins.o.Gate.Try(e.held.Number, list); err != nil {
		return err
	}
	h := &e.ins.holds
	if h.edits == nil {
		h.edits = make(map[int64][]vocabulary.Action)
	}
	h.edits[e.held.Number] = list
	e.refresh()
	return nil
}

// change makes one more change.
func (e *editor) change(do ...vocabulary.Action) {
	list := append(append([]vocabulary.Action(nil), e.changes()...), do...)
	if err := e.setChanges(list); err != nil {
		e.ins.complain("not changed: " + firstText(err.Error()) + " (E edits all of it, also what is not right)")
	}
}

// undo takes the last change back.
func (e *editor) undo() {
	list := e.changes()
	if len(list) == 0 {
		e.ins.say("it is as it came")
		return
	}
	last := list[len(list)-1]
	if err := e.setChanges(list[: len(list)-1 : len(list)-1]); err != nil {
		e.ins.complain(firstText(err.Error()))
		return
	}
	e.ins.say("taken back: " + clipText(last.String(), 60) + "; " + plural(len(list)-1, "change") + " left")
}

// clipText is the beginning of a text.
func clipText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// refresh makes the form anew.
func (e *editor) refresh() {
	frame, err := e.ins.o.Gate.Try(e.held.Number, e.changes())
	e.fields, e.odd, e.wrong = nil, nil, ""
	if err != nil {
		e.wrong = firstText(err.Error())
		return
	}
	e.now, e.m = frame, nil
	if frame != nil {
		e.m = e.held.Message.Instead(frame)
	}
	if e.m != nil {
		e.fields = formOf(e.m)
	}
	e.odd = oddities(e.held, e.now, e.m)
	e.sel = bound(e.sel, 0, max(len(e.fields)-1, 0))
}

// formOf are the lines for a message: its parameters, its headers, its text or payload.
func formOf(m *decode.Message) (fields []editField) {
	for i, f := range m.Fields() {
		field := editField{name: f.Name, value: f.Value(), note: f.Means()}
		switch {
		case f.Param == nil:
			at := i
			field.set = func(value string) (vocabulary.Action, error) { return setArgument(m, at, value) }
		case f.Name == "length":
			field.note = "is counted"
		default:
			name := f.Name
			field.set = func(value string) (vocabulary.Action, error) { return vocabulary.SetTo(name, false, value) }
		}
		fields = append(fields, field)
	}
	body := m.Frame.Payload()
	p := m.Payload()
	if len(body) == 0 || p == nil {
		return fields
	}
	if p.Kind == payload.MIME {
		payload.Walk(body, func(name, value []byte) bool {
			header := string(name)
			fields = append(fields, editField{name: header, value: string(value), set: func(value string) (vocabulary.Action, error) {
				return vocabulary.SetTo(header, true, value)
			}})
			return true
		})
	}
	if p.TextEnd > p.TextStart || p.Kind == payload.MIME && strings.HasPrefix(p.ContentType, "text/plain") {
		return append(fields, editField{name: "text", value: p.Text, note: p.Charset, set: func(value string) (vocabulary.Action, error) {
			return vocabulary.SetTo("text", false, value)
		}})
	}
	return append(fields, editField{name: "payload", value: string(body), note: plural(len(body), "byte"), set: func(value string) (vocabulary.Action, error) {
		return setPayload(m, []byte(value))
	}})
}

// setArgument changes a token that the table has no name for.
func setArgument(m *decode.Message, at int, value string) (a vocabulary.Action, err error) {
	args := make([]string, m.Len())
	for i := range args {
		args[i] = string(m.Arg(i))
	}
	if at >= len(args) {
		return a, errors.New("it is no parameter of the line")
	}
	args[at] = value
	edit := decode.NewEdit(m)
	if err := edit.SetArgs(args); err != nil {
		return a, err
	}
	return vocabulary.ReplaceBy(edit.Bytes()), nil
}

// setPayload changes the payload to any bytes.
func setPayload(m *decode.Message, b []byte) (a vocabulary.Action, err error) {
	edit := decode.NewEdit(m)
	if err := edit.SetPayload(b); err != nil {
		return a, err
	}
	return vocabulary.ReplaceBy(edit.Bytes()), nil
}

func (e *editor) key(ev *tcell.EventKey) bool {
	if e.ins.holds.at[e.held.Number] == nil {
		e.ins.say(verbAndTrID(e.held.Message) + " is not held any more")
		return false
	}
	switch eventKey(ev) {
	case "Esc", "q", "Ctrl-C":
		if n := len(e.changes()); n > 0 {
			e.ins.say(plural(n, "change") + " kept with the message: A sends it with them, e goes on")
		}
		return false
	case "j", "Down", "Tab":
		e.sel++
	case "k", "Up", "Backtab":
		e.sel--
	case "g", "Home":
		e.sel = 0
	case "G", "End":
		e.sel = len(e.fields) - 1
	case "Enter", "e":
		e.askField()
	case "u":
		e.undo()
	case "U":
		if err := e.setChanges(nil); err == nil {
			e.ins.say("it is as it came")
		}
	case "A":
		return !e.ins.decide(e.held, nil)
	case "X":
		return !e.ins.decide(e.held, []vocabulary.Action{{Kind: vocabulary.Drop}})
	case "E":
		e.external()
	case "p":
		e.askPayload()
	case "h":
		e.askHeader()
	case ":":
		e.askAction()
	}
	e.sel = bound(e.sel, 0, max(len(e.fields)-1, 0))
	return true
}

func (e *editor) wheel(n int) { e.sel = bound(e.sel+n, 0, max(len(e.fields)-1, 0)) }

// askField asks for the value of the selected field, with escapes for line ends.
func (e *editor) askField() {
	if e.sel >= len(e.fields) {
		return
	}
	f := e.fields[e.sel]
	if f.set == nil {
		e.ins.say(f.name + " " + f.note + "; E, with raw, sends any")
		return
	}
	e.ins.openPrompt(&prompt{label: f.name, check: func(text string) string {
		_, err := capture.Unescaped(text)
		return wrongText(err)
	}, done: func(text string) {
		b, _ := capture.Unescaped(text) // check has looked at it
		if string(b) == f.value {
			return
		}
		a, err := f.set(string(b))
		if err != nil {
			e.ins.complain("not changed: " + firstText(err.Error()))
			return
		}
		e.change(a)
	}}, capture.Escaped([]byte(f.value)))
}

func wrongText(err error) string {
	if err == nil {
		return ""
	}
	return firstText(err.Error())
}

// askHeader asks for a header to be set, be it there or not.
func (e *editor) askHeader() {
	e.ins.openPrompt(&prompt{label: "header (NAME: VALUE)", done: func(text string) {
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			e.ins.complain("not changed: a header is NAME: VALUE")
			return
		}
		a, err := vocabulary.SetTo(strings.TrimSpace(name), true, strings.TrimSpace(value))
		if err != nil {
			e.ins.complain("not changed: " + firstText(err.Error()))
			return
		}
		e.change(a)
	}}, "")
}

// askAction asks for any action, as a change that is not sent yet.
func (e *editor) askAction() {
	e.ins.openPrompt(&prompt{label: "action", check: func(text string) string {
		_, err := vocabulary.ParseList(text)
		return wrongText(err)
	}, done: func(text string) {
		if do, err := vocabulary.ParseList(text); err == nil {
			e.change(do...)
		}
	}}, "")
}

// external has all of the message edited in the user's editor.
func (e *editor) external() {
	frame := e.now
	if frame == nil {
		frame = e.held.Received
	}
	edited, raw, err := e.ins.editFrame(e.held.From, frame, verbAndTrID(e.held.Message)+", held")
	switch {
	case err != nil:
		e.ins.complain("not changed: " + firstText(err.Error()))
	case bytes.Equal(edited, frame):
		e.ins.say("nothing was changed")
	case raw:
		e.change(vocabulary.RawBytes(edited))
	default:
		e.change(vocabulary.ReplaceBy(edited))
	}
}
