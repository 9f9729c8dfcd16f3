package capture

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// sniffed is how many bytes are looked at to tell what a file is.
const sniffed = 64 << 10

// magics are the first bytes of what people give to a program that reads
// captures, and what to call it.
var magics = []struct{ bytes, name string }{
	{"\x7fELF", "an ELF program"},
	{"MZ", "a Windows program"},
	{"\x28\xb5\x2f\xfd", "zstd-compressed (zstd -d unpacks it)"},
	{"\xfd7zXZ\x00", "xz-compressed (xz -d unpacks it)"},
	{"BZh", "bzip2-compressed (bzip2 -d unpacks it)"},
	{"PK\x03\x04", "a zip archive (unzip unpacks it)"},
	{"\x04\x22\x4d\x18", "lz4-compressed (lz4 -d unpacks it)"},
	{"\x1f\x8b", "gzip of a gzip (gzip -d unpacks it)"},
	{"snoop\x00\x00\x00", "a snoop capture (editcap makes a pcap of it)"},
	{"GMBU", "a Network Monitor 1 capture (editcap makes a pcap of it)"},
	{"RTSS", "a Network Monitor 1 capture (editcap makes a pcap of it)"},
	{"\x34\xcd\xb2\xa1", "a pcap of a patched libpcap (editcap makes a plain one of it)"},
	{"\xa1\xb2\xcd\x34", "a pcap of a patched libpcap (editcap makes a plain one of it)"},
	{"\x89PNG", "a PNG picture"},
	{"%PDF", "a PDF document"},
	{"SQLite format 3\x00", "an SQLite database"},
}

// looksLike says what the beginning of a file that is no recording looks like.
func looksLike(head []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			return m.name
		}
	}
	if name := spoiledName(head); name != "" {
		return name
	}
	text := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if whole := cutRune(text); len(whole) > 0 && utf8.Valid(whole) && bytes.IndexByte(text, 0) < 0 {
		first, _, _ := bytes.Cut(text, []byte{'\n'})
		switch t := bytes.TrimSpace(text); {
		case printed.Match(first) || bytes.HasPrefix(text, []byte("-- ")):
			return "what msnproxy has printed (with --format json or transcript it could be read)"
		case len(t) == 0:
			return "nothing but white space"
		case t[0] == '{' || t[0] == '[':
			return "JSON"
		case t[0] == '<':
			return "XML or HTML"
		}
		return "text in which no line begins with \"C: \" or \"S: \""
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return "UTF-16 text (save it as UTF-8)"
	}
	return fmt.Sprintf("its first bytes are % x", head[:min(len(head), 4)])
}

// cutRune cuts off a rune that the end of b splits.
func cutRune(b []byte) []byte {
	for i := 1; i <= min(utf8.UTFMax, len(b)); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}
