package show

import (
	"strconv"
	"unicode/utf8"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/payload"
)

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
	o.kind(m)
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
		o.bytes(r)
		if r.Sent != nil {
			o.base64("sent_raw", r.Sent)
		}
	}
	return append(o.b, '}', '\n')
}

// kind adds the verb, and what kind of frame it is if that is no command.
func (o *object) kind(m *decode.Message) {
	if m.Named() {
		o.str("verb", m.Name())
	}
	if m.Frame.Kind != decode.Command {
		o.str("kind", m.Frame.Kind.String())
	}
}

// web adds the values of a message of a web service by name; of one that may come several
// times a list. An answer has the status of HTTP.
func (o *object) web(m *decode.Message) {
	if m.From == decode.Server {
		o.num("http_status", int64(m.Call.Status))
	}
	if m.Len() == 0 {
		return
	}
	o.name("fields")
	o.b = append(o.b, '{')
	for i := range m.Call.Values {
		p := m.Call.Values[i].Param
		if m.Call.First(p.Name) != i {
			continue
		}
		o.name(p.Name)
		if !p.Many {
			o.b = appendJSON(o.b, m.Call.Values[i].Text)
			continue
		}
		open := byte('[')
		for j := i; j < len(m.Call.Values); j++ {
			if v := &m.Call.Values[j]; v.Param.Name == p.Name {
				o.b = append(o.b, open)
				o.b = appendJSON(o.b, v.Text)
				open = ','
			}
		}
		o.b = append(o.b, ']')
	}
	o.b = append(o.b, '}')
}

// line adds the parameters: as they stand on the wire, and decoded by name, with what
// else filters know by name.
func (o *object) line(m *decode.Message) {
	if m.Call != nil {
		o.web(m)
		return
	}
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
	type part struct {
		name  string
		nodes []payload.Node
	}
	var others []part
	for i := range m.Len() {
		nodes := m.Within(i)
		if len(nodes) == 0 {
			continue
		}
		if name := m.Field(i).Name; name == "msnobj" {
			o.nodes("object", nodes)
		} else {
			others = append(others, part{name, nodes})
		}
	}
	if len(others) == 0 {
		return
	}
	o.name("parts")
	o.b = append(o.b, '{')
	for _, p := range others {
		o.nodes(p.name, p.nodes)
	}
	o.b = append(o.b, '}')
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

func (o *object) verdict(m *decode.Message) {
	if m.Challenge != nil {
		o.str("challenge", m.Challenge.Result.String())
	}
	o.str("signin", m.SignIn.String())
	o.str("sso", m.SSO.String())
	o.num("token_from", m.Token.Issued)
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
	if r.Fate != capture.Passed {
		o.str("fate", r.Fate.String())
	}
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
	o.str("verdict", r.Verdict)
	o.strings("changed_by", r.ChangedBy)
	if r.HeldFor > 0 {
		o.name("held_ms")
		o.b = capture.AppendMillis(o.b, r.HeldFor)
	}
}

// appendHeld appends the event that a message came, and waits: it follows when it is
// known what became of it. With raw, its bytes are in it, too.
func appendHeld(dst []byte, m *decode.Message, r *capture.Record, raw bool) []byte {
	o := object{dst}
	o.head(m.Time, r.Conn)
	o.str("event", "held")
	o.num("number", m.Number)
	o.str("from", m.From.String())
	o.kind(m)
	o.str("summary", m.Summary())
	if raw {
		o.bytes(r)
	}
	return append(o.b, '}', '\n')
}

// bytes adds the bytes of a frame, and what they can't tell.
func (o *object) bytes(r *capture.Record) {
	o.name("offset")
	o.b = strconv.AppendInt(o.b, r.Frame.Offset, 10)
	o.base64("raw", r.Frame.Raw)
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
