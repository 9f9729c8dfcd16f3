package inspector

import (
	"context"
	"strconv"
	"sync/atomic"

	"msnproxy/cmd/msnproxy/internal/index"
)

// search is one that is under way. It has a goroutine of its own, so that the
// screen does not wait for it.
type search struct {
	cancel context.CancelFunc
	at     atomic.Int64
	rows   int
}

func (s *search) stop() { s.cancel() }

func (s *search) state() string {
	return "searching " + strconv.Itoa(int(s.at.Load())*100/max(s.rows, 1)) + " %"
}

// searchCommand opens the search prompt, or searches what was typed behind the
// command. What matches is lit while it is typed.
func (ins *Inspector) searchCommand(arg string) {
	if arg != "" {
		ins.needle = index.NewNeedle(arg)
		ins.searchFrom(ins.sel-1, 1)
		return
	}
	before := ins.needle
	ins.openPrompt(&prompt{
		label: "/",
		typed: func(text string) { ins.needle = index.NewNeedle(text) },
		done: func(text string) {
			if ins.needle = index.NewNeedle(text); text != "" {
				ins.searchFrom(ins.sel-1, 1)
			}
		},
		cancelled: func() { ins.needle = before },
	}, "")
}

// searchOn goes to the next match.
func (ins *Inspector) searchOn(dir int) {
	if ins.needle.String() == "" {
		ins.say("nothing is searched for: / begins")
		return
	}
	ins.searchFrom(ins.sel, dir)
}

// searchFrom looks for the needle, and begins at the other end where there is none
// on this side.
func (ins *Inspector) searchFrom(row, dir int) {
	if ins.search != nil {
		ins.search.stop()
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &search{cancel: cancel, rows: ins.x.Len()}
	ins.search = s
	needle, rows, n := ins.needle, ins.rows, ins.x.Len()
	progress := func(row int) { s.at.Store(int64(row)) }
	go ins.Guard(func() {
		defer cancel()
		found := rows.Find(ctx, row, dir, needle, progress)
		wrapped := false
		if found < 0 && ctx.Err() == nil {
			wrapped = true
			start := -1
			if dir < 0 {
				start = n
			}
			found = rows.Find(ctx, start, dir, needle, progress)
		}
		cancelled := ctx.Err() != nil
		ins.post(func() {
			if ins.search != s {
				return // another one has begun
			}
			ins.search = nil
			switch {
			case cancelled:
			case found < 0:
				ins.complain("no message holds " + strconv.Quote(needle.String()))
			default:
				if wrapped && found != ins.sel {
					ins.say(map[bool]string{true: "searched on from the top", false: "searched on from the end"}[dir > 0])
				}
				ins.selectRow(found)
				ins.detail.showMatch()
			}
		})
	})
}

// showMatch selects the first line of the detail that holds the needle.
func (d *detail) showMatch() {
	d.refresh()
	for i := range d.entries {
		e := &d.entries[i]
		if n := d.ins.needle; n.In(e.value) || n.In(e.name) || n.In(e.means) {
			d.sel = i
			d.followField()
			return
		}
	}
}
