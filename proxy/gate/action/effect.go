package action

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"msnproxy/decode"
)

// Effect is what becomes of one message. Actions of several deciders add to it, in
// order; nothing in it has been done yet. The zero value is a message that passes as it
// came.
type Effect struct {
	// Frame is what goes on in the message's stead, an own copy; nil: as it came.
	Frame []byte
	// Drop: it is not sent.
	Drop bool
	// Decided: forward, drop, reply, replace or raw were said.
	Decided bool
	// Delay is how much later it goes, and what is behind it, too; Postpone how much
	// later it goes alone.
	Delay, Postpone time.Duration
	// Hold: it waits for people, at most HoldFor if that is not 0.
	Hold    bool
	HoldFor time.Duration
	// HeldBy is who wants that, if an action did.
	HeldBy string
	// Sends are frames beside it.
	Sends []Send
	// Repeat is how many times more it goes.
	Repeat int
	// Ends are the connections that end after what was sent is out.
	Ends []End
	// Faults are those of the bytes that were asked for.
	Faults []Fault
	// Mark and Remark are for people.
	Mark, Remark string
	// Raw: Frame is bytes on which nothing is put right, no address either.
	Raw bool
	// Foreign: who acts from now on is another program, whose raw bytes lead the client
	// nowhere that the rules do not allow: they must not hide a redirect.
	Foreign bool
	// Watched: Frame is raw bytes of such; redirects in it are rewritten all the same.
	Watched bool
	// By is who changed it, each once, in order. Who asked for faults of the bytes is not
	// among them: whether those hit it is found out when it goes.
	By []string

	now *decode.Message // of Frame
}

// Send is a frame that is sent beside a message.
type Send struct {
	// To is who gets it: Client or Server.
	To   decode.Sender
	When When
	// Later is how long after the message.
	Later time.Duration
	Frame []byte
	// Raw: it is bytes on which nothing is put right.
	Raw bool
	// Watched: redirects in it are rewritten all the same.
	Watched bool
	// Again: rules look at it, too.
	Again bool
}

// End is the end of a connection, on one side or both.
type End struct {
	Side  decode.Sender
	Reset bool
}

// Current returns the message as it is now: m, or what was made of it; nil where that
// are bytes that are not one frame. It holds until the next change.
func (e *Effect) Current(m *decode.Message) *decode.Message {
	switch {
	case e.Frame == nil || bytes.Equal(m.Frame.Raw, e.Frame):
		return m
	case e.now == nil || !bytes.Equal(e.now.Frame.Raw, e.Frame):
		e.now = m.Instead(e.Frame)
	}
	return e.now
}

// Apply carries out one action on a message; by names who wants it. m may be the message
// as it came or as it is now. An action that can't be carried out changes nothing.
func (e *Effect) Apply(m *decode.Message, a Action, by string) error {
	now := e.Current(m)
	if now == nil {
		if a.Kind == Set || a.line != nil && !a.line.plain() {
			return fmt.Errorf("%s: the message is bytes now that are no command", a.Kind)
		}
		now = m
	}
	changes, err := e.apply(now, a)
	if err != nil {
		return fmt.Errorf("%s: %w", a, err)
	}
	if a.Kind == Byte {
		e.Faults = append(e.Faults, Fault{a.Fault.Fault, by})
	}
	if a.Kind == Hold {
		e.HeldBy = by
	}
	if changes && !slices.Contains(e.By, by) {
		e.By = append(e.By, by)
	}
	return nil
}

// Deciders returns who changed the message, or asked for faults that may hit it, each once.
func (e *Effect) Deciders() []string {
	list := e.By[:len(e.By):len(e.By)]
	for _, f := range e.Faults {
		if !slices.Contains(list, f.By) {
			list = append(list, f.By)
		}
	}
	return list
}

// apply reports whether the action changes what is sent, or when.
func (e *Effect) apply(m *decode.Message, a Action) (bool, error) {
	switch a.Kind {
	case Forward:
		e.Drop, e.Decided = false, true
		return false, nil
	case Drop:
		e.Drop, e.Decided = true, true
	case Delay:
		e.Delay += a.Time
	case Postpone:
		e.Postpone += a.Time
	case Set:
		return e.set(m, a)
	case Replace, Raw:
		return e.replace(m, a)
	case Reply, SendTo:
		return true, e.send(m, a)
	case Repeat:
		e.Repeat += a.Count
	case Close, Reset:
		e.Ends = append(e.Ends, End{a.Side, a.Kind == Reset})
	case Hold:
		if !e.Hold || e.HoldFor > 0 && a.Time == 0 || e.HoldFor > 0 && a.Time > e.HoldFor {
			e.Hold, e.HoldFor = true, a.Time
		}
		return false, nil
	case Mark:
		e.Mark = a.Mark
		return false, nil
	case Remark:
		return false, e.remark(m, a)
	case Byte:
		return false, nil
	default:
		return false, fmt.Errorf("it is no action")
	}
	return true, nil
}

