package replay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"msnproxy/capture"
	"msnproxy/capture/story"
	"msnproxy/decode"
)

const (
	// grace is how long is waited for what may well not come: a server's own ideas,
	// the end of a connection, what was recorded so shortly before a message of
	// another connection that it need not be its cause.
	grace = 500 * time.Millisecond
	// shortly is that time between two recorded messages.
	shortly = 5 * time.Millisecond
	// settling is how long at the end is waited for what should not come.
	settling = 50 * time.Millisecond
	// tired is how many answers in a row may fail to come on a connection before less
	// patience is had with it, and gaveUp when it is given up.
	tired, gaveUp = 3, 10
	// mostReports bounds the differences and notes of one replay.
	mostReports = 1000
	// stillness is how long nothing comes until what was found is told.
	stillness = 200 * time.Millisecond
	// sayAfter is how long is waited until it is said for what.
	sayAfter = time.Second
	// mostWhims is how many messages of its own a server may send in a row.
	mostWhims = 16
	// maxUnsent is how many bytes may wait for a server that does not read.
	maxUnsent = 256 << 10
)

// performance is one run of a client: the story on one side, live connections on the
// other. One goroutine goes through the recording in order; a reader for each
// connection takes what the server says. All share what mu guards.
type performance struct {
	*Client
	order    []*story.Message
	played   []*clientConn
	closings []*clientConn
	conns    map[*story.Conn]*clientConn
	here     map[string]bool // accounts that are played
	absent   map[string]bool // accounts that are in the recording only
	work     sync.WaitGroup
	changed  chan struct{} // something has come that may be waited for
	cancel   context.CancelFunc

	mu     sync.Mutex
	reader *story.Reader
	follow *capture.Follower // of the live connections
	values Values
	// accounts hold the values of each account.
	accounts map[string]*Values
	leads    map[*story.Message]*lead // redirects that lead to connections
	at       int64                    // number of the message that is due
	last     time.Time                // when it was sent, or should have been
	next     int64                    // number of the last one that is due when that is said
	waiting  map[*story.Message]bool  // due from the server
	// overtaken are due messages that another one came before, by mistake perhaps.
	overtaken map[*story.Message]*story.Message
	// lost holds whom to hear nothing of any more: see lostConn. lostTo are messages
	// that do not come for that reason.
	lost     map[loss]bool
	lostTo   map[*story.Message]bool
	followed map[string]bool // whose word was followed where: told once
	held     []*Difference   // found, and not yet told
	standing bool            // a difference was found, and the first one is wanted only
	counted  []counted       // with StopOnDiff: of the result
	heard    time.Time       // when the last message came
	matched  time.Time       // when the last expected one came
	lonely   int             // unasked messages in a row that did not come
	opened   uint32
	reports  int
	stopping string
	failure  error
	result   Result
}

// lead is where a live redirect leads.
type lead struct {
	addr string
	from *clientConn // nil: the address is the user's own
}

func newPerformance(c *Client) *performance {
	p := &performance{Client: c, conns: make(map[*story.Conn]*clientConn), changed: make(chan struct{}, 1),
		accounts: make(map[string]*Values), here: make(map[string]bool), absent: make(map[string]bool),
		reader: c.config.Story.NewReader(), leads: make(map[*story.Message]*lead),
		followed: make(map[string]bool), lost: make(map[loss]bool), lostTo: make(map[*story.Message]bool),
		waiting: make(map[*story.Message]bool), overtaken: make(map[*story.Message]*story.Message)}
	passwords := make(map[string]string)
	for old, a := range c.config.Accounts {
		if a.Password != nil {
			handle := a.Handle
			if handle == "" {
				handle = old
			}
			passwords[strings.ToLower(handle)] = *a.Password
		}
	}
	p.follow = capture.NewFollower(capture.FollowOptions{Passwords: passwords})
	return p
}

// errStopped ends the run early, for a reason that is in the result.
var errStopped = errors.New("the replay was stopped")

func (p *performance) run(ctx context.Context) error {
	ctx, p.cancel = context.WithCancel(ctx)
	defer p.cancel()
	p.mu.Lock()
	p.plan()
	p.mu.Unlock()
	err := p.perform(ctx)
	if err == nil {
		err = p.finish(ctx)
	}
	if err == nil {
		err = p.atRest(ctx)
	}
	p.cancel()
	for _, k := range p.played {
		k.hangUp()
	}
	p.work.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tell()
	p.result.Stopped = p.stopping
	switch {
	case p.failure != nil:
		return p.failure
	case err != nil && !errors.Is(err, errStopped):
		return err
	case p.opened == 0:
		return fmt.Errorf("nothing of %s could be played", p.config.Story.Name)
	case p.result.SignedIn == 0 && p.signsIn():
		return ErrNoSignIn
	}
	return nil
}

// signsIn reports whether somebody gets in in what is played of the recording.
func (p *performance) signsIn() bool {
	for _, k := range p.played {
		if k.recorded.SignedIn && k.recorded.Role != decode.SB {
			return true
		}
	}
	return false
}

