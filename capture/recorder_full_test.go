package capture

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A full disk: half a record is cut off, what was kept in memory and what was missed
// come when there is room again, in the same file.
func TestRecorderFullDisk(t *testing.T) {
	for room := range 400 { // from the first byte of a record to the last of the fourth
		synctest.Test(t, func(t *testing.T) {
			r, f, reports := fakeRecorder(t, RecorderOptions{})
			a, b := &talker{conn: &Conn{ID: 1}}, &talker{conn: &Conn{ID: 2}}
			r.Record(a.open())
			f.set(func() { f.room, f.fault = room, syscall.ENOSPC })
			r.Commit(r.Put([]Record{*a.say("ILN 1"), *a.say("ILN 2"), *a.say("ILN 3")}))
			r.Record(b.open())
			full := summary(f.records(t)) // it is whole
			kept := strings.Count(full, "ILN")
			if kept > 3 {
				t.Fatal(full)
			}
			for range 5 {
				r.Record(a.say("NLN"))
			}
			time.Sleep(retryAfter - time.Nanosecond)
			synctest.Wait()
			if strings.Contains(reports(), "goes on:") {
				t.Fatalf("with %d bytes: tried again too early", room)
			}
			writes := f.count()
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if f.count() != writes+1 {
				t.Fatalf("%d writes after a second", f.count()-writes)
			}
			f.set(func() { f.room = -1 })
			time.Sleep(retryAfter)
			synctest.Wait()
			r.Record(a.say("FLN"))
			r.Record(b.close())
			r.Close()
			list := f.records(t)
			got := summary(list)
			want := "1 opened\n1 ILN 1\n1 ILN 2\n1 ILN 3\n"
			if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "1 FLN\n2 closed") || !strings.Contains(got, "2 opened\n") {
				t.Fatalf("with %d bytes: %s", room, got)
			}
			var lost, nln int64
			for _, rec := range list {
				if rec.Kind == Lost {
					lost += rec.Lost
				}
			}
			nln = int64(strings.Count(got, "1 NLN"))
			if r.Dropped() != 5-nln || lost != 5*(5-nln) {
				t.Errorf("with %d bytes: %d dropped, %d bytes lost:\n%s", room, r.Dropped(), lost, got)
			}
			if last := list[len(list)-2]; last.Frame.Offset != 3*7+5*5 {
				t.Errorf("the last frame begins at %d", last.Frame.Offset)
			}
			said := reports()
			if strings.Count(said, "\n") != 1 || !strings.Contains(said, "x.pcapng: no space left on device; it is whole") ||
				!strings.Contains(said, fmt.Sprintf("goes on: the disk takes what is written again; %s of ", count(5-nln, "message"))) {
				t.Errorf("reports: %s", said)
			}
		})
	}
}

// A file that can't even be cut is cut later; the end is counted if there never is
// room.
func TestRecorderFullForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f, reports := fakeRecorder(t, RecorderOptions{})
		a := &talker{conn: &Conn{ID: 1}}
		r.Record(a.open())
		f.set(func() { f.room, f.fault, f.stuck = 10, syscall.EDQUOT, syscall.EIO })
		r.Record(a.say("NLN 1"))
		r.Record(a.say("NLN 2"))
		synctest.Wait()
		if said := reports(); !strings.Contains(said, "quota") || !strings.Contains(said, "half a record stays") {
			t.Errorf("reports: %s", said)
		}
		f.set(func() { f.stuck = nil })
		time.Sleep(10 * time.Second)
		if got := summary(f.records(t)); got != "1 opened" {
			t.Errorf("got %s", got)
		}
		if r.Record(a.say("NLN 3")) {
			t.Error("taken")
		}
		r.Close()
		if r.Dropped() != 3 || r.Record(a.say("NLN 4")) || r.Dropped() != 4 {
			t.Errorf("%d dropped", r.Dropped())
		}
	})
}

