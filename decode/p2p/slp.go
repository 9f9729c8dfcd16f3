package p2p

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SLP is a message of MSNSLP, a request or a reply, by which sessions are made and
// ended.
type SLP struct {
	// Start is the start line.
	Start string
	// Method and URI are of a request (INVITE, BYE, ACK); Status and Reason of a
	// reply, whose Method is "".
	Method, URI string
	Status      int
	Reason      string
	// Headers are the lines behind the start line, Body those of the block behind
	// them.
	Headers, Body []Field
	// Problems are what is wrong with it, each one line.
	Problems []string

	start, end         int // of the start line
	bodyStart, bodyEnd int
}

const (
	protocol = "MSNSLP/"
	invite   = "INVITE"
	maxStart = 1024
	maxLines = 512 // of a message
	// maxShared is how long a message is whose values may be parts of one string: who
	// keeps one of them keeps all.
	maxShared = 4096
)

// IsSLP reports whether b begins as a message of MSNSLP does: with the protocol and a
// status, or with a method, an address and the protocol. A packet's header before that
// is none, nor is a text that speaks of it.
func IsSLP(b []byte) bool {
	line, _, ok := bytes.Cut(b[:min(len(b), maxStart)], []byte("\n"))
	if !ok {
		return false
	}
	if bytes.HasPrefix(line, []byte(protocol)) {
		return true
	}
	method, rest, _ := bytes.Cut(line, []byte(" "))
	to, version, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	return isMethod(method) && bytes.IndexByte(to, ':') > 0 && bytes.HasPrefix(bytes.TrimLeft(version, " "), []byte(protocol))
}

