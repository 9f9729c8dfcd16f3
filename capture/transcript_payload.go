package capture

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"

	"msnproxy/decode"
)

// misfit is a payload that is not as long as announced.
type misfit struct {
	line      int // of the command, from 1; 0: it fits
	head      int // bytes of the command's line, with its end
	announced int
	omitted   bool
}

// announcedBy returns how many bytes of payload a line, with its end, announces.
func announcedBy(line []byte) int {
	framer := decode.Framer{MaxLine: maxTranscriptLine, MaxPayload: math.MaxInt32}
	var fr decode.Frame
	framer.Feed(line)
	if !framer.Next(&fr) && framer.Flush(&fr) && fr.Kind == decode.Command {
		return fr.Missing
	}
	return 0
}

// A payload ends before a line that a command begins with. What only looks like one
// may be a part of the payload, if that fits then.
const (
	goesOn = iota
	maybeOver
	over
)

// endsAt says whether a line ends a payload.
func endsAt(line []byte) int {
	if _, mark, rest, ok := frameLine(line); ok && mark != markContinue {
		if (mark == markPlain || mark == markEscaped) && plausible(rest) {
			return over
		}
		return maybeOver
	}
	if happens(string(line)) || fence(line) || bytes.HasPrefix(line, []byte(remarkPrefix)) {
		return maybeOver
	}
	return goesOn
}

// happens reports whether a line says what happened to a connection.
func happens(line string) bool {
	for _, begin := range []string{lineOpens, lineHas, lineClientCloses, lineServerCloses, lineClientResets,
		lineServerResets, lineEnds, lineConnection} {
		if strings.HasPrefix(line, begin) {
			return true
		}
	}
	return false
}

// fence reports whether a line begins or ends a block of code in a document.
func fence(line []byte) bool {
	line = bytes.TrimLeft(line, " \t>")
	for _, begin := range []string{"```", "~~~", "<pre", "</pre", "{{{", "}}}", "[code", "[/code"} {
		if bytes.HasPrefix(line, []byte(begin)) {
			return true
		}
	}
	return false
}

// payload reads the lines of a payload of n bytes, and appends it to work. The
// command stands on the given line. If no number of lines has that length, the
// payload is what stands before the next command.
func (t *transcript) payload(n, line int) error {
	start := len(t.work)
	var lines []textLine // all read
	stop := -1           // the first that may be what comes next
	sum := 0
	for {
		wasEnded := t.ended
		err := t.readLine()
		switch {
		case errors.Is(err, io.EOF) && wasEnded:
			// The last line's end may be the payload's, and the empty line after
			// it gone.
			t.line, t.ended = t.line[:0], false
		case errors.Is(err, io.EOF):
			t.unfit(lines, stop, n, line)
			return nil
		case err != nil:
			return err
		}
		read := textLine{append([]byte(nil), t.line...), t.number, t.ended}
		i := len(lines)
		what := endsAt(t.line)
		if what == over && !(i == 0 && len(t.line) == n) {
			t.back = append(t.back, read)
			t.unfit(lines, stop, n, line)
			return nil
		}
		if what == maybeOver && stop < 0 {
			stop = i
		}
		lines = append(lines, read)
		if i > 0 {
			t.work = append(t.work, '\n')
		}
		t.work = append(t.work, t.line...)
		sum += len(t.line)
		switch {
		case sum+2*i == n:
			t.work = joinCRLF(t.work, start, i)
			return nil
		case sum+i == n:
			return nil
		case sum+i > n && stop >= 0 || sum > decode.DefaultMaxPayload:
			t.unfit(lines, stop, n, line)
			return nil
		}
	}
}

// joinCRLF makes the LFs from start on, of which there are n, CRLFs.
func joinCRLF(b []byte, start, n int) []byte {
	from := len(b)
	for range n {
		b = append(b, 0)
	}
	for to := len(b); from < to && from > start; {
		from--
		to--
		if b[to] = b[from]; b[to] == '\n' {
			to--
			b[to] = '\r'
		}
	}
	return b
}

// unfit takes what stands before the next command for a payload whose length does not
// fit, and gives back the lines behind it.
func (t *transcript) unfit(lines []textLine, stop, n, line int) {
	head := bytes.IndexByte(t.work, '\n') + 1
	t.work = t.work[:head]
	own := lines
	if stop >= 0 {
		own = lines[:stop]
	}
	texts := make([][]byte, len(own))
	for i := range own {
		texts[i] = own[i].text
	}
	payload, used := bestFit(texts, n)
	t.work = append(t.work, payload...)
	for i := len(lines) - 1; i >= used; i-- {
		if len(lines[i].text) > 0 || lines[i].ended {
			t.back = append(t.back, lines[i])
		}
	}
	if len(payload) != n {
		t.misfit = misfit{line: line, head: head, announced: n}
	}
}
