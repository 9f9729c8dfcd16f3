package transfer

import (
	"bytes"
	"unicode/utf8"
)

// types tell content by its first bytes.
var types = []struct {
	begins    string
	at        int
	name, ext string
}{
	{"\x89PNG\r\n\x1a\n", 0, "PNG picture", "png"},
	{"\xff\xd8\xff", 0, "JPEG picture", "jpg"},
	{"GIF87a", 0, "GIF picture", "gif"},
	{"GIF89a", 0, "GIF picture", "gif"},
	{"BM", 0, "BMP picture", "bmp"},
	{"WEBP", 8, "WebP picture", "webp"},
	{"WAVE", 8, "WAVE sound", "wav"},
	{"AVI ", 8, "AVI film", "avi"},
	{"MSCF", 0, "cabinet (wink)", "cab"},
	{"CWS", 0, "Flash film", "swf"},
	{"FWS", 0, "Flash film", "swf"},
	{"ID3", 0, "MP3 sound", "mp3"},
	{"OggS", 0, "Ogg sound", "ogg"},
	{"0&\xb2u\x8ef\xcf\x11", 0, "Windows Media", "wma"},
	{"ftyp", 4, "MP4 film", "mp4"},
	{"%PDF-", 0, "PDF document", "pdf"},
	{"PK\x03\x04", 0, "ZIP archive", "zip"},
	{"Rar!\x1a\x07", 0, "RAR archive", "rar"},
	{"7z\xbc\xaf\x27\x1c", 0, "7-Zip archive", "7z"},
	{"\x1f\x8b\x08", 0, "gzip data", "gz"},
	{"MZ", 0, "Windows program", "exe"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, "OLE document", "ole"},
}

// Type says what content is by how it begins, and the extension of the name that a file
// of it gets: "data" and "bin" if that is not known.
func (t *Transfer) Type() (name, ext string) { return TypeOf(t.Head) }

// TypeOf is [Transfer.Type] for the first bytes of a content.
func TypeOf(head []byte) (name, ext string) {
	for _, x := range types {
		if len(head) >= x.at && bytes.HasPrefix(head[x.at:], []byte(x.begins)) {
			return x.name, x.ext
		}
	}
	if len(head) > 0 && text(head) {
		return "text", "txt"
	}
	return "data", "bin"
}

// text reports whether b is text, perhaps cut within a character at its end.
func text(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 && utf8.FullRune(b) || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		b = b[n:]
	}
	return true
}
