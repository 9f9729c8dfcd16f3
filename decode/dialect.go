package decode

import "strings"

// IsCVR0 reports whether a word of VER stands for the version check, and not for a
// dialect. Some clients write it with the letter O.
func IsCVR0(word string) bool {
	return strings.EqualFold(word, "CVR0") || strings.EqualFold(word, "CVRO")
}
