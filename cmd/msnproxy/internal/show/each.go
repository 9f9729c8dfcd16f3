package show

import (
	"strconv"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/check"
)

// JSONLine is an object that is handed to [Options.Each]. It and all in it hold during the
// call only.
type JSONLine struct {
	Line []byte
	// Message is the message, or what stands for the end of a connection or for a finding
	// that comes late when a filter is asked; nil: filters pass it by.
	Message *decode.Message
	// Number is that of the message, 0 if there is none. Finding: the object is a finding
	// on it.
	Number  int64
	Finding bool
	// Record is what it is made from; nil for a finding.
	Record *capture.Record
	// Held: the message came, and waits.
	Held bool
}

// each hands an object on, and reports whether somebody wants that.
func (p *Printer) each(m *decode.Message, r *capture.Record, held bool) bool {
	if p.Each == nil {
		return false
	}
	l := JSONLine{Line: p.buf, Message: m, Record: r, Held: held}
	if m != nil {
		l.Number = m.Number
	}
	p.Each(l)
	return true
}

func (p *Printer) eachFinding(l *check.Located) {
	p.stand(l)
	p.Each(JSONLine{Line: p.buf, Message: &p.found, Number: l.Number, Finding: true})
}

// AppendDecision appends the event that a gate rule or a named fault, as changed_by names
// it, has changed a message.
func AppendDecision(dst []byte, kind, name string, m *decode.Message, r *capture.Record) []byte {
	o := object{dst}
	o.head(m.Time, r.Conn)
	o.str("event", kind)
	o.num("number", m.Number)
	o.str("from", m.From.String())
	o.str(kind, name)
	o.str("fate", r.Fate.String())
	return append(o.b, '}', '\n')
}

// AppendEvent appends a record that is no frame as a JSON object, with its line end.
func AppendEvent(dst []byte, r *capture.Record) []byte { return appendEvent(dst, r) }

// AppendQuestion appends a message as a JSON object with a name more, "id": its number.
func AppendQuestion(dst []byte, m *decode.Message) []byte {
	dst = append(dst, `{"id":`...)
	dst = append(strconv.AppendInt(dst, m.Number, 10), ',')
	at := len(dst)
	r := capture.Record{Conn: &capture.Conn{ID: m.Conn.ID}, Kind: capture.Data, From: m.From, Frame: *m.Frame}
	dst = appendMessage(dst, m, &r, false)
	return append(dst[:at], dst[at+1:]...)
}
