package inspector

import (
	"strconv"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
)

// list is the list of messages.
type list struct {
	rowsPane
	summary []byte
}

// timeMode says what the times of messages count from.
type timeMode int

const (
	clockTime  timeMode = iota // time of day
	dateTime                   // with the date
	sinceStart                 // since the first message
	sincePrev                  // since the message above
	timeModes
)

var timeModeNames = [timeModes]string{"time of day", "date and time", "since the first message", "since the message above"}

// The columns, in the order in which they give way when there is little room; the
// summary takes what is left.
const (
	colNumber = iota
	colTime
	colConn
	colRole
	colWho
	colLatency
	columns
)

// columnsFor chooses columns for a width.
func (l *list) columnsFor(w int) (widths [columns]int) {
	digits := max(len(strconv.FormatInt(l.ins.x.Summary().Messages, 10)), 3)
	full := [columns]int{digits, 12, 4, 3, 8, 8}
	if l.ins.timeMode == dateTime {
		full[colTime] = 23
	}
	order := []int{colTime, colConn, colLatency, colWho, colRole}
	if l.ins.x.Summary().Last.IsZero() { // a transcript has no times
		order = []int{colConn, colWho, colRole}
	}
	widths[colNumber] = digits
	left := w - digits - 3 - 11 - 24 // gutter, direction with verb and TrID, a summary
	for _, c := range order {
		if need := full[c] + 1; left >= need {
			widths[c] = full[c]
			left -= need
		}
	}
	return widths
}

func (l *list) draw(c canvas, keys bool) {
	if !l.visible(c) {
		return
	}
	widths := l.columnsFor(c.w)
	prev := l.ins.rows.Prev(l.top)
	for y, row := range l.lines {
		l.line(c, y, row, prev, widths, keys)
		prev = row
	}
}

// line draws a row.
func (l *list) line(c canvas, y, row, prev int, w [columns]int, keys bool) {
	ins := l.ins
	r := ins.x.Row(row)
	style := func(s tcell.Style) tcell.Style { return s }
	if row == ins.sel {
		style = func(s tcell.Style) tcell.Style { return c.selected(s, keys) }
		c.fill(0, y, c.w, style(c.theme.text))
		c.theme = c.undimmed()
	}
	l.gutter(c, y, &r, style)
	x := 3
	dim := style(c.dim)
	number := ""
	if r.Kind == index.Message {
		number = strconv.FormatInt(r.Number, 10)
	}
	c.right(x, y, w[colNumber], number, dim)
	x += w[colNumber] + 1
	if w[colTime] > 0 {
		c.text(x, y, w[colTime], ins.clock(&r, prev), dim)
		x += w[colTime] + 1
	}
	if r.Conn != nil {
		if w[colConn] > 0 {
			c.text(x, y, w[colConn], "#"+strconv.FormatUint(uint64(r.Conn.Facts.ID), 10), dim)
			x += w[colConn] + 1
		}
		if w[colRole] > 0 {
			c.text(x, y, w[colRole], shortRole(r.Conn.Facts.Role), dim)
			x += w[colRole] + 1
		}
		if w[colWho] > 0 {
			c.text(x, y, w[colWho], shortAccount(r.Conn.Facts.Account), style(c.theme.text))
			x += w[colWho] + 1
		}
	} else {
		for _, k := range []int{colConn, colRole, colWho} {
			if w[k] > 0 {
				x += w[k] + 1
			}
		}
	}
	end := c.w - 1
	if w[colLatency] > 0 {
		if text := ins.took(&r); text != "" {
			c.right(c.w-w[colLatency]-1, y, w[colLatency], text, dim)
		}
		if r.Kind == index.Message {
			end = c.w - w[colLatency] - 2
		}
	}
	l.said(c, x, y, end, &r, style, prev)
}

// took is how long a reply took, or that a request has none, or none yet; "" of what is
// neither, and where the reply may be in what was not recorded.
func (ins *Inspector) took(r *index.Row) string {
	switch {
	case r.Reply > 0 && r.Latency > 0:
		return shortDuration(r.Latency)
	case !r.Unanswered:
		return ""
	case ins.x.ConnState(r.Conn).Closed, ins.x.Summary().Done:
		return "no reply"
	}
	return "waiting"
}

// said draws what the row says: direction, verb, TrID and summary.
func (l *list) said(c canvas, x, y, end int, r *index.Row, style func(tcell.Style) tcell.Style, prev int) {
	ins := l.ins
	folded := ""
	if prev >= 0 || r.Index > 0 {
		if n := ins.rows.FoldedBetween(prev, r.Index); n > 0 {
			folded = "+" + strconv.Itoa(n)
		}
	}
	if folded != "" {
		n := cells(folded)
		c.text(end-n, y, n, folded, style(c.dim))
		end -= n + 1
	}
	m, rec, err := ins.reader.Read(r.Index)
	if r.Kind != index.Message {
		c.text(x, y, 11, "──", style(c.dim))
		text := ""
		if err != nil {
			text = err.Error()
		} else {
			text = occasion(r, rec)
		}
		s := c.dim
		if r.Kind == index.Remark || r.Kind == index.Lost {
			s = c.warning
		}
		c.text(x+11, y, end-x-11, text, style(s))
		return
	}
	side := style(c.sender(r.From))
	arrow := "→"
	if r.From == decode.Server {
		arrow = "←"
	}
	c.text(x, y, 1, arrow, side)
	if err != nil {
		c.text(x+2, y, 8, r.Verb, side)
		c.text(x+11, y, end-x-11, err.Error(), style(c.err))
		return
	}
	named := c.text(x+2, y, nameCells(m), verbAndTrID(m), side)
	x += max(11, named+3)
	l.summary = m.AppendSummary(l.summary[:0])
	text := string(l.summary)
	if marks := ins.rowMarks(r, rec); marks != "" {
		text = "[" + marks + "] " + text
	}
	at := style(c.theme.text)
	if m.Refuses() {
		at = style(c.err)
	}
	n := c.text(x, y, end-x, text, at)
	if r.SentOn && rec.Sent != nil {
		c.text(x+n+1, y, end-x-n-1, "⤳ "+changed(rec), style(c.redirect))
		return
	}
	if r.Comment {
		c.text(x+n+1, y, end-x-n-1, "; "+ins.x.Comment(r.Index), style(c.user))
	}
}

