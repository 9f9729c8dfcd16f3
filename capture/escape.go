package capture

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// plainText reports whether b can stand on a line as it is: valid UTF-8 without
// anything that a terminal or an editor takes for an order.
func plainText(b []byte) bool {
	for len(b) > 0 {
		if c := b[0]; c < utf8.RuneSelf {
			if c < ' ' && c != '\t' || c == 0x7f {
				return false
			}
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || !showable(r) {
			return false
		}
		b = b[n:]
	}
	return true
}

// showable reports whether a rune beyond ASCII has a shape of its own. The
// joiners have not, but names are written with them.
func showable(r rune) bool {
	const nonJoiner, joiner = 0x200c, 0x200d
	return unicode.IsGraphic(r) || r == nonJoiner || r == joiner
}

// appendEscaped appends b with escapes for what is not plain text.
func appendEscaped(dst, b []byte) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch c := b[0]; {
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\\':
			dst = append(dst, `\\`...)
		case c < ' ' || c == 0x7f || r == utf8.RuneError && n == 1:
			dst = appendHex(dst, b[:1])
		case c >= utf8.RuneSelf && !showable(r):
			dst = appendHex(dst, b[:n])
		default:
			dst = append(dst, b[:n]...)
		}
		b = b[n:]
	}
	return dst
}

func appendHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// appendUnescaped appends what appendEscaped made b of.
func appendUnescaped(dst, b []byte) ([]byte, error) {
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			dst = append(dst, b[i])
			continue
		}
		i++
		if i == len(b) {
			return dst, fmt.Errorf(`a \ at its end; the byte is written \\`)
		}
		switch b[i] {
		case 'r':
			dst = append(dst, '\r')
		case 'n':
			dst = append(dst, '\n')
		case 't':
			dst = append(dst, '\t')
		case '\\':
			dst = append(dst, '\\')
		case 'x':
			if i+2 >= len(b) {
				return dst, fmt.Errorf(`a \x without two hex digits`)
			}
			hi, lo := unhex(b[i+1]), unhex(b[i+2])
			if hi|lo > 15 {
				return dst, fmt.Errorf(`a \x without two hex digits`)
			}
			dst = append(dst, hi<<4|lo)
			i += 2
		default:
			return dst, fmt.Errorf(`the escape \%c, which is none; there are \r \n \t \\ and \xHH`, b[i])
		}
	}
	return dst, nil
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// Escaped returns bytes as transcripts write them: \r \n \t \\ and \xHH for what is no
// plain text.
func Escaped(b []byte) string { return string(appendEscaped(nil, b)) }

// Unescaped returns the bytes that [Escaped] made a text of.
func Unescaped(s string) ([]byte, error) { return appendUnescaped(nil, []byte(s)) }
