package gate

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate/action"
	"msnproxy/proxy/gate/rule"
	"msnproxy/proxy/offer"
)

// Options say how a gate begins.
type Options struct {
	// Rules are in force from the beginning; nil: none.
	Rules *rule.Set
	// Faults come behind rules and breakpoints; nil: none.
	Faults *rule.Set
	// Offer narrows what clients offer, behind all others; nil: nothing does.
	Offer *offer.List
	// Follow is what the desk looks for. Findings are there only with its Check.
	Follow capture.FollowOptions
	// Shift numbers injected requests densely, and all that the client says after them
	// anew, rather than with private numbers that leave everything else alone.
	Shift bool
	// Alone: nobody can decide, so that only holds that end by themselves are good.
	Alone bool
}

// Gate is where messages are stopped, changed and broken on purpose. Its methods may be
// used from any goroutine, but not from an Observer that the proxy waits for.
type Gate struct {
	options Options
	desk    *desk
	waiting atomic.Int64 // bytes in all lanes behind others
	now     atomic.Pointer[interests]
	remark  func(text string)
	busy    atomic.Int64                    // the latest of all Conn.busy
	over    atomic.Bool                     // nothing is held any more
	gone    atomic.Pointer[map[string]bool] // who asked for faults, and does no more

	mu     sync.Mutex
	rules  *ruleStage
	faults *ruleStage
	breaks []*breakpoint
	extra  []*guarded
	ours   *ours
	offer  *guarded
	stages []*guarded
	conns  map[uint32]*Conn
	parked map[int64]*passage
	lastID int
	watch  []chan<- struct{}
	askers map[string]bool // who may ask, or might
}

// New returns a gate.
func New(o Options) *Gate {
	g := &Gate{options: o, desk: newDesk(o.Follow), conns: make(map[uint32]*Conn), parked: make(map[int64]*passage), remark: func(string) {}}
	g.desk.look, g.desk.see, g.desk.report = g.look, g.see, func(text string) { g.remark(text) }
	g.desk.quiet = g.quiet
	g.desk.free = g.free
	g.rules, g.faults = &ruleStage{name: "rules", set: o.Rules}, &ruleStage{name: "faults", set: o.Faults}
	g.ours = &ours{g}
	if o.Offer != nil {
		g.offer = &guarded{Stage: &offerStage{o.Offer}, g: g}
	}
	g.Changed()
	return g
}

// Report sets who is told, in a line each, what happened to the gate. It is called before
// there are connections.
func (g *Gate) Report(f func(text string)) { g.remark = f }

// Tell numbers records and hands them on, see [desk.tell].
func (g *Gate) Tell(records []capture.Record, hand func()) { g.desk.tell(records, hand) }

// Changed tells that what the stages want has changed.
func (g *Gate) Changed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changed()
}

func (g *Gate) changed() {
	old := g.stages
	g.stages = nil
	put := func(s Stage) {
		i := slices.IndexFunc(old, func(o *guarded) bool { return o.Stage == s })
		if i >= 0 {
			g.stages = append(g.stages, old[i]) // one that is broken stays so
			return
		}
		g.stages = append(g.stages, &guarded{Stage: s, g: g})
	}
	put(g.ours)
	if g.rules.set != nil {
		put(g.rules)
	}
	for _, b := range g.breaks {
		put(b)
	}
	if g.faults.set != nil {
		put(g.faults)
	}
	g.stages = append(g.stages, g.extra...)
	if g.offer != nil {
		g.stages = append(g.stages, g.offer)
	}
	g.now.Store(gather(g.stages))
	g.openValves()
}

// Add puts a stage behind the others, and returns a function that takes it away.
func (g *Gate) Add(s Stage) (remove func()) {
	own := &guarded{Stage: s, g: g}
	g.mu.Lock()
	g.extra = append(g.extra, own)
	g.changed()
	g.mu.Unlock()
	return func() {
		g.mu.Lock()
		g.extra = slices.DeleteFunc(g.extra, func(t *guarded) bool { return t == own })
		g.changed()
		g.mu.Unlock()
	}
}

// Watch has c sent to, if it takes it at once, whenever what is held or in force changes.
func (g *Gate) Watch(c chan<- struct{}) {
	g.mu.Lock()
	g.watch = append(g.watch, c)
	g.mu.Unlock()
}

