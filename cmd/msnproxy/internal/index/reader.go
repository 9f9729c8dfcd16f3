package index

import (
	"errors"
	"fmt"

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
	m       decode.Message
	found   []decode.Finding
	verdict challenge.Verdict
	batch   []numbered
}

type numbered struct {
	row int
	record
}

// NewReader returns a reader.
func (x *Index) NewReader() *Reader { return &Reader{x: x} }

// Read returns what stands in row i. The message is nil for rows that are none.
// Both hold until the next call, the record's Conn for good.
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
	return r.understand(&k, rec), rec, nil
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
func (r *Reader) understand(k *record, rec *capture.Record) *decode.Message {
	x := r.x
	rec.Conn, rec.From, rec.Frame.Offset = nil, k.from(), k.offset
	x.mu.RLock()
	defer x.mu.RUnlock()
	if k.conn == 0 {
		return nil
	}
	facts := x.conns[k.conn].facts
	rec.Conn = facts.Record
	if k.kind() != Message {
		return nil
	}
	m := &r.m
	m.Decode(&rec.Frame, rec.From, decode.Role(k.role), int(k.dialect))
	m.Number, m.Time, m.Conn, m.Noise = int64(k.number), k.time(), facts.Facts, k.noise()
	if m.Role == 0 {
		m.Role = facts.Facts.Role
	}
	if k.reply > 0 {
		m.ReplyTo, m.Latency, m.FirstReply = int64(k.reply), x.latency(k), k.has(flagFirst)
		if q := x.rowOf(m.ReplyTo); q >= 0 {
			m.ReplyVerb = verbName(x.at(q).verb)
		}
	}
	if v := k.bits(shiftChallenge, 3); v > 0 {
		r.verdict = challenge.Verdict{Result: challenge.Result(v - 1)}
		m.Challenge = &r.verdict
	}
	m.SignIn = k.signIn()
	if k.has(flagFinds) {
		r.found = x.findings.on(r.found[:0], uint32(x.rowOf(m.Number)))
		m.Findings = r.found
	}
	return m
}

// Findings returns the findings on row i, of any kind. The slice is the caller's.
func (x *Index) FindingsOn(i int) []decode.Finding {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if !x.at(i).has(flagFinds) {
		return nil
	}
	return x.findings.on(nil, uint32(i))
}

// Walk calls f for the rows from up to, but not including, to that are wanted, in
// order, until it returns false. Rows whose bytes are not there are passed over;
// the error is that of the last one. What f is given holds during the call. want
// must not call the index; nil: all rows.
func (r *Reader) Walk(from, to int, want func(i int) bool, f func(i int, m *decode.Message, rec *capture.Record) bool) (err error) {
	if !r.ready() {
		return ErrNotKept
	}
	for ; from < to; from += chunkRows - from%chunkRows {
		end := min(to, from+chunkRows-from%chunkRows)
		r.gather(from, end, want)
		// Reading on costs less than looking up, but not where little is wanted.
		dense := len(r.batch)*4 > end-from
		for i := range r.batch {
			k := &r.batch[i]
			rec, rerr := r.next(k, dense && i > 0)
			if rerr != nil {
				err = rerr
				continue
			}
			if !f(k.row, r.understand(&k.record, rec), rec) {
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

// next reads a row: on from the one before, where that leads there.
func (r *Reader) next(k *numbered, on bool) (*capture.Record, error) {
	if k.place < 0 {
		return nil, ErrNotKept
	}
	for range 64 {
		if !on {
			r.places.Walk(k.place)
			on = true
		}
		rec, place, err := r.places.Next()
		if err != nil {
			return nil, err
		}
		if place == k.place {
			return rec, nil
		}
		if place > k.place {
			on = false
		}
	}
	return r.places.Record(k.place)
}
