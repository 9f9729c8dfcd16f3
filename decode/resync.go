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
		if !begins[b[i]] {
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

// begins tells the bytes that a command may begin with.
var begins = func() (is [256]bool) {
	for _, v := range verbs {
		is[v.Name[0]] = true
	}
	for code := range errorNames {
		is[code[0]] = true
	}
	return is
}()

// candidate judges whether a command starts at buf[i].
func (f *Framer) candidate(i int) Guess {
	atLine := f.atLine
	if i > 0 {
		atLine = f.buf[i-1] == '\n'
	}
	return judge(f.buf[i:], atLine, f.maxLine(), f.maxPayload())
}

// judge says whether b begins with a command. At the start of a line the command must
// fit the table, and what follows it, if it is there, must look like another; anywhere
// else it must also be one that carries parameters, and be here whole.
func judge(b []byte, atLine bool, maxLine, maxPayload int) Guess {
	if startsLine(b) != partial {
		return No
	}
	if len(b) < 4 {
		return Maybe
	}
	if lookup(b) == nil && !(atLine && errorKnown(b)) {
		return No
	}
	line, after, whole := bytes.Cut(b, []byte{'\n'})
	if len(line) > maxLine {
		return No
	}
	if line = bytes.TrimSuffix(line, []byte{'\r'}); !printable(line) {
		return No
	}
	if !whole {
		return Maybe
	}
	n := max(payloadLen(line), 0)
	if !fits(line) || n > maxPayload {
		return No
	}
	if !atLine {
		if len(line) == 3 || n > maxStrayPayload {
			return No
		}
		if len(after) < n {
			return Maybe
		}
	}
	if after = after[min(len(after), n):]; len(after) > 0 && !goesOn(after) {
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

// printable reports whether b holds no control characters but tabs.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
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
	b = bytes.TrimLeft(b, "\r\n")
	if len(b) == 0 {
		return Maybe
	}
	g := judge(b, true, DefaultMaxLine, DefaultMaxPayload)
	if g == Yes && isDigit(b[0]) {
		// SMTP and FTP servers greet with a number, too.
		return Maybe
	}
	return g
}
