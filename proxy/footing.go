package proxy

import (
	"bytes"
	"fmt"

	"msnproxy/decode"
)

const (
	// stepsToTrust is how many commands that fit the table must follow one another
	// before redirects are rewritten again in a link that lost its framing.
	stepsToTrust = 5
	// maxPassedRemarks bounds the remarks about redirects that one link passed as
	// they came.
	maxPassedRemarks = 8
)

// footing is what a link has shown of itself: whether what looks like a redirect in
// it is one.
type footing struct {
	begin   []byte // the first bytes of the link, until it is known what they are
	known   bool   // it is, and was said
	alien   bool   // and it is no MSNP
	shaky   bool   // the framing was lost since
	steps   int    // commands that fit the table, one after the other, since that
	rosters bool   // a Roster header where none belongs was remarked on
	passed  int    // remarks about redirects that passed
}

// settled reports whether a link that lost its framing is trusted again.
func (f *footing) settled() bool { return !f.shaky || f.steps >= stepsToTrust }

// trusted reports whether redirects of the link may be rewritten: it and the link of
// the other direction began as MSNP does, and it has not lost its framing lately.
func (l *link) trusted() bool { return !l.unsteady.Load() && l.c.foreign.Load() == nil }

// recognise finds out what the link is by its first bytes. more are the next of them;
// ended says that there are no more.
func (l *link) recognise(w *work, more []byte, ended bool) {
	f := &l.footing
	b := more
	if len(f.begin) > 0 {
		f.begin = append(f.begin, more[:min(len(more), decode.MaxOpening)]...)
		b = f.begin
	}
	o, ok := decode.ReadOpening(b, l.from, ended)
	if ok && o.MSNP() {
		f.known, f.begin = true, nil
		l.clear()
		if l.from == decode.Client {
			l.c.roles.Store(uint32(o.Roles))
		}
		return
	}
	if ok {
		f.alien = true
		l.c.foreign.CompareAndSwap(nil, &o)
	}
	if !ok || o.Partial {
		if len(f.begin) == 0 {
			f.begin = append(f.begin, b...)
		}
		if l.from == decode.Client {
			begun := bytes.Clone(f.begin)
			l.c.unclear.Store(&begun)
		}
		return
	}
	f.known, f.begin = true, nil
	l.clear()
	l.remark(w, fmt.Sprintf("the %s's first bytes are no MSNP but %s", l.from, o))
}

// clear takes note that it is known what the link began with.
func (l *link) clear() {
	if l.from == decode.Client {
		l.c.unclear.Store(nil)
	}
}

// step keeps account of how a link that lost its framing does since.
func (f *footing) step(fr *decode.Frame, from decode.Sender, beyond int64) {
	switch {
	case fr.Kind == decode.Opaque || fr.Offset < beyond:
		f.shaky, f.steps = true, 0
	case !f.shaky || fr.Kind == decode.Blank:
	default:
		var m decode.Message
		if m.Decode(fr, from, 0, 0); fr.Complete() && m.Fits() {
			f.steps = min(f.steps+1, stepsToTrust)
		} else if f.steps < stepsToTrust {
			f.steps = 0
		}
	}
}

// passing remarks on a redirect that passes as it came because the link is not
// trusted.
func (l *link) passing(w *work, what string) {
	f := &l.footing
	o := l.c.foreign.Load()
	if f.passed++; f.passed > maxPassedRemarks || o != nil && f.passed > 1 {
		return
	}
	why := fmt.Sprintf("the framing was lost, and only %d of the %d commands that must make sense after that have come", f.steps, stepsToTrust)
	if o != nil {
		why = fmt.Sprintf("the connection began with %s", o.Text)
	}
	if f.passed == maxPassedRemarks {
		why += "; that is not remarked on again for this connection"
	}
	l.remark(w, fmt.Sprintf("%s passed as it came: %s", what, why))
}

// onSwitchboard reports whether the client's first line was one for a switchboard.
func (c *conn) onSwitchboard() bool { return decode.Role(c.roles.Load()) == decode.SB }
