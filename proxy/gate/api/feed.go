package api

import (
	"bytes"
	"context"
	"sync"

	"msnproxy/capture"
	"msnproxy/decode"
)

// What a feed keeps: so many events, and so many bytes of them.
const (
	feedEvents = 1 << 14
	feedBytes  = 16 << 20
	// feedChunk is how many events are looked at before others get their turn.
	feedChunk = 256
)

// Event is one line of the feed.
type Event struct {
	// Number is that of the message.
	Number int64
	// Line is the JSON object, with its line end.
	Line []byte
	// Message is what filters are asked about; nil: those who filter don't see it, unless
	// it is for Everybody.
	Message   *decode.Message
	Everybody bool
	// Kind says what it is.
	Kind Kind
	// About is where the message is in its link, as received.
	About capture.About
	// Injected is what was injected, as sent.
	Injected []byte
}

// Kind is what an event is.
type Kind uint8

// The kinds. AHeld is a message that waits in the proxy, and comes again.
const (
	Other Kind = iota
	AMessage
	AHeld
	AFinding
	ADecision // what a rule or a fault has done, on the message that is told of
)

// Feed keeps the newest events. Readers follow at a pace of their own; those that are too
// slow miss some, and are told how many. Nobody waits for a reader.
type Feed struct {
	mu      sync.Mutex
	events  []Event // a ring, of which the first is number base
	head    int
	base    int64
	bytes   int
	more    chan struct{} // closed when there is more; nil: nobody waits
	over    bool
	metrics metrics
	dropped int64 // events that readers have missed
	missed  int64 // messages that never became events
}

// NewFeed returns an empty feed.
func NewFeed() *Feed { return &Feed{} }

// Do calls f, which puts events. What messages point to may be changed by f only.
func (f *Feed) Do(put func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	put()
	if f.more != nil {
		close(f.more)
		f.more = nil
	}
}

// Put adds an event, within [Feed.Do]. Neither the line nor the message need hold longer.
func (f *Feed) Put(e Event) {
	if f.over {
		return
	}
	if m := e.Message; m != nil {
		f.metrics.count(&e)
		f.unanswered(&e)
		m = m.Keep()
		if m.Conn != nil { // as it is now
			c := *m.Conn
			m.Conn = &c
		}
		e.Message = m
	}
	e.Line, e.Injected = bytes.Clone(e.Line), bytes.Clone(e.Injected)
	for len(f.events)-f.head >= feedEvents || f.bytes+e.size() > feedBytes && len(f.events) > f.head {
		f.drop()
	}
	f.events = append(f.events, e)
	f.bytes += e.size()
}

// Missed tells of messages that were relayed too fast to be told: n in all, up to here. All
// readers are told how many more that are, and they count as missed. It is called within
// [Feed.Do].
func (f *Feed) Missed(n int64) {
	if n <= f.missed {
		return
	}
	f.Put(Event{Everybody: true, Line: missing("so many messages came faster than they can be told", "events", n-f.missed)})
	f.dropped += n - f.missed
	f.missed = n
}

// unanswered counts requests that were found to have no reply, by the verb of the request.
func (f *Feed) unanswered(e *Event) {
	for i := range e.Message.Findings {
		if e.Message.Findings[i].Rule != "trid.unanswered" {
			continue
		}
		label := unknown
		if of := f.find(e.Number); of != nil {
			label = verb(of.Message)
		}
		bump(&f.metrics.unanswered, label)
	}
}

// size is about what an event takes.
func (e *Event) size() int {
	n := 512 + len(e.Line)
	if e.Message != nil {
		n += 2 * len(e.Message.Frame.Raw)
	}
	return n
}

// drop lets the oldest event go.
func (f *Feed) drop() {
	f.bytes -= f.events[f.head].size()
	f.events[f.head] = Event{}
	f.head++
	f.base++
	if f.head > len(f.events)/2 {
		n := copy(f.events, f.events[f.head:])
		clear(f.events[n:])
		f.events, f.head = f.events[:n], 0
	}
}

// end is the place behind the newest event. f.mu is held.
func (f *Feed) end() int64 { return f.base + int64(len(f.events)-f.head) }

// at returns the event at a place that is kept. f.mu is held.
func (f *Feed) at(place int64) *Event { return &f.events[f.head+int(place-f.base)] }

// Close ends all reading, when what is there has been read.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	if f.more != nil {
		close(f.more)
		f.more = nil
	}
}

// Reader reads a feed.
type Reader struct {
	f     *Feed
	place int64
	want  func(e *Event) bool
	one   bool // Next returns one line at a time
}

// Read returns a reader of all that comes from now on; nil: wants everything.
func (f *Feed) Read(want func(e *Event) bool) *Reader {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &Reader{f: f, place: f.end(), want: want}
}

// From has the reader begin with the message of that number. It returns the first one that
// is kept if that is a later one; 0: none is missing.
func (r *Reader) From(number int64) (first int64) {
	f := r.f
	f.mu.Lock()
	defer f.mu.Unlock()
	r.place = f.base
	for ; r.place < f.end(); r.place++ {
		n := f.at(r.place).Number
		if first == 0 && n > 0 {
			first = n
		}
		if n >= number {
			break
		}
	}
	if f.base == 0 || first <= number {
		first = 0
	}
	return first
}

// Next returns lines that are wanted, and how many events were missed before them. It
// waits for some; ok is false at the end of ctx or of the feed.
func (r *Reader) Next(ctx context.Context) (lines [][]byte, missed int64, ok bool) {
	f := r.f
	for {
		f.mu.Lock()
		if r.place < f.base {
			missed += f.base - r.place
			f.dropped += f.base - r.place
			r.place = f.base
		}
		stop := min(f.end(), r.place+feedChunk)
		for ; r.place < stop && !(r.one && len(lines) > 0); r.place++ {
			if e := f.at(r.place); r.want == nil || r.want(e) {
				lines = append(lines, e.Line)
			}
		}
		if len(lines) > 0 || missed > 0 {
			f.mu.Unlock()
			return lines, missed, true
		}
		if r.place < f.end() {
			f.mu.Unlock()
			continue
		}
		if f.over {
			f.mu.Unlock()
			return nil, 0, false
		}
		if f.more == nil {
			f.more = make(chan struct{})
		}
		more := f.more
		f.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return nil, 0, false
		}
	}
}

// find finds the event of the message of that number, if it is kept; nil if not. f.mu is held.
func (f *Feed) find(number int64) *Event {
	for place := f.end() - 1; place >= f.base; place-- {
		if e := f.at(place); e.Number == number && (e.Kind == AMessage || e.Kind == AHeld) {
			return e
		}
	}
	return nil
}
