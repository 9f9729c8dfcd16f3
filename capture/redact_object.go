package capture

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"html"
	"regexp"
	"strings"
	"unicode/utf16"

	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
)

// Descriptions of objects (<msnobj>) keep their form, their type and their size, so that a
// redacted recording still tells what was handed over. SHA1D is that of as many x as the
// object has bytes, which is what its content becomes; SHA1C is right where it was.

// mostHashed is how large an object is whose redacted content is hashed.
const mostHashed = 1 << 20

// object returns the description of an object, redacted.
func (r *Redactor) object(b []byte) []byte {
	o, ok := p2p.ParseObject(b)
	if !ok {
		return r.word(b)
	}
	out := r.describe(&o, "")
	if seal := o.SHA1C; seal != "" {
		redacted, _ := p2p.ParseObject(out)
		if seal = redacted.SHA1COf(); o.Sealed() != p2p.Right || seal == "" {
			seal = r.sum([]byte(o.SHA1C))
		}
		out = r.describe(&o, seal)
	}
	return out
}

// describe writes a description with that SHA1C, where it has one.
func (r *Redactor) describe(o *p2p.Object, seal string) []byte {
	b := bytes.NewBufferString("<msnobj")
	for i := range o.Attributes {
		a := &o.Attributes[i]
		v := r.attribute(o, strings.ToLower(a.Name), a.Value)
		if strings.EqualFold(a.Name, "SHA1C") {
			v = seal
		}
		name := a.Name
		if !attributeName.MatchString(name) {
			name = string(r.word([]byte(name)))
		}
		b.WriteString(" " + name + `="`)
		_ = xml.EscapeText(b, []byte(v)) // a buffer takes everything
		b.WriteByte('"')
	}
	return append(b.Bytes(), "/>"...)
}

var (
	attributeName = regexp.MustCompile(`^(?i)(creator|size|type|location|friendly|sha1d|sha1c|contenttype|contentid|stamp|avatarid|avatarcontentid|partnerid)$`)
	// fileType is the end of a name that says only what is in a file.
	fileType = regexp.MustCompile(`(?i)\.(png|gif|jpe?g|bmp|dat|tmp|wav|wma|swf|cab|txt|zip|exe|doc|pdf|mp3|avi)$`)
)

func (r *Redactor) attribute(o *p2p.Object, name, v string) string {
	switch name {
	case "creator":
		return string(r.handle([]byte(v)))
	case "size", "type":
		if isDigits(v) {
			return v
		}
	case "location":
		if v == "0" {
			return v
		}
		return r.fileName(v)
	case "friendly":
		if o.Friendly == "" && len(v) <= len("AAA=") {
			return v
		}
		var b []byte
		for _, u := range utf16.Encode([]rune(string(r.word([]byte(o.Friendly))))) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return base64.StdEncoding.EncodeToString(append(b, 0, 0))
	case "sha1d":
		if v != "" && o.Size >= 0 && o.Size <= mostHashed {
			h := sha1.Sum(bytes.Repeat([]byte{'x'}, int(o.Size)))
			return base64.StdEncoding.EncodeToString(h[:])
		}
		return r.sum([]byte(v))
	}
	if v == "" {
		return v
	}
	return string(r.words([]byte(v)))
}

// sum stands for a SHA-1 in base64.
func (r *Redactor) sum(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return base64.StdEncoding.EncodeToString(r.digest(b)[:sha1.Size])
}

// fileName stands for the name of a file; what kind it is of stays.
func (r *Redactor) fileName(v string) string {
	if v == "" {
		return v
	}
	return string(r.word([]byte(v))) + fileType.FindString(v)
}

// objectWithin returns the description of an object that stands in a value, redacted, in
// the value's own dress: as it is, or escaped for XML. It returns false if there is none.
func (r *Redactor) objectWithin(value []byte) ([]byte, bool) {
	if payload.IsObject(value) {
		return r.object(value), true
	}
	if bare := html.UnescapeString(string(value)); len(bare) != len(value) && payload.IsObject([]byte(bare)) {
		var b bytes.Buffer
		_ = xml.EscapeText(&b, r.object([]byte(bare))) // a buffer takes everything
		return b.Bytes(), true
	}
	return nil, false
}

