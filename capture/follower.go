package capture

import (
	"time"

	"msnproxy/decode"
	"msnproxy/decode/check"
)

// FollowOptions say what a [Follower] looks for.
type FollowOptions struct {
	// Passwords of accounts, in lower case, for the verdict on MD5 sign-ins.
	Passwords map[string]string
	// Check applies the rules of package check. Without it there are only the
	// findings that come with numbering and pairing: those on a single line, and on
	// challenges.
	Check bool
	// Wanted chooses rules by name; nil: all. Least is the least severity.
	Wanted func(rule string) bool
	Least  decode.Severity
	// Hindsight is what turned out when the same records were followed before: it is
	// said on the messages, and not once more.
	Hindsight Hindsight
}

// Event is what a record means. It and all that it points to hold until the
// follower's next call, but for Conn, which is the tracker's and changes as more is
// known.
type Event struct {
	// Record is the record.
	Record *Record
	// Message is the frame understood, with its number and findings. For an end of a
	// connection and for lost bytes it stands for these ([decode.Message.Occur]), with
	// the findings on the connection as a whole that have come up there. It is nil for
	// other records.
	Message *decode.Message
	// Conn is what is known of the connection; nil for remarks on what is not open.
	Conn *decode.Connection
	// New: this is the first that is heard of the connection. Again: one of the same
	// number was open until now, and its end was not told.
	New, Again bool
	// Located are the findings on earlier messages and on connections that have
	// become clear by this record.
	Located []check.Located
	// Became: Message came before, as Held, and has been told of, with the same Number and
	// Time; now it is known what became of it. Record is then that of the frame, with
	// this in it: where the Became record says Passed or Withheld, so does this one.
	Became bool
	// Undecided are messages that are Held for good, before this event, in order: what
	// became of them is not recorded. They have been told of.
	Undecided []Event

	fresh []decode.Finding // if Became: those that have not been told
}

// Follower is the one way from records to what they mean: numbers, pairs, sessions,
// findings. Whoever shows, counts, checks or compares messages, of a file or of live
// traffic, asks one, so that all of them say the same.
//
// Every frame counts once, from 1, whatever became of it. What a frame changes is
// what its receiver got: what was withheld asks for no reply and lets nobody in;
// what was injected does, but is nobody's fault. A connection that is not announced
// begins with its first record.
//
// Its memory is that of what is open. Without rules nothing is allocated for a
// message. It is not safe for concurrent use.
type Follower struct {
	options  FollowOptions
	tracker  *decode.Tracker
	checker  *check.Checker // nil: no rules
	event    Event
	what     decode.Message // stands for what is none
	all      []check.Located
	messages int64
	last     time.Time
	held     held
}

// NewFollower returns a follower that has seen nothing yet.
func NewFollower(o FollowOptions) *Follower {
	f := &Follower{options: o, tracker: decode.NewTracker()}
	f.tracker.Passwords = o.Passwords
	if o.Check {
		f.checker = check.New()
	}
	return f
}

// Know sets the passwords of accounts, in lower case.
func (f *Follower) Know(passwords map[string]string) { f.tracker.Passwords = passwords }

// Foresee sets FollowOptions.Hindsight, before there are records.
func (f *Follower) Foresee(h Hindsight) { f.options.Hindsight = h }

// Connection returns what is known of a connection that is open, or nil.
func (f *Follower) Connection(id uint32) *decode.Connection { return f.tracker.Connection(id) }

// Messages is how many frames there were.
func (f *Follower) Messages() int64 { return f.messages }

// Record takes the next record. The event holds until the next call.
func (f *Follower) Record(r *Record) *Event {
	e := &f.event
	*e = Event{Record: r, Located: e.Located[:0]}
	if !r.Time.IsZero() {
		f.last = r.Time
	}
	if r.Conn == nil {
		return e
	}
	e.Conn = f.tracker.Connection(r.Conn.ID)
	switch r.Kind {
	case Remark:
		return e
	case Became:
		f.became(e)
		return e
	}
	if e.Conn == nil || r.Kind == Opened {
		f.open(e)
	}
	switch r.Kind {
	case Data:
		f.frame(e)
	case Lost, HalfClosed, Closed:
		f.occur(e)
	}
	return e
}

