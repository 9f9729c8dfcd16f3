package gate

import (
	"errors"
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
	// Send writes bytes to the receiver, with one write. A whole frame in which secrets are
	// masked goes with them.
	Send(b []byte) error
	// Exact returns what a whole frame stands for in which secrets are masked: itself, where
	// none are.
	Exact(frame []byte) []byte
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
