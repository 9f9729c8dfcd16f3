// Package index keeps what the inspector knows of a recording, or of live
// traffic: a row of 48 bytes for each message and each thing that happened, in
// memory; the bytes on disk, in the recording itself or in a spool.
//
// What it takes of memory grows with what there is: some 50 bytes a row, one more
// for each three views, 16 for a finding; and some 900 bytes a connection, with its
// conversation and its place in the tally, so that a recording of very many short
// connections (fewer than 80 messages each) takes more than 64 bytes a row. While
// traffic is live, what the tracker and the checker remember of open connections
// comes on top: up to 5 kB each. Live rows are never let go.
//
// One goroutine adds records, others read. None of them waits for a screen: what
// a reader needs is copied under a lock that nobody holds for long.
package index

import (
	"io"
	"slices"
	"sync"
	"time"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode"
	"msnproxy/decode/p2p"
	"msnproxy/decode/stage"
)

// Options say how to make an index.
type Options struct {
	// Passwords of accounts, in lower case, for the verdict on MD5 sign-ins.
	Passwords map[string]string
	// SpoolDir is where the spool goes; "": where temporary files go.
	SpoolDir string
	// Location is the time zone of times in filters; nil: local time.
	Location *time.Location
}

// Index is the rows of a recording. All methods may be called from any goroutine,
// but records are added by one.
type Index struct {
	mu         sync.RWMutex
	chunks     []*chunk
	n          int // rows
	messages   int64
	alive      int     // connections that are open
	conns      []*conn // the first is nil
	byID       map[uint32]*conn
	sessions   []*session
	talks      []*talk
	follow     *capture.Follower
	book       stage.Book
	findings   findings
	journal    journal
	joined     map[int][]byte      // by row
	directs    map[int]*p2p.Direct // likewise
	handed     handed
	joints     []joint
	said       []said
	tally      *tally.Tally
	notes      notes
	verbs      map[uint16]int
	size       int64     // bytes of the frames
	start      time.Time // of the first message
	last       time.Time
	location   *time.Location
	version    int // of the facts of connections
	joinedSize int
	fates      map[int]fate // what became of rows that were held
	err        error

	spoolDir string
	spool    *capture.Spool
	source   func() *capture.Places // of the bytes
	file     io.ReaderAt            // the recording that was loaded; nil: the spool has the bytes
	fileName string

	done    bool // nothing more is added
	guard   func(func())
	changed chan struct{}
}

// New returns an index without rows.
func New(o Options) *Index {
	x := &Index{
		conns: []*conn{nil}, byID: make(map[uint32]*conn),
		follow: capture.NewFollower(capture.FollowOptions{Passwords: o.Passwords, Check: true}),
		tally:  tally.New(), verbs: make(map[uint16]int), spoolDir: o.SpoolDir, changed: make(chan struct{}, 1),
	}
	x.findings.texts.dir = o.SpoolDir
	x.handed.tracker.MSNFTP = true
	if x.location = o.Location; x.location == nil {
		x.location = time.Local
	}
	return x
}

// Changed is sent to when rows have come, or something about them has changed;
// not for each of them.
func (x *Index) Changed() <-chan struct{} { return x.changed }

func (x *Index) notify() {
	select {
	case x.changed <- struct{}{}:
	default:
	}
}

// Guard has g run what goroutines of the index do, so that it can see to their
// panics. It is to be called before there are any: before the first view is made.
func (x *Index) Guard(g func(f func())) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.guard = g
}

// guarded does f with a guard, if there is one.
func guarded(guard func(func()), f func()) {
	if guard == nil {
		f()
		return
	}
	guard(f)
}

// Add adds a record of live traffic. Nothing of it is kept but a copy in the
// spool. An error says that its bytes are not there; the row is.
func (x *Index) Add(r *capture.Record) error {
	x.mu.Lock()
	if x.spool == nil && x.err == nil {
		if x.spool, x.err = capture.NewSpool(x.spoolDir); x.err == nil {
			x.source = x.spool.Places
		}
	}
	spool, err := x.spool, x.err
	x.mu.Unlock()
	place := int64(-1)
	if err == nil {
		place, err = spool.Put(r)
	}
	if err != nil {
		place = -1
	}
	x.locked(func() {
		if err != nil && x.err == nil {
			x.err = err
		}
		x.add(r, place)
	})
	x.notify()
	return err
}

