package gate

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/action"
)

// Held is a message that somebody decides on.
type Held struct {
	// Number is that of the message.
	Number int64
	Conn   uint32
	From   decode.Sender
	Since  time.Time
	// Why is who holds it: a rule, a breakpoint, an add-on.
	Why string
	// For is how long it is held at most; 0: until somebody decides.
	For time.Duration
	// Received is what came, Frame what goes on if it is forwarded now. Both are the
	// caller's.
	Received, Frame []byte
	// Behind and BehindBytes are what waits behind it: messages and bytes.
	Behind, BehindBytes int
	// First: nothing before it waits.
	First bool
	// Gone: its sender says no more.
	Gone bool
	// KeepAlive: keep-alive does not pass it.
	KeepAlive bool
	// Message is the message as it would go on. It is not to be changed.
	Message *decode.Message
	// ChangedBy says who has changed it up to now.
	ChangedBy []string
}

// Outcome is what a decision led to.
type Outcome struct {
	// Sent is what goes on; nil: nothing does.
	Sent []byte
	// Waiting: something before it is held, so that it has not gone yet. Held: somebody
	// else decides on it now.
	Waiting, Held bool
}

// ErrNotHeld says that a message is not held, or not any more.
var ErrNotHeld = errors.New("it is not held")

// Held returns what is held, in the order of the messages.
func (g *Gate) Held() []Held {
	var held []Held
	take := func() {
		g.mu.Lock()
		list := make([]*passage, 0, len(g.parked))
		for _, p := range g.parked {
			list = append(list, p)
		}
		g.mu.Unlock()
		slices.SortFunc(list, func(a, b *passage) int { return cmp.Compare(a.m.Number, b.m.Number) })
		held = make([]Held, len(list))
		for i, p := range list {
			held[i] = g.snapshot(p)
		}
	}
	if g.desk.do(take) != nil {
		take() // nobody decides any more
	}
	return held
}

