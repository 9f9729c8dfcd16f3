package proxytest

import (
	"slices"
	"strconv"
	"strings"

	"msnproxy/decode"
)

// encode writes text as one parameter of a command line.
func encode(text string) string { return string(decode.Escape(text)) }

// Speaks reports whether this package speaks the dialect named, as MSNP18.
func Speaks(name string) bool { return dialectNumber(name) > 0 }

// AsksWeb reports whether clients of that dialect, which this package speaks, ask web
// services for what signs them in.
func AsksWeb(name string) bool { return dialectNumber(name) >= ticketFrom }

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
