package action

import (
	"bytes"
	"strconv"

	"msnproxy/decode/filter"
)

// SetTo returns the action that sets a parameter, "text", "payload", "trid" or, with
// header, a header to a value, as it is.
func SetTo(name string, header bool, value string) (Action, error) {
	a := Action{Kind: Set, Name: name, Header: header}
	p := parser{source: name, end: len(name)}
	if header && !isHeader(name) {
		return a, p.wrong(0, "%q is no name of a header", name)
	}
	if !header && !settable(name) {
		return a, p.wrong(0, "%q can't be set", name)
	}
	v, err := filter.CompileValue(strconv.Quote(value))
	if err != nil {
		return a, err
	}
	a.Value = v
	return a, nil
}

// ReplaceBy returns the action that replaces a message by a frame: its line with its end
// and its payload, as bytes that hold no values. The length is counted anew.
func ReplaceBy(frame []byte) Action { return Action{Kind: Replace, line: fixedText(frame)} }

// RawBytes returns the action that sends bytes in a message's stead; nothing in them is
// put right.
func RawBytes(b []byte) Action { return Action{Kind: Raw, line: fixedText(b)} }

func fixedText(b []byte) *quoted {
	if len(b) == 0 {
		return &quoted{}
	}
	return &quoted{[]piece{{bytes: bytes.Clone(b)}}}
}
