package gate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate/action"
	"msnproxy/proxy/gate/valve"
)

const (
	// maxBehind and maxFramesBehind are what may wait behind a held frame, which does not
	// count.
	maxBehind       = 1 << 20
	maxFramesBehind = 1024
	// maxWaiting is what may wait in all lanes together.
	maxWaiting = 64 << 20
	// apart is between two writes that must not arrive as one: there are peers that take
	// one read for one command.
	apart = time.Millisecond
)

// Outlet is the way out of a lane: the socket, and what the proxy knows of the connection.
// Its methods are called by one goroutine at a time, but for Tell.
type Outlet interface {
	// Send writes bytes to the receiver, with one write.
	Send(b []byte) error
	// Redirected returns what goes out instead of a frame that may be a redirect, as the
	// client must stay behind the proxy; nil: the frame. named: it is the user's own word.
	// The remarks are to be told.
	Redirected(frame []byte, named bool) (instead []byte, remarks []capture.Record)
	// Tell tells records, and returns when they are recorded.
	Tell(records ...capture.Record)
	// End ends one side of the connection, or both, because of by.
	End(side decode.Sender, reset bool, by string)
	// Finish tells the receiver that nothing more comes, because of by.
	Finish(by string)
}

// errGone says that a lane's connection has ended, errFinished that its sender has, and that
// the receiver was told so.
var (
	errGone     = errors.New("the connection has ended")
	errFinished = [...]error{
		decode.Client: errors.New("the client sends no more, and the server was told so"),
		decode.Server: errors.New("the server sends no more, and the client was told so"),
	}
)

// Lane is one direction of a connection: what waits in it goes out in order. See [Gate.Conn].
type Lane struct {
	g    *Gate
	c    *Conn
	from decode.Sender
	out  Outlet

	mu      sync.Mutex
	queue   []*item
	injects []*item // wait for the end of a frame that has gone out in part
	bytes   int     // of what waits behind the head
	frames  int
	running bool
	mid     bool // what was written last ends within a frame
	pause   bool // what was written last was a write of its own
	err     error
	closed  bool
	gone    bool        // the sender says no more
	waits   atomic.Bool // something does
	// owesBytes, owesFrame: what has its number enters the lane next, see [shift].
	owesBytes, owesFrame bool
	free                 func() // called when there is room
	finish               func() // called when nothing more comes
	timer                *time.Timer
	later                map[*due]bool // what enters later, alone

	way     *valve.Way             // of what runs; nil: no fault was ever asked for
	planned atomic.Bool            // the head goes through valves
	shut    atomic.Pointer[string] // whose half-close lets nothing more out
}

// due is what enters a lane at a time.
type due struct {
	timer *time.Timer
	begun bool // it is entering
	lose  func(error)
}

// item is what waits in a lane.
type item struct {
	b      []byte
	p      *passage        // undecided, or to be made items of
	tell   *capture.Record // before b is written
	own    bool            // a write of its own
	mid    bool            // b ends within a frame
	until  time.Time
	end    *action.End
	by     string
	plan   *valve.Plan // how b goes; nil: at once
	of     *passage    // that it is made of
	frames int
	behind bool // it is counted among what waits behind the head
	busy   bool // it is being written
}

// From is who sends what goes through the lane.
func (l *Lane) From() decode.Sender { return l.from }

// Blocked reports whether something waits, so that what comes must wait, too.
func (l *Lane) Blocked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue) > 0
}

// Waits is Blocked, as far as that can be told at once: of what runs just now it says no.
func (l *Lane) Waits() bool { return l.waits.Load() }

// KeepsApart reports whether keep-alive passes what waits now: people hold it.
func (l *Lane) KeepsApart() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 || l.mid || l.closed {
		return false
	}
	p := l.queue[0].p
	return p != nil && !p.decided && p.people && !p.keep && l.bytes < maxBehind && l.frames < maxFramesBehind
}

// Write writes bytes if nothing waits, and lets them wait otherwise; then it keeps a
// copy. mid says that they end within a frame. frames is how many end in them.
func (l *Lane) Write(b []byte, mid bool, frames int) error {
	if len(b) == 0 {
		return l.failed()
	}
	l.mu.Lock()
	l.owesBytes = false
	if len(l.queue) > 0 || l.running || len(l.injects) > 0 || l.pause || l.closed || l.err != nil || l.shut.Load() != nil {
		it := &item{b: append([]byte(nil), b...), mid: mid, frames: frames}
		return l.pushLocked(it)
	}
	l.running, l.mid = true, mid
	l.mu.Unlock()
	err := l.out.Send(b)
	l.mu.Lock()
	return l.doneLocked(err)
}