// locked does f under the lock. A panic lets go of the lock: the screen that is to
// be restored needs it.
func (x *Index) locked(f func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f()
}

// add makes a row of a record whose bytes are at a place. The lock is held.
func (x *Index) add(r *capture.Record, place int64) {
	if r.Kind == capture.Remark && r.About != nil {
		x.annotated(r)
		return
	}
	if r.Folded {
		return
	}
	k := record{at: nanos(r.Time), place: place, number: uint32(x.messages), verb: verbNone}
	if !r.Time.IsZero() {
		x.last = r.Time
	}
	if r.From == decode.Server {
		k.flags |= flagServer
	}
	if r.Conn == nil {
		k.set(shiftKind, 3, uint32(Remark))
		x.put(&k)
		return
	}
	if r.Kind == capture.Became {
		x.became(r, place)
		return
	}
	before := x.follow.Connection(r.Conn.ID)
	if before != nil {
		k.roles, k.dialect = packRole(before.Role), uint8(min(before.Dialect, 255))
	}
	e := x.follow.Record(r)
	x.signs(e)
	c := x.byID[r.Conn.ID]
	if c != nil && e.Again {
		x.located(e.Located) // on the one that was open until now
		x.ended(c)
	}
	if c == nil || r.Kind == capture.Opened {
		c = x.open(r)
	}
	if e.New {
		x.follows(c, e.Conn)
	}
	k.conn = uint32(c.facts.Index)
	c.last = x.n
	switch r.Kind {
	case capture.Data:
		x.message(c, &k, e)
		return
	case capture.Opened:
		k.set(shiftKind, 3, uint32(Opened))
	case capture.Lost:
		k.set(shiftKind, 3, uint32(Lost))
		c.lost += max(r.Lost, 0)
		c.hearing.Lost()
		x.handed.tracker.Lost(r.Conn.ID, r.From)
	case capture.HalfClosed:
		k.set(shiftKind, 3, uint32(HalfClosed))
	case capture.Closed:
		k.set(shiftKind, 3, uint32(Closed))
		if r.Reset {
			k.flags |= flagReset | flagRefuses
		}
	default:
		k.set(shiftKind, 3, uint32(Remark))
	}
	x.put(&k)
	x.tally.Event(e)
	if !e.Again {
		x.located(e.Located)
	}
	if r.Kind == capture.Closed {
		x.handed.tracker.Closed(r.Conn.ID)
		x.ended(c)
		c.closed, c.closedAt, c.end, c.reset, c.endText = true, nanos(r.Time), r.From, r.Reset, r.Text
		x.version++
	}
}

// maxJoined is how many bytes of joined messages, and of direct connections, an index
// keeps.
const maxJoined = 8 << 20

// join keeps what of MSNSLP was made whole by a row: the bytes of the row alone don't
// tell. The lock is held.
func (x *Index) join(row int, slp []byte) {
	if len(slp) == 0 || x.joinedSize+len(slp) > maxJoined {
		return
	}
	if x.joined == nil {
		x.joined = make(map[int][]byte)
	}
	x.joined[row] = slices.Clone(slp)
	x.joinedSize += len(slp)
}

// direct keeps how things stood on a direct connection before a row: the bytes of the
// row alone don't tell where packets begin. The lock is held.
func (x *Index) direct(row int, d *p2p.Direct) {
	const entry = 128 // bytes of memory, besides those of a packet that has begun
	if d == nil || x.joinedSize+entry > maxJoined {
		return
	}
	if x.directs == nil {
		x.directs = make(map[int]*p2p.Direct)
	}
	x.directs[row] = d.Brief()
	x.joinedSize += entry + x.directs[row].Size()
}

