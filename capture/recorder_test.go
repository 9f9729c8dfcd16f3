package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"msnproxy/decode"
)

func record(conn *Conn, n int) *Record {
	raw := fmt.Appendf(nil, "MSG a@b A %d\r\n%06d", 6, n)
	return &Record{Time: time.Unix(int64(n), 0), Conn: conn, Kind: Data, From: decode.Server,
		Frame: decode.Frame{Raw: raw, LineLen: len(raw) - 8, EOL: 2, Offset: int64(n) * int64(len(raw))}}
}

func readFile(t *testing.T, path string) []Record {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	list, err := readWritten(t, b)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return list
}

func TestRecorder(t *testing.T) {
	for _, live := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "x.pcapng")
		r, err := NewRecorder(RecorderOptions{Path: path, Live: live})
		if err != nil {
			t.Fatal(err)
		}
		var work sync.WaitGroup
		for id := range uint32(4) {
			work.Add(1)
			go func() {
				defer work.Done()
				conn := &Conn{ID: id + 1, Client: fmt.Sprintf("10.0.0.9:%d", 1000+id), Server: "10.0.0.5:1863"}
				r.Record(&Record{Time: time.Unix(0, 1), Conn: conn, Kind: Opened})
				for n := range 100 {
					r.Record(record(conn, n))
				}
			}()
		}
		work.Wait()
		r.Close()
		r.Record(&Record{Kind: Remark, Text: "too late"})
		if list := readFile(t, path); len(list) != 404 {
			t.Errorf("live %v: %d records", live, len(list))
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Size() < r.Size() {
			t.Errorf("%v, size %d: %v", info.Mode(), r.Size(), err)
		}
		if _, err := NewRecorder(RecorderOptions{Path: path}); err == nil || !strings.Contains(err.Error(), "never overwritten") {
			t.Errorf("overwriting: %v", err)
		}
	}
	if _, err := NewRecorder(RecorderOptions{Path: filepath.Join(t.TempDir(), "no", "x")}); err == nil {
		t.Error("a directory that is not there")
	}
}

// broken is a file that takes so many bytes and then no more.
type broken struct {
	*os.File
	left int
}

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	return b.File.Write(p)
}

// A full disk is reported once, and what came before is whole.
func TestRecorderDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	var reports []string
	r, err := NewRecorder(RecorderOptions{Path: path, Report: func(err error) { reports = append(reports, err.Error()) },
		create: func(path string) (recordFile, error) {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			return &broken{f, 3000}, err
		}})
	if err != nil {
		t.Fatal(err)
	}
	conn := &Conn{ID: 1, Client: "10.0.0.9:1000", Server: "10.0.0.5:1863"}
	for n := range 100 {
		r.Record(record(conn, n))
	}
	r.Close()
	if len(reports) != 1 || !strings.Contains(reports[0], "no space left") || !strings.Contains(reports[0], path) {
		t.Errorf("reports: %q", reports)
	}
	list := readFile(t, path)
	if int64(len(list))+r.Dropped() != 101 || len(list) < 10 {
		t.Errorf("%d records, %d dropped", len(list), r.Dropped())
	}
}

// A file that is taken away is noticed, and recording goes on in a new one.
func TestRecorderDeleted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	var reports []string
	r, err := NewRecorder(RecorderOptions{Path: path, Report: func(err error) { reports = append(reports, err.Error()) }})
	if err != nil {
		t.Fatal(err)
	}
	conn := &Conn{ID: 1, Client: "10.0.0.9:1000", Server: "10.0.0.5:1863"}
	r.Record(record(conn, 1))
	if err := os.Remove(path); err != nil {
		t.Skip(err)
	}
	r.lookAround()
	r.Record(record(conn, 2))
	r.Close()
	if len(reports) != 1 || !strings.Contains(reports[0], "deleted") {
		t.Errorf("reports: %q", reports)
	}
	list := readFile(t, r.Path())
	if len(list) != 2 || list[0].Kind != Opened || !list[0].Conn.MidStream || string(list[1].Frame.Payload()) != "000002" {
		t.Errorf("%s: %+v", r.Path(), list)
	}
}

