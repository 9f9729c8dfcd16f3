package replay

import (
	"cmp"
	"context"
	"slices"
	"time"

	"msnproxy/capture/story"
)

// pace waits as long as the client took, divided by the speed.
func (p *performance) pace(ctx context.Context, m *story.Message) error {
	if p.config.Speed > 0 && !m.Time.IsZero() && !p.last.IsZero() {
		gap := p.paced(m.Time.Sub(p.last))
		for _, d := range []time.Duration{min(gap, stillness), gap - min(gap, stillness)} {
			if err := p.pause(ctx, d); err != nil {
				return err
			}
			p.mu.Lock()
			p.tellQuiet(time.Now())
			p.mu.Unlock()
		}
	}
	p.last = m.Time
	return nil
}

// paced is how long a recorded pause is here.
func (p *performance) paced(d time.Duration) time.Duration {
	return time.Duration(float64(d) / p.config.Speed)
}

// pause waits so long.
func (p *performance) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return p.ended(ctx)
	}
}

// barrier waits until everything has come that was recorded before m, or is given up.
func (p *performance) barrier(ctx context.Context, k *clientConn, m *story.Message) error {
	every := func(*story.Message) bool { return true }
	return p.wait(ctx, every, func(w *story.Message) bool {
		if _, leads := p.leads[w]; leads {
			return false // a connection waits for it
		}
		return w.Conn != m.Conn && w.Request == nil && !w.Time.IsZero() && m.Time.Sub(w.Time) < shortly
	}, k)
}

// wait waits for what is due and picked, and gives up what does not come in time;
// unlikely says what may not be a cause of what comes next. It also waits until the
// server has taken what k has to say to it (nil: it does not).
func (p *performance) wait(ctx context.Context, picked, unlikely func(*story.Message) bool, k *clientConn) error {
	start := time.Now()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	told := false
	for {
		if err := p.atRest(ctx); err != nil {
			return err
		}
		p.mu.Lock()
		if err := p.stopped(); err != nil {
			p.mu.Unlock()
			return err
		}
		now, next := time.Now(), time.Duration(0)
		var expired []*story.Message
		var due *story.Message
		since := start
		if p.matched.After(since) {
			since = p.matched
		}
		for w := range p.waiting {
			if !picked(w) {
				continue
			}
			left := since.Add(p.patience(w, unlikely(w))).Sub(now)
			if left <= 0 {
				expired = append(expired, w)
				continue
			}
			if next == 0 || left < next {
				next = left
			}
			if due == nil || w.Number < due.Number {
				due = w
			}
		}
		slices.SortFunc(expired, func(a, b *story.Message) int { return cmp.Compare(a.Number, b.Number) })
		if len(expired) > 0 {
			p.tell() // nothing has come for longer than it takes
		}
		for _, w := range expired {
			if p.waiting[w] {
				p.giveUp(w, unlikely(w))
			}
		}
		if next == 0 && k != nil && k.state == connOpen && k.out.full() {
			if next = start.Add(p.config.Timeout).Sub(now); next <= 0 {
				p.lose(k, "the server does not read what it is sent", false)
				next = 0
			}
		}
		if next > 0 {
			p.tellQuiet(now)
			if len(p.held) > 0 {
				next = min(next, stillness)
			}
			if waited := now.Sub(since); due != nil && !told && p.config.Waiting != nil {
				if told = waited >= sayAfter; told {
					p.config.Waiting(p.awaited(due, since.Add(p.patience(due, unlikely(due))).Sub(now)))
				} else {
					next = min(next, sayAfter-waited)
				}
			}
		}
		p.mu.Unlock()
		if next == 0 {
			return nil
		}
		timer.Reset(next)
		select {
		case <-p.changed:
		case <-timer.C:
		case <-ctx.Done():
			return p.ended(ctx)
		}
	}
}

// patience is how long the message is waited for. mu is held.
func (p *performance) patience(w *story.Message, unlikely bool) time.Duration {
	k, short := p.conns[w.Conn], min(grace, p.config.Timeout)
	switch {
	case unlikely || k.own[w] || w.Request == nil && p.lonely >= tired:
		return short
	case k.silent >= tired:
		return max(p.config.Timeout/5, min(short, p.config.Timeout))
	}
	return p.config.Timeout
}

// giveUp goes on without a message that is due. mu is held.
func (p *performance) giveUp(w *story.Message, unlikely bool) {
	delete(p.waiting, w)
	k := p.conns[w.Conn]
	if unlikely || k.own[w] {
		k.late = append(k.late, w)
		return
	}
	p.missing(k, w)
}

// wake tells whoever waits that something has come. mu may be held or not.
func (p *performance) wake() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}
