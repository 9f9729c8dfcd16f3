package proxy

import (
	"bytes"
	"net"
	"sync"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

const (
	// readSize is the most that one read brings. With 64 KiB a bulk transfer takes
	// half as long again.
	readSize = 32 << 10
	// groupSize is how many records are told at a time.
	groupSize = 64
)

// work is what a link needs while it carries on what one read brought.
type work struct {
	in      []byte           // what was read, in buf
	out     []byte           // what goes out instead, where that differs
	records []capture.Record // gathered, not told yet
	fr      decode.Frame
	base    int64     // offset of in[0] in the link
	cursor  int64     // what lies before is sent, or in out
	now     time.Time // of the read
	ticket  uint64    // of the recorder, for what was told last
	woken   bool      // the observer is to be woken
	piece   int       // frames in out, as far as the gate is told
	err     error     // of the lane
	named   bool      // the redirect that is rewritten is the user's own word
	// observed: somebody is told of what comes.
	observed bool
	roster   bool                      // in holds what may be a Roster header of a user's
	group    [groupSize]capture.Record // memory of records
	buf      [readSize]byte
}

var workPool = sync.Pool{New: func() any { return new(work) }}

func takeWork() *work { return workPool.Get().(*work) }

// begin makes w ready for the bytes in w.in, which are the next of the link.
func (w *work) begin(l *link) {
	p := l.c.p
	w.observed = p.observed && !p.jammed() || l.lane != nil
	if w.observed {
		w.now = time.Now()
	}
	w.out, w.records = w.out[:0], w.group[:0]
	w.base, w.cursor, w.ticket, w.piece, w.err = l.in, l.out, 0, 0, nil
	w.woken = false
	w.roster = l.from == decode.Server && bytes.Contains(w.in, rosterName)
}

// free gives w back to the pool. Nothing may point into it any more.
func (w *work) free() {
	w.in = nil
	if cap(w.out) > 2*readSize {
		w.out = nil
	}
	workPool.Put(w)
}

// readPlain reads from a connection the plain way.
func readPlain(conn net.Conn) (*work, error) {
	w := takeWork()
	n, err := conn.Read(w.buf[:])
	if n == 0 && err != nil {
		w.free()
		return nil, err
	}
	// An error that came with bytes comes again.
	w.in = w.buf[:n]
	return w, nil
}
