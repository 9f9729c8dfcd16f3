package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"msnproxy/capture"
)

// observerGrace is how long Close and Shutdown wait for the observer to take what
// is left for it.
const observerGrace = 5 * time.Second

// Proxy relays between clients and a server. Make one with [New], then call Listen
// and Serve, and in the end Shutdown or Close.
type Proxy struct {
	cfg      settings
	queue    *queue // nil: no observer
	routes   routes
	vault    vault
	backs    loops
	count    counters
	lastID   atomic.Uint32
	grace    time.Duration // observerGrace
	observed bool          // there is an observer or a recorder
	order    sync.Mutex    // held while records are handed to both

	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu        sync.Mutex
	listeners []net.Listener
	targets   map[string]*target // PerTarget, by address
	followed  map[string]bool    // what a remark told of: see follow
	conns     map[*conn]struct{}
	closing   bool
	closed    chan struct{} // closed with closing
	overAt    time.Time     // of the last remark about MaxConns
	drained   chan struct{} // closed once closing and no connection is left
	loops     sync.WaitGroup
	finish    sync.Once
	finished  chan struct{} // closed once everything has ended
}

// New checks the configuration and makes a proxy of it. The error is one line that
// names the setting at fault.
func New(cfg Config) (*Proxy, error) {
	s, err := cfg.check()
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		cfg:      s,
		grace:    observerGrace,
		targets:  make(map[string]*target),
		conns:    make(map[*conn]struct{}),
		drained:  make(chan struct{}),
		closed:   make(chan struct{}),
		finished: make(chan struct{}),
	}
	p.routes.now = time.Now
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.Attach(cfg.Observer, cfg.Recorder)
	if cfg.Gate != nil {
		cfg.Gate.Report(p.remark)
	}
	return p, nil
}

// Attach sets who is told of what happens, as Config.Observer and Config.Recorder
// do, for those that are made when Listen has succeeded. It may be called once,
// before Serve, where the Config has neither.
func (p *Proxy) Attach(o Observer, r Recorder) {
	p.cfg.Observer, p.cfg.Recorder = o, r
	p.observed = o != nil || r != nil
	if o != nil {
		p.queue = newQueue(&p.cfg)
	}
}

// Probe connects to the upstream, as a client's connection would be, and hangs up
// again. The error is one line that says what cannot be reached and why.
func (p *Proxy) Probe(ctx context.Context) error {
	c, err := p.dial(ctx, route{target: p.cfg.upstream})
	if err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	return c.Close()
}

// Serve accepts connections until Shutdown or Close is called or ctx is done,
// which has the effect of Close. It returns when all connections have ended; the
// error is nil unless the listener failed.
func (p *Proxy) Serve(ctx context.Context) error {
	err := p.Listen()
	p.mu.Lock()
	if err != nil && len(p.listeners) == 0 {
		p.mu.Unlock()
		return err
	}
	var serving []net.Listener
	if !p.closing { // else they are closed since Listen: there is nothing to serve
		serving = p.listeners
		p.loops.Add(len(serving))
	}
	p.mu.Unlock()
	for _, l := range serving {
		if text := exposed(l.Addr()); text != "" {
			p.remark(text)
		}
		go p.accept(l, nil)
	}
	select {
	case <-ctx.Done():
		p.Close()
	case <-p.finished:
	}
	<-p.finished
	return nil
}

// accept takes connections from a listener until that is closed. to is the server
// that the listener stands for; nil: the first line tells.
func (p *Proxy) accept(l net.Listener, to *target) {
	defer p.loops.Done()
	for pause := 5 * time.Millisecond; ; {
		client, err := l.Accept()
		if err == nil {
			pause = 5 * time.Millisecond
			p.take(client, to, endpoint(l.Addr()).Port(), nil)
			continue
		}
		if p.isClosing() {
			return
		}
		// Out of file descriptors, most likely. The connections that are open go on.
		p.remark(fmt.Sprintf("cannot accept a connection: %v", cause(err)))
		select {
		case <-time.After(pause):
			pause = min(2*pause, time.Second)
		case <-p.ctx.Done():
			return
		}
	}
}

// take starts a connection, or resets it if there are too many. port is that of the
// listener, begun what was read already.
func (p *Proxy) take(client net.Conn, to *target, port uint16, begun []byte) {
	c := newConn(p, client, to)
	if to == nil {
		c.port = port
		if len(p.cfg.Ways) > 0 {
			c.greets(begun)
		}
	}
	_ = p.admit(c)
}

// admit starts a connection, or resets its client if there are too many, which the error
// says.
func (p *Proxy) admit(c *conn) error {
	p.mu.Lock()
	over := len(p.conns) >= p.cfg.MaxConns
	speak := over && time.Since(p.overAt) > 10*time.Second
	if speak {
		p.overAt = time.Now()
	}
	if p.closing || over {
		p.mu.Unlock()
		reset(c.client)
		if over {
			p.count.overLimit.Add(1)
		}
		if speak {
			p.remark(fmt.Sprintf("%d connections are open, the limit: reset a new one from %s", p.cfg.MaxConns, c.client.RemoteAddr()))
		}
		if !over {
			return errors.New(proxyClosed)
		}
		return fmt.Errorf("%d connections are open, the limit", p.cfg.MaxConns)
	}
	p.conns[c] = struct{}{}
	p.loops.Add(1)
	p.mu.Unlock()
	p.count.accepted.Add(1)
	p.count.open.Add(1)
	go c.open()
	return nil
}