// A disk that is full again and again is not told of each second.
func TestRecorderFlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f, reports := fakeRecorder(t, RecorderOptions{})
		a := &talker{conn: &Conn{ID: 1}}
		r.Record(a.open())
		var waits []time.Duration
		for range 9 {
			f.set(func() { f.room, f.fault = 0, syscall.ENOSPC })
			r.Record(a.say("NLN"))
			f.set(func() { f.room = -1 })
			start := time.Now()
			for r.gapOpen() {
				time.Sleep(time.Second)
				synctest.Wait()
			}
			waits = append(waits, time.Since(start))
		}
		if got := fmt.Sprint(waits); got != "[1s 2s 4s 8s 16s 32s 1m0s 1m0s 1m0s]" {
			t.Errorf("waits %s", got)
		}
		time.Sleep(flapping + time.Second)
		f.set(func() { f.room, f.fault = 0, syscall.ENOSPC })
		r.Record(a.say("NLN"))
		f.set(func() { f.room = -1 })
		time.Sleep(retryAfter)
		synctest.Wait()
		if r.gapOpen() {
			t.Error("a failure long after is waited for as long")
		}
		r.Close()
		if said := reports(); strings.Count(said, "goes on:") != 10 || r.Dropped() != 0 {
			t.Errorf("%d dropped; %s", r.Dropped(), said)
		}
	})
}

func (r *Recorder) gapOpen() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gap.open()
}

// Connections that came and went unrecorded are told of, the first 1,000 one by one.
func TestRecorderPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f, _ := fakeRecorder(t, RecorderOptions{})
		f.set(func() { f.room, f.fault = 0, syscall.ENOSPC })
		r.Record(&Record{Time: time.Now(), Kind: Remark, Text: "fills it"})
		for id := range uint32(maxPassed + 2) {
			k := &talker{conn: &Conn{ID: id + 1}}
			for _, rec := range []*Record{k.open(), k.say("USR"), {Time: time.Now(), Conn: k.conn, Kind: HalfClosed, From: 1}, k.close()} {
				time.Sleep(time.Microsecond)
				r.Record(rec)
			}
		}
		f.set(func() { f.room = -1 })
		time.Sleep(2 * time.Second)
		r.Close()
		kinds := make(map[Kind]int)
		list := f.records(t)
		for i, rec := range list {
			kinds[rec.Kind]++
			if i > 0 && rec.Kind != Remark && rec.Time.Before(list[i-1].Time) {
				t.Errorf("record %d (%v) is from before the one before", i, rec.Kind)
			}
		}
		if kinds[Opened] != maxPassed || kinds[Closed] != maxPassed || kinds[HalfClosed] != maxPassed || kinds[Lost] != maxPassed {
			t.Errorf("%v", kinds)
		}
		if last := list[len(list)-1]; !strings.HasPrefix(last.Text, "2 connections came and went unrecorded, besides") {
			t.Errorf("the last one says %q", last.Text)
		}
		if r.Dropped() != maxPassed+2 {
			t.Errorf("%d dropped", r.Dropped())
		}
	})
}

// A file that has reached the size that the disk takes is followed by another.
func TestRecorderTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var files []*fakeFile
		o := RecorderOptions{Path: "x.pcapng", create: func(string) (recordFile, error) {
			f := &fakeFile{room: -1, fault: syscall.EFBIG}
			files = append(files, f)
			return f, nil
		}}
		r, err := NewRecorder(o)
		if err != nil {
			t.Fatal(err)
		}
		a := &talker{conn: &Conn{ID: 1}}
		r.Record(a.open())
		files[0].set(func() { files[0].room = 0 })
		r.Record(a.say("NLN 1"))
		time.Sleep(2 * retryAfter)
		r.Record(a.say("NLN 2"))
		if r.Path() != "x_2.pcapng" {
			t.Errorf("recording to %s", r.Path())
		}
		r.Close()
		if got := summary(files[0].records(t)); got != "1 opened" {
			t.Errorf("the first: %s", got)
		}
		if got := summary(files[1].records(t)); got != "1 opened before\n1 NLN 2" {
			t.Errorf("the second: %s", got)
		}
		if r.Dropped() != 1 {
			t.Errorf("%d dropped", r.Dropped())
		}
	})
}

