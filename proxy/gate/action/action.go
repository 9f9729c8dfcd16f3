// Package action is the one vocabulary of what a proxy may do to a message: rules, the
// command line of the inspector, the API and add-ons say the same words. It parses and
// prints them and works out what becomes of a message. It does no I/O and knows no time.
//
//	forward                     as it is
//	drop                        not sent
//	delay 5s                    sent so much later, and what is behind it, too
//	postpone 5s                 sent so much later; what is behind overtakes it
//	set NAME = EXPR             a parameter, args, text, payload or trid
//	set header "NAME" = EXPR    a header of the payload
//	replace "LINE"              another command in its stead
//	reply "LINE"                to the sender, as if from its peer; the message is dropped
//	send client|server "LINE"   beside it: before send ..., after send ..., after 10s send ...
//	repeat 2                    so many times more
//	close, reset                after what was sent is out; with client or server: that end
//	hold, hold for 30s          until somebody decides
//	mark a, remark "TEXT"       for people
//	raw "BYTES"                 bytes in its stead; nothing is put right
//	slice 1, stall ...          a fault of the bytes
//
// EXPR is an expression of package filter. LINE is a command line, and behind "\r\n" its
// payload; the length is counted, whatever stands there. Quoted texts have the escapes
// \r \n \t \\ \" \xHH, and {EXPR} for a value of the message; "{{" stands for "{".
package action

import (
	"strconv"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/valve"
)

// Kind is the word that an action begins with.
type Kind uint8

// The kinds. Byte is a fault of the bytes, whatever its name.
const (
	Forward Kind = iota + 1
	Drop
	Delay
	Postpone
	Set
	Replace
	Reply
	SendTo
	Repeat
	Close
	Reset
	Hold
	Mark
	Remark
	Raw
	Byte
)

var words = [...]string{Forward: "forward", Drop: "drop", Delay: "delay", Postpone: "postpone", Set: "set",
	Replace: "replace", Reply: "reply", SendTo: "send", Repeat: "repeat", Close: "close", Reset: "reset",
	Hold: "hold", Mark: "mark", Remark: "remark", Raw: "raw", Byte: "fault"}

// String returns the word.
func (k Kind) String() string { return words[k] }

// Faults returns the names of the faults of the bytes.
func Faults() []string { return valve.Names() }

// Words returns the words that an action can begin with.
func Words() []string {
	list := append([]string(nil), words[Forward:Byte]...)
	return append(append(list, valve.Names()...), "before", "after")
}

// When says whether something is sent before the message or after it.
type When uint8

// The two.
const (
	After When = iota
	Before
)

// String returns "after" or "before".
func (w When) String() string {
	if w == Before {
		return "before"
	}
	return "after"
}

// Action is one action, parsed. Copies of it, as expressions are in it, are for one caller
// at a time.
type Action struct {
	Kind Kind
	// Time is how long to delay, postpone or hold (0: until somebody decides), or how
	// much later to send.
	Time time.Duration
	// When says where a sent command goes.
	When When
	// Side is who gets what is sent, or whose connection ends; Either for both.
	Side decode.Sender
	// Name is what is set: a parameter, "args", "text", "payload", "trid" or a header.
	Name   string
	Header bool
	// Value is the right-hand side of a set.
	Value *filter.Value
	// Count is how many times more to send.
	Count int
	// Mark is the name of a mark.
	Mark string
	// Fault is that of a Byte action.
	Fault Fault

	line *quoted // the quoted text of replace, reply, send, remark and raw
	raw  bool    // what is replied or sent is bytes
}

// Fault is a fault of the bytes that somebody asks for.
type Fault struct {
	valve.Fault
	// By is who does.
	By string
}

// String returns the action as [Parse] reads it.
func (a Action) String() string {
	s := a.Kind.String()
	switch a.Kind {
	case Delay, Postpone:
		s += " " + a.Time.String()
	case Hold:
		if a.Time > 0 {
			s += " for " + a.Time.String()
		}
	case Set:
		if s += " " + a.Name; a.Header {
			s = "set header " + quote(a.Name)
		}
		s += " = " + a.Value.String()
	case Replace, Remark, Raw:
		s += " " + a.line.String()
	case Reply:
		s += a.bytes() + " " + a.line.String()
	case SendTo:
		if s += " " + a.Side.String() + a.bytes() + " " + a.line.String(); a.When == Before {
			s = "before " + s
		} else if a.Time > 0 {
			s = "after " + a.Time.String() + " " + s
		}
	case Repeat:
		s += " " + strconv.Itoa(a.Count)
	case Close, Reset:
		if a.Side != decode.Either {
			s += " " + a.Side.String()
		}
	case Mark:
		s += " " + a.Mark
		if !isWord(a.Mark) {
			s = "mark " + quote(a.Mark)
		}
	case Byte:
		s = a.Fault.String()
	}
	return s
}

// bytes is the word that stands before a quoted text that is no command.
func (a Action) bytes() string {
	if a.raw {
		return " raw"
	}
	return ""
}

// Join returns a list of actions as [ParseList] reads it.
func Join(list []Action) string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.String()
	}
	return strings.Join(texts, ", ")
}
