package proxytest

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// inbox keeps events till somebody takes them.
type inbox struct {
	mu     sync.Mutex
	events []Event
	limit  int
	err    error         // no more events will come
	news   chan struct{} // closed and made anew with every change
}

func newInbox(limit int) *inbox { return &inbox{limit: limit, news: make(chan struct{})} }

// put adds an event; it fails if nobody has taken the others.
func (b *inbox) put(ev Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.events) >= b.limit {
		return fmt.Errorf("%d events and nobody takes them", b.limit)
	}
	b.events = append(b.events, ev)
	b.wake()
	return nil
}

// end says why there will be no more events.
func (b *inbox) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
		b.wake()
	}
}

func (b *inbox) wake() {
	close(b.news)
	b.news = make(chan struct{})
}

// has reports whether an event that fits is there.
func (b *inbox) has(fits func(Event) bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.events, fits)
}

// take removes and returns the first event that fits, waiting for it if need
// be.
func (b *inbox) take(ctx context.Context, fits func(Event) bool) (Event, error) {
	for {
		b.mu.Lock()
		if i := slices.IndexFunc(b.events, fits); i >= 0 {
			ev := b.events[i]
			b.events = slices.Delete(b.events, i, i+1)
			b.mu.Unlock()
			return ev, nil
		}
		err, news := b.err, b.news
		b.mu.Unlock()
		if err != nil {
			return Event{}, err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}
