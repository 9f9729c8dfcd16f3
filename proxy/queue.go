package proxy

import (
	"sync"
	"sync/atomic"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

const (
	// queueRest is how long the queue's goroutine rests between deliveries, so
	// that relaying need not wake it for every frame. Nobody sees five
	// milliseconds on a screen.
	queueRest = 5 * time.Millisecond
	// jammedRest is the same when records had to be dropped: then the processor is
	// left to the relaying.
	jammedRest = 25 * time.Millisecond
	// arenaBlock is the size of the blocks that waiting bytes are copied to, and
	// recordBlock how many records a block of them holds.
	arenaBlock  = 64 << 10
	recordBlock = 128
	// spareBlocks of each sort are kept while nothing happens.
	spareBlocks = 8
)

// queue carries records to an observer. The links copy what they have into it
// under a lock; one goroutine takes everything that is there and delivers it.
// Records and bytes lie in blocks that are used again, so that nothing is allocated
// once it has run for a while.
type queue struct {
	observer   Observer
	maxRecords int
	maxBytes   int
	lossless   bool

	mu      sync.Mutex
	room    sync.Cond // lossless: waited on while the queue is full
	filling batch
	spare   spares
	idle    bool // the goroutine waits for wake
	closed  bool
	dropped int64
	told    int64       // of those dropped; the goroutine's
	jammed  atomic.Bool // full, and not lossless

	wake chan struct{}
	done chan struct{}
}

// batch is records with the bytes that they point to.
type batch struct {
	records [][]capture.Record // blocks, the last one filling
	arena   [][]byte           // blocks, the last one filling
	count   int                // of records
	bytes   int
}

// spares are empty blocks.
type spares struct {
	records [][]capture.Record
	arena   [][]byte
}

func newQueue(s *settings) *queue {
	q := &queue{
		observer:   s.Observer,
		maxRecords: s.QueueRecords,
		maxBytes:   s.QueueBytes,
		lossless:   s.Lossless,
		wake:       make(chan struct{}, 1),
		done:       make(chan struct{}),
	}
	q.room.L = &q.mu
	go q.deliver()
	return q
}

// add copies records of one link into the queue. lost counts bytes of that link
// that were dropped before; it is brought up to date. It reports whether the
// queue's goroutine should be woken: the caller does so when its bytes are on
// their way.
func (q *queue) add(records []capture.Record, lost *int64) (wake bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range records {
		r := &records[i]
		data := r.Kind == capture.Data
		if !q.lossless && (data && q.full(r, 1) || q.full(r, 2)) || q.closed {
			q.dropped++
			if data {
				q.jammed.Store(!q.lossless)
				*lost += int64(len(r.Frame.Raw))
			}
			continue
		}
		if data && *lost > 0 {
			gap := lostRecord(r.Time, r.Conn, r.From, *lost)
			q.put(&gap)
			*lost = 0
		}
		q.put(r)
	}
	wake, q.idle = q.idle, false
	return wake
}

// await waits, if nothing may be lost, until there is room for a record like this one. Links
// that wait side by side may then go beyond the bounds together, each by what it tells at
// once. Nothing that others need is held meanwhile.
func (q *queue) await(r *capture.Record) {
	if !q.lossless {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.full(r, 1) && !q.closed {
		q.nudge()
		q.room.Wait()
	}
}

// lostRecord says that the observer was not shown n bytes.
func lostRecord(at time.Time, c *capture.Conn, from decode.Sender, n int64) capture.Record {
	return capture.Record{
		Time: at, Conn: c, Kind: capture.Lost, From: from, Lost: n,
		Text: "the display was too slow: bytes passed that it was not shown",
	}
}

// skip counts frames that a link did not even try to add, because the queue was
// jammed.
func (q *queue) skip(frames int64) {
	q.mu.Lock()
	q.dropped += frames
	q.mu.Unlock()
}

// full reports whether r exceeds so many times the queue's bounds.
func (q *queue) full(r *capture.Record, times int) bool {
	b := &q.filling
	return b.count > 0 && (int64(b.count) >= int64(times)*int64(q.maxRecords) || int64(b.bytes+len(r.Frame.Raw)+len(r.Sent)) > int64(times)*int64(q.maxBytes))
}

// nudge wakes the queue's goroutine.
func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// deliver is the queue's goroutine.
func (q *queue) deliver() {
	defer close(q.done)
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		q.mu.Lock()
		dropped := q.dropped // behind all that is in the batch
		if q.filling.count == 0 {
			if dropped > q.told {
				q.mu.Unlock()
				q.miss(dropped)
				continue
			}
			if q.closed {
				q.mu.Unlock()
				return
			}
			q.spare.trim(spareBlocks)
			q.idle = true
			q.mu.Unlock()
			<-q.wake
			continue
		}
		work := q.filling
		q.filling = batch{}
		closed := q.closed
		pause := queueRest
		if q.jammed.Swap(false) {
			pause = jammedRest
		}
		q.room.Broadcast()
		q.mu.Unlock()
		for _, block := range work.records {
			for i := range block {
				q.observer.Observe(&block[i])
			}
			clear(block)
		}
		q.miss(dropped)
		q.mu.Lock()
		q.spare.take(&work)
		q.mu.Unlock()
		if closed {
			continue
		}
		rest.Reset(pause)
		select {
		case <-rest.C:
		case <-q.wake:
		}
	}
}

// miss tells the observer that so many records were dropped, in all.
func (q *queue) miss(dropped int64) {
	if dropped == q.told {
		return
	}
	q.told = dropped
	if o, ok := q.observer.(MissedObserver); ok {
		o.Missed(dropped)
	}
}

// close lets what waits be delivered and ends the goroutine. It waits for that at
// most as long as given: an observer may hang.
func (q *queue) close(wait time.Duration) {
	q.refuse()
	q.nudge()
	select {
	case <-q.done:
	case <-time.After(wait):
	}
}

// refuse makes the queue take nothing more, and lets go whoever waits for room.
func (q *queue) refuse() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.room.Broadcast()
}