// isMethod reports whether b is letters alone.
func isMethod(b []byte) bool {
	for _, c := range b {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return len(b) > 0
}

// ParseSLP reads a message; false if b does not begin as one. What the message
// announces of itself is not believed, but what is wrong with it is said.
func ParseSLP(b []byte) (s SLP, ok bool) {
	if !IsSLP(b) {
		return s, false
	}
	stop := len(bytes.TrimRight(b, "\x00"))
	at := s.begin(b)
	s.Headers, at = lines(b[:stop], at)
	s.bodyStart, s.bodyEnd = min(at, len(b)), len(b)
	if at < stop {
		s.Body, _ = lines(b[:stop], at)
	}
	for i := range s.Body {
		s.mean(&s.Body[i])
	}
	if n := s.bodyEnd - s.bodyStart; s.Header("Content-Length") != strconv.Itoa(n) {
		s.length(n)
	}
	return s, true
}

// begin reads the start line, and returns where the next one begins.
func (s *SLP) begin(b []byte) (next int) {
	next = bytes.IndexByte(b, '\n') + 1
	s.end = len(bytes.TrimRight(b[:next], "\r\n"))
	s.Start = valid(b[:s.end])
	s.startLine()
	return next
}

// SummaryOf is the Summary of what ParseSLP would return; only of invitations more is
// read than the start line.
func SummaryOf(b []byte) (summary string, ok bool) {
	var s SLP
	if ok = IsSLP(b); !ok {
		return "", false
	}
	if s.begin(b); s.Is(invite) {
		s, _ = ParseSLP(b)
	}
	return s.Summary(), true
}

// length says what is wrong with Content-Length, where n bytes are there.
func (s *SLP) length(n int) {
	v := s.Header("Content-Length")
	want, err := strconv.ParseUint(v, 10, 32)
	switch {
	case v == "" && n == 0:
	case err != nil:
		s.Problems = append(s.Problems, fmt.Sprintf("Content-Length of MSNSLP is %q, which is no number", clip(v)))
	default:
		s.Problems = append(s.Problems, fmt.Sprintf("Content-Length of MSNSLP is %d, and %d bytes follow", want, n))
	}
}

func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// startLine takes "INVITE MSNMSGR:bob@example.com MSNSLP/1.0" or "MSNSLP/1.0 200 OK"
// apart.
func (s *SLP) startLine() {
	first, rest, _ := strings.Cut(s.Start, " ")
	if !strings.HasPrefix(first, protocol) {
		s.Method = first
		s.URI, _, _ = strings.Cut(rest, " ")
		return
	}
	code, reason, _ := strings.Cut(rest, " ")
	s.Reason = reason
	if n, err := strconv.Atoi(code); err == nil {
		s.Status = n
	}
}

// lines reads "Name: value" lines up to an empty one, and returns the place behind it.
func lines(b []byte, at int) (list []Field, next int) {
	cut := func(part []byte, start int) string { return valid(part) }
	if len(b) <= maxShared && utf8.Valid(b) {
		text := string(b) // what all are cut from
		cut = func(part []byte, start int) string { return text[start : start+len(part)] }
	}
	list = make([]Field, 0, 12) // more than most have
	for at < len(b) && len(list) < maxLines {
		end, after := len(b), len(b)
		if i := bytes.IndexByte(b[at:], '\n'); i >= 0 {
			end, after = at+i, at+i+1
		}
		line := bytes.TrimSuffix(b[at:end], []byte{'\r'})
		if len(line) == 0 {
			return list, after
		}
		name, value, colon := bytes.Cut(line, []byte{':'})
		from := at + len(name) + 1 // of the value
		f := Field{Name: cut(trimmed(name, at))}
		if colon {
			f.Start = from + len(value) - len(bytes.TrimLeft(value, " \t"))
			value, from = trimmed(value, from)
			f.End = f.Start + len(value)
			f.Value = cut(value, from)
		}
		list = append(list, f)
		at = after
	}
	return list, at
}

// trimmed returns what is left without blanks around it of a piece that stands at a
// place, and where that stands.
func trimmed(piece []byte, at int) ([]byte, int) {
	inner := bytes.TrimSpace(piece)
	return inner, at + len(piece) - len(bytes.TrimLeftFunc(piece, unicode.IsSpace))
}

// mean says what a key of the body means, and opens what is in it.
func (s *SLP) mean(f *Field) {
	switch strings.ToLower(f.Name) {
	case "euf-guid":
		f.Meaning = Purpose(f.Value)
	case "appid":
		if app, err := strconv.ParseUint(f.Value, 10, 32); err == nil {
			f.Meaning = Application(uint32(app))
		}
	case "context":
		c := ParseContext(f.Value)
		f.Children = c.Fields()
	default:
		if key := backwards(f.Name); strings.HasPrefix(key, "IPv") {
			f.Children = []Field{{Name: key, Value: backwards(f.Value), Meaning: "written backwards"}}
		}
	}
}

func backwards(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

// Header returns the value of the first header of that name, whatever its case, or "".
func (s *SLP) Header(name string) string { return first(s.Headers, name) }

// Key returns the value of the first key of that name in the body, whatever its case,
// or "". Keys that are written backwards have their right name.
func (s *SLP) Key(name string) string { return first(s.Body, name) }

func first(list []Field, name string) string {
	for i := range list {
		if strings.EqualFold(list[i].Name, name) {
			return list[i].Value
		}
		if c := list[i].Children; len(c) == 1 && c[0].Meaning == "written backwards" && strings.EqualFold(c[0].Name, name) {
			return c[0].Value
		}
	}
	return ""
}

// Is reports whether the message is a request of that method.
func (s *SLP) Is(method string) bool { return strings.EqualFold(s.Method, method) }

// From and To return the addresses of the headers of these names: "alice@example.com",
// with what stands behind it of an end point.
func (s *SLP) From() string { return address(s.Header("From")) }

// To is the receiver's address: see From.
func (s *SLP) To() string { return address(s.Header("To")) }

// address takes "<msnmsgr:alice@example.com>" apart.
func address(v string) string {
	v = strings.Trim(strings.TrimSpace(v), "<>")
	if i := strings.IndexByte(v, ':'); i >= 0 && strings.EqualFold(v[:i], "msnmsgr") {
		v = v[i+1:]
	}
	return v
}

// Fields returns the message in order: its start line with all else below it.
func (s *SLP) Fields() []Field {
	f := Field{Name: "slp", Value: s.Start, Start: s.start, End: s.end}
	if s.Method != "" {
		f.Children = append(f.Children, s.piece("Method", s.Method, ""), s.piece("URI", s.URI, ""))
	} else {
		f.Children = append(f.Children, s.piece("Status", strconv.Itoa(s.Status), statuses[s.Status]), s.piece("Reason", s.Reason, ""))
	}
	f.Children = append(f.Children, s.Headers...)
	if s.bodyStart < s.bodyEnd {
		f.Children = append(f.Children, Field{Name: "body", Value: byteCount(s.bodyEnd - s.bodyStart), Meaning: s.Header("Content-Type"),
			Start: s.bodyStart, End: s.bodyEnd, Children: s.Body})
	}
	return []Field{f}
}

// piece is a field of what stands in the start line.
func (s *SLP) piece(name, value, meaning string) Field {
	f := Field{Name: name, Value: value, Meaning: meaning}
	if i := strings.Index(s.Start, value); i >= 0 && s.end-s.start == len(s.Start) {
		f.Start, f.End = s.start+i, s.start+i+len(value)
	}
	return f
}

var statuses = map[int]string{200: "accepted", 404: "not found", 481: "there is no such session", 500: "failed", 603: "declined", 606: "not acceptable"}

// Summary says in one line what the message is about.
func (s *SLP) Summary() string {
	if s.Method == "" {
		return strings.TrimSpace(strconv.Itoa(s.Status) + " " + s.Reason)
	}
	out := s.Method
	if inv, ok := s.Invitation(); ok {
		out += " to " + inv.Kind
		if inv.Name != "" {
			out += " " + strconv.Quote(inv.Name)
		}
		if inv.Size >= 0 {
			out += fmt.Sprintf(", %d bytes", inv.Size)
		}
	} else if o, ok := s.Offer(); ok && s.Is(invite) {
		out += " to a direct connection"
		if o.ConnType != "" {
			out += ", " + o.ConnType
		}
	}
	return out
}
