package decode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// In a stretch that makes no sense a command is found at the start of a line if it
// fits the table, and what follows can be the next; elsewhere only if it has
// parameters, too, and is whole.
func TestSearch(t *testing.T) {
	stray := func(n int) string { return fmt.Sprintf("xxMSG a@b A %d\r\n", n) + strings.Repeat("p", n) }
	for _, tt := range []struct {
		name, in string
		at       int // where the first command is found; -1: nowhere
	}{
		{"at the start", "ACK 4\r\n", 0},
		{"at a line", "xx\r\nACK 4\r\n", 4},
		{"in a line", "xxACK 4\r\n", 2},
		{"in a line, without parameters", "xxPNG\r\n", -1},
		{"in a line, without its end", "xxACK 4", -1},
		{"in a line, with a payload cut short", "xxMSG a@b A 5\r\nabcd", -1},
		{"in a line, with a whole payload", "xxMSG a@b A 5\r\nabcde", 2},
		{"in a line, with a payload of 16 KiB", stray(16384), 2},
		{"in a line, with a longer payload", stray(16385), -1},
		{"at a line, with a longer payload", "xx\r\n" + stray(16385)[2:], 4},
		{"with a payload cut short", "xx\r\nMSG a@b A 5\r\nabcd", 4},
		{"with a command behind the payload", "MSG a@b A 3\r\n!!!PNG\r\n", 0},
		{"with none behind the payload", "MSG a@b A 3\r\n!!!!PNG\r\n", -1},
		{"with an empty line behind it", "ACK 4\r\n\r\n", 0},
		{"with no command behind it", "ACK 4\r\nhello\r\n", -1},
		{"with the beginning of a command behind it", "ACK 4\r\nZZZ", 0},
		{"with an unknown command behind it", "ACK 4\r\nZZZ 1\r\n", -1},
		{"with an error behind it", "ACK 4\r\n911 1\r\n", 0},
		{"with an unknown error behind it", "ACK 4\r\n999 1\r\n", 0},
		{"an error", "xx\r\n911 3\r\n", 4},
		{"an error with a low code", "xx\r\n200 3\r\n", 4},
		{"an unknown error", "xx\r\n999 3\r\n", -1},
		{"an error in a line", "xx911 3\r\n", -1},
		{"an unknown verb", "xx\r\nZZZ 3\r\n", -1},
		{"a control character in it", "xx\r\nNLN BSY a@b A\x01\r\n", -1},
		{"a tab in it", "xx\r\nNLN BSY a@b A\tB\r\n", 4},
		{"too few parameters", "xx\r\nNLN BSY\r\n", -1},
		{"a payload without its length", "xx\r\nMSG a@b A x\r\n", -1},
		{"first letters of verbs", "xx\r\nBYE a@b\r\n", 4},
		{"last letters of verbs", "xx\r\nXFR 3 SB\r\n", 4},
	} {
		at := -1
		for _, fr := range cut(&Framer{MidStream: true}, []byte(tt.in)) {
			if fr.Kind == Command {
				at = int(fr.Offset)
				break
			}
		}
		if at != tt.at {
			t.Errorf("%s: %q: found at %d, want %d", tt.name, tt.in[:min(len(tt.in), 40)], at, tt.at)
		}
	}
}

// The limits of lines and payloads hold in the search, too.
func TestSearchLimits(t *testing.T) {
	for in, want := range map[string]FrameKind{
		lineOf(20):                        Command,
		lineOf(21):                        Opaque,
		"MSG a@b A 8\r\n12345678":         Command,
		"MSG a@b A 9\r\n123456789":        Opaque,
		"MSG a@b A 8\r\n1234567":          Command, // cut short
		"XFR 3 SB 1.2.3.4:1863 CKI 1\r\n": Opaque,
		"ADL 7 9\r\n<ml></ml>":            Opaque,
	} {
		frames := cut(&Framer{MidStream: true, MaxLine: 20, MaxPayload: 8}, []byte(in))
		if frames[0].Kind != want {
			t.Errorf("%q: %q", in, describe(frames))
		}
	}
}

// What is undecided is held back, and nothing else.
func TestSearchHolds(t *testing.T) {
	for in, want := range map[string][]string{
		"xxAC":                   {`0 opaque "xx"`},
		"xxACK":                  {`0 opaque "xx"`},
		"xxACK 4":                {`0 opaque "xx"`},
		"xxMSG a@b A 5\r\nabcd":  {`0 opaque "xx"`},
		"xxMSG a@b A 5\r\nabcde": {`0 opaque "xx"`, `2 "MSG a@b A 5" "abcde" resync`},
		"xxZZZ":                  {`0 opaque "xxZZZ"`},
		"xxACKx":                 {`0 opaque "xxACKx"`},
		"xxACK\x01":              {`0 opaque "xxACK\x01"`},
		"xx\r\nACK 4\r\n":        {`0 opaque "xx\r\n"`, `4 "ACK 4" "" resync`},
	} {
		got := describe(early(&Framer{MidStream: true}, in))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

// Whether the first bytes of a link, or of a segment, look like MSNP.
func TestPlausible(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Guess
	}{
		{"", Maybe},
		{"\r\n\n", Maybe},
		{"\r\nACK 4\r\n", Yes},
		{"\n\nACK 4\r\n", Yes},
		{"A", Maybe},
		{"ACK", Maybe},
		{"ACK ", Maybe},
		{"ACK\n", No},
		{"PNG\n", Yes},
		{"PNG\r\n", Yes},
		{"VER 1 MSNP7 CVR0", Maybe},
		{"VER 1 MSNP7 CVR0\r\n", Yes},
		{"VER MSNFTP\r\n", Yes},
		{"VER 1 MSNP7 \x00", No},
		{"VER 1 MSNP7 \x00\r\n", No},
		{"VER 1 MSNP7\rX", No},
		{"ZZZ", Maybe},
		{"ZZZ ", No},
		{"ZZZ 1\r\n", No},
		{"hello", No},
		{"NLN BSY\r\n", No},
		{"MSG a@b A 3\r\n!!!PNG\r\n", Yes},
		{"MSG a@b A 3\r\n!!", Yes},
		{"MSG a@b A 3\r\n!!!!", No},
		{"ACK 4\r\nhello", No},
		{"ACK 4\r\nQNG", Yes},
		{"ACK 4\r\n\r\n", Yes},
		{"911 3\r\n", Maybe}, // services of other kinds greet with a number
		{"911", Maybe},
		{"999 3\r\n", No},
		{"220 mail.example.com ESMTP\r\n", Maybe},
		{"91A 3\r\n", No},
		{lineOf(8192), Yes},
		{lineOf(8193), No},
		{lineOf(8200)[:8192], Maybe},
		{lineOf(8200)[:8193], No},
		{"MSG a@b A 1048576\r\n", Yes},
		{"MSG a@b A 1048577\r\n", No},
	} {
		if got := Plausible([]byte(tt.in)); got != tt.want {
			t.Errorf("%q: %v, want %v", tt.in[:min(len(tt.in), 40)], got, tt.want)
		}
	}
}

// Lines of MSNP hold no control characters, but servers let tabs pass.
func TestPrintable(t *testing.T) {
	for in, want := range map[string]bool{
		"": true, "a b": true, "a\tb": true, "~": true, "\x80": true, "\xff": true,
		"\x1f": false, "\x7f": false, "a\rb": false, "a\r": false, "\x00": false,
	} {
		if printable([]byte(in)) != want {
			t.Errorf("%q", in)
		}
	}
}
