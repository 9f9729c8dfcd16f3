package capture

import (
	"bytes"
	"sync"
)

// liveRecords is the queue of a recorder in live mode: bounded, so that traffic
// never waits.
type liveRecords struct {
	r      *Recorder
	mu     sync.Mutex
	some   *sync.Cond
	list   []Record
	bytes  int
	closed bool
	done   chan struct{}
}

func newLiveRecords(r *Recorder) *liveRecords {
	q := &liveRecords{r: r, done: make(chan struct{})}
	q.some = sync.NewCond(&q.mu)
	go q.run()
	return q
}

// put queues a copy of the record, or drops it if the queue is full.
func (q *liveRecords) put(rec *Record) {
	size := 128 + len(rec.Frame.Raw) + len(rec.Sent)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.bytes+size > liveQueue {
		q.r.drop(1)
		return
	}
	c := *rec
	c.Frame = rec.Frame.Clone()
	c.Sent = bytes.Clone(rec.Sent)
	if rec.About != nil {
		about := *rec.About
		c.About = &about
	}
	q.list = append(q.list, c)
	q.bytes += size
	q.some.Signal()
}

func (q *liveRecords) run() {
	defer close(q.done)
	for {
		q.mu.Lock()
		for len(q.list) == 0 && !q.closed {
			q.some.Wait()
		}
		list := q.list
		q.list, q.bytes = nil, 0
		closed := q.closed
		q.mu.Unlock()
		for i := range list {
			q.r.mu.Lock()
			q.r.write(&list[i])
			q.r.mu.Unlock()
		}
		if closed && len(list) == 0 {
			return
		}
	}
}

// close takes no more, and waits for what is queued.
func (q *liveRecords) close() {
	q.mu.Lock()
	q.closed = true
	q.some.Signal()
	q.mu.Unlock()
	<-q.done
}
