package proxytest

import (
	"slices"
	"strconv"
	"strings"
)

// encode writes text as one parameter of a command line: UTF-8, with everything
// but letters, digits and a few signs percent-encoded.
func encode(text string) string {
	const plain = "-_.!~*'()"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte(plain, c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte("0123456789ABCDEF"[c>>4])
			b.WriteByte("0123456789ABCDEF"[c&15])
		}
	}
	return b.String()
}

// Speaks reports whether this package speaks the dialect named, as MSNP18.
func Speaks(name string) bool { return dialectNumber(name) > 0 }

// dialectNumber returns the number of an MSNP dialect that this package speaks,
// 0 for CVR0 and -1 for all others. Case does not matter.
func dialectNumber(name string) int {
	name = strings.ToUpper(name)
	if name == "CVR0" {
		return 0
	}
	for n := 2; n <= 7; n++ {
		if name == "MSNP"+strconv.Itoa(n) {
			return n
		}
	}
	for _, n := range slices.Concat(ticketDialects, laterDialects) {
		if name == "MSNP"+strconv.Itoa(n) {
			return n
		}
	}
	return -1
}
