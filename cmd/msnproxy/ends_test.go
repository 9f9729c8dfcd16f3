package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// TestOnlyEnds: the last file of a rotation may hold nothing but the ends of
// connections. It is a recording of MSNP all the same.
func TestOnlyEnds(t *testing.T) {
	name := filepath.Join(t.TempDir(), "last.pcapng")
	var file bytes.Buffer
	w, err := capture.NewWriter(&file, "")
	if err != nil {
		t.Fatal(err)
	}
	c := &capture.Conn{ID: 3, Client: "10.0.0.9:1030", Server: "10.0.0.5:1863", MidStream: true}
	for _, r := range []capture.Record{
		{Kind: capture.Opened, Conn: c, Time: time.Unix(1000, 0)},
		{Kind: capture.Closed, Conn: c, Time: time.Unix(1001, 0), From: decode.Client},
	} {
		if err := w.WriteRecord(&r); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ command, want string }{
		{"read", "#3 closed by the client"},
		{"stats", "0 messages"},
		{"check", "0 errors"},
	} {
		var out bytes.Buffer
		code := run([]string{"msnproxy", tt.command, name}, nil, &out, &out)
		if code != 0 || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%s: exit code %d:\n%s\nwant %q", tt.command, code, out.String(), tt.want)
		}
	}
}
