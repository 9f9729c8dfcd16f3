package capture

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"msnproxy/decode"
)

// People read in the comments of packets, and in transcripts, what it is.
func TestAboutLine(t *testing.T) {
	on := About{Conn: 3, From: decode.Server, Offset: 1234}
	marked := on
	marked.Mark = "a"
	for _, tt := range []struct {
		about About
		text  string
		want  string
	}{
		{on, "why?", "comment on connection 3, server, byte 1234: why?"},
		{marked, "", "mark a on connection 3, server, byte 1234"},
		{marked, "why?", "mark a on connection 3, server, byte 1234: why?"},
		{on, "", "comment on connection 3, server, byte 1234: taken away"},
		{About{Conn: 1}, "x", "comment on connection 1, byte 0: x"},
	} {
		r := Record{Time: time.Unix(1, 0), Kind: Remark, About: &tt.about, Text: tt.text}
		if line, _, _ := strings.Cut(string(annotation(&r)), "\n"); line != tt.want {
			t.Errorf("in a packet: %s, want %s", line, tt.want)
		}
		var b bytes.Buffer
		if err := NewTranscriptWriter(&b).WriteRecord(&r); err != nil || b.String() != "# "+tt.want+"\n" {
			t.Errorf("in a transcript: %q, want %s", b.String(), tt.want)
		}
	}
}

// An annotation opens no connection, and needs none.
func TestAboutNeedsNoConnection(t *testing.T) {
	rec := Record{Time: time.Unix(1, 0), Conn: &Conn{ID: 9}, Kind: Remark, Text: "x", About: &About{Conn: 9, Mark: "é"}}
	list, err := readWritten(t, writePcapng(t, []Record{rec}))
	if err != nil || len(list) != 1 || list[0].Conn != nil || list[0].Text != "x" || *list[0].About != *rec.About {
		t.Errorf("%+v, %v", list, err)
	}
}

// What is too long for a packet's comment is cut, and what is no mark is none, but
// the file stays readable.
func TestAboutTooMuch(t *testing.T) {
	for _, text := range []string{strings.Repeat("é", 50_000), strings.Repeat("\x01", 20_000), strings.Repeat("<", maxText)} {
		for _, mark := range []string{"", "a", "ab", "\x1b", strings.Repeat("m", 70_000)} {
			rec := Record{Time: time.Unix(1, 0), Kind: Remark, Text: text, About: &About{Conn: 9, From: decode.Client, Offset: 5, Mark: mark}}
			list, err := readWritten(t, writePcapng(t, []Record{rec}))
			if err != nil || len(list) != 1 || list[0].About == nil || len(list[0].Text) < 1000 || !strings.HasPrefix(text, list[0].Text) || !utf8.ValidString(list[0].Text) {
				t.Fatalf("%d records, %v", len(list), err)
			}
			if want := map[bool]string{true: "a"}[mark == "a"]; list[0].About.Mark != want {
				t.Errorf("mark %.20q became %q", mark, list[0].About.Mark)
			}
			if len(text) <= maxText && list[0].Text != text {
				t.Errorf("%d bytes became %d", len(text), len(list[0].Text))
			}
		}
	}
}

// JSON lines keep offsets and annotations; names that are not known mean nothing.
func TestAboutJSONLines(t *testing.T) {
	text := `{"v":1,"conn":1,"from":"server","verb":"QNG","offset":26,"raw":"UU5HDQo="}
{"v":1,"conn":1,"from":"server","verb":"QNG","offset":31,"raw":"UU5HDQo=","injected":true}
{"v":1,"conn":1,"from":"server","verb":"QNG","raw":"UU5HDQo="}
{"v":1,"conn":1,"from":"server","verb":"QNG","raw":"UU5HDQo=","sent":"","sent_raw":""}
{"v":1,"event":"remark","about":{"conn":1,"from":"server","offset":26,"mark":"a"},"text":"x"}
{"v":1,"conn":7,"event":"remark","about":{"conn":1,"from":"nobody","offset":0,"mark":"ab"}}
`
	list, err := readWritten(t, []byte(text))
	if err != nil || len(list) != 6 {
		t.Fatalf("%d records, %v", len(list), err)
	}
	for i, want := range []int64{26, 31, 31, 36} {
		if list[i].Frame.Offset != want {
			t.Errorf("frame %d at %d, want %d", i, list[i].Frame.Offset, want)
		}
	}
	if list[3].Sent == nil || len(list[3].Sent) > 0 {
		t.Errorf("nothing was sent on instead, not %q", list[3].Sent)
	}
	if a := list[4].About; a == nil || *a != (About{1, decode.Server, 26, "a"}) || list[4].Text != "x" || list[4].Conn != nil {
		t.Errorf("%+v", list[4])
	}
	if a := list[5].About; a == nil || *a != (About{Conn: 1}) || list[5].Conn != nil {
		t.Errorf("%+v", list[5])
	}
}

// Redaction blots out comments, and leaves each on its frame.
func TestAboutRedact(t *testing.T) {
	for _, all := range []bool{false, true} {
		for _, file := range []string{"escargot-amsn082-msnp7.pcap", "goserver-amsn052-msnp2-ds-ns-sb.pcap"} {
			before, _, _, _ := redactAll(t, filepath.Join("testdata", file), all)
			red, err := NewRedactor(all)
			if err != nil {
				t.Fatal(err)
			}
			moved := 0
			type frame struct{ was, now int64 }
			var frames []frame
			var abouts []Record
			for i := range before {
				rec := before[i]
				if rec.Kind != Data {
					red.Redact(&rec, 0, 0)
					continue
				}
				was := rec.Frame.Offset
				red.Redact(&rec, 0, 0)
				frames = append(frames, frame{was, rec.Frame.Offset})
				abouts = append(abouts, Record{Kind: Remark, Text: "ask bob@example.com", About: &About{rec.Conn.ID, rec.From, was, "a"}})
			}
			for i := range abouts {
				about := *abouts[i].About
				red.Redact(&abouts[i], 0, 0)
				if *abouts[i].About != (About{about.Conn, about.From, frames[i].now, "a"}) {
					t.Fatalf("%s, all %v: %+v became %+v, want offset %d", file, all, about, abouts[i].About, frames[i].now)
				}
				if gone := !strings.Contains(abouts[i].Text, "bob") && !strings.Contains(abouts[i].Text, "ask"); gone != all {
					t.Errorf("all %v: %q", all, abouts[i].Text)
				}
				if frames[i].was != frames[i].now {
					moved++
				}
			}
			if all && moved < 10 {
				t.Errorf("%s: %d of %d frames were moved", file, moved, len(frames))
			}
		}
	}
}
