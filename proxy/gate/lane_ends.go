package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

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
