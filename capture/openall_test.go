package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msnproxy/decode"
)

// readWhole tells all of a recording, with what is wrong with it at the end.
func readWhole(t testing.TB, r *Reader) []string {
	t.Helper()
	var list []string
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			return append(list, err.Error())
		}
		list = append(list, inLine(rec))
	}
}

func inLine(rec *Record) string {
	s := rec.Kind.String()
	if rec.Conn != nil {
		s = fmt.Sprintf("#%d %s", rec.Conn.ID, s)
	}
	if rec.Kind == Data {
		s += fmt.Sprintf(" %s %q at %d", rec.From, rec.Frame.Raw, rec.Frame.Offset)
	}
	return s + rec.Text
}

// openAll reads files as one.
func openAll(t testing.TB, args ...string) []string {
	t.Helper()
	r, err := OpenAll(nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return readWhole(t, r)
}

func equal(t testing.TB, got, want []string, what string) {
	t.Helper()
	if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
		t.Errorf("%s:\n%s\nwant\n%s", what, a, b)
	}
}

// script records lines of conversations, of which each record comes a second after the
// one before; it turns to the next file where turn says so.
func rotatedFiles(t *testing.T, dir string, turn func(n int) bool) []string {
	t.Helper()
	var names []string
	var f *os.File
	var w *Writer
	begin := func(at time.Time) {
		name := filepath.Join(dir, fmt.Sprintf("x_%05d_20261128000000.pcapng", len(names)+1))
		next, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		nw, err := NewWriter(next, "")
		if err == nil && w != nil {
			nw.carry(w, at)
		}
		if err != nil {
			t.Fatal(err)
		}
		if w != nil {
			w.Close(0)
			f.Close()
		}
		f, w, names = next, nw, append(names, name)
	}
	at := time.Unix(1000, 0)
	begin(at)
	a := &Conn{ID: 1, Client: "10.0.0.1:1000", Server: "10.0.0.9:1863"}
	b := &Conn{ID: 2, Client: "10.0.0.2:1000", Server: "10.0.0.9:1863"}
	var offset [3]int64
	put := func(n int, r Record) {
		at = at.Add(time.Second)
		if turn(n) {
			begin(at)
		}
		r.Time = at
		if r.Kind == Data {
			r.Frame.Offset = offset[r.Conn.ID]
			offset[r.Conn.ID] += int64(len(r.Frame.Raw))
		}
		if err := w.WriteRecord(&r); err != nil {
			t.Fatal(err)
		}
	}
	line := func(c *Conn, s string) Record {
		raw := []byte(s + "\r\n")
		return Record{Conn: c, Kind: Data, From: decode.Client, Frame: decode.Frame{Kind: decode.Command, Raw: raw, LineLen: len(s), EOL: 2}}
	}
	for i, r := range []Record{{Conn: a, Kind: Opened}, line(a, "VER 1 MSNP8 CVR0"), {Conn: b, Kind: Opened}, line(b, "VER 1 MSNP9 CVR0"),
		line(a, "PNG"), line(b, "PNG"), {Conn: b, Kind: Closed, From: decode.Client}, line(a, "OUT"), {Conn: a, Kind: Closed, From: decode.Client}} {
		put(i, r)
	}
	w.Close(0)
	f.Close()
	return names
}

// What is one recording in one file is the same in many, whole or twice.
func TestOpenAllSeries(t *testing.T) {
	whole := rotatedFiles(t, t.TempDir(), func(int) bool { return false })
	want := openAll(t, whole...)
	if len(want) != 9 {
		t.Fatal(want)
	}
	for name, turn := range map[string]func(int) bool{
		"two":     func(n int) bool { return n == 4 },
		"each":    func(n int) bool { return n > 0 },
		"the end": func(n int) bool { return n == 8 },
	} {
		dir := t.TempDir()
		files := rotatedFiles(t, dir, turn)
		equal(t, openAll(t, files...), want, name)
		equal(t, openAll(t, dir), want, name+", directory")
		equal(t, openAll(t, filepath.Join(dir, "x_*")), want, name+", pattern")
		equal(t, openAll(t, append(files, dir)...), want, name+", named twice")
		os.WriteFile(filepath.Join(dir, "y.gz.part"), []byte("half"), 0o600)
		os.WriteFile(filepath.Join(dir, "notes"), []byte("Dear Alice,\n"), 0o600)
		equal(t, openAll(t, dir), want, name+", with other files")
		equal(t, openAll(t, append([]string{whole[0]}, files...)...), want, name+", and whole")
		// The last of the files again, under another name.
		b, _ := os.ReadFile(files[len(files)-1])
		again := filepath.Join(t.TempDir(), "again.pcapng")
		os.WriteFile(again, b, 0o600)
		equal(t, openAll(t, append([]string{again}, files...)...), want, name+", with a copy")
	}
}

