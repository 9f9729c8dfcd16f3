package capture

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"msnproxy/decode"
)

// Redactor takes out of records what must not be shared. What it takes out is
// replaced by stand-ins, the same for the same value everywhere, so that cookies
// still join connections and replies still belong to their requests; lengths are
// counted anew. Challenges (CHL and QRY) are left as they are, and still verify.
//
// Secrets are what the command table marks so (password hashes, passwords,
// cookies, tickets) and the secret headers of payloads. With All they are also
// handles, names, texts, mail, files and phone numbers. Bytes that are no MSNP, and
// lines that are cut, are blotted out: there is no telling what is in them.
type Redactor struct {
	all     bool
	key     []byte
	handles map[string]string
	names   map[string]string
	offset  map[*Conn]*[2]int64
	moved   map[movedLink]*moves
	msg     decode.Message
}

// NewRedactor returns a redactor. Stand-ins of one redactor say nothing of those
// of another.
func NewRedactor(all bool) (*Redactor, error) {
	r := &Redactor{all: all, key: make([]byte, 32), handles: make(map[string]string), names: make(map[string]string), offset: make(map[*Conn]*[2]int64),
		moved: make(map[movedLink]*moves)}
	if _, err := rand.Read(r.key); err != nil {
		return nil, err
	}
	return r, nil
}

// Redact changes the record: its frame and what was sent on get bytes of their
// own. role and dialect are what is known of the connection. An annotation stays
// on its frame, wherever that is now.
func (r *Redactor) Redact(rec *Record, role decode.Role, dialect int) {
	switch {
	case rec.Kind == Remark && rec.About != nil:
		r.annotation(rec)
	case rec.Kind == Remark && r.all:
		rec.Text = string(r.mask([]byte(rec.Text)))
	}
	if rec.Kind == Lost && rec.Conn != nil {
		r.link(rec)[index(rec.From)] += max(rec.Lost, 0)
	}
	if rec.Kind == Closed {
		delete(r.offset, rec.Conn)
	}
	if rec.Kind != Data {
		return
	}
	was := rec.Frame.Offset
	rec.Frame = r.frame(&rec.Frame, rec.From, role, dialect)
	at := &r.link(rec)[index(rec.From)]
	rec.Frame.Offset = *at
	r.move(rec, was)
	*at += int64(len(rec.Frame.Raw))
	if rec.Sent != nil {
		var f decode.Framer
		sent := reframe(&f, "", rec.Sent)
		rec.Sent = r.frame(&sent, rec.From, role, dialect).Raw
	}
}

func (r *Redactor) link(rec *Record) *[2]int64 {
	if r.offset[rec.Conn] == nil {
		r.offset[rec.Conn] = new([2]int64)
	}
	return r.offset[rec.Conn]
}

// frame returns a frame with the same meaning and without what is to go.
func (r *Redactor) frame(fr *decode.Frame, from decode.Sender, role decode.Role, dialect int) decode.Frame {
	out := *fr
	switch {
	case fr.Kind == decode.Blank:
		return fr.Clone()
	case fr.Kind == decode.Block:
		out.Raw = bytes.Clone(fr.Raw)
		if r.all {
			blot(out.Raw[min(len(out.Raw), len(out.Raw)-len(fr.Payload())):])
		}
		return out
	case fr.Kind == decode.Opaque:
		out.Raw = bytes.Clone(fr.Raw)
		blot(out.Raw)
		return out
	case fr.EOL == 0 && len(fr.Raw) > 3:
		out.Raw = bytes.Clone(fr.Raw)
		blot(out.Raw[3:])
		return out
	}
	m := &r.msg
	m.Decode(fr, from, role, dialect)
	body := r.payload(m)
	line := r.line(m, len(body))
	out.LineLen = len(line)
	out.Raw = append(append(line, fr.Raw[fr.LineLen:fr.LineLen+fr.EOL]...), body...)
	return out
}

// blot makes bytes unreadable, but for line ends.
func blot(b []byte) {
	for i, c := range b {
		if c != '\r' && c != '\n' {
			b[i] = 'x'
		}
	}
}

// line returns the command line with its parameters redacted.
func (r *Redactor) line(m *decode.Message, size int) []byte {
	fr := m.Frame
	out := make([]byte, 0, fr.LineLen+16)
	at := 0
	for i := range m.Len() {
		f := m.Field(i)
		out = append(out, fr.Raw[at:f.Token.Start]...)
		at = f.Token.End
		out = append(out, r.field(m, &f, size)...)
	}
	return append(out, fr.Raw[at:fr.LineLen]...)
}

