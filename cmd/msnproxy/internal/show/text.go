package show

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/check"
)

const (
	// clipLine bounds the summary of a message in the one-line form.
	clipLine = 300
	// clipField bounds a value in the detailed form.
	clipField = 4000

	margin = "        "
)

// appendText appends a message for a person.
func (p *Printer) appendText(dst []byte, m *decode.Message, r *capture.Record) []byte {
	dst = p.appendDay(dst, m.Time)
	dst = p.appendLine(dst, m, r)
	if p.Detail > 0 {
		for i := range m.Findings {
			dst = p.appendFinding(dst, &m.Findings[i])
		}
		for _, text := range []string{m.ChallengeRight(), m.SignInRight(), m.SSORight()} {
			if text != "" {
				dst = append(dst, margin+"= "...)
				dst = append(dst, text...)
				dst = append(dst, '\n')
			}
		}
		if r.Sent != nil {
			dst = append(dst, margin+"> sent on as "...)
			dst = Clip(dst, SentAs(r), clipLine)
			dst = append(dst, '\n')
		}
	}
	if p.Detail > 1 {
		if text := m.Delivery.String(); text != "" {
			dst = append(dst, margin+"= "...)
			dst = append(dst, text...)
			if m.Delivery.After > 0 {
				dst = append(dst, ", "...)
				dst = appendDuration(dst, m.Delivery.After)
				dst = append(dst, " after it"...)
			}
			dst = append(dst, '\n')
		}
		dst = p.appendFields(dst, m)
	}
	if p.Detail > 2 {
		dst = appendHex(dst, m.Frame.Raw, m.Frame.Offset)
	}
	if p.Detail > 0 && p.Filter == nil {
		dst = p.appendNews(dst, m.Conn)
	}
	return dst
}

// appendLine appends the one-line form:
//
//	number time #connection role account C: VERB TrID  summary  (latency)
func (p *Printer) appendLine(dst []byte, m *decode.Message, r *capture.Record) []byte {
	dst = pad(dst, len(dst), 6-digits(m.Number))
	dst = strconv.AppendInt(dst, m.Number, 10)
	dst = append(dst, ' ')
	dst = p.appendClock(dst, m.Time)
	dst = p.appendWho(dst, m.Conn)
	side := p.palette.client
	if m.From == decode.Server {
		side = p.palette.server
	}
	dst = append(dst, side.on...)
	dst = append(dst, m.From.Letter()...)
	dst = append(dst, ':', ' ')
	start := len(dst)
	if m.Named() {
		dst = Escape(dst, m.Name())
		if n, ok := m.TrID(); ok {
			dst = append(dst, ' ')
			dst = strconv.AppendUint(dst, uint64(n), 10)
		}
	} else {
		dst = append(dst, '-')
	}
	dst = append(dst, side.off...)
	dst = pad(dst, start, 8+len(side.off))
	dst = append(dst, ' ')
	p.summary = m.AppendSummary(p.summary[:0])
	dst = Clip(dst, p.summary, clipLine)
	if marks := Marks(r); marks != "" {
		dst = append(dst, "  ["...)
		dst = Clip(dst, marks, clipLine)
		dst = append(dst, ']')
	}
	if m.ReplyTo != 0 && m.Latency > 0 {
		dst = append(dst, p.palette.dim.on...)
		dst = append(dst, "  ("...)
		dst = appendDuration(dst, m.Latency)
		dst = append(dst, ')')
		dst = append(dst, p.palette.dim.off...)
	}
	if p.Detail == 0 && worst(m.Findings) >= decode.Warning {
		dst = append(dst, "  !"...)
	}
	return append(dst, '\n')
}

// Marks says in a few words what a proxy made of a frame: "withheld by operator", "held
// 12.3 s"; "" where it was sent on at once as it was.
func Marks(r *capture.Record) string {
	var marks []string
	by := strings.Join(r.ChangedBy, ", ")
	switch {
	case r.Fate == capture.Held:
		marks = append(marks, "held: what became of it is not recorded")
	case r.Fate != capture.Passed && by != "":
		marks = append(marks, r.Fate.String()+" by "+by)
	case r.Fate != capture.Passed:
		marks = append(marks, r.Fate.String())
	case by != "":
		marks = append(marks, "changed by "+by)
	}
	if r.HeldFor > 0 {
		marks = append(marks, "held "+string(appendDuration(nil, r.HeldFor)))
	}
	return strings.Join(marks, ", ")
}

// appendHeld appends that a message came, and waits in the proxy.
func (p *Printer) appendHeld(dst []byte, m *decode.Message) []byte {
	dst = p.appendDay(dst, m.Time)
	dst = append(dst, p.palette.dim.on...)
	dst = append(dst, "-- "...)
	dst = p.appendClock(dst, m.Time)
	dst = fmt.Appendf(dst, "#%d held: message %d, %s: ", m.Conn.ID, m.Number, m.From.Letter())
	dst = Escape(dst, m.Name())
	dst = append(dst, ' ')
	p.summary = m.AppendSummary(p.summary[:0])
	dst = Clip(dst, p.summary, clipLine)
	dst = append(dst, p.palette.dim.off...)
	return append(dst, '\n')
}

