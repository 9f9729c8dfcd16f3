package index

import (
	"cmp"
	"slices"
	"time"

	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode"
)

func (x *Index) at(i int) *record { return &x.chunks[i/chunkRows].rows[i%chunkRows] }

// rowOf returns the row of a message, or -1. The lock is held.
func (x *Index) rowOf(number int64) int {
	if number < 1 || number > x.messages {
		return -1
	}
	lo, hi := 0, x.n
	for lo < hi {
		mid := (lo + hi) / 2
		if int64(x.at(mid).number) < number {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	// Rows of other kinds carry the number of the message before them, so the first
	// that has it is the message.
	if lo < x.n && int64(x.at(lo).number) == number && x.at(lo).kind() == Message {
		return lo
	}
	return -1
}

// RowOf returns the row of the message of that number, or -1.
func (x *Index) RowOf(number int64) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.rowOf(number)
}

// Len returns how many rows there are.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.n
}

// holds reports whether there is a row i. The lock is held.
func (x *Index) holds(i int) bool { return i >= 0 && i < x.n }

// Row returns what is known of row i without a look at its bytes; of a row that is
// not there nothing but its place.
func (x *Index) Row(i int) Row {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if !x.holds(i) {
		return Row{Index: i, Kind: Remark}
	}
	k := x.at(i)
	r := Row{Index: i, Kind: k.kind(), Time: k.time(), Number: int64(k.number), From: k.from(), Verb: verbName(k.verb),
		Frame: k.frame(), Offset: k.offset, Size: int(k.size), Reply: int64(k.reply), FirstReply: k.has(flagFirst),
		WantsReply: k.has(flagWants), Answered: k.has(flagGot), Noise: k.noise(), Severity: k.severity(), Fate: k.fate(),
		SentOn: k.has(flagSent), Marked: k.has(flagMarked), Comment: k.has(flagComment)}
	if k.conn > 0 {
		c := x.conns[k.conn]
		r.Conn = c.facts
		r.Unanswered = r.WantsReply && !r.Answered && c.hearing.Due(r.Number, r.From)
	}
	if q := x.rowOf(int64(k.reply)); q >= 0 {
		r.Latency = x.latency(k, q)
	}
	return r
}

// Summary is what a status line needs.
type Summary struct {
	Rows, Conns, Open, Sessions int
	Messages, Bytes             int64
	Findings                    [decode.Error + 1]int
	// Version changes when the facts of a connection do.
	Version int
	// Done: nothing more is added. Err: what went wrong with the store.
	Done bool
	Err  error
	Last time.Time
}

// Summary returns the counts of everything.
func (x *Index) Summary() Summary {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := Summary{Rows: x.n, Conns: len(x.conns) - 1, Open: x.alive, Sessions: len(x.sessions), Messages: x.messages, Bytes: x.size,
		Findings: x.findings.counts, Version: x.version, Done: x.done, Err: x.err, Last: x.last}
	return s
}

// Tally calls f with the counts of everything, which must not keep them.
func (x *Index) Tally(f func(*tally.Tally)) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	f(x.tally)
}

// Verbs returns the verbs that were seen, the most frequent first.
func (x *Index) Verbs() []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var names []string
	for code := range x.verbs {
		if verbName(code) != "" {
			names = append(names, verbName(code))
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(x.verbs[verbCode(b)], x.verbs[verbCode(a)]), cmp.Compare(a, b))
	})
	return names
}

// Rules returns the names of the rules that had something to say.
func (x *Index) Rules() []string {
	n := &x.findings.names
	n.mu.RLock()
	defer n.mu.RUnlock()
	return slices.Sorted(slices.Values(n.list))
}
