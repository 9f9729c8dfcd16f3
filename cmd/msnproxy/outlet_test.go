package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stuck is a writer whose reader takes nothing until it is let go.
type stuck struct {
	bytes.Buffer
	free chan struct{}
}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.free
	return s.Buffer.Write(b)
}

func newStuck() *stuck { return &stuck{free: make(chan struct{})} }

// since returns how long f takes.
func since(f func()) time.Duration {
	begun := time.Now()
	f()
	return time.Since(begun)
}

func write(t *testing.T, o *outlet, s string) {
	t.Helper()
	if n, err := o.Write([]byte(s)); n != len(s) || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
}

// What is not read is dropped by the line and counted, and who writes goes on.
func TestOutletDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStuck()
		o := newOutlet(w, 8, false, nil)
		write(t, o, "first\n")
		synctest.Wait() // that is being written
		write(t, o, "1234\n")
		write(t, o, "12\n")   // 8 bytes wait
		write(t, o, "\n\n\n") // too many
		write(t, o, "123\n")
		if n := o.drops(); n != 4 {
			t.Errorf("%d lines dropped", n)
		}
		close(w.free)
		synctest.Wait()
		write(t, o, "a line longer than the limit\n")
		if d := since(func() { o.end(nil) }); d != 0 {
			t.Errorf("it took %v", d)
		}
		if got := w.String(); got != "first\n1234\n12\na line longer than the limit\n" || o.drops() != 4 {
			t.Errorf("%q, %d lines dropped", got, o.drops())
		}
		write(t, o, "too late\n")
		if n := o.drops(); n != 5 {
			t.Errorf("%d lines dropped", n)
		}
	})
}

// Who is to wait for the reader does, and gets what was written, in order and whole.
func TestOutletWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		o := newOutlet(w, 8, true, nil)
		text := strings.Repeat("abc\n", 30_000) // several pieces, many times the limit
		var got bytes.Buffer
		done := make(chan struct{})
		go func() {
			defer close(done)
			b := make([]byte, outletPiece)
			for {
				n, err := r.Read(b)
				if got.Write(b[:n]); err != nil {
					return
				}
				time.Sleep(outletPatience - time.Millisecond)
			}
		}()
		for line := range strings.Lines(text) {
			write(t, o, line)
		}
		o.end(nil)
		w.Close()
		<-done
		if got.String() != text || o.drops() != 0 {
			t.Errorf("%d bytes of %d, %d lines lost", got.Len(), len(text), o.drops())
		}
	})
}

// A reader that takes nothing holds up the end for a second, and, with the second
// signal, hardly at all.
func TestOutletEnds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		second time.Duration // when the second signal comes; 0: never
		want   time.Duration
	}{
		{"one signal", 0, outletPatience},
		{"two", 300 * time.Millisecond, 300*time.Millisecond + outletHurry},
		{"two at once", time.Nanosecond, time.Nanosecond + outletHurry},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newStuck()
				o := newOutlet(w, 8, true, nil)
				write(t, o, "1\n2\n3\n")
				synctest.Wait()
				write(t, o, "4\n")
				hurry := make(chan struct{})
				if tt.second > 0 {
					time.AfterFunc(tt.second, func() { close(hurry) })
				}
				go o.hasten(hurry)
				// Somebody writes when there is no room: that ends, too.
				if d := since(func() { write(t, o, "1234567\n") }); d != tt.want {
					t.Errorf("the writer was held up for %v, want %v", d, tt.want)
				}
				if d := since(func() { o.end(hurry) }); d != 0 {
					t.Errorf("then it took %v", d)
				}
				if n := o.drops(); n != 5 {
					t.Errorf("%d lines lost", n)
				}
				close(w.free)
			})
		})
	}
}

// An outlet that has nothing to write is not given up: its reader may sleep.
func TestOutletIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		o := newOutlet(&w, 8, true, nil)
		go o.hasten(nil)
		time.Sleep(time.Hour)
		write(t, o, "1\n")
		if d := since(func() { o.end(nil) }); d != 0 || w.String() != "1\n" || o.drops() != 0 {
			t.Errorf("%q, %d lines lost, after %v", w.String(), o.drops(), d)
		}
	})
}

// A reader that is gone is told of once, and what comes for it is counted.
func TestOutletBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		broken := errors.New("broken")
		r.CloseWithError(broken)
		var told []error
		o := newOutlet(w, 8, true, func(err error) { told = append(told, err) })
		for range 20 {
			write(t, o, "1\n2\n")
		}
		synctest.Wait()
		write(t, o, "1\n2\n")
		o.end(nil)
		synctest.Wait()
		if len(told) != 1 || told[0] != broken || o.drops() != 42 {
			t.Errorf("told %v, %d lines lost", told, o.drops())
		}
	})
}
