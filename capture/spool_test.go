package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"msnproxy/decode"
)

// What is put is read by its place at once, and by walks.
func TestSpool(t *testing.T) {
	dir := t.TempDir()
	s, err := NewSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := s.Places()
	var list []placedRecord
	for i := 0; s.Size() < 3*spoolBuffer+1<<20; i++ {
		for _, rec := range everyKind("10.0.0.9:1034", "10.0.0.5:1863") {
			place, err := s.Put(&rec)
			if err != nil {
				t.Fatal(err)
			}
			want := placedRecord{rec, place}
			got, err := p.Record(place)
			if err != nil {
				t.Fatal(err)
			}
			if rec.Kind == Opened {
				got.Conn = rec.Conn // what an announcement leaves out
			}
			if diff := differs(&want, got); diff != "" {
				t.Fatal(diff)
			}
			list = append(list, want)
		}
	}
	other := s.Places()
	for i := range list {
		if got, err := other.Record(list[i].place); err != nil || list[i].Kind != Opened && differs(&list[i], got) != "" {
			t.Fatalf("%v %s", err, differs(&list[i], got))
		}
	}
	n := 0
	for {
		_, place, err := other.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || place != list[n].place {
			t.Fatalf("record %d at %d, want %d: %v", n, place, list[n].place, err)
		}
		n++
	}
	if n != len(list) {
		t.Errorf("%d records of %d", n, len(list))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) > 0 {
		t.Errorf("left: %q", names)
	}
	if _, err := s.Put(&list[0].Record); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Put after Close: %v", err)
	}
	if _, err := s.Places().Record(list[3].place); !errors.Is(err, os.ErrClosed) {
		t.Errorf("reading after Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// The file is nobody else's, has no name while it is used, and the directory is
// the caller's choice.
func TestSpoolFile(t *testing.T) {
	dir := t.TempDir()
	s, err := NewSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	info, err := s.file.(*os.File).Stat()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if base := filepath.Base(s.name); filepath.Dir(s.name) != dir || !strings.HasPrefix(base, "msnproxy-") || !strings.HasSuffix(base, ".pcapng") {
		t.Errorf("name %s", s.name)
	}
	if _, err := os.Stat(s.name); (err == nil) != s.remove {
		t.Errorf("%s, to be removed %v: %v", s.name, s.remove, err)
	}
	if _, err := NewSpool(filepath.Join(dir, "no")); err == nil || !strings.Contains(err.Error(), "temporary") {
		t.Errorf("no directory: %v", err)
	}
	// Where a file in use can't be removed, Close does it.
	f, err := os.CreateTemp(dir, "x")
	if err != nil {
		t.Fatal(err)
	}
	kept := newSpool(f, f.Name())
	kept.remove = true
	if err := kept.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(f.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", f.Name(), err)
	}
}

// fullDisk is a file that takes so many bytes, the last write in part. It counts
// writes.
type fullDisk struct {
	*os.File
	left, writes int
}

func (f *fullDisk) WriteAt(b []byte, at int64) (int, error) {
	f.writes++
	n := min(len(b), f.left)
	f.left -= n
	n, err := f.File.WriteAt(b[:n], at)
	if err == nil && n < len(b) {
		err = &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	return n, err
}

// A full disk ends it; what was put before stays, also what no disk has taken.
func TestSpoolDiskFull(t *testing.T) {
	for _, room := range []int{0, 10, spoolBuffer, 3*spoolBuffer + 5000} {
		f, err := os.CreateTemp(t.TempDir(), "x")
		if err != nil {
			t.Fatal(err)
		}
		disk := &fullDisk{File: f, left: room}
		s := newSpool(disk, "x.pcapng")
		conn := &Conn{ID: 1, Client: "10.0.0.9:1000", Server: "10.0.0.5:1863"}
		var places []int64
		var failed error
		for n := range 10_000 {
			place, err := s.Put(record(conn, n))
			if err != nil {
				failed = err
				break
			}
			places = append(places, place)
		}
		if !errors.Is(failed, syscall.ENOSPC) || !strings.Contains(failed.Error(), "x.pcapng") {
			t.Fatalf("room for %d: %v", room, failed)
		}
		size, writes := s.Size(), disk.writes
		if len(places) < room/400 || writes > room/spoolBuffer+1 {
			t.Errorf("room for %d: %d records, %d writes", room, len(places), writes)
		}
		disk.left = 1 << 30 // too late
		if place, err := s.Put(record(conn, 1)); !errors.Is(err, failed) || place != -1 || disk.writes != writes || s.Size() != size {
			t.Errorf("room for %d: put at %d, %d writes, %v", room, place, disk.writes-writes, err)
		}
		p := s.Places()
		for n, place := range places {
			rec, err := p.Record(place)
			if err != nil || !bytes.Equal(rec.Frame.Raw, record(conn, n).Frame.Raw) {
				t.Fatalf("room for %d: record %d at %d: %v", room, n, place, err)
			}
		}
		p.Walk(0)
		for n := 0; ; n++ {
			if _, _, err := p.Next(); err != nil {
				if !errors.Is(err, io.EOF) || n != len(places)+1 { // and the announcement
					t.Errorf("room for %d: a walk of %d records: %v", room, n, err)
				}
				break
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Some read while one writes.
func TestSpoolConcurrent(t *testing.T) {
	s, err := NewSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn := &Conn{ID: 1, Client: "10.0.0.9:1000", Server: "10.0.0.5:1863"}
	const records = 4000
	var places [records]atomic.Int64
	var have atomic.Int64
	var work sync.WaitGroup
	for range 3 {
		work.Go(func() {
			p := s.Places()
			for seen := int64(0); seen < records; {
				seen = have.Load()
				for n := max(0, seen-50); n < seen; n += 7 {
					rec, err := p.Record(places[n].Load())
					if err != nil || !bytes.HasSuffix(rec.Frame.Raw, fmt.Appendf(nil, "%06d", n)) {
						t.Errorf("record %d: %v", n, err)
						return
					}
				}
			}
		})
	}
	work.Go(func() {
		p := s.Places()
		for n, stop := 0, time.Now().Add(time.Minute); n < records+1 && time.Now().Before(stop); {
			_, _, err := p.Next()
			if err == nil {
				n++
			} else if !errors.Is(err, io.EOF) {
				t.Errorf("a walk: %v", err)
				return
			}
		}
	})
	for n := range records {
		place, err := s.Put(record(conn, n))
		if err != nil {
			t.Error(err)
		}
		places[n].Store(place)
		have.Store(int64(n) + 1)
	}
	work.Wait()
}

func BenchmarkSpoolPut(b *testing.B) {
	s, err := NewSpool(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	rec := record(&Conn{ID: 1, Client: "10.0.0.9:1034", Server: "10.0.0.5:1863"}, 1)
	rec.Frame.Offset = 0
	rec.From = decode.Server
	b.ReportAllocs()
	for b.Loop() {
		rec.Frame.Offset += int64(len(rec.Frame.Raw))
		if _, err := s.Put(rec); err != nil {
			b.Fatal(err)
		}
	}
}
