package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

// placedRecord is a record with its place, as Reader gives it.
type placedRecord struct {
	Record
	place int64
}

// readPlaces reads a recording through. Damage at the end is all right.
func readPlaces(t testing.TB, b []byte) (list []placedRecord) {
	t.Helper()
	r, err := OpenReader(bytes.NewReader(b), "x")
	if err != nil {
		t.Fatal(err)
	}
	if at := r.Place(); at != -1 {
		t.Errorf("place %d before the first record", at)
	}
	for {
		rec, err := r.Next()
		var corrupt *CorruptError
		if errors.Is(err, io.EOF) || errors.As(err, &corrupt) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		c := *rec
		c.Frame, c.Sent = rec.Frame.Clone(), bytes.Clone(rec.Sent)
		list = append(list, placedRecord{c, r.Place()})
	}
}

// converted is a recording of the records of a file.
func converted(t testing.TB, path string) []byte {
	t.Helper()
	in, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var b bytes.Buffer
	w, err := NewWriter(&b, "")
	if err != nil {
		t.Fatal(err)
	}
	for {
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = w.WriteRecord(rec)
		}
		if err != nil {
			t.Fatal(err)
		}
		if at := in.Place(); at != -1 {
			t.Fatalf("%s: place %d in a file that is no pcapng", path, at)
		}
	}
	if err := w.Close(0); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// recordings are recordings by name.
func recordings(t testing.TB) map[string][]byte {
	all := map[string][]byte{
		"every kind":   writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863")),
		"every, IPv6":  writePcapng(t, everyKind("[fd00::9]:1034", "[fd00::5]:1863")),
		"two sections": bytes.Repeat(writePcapng(t, everyKind("", "")), 2),
		"none":         writePcapng(t, nil),
	}
	files, _ := filepath.Glob(filepath.Join("testdata", "*.pcap"))
	if len(files) != 4 {
		t.Errorf("%d captures", len(files))
	}
	for _, name := range files {
		all[name] = converted(t, name)
	}
	return all
}

// differs says what is different between two records, of what a place tells.
func differs(want *placedRecord, got *Record) string {
	a, b := &want.Record, got
	x, y := &a.Frame, &b.Frame
	same := a.Kind == b.Kind && a.Time.Equal(b.Time) && a.Fate == b.Fate && a.Reset == b.Reset && a.Lost == b.Lost && a.Text == b.Text &&
		bytes.Equal(a.Sent, b.Sent) && (a.Sent == nil) == (b.Sent == nil) && bytes.Equal(x.Raw, y.Raw) && x.Kind == y.Kind &&
		x.LineLen == y.LineLen && x.EOL == y.EOL && x.Missing == y.Missing && x.Resync == y.Resync
	if a.Kind == Data || a.Kind == Lost {
		same = same && a.From == b.From // the direction of the packet
	}
	if a.Kind == Opened {
		same = same && *a.Conn == *b.Conn
	}
	if same = same && (a.About == nil) == (b.About == nil); same && a.About != nil {
		same = *a.About == *b.About && b.Conn == nil
	}
	if same {
		return ""
	}
	return fmt.Sprintf("at %d: want %.300s\ngot %.300s", want.place, fmt.Sprintf("%+v", *a), fmt.Sprintf("%+v", *b))
}

// synthetic reports whether a record is there because others are missing.
func synthetic(r *placedRecord) bool { return r.Kind == Opened && r.Conn.ID > 1<<31 }

// checkPlaces compares Places with Reader: every record by itself, in any order,
// and walks from some of them.
func checkPlaces(t *testing.T, b []byte, walks int) {
	t.Helper()
	var list []placedRecord
	for _, r := range readPlaces(t, b) {
		if !synthetic(&r) {
			list = append(list, r)
		}
	}
	p := NewPlaces(bytes.NewReader(b), "x")
	last := int64(0)
	for i := range list {
		if list[i].place <= last {
			t.Fatalf("record %d at %d, the one before at %d", i, list[i].place, last)
		}
		last = list[i].place
	}
	for _, i := range append(rand.Perm(len(list)), order(len(list))...) {
		rec, err := p.Record(list[i].place)
		if err != nil {
			t.Fatal(err)
		}
		if diff := differs(&list[i], rec); diff != "" {
			t.Fatal(diff)
		}
	}
	for i := 0; i < len(list); i += max(1, len(list)/walks) {
		p.Walk(list[i].place)
		for j := i; ; j++ {
			rec, place, err := p.Next()
			if err != nil {
				if j != len(list) {
					t.Fatalf("walking from record %d of %d: %v after %d", i, len(list), err, j)
				}
				break
			}
			if j == len(list) || place != list[j].place {
				t.Fatalf("walking from %d: record %d at %d: %+v", list[i].place, j, place, rec)
			}
			if diff := differs(&list[j], rec); diff != "" {
				t.Fatalf("walking from %d: %s", list[i].place, diff)
			}
			if k := len(list) - 1 - j; j%5 == 0 { // a look aside does not disturb
				if other, err := p.Record(list[k].place); err != nil || differs(&list[k], other) != "" {
					t.Fatalf("beside a walk: %v %s", err, differs(&list[k], other))
				}
			}
		}
	}
}

func order(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

func TestPlaces(t *testing.T) {
	for name, b := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			if n := len(readPlaces(t, b)); n < 20 && name != "none" {
				t.Fatalf("%d records", n)
			}
			checkPlaces(t, b, 40)
		})
	}
}

// blocks returns where the blocks of a recording begin, and its end.
func blocks(b []byte) (at []int) {
	n := 0
	for ; n < len(b); n += int(binary.LittleEndian.Uint32(b[n+4:])) {
		at = append(at, n)
	}
	return append(at, n)
}

