package http1

import (
	"bytes"
	"strings"
)

// Header is one header of a message: where its name and its value stand in Raw. The value
// is without the blanks around it; one that is folded over lines has them in it.
type Header struct {
	Name, Value Place
}

// Place is a stretch of a message's bytes, from Start to End.
type Place struct{ Start, End int }

// Message is one message of HTTP/1. All byte slices that it gives are windows into Raw,
// unless it is said that they are copies.
type Message struct {
	// Raw is the message as it stood on the wire.
	Raw []byte
	// Request: it is a request, with Method and Target; else an answer, with Status and
	// Reason.
	Request        bool
	Method, Target string
	Status         int
	Reason         string
	// Protocol is "HTTP/1.0" or "HTTP/1.1".
	Protocol string
	// Headers are in the order in which they were sent.
	Headers []Header
	// Line is the length of the first line without its end, Head that of the head with
	// its empty line. What is behind it is the body as it was sent.
	Line, Head int
}

// Parse reads a message. Its head must be whole, its body need not be. ok is false where
// the bytes are no message of HTTP/1.
func Parse(raw []byte) (m *Message, ok bool) {
	n := HeadLen(raw)
	if n == 0 || n > MaxHead {
		return nil, false
	}
	if m, ok = parseHead(raw[:n]); !ok {
		return nil, false
	}
	m.Raw = raw
	return m, true
}

// parseHead reads a head, which is whole.
func parseHead(b []byte) (*Message, bool) {
	end := bytes.IndexByte(b, '\n')
	line := trimCR(b[:end])
	m := &Message{Raw: b, Line: len(line), Head: len(b)}
	if len(line) > MaxLine {
		return nil, false
	}
	f := firstLine(line, true)
	if m.Request = f.ok; !f.ok {
		if f = firstLine(line, false); !f.ok {
			return nil, false
		}
		m.Protocol, m.Status, m.Reason = string(f.words[0]), f.status, string(f.words[2])
	} else {
		m.Method, m.Target, m.Protocol = string(f.words[0]), string(f.words[1]), string(f.words[2])
	}
	for at := end + 1; at < len(b); {
		next := len(b)
		if i := bytes.IndexByte(b[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		m.header(at, at+len(bytes.TrimRight(b[at:next], "\r\n")))
		at = next
	}
	return m, true
}

// header notes the line from start to end. One that begins with a blank goes on with the
// line before it; one without a colon is nothing.
func (m *Message) header(start, end int) {
	line := m.Raw[start:end]
	if n := len(m.Headers); len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		if n > 0 && len(bytes.TrimSpace(line)) > 0 {
			m.Headers[n-1].Value.End = start + len(bytes.TrimRight(line, " \t"))
		}
		return
	}
	i := bytes.IndexByte(line, ':')
	if i <= 0 {
		return
	}
	name := Place{start, start + len(bytes.TrimRight(line[:i], " \t"))}
	value := bytes.TrimLeft(line[i+1:], " \t")
	at := end - len(value)
	m.Headers = append(m.Headers, Header{name, Place{at, at + len(bytes.TrimRight(value, " \t"))}})
}

// Text returns the bytes at a place.
func (m *Message) Text(p Place) []byte { return m.Raw[p.Start:p.End] }

// Find returns the first header of that name, whatever its case; nil if there is none.
func (m *Message) Find(name string) *Header {
	for i := range m.Headers {
		if m.is(&m.Headers[i], name) {
			return &m.Headers[i]
		}
	}
	return nil
}

func (m *Message) is(h *Header, name string) bool {
	return h.Name.End-h.Name.Start == len(name) && strings.EqualFold(string(m.Text(h.Name)), name)
}

// Value returns the value of the first header of that name, "" if there is none. Line
// ends within it are blanks.
func (m *Message) Value(name string) string {
	if h := m.Find(name); h != nil {
		return m.unfold(h.Value)
	}
	return ""
}

// Values returns the values of all headers of that name.
func (m *Message) Values(name string) (values []string) {
	for i := range m.Headers {
		if h := &m.Headers[i]; m.is(h, name) {
			values = append(values, m.unfold(h.Value))
		}
	}
	return values
}

func (m *Message) unfold(p Place) string {
	v := string(m.Text(p))
	if strings.IndexByte(v, '\n') < 0 {
		return v
	}
	lines := strings.Split(v, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, " ")
}

// Sent returns the body as it was sent, with its chunks.
func (m *Message) Sent() []byte { return m.Raw[m.Head:] }

// Tunnels reports whether what follows the message on its link is no HTTP of this
// connection any more: behind a CONNECT, the answer to one, or a change of protocol. An
// answer to CONNECT is known by having nothing that tells of a body.
func (m *Message) Tunnels() bool {
	if m.Request {
		return m.Method == "CONNECT"
	}
	if m.Status == 101 {
		return true
	}
	if m.Status/100 != 2 || m.Status == 204 {
		return false
	}
	for _, name := range []string{"Content-Length", "Transfer-Encoding", "Content-Type"} {
		if m.Find(name) != nil {
			return false
		}
	}
	return true
}

// TargetPlace returns where the target of a request stands.
func (m *Message) TargetPlace() Place {
	if !m.Request {
		return Place{}
	}
	line := m.Raw[:m.Line]
	start := bytes.IndexByte(line, ' ') + 1
	return Place{start, start + len(bytes.TrimRight(line[start:bytes.LastIndexByte(line, ' ')], " "))}
}
