package p2p

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"
)

// File is the description of a file in an invitation.
type File struct {
	Name string
	// Size is in bytes.
	Size uint64
	// Version is 2 or 3, Type 0: a preview follows, 1: none does, 4: a background.
	Version, Type uint32
	// Preview is a picture in PNG; nil if there is none.
	Preview []byte
}

// The structure that describes a file: its fixed part, with the low bytes first.
const (
	fileVersionAt = 4
	fileSizeAt    = 8
	fileTypeAt    = 16
	fileNameAt    = 20
	fileNameEnd   = 540
	fileFixed     = 574 // in version 2; 637 or 638 in version 3
)

var fileTypes = map[uint32]string{0: "a preview follows", 1: "without a preview", 4: "background picture"}

// ParseFile reads the description of a file, which stands in base64 in an invitation.
func ParseFile(b []byte) (f File, ok bool) {
	if len(b) < fileNameEnd {
		return f, false
	}
	le := binary.LittleEndian
	f = File{Version: le.Uint32(b[fileVersionAt:]), Size: le.Uint64(b[fileSizeAt:]), Type: le.Uint32(b[fileTypeAt:]),
		Name: fromUTF16(b[fileNameAt:fileNameEnd])}
	if f.Version != 2 && f.Version != 3 {
		return File{}, false
	}
	fixed := uint64(fileFixed)
	if n := uint64(le.Uint32(b)); f.Version == 3 && n > fileFixed {
		fixed = n // that of version 2 is not to be relied on
	}
	if f.Type == 0 && fixed < uint64(len(b)) {
		f.Preview = b[fixed:]
	}
	return f, true
}

// Context is what an invitation is to: one of its parts is there, or none.
type Context struct {
	Object *Object
	File   *File
	// Text is what stands there otherwise, as the GUID of a webcam or the number and
	// name of an activity.
	Text string
}

// ParseContext reads the Context of an invitation, in base64.
func ParseContext(value string) (c Context) {
	b, ok := decode64(value)
	if !ok {
		return c
	}
	if o, ok := ParseObject(bytes.TrimRight(b, "\x00")); ok {
		c.Object = &o
		return c
	}
	if f, ok := ParseFile(b); ok {
		c.File = &f
		return c
	}
	if len(b) > 3 && len(b)%2 == 0 && b[1] == 0 && b[3] == 0 {
		if s := fromUTF16(b); printable(s) {
			c.Text = s
		}
	} else if s := strings.TrimRight(string(b), "\x00"); printable(s) {
		c.Text = s
	}
	return c
}

func printable(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' })
}

// Fields returns what the context says. They have no places: it was base64.
func (c *Context) Fields() (list []Field) {
	switch {
	case c.Object != nil:
		o := Field{Name: "msnobj"}
		for _, a := range c.Object.Attributes {
			o.Children = append(o.Children, Field{Name: "@" + a.Name, Value: a.Value, Meaning: Meaning(a.Name, a.Value)})
		}
		if v := c.Object.Sealed(); v != Unjudged {
			o.mark("@SHA1C", v.String())
		}
		return []Field{o}
	case c.File != nil:
		f := c.File
		list = []Field{
			{Name: "file version", Value: strconv.FormatUint(uint64(f.Version), 10)},
			{Name: "file size", Value: strconv.FormatUint(f.Size, 10), Meaning: "bytes"},
			{Name: "file type", Value: strconv.FormatUint(uint64(f.Type), 10), Meaning: fileTypes[f.Type]},
			{Name: "file name", Value: f.Name},
		}
		if len(f.Preview) > 0 {
			list = append(list, Field{Name: "preview", Value: byteCount(len(f.Preview))})
		}
	case c.Text != "":
		list = []Field{{Name: "context text", Value: c.Text}}
	}
	return list
}

// mark sets the meaning of the attribute of that name, in any case.
func (f *Field) mark(name, meaning string) {
	for i := range f.Children {
		if strings.EqualFold(f.Children[i].Name, name) {
			f.Children[i].Meaning = meaning
		}
	}
}
