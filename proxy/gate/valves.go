package gate

import (
	"bytes"
	"fmt"
	"time"

	"msnproxy/decode"
	"msnproxy/proxy/gate/valve"
)

// maxGlued bounds what is written at once because it is coalesced.
const maxGlued = 1 << 20

// plan plans how a frame goes through the faults that were asked for. It is called when
// nothing that is before it waits.
func (l *Lane) plan(it *item, p *passage, now time.Time) {
	if l.way == nil {
		l.way = valve.NewWay(l.g.seed(), fmt.Sprintf("connection %d, %s", l.c.rec.ID, l.from), l.g.inForce)
	}
	faults := make([]valve.Asked, len(p.e.Faults))
	for i, f := range p.e.Faults {
		faults[i] = valve.Asked{Fault: f.Fault, By: f.By}
	}
	came := now
	if !p.at.IsZero() && p.at.Before(now) {
		came = p.at.Add(p.e.Delay)
	}
	redirect := !bytes.Equal(it.b, p.frame()) // it was rewritten
	it.plan = l.way.Plan(it.b, came, now, func(b []byte) bool {
		return l.from == decode.Server && (redirect || decode.MayRedirect(b))
	}, faults)
	it.b = it.plan.Bytes
	if len(it.b) == 0 {
		it.b = nil // nothing of it goes
	}
}

// runPlan writes the next piece of the head, which is due, with what is coalesced with it.
// l.mu is held, and let go meanwhile.
func (l *Lane) runPlan(it *item) {
	now := time.Now()
	pause := l.pause || it.own && !it.plan.Begun()
	group := []*item{it}
	var b []byte
	if it.plan.Glues() && !it.plan.Begun() {
		l.pop()
		group, b = l.glue(it, now)
	} else if !it.plan.Done() {
		b = it.plan.Take(now)
	}
	it.busy = true
	done := it.plan.Done()
	l.mid, l.pause = !done || group[len(group)-1].mid, done && (it.own || it.plan.Divided())
	l.mu.Unlock()
	if pause && len(b) > 0 {
		time.Sleep(apart)
	}
	for _, q := range group {
		l.went(q)
	}
	var err error
	if len(b) > 0 {
		err = l.out.Send(b)
	}
	if done && err == nil {
		err = l.endPlan(it.plan)
	}
	l.mu.Lock()
	if done && len(l.queue) > 0 && l.queue[0] == it {
		l.pop()
	}
	if err != nil {
		l.failLocked(err)
	}
}

// glue takes the head, which was popped, and what is coalesced with it. l.mu is held, and
// let go meanwhile.
func (l *Lane) glue(it *item, now time.Time) (group []*item, b []byte) {
	group, b = []*item{it}, it.plan.Take(now)
	for len(l.queue) > 0 && len(b) < maxGlued {
		next := l.queue[0]
		switch {
		case next.p != nil && next.waits(now) == 0:
			l.pop()
			l.unfold(next.p)
		case next.plan != nil && next.end == nil && next.plan.Joins(now):
			l.pop()
			if len(group) == 1 {
				b = append([]byte(nil), b...) // not over the frame's own bytes
			}
			group, b = append(group, next), append(b, next.plan.Take(now)...)
		default:
			return group, b
		}
	}
	return group, b
}

// went tells, once, that an item that goes through valves goes.
func (l *Lane) went(it *item) {
	if it.tell == nil {
		return
	}
	r := *it.tell
	it.tell = nil
	r.Time = time.Now()
	if it.plan.Waits {
		r.HeldFor = r.Time.Sub(it.of.since)
	}
	l.out.Tell(r)
}

// endPlan ends what a fault ends behind a message. The error says that nothing more goes.
func (l *Lane) endPlan(p *valve.Plan) error {
	switch p.End {
	case valve.CloseAll:
		l.out.End(decode.Either, false, p.EndBy)
		return errGone
	case valve.CloseHalf:
		by := p.EndBy
		l.shut.Store(&by)
		l.out.Finish(by)
	}
	return nil
}

// withheld is the item that tells that a frame is not sent, as nothing is any more.
func (l *Lane) withheld(p *passage, by string) *item {
	r := p.became(nil, time.Now())
	r.ChangedBy = append(r.ChangedBy[:len(r.ChangedBy):len(r.ChangedBy)], by)
	return &item{tell: &r}
}

// withhold has an item not written, as nothing is any more.
func (l *Lane) withhold(it *item) {
	if it.of == nil || it.tell == nil {
		return
	}
	if by := l.shut.Load(); by != nil {
		l.out.Tell(*l.withheld(it.of, *by).tell)
	}
}

// inForce reports whether what somebody asked for still holds.
func (g *Gate) inForce(by string) bool {
	gone := g.gone.Load()
	return !g.over.Load() && (gone == nil || !(*gone)[by])
}

// openValves lets go what waits because of rules and stages that are not in force any
// more. g.mu is held.
func (g *Gate) openValves() {
	now := make(map[string]bool)
	for _, s := range g.stages {
		r, ok := s.Stage.(*ruleStage)
		if !ok {
			now[s.Name()] = true
			continue
		}
		for _, rule := range r.set.All() {
			if !rule.Off {
				now[rule.By()] = true
			}
		}
	}
	if g.askers == nil {
		g.askers = make(map[string]bool)
	}
	gone := make(map[string]bool)
	for by := range g.askers {
		if !now[by] {
			gone[by] = true
		}
	}
	for by := range now {
		g.askers[by] = true
	}
	g.gone.Store(&gone)
	for _, c := range g.conns {
		for _, l := range c.lanes {
			if l != nil && l.planned.Load() {
				go l.kick()
			}
		}
	}
}

// seed is what the dice of the faults begin with.
func (g *Gate) seed() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range []*ruleStage{g.faults, g.rules} {
		if s.set != nil {
			return s.set.Seed()
		}
	}
	return 0
}
