package capture

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"msnproxy/decode"
)

// payload reads the lines of a payload of n bytes, and appends it to work. The
// command stands on the given line.
func (t *transcript) payload(n, line int) error {
	command := string(t.work[:min(3, len(t.work))])
	if n > decode.DefaultMaxPayload {
		return t.wrong(line, "%s announces %d bytes: too many", command, n)
	}
	start := len(t.work)
	var hint lengths
	sum := 0
	for i := 0; ; i++ {
		wasEnded := t.ended
		err := t.readLine()
		switch {
		case errors.Is(err, io.EOF) && wasEnded:
			// The last line's end may be the payload's, and the empty line after
			// it gone.
			t.line, t.ended = t.line[:0], false
		case errors.Is(err, io.EOF):
			return t.misfit(line, command, n, &hint)
		case err != nil:
			return err
		}
		if i > 0 {
			t.work = append(t.work, '\n')
		}
		t.work = append(t.work, t.line...)
		sum += len(t.line)
		hint.line(t.line, t.number)
		switch {
		case sum+2*i == n:
			t.work = joinCRLF(t.work, start, i)
			return nil
		case sum+i == n:
			return nil
		case sum+i > n:
			return t.misfit(line, command, n, &hint)
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

// lengths works out which length would fit the lines that follow a command.
type lengths struct {
	lines, sum int // up to here
	last       int // number of the last line
	text       struct{ lines, sum, last int }
	over       bool // a line was met that belongs to what comes next
}

func (l *lengths) line(b []byte, number int) {
	if _, mark, _, ok := frameLine(b); ok && mark != markContinue || l.over || happens(string(b)) {
		l.over = true
		return
	}
	l.lines++
	l.sum += len(b)
	l.last = number
	if len(b) > 0 {
		l.text.lines, l.text.sum, l.text.last = l.lines, l.sum, number
	}
}

// happens reports whether a line says what happened to a connection.
func happens(line string) bool {
	return strings.HasPrefix(line, lineOpens) || strings.HasPrefix(line, lineClientCloses) ||
		strings.HasPrefix(line, lineServerCloses)
}

// misfit says that the length does not fit, and which would: it reads on to the
// next command to find out.
func (t *transcript) misfit(line int, command string, n int, l *lengths) error {
	for !l.over && l.sum < decode.DefaultMaxPayload {
		if err := t.readLine(); err != nil {
			break
		}
		l.line(t.line, t.number)
	}
	if l.text.lines == 0 {
		return t.wrong(line, "%s announces a payload of %d bytes, but no text follows", command, n)
	}
	fits := []string{fmt.Sprint(l.text.sum + 2*(l.text.lines-1))}
	for i := l.text.lines; i < min(l.lines, l.text.lines+2); i++ {
		fits = append(fits, fmt.Sprintf("%d with %s", l.text.sum+2*i, []string{"an empty line after it", "two"}[i-l.text.lines]))
	}
	return t.wrong(line, "%s announces a payload of %d bytes, which does not end with a line; up to line %d it has %s",
		command, n, l.text.last, strings.Join(fits, ", "))
}
