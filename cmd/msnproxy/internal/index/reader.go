package index

import (
	"errors"
	"fmt"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/challenge"
)

// ErrNotKept says that the bytes of a row are not there: the disk did not take them.
var ErrNotKept = errors.New("its bytes could not be kept: the disk for temporary files is full or gone")

// Reader reads the bytes of rows and makes messages of them again. Each goroutine
// needs one of its own.
type Reader struct {
	x       *Index
	places  *capture.Places
	fates   *capture.Places // of what became of frames that were held
	m       decode.Message
	found   []finding
	texts   []decode.Finding
	verdict challenge.Verdict
	what    decode.Message // stands for what is no message
	facts   *Conn          // of the row in hand
	batch   []numbered
	opened  capture.Record
	joints  []joint
	ahead   []decode.Early
}

type numbered struct {
	row int
	record
}

// NewReader returns a reader.
func (x *Index) NewReader() *Reader { return &Reader{x: x} }

// Read returns what stands in row i. The message is nil for rows that are none.
// Both hold until the next call, the record's Conn for good. Of the message,
// Challenge has the result and nothing else; Conn is what is known by now, Role and
// Dialect are what was known then.
func (r *Reader) Read(i int) (*decode.Message, *capture.Record, error) {
	r.x.mu.RLock()
	if i < 0 || i >= r.x.n {
		r.x.mu.RUnlock()
		return nil, nil, fmt.Errorf("there is no row %d", i)
	}
	k := *r.x.at(i)
	r.x.mu.RUnlock()
	if !r.ready() || k.place < 0 {
		return nil, nil, ErrNotKept
	}
	rec, err := r.places.Record(k.place)
	if err != nil {
		return nil, nil, err
	}
	m, rec := r.understand(&numbered{i, k}, rec)
	return m, rec, nil
}

// ready makes sure that there is something to read from.
func (r *Reader) ready() bool {
	if r.places == nil {
		r.x.mu.RLock()
		source := r.x.source
		r.x.mu.RUnlock()
		if source == nil {
			return false
		}
		r.places = source()
	}
	return true
}

// understand adds to a record what its place can't tell, and makes the message.
func (r *Reader) understand(k *numbered, rec *capture.Record) (*decode.Message, *capture.Record) {
	x := r.x
	var facts *Conn
	var asked record
	var latency time.Duration
	r.found = r.found[:0]
	x.mu.RLock()
	if k.conn > 0 {
		facts = x.conns[k.conn].facts
	}
	if q := x.rowOf(int64(k.reply)); q >= 0 {
		asked, latency = *x.at(q), x.latency(&k.record, q)
	}
	if k.has(flagFinds) {
		r.found = x.findings.on(r.found, uint32(k.row))
	}
	start, joined, direct := x.start, x.joined[k.row], x.directs[k.row]
	r.joints = x.jointsAt(r.joints[:0], k.row)
	x.mu.RUnlock()
	r.facts = facts
	if facts == nil {
		rec.Conn = nil
		return nil, rec
	}
	if k.kind() == Opened && rec.Kind != capture.Opened {
		// Its announcement is missing: the place is that of the next record.
		r.opened = capture.Record{Kind: capture.Opened, Time: k.time()}
		rec = &r.opened
	}
	rec.Conn, rec.Frame.Offset = facts.Record, k.offset
	if k.kind() != Message {
		return nil, rec
	}
	rec.From = k.from()
	if rec.Fate == capture.Held {
		r.fate(k.row, rec)
	}
	m := &r.m
	if direct != nil {
		rec.Frame = decode.Frame{Kind: decode.Opaque, Offset: k.offset, Raw: rec.Frame.Raw, Gap: rec.Frame.Gap}
	}
	m.Decode(&rec.Frame, rec.From, k.roleBefore(), int(k.dialect))
	m.Role = k.roleAfter()
	m.Number, m.Time, m.Conn, m.Noise = int64(k.number), k.time(), facts.Facts, k.noise()
	m.Relay(decode.Relay{Fate: k.fate(), Sent: rec.Sent, ChangedBy: rec.ChangedBy, HeldFor: rec.HeldFor})
	if asked.number > 0 {
		m.ReplyTo, m.ReplyVerb, m.FirstReply = int64(k.reply), verbName(asked.verb), k.has(flagFirst)
		m.Latency = latency
		m.AnswerTo(m.ReplyVerb)
	}
	if v := k.bits(shiftChallenge, 3); v > 0 {
		r.verdict = challenge.Verdict{Result: challenge.Result(v - 1)}
		m.Challenge = &r.verdict
	}
	m.SignIn, m.SSO, m.Start, m.Joined, m.Direct = k.signIn(), k.sso(), start, joined, direct
	if len(r.joints) > 0 {
		x.mu.RLock()
		r.rejoin(m, &k.record, r.joints)
		x.mu.RUnlock()
	}
	r.texts = r.texts[:0]
	for i := range r.found {
		r.texts = append(r.texts, x.findings.text(&r.found[i]))
	}
	m.Findings = r.texts
	return m, rec
}

