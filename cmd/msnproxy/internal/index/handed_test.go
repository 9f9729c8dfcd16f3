package index

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"msnproxy/capture"
)

// What was handed over is known by rows, and its content is read again.
func TestTransfers(t *testing.T) {
	path := filepath.Join("..", "..", "..", "..", "capture", "testdata", "escargot17-pecan-msnp12-p2p.pcapng")
	x := New(Options{SpoolDir: t.TempDir()})
	defer x.Close()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := x.Load(in, file, path, nil); err != nil {
		t.Fatal(err)
	}
	list, version := x.Transfers()
	if len(list) != 1 || version == 0 || version != x.TransfersVersion() {
		t.Fatalf("%d transfers, version %d", len(list), version)
	}
	rows := x.TransferRows(1)
	first := x.RowOf(list[0].Message)
	if len(rows) < 20 || rows[0] != first {
		t.Fatalf("rows %v, the first message is row %d", rows, first)
	}
	for row, want := range map[int]int{first - 1: 0, first: 1, first + 1: 1, x.Len() - 1: 1} {
		if n, exact := x.TransferOf(row); n != want || exact != (row == first) && row != first {
			t.Errorf("row %d: %d, exact %v", row, n, exact)
		}
	}
	var content bytes.Buffer
	got, err := x.Content(context.Background(), 1, &content)
	if err != nil || content.Len() != 20000 || got.SHA1 != list[0].SHA1 {
		t.Errorf("%v, %d bytes, %+v", err, content.Len(), got)
	}
	if _, err := x.Content(context.Background(), 2, &content); err == nil {
		t.Error("there is content of what is not there")
	}
}

// A split invitation is whole where its row is read again, as it was when it came.
func TestJoined(t *testing.T) {
	path := filepath.Join("..", "..", "testdata", "cases", "protocol", "p2p-v1-v2-chunks.txt")
	x := New(Options{SpoolDir: t.TempDir()})
	defer x.Close()
	in, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := x.Load(in, nil, path, nil); err != nil {
		t.Fatal(err)
	}
	r := x.NewReader()
	for number, want := range map[int64]int{18: 0, 20: 624, 30: 0} {
		m, _, err := r.Read(x.RowOf(number))
		if err != nil || len(m.Joined) != want {
			t.Errorf("message %d: %v, %d bytes", number, err, len(m.Joined))
		}
	}
}
