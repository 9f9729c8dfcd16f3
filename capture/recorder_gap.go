package capture

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"msnproxy/decode"
)

const (
	// retryAfter is how long after a failure it is tried again to write, and retryMost
	// how long at the most, when it keeps failing soon after it went on.
	retryAfter = time.Second
	retryMost  = time.Minute
	// flapping is how soon after it went on a failure counts as the same trouble.
	flapping = 10 * time.Second
	// maxPassed is how many connections that came and went unrecorded are told of one
	// by one.
	maxPassed = 1000
)

// gapReason is why nothing is recorded for a while.
type gapReason uint8

const (
	gapNone   gapReason = iota
	gapStall            // a write lasts too long
	gapBehind           // live: too much waits for the disk
	gapFull             // a write failed
)

// gap is a time in which records are dropped, and who missed what.
type gap struct {
	reason  gapReason
	text    string
	missed  map[*Conn]*miss
	records int64 // dropped, since it began
	conns   int   // of which
	passed  int   // connections of which nothing is recorded
	beyond  int64 // of them, those not kept
	said    bool  // live: that the disk is slow
	wait    time.Duration
	ended   time.Time // the last one
}

// miss is what one connection missed.
type miss struct {
	opened  *Record // its first record, if that is among it
	bytes   [2]int64
	frames  [2]int64
	fates   int64 // what became of frames that were held
	last    [2]time.Time
	ends    []Record // its last records: they are few, and are told late
	started bool     // some of it is counted in gap.conns
}

func (g *gap) open() bool    { return g.reason != gapNone }
func (g *gap) full() bool    { return g.reason == gapFull }
func (g *gap) stalled() bool { return g.reason == gapStall }

// begin begins a gap, or says better why there is one.
func (g *gap) begin(reason gapReason, text string) {
	if !g.open() {
		g.records, g.conns, g.passed, g.beyond = 0, 0, 0, 0
	}
	g.reason, g.text = reason, text
	if g.missed == nil {
		g.missed = make(map[*Conn]*miss)
	}
}

// miss notes a record that is not recorded. It returns how many are lost: 0 if it
// will be made up for.
func (g *gap) miss(rec *Record) (lost int64) {
	if rec.Conn == nil {
		g.records++
		return 1
	}
	m := g.missed[rec.Conn]
	if m == nil {
		m = new(miss)
		g.missed[rec.Conn] = m
	}
	switch rec.Kind {
	case Opened:
		c := *rec
		m.opened = &c
		return 0
	case HalfClosed, Closed:
		m.ends = append(m.ends, *rec)
		if m.opened == nil || rec.Kind == HalfClosed {
			return 0
		}
		if g.passed++; g.passed > maxPassed {
			delete(g.missed, rec.Conn)
			g.beyond++
		}
		return 0
	case Data:
		i := index(rec.From)
		m.frames[i]++
		m.last[i] = rec.Time
		if rec.Fate != Injected {
			m.bytes[i] += int64(len(rec.Frame.Raw))
		}
	case Became:
		m.fates++
	case Lost:
		i := index(rec.From)
		m.bytes[i] += max(rec.Lost, 0)
		m.frames[i]++
		m.last[i] = rec.Time
	}
	g.records++
	if !m.started {
		m.started = true
		g.conns++
	}
	return 1
}

// take returns the records that make up for what was missed, in order of time, and
// forgets it.
func (g *gap) take() (list []Record) {
	conns := make([]*Conn, 0, len(g.missed))
	for c := range g.missed {
		conns = append(conns, c)
	}
	slices.SortFunc(conns, func(a, b *Conn) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range conns {
		m := g.missed[c]
		if m.opened != nil {
			list = append(list, *m.opened)
		}
		var lost []Record
		for i, from := range [2]decode.Sender{decode.Client, decode.Server} {
			if m.frames[i] > 0 {
				lost = append(lost, Record{Time: m.last[i], Conn: c, Kind: Lost, From: from, Lost: m.bytes[i],
					Text: fmt.Sprintf("%s of the %s not recorded: %s", count(m.frames[i], "message"), from, g.text)})
			}
		}
		if m.fates > 0 {
			lost = append(lost, Record{Time: time.Now(), Conn: c, Kind: Remark,
				Text: fmt.Sprintf("what became of %s that were held is not recorded: %s", count(m.fates, "message"), g.text)})
		}
		slices.SortStableFunc(lost, func(a, b Record) int { return a.Time.Compare(b.Time) })
		list = append(append(list, lost...), m.ends...)
	}
	slices.SortStableFunc(list, func(a, b Record) int { return a.Time.Compare(b.Time) })
	if g.beyond > 0 {
		list = append(list, Record{Time: time.Now(), Kind: Remark, Text: fmt.Sprintf("%s came and went unrecorded, besides those above: %s", count(g.beyond, "connection"), g.text)})
	}
	clear(g.missed)
	g.passed, g.beyond = 0, 0
	return list
}

// end ends the gap, and says what it cost.
func (g *gap) end() string {
	g.reason = gapNone
	return fmt.Sprintf("%s of %s not recorded", count(g.records, "message"), count(int64(g.conns), "connection"))
}

// resume ends a gap: what was missed is noted for each connection. mu is held.
func (r *Recorder) resume() {
	r.makeUp()
	stalled := r.gap.stalled()
	cost := r.gap.end()
	if stalled {
		r.say.errorf("recording to %s goes on; %s", r.path, cost)
	}
}

// makeUp puts what was missed into the queue. mu is held.
func (r *Recorder) makeUp() {
	for _, rec := range r.gap.take() {
		r.encode(&rec)
	}
	r.orphans = r.last
}

// suspend begins a gap because a write failed. mu is held.
func (r *Recorder) suspend(err error) {
	if !r.gap.full() {
		if time.Since(r.gap.ended) > flapping || r.gap.wait == 0 {
			r.gap.wait = retryAfter
		} else {
			r.gap.wait = min(2*r.gap.wait, retryMost)
		}
		r.gap.begin(gapFull, reason(err))
		if r.closed {
			r.say.errorf("%w; it is whole up to here", err)
		} else {
			r.say.errorf("%w; it is whole up to here and traffic goes on; recording goes on when the disk takes something again", err)
		}
	}
	if errors.Is(err, syscall.EFBIG) {
		r.moved = "is as large as the disk lets a file be"
	}
	r.release()
	if !r.closed {
		r.retry = time.AfterFunc(r.gap.wait, r.tryAgain)
	}
}

// tryAgain is called some time after a write failed.
func (r *Recorder) tryAgain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.writing || !r.gap.full() {
		return
	}
	r.writing = true
	r.goOn()
	r.handOver()
}

// goOn tries to end a gap after a failure: first what was kept is written, then what
// was missed is noted. The caller leads. mu is held.
func (r *Recorder) goOn() {
	if r.moved != "" {
		// What was kept continues a file that is no more.
		for _, b := range r.queue {
			r.drop(int64(len(b.ends)))
		}
		r.queue, r.queued, r.written = nil, 0, r.last
		r.begin(time.Now())
		r.moved = ""
	}
	for range 2 { // the second time for what passed during the first
		for len(r.queue) > 0 {
			if !r.writeFirst() {
				return
			}
		}
		r.makeUp()
	}
	cost := r.gap.end()
	r.gap.ended = time.Now()
	r.say.errorf("recording to %s goes on: the disk takes what is written again; %s", r.path, cost)
	r.writeAll()
}

// reason is the last of an error's causes: what the system said.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return cause(err).Error()
}
