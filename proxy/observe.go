package proxy

import "msnproxy/capture"

// Observer is told what happens: connections opened and closed, each frame as it
// was received and what was sent on instead, remarks. One goroutine calls it, in
// the order of what happened: a request comes before its reply.
//
// The record and all bytes in it are the caller's and hold during the call only;
// r.Conn holds for good. Observe must not call Close or Shutdown, which wait for it.
// When the queue is full records are dropped: the next one
// of the same link is preceded by one of kind Lost with the number of bytes. What
// must not be missed in the order of things, Opened, Closed and Remark, is dropped
// only when the queue holds twice as much as it should.
type Observer interface {
	Observe(r *capture.Record)
}

// MissedObserver is an [Observer] that wants to know, also when nothing comes any more, how
// many records it was not shown.
type MissedObserver interface {
	Observer
	// Missed is called as Observe is, when there are more of them: n in all.
	Missed(n int64)
}

// ObserverFunc makes an [Observer] of a function.
type ObserverFunc func(r *capture.Record)

// Observe calls f.
func (f ObserverFunc) Observe(r *capture.Record) { f(r) }

// Recorder is told the same as an [Observer], but in the path of relaying: the
// bytes go on when Commit has returned, so that what was sent is what was recorded.
// It is called from many goroutines at a time, for one link in order, and must not
// block for longer than a peer may be kept waiting.
type Recorder interface {
	// Put takes records of one link. They and all bytes in them hold during the call
	// only; the Conns hold for good.
	Put(records []capture.Record) (ticket uint64)
	// Commit returns when what was put with the ticket is recorded.
	Commit(ticket uint64)
}
