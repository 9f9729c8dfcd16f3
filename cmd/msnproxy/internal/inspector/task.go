package inspector

import (
	"context"
	"sync"
	"time"
)

// jobs are the goroutines that work for the panes. None of them outlives the
// screen.
type jobs struct {
	ctx context.Context
	end context.CancelFunc
	wg  sync.WaitGroup
}

func newJobs() *jobs {
	j := &jobs{}
	j.ctx, j.end = context.WithCancel(context.Background())
	return j
}

// stop ends all of them.
func (j *jobs) stop() {
	j.end()
	j.wg.Wait()
}

// task is what a pane has worked out by a goroutine, one thing at a time.
type task struct {
	ins    *Inspector
	cancel context.CancelFunc // nil: nothing is under way
	turn   int
}

func (t *task) busy() bool { return t.cancel != nil }

// stop forgets what is under way.
func (t *task) stop() {
	if t.cancel != nil {
		t.cancel()
		t.cancel = nil
	}
}

// start has work done, after a while, in place of what was under way. What work
// returns is done on the screen's goroutine, unless something else is wanted by then.
func (t *task) start(wait time.Duration, work func(ctx context.Context) func()) {
	t.stop()
	ctx, cancel := context.WithCancel(t.ins.jobs.ctx)
	t.cancel = cancel
	t.turn++
	turn := t.turn
	t.ins.jobs.wg.Go(func() { t.ins.Guard(func() { t.work(ctx, cancel, turn, wait, work) }) })
}

// work is the goroutine of a start.
func (t *task) work(ctx context.Context, cancel context.CancelFunc, turn int, wait time.Duration, work func(ctx context.Context) func()) {
	defer cancel()
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
	done := work(ctx)
	if ctx.Err() != nil {
		return
	}
	t.ins.post(func() {
		if t.turn != turn || t.cancel == nil {
			return
		}
		t.cancel = nil
		done()
	})
}