// perform goes through the recording.
func (p *performance) perform(ctx context.Context) error {
	for i, m := range p.order {
		if err := p.closeBefore(ctx, m.Number, connLeaving); err != nil {
			return err
		}
		k := p.conns[m.Conn]
		p.mu.Lock()
		if p.at = max(p.at, m.Number); m.From == decode.Client {
			p.next = p.until(i)
		}
		state := k.state
		p.mu.Unlock()
		if state == connWaiting || state == connOpen && m.From == decode.Client {
			if err := p.play(ctx, k, m); err != nil {
				return err
			}
		}
		if m.From == decode.Server {
			p.mu.Lock()
			p.expect(k, m)
			p.mu.Unlock()
		}
	}
	return nil
}

// until returns the number of the last message that is recorded before the client
// message behind p.order[i].
func (p *performance) until(i int) int64 {
	for i++; i < len(p.order) && p.order[i].From == decode.Server; i++ {
	}
	return p.order[i-1].Number
}

// expect notes that a message is due from the server. mu is held.
func (p *performance) expect(k *clientConn, m *story.Message) {
	if k.state != connOpen || k.done[m.Index] {
		return
	}
	if q := m.Request; q != nil && q.From == decode.Client && !k.done[q.Index] {
		k.late = append(k.late, m) // it answers what was not said
		return
	}
	if p.isLost(m) {
		p.lostTo[m] = true
		k.late = append(k.late, m)
		return
	}
	if m.Request == nil && p.own(m) {
		k.own[m] = true
	}
	p.waiting[m] = true
}

// own reports whether a message can't be expected again: because it is the server's
// own idea, or because it is about somebody who is not played. mu is held.
func (p *performance) own(m *story.Message) bool {
	d, _, err := p.reader.Decode(m)
	if err != nil {
		p.fail(err)
		return false
	}
	handle := strings.ToLower(d.Peer().Account)
	return d.Own() || p.absent[handle] && !p.here[handle]
}

// play has a client do what it did: open the connection if this is its first
// message, and say the message if it is the client's.
func (p *performance) play(ctx context.Context, k *clientConn, m *story.Message) error {
	if err := p.barrier(ctx, k, m); err != nil {
		return err
	}
	if err := p.pace(ctx, m); err != nil {
		return err
	}
	if k.nc == nil {
		if err := p.open(ctx, k); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.From == decode.Client && k.state == connOpen && !k.done[m.Index] && !p.standing {
		p.at = max(p.at, p.next) // the answers may be here before this goroutine is
		p.say(k, m)
	}
	return p.stopped()
}

// ended tells why the context is at its end.
func (p *performance) ended(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.stopped(); err != nil {
		return err
	}
	return ctx.Err()
}

// stopped returns an error if the replay is to end now. mu is held.
func (p *performance) stopped() error {
	if p.stopping != "" || p.failure != nil {
		return errStopped
	}
	return nil
}

// stop ends the replay before its time. mu is held.
func (p *performance) stop(why string) {
	if p.stopping == "" {
		p.stopping = why
		p.cancel()
	}
}

// closeBefore ends the connections that were at their end before message number.
func (p *performance) closeBefore(ctx context.Context, number int64, as connState) error {
	for len(p.closings) > 0 && p.closings[0].endsAfter < number {
		p.mu.Lock()
		p.at = max(p.at, min(number, p.closings[0].endsAfter+1))
		p.mu.Unlock()
		k := p.closings[0]
		p.closings = p.closings[1:]
		if err := p.closeConn(ctx, k, as); err != nil {
			return err
		}
	}
	return nil
}

// closeConn ends a connection as the recording does; as is connLeaving, which waits a
// little for what the server says to that, or connOver.
func (p *performance) closeConn(ctx context.Context, k *clientConn, as connState) error {
	mine := func(w *story.Message) bool { return w.Conn == k.recorded }
	if err := p.wait(ctx, mine, func(*story.Message) bool { return false }, k); err != nil {
		return err
	}
	if k.recorded.Ended && k.recorded.End == decode.Server {
		if err := k.awaitEnd(ctx, min(grace, p.config.Timeout)); err != nil {
			return p.ended(ctx)
		}
	}
	p.leave(k, as)
	if as == connLeaving {
		if err := k.awaitEnd(ctx, 2*settling); err != nil {
			return p.ended(ctx)
		}
	}
	return nil
}

// leave closes a connection from this side.
func (p *performance) leave(k *clientConn, as connState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k.state != connOpen {
		return
	}
	p.passedBy(k, false)
	if k.recorded.Ended && k.recorded.End == decode.Server {
		p.report(&Difference{Kind: DiffEnded, Note: true, Text: "the server keeps the connection open where the recorded one closed it"}, k, nil)
	}
	k.close(as)
}

// finish waits for what should not come any more, and ends what is open.
func (p *performance) finish(ctx context.Context) error {
	every := func(*story.Message) bool { return true }
	if err := p.wait(ctx, every, func(*story.Message) bool { return false }, nil); err != nil {
		return err
	}
	t := time.NewTimer(settling)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return p.ended(ctx)
	}
	if err := p.closeBefore(ctx, 1<<62, connOver); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopped()
}

// skipConn says that a connection is not played. mu is held.
func (p *performance) skipConn(k *clientConn, why string) {
	p.add(&p.result.Skipped, len(k.recorded.Messages), max(k.heard, k.begins()))
	p.report(&Difference{Kind: DiffSkipped, Note: true, Text: fmt.Sprintf("not replayed: %s", why)}, k, nil)
}