// nameCells is how much room there is for a message's name: actions of web services have
// longer ones than commands.
func nameCells(m *decode.Message) int {
	if m.Call != nil {
		return 20
	}
	return 8
}

// verbAndTrID is how a message is named: XFR 22.
func verbAndTrID(m *decode.Message) string {
	if !m.Named() {
		return m.Frame.Kind.String()
	}
	name := m.Name()
	if name == "" {
		name = string(m.Frame.Line())
	}
	if n, ok := m.TrID(); ok {
		name += " " + strconv.FormatUint(uint64(n), 10)
	}
	return name
}

// severityMark is the sign of a finding.
func severityMark(s decode.Severity) string {
	return [...]string{"", "·", "!", "✗"}[min(s, decode.Error)]
}

// changed says what was sent on instead: the addresses, where it is a redirect.
func changed(rec *capture.Record) string {
	if rec.Frame.Kind == decode.Web {
		return show.SentAs(rec)
	}
	raw, sent := strings.Fields(string(firstLine(rec.Frame.Raw))), strings.Fields(string(firstLine(rec.Sent)))
	var words []string
	if len(raw) == len(sent) {
		for i := range raw {
			if raw[i] != sent[i] {
				words = append(words, sent[i])
			}
		}
	}
	if len(words) == 0 {
		return string(firstLine(rec.Sent))
	}
	return strings.Join(words, " ")
}

func firstLine(b []byte) []byte {
	for i, c := range b {
		if c == '\r' || c == '\n' {
			return b[:i]
		}
	}
	return b
}

// occasion says what happened to a connection.
func occasion(r *index.Row, rec *capture.Record) string {
	var s string
	switch r.Kind {
	case index.Opened:
		s = "opened"
		if r.Conn.MidStream {
			s = "was open already"
		}
		s += ": " + or(r.Conn.Facts.Client, "(not known)") + " to " + or(r.Conn.Facts.Server, "(not known)")
		if came := r.Conn.Record.Came(); came != "" {
			s += ", " + came
		}
	case index.HalfClosed:
		s = "the " + r.From.String() + " has finished sending; the " + r.From.Peer().String() + " may go on"
	case index.Closed:
		s = "ended"
		switch {
		case rec.From == 0:
		case rec.Reset:
			s = "reset by the " + rec.From.String()
		default:
			s = "closed by the " + rec.From.String()
		}
	case index.Lost:
		s = "bytes of the " + r.From.String() + " are missing here"
		if rec.Lost >= 0 {
			s = strconv.FormatInt(rec.Lost, 10) + " " + s
		}
	}
	return strings.TrimPrefix(s+reason(s, rec.Text), ": ")
}

// reason is the text that gives how something ended a reason, if it says more.
func reason(how, text string) string {
	if text == how {
		return ""
	}
	return prefixed(": ", text)
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func or(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

func shortRole(r decode.Role) string {
	if r == decode.FTP {
		return "FTP"
	}
	if s := r.String(); len(s) <= 3 {
		return s
	}
	return "NS?"
}

// shortAccount is the part of a handle before the @.
func shortAccount(handle string) string {
	name, _, _ := strings.Cut(handle, "@")
	return name
}

// shortDuration is a duration in at most seven cells.
func shortDuration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return strconv.FormatInt(d.Microseconds(), 10) + " us"
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 100*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < 100*time.Minute:
		return strconv.Itoa(int(d.Minutes())) + " min"
	}
	return strconv.Itoa(int(d.Hours())) + " h"
}

// clock is the time of a row, as the user wants to see times.
func (ins *Inspector) clock(r *index.Row, prev int) string {
	if r.Time.IsZero() {
		return ""
	}
	t := r.Time.In(ins.o.Location)
	switch ins.timeMode {
	case dateTime:
		return t.Format("2006-01-02 15:04:05.000")
	case sinceStart:
		return sinceText(r.Time.Sub(ins.x.Row(0).Time))
	case sincePrev:
		if prev < 0 {
			return ""
		}
		return sinceText(r.Time.Sub(ins.x.Row(prev).Time))
	}
	return t.Format("15:04:05.000")
}

func sinceText(d time.Duration) string {
	return "+" + strconv.FormatFloat(d.Seconds(), 'f', 6, 64)
}