// news tells those who watch. g.mu is held.
func (g *Gate) news() {
	for _, c := range g.watch {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Wants reports whether a stage may want frames that begin so: of a frame that is whole,
// or of its beginning. Its verb has three bytes.
func (l *Lane) Wants(frame []byte) bool {
	return l.g.options.Shift || l.g.now.Load().by[l.from].has(frame) || l.c.expects() || l.shut.Load() != nil
}

// Idle reports whether no stage wants anything that comes through the lane.
func (l *Lane) Idle() bool {
	return !l.g.options.Shift && l.g.now.Load().by[l.from].nothing() && l.c.busy.Load() == 0 && l.shut.Load() == nil
}

// Verdict is what the stages made of a frame.
type Verdict struct {
	// Simple: the frame goes on in its piece, as it came or with other bytes in its stead.
	// Otherwise it enters the lane ([Lane.Enter]).
	Simple bool
	// Sent is what goes on instead of the frame: nil stands for the same bytes, empty for
	// none.
	Sent []byte
	// Remarks are to be told.
	Remarks []capture.Record

	p *passage
}

// Decide has the stages decide on the frame of a record, which gets its number and fate,
// and is handed on with the desk's lock held.
func (l *Lane) Decide(r *capture.Record, hand func()) (v Verdict) {
	a := &ask{lane: l, done: make(chan struct{})}
	l.g.desk.decide(r, a, func() { v = l.verdict(a.pass, r) }, hand)
	return v
}

// verdict makes of what the stages decided what happens, and notes it in the record.
func (l *Lane) verdict(p *passage, r *capture.Record) (v Verdict) {
	v.p = p
	if p == nil {
		p = &passage{lane: l, raw: r.Frame.Raw, offset: r.Frame.Offset, since: r.Time}
	}
	v.Remarks = p.remarks()
	v.Simple = p.simple()
	if v.Simple && !p.e.Drop && l.Blocked() && !(decode.MayBeAct(r.Frame.Raw, decode.ActPing, decode.ActPong) && l.KeepsApart()) {
		v.Simple, p.behind = false, true // it is told as gone when it has
		if v.p == nil {
			p.raw = bytes.Clone(p.raw)
			v.p = p
		}
	}
	p.shift(v.Simple)
	if !v.Simple {
		return v
	}
	var b []byte
	if !p.e.Drop {
		var remarks []capture.Record
		b, remarks = l.outgoing(p)
		v.Remarks = append(v.Remarks, remarks...)
	}
	became := p.became(b, r.Time)
	r.Fate, r.ChangedBy = became.Fate, became.ChangedBy
	if became.Sent != nil || p.e.Drop { // else what the proxy itself sends instead, if it does
		r.Sent = became.Sent
	}
	if v.Sent = became.Sent; p.e.Drop {
		v.Sent = []byte{}
	}
	return v
}

// Enter puts a frame that is not simple into the lane: it goes when it is decided, and
// all that is before it has gone.
func (l *Lane) Enter(v Verdict) error {
	p := v.p
	l.mu.Lock()
	l.owesFrame = false
	if p.at.IsZero() {
		p.decided, p.at = !p.parkedNow(), time.Now()
	}
	return l.pushLocked(&item{p: p, frames: 1})
}

// parkedNow reports whether somebody decides on it yet.
func (p *passage) parkedNow() bool {
	g := p.lane.g
	g.mu.Lock()
	defer g.mu.Unlock()
	return p.parked
}

// look gives a frame to the stages, in the desk's goroutine.
func (g *Gate) look(e *capture.Event, a *ask) {
	if e.Message == nil || e.Record.Frame.EOL == 0 || e.Record.Frame.Missing > 0 {
		return // no stage decides on half a frame
	}
	g.mu.Lock()
	stages := g.stages
	g.mu.Unlock()
	p := &passage{lane: a.lane, raw: e.Record.Frame.Raw, offset: e.Record.Frame.Offset, m: e.Message, stages: stages, since: e.Record.Time}
	if by := a.lane.shut.Load(); by != nil {
		p.e.Drop, p.e.Decided, p.e.By = true, true, []string{*by}
	}
	g.advance(p)
	p.claims()
	if g.options.Shift {
		p.number32, _ = numberOf(p.m)
	}
	if p.untouched() && p.number32 == 0 {
		return // nil: it passes as it came
	}
	p.keepBytes()
	a.answer(p)
}

// quiet returns the interests by which frames need not be followed now ([interests.quiet]);
// nil: all must.
func (g *Gate) quiet() *interests {
	n := g.now.Load()
	if n.history || g.options.Shift {
		return nil
	}
	if until := g.busy.Load(); until != 0 {
		if time.Now().UnixNano() < until {
			return nil // answers to what was injected are looked for
		}
		g.busy.CompareAndSwap(until, 0)
	}
	return n
}

// quiet reports whether a frame need not be followed: it says nothing of a connection that
// who decides later must know, as what people say, that it came, and who is online; and no
// stage wants it.
func (n *interests) quiet(r *capture.Record) bool {
	switch decode.ActAt(r.Frame.Raw) {
	case decode.ActSay, decode.ActAcknowledge, decode.ActPresence:
		return r.Kind == capture.Data && !n.by[r.From].has(r.Frame.Raw)
	}
	return false
}

// free lets go what is held, as it would be, when nobody can decide on it any more.
func (g *Gate) free() {
	g.over.Store(true)
	g.mu.Lock()
	list := make([]*passage, 0, len(g.parked))
	for _, p := range g.parked {
		p.parked = false
		list = append(list, p)
	}
	clear(g.parked)
	g.news()
	g.mu.Unlock()
	for _, p := range list {
		p.lane.mu.Lock()
		p.decided, p.at = true, time.Now()
		p.lane.mu.Unlock()
		p.lane.kick()
	}
}

// keepBytes makes the passage's bytes its own, as those of the desk are used again.
func (p *passage) keepBytes() {
	if p.m.Frame != nil && len(p.raw) > 0 && &p.m.Frame.Raw[0] != &p.raw[0] && p.e.Frame == nil {
		return // they are, already
	}
	p.raw = bytes.Clone(p.raw)
	p.m = message(p.m, p.frame())
}

// advance gives a frame to the stages that have not seen it, until one holds it. It runs
// in the desk's goroutine.
func (g *Gate) advance(p *passage) {
	seen := p.frame()
	for p.next < len(p.stages) && !p.e.Drop {
		s := p.stages[p.next]
		p.next++
		i := s.Interest()
		v := i.Client
		if p.lane.from == decode.Server {
			v = i.Server
		}
		if _, all := s.Stage.(*ours); !all && !wants(v, verbOf(p.m)) {
			continue
		}
		p.e.Hold, p.e.HeldBy = false, ""
		had := len(p.e.By)
		r, ok := s.Stage.(*ruleStage)
		p.e.Foreign = ok && r.foreign
		w := s.Look(p.m, &p.e)
		if p.e.Foreign && len(p.e.By) > had {
			p.foreign = true
		}
		if now := p.frame(); len(now) != len(seen) || len(now) > 0 && &now[0] != &seen[0] {
			seen = now
			p.m = message(p.m, now)
		}
		if p.e.Hold || w != nil {
			g.park(p, s, w)
			return
		}
	}
}

// verbOf is the name by which stages ask for a message.
func verbOf(m *decode.Message) []byte {
	if m.Frame.Kind == decode.Web && m.Verb != nil {
		return []byte(m.Verb.Name)
	}
	return m.Frame.Verb()
}

// park has a frame wait for somebody's decision.
func (g *Gate) park(p *passage, s *guarded, w Waiter) {
	if g.over.Load() {
		return
	}
	if g.options.Alone && w == nil && p.e.HoldFor == 0 {
		go g.remark(fmt.Sprintf("%s would hold a message for ever, as there is nobody to decide: it passed (hold for 30s ends by itself)", s.Name()))
		return
	}
	p.raw = bytes.Clone(p.raw)
	p.m = message(p.m, p.frame())
	if p.why = p.e.HeldBy; p.why == "" {
		p.why = s.Name()
	}
	if b, ok := s.Stage.(*breakpoint); ok {
		p.keep = b.KeepAlive
	}
	p.people = w == nil
	g.mu.Lock()
	p.parked = true
	g.parked[p.number()] = p
	if p.e.HoldFor > 0 && w == nil {
		id := p.number()
		p.timer = time.AfterFunc(p.e.HoldFor, func() { _, _ = g.Decide(id, nil, "") })
	}
	g.news()
	g.mu.Unlock()
	if w != nil {
		id := p.number()
		h := g.snapshot(p)
		w.Begin(h, func(do []action.Action, by string) error {
			_, err := g.DecideForeign(id, do, by)
			return err
		})
	}
}

// remarks returns what people are to be told of a frame, once.
func (p *passage) remarks() (list []capture.Record) {
	l := p.lane
	if p.e.Remark != "" {
		list = append(list, capture.Record{Time: time.Now(), Conn: l.c.rec, Kind: capture.Remark, From: l.from, Text: p.e.Remark})
	}
	if p.e.Mark != "" {
		list = append(list, capture.Record{Time: time.Now(), Kind: capture.Remark,
			About: &capture.About{Conn: l.c.rec.ID, From: l.from, Offset: p.offset, Mark: p.e.Mark}})
	}
	p.e.Remark, p.e.Mark = "", ""
	return list
}

// see keeps account of what the desk follows.
func (g *Gate) see(e *capture.Event) {
	if e.Record.Conn == nil {
		return
	}
	g.mu.Lock()
	c := g.conns[e.Record.Conn.ID]
	g.mu.Unlock()
	if c != nil {
		c.follow(e)
	}
}

// forget takes a frame that will never go from those that are decided on.
func (g *Gate) forget(p *passage, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
	p.gone = err
	if p.m != nil && g.parked[p.m.Number] == p {
		delete(g.parked, p.m.Number)
		g.news()
	}
}