// A directory that takes no more files is waited for.
func TestRecorderNoNextFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var names []string
		var fault error
		f := &fakeFile{room: -1}
		r, err := NewRecorder(RecorderOptions{Path: "x.pcapng", RotateAfter: time.Hour, create: func(name string) (recordFile, error) {
			mu.Lock()
			defer mu.Unlock()
			if names = append(names, name); fault != nil {
				return nil, fault
			}
			f = &fakeFile{room: -1}
			return f, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		a := &talker{conn: &Conn{ID: 1}}
		r.Record(a.open())
		first := f
		time.Sleep(time.Hour - time.Nanosecond)
		r.Record(a.say("NLN 1"))
		if len(names) != 1 {
			t.Errorf("a new file before the hour: %q", names)
		}
		mu.Lock()
		fault = syscall.EACCES
		mu.Unlock()
		time.Sleep(time.Nanosecond)
		r.Record(a.say("NLN 2"))
		r.Record(a.say("NLN 3"))
		time.Sleep(retryAfter)
		synctest.Wait()
		mu.Lock()
		fault = nil
		mu.Unlock()
		time.Sleep(retryAfter)
		synctest.Wait()
		r.Close()
		if got := summary(first.records(t)); got != "1 opened\n1 NLN 1" {
			t.Errorf("the first: %s", got)
		}
		if got := summary(f.records(t)); got != "1 opened before\n1 NLN 2\n1 server lost 1 message of the server not recorded: permission denied" {
			t.Errorf("the second: %s", got)
		}
		if len(names) != 4 || names[1] != "x_00002_20000101010000.pcapng" {
			t.Errorf("tried %q", names)
		}
	})
}

// In live mode nothing waits for the disk; what is too much is counted, until half of
// it is written.
func TestRecorderLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f, reports := fakeRecorder(t, RecorderOptions{Live: true})
		a := &talker{conn: &Conn{ID: 1}}
		start, writes := time.Now(), f.count()
		r.Record(a.open())
		for range 100 {
			r.Record(a.say("NLN"))
		}
		time.Sleep(liveRest - time.Nanosecond)
		synctest.Wait()
		if f.count() != writes {
			t.Error("written at once")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if f.count() != writes+1 || len(f.records(t)) != 101 {
			t.Errorf("%d writes", f.count()-writes)
		}
		hold := make(chan struct{})
		f.set(func() { f.hold = hold })
		taken := 0
		for r.Record(a.say(strings.Repeat("x", 60_000))) {
			taken++
		}
		if least := liveQueue / 60_100; taken < least || taken > least+1 {
			t.Errorf("%d taken", taken)
		}
		r.Record(a.say("FLN"))
		if waited := time.Since(start); waited != liveRest {
			t.Errorf("waited %v", waited)
		}
		time.Sleep(10 * StallBound)
		f.set(func() { f.hold = nil })
		close(hold)
		synctest.Wait()
		r.Record(a.say("ILN"))
		r.Close()
		list := f.records(t)
		tail := summary(list[len(list)-2:])
		if tail != "1 server lost 2 messages of the server not recorded: writing was too slow\n1 ILN" || len(list) != 101+taken+2 {
			t.Errorf("%d records; the last: %s", len(list), tail)
		}
		if r.Dropped() != 2 || strings.Count(reports(), "slower than the traffic") != 1 || strings.Contains(reports(), "\n") {
			t.Errorf("%d dropped; %s", r.Dropped(), reports())
		}
	})
}

// A disk that never takes a write again does not keep the program from ending.
func TestRecorderCloseHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f, reports := fakeRecorder(t, RecorderOptions{})
		a := &talker{conn: &Conn{ID: 1}}
		r.Record(a.open())
		hold := make(chan struct{})
		f.set(func() { f.hold = hold })
		go r.Record(a.say("NLN"))
		synctest.Wait()
		start := time.Now()
		r.Close()
		if took := time.Since(start); took != closeWait || !strings.Contains(reports(), "the disk takes nothing") {
			t.Errorf("%v; %s", took, reports())
		}
		close(hold)
	})
}

var errOdd = errors.New("odd")

// A write that is short without a reason is a failure, too.
func TestRecorderShortWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f, reports := fakeRecorder(t, RecorderOptions{})
		a := &talker{conn: &Conn{ID: 1}}
		f.set(func() { f.room, f.fault = 20, nil })
		r.Record(a.open())
		f.set(func() { f.room, f.fault = 0, errOdd })
		time.Sleep(retryAfter)
		f.set(func() { f.room = -1 })
		time.Sleep(retryAfter)
		r.Close()
		if got := summary(f.records(t)); got != "1 opened" || !strings.Contains(reports(), "short write") {
			t.Errorf("%s; %s", got, reports())
		}
	})
}
