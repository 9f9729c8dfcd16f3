package gate

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate/action"
)

// expand makes of a decided frame what goes out.
func (l *Lane) expand(p *passage) []*item {
	e := &p.e
	now := time.Now()
	var items []*item
	for i := range e.Sends {
		if s := &e.Sends[i]; s.When == action.Before {
			items = append(items, l.beside(s, p)...)
		}
	}
	switch by := l.shut.Load(); {
	case by != nil:
		return append(items, l.withheld(p, *by))
	case e.Drop:
		r := p.became(nil, now)
		items = append(items, &item{tell: &r})
	case e.Postpone > 0:
		l.postpone(p)
		items = append(items, l.repeats(p, p.frame())...)
	default:
		b, remarks := l.outgoing(p)
		l.tell(remarks)
		items = append(items, l.whole(p, b, now))
		items = append(items, l.repeats(p, b)...)
	}
	for i := range e.Sends {
		if s := &e.Sends[i]; s.When == action.After {
			items = append(items, l.beside(s, p)...)
		}
	}
	for i := range e.Ends {
		items = append(items, &item{end: &e.Ends[i], by: last(e.By)})
	}
	return items
}

// repeats are the items of a frame that is sent again.
func (l *Lane) repeats(p *passage, b []byte) (items []*item) {
	for range p.e.Repeat {
		items = append(items, l.injected(b, p.e.By, !p.foreign))
	}
	return items
}

// whole makes an item of a frame, or of what is sent in its stead, that goes now.
func (l *Lane) whole(p *passage, b []byte, now time.Time) *item {
	it := &item{b: b, own: p.waits() || p.late, of: p, frames: 1}
	if len(p.e.Faults) > 0 {
		it.b = l.out.Exact(b)
		masked := !bytes.Equal(it.b, b)
		l.plan(it, p, now)
		if !masked || it.b == nil { // else what is told stays masked
			b = it.b
		}
	}
	r := p.became(b, now)
	if it.plan != nil {
		for _, by := range it.plan.By {
			if !slices.Contains(r.ChangedBy, by) {
				r.ChangedBy = append(r.ChangedBy[:len(r.ChangedBy):len(r.ChangedBy)], by)
			}
		}
	}
	it.tell = &r
	return it
}

// postpone has a frame go later, alone.
func (l *Lane) postpone(p *passage) {
	alone := *p
	alone.late, alone.decided = true, true
	alone.e.Delay, alone.e.Postpone, alone.e.Repeat, alone.e.Sends, alone.e.Ends = 0, 0, 0, nil, nil
	l.enterLater(p.e.Postpone, func() error {
		alone.at = time.Now()
		return l.inject(&item{p: &alone, frames: 1})
	}, func(err error) { l.lose(&alone, err) })
}

func last(by []string) string {
	if len(by) == 0 {
		return "the gate"
	}
	return by[len(by)-1]
}

// outgoing returns what goes out of a frame: redirects rewritten.
func (l *Lane) outgoing(p *passage) ([]byte, []capture.Record) {
	b := p.frame()
	if l.from == decode.Server && (!p.e.Raw || p.e.Watched) {
		r, remarks := l.redirected(b, p.e.Frame != nil && !p.foreign)
		if r != nil {
			b = r
		}
		return p.shifted(b), remarks
	}
	return p.shifted(b), nil
}

func (l *Lane) tell(remarks []capture.Record) {
	if len(remarks) > 0 {
		l.out.Tell(remarks...)
	}
}

// beside returns the items of a frame that is sent beside another, if it goes through
// this lane and now. One for the other end is sent there.
func (l *Lane) beside(s *action.Send, p *passage) []*item {
	to := l.c.lanes[s.To.Peer()]
	frame := func() *item { // when it goes: a redirect is heeded from then on
		if s.Raw && !s.Watched {
			return to.injectedRaw(s.Frame, p.e.By)
		}
		return to.injected(s.Frame, p.e.By, !p.foreign)
	}
	switch {
	case s.Later > 0:
		to.enterLater(s.Later, func() error { return to.inject(frame()) }, func(err error) {
			r := capture.Record{Time: time.Now(), Conn: l.c.rec, Kind: capture.Remark, From: to.from}
			r.Text = fmt.Sprintf("%s: what was to be sent to the %s %v later was not (%q): %v", last(p.e.By), s.To, s.Later, s.Frame, err)
			l.out.Tell(r)
		})
	case to == l:
		return []*item{frame()}
	default:
		_ = to.inject(frame())
	}
	return nil
}

// injected makes an item of a frame that nobody has sent. named: the address of a redirect
// is the user's own word.
func (l *Lane) injected(frame []byte, by []string, named bool) *item {
	return l.injectedRaw(l.behind(frame, named), by)
}

// behind returns a frame that keeps the client behind the proxy, if it is a redirect.
func (l *Lane) behind(frame []byte, named bool) []byte {
	if l.from != decode.Server {
		return frame
	}
	r, remarks := l.redirected(frame, named)
	l.tell(remarks)
	if r != nil {
		return r
	}
	return frame
}

func (l *Lane) injectedRaw(b []byte, by []string) *item {
	r := capture.Record{
		Conn: l.c.rec, Kind: capture.Data, From: l.from, Fate: capture.Injected, ChangedBy: by,
		Frame: oneFrame(b),
	}
	return &item{b: b, tell: &r, own: true, frames: 1}
}

// oneFrame makes a frame of bytes: opaque if they are none, or several.
func oneFrame(b []byte) decode.Frame {
	var f decode.Framer
	var fr decode.Frame
	f.Feed(b)
	if f.Next(&fr) && len(fr.Raw) == len(b) {
		return fr
	}
	return decode.Frame{Kind: decode.Opaque, Raw: b}
}
