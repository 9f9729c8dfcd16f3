package decode

import "bytes"

// payload returns the length of the payload behind the line at the start of the
// buffer. It answers Maybe if that depends on bytes that have not come.
func (f *Framer) payload() (int, Guess) {
	line := f.buf[:f.lineLen]
	n := max(payloadLen(line), 0)
	if n > 0 || lookup(line) != nil || isDigit(line[0]) {
		return n, Yes
	}
	if n = unknownPayload(line); n == 0 || n > f.maxPayload() {
		return 0, Yes
	}
	after := f.buf[f.lineLen+f.eol:]
	after = pastBlank(after[:min(len(after), n)])
	switch {
	case len(after) == 0 || startsLine(after) == partial && len(after) < 4:
		if len(f.buf) < f.lineLen+f.eol+n {
			return 0, Maybe
		}
		return 0, Yes
	case startsLine(after) == partial:
		return 0, Yes
	}
	return n, Yes
}

// unknownPayload returns the length of the payload that the line of a command that the
// table does not have may announce, as those of MSNP24 do, or 0: the line ends in a
// word in capitals and a number ("CON\USER 134").
func unknownPayload(line []byte) int {
	start := bytes.LastIndexByte(line, ' ') + 1
	n, ok := decimal(line[start:])
	words := bytes.Fields(line[3:max(start, 3)])
	if !ok || len(words) == 0 || len(bytes.Trim(words[len(words)-1], `ABCDEFGHIJKLMNOPQRSTUVWXYZ\`)) > 0 {
		return 0
	}
	return int(min(n, tooLarge))
}

// pastBlank returns b without an empty line at its start, or what has come of one.
func pastBlank(b []byte) []byte {
	return bytes.TrimPrefix(bytes.TrimPrefix(b, []byte{'\r'}), []byte{'\n'})
}