func (e *Effect) set(m *decode.Message, a Action) (bool, error) {
	if e.Raw {
		return false, fmt.Errorf("the message is raw bytes now, on which nothing is put right")
	}
	edit := decode.NewEdit(m)
	if err := set(edit, m, a); err != nil {
		return false, err
	}
	return e.become(m, edit.Bytes()), nil
}

func set(edit *decode.Edit, m *decode.Message, a Action) error {
	if a.Name == "args" && !a.Header {
		args, err := a.Value.List(m)
		if err != nil {
			return err
		}
		return edit.SetArgs(args)
	}
	value, err := a.Value.Text(m)
	switch {
	case err != nil:
		return err
	case a.Header:
		return edit.SetHeader(a.Name, value)
	case a.Name == "text":
		return edit.SetText(value)
	case a.Name == "payload":
		return edit.SetPayload([]byte(value))
	case a.Name == "trid":
		return edit.SetTrID(value)
	}
	return edit.SetParam(a.Name, value)
}

// become takes bytes for what the message is now, and reports whether it was another.
func (e *Effect) become(m *decode.Message, b []byte) bool {
	was := m.Frame.Raw
	if e.Frame != nil {
		was = e.Frame
	}
	if bytes.Equal(b, was) {
		return false
	}
	e.Frame = bytes.Clone(b)
	return true
}

func (e *Effect) replace(m *decode.Message, a Action) (bool, error) {
	b, err := a.frame(m)
	if err != nil {
		return false, err
	}
	raw := a.Kind == Raw
	if err := e.watch(raw, m.From.Peer(), b); err != nil {
		return false, err
	}
	raw, e.Raw = e.Raw, raw
	e.Drop, e.Decided, e.Watched = false, true, e.Raw && e.Foreign
	return e.become(m, b) || raw != e.Raw, nil
}

// watch says why raw bytes of another program do not go out.
func (e *Effect) watch(raw bool, to decode.Sender, b []byte) error {
	if !raw || !e.Foreign {
		return nil
	}
	return Watch(to, b)
}

// ErrHides says that raw bytes of another program may lead the client past the rules.
var ErrHides = errors.New("these raw bytes may send the client past --allow: a redirect in them, or the beginning of one, is no whole command")

// Watch returns [ErrHides] if raw bytes of another program hide a redirect from who rewrites
// those of whole commands.
func Watch(to decode.Sender, raw []byte) error {
	if to == decode.Client && decode.HidesRedirect(raw) {
		return ErrHides
	}
	return nil
}

// send adds what is sent beside the message.
func (e *Effect) send(m *decode.Message, a Action) error {
	b, err := a.frame(m)
	if err != nil {
		return err
	}
	s := Send{To: a.Side, When: a.When, Later: a.Time, Frame: b, Raw: a.raw, Watched: a.raw && e.Foreign}
	if a.Kind == Reply {
		s.To = m.From
	}
	if err := e.watch(a.raw, s.To, b); err != nil {
		return err
	}
	if a.Kind == Reply {
		e.Drop, e.Decided = true, true
	}
	e.Sends = append(e.Sends, s)
	return nil
}

func (e *Effect) remark(m *decode.Message, a Action) error {
	b, err := a.line.text(m)
	if err != nil {
		return err
	}
	if e.Remark != "" {
		e.Remark += "; "
	}
	e.Remark += strings.ToValidUTF8(string(b), "\ufffd")
	return nil
}

// frame returns the bytes of a quoted text: those of a command, put right, unless the
// action says that they are raw.
func (a Action) frame(m *decode.Message) ([]byte, error) {
	if a.raw || a.Kind == Raw {
		b, err := a.line.text(m)
		if err == nil && len(b) == 0 {
			err = fmt.Errorf("no bytes: drop sends nothing")
		}
		return b, err
	}
	b, err := a.line.command(m)
	if err != nil {
		return nil, err
	}
	return assemble(b)
}
