package show

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"msnproxy/capture"
	"msnproxy/decode"
)

// hostile is what nobody wants on a terminal.
var hostile = []string{
	"\x1b]0;owned\x07", "\x1b[2J", "\x9b31m", "\u009b31m", "\x00", "\xff\xfe", "\u202e", "\u2066", "\x7f", "\b\b\b", "\u2028", "\x1bPq", "%1b[31m%0a",
}

// records makes a recording in which every parameter of every form, every header
// and every text is hostile.
func records() []capture.Record {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	bad := strings.Join(hostile, "") + strings.Repeat("A", 3000)
	conn := &capture.Conn{ID: 1, Client: "10.0.0.9:1030" + bad, Server: bad, Via: bad}
	list := []capture.Record{{Time: at, Conn: conn, Kind: capture.Opened, Text: bad}}
	add := func(from decode.Sender, raw string) {
		var f decode.Framer
		var fr decode.Frame
		f.Feed([]byte(raw))
		for f.Next(&fr) || f.Flush(&fr) {
			list = append(list, capture.Record{Time: at, Conn: conn, Kind: capture.Data, From: from, Frame: fr.Clone(), Sent: []byte(bad)})
		}
	}
	for _, v := range decode.Verbs() {
		for i := range v.Forms {
			line, body, _ := strings.Cut(v.Forms[i].Example, "\r\n")
			words := strings.Split(line, " ")
			for j := 1; j < len(words); j++ {
				changed := append([]string(nil), words...)
				changed[j] = strings.ReplaceAll(bad, " ", "") + words[j]
				add(v.Forms[i].From, strings.Join(changed, " ")+"\r\n"+body)
			}
		}
	}
	for _, contentType := range []string{"text/plain", "text/plain; charset=" + bad, "text/x-msmsgscontrol", "text/x-msmsgsinvite", "text/x-msmsgsemailnotification", "text/x-msmsgsprofile", bad} {
		body := fmt.Sprintf("Content-Type: %s\r\nTypingUser: %s\r\n%s: %s\r\nX-MMS-IM-Format: FN=%s; CO=%s\r\n\r\nFrom: %s\r\nSubject: =?utf-8?Q?=1B[31m%s?=\r\nInvitation-Command: %s\r\nApplication-File: %s\r\n\r\n%s",
			contentType, bad, bad, bad, bad, bad, bad, bad, bad, bad, bad)
		add(decode.Server, fmt.Sprintf("MSG bob@example.com Bob %d\r\n%s", len(body), body))
	}
	xml := fmt.Sprintf("<NOTIFICATION id=\"%s\"><%s><TEXT>&#x1b;[31m%s</TEXT></NOTIFICATION>", bad, bad, bad)
	add(decode.Server, fmt.Sprintf("NOT %d\r\n%s", len(xml), xml))
	add(decode.Server, "911 "+bad+"\r\n")
	add(decode.Client, bad)
	return append(list,
		capture.Record{Time: at, Conn: conn, Kind: capture.Lost, From: decode.Client, Lost: 5, Text: bad},
		capture.Record{Time: at, Kind: capture.Remark, Text: bad},
		capture.Record{Time: at, Kind: capture.Remark, Text: bad, About: &capture.About{Conn: 1, From: decode.Server, Mark: bad}},
		capture.Record{Time: at, Conn: conn, Kind: capture.Closed, From: decode.Client, Text: bad})
}

// Nothing from the wire reaches the terminal raw, in no format and at no detail.
func TestHostile(t *testing.T) {
	list := records()
	for _, o := range []Options{{Format: Text}, {Format: Text, Detail: 1}, {Format: Text, Detail: 2}, {Format: Text, Detail: 3}, {Format: JSON}, {Format: Transcript}} {
		t.Run(fmt.Sprintf("%s %d", o.Format, o.Detail), func(t *testing.T) {
			var out bytes.Buffer
			o.Location = time.UTC
			p := New(&out, o)
			for i := range list {
				if err := p.Record(&list[i]); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.Flush(); err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(out.String(), "\n") {
				for _, r := range line {
					if !unicode.IsPrint(r) {
						t.Fatalf("%q in %.200q", r, line)
					}
				}
				if o.Format == Text && o.Detail < 2 && len(line) > 8*clipLine {
					t.Errorf("a line of %d bytes", len(line))
				}
				if o.Format == JSON && line != "" && !json.Valid([]byte(line)) {
					t.Errorf("no JSON: %.200s", line)
				}
			}
		})
	}
}
