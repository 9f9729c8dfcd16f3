package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"msnproxy/decode"
)

// logReader is what a transcript needs to read another notation than our own.
type logReader struct {
	evidence
	times   logTime
	at      time.Time // of the command at hand
	told    bool      // which notation it is
	dress   string    // what stands before each line of a document: quotes, blanks
	labels  map[string]*spoken
	headed  decode.Sender // who speaks, where that stands on a line of its own
	said    map[*spoken]*talked
	next    [2]string
	stamped bool // commands have a time, so that other lines with one are of the program
}

// talked is what is known of a connection of a log.
type talked struct {
	role     decode.Role // 0: not known
	greeted  bool        // VER, or the sign-in to a switchboard, was said
	commands int
}

// newLog reads a text of which the first lines were judged; broken: some lines go on with
// the ones before, so that each command is waited for until the next line is there.
func newLog(f *file, e evidence, broken bool) *transcript {
	t := newTranscript(f)
	t.broken = broken
	if !e.native {
		t.log = &logReader{evidence: e, labels: make(map[string]*spoken), said: make(map[*spoken]*talked)}
	}
	return t
}

var (
	connecting  = regexp.MustCompile(`(?i)\bconnect(?:ing|ed|s|ion)?\b.*?\bto\b:? ?[\x60'"(]?([\w.-]+:\d{2,5})\b`)
	digits      = regexp.MustCompile(`^\d+$`)
	placeholder = regexp.MustCompile(`^\s*[\[(<{]*(?:binary |the )?(?:payload|data|snip(?:ped)?|omitted|removed|\.\.\.|…)[\])>}]*\s*$`)
)

// logItem takes the line that was read last.
func (t *transcript) logItem() error {
	l := t.log
	if !l.told {
		l.told = true
		t.give(Record{Kind: Remark, Text: l.remark()})
	}
	line := t.line
	if who := headedLine(line); who != 0 && l.evidence.headed {
		l.headed, l.at = who, l.times.read(string(line))
		return nil
	}
	s, ok := l.spoken(line)
	if !ok {
		return t.logOther(line)
	}
	return t.logCommand(&s)
}

// spoken takes a line apart, if a command stands on it.
func (l *logReader) spoken(line []byte) (s spokenLine, ok bool) {
	if fence(line) {
		return s, false
	}
	if from, mark, text, isFrame := frameLine(line); isFrame && mark == markPlain && plausible(text) {
		return spokenLine{from: from, sign: string(line[:2]), text: text}, true
	}
	if s, ok = takeApart(line); ok && s.weak && !l.weak {
		ok = false
	}
	if text := bytes.TrimLeft(line, " \t"); !ok && l.headed != 0 && plausible(text) {
		return spokenLine{from: l.headed, text: text}, true
	}
	if ok && l.notation.log && l.notation.before != nil && !l.notation.before.MatchString(s.before) && !l.evidence.headed {
		// another program of the same log
		return s, l.notation.sign == nil && s.before == ""
	}
	return s, ok
}

// logOther takes a line without a command.
func (t *transcript) logOther(line []byte) error {
	l := t.log
	if m := connecting.FindSubmatch(line); m != nil {
		if server := string(m[1]); !l.notation.log || strings.HasSuffix(server, ":1863") || strings.Contains(l.notation.name, "papyon") {
			l.at = l.times.read(string(line))
			if len(l.labels) > 0 {
				l.next[1] = server
			} else {
				t.logOpen(server, "", false)
			}
			return nil
		}
	}
	if l.notation.log || fence(line) {
		return nil
	}
	text := string(bytes.Trim(bytes.ReplaceAll(l.undressed(line), []byte("`"), nil), " \t*_"))
	switch word := strings.TrimRight(text, " ."); word {
	case "":
		return nil
	case lineClientCloses:
		return t.closes(decode.Client, false, text)
	case lineServerCloses:
		return t.closes(decode.Server, false, text)
	default:
		return t.said(text, word)
	}
}

