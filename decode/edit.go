package decode

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

// Edit changes a message, as the command table and its payload say that it is written:
// escapes, charset, order, line ends and the length of the payload are kept right. A
// change that is refused leaves everything as it was; its error says what is possible.
type Edit struct {
	fr Frame
	m  Message
}

// NewEdit begins a change of a message. It works on a copy of its bytes.
func NewEdit(m *Message) *Edit {
	e := &Edit{fr: m.Frame.Clone()}
	e.m.Decode(&e.fr, m.From, m.Role, m.Dialect)
	return e
}

// Bytes returns the message as it is now. They hold until the next change.
func (e *Edit) Bytes() []byte { return e.fr.Raw }

// SetParam changes the parameter of that name. The value is what [Message.Value]
// returns: not yet percent-encoded, and of an address the account alone or all of it. A
// parameter that is repeated takes words parted by blanks. An empty value leaves out a
// parameter that may be missing.
func (e *Edit) SetParam(name, value string) error {
	if err := e.command(); err != nil {
		return err
	}
	form := e.m.Form
	if form == nil {
		return fmt.Errorf("the names of the parameters of %s are not known: set args", e.m.Name())
	}
	if name == "length" {
		return fmt.Errorf("the length of %s is counted from its payload", e.m.Name())
	}
	i := slices.IndexFunc(form.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return fmt.Errorf("%s has no %s here%s", e.m.Name(), name, e.usage())
	}
	p := &form.Params[i]
	if p.Repeat {
		return e.repeated(i, value)
	}
	if e.has(i) {
		f := e.m.Field(e.m.absent.argument(i))
		raw, err := p.write(f, value)
		switch {
		case err != nil:
			return err
		case len(raw) == 0 && e.mayGo(i):
			return e.remove(f)
		}
		return e.line(f.Token, raw)
	}
	if value == "" {
		return nil
	}
	raw, err := p.write(Field{Param: p}, value)
	if err != nil {
		return err
	}
	return e.insert(i, append([]byte(p.Prefix), raw...))
}

// has reports whether the line has parameter i of its row.
func (e *Edit) has(i int) bool {
	return !e.m.absent.holds(i) && e.m.absent.argument(i) < e.m.Len()
}

// mayGo reports whether parameter i, which the line has, may be left out with its token:
// nothing that would be taken for it follows.
func (e *Edit) mayGo(i int) bool {
	p := &e.m.Form.Params[i]
	return p.Optional && (p.Prefix != "" || e.m.absent.argument(i) == e.m.Len()-1)
}

// remove takes a token, and the blank before it, out of the line.
func (e *Edit) remove(f Field) error {
	t := f.Token
	t.Start -= len(f.Param.Prefix) + 1
	return e.line(t, nil)
}

// insert puts a token where parameter i, which the line does not have, belongs.
func (e *Edit) insert(i int, token []byte) error {
	form := e.m.Form
	for j := range i {
		if !e.has(j) && !(form.Params[j].Optional && form.Params[j].Prefix != "") {
			return fmt.Errorf("%s can't have %s without %s before it%s", e.m.Name(), form.Params[i].Name, form.Params[j].Name, e.usage())
		}
	}
	for j := i + 1; j < len(form.Params); j++ {
		if e.has(j) {
			at := e.m.tokens[e.m.absent.argument(j)+1].Start
			return e.line(Token{at, at}, append(token, ' '))
		}
	}
	if form.Params[i].Kind.Name == "length" || e.extra() {
		return fmt.Errorf("%s has no place for %s%s", e.m.Name(), form.Params[i].Name, e.usage())
	}
	at := len(bytes.TrimRight(e.fr.Line(), " "))
	return e.line(Token{at, at}, append([]byte{' '}, token...))
}

// exceeds reports whether a line has more tokens than its row has parameters.
func (e *Edit) exceeds(line []byte) bool {
	fr := Frame{Kind: Command, Raw: append(line[:len(line):len(line)], '\r', '\n'), LineLen: len(line), EOL: 2}
	var m Message
	m.Decode(&fr, e.m.From, e.m.Role, e.m.Dialect)
	return m.extra() > 0
}

func (e *Edit) extra() bool { return e.m.extra() > 0 }

