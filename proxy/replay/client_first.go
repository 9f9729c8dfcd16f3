package replay

import (
	"context"
	"time"
)

// With StopOnDiff the clients stand still from the first difference on, until nothing
// has come for a while: of differences that come at once the first one of the recording
// is told, not the one that happened to be read first, and nothing that was said or
// heard beyond it counts.

// atFirst is why such a replay has ended.
const atFirst = "at the first difference"

// counted is what was added to a count of the result, and for which message.
type counted struct {
	place int64
	count *int
	n     int
}

// add adds to a count of the result, for the recorded message at place. mu is held.
func (p *performance) add(count *int, n int, place int64) {
	*count += n
	if p.config.StopOnDiff {
		p.counted = append(p.counted, counted{place, count, n})
	}
}

// stand notes that there is a difference: nothing more is said. mu is held.
func (p *performance) stand() {
	if p.standing {
		return
	}
	p.standing = true
	p.wake()
	p.calm(stillness)
}

// calm stops the replay when nothing has come for so long.
func (p *performance) calm(after time.Duration) {
	time.AfterFunc(after, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if left := stillness - time.Since(p.heard); left > 0 && p.stopping == "" {
			p.calm(left)
			return
		}
		p.stop(atFirst)
	})
}

// atRest waits for the end of the replay once it stands still. The error says how that
// came.
func (p *performance) atRest(ctx context.Context) error {
	p.mu.Lock()
	standing := p.standing
	p.mu.Unlock()
	if !standing {
		return nil
	}
	<-ctx.Done()
	return p.ended(ctx)
}

// cut takes away what was found behind the first difference, and what was counted for
// what lies behind it. What is held is in order. mu is held.
func (p *performance) cut() {
	for i, first := range p.held {
		if first.Note {
			continue
		}
		for _, d := range p.held[i+1:] {
			if d.Note {
				p.result.Notes--
			} else {
				p.result.Differences--
			}
		}
		p.held = p.held[:i+1]
		for _, c := range p.counted {
			if c.place > first.place() {
				*c.count -= c.n
			}
		}
		p.counted = nil
		return
	}
}

// place is where in the recording a difference is: the number of its message, or of the
// newest before it.
func (d *Difference) place() int64 {
	if d.Number > 0 {
		return d.Number
	}
	return d.After
}
