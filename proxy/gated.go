package proxy

import (
	"bytes"
	"fmt"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
)

// gated reports whether a frame goes through the stages of the gate: if one may want it, or
// it will have to wait, and no byte of it has gone.
func (l *link) gated(fr *decode.Frame) bool {
	if l.web != nil {
		return l.lane != nil && fr.Kind == decode.Web && fr.Missing == 0 && fr.Offset >= l.out && (!l.lane.Idle() || l.lane.Waits())
	}
	return l.lane != nil && fr.Kind == decode.Command && fr.EOL > 0 && fr.Missing == 0 &&
		fr.Offset >= l.out && (l.lane.Wants(fr.Raw) || l.lane.Waits())
}

// awaited returns the offset from which on bytes are held because a stage may want the
// frame that they begin, or because it will have to wait, so that it is told as held once it
// is whole; if it turns out to be keep-alive it passes what people hold.
func (l *link) awaited(cursor int64) (at int64, ok bool) {
	if l.lane == nil || !l.framer.InStep() || l.lane.Idle() && !l.lane.Blocked() {
		return 0, false
	}
	line, at := l.framer.Beginning()
	if len(line) == 0 || at < cursor {
		return 0, false
	}
	return at, l.lane.Wants(line) || l.lane.Blocked()
}

// pass gives a frame that was made whole to the stages, and has it go on, in the piece in
// which it came, or wait. It reports whether the observer is to be woken.
func (l *link) pass(w *work, fr *decode.Frame) (wake bool) {
	if l.from == decode.Server && !l.trusted() && l.mayRewrite(w, fr) {
		_ = l.rewrite(w, fr) // it is not, which is remarked on
	}
	v, wake := l.decide(w, fr)
	l.heed(w, fr)
	if l.seen == 1 {
		l.instead = string(v.Sent[:min(len(v.Sent), maxKnownLine)])
	}
	end := fr.Offset + int64(len(fr.Raw))
	switch {
	case !v.Simple:
		// What is before it goes before it.
		w.out = l.appendInput(w.out, w, w.cursor, fr.Offset)
		l.c.p.commit(w.ticket)
		if err := l.lane.Write(w.out, false, w.piece); err != nil && w.err == nil {
			w.err = err
		}
		w.out, w.cursor, w.piece = w.out[:0], end, 0
		if err := l.lane.Enter(v); err != nil && w.err == nil {
			w.err = err
		}
	case l.web != nil:
		l.webDecided(w, fr, v.Sent)
	case v.Sent != nil:
		w.piece++
		w.out = append(l.appendInput(w.out, w, w.cursor, fr.Offset), v.Sent...)
		w.cursor = end
	case !l.overtake(w, fr):
		w.piece++
	}
	return wake
}

// decide tells a frame, and what the stages make of it.
func (l *link) decide(w *work, fr *decode.Frame) (v gate.Verdict, wake bool) {
	wake = l.tell(w)
	var instead []byte
	if l.web != nil {
		instead = l.webChange(w, fr)
		if len(w.records) > 0 { // a remark on hosts
			wake = l.tell(w) || wake
		}
	}
	w.records = append(w.records, l.record(w, fr, instead))
	if l.web != nil {
		if l.web.went = instead; instead == nil {
			l.web.went = bytes.Clone(fr.Raw)
		}
		l.web.exact.put(w.records[0].Frame.Raw, l.web.went)
	}
	if l.c.p.queue != nil {
		l.c.p.queue.await(&w.records[0])
	}
	v = l.lane.Decide(&w.records[0], func() {
		var woken bool
		w.ticket, woken = l.c.p.give(w.records, &l.dropped)
		wake = woken || wake
	})
	w.records = append(w.group[:0], v.Remarks...)
	return v, wake
}

// passEnd has what the sender has left incomplete wait behind what waits, if none of it has
// gone: it is told as held, and what became of it. If nothing waits ok is false.
func (l *link) passEnd(w *work, fr *decode.Frame) (wake, ok bool) {
	at := fr.Offset - l.out
	if l.lane == nil || at < 0 || at+int64(len(fr.Raw)) > int64(len(l.held)) || !l.lane.Blocked() {
		return false, false
	}
	v, wake := l.decide(w, fr)
	if v.Simple {
		return wake, true
	}
	l.c.p.commit(w.ticket)
	// It is the connection's end; if the receiver is gone its own link finds out.
	_ = l.lane.Write(l.held[:at], false, 0)
	_ = l.lane.Enter(v)
	l.held, l.out = l.held[at+int64(len(fr.Raw)):], fr.Offset+int64(len(fr.Raw))
	return wake, true
}

