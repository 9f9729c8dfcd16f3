package capture

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"msnproxy/decode"
)

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