// appendWho appends the connection, its role and the account's name.
func (p *Printer) appendWho(dst []byte, c *decode.Connection) []byte {
	start := len(dst)
	dst = append(dst, '#')
	dst = strconv.AppendUint(dst, uint64(c.ID), 10)
	dst = pad(dst, start, 4)
	dst = append(dst, c.Role.String()...)
	dst = pad(dst, start, 11)
	name, _, _ := strings.Cut(c.Account, "@")
	if name == "" {
		name = "-"
	}
	cells := len(dst)
	dst = Escape(dst, name[:min(len(name), 12)])
	dst = pad(dst, cells, 8)
	return append(dst, ' ')
}

// appendClock appends the time of day, or nothing if the time is not known.
func (p *Printer) appendClock(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return dst
	}
	h, m, s := t.In(p.Location).Clock()
	ms := t.Nanosecond() / 1e6
	return append(dst, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10), ':',
		byte('0'+s/10), byte('0'+s%10), '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), ' ')
}

// appendDay appends the date where it is another than before.
func (p *Printer) appendDay(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return dst
	}
	t = t.In(p.Location)
	if day := t.Year()*1000 + t.YearDay(); day != p.day {
		p.day = day
		dst = append(dst, p.palette.dim.on...)
		dst = t.AppendFormat(dst, "-- 2006-01-02, times in MST")
		dst = append(dst, p.palette.dim.off...)
		dst = append(dst, '\n')
	}
	return dst
}

// appendNews says which session and conversation a connection turns out to
// belong to.
func (p *Printer) appendNews(dst []byte, c *decode.Connection) []byte {
	now := told{session: c.Session, conversation: c.Conversation}
	if c.Conversation != nil {
		now.sessionID = c.Conversation.SessionID
	}
	if p.seen[c.ID] == now || c.Session == nil {
		return dst
	}
	p.seen[c.ID] = now
	dst = append(dst, p.palette.dim.on...)
	dst = fmt.Appendf(dst, "-- #%d is part of session %d, ", c.ID, c.Session.Number)
	dst = Clip(dst, c.Session.Account, clipLine)
	if d := c.Session.Dialect; d != 0 {
		dst = fmt.Appendf(dst, ", MSNP%d", d)
	}
	if v := c.Conversation; v != nil {
		dst = fmt.Appendf(dst, "; of conversation %d", v.Number)
		if v.SessionID != "" {
			dst = append(dst, ", session id "...)
			dst = Clip(dst, v.SessionID, clipLine)
		}
	}
	dst = append(dst, p.palette.dim.off...)
	return append(dst, '\n')
}

func (p *Printer) appendFinding(dst []byte, f *decode.Finding) []byte {
	c := p.palette.note
	switch f.Severity {
	case decode.Warning:
		c = p.palette.warning
	case decode.Error:
		c = p.palette.err
	}
	dst = append(dst, margin...)
	dst = append(dst, c.on...)
	dst = append(dst, "! "...)
	dst = append(dst, f.Severity.String()...)
	dst = append(dst, ' ')
	dst = append(dst, f.Rule...)
	dst = append(dst, ": "...)
	dst = Clip(dst, f.Text, clipLine)
	dst = append(dst, c.off...)
	return append(dst, '\n')
}

// appendLocated appends a finding on an earlier message, or on a connection.
func (p *Printer) appendLocated(dst []byte, l *check.Located) []byte {
	dst = append(dst, p.palette.dim.on...)
	dst = append(dst, "-- "...)
	dst = p.appendClock(dst, l.Time)
	dst = fmt.Appendf(dst, "#%d", l.Conn)
	if l.Number != 0 {
		dst = fmt.Appendf(dst, " message %d", l.Number)
	}
	dst = append(dst, p.palette.dim.off...)
	dst = append(dst, '\n')
	return p.appendFinding(dst, &l.Finding)
}

// appendEvent appends a record that is no frame.
func (p *Printer) appendEvent(dst []byte, r *capture.Record) []byte {
	dst = p.appendDay(dst, r.Time)
	dst = append(dst, p.palette.dim.on...)
	dst = append(dst, "-- "...)
	dst = p.appendClock(dst, r.Time)
	if r.Conn != nil {
		dst = fmt.Appendf(dst, "#%d ", r.Conn.ID)
	}
	dst = appendOccasion(dst, p.once(r))
	dst = append(dst, p.palette.dim.off...)
	return append(dst, '\n')
}

// once leaves out, where a connection is closed, the reason that a remark has just
// given.
func (p *Printer) once(r *capture.Record) *capture.Record {
	switch {
	case r.Kind == capture.Remark && r.About == nil:
		p.remark = r.Text
	case r.Kind == capture.Closed && r.Text == p.remark:
		c := *r
		c.Text = ""
		return &c
	}
	return r
}

