package index

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// story makes records of one connection after another.
type story struct {
	list []*capture.Record
	at   time.Time
	conn *capture.Conn
	next [2]int64
}

func newStory() *story { return &story{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (s *story) put(r capture.Record) *capture.Record {
	s.at = s.at.Add(time.Second)
	r.Time = s.at
	if r.Kind != capture.Remark || r.Text == "on this connection" {
		r.Conn = s.conn
	}
	s.list = append(s.list, &r)
	return &r
}

func (s *story) open(id uint32) {
	s.conn = &capture.Conn{ID: id, Client: "10.0.0.9:1034", Server: "10.0.0.5:1863"}
	s.next = [2]int64{}
	s.put(capture.Record{Kind: capture.Opened})
}

func (s *story) say(from decode.Sender, text string) *capture.Record {
	f := decode.Framer{}
	f.Feed([]byte(text))
	var fr decode.Frame
	if !f.Next(&fr) {
		panic(text)
	}
	fr.Offset = s.next[from-1]
	s.next[from-1] += int64(len(text))
	return s.put(capture.Record{Kind: capture.Data, From: from, Frame: fr.Clone()})
}

// oddStory has what real captures have not.
func oddStory() []*capture.Record {
	s := newStory()
	s.put(capture.Record{Kind: capture.Remark, Text: "on everything"})
	s.open(1)
	s.say(decode.Client, "VER 1 MSNP7 CVR0\r\n")
	s.say(decode.Server, "VER 1 MSNP7 CVR0\r\n")
	s.say(decode.Client, "USR 2 MD5 I alice@example.com\r\n")
	r := s.say(decode.Server, "XFR 2 NS 10.0.0.6:1863 0\r\n")
	r.Sent = []byte("XFR 2 NS 127.0.0.1:1863 0\r\n")
	s.put(capture.Record{Kind: capture.Remark, Text: "on this connection"})
	s.put(capture.Record{Kind: capture.Lost, From: decode.Server, Lost: 12})
	s.next[1] += 12
	s.say(decode.Server, "zzz 1 2 3\r\n").Fate = capture.Withheld
	s.say(decode.Server, "600 7\r\n")
	s.next[0] += 5 // a hole that nobody has noted
	s.say(decode.Client, "PNG\r\n")
	s.put(capture.Record{Kind: capture.Data, From: decode.Client, Frame: decode.Frame{Kind: decode.Opaque, Raw: []byte{0, 1, 2}, Offset: s.next[0]}})
	s.next[0] += 3
	s.say(decode.Server, "\r\n")
	s.say(decode.Client, "MSG 4 N 3\r\nabc").Frame.Resync = true
	s.put(capture.Record{Kind: capture.Closed, From: decode.Server, Reset: true, Text: "connection reset"})
	s.open(2)
	s.say(decode.Client, "VER 1 MSNP7 CVR0\r\n")
	s.say(decode.Client, "OUT\r\n")
	return s.list
}

func TestOddRecords(t *testing.T) {
	list := oddStory()
	compare(t, straightPass(list), opened(t, written(t, list), "odd"))
	x := live(t, list)
	x.Finish()
	compare(t, straightPass(list), x)
}

// live returns the index that the records were added to.
func live(t testing.TB, list []*capture.Record) *Index {
	t.Helper()
	x := New(Options{SpoolDir: t.TempDir()})
	t.Cleanup(x.Close)
	for _, r := range list {
		if err := x.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// A connection's number comes again, and bytes come after the end.
func TestNumbersAgain(t *testing.T) {
	s := newStory()
	s.open(7)
	s.say(decode.Client, "USR 1 alice@example.com 17262740.1050826919.32308\r\n")
	s.put(capture.Record{Kind: capture.Closed, From: decode.Client})
	s.say(decode.Client, "OUT\r\n") // after the end
	s.open(7)                       // while that is open
	s.say(decode.Client, "PNG\r\n")
	x := live(t, s.list)
	conns := x.Conns()
	if len(conns) != 2 || conns[0].Messages[0] != 2 || conns[1].Messages[0] != 1 || conns[1].First != 4 {
		t.Fatalf("connections %+v", conns)
	}
	if n := x.Summary().Open; n != 1 {
		t.Errorf("%d connections are open, want 1", n)
	}
	m, _, err := x.NewReader().Read(3)
	if err != nil || m.Name() != "OUT" || m.Conn.Account != "" || x.Row(3).Conn.Index != 1 {
		t.Errorf("after the end: %v, %v, %+v", m, err, x.Row(3))
	}
}

// Rows that are not there, and an index without any.
func TestNoSuchRow(t *testing.T) {
	x := New(Options{})
	v := x.NewView(Query{Fold: true})
	defer v.Close()
	r := x.NewReader()
	for range 2 {
		for _, i := range []int{-1, x.Len(), x.Len() + chunkRows} {
			if _, _, err := r.Read(i); err == nil {
				t.Errorf("row %d can be read", i)
			}
			row := x.Row(i)
			if row.Index != i || row.Kind == Message || row.Conn != nil || x.FindingsOn(i) != nil || x.Exchange(i) != nil ||
				x.Note(i, "a", "b") != nil || x.Comment(i) != "" || x.Mark(i) != "" || x.Severest(i) != 0 || v.Shows(i) {
				t.Errorf("row %d: %+v", i, row)
			}
		}
		if err := x.Add(&capture.Record{Kind: capture.Remark, Text: "x"}); err != nil {
			t.Fatal(err)
		}
		v.Sync()
	}
	x.Close()
}

// The disk takes nothing: the rows are there, their bytes are not.
func TestNothingKept(t *testing.T) {
	x := New(Options{SpoolDir: filepath.Join(t.TempDir(), "missing")})
	defer x.Close()
	list := newTraffic(2, 20, 1).records(100)
	for _, r := range list {
		if err := x.Add(r); err == nil {
			t.Fatal("no error")
		}
	}
	x.Finish()
	want := straightPass(list)
	if x.Len() != len(want.rows) || x.Summary().Err == nil {
		t.Errorf("%d rows, %v", x.Len(), x.Summary().Err)
	}
	r := x.NewReader()
	for i, f := range want.rows {
		if _, _, err := r.Read(i); !errors.Is(err, ErrNotKept) {
			t.Fatalf("row %d: %v", i, err)
		}
		if row := x.Row(i); row.Reply != f.ReplyTo || row.Latency != f.Latency || row.Verb != f.Name {
			t.Errorf("row %d: %+v", i, row)
		}
	}
	if err := r.Walk(0, x.Len(), nil, nil); !errors.Is(err, ErrNotKept) {
		t.Error(err)
	}
	v := x.NewView(Query{Filter: "number > 0"})
	defer v.Close()
	v.Wait()
	if shown, _, looked, rows := v.Counts(); shown != 0 || looked != rows {
		t.Errorf("%d shown, %d of %d looked at", shown, looked, rows)
	}
}

// A recording that has to be copied, and can't: all of it is read.
func TestLoadWithoutDisk(t *testing.T) {
	path := samples(t)[4]
	in, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	x := New(Options{SpoolDir: filepath.Join(t.TempDir(), "missing")})
	defer x.Close()
	err = x.Load(in, nil, path, nil)
	if s := x.Summary(); err == nil || !s.Done || s.Messages < 10 {
		t.Errorf("error %v, summary %+v", err, s)
	}
}

// A damaged recording: what was read before is there, and the error says so.
func TestLoadDamaged(t *testing.T) {
	file := written(t, newTraffic(2, 20, 1).records(100))
	file[len(file)/2] ^= 0xff
	copy(file[len(file)/2:], bytes.Repeat([]byte{0xff}, 400))
	in, err := capture.OpenReader(bytes.NewReader(file), "damaged")
	if err != nil {
		t.Fatal(err)
	}
	x := New(Options{})
	defer x.Close()
	err = x.Load(in, bytes.NewReader(file), "damaged", nil)
	var corrupt *capture.CorruptError
	if s := x.Summary(); !errors.As(err, &corrupt) || !s.Done || s.Messages < 20 || s.Messages > 80 {
		t.Errorf("error %v, summary %+v", err, s)
	}
}

func TestLoadStopped(t *testing.T) {
	file := written(t, newTraffic(2, 20, 1).records(1000))
	in, _ := capture.OpenReader(bytes.NewReader(file), "x")
	stop := make(chan struct{})
	close(stop)
	x := New(Options{})
	defer x.Close()
	if err := x.Load(in, bytes.NewReader(file), "x", stop); err != nil || x.Len() != 0 || x.Summary().Done {
		t.Errorf("%v, %+v", err, x.Summary())
	}
}

// A connection whose announcement is missing has an opening without bytes.
func TestOpenedWithoutAnnouncement(t *testing.T) {
	s := newStory()
	s.open(1)
	s.say(decode.Client, "VER 1 MSNP7 CVR0\r\n")
	s.say(decode.Server, "VER 1 MSNP7 CVR0\r\n")
	file := written(t, s.list)
	i := bytes.Index(file, []byte("VER 1"))
	rest := bytes.LastIndex(file[:i], []byte{6, 0, 0, 0}) // the block of the frame
	head := bytes.Index(file, []byte("opened"))
	first := bytes.LastIndex(file[:head], []byte{6, 0, 0, 0})
	x := opened(t, append(bytes.Clone(file[:first]), file[rest:]...), "x")
	m, rec, err := x.NewReader().Read(0)
	if err != nil || m != nil || rec.Kind != capture.Opened || rec.Conn == nil || len(rec.Frame.Raw) != 0 {
		t.Errorf("row 0: %v, %+v, %v", m, rec, err)
	}
	n := 0
	_ = x.NewReader().Walk(0, x.Len(), nil, func(i int, m *decode.Message, rec *capture.Record) bool {
		if (m == nil) != (i == 0) || (rec.Kind == capture.Opened) != (i == 0) {
			t.Errorf("row %d: %v", i, rec)
		}
		n++
		return true
	})
	if n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
}

// All at once, for the race detector: one adds, others read, look for, filter,
// mark and count.
func TestAllAtOnce(t *testing.T) {
	x := New(Options{SpoolDir: t.TempDir()})
	defer x.Close()
	v := x.NewView(Query{Filter: `account contains "user"`, Fold: true})
	defer v.Close()
	from := newTraffic(20, 30, 8)
	done := make(chan struct{})
	var busy sync.WaitGroup
	forever := func(f func(random *rand.Rand)) {
		busy.Go(func() {
			random := rand.New(rand.NewPCG(1, 2))
			for {
				select {
				case <-done:
					return
				default:
					f(random)
				}
			}
		})
	}
	for range 2 {
		r := x.NewReader()
		forever(func(random *rand.Rand) { readSome(t, x, r, random) })
	}
	forever(func(random *rand.Rand) { lookAround(t, x, v, random) })
	forever(func(random *rand.Rand) {
		x.Note(random.IntN(x.Len()+1), "a", "b")
		for _, row := range x.Noted() {
			_, _ = x.Mark(row), x.Comment(row)
		}
		_, _, _, _ = x.Conns(), x.Summary(), x.Verbs(), x.Rules()
		for _, ref := range x.Findings(decode.Warning, nil) {
			_, _ = x.Finding(ref), x.Rule(ref)
		}
	})
	for range 10_000 {
		if err := x.Add(from.next()); err != nil {
			t.Error(err)
			break
		}
	}
	x.Finish()
	close(done)
	busy.Wait()
	v.Pause(false)
	v.Wait()
	agree(t, x, v, x.Len(), rand.New(rand.NewPCG(1, 1)))
}

// readSome reads rows here and there.
func readSome(t *testing.T, x *Index, r *Reader, random *rand.Rand) {
	n := x.Len()
	if n == 0 {
		return
	}
	if m, _, err := r.Read(random.IntN(n)); err != nil {
		t.Error(err)
	} else if m != nil {
		_ = m.Summary()
	}
	_ = r.Walk(n-50, n, nil, func(i int, m *decode.Message, _ *capture.Record) bool { return m == nil || m.Number > 0 })
	_ = x.Row(random.IntN(n))
	_ = x.Exchange(random.IntN(n))
	_ = x.FindingsOn(random.IntN(n))
}

// lookAround asks a view for something else, and moves in it.
func lookAround(t *testing.T, x *Index, v *View, random *rand.Rand) {
	if err := v.Ask(randomQuery(random)); err != nil {
		t.Error(err)
	}
	v.Anchor(random.IntN(x.Len() + 1))
	for range 20 {
		v.Sync()
		at := v.At(random.IntN(x.Len() + 1))
		v.Next(at)
		v.Prev(at)
		v.FoldedBetween(at, x.Len())
		v.NextWith(at, 1, decode.Warning)
		v.NextError(at, -1)
		v.Counts()
	}
	v.Pause(random.IntN(2) == 0)
	v.Find(t.Context(), x.Len()-100, 1, NewNeedle("what i say"), nil)
}

func TestVerbCodes(t *testing.T) {
	for _, name := range []string{"AAA", "ZZZ", "MSG", "000", "200", "999", "911"} {
		if got := verbName(verbCode(name)); got != name {
			t.Errorf("%s becomes %q", name, got)
		}
	}
	for _, name := range []string{"", "ab", "msg", "A1B", "MSGX", "\xff\xfe\xfd", "///"} {
		if got := verbName(verbCode(name)); got != "" {
			t.Errorf("%q becomes %q", name, got)
		}
	}
	for _, v := range decode.Verbs() {
		if got := verbName(verbCode(v.Name)); got != v.Name && v.Name != "" && len(v.Name) == 3 {
			t.Errorf("%s becomes %q", v.Name, got)
		}
	}
}

func TestVerbsAndRules(t *testing.T) {
	x := live(t, oddStory())
	if got := strings.Join(x.Verbs(), " "); !strings.HasPrefix(got, "VER ") || !strings.Contains(got, "600") || strings.Contains(got, "zzz") {
		t.Error(got)
	}
	if rules := x.Rules(); !slices.IsSorted(rules) || !slices.Contains(rules, "frame.opaque") {
		t.Error(rules)
	}
}
