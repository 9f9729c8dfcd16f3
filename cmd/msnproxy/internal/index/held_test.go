package index

import (
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// A row of what is held says so, and is the same row when it is known what became of it.
func TestHeldRow(t *testing.T) {
	x := New(Options{SpoolDir: t.TempDir()})
	defer x.Close()
	c := &capture.Conn{ID: 1, Client: "10.0.0.2:1027", Server: "10.0.0.1:1863"}
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	offset := int64(0)
	add := func(r capture.Record, line string) {
		t.Helper()
		r.Conn = c
		if line != "" {
			var f decode.Framer
			f.Feed([]byte(line + "\r\n"))
			if !f.Next(&r.Frame) {
				t.Fatal(line)
			}
		}
		if err := x.Add(&r); err != nil {
			t.Fatal(err)
		}
	}
	add(capture.Record{Kind: capture.Opened, Time: at}, "")
	for _, line := range []string{"CHG 2 AWY", "CHG 3 BSY"} {
		var f decode.Framer
		r := capture.Record{Kind: capture.Data, From: decode.Client, Fate: capture.Held, Time: at}
		f.Feed([]byte(line + "\r\n"))
		f.Next(&r.Frame)
		r.Frame.Offset, r.Conn = offset, c
		offset += int64(len(r.Frame.Raw))
		if err := x.Add(&r); err != nil {
			t.Fatal(err)
		}
	}
	if r := x.Row(1); r.Fate != capture.Held || r.WantsReply {
		t.Errorf("held: %+v", r)
	}
	v := x.NewView(Query{Filter: `fate == "withheld"`})
	defer v.Close()
	add(capture.Record{Kind: capture.Became, From: decode.Client, Fate: capture.Withheld, ChangedBy: []string{"operator"},
		HeldFor: time.Second, Time: at.Add(time.Second), Frame: decode.Frame{Offset: 11}}, "")
	add(capture.Record{Kind: capture.Became, From: decode.Client, Sent: []byte("CHG 2 NLN\r\n"), ChangedBy: []string{"api"},
		HeldFor: 2 * time.Second, Time: at.Add(2 * time.Second)}, "")
	add(capture.Record{Kind: capture.Data, From: decode.Server, Time: at.Add(5 * time.Second)}, "CHG 2 NLN")
	if n := x.Len(); n != 4 {
		t.Fatalf("%d rows", n)
	}
	if r := x.Row(2); r.Fate != capture.Withheld || r.WantsReply || r.SentOn || r.Number != 2 {
		t.Errorf("withheld: %+v", r)
	}
	if r := x.Row(1); r.Fate != capture.Passed || !r.WantsReply || !r.SentOn || !r.Answered || r.Number != 1 {
		t.Errorf("changed: %+v", r)
	}
	if r := x.Row(3); r.Reply != 1 || r.Latency != 3*time.Second {
		t.Errorf("its reply: %+v", r)
	}
	m, rec, err := x.NewReader().Read(1)
	if err != nil || string(rec.Sent) != "CHG 2 NLN\r\n" || string(rec.Frame.Raw) != "CHG 2 AWY\r\n" || m.HeldFor != 2*time.Second ||
		len(m.ChangedBy) != 1 || string(m.Arrived().Frame.Raw) != "CHG 2 NLN\r\n" {
		t.Errorf("%v, %+v", err, rec)
	}
}
