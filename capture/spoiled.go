package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// Captures that something on their way took for text: a transfer in text mode
// (FTP's ASCII) changes line ends; PowerShell's > makes UTF-16 of the bytes, as
// characters of the console's code page; a redirection of both outputs puts what
// tcpdump says to people in front of the packets, or behind them.

const (
	// maxSpoiled is the largest file that is mended in memory.
	maxSpoiled = 1 << 30
	// maxForeword is how much text is looked through for a capture behind it.
	maxForeword = sniffed
)

// codePages are those that a Windows console may have, the most usual first.
var codePages = []*charmap.Charmap{
	charmap.CodePage437, charmap.CodePage850, charmap.Windows1252, charmap.CodePage852,
	charmap.CodePage858, charmap.CodePage866, charmap.Windows1251, charmap.ISO8859_1,
}

// beginsCapture reports whether b begins as a pcap or pcapng file does.
func beginsCapture(b []byte) bool {
	if len(b) < 12 {
		return false
	}
	switch m := binary.LittleEndian.Uint32(b); m {
	case magicMicro, magicNano:
		return binary.LittleEndian.Uint16(b[4:]) == 2
	case swapped(magicMicro), swapped(magicNano):
		return binary.BigEndian.Uint16(b[4:]) == 2
	case magicSection:
		m := binary.LittleEndian.Uint32(b[8:])
		return m == byteOrderMagic || m == swapped(byteOrderMagic)
	}
	return false
}

// recoded makes the bytes again that UTF-16 with a byte order mark was made of, or
// returns nil. Some may have no place in the code page: lost counts them.
func recoded(b []byte) (out []byte, lost int) {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return nil, 0
	}
	units := make([]uint16, 0, len(b)/2)
	for b = b[2:]; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	text := utf16.Decode(units)
	for _, page := range codePages {
		b, n := encode(page, text, nil)
		if (out == nil || n < lost) && (beginsCapture(b) || beginsCapture(unixLines(b[:min(len(b), 64)]))) {
			out, lost = b, n
		}
	}
	return out, lost
}

func encode(page *charmap.Charmap, text []rune, out []byte) ([]byte, int) {
	lost := 0
	for _, r := range text {
		c, ok := page.EncodeRune(r)
		if r < ' ' || r >= 0x7f && r < 0xa0 && !ok {
			c, ok = byte(r), true // control characters stay what they are (C1: those of Windows-1252 that it has not)
		}
		if !ok {
			c, lost = '?', lost+1
		}
		out = append(out, c)
	}
	return out, lost
}

// unixLines takes the carriage return before each line feed away.
func unixLines(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }

// dosLines reports whether every line feed of b has a carriage return before it, as
// a transfer in text mode leaves it. In packets most have none.
func dosLines(b []byte) bool {
	n := bytes.Count(b, []byte("\n"))
	return n > 1 && n == bytes.Count(b, []byte("\r\n"))
}

// noDOSLines reports whether b has lines of text, but not one that ends with a
// carriage return and a line feed: those of MSNP do.
func noDOSLines(b []byte) bool {
	if bytes.Contains(b, []byte("\r\n")) {
		return false
	}
	text, all := 0, 0
	for i, c := range b {
		if c == '\n' && i > 0 {
			if all++; b[i-1] > ' ' && b[i-1] < 0x7f {
				text++
			}
		}
	}
	return text > 1 && 2*text > all
}

// foreword returns how much text stands in front of a capture, or 0.
func foreword(b []byte) int {
	b = b[:min(len(b), maxForeword)]
	for at := 0; at < len(b); {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 || !printableText(b[at:at+i]) {
			return 0
		}
		if at += i + 1; beginsCapture(b[at:]) {
			return at
		}
	}
	return 0
}

func printableText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return true
}

const (
	textMode  = "a transfer in text mode (FTP's ASCII mode, say) has put a carriage return before each line feed"
	textMode2 = "a transfer in text mode (FTP's ASCII mode, say) has taken the carriage returns before line feeds away"
	repairs   = "msnproxy repair FILE mends it"
)

// spoiledName names a capture that was taken for text, from its beginning; empty if
// it is none.
func spoiledName(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\r\n\r\r\n")), bytes.HasPrefix(head, []byte("\r\n\r\r\r\n")):
		return "a pcapng capture, spoiled: " + textMode + "; " + repairs
	case bytes.HasPrefix(head, []byte("\n\r\n")):
		return "a pcapng capture, spoiled: " + textMode2 + "; transfer it again, in binary mode"
	}
	if out, _ := recoded(head[:len(head)&^1]); out != nil {
		return "a capture that was made UTF-16 text, as PowerShell's > does; " + repairs + " as far as that goes (write captures with -w FILE)"
	}
	if n := foreword(head); n > 0 {
		return fmt.Sprintf("a capture with text in front of it (%q); %s (write captures with -w FILE, or redirect only standard output)",
			firstLine(head[:n]), repairs)
	}
	return ""
}

func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return printableLine(string(line[:min(len(line), 60)]))
}

// spoiledHint says, where a capture makes no sense any longer, whether that looks
// like a transfer in text mode. b is what follows.
func spoiledHint(b []byte) string {
	switch {
	case dosLines(b):
		return "; " + textMode + ": " + repairs
	case noDOSLines(b):
		return "; perhaps " + textMode2 + ": transfer it again, in binary mode"
	}
	return ""
}

// unspoil undoes what can be undone to a capture that was taken for text. It returns
// nil if nothing was to be done, and says what it did.
func unspoil(b []byte) (out []byte, did []string) {
	if r, lost := recoded(b); r != nil {
		b, out = r, r
		what := "made bytes of UTF-16 text (PowerShell's >)"
		if lost > 0 {
			what += fmt.Sprintf("; %s had no place in the code page and are wrong", count(int64(lost), "character"))
		}
		did = append(did, what)
	}
	if n := foreword(b); n > 0 {
		did = append(did, fmt.Sprintf("left out %d bytes of text in front (%q)", n, firstLine(b[:n])))
		b, out = b[n:], b[n:]
	}
	if u := unixLines(b); dosLines(b) && sound(u) > sound(b) {
		did = append(did, fmt.Sprintf("took away %d carriage returns that a transfer in text mode had put in", len(b)-len(u)))
		out = u
	}
	return out, did
}

// sound returns how many blocks or packets of a capture can be kept.
func sound(b []byte) int64 {
	m, err := newMender(bytes.NewReader(b), "", int64(len(b)))
	if err != nil || m.mend(discard{}) != nil {
		return 0
	}
	return m.done.Blocks
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
