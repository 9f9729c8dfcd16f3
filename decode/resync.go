package decode

import "bytes"

// maxStrayPayload bounds the payload of a command that is found in the middle
// of a line. What looks like a longer one is taken for chance.
const maxStrayPayload = 16 << 10

// search looks for the next plausible command in a stretch that makes no sense.
// It emits the bytes before it as opaque. It returns false either with the
// command at the start of the buffer and lost cleared, or with nothing decided
// before more bytes come.
func (f *Framer) search(fr *Frame) bool {
	b := f.buf
	i := f.passed
	for ; i < len(b); i++ {
		c := b[i]
		if c-'0' > 'Z'-'0' || c > '9' && c < 'A' {
			continue
		}
		verdict := f.candidate(i)
		if verdict == No {
			continue
		}
		if i == 0 && verdict == Yes {
			f.lost, f.resync = false, true
			f.forget()
			return false
		}
		break
	}
	if i == 0 {
		return false
	}
	n := min(i, maxOpaque)
	f.resync = true
	f.emit(fr, Opaque, n)
	f.passed = i - n
	return true
}

// candidate judges whether a command starts at buf[i]. At the start of a line
// the command must fit the table, and what follows it, if it is there, must
// look like another; anywhere else it must also be one that carries parameters,
// and be here whole.
func (f *Framer) candidate(i int) Guess {
	b := f.buf[i:]
	if startsLine(b) != partial {
		return No
	}
	if len(b) < 4 {
		return Maybe
	}
	atLine := i == 0 && f.atLine || i > 0 && f.buf[i-1] == '\n'
	if lookup(b) == nil && !(atLine && isDigit(b[0]) && errorKnown(b)) {
		return No
	}
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if len(b) > f.maxLine() || !printable(b) {
			return No
		}
		return Maybe
	}
	line := bytes.TrimSuffix(b[:end], []byte{'\r'})
	if end > f.maxLine() || !printable(line) || !fits(line) {
		return No
	}
	n := max(payloadLen(line), 0)
	if n > f.maxPayload() {
		return No
	}
	if !atLine {
		if len(line) == 3 || n > maxStrayPayload {
			return No
		}
		if len(b) < end+1+n {
			return Maybe
		}
	}
	if after := b[min(len(b), end+1+n):]; len(after) > 0 && !goesOn(after) {
		return No
	}
	return Yes
}

// goesOn reports whether b, which follows a whole command, can be the next one.
func goesOn(b []byte) bool {
	switch startsLine(b) {
	case senseless:
		return false
	case blank:
		return true
	}
	return len(b) < 4 || isDigit(b[0]) || lookup(b) != nil
}

// printable reports whether b holds no control characters.
func printable(b []byte) bool {
	for i, c := range b {
		if c < ' ' && !(c == '\r' && i == len(b)-1) && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// Guess is an answer that may be open.
type Guess uint8

// The three answers.
const (
	Maybe Guess = iota // more bytes are needed to say
	Yes
	No
)

// String returns the answer as a word.
func (g Guess) String() string { return [...]string{"maybe", "yes", "no"}[g] }

// Plausible says whether b, the first bytes of a link or of a segment in the
// middle of one, looks like MSNP or MSNFTP. The answer is Yes as soon as the
// first line is a command that fits the table.
func Plausible(b []byte) Guess {
	for len(b) > 0 && (b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	if len(b) == 0 {
		return Maybe
	}
	if startsLine(b) != partial {
		return No
	}
	if len(b) < 4 {
		return Maybe
	}
	if lookup(b) == nil && !(isDigit(b[0]) && errorKnown(b)) {
		return No
	}
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if len(b) > DefaultMaxLine || !printable(b) {
			return No
		}
		return Maybe
	}
	line := bytes.TrimSuffix(b[:end], []byte{'\r'})
	if !printable(line) || !fits(line) {
		return No
	}
	if after := b[min(len(b), end+1+max(payloadLen(line), 0)):]; len(after) > 0 && !goesOn(after) {
		return No
	}
	if isDigit(b[0]) {
		// SMTP and FTP servers greet with a number, too.
		return Maybe
	}
	return Yes
}
