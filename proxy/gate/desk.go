package gate

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

const (
	// patience is how long the desk may take over what it is asked before it is given up.
	patience = 5 * time.Second
	// backlogRecords and backlogBytes are what may wait for the desk before somebody asks.
	backlogRecords = 256
	backlogBytes   = 256 << 10
	// backlogBlock is the size of the blocks that waiting bytes are copied to.
	backlogBlock = 64 << 10
)

// errBroken says that there is no desk any more.
var errBroken = errors.New("the gate is out of order: messages pass ungated until msnproxy is started again")

// desk follows all that is told, in order, and answers questions about it. All of its
// following, and all that stages see, happens in one goroutine that runs while there is
// something to do.
type desk struct {
	follower *capture.Follower
	look     func(e *capture.Event, a *ask) // of a frame that is asked about
	see      func(e *capture.Event)         // of every event
	report   func(text string)
	quiet    func() *interests // see [interests.quiet]; nil: all is followed
	free     func()            // there is no desk any more: what is held goes

	mu      sync.Mutex
	number  int64
	waiting backlog
	spare   backlog
	calls   []func()
	running bool
	broken  atomic.Bool
	// deciding: a frame is before the stages; what is told meanwhile waits for it, so that
	// it is told in the order of the numbers, once, with what became of it.
	deciding bool
	turn     sync.Cond // on mu: not deciding
}

// backlog is what was told and is not followed yet.
type backlog struct {
	entries []entry
	bytes   int
	block   []byte
}

type entry struct {
	rec capture.Record
	ask *ask
}

// ask is the question what becomes of a frame.
type ask struct {
	lane *Lane
	done chan struct{} // closed when answered
	once sync.Once
	pass *passage // the answer; nil: it passes
}

func (a *ask) answer(p *passage) {
	a.once.Do(func() { a.pass = p; close(a.done) })
}

func newDesk(o capture.FollowOptions) *desk {
	d := &desk{follower: capture.NewFollower(o), report: func(string) {}, see: func(*capture.Event) {}, quiet: func() *interests { return nil }, free: func() {}}
	d.turn.L = &d.mu
	return d
}

// tell numbers records, hands them on, and keeps them for following. hand is called with
// the lock held, so that all get records in the same order.
func (d *desk) tell(records []capture.Record, hand func()) {
	d.mu.Lock()
	d.settled()
	for i := range records {
		if records[i].Kind == capture.Data {
			d.number++
			records[i].Number = d.number
		}
	}
	hand()
	if d.broken.Load() {
		d.mu.Unlock()
		return
	}
	quiet := d.quiet()
	for i := range records {
		if r := &records[i]; quiet != nil && quiet.quiet(r) {
			continue
		}
		d.waiting.put(&records[i])
	}
	start := !d.running && (len(d.waiting.entries) >= backlogRecords || d.waiting.bytes >= backlogBytes)
	d.running = d.running || start
	d.mu.Unlock()
	if start {
		go d.run()
	}
}

// settled waits until no frame is before the stages. d.mu is held.
func (d *desk) settled() {
	for d.deciding && !d.broken.Load() {
		d.turn.Wait()
	}
}

// settle waits until no frame is before the stages: one that somebody decides on already
// has been told of then.
func (d *desk) settle() {
	d.mu.Lock()
	d.settled()
	d.mu.Unlock()
}

// decide numbers a frame and has the stages decide on it. settle makes of their decision
// what is told of it, with hand, which is called with the lock held.
func (d *desk) decide(r *capture.Record, a *ask, settle func(), hand func()) {
	d.mu.Lock()
	d.settled()
	d.number++
	r.Number, r.Fate = d.number, capture.Held
	if d.broken.Load() {
		a.answer(nil)
		d.mu.Unlock()
		settle()
		d.mu.Lock()
		hand()
		d.mu.Unlock()
		return
	}
	d.deciding = true
	d.waiting.put(r)
	d.waiting.entries[len(d.waiting.entries)-1].ask = a
	start := !d.running
	d.running = true
	d.mu.Unlock()
	if start {
		go d.run()
	}
	_ = d.await(a.done)
	a.answer(nil)
	settle()
	d.mu.Lock()
	d.deciding = false
	hand()
	if r.Fate != capture.Held && !d.broken.Load() {
		became := *r
		became.Kind, became.Frame.Raw = capture.Became, nil
		d.waiting.put(&became)
	}
	d.turn.Broadcast()
	d.mu.Unlock()
}

// put copies a record and its bytes.
func (b *backlog) put(r *capture.Record) {
	b.entries = append(b.entries, entry{rec: *r})
	c := &b.entries[len(b.entries)-1].rec
	c.Frame.Raw, c.Sent = b.copy(r.Frame.Raw), b.copy(r.Sent)
}