// Occasion appends what happened, in words: what a record tells that is no message.
func Occasion(dst []byte, r *capture.Record) []byte { return appendOccasion(dst, r) }

// appendOccasion says what happened.
func appendOccasion(dst []byte, r *capture.Record) []byte {
	switch r.Kind {
	case capture.Opened:
		if r.Conn.MidStream {
			dst = append(dst, "was open already: "...)
		} else {
			dst = append(dst, "opened: "...)
		}
		if r.Conn.Client == "" && r.Conn.Server == "" {
			dst = dst[:len(dst)-len(": ")]
			break
		}
		dst = Clip(dst, orUnknown(r.Conn.Client), clipLine)
		dst = append(dst, " to "...)
		dst = Clip(dst, orUnknown(r.Conn.Server), clipLine)
		if r.Conn.Via != "" {
			dst = append(dst, " via "...)
			dst = Clip(dst, r.Conn.Via, clipLine)
		}
		if came := r.Conn.Came(); came != "" {
			dst = Clip(append(dst, ", "...), came, clipLine)
		}
	case capture.HalfClosed:
		dst = fmt.Appendf(dst, "the %s has finished sending; the %s may go on", r.From, r.From.Peer())
	case capture.Closed:
		switch {
		case r.From == 0:
			dst = append(dst, "ended"...)
		case r.Reset:
			dst = fmt.Appendf(dst, "reset by the %s", r.From)
		default:
			dst = fmt.Appendf(dst, "closed by the %s", r.From)
		}
	case capture.Lost:
		if r.Lost < 0 {
			dst = append(dst, "bytes"...)
		} else {
			dst = fmt.Appendf(dst, "%d bytes", r.Lost)
		}
		if r.From != 0 {
			dst = fmt.Appendf(dst, " from the %s", r.From)
		}
		dst = append(dst, " are missing here"...)
	}
	if r.Kind == capture.Remark && r.About != nil {
		return appendAnnotation(dst, r.About, r.Text)
	}
	if r.Text != "" && (r.Kind != capture.Closed || !strings.HasSuffix(string(dst), r.Text)) {
		if r.Kind != capture.Remark {
			dst = append(dst, ": "...)
		}
		dst = Clip(dst, r.Text, clipLine)
	}
	return dst
}

// appendAnnotation says what a user had to say of a frame.
func appendAnnotation(dst []byte, a *capture.About, text string) []byte {
	what := "comment"
	if a.Mark != "" {
		what = "mark " + a.Mark
	}
	dst = Clip(dst, what, clipLine)
	dst = fmt.Appendf(dst, " on #%d, ", a.Conn)
	if a.From != 0 {
		dst = fmt.Appendf(dst, "%s, ", a.From)
	}
	dst = fmt.Appendf(dst, "byte %d", a.Offset)
	switch {
	case text != "":
		dst = append(dst, ": "...)
		dst = Clip(dst, text, clipLine)
	case a.Mark == "":
		dst = append(dst, ": taken away"...)
	}
	return dst
}

func orUnknown(addr string) string {
	if addr == "" {
		return "(not known)"
	}
	return addr
}

// appendDuration appends a duration in a unit that suits it.
func appendDuration(dst []byte, d time.Duration) []byte {
	switch {
	case d < time.Millisecond:
		dst = strconv.AppendInt(dst, d.Microseconds(), 10)
		return append(dst, " us"...)
	case d < time.Second:
		dst = strconv.AppendFloat(dst, float64(d)/1e6, 'f', 1, 64)
		return append(dst, " ms"...)
	}
	dst = strconv.AppendFloat(dst, d.Seconds(), 'f', 1, 64)
	return append(dst, " s"...)
}

// pad appends blanks until n bytes have been appended since start.
func pad(dst []byte, start, n int) []byte {
	if short := n - (len(dst) - start); short > 0 {
		dst = append(dst, hexBlank[:min(short, len(hexBlank))]...)
	}
	return dst
}

func digits(n int64) int {
	d := 1
	for ; n > 9; n /= 10 {
		d++
	}
	return d
}

func worst(list []decode.Finding) (s decode.Severity) {
	for i := range list {
		s = max(s, list[i].Severity)
	}
	return s
}

// SentAs is the line by which what was sent on differs from what came: the first one of
// MSNP, as the address of a redirect is there, and of HTTP the first one that differs.
func SentAs(r *capture.Record) string {
	line, sent, more := bytes.Cut(r.Sent, []byte{'\n'})
	if r.Frame.Kind == decode.Web {
		first := line
		same, came, _ := bytes.Cut(r.Frame.Raw, []byte{'\n'})
		for more && bytes.Equal(line, same) {
			line, sent, more = bytes.Cut(sent, []byte{'\n'})
			same, came, _ = bytes.Cut(came, []byte{'\n'})
		}
		if bytes.Equal(line, same) {
			line = first
		}
	}
	return strings.TrimRight(string(line), "\r")
}
