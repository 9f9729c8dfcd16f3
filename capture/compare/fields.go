package compare

import (
	"fmt"
	"strconv"
	"strings"

	"msnproxy/capture/story"
	"msnproxy/decode"
	"msnproxy/decode/challenge"
	"msnproxy/decode/payload"
)

// Field is one thing that a message says.
type Field struct {
	// Name is that of the parameter, of the header or key of the payload (with those
	// that it is nested in, parted by "/"), or "text", "body", "bytes".
	Name  string
	Value string
	// Volatile values are not to be expected again: only that they are there means
	// something.
	Volatile bool
	// Link is the class of a volatile value that other messages repeat: two
	// recordings agree if the same values take the place of the same ones.
	Link string
}

// maxValue is how much of a value is looked at as text. Longer ones are compared
// whole, by digest.
const maxValue = 4096

// Fields returns what the message says, in order: parameters, headers and keys of
// the payload to the last, the text. Fields of one name are told apart by order.
func Fields(m *decode.Message) []Field { return appendFields(nil, m) }

func appendFields(fields []Field, m *decode.Message) []Field {
	return appendTold(fields, told{Message: m})
}

// told is a message, and what it means beyond its packets if it carries P2P.
type told struct {
	*decode.Message
	peer *story.Peer
}

func appendTold(fields []Field, m told) []Field {
	fr := m.Frame
	if fr.Kind != decode.Command && m.peer != nil {
		return appendPeer(fields, m)
	}
	if m.Call != nil {
		return appendWeb(fields, m.Message)
	}
	if fr.Kind != decode.Command {
		return append(fields, Field{Name: "bytes", Value: clip(fr.Raw)})
	}
	if code := m.Error(); code != "" {
		fields = append(fields, Field{Name: "error", Value: code})
	}
	for i := range m.Len() {
		p := parameter(m.Message, i)
		fields = append(fields, p)
		fields = appendNodes(fields, p.Name+"/", m.Within(i), p.Volatile)
	}
	if m.Challenge != nil && m.Challenge.Result == challenge.Wrong {
		fields = append(fields, Field{Name: "challenge", Value: "the answer is wrong"})
	}
	if m.SignIn == decode.SignInWrong {
		fields = append(fields, Field{Name: "signin", Value: "the answer is wrong"})
	}
	if fr.Missing > 0 {
		fields = append(fields, Field{Name: "incomplete", Value: "the end of the payload is missing"})
	}
	if m.peer != nil {
		return appendPeer(fields, m)
	}
	if p := m.Payload(); p != nil {
		fields = appendPayload(fields, p)
	}
	return fields
}

// appendWeb adds what a message of a web service says: what the service table has names
// for. Of what differs each time, as dates, the rest of it is full.
func appendWeb(fields []Field, m *decode.Message) []Field {
	if m.From == decode.Server {
		fields = append(fields, Field{Name: "status", Value: strconv.Itoa(m.Call.Status)})
	}
	text := m.Payload().Text
	for i := range m.Len() {
		p := parameter(m, i)
		if p.Name == "content" && text != "" {
			p = Field{Name: "text", Value: text} // its headers have dates and ids
		}
		fields = append(fields, p)
	}
	if m.Challenge != nil && m.Challenge.Result == challenge.Wrong {
		fields = append(fields, Field{Name: "challenge", Value: "the answer is wrong"})
	}
	if m.Frame.Missing > 0 {
		fields = append(fields, Field{Name: "incomplete", Value: "the end of the body is missing"})
	}
	return fields
}

func parameter(m *decode.Message, i int) Field {
	f := m.Field(i)
	out := Field{Name: f.Name, Value: f.Value()}
	if f.Param == nil {
		return out
	}
	k := f.Param.Kind
	out.Volatile = k.Volatile || k.Secret || k.Derived
	if k.Linked {
		out.Link = k.Name
	}
	return out
}

// appendPayload adds what a payload says. A body that is neither text nor taken
// apart counts as a whole.
func appendPayload(fields []Field, p *payload.Payload) []Field {
	nodes, _ := p.Unfold()
	start := p.Len() - len(p.Body)
	covered := len(p.Body) == 0 && p.Kind == payload.MIME
	for i := range nodes {
		covered = covered || reaches(&nodes[i], start)
	}
	fields = appendNodes(fields, "", nodes, false)
	switch {
	case p.Text != "" && p.TextEnd > p.TextStart:
		fields = append(fields, Field{Name: "text", Value: clip(p.Text)})
	case !covered && p.Kind == payload.MIME:
		fields = append(fields, Field{Name: "body", Value: clip(p.Body)})
	case len(nodes) == 0 && p.Kind != payload.MIME:
		fields = append(fields, Field{Name: "payload", Value: p.Summary})
	}
	return fields
}

// reaches reports whether a node, or one within it, stands behind that place. Elements of
// XML have no place, what is in them has.
func reaches(n *payload.Node, start int) bool {
	if n.End > n.Start {
		return n.Start >= start
	}
	for i := range n.Children {
		if reaches(&n.Children[i], start) {
			return true
		}
	}
	return false
}

func appendNodes(fields []Field, within string, nodes []payload.Node, volatile bool) []Field {
	for i := range nodes {
		n := &nodes[i]
		if n.Name == "handle" && n.Start == n.End && strings.HasSuffix(within, "c/") {
			continue // a contact's two parts say it
		}
		name := within + n.Name
		v := volatile || n.Name != viaPart && payload.Volatile(strings.TrimPrefix(n.Name, "@"))
		if !tells(n) {
			fields = append(fields, Field{Name: name, Value: clip(n.Value), Volatile: v, Link: payload.Linked(strings.TrimPrefix(n.Name, "@"))})
		}
		fields = appendNodes(fields, name+"/", n.Children, v)
	}
	return fields
}

// viaPart is the part of an address that says which circle it comes by; the header Via is
// another thing.
const viaPart = "via"

// tells reports whether the children say all that the value does.
func tells(n *payload.Node) bool {
	for i := range n.Children {
		if !strings.HasPrefix(n.Children[i].Name, "@") {
			return true
		}
	}
	return false
}

// clip returns a value as text; of a long one the beginning and a digest.
func clip[T string | []byte](b T) string {
	s := strings.ToValidUTF8(string(b[:min(len(b), maxValue)]), "\ufffd")
	if len(b) > maxValue || len(s) != len(b) {
		s += fmt.Sprintf("... (%d bytes, digest %016x)", len(b), digest(offset64, b))
	}
	return s
}
