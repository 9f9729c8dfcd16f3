package p2p

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Object is the description of an object: <msnobj Creator="..." .../>, by which a
// picture, an emoticon, a wink or a voice clip is offered and asked for.
type Object struct {
	Creator string
	// Size is that of the data in bytes, -1 if it is not said.
	Size int64
	// Type is the number that ObjectType names, -1 if it is not said.
	Type     int
	Location string
	// Friendly is the name that its owner gave it, decoded.
	Friendly string
	// SHA1D is the SHA-1 of the data, SHA1C that of this description's attributes, in
	// base64 as they stand there; either may be missing.
	SHA1D, SHA1C string
	// Attributes are all of them as they stand there, in order.
	Attributes []Field
}

// maxAttributes is how many attributes of one description are read.
const maxAttributes = 64

// ParseObject reads a description, as lenient as clients are: it returns false only
// for what does not begin as one.
func ParseObject(b []byte) (o Object, ok bool) {
	const tag = "<msnobj"
	start := bytes.IndexByte(b, '<')
	if start < 0 || len(bytes.TrimSpace(b[:start])) > 0 || len(b) < start+len(tag)+1 || !strings.EqualFold(string(b[start:start+len(tag)]), tag) {
		return o, false
	}
	if c := b[start+len(tag)]; c > ' ' && c != '/' && c != '>' {
		return o, false
	}
	o = Object{Size: -1, Type: -1}
	for at := start + len(tag); at < len(b) && len(o.Attributes) < maxAttributes; {
		var f Field
		if f, at = attribute(b, at); f.Name == "" {
			break
		}
		o.Attributes = append(o.Attributes, f)
		o.take(f.Name, f.Value)
	}
	return o, true
}

// attribute reads name="value", or returns no name where there is none.
func attribute(b []byte, at int) (Field, int) {
	for at < len(b) && b[at] <= ' ' {
		at++
	}
	from := at
	for at < len(b) && b[at] > ' ' && b[at] != '=' && b[at] != '/' && b[at] != '>' {
		at++
	}
	name := valid(b[from:at])
	for at < len(b) && b[at] <= ' ' {
		at++
	}
	if name == "" || at >= len(b) || b[at] != '=' {
		return Field{}, at
	}
	at++
	for at < len(b) && b[at] <= ' ' {
		at++
	}
	if at >= len(b) || b[at] != '"' && b[at] != '\'' {
		return Field{}, at
	}
	end := len(b)
	if i := bytes.IndexByte(b[at+1:], b[at]); i >= 0 {
		end = at + 1 + i
	}
	f := Field{Name: name, Start: at + 1, End: end, Value: html.UnescapeString(valid(b[at+1 : end]))}
	return f, min(end+1, len(b))
}

func (o *Object) take(name, v string) {
	switch strings.ToLower(name) {
	case "creator":
		o.Creator = v
	case "size":
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 {
			o.Size = n
		}
	case "type":
		if n, err := strconv.Atoi(v); err == nil && n >= 0 {
			o.Type = n
		}
	case "location":
		o.Location = v
	case "friendly":
		if b, ok := decode64(v); ok {
			o.Friendly = fromUTF16(b)
		}
	case "sha1d":
		o.SHA1D = v
	case "sha1c":
		o.SHA1C = v
	}
}

// Verdict says whether a hash is what it should be.
type Verdict uint8

// The verdicts.
const (
	Unjudged Verdict = iota // no hash, or not all that it is of
	Right
	Wrong
)

// String returns the verdict in lower case; "" for Unjudged.
func (v Verdict) String() string { return [...]string{"", "right", "wrong"}[v] }

// hashed are the attributes that SHA1C is of, in order.
var hashed = []string{"Creator", "Size", "Type", "Location", "Friendly", "SHA1D"}

// SHA1COf returns the SHA1C that the description should have: the SHA-1 of the names
// and values of its attributes from Creator to SHA1D, in base64. It returns "" if one
// of them is missing.
func (o *Object) SHA1COf() string { return o.sha1c(func(f Field) string { return f.Value }) }

func (o *Object) sha1c(value func(Field) string) string {
	h := sha1.New()
	for _, name := range hashed {
		found := false
		for _, f := range o.Attributes {
			if found = strings.EqualFold(f.Name, name); found {
				h.Write([]byte(name + value(f)))
				break
			}
		}
		if !found {
			return ""
		}
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Sealed says whether SHA1C is right.
func (o *Object) Sealed() Verdict {
	want := o.SHA1COf()
	if o.SHA1C == "" || want == "" {
		return Unjudged
	}
	return sameHash(o.SHA1C, want)
}

// Judge says whether SHA1D is right for data with that SHA-1.
func (o *Object) Judge(sum []byte) Verdict {
	if o.SHA1D == "" {
		return Unjudged
	}
	return sameHash(o.SHA1D, base64.StdEncoding.EncodeToString(sum))
}

// sameHash compares hashes in base64, the padding of which may be missing.
func sameHash(a, b string) Verdict {
	if strings.TrimRight(strings.TrimSpace(a), "=") == strings.TrimRight(b, "=") {
		return Right
	}
	return Wrong
}

// ObjectType returns the name of an object's type, or "".
func ObjectType(n int) string { return objectTypes[n] }

var objectTypes = map[int]string{
	1: "avatar", 2: KindEmoticon, 3: KindPicture, 4: "shared file", 5: "background", 6: "history",
	7: "dynamic display picture", 8: KindWink, 9: "map file", 10: "dynamic background", 11: "voice clip",
	12: "plug-in", 13: "roaming object", 14: "signature sound", 16: "scene",
}

// Kind names what is described.
func (o *Object) Kind() string {
	if name := ObjectType(o.Type); name != "" {
		return name
	}
	return KindObject
}

// Meaning says what the value of the attribute of that name means, or "".
func Meaning(attribute, value string) string {
	switch strings.ToLower(attribute) {
	case "type":
		if n, err := strconv.Atoi(value); err == nil {
			return ObjectType(n)
		}
	case "size":
		return "bytes"
	case "friendly":
		if b, ok := decode64(value); ok {
			return fromUTF16(b)
		}
	}
	return ""
}

// decode64 decodes base64, also without its padding.
func decode64(s string) ([]byte, bool) {
	s = strings.TrimSpace(s)
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		return b, true
	}
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil
}

// fromUTF16 decodes UTF-16LE up to a NUL.
func fromUTF16(b []byte) string {
	var units []uint16
	for i := 0; i+1 < len(b); i += 2 {
		u := uint16(b[i]) | uint16(b[i+1])<<8
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

func valid(b []byte) string { return strings.ToValidUTF8(string(b), "\ufffd") }
