package inspector

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/chat"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// feed makes the chat of a conversation of the rows of an index, and goes on where
// it was when more have come. It belongs to one goroutine at a time.
type feed struct {
	x      *index.Index
	reader *index.Reader
	number int
	b      *chat.Builder
	next   int          // rows before it have been taken
	conns  map[int]bool // of the conversation
	held   []int        // RNG that may be of it, until the name of the session is known
	rows   []int
	// fed and builds count the rows given to builders, and the builders: for tests.
	fed, builds atomic.Int64
}

// shot is a chat at a time. Nobody changes it.
type shot struct {
	lines   []chat.Line
	dropped int
	names   int // cells of the widest name
	err     error
}

func newFeed(x *index.Index, number int) *feed {
	return &feed{x: x, reader: x.NewReader(), number: number}
}

// step takes the rows before to that have not been taken. It returns nil if the
// chat is as it was. A feed whose step was cancelled is of no more use.
func (f *feed) step(ctx context.Context, to int) *shot {
	conns, id := f.members()
	fresh := f.b == nil || f.moved(conns)
	if fresh {
		f.b, f.next, f.held = chat.Of(f.number), 0, nil
		f.builds.Add(1)
	}
	f.conns = conns
	f.rows = f.rows[:0]
	if id != "" {
		f.rows = append(f.rows, f.held...)
		f.held = nil
	}
	f.rows = f.x.TalkRows(f.rows, f.next, to, f.number)
	f.next = max(f.next, to)
	changed, err := f.take(ctx, id)
	if !changed && !fresh && err == nil {
		return nil
	}
	return f.shoot(err)
}

// members returns the connections of the conversation, and the name of its session.
func (f *feed) members() (map[int]bool, string) {
	conns, id := make(map[int]bool), ""
	for _, c := range f.x.Conns() {
		for v := range c.Conversations() {
			if v.Number == f.number {
				conns[c.Index] = true
				id = or(v.SessionID, id)
			}
		}
	}
	return conns, id
}

// moved reports whether a connection has turned out not to be of the conversation,
// or to be, after messages of it have been passed over: a switchboard names the
// session late.
func (f *feed) moved(conns map[int]bool) bool {
	for c := range f.conns {
		if !conns[c] {
			return true
		}
	}
	first := f.next
	added := make(map[int]bool)
	for _, c := range f.x.Conns() {
		if conns[c.Index] && !f.conns[c.Index] {
			added[c.Index] = true
			first = min(first, c.First)
		}
	}
	if len(added) == 0 {
		return false
	}
	return slices.ContainsFunc(f.x.TalkRows(nil, first, f.next, f.number), func(row int) bool {
		r := f.x.Row(row)
		return r.Conn != nil && added[r.Conn.Index]
	})
}

// take gives the builder the rows that were gathered.
func (f *feed) take(ctx context.Context, id string) (changed bool, err error) {
	if len(f.rows) == 0 {
		return false, nil
	}
	at := 0
	wanted := func(i int) bool {
		for at < len(f.rows) && f.rows[at] < i {
			at++
		}
		return at < len(f.rows) && f.rows[at] == i
	}
	err = f.reader.Walk(f.rows[0], f.rows[len(f.rows)-1]+1, wanted, func(i int, m *decode.Message, rec *capture.Record) bool {
		switch {
		case m != nil && m.Act() == decode.ActInvite && m.Role != decode.FTP:
			session, _ := m.Value("session")
			if id == "" {
				f.held = append(f.held, i)
				return ctx.Err() == nil
			}
			if session != id {
				return ctx.Err() == nil
			}
			f.b.Message(i, m)
		case m != nil && !index.Part(m, f.number):
			return ctx.Err() == nil
		case m != nil:
			f.b.Message(i, m)
		case rec.Kind == capture.Lost:
			f.b.Lost(f.x.Row(i).Conn.Facts)
		case rec.Kind == capture.Closed:
			row := f.x.Row(i)
			f.b.Closed(i, row.Conn.Facts, row.Time)
		}
		f.fed.Add(1)
		changed = true
		return ctx.Err() == nil
	})
	return changed, err
}

// shoot copies the chat, which the builder may change with the next message.
func (f *feed) shoot(err error) *shot {
	s := &shot{lines: slices.Clone(f.b.Lines()), dropped: f.b.Dropped(), err: err}
	last := ""
	for i := range s.lines {
		l := &s.lines[i]
		if l.Invitation != nil {
			kept := *l.Invitation
			l.Invitation = &kept
		}
		if name := nameIn(l); name != last {
			s.names, last = max(s.names, cells(name)), name
		}
	}
	return s
}

// rest is how long to wait before the next step, so that copies of long chats take
// little of the machine.
func (s *shot) rest() time.Duration {
	if s == nil {
		return 0
	}
	return min(time.Duration(len(s.lines))*20*time.Microsecond, 400*time.Millisecond)
}

// nameIn is who a line is of, as the chat shows it.
func nameIn(l *chat.Line) string { return or(l.Name, or(l.Who, "somebody")) }

// holds reports whether the line tells of the row.
func holds(l *chat.Line, row int) bool { return l.Row == row || slices.Contains(l.Rows, row) }

// lineOf returns the line that tells of a row, or the last one before it; exact:
// it tells of it.
func (s *shot) lineOf(row int) (line int, exact bool) {
	near, within := 0, -1
	for i := range s.lines {
		l := &s.lines[i]
		switch {
		case l.Row == row:
			return i, true
		case within < 0 && slices.Contains(l.Rows, row):
			within = i
		}
		if l.Row <= row {
			near = i
		}
	}
	if within >= 0 {
		return within, true
	}
	return near, false
}