// More files than are open at a time.
func TestOpenAllMany(t *testing.T) {
	dir := t.TempDir()
	for i := range manyOpen + 5 {
		text := fmt.Sprintf("2009-01-01 00:%02d:%02dZ C: VER 1 MSNP8 CVR0\n2009-01-01 01:%02d:%02dZ S: VER 1 MSNP8 CVR0\n", i/60, i%60, i/60, i%60)
		os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.txt", i)), []byte(text), 0o600)
	}
	r, err := OpenAll(nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n, last := 0, time.Time{}
	for rec, err := r.Next(); err == nil; rec, err = r.Next() {
		if rec.Kind != Data {
			continue
		}
		if n++; rec.Time.Before(last) {
			t.Fatalf("%v comes behind %v", rec.Time, last)
		}
		last = rec.Time
	}
	if n != 2*(manyOpen+5) {
		t.Errorf("%d messages", n)
	}
	if s := r.Stats(); s.Connections != manyOpen+5 {
		t.Errorf("%d connections", s.Connections)
	}
}

// A capture that was split: connections go on in the next file.
func TestOpenAllSplitCapture(t *testing.T) {
	const capture = "testdata/escargot-amsn082-msnp7.pcap"
	b, err := os.ReadFile(capture)
	if err != nil {
		t.Fatal(err)
	}
	want := openAll(t, capture)
	for _, every := range []int{1, 7, 40} {
		dir := t.TempDir()
		head, at := b[:24], 24
		for i := 0; at < len(b); i++ {
			part := append([]byte(nil), head...)
			for range every {
				if at < len(b) {
					n := 16 + int(uint32(b[at+8])|uint32(b[at+9])<<8|uint32(b[at+10])<<16)
					part = append(part, b[at:at+n]...)
					at += n
				}
			}
			os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.pcap", i)), part, 0o600)
		}
		equal(t, openAll(t, dir), want, fmt.Sprint("split after ", every))
		equal(t, openAll(t, dir, capture), want, "and the whole")
	}
}

// Two logs of one chat are one recording of two connections.
func TestOpenAllLogs(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "alice.log"), filepath.Join(dir, "bob.log")
	os.WriteFile(a, []byte("(12:00:01) msn: C: SB 001: USR 1 alice@example.com 1.2\n(12:00:03) msn: S: SB 001: JOI bob@example.com Bob\n"), 0o600)
	os.WriteFile(b, []byte("(12:00:02) msn: C: SB 001: ANS 1 bob@example.com 1.2 3\n(12:00:04) msn: S: SB 001: ANS 1 OK\n"), 0o600)
	got := ""
	for _, line := range openAll(t, b, a) {
		if strings.Contains(line, "data") {
			got += line[:2] + strings.Split(line, `"`)[1][:3] + " "
		}
	}
	if got != "#1USR #2ANS #1JOI #2ANS " {
		t.Error(got)
	}
}

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ arg, want string }{
		{filepath.Join(dir, "none"), "no such file"},
		{filepath.Join(dir, "*.x"), "no file has such a name"},
		{dir, "a directory without a recording in it"},
		{filepath.Join(dir, "[*"), "not a pattern"},
	} {
		if _, err := Expand(tt.arg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %s", tt.arg, err, tt.want)
		}
	}
	odd := filepath.Join(dir, "a[1].txt")
	os.WriteFile(odd, []byte("C: OUT\n"), 0o600)
	if names, err := Expand(odd, "-"); err != nil || len(names) != 2 || names[0] != odd {
		t.Error("a name that looks like a pattern:", names, err)
	}
}

// A damaged file ends alone.
func TestOpenAllDamaged(t *testing.T) {
	files := rotatedFiles(t, t.TempDir(), func(n int) bool { return n == 4 })
	b, _ := os.ReadFile(files[0])
	os.WriteFile(files[0], b[:len(b)-10], 0o600)
	r, err := OpenAll(nil, files...)
	if err != nil {
		t.Fatal(err)
	}
	got := readWhole(t, r)
	if last := got[len(got)-1]; !strings.Contains(last, "damaged") || !strings.Contains(strings.Join(got, "\n"), `"OUT`) {
		t.Error(got)
	}
}

// A file that is followed.
func TestFollow(t *testing.T) { synctest.Test(t, testFollow) }

func testFollow(t *testing.T) {
	part := func(n int) []byte {
		b, err := os.ReadFile(rotatedFiles(t, t.TempDir(), func(int) bool { return false })[0])
		if err != nil {
			t.Fatal(err)
		}
		return b[:len(b)*n/10]
	}
	write := func(name string, b []byte, flags int) {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|flags, 0o600)
		if err == nil {
			_, err = f.Write(b)
			f.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "x.pcapng")
	// Each step is taken when the reader waits, and has read what the last one wrote.
	half := part(5)
	steps := []func(){
		func() { write(name, nil, 0) },
		func() { write(name, half, os.O_APPEND) },
		func() { write(name, part(10)[len(half):], os.O_APPEND) },
		func() { write(name, nil, os.O_TRUNC) },
		func() { write(name, part(10), 0) },
		func() { write(name+".new", part(10), 0); os.Rename(name+".new", name) },
		func() { os.Remove(name) },
		func() { write(name, part(10), 0) },
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	waits := 0
	r := Follow(ctx, name, func() {
		// Twice, so that what was done has been looked at.
		if waits++; waits%4 != 0 {
			return
		}
		if len(steps) == 0 {
			cancel()
			return
		}
		steps[0]()
		steps = steps[1:]
	})
	got := strings.Join(readWhole(t, r), "\n")
	if n := strings.Count(got, `"OUT`); n != 4 || strings.Contains(got, "damaged") {
		t.Errorf("%d times:\n%s", n, got)
	}
}

// Rotation: the next file, packed or not, and the connections that go on in it.
func TestFollowRotation(t *testing.T) { synctest.Test(t, testFollowRotation) }

func testFollowRotation(t *testing.T) {
	from := t.TempDir()
	files := rotatedFiles(t, from, func(n int) bool { return n > 0 })
	want := openAll(t, files...)
	dir := t.TempDir()
	step := 0
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	waits := 0
	r := Follow(ctx, filepath.Join(dir, "x.pcapng"), func() {
		if waits++; waits%2 != 0 {
			return
		}
		if step == len(files) {
			if waits%8 == 0 {
				cancel()
			}
			return
		}
		b, err := os.ReadFile(files[step])
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(files[step])), b, 0o600)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(files[step])+partSuffix), b, 0o600)
		}
		if err != nil {
			t.Error(err)
		}
		step++
	})
	equal(t, readWhole(t, r), want, "followed")
}