// overtake lets keep-alive pass what people hold, and reports whether it did.
func (l *link) overtake(w *work, fr *decode.Frame) bool {
	if fr.Kind != decode.Command || fr.Missing > 0 || fr.Offset < l.out || !decode.MayBeAct(fr.Raw, decode.ActPing, decode.ActPong) || !l.lane.KeepsApart() {
		return false
	}
	w.woken = l.tell(w) || w.woken
	l.c.p.commit(w.ticket)
	w.out = l.appendInput(w.out, w, w.cursor, fr.Offset)
	err := l.lane.Write(w.out, false, w.piece)
	w.out, w.cursor, w.piece = w.out[:0], fr.Offset+int64(len(fr.Raw)), 0
	if err == nil {
		err = l.lane.Overtake(fr.Raw)
	}
	if err != nil && w.err == nil {
		w.err = err
	}
	return true
}

// write writes what one read brought, or what is left of it to write.
func (l *link) write(w *work, out []byte) error {
	switch {
	case w.err != nil:
		return w.err
	case len(out) == 0:
		return nil
	case l.lane == nil:
		_, err := l.dst.Write(out)
		return err
	}
	_, at := l.framer.Beginning()
	if len(l.framer.Pending()) > 0 {
		at = min(at, l.framer.Offset())
	}
	mid := l.framer.InStep() && l.out > at
	return l.lane.Write(out, mid, w.piece)
}

// room waits while too much waits behind what is held. The error is that of the sender,
// which has reset the connection meanwhile.
func (l *link) room() error {
	if l.lane == nil || !l.lane.Blocked() {
		return nil
	}
	why := l.lane.Full()
	if why == "" {
		return nil
	}
	l.c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, From: l.from, Text: why})
	return l.drained(l.lane.Drained)
}

// drained waits until the lane calls what is given to wait. The error is that of the
// sender, which has reset the connection meanwhile.
func (l *link) drained(wait func(func())) error {
	free := make(chan struct{})
	wait(func() { close(free) })
	select {
	case <-free:
		return nil
	default:
	}
	watched := make(chan error, 1)
	go func() { watched <- l.src.watch() }()
	var err error
	select {
	case <-free:
		l.c.interrupt(l.from)
		err = <-watched
		l.c.resume(l.from)
	case err = <-watched:
		if err == nil { // the connection is at its end, or nothing can be watched
			select {
			case <-free:
			case <-l.c.done:
			}
		}
	}
	return err
}

// outlet is the way out of a lane.
type outlet struct{ l *link }

// Exact implements gate.Outlet.
func (o outlet) Exact(b []byte) []byte {
	if o.l.web != nil {
		return o.l.c.webExact(o.l, b)
	}
	return b
}

// Send implements gate.Outlet.
func (o outlet) Send(b []byte) error {
	b = o.Exact(b)
	o.l.sent.Store(true)
	_, err := o.l.dst.Write(b)
	return err
}

// Tell implements gate.Outlet.
func (o outlet) Tell(records ...capture.Record) { o.l.c.p.publish(records, nil) }

// Redirected implements gate.Outlet.
func (o outlet) Redirected(frame []byte, named bool) (instead []byte, remarks []capture.Record) {
	l := o.l
	if len(frame) == 0 || !redirects[frame[0]] && frame[0] != 'M' || l.unsteady.Load() || l.c.foreign.Load() != nil {
		return nil, nil
	}
	var f decode.Framer
	f.Feed(frame)
	w := takeWork()
	defer w.free()
	w.in = nil
	w.out, w.records, w.cursor = w.out[:0], w.group[:0], 0
	w.roster = true
	w.named = named
	defer func() { w.named = false }()
	if !f.Next(&w.fr) || len(w.fr.Raw) != len(frame) || w.fr.Kind != decode.Command {
		return nil, nil
	}
	instead = l.rewrite(w, &w.fr)
	return instead, append(remarks, w.records...)
}

// End implements gate.Outlet.
func (o outlet) End(side decode.Sender, reset bool, by string) {
	text := fmt.Sprintf("closed by %s", by)
	if reset {
		text = fmt.Sprintf("reset by %s", by)
	}
	o.l.c.endBy(side, reset, text)
}

// Finish implements gate.Outlet.
func (o outlet) Finish(by string) {
	l := o.l
	cw, ok := l.dst.(interface{ CloseWrite() error })
	if !ok {
		return
	}
	l.c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, From: l.from,
		Text: fmt.Sprintf("half-closed by %s: the %s is told that nothing more comes, and what the %s says from now on is withheld", by, l.from.Peer(), l.from)})
	// If that fails the receiver is gone, and its own link finds out.
	_ = cw.CloseWrite()
}

// endBy ends one side of the connection, or both, because somebody at the proxy wants it.
// To the other side that is as if this one had gone.
func (c *conn) endBy(side decode.Sender, reset bool, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || c.stopped {
		return
	}
	c.over, c.text, c.reset, c.cut = true, text, reset, reset
	if side != decode.Either {
		c.closer = side.Peer() // who would have done it
	}
	c.wake()
}
