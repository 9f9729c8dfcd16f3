package capture

import (
	"bytes"
	"time"
)

// event is something that happened to a connection, before it is made records.
type event struct {
	flow *flow
	kind Kind
	from side
	time time.Time
	data []byte // Data
	lost int    // Lost
	// Closed:
	known bool // from is who closed it
	reset bool
	end   bool   // the recording ends here, the connection does not
	text  string // and Remark
	// Remark: what is said once in a recording, and the number that it is about.
	once   about
	number int64
	other  *flow // Remark: the connection with the same ends
	folded bool
}

const (
	// How long the events of a connection that may turn out to be MSNP hold back
	// those of others.
	maxQueued       = 1 << 20 // bytes
	maxQueuedEvents = 8192
	maxQueuedTime   = 2 * time.Second
	maxQueuedLive   = time.Second / 2 // of a capture that is being made
	eventMemory     = 128
)

// queue holds events in the order of packets.
type queue struct {
	events []event
	head   int
	lent   int // events from here on have bytes that are the packet's
	memory int // in the bytes of the others
	live   bool
	parked int // memory of what undecided flows have in their own lists
}

func (q *queue) push(e event) { q.events = append(q.events, e) }

func (q *queue) empty() bool { return q.head == len(q.events) }

// own makes copies of the bytes that the next packet would overwrite.
func (q *queue) own() {
	if q.empty() {
		return
	}
	for i := max(q.lent, q.head); i < len(q.events); i++ {
		e := &q.events[i]
		e.data = bytes.Clone(e.data)
		q.memory += len(e.data)
	}
	q.lent = len(q.events)
}

// pop returns the next event of a connection that is MSNP, in order. It returns
// false if there is none, or if what is next is not known to be MSNP and not
// known not to be; now is the time of the last packet.
func (q *queue) pop(now time.Time) (event, bool) {
	for !q.empty() {
		e := &q.events[q.head]
		f := e.flow
		switch {
		case f.verdict == isMSNP && f.open != nil && len(f.parked) > 0:
			first := f.parked[0]
			f.parked = f.parked[1:]
			n := len(first.data) + eventMemory
			f.parkedN -= n
			q.parked -= n
			return first, true
		case f.verdict == isMSNP:
			return q.take(), true
		case f.verdict == isOther:
			q.take()
		case f.overtook || q.full(now):
			f.overtook = true
			n := len(e.data) + eventMemory
			f.parkedN += n
			q.parked += n
			own := q.head >= q.lent
			e := q.take()
			if own {
				e.data = bytes.Clone(e.data)
			}
			f.parked = append(f.parked, e)
		default:
			return event{}, false
		}
	}
	q.events, q.head, q.lent = q.events[:0], 0, 0
	if cap(q.events) > 1024 {
		q.events = nil
	}
	return event{}, false
}

func (q *queue) full(now time.Time) bool {
	most := maxQueuedTime
	if q.live {
		most = maxQueuedLive
	}
	return q.memory > maxQueued || len(q.events)-q.head > maxQueuedEvents || now.Sub(q.events[q.head].time) > most
}

// take takes the first event off the queue.
func (q *queue) take() event {
	e := q.events[q.head]
	if q.head < q.lent {
		q.memory -= len(e.data)
	}
	q.events[q.head] = event{}
	q.head++
	if q.head > 1024 && q.head > len(q.events)/2 {
		n := copy(q.events, q.events[q.head:])
		clear(q.events[n:])
		q.events = q.events[:n]
		q.lent = max(0, q.lent-q.head)
		q.head = 0
	}
	return e
}

// forget drops what a flow that is not MSNP has parked.
func (q *queue) forget(f *flow) {
	if f.open != nil {
		q.parked -= f.parkedN
		f.parked, f.parkedN = nil, 0
	}
}