// undressed takes off what a line of a document is quoted or indented by.
func (l *logReader) undressed(line []byte) []byte {
	if l.dress == "" {
		return line
	}
	if cut, ok := bytes.CutPrefix(line, []byte(l.dress)); ok {
		return cut
	}
	bare := strings.TrimRight(l.dress, " \t")
	if cut, ok := bytes.CutPrefix(line, []byte(bare)); ok && bare != "" {
		return bytes.TrimPrefix(cut, []byte(" "))
	}
	return line
}

// logCommand takes a command, with the lines of its payload.
func (t *transcript) logCommand(s *spokenLine) error {
	l := t.log
	line := t.number
	if s.before != "" || s.sign != "" {
		l.at = l.times.read(s.before)
		l.stamped = l.stamped || !l.at.IsZero()
		if strings.Trim(s.before, " \t>|*`#.-") == "" {
			l.dress = strings.TrimSuffix(s.before, "`")
		}
	}
	text := bytes.TrimRight(s.text, " \t")
	if strings.HasSuffix(s.before, "`") || bytes.HasSuffix(text, []byte("`")) {
		text = bytes.TrimRight(text, "`")
	}
	text = append([]byte(nil), unescapedLog(text)...)
	text, rest, inline := bytes.Cut(text, []byte("\r\n"))
	t.work = append(t.work[:0], bytes.TrimRight(text, "\r\n")...)
	if !inline {
		t.continued()
	}
	t.work = append(t.work, "\r\n"...)
	n := announcedBy(t.work)
	switch {
	case n > 0 && len(rest) > 0:
		head := len(t.work)
		t.work = append(t.work, rest...)
		if len(rest) != n {
			t.misfit = misfit{line: line, head: head, announced: n}
		}
	case n > 0:
		if err := t.logPayload(n, line); err != nil {
			return err
		}
	default:
		if err := t.unannouncedPayload(line); err != nil {
			return err
		}
	}
	c := t.logConn(s.from, s.label, string(t.work[:min(len(t.work), 4096)]))
	t.current = c
	before := len(t.ready)
	t.emit(s.from, markPlain)
	for i := before; i < len(t.ready); i++ {
		t.ready[i].Time = l.at
	}
	return nil
}

// unescapedLog takes the escapes of Python and C out of a line that has written line
// ends or bytes.
func unescapedLog(b []byte) []byte {
	if !bytes.Contains(b, []byte(`\r`)) && !bytes.Contains(b, []byte(`\n`)) && !bytes.Contains(b, []byte(`\x`)) {
		for _, end := range []string{"<CR><LF>", "<CRLF>", "␍␊", "↵"} {
			if cut, ok := bytes.CutSuffix(b, []byte(end)); ok {
				return bytes.TrimRight(cut, " ")
			}
		}
		return b
	}
	var out []byte
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		switch c := b[i]; {
		case c == 'r':
			out = append(out, '\r')
		case c == 'n':
			out = append(out, '\n')
		case c == 't':
			out = append(out, '\t')
		case c == '0':
			out = append(out, '\\', '0') // as in CurrentMedia
		case c == '\\' || c == '\'' || c == '"':
			out = append(out, c)
		case c == 'x' && i+2 < len(b) && unhex(b[i+1])|unhex(b[i+2]) <= 15:
			out = append(out, unhex(b[i+1])<<4|unhex(b[i+2]))
			i += 2
		default:
			out = append(out, '\\', c)
		}
	}
	if bytes.HasSuffix(out, []byte{'\n'}) && !bytes.HasSuffix(out, []byte("\r\n")) && bytes.Count(out, []byte{'\n'}) == 1 {
		out = append(out[:len(out)-1], '\r', '\n')
	}
	return out
}

