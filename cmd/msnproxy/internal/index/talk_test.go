package index

import (
	"path/filepath"
	"slices"
	"testing"

	"msnproxy/capture"
	"msnproxy/decode"
)

// What a view wants is what it shows when nothing is folded, however it is asked;
// the rows of a chat are those of its connections, MSNFTP and RNG.
func TestMatchedAndTalkRows(t *testing.T) {
	path := filepath.Join("..", "..", "..", "..", "capture", "testdata", "escargot-amsn082-msnp7.pcap")
	in, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	x := New(Options{SpoolDir: t.TempDir()})
	defer x.Close()
	// Three times, so that chunks are crossed.
	for range 3 {
		if err := x.Load(in, nil, path, nil); err != nil {
			t.Fatal(err)
		}
		if in, err = capture.Open(path); err != nil {
			t.Fatal(err)
		}
		defer in.Close()
	}
	for x.Len() < 2*chunkRows {
		_ = x.Add(&capture.Record{Kind: capture.Remark, Text: "filler"})
	}
	n := x.Len()
	for _, q := range []Query{{}, {Scope: Scope{Conversation: 1}}, {Scope: Scope{Session: 2}}, {Filter: `verb == "MSG"`}, {Filter: `noise != ""`}} {
		open := x.NewView(q)
		open.Wait()
		q.Fold = true
		folded := x.NewView(q)
		folded.Wait()
		var want []int
		for i := range n {
			if open.Shows(i) {
				want = append(want, i)
			}
			if folded.Matches(i) != open.Shows(i) {
				t.Fatalf("%+v: row %d", q, i)
			}
		}
		if got := folded.Matched(nil, 0, n); !slices.Equal(got, want) {
			t.Errorf("%+v: %d rows, want %d", q, len(got), len(want))
		}
		for _, at := range []int{0, 1, 63, 64, 65, 100, chunkRows - 1, chunkRows, chunkRows + 1, n, n + 5} {
			before, _ := slices.BinarySearch(want, at)
			if got := folded.CountMatched(at); got != before {
				t.Errorf("%+v: %d before %d, want %d", q, got, at, before)
			}
			if got := folded.Matched(nil, at, at+70); !slices.Equal(got, slices.DeleteFunc(slices.Clone(want), func(i int) bool { return i < at || i >= at+70 })) {
				t.Errorf("%+v: %v from %d", q, got, at)
			}
		}
	}
	for _, talk := range []int{1, 2, 99} {
		got := x.TalkRows(nil, 0, n, talk)
		for i := range n {
			r := x.Row(i)
			want := r.Conn != nil && (r.Kind == Message || r.Kind == Closed) && (r.Conn.Facts.Role == decode.FTP ||
				r.Kind == Message && r.Verb == "RNG" || r.Conn.Facts.Conversation != nil && r.Conn.Facts.Conversation.Number == talk)
			if slices.Contains(got, i) != want {
				t.Fatalf("conversation %d: row %d, %s", talk, i, r.Verb)
			}
		}
	}
}
