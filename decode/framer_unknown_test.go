package decode

import (
	"fmt"
	"strings"
	"testing"
)

// A command that is not known keeps the framer in step if its line ends in the length
// of what follows, as those of MSNP24 do.
func TestUnknownPayload(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string // the lengths of the frames and their kinds
	}{
		{"alone", "CNT 1 CON 5\r\n<a/>\n", []string{"command 18"}},
		{"an empty line first", "CNT 1 CON 6\r\n\r\n<a/>", []string{"command 19"}},
		{"two", "CNT 1 CON 4\r\n<a/>ATH 2 CON\\USER 4\r\n<b/>PNG\r\n", []string{"command 17", "command 22", "command 5"}},
		{"a command follows", "ZZZ 1 2 5\r\nPNG\r\n", []string{"command 11", "command 5"}},
		{"an error follows", "ZZZ 1 2 7\r\n911 1\r\n", []string{"command 11", "command 7"}},
		{"a length that does not fit", "ZZZ 1 2 3\r\n<a/>x\r\n", []string{"command 11", "opaque 7"}},
		{"no length", "ZZZ 1 2 x\r\n<a/>\r\n", []string{"command 11", "opaque 6"}},
		{"two tokens", "ZZZ 4\r\n<a/>", []string{"command 7", "opaque 4"}},
		{"a zero", "ZZZ 1 0\r\n<a/>", []string{"command 9", "opaque 4"}},
	} {
		var got []string
		for _, fr := range cut(&Framer{}, []byte(tt.in)) {
			got = append(got, fmt.Sprint(fr.Kind, " ", len(fr.Raw)))
		}
		if strings.Join(got, ", ") != strings.Join(tt.want, ", ") {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
