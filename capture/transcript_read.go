package capture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"msnproxy/decode"
)

// transcript reads a transcript.
type transcript struct {
	f       *file
	line    []byte // the one read last, without its end
	number  int    // of that line, from 1
	ended   bool   // that line had an end
	again   bool   // that line is to be read once more
	conns   []*spoken
	current *spoken
	ready   []Record // to be given
	frames  []byte   // bytes of the frames in ready
	work    []byte
	err     error

	broken bool       // some lines go on with the ones before
	late   error      // of reading ahead
	back   []textLine // lines to be read again, the first one last
	framer decode.Framer
	misfit misfit     // of the frame in work
	marks  []string   // remarks that say something of the frame that comes next
	log    *logReader // nil: the lines are as we write them
}

// textLine is a line that was read.
type textLine struct {
	text   []byte
	number int
	ended  bool
}

// spoken is a connection of a transcript.
type spoken struct {
	conn    *Conn
	closer  decode.Sender // who has closed it, while the other end may still speak
	reset   bool
	over    bool
	offset  [2]int64
	resync  [2]bool
	waiting bool // closer is set, or its end is unknown
	told    bool // that closer has finished
}

func newTranscript(f *file) *transcript {
	t := &transcript{f: f}
	if b, _ := f.r.Peek(3); string(b) == "\xef\xbb\xbf" {
		f.r.Discard(3)
	}
	return t
}

func (t *transcript) stats() Stats {
	format := "transcript"
	if t.log != nil {
		format = t.log.String()
	}
	return Stats{Format: format, Text: true, Connections: len(t.conns), MSNP: len(t.conns)}
}

func (t *transcript) next(rec *Record) error {
	for len(t.ready) == 0 {
		if t.err != nil {
			return t.err
		}
		t.frames = t.frames[:0]
		if t.err = t.item(); errors.Is(t.err, io.EOF) {
			t.unmark()
			for _, c := range t.conns {
				t.end(c)
			}
		}
	}
	*rec = t.ready[0]
	t.ready = t.ready[1:]
	return nil
}

// item reads a line, or a frame with all its lines.
func (t *transcript) item() error {
	t.ready = t.ready[:0]
	if err := t.readLine(); err != nil {
		return err
	}
	if t.log != nil {
		return t.logItem()
	}
	if from, mark, rest, ok := frameLine(t.line); ok && mark != markContinue {
		return t.frame(from, mark, rest)
	}
	text := string(t.line)
	if strings.TrimRight(text, " .") != "" && !marksNext(text) {
		t.unmark()
	}
	switch word := strings.TrimRight(text, " ."); word {
	case "":
		return nil
	case lineClientFinishes:
		return t.finishes(decode.Client, text)
	case lineServerFinishes:
		return t.finishes(decode.Server, text)
	case lineClientCloses:
		return t.closes(decode.Client, false, text)
	case lineServerCloses:
		return t.closes(decode.Server, false, text)
	case lineClientResets:
		return t.closes(decode.Client, true, text)
	case lineServerResets:
		return t.closes(decode.Server, true, text)
	case lineEnds:
		return t.closes(0, true, text)
	default:
		return t.said(text, word)
	}
}

// said takes a line that may say what happened, or else is a remark.
func (t *transcript) said(text, word string) error {
	if n, ok := strings.CutPrefix(word, lineConnection); ok {
		if i, err := strconv.Atoi(n); err == nil {
			return t.turnTo(i)
		}
	}
	for _, begin := range []string{lineOpens, lineHas} {
		if to, ok := strings.CutPrefix(word, begin); ok {
			if server, ok := strings.CutPrefix(to, lineTo); ok && !strings.Contains(server, " ") || to == "" {
				t.open(server, begin == lineHas)
				return nil
			}
		}
	}
	if from, n, ok := parseMissing(word); ok {
		c := t.speaker(from, nil)
		c.resync[index(from)] = true
		c.offset[index(from)] += max(n, 0)
		t.give(Record{Conn: c.conn, Kind: Lost, From: from, Lost: n})
		return nil
	}
	if marksNext(text) && len(t.marks) < mostMarks {
		t.marks = append(t.marks, text)
		return nil
	}
	t.say(text)
	return nil
}

// mostMarks is how many marks a frame can have.
const mostMarks = 3

// marksNext reports whether a line says something of the frame that comes next.
func marksNext(text string) bool {
	switch text {
	case remarkPrefix + markInjected, remarkPrefix + markWithheld, remarkPrefix + markHeld, remarkPrefix + markGap:
		return true
	}
	n, _ := markedLine(text)
	return n > 0
}

