// Package tally counts what is in a recording: commands, connections, accounts,
// the times of exchanges.
package tally

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// Tally is the counts of a recording. It is fed with what a follower made of the
// records, in order of time.
type Tally struct {
	First, Last time.Time
	Messages    int64
	Bytes       int64
	Opaque      int64 // bytes that are no MSNP
	Lost        int64 // bytes known to be missing
	Errors      map[string]int64
	Challenges  map[string]int64 // by verdict
	Ends        map[string]int64 // of connections: how, and by whom

	commands map[commandKey]*Command
	conns    map[uint32]*Conn
	ended    []*Conn
	accounts map[string]*Account

	deliveries map[deliveryKey]*Delivery
}

type commandKey struct {
	verb string
	from decode.Sender
}

// Command is what is known of one command from one sender.
type Command struct {
	Verb string
	From decode.Sender
	// Count and Bytes are of the frames.
	Count, Bytes int64
	// Wanted counts those that want a reply which would have been seen, Answered those
	// that got one.
	Wanted, Answered int64
	// Latency is that of the first replies.
	Latency Histogram
}

// Conn is what is known of one connection.
type Conn struct {
	ID             uint32
	Role           string
	Account        string
	Client, Server string
	First, Last    time.Time
	// Messages and Bytes are by sender: the client's first.
	Messages, Bytes [2]int64
	// Idle is the longest time without a message, and when that began.
	Idle      time.Duration
	IdleSince time.Time

	hearing Hearing
	// waiting counts the requests that wait for a reply. They are part of
	// Command.Wanted once their peer was heard: until then it may be that only one
	// direction was recorded.
	waiting map[commandKey]int64
}

// Account is what is known of one account.
type Account struct {
	Handle          string
	Connections     int64
	Messages, Bytes int64
}

// New returns a tally of nothing.
func New() *Tally {
	return &Tally{Errors: make(map[string]int64), Challenges: make(map[string]int64), Ends: make(map[string]int64),
		commands: make(map[commandKey]*Command), conns: make(map[uint32]*Conn), accounts: make(map[string]*Account),
		deliveries: make(map[deliveryKey]*Delivery)}
}

// Event counts what a record means.
func (t *Tally) Event(e *capture.Event) {
	if e.Again {
		t.end(e.Record.Conn.ID)
	}
	switch {
	case e.Became:
		t.became(e.Message)
	case e.Record.Kind == capture.Became:
	case e.Record.Kind == capture.Data:
		t.Message(e.Message)
	default:
		t.Record(e.Record)
	}
}

// Record counts a record that is no message.
func (t *Tally) Record(r *capture.Record) {
	if o := capture.Occurs(r); o.Ends() {
		how := o.String()
		if r.From != 0 {
			how += " by the " + r.From.String()
		}
		t.Ends[how]++
	}
	switch r.Kind {
	case capture.Lost:
		t.Lost += max(r.Lost, 0)
		if c := t.conns[r.Conn.ID]; c != nil {
			c.hearing.Lost()
			t.blind(c)
		}
	case capture.Closed:
		t.end(r.Conn.ID)
	}
}

// end notes that no more comes on a connection.
func (t *Tally) end(id uint32) {
	if c := t.conns[id]; c != nil {
		t.ended = append(t.ended, c)
		delete(t.conns, id)
	}
}

// Message counts a message.
func (t *Tally) Message(m *decode.Message) {
	size := int64(len(m.Frame.Raw))
	t.Messages++
	t.Bytes += size
	if !m.Time.IsZero() {
		if t.First.IsZero() {
			t.First = m.Time
		}
		t.Last = m.Time
	}
	if m.Frame.Kind == decode.Opaque {
		t.Opaque += size
	}
	c := t.conn(m)
	c.Messages[side(m.From)]++
	c.Bytes[side(m.From)] += size
	if gap := m.Time.Sub(c.Last); !c.Last.IsZero() && !m.Time.IsZero() && gap > c.Idle {
		c.Idle, c.IdleSince = gap, c.Last
	}
	c.Last = m.Time
	t.command(c, m, size)
	t.account(c, m, size)
	t.deliver(m)
	if e := m.Error(); e != "" {
		t.Errors[e]++
	}
	if m.Challenge != nil {
		t.Challenges[m.Challenge.Result.String()]++
	}
}

func (t *Tally) conn(m *decode.Message) *Conn {
	c := t.conns[m.Conn.ID]
	if c == nil {
		c = &Conn{ID: m.Conn.ID, Client: m.Conn.Client, Server: m.Conn.Server, First: m.Time}
		t.conns[m.Conn.ID] = c
	}
	c.Role = m.Conn.Role.String()
	return c
}

func (t *Tally) command(c *Conn, m *decode.Message, size int64) {
	name := m.Name()
	if m.Call != nil {
		name = m.Verb.Name // hostile peers could name thousands of actions
	} else if m.Frame.Kind != decode.Command {
		name = "(" + m.Frame.Kind.String() + ")"
	} else if m.Verb == nil {
		name = "(unknown)" // hostile peers could name thousands
	}
	key := commandKey{name, m.From}
	x := t.commands[key]
	if x == nil {
		x = &Command{Verb: name, From: m.From}
		t.commands[key] = x
	}
	x.Count++
	x.Bytes += size
	if t.hear(c, m) && m.WantsReply() {
		t.await(c, key)
	}
	if m.ReplyTo != 0 && m.FirstReply {
		t.answer(c, m)
	}
}

func (t *Tally) account(c *Conn, m *decode.Message, size int64) {
	handle := strings.ToLower(m.Conn.Account)
	if handle == "" {
		return
	}
	a := t.accounts[handle]
	if a == nil {
		a = &Account{Handle: m.Conn.Account}
		t.accounts[handle] = a
	}
	if c.Account == "" {
		c.Account = m.Conn.Account
		a.Connections++
	}
	a.Messages++
	a.Bytes += size
}

// Commands returns the commands, the most frequent first.
func (t *Tally) Commands() []*Command {
	list := make([]*Command, 0, len(t.commands))
	for _, c := range t.commands {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Command) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Verb, b.Verb), cmp.Compare(a.From, b.From))
	})
	return list
}

// Conns returns the connections by number.
func (t *Tally) Conns() []*Conn {
	list := slices.Clone(t.ended)
	for _, c := range t.conns {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Conn) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Accounts returns the accounts by name.
func (t *Tally) Accounts() []*Account {
	list := make([]*Account, 0, len(t.accounts))
	for _, a := range t.accounts {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *Account) int { return cmp.Compare(a.Handle, b.Handle) })
	return list
}
