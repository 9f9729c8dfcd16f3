package index

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"msnproxy/decode"
)

// The texts of findings: in memory, in the file, and when that takes no more.
func TestSpill(t *testing.T) {
	s := spill{dir: t.TempDir()}
	var places []int64
	text := func(i int) string { return strings.Repeat(string(rune('a'+i%26)), i%3000) }
	for i := range 500 {
		places = append(places, s.put(text(i)))
		for _, k := range []int{0, i / 2, i} {
			if got := s.get(places[k], len(text(k))); got != text(k) {
				t.Fatalf("text %d of %d: %d bytes, want %d", k, i, len(got), len(text(k)))
			}
		}
	}
	big := strings.Repeat("x", 3*spillBuffer)
	if got := s.get(s.put(big), len(big)); got != big {
		t.Error("a text larger than the buffer")
	}
	s.file = &fullFile{spillFile: s.file}
	lost := 0
	for i := range 500 {
		at := s.put(text(i))
		got := s.get(at, len(text(i)))
		if at < 0 {
			lost++
		}
		if (at < 0) != strings.Contains(got, "could not be kept") || at >= 0 && got != text(i) {
			t.Fatalf("text %d at %d: %.40q", i, at, got)
		}
	}
	if lost < 400 {
		t.Errorf("%d texts were lost", lost)
	}
	if got := s.get(places[400], len(text(400))); got != text(400) {
		t.Error("what was written is gone")
	}
	s.close()
	s.close()
	if s.put("x") != -1 {
		t.Error("a closed spill takes more")
	}
}

type fullFile struct{ spillFile }

func (fullFile) WriteAt([]byte, int64) (int, error) { return 0, errors.New("no space left on device") }

func TestSpillWithoutDirectory(t *testing.T) {
	s := spill{dir: filepath.Join(t.TempDir(), "missing")}
	last := int64(0)
	for range 100 {
		last = s.put(strings.Repeat("x", 1000))
	}
	if last != -1 || !errors.Is(s.err, os.ErrNotExist) {
		t.Errorf("place %d, error %v", last, s.err)
	}
	s.close()
}

// Findings that come in any order stand in that of rows, those of a row as they
// came; a list that was handed out stays.
func TestFindingsInOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	var f findings
	defer f.texts.close()
	var want []decode.Finding
	rows := map[uint32][]decode.Finding{}
	for i := range 4000 {
		row := uint32(i / 4)
		if random.IntN(3) == 0 {
			row = uint32(random.IntN(i/4 + 1))
		}
		d := decode.Finding{Rule: "rule" + string(rune('a'+i%7)), Severity: decode.Severity(1 + i%3), Text: strings.Repeat("y", i%50)}
		before := f.all()
		copied := slices.Clone(before)
		f.add(row, &d)
		rows[row] = append(rows[row], d)
		if i%100 == 0 {
			f.all()
		}
		if !slices.Equal(before, copied) {
			t.Fatal("a list that was handed out has changed")
		}
		var got []decode.Finding
		for _, k := range f.on(nil, row) {
			got = append(got, f.text(&k))
		}
		if !slices.Equal(got, rows[row]) {
			t.Fatalf("findings on row %d: %v, want %v", row, got, rows[row])
		}
	}
	for row := range uint32(1000) {
		want = append(want, rows[row]...)
	}
	var got []decode.Finding
	for _, k := range f.all() {
		got = append(got, f.text(&k))
	}
	if !slices.Equal(got, want) {
		t.Error("not in order")
	}
	long := decode.Finding{Rule: "r", Severity: decode.Note, Text: strings.Repeat("é", 40_000)}
	f.add(9999, &long)
	list := f.on(nil, 9999)
	if text := f.text(&list[0]).Text; text != strings.Repeat("é", textMost/2) {
		t.Errorf("a long text has %d bytes", len(text))
	}
}
