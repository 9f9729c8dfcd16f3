package decode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A command that is not known keeps the framer in step if its line ends in the length
// of what follows, as those of MSNP24 do: in a word in capitals and a number. The same
// bytes give the same frames, however they are cut.
func TestUnknownPayload(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"alone", "ZNT 1 CON 5\r\n<a/>\n", []string{`0 "ZNT 1 CON 5" "<a/>\n"`}},
		{"an empty line first", "ZNT 1 CON 6\r\n\r\n<a/>", []string{`0 "ZNT 1 CON 6" "\r\n<a/>"`}},
		{"an empty line of LF", "ZNT 1 CON 5\n\n<a/>", []string{`0 "ZNT 1 CON 5" "\n<a/>"`}},
		{"a lone LF", "ZNT 1 CON 4\n<a/>", []string{`0 "ZNT 1 CON 4" "<a/>"`}},
		{"no TrID", "ZZZ CON 4\r\n<a/>", []string{`0 "ZZZ CON 4" "<a/>"`}},
		{"two", "ZNT 1 CON 4\r\n<a/>ZTH 2 CON\\USER 4\r\n<b/>PNG\r\n", []string{
			`0 "ZNT 1 CON 4" "<a/>"`, `17 "ZTH 2 CON\\USER 4" "<b/>"`, `39 "PNG" ""`}},
		{"a known command behind it", "ZNT 1 CON 10\r\nA: b\r\n\r\n\r\nQNG 41\r\n", []string{
			`0 "ZNT 1 CON 10" "A: b\r\n\r\n\r\n"`, `24 "QNG 41" ""`}},
		{"one byte", "ZNT 1 CON 1\r\n<PNG\r\n", []string{`0 "ZNT 1 CON 1" "<"`, `14 "PNG" ""`}},
		{"cut short", "ZNT 1 CON 9\r\n<a/>", []string{`0 "ZNT 1 CON 9" "<a/>" missing 5`}},

		// A command in its place is one.
		{"a command follows", "ZZZ 1 CON 5\r\nPNG\r\n", []string{`0 "ZZZ 1 CON 5" ""`, `13 "PNG" ""`}},
		{"an empty line and a command follow", "ZZZ 1 CON 7\r\n\r\nPNG\r\n", []string{
			`0 "ZZZ 1 CON 7" ""`, `13 blank "\r\n"`, `15 "PNG" ""`}},
		{"an error follows", "ZZZ 1 CON 7\r\n911 1\r\n", []string{`0 "ZZZ 1 CON 7" ""`, `13 "911 1" ""`}},
		{"its like follows", "ZZZ 1 CON 4\r\nZZY 1\r\n", []string{`0 "ZZZ 1 CON 4" ""`, `13 "ZZY 1" ""`}},
		{"a command that is longer than the length", "ZZZ 1 OK 2\r\nPNG\r\n", []string{`0 "ZZZ 1 OK 2" ""`, `12 "PNG" ""`}},
		{"an empty line of that length", "ZZZ 1 OK 2\r\n\r\nPNG\r\n", []string{
			`0 "ZZZ 1 OK 2" ""`, `12 blank "\r\n"`, `14 "PNG" ""`}},
		{"nothing follows", "ZZZ 1 CON 5\r\n", []string{`0 "ZZZ 1 CON 5" ""`}},
		{"an empty line follows", "ZZZ 1 CON 5\r\n\r\n", []string{`0 "ZZZ 1 CON 5" ""`, `13 blank "\r\n"`}},
		{"the beginning of a command follows", "ZZZ 1 CON 5\r\nOUT", []string{`0 "ZZZ 1 CON 5" ""`, `13 "OUT" ""`}},

		// Lines that announce nothing.
		{"a number before it", "ZZZ 1 2 5\r\nPNG\r\n", []string{`0 "ZZZ 1 2 5" ""`, `11 "PNG" ""`}},
		{"an account before it", "ZZZ 1 bob@example.com 5\r\nPNG\r\n", []string{`0 "ZZZ 1 bob@example.com 5" ""`, `25 "PNG" ""`}},
		{"a zero", "ZZZ 1 CON 0\r\nPNG\r\n", []string{`0 "ZZZ 1 CON 0" ""`, `13 "PNG" ""`}},
		{"text of an error", "217 USER 5\r\nPNG\r\n", []string{`0 "217 USER 5" ""`, `12 "PNG" ""`}},
		{"a known verb", "JOI CON 5\r\nPNG\r\n", []string{`0 "JOI CON 5" ""`, `11 "PNG" ""`}},
		{"the verb alone", "ZZZ\r\nPNG\r\n", []string{`0 "ZZZ" ""`, `5 "PNG" ""`}},
		{"a blank at the end", "ZZZ 1 CON 5 \r\nPNG\r\n", []string{`0 "ZZZ 1 CON 5 " ""`, `14 "PNG" ""`}},
	} {
		b := []byte(tt.in)
		if diff := cmp.Diff(tt.want, describe(cut(&Framer{}, b))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
			continue
		}
		if diff := cmp.Diff(tt.want, describe(cut(&Framer{}, single(b)...))); diff != "" {
			t.Errorf("%s, byte for byte: %s", tt.name, diff)
		}
		for i := range b {
			for j := i; j < len(b); j++ {
				if diff := cmp.Diff(tt.want, describe(cut(&Framer{}, b[:i], b[i:j], b[j:]))); diff != "" {
					t.Errorf("%s, cut at %d and %d: %s", tt.name, i, j, diff)
				}
			}
		}
	}
}

