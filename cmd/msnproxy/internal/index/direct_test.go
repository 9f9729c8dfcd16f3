package index

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
	"msnproxy/decode/transfer"
)

// A row of a direct connection shows its packets, wherever they begin, and its transfer
// can be saved.
func TestDirect(t *testing.T) {
	name := filepath.Join("..", "..", "testdata", "direct", "file.txt")
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	x := opened(t, file, name)
	in, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	f := capture.NewFollower(capture.FollowOptions{})
	want := make(map[int64]string) // by number
	for r, err := in.Next(); err == nil; r, err = in.Next() {
		if m := f.Record(r).Message; m != nil {
			want[m.Number] = allOf(m)
		}
	}
	got := 0
	err = x.NewReader().Walk(0, x.Len(), nil, func(_ int, m *decode.Message, _ *capture.Record) bool {
		if m != nil && m.Direct != nil {
			got++
			if allOf(m) != want[m.Number] {
				t.Errorf("%d: %s\nwant %s", m.Number, allOf(m), want[m.Number])
			}
		}
		return true
	})
	if err != nil || got != 12 {
		t.Errorf("%d rows, %v", got, err)
	}
	var content bytes.Buffer
	tr, err := x.Content(t.Context(), 1, &content)
	if err != nil || tr.State != transfer.Complete || content.Len() != 200 || !strings.HasPrefix(content.String(), "What a direct connection") {
		t.Errorf("%+v %v %q", tr, err, content.String())
	}
	for row := range x.Len() {
		if r := x.Row(row); r.Kind == Message && r.Conn.Facts.Direct {
			if n, _ := x.TransferOf(row); n != 1 {
				t.Errorf("row %d is of transfer %d", row, n)
			}
		}
	}
}

func allOf(m *decode.Message) string {
	var sb strings.Builder
	sb.WriteString(m.Summary())
	for _, l := range show.Lines(nil, m) {
		sb.WriteString("\n" + strings.Repeat(" ", l.Depth) + l.Name + "=" + l.Value + " " + l.Means)
	}
	return sb.String()
}
