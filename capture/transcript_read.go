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

// say gives a remark.
func (t *transcript) say(text string) {
	r := Record{Kind: Remark, Text: strings.TrimPrefix(text, remarkPrefix)}
	if t.current != nil && !t.current.over {
		r.Conn = t.current.conn
	}
	t.give(r)
}

func (t *transcript) give(r Record) { t.ready = append(t.ready, r) }

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