// context makes what an invitation is about unreadable, in base64 of the same length: an
// object and a file stay what they are, with their size.
func (r *Redactor) context(value []byte) {
	text := bytes.TrimRight(value, "\x00 \t")
	for _, coding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
		b, err := coding.DecodeString(string(text))
		if err != nil {
			continue
		}
		with := coding.EncodeToString(r.contextOf(string(text), b))
		if len(with) == len(text) {
			copy(value, with)
			return
		}
	}
	blotText(value)
}

// contextOf returns the bytes of a context, redacted, as many as there were.
func (r *Redactor) contextOf(text string, b []byte) []byte {
	out := bytes.Clone(b)
	c := p2p.ParseContext(text)
	switch {
	case c.Object != nil:
		core := bytes.TrimRight(b, "\x00")
		if with := r.objectOf(core); with != nil {
			copy(out, with)
			return out
		}
	case c.File != nil:
		const name, behind = 20, 540 // of the name, in UTF-16
		blotName(out[min(name, len(out)):min(behind, len(out))])
		if n := int(binary.LittleEndian.Uint32(b)); n >= behind && n < len(out) {
			blotAll(out[n:]) // a preview of the file
		}
		return out
	}
	blotAll(out[:len(bytes.TrimRight(out, "\x00"))])
	return out
}

// objectOf is object in exactly as many bytes as there were, or nil: what is not needed
// is left out, blanks fill up.
func (r *Redactor) objectOf(b []byte) []byte {
	with := r.object(b)
	for _, less := range []string{"SHA1C", "contentid", "avatarcontentid", "Friendly", "Location"} {
		if len(with) <= len(b) {
			break
		}
		with = regexp.MustCompile(`(?i) `+less+`="[^"]*"`).ReplaceAll(with, nil)
	}
	if len(with) > len(b) {
		return nil
	}
	end := len(with) - len("/>")
	out := append(bytes.Clone(with[:end]), bytes.Repeat([]byte{' '}, len(b)-len(with))...)
	return append(out, with[end:]...)
}

// blotName makes a name in UTF-16 unreadable up to its end, but for the kind of file.
func blotName(b []byte) {
	var units []uint16
	for i := 0; i+1 < len(b); i += 2 {
		u := binary.LittleEndian.Uint16(b[i:])
		if u == 0 {
			for j := i; j < len(b); j++ {
				b[j] = 0 // whatever was left there
			}
			break
		}
		units = append(units, u)
	}
	keep := len(units) - len(fileType.FindString(string(utf16.Decode(units))))
	for i := range units {
		if i < keep {
			binary.LittleEndian.PutUint16(b[2*i:], 'x')
		}
	}
}

// guids finds GUIDs, without braces.
var guids = regexp.MustCompile(`[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}`)

// ids replaces the GUIDs in a value by their stand-ins, which are as long, and reports
// whether that was all of it but for public words.
func (r *Redactor) ids(value []byte) bool {
	copy(value, guids.ReplaceAllFunc(bytes.Clone(value), r.guid))
	return idShape.Match(bytes.TrimRight(value, " \t\r\x00"))
}

var idShape = regexp.MustCompile(`^\s*(MSNSLP/1\.0/TLP ?; ?branch=)?\{?[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}?$`)

// nonce replaces a nonce in a packet by the GUID that stands for it in MSNSLP.
func (r *Redactor) nonce(b []byte) {
	le := binary.LittleEndian
	swap := func(b []byte) []byte {
		out := bytes.Clone(b)
		le.PutUint32(out, binary.BigEndian.Uint32(b))
		le.PutUint16(out[4:], binary.BigEndian.Uint16(b[4:]))
		le.PutUint16(out[6:], binary.BigEndian.Uint16(b[6:]))
		return out
	}
	h := hex.EncodeToString(swap(b))
	with := r.guid([]byte(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]))
	raw, err := hex.DecodeString(strings.ReplaceAll(string(with), "-", ""))
	if err != nil || len(raw) != len(b) {
		blotAll(b)
		return
	}
	copy(b, swap(raw))
}
