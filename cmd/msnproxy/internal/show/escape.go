// Package show prints messages, for people and for programs. Whatever was on the
// wire comes out escaped: no byte of it reaches a terminal as a control
// sequence, turns the direction of the text, or breaks a line.
package show

import (
	"strconv"
	"unicode/utf8"
)

// Escape appends s to dst with everything that is not printable written as
// \xNN (bytes), \n, \r, \t or \uNNNN. A backslash stays as it is where it can't
// be mistaken for one of these.
func Escape[T string | []byte](dst []byte, s T) []byte {
	i := 0
	for i < len(s) && plain[s[i]] {
		i++
	}
	dst = append(dst, s[:i]...)
	for i < len(s) {
		if plain[s[i]] {
			dst = append(dst, s[i])
			i++
			continue
		}
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = decodeRune(s[i:])
		}
		dst = appendRune(dst, s, i, r, n)
		i += n
	}
	return dst
}

// plain are the bytes that stand for themselves wherever they are.
var plain = func() (t [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		t[c] = c != '\\'
	}
	return t
}()

func decodeRune[T string | []byte](s T) (rune, int) {
	var b [utf8.UTFMax]byte
	n := copy(b[:], s[:min(len(s), utf8.UTFMax)])
	return utf8.DecodeRune(b[:n])
}

func appendRune[T string | []byte](dst []byte, s T, i int, r rune, n int) []byte {
	const hex = "0123456789abcdef"
	switch {
	case r == utf8.RuneError && n == 1:
		return append(dst, '\\', 'x', hex[s[i]>>4], hex[s[i]&15])
	case r == '\\':
		if i+1 < len(s) && (s[i+1] == 'x' || s[i+1] == 'u' || s[i+1] == 'n' || s[i+1] == 'r' || s[i+1] == 't' || s[i+1] == '\\') {
			return append(dst, '\\', '\\')
		}
		return append(dst, '\\')
	case strconv.IsPrint(r):
		return append(dst, s[i:i+n]...)
	case r == '\n':
		return append(dst, '\\', 'n')
	case r == '\r':
		return append(dst, '\\', 'r')
	case r == '\t':
		return append(dst, '\\', 't')
	case r < 0x80:
		return append(dst, '\\', 'x', hex[r>>4], hex[r&15])
	}
	dst = append(dst, '\\', 'u')
	if r > 0xffff {
		dst = append(dst, hex[r>>20&15], hex[r>>16&15])
	}
	return append(dst, hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// Clip appends s escaped, but not more than about most bytes of it, and says how
// much was left out.
func Clip[T string | []byte](dst []byte, s T, most int) []byte {
	if len(s) <= most {
		return Escape(dst, s)
	}
	cut := most
	for cut > most-utf8.UTFMax && cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	dst = Escape(dst, s[:cut])
	dst = append(dst, "... ("...)
	dst = strconv.AppendInt(dst, int64(len(s)-cut), 10)
	return append(dst, " bytes more)"...)
}