// doneLocked ends a stretch of running: what came meanwhile goes out.
func (l *Lane) doneLocked(err error) error {
	l.running = false
	if err != nil {
		l.failLocked(err)
	}
	l.runLocked()
	err = l.err
	l.mu.Unlock()
	return err
}

// Gone tells that the sender of what waits says no more.
func (l *Lane) Gone() {
	l.mu.Lock()
	l.gone = true
	l.mu.Unlock()
	l.g.mu.Lock()
	l.g.news()
	l.g.mu.Unlock()
}

func (l *Lane) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// pushLocked puts an item at the end and lets it go if it can. l.mu is held, and is not
// afterwards.
func (l *Lane) pushLocked(it *item) error {
	if l.closed || l.err != nil {
		err := l.err
		if err == nil {
			err = errGone
		}
		l.mu.Unlock()
		l.loseAll([]*item{it}, err)
		return err
	}
	l.enqueue(it)
	if !it.mid && !l.owesBytes && !l.owesFrame {
		for _, in := range l.injects {
			l.enqueue(in)
		}
		l.injects = nil
	}
	l.runLocked()
	err := l.err
	l.mu.Unlock()
	return err
}

// size is how many bytes wait in it.
func (it *item) size() int {
	if it.p != nil {
		return len(it.p.raw)
	}
	return len(it.b)
}

func (l *Lane) enqueue(it *item) {
	if len(l.queue) > 0 {
		it.behind = true
		l.bytes += it.size()
		l.frames += it.frames
		l.g.waiting.Add(int64(it.size()))
	}
	l.queue = append(l.queue, it)
	l.waits.Store(true)
}

// inject puts frames ahead of what waits, at the first place where no frame is cut by them.
func (l *Lane) inject(items ...*item) error {
	l.mu.Lock()
	if l.closed || l.err != nil {
		err := errGone
		if l.err == errFinished[l.from] {
			err = l.err
		}
		l.mu.Unlock()
		return err
	}
	at, found := 0, !l.mid
	if len(l.queue) > 0 && l.queue[0].busy {
		at, found = 1, true
	}
	for i := 0; !found && i < len(l.queue); i++ {
		if q := l.queue[i]; q.p != nil || !q.mid {
			at, found = i+1, true
		}
	}
	if !found {
		l.injects = append(l.injects, items...)
		l.mu.Unlock()
		return nil
	}
	rest := append([]*item(nil), l.queue[at:]...)
	l.queue = append(append(l.queue[:at], items...), rest...)
	l.waits.Store(true)
	l.runLocked()
	err := l.err
	l.mu.Unlock()
	return err
}

// Overtake writes a frame ahead of what waits. It keeps a copy.
func (l *Lane) Overtake(frame []byte) error {
	return l.inject(&item{b: append([]byte(nil), frame...), own: true})
}

// kick lets go what can.
func (l *Lane) kick() {
	l.mu.Lock()
	l.runLocked()
	l.mu.Unlock()
}

// runLocked lets items go, one after the other, until there is none or the first one has
// to wait. l.mu is held, and let go while bytes are written.
func (l *Lane) runLocked() {
	if l.running {
		return
	}
	l.running = true
	for len(l.queue) > 0 && !l.closed && l.err == nil {
		it := l.queue[0]
		l.planned.Store(it.plan != nil) // before the valves are looked at: see openValves
		if wait := it.waits(time.Now()); wait != 0 {
			if wait > 0 {
				l.wakeIn(wait)
			}
			break
		}
		switch {
		case it.p != nil:
			l.pop()
			l.unfold(it.p)
		case it.plan != nil && l.shut.Load() == nil:
			l.runPlan(it)
		default:
			l.pop()
			l.release(it)
		}
	}
	l.planned.Store(len(l.queue) > 0 && l.queue[0].plan != nil)
	l.running = false
	if len(l.queue) == 0 {
		l.freeLocked()
	}
}