// open makes the connection of an event known.
func (f *Follower) open(e *Event) {
	r := e.Record
	if old := e.Conn; old != nil {
		e.Again = true
		f.undecided(e, f.held.of(old.ID))
		if f.checker != nil {
			f.keep(e, f.checker.Closed(old, r.Time))
		}
		f.tracker.Close(old.ID)
	}
	e.New = true
	e.Conn = f.tracker.Open(r.Conn.ID, r.Conn.Client, r.Conn.Server, r.Time)
	e.Conn.Via = r.Conn.Via
	if r.Conn.Web() {
		e.Conn.Role = decode.WEB
	}
	if f.checker != nil {
		f.checker.Opened(e.Conn, r.Conn.MidStream)
	}
}

// frame makes a message of a frame.
func (f *Follower) frame(e *Event) {
	r := e.Record
	f.messages++
	m := f.tracker.Relayed(r.Conn.ID, r.From, &r.Frame, r.Time, r.relay())
	e.Message = m
	if f.checker != nil {
		f.keep(e, f.checker.Apply(m))
	}
	m.Findings = f.wanted(m.Findings)
	if r.Fate == Held {
		f.hold(e)
	}
	m.Findings = append(m.Findings, f.options.Hindsight[m.Number]...)
}

// Occurs returns what filters call it that the record tells of: NoOccurrence if it is
// a message, or nothing that filters know.
func Occurs(r *Record) decode.Occurrence {
	switch {
	case r.Kind == Lost:
		return decode.Lost
	case r.Kind == HalfClosed:
		return decode.HalfClosed
	case r.Kind == Closed && r.Reset:
		return decode.Reset
	case r.Kind == Closed:
		return decode.Closed
	}
	return decode.NoOccurrence
}

// occur makes a message that stands for what happened.
func (f *Follower) occur(e *Event) {
	r, o := e.Record, Occurs(e.Record)
	f.what.Occur(o, r.From, e.Conn, r.Time)
	f.what.Start = f.tracker.Start()
	e.Message = &f.what
	if f.checker != nil && r.Kind == Lost {
		f.found(e, f.checker.Lost(e.Conn, r.From, r.Lost, r.Time))
	}
	if f.checker != nil && r.Kind == HalfClosed {
		f.checker.HalfClosed(e.Conn, r.From)
	}
	if r.Kind != Closed {
		return
	}
	f.undecided(e, f.held.of(r.Conn.ID))
	if f.checker != nil {
		f.found(e, f.checker.Ended(e.Conn, o, r.From, r.Time))
	}
	f.tracker.Ended(r.Conn.ID, o, r.From, r.Text, r.Time)
	f.tracker.Close(r.Conn.ID)
}

// found takes over findings, those on the connection also as what there is to say on
// what happened to it.
func (f *Follower) found(e *Event, list []check.Located) {
	f.keep(e, list)
	for i := range e.Located {
		if e.Located[i].Number == 0 {
			f.what.Findings = append(f.what.Findings, e.Located[i].Finding)
		}
	}
}

// keep takes over the findings that are wanted.
func (f *Follower) keep(e *Event, list []check.Located) {
	for i := range list {
		if f.wants(&list[i].Finding) && (f.options.Hindsight == nil || list[i].Number == 0) {
			e.Located = append(e.Located, list[i])
		}
	}
}

// wanted takes out of a list what is not.
func (f *Follower) wanted(list []decode.Finding) []decode.Finding {
	if f.options.Wanted == nil && f.options.Least <= decode.Note {
		return list
	}
	kept := list[:0]
	for i := range list {
		if f.wants(&list[i]) {
			kept = append(kept, list[i])
		}
	}
	return kept
}

func (f *Follower) wants(d *decode.Finding) bool {
	return d.Severity >= f.options.Least && (f.options.Wanted == nil || f.options.Wanted(d.Rule))
}

// Findings returns all findings of the event that are new: those on its message with their
// place, then those on others. The slice holds until the follower's next call.
func (f *Follower) Findings(e *Event) []check.Located {
	m := e.Message
	if m == nil || m.Occurrence != decode.NoOccurrence {
		return e.Located
	}
	f.all = f.all[:0]
	own := m.Findings
	if e.Became {
		own = e.fresh
	}
	for i := range own {
		f.all = append(f.all, check.Located{Finding: own[i], Conn: m.Conn.ID, From: m.From,
			Number: m.Number, Offset: m.Frame.Offset, Time: m.Time})
	}
	f.all = append(f.all, e.Located...)
	return f.all
}

// Finish tells that the recording is at its end, and returns what is to say on the
// connections that are still open. The follower is of no more use then.
func (f *Follower) Finish() []check.Located {
	e := &f.event
	*e = Event{Located: e.Located[:0]}
	f.held = held{}
	if f.checker != nil {
		f.keep(e, f.checker.Finish(f.last))
	}
	return e.Located
}
