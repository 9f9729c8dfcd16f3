package show

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/check"
	"msnproxy/decode/payload"
)

// jsonVersion is the "v" of every object: it changes when a name changes its
// meaning or goes away, not when one is added. docs/json.md describes it.
const jsonVersion = 1

// object builds one JSON object by hand: the names are few, their order is fixed
// for readers, and a message costs no allocation.
type object struct{ b []byte }

func (o *object) name(s string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, s...)
	o.b = append(o.b, '"', ':')
}

func (o *object) str(name, v string) {
	if v != "" {
		o.name(name)
		o.b = appendJSON(o.b, v)
	}
}

func (o *object) num(name string, v int64) {
	if v != 0 {
		o.name(name)
		o.b = strconv.AppendInt(o.b, v, 10)
	}
}

func (o *object) head(t time.Time, conn *capture.Conn) {
	o.b = append(o.b, '{')
	o.num("v", jsonVersion)
	if !t.IsZero() {
		o.name("time")
		o.b = append(o.b, '"')
		o.b = t.UTC().AppendFormat(o.b, time.RFC3339Nano)
		o.b = append(o.b, '"')
	}
	if conn != nil {
		o.num("conn", int64(conn.ID))
	}
}

// appendMessage appends a message as one JSON object and a line end.
// With raw, the bytes of the frame are in it, too.
func appendMessage(dst []byte, m *decode.Message, r *capture.Record, raw bool) []byte {
	o := object{dst}
	o.head(m.Time, r.Conn)
	o.num("number", m.Number)
	o.str("role", m.Conn.Role.String())
	if s := m.Conn.Session; s != nil {
		o.num("session", int64(s.Number))
	}
	if v := m.Conversation(); v != nil {
		o.num("conversation", int64(v.Number))
		if v.Circle != "" {
			o.str("circle", v.Circle)
		}
		if v.Name != "" {
			o.str("circle_name", v.Name)
		}
	}
	o.str("account", m.Conn.Account)
	o.str("from", m.From.String())
	if m.Frame.Kind == decode.Command {
		o.str("verb", m.Name())
	} else {
		o.str("kind", m.Frame.Kind.String())
	}
	if n, ok := m.TrID(); ok {
		o.name("trid")
		o.b = strconv.AppendUint(o.b, uint64(n), 10)
	}
	o.line(m)
	o.payload(m)
	o.num("size", int64(len(m.Frame.Raw)))
	if m.Cut() {
		o.name("cut")
		o.b = append(o.b, "true"...)
	}
	o.str("summary", m.Summary())
	if m.ReplyTo != 0 {
		o.name("latency_ms")
		o.b = strconv.AppendFloat(o.b, float64(m.Latency)/1e6, 'f', -1, 64)
		o.num("reply_to", m.ReplyTo)
	}
	if d := &m.Delivery; d.Kind != decode.NoDelivery {
		o.num("copy_of", d.Of)
		o.name("delivered_ms")
		o.b = strconv.AppendFloat(o.b, float64(d.After)/1e6, 'f', -1, 64)
		o.str("delivered_to", m.Conn.Account)
	} else {
		o.num("same_as", d.First)
	}
	o.verdict(m)
	o.findings(m.Findings)
	o.fate(r)
	if raw {
		o.name("offset")
		o.b = strconv.AppendInt(o.b, r.Frame.Offset, 10)
		o.base64("raw", r.Frame.Raw)
		if r.Sent != nil {
			o.base64("sent_raw", r.Sent)
		}
		if r.Frame.Gap {
			o.name("gap")
			o.b = append(o.b, "true"...)
		}
		if r.Frame.TextLine > 0 {
			o.num("line", int64(r.Frame.TextLine))
		}
		if r.Frame.Omitted {
			o.name("omitted")
			o.b = append(o.b, "true"...)
		}
		if r.Frame.Resync {
			o.name("resync")
			o.b = append(o.b, "true"...)
		}
	}
	return append(o.b, '}', '\n')
}

func (o *object) base64(name string, b []byte) {
	o.name(name)
	o.b = append(o.b, '"')
	o.b = base64.StdEncoding.AppendEncode(o.b, b)
	o.b = append(o.b, '"')
}

// line adds the parameters: as they stand on the wire, and decoded by name, with what
// else filters know by name.
func (o *object) line(m *decode.Message) {
	if m.Len() == 0 {
		return
	}
	o.name("args")
	for i := range m.Len() {
		o.b = append(o.b, "[,"[min(i, 1)])
		o.b = appendJSON(o.b, m.Arg(i))
	}
	o.b = append(o.b, ']')
	o.name("fields")
	o.b = append(o.b, '{')
	for i := 0; i < m.Len(); i++ {
		f := m.Field(i)
		if f.Param != nil && f.Param.Repeat {
			o.name(f.Name)
			open := byte('[')
			for ; i < m.Len(); i++ {
				o.b = append(o.b, open)
				o.b = appendJSON(o.b, m.Field(i).Value())
				open = ','
			}
			o.b = append(o.b, ']')
			break
		}
		if f.Name != "word" {
			o.name(f.Name)
			o.b = appendJSON(o.b, f.Value())
		}
	}
	for name, value := range m.Also() {
		o.name(name)
		o.b = appendJSON(o.b, value)
	}
	o.b = append(o.b, '}')
	o.means(m)
	o.parts(m)
}

