package capture

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"msnproxy/decode"
)

// fakeFile is a file in memory whose writes can be held up or fail.
type fakeFile struct {
	mu     sync.Mutex
	b      []byte
	writes int
	hold   chan struct{} // writes wait until it is closed; nil: they don't
	room   int           // bytes that there is room for; -1: no end
	fault  error         // what a write beyond that gets
	stuck  error         // what Truncate gets
}

func (f *fakeFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	hold := f.hold
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes++
	n := len(p)
	if f.room >= 0 {
		n = min(n, f.room)
		f.room -= n
	}
	f.b = append(f.b, p[:n]...)
	if n < len(p) {
		return n, f.fault
	}
	return n, nil
}

func (f *fakeFile) Truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stuck != nil {
		return f.stuck
	}
	f.b = f.b[:size]
	return nil
}

func (f *fakeFile) Stat() (os.FileInfo, error) { return nil, os.ErrInvalid }
func (f *fakeFile) Close() error               { return nil }

// count returns how often it was written.
func (f *fakeFile) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

func (f *fakeFile) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// records reads what is in the file, which must be whole.
func (f *fakeFile) records(t *testing.T) []Record {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	list, err := readWritten(t, bytes.Clone(f.b))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// fakeRecorder records to a file in memory.
func fakeRecorder(t *testing.T, o RecorderOptions) (r *Recorder, f *fakeFile, reports func() string) {
	t.Helper()
	f = &fakeFile{room: -1}
	o.Path = "x.pcapng"
	o.create = func(string) (recordFile, error) { return f, nil }
	o.Report, reports = listen()
	r, err := NewRecorder(o)
	if err != nil {
		t.Fatal(err)
	}
	return r, f, reports
}

// listen returns what is to be told, and what was said, in lines.
func listen() (report func(error), said func() string) {
	var mu sync.Mutex
	var list []string
	report = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, err.Error())
	}
	return report, func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(list, "\n")
	}
}

// talker makes the records of one connection.
type talker struct {
	conn   *Conn
	offset int64
}

func (k *talker) open() *Record {
	return &Record{Time: time.Now(), Conn: k.conn, Kind: Opened}
}

func (k *talker) close() *Record {
	return &Record{Time: time.Now(), Conn: k.conn, Kind: Closed, From: decode.Client}
}

func (k *talker) say(text string) *Record {
	raw := []byte(text + "\r\n")
	r := &Record{Time: time.Now(), Conn: k.conn, Kind: Data, From: decode.Server,
		Frame: decode.Frame{Raw: raw, LineLen: len(text), EOL: 2, Offset: k.offset}}
	k.offset += int64(len(raw))
	return r
}

// summary says in a line each what was recorded.
func summary(list []Record) string {
	var lines []string
	for _, r := range list {
		line := r.Kind.String()
		switch {
		case r.Kind == Data:
			line = strings.TrimSpace(string(r.Frame.Raw))
		case r.Kind == Lost:
			line = r.From.String() + " lost " + r.Text
		}
		if r.Conn != nil {
			line = string(rune('0'+r.Conn.ID)) + " " + line
			if r.Kind == Opened && r.Conn.MidStream {
				line += " before"
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// A write that lasts less than a second holds all up and costs nothing; from then on
// the others go on, and what they miss is counted and noted.
func TestRecorderStall(t *testing.T) {
	for _, lasts := range []time.Duration{StallBound - time.Millisecond, StallBound + time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			r, f, reports := fakeRecorder(t, RecorderOptions{})
			a, b, c := &talker{conn: &Conn{ID: 1}}, &talker{conn: &Conn{ID: 2}}, &talker{conn: &Conn{ID: 3}}
			r.Record(a.open())
			r.Record(b.open())
			hold := make(chan struct{})
			f.set(func() { f.hold = hold })
			var all sync.WaitGroup
			took := make([]time.Duration, 3)
			for i, k := range []*talker{a, b} {
				start := time.Now()
				all.Go(func() {
					r.Record(k.say("NLN"))
					took[i] = time.Since(start)
				})
				synctest.Wait() // the first one leads
			}
			time.Sleep(lasts)
			stalled := lasts > StallBound
			synctest.Wait()
			if said := reports(); stalled != strings.Contains(said, "has not taken a write for 1s") {
				t.Errorf("after %v: %q", lasts, said)
			}
			if stalled {
				if took[1] != StallBound {
					t.Errorf("the other waited %v", took[1])
				}
				for range 3 {
					r.Record(b.say("FLN"))
				}
				r.Record(c.open())
				r.Record(c.say("CHL"))
			}
			f.set(func() { f.hold = nil })
			close(hold)
			all.Wait()
			synctest.Wait()
			if took[0] != lasts {
				t.Errorf("the writer waited %v", took[0])
			}
			r.Record(b.say("ILN"))
			r.Record(b.close())
			r.Close()
			want := "1 opened\n2 opened\n1 NLN\n2 NLN\n2 ILN\n2 closed"
			if stalled {
				want = "1 opened\n2 opened\n1 NLN\n2 NLN\n" +
					"2 server lost 3 messages of the server not recorded: the disk did not take what was written\n3 opened\n" +
					"3 server lost 1 message of the server not recorded: the disk did not take what was written\n2 ILN\n2 closed"
				if said := reports(); !strings.Contains(said, "goes on; 4 messages of 2 connections not recorded") || strings.Count(said, "\n") != 1 {
					t.Errorf("reports: %s", said)
				}
			}
			if got := summary(f.records(t)); got != want {
				t.Errorf("after %v:\n%s\nwant\n%s", lasts, got, want)
			}
			if dropped := r.Dropped(); dropped != map[bool]int64{true: 4}[stalled] {
				t.Errorf("%d dropped", dropped)
			}
		})
	}
}