// message adds a message. The lock is held.
func (x *Index) message(c *conn, k *record, e *capture.Event) {
	m, r := e.Message, e.Record
	k.roles |= packRole(m.Role) << 4
	x.messages = m.Number
	x.start = m.Start
	k.number, k.reply = uint32(m.Number), uint32(m.ReplyTo)
	k.offset, k.size = r.Frame.Offset, uint32(len(r.Frame.Raw))
	if m.Named() {
		k.verb = messageCode(m)
		x.verbs[k.verb]++
	}
	k.set(shiftFrame, 3, uint32(r.Frame.Kind))
	k.set(shiftNoise, 3, uint32(m.Noise))
	k.set(shiftFate, 2, uint32(r.Fate))
	k.set(shiftSignIn, 2, uint32(m.SignIn))
	k.set(shiftSSO, 2, uint32(m.SSO))
	if m.Challenge != nil {
		k.set(shiftChallenge, 3, uint32(m.Challenge.Result)+1)
	}
	for _, f := range []struct {
		is   bool
		flag uint32
	}{{r.Sent != nil, flagSent}, {m.FirstReply, flagFirst}, {m.WantsReply(), flagWants}, {r.Frame.Resync, flagResync}, {m.Refuses(), flagRefuses}} {
		if f.is {
			k.flags |= f.flag
		}
	}
	c.hearing.Message(m)
	row := x.n
	for i := range m.Findings {
		f := &m.Findings[i]
		x.findings.add(uint32(row), f)
		k.found(f)
		c.findings[min(f.Severity, decode.Error)]++
	}
	if k.folds() {
		c.folded++
	}
	x.join(row, m.Joined)
	x.direct(row, m.Direct)
	x.hand(row, m)
	x.copied(row, m)
	x.put(k)
	side := 0
	if r.From == decode.Server {
		side = 1
	}
	c.messages[side]++
	c.bytes[side] += int64(k.size)
	x.size += int64(k.size)
	if m.ReplyTo > 0 {
		x.answer(m.ReplyTo)
	}
	x.tally.Event(e)
	x.learn(c)
	for _, d := range m.Brought {
		x.brought(d)
	}
	x.spoken(c, row, m)
	x.located(e.Located)
}

// fate is where it stands what became of a frame that was held, and for how long it was.
type fate struct {
	place int64
	held  time.Duration
}

// latency is the time from when a request, in row q, went on to its reply. The lock is
// held.
func (x *Index) latency(reply *record, q int) time.Duration {
	d := reply.since(x.at(q))
	if d != 0 {
		d -= x.fates[q].held
	}
	return d
}

// became takes what became of a message that was held, into its row. The lock is held.
func (x *Index) became(r *capture.Record, place int64) {
	e := x.follow.Record(r)
	if !e.Became {
		return
	}
	m := e.Message
	row := x.rowOf(m.Number)
	if row < 0 {
		return
	}
	if x.fates == nil {
		x.fates = make(map[int]fate)
	}
	x.fates[row] = fate{place, m.HeldFor}
	c := x.conns[x.at(row).conn]
	told := x.findings.on(nil, uint32(row))
	for i := range m.Findings {
		f := &m.Findings[i]
		if !slices.ContainsFunc(told, func(t finding) bool { return x.findings.text(&t) == *f }) {
			x.find(row, f)
		}
	}
	x.change(row, func(k *record) {
		k.set(shiftFate, 2, uint32(m.Fate))
		k.set(shiftNoise, 3, uint32(m.Noise))
		k.flags &^= flagSent | flagWants
		if e.Record.Sent != nil {
			k.flags |= flagSent
		}
		if m.WantsReply() {
			k.flags |= flagWants
		}
	})
	x.join(row, m.Joined)
	x.hand(row, m)
	x.tally.Event(e)
	x.learn(c)
	x.located(e.Located)
}

// answer notes that a request has its reply.
func (x *Index) answer(number int64) {
	if i := x.rowOf(number); i >= 0 {
		x.at(i).flags |= flagGot
	}
}
