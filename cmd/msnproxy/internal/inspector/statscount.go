package inspector

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode"
)

// report is the counts as they are shown. Nobody changes it.
type report struct {
	*tally.Tally
	commands   []commandStat
	conns      []*tally.Conn
	accounts   []*tally.Account
	deliveries []*tally.Delivery
	errors     []string
	challenges []string
	sent       [2]int64 // messages by sender: the client's first
	lines      []statLine
	// The greatest of their kind, which bars are measured by.
	mostCount, mostBytes, mostMessages int64
	longest                            time.Duration
	err                                error
}

// commandStat is a command with what its table says of it.
type commandStat struct {
	*tally.Command
	open               int64 // requests without a reply
	p50, p90, p99, max time.Duration
}

// statSection is a part of the list.
type statSection int

const (
	overviewStats statSection = iota
	commandStats
	connStats
	accountStats
	deliveryStats
	errorStats
	challengeStats
)

// statLine is a line of the list: an entry of a section, or its heading, or an
// empty line before that.
type statLine struct {
	section statSection
	item    int
}

const (
	headingItem = -1
	blankItem   = -2
)

func (l statLine) selectable() bool { return l.item >= 0 }

// newReport makes a report of counts that nobody else has. open tells how many
// requests of a command have no reply; nil: as the tally says.
func newReport(t *tally.Tally, open map[verbFrom]int64) *report {
	r := &report{Tally: t, conns: t.Conns(), accounts: t.Accounts(), deliveries: t.Deliveries(),
		errors: slices.Sorted(maps.Keys(t.Errors)), challenges: slices.Sorted(maps.Keys(t.Challenges))}
	slices.SortStableFunc(r.accounts, func(a, b *tally.Account) int { return cmp.Compare(b.Messages, a.Messages) })
	for _, c := range t.Commands() {
		k := commandStat{Command: c, open: max(c.Wanted-c.Answered, 0)}
		if open != nil {
			k.open = open[verbFrom{c.Verb, c.From}]
		}
		if c.Latency.Count() > 0 {
			k.p50, k.p90, k.p99, k.max = c.Latency.Percentile(50), c.Latency.Percentile(90), c.Latency.Percentile(99), c.Latency.Max()
			r.longest = max(r.longest, k.max)
		}
		side := 0
		if c.From == decode.Server {
			side = 1
		}
		r.sent[side] += c.Count
		r.mostCount, r.mostBytes = max(r.mostCount, c.Count), max(r.mostBytes, c.Bytes)
		r.commands = append(r.commands, k)
	}
	for _, a := range r.accounts {
		r.mostMessages = max(r.mostMessages, a.Messages)
	}
	for section, n := range []int{overviewLines, len(r.commands), len(r.conns), len(r.accounts), len(r.deliveries), len(r.errors), len(r.challenges)} {
		s := statSection(section)
		if n == 0 {
			continue
		}
		if s != overviewStats {
			r.lines = append(r.lines, statLine{s, blankItem}, statLine{s, headingItem})
		}
		for i := range n {
			r.lines = append(r.lines, statLine{s, i})
		}
	}
	return r
}

type verbFrom struct {
	verb string
	from decode.Sender
}

// counter counts the rows that a view wants, and goes on where it was when more
// have come. It belongs to one goroutine at a time.
type counter struct {
	reader  *index.Reader
	t       *tally.Tally
	next    int // rows before it have been looked at
	matched int // of them
	waiting []waitingRow
	rows    []int
	err     error
	done    atomic.Int64 // rows that have been looked at, for all to see
}

// waitingRow is a request whose reply has not come, though it may be one that the
// view does not want.
type waitingRow struct {
	row int
	verbFrom
}

// countStep is how many rows are looked at between two looks at whether they are
// still wanted.
const countStep = 4096

// partEvery is how often it is shown how far a count is.
const (
	firstPart = 100 * time.Millisecond
	partEvery = 400 * time.Millisecond
)

// count takes the rows before to that have not been taken. What takes long is shown
// in between. A counter whose count was cancelled is of no more use.
func (k *counter) count(ctx context.Context, x *index.Index, rows *index.View, to int, show func(*report)) *report {
	if k.t == nil || rows.CountMatched(k.next) != k.matched {
		k.reader, k.t, k.next, k.matched, k.waiting, k.err = x.NewReader(), tally.New(), 0, 0, nil, nil
	}
	part := time.Now().Add(firstPart)
	for k.next < to && ctx.Err() == nil {
		if now := time.Now(); now.After(part) {
			show(k.report(x))
			part = now.Add(partEvery)
		}
		end := min(k.next+countStep, to)
		k.rows = rows.Matched(k.rows[:0], k.next, end)
		k.take(k.rows)
		k.matched += len(k.rows)
		k.next = end
		k.done.Store(int64(end))
	}
	return k.report(x)
}

// report makes a report of what has been counted.
func (k *counter) report(x *index.Index) *report {
	open := make(map[verbFrom]int64)
	k.waiting = slices.DeleteFunc(k.waiting, func(w waitingRow) bool {
		r := x.Row(w.row)
		if r.Unanswered {
			open[w.verbFrom]++
		}
		return r.Answered
	})
	r := newReport(k.t.Clone(), open)
	r.err = k.err
	return r
}

func (k *counter) take(rows []int) {
	if len(rows) == 0 {
		return
	}
	at := 0
	wanted := func(i int) bool {
		for at < len(rows) && rows[at] < i {
			at++
		}
		return at < len(rows) && rows[at] == i
	}
	err := k.reader.Walk(rows[0], rows[len(rows)-1]+1, wanted, func(i int, m *decode.Message, rec *capture.Record) bool {
		switch {
		case m != nil:
			k.t.Message(m)
			if m.WantsReply() {
				k.waiting = append(k.waiting, waitingRow{i, verbFrom{m.Name(), m.From}})
			}
		case rec.Conn != nil:
			k.t.Record(rec)
		}
		return true
	})
	if err != nil {
		k.err = err
	}
}
