package index

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"msnproxy/capture"
	"msnproxy/decode"
)

// late adds a finding on a row that is there.
func late(x *Index, row int, s decode.Severity) {
	x.locked(func() { x.find(row, &decode.Finding{Rule: "trid.unanswered", Severity: s, Text: "late"}) })
}

// Findings that come late count for filters, for folding and for those who look
// for them.
func TestFindingsComeLate(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	x := live(t, newTraffic(5, 20, 9).records(2*chunkRows+50))
	var views []*View
	for _, q := range []Query{{Filter: "severity == 3"}, {Filter: `"trid.unanswered" in findings`, Fold: true}, {Fold: true}, {Filter: `verb == "PNG"`, Fold: true}} {
		v := x.NewView(q)
		defer v.Close()
		v.Wait()
		views = append(views, v)
	}
	for range 300 {
		late(x, random.IntN(x.Len()), decode.Severity(1+random.IntN(3)))
	}
	for _, v := range views {
		v.Wait()
		agree(t, x, v, x.Len(), random)
	}
}

// What changes of rows while the filter has them in hand is not lost, and rows that
// are to be looked at again need not fit into one step.
func TestChangesWhileTheFilterLooks(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	x := live(t, newTraffic(5, 20, 9).records(chunkRows-10))
	v := x.NewView(Query{})
	defer v.Close()
	v.mu.Lock()
	v.working = true // by hand: no goroutine is begun
	v.mu.Unlock()
	if err := v.Ask(Query{Filter: "severity == 3"}); err != nil {
		t.Fatal(err)
	}
	var s step
	for n := 0; ; n++ {
		f, round := v.due(&s)
		if f == nil {
			break
		}
		v.apply(f, &s, round)
		if n == 2 {
			for range 50 {
				late(x, random.IntN(s.to), decode.Error) // in hand, and before
			}
			v.Sync()
		}
		v.settle(&s, round)
	}
	agree(t, x, v, x.Len(), random)
}

// A recording that is damaged after it was indexed: the rows there can't be read,
// all others can.
func TestDamagedLater(t *testing.T) {
	file := written(t, newTraffic(3, 20, 1).records(500))
	x := opened(t, file, "x")
	bad := 200
	for x.Row(bad).Kind != Message || x.Row(bad+1).Kind != Message {
		bad++
	}
	from, to := x.at(bad).place, x.at(bad+1).place
	copy(file[from:to], bytes.Repeat([]byte{0xee}, int(to-from)))
	r := x.NewReader()
	if _, _, err := r.Read(bad); err == nil {
		t.Error("what is damaged can be read")
	}
	seen := 0
	err := r.Walk(0, x.Len(), nil, func(i int, m *decode.Message, rec *capture.Record) bool {
		if i == bad || (m != nil) != (x.Row(i).Kind == Message) {
			t.Errorf("row %d: %v", i, rec)
		}
		seen++
		return true
	})
	if err == nil || seen != x.Len()-1 {
		t.Errorf("error %v, %d rows of %d", err, seen, x.Len())
	}
}