// drop forgets a connection that has ended.
func (p *Proxy) drop(c *conn) {
	p.mu.Lock()
	delete(p.conns, c)
	if p.closing && len(p.conns) == 0 {
		p.signalDrained()
	}
	p.mu.Unlock()
	if c.came.valid() {
		p.backs.forget(c.came, c.went)
	}
	p.count.open.Add(-1)
	p.loops.Done()
}

// signalDrained closes drained, once. p.mu is held.
func (p *Proxy) signalDrained() {
	select {
	case <-p.drained:
	default:
		close(p.drained)
	}
}

func (p *Proxy) isClosing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closing
}

// Shutdown stops accepting, lets open connections go on until they end or ctx is
// done, closes those that are left, and returns when the observer has been told
// everything. The error is ctx's if connections had to be closed.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.stopAccepting()
	var err error
	select {
	case <-p.drained:
	case <-ctx.Done():
		err = ctx.Err()
	case <-p.ctx.Done():
	}
	p.Close()
	return err
}

// Release lets all messages go that the gate holds, in order, and has it hold no more.
func (p *Proxy) Release() {
	if p.cfg.Gate != nil {
		p.cfg.Gate.Release(true)
	}
}

func (p *Proxy) stopAccepting() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closing {
		p.closing = true
		close(p.closed)
	}
	for _, l := range p.listeners {
		_ = l.Close()
	}
	for _, t := range p.targets {
		_ = t.listener.Close()
	}
	if len(p.conns) == 0 {
		p.signalDrained()
	}
}

// Close ends the listeners and all connections at once, and returns when the
// observer has been told, or after five seconds if it does not take it. It may be
// called at any time and more than once.
func (p *Proxy) Close() {
	p.finish.Do(func() {
		p.stopAccepting()
		p.cancel()
		p.mu.Lock()
		for c := range p.conns {
			c.stop(proxyClosed)
		}
		p.mu.Unlock()
		p.waitLoops()
		if p.queue != nil {
			p.queue.close(p.grace)
		}
		close(p.finished)
	})
	<-p.finished
}

// jammed reports whether records would only be dropped, so that they need not be
// made.
func (p *Proxy) jammed() bool {
	return p.cfg.Recorder == nil && p.queue != nil && p.queue.jammed.Load()
}

// waitLoops waits until all goroutines but the queue's have ended. Those that wait
// for a hanging observer (Config.Lossless) are let go after a while.
func (p *Proxy) waitLoops() {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.loops.Wait()
	}()
	late := time.NewTimer(p.grace)
	defer late.Stop()
	select {
	case <-ended:
	case <-late.C:
		if p.queue != nil {
			p.queue.refuse()
		}
		<-ended
	}
}

// Annotate tells of a user's mark or comment on a frame, a [capture.Remark] with About, or
// of a remark on the whole recording, as of what happens.
func (p *Proxy) Annotate(r capture.Record) { p.publish([]capture.Record{r}, nil) }

// remark publishes a remark about the proxy as a whole.
func (p *Proxy) remark(text string) {
	p.publish([]capture.Record{{Time: time.Now(), Kind: capture.Remark, Text: text}}, nil)
}

// publish hands records to the recorder and the observer, remarks to the log, and
// wakes the observer.
func (p *Proxy) publish(records []capture.Record, lost *int64) {
	ticket, wake := p.hand(records, lost)
	p.commit(ticket)
	if wake {
		p.queue.nudge()
	}
}

// commit waits until what was handed to the recorder is recorded.
func (p *Proxy) commit(ticket uint64) {
	if p.cfg.Recorder != nil {
		p.cfg.Recorder.Commit(ticket)
	}
}

// hand is publish without the waiting and the waking: the ticket is for commit, and
// wake reports whether the observer is to be woken.
func (p *Proxy) hand(records []capture.Record, lost *int64) (ticket uint64, wake bool) {
	for i := range records {
		r := &records[i]
		if r.Kind == capture.Remark {
			p.count.remarks.Add(1)
			if p.cfg.Logger != nil {
				if r.Conn != nil {
					p.cfg.Logger.Warn(r.Text, "conn", r.Conn.ID, "client", r.Conn.Client)
				} else {
					p.cfg.Logger.Warn(r.Text)
				}
			}
		}
	}
	if lost == nil {
		lost = new(int64)
	}
	if p.queue != nil && len(records) > 0 {
		p.queue.await(&records[0])
	}
	give := func() { ticket, wake = p.give(records, lost) }
	switch {
	case p.cfg.Gate != nil:
		p.cfg.Gate.Tell(records, give)
	case p.cfg.Recorder != nil && p.queue != nil:
		// In one order, so that a message has one number on the screen and in the file.
		p.order.Lock()
		give()
		p.order.Unlock()
	default:
		give()
	}
	return ticket, wake
}

// give gives records to the recorder and the observer.
func (p *Proxy) give(records []capture.Record, lost *int64) (ticket uint64, wake bool) {
	if p.cfg.Recorder != nil {
		ticket = p.cfg.Recorder.Put(records)
	}
	if p.queue != nil {
		wake = p.queue.add(records, lost)
	}
	return ticket, wake
}
