package index

import (
	"fmt"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// Rows of a conversation by way of a notification server, and not others of its connection,
// are in its scope; copies know of which message they are.
func TestTalkRowsAndCopies(t *testing.T) {
	x := New(Options{SpoolDir: t.TempDir()})
	conns := map[uint32]*capture.Conn{}
	at := time.Unix(1000, 0)
	say := func(id uint32, from decode.Sender, line, body string) {
		raw := line + "\r\n"
		if body != "" {
			raw = fmt.Sprintf("%s %d\r\n%s", line, len(body), body)
		}
		at = at.Add(time.Millisecond)
		if conns[id] == nil {
			conns[id] = &capture.Conn{ID: id, Client: fmt.Sprintf("10.0.0.%d:1000", id), Server: "10.0.0.99:1863"}
			if err := x.Add(&capture.Record{Kind: capture.Opened, Time: at, Conn: conns[id]}); err != nil {
				t.Fatal(err)
			}
		}
		var f decode.Framer
		var fr decode.Frame
		f.Feed([]byte(raw))
		for f.Next(&fr) {
			if err := x.Add(&capture.Record{Kind: capture.Data, Time: at, Conn: conns[id], From: from, Frame: fr}); err != nil {
				t.Fatal(err)
			}
		}
	}
	sdg := func(to, from, text string) string {
		return "Routing: 1.0\r\nTo: 1:" + to + "\r\nFrom: 1:" + from + "\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Text\r\n\r\n" + text
	}
	const a, b, c = "alice@example.com", "bob@example.com", "carol@example.com"
	for id, who := range []string{a, b} {
		say(uint32(id+1), decode.Client, "VER 1 MSNP21", "")
		say(uint32(id+1), decode.Server, "VER 1 MSNP21", "")
		say(uint32(id+1), decode.Server, "USR 4 OK "+who+" 1 0", "")
	}
	say(1, decode.Client, "PNG", "")                       // row 8
	say(1, decode.Client, "SDG 5", sdg(b, a, "hi"))        // 9
	say(1, decode.Client, "SDG 6", sdg(c, a, "you"))       // 10
	say(1, decode.Server, "SDG 5 OK", "")                  // 11
	say(2, decode.Server, "SDG 0", sdg(b, a, "hi"))        // 12
	say(2, decode.Server, "SDG 0", sdg(b, a, "hi"))        // 13: once more
	say(2, decode.Server, "SDG 0", sdg(b, c, "not sent"))  // 14
	say(1, decode.Server, "SDG 0", sdg(a, c, "not sent"))  // 15: another conversation
	say(2, decode.Server, "SDG 0", sdg(b, a, "too early")) // 16
	say(1, decode.Client, "SDG 7", sdg(b, a, "too early")) // 17
	if rows := fmt.Sprint(viewed(x, Query{Scope: Scope{Conversation: 1}})); rows != "[9 11 12 13 16 17]" {
		t.Errorf("rows %s", rows)
	}
	if rows := fmt.Sprint(viewed(x, Query{Scope: Scope{Conversation: 2}, Filter: "from == 'client'"})); rows != "[10]" {
		t.Errorf("rows %s", rows)
	}
	if s := x.Conns()[0]; fmt.Sprint(s.Said) != "[3 2]" {
		t.Errorf("said %v", s.Said)
	}
	for row, want := range map[int]int{8: 0, 9: 1, 10: 2, 11: 1, -1: 0} {
		if got := x.TalkOf(row); got != want {
			t.Errorf("row %d: conversation %d", row, got)
		}
	}
	r := x.NewReader()
	for row, want := range map[int]string{
		12: "comes of message 8, 3ms", 13: "comes once more of message 8, 4ms", 14: ", 0s", 17: ", 0s [{15 2}]",
	} {
		m, _, err := r.Read(row)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%v, %v", m.Delivery, m.Delivery.After)
		if len(m.Ahead) > 0 {
			got += fmt.Sprint(" ", m.Ahead)
		}
		if got != want {
			t.Errorf("row %d: %s, want %s", row, got, want)
		}
	}
}

func viewed(x *Index, q Query) (rows []int) {
	v := x.NewView(q)
	defer v.Close()
	v.Wait()
	return v.Matched(nil, 0, x.Len())
}
