package capture

import (
	"slices"
	"time"
)

// batch is what goes to the disk with one write.
type batch struct {
	number uint64
	buf    []byte
	ends   []int // where its records end in buf
	taken  bool  // it is being written, and takes nothing more
	// begins: it goes to a new file, begun at a time. The one before is ended, or
	// abandoned: then it is no longer ours.
	begins, abandons bool
	at               time.Time
}

const (
	// spareBatches are kept for use again, if they are not much larger than usual; in
	// live mode as many as can wait, and while nothing waits restBatches.
	spareBatches = 4
	restBatches  = 2
	// liveTurn is how many batches are written in one turn in live mode: who writes
	// has to compete with the traffic for each.
	liveTurn = 32
)

func (r *Recorder) mostSpare() int {
	if r.o.Live {
		return liveQueue / batchBytes
	}
	return spareBatches
}

// waiter waits for a batch to be written.
type waiter struct {
	ticket uint64
	closer bool      // it waits to lead, whatever else happens
	turn   chan bool // true: it is to lead
}

// filling returns the batch that takes the next record. mu is held.
func (r *Recorder) filling() *batch {
	if n := len(r.queue); n > 0 && !r.queue[n-1].taken && len(r.queue[n-1].buf) < batchBytes {
		return r.queue[n-1]
	}
	return r.fresh()
}

// fresh appends an empty batch to the queue. mu is held.
func (r *Recorder) fresh() *batch {
	var b *batch
	if n := len(r.spare); n > 0 {
		b, r.spare = r.spare[n-1], r.spare[:n-1]
		*b = batch{buf: b.buf[:0], ends: b.ends[:0]}
	} else {
		b = new(batch)
	}
	r.last++
	b.number = r.last
	r.queue = append(r.queue, b)
	return b
}

// took notes that the first batch was written. mu is held.
func (r *Recorder) took() {
	b := r.queue[0]
	r.queue = slices.Delete(r.queue, 0, 1)
	r.written = b.number
	r.queued -= len(b.buf)
	r.noteFile()
	if len(r.spare) < r.mostSpare() && cap(b.buf) <= 2*batchBytes {
		r.spare = append(r.spare, b)
	}
}

// noteFile notes what the leader made of the file. mu is held.
func (r *Recorder) noteFile() {
	r.file, r.path, r.fileSize, r.half = r.out.file, r.out.path, r.out.size, r.out.half
	r.size += r.out.grown
	r.out.grown = 0
}

// settled reports whether there is nothing to wait for. mu is held.
func (r *Recorder) settled(ticket uint64) bool {
	return r.written >= ticket || r.gap.full() || r.gap.stalled() || r.closed
}

// wait waits, with mu released meanwhile, until the ticket is settled (false) or the
// caller is to lead (true). mu is held.
func (r *Recorder) wait(ticket uint64) (lead bool) {
	w := r.newWaiter()
	w.ticket = ticket
	r.waiters = append(r.waiters, w)
	r.mu.Unlock()
	lead = <-w.turn
	r.mu.Lock()
	r.idle = append(r.idle, w)
	return lead
}

func (r *Recorder) newWaiter() *waiter {
	if n := len(r.idle); n > 0 {
		w := r.idle[n-1]
		r.idle = r.idle[:n-1]
		*w = waiter{turn: w.turn}
		return w
	}
	return &waiter{turn: make(chan bool, 1)}
}

// release lets those go whose tickets are settled. mu is held.
func (r *Recorder) release() {
	left := r.waiters[:0]
	for _, w := range r.waiters {
		if !w.closer && r.settled(w.ticket) {
			w.turn <- false
		} else {
			left = append(left, w)
		}
	}
	clear(r.waiters[len(left):])
	r.waiters = left
}

// lead writes batches until the ticket is settled, and then lets the one lead who
// has waited longest. mu is held, but not while the disk is written.
func (r *Recorder) lead(ticket uint64) {
	r.writing = true
	for len(r.queue) > 0 && !r.gap.full() && r.written < max(ticket, r.orphans) {
		r.writeFirst()
	}
	r.handOver()
}

// handOver lets the next one lead. mu is held.
func (r *Recorder) handOver() {
	if len(r.waiters) == 0 {
		r.writing = false
		return
	}
	next := r.waiters[0]
	r.waiters = slices.Delete(r.waiters, 0, 1)
	next.turn <- true
}

// writeFirst writes the first batch, in live mode several, and reports whether that
// went well. The caller leads. mu is held, but not while the disk is written.
func (r *Recorder) writeFirst() bool {
	some := r.queue[:1]
	if r.o.Live {
		some = r.queue[:min(len(r.queue), liveTurn)]
	}
	some = append(r.turnOf[:0], some...) // the queue grows meanwhile
	for _, b := range some {
		b.taken = true
	}
	r.began = time.Now()
	r.watchWrites()
	r.mu.Unlock()
	done := 0
	n, err := r.out.write(some[0])
	for ; err == nil; n, err = r.out.write(some[done]) {
		if done++; done == len(some) {
			break
		}
	}
	r.mu.Lock()
	r.began = time.Time{}
	for range done {
		r.took()
	}
	clear(some)
	r.turnOf = some
	if err != nil {
		r.queued -= n
		r.noteFile()
		r.suspend(err)
		return false
	}
	if r.gap.stalled() || r.gap.reason == gapBehind && r.queued <= liveQueue/2 {
		r.resume()
	}
	r.release()
	return true
}

// watchWrites makes sure that the time of a write is looked at. mu is held.
func (r *Recorder) watchWrites() {
	if r.watch == nil && !r.o.Live && !r.closed {
		r.watch = time.AfterFunc(StallBound, r.lookAtWrite)
	}
}

// lookAtWrite lets the others go on while a write lasts too long.
func (r *Recorder) lookAtWrite() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watch = nil
	if r.began.IsZero() {
		return // the next write sets the watch again
	}
	if left := StallBound - time.Since(r.began); left > 0 {
		r.watch = time.AfterFunc(left, r.lookAtWrite)
		return
	}
	if !r.gap.open() {
		r.gap.begin(gapStall, "the disk did not take what was written")
		r.orphans = r.last
		r.release()
		r.say.errorf("recording to %s: the disk has not taken a write for %v; what passes until it does is dropped and counted, traffic goes on", r.path, StallBound)
	}
}

// rouse sees to it that the queue is written soon, in live mode: at once if there is
// a whole batch. mu is held.
func (r *Recorder) rouse() {
	switch {
	case r.writing || r.rushed:
	case len(r.queue) > 1 || len(r.queue[0].buf) >= batchBytes:
		r.rushed = true
		go r.drain()
	case r.flush == nil:
		r.armed = true
		r.flush = time.AfterFunc(liveRest, r.drain)
	case !r.armed:
		r.armed = true
		r.flush.Reset(liveRest)
	}
}

// drain writes what waits in live mode. What comes meanwhile is gathered again,
// unless it is a whole batch.
func (r *Recorder) drain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writing || r.closed {
		return // who leads comes here again if there is need
	}
	r.writing = true
	for first := true; len(r.queue) > 0 && !r.gap.full() && (first || len(r.queue) > 1 || len(r.queue[0].buf) >= batchBytes); first = false {
		r.writeFirst()
	}
	r.armed, r.rushed = false, false
	if len(r.queue) == 0 && len(r.spare) > restBatches {
		r.spare = slices.Clone(r.spare[:restBatches])
	}
	r.handOver()
	if !r.writing && len(r.queue) > 0 && !r.gap.full() {
		r.rouse()
	}
}
