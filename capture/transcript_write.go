package capture

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"msnproxy/decode"
)

// TranscriptWriter writes records as a transcript. Nothing that it writes can do
// harm to a terminal.
type TranscriptWriter struct {
	w       io.Writer
	buf     []byte
	numbers map[*Conn]int
	opened  int   // connections so far
	current *Conn // that lines are about
	begun   bool  // something was written
	silent  bool  // the first connection was opened without a line
	frames  bool  // the last line was of a frame
}

// NewTranscriptWriter returns a writer of transcripts. It does no buffering: each
// record is one Write to w.
func NewTranscriptWriter(w io.Writer) *TranscriptWriter {
	return &TranscriptWriter{w: w, numbers: make(map[*Conn]int)}
}

// WriteRecord writes a record. Nothing of it is kept but Conn. The error is the
// writer's.
func (t *TranscriptWriter) WriteRecord(r *Record) error {
	t.buf = t.buf[:0]
	if r.Folded {
		return nil // a transcript is of MSNP
	}
	if t.silent && r.Kind != Remark {
		// A frame opens the first connection, anything else does not.
		if t.silent = false; r.Kind != Data || r.Conn != t.current || !mayBegin(r.From, r.Frame.Raw) {
			t.event(lineOpens)
		}
	}
	if r.Conn != nil && r.Kind != Opened && (r.Kind != Remark && r.Kind != Became || t.numbers[r.Conn] > 0) {
		t.turnTo(r.Conn)
	}
	switch r.Kind {
	case Opened:
		t.open(r.Conn)
	case Data:
		t.silent = false
		t.frame(r)
	case Became:
		t.remark("what became of " + r.BecameOf())
		if r.Sent != nil {
			t.remark("the proxy sent on: " + string(bytes.TrimRight(r.Sent, "\r\n")))
		}
	case Lost:
		t.event(missingLine(r.From, r.Lost))
	case HalfClosed:
		if r.Text != "" {
			t.remark(r.Text)
		}
		if r.From == decode.Client {
			t.event(lineClientFinishes)
		} else {
			t.event(lineServerFinishes)
		}
	case Closed:
		if r.Text != "" {
			t.remark(r.Text)
		}
		t.event(closedLine(r))
		delete(t.numbers, r.Conn)
	case Remark:
		if r.About != nil {
			t.remark(r.About.line(r.Text))
		} else {
			t.remark(r.Text)
		}
	}
	if len(t.buf) == 0 {
		return nil
	}
	t.begun = true
	_, err := t.w.Write(t.buf)
	return err
}

func closedLine(r *Record) string {
	switch {
	case r.From == decode.Client && r.Reset:
		return lineClientResets
	case r.From == decode.Server && r.Reset:
		return lineServerResets
	case r.From == decode.Client:
		return lineClientCloses
	case r.From == decode.Server:
		return lineServerCloses
	}
	return lineEnds
}

// open writes that a connection begins. Nothing is written for the first one if
// its address is not known: that is what a transcript begins with.
func (t *TranscriptWriter) open(c *Conn) {
	t.opened++
	t.numbers[c] = t.opened
	t.current = c
	line := lineOpens
	if c.MidStream {
		line = lineHas
	}
	if c.Server != "" {
		line += lineTo + string(appendEscaped(nil, []byte(c.Server)))
	} else if t.opened == 1 && !c.MidStream {
		t.silent = true
		return
	}
	t.event(line)
}

// turnTo sees to it that what follows is about the connection.
func (t *TranscriptWriter) turnTo(c *Conn) {
	if t.numbers[c] == 0 {
		t.open(c)
	}
	if t.current != c {
		t.current = c
		t.event(lineConnection + strconv.Itoa(t.numbers[c]))
	}
}

// event writes a line about a connection, apart from frames.
func (t *TranscriptWriter) event(line string) {
	if t.frames {
		t.buf = append(t.buf, '\n')
		t.frames = false
	}
	t.buf = append(t.buf, line...)
	t.buf = append(t.buf, '\n')
}

func (t *TranscriptWriter) remark(text string) {
	if t.frames {
		t.buf = append(t.buf, '\n')
		t.frames = false
	}
	t.buf = append(t.buf, remarkPrefix...)
	if plainText([]byte(text)) {
		t.buf = append(t.buf, text...)
	} else {
		t.buf = appendEscaped(t.buf, []byte(text))
	}
	t.buf = append(t.buf, '\n')
}

