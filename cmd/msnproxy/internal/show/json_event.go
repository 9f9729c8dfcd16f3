package show

import (
	"strconv"

	"msnproxy/capture"
	"msnproxy/decode/check"
)

// appendEvent appends a record that is no frame as one JSON object.
func appendEvent(dst []byte, r *capture.Record) []byte {
	o := object{dst}
	o.head(r.Time, r.Conn)
	switch r.Kind {
	case capture.Opened:
		o.str("event", "opened")
		o.str("client", r.Conn.Client)
		o.str("server", r.Conn.Server)
		o.str("via", r.Conn.Via)
		o.str("way", r.Conn.Way)
		o.str("asked", r.Conn.Asked)
		if r.Conn.MidStream {
			o.name("midstream")
			o.b = append(o.b, "true"...)
		}
	case capture.HalfClosed:
		o.str("event", "half-closed")
		o.end(r)
	case capture.Closed:
		o.str("event", "closed")
		o.end(r)
		if r.Reset {
			o.name("reset")
			o.b = append(o.b, "true"...)
		}
	case capture.Lost:
		o.str("event", "lost")
		o.num("bytes", r.Lost)
	default:
		o.str("event", "remark")
		o.about(r.About)
		if r.Folded {
			o.name("folded")
			o.b = append(o.b, "true"...)
		}
	}
	if r.From != 0 {
		o.str("from", r.From.String())
	}
	o.str("text", r.Text)
	return append(o.b, '}', '\n')
}

// end adds how a connection ended, and by whom, as filters call it.
func (o *object) end(r *capture.Record) {
	o.str("ended", capture.Occurs(r).String())
	if r.From != 0 {
		o.str("by", r.From.String())
	}
}

// about adds what frame an annotation is on.
func (o *object) about(a *capture.About) {
	if a == nil {
		return
	}
	o.name("about")
	o.b = append(o.b, '{')
	o.num("conn", int64(a.Conn))
	if a.From != 0 {
		o.str("from", a.From.String())
	}
	o.name("offset")
	o.b = strconv.AppendInt(o.b, a.Offset, 10)
	o.str("mark", a.Mark)
	o.b = append(o.b, '}')
}

// appendFindingEvent appends a finding on an earlier message, or on a connection.
func appendFindingEvent(dst []byte, l *check.Located) []byte {
	o := object{dst}
	o.head(l.Time, nil)
	o.num("conn", int64(l.Conn))
	o.str("event", "finding")
	o.num("number", l.Number)
	if l.From != 0 {
		o.str("from", l.From.String())
	}
	if l.Number != 0 {
		o.name("offset")
		o.b = strconv.AppendInt(o.b, l.Offset, 10)
	}
	o.str("rule", l.Rule)
	o.str("severity", l.Severity.String())
	o.str("text", l.Text)
	return append(o.b, '}', '\n')
}
