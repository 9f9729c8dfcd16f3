package capture

import (
	"bytes"
	"cmp"
	"container/list"

	"msnproxy/decode"
)

// maxUndecided is how many bytes of frames that are held a follower keeps, in all; undecidedOverhead
// is what one costs besides its bytes.
const (
	maxUndecided      = 64 << 20
	undecidedOverhead = 2 << 10
)

// held are the frames of which it is not known yet what became of them, in order.
type held struct {
	all    list.List // of *heldFrame
	frames map[heldAt]*list.Element
	bytes  int
}

// heldAt is the place of a frame.
type heldAt struct {
	conn   uint32
	from   decode.Sender
	offset int64
}

// heldFrame is a frame as it came.
type heldFrame struct {
	record  Record
	message *decode.Message
}

func (h *heldFrame) at() heldAt {
	return heldAt{h.record.Conn.ID, h.record.From, h.record.Frame.Offset}
}

func (h *heldFrame) bytes() int { return len(h.record.Frame.Raw) + undecidedOverhead }

// put keeps a frame. Of a frame in the same place the newer one stays.
func (h *held) put(one *heldFrame) {
	if h.frames == nil {
		h.frames = make(map[heldAt]*list.Element)
	}
	if old := h.frames[one.at()]; old != nil {
		h.remove(old)
	}
	h.frames[one.at()] = h.all.PushBack(one)
	h.bytes += one.bytes()
}

func (h *held) remove(e *list.Element) *heldFrame {
	one := h.all.Remove(e).(*heldFrame)
	delete(h.frames, one.at())
	h.bytes -= one.bytes()
	return one
}

// take returns the frame in a place, or nil, and forgets it.
func (h *held) take(at heldAt) *heldFrame {
	if e := h.frames[at]; e != nil {
		return h.remove(e)
	}
	return nil
}

// of takes those of a connection.
func (h *held) of(conn uint32) (some []*heldFrame) {
	for e := h.all.Front(); e != nil; {
		next := e.Next()
		if e.Value.(*heldFrame).record.Conn.ID == conn {
			some = append(some, h.remove(e))
		}
		e = next
	}
	return some
}

// beyond takes the oldest, as long as there are too many.
func (h *held) beyond() (some []*heldFrame) {
	for h.bytes > maxUndecided {
		some = append(some, h.remove(h.all.Front()))
	}
	return some
}

// relay is what a record says of what a proxy made of its frame.
func (r *Record) relay() decode.Relay {
	return decode.Relay{Fate: r.Fate, Sent: r.Sent, ChangedBy: r.ChangedBy, HeldFor: r.HeldFor, Number: r.Number, Verdict: r.Verdict}
}

// hold keeps the frame of an event until it is known what became of it.
func (f *Follower) hold(e *Event) {
	one := &heldFrame{record: *e.Record, message: e.Message.Keep()}
	one.record.Frame = *one.message.Frame
	one.record.Sent = bytes.Clone(one.record.Sent)
	f.held.put(one)
	f.undecided(e, f.held.beyond())
}

// became takes what became of a frame. If that is not known here, there is nothing to
// tell: it was filtered out.
func (f *Follower) became(e *Event) {
	r := e.Record
	one := f.held.take(heldAt{r.Conn.ID, r.From, r.Frame.Offset})
	if one == nil {
		return
	}
	m := one.message
	told := &one.record
	told.Fate, told.Sent, told.ChangedBy, told.HeldFor, told.Text = r.Fate, r.Sent, r.ChangedBy, r.HeldFor, cmp.Or(r.Text, told.Text)
	e.Record, e.Message, e.Conn, e.Became = told, m, m.Conn, true
	before := len(m.Findings)
	f.tracker.Became(m, told.relay())
	if f.checker != nil {
		f.keep(e, f.checker.ApplyBecame(m))
	}
	m.Findings = append(m.Findings[:before], f.wanted(m.Findings[before:])...)
	e.fresh = m.Findings[before:len(m.Findings):len(m.Findings)]
	m.Findings = append(m.Findings, f.options.Hindsight[m.Number]...)
}

// undecided tells of frames that are held for good.
func (f *Follower) undecided(e *Event, some []*heldFrame) {
	for _, one := range some {
		e.Undecided = append(e.Undecided, f.given(one))
	}
}

func (f *Follower) given(one *heldFrame) Event {
	m := one.message
	m.Findings = append(m.Findings, f.options.Hindsight[m.Number]...)
	return Event{Record: &one.record, Message: m, Conn: m.Conn, Became: true}
}

// Held returns the messages of which it is not known what became of them, in order, at
// the end of a recording: before [Follower.Finish]. They have been told of.
func (f *Follower) Held() (all []Event) {
	for e := f.held.all.Front(); e != nil; e = e.Next() {
		all = append(all, f.given(e.Value.(*heldFrame)))
	}
	return all
}