func (g *Gate) snapshot(p *passage) Held {
	l := p.lane
	h := Held{
		Number: p.m.Number, Conn: l.c.rec.ID, From: l.from, Since: p.since, Why: p.why, For: p.e.HoldFor,
		Received: bytes.Clone(p.raw), Frame: bytes.Clone(p.frame()), Message: message(p.m, bytes.Clone(p.frame())),
		ChangedBy: slices.Clone(p.e.By), KeepAlive: p.keep || !p.people,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h.Gone = l.gone
	for i, it := range l.queue {
		if it.p == p {
			h.First = i == 0
			for _, b := range l.queue[i+1:] {
				h.Behind += b.frames
				h.BehindBytes += len(b.b)
			}
			break
		}
	}
	return h
}

// Try returns what a message would be after actions, which are not carried out.
func (g *Gate) Try(number int64, do []action.Action) (frame []byte, err error) {
	g.desk.settle()
	broken := g.desk.do(func() {
		var p *passage
		if p, err = g.held(number); err != nil {
			return
		}
		e, m := p.e, p.m
		if err = apply(&e, &m, do, "operator"); err == nil && !e.Drop {
			q := *p
			q.e = e
			frame = bytes.Clone(q.frame())
		}
	})
	return frame, errors.Join(broken, err)
}

// held returns a passage that is decided on.
func (g *Gate) held(number int64) (*passage, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.parked[number]
	if p == nil {
		return nil, fmt.Errorf("message %d: %w: it was let go, or never held", number, ErrNotHeld)
	}
	return p, nil
}

// apply carries out actions, each on what the one before has left.
func apply(e *action.Effect, m **decode.Message, do []action.Action, by string) error {
	for _, a := range do {
		before := e.Frame
		if err := e.Apply(*m, a, by); err != nil {
			return fmt.Errorf("%s: %w", a, err)
		}
		if e.Frame != nil && (len(before) == 0 || len(e.Frame) == 0 || &before[0] != &e.Frame[0]) {
			*m = message(*m, e.Frame)
		}
	}
	return nil
}

// Decide says what becomes of a held message. Without actions it is forwarded as it would
// be. The error says why nothing was done; then it is held as before.
func (g *Gate) Decide(number int64, do []action.Action, by string) (Outcome, error) {
	return g.decide(number, do, by, false)
}

// DecideForeign is Decide by another program: the address of a redirect that it makes is
// not the user's own word, so that the rules of what may be dialled hold.
func (g *Gate) DecideForeign(number int64, do []action.Action, by string) (Outcome, error) {
	return g.decide(number, do, by, true)
}

func (g *Gate) decide(number int64, do []action.Action, by string, foreign bool) (out Outcome, err error) {
	var p *passage
	var remarks []capture.Record
	g.desk.settle()
	broken := g.desk.do(func() {
		if p, err = g.held(number); err != nil {
			return
		}
		e, m := p.e, p.m
		e.Hold, e.Foreign = false, foreign
		if err = apply(&e, &m, do, by); err != nil {
			return
		}
		if e.Hold {
			err = fmt.Errorf("message %d: it is held already", number)
			return
		}
		p.foreign = p.foreign || foreign && len(e.By) > len(p.e.By)
		p.e, p.m = e, m
		g.unpark(p)
		g.advance(p)
		p.claims()
		remarks = p.remarks()
		out = Outcome{Held: p.parkedNow()}
		if !p.e.Drop {
			out.Sent = bytes.Clone(p.frame())
		}
	})
	if broken != nil {
		return out, broken
	}
	if len(remarks) > 0 {
		p.lane.out.Tell(remarks...)
	}
	if err != nil || out.Held {
		return out, err
	}
	l := p.lane
	l.mu.Lock()
	p.decided, p.at = true, time.Now()
	out.Waiting = len(l.queue) > 0 && l.queue[0].p != p
	l.mu.Unlock()
	go l.kick()
	return out, nil
}

func (g *Gate) unpark(p *passage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p.parked = false
	if p.timer != nil {
		p.timer.Stop()
	}
	delete(g.parked, p.m.Number)
	g.news()
}

// Release lets everything go that is held, or drops it, takes all breakpoints away, and has
// nothing held any more.
func (g *Gate) Release(forward bool) {
	g.over.Store(true)
	g.mu.Lock()
	g.breaks = nil
	g.changed()
	g.mu.Unlock()
	var do []action.Action
	if !forward {
		do = []action.Action{{Kind: action.Drop}}
	}
	for range 3 { // a stage behind may hold it once more
		held := g.Held()
		for _, h := range held {
			_, _ = g.Decide(h.Number, do, "operator")
		}
		if len(held) == 0 {
			return
		}
	}
}

// Breakpoint holds messages for people.
type Breakpoint struct {
	// ID is given by the gate.
	ID int
	// When is a filter; empty: all.
	When string
	// Next holds so many and is then taken away; 0: all.
	Next int
	// For is how long a message is held at most; 0: until somebody decides.
	For time.Duration
	// KeepAlive: keep-alive does not pass what this holds.
	KeepAlive bool
	// Off: it holds nothing for now.
	Off bool
	// Hits counts what it has held.
	Hits int
}

// breakpoint is a stage. Its Breakpoint's changing parts are of g.mu.
type breakpoint struct {
	Breakpoint
	g        *Gate
	filter   *filter.Filter
	interest filter.Interest
}

// Break sets a breakpoint and returns its id. The error is the filter's.
func (g *Gate) Break(b Breakpoint) (int, error) {
	s := &breakpoint{Breakpoint: b, g: g, interest: filter.Interest{Client: filter.Verbs{All: true}, Server: filter.Verbs{All: true}}}
	if b.When != "" {
		f, err := filter.Compile(b.When)
		if err != nil {
			return 0, err
		}
		s.filter, s.interest = f, f.Interest()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lastID++
	s.ID = g.lastID
	g.breaks = append(g.breaks, s)
	g.changed()
	g.news()
	return s.ID, nil
}

// Unbreak takes a breakpoint away. What it holds stays held.
func (g *Gate) Unbreak(id int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := len(g.breaks)
	g.breaks = slices.DeleteFunc(g.breaks, func(b *breakpoint) bool { return b.ID == id })
	g.changed()
	g.news()
	return len(g.breaks) < n
}

// SwitchBreak switches a breakpoint off or on.
func (g *Gate) SwitchBreak(id int, on bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, b := range g.breaks {
		if b.ID == id {
			b.Off = !on
			g.changed()
			g.news()
			return true
		}
	}
	return false
}

// Breakpoints returns those that are set.
func (g *Gate) Breakpoints() []Breakpoint {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]Breakpoint, len(g.breaks))
	for i, b := range g.breaks {
		list[i] = b.Breakpoint
	}
	return list
}

// Name implements Stage.
func (b *breakpoint) Name() string {
	if b.When == "" {
		return "breakpoint"
	}
	return fmt.Sprintf("breakpoint %s", b.When)
}

// Interest implements Stage. It is asked for with g.mu held, and by the desk.
func (b *breakpoint) Interest() filter.Interest { return b.interest }

// AsksHistory is as of the filter.
func (b *breakpoint) AsksHistory() bool { return b.filter != nil && b.filter.AsksHistory() }

// Look implements Stage.
func (b *breakpoint) Look(m *decode.Message, e *action.Effect) Waiter {
	if a := m.Act(); (a == decode.ActPing || a == decode.ActPong) && !b.KeepAlive {
		return nil
	}
	b.g.mu.Lock()
	off := b.Off
	b.g.mu.Unlock()
	if off {
		return nil
	}
	if b.filter != nil {
		if ok, err := b.filter.Match(m); err != nil || !ok {
			return nil
		}
	}
	e.Hold, e.HoldFor = true, b.For
	b.g.mu.Lock()
	b.Hits++
	spent := b.Next > 0 && b.Hits >= b.Next
	b.g.mu.Unlock()
	if spent {
		b.g.Unbreak(b.ID)
	}
	return nil
}
