package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
	"msnproxy/proxy/gate/action"
)

// mostLines is how many lines are printed of what came, and of what would go on; each has
// up to lineClip bytes.
const (
	mostLines = 20
	lineClip  = 300
)

// appendEffect appends what came and what would have gone on.
func appendEffect(b []byte, m *decode.Message, e *action.Effect) []byte {
	b = fmt.Appendf(b, "message %d (#%d %s", m.Number, m.Conn.ID, m.Conn.Role)
	if m.Conn.Account != "" {
		b = show.Clip(append(b, ' '), m.Conn.Account, 100)
	}
	b = append(b, ')')
	if by := e.Deciders(); len(by) > 0 {
		b = show.Clip(append(b, ": "...), strings.Join(by, ", "), 500)
	}
	b = append(b, '\n')
	for i := range e.Sends {
		if e.Sends[i].When == action.Before {
			b = appendSend(b, &e.Sends[i])
		}
	}
	switch came := frameLines(m.Frame.Raw); {
	case e.Drop:
		b = append(appendLines(b, "-", m.From, came, 0, 0), "  + nothing\n"...)
	case e.Frame != nil:
		went := frameLines(e.Frame)
		head, tail := alike(came, went)
		b = appendLines(b, "-", m.From, came, head, tail)
		b = appendLines(b, "+", m.From, went, head, tail)
	default:
		b = appendLines(b, " ", m.From, came[:1], 0, 0)
	}
	for i := range e.Sends {
		if e.Sends[i].When == action.After {
			b = appendSend(b, &e.Sends[i])
		}
	}
	for _, what := range inWords(e) {
		b = append(show.Clip(append(b, "    "...), what, lineClip), '\n')
	}
	return b
}

// frameLines are the lines of a frame with their ends.
func frameLines(frame []byte) [][]byte {
	lines := bytes.SplitAfter(frame, []byte{'\n'})
	if n := len(lines); n > 1 && len(lines[n-1]) == 0 {
		lines = lines[:n-1]
	}
	return lines
}

// alike counts the lines of two payloads that are the same at the beginning and the end.
// The command line is always shown.
func alike(a, b [][]byte) (head, tail int) {
	most := min(len(a), len(b)) - 1
	for head < most && bytes.Equal(a[1+head], b[1+head]) {
		head++
	}
	for tail < most-head && bytes.Equal(a[len(a)-1-tail], b[len(b)-1-tail]) {
		tail++
	}
	return head, tail
}

// appendLines appends the lines of a frame, but for some at the beginning and the end of
// its payload.
func appendLines(b []byte, mark string, from decode.Sender, lines [][]byte, head, tail int) []byte {
	shown := 0
	for i, line := range lines {
		if i > 0 && (i <= head || i >= len(lines)-tail) {
			continue
		}
		if shown++; shown > mostLines {
			return fmt.Appendf(b, "  %s    ... (%s more)\n", mark, plural(len(lines)-tail-i, "line"))
		}
		begin := "   "
		if i == 0 {
			begin = from.Letter() + ": "
		}
		b = append(append(append(b, "  "...), mark...), ' ')
		b = append(show.Clip(append(b, begin...), bytes.TrimSuffix(line, []byte("\r\n")), lineClip), '\n')
	}
	return b
}

// appendSend appends what would go beside the message.
func appendSend(b []byte, s *action.Send) []byte {
	b = appendLines(b, "+", s.To.Peer(), frameLines(s.Frame), 0, 0)
	b = append(b[:len(b)-1], "   to the "...)
	b = append(b, s.To.String()...)
	if s.Later > 0 {
		b = fmt.Appendf(b, ", %v later", s.Later)
	}
	return append(b, '\n')
}

