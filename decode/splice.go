package decode

import (
	"bytes"
	"strconv"
)

// announced returns the place of the token of a command line, without its line end, that
// tells the length of a payload, and that length; false: the line announces none. Of a
// verb that the table does not have a payload must have been seen.
func announced(line []byte, seen bool) (Token, int, bool) {
	n := payloadLen(line)
	if n < 0 && seen && len(line) >= 3 && verbOf(line) == nil {
		if n = unknownPayload(line); n == 0 {
			n = -1
		}
	}
	if n < 0 {
		return Token{}, 0, false
	}
	end := len(bytes.TrimRight(line, " "))
	return Token{bytes.LastIndexByte(line[:end], ' ') + 1, end}, n, true
}

// Splice appends the frame of the message to dst with other values in place of
// parameters, and if replace is set with another payload. with says what stands in place
// of a parameter, as it stands on the wire; false: what stands there. The length of the
// payload is counted anew, in bytes, and with those that are missing from the frame;
// with is not asked for it. All else stays byte for byte, and nothing of a frame that
// is no command changes.
func (m *Message) Splice(dst []byte, with func(i int, f Field) ([]byte, bool), payload []byte, replace bool) []byte {
	fr := m.Frame
	if fr.Kind != Command {
		return append(dst, fr.Raw...)
	}
	if !replace {
		payload = fr.Payload()
	}
	length, told, tells := announced(fr.Line(), len(fr.Payload()) > 0)
	at := 0
	for i, f := range m.InLine() {
		var s []byte
		ok := false
		switch {
		case tells && f.Token.End == length.End:
			if n := len(payload) + fr.Missing; replace && n != told {
				s, ok = strconv.AppendInt(nil, int64(n), 10), true
			}
		default:
			s, ok = with(i, f)
		}
		if ok {
			dst = append(append(dst, fr.Raw[at:f.Token.Start]...), s...)
			at = f.Token.End
		}
	}
	if dst = append(dst, fr.Raw[at:fr.LineLen+fr.EOL]...); fr.EOL == 0 {
		return dst
	}
	return append(dst, payload...)
}

// Assemble makes a frame of a command line without its line end, and of the payload
// that follows it, which may be nil. The line end is CRLF. If the command can have a
// payload the length at the end of its line is counted, or put there where only that is
// missing; nothing else is judged.
func Assemble(line string, payload []byte) []byte {
	b := []byte(line)
	length, n, tells := announced(b, len(payload) > 0)
	switch {
	case tells && n != len(payload):
		b = append(strconv.AppendInt(b[:length.Start:length.Start], int64(len(payload)), 10), line[length.End:]...)
	case !tells && len(payload) > 0:
		with := strconv.AppendInt(append(bytes.Clone(b), ' '), int64(len(payload)), 10)
		if _, _, tells = announced(with, true); tells {
			b = with
		}
	}
	return append(append(b, '\r', '\n'), payload...)
}
