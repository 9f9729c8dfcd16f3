package decode

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What is said of frames in themselves, by what there is of them.
func TestFrameFindings(t *testing.T) {
	long := strings.Repeat("p", 10)
	for _, tt := range []struct {
		name string
		fr   Frame
		want []string
	}{
		{"whole", Frame{Raw: []byte("PNG\r\n"), LineLen: 3, EOL: 2}, nil},
		{"a lone LF", Frame{Raw: []byte("PNG\n"), LineLen: 3, EOL: 1}, []string{"note frame.line-end: the line ends in a lone LF"}},
		{"no end", Frame{Raw: []byte("PNG"), LineLen: 3}, []string{"note frame.cut: the line has no end"}},
		{"no end, for a gap", Frame{Raw: []byte("PNG"), LineLen: 3, Gap: true}, nil},
		{"a blank before the end", Frame{Raw: []byte("PNG \r\n"), LineLen: 4, EOL: 2}, []string{"note line.blanks: blanks in a row or before the line end"}},
		{"a blank without the end", Frame{Raw: []byte("PNG "), LineLen: 4}, []string{"note frame.cut: the line has no end"}},
		{"empty line", Frame{Kind: Blank, Raw: []byte("\r\n"), EOL: 2}, []string{"note frame.blank: an empty line between commands"}},
		{"one byte that is no MSNP", Frame{Kind: Opaque, Offset: 7, Raw: []byte("x")}, []string{"warning frame.opaque: 1 byte at offset 7 is no MSNP"}},
		{"two that are none", Frame{Kind: Opaque, Raw: []byte("xy")}, []string{"warning frame.opaque: 2 bytes at offset 0 are no MSNP"}},
		{"opaque for a gap", Frame{Kind: Opaque, Raw: []byte("xy"), Gap: true}, nil},
		{"a block", Frame{Kind: Block, Raw: []byte("\x00\x01\x00a")}, nil},
		{"a block cut short", Frame{Kind: Block, Raw: []byte("\x00\x02\x00a"), Missing: 1}, []string{"error frame.length: 1 of the announced bytes are missing"}},
		{"a payload cut short", Frame{Raw: []byte("MSG 4 N 13\r\n" + long), LineLen: 10, EOL: 2, Missing: 3}, []string{"error frame.length: 3 of the announced bytes are missing"}},
		{"one byte short", Frame{Raw: []byte("MSG 4 N 11\r\n" + long), LineLen: 10, EOL: 2, Missing: 1}, []string{"error frame.length: 1 of the announced bytes are missing"}},
		{"cut short by a gap", Frame{Raw: []byte("MSG 4 N 13\r\n" + long), LineLen: 10, EOL: 2, Missing: 3, Gap: true}, nil},
		{"a payload with more", Frame{Raw: []byte("MSG 4 N 7\r\n" + long), LineLen: 9, EOL: 2, Missing: -3}, []string{"error frame.length: 3 bytes more than the 7 that are announced"}},
		{"a text with less", Frame{Raw: []byte("MSG 4 N 13\r\n" + long), LineLen: 10, EOL: 2, Missing: 3, TextLine: 1}, []string{"error frame.length: line 1: 13 bytes announced, 10 there"}},
		{"a text with more", Frame{Raw: []byte("MSG 4 N 7\r\n" + long), LineLen: 9, EOL: 2, Missing: -3, TextLine: 20}, []string{"error frame.length: line 20: 7 bytes announced, 10 there"}},
		{"a log without it", Frame{Raw: []byte("MSG 4 N 7\r\n"), LineLen: 9, EOL: 2, Missing: 7, TextLine: 3, Omitted: true, Gap: true}, []string{"note frame.cut: the log does not show the payload of 7 bytes (line 3)"}},
		{"an unknown verb", Frame{Raw: []byte("ZZZ 1\r\n"), LineLen: 5, EOL: 2}, []string{"warning version.unknown-command: ZZZ is no command of MSNP2-21"}},
		{"an unknown verb without its end", Frame{Raw: []byte("ZZZ 1"), LineLen: 5}, []string{"note frame.cut: the line has no end"}},
		{"a misfit", Frame{Raw: []byte("INF x\r\n"), LineLen: 5, EOL: 2}, []string{`warning line.parameter: trid of INF is "x"; it should be transaction id, chosen by the client and echoed; 0 from a server that was not asked`}},
		{"a misfit without its end", Frame{Raw: []byte("INF x"), LineLen: 5}, []string{"note frame.cut: the line has no end"}},
	} {
		var m Message
		m.Decode(&tt.fr, Client, 0, 0)
		var got []string
		for _, f := range m.frameFindings(nil) {
			got = append(got, f.String())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// What is said of lines that differ from the table.
func TestLineFindings(t *testing.T) {
	for _, tt := range []struct {
		from    Sender
		role    Role
		dialect int
		line    string
		want    []string
	}{
		{Client, 0, 0, "PNG", nil},
		{Client, NS, 7, "ANS 1 a@b 1.2 3", []string{"warning line.role: ANS does not belong on a connection to NS"}},
		{Client, SB, 7, "ANS 1 a@b 1.2 3", nil},
		{Server, 0, 0, "ANS 1 a@b 1.2 3", []string{
			"note line.extra: 2 parameters more than ANS TrID OK has", `warning line.parameter: word of ANS is "a@b"; it should be OK`}},
		{Client, 0, 0, "NLN BSY a@b A", []string{"warning line.sender: NLN never comes from the client"}},
		{Client, 0, 0, "CHG 9", []string{"warning line.missing: status is missing in CHG TrID status {capabilities} {msnobj}"}},
		{Client, 0, 0, "CHG", []string{"warning line.missing: TrID, status are missing in CHG TrID status {capabilities} {msnobj}"}},
		{Client, 0, 0, "INF 2 x", []string{"note line.extra: 1 parameters more than INF TrID has"}},
		{Client, 0, 0, "INF 2 x y", []string{"note line.extra: 2 parameters more than INF TrID has"}},
		{Client, 0, 0, "VER 1 MSNP7 MSNP6 MSNP5 CVR0", nil},
		{Client, 0, 0, "VER 1 MSNP7 X CVR0", []string{`warning line.parameter: dialects of VER is "X"; it should be dialect of the protocol`}},
		{Client, NS, 7, "INF 2", nil},
		{Client, NS, 8, "INF 2", []string{"warning version.command: INF is of MSNP2 to 7; this connection speaks MSNP8"}},
	} {
		fr := Frame{Raw: []byte(tt.line + "\r\n"), LineLen: len(tt.line), EOL: 2}
		var m Message
		m.Decode(&fr, tt.from, tt.role, tt.dialect)
		got := []string(nil)
		for _, f := range m.frameFindings(nil) {
			got = append(got, f.String())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.line, diff)
		}
	}
}

// A form's dialects, in words.
func TestFormDialects(t *testing.T) {
	for _, tt := range []struct {
		first, last int
		want        string
		in, not     []int
	}{
		{2, 0, "MSNP2 and later", []int{0, 2, 21}, []int{1}},
		{8, 8, "MSNP8", []int{0, 8}, []int{7, 9}},
		{2, 7, "MSNP2 to 7", []int{0, 2, 7}, []int{1, 8}},
	} {
		f := Form{First: tt.first, Last: tt.last}
		if got := f.Dialects(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
		for _, d := range tt.in {
			if !f.In(d) {
				t.Errorf("%s: not in %d", tt.want, d)
			}
		}
		for _, d := range tt.not {
			if f.In(d) {
				t.Errorf("%s: in %d", tt.want, d)
			}
		}
	}
}

// Severities have names, and a finding is one line.
func TestSeverities(t *testing.T) {
	for s, want := range map[Severity]string{0: "none", Note: "note", Warning: "warning", Error: "error", 4: "none"} {
		if s.String() != want {
			t.Errorf("%d is %q, want %q", s, s.String(), want)
		}
	}
}

// A payload is judged once, where it is there and was received.
func TestJudgePayload(t *testing.T) {
	const odd = "MSG a@b A 9\r\nno header" // no MIME
	for _, tt := range []struct {
		name, in string
		missing  int
		fate     Fate
		want     int
	}{
		{"none", "PNG\r\n", 0, Passed, 0},
		{"odd", odd, 0, Passed, 1},
		{"odd and withheld", odd, 0, Withheld, 1},
		{"injected", odd, 0, Injected, 0},
		{"cut by one byte", odd, 1, Passed, 0},
		{"more than announced", odd, -1, Passed, 1},
	} {
		line := strings.IndexByte(tt.in, '\r')
		fr := Frame{Raw: []byte(tt.in), LineLen: line, EOL: 2, Missing: tt.missing}
		var m Message
		m.Decode(&fr, Server, SB, 7)
		m.Fate, m.Time = tt.fate, time.Time{}
		for range 2 {
			m.JudgePayload()
			n := 0
			for _, f := range m.Findings {
				if f.Rule != "payload.form" || f.Severity != Note {
					t.Errorf("%s: %v", tt.name, f)
				}
				n++
			}
			if n != tt.want {
				t.Errorf("%s: %d findings, want %d", tt.name, n, tt.want)
			}
		}
	}
}
