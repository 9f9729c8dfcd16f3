package action

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"msnproxy/decode"
)

// assemble makes a frame of a command line and, behind its line end, the payload. It is
// an error if that is not one command.
func assemble(b []byte) ([]byte, error) {
	line, payload, _ := bytes.Cut(b, []byte{'\n'})
	line = bytes.TrimSuffix(line, []byte{'\r'})
	out := decode.Assemble(string(line), payload)
	f := decode.Framer{MaxLine: math.MaxInt32, MaxPayload: math.MaxInt32}
	f.Feed(out)
	var fr decode.Frame
	if !f.Next(&fr) && !f.Flush(&fr) || fr.Kind != decode.Command {
		return nil, fmt.Errorf("%q is no command: three capital letters or digits, then a blank and its parameters (raw sends bytes)", line)
	}
	if len(fr.Raw) != len(out) {
		return nil, fmt.Errorf("%s has no payload as its line stands, and %d bytes follow it (raw sends bytes)", fr.Verb(), len(out)-len(fr.Raw))
	}
	return out, nil
}

// Frame returns the frame that a text says: a command line and, behind its line end, the
// payload, whose length is counted. \r \n \t \\ \" and \xHH stand for what they do within
// quotes. With raw it returns the bytes as they are said, with nothing put right.
func Frame(text string, raw bool) ([]byte, error) {
	q, at, err := readQuoted(text, '"', false)
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", at+1, err)
	}
	b, _ := q.fixed()
	switch {
	case len(b) == 0:
		return nil, fmt.Errorf("there is nothing to send")
	case raw:
		return b, nil
	}
	return assemble(b)
}

// command returns the text for a message as a command line and its payload. In the line
// a parameter of the message stands as it does on the wire; of other values blanks and
// control characters are percent-encoded, but those of args and line are as they are. In
// the payload all values are as they are.
func (q *quoted) command(m *decode.Message) ([]byte, error) {
	var out []byte
	inLine := true
	for _, p := range q.pieces {
		if p.value == nil {
			out = append(out, p.bytes...)
			inLine = inLine && bytes.IndexByte(p.bytes, '\n') < 0
			continue
		}
		if raw := m.Raw(p.value.String()); inLine && raw != nil && !repeats(m, p.value.String()) {
			out = append(out, raw...)
			continue
		}
		s, err := p.value.Text(m)
		if err != nil {
			return nil, err
		}
		if name := p.value.String(); inLine && isWord(name) && (s == "" || name == "trid") {
			return nil, fmt.Errorf("%s has no %s", m.Name(), name)
		}
		if inLine {
			s = oneLine(s, p.value.Uses("args", "line"))
		}
		out = append(out, s...)
	}
	return out, nil
}

// repeats reports whether the parameter of that name can stand for several tokens.
func repeats(m *decode.Message, name string) bool {
	for _, p := range m.Form.Params {
		if p.Name == name {
			return p.Repeat
		}
	}
	return false
}

// oneLine percent-encodes what would part a line, or end it; onWire: blanks may stay.
func oneLine(s string, onWire bool) string {
	var sb strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == 0x7f || c == ' ' && !onWire {
			fmt.Fprintf(&sb, "%%%02X", c)
		} else {
			sb.WriteByte(c)
		}
	}
	return sb.String()
}
