package show

import (
	"strconv"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/payload"
)

// Line is one field of a message, for the detail of a message. Start and End are
// its bytes in the frame's Raw (equal: it has no bytes of its own). Nothing in it
// is escaped or cut short.
type Line struct {
	Depth              int
	Name, Value, Means string
	Start, End         int
	Secret             bool
}

// Lines appends everything in a message, in order: the verb, the parameters, the
// payload to the last of what is nested in it, the text.
func Lines(dst []Line, m *decode.Message) []Line {
	switch m.Frame.Kind {
	case decode.Blank:
		return append(dst, Line{Name: "empty line", Means: "between commands", End: len(m.Frame.Raw)})
	case decode.Block:
		return blockLines(dst, m.Frame)
	case decode.Opaque:
		if m.Direct != nil {
			return payloadLines(dst, m)
		}
		return opaqueLines(dst, m.Frame.Raw)
	case decode.Web:
		if m.Call == nil {
			return payloadLines(append(dst, Line{Name: "HTTP", Value: string(m.Frame.Line()), End: m.Frame.LineLen}), m)
		}
	}
	dst = append(dst, Line{Name: "verb", Value: m.Name(), Means: verbMeaning(m), End: len(m.Frame.Verb())})
	if m.Call != nil {
		dst = append(dst, Line{Name: "HTTP", Value: string(m.Frame.Line()), End: m.Frame.LineLen})
	}
	for i, f := range m.InLine() {
		l := Line{Name: f.Name, Value: f.Value(), Means: f.Means(), Start: f.Token.Start, End: f.Token.End}
		l.Secret = f.Param != nil && f.Param.Kind.Secret
		if f.Cut {
			l.Means = "cut: the recording lacks its end"
		}
		dst = append(dst, l)
		dst = nodeLines(dst, m.Within(i), Line{Depth: 1, Start: f.Token.Start, Secret: l.Secret})
	}
	return payloadLines(dst, m)
}

// verbMeaning says what the line is for, or what an error means.
func verbMeaning(m *decode.Message) string {
	if code := m.Error(); code != "" && decode.ErrorName(code) != "" {
		return decode.ErrorName(code)
	}
	switch {
	case m.Form != nil:
		return m.Form.Meaning
	case m.Verb != nil:
		return m.Verb.Meaning
	}
	return ""
}

// payloadLines appends the payload, if one was announced.
func payloadLines(dst []Line, m *decode.Message) []Line {
	fr := m.Frame
	p := m.Payload()
	if p == nil && fr.Missing == 0 {
		return dst
	}
	at := len(fr.Raw) - len(fr.Payload())
	l := Line{Name: "payload", Value: byteCount(len(fr.Payload())), Start: at, End: len(fr.Raw)}
	if fr.Missing > 0 {
		l.Value += ", " + strconv.Itoa(fr.Missing) + " missing"
	}
	if p == nil {
		return append(dst, l)
	}
	if l.Means = p.ContentType; l.Means == "" {
		l.Means = string(p.Kind)
	}
	dst = append(dst, l)
	nodes, problems := m.Unfold()
	dst = nodeLines(dst, nodes, Line{Depth: 1, Start: at})
	if p.Text != "" && !hasNode(nodes, "text") {
		dst = append(dst, Line{Depth: 1, Name: "text", Value: p.Text, Means: p.Charset, Start: at + p.TextStart, End: at + p.TextEnd})
	}
	for _, problem := range problems {
		dst = append(dst, Line{Depth: 1, Name: "problem", Value: problem})
	}
	return dst
}

// nodeLines appends nodes and what is in them. The parent gives the depth, the
// place in the frame that their places count from, and whether all is secret.
func nodeLines(dst []Line, nodes []payload.Node, parent Line) []Line {
	for i := range nodes {
		n := &nodes[i]
		l := Line{Depth: parent.Depth, Name: n.Name, Value: n.Value, Means: n.Meaning}
		l.Secret = parent.Secret || payload.Secret(strings.TrimPrefix(n.Name, "@"))
		if n.End > n.Start {
			l.Start, l.End = parent.Start+n.Start, parent.Start+n.End
		}
		dst = append(dst, l)
		dst = nodeLines(dst, n.Children, Line{Depth: parent.Depth + 1, Start: parent.Start, Secret: l.Secret})
	}
	return dst
}

func hasNode(nodes []payload.Node, name string) bool {
	for i := range nodes {
		if strings.EqualFold(nodes[i].Name, name) || hasNode(nodes[i].Children, name) {
			return true
		}
	}
	return false
}

// blockLines appends a block of an MSNFTP file: its type, its length with the low
// byte first, its data.
func blockLines(dst []Line, fr *decode.Frame) []Line {
	raw := fr.Raw
	if len(raw) > 0 {
		l := Line{Name: "type", Value: strconv.Itoa(int(raw[0])), End: 1}
		switch raw[0] {
		case 0:
			l.Means = "data of the file"
		case 1:
			l.Means = "end of the file, or of the transfer"
		}
		dst = append(dst, l)
	}
	if len(raw) > 2 {
		dst = append(dst, Line{Name: "length", Value: strconv.Itoa(int(raw[1]) | int(raw[2])<<8), Means: "bytes", Start: 1, End: 3})
	}
	if n := len(fr.Payload()); n > 0 {
		dst = append(dst, Line{Name: "data", Value: byteCount(n), Start: len(raw) - n, End: len(raw)})
	}
	return dst
}

// opaqueLines appends bytes that are no MSNP, as text if they are that.
func opaqueLines(dst []Line, raw []byte) []Line {
	dst = append(dst, Line{Name: "bytes", Value: byteCount(len(raw)), Means: "no MSNP", End: len(raw)})
	if p := payload.Decode(payload.Opaque, raw); p.Text != "" {
		dst = append(dst, Line{Depth: 1, Name: "text", Value: p.Text, Start: p.TextStart, End: p.TextEnd})
	}
	return dst
}

func byteCount(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.Itoa(n) + " bytes"
}