// Each file of a rotation stands alone; names sort; the oldest go.
func TestRecorderRotation(t *testing.T) {
	for _, compress := range []bool{false, true} {
		dir := t.TempDir()
		r, err := NewRecorder(RecorderOptions{Path: filepath.Join(dir, "x.pcapng"), RotateSize: 2000, Keep: 3, Compress: compress})
		if err != nil {
			t.Fatal(err)
		}
		conn := &Conn{ID: 7, Client: "10.0.0.9:1000", Server: "10.0.0.5:1863", Via: "v:1"}
		r.Record(&Record{Time: time.Unix(0, 1), Conn: conn, Kind: Opened})
		const records = 200
		for n := range records {
			r.Record(record(conn, n))
		}
		r.Close()
		names, _ := filepath.Glob(filepath.Join(dir, "*"))
		if len(names) != 3 {
			t.Fatalf("files: %q", names)
		}
		next := -1
		for _, name := range names {
			if strings.HasSuffix(name, ".gz") != compress {
				t.Errorf("compress %v: %s", compress, name)
			}
			in, err := Open(name)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; ; i++ {
				rec, err := in.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					if rec.Kind != Opened || !rec.Conn.MidStream || rec.Conn.ID != 7 || rec.Conn.Via != "v:1" {
						t.Errorf("%s begins with %+v", name, rec)
					}
					continue
				}
				var n int
				fmt.Sscanf(string(rec.Frame.Payload()), "%d", &n)
				if size := int64(len(rec.Frame.Raw)); rec.Frame.Offset != int64(n)*size {
					t.Errorf("%s: record %d at offset %d", name, n, rec.Frame.Offset)
				}
				if next >= 0 && n != next {
					t.Errorf("%s: record %d, want %d", name, n, next)
				}
				next = n + 1
			}
			in.Close()
		}
		if next != records {
			t.Errorf("the last record is %d", next-1)
		}
	}
}

// recordForever is run in a process of its own, which gets killed: it records, and
// says after each record that it did.
func TestMain(m *testing.M) {
	if path := os.Getenv("MSNPROXY_TEST_RECORD"); path != "" {
		recordForever(path)
	}
	if spec := os.Getenv("MSNPROXY_TEST_RELAY"); spec != "" {
		ChildRelay(spec)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func recordForever(path string) {
	r, err := NewRecorder(RecorderOptions{Path: path})
	if err != nil {
		panic(err)
	}
	conn := &Conn{ID: 1, Client: "10.0.0.9:1000", Server: "10.0.0.5:1863"}
	out := os.Stdout
	for n := 0; ; n++ {
		r.Record(record(conn, n))
		fmt.Fprintln(out, n)
	}
}

// kill -9 in the middle of traffic costs at most the record in hand.
func TestRecorderKilled(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 12 {
		path := filepath.Join(t.TempDir(), "x.pcapng")
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), "MSNPROXY_TEST_RECORD="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := -1
		lines := bufio.NewScanner(out)
		for said < 20+37*round && lines.Scan() {
			fmt.Sscan(lines.Text(), &said)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			fmt.Sscan(lines.Text(), &said)
		}
		_ = cmd.Wait() // killed
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list, err := readWritten(t, b)
		var corrupt *CorruptError
		if err != nil && !errors.As(err, &corrupt) {
			t.Fatal(err)
		}
		if len(list)-1 < said+1 {
			t.Errorf("round %d: %d records, but %d were said to be recorded", round, len(list)-1, said+1)
		}
		for i, rec := range list[1:] {
			if want := fmt.Sprintf("%06d", i); string(rec.Frame.Payload()) != want {
				t.Fatalf("round %d: record %d is %q", round, i, rec.Frame.Payload())
			}
		}
	}
}

// BenchmarkRecorder records what one read brings, frames of 120 bytes, and reports
// what a frame costs in wall time and, of all goroutines, in CPU.
func BenchmarkRecorder(b *testing.B) {
	for _, live := range []bool{false, true} {
		for _, frames := range []int{1, 64} {
			name := map[bool]string{false: "lossless", true: "live"}[live]
			b.Run(fmt.Sprintf("%s/%d", name, frames), func(b *testing.B) {
				r, err := NewRecorder(RecorderOptions{Path: filepath.Join(b.TempDir(), "x.pcapng"), Live: live})
				if err != nil {
					b.Fatal(err)
				}
				conn := &Conn{ID: 1, Client: "10.0.0.9:1034", Server: "10.0.0.5:1863"}
				r.Record(&Record{Time: time.Unix(0, 1), Conn: conn, Kind: Opened})
				raw := []byte("MSG alice@example.com Alice 85\r\n" + strings.Repeat("x", 85))
				list, offset := make([]Record, frames), int64(0)
				for i := range list {
					list[i] = Record{Time: time.Unix(1, 0), Conn: conn, Kind: Data, From: decode.Server,
						Frame: decode.Frame{Raw: raw, LineLen: 31, EOL: 2}}
				}
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					for i := range list {
						list[i].Frame.Offset = offset
						offset += int64(len(raw))
					}
					r.Commit(r.Put(list))
					n += frames
				}
				r.Close()
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/frame")
				if live && r.Dropped() > 0 {
					b.Logf("%d of %d dropped", r.Dropped(), n)
				}
			})
		}
	}
}
