// Package payload decodes what follows a command line: MIME messages, XML
// documents, answers to challenges.
//
// Nothing in it fails: a payload that is not what it should be is shown as far as
// it goes, and Problems say what is wrong. All strings are valid UTF-8, but may
// hold control characters and whatever else a peer put there.
package payload

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind is what the command table says a payload is.
type Kind string

// The kinds.
const (
	MIME         Kind = "mime"         // header block and body (MSG, UUM, SDG, ...)
	XML          Kind = "xml"          // any XML
	Notification Kind = "notification" // XML of NOT and IPG (MSNP5)
	Page         Kind = "page"         // XML fragments of PAG (MSNP5)
	Note         Kind = "note"         // plain text of SDC (MSNP5)
	Challenge    Kind = "challenge"    // 32 hex digits of QRY (MSNP6)
	Packets      Kind = "packets"      // of a direct connection (P2P): see Direct
	Body         Kind = "body"         // one of XML, MIME and Opaque, as it looks (error replies, MSNP24)
	HTTP         Kind = "http"         // headers and body of a message of HTTP: see Web
	Opaque       Kind = "opaque"       // bytes
)

// MaxHeaders is how many headers of a header block are looked at.
const MaxHeaders = 4096

// Bounds on what one payload unfolds to, whatever is in it.
const (
	maxNodes = MaxHeaders
	maxDepth = 32
)

// Node is one named value in a payload: a header, a key of a body, an element or
// attribute of XML.
type Node struct {
	// Name is spelled as it was sent.
	Name string
	// Value is decoded; Meaning says in words what it means, if that is known.
	Value, Meaning string
	// Start and End are where the value stands in the payload; equal if it does not
	// stand there as such.
	Start, End int
	Children   []Node
}

// Payload is a payload decoded.
type Payload struct {
	Kind Kind
	// ContentType is the media type of a MIME message, in lower case, without its
	// parameters.
	ContentType string
	// MessageType is what a routed payload is (SDG, MSNP18 and later), as it was sent:
	// "Text", "Control/Typing"; "" for others.
	MessageType string
	// ReadAs is the media type that the body is read as: ContentType, or what the
	// message type amounts to.
	ReadAs string
	// Charset is that of the text: as the payload says, or as it was taken.
	Charset string
	// Nodes are all names and values in the order in which they were sent.
	Nodes []Node
	// Text is what a person wrote, decoded; it stands in the payload from TextStart
	// to TextEnd.
	Text               string
	TextStart, TextEnd int
	// Body is what follows the header block of a MIME message: a window into the
	// payload.
	Body []byte
	// Summary is one line for lists.
	Summary string
	// Problems are what is wrong with the payload, each one line.
	Problems []string

	raw        []byte
	str        string // raw, if that is valid UTF-8: what names and values are cut from
	count      int
	room       []Node // for the first headers
	formatRoom []Node // for the pieces of the first X-MMS-IM-Format
}

// roomy is a payload with room for what most messages hold, so that they cost one
// allocation.
type roomy struct {
	Payload
	headers [8]Node
	format  [6]Node
}

// Decode decodes a payload. It never returns nil. Body is a window into b;
// everything else is a copy.
func Decode(kind Kind, b []byte) *Payload {
	kind = kind.Of(b)
	var p *Payload
	if kind == MIME {
		r := new(roomy)
		p = &r.Payload
		p.room, p.formatRoom = r.headers[:], r.format[:]
	} else {
		p = new(Payload)
	}
	p.Kind, p.raw = kind, b
	if utf8.Valid(b) {
		p.str = string(b)
	}
	switch kind {
	case MIME:
		p.mime()
	case XML:
		p.Nodes = p.xml(0, len(b))
		p.Summary = orWord(listSummary(p.Nodes), presenceSummary(p.Nodes))
		if p.Summary == "" {
			p.Summary = xmlSummary(p.Nodes)
		}
	case Notification:
		p.notification()
	case Page:
		p.page()
	case Note:
		p.text(0, "utf-8")
		p.Summary = quote(p.Text)
	case Challenge:
		p.challenge()
	default:
		p.Summary = fmt.Sprintf("%d bytes", len(b))
		if utf8.Valid(b) && printable(b) {
			p.text(0, "utf-8")
		}
	}
	return p
}

// Of returns the kind that a payload is: k itself, or if that is [Body] what it looks like.
func (k Kind) Of(b []byte) Kind {
	if k != Body {
		return k
	}
	line, _, ended := bytes.Cut(b, []byte{'\n'})
	name, _, key := bytes.Cut(line, []byte{':'})
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(b), []byte{'<'}):
		return XML
	case key && ended && len(name) > 0 && len(bytes.Trim(name, headerName)) == 0:
		return MIME
	}
	return Opaque
}

// headerName are the bytes that the names of headers are made of.
const headerName = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// Len returns the length of the payload in bytes.
func (p *Payload) Len() int { return len(p.raw) }

func (p *Payload) problem(format string, args ...any) {
	const most = 16
	if len(p.Problems) < most {
		p.Problems = append(p.Problems, fmt.Sprintf(format, args...))
	}
}

// Find returns the first node of that name, whatever its case, at any depth; nil
// if there is none.
func (p *Payload) Find(name string) *Node { return find(p.Nodes, name) }

func find(nodes []Node, name string) *Node {
	for i := range nodes {
		if strings.EqualFold(nodes[i].Name, name) {
			return &nodes[i]
		}
		if n := find(nodes[i].Children, name); n != nil {
			return n
		}
	}
	return nil
}

// value returns the value of the named node, or "".
func (p *Payload) value(name string) string {
	if n := p.Find(name); n != nil {
		return n.Value
	}
	return ""
}

// challenge decodes the answer to a challenge: 32 hex digits, and nothing after.
func (p *Payload) challenge() {
	p.Summary = valid(p.raw)
	p.Nodes = []Node{{Name: "response", Value: p.Summary, End: len(p.raw)}}
	if len(p.raw) != 32 || len(bytes.Trim(p.raw, "0123456789abcdefABCDEF")) > 0 {
		p.problem("the answer to a challenge is 32 hex digits")
	}
}

// cut returns the payload from start to end as valid UTF-8.
func (p *Payload) cut(start, end int) string {
	if p.str != "" {
		return p.str[start:end]
	}
	return valid(p.raw[start:end])
}

func valid(b []byte) string { return strings.ToValidUTF8(string(b), string(utf8.RuneError)) }
