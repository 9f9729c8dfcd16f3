package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestLimitFor(t *testing.T) {
	for _, test := range []struct {
		inUse uint64
		want  int64
	}{{0, 40 << 20}, {20 << 20, 40 << 20}, {20<<20 + 1, 40<<20 + 2}, {100 << 20, 200 << 20}} {
		if got := limitFor(test.inUse); got != test.want {
			t.Errorf("%d in use: limit %d, want %d", test.inUse, got, test.want)
		}
	}
}

// A program with more in use than the limit that it began with collects as often as any
// other, not without end.
func TestCollectLess(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	end := collectLess()
	if got := debug.SetMemoryLimit(-1); got != readMemory {
		t.Errorf("the limit is %d at the beginning, want %d", got, readMemory)
	}
	var kept [][]byte
	for range 64 {
		kept = append(kept, make([]byte, 1<<20))
	}
	runtime.GC()
	var from, to runtime.MemStats
	runtime.ReadMemStats(&from)
	for range 512 {
		garbage = make([]byte, 1<<20)
	}
	runtime.ReadMemStats(&to)
	if n := to.NumGC - from.NumGC; n == 0 || n > 24 {
		t.Errorf("%d collections for 512 MB of garbage with %d MB in use", n, len(kept))
	}
	if got := debug.SetMemoryLimit(-1); got < 2*64<<20 {
		t.Errorf("the limit is %d with %d MB in use", got, len(kept))
	}
	end()
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("the limit is %d afterwards, was %d before", got, before)
	}
	if got := debug.SetGCPercent(100); got == 400 {
		t.Error("the percentage is not put back")
	} else {
		debug.SetGCPercent(got)
	}
	runtime.GC()
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("the limit is %d after another collection", got)
	}
	runtime.KeepAlive(kept)
}

var garbage []byte