// fate adds to a frame that came as held what became of it, if that is known.
func (r *Reader) fate(row int, rec *capture.Record) {
	r.x.mu.RLock()
	fate, known := r.x.fates[row]
	place := fate.place
	r.x.mu.RUnlock()
	if !known || place < 0 {
		return
	}
	if r.fates == nil {
		r.x.mu.RLock()
		source := r.x.source
		r.x.mu.RUnlock()
		r.fates = source()
	}
	if became, err := r.fates.Record(place); err == nil && became.Kind == capture.Became {
		rec.Fate, rec.Sent, rec.ChangedBy, rec.HeldFor = became.Fate, became.Sent, became.ChangedBy, became.HeldFor
	}
}

// Occurrence returns what a filter is asked about for the row that was read last,
// if that is no message; nil if filters know nothing of it. It holds until the next
// row is read.
func (r *Reader) Occurrence(rec *capture.Record) *decode.Message {
	o := capture.Occurs(rec)
	if r.facts == nil || o == decode.NoOccurrence {
		return nil
	}
	r.what.Occur(o, rec.From, r.facts.Facts, rec.Time)
	r.x.mu.RLock()
	r.what.Start = r.x.start
	r.x.mu.RUnlock()
	for i := range r.found {
		r.what.Findings = append(r.what.Findings, r.x.findings.text(&r.found[i]))
	}
	return &r.what
}

// FindingsOn returns the findings on row i, of any kind. The slice is the caller's.
func (x *Index) FindingsOn(i int) (list []decode.Finding) {
	x.mu.RLock()
	var found []finding
	if x.holds(i) && x.at(i).has(flagFinds) {
		found = x.findings.on(nil, uint32(i))
	}
	x.mu.RUnlock()
	for k := range found {
		list = append(list, x.findings.text(&found[k]))
	}
	return list
}

// Walk calls f for the rows from up to, but not including, to that are wanted, in
// order, until it returns false. Rows whose bytes are not there are passed over;
// the error is that of the last one. What f is given holds during the call. want
// must not call the index; nil: all rows.
func (r *Reader) Walk(from, to int, want func(i int) bool, f func(i int, m *decode.Message, rec *capture.Record) bool) (err error) {
	if !r.ready() {
		return ErrNotKept
	}
	for from = max(from, 0); from < to; from += chunkRows - from%chunkRows {
		end := min(to, from+chunkRows-from%chunkRows)
		r.gather(from, end, want)
		// Reading on costs less than looking up, but not where little is wanted.
		dense := len(r.batch)*4 > end-from
		on := false
		for i := range r.batch {
			k := &r.batch[i]
			rec, rerr := r.next(k, on)
			if on = dense && rerr == nil; rerr != nil {
				err = rerr
				continue
			}
			m, rec := r.understand(k, rec)
			if !f(k.row, m, rec) {
				return err
			}
		}
	}
	return err
}

// gather copies the wanted rows.
func (r *Reader) gather(from, to int, want func(i int) bool) {
	r.batch = r.batch[:0]
	r.x.mu.RLock()
	defer r.x.mu.RUnlock()
	for i := from; i < min(to, r.x.n); i++ {
		if want == nil || want(i) {
			r.batch = append(r.batch, numbered{i, *r.x.at(i)})
		}
	}
}

// readOn is how many records are read to come to one that is wanted, before it is
// looked up.
const readOn = 64

// next reads a row: on from the one before, if that leads there.
func (r *Reader) next(k *numbered, on bool) (*capture.Record, error) {
	if k.place < 0 {
		return nil, ErrNotKept
	}
	if !on {
		r.places.Walk(k.place)
	}
	for range readOn {
		rec, place, err := r.places.Next()
		switch {
		case err != nil && !on:
			return nil, err
		case err == nil && place == k.place:
			return rec, nil
		case err != nil || place > k.place: // two rows of one place, or a damaged file
			r.places.Walk(k.place)
			on = false
		}
	}
	return r.places.Record(k.place)
}
