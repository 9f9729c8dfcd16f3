package index

import (
	"math/rand/v2"
	"slices"
	"testing"

	"msnproxy/capture"
)

// Marks and comments go through a recording: written behind it, and read again.
func TestNotesInARecording(t *testing.T) {
	list := newTraffic(5, 20, 9).records(2*chunkRows + 50)
	x := opened(t, written(t, list), "x")
	random := rand.New(rand.NewPCG(9, 9))
	var kept []*capture.Record
	note := func(row int, mark, text string) {
		remarks := x.Note(row, mark, text)
		if (x.Row(row).Kind == Message) != (len(remarks) > 0) {
			t.Errorf("row %d: %d remarks", row, len(remarks))
		}
		kept = append(kept, remarks...)
	}
	for i := range 200 {
		note(random.IntN(x.Len()), []string{"", "", "a", "b", "c"}[i%5], []string{"", "why?", "the second"}[i%3])
	}
	note(x.RowOf(17), "z", "stays")
	note(x.RowOf(18), "z", "") // takes the mark
	note(x.RowOf(19), "", "goes")
	note(x.RowOf(19), "", "")
	if x.Mark(x.RowOf(17)) != "" || x.Comment(x.RowOf(17)) != "stays" || x.MarkedRow("z") != x.RowOf(18) || x.MarkedRow("y") != -1 {
		t.Error("a mark is on one row")
	}
	if row := x.Row(x.RowOf(19)); row.Comment || row.Marked {
		t.Errorf("a note taken away: %+v", row)
	}
	want := notesOf(x)
	if len(want) < 50 || !slices.IsSorted(x.Noted()) {
		t.Fatalf("%d notes", len(want))
	}
	for name, remarks := range map[string][]*capture.Record{"as they came": kept, "as they are": x.Remarks(func(int) bool { return true })} {
		again := opened(t, written(t, append(slices.Clone(list), remarks...)), name)
		if got := notesOf(again); again.Len() != x.Len() || !slices.Equal(got, want) {
			t.Errorf("%s: %d notes, want %d; %d rows, want %d", name, len(got), len(want), again.Len(), x.Len())
		}
	}
	if got := x.Remarks(func(row int) bool { return row == x.RowOf(18) }); len(got) != 1 || got[0].About.Mark != "z" {
		t.Errorf("remarks on one row: %v", got)
	}
	// Those on nothing that is there are passed over.
	n := len(notesOf(x))
	for _, a := range []capture.About{{Conn: 9999, From: 1}, {Conn: 1, From: 1, Offset: 3}, {Conn: 1, From: 1, Offset: 1 << 40}, {Conn: 1}, {Conn: 1, From: 2, Offset: -1}} {
		if err := x.Add(&capture.Record{Kind: capture.Remark, Text: "x", About: &a}); err != nil {
			t.Error(err)
		}
	}
	if len(notesOf(x)) != n {
		t.Error("notes on nothing")
	}
}

type noted struct {
	row        int
	mark, text string
}

func notesOf(x *Index) (list []noted) {
	for _, row := range x.Noted() {
		list = append(list, noted{row, x.Mark(row), x.Comment(row)})
		if k := x.Row(row); k.Marked != (x.Mark(row) != "") || k.Comment != (x.Comment(row) != "") {
			panic("the row does not know")
		}
	}
	return list
}