// means adds what values mean in words, by the parameter's name; of a repeated one the
// first.
func (o *object) means(m *decode.Message) {
	last := ""
	for i := range m.Len() {
		f := m.Field(i)
		if f.Name == "word" || f.Name == last {
			continue
		}
		words := f.Means()
		if words == "" {
			continue
		}
		if last == "" {
			o.name("means")
			o.b = append(o.b, '{')
		}
		o.str(f.Name, words)
		last = f.Name
	}
	if last != "" {
		o.b = append(o.b, '}')
	}
}

// parts adds what parameters hold: the description of a picture, and that of others by
// the parameter's name.
func (o *object) parts(m *decode.Message) {
	others := false
	for i := range m.Len() {
		if nodes := m.Within(i); m.Field(i).Name == "msnobj" {
			o.nodes("object", nodes)
		} else {
			others = others || nodes != nil
		}
	}
	if !others {
		return
	}
	o.name("parts")
	o.b = append(o.b, '{')
	for i := range m.Len() {
		if name := m.Field(i).Name; name != "msnobj" {
			o.nodes(name, m.Within(i))
		}
	}
	o.b = append(o.b, '}')
}

func (o *object) strings(name string, list []string) {
	if len(list) == 0 {
		return
	}
	o.name(name)
	open := byte('[')
	for _, s := range list {
		o.b = append(o.b, open)
		o.b = appendJSON(o.b, s)
		open = ','
	}
	o.b = append(o.b, ']')
}

func (o *object) payload(m *decode.Message) {
	pl := m.Payload()
	if pl == nil {
		return
	}
	o.name("payload")
	o.b = append(o.b, '{')
	o.str("kind", string(pl.Kind))
	o.str("type", pl.ContentType)
	o.str("charset", pl.Charset)
	o.str("text", pl.Text)
	nodes, problems := m.Unfold()
	o.nodes("nodes", nodes)
	o.strings("problems", problems)
	if raw := m.Frame.Payload(); !utf8.Valid(raw) {
		o.base64("base64", raw)
	}
	o.b = append(o.b, '}')
}

// nodes appends names and values, with what is in them.
func (o *object) nodes(name string, nodes []payload.Node) {
	if len(nodes) == 0 {
		return
	}
	o.name(name)
	open := byte('[')
	for i := range nodes {
		n := &nodes[i]
		o.b = append(o.b, open, '{')
		o.str("name", n.Name)
		o.str("value", n.Value)
		o.str("meaning", n.Meaning)
		o.nodes("nodes", n.Children)
		o.b = append(o.b, '}')
		open = ','
	}
	o.b = append(o.b, ']')
}

func (o *object) verdict(m *decode.Message) {
	if m.Challenge != nil {
		o.str("challenge", m.Challenge.Result.String())
	}
	o.str("signin", m.SignIn.String())
}

func (o *object) findings(list []decode.Finding) {
	if len(list) == 0 {
		return
	}
	o.name("findings")
	open := byte('[')
	for i := range list {
		o.b = append(o.b, open, '{')
		o.str("rule", list[i].Rule)
		o.str("severity", list[i].Severity.String())
		o.str("text", list[i].Text)
		o.b = append(o.b, '}')
		open = ','
	}
	o.b = append(o.b, ']')
}

// fate tells what was sent on where that is not what was received.
func (o *object) fate(r *capture.Record) {
	switch {
	case r.Fate == capture.Withheld:
		o.name("sent")
		o.b = append(o.b, `null`...)
	case r.Fate == capture.Injected:
		o.name("injected")
		o.b = append(o.b, `true`...)
	case r.Sent != nil:
		o.name("sent")
		o.b = appendJSON(o.b, r.Sent)
	}
}

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

// appendJSON appends a JSON string. Everything that is not printable is escaped,
// so that JSON may go to a terminal, too; bytes that are no UTF-8 become U+FFFD.
func appendJSON[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c == '\n':
				dst = append(dst, '\\', 'n')
			case c == '\r':
				dst = append(dst, '\\', 'r')
			case c == '\t':
				dst = append(dst, '\\', 't')
			case c < ' ' || c == 0x7f:
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			default:
				dst = append(dst, c)
			}
			continue
		}
		r, n := decodeRune(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, `\ufffd`...)
		case strconv.IsPrint(r):
			dst = append(dst, s[i:i+n]...)
		default:
			dst = appendUTF16(dst, r)
		}
		i += n
	}
	return append(dst, '"')
}

// appendUTF16 appends \uNNNN, twice where the rune needs a surrogate pair.
func appendUTF16(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	one := func(r rune) {
		dst = append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
	}
	if r > 0xffff {
		r -= 0x10000
		one(0xd800 | r>>10)
		one(0xdc00 | r&0x3ff)
		return dst
	}
	one(r)
	return dst
}