// inWords says what else would happen.
func inWords(e *action.Effect) (list []string) {
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if e.Delay > 0 {
		add("%v later, and what is behind it, too", e.Delay)
	}
	if e.Postpone > 0 {
		add("%v later; what is behind it overtakes it", e.Postpone)
	}
	if e.Hold && e.HoldFor > 0 {
		add("held for %v, or until somebody decides", e.HoldFor)
	} else if e.Hold {
		add("held until somebody decides")
	}
	if e.Repeat > 0 {
		add("sent %s more", plural(e.Repeat, "time"))
	}
	for _, f := range e.Faults {
		add("fault: %s", f)
	}
	for _, end := range e.Ends {
		add("%s", ending(end))
	}
	if e.Mark != "" {
		add("mark: %s", e.Mark)
	}
	if e.Remark != "" {
		add("remark: %s", e.Remark)
	}
	return list
}

func ending(end action.End) string {
	how := "closed"
	if end.Reset {
		how = "reset"
	}
	if end.Side == decode.Either {
		return "both connections are " + how
	}
	return fmt.Sprintf("the connection to the %s is %s", end.Side, how)
}

// effectJSON is what rules make of a message as JSON: see docs/rules.md.
type effectJSON struct {
	V          int        `json:"v"`
	Number     int64      `json:"number"`
	Time       *time.Time `json:"time,omitempty"`
	Conn       uint32     `json:"conn"`
	From       string     `json:"from"`
	Verb       string     `json:"verb"`
	ChangedBy  []string   `json:"changed_by"`
	Received   string     `json:"received"`
	Sent       *string    `json:"sent"`
	SentRaw    []byte     `json:"sent_raw,omitempty"`
	Sends      []sendJSON `json:"sends,omitempty"`
	DelayMS    float64    `json:"delay_ms,omitempty"`
	PostponeMS float64    `json:"postpone_ms,omitempty"`
	Hold       bool       `json:"hold,omitempty"`
	HoldMS     float64    `json:"hold_ms,omitempty"`
	Repeat     int        `json:"repeat,omitempty"`
	Ends       []endJSON  `json:"ends,omitempty"`
	Faults     []string   `json:"faults,omitempty"`
	Mark       string     `json:"mark,omitempty"`
	Remark     string     `json:"remark,omitempty"`
}

type sendJSON struct {
	To      string  `json:"to"`
	When    string  `json:"when"`
	LaterMS float64 `json:"later_ms,omitempty"`
	Frame   string  `json:"frame"`
	Raw     []byte  `json:"frame_raw,omitempty"`
}

type endJSON struct {
	Side  string `json:"side"`
	Reset bool   `json:"reset"`
}

func effectOf(m *decode.Message, e *action.Effect) effectJSON {
	j := effectJSON{V: 1, Number: m.Number, Conn: m.Conn.ID, From: m.From.String(), Verb: m.Name(), ChangedBy: e.Deciders(),
		DelayMS: inMS(e.Delay), PostponeMS: inMS(e.Postpone), Hold: e.Hold, HoldMS: inMS(e.HoldFor), Repeat: e.Repeat, Mark: e.Mark, Remark: e.Remark}
	if j.ChangedBy == nil {
		j.ChangedBy = []string{}
	}
	if !m.Time.IsZero() {
		at := m.Time.UTC()
		j.Time = &at
	}
	j.Received, _ = bytesJSON(m.Frame.Raw)
	if !e.Drop {
		went := m.Frame.Raw
		if e.Frame != nil {
			went = e.Frame
		}
		text, raw := bytesJSON(went)
		j.Sent, j.SentRaw = &text, raw
	}
	for _, s := range e.Sends {
		text, raw := bytesJSON(s.Frame)
		j.Sends = append(j.Sends, sendJSON{s.To.String(), s.When.String(), inMS(s.Later), text, raw})
	}
	for _, end := range e.Ends {
		j.Ends = append(j.Ends, endJSON{end.Side.String(), end.Reset})
	}
	for _, f := range e.Faults {
		j.Faults = append(j.Faults, f.String())
	}
	return j
}

// bytesJSON returns bytes as a text, and where that is not all of them the bytes, too.
func bytesJSON(b []byte) (text string, raw []byte) {
	if utf8.Valid(b) {
		return string(b), nil
	}
	return strings.ToValidUTF8(string(b), "\ufffd"), b
}

func inMS(d time.Duration) float64 { return float64(d) / 1e6 }