// field returns the stand-in of one parameter.
func (r *Redactor) field(m *decode.Message, f *decode.Field, size int) []byte {
	raw := f.Raw
	if f.Param == nil {
		if m.Form == nil || r.all {
			return r.mask(raw)
		}
		return raw
	}
	k := f.Param.Kind
	switch {
	case k.Secret:
		return r.mask(raw)
	case k.Name == "length":
		if len(m.Frame.Payload()) > 0 {
			return strconv.AppendInt(nil, int64(size+m.Frame.Missing), 10)
		}
		return raw
	case !r.all:
		return raw
	case k.Name == "msnobj":
		return []byte("0")
	case k.Name == "handle" || k.Name == "target":
		return r.handle(raw)
	case k.Name == "friendly" || k.Name == "groupname":
		return r.name(raw)
	case k.Encoded:
		return escape(r.named([]byte(decode.Unescape(raw))))
	case k.Personal || k.Name == "arg":
		return r.named(raw)
	}
	return raw
}

// name returns the name that stands for one.
func (r *Redactor) name(raw []byte) []byte {
	s := decode.Unescape(raw)
	if address.MatchString(s) {
		return escape(r.words([]byte(s)))
	}
	if s == "" || s == "Hotmail" {
		return raw
	}
	if r.names[s] == "" {
		r.names[s] = fmt.Sprintf("Name%d", len(r.names)+1)
	}
	return []byte(r.names[s])
}

// escape percent-encodes what can't stand in a parameter.
func escape(b []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("%"), []byte("%25")), []byte(" "), []byte("%20"))
}

// named redacts a value that may be "F=Bob" or "N=bob@example.com" (MSNP10), a
// handle, or any words.
func (r *Redactor) named(raw []byte) []byte {
	if name, value, ok := bytes.Cut(raw, []byte("=")); ok && len(name) < 12 && !bytes.ContainsRune(name, '%') {
		return append(append(bytes.Clone(name), '='), r.named(value)...)
	}
	if bytes.IndexByte(raw, '@') > 0 && !bytes.ContainsRune(raw, '%') {
		return r.handle(raw)
	}
	return r.words(raw)
}

var (
	address = regexp.MustCompile(`[^\s<>"'(),:;=&%/]+@[A-Za-z0-9._-]+\.[A-Za-z]{2,}`)
	entity  = regexp.MustCompile(`^&#?[A-Za-z0-9]+;$`)
	pieces  = regexp.MustCompile(address.String() + `|&#?[A-Za-z0-9]+;`)
)

// words redacts a text: addresses in it become the handles that stand for them,
// letters and digits others. Entities of XML stay.
func (r *Redactor) words(b []byte) []byte {
	var out []byte
	at := 0
	for _, loc := range pieces.FindAllIndex(b, -1) {
		out = append(out, r.mask(b[at:loc[0]])...)
		if piece := b[loc[0]:loc[1]]; entity.Match(piece) {
			out = append(out, piece...)
		} else {
			out = append(out, r.handle(piece)...)
		}
		at = loc[1]
	}
	return append(out, r.mask(b[at:])...)
}

// handle returns the handle that stands for one, the same for either case. What
// is before it (a network) and behind (an end point) stays.
func (r *Redactor) handle(b []byte) []byte {
	s := string(b)
	at := strings.IndexByte(s, '@')
	if at < 0 {
		if s == "Hotmail" || strings.Trim(s, "0123456789") == "" {
			return b
		}
		return r.mask(b)
	}
	before, rest, after := "", s, ""
	if i := strings.IndexByte(s[:at], ':'); i >= 0 {
		before, rest = s[:i+1], s[i+1:]
	}
	if i := strings.IndexByte(rest, ';'); i >= 0 {
		rest, after = rest[:i], rest[i:]
	}
	key := strings.ToLower(rest)
	if r.handles[key] == "" {
		r.handles[key] = fmt.Sprintf("person%d@example.net", len(r.handles)+1)
	}
	return []byte(before + r.handles[key] + after)
}

// mask returns bytes of the same length and shape, letters for letters and digits
// for digits, that are the same for the same bytes. Hexadecimal stays such.
func (r *Redactor) mask(b []byte) []byte {
	out := bytes.Clone(b)
	hex := len(b) >= 16 && len(bytes.Trim(b, "0123456789abcdefABCDEF")) == 0
	mac := hmac.New(sha256.New, r.key)
	mac.Write(b)
	stream := mac.Sum(nil)
	for i := range out {
		if i > 0 && i%len(stream) == 0 {
			mac.Write(stream)
			stream = mac.Sum(nil)
		}
		n := stream[i%len(stream)]
		switch c := out[i]; {
		case hex && c >= 'a' && c <= 'f':
			out[i] = 'a' + (c-'a'+1+n%5)%6
		case hex && c >= 'A' && c <= 'F':
			out[i] = 'A' + (c-'A'+1+n%5)%6
		case c >= '0' && c <= '9':
			out[i] = '0' + (c-'0'+1+n%9)%10
		case c >= 'a' && c <= 'z':
			out[i] = 'a' + (c-'a'+1+n%25)%26
		case c >= 'A' && c <= 'Z':
			out[i] = 'A' + (c-'A'+1+n%25)%26
		case c >= 0x80:
			out[i] = 'x'
		}
	}
	return out
}