// freeLocked tells who waits for room that there is, and who waits for the end that nothing
// is due any more.
func (l *Lane) freeLocked() {
	if free := l.free; free != nil {
		l.free = nil
		free()
	}
	over := l.closed || l.err != nil
	if finish := l.finish; finish != nil && (over || len(l.later) == 0) {
		if !over {
			l.err = errFinished[l.from]
		}
		l.finish = nil
		finish()
	}
}

// unfold puts what a decided frame makes at the head. l.mu is held, and let go meanwhile.
func (l *Lane) unfold(p *passage) {
	l.mu.Unlock()
	items := l.expand(p)
	l.mu.Lock()
	if l.closed || l.err != nil {
		l.mu.Unlock()
		l.loseAll(items, errGone)
		l.mu.Lock()
		return
	}
	l.queue = append(items, l.queue...)
	l.waits.Store(len(l.queue) > 0)
}

// pop takes the head away.
func (l *Lane) pop() {
	l.queue[0] = nil
	l.queue = l.queue[1:]
	if len(l.queue) == 0 {
		l.queue = nil
		l.waits.Store(false)
		l.g.waiting.Add(int64(-l.bytes))
		l.bytes, l.frames = 0, 0
		return
	}
	head := l.queue[0]
	if !head.behind {
		return
	}
	head.behind = false
	n := min(head.size(), l.bytes)
	l.bytes -= n
	l.frames = max(0, l.frames-head.frames)
	l.g.waiting.Add(int64(-n))
}

// waits is how long the item has to wait yet; below 0: until somebody decides.
func (it *item) waits(now time.Time) time.Duration {
	until := it.until
	if p := it.p; p != nil {
		if !p.decided {
			return -1
		}
		if p.e.Delay > 0 {
			until = p.at.Add(p.e.Delay)
		}
	}
	switch {
	case !until.IsZero() && now.Before(until):
		return until.Sub(now)
	case it.plan != nil && !it.plan.Done():
		return it.plan.Wait(now)
	}
	return 0
}

func (l *Lane) wakeIn(d time.Duration) {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.timer = time.AfterFunc(d, l.kick)
}

// release writes one item. l.mu is held, and let go meanwhile.
func (l *Lane) release(it *item) {
	pause := len(it.b) > 0 && (l.pause || it.own)
	if len(it.b) > 0 {
		l.mid, l.pause = it.mid, it.own
	}
	shut := l.shut.Load() != nil
	l.mu.Unlock()
	if shut && len(it.b) > 0 {
		l.withhold(it)
		l.mu.Lock()
		return
	}
	if pause {
		time.Sleep(apart)
	}
	if it.tell != nil {
		it.tell.Time = time.Now()
		l.out.Tell(*it.tell)
	}
	var err error
	if len(it.b) > 0 {
		err = l.out.Send(it.b)
	}
	if it.end != nil {
		l.out.End(it.end.Side, it.end.Reset, it.by)
		err = errGone // nothing that is behind it goes
	}
	l.mu.Lock()
	if err != nil {
		l.failLocked(err)
	}
}

// failLocked gives the lane up: the receiver takes nothing more.
func (l *Lane) failLocked(err error) {
	if l.err == nil {
		l.err = err
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	queue := slices.Concat(l.queue, l.injects)
	l.queue, l.injects = nil, nil
	l.g.waiting.Add(int64(-l.bytes))
	l.bytes, l.frames = 0, 0
	l.freeLocked()
	if len(queue) > 0 {
		go l.loseAll(queue, err)
	}
}

// loseAll tells that what waited was never sent.
func (l *Lane) loseAll(queue []*item, err error) {
	for _, it := range queue {
		switch {
		case it.p != nil:
			l.lose(it.p, err)
		case it.of != nil && it.tell != nil: // it was not told as gone
			l.lose(it.of, err)
		}
	}
}

// lose tells that a frame will never go.
func (l *Lane) lose(p *passage, err error) {
	l.g.forget(p, err)
	r := p.became(nil, time.Now())
	r.HeldFor = r.Time.Sub(p.since)
	r.ChangedBy = append(r.ChangedBy[:len(r.ChangedBy):len(r.ChangedBy)], "the end of the connection")
	l.out.Tell(r)
}

// Close ends the lane: what waits is lost, and told as such.
func (l *Lane) Close() {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	queue := slices.Concat(l.queue, l.injects)
	var later []*due
	for d := range l.later {
		if d.timer.Stop(); !d.begun {
			later = append(later, d)
		}
	}
	l.queue, l.injects, l.later = nil, nil, nil
	l.g.waiting.Add(int64(-l.bytes))
	l.bytes, l.frames = 0, 0
	if l.timer != nil {
		l.timer.Stop()
	}
	l.freeLocked()
	l.mu.Unlock()
	l.loseAll(queue, errGone)
	for _, d := range later {
		d.lose(errGone)
	}
}

// Full says why no more should be read for now; "": it may be.
func (l *Lane) Full() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 || l.closed || l.err != nil {
		return ""
	}
	head, until := l.queue[0].cause()
	switch {
	case l.bytes >= maxBehind:
		return fmt.Sprintf("%d bytes of the %s wait behind a message that is %s: nothing more is read from it, and no keep-alive passes, until %s", l.bytes, l.from, head, until)
	case l.frames >= maxFramesBehind:
		return fmt.Sprintf("%d messages of the %s wait behind one that is %s: nothing more is read from it, and no keep-alive passes, until %s", l.frames, l.from, head, until)
	case l.g.waiting.Load() >= maxWaiting:
		return fmt.Sprintf("%d bytes wait in all connections together: nothing more is read from this %s, a message of which is %s, until %s", l.g.waiting.Load(), l.from, head, until)
	}
	return ""
}

