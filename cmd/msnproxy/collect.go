package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// readMemory is how many bytes the program takes before it collects garbage more
// often, unless it has more than half as many in use.
const readMemory = 40 << 20

// collector makes garbage be collected less often: reading makes much of it and keeps
// little, so that saves a tenth of the time, and a limit keeps it from costing much
// memory. A limit below what is in use would have the collector run without end, so
// each collection sets it anew.
type collector struct {
	mu      sync.Mutex
	ended   bool
	percent int
	limit   int64
}

// collectLess makes a collector; end puts everything back.
func collectLess() (end func()) {
	c := &collector{percent: debug.SetGCPercent(400), limit: debug.SetMemoryLimit(readMemory)}
	c.watch()
	return c.end
}

// watch has collected called after the next collection.
func (c *collector) watch() {
	garbage := new(*int) // a pointer: what has none may be kept for its neighbours
	runtime.AddCleanup(garbage, (*collector).collected, c)
}

// collected sees to the limit after a collection.
func (c *collector) collected() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		debug.SetMemoryLimit(limitFor(inUse()))
		c.watch()
	}
}

func (c *collector) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	debug.SetGCPercent(c.percent)
	debug.SetMemoryLimit(c.limit)
}

// limitFor returns the limit for a program that has so many bytes in use.
func limitFor(inUse uint64) int64 { return max(readMemory, 2*int64(inUse)) }

// inUse returns how many bytes of the heap the last collection has left.
func inUse() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