// repeated changes the parameter that stands for all tokens from i on.
func (e *Edit) repeated(i int, value string) error {
	p := &e.m.Form.Params[i]
	var tokens [][]byte
	for word := range strings.FieldsSeq(value) {
		raw, err := p.write(Field{Param: p}, word)
		if err != nil {
			return err
		}
		tokens = append(tokens, raw)
	}
	at := Token{e.fr.LineLen, e.fr.LineLen}
	text := bytes.Join(tokens, []byte{' '})
	if e.has(i) {
		at.Start = e.m.tokens[e.m.absent.argument(i)+1].Start
	} else if len(text) > 0 {
		text = append([]byte{' '}, text...)
	}
	if len(text) == 0 && at.Start < at.End {
		at.Start--
	}
	return e.line(at, text)
}

// write returns a value as it stands on the wire in place of that of f, which may have
// none yet.
func (p *Param) write(f Field, value string) ([]byte, error) {
	if f.Raw != nil && f.Value() == value {
		return f.Raw, nil // in the escapes that it came in
	}
	if p.Kind.Encoded {
		return Escape(value), nil
	}
	if err := oneToken(value); err != nil {
		return nil, fmt.Errorf("%s can't be %q: %w", p.Name, value, err)
	}
	if p.Kind.Name == handleKind && f.Raw != nil && address.Plain(value) {
		bare := address.Bare(f.Raw)
		start := cap(f.Raw) - cap(bare)
		return slices.Concat(f.Raw[:start], []byte(value), f.Raw[start+len(bare):]), nil
	}
	return []byte(value), nil
}

// oneToken says why a value can't be one parameter of a line.
func oneToken(value string) error {
	i := strings.IndexFunc(value, func(r rune) bool { return r <= ' ' || r == 0x7f })
	switch {
	case i < 0:
		return nil
	case value[i] == ' ':
		return fmt.Errorf("a blank parts parameters, and this one has no escapes")
	}
	return fmt.Errorf("the character %q can't stand in a line, and this parameter has no escapes", value[i])
}

// Escape percent-encodes a text as parameters have it: all but letters, digits and the
// signs that clients leave alone.
func Escape(text string) []byte {
	const plain, hex = "-_.!~*'()", "0123456789ABCDEF"
	out := make([]byte, 0, len(text))
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', isDigit(c), strings.IndexByte(plain, c) >= 0:
			out = append(out, c)
		default:
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return out
}

// SetArgs replaces all parameters, each as it stands on the wire. The length of a
// payload is the last of them, whatever it says.
func (e *Edit) SetArgs(args []string) error {
	if err := e.command(); err != nil {
		return err
	}
	same := len(args) == e.m.Len()
	for i, a := range args {
		if err := oneToken(a); err != nil {
			return fmt.Errorf("parameter %d can't be %q: %w", i+1, a, err)
		}
		same = same && string(e.m.Arg(i)) == a
	}
	if same {
		return nil
	}
	text := strings.Join(args, " ")
	if len(args) > 0 {
		text = " " + text
	}
	return e.line(Token{3, e.fr.LineLen}, []byte(text))
}

// SetTrID changes the transaction id.
func (e *Edit) SetTrID(n string) error {
	if err := e.command(); err != nil {
		return err
	}
	form := e.m.Form
	if form == nil || len(form.Params) == 0 || form.Params[0].Name != "trid" || !e.has(0) {
		return fmt.Errorf("%s has no TrID here", e.m.Name())
	}
	if err := oneToken(n); err != nil || n == "" {
		return fmt.Errorf("the TrID can't be %q: it is a number", n)
	}
	return e.line(e.m.Field(0).Token, []byte(n))
}

// SetText changes what a person wrote in the payload, in the charset that it has.
func (e *Edit) SetText(text string) error {
	b, err := e.inPayload((*payload.Payload).WithText, text)
	if err != nil {
		return fmt.Errorf("the text of %s can't be set: %w", e.m.Name(), err)
	}
	return e.SetPayload(b)
}

// SetHeader changes a header of the payload, which keeps its place and the case of its
// name; one that is not there is put behind the others.
func (e *Edit) SetHeader(name, value string) error {
	b, err := e.inPayload(func(p *payload.Payload, value string) ([]byte, error) { return p.WithHeader(name, value) }, value)
	if err != nil {
		return fmt.Errorf("the header %s of %s can't be set: %w", name, e.m.Name(), err)
	}
	return e.SetPayload(b)
}

