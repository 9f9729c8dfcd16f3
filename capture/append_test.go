package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"msnproxy/decode"
)

func annotated(n int, text string) *Record {
	return &Record{Time: time.Unix(int64(n), 5).UTC(), Kind: Remark, Text: text, About: &About{Conn: 1, From: decode.Server, Offset: int64(n)}}
}

// What is added is read, also by those who read already.
func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	b := writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863"))
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	places := NewPlaces(in, path)
	old := readPlaces(t, b)
	places.Walk(old[len(old)-1].place)
	if _, _, err := places.Next(); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		a, err := Append(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Append(path); locks && (err == nil || !strings.Contains(err.Error(), "adds to it")) {
			t.Errorf("two at a time: %v", err)
		}
		for i := range 3 {
			want := annotated(10*round+i, fmt.Sprintf("comment %d", i))
			if err := a.Put(want); err != nil {
				t.Fatal(err)
			}
			got, place, err := places.Next()
			if err != nil || differs(&placedRecord{*want, place}, got) != "" {
				t.Fatalf("%+v, %v", got, err)
			}
			if got, err := places.Record(place); err != nil || differs(&placedRecord{*want, place}, got) != "" {
				t.Fatalf("%+v, %v", got, err)
			}
			if got, err := places.Record(old[5].place); err != nil || differs(&old[5], got) != "" {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if err := a.Put(annotated(1, "")); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	if list := readFile(t, path); len(list) != len(old)+6 || list[len(old)+4].Text != "comment 1" || list[len(old)+4].About.Offset != 11 {
		t.Errorf("%d records", len(list))
	}
	tsharkTakes(t, path, "comment on connection 1, server, byte 11: comment 1")
}

// tsharkTakes makes sure that tshark reads a file to its end, and finds a comment.
func tsharkTakes(t *testing.T, path, comment string) {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Log("tshark is not installed")
		return
	}
	var errs strings.Builder
	cmd := exec.Command(tshark, "-n", "-r", path, "-T", "fields", "-e", "frame.comment", "-Y", "frame.comment && !_ws.malformed")
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if text := strings.ReplaceAll(errs.String(), "Running as user \"root\" and group \"root\". This could be dangerous.", ""); err != nil || strings.TrimSpace(text) != "" {
		t.Errorf("tshark: %v %s", err, text)
	}
	if !strings.Contains(string(out), comment) {
		t.Errorf("tshark does not show %q:\n%s", comment, out)
	}
}

// What nothing can be added to says why, and what to do.
func TestAppendRefuses(t *testing.T) {
	dir := t.TempDir()
	b := writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863"))
	at := blocks(b)
	pcap, err := os.ReadFile(filepath.Join("testdata", "escargot-amsn082-msnp7.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	other := strings.ReplaceAll(string(b), "\x04\x00\x08\x00msnproxy", "\x04\x00\x08\x00dumpcaps")
	for name, tt := range map[string]struct{ content, want string }{
		"torn.pcapng":    {string(b[:len(b)-3]), "msnproxy repair"},
		"half.pcapng":    {string(b[:at[len(at)-3]+40]), "msnproxy repair"},
		"zeros.pcapng":   {string(b) + strings.Repeat("\x00", 4096), "msnproxy repair"},
		"head.pcapng":    {string(b[:at[1]-4]), "msnproxy convert"},
		"gzip.pcapng.gz": {string(zip(b)), "gunzip"},
		"pcap.pcap":      {string(pcap), "msnproxy convert"},
		"other.pcapng":   {other, "msnproxy convert"},
		"text.txt":       {"C: OUT\n", "msnproxy convert"},
		"empty":          {"", "msnproxy convert"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Append(path)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != tt.content {
			t.Errorf("%s was changed, %v", name, err)
		}
	}
	for _, path := range []string{filepath.Join(dir, "none"), dir} {
		if _, err := Append(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Wherever a recording is torn, that is noticed, but between two blocks.
func TestAppendTorn(t *testing.T) {
	b := writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863")[:5])
	whole := make(map[int]bool)
	for _, at := range blocks(b)[1:] {
		whole[at] = true
	}
	path := filepath.Join(t.TempDir(), "x.pcapng")
	for n := blocks(b)[1]; n <= len(b); n++ {
		if testing.Short() && n%7 != 0 && !whole[n] {
			continue
		}
		if err := os.WriteFile(path, b[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := Append(path)
		if (err == nil) != whole[n] {
			t.Errorf("the first %d bytes: %v", n, err)
		}
		if err == nil {
			a.Close()
		}
	}
}

// While a file is being recorded nothing is added; each file of a rotation is free
// when it is done.
func TestAppendWhileRecording(t *testing.T) {
	if !locks {
		t.Skip("no locks here")
	}
	dir := t.TempDir()
	r, err := NewRecorder(RecorderOptions{Path: filepath.Join(dir, "x.pcapng"), RotateSize: 2000})
	if err != nil {
		t.Fatal(err)
	}
	conn := &Conn{ID: 1, Client: "10.0.0.9:1000", Server: "10.0.0.5:1863"}
	first := r.Path()
	for n := 0; n < 100; n++ {
		r.Record(record(conn, n))
	}
	if first == r.Path() {
		t.Fatal("no rotation")
	}
	if _, err := Append(r.Path()); err == nil || !strings.Contains(err.Error(), "being recorded right now") {
		t.Errorf("while it is recorded: %v", err)
	}
	r.shelf.close() // finished files are closed by the side
	a, err := Append(first)
	for end := time.Now().Add(10 * time.Second); err != nil && time.Now().Before(end); a, err = Append(first) {
		time.Sleep(time.Millisecond) // it is finished beside the recording
	}
	if err != nil {
		t.Fatalf("the finished file: %v", err)
	}
	a.Close()
	r.Close()
	if a, err = Append(r.Path()); err != nil {
		t.Fatalf("when all is done: %v", err)
	}
	a.Close()
}

// What is no annotation is refused, and costs nothing.
func TestAppendOnlyAnnotations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	if err := os.WriteFile(path, writePcapng(t, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := Append(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	bad := []*Record{{Kind: Remark, Text: "x"}, record(&Conn{ID: 1}, 1), annotated(1, strings.Repeat("x", maxText+1)), annotated(1, "x")}
	bad[3].About.Mark = "ab"
	for _, rec := range bad {
		if err := a.Put(rec); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%+v: %v", rec, err)
		}
	}
	if err := a.Put(annotated(1, strings.Repeat("<", maxText))); err != nil {
		t.Error(err)
	}
	if list := readFile(t, path); len(list) != 1 || len(list[0].Text) != maxText {
		t.Errorf("%d records", len(list))
	}
}

// halfWritten is a file that takes half of what is written.
type halfWritten struct{ *os.File }

func (h halfWritten) Write(b []byte) (int, error) {
	n, err := h.File.Write(b[:len(b)/2])
	if err == nil {
		err = &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	return n, err
}

// A full disk leaves the file as it was.
func TestAppendDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	before := writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863"))
	if err := os.WriteFile(path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := Append(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.w.w = halfWritten{a.file.(*os.File)}
	err = a.Put(annotated(1, "x"))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if again := a.Put(annotated(2, "x")); again != err {
		t.Errorf("once more: %v", again)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(before) {
		t.Errorf("%d bytes, were %d: %v", len(now), len(before), err)
	}
}

// The end of a file is looked at, not all of it.
func TestAppendReadsLittle(t *testing.T) {
	b := manyFrames(t, 20_000)
	c := &counting{ReaderAt: strings.NewReader(string(b))}
	if err := soundEnd(c, int64(len(b))); err != nil || c.n > 1<<20 || c.n == 0 {
		t.Errorf("%d bytes of %d were read: %v", c.n, len(b), err)
	}
}

type counting struct {
	io.ReaderAt
	n int
}

func (c *counting) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, at)
	c.n += n
	return n, err
}
