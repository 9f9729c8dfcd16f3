package capture

import (
	"fmt"
	"strings"
	"testing"

	"msnproxy/decode"
)

// A length that does not fit is a finding, with the line and both lengths, and reading
// goes on at the next command.
func TestTranscriptMisfits(t *testing.T) {
	tests := []struct{ name, text, payload, finding, next string }{
		{"one short", "C: INF 2\nC: MSG 5 N 7\nab\ncd\nC: INF 3\n", "ab\r\ncd", "line 2: 7 bytes announced, 6 there", "INF 3"},
		{"one more", "C: MSG 5 N 5\nab\r\ncd\nC: INF 3\n", "ab\ncd", "", "INF 3"},
		{"nothing", "C: MSG 5 N 3\nS: OUT OTH\n", "", "line 1: 3 bytes announced, 0 there", "OUT OTH"},
		{"nothing at the end", "C: MSG 5 N 3\n", "", "line 1: 3 bytes announced, 0 there", ""},
		{"far too much", "C: MSG 5 N 9999999\nab\nS: OUT\n", "ab", "line 1: 9999999 bytes announced, 2 there", "OUT"},
		{"lines of commands would fit", "C: MSG 5 N 14\nab\nC: INF 3\nS: OUT\n", "ab", "line 1: 14 bytes announced, 2 there", "INF 3"},
		{"a line that is no command fits", "C: MSG 5 N 10\nab\nC: you\nS: OUT\n", "ab\r\nC: you", "", "OUT"},
		{"nor does it fit", "C: MSG 5 N 11\nab\nC: you\nS: OUT\n", "ab", "line 1: 11 bytes announced, 2 there", "you"},
		{"the first line", "C: MSG 5 N 8\nC: INF 2\nC: INF 3\n", "C: INF 2", "", "INF 3"},
		{"the first line, one off", "C: MSG 5 N 9\nC: INF 2\nC: INF 3\n", "", "line 1: 9 bytes announced, 0 there", "INF 2"},
		{"an end", "C: MSG 5 N 99\nab\ncd\n\n\n\nServer disconnects client\nC: OUT\n", "ab\r\ncd\r\n\r\n\r\n", "line 1: 99 bytes announced, 12 there", "OUT"},
		{"body of a message", "C: MSG 5 N 3\nA: b\n\ncd\nC: INF 3\n", "A: b\r\n\r\ncd", "line 1: 3 bytes announced, 10 there", "INF 3"},
		{"a code fence", "C: MSG 5 N 9\nab\n```\nC: INF 3\n", "ab", "line 1: 9 bytes announced, 2 there", "INF 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			records, err := transcriptRecords(t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			var data []Record
			for _, r := range records {
				if r.Kind == Data {
					data = append(data, r)
				}
			}
			at := 0
			for at < len(data) && string(data[at].Frame.Verb()) != "MSG" {
				at++
			}
			if got := string(data[at].Frame.Payload()); got != tt.payload {
				t.Errorf("payload %q; want %q", got, tt.payload)
			}
			if got := lengthFinding(&data[at]); got != tt.finding {
				t.Errorf("finding %q; want %q", got, tt.finding)
			}
			next := ""
			if at+1 < len(data) {
				next = strings.TrimSpace(string(data[at+1].Frame.Raw))
			}
			if next != tt.next {
				t.Errorf("then %q; want %q", next, tt.next)
			}
		})
	}
}

// lengthFinding is what the frame's length is found fault with.
func lengthFinding(r *Record) string {
	tracker := decode.NewTracker()
	tracker.Open(1, "", "", r.Time)
	m := tracker.Frame(1, r.From, &r.Frame, r.Time)
	for _, f := range m.Findings {
		if f.Rule == "frame.length" {
			if f.Severity != decode.Error {
				return fmt.Sprint(f.Severity, " ", f.Text)
			}
			return f.Text
		}
	}
	return ""
}

// What does not fit stays so in every format.
func TestMisfitConverted(t *testing.T) {
	for _, text := range []string{"S: MSG 5 N 9\nab\n\nC: OUT\n", "S: MSG 5 N 3\nabcd\nC: OUT\n"} {
		before, err := transcriptRecords(t, text)
		if err != nil {
			t.Fatal(err)
		}
		after, err := transcriptRecords(t, writeTranscript(t, before))
		if err != nil || len(after) != len(before) {
			t.Fatalf("%d records, %v; want %d", len(after), err, len(before))
		}
		for i := range before {
			if a, b := before[i].Frame, after[i].Frame; string(a.Raw) != string(b.Raw) || a.Missing != b.Missing {
				t.Errorf("%q: %q missing %d; want %q, %d", text, b.Raw, b.Missing, a.Raw, a.Missing)
			}
		}
	}
}

func TestMoreThanAnnounced(t *testing.T) {
	var framer decode.Framer
	for raw, missing := range map[string]int{"MSG 5 N 3\r\nabcd": -1, "MSG 5 N 3\r\nabc": 0, "MSG 5 N 3\r\nab": 1} {
		if fr := reframe(&framer, "", []byte(raw)); fr.Missing != missing || fr.Kind != decode.Command || string(fr.Raw) != raw {
			t.Errorf("%q: %s %q, missing %d; want %d", raw, fr.Kind, fr.Raw, fr.Missing, missing)
		}
	}
	if fr := reframe(&framer, "", []byte("MSG 5 N 3\r\nabcOUT\r\n")); fr.Kind != decode.Opaque {
		t.Errorf("two commands in one: %s", fr.Kind)
	}
}
