package show

import (
	"bytes"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// What users had to say of frames, in each format.
func TestAnnotation(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	const clock = "-- 2026-11-23, times in UTC\n-- 12:00:00.000 "
	for _, tt := range []struct {
		about            capture.About
		text, want, json string
	}{
		{capture.About{Conn: 3, From: decode.Server, Offset: 1234}, "why?\x1b", `comment on #3, server, byte 1234: why?\x1b`, `"about":{"conn":3,"from":"server","offset":1234},"text":"why?\u001b"`},
		{capture.About{Conn: 3, From: decode.Client, Mark: "a"}, "", `mark a on #3, client, byte 0`, `"about":{"conn":3,"from":"client","offset":0,"mark":"a"}`},
		{capture.About{Conn: 3, From: decode.Client, Mark: "a"}, "x", `mark a on #3, client, byte 0: x`, `"about":{"conn":3,"from":"client","offset":0,"mark":"a"},"text":"x"`},
		{capture.About{Conn: 3}, "", `comment on #3, byte 0: taken away`, `"about":{"conn":3,"offset":0}`},
		{capture.About{Conn: 3, Mark: "\x1b[2J"}, "x", `mark \x1b[2J on #3, byte 0: x`, `"about":{"conn":3,"offset":0,"mark":"\u001b[2J"},"text":"x"`},
	} {
		for format, want := range map[Format]string{
			Text: clock + tt.want + "\n",
			JSON: `{"v":1,"time":"2026-11-23T12:00:00Z","event":"remark",` + tt.json + "}\n",
		} {
			var out bytes.Buffer
			p := New(&out, Options{Format: format, Location: time.UTC})
			if err := p.Record(&capture.Record{Time: at, Kind: capture.Remark, Text: tt.text, About: &tt.about}); err != nil {
				t.Fatal(err)
			}
			if err := p.Flush(); err != nil {
				t.Fatal(err)
			}
			if out.String() != want {
				t.Errorf("%s: got %swant %s", format, out.String(), want)
			}
		}
	}
}