// markedLine returns the line of another text that a mark names.
func markedLine(text string) (n int, omitted bool) {
	text, _ = strings.CutPrefix(text, remarkPrefix)
	text, ok := strings.CutSuffix(text, lineEnd)
	number, is := strings.CutPrefix(text, markLine)
	if !is {
		number, omitted = strings.CutPrefix(text, markOmitted)
	}
	if n, err := strconv.Atoi(number); err == nil && ok && n <= maxTranscriptNumbers {
		return max(n, 0), omitted
	}
	return 0, false
}

// unmark makes the marks that no frame has followed the remarks that they are.
func (t *transcript) unmark() {
	for _, text := range t.marks {
		t.say(text)
	}
	t.marks = t.marks[:0]
}

// say gives a remark.
func (t *transcript) say(text string) {
	r := Record{Kind: Remark, Text: strings.TrimPrefix(text, remarkPrefix)}
	if t.current != nil && !t.current.over {
		r.Conn = t.current.conn
	}
	t.give(r)
}

func (t *transcript) give(r Record) { t.ready = append(t.ready, r) }

// index is the place of a sender in an array.
func index(s decode.Sender) int {
	if s == decode.Client {
		return 0
	}
	return 1
}

// open starts a connection and makes it the one that lines are about.
func (t *transcript) open(server string, midStream bool) {
	if t.current != nil {
		t.end(t.current)
	}
	c := &spoken{conn: &Conn{ID: uint32(len(t.conns) + 1), Server: server, MidStream: midStream}}
	c.resync = [2]bool{midStream, midStream}
	t.conns = append(t.conns, c)
	t.current = c
	t.give(Record{Conn: c.conn, Kind: Opened})
}

// end says that a connection is closed, if a line has said so.
func (t *transcript) end(c *spoken) {
	if c.waiting && !c.over {
		c.over = true
		t.give(Record{Conn: c.conn, Kind: Closed, From: c.closer, Reset: c.reset})
	}
}

// speaker returns the connection that the sender speaks on. It is a new one if that end
// has closed the last: one that was open already, if what comes first on it, nil if it is
// no command, is nothing to begin with.
func (t *transcript) speaker(from decode.Sender, first []byte) *spoken {
	if c := t.current; c == nil || c.over || c.waiting && c.closer == from {
		t.open("", first != nil && !mayBegin(from, first))
	} else if c.waiting && c.closer != 0 && !c.told {
		// The other end goes on.
		c.told = true
		t.give(Record{Conn: c.conn, Kind: HalfClosed, From: c.closer})
	}
	return t.current
}

// finishes takes a line that says that an end has sent its last.
func (t *transcript) finishes(from decode.Sender, text string) error {
	c := t.current
	if c == nil || c.over {
		t.give(Record{Kind: Remark, Text: text})
		return nil
	}
	c.told = true
	t.give(Record{Conn: c.conn, Kind: HalfClosed, From: from})
	return nil
}

// closes takes a line that says that an end has closed the connection. The other
// end may go on: the connection is closed when that has closed it, too, or when
// the transcript goes on with another one.
func (t *transcript) closes(from decode.Sender, whole bool, text string) error {
	c := t.current
	if c == nil || c.over {
		t.give(Record{Kind: Remark, Text: text})
		return nil
	}
	if c.waiting && c.closer != from {
		t.end(c)
		return nil
	}
	c.waiting, c.closer, c.reset = true, from, whole && from != 0
	if whole {
		t.end(c)
	}
	return nil
}

// turnTo makes connection n the one that lines are about.
func (t *transcript) turnTo(n int) error {
	if n < 1 || n > len(t.conns) {
		return t.wrong(t.number, "connection %d, but only %d are opened before", n, len(t.conns))
	}
	if t.current != nil && t.current != t.conns[n-1] {
		t.end(t.current)
	}
	t.current = t.conns[n-1]
	return nil
}

func (t *transcript) wrong(line int, format string, args ...any) error {
	return &TranscriptError{Path: t.f.name, Line: line, What: fmt.Sprintf(format, args...)}
}

// readLine reads a line. Its end is LF or CRLF, or that of the file.
func (t *transcript) readLine() error {
	if t.again {
		t.again = false
		return nil
	}
	if t.late != nil {
		return t.late
	}
	if n := len(t.back); n > 0 {
		l := t.back[n-1]
		t.back = t.back[:n-1]
		t.line, t.number, t.ended = append(t.line[:0], l.text...), l.number, l.ended
		return nil
	}
	t.line = t.line[:0]
	for {
		b, err := t.f.r.ReadSlice('\n')
		t.line = append(t.line, b...)
		if len(t.line) > maxTranscriptLine {
			return t.wrong(t.number+1, "longer than %d bytes", maxTranscriptLine)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			if torn(err) {
				return t.wrong(t.number+1, "the compressed data ends or is damaged here (%v)", err)
			}
			return fmt.Errorf("%s: reading line %d: %w", t.f.name, t.number+1, err)
		}
		if len(t.line) == 0 {
			return io.EOF
		}
		break
	}
	t.number++
	t.line, t.ended = bytes.CutSuffix(t.line, []byte{'\n'})
	t.line = bytes.TrimSuffix(t.line, []byte{'\r'})
	return nil
}

