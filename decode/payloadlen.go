package decode

import "bytes"

// payloadLen returns the length of the payload that the command line announces,
// in bytes, or -1 if it announces none. The rule needs neither dialect nor
// direction: the length is the last token of a verb that can have a payload, if
// the line has enough tokens (MSNP2-21; error replies: "code TrID length",
// MSNP13 and later).
func payloadLen(line []byte) int {
	v := lookup(line)
	if v == nil {
		if len(line) >= 7 && isDigit(line[0]) {
			return errorPayloadLen(line)
		}
		return -1
	}
	if !v.hasPayload() {
		return -1
	}
	return v.payloadLen(line)
}

// tooLarge stands for every length that is larger than any payload: an int of 32
// bits holds it, and a place behind it.
const tooLarge = 1 << 30

// payloadLen is payloadLen for a verb that can have a payload. The line is the
// verb alone or goes on with a blank.
func (v *Verb) payloadLen(line []byte) int {
	end := len(line)
	for end > 0 && line[end-1] == ' ' {
		end--
	}
	n, unit, start := int64(0), int64(1), end
	for ; start > 0; start-- {
		d := line[start-1] - '0'
		if d > 9 {
			break
		}
		if unit <= 1e9 {
			n += int64(d) * unit
			unit *= 10
		} else if d > 0 {
			n = tooLarge
		}
	}
	if start == end || line[start-1] != ' ' {
		return -1
	}
	if v.PayloadFrom == 0 {
		if !namespaced(line[:start-1]) {
			return -1
		}
		return int(min(n, tooLarge))
	}
	if (start < 5 || !enoughTokens(line[4:start-1], v.PayloadFrom-2)) && countTokens(line[:end]) < v.PayloadFrom {
		return -1
	}
	return int(min(n, tooLarge))
}

// enoughTokens reports whether line has at least so many tokens, parted by
// single blanks; where blanks stand in a row it may say no.
func enoughTokens(line []byte, want int) bool {
	for ; want > 1; want-- {
		i := bytes.IndexByte(line, ' ')
		if i <= 0 {
			return false
		}
		line = line[i+1:]
	}
	return want <= 0 || len(line) > 0 && line[0] != ' '
}

// errorPayloadLen is payloadLen for an error reply: only "code TrID length" has
// a payload, as free text may end in a number, too; and what MSNP24 has.
func errorPayloadLen(line []byte) int {
	line = bytes.TrimRight(line, " ")
	start := bytes.LastIndexByte(line, ' ') + 1
	n, ok := decimal(line[start:])
	if !ok || start < 5 || (countTokens(line) != 3 || !allDigits(line[4:start])) && !namespaced(line[:start-1]) {
		return -1
	}
	return int(min(n, tooLarge))
}

// countTokens counts the tokens of a line, parted by runs of blanks.
func countTokens(line []byte) int {
	n, in := 0, false
	for _, c := range line {
		if c == ' ' {
			in = false
		} else if !in {
			in = true
			n++
		}
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// allDigits reports whether b is digits, blanks around them allowed.
func allDigits(b []byte) bool {
	n := 0
	for _, c := range b {
		if isDigit(c) {
			n++
		} else if c != ' ' {
			return false
		}
	}
	return n > 0
}

// decimal reads an unsigned decimal number; one that is too big for 18 digits
// counts as the biggest.
func decimal(b []byte) (int64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		if n > 1e17 {
			continue
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