func (e *Edit) inPayload(with func(*payload.Payload, string) ([]byte, error), value string) ([]byte, error) {
	if e.fr.Kind == Web {
		return nil, e.command()
	}
	p := e.m.Payload()
	if p == nil {
		return nil, fmt.Errorf("it has no payload")
	}
	return with(p, value)
}

// SetPayload replaces the payload. That of an MSNFTP block has at most 65,535 bytes.
func (e *Edit) SetPayload(b []byte) error {
	if e.fr.Kind == Block {
		return e.block(b)
	}
	if err := e.command(); err != nil {
		return err
	}
	if bytes.Equal(b, e.fr.Payload()) {
		return nil
	}
	line := e.fr.Line()
	_, _, tells := announced(line, len(e.fr.Payload()) > 0)
	if !tells {
		if len(b) == 0 {
			return nil
		}
		if e.m.Form == nil || !e.m.Form.Says("length") {
			return fmt.Errorf("%s has no payload here%s", e.m.Name(), e.usage())
		}
		line = slices.Concat(bytes.TrimRight(line, " "), []byte(" 0"))
		if e.exceeds(line) {
			return fmt.Errorf("the payload of %s can't be set: %q stands where its length should, and is no number from 0 on: set args first", e.m.Name(), e.m.Arg(e.m.Len()-1))
		}
	}
	return e.change(line, b)
}

func (e *Edit) usage() string {
	if e.m.Form == nil {
		return ""
	}
	return ": it is " + e.m.Name() + strings.TrimPrefix(e.m.Form.Usage(), e.m.Verb.Name)
}

// block replaces the data of an MSNFTP block.
func (e *Edit) block(b []byte) error {
	if len(b) > 1<<16-1 || len(e.fr.Raw) < blockHeader || e.fr.Missing > 0 {
		return fmt.Errorf("a block is whole and holds at most 65535 bytes, not %d", len(b))
	}
	e.fr.Raw = slices.Concat([]byte{e.fr.Raw[0], byte(len(b)), byte(len(b) >> 8)}, b)
	return nil
}

// command says why the frame has no line to change.
func (e *Edit) command() error {
	switch {
	case e.fr.Kind != Command:
		return fmt.Errorf("this is no command (%s): it can be dropped or replaced as a whole, and nothing in it set", e.fr.Kind)
	case e.fr.EOL == 0:
		return fmt.Errorf("the line of %s has no end: it can be dropped or replaced, and not changed", e.m.Name())
	}
	return nil
}

// line replaces what stands at a place of the line.
func (e *Edit) line(at Token, with []byte) error {
	if bytes.Equal(e.fr.Raw[at.Start:at.End], with) {
		return nil
	}
	return e.change(slices.Concat(e.fr.Raw[:at.Start], with, e.fr.Raw[at.End:e.fr.LineLen]), e.fr.Payload())
}

// change makes the frame one of that line, which ends as it did, and payload, if that
// is one command to whoever reads it.
func (e *Edit) change(line, body []byte) error {
	fr := e.fr
	fr.LineLen = len(line)
	fr.Raw = slices.Concat(line, e.fr.Raw[e.fr.LineLen:e.fr.LineLen+fr.EOL], body)
	want := len(body) + fr.Missing
	_, _, told := announced(e.fr.Line(), true)
	if _, n, tells := announced(line, true); tells && !told && n != want && (e.m.Form == nil || !e.m.Form.Says("length")) {
		return fmt.Errorf("%q would tell of a payload of %d bytes, and %d follow%s", line, n, want, e.usage())
	}
	m := Message{Frame: &fr}
	m.Decode(&fr, e.m.From, e.m.Role, e.m.Dialect)
	fr.Raw = m.Splice(nil, func(int, Field) ([]byte, bool) { return nil, false }, body, true)
	fr.LineLen = len(fr.Raw) - len(body) - fr.EOL
	if _, n, tells := announced(fr.Line(), want > 0); want > 0 && !tells || tells && n != want {
		return fmt.Errorf("%q would not tell that a payload of %d bytes follows%s", fr.Line(), want, e.usage())
	}
	e.fr = fr
	e.m.Decode(&e.fr, m.From, m.Role, m.Dialect)
	return nil
}