// cause says what has the head of a lane wait, and what ends that.
func (it *item) cause() (is, until string) {
	switch p := it.p; {
	case p != nil && !p.decided:
		return "held", "something is let go"
	case it.plan != nil && len(it.plan.By) > 0:
		return "kept back by " + strings.Join(it.plan.By, " and "), "they have gone"
	case p != nil && p.e.Delay > 0:
		return "delayed by " + last(p.e.By), "they have gone"
	}
	return "on its way", "they have gone"
}

// Drained calls f when nothing waits in the lane any more, or at once. f must not wait.
func (l *Lane) Drained(f func()) {
	l.mu.Lock()
	if len(l.queue) == 0 || l.closed || l.err != nil {
		l.mu.Unlock()
		f()
		return
	}
	l.free = f
	l.mu.Unlock()
}

// Finished calls f when nothing waits in the lane any more, nor is due later, or at once.
// From then on the lane takes nothing. f must not wait.
func (l *Lane) Finished(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finish = f
	if len(l.queue) == 0 && !l.running || l.closed || l.err != nil {
		l.freeLocked()
	}
}

// enterLater has something enter the lane after a time, with enter. If it can't any more
// lose is called.
func (l *Lane) enterLater(after time.Duration, enter func() error, lose func(error)) {
	l.mu.Lock()
	if l.closed || l.err != nil {
		err := cmp.Or(l.err, errGone)
		l.mu.Unlock()
		lose(err)
		return
	}
	defer l.mu.Unlock()
	d := &due{lose: lose}
	if l.later == nil {
		l.later = make(map[*due]bool)
	}
	l.later[d] = true
	d.timer = time.AfterFunc(after, func() {
		l.mu.Lock()
		d.begun = l.later[d]
		l.mu.Unlock()
		if !d.begun {
			return // the lane was closed, and it told as lost
		}
		if err := enter(); err != nil {
			lose(err)
		}
		l.mu.Lock()
		delete(l.later, d)
		l.runLocked() // the end may have waited for it
		l.mu.Unlock()
	})
}

// expand makes of a decided frame what goes out.
func (l *Lane) expand(p *passage) []*item {
	e := &p.e
	now := time.Now()
	var items []*item
	for i := range e.Sends {
		if s := &e.Sends[i]; s.When == action.Before {
			items = append(items, l.beside(s, p)...)
		}
	}
	switch by := l.shut.Load(); {
	case by != nil:
		return append(items, l.withheld(p, *by))
	case e.Drop:
		r := p.became(nil, now)
		items = append(items, &item{tell: &r})
	case e.Postpone > 0:
		l.postpone(p)
		items = append(items, l.repeats(p, p.frame())...)
	default:
		b, remarks := l.outgoing(p)
		l.tell(remarks)
		items = append(items, l.whole(p, b, now))
		items = append(items, l.repeats(p, b)...)
	}
	for i := range e.Sends {
		if s := &e.Sends[i]; s.When == action.After {
			items = append(items, l.beside(s, p)...)
		}
	}
	for i := range e.Ends {
		items = append(items, &item{end: &e.Ends[i], by: last(e.By)})
	}
	return items
}