// frame writes a frame, and as remarks what a proxy made of it.
func (t *TranscriptWriter) frame(r *Record) {
	switch r.Fate {
	case Injected:
		t.remark(markInjected)
	case Withheld:
		t.remark(markWithheld)
	case Held:
		t.remark(markHeld)
	}
	if r.Frame.Gap {
		t.remark(markGap)
	}
	if n := strconv.Itoa(r.Frame.TextLine); r.Frame.Omitted {
		t.remark(markOmitted + n + lineEnd)
	} else if r.Frame.TextLine > 0 {
		t.remark(markLine + n + lineEnd)
	}
	if !t.frames && (t.begun || len(t.buf) > 0) {
		t.buf = append(t.buf, '\n')
	}
	t.frames = true
	letter := r.From.Letter()[0]
	fr := &r.Frame
	switch {
	case fr.Kind == decode.Block:
		t.escaped(letter, markBlock, fr.Raw)
	case fr.Kind == decode.Opaque:
		t.escaped(letter, markOpaque, fr.Raw)
	case fr.Kind == decode.Command && t.plain(letter, fr):
	case fr.Kind == decode.Blank && fr.EOL == 2:
		t.buf = append(t.buf, letter, markPlain, '\n')
	default:
		t.escaped(letter, markEscaped, fr.Raw)
	}
	if r.Sent != nil {
		t.remark("the proxy sent on: " + string(bytes.TrimRight(r.Sent, "\r\n")))
	}
	if len(r.ChangedBy) > 0 {
		t.remark("that was the doing of " + strings.Join(r.ChangedBy, ", "))
	}
	if r.HeldFor > 0 {
		t.remark("the proxy held it for " + r.HeldFor.String())
	}
}

// plain writes a command as text if it reads back the same, and reports whether
// it does.
func (t *TranscriptWriter) plain(letter byte, fr *decode.Frame) bool {
	if fr.EOL != 2 || fr.Missing != 0 || len(fr.Payload()) > decode.DefaultMaxPayload || !plainText(fr.Line()) {
		return false
	}
	lf, ok := textLines(fr.Payload())
	if !ok {
		return false
	}
	if n := len(fr.Payload()); n > 0 && announcedBy(fr.Raw[:fr.LineLen+fr.EOL]) != n {
		return false // what follows an unknown command is told by its bytes alone
	}
	t.buf = append(t.buf, letter, markPlain, ' ')
	t.buf = append(t.buf, fr.Line()...)
	t.buf = append(t.buf, '\n')
	payload := fr.Payload()
	if len(payload) == 0 {
		return true
	}
	eol := "\r\n"
	if lf {
		eol = "\n"
	}
	for more := true; more; {
		var line []byte
		line, payload, more = bytes.Cut(payload, []byte(eol))
		t.buf = append(t.buf, line...)
		t.buf = append(t.buf, '\n')
	}
	return true
}

// textLines reports whether a payload can be written as lines of text that read
// back to it; lf: joined by LF.
func textLines(b []byte) (lf, ok bool) {
	lines, sum, fits := 0, 0, false
	for rest, more := b, true; more; lines++ {
		var line []byte
		line, rest, more = bytes.Cut(rest, []byte{'\n'})
		if more && lines == 0 {
			lf = !bytes.HasSuffix(line, []byte{'\r'})
		}
		if more && !lf {
			line, ok = bytes.CutSuffix(line, []byte{'\r'})
			if !ok {
				return false, false
			}
		}
		if !plainText(line) || endsAt(line) != goesOn {
			return false, false
		}
		sum += len(line)
		// If the lines so far, joined by CRLF, had the right length, they would
		// be taken for the payload.
		fits = fits || lf && more && sum+2*lines == len(b)
	}
	return lf, !fits
}

// escaped writes any bytes.
func (t *TranscriptWriter) escaped(letter, mark byte, b []byte) {
	for first := true; first || len(b) > 0; first = false {
		n := min(len(b), escapedWidth)
		if i := bytes.IndexByte(b[:n], '\n'); i >= 0 {
			n = i + 1
		} else if n < len(b) {
			n = len(cutRune(b[:n]))
		}
		t.buf = append(t.buf, letter, mark, ' ')
		t.buf = appendEscaped(t.buf, b[:n])
		t.buf = append(t.buf, '\n')
		b = b[n:]
		mark = markContinue
	}
}