func (b *backlog) copy(p []byte) []byte {
	if p == nil {
		return nil
	}
	if cap(b.block)-len(b.block) < len(p) {
		b.block = make([]byte, 0, max(backlogBlock, len(p)))
	}
	at := len(b.block)
	b.block = append(b.block, p...)
	b.bytes += len(p)
	return b.block[at:len(b.block):len(b.block)]
}

// reset makes the backlog empty. The block is used again, as nothing points into it.
func (b *backlog) reset() {
	clear(b.entries)
	b.entries, b.bytes = b.entries[:0], 0
	if cap(b.block) > backlogBlock || cap(b.entries) > 4*backlogRecords {
		*b = backlog{}
		return
	}
	b.block = b.block[:0]
}

// do calls f in the desk's goroutine, when all that was told before is followed, and
// returns when f has. The error says that there is no desk.
//
// A panic of f is an error, and no more: what f was asked for is not done.
func (d *desk) do(f func()) (err error) {
	done := make(chan struct{})
	var fault error
	d.mu.Lock()
	if d.broken.Load() {
		d.mu.Unlock()
		return errBroken
	}
	d.calls = append(d.calls, func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				fault = fmt.Errorf("the gate failed at this (%v): nothing was done; that is a fault of msnproxy, please report it", v)
			}
		}()
		f()
	})
	start := !d.running
	d.running = true
	d.mu.Unlock()
	if start {
		go d.run()
	}
	if err := d.await(done); err != nil {
		return err // f may be at work yet
	}
	return fault
}

// await waits for an answer of the desk's goroutine.
func (d *desk) await(done <-chan struct{}) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-done:
		if d.broken.Load() {
			return errBroken
		}
		return nil
	case <-late.C:
		d.fail(fmt.Sprintf("the gate took more than %v over one message: messages pass ungated from now on", patience))
		return errBroken
	}
}

// run follows what waits and answers what is asked, until there is nothing more.
func (d *desk) run() {
	for {
		d.mu.Lock()
		if len(d.waiting.entries) == 0 && len(d.calls) == 0 || d.broken.Load() {
			d.running = false
			d.mu.Unlock()
			return
		}
		work, calls := d.waiting, d.calls
		d.waiting, d.spare, d.calls = d.spare, backlog{}, nil
		d.mu.Unlock()
		d.follow(&work)
		for _, f := range calls {
			d.guard(f)
		}
		work.reset()
		d.mu.Lock()
		d.spare = work
		d.mu.Unlock()
	}
}

func (d *desk) follow(b *backlog) {
	d.guard(func() {
		for i := range b.entries {
			en := &b.entries[i]
			e := d.follower.Record(&en.rec)
			d.see(e)
			if en.ask != nil {
				d.look(e, en.ask)
			}
		}
	})
	for i := range b.entries {
		if a := b.entries[i].ask; a != nil {
			a.answer(nil) // what was not answered, as something went wrong, passes
		}
	}
}

// guard calls f. After a panic there is no desk any more.
func (d *desk) guard(f func()) {
	defer func() {
		if v := recover(); v != nil {
			d.fail(fmt.Sprintf("the gate failed (%v): messages pass ungated from now on", v))
		}
	}()
	f()
}

// fail gives the desk up, and tells so once.
func (d *desk) fail(text string) {
	if d.broken.Swap(true) {
		return
	}
	d.mu.Lock()
	for i := range d.waiting.entries {
		if a := d.waiting.entries[i].ask; a != nil {
			a.answer(nil)
		}
	}
	d.waiting = backlog{}
	d.turn.Broadcast()
	d.mu.Unlock()
	// Whoever reports tells, and may have to wait for a frame.
	go func() {
		d.report(text)
		d.free()
	}()
}

// message returns a message that outlives the event that it comes from: the frame as it
// is now, with what is known of the one that came.
func message(of *decode.Message, raw []byte) *decode.Message {
	var f decode.Framer
	fr := new(decode.Frame)
	f.Feed(raw)
	if !f.Next(fr) || len(fr.Raw) != len(raw) {
		*fr = decode.Frame{Kind: decode.Opaque, Raw: raw}
	}
	fr.Offset = of.Frame.Offset
	m := new(decode.Message)
	m.Decode(fr, of.From, of.Role, of.Dialect)
	m.Number, m.Time, m.Start, m.Conn = of.Number, of.Time, of.Start, of.Conn
	m.ReplyTo, m.ReplyVerb, m.Latency, m.FirstReply = of.ReplyTo, of.ReplyVerb, of.Latency, of.FirstReply
	m.Challenge, m.SignIn, m.Noise, m.Fate = of.Challenge, of.SignIn, of.Noise, of.Fate
	m.Findings = append([]decode.Finding(nil), of.Findings...)
	return m
}
