package proxy

import (
	"bytes"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// output returns what to write, and keeps what is held.
func (l *link) output(w *work) []byte {
	hold := l.hold(w.cursor)
	var out []byte
	if len(w.out) == 0 && len(l.held) == 0 && w.cursor == w.base {
		out = w.in[:hold-w.base]
	} else {
		w.out = l.appendInput(w.out, w, w.cursor, hold)
		out = w.out
	}
	var held []byte
	if hold < l.in {
		held = l.appendInput(nil, w, hold, l.in)
	}
	l.held, l.out = held, hold
	return out
}

// hold returns the offset from which on bytes are held: those of a line from the
// server that is incomplete and may be a redirect, if none of it was sent yet.
func (l *link) hold(cursor int64) int64 {
	if l.web != nil {
		return l.webHold(cursor)
	}
	if at, ok := l.awaited(cursor); ok {
		return at
	}
	if l.from != decode.Server || !l.framer.InStep() || !l.trusted() {
		return l.in
	}
	line, at := l.framer.Beginning()
	if len(line) == 0 || at < cursor || !decode.MayRedirect(line) || bytes.IndexByte(line, '\n') >= 0 {
		return l.in
	}
	return at
}

// appendInput appends the bytes received from offset from to offset to. They lie in
// held, which begins at offset out, and in w.in, which begins at w.base.
func (l *link) appendInput(dst []byte, w *work, from, to int64) []byte {
	if from < w.base && from < to {
		end := min(to, w.base)
		dst = append(dst, l.held[from-l.out:end-l.out]...)
		from = end
	}
	if from < to {
		dst = append(dst, w.in[from-w.base:to-w.base]...)
	}
	return dst
}

// flush sends what is held, at the end of the link, and tells what the framer made
// no frame of.
func (l *link) flush() error {
	w := takeWork()
	defer w.free()
	w.in = nil
	w.begin(l)
	if !l.footing.known {
		l.recognise(w, nil, true)
	}
	if l.web != nil {
		err := l.webFlush(w)
		l.tellDropped()
		return err
	}
	var fr decode.Frame
	wake := false
	for l.framer.Flush(&fr) {
		l.c.p.count.frames.Add(1)
		if l.begins() {
			l.begun(&fr)
		}
		if len(w.records) > groupSize-4 {
			l.tell(w)
		}
		if l.lost != (fr.Kind == decode.Opaque) {
			l.turn(w, &fr)
		}
		if len(l.held) > 0 && l.from == decode.Server && decode.MayRedirect(l.held) {
			l.remark(w, "the server's last line may be a redirect but lacks its end: it passed as it came")
		}
		woken, ok := l.passEnd(w, &fr)
		wake = woken || wake
		if !ok && l.c.p.observed {
			w.records = append(w.records, l.record(w, &fr, nil))
		}
	}
	wake = l.tell(w) || wake
	l.tellDropped()
	l.c.p.commit(w.ticket)
	if wake {
		l.c.p.queue.nudge()
	}
	if len(l.held) == 0 {
		return nil
	}
	held := l.held
	l.held, l.out = nil, l.in
	if l.lane != nil {
		return l.lane.Write(held, false, 0)
	}
	_, err := l.dst.Write(held)
	return err
}

// tellDropped tells the observer what it was not shown at the end of the link.
func (l *link) tellDropped() {
	if l.dropped == 0 || l.c.p.queue == nil {
		return
	}
	// The observer's alone: a recorder has missed nothing.
	gap := lostRecord(time.Now(), l.c.rec, l.from, l.dropped)
	l.dropped = 0
	if l.c.p.queue.add([]capture.Record{gap}, new(int64)) {
		l.c.p.queue.nudge()
	}
}
