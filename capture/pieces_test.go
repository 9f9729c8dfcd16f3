package capture

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"msnproxy/decode"
)

// What single lines of logs and documents are taken for.

func TestUnescapedLog(t *testing.T) {
	for in, want := range map[string]string{
		`VER 1`:         `VER 1`,
		`a<CR><LF>`:     `a`,
		`a <CRLF>`:      `a`,
		`a␍␊`:           `a`,
		`a  ↵`:          `a`,
		`a\b`:           `a\b`,
		`a\0b`:          `a\0b`, // as in CurrentMedia
		`a\r\n`:         "a\r\n",
		`a\r`:           "a\r",
		`a\n`:           "a\r\n",
		`a\nb\n`:        "a\nb\n",
		`a\nb`:          "a\nb",
		`a\r\nb\n`:      "a\r\nb\n",
		`a\tb\n`:        "a\tb\r\n",
		`a\0b\n`:        "a\\0b\r\n",
		`a\\b\n`:        "a\\b\r\n",
		`it\'s\n`:       "it's\r\n",
		`say \"a\"\n`:   "say \"a\"\r\n",
		`a\qb\n`:        "a\\qb\r\n",
		`a\x41b`:        "aAb",
		`\xfF\x0a`:      "\xff\r\n",
		`\x0f\xf0`:      "\x0f\xf0",
		`a\xg1`:         `a\xg1`,
		`a\x1g`:         `a\x1g`,
		`a\x4`:          `a\x4`,
		`a\x`:           `a\x`,
		`\n\`:           "\n\\",
		`\x41\x42\x43d`: "ABCd",
	} {
		if got := string(unescapedLog([]byte(in))); got != want {
			t.Errorf("%s: %q; want %q", in, got, want)
		}
	}
}

func TestBare(t *testing.T) {
	for in, want := range map[string]string{
		"VER 1":            "VER 1",
		" \t: VER 1 \t":    "VER 1",
		"'VER 1'":          "VER 1",
		"'VER 1":           "VER 1",
		"VER 1'":           "VER 1'",
		"'VER 1' '":        "VER 1",
		"*VER 1*":          "VER 1",
		"__VER 1__":        "VER 1",
		"| VER 1 |":        "VER 1",
		"`VER 1`":          "VER 1",
		"b'OUT'":           "OUT",
		"b\"OUT\"":         "OUT",
		"u'OUT'":           "OUT",
		" u\"OUT\"":        "OUT",
		"b'OUT":            "OUT",
		"b'OU":             "b'OU",
		"c'OUT'":           "c'OUT'",
		"bOUT'":            "bOUT'",
		"b:OUT":            "b:OUT",
		": VER 1 'a'":      "VER 1 'a'",
		": 'VER 1 MSNP8' ": "VER 1 MSNP8",
		"":                 "",
		"*":                "",
	} {
		if got := string(bare([]byte(in))); got != want {
			t.Errorf("%q: %q; want %q", in, got, want)
		}
	}
}

func TestPlausible(t *testing.T) {
	long := strings.Repeat("x", 40)
	for in, want := range map[string]bool{
		"VER": true, "VER 1 MSNP8": true, "OUT": true, "VERS": false, "VE": false, "": false, "ver 1": false, "XYZ 1": false,
		`OUT\r\n`: true, "OUT`": true, "OUT*": true, "OUT\r\n": true, "OUT!": false, "OUTS`": false, "OU\\T": false, "O`TS": false, "`OUT": false,
		"911": true, "911 0": true, "911 9": true, "911 :": false, "911 /": false, "911 x": false, "911 y 1": false, "999": true, "200 1": true,
		"199 1": false, "099": false, "9112": false, `911\r\n`: true,
		"VER " + long: true, "VER" + long: false, long + " 1": false,
	} {
		if got := plausible([]byte(in)); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestRuneLen(t *testing.T) {
	for in, want := range map[string]int{"a": 1, "ab": 1, "é": 2, "éa": 2, "→": 3, "→→": 3, "😀a": 4, "\xe2\x86": 2, "a\x80\xbf\xc0": 3, "a\x7f": 1, "aé": 1} {
		if got := runeLen([]byte(in)); got != want {
			t.Errorf("%q: %d", in, got)
		}
	}
}

// A sign counts where a command stands behind it, and the first that does.
func TestTakeApart(t *testing.T) {
	blank := func(n int) string { return strings.Repeat(" ", n) }
	label := func(n int) string { return strings.Repeat("x", n) }
	for _, tt := range []struct{ line, want string }{
		{"C: VER 1", "client|C:||VER 1"},
		{"S: 911 1", "server|S:||911 1"},
		{"C: nothing", "-"},
		{"nothing", "-"},
		{"", "-"},
		{"a >> b >>> VER 1", "client|>>>|a >> b |VER 1"},
		{"a → b ← VER 1", "server|←|a → b |VER 1"},
		{"→→ VER 1", "client|→|→|VER 1"},
		{"→", "-"},
		{"S &lt;- C: VER 1", "client|S <- C||VER 1"},
		{"S &larr; C VER 1", "client|S ← C||VER 1"},
		{"C &gt; S VER 1", "client|C > S||VER 1"},
		{"C &amp;gt; S VER 1", "-"},
		{"&amp; &lt;&lt; VER 1", "server|<<|& |VER 1"},
		{"> VER 1", "weak client|>||VER 1"},
		{"< VER 1", "weak server|<||VER 1"},
		{">> [NS] VER 1", "client|>>||VER 1 of ns"},
		{">> NS: SB: VER 1", "client|>>||VER 1 of sb"},
		{">> NS: SB: XX: VER 1", "-"},
		{">> 17: VER 1", "client|>>||VER 1 of 17"},
		{">> " + label(38) + ": VER 1", "client|>>||VER 1 of " + label(38)},
		{">>" + label(39) + ": VER 1", "client|>>||VER 1 of " + label(39)},
		{">>" + label(40) + ": VER 1", "-"},
		{blank(157) + ">>>VER 1", "client|>>>|" + blank(157) + "|VER 1"},
		{blank(158) + ">>>VER 1", "-"},
		{blank(158) + ">>VER 1", "client|>>|" + blank(158) + "|VER 1"},
		{blank(159) + ">>VER 1", "-"},
	} {
		got := "-"
		if s, ok := takeApart([]byte(tt.line)); ok {
			got = fmt.Sprintf("%s|%s|%s|%s", s.from, s.sign, s.before, s.text)
			if s.label != "" {
				got += " of " + s.label
			}
			if s.weak {
				got = "weak " + got
			}
			if want := tt.line[len(tt.line)-len(s.after):]; !strings.Contains(tt.line, "&") && (s.after != want || !strings.Contains(s.after, "1")) {
				t.Errorf("%s: %q follows the sign", tt.line, s.after)
			}
		}
		if got != tt.want {
			t.Errorf("%q: %q; want %q", tt.line, got, tt.want)
		}
	}
	for n, want := range map[int]int{63: 63, 64: 64, 65: 64} {
		if s, _ := takeApart([]byte("C: VER 1" + strings.Repeat("x", n-6))); len(s.after) != want {
			t.Errorf("%d bytes behind the sign: %d", n, len(s.after))
		}
	}
}

// What the first lines of a text are evidence of.
func TestJudge(t *testing.T) {
	lines := func(n int, line string) string { return strings.Repeat(line+"\n", n) }
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "-"},
		{"a line", "hello\n", "-"},
		{"one command", ">> VER 1\n", "1 document with arrows"},
		{"one command and a line", "a\n>> VER 1\n", "1 document with arrows"},
		{"one command and two lines", "a\nb\n>> VER 1\n", "-"},
		{"two commands and two lines", "a\nb\n>> VER 1\n<< VER 1\n", "2 document with arrows"},
		{"weak signs, both", "> VER 1\n< VER 1\n", "weak 2 document with arrows"},
		{"weak signs, one", "> VER 1\n> VER 1\n", "-"},
		{"weak signs, the other", "< VER 1\n< VER 1\n", "-"},
		{"weak signs, three", "> VER 1\n< VER 1\n< OUT\n", "weak 3 document with arrows"},
		{"weak signs and as many strong ones", "> VER 1\n< VER 1\n>> VER 1\n>> OUT\n", "2 document with arrows"},
		{"weak signs and fewer strong ones", "> VER 1\n< VER 1\n>> VER 1\n", "weak 2 document with arrows"},
		{"ours", "C: VER 1\n", "native"},
		{"ours and as many others", "C: VER 1\n>> VER 1\n", "native"},
		{"ours and more others", "C: VER 1\n>> VER 1\n>> VER 1\n", "2 document with arrows"},
		{"ours, half with written ends", "C: VER 1\nC: VER 1\\r\\n\n", "native"},
		{"ours, more with written ends", "C: VER 1\nC: VER 1\\r\\n\nC: OUT\\r\\n\n", "2 document with written line ends"},
		{"ours, with a written end", "C: VER 1\\r\\n\n", "1 document with written line ends"},
		{"said on a line of its own", "Data sent\nVER 1\nData received\nVER 1\n", "headed 0 log of Miranda"},
		{"once", "Data sent\nVER 1\n", "-"},
		{"said both ways, as often", "Data sent\nData sent\n>> VER 1\n<< VER 1\n", "headed 2 log of Miranda"},
		{"said both ways, more often with signs", "Data sent\nData sent\n>> VER 1\n<< VER 1\n>> OUT\n", "3 document with arrows"},
		{"two notations, as many of each", "12:00 >> VER 1\n>> VER 1\n", "2 log with a time on each line"},
		{"two notations, more of the one", "12:00 >> VER 1\n>> VER 1\n<< VER 1\n", "3 document with arrows"},
		{"summaries", ">> VER 1\n<< VER 1\n     1 #1  DS/NS  -        C: VER 1\n", "-"},
		{"as many lines as are looked at", lines(3998, "a") + ">> VER 1\n<< VER 1\n", "2 document with arrows"},
		{"one more", lines(3999, "a") + ">> VER 1\n<< VER 1\n", "-"},
	} {
		got := "-"
		var j judge
		j.take([]byte(tt.text))
		if e, ok := j.says(); ok {
			got = ""
			if e.weak {
				got += "weak "
			}
			if e.headed {
				got += "headed "
			}
			if got += fmt.Sprint(e.commands, " ", &e); e.native {
				got = "native"
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s; want %s", tt.name, got, tt.want)
		}
	}
}

func TestSettled(t *testing.T) {
	for in, want := range map[string]bool{
		"":                     false,
		"\n":                   false,
		" \nC: VER 1\n":        true,
		"C: VER 1":             true,
		"C: VER 1\\r\\n\n":     false,
		"C: nothing\n":         false,
		"hello\nC: VER 1\n":    false,
		"a\nC: VER 1\n":        false,
		"C+ a\n":               true,
		"# said\nC: VER 1\r\n": true,
		"Client disconnects from server.\nC: VER 1\n": true,
	} {
		if got := settled([]byte(in)); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestFromUTF16(t *testing.T) {
	wide := func(s string, big bool) string {
		b := ""
		for _, c := range []byte(s) {
			if big {
				b += "\x00" + string(c)
			} else {
				b += string(c) + "\x00"
			}
		}
		return b
	}
	for _, tt := range []struct{ name, in, want string }{
		{"little-endian", "\xff\xfe" + wide("C: VER", false), "C: VER"},
		{"big-endian", "\xfe\xff" + wide("C: VER", true), "C: VER"},
		{"little-endian, no mark", wide("C: VER", false), "C: VER"},
		{"big-endian, no mark", wide("C: VER", true), "C: VER"},
		{"four bytes", wide("ab", false), "ab"},
		{"three bytes", "a\x00b", "-"},
		{"text", "C: VER", "-"},
		{"blanks, little-endian", "\x20\x00\x20\x00", "  "},
		{"blanks, big-endian", "\x00\x20\x00\x20", "  "},
		{"control characters", "\x1f\x00\x20\x00", "-"},
		{"control characters behind", "\x20\x00\x1f\x00", "-"},
		{"control characters, big-endian", "\x00\x1f\x00\x20", "-"},
		{"control characters behind, big-endian", "\x00\x20\x00\x1f", "-"},
		{"one byte of a mark", "\xffa\x00b", "-"},
		{"the other", "a\xfe\x00b", "-"},
		{"a spoiled capture", "\xff\xfe" + strings.Repeat("a\x00", 30) + "\x00\x00", "-"},
		{"NULs farther on than is looked", "\xff\xfe" + strings.Repeat("a\x00", 30) + "a\x00\x00\x00", strings.Repeat("a", 31) + "\x00"},
		{"a letter whose low byte is NUL", "\xff\xfe" + "a\x00\x00b", "a戀"},
	} {
		got := "-"
		if r, ok := fromUTF16([]byte(tt.in), bufio.NewReader(strings.NewReader(tt.in))); ok {
			b, _ := io.ReadAll(r)
			got = string(b)
		}
		if got != tt.want {
			t.Errorf("%s: %q; want %q", tt.name, got, tt.want)
		}
	}
}

// What spoiled files are known by.
func TestSpoiledPieces(t *testing.T) {
	little, big := "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "\xa1\xb2\xc3\xd4\x00\x02\x00\x04"
	section := "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00"
	for in, want := range map[string]bool{
		little + "\x00\x00\x00\x00":                        true,
		little + "\x00\x00\x00":                            false,
		"\xd4\xc3\xb2\xa1\x03\x00\x04\x00\x00\x00\x00\x00": false,
		"\x4d\x3c\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00": true,
		big + "\x00\x00\x00\x00":                           true,
		"\xa1\xb2\xc3\xd4\x00\x03\x00\x04\x00\x00\x00\x00": false,
		"\xa1\xb2\x3c\x4d\x00\x02\x00\x04\x00\x00\x00\x00": true,
		section + "\x4d\x3c\x2b\x1a":                       true,
		section + "\x1a\x2b\x3c\x4d":                       true,
		section + "\x1a\x2b\x3c\x4e":                       false,
		"text, text, text":                                 false,
	} {
		if got := beginsCapture([]byte(in)); got != want {
			t.Errorf("%q begins a capture: %v", in, got)
		}
	}
	pcap := little + "\x00\x00\x00\x00"
	for in, want := range map[string]int{
		"": 0, "a\n": 0, pcap: 0, "a\n" + pcap: 2, "\n" + pcap: 1, "a\nb\t\r\n" + pcap: 6, "a\x01\n" + pcap: 0, "a\x1f\n" + pcap: 0,
		"a\x7f\n" + pcap: 0, "a ~\n" + pcap: 4, "a" + pcap: 0, "a\nb": 0,
		strings.Repeat("a", 65523) + "\n" + pcap: 65524,
		strings.Repeat("a", 65524) + "\n" + pcap: 0,
	} {
		if got := foreword([]byte(in)); got != want {
			t.Errorf("%.40q: %d bytes in front; want %d", in, got, want)
		}
	}
	for in, want := range map[string][2]bool{ // dosLines, noDOSLines
		"": {false, false}, "a\r\n": {false, false}, "a\r\nb\r\n": {true, false}, "a\r\nb\n": {false, false},
		"a\n": {false, false}, "a\nb\n": {false, true}, "a\n\x01\n": {false, false},
		"a\nb\n\x01\n\x02\n": {false, false}, "a\nb\n\x01\n": {false, true}, "a\nb\nc\n\x01\n\x02\n": {false, true},
		"\na\nb\n": {false, true}, "\n\n\n": {false, false}, "!\n~\n": {false, true}, " \n \n": {false, false}, "\x7f\n\x7f\n": {false, false},
		"a\nb": {false, false},
	} {
		if got := [2]bool{dosLines([]byte(in)), noDOSLines([]byte(in))}; got != want {
			t.Errorf("%q: carriage returns everywhere, nowhere: %v", in, got)
		}
	}
	for _, tt := range []struct {
		r    rune
		want string
	}{
		{0, "\x00"}, {0x1f, "\x1f"}, {' ', " "}, {'~', "~"}, {0x7f, "\x7f"}, {0x80, "\x80"}, {0x9f, "\x9f"}, {0xa0, "\xff"}, {'é', "\x82"}, {'→', "?"}, {'€', "?"},
	} {
		got, lost := encode(charmap.CodePage437, []rune{tt.r}, nil)
		if string(got) != tt.want || lost != strings.Count(tt.want, "?") {
			t.Errorf("%#x in code page 437: %q, %d lost", tt.r, got, lost)
		}
	}
	if got, lost := encode(charmap.Windows1252, []rune("\u0080\u0081€"), nil); string(got) != "?\x81\x80" && string(got) != "\x80\x81\x80" {
		t.Errorf("%q, %d", got, lost)
	}
	for n, want := range map[int]int{59: 59, 60: 60, 61: 60} {
		if got := firstLine(bytes.Repeat([]byte{'a'}, n)); len(got) != want {
			t.Errorf("a line of %d: %s", n, got)
		}
	}
	if got := firstLine([]byte("ab\ncd")); got != "ab" {
		t.Error(got)
	}
	if out, lost := recoded(nil); out != nil || lost != 0 {
		t.Error(out, lost)
	}
}

func TestLooksLike(t *testing.T) {
	for in, want := range map[string]string{
		"     1 #1  DS/NS  -        C: VER 1\n": "what msnproxy has printed (with --format json or transcript it could be read)",
		"-- a":                                  "what msnproxy has printed (with --format json or transcript it could be read)",
		" \n":                                   "nothing but white space",
		" {":                                    "JSON",
		"[":                                     "JSON",
		"<a":                                    "XML or HTML",
		"a":                                     "text in which no line begins with \"C: \" or \"S: \"",
		"a\xc3":                                 "text in which no line begins with \"C: \" or \"S: \"",
		"\xef\xbb\xbf{":                         "JSON",
		"\xff\xfea":                             "UTF-16 text (save it as UTF-8)",
		"\xfe\xffa":                             "UTF-16 text (save it as UTF-8)",
		"\xfea":                                 "its first bytes are fe 61",
		"a\x00":                                 "its first bytes are 61 00",
		"\x00a":                                 "its first bytes are 00 61",
		"\x01\xff345":                           "its first bytes are 01 ff 33 34",
		"\x01\xff3":                             "its first bytes are 01 ff 33",
		"":                                      "its first bytes are ",
		"MZ":                                    "a Windows program",
	} {
		if got := looksLike([]byte(in)); got != want {
			t.Errorf("%q: %s; want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{"": "", "a": "a", "aé": "aé", "a\xc3": "a", "\xc3": "", "a→": "a→", "a\xe2\x86": "a", "a\xe2": "a",
		"a\xf0\x9f\x98": "a", "a😀": "a😀", "a\x80\x80\x80\x80": "a\x80\x80\x80\x80", "\xf0\x9f\x98": "", "\x80": "\x80"} {
		if got := string(cutRune([]byte(in))); got != want {
			t.Errorf("%q: %q is whole; want %q", in, got, want)
		}
	}
}

// The lines of logs: what is a command, what goes with it, what is passed by.
func TestLogLines(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"payload on the line", `>> MSG 1 N 4\r\nabcd` + "\n" + `<< OUT\r\n`, "C MSG 1 N 4\r\nabcd|S OUT\r\n"},
		{"payload on the line, short", `>> MSG 1 N 5\r\nabcd` + "\n" + `<< OUT\r\n`, "C MSG 1 N 5\r\nabcd (frame.length: line 1: 5 bytes announced, 4 there)|S OUT\r\n"},
		{"payload of one byte", `>> MSG 1 N 1\r\na` + "\n" + `<< OUT\r\n`, "C MSG 1 N 1\r\na|S OUT\r\n"},
		{"back-ticks", "- `>> VER 1 MSNP8`\n- `<< VER 1 MSNP8`\n", "C VER 1 MSNP8\r\n|S VER 1 MSNP8\r\n"},
		{"payload behind", ">> MSG 1 N 7\nab\ncde\n<< OUT\n", "C MSG 1 N 7\r\nab\r\ncde|S OUT\r\n"},
		{"payload behind, indented", "  >> MSG 1 N 7\n  ab\n  cde\n  << OUT\n", "C MSG 1 N 7\r\nab\r\ncde|S OUT\r\n"},
		{"payload behind, quoted", "> >> MSG 1 N 8\n> ab\n>\n> cd\n> << OUT\n", "C MSG 1 N 8\r\nab\r\n\r\ncd|S OUT\r\n"},
		{"payload omitted", ">> MSG 1 N 7\n[data]\n<< OUT\n", "C MSG 1 N 7\r\n (frame.cut: the log does not show the payload of 7 bytes (line 1))|S OUT\r\n"},
		{"no payload", ">> MSG 1 N 7\n\n<< OUT\n", "C MSG 1 N 7\r\n (frame.length: line 1: 7 bytes announced, 0 there)|S OUT\r\n"},
		{"too short", ">> MSG 1 N 7\na\n<< OUT\n", "C MSG 1 N 7\r\na (frame.length: line 1: 7 bytes announced, 1 there)|S OUT\r\n"},
		{"words behind a payload", ">> MSG 1 N 2\nab\nHe left.\n<< OUT\n", "C MSG 1 N 2\r\nab|remark He left.|S OUT\r\n"},
		{"a fence ends a payload", ">> MSG 1 N 7\nab\n```\ncde\n<< OUT\n", "C MSG 1 N 7\r\nab (frame.length: line 1: 7 bytes announced, 2 there)|remark cde|S OUT\r\n"},
		{"a length that was not written", "<< MSG alice@example.com Alice\nMIME-Version: 1.0\n\nab\n\n>> OUT\n", "remark line 1: MSG is written without the length of its payload; 23 bytes follow|S MSG alice@example.com Alice 23\r\nMIME-Version: 1.0\r\n\r\nab|C OUT\r\n"},
		{"nor of a client's", ">> MSG 1 N\nA: b\n\nab\n<< OUT\n", "remark line 1: MSG is written without the length of its payload; 10 bytes follow|C MSG 1 N 10\r\nA: b\r\n\r\nab|S OUT\r\n"},
		{"no payload that could be meant", "<< MSG alice@example.com Alice\nhello\n>> OUT\n", "S MSG alice@example.com Alice\r\n|remark hello|C OUT\r\n"},
		{"no command with a payload", "<< VER 1\nA: b\n>> OUT\n", "S VER 1\r\n|remark A: b|C OUT\r\n"},
		{"a proxy", "12:00 connecting to proxy.example.com:8080\n12:00 >> VER 1\n12:00 << VER 1\n", "C VER 1\r\n|S VER 1\r\n"},
		{"a server", "12:00 connecting to ns.example.com:1863\n12:00 >> VER 1\n12:00 << VER 1\n", "to ns.example.com:1863|C VER 1\r\n|S VER 1\r\n"},
		{"any server, in a document", "Connecting to ns.example.com:8080\n>> VER 1\n<< VER 1\n", "to ns.example.com:8080|C VER 1\r\n|S VER 1\r\n"},
		{"any server, in a log of papyon", "12:00 papyon Connecting to ns.example.com:8080\n12:00 papyon >>> VER 1\n12:00 papyon <<< VER 1\n", "to ns.example.com:8080|C VER 1\r\n|S VER 1\r\n"},
		{"a server of a connection with a name", "12:00 connecting to ns.example.com:1863\n12:00 >> [NS] VER 1\n12:00 << [NS] VER 1\n12:00 connecting to sb.example.com:1863\n12:00 >> [SB] USR 1 alice@example.com 1.2\n", "to ns.example.com:1863|C VER 1\r\n|S VER 1\r\n|to sb.example.com:1863|C USR 1 alice@example.com 1.2\r\n"},
		{"a payload of a log without a time", "12:00 >> MSG 1 N 12\nab\ncde\n12:00 << OUT\n", "C MSG 1 N 12\r\nab\r\ncde (frame.length: line 1: 12 bytes announced, 7 there)|S OUT\r\n"},
		{"a payload of a log, as long as announced", "12:00 >> MSG 1 N 7\nab\ncde\n12:00 << OUT\n", "C MSG 1 N 7\r\nab\r\ncde|S OUT\r\n"},
		{"a payload of a log, longer", "12:00 >> MSG 1 N 6\nab\ncde\n12:00 << OUT\n", "C MSG 1 N 6\r\nab\ncde|S OUT\r\n"},
		{"a line of the program ends a payload", "12:00:06 >> MSG 1 N 12\nab\n12:00:07 drawing\ncde\n12:00:08 << OUT\n", "C MSG 1 N 12\r\nab (frame.length: line 1: 12 bytes announced, 2 there)|S OUT\r\n"},
		{"a server closes", ">> VER 1\n<< VER 1\nServer disconnects client.\n", "C VER 1\r\n|S VER 1\r\n|closedS"},
		{"a client closes", ">> VER 1\n<< VER 1\n*Client disconnects from server.*\n", "C VER 1\r\n|S VER 1\r\n|closedC"},
		{"in a log", "12:00 >> VER 1\n12:00 << VER 1\nServer disconnects client.\nsome words\n", "C VER 1\r\n|S VER 1\r\n"},
		{"another program of the same log", "papyon >>> VER 1\npapyon <<< VER 1\nsmtp >>> OUT\n>>> OUT\n", "C VER 1\r\n|S VER 1\r\n"},
		{"two programs", "12:00 -> VER 1\n12:00 <- VER 1\nab -> OUT\n-> OUT\n", "C VER 1\r\n|S VER 1\r\n|C OUT\r\n"},
		{"headed", "Data sent:\nVER 1\n  OUT\nData received:\nVER 1\n", "C VER 1\r\n|C OUT\r\n|S VER 1\r\n"},
		{"ours among others", ">> VER 1\n<< VER 1\n>> OUT\nC: PNG\nC: nothing\n", "C VER 1\r\n|S VER 1\r\n|C OUT\r\n|C PNG\r\n|remark C: nothing"},
		{"papyon's MSG", "<< MSG alice@example.com\n>> OUT\n", "S MSG alice@example.com\r\n|C OUT\r\n"},
	} {
		r, err := OpenReader(strings.NewReader(tt.text), "it")
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for rec, err := r.Next(); err == nil; rec, err = r.Next() {
			switch rec.Kind {
			case Data:
				s := rec.From.Letter() + " " + string(rec.Frame.Raw)
				for _, f := range decode.NewTracker().Frame(1, rec.From, &rec.Frame, rec.Time).Findings {
					if strings.HasPrefix(f.Rule, "frame.") {
						s += " (" + f.Rule + ": " + f.Text + ")"
					}
				}
				got = append(got, s)
			case Closed:
				got = append(got, "closed"+rec.From.Letter())
			case Opened:
				if rec.Conn.Server != "" {
					got = append(got, "to "+rec.Conn.Server)
				}
			case Remark:
				if strings.HasPrefix(rec.Text, "read as: ") {
					continue
				}
				got = append(got, "remark "+rec.Text)
			}
		}
		if got := strings.Join(got, "|"); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}