// repeats are the items of a frame that is sent again.
func (l *Lane) repeats(p *passage, b []byte) (items []*item) {
	for range p.e.Repeat {
		items = append(items, l.injected(b, p.e.By, !p.foreign))
	}
	return items
}

// whole makes an item of a frame, or of what is sent in its stead, that goes now.
func (l *Lane) whole(p *passage, b []byte, now time.Time) *item {
	it := &item{b: b, own: p.waits() || p.late, of: p, frames: 1}
	if len(p.e.Faults) > 0 {
		l.plan(it, p, now)
		b = it.b
	}
	r := p.became(b, now)
	if it.plan != nil {
		for _, by := range it.plan.By {
			if !slices.Contains(r.ChangedBy, by) {
				r.ChangedBy = append(r.ChangedBy[:len(r.ChangedBy):len(r.ChangedBy)], by)
			}
		}
	}
	it.tell = &r
	return it
}

// postpone has a frame go later, alone.
func (l *Lane) postpone(p *passage) {
	alone := *p
	alone.late, alone.decided = true, true
	alone.e.Delay, alone.e.Postpone, alone.e.Repeat, alone.e.Sends, alone.e.Ends = 0, 0, 0, nil, nil
	l.enterLater(p.e.Postpone, func() error {
		alone.at = time.Now()
		return l.inject(&item{p: &alone, frames: 1})
	}, func(err error) { l.lose(&alone, err) })
}

func last(by []string) string {
	if len(by) == 0 {
		return "the gate"
	}
	return by[len(by)-1]
}

// outgoing returns what goes out of a frame: redirects rewritten.
func (l *Lane) outgoing(p *passage) ([]byte, []capture.Record) {
	b := p.frame()
	if l.from == decode.Server && (!p.e.Raw || p.e.Watched) {
		r, remarks := l.redirected(b, p.e.Frame != nil && !p.foreign)
		if r != nil {
			b = r
		}
		return p.shifted(b), remarks
	}
	return p.shifted(b), nil
}

func (l *Lane) tell(remarks []capture.Record) {
	if len(remarks) > 0 {
		l.out.Tell(remarks...)
	}
}

// beside returns the items of a frame that is sent beside another, if it goes through
// this lane and now. One for the other end is sent there.
func (l *Lane) beside(s *action.Send, p *passage) []*item {
	to := l.c.lanes[s.To.Peer()]
	frame := func() *item { // when it goes: a redirect is heeded from then on
		if s.Raw && !s.Watched {
			return to.injectedRaw(s.Frame, p.e.By)
		}
		return to.injected(s.Frame, p.e.By, !p.foreign)
	}
	switch {
	case s.Later > 0:
		to.enterLater(s.Later, func() error { return to.inject(frame()) }, func(err error) {
			r := capture.Record{Time: time.Now(), Conn: l.c.rec, Kind: capture.Remark, From: to.from}
			r.Text = fmt.Sprintf("%s: what was to be sent to the %s %v later was not (%q): %v", last(p.e.By), s.To, s.Later, s.Frame, err)
			l.out.Tell(r)
		})
	case to == l:
		return []*item{frame()}
	default:
		_ = to.inject(frame())
	}
	return nil
}

// injected makes an item of a frame that nobody has sent. named: the address of a redirect
// is the user's own word.
func (l *Lane) injected(frame []byte, by []string, named bool) *item {
	return l.injectedRaw(l.behind(frame, named), by)
}

// behind returns a frame that keeps the client behind the proxy, if it is a redirect.
func (l *Lane) behind(frame []byte, named bool) []byte {
	if l.from != decode.Server {
		return frame
	}
	r, remarks := l.redirected(frame, named)
	l.tell(remarks)
	if r != nil {
		return r
	}
	return frame
}

func (l *Lane) injectedRaw(b []byte, by []string) *item {
	r := capture.Record{
		Conn: l.c.rec, Kind: capture.Data, From: l.from, Fate: capture.Injected, ChangedBy: by,
		Frame: oneFrame(b),
	}
	return &item{b: b, tell: &r, own: true, frames: 1}
}

// oneFrame makes a frame of bytes: opaque if they are none, or several.
func oneFrame(b []byte) decode.Frame {
	var f decode.Framer
	var fr decode.Frame
	f.Feed(b)
	if f.Next(&fr) && len(fr.Raw) == len(b) {
		return fr
	}
	return decode.Frame{Kind: decode.Opaque, Raw: b}
}