// lineEndsPayload reports whether a line of a log can't be a part of a payload.
func (l *logReader) endsPayload(line []byte) bool {
	if _, ok := l.spoken(line); ok {
		return true
	}
	if fence(line) || happens(string(line)) || headedLine(line) != 0 && l.evidence.headed {
		return true
	}
	if l.stamped {
		if m := clockTime.FindIndex(line[:min(len(line), maxBefore)]); m != nil && len(bytes.Trim(line[:m[0]], " \t[(<>|*")) == 0 {
			return true
		}
	}
	return l.notation.log && l.notation.before != nil && connecting.Match(line)
}

// gather reads the lines that may be those of a payload.
func (t *transcript) gather() (lines []textLine, err error) {
	sum := 0
	for sum < decode.DefaultMaxPayload {
		err := t.readLine()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		if t.log.endsPayload(t.line) {
			t.again = true
			return lines, nil
		}
		lines = append(lines, textLine{append([]byte(nil), t.line...), t.number, t.ended})
		sum += len(t.line) + 1
	}
	return lines, nil
}

// giveBack has lines read again.
func (t *transcript) giveBack(lines []textLine) {
	if len(lines) == 0 {
		return
	}
	if t.again {
		t.again = false
		t.back = append(t.back, textLine{append([]byte(nil), t.line...), t.number, t.ended})
	}
	for i := len(lines) - 1; i >= 0; i-- {
		t.back = append(t.back, lines[i])
	}
}

// texts are the texts of lines, as they are without what all of a document has.
func (l *logReader) texts(lines []textLine) [][]byte {
	out := make([][]byte, len(lines))
	for i := range lines {
		out[i] = l.undressed(lines[i].text)
	}
	return out
}

// blank reports whether there is no text in lines.
func blank(lines [][]byte) bool {
	for _, l := range lines {
		if len(bytes.TrimSpace(l)) > 0 && !placeholder.Match(l) {
			return false
		}
	}
	return true
}

// logPayload reads the lines of a payload of n bytes.
func (t *transcript) logPayload(n, line int) error {
	head := len(t.work)
	lines, err := t.gather()
	if err != nil {
		return err
	}
	texts := t.log.texts(lines)
	if blank(texts) {
		t.misfit = misfit{line: line, head: head, announced: n, omitted: t.log.notation.log}
		for _, l := range lines {
			t.misfit.omitted = t.misfit.omitted || placeholder.Match(l.text)
		}
		return nil
	}
	payload, used := bestFit(texts, n)
	if len(payload) != n && used < len(texts) && t.log.notation.log {
		// Without a time or a sign a line of a log goes on with the one before.
		if all := bytes.Join(texts, []byte("\r\n")); len(all) <= n {
			payload, used = all, len(texts)
		}
	}
	t.giveBack(lines[used:])
	if len(payload) != n {
		t.misfit = misfit{line: line, head: head, announced: n}
	}
	t.work = append(t.work, payload...)
	return nil
}

// unannouncedPayload reads a payload behind a command that should announce one and does
// not, as papyon writes MSG in its logs.
func (t *transcript) unannouncedPayload(line int) error {
	command := bytes.TrimRight(t.work, "\r\n")
	v := decode.LookupVerb(string(command[:min(3, len(command))]))
	words := len(bytes.Fields(command))
	if v == nil || v.PayloadFrom == 0 || words != v.PayloadFrom-1 && !(v.Act == decode.ActSay && words == 3) {
		return nil
	}
	lines, err := t.gather()
	if err != nil {
		return err
	}
	texts := t.log.texts(lines)
	if blank(texts) || !bytes.Contains(texts[0], []byte(": ")) {
		t.giveBack(lines)
		return nil
	}
	if flat := unindented(texts); flat != nil {
		texts = flat
	}
	for len(texts) > 0 && len(texts[len(texts)-1]) == 0 {
		texts = texts[:len(texts)-1]
	}
	payload := bytes.Join(texts, []byte("\r\n"))
	t.give(Record{Kind: Remark, Text: fmt.Sprintf("line %d: %s is written without the length of its payload; %d bytes follow", line, command[:3], len(payload))})
	t.work = append(t.work[:0], decode.Assemble(string(command), payload)...)
	return nil
}