// frame reads the frame whose first line is the one read last.
func (t *transcript) frame(from decode.Sender, mark byte, rest []byte) error {
	line := t.number
	if mark == markPlain {
		t.work = append(t.work[:0], rest...)
		t.continued()
		t.work = append(t.work, "\r\n"...)
		if n := announcedBy(t.work); n > 0 {
			if err := t.payload(n, line); err != nil {
				return err
			}
		}
	} else {
		var err error
		if t.work, err = appendUnescaped(t.work[:0], rest); err != nil {
			return t.wrong(t.number, "%v", err)
		}
		if err := t.goOn(from); err != nil {
			return err
		}
		if len(t.work) == 0 {
			return t.wrong(line, "a frame without a byte")
		}
	}
	t.emit(from, mark)
	return nil
}

// goOn reads the lines that go on with the bytes of the one before.
func (t *transcript) goOn(from decode.Sender) error {
	for {
		err := t.readLine()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		who, mark, rest, ok := frameLine(t.line)
		if !ok || mark != markContinue || who != from {
			t.again = true
			return nil
		}
		if t.work, err = appendUnescaped(t.work, rest); err != nil {
			return t.wrong(t.number, "%v", err)
		}
		if len(t.work) > maxTranscriptLine {
			return t.wrong(t.number, "a frame longer than %d bytes", maxTranscriptLine)
		}
	}
}

// emit gives what is in work, on the connection that is spoken on.
func (t *transcript) emit(from decode.Sender, mark byte) {
	first := t.work
	if mark == markOpaque || mark == markBlock {
		first = nil
	}
	c := t.speaker(from, first)
	start := len(t.frames)
	t.frames = append(t.frames, t.work...)
	b := t.frames[start:]
	switch mark {
	case markOpaque:
		t.giveFrame(c, from, decode.Frame{Kind: decode.Opaque, Raw: b})
		return
	case markBlock:
		fr := decode.Frame{Kind: decode.Block, Raw: b}
		if len(b) >= 3 {
			fr.Missing = max(0, 3+(int(b[1])|int(b[2])<<8)-len(b))
		}
		t.giveFrame(c, from, fr)
		return
	}
	if m := t.misfit; m.line > 0 {
		t.misfit = misfit{}
		t.giveFrame(c, from, decode.Frame{Kind: decode.Command, Raw: b, LineLen: m.head - 2, EOL: 2,
			Missing: m.announced - (len(b) - m.head), TextLine: m.line, Omitted: m.omitted, Gap: m.omitted})
		return
	}
	if fr := reframe(&t.framer, "", b); fr.Missing < 0 {
		t.giveFrame(c, from, fr)
		return
	}
	framer := decode.Framer{MaxLine: maxTranscriptLine, MaxPayload: maxTranscriptLine}
	var fr decode.Frame
	framer.Feed(b)
	for framer.Next(&fr) {
		t.giveFrame(c, from, fr)
	}
	for framer.Flush(&fr) {
		t.giveFrame(c, from, fr)
	}
}

// giveFrame gives a frame its place in the link.
func (t *transcript) giveFrame(c *spoken, from decode.Sender, fr decode.Frame) {
	i := index(from)
	rec := Record{Conn: c.conn, Kind: Data, From: from}
	for _, mark := range t.marks {
		switch strings.TrimPrefix(mark, remarkPrefix) {
		case markInjected:
			rec.Fate = Injected
		case markWithheld:
			rec.Fate = Withheld
		case markHeld:
			rec.Fate = Held
		case markGap:
			fr.Gap = true
		default:
			fr.TextLine, fr.Omitted = markedLine(mark)
		}
	}
	t.marks = t.marks[:0]
	fr.Offset = c.offset[i]
	if rec.Fate != Injected {
		c.offset[i] += int64(len(fr.Raw))
	}
	fr.Resync = false
	switch fr.Kind {
	case decode.Command:
		fr.Resync, c.resync[i] = c.resync[i], false
	case decode.Opaque:
		c.resync[i] = true
	}
	rec.Frame = fr
	t.give(rec)
}
