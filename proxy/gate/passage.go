package gate

import (
	"bytes"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate/action"
)

// passage is a frame on its way through the stages and its lane. But for the fields of
// which that is said it belongs to the desk's goroutine until it is decided, and to its
// lane from then on.
type passage struct {
	lane    *Lane
	raw     []byte // as received
	offset  int64
	m       *decode.Message // as it is now; outlives the event once it is parked
	e       action.Effect
	stages  []*guarded
	next    int // the stage that sees it next
	claimed int // so many of the frames beside it have their number

	since    time.Time // when it came
	why      string    // who holds it
	late     bool      // it was postponed, and goes now
	people   bool      // people decide: keep-alive passes
	keep     bool      // keep-alive does not
	number32 uint32    // its TrID, if numbers are shifted; 0: none
	later    uint32    // by how much it is higher for the server
	behind   bool      // it waits behind another: nobody decides on it
	foreign  bool      // other programs had a say: an address is not the user's own word
	timer    *time.Timer
	parked   bool // somebody decides: of g.mu
	decided  bool // nobody does, or has: of the lane's mu
	at       time.Time
	gone     error // the lane broke before it was decided: of g.mu
}

// Number is that of the message.
func (p *passage) number() int64 { return p.m.Number }

// frame is what would go on.
func (p *passage) frame() []byte {
	if p.e.Frame != nil {
		return p.e.Frame
	}
	return p.raw
}

// simple reports whether the frame goes on at once, in its piece, as it came or with
// other bytes in its stead, and nothing besides.
func (p *passage) simple() bool {
	e := &p.e
	return !p.waits() && len(e.Sends) == 0 && len(e.Ends) == 0 && len(e.Faults) == 0 && e.Repeat == 0 && e.Postpone == 0
}

// waits reports whether what is behind it waits.
func (p *passage) waits() bool { return p.why != "" || p.e.Delay > 0 }

// untouched reports whether no stage has done anything.
func (p *passage) untouched() bool {
	e := &p.e
	return p.simple() && e.Frame == nil && !e.Drop && len(e.By) == 0 && e.Remark == "" && e.Mark == ""
}

// became is the record that says what became of the frame: sent nil: it was withheld.
func (p *passage) became(sent []byte, now time.Time) capture.Record {
	r := capture.Record{
		Time: now, Conn: p.lane.c.rec, Kind: capture.Became, From: p.lane.from,
		Frame: decode.Frame{Offset: p.offset}, ChangedBy: p.e.By,
	}
	switch {
	case sent == nil:
		r.Fate = capture.Withheld
	case !bytes.Equal(sent, p.raw):
		r.Sent = sent
	}
	if p.waits() || p.e.Postpone > 0 || p.late || p.behind {
		r.HeldFor = now.Sub(p.since)
	}
	return r
}
