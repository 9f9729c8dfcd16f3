package inspector

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
	vocabulary "msnproxy/proxy/gate/action"
)

// selectedHeld returns the selected message if it is held, or says that it is not.
func (ins *Inspector) selectedHeld() (*gate.Held, bool) {
	if !ins.gated() {
		return nil, false
	}
	held := ins.o.Gate.Held()
	if ins.sel >= 0 {
		if r := ins.x.Row(ins.sel); r.Kind == index.Message {
			for i := range held {
				if held[i].Number == r.Number {
					return &held[i], true
				}
			}
		}
	}
	if len(held) == 0 {
		ins.say("nothing is held: b holds messages like the selected one, B those of a filter")
	} else {
		ins.say("the selected message is not held: K goes to one that is")
	}
	return nil, false
}

func (ins *Inspector) forwardHeld() {
	if m, ok := ins.selectedHeld(); ok {
		ins.decide(m, nil)
	}
}

func (ins *Inspector) dropHeld() {
	if m, ok := ins.selectedHeld(); ok {
		ins.decide(m, []vocabulary.Action{{Kind: vocabulary.Drop}})
	}
}

// decide says what becomes of a held message, after the changes that were made to it. It
// reports whether it was carried out.
func (ins *Inspector) decide(m *gate.Held, do []vocabulary.Action) bool {
	all := append(slices.Clone(ins.holds.edits[m.Number]), do...)
	out, err := ins.o.Gate.Decide(m.Number, all, operator)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		ins.complain("it stays held: " + first)
		return false
	}
	delete(ins.holds.edits, m.Number)
	name := verbAndTrID(m.Message)
	switch {
	case out.Held:
		ins.say(name + " is held again, by somebody behind")
	case out.Sent == nil:
		ins.say(name + " was not sent" + misses(m.Message))
	case out.Waiting:
		ins.say(name + " goes when what is before it has gone")
	case string(out.Sent) == string(m.Received):
		ins.say(name + " was forwarded as it came")
	default:
		ins.say(fmt.Sprintf("%s was forwarded, changed: %d bytes (%d came)", name, len(out.Sent), len(m.Received)))
	}
	return true
}

// misses says who waits for a message that nobody gets.
func misses(m *decode.Message) string {
	to := m.From.Peer()
	n, numbered := m.TrID()
	switch {
	case m.From == decode.Server && m.ReplyVerb != "" && numbered:
		return fmt.Sprintf("; the %s waits for TrID %d (%s)", to, n, m.ReplyVerb)
	case m.From == decode.Server && m.ReplyVerb != "":
		return fmt.Sprintf("; the %s waits for the answer to %s", to, m.ReplyVerb)
	case m.From == decode.Client && m.WantsReply() && numbered:
		return fmt.Sprintf("; the client waits for TrID %d", n)
	}
	return ""
}

// isVocabulary reports whether a command is an action on a message.
func isVocabulary(word string) bool {
	return slices.Contains(vocabulary.Words(), strings.TrimSuffix(word, ","))
}

// act does what was typed in the words of rules, on the selected message: a held one is
// decided on; to one that has passed nothing can be done any more, but something beside it.
func (ins *Inspector) act(text string) {
	if !ins.gated() {
		return
	}
	do, err := vocabulary.ParseList(text)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		ins.complain(first)
		return
	}
	row, ok := ins.message()
	if !ok {
		return
	}
	number := ins.x.Row(row).Number
	for _, m := range ins.o.Gate.Held() {
		if m.Number == number {
			ins.decide(&m, do)
			return
		}
	}
	ins.beside(row, do)
}

// beside sends, closes or resets beside a message that has passed.
func (ins *Inspector) beside(row int, do []vocabulary.Action) {
	for _, a := range do {
		switch a.Kind {
		case vocabulary.SendTo, vocabulary.Close, vocabulary.Reset:
			if a.Time == 0 {
				continue
			}
		}
		ins.complain("the selected message is not held, so that " + a.Kind.String() + " can't be done (send, close and reset can, at once)")
		return
	}
	m, _, err := ins.reader.Read(row)
	if err != nil {
		ins.complain(err.Error())
		return
	}
	var e vocabulary.Effect
	for _, a := range do {
		if err := e.Apply(m, a, operator); err != nil {
			ins.complain(err.Error())
			return
		}
	}
	conn := ins.x.Row(row).Conn.Facts.ID
	for i := range e.Sends {
		s := &e.Sends[i]
		if !ins.inject(conn, s.To, s.Frame, s.Raw) {
			return
		}
	}
	for _, end := range e.Ends {
		if err := ins.o.Gate.End(conn, end.Side, end.Reset, operator); err != nil {
			ins.complain(err.Error())
			return
		}
		ins.say(fmt.Sprintf("connection %d ends", conn))
	}
}

// inject sends a frame to one end of a connection.
func (ins *Inspector) inject(conn uint32, to decode.Sender, frame []byte, raw bool) bool {
	sent, err := ins.o.Gate.Send(conn, to, frame, gate.SendOptions{By: operator, Raw: raw})
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		ins.complain("not sent: " + first)
		return false
	}
	text := fmt.Sprintf("sent to the %s of #%d: %s", to, conn, firstLine(sent.Frame))
	if sent.TrID != 0 {
		text += fmt.Sprintf(" (its own number %d; the reply does not reach the client)", sent.TrID)
	}
	ins.say(text)
	return true
}

// askRelease asks what becomes of held messages before the inspector is left. It reports
// whether there was something to ask.
func (ins *Inspector) askRelease() bool {
	if ins.o.Gate == nil {
		return false
	}
	held := ins.o.Gate.Held()
	if len(held) == 0 {
		return false
	}
	ins.tell(plural(len(held), "message")+" held. Leave and f forward all, d drop all? Esc stays", true)
	ins.toast.until = ins.o.Now().Add(1 << 40)
	ins.pending = func(ev *tcell.EventKey) {
		switch l := letterOf(ev); {
		case ev.Key() == tcell.KeyCtrlC:
			ins.interrupt()
		case l == "f", l == "d":
			if l == "f" {
				for _, m := range ins.o.Gate.Held() {
					if do := ins.holds.edits[m.Number]; len(do) > 0 {
						_, err := ins.o.Gate.Decide(m.Number, do, operator)
						if err != nil && !errors.Is(err, gate.ErrNotHeld) {
							ins.complain("it stays held: " + err.Error())
							return
						}
					}
				}
			}
			ins.o.Gate.Release(l == "f")
			ins.quit()
		}
	}
	return true
}
