package capture

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"msnproxy/decode"
)

// What a proxy found out by secrets, and messages of HTTP, read back from a recording.
func TestVerdictAndWebReadBack(t *testing.T) {
	conn := &Conn{ID: 1, Client: "10.0.0.9:1", Server: "10.0.0.5:1863"}
	frame := func(raw string, kind string) decode.Frame {
		var f decode.Framer
		return reframe(&f, kind, []byte(raw))
	}
	records := []Record{
		{Conn: conn, Kind: Opened, Time: time.Unix(1e9, 0)},
		{Conn: conn, Kind: Data, From: decode.Client, Time: time.Unix(1e9, 0), Frame: frame("POST /RST.srf HTTP/1.1\r\nContent-Length: 3\r\n\r\n<a>", "web")},
		{Conn: conn, Kind: Data, From: decode.Server, Time: time.Unix(1e9, 0), Frame: frame("HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n<a/>", "web")},
		{Conn: conn, Kind: Data, From: decode.Client, Time: time.Unix(1e9, 0), Frame: frame("USR 4 SSO S t=a b\r\n", ""), Verdict: decode.SSOVerdict(false)},
		{Conn: conn, Kind: Closed, Time: time.Unix(1e9, 0)},
	}
	var b bytes.Buffer
	w, err := NewWriter(&b, "test")
	if err != nil {
		t.Fatal(err)
	}
	at := [2]int64{}
	for i := range records {
		r := &records[i]
		if r.Kind == Data {
			r.Frame.Offset = at[index(r.From)]
			at[index(r.From)] += int64(len(r.Frame.Raw))
		}
		if err := w.WriteRecord(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(0); err != nil {
		t.Fatal(err)
	}
	in, err := OpenReader(bytes.NewReader(b.Bytes()), "x.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		got, err := in.Next()
		if err != nil {
			t.Fatal(err)
		}
		want := &records[i]
		if got.Kind != want.Kind || got.Verdict != want.Verdict || got.Frame.Kind != want.Frame.Kind || string(got.Frame.Raw) != string(want.Frame.Raw) ||
			got.Frame.LineLen != want.Frame.LineLen || got.Frame.Missing != want.Frame.Missing || got.Frame.Offset != want.Frame.Offset {
			t.Errorf("record %d: %+v, want %+v", i, got, want)
		}
	}
	if _, err := in.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