// What is no command, and no payload that was announced, is opaque.
func TestUnknownPayloadUnclear(t *testing.T) {
	for _, line := range []string{
		"ZZZ 1 2 5", "ZZZ 5", "ZZZ 1 x", "ZZZ 1 CON 0", "ZZZ 1 CON x", "ZZZ 1 Con 5", "ZZZ 1 C0N 5", "ZZZ 1 CON/USER 5", "217 1 OK 5",
		"ZZZ 1 CON 101", "ZZZ 1 CON 99999999999999999999",
	} {
		got := describe(cut(&Framer{MaxPayload: 100}, []byte(line+"\r\n<a/>\n")))
		want := []string{fmt.Sprintf(`0 %q ""`, line), fmt.Sprintf(`%d opaque "<a/>\n"`, len(line)+2)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
	body := strings.Repeat("<", 100)
	if diff := cmp.Diff([]string{fmt.Sprintf(`0 "ZZZ 1 CON 100" %q`, body)}, describe(cut(&Framer{MaxPayload: 100}, []byte("ZZZ 1 CON 100\r\n"+body)))); diff != "" {
		t.Error(diff)
	}
}

// While it is not known whether a line has a payload, what may be the next line
// begins behind it.
func TestBeginning(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want string
		at   int64
	}{
		{"", "", 0},
		{"XFR 1", "XFR 1", 0},
		{"PNG\r\nXF", "XF", 5},
		{"ZZZ 1 CON 50\r\n", "", 14},
		{"ZZZ 1 CON 50\r\nXF", "XF", 14},
		{"ZZZ 1 CON 50\r\n\r\nXF", "XF", 16},
		{"ZZZ 1 CON 50\r\n<a", "ZZZ 1 CON 50\r\n<a", 0},
		{"MSG a A 50\r\nXF", "MSG a A 50\r\nXF", 0},
	} {
		var f Framer
		var fr Frame
		f.Feed([]byte(tt.in))
		for f.Next(&fr) {
		}
		if b, at := f.Beginning(); string(b) != tt.want || at != tt.at {
			t.Errorf("%q: %q at %d, want %q at %d", tt.in, b, at, tt.want, tt.at)
		}
	}
}