// drops returns how many records were dropped.
func (q *queue) drops() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// put copies r and its bytes into the batch that is filling. q.mu is held.
func (q *queue) put(r *capture.Record) {
	b := &q.filling
	last := len(b.records) - 1
	if last < 0 || len(b.records[last]) == recordBlock {
		b.records = append(b.records, pop(&q.spare.records, recordBlock))
		last++
	}
	block := append(b.records[last], *r)
	b.records[last] = block
	b.count++
	c := &block[len(block)-1]
	c.Frame.Raw = q.copy(r.Frame.Raw)
	c.Sent = q.copy(r.Sent)
}

// copy copies p into the batch's arena. q.mu is held.
func (q *queue) copy(p []byte) []byte {
	if p == nil {
		return nil
	}
	b := &q.filling
	n := len(p)
	b.bytes += n
	if n > arenaBlock/4 {
		return append(make([]byte, 0, n), p...)
	}
	last := len(b.arena) - 1
	if last < 0 || arenaBlock-len(b.arena[last]) < n {
		b.arena = append(b.arena, pop(&q.spare.arena, arenaBlock))
		last++
	}
	block := b.arena[last]
	at := len(block)
	block = append(block, p...)
	b.arena[last] = block
	return block[at:len(block):len(block)]
}

// pop takes a block from a list, or makes one.
func pop[T any](list *[][]T, size int) []T {
	if n := len(*list); n > 0 {
		block := (*list)[n-1]
		*list = (*list)[:n-1]
		return block
	}
	return make([]T, 0, size)
}

// take takes back the blocks of a batch that was delivered.
func (s *spares) take(b *batch) {
	for _, block := range b.records {
		s.records = append(s.records, block[:0])
	}
	for _, block := range b.arena {
		s.arena = append(s.arena, block[:0])
	}
}

// trim lets all but n blocks of each sort go.
func (s *spares) trim(n int) {
	if len(s.records) > n {
		s.records = append([][]capture.Record(nil), s.records[:n]...)
	}
	if len(s.arena) > n {
		s.arena = append([][]byte(nil), s.arena[:n]...)
	}
}