// Whatever block is missing, and wherever the file ends, both ways of reading
// agree.
func TestPlacesMended(t *testing.T) {
	b := writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863"))
	at := blocks(b)
	for i := 2; i+1 < len(at); i++ {
		t.Run(fmt.Sprintf("without block %d", i), func(t *testing.T) {
			checkPlaces(t, append(bytes.Clone(b[:at[i]]), b[at[i+1]:]...), 12)
		})
		t.Run(fmt.Sprintf("torn in block %d", i), func(t *testing.T) { checkPlaces(t, b[:at[i]+9], 12) })
		t.Run(fmt.Sprintf("ends at block %d", i), func(t *testing.T) { checkPlaces(t, b[:at[i]], 12) })
	}
}

// Places are -1 for what has none.
func TestPlaceOfOthers(t *testing.T) {
	b := writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863"))
	for name, b := range map[string][]byte{"gzip": zip(b), "JSON": []byte(`{"v":1,"event":"remark","text":"x"}`), "transcript": []byte("C: OUT\n")} {
		r, err := OpenReader(bytes.NewReader(b), name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err != nil || r.Place() != -1 {
			t.Errorf("%s: place %d, %v", name, r.Place(), err)
		}
	}
}

// What is no place is refused, with the file's name and the offset.
func TestPlacesErrors(t *testing.T) {
	b := writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863"))
	p := NewPlaces(bytes.NewReader(b), "x.pcapng")
	list := readPlaces(t, b)
	starts := make(map[int64]bool)
	for _, r := range list {
		starts[r.place] = true
	}
	bad := []int64{-1, 0, 1, 4, int64(len(b)), int64(len(b)) + 1, 1 << 62}
	for _, at := range blocks(b) {
		bad = append(bad, int64(at)+1, int64(at)+4, int64(at)+2)
	}
	for _, place := range bad {
		rec, err := p.Record(place)
		if err == nil {
			t.Errorf("at %d: %+v", place, rec)
		} else if s := err.Error(); !strings.Contains(s, "x.pcapng") || !strings.Contains(s, fmt.Sprint(place)) {
			t.Errorf("at %d: %v", place, err)
		}
		good := list[len(list)/2]
		if rec, err := p.Record(good.place); err != nil || differs(&good, rec) != "" {
			t.Fatalf("after one at %d: %v", place, err)
		}
	}
}

// A file that can't be read is no file that ends.
func TestPlacesUnreadable(t *testing.T) {
	b := writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863"))
	for _, r := range readPlaces(t, b) {
		if len(r.Frame.Raw) < maxSegment {
			continue
		}
		p := NewPlaces(&unreadable{bytes.NewReader(b), r.place + maxSegment + 200}, "x.pcapng")
		if rec, err := p.Record(r.place); err == nil || !errors.Is(err, errUnreadable) || !strings.Contains(err.Error(), "x.pcapng") {
			t.Errorf("%+v, %v", rec, err)
		}
		return
	}
	t.Error("no frame of several packets")
}

var errUnreadable = errors.New("input/output error")

// unreadable is a file that can't be read from an offset on.
type unreadable struct {
	io.ReaderAt
	from int64
}

func (u *unreadable) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) <= u.from {
		return u.ReaderAt.ReadAt(b, at)
	}
	n, err := u.ReaderAt.ReadAt(b[:max(0, u.from-at)], at)
	return n, errors.Join(errUnreadable, err)
}

// Any bytes at any place are a record or an error.
func FuzzPlaces(f *testing.F) {
	b := writePcapng(f, everyKind("10.0.0.9:1034", "10.0.0.5:1863")[:8])
	f.Add(b, int64(0))
	for _, r := range readPlaces(f, b) {
		f.Add(b, r.place)
		f.Add(bytes.ReplaceAll(b, []byte(`"open"`), []byte(`"size"`)), r.place)
	}
	f.Fuzz(func(t *testing.T, b []byte, place int64) {
		p := NewPlaces(bytes.NewReader(b), "x")
		for range 2 {
			rec, err := p.Record(place)
			if err == nil && rec.Kind == Data && (len(rec.Frame.Raw) == 0 || len(rec.Frame.Raw) > len(b)) {
				t.Fatalf("%d bytes in a file of %d", len(rec.Frame.Raw), len(b))
			}
			if err == nil && rec.Kind != Remark && rec.Conn == nil {
				t.Fatalf("%v without a connection", rec.Kind)
			}
			p.Walk(place)
			for n := 0; ; n++ {
				if _, _, err := p.Next(); err != nil {
					break
				}
				if n > len(b) {
					t.Fatal("more records than bytes")
				}
			}
		}
	})
}

// BenchmarkPlacesRecord reads records at random: what a line of a screen costs.
func BenchmarkPlacesRecord(b *testing.B) {
	file := manyFrames(b, 50_000)
	list := readPlaces(b, file)
	for _, way := range []string{"random", "next"} {
		b.Run(way, func(b *testing.B) {
			p := NewPlaces(bytes.NewReader(file), "x")
			b.ReportAllocs()
			i := 1
			for b.Loop() {
				if way == "random" {
					i = i * 7919 % len(list)
				} else {
					i = (i + 1) % len(list)
				}
				if _, err := p.Record(list[i].place); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPlacesWalk is BenchmarkOwn for a walk.
func BenchmarkPlacesWalk(b *testing.B) {
	file := manyFrames(b, 50_000)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	frames := 0
	p := NewPlaces(bytes.NewReader(file), "x")
	for b.Loop() {
		p.Walk(0)
		for {
			if _, _, err := p.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			frames++
		}
	}
	b.ReportMetric(float64(frames)/b.Elapsed().Seconds()/1e6, "Mframes/s")
}
