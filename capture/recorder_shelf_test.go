package capture

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What others do to the file is noticed, said, and what comes goes to a file beside.
func TestRecorderChanged(t *testing.T) {
	garbage := []byte("x")
	for _, c := range []struct {
		what string
		do   func(t *testing.T, path string)
		said string
		old  string // what is in the old file then; "": nothing that can be read
	}{
		{"deleted", func(t *testing.T, path string) { must(t, os.Remove(path)) }, "was deleted", ""},
		{"cut", func(t *testing.T, path string) { must(t, os.Truncate(path, 100)) }, "was cut from", ""},
		{"replaced", func(t *testing.T, path string) {
			must(t, os.WriteFile(path+".new", garbage, 0o600))
			must(t, os.Rename(path+".new", path))
		}, "was replaced", ""},
		{"moved", func(t *testing.T, path string) { must(t, os.Rename(path, path+".old")) }, "was moved away", "1 opened\n1 NLN 1"},
		{"swapped", func(t *testing.T, path string) {
			must(t, os.Rename(path, path+".old"))
			must(t, os.WriteFile(path, garbage, 0o600))
		}, "was replaced", "1 opened\n1 NLN 1"},
		{"written to", func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			must(t, err)
			_, err = f.Write(garbage)
			must(t, errors.Join(err, f.Close()))
		}, "is written to by somebody else", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "x.pcapng")
			var said []string
			r, err := NewRecorder(RecorderOptions{Path: path, Compress: true, Report: func(err error) { said = append(said, err.Error()) }})
			if err != nil {
				t.Fatal(err)
			}
			a := &talker{conn: &Conn{ID: 1}}
			r.Record(a.open())
			r.Record(a.say("NLN 1"))
			r.lookAround()
			c.do(t, path)
			r.lookAround()
			r.Record(a.say("NLN 2"))
			r.lookAround()
			r.Record(a.close())
			r.Close()
			if len(said) != 1 || !strings.Contains(said[0], c.said) || !strings.Contains(said[0], path) {
				t.Errorf("said %q", said)
			}
			if got := strings.Join(recordedIn(t, filepath.Join(dir, "x_2.pcapng.gz")), "\n"); got != "1 opened before\n1 NLN 2\n1 closed" {
				t.Errorf("the new file: %s", got)
			}
			if c.old != "" {
				if got := strings.Join(recordedIn(t, path+".old"), "\n"); got != c.old {
					t.Errorf("the old file: %s", got)
				}
			}
			if r.Dropped() != 0 {
				t.Errorf("%d dropped", r.Dropped())
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recordedIn returns the summary of a file, gzipped or not, in lines.
func recordedIn(t *testing.T, path string) []string {
	t.Helper()
	in, err := Open(path)
	must(t, err)
	defer in.Close()
	var list []Record
	for {
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		c := *rec
		c.Frame = c.Frame.Clone()
		list = append(list, c)
	}
	return strings.Split(summary(list), "\n")
}

// The file is looked at by itself, every quarter of a second.
func TestRecorderLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x.pcapng")
		report, said := listen()
		r, err := NewRecorder(RecorderOptions{Path: path, Report: report})
		must(t, err)
		time.Sleep(10*lookAfter + time.Nanosecond)
		must(t, os.Remove(path))
		time.Sleep(lookAfter - 2*time.Nanosecond)
		synctest.Wait()
		if said() != "" {
			t.Errorf("said %q", said())
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if !strings.Contains(said(), "was deleted") || strings.Contains(said(), "\n") {
			t.Errorf("said %q", said())
		}
		r.Close()
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "x_2.pcapng")); err == nil {
			t.Error("a new file with nothing in it")
		}
	})
}

// A file that is to go while it is packed goes, and leaves nothing behind.
func TestCompressOvertaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	content := bytes.Repeat([]byte("0123456789abcdef"), 3*packBlock/16)
	must(t, os.WriteFile(path, content, 0o600))
	looks := 0
	err := compressFile(path, func() bool { looks++; return looks == 3 })
	if !errors.Is(err, errOvertaken) || looks != 3 {
		t.Errorf("%d looks: %v", looks, err)
	}
	if names, _ := filepath.Glob(path + "*"); len(names) != 1 {
		t.Errorf("left: %q", names)
	}
	must(t, os.WriteFile(path+".gz", []byte("another's"), 0o600))
	if err := compressFile(path, func() bool { return false }); !errors.Is(err, os.ErrExist) {
		t.Errorf("overwriting: %v", err)
	}
	if names, _ := filepath.Glob(path + "*"); len(names) != 2 {
		t.Errorf("left: %q", names)
	}
	must(t, os.Remove(path+".gz"))
	must(t, compressFile(path, func() bool { return false }))
	if names, _ := filepath.Glob(path + "*"); len(names) != 1 || names[0] != path+".gz" {
		t.Errorf("left: %q", names)
	}
	f, err := os.Open(path + ".gz")
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	if b, err := io.ReadAll(z); err != nil || !bytes.Equal(b, content) {
		t.Errorf("%d bytes: %v", len(b), err)
	}
}

// nobody is a file that counts how often it is closed.
type nobody struct{ closed *int }

func (n nobody) Close() error { *n.closed++; return nil }

// More files than can be packed are not remembered without end.
func TestShelfBacklog(t *testing.T) {
	report, said := listen()
	say := reporter{to: report}
	closed := 0
	s := &shelf{compress: true, open: 1, say: &say, busy: true} // it does nothing yet
	s.quiet.L = &s.mu
	dir := t.TempDir()
	for i := range maxUnpacked + 2 {
		path := filepath.Join(dir, fmt.Sprintf("%03d", i))
		must(t, os.WriteFile(path, nil, 0o600))
		s.put(nobody{&closed}, path, true)
	}
	s.noMore()
	go s.work()
	s.close()
	say.close()
	packed, _ := filepath.Glob(filepath.Join(dir, "*.gz"))
	all, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(packed) != maxUnpacked || len(all) != maxUnpacked+2 || closed != maxUnpacked+2 {
		t.Errorf("%d packed, %d in all, %d closed", len(packed), len(all), closed)
	}
	if strings.Contains(said(), "\n") || !strings.Contains(said(), "256 stays unpacked") {
		t.Errorf("said %q", said())
	}
}

// The ring keeps as many as it should, the newest, whatever is being packed.
func TestShelfRing(t *testing.T) {
	dir := t.TempDir()
	var removed []string
	s := &shelf{compress: true, keep: 3, open: 1, say: &reporter{}, remove: func(path string) error {
		removed = append(removed, filepath.Base(path))
		return os.Remove(path)
	}}
	s.quiet.L = &s.mu
	closed := 0
	add := func(name string) *finished {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, nil, 0o600))
		s.busy = true
		s.put(nobody{&closed}, path, true)
		return s.files[len(s.files)-1]
	}
	add("1")
	two := add("2")
	if s.overtaken(two) {
		t.Error("two files and the one that is open are not too many")
	}
	add("3")
	if s.overtaken(two) || !slices.Equal(removed, []string{"1", "1.gz"}) {
		t.Errorf("removed %q", removed)
	}
	add("4")
	if !s.overtaken(two) {
		t.Error("the one that is packed may go")
	}
	s.noMore()
	go s.work()
	s.close()
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	if !slices.Equal(names, []string{"2.gz", "3.gz", "4.gz"}) || closed != 4 {
		t.Errorf("left %q, %d closed", names, closed)
	}
}
