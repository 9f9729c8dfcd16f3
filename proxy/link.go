package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/entrance"
	"msnproxy/proxy/gate"
)

// maxLossRemarks bounds the remarks about lost framing that one link makes.
const maxLossRemarks = 8

// link carries on one direction of a connection.
type link struct {
	c      *conn
	from   decode.Sender
	src    *reader
	dst    net.Conn
	framer decode.Framer
	bytes  *atomic.Int64 // Stats.FromClients or FromServers

	in   int64  // bytes received
	out  int64  // so many of them were sent on
	held []byte // the others: an incomplete line that may be a redirect

	dropped  int64 // bytes that the observer was not shown
	lost     bool  // what comes makes no sense
	losses   int   // remarks about that
	footing  footing
	unsteady atomic.Bool // not footing.settled, for others than the link
	first    bool        // the first frame is to be looked at for a cookie

	seen    int    // frames
	opening string // the line of the first one, if it is a command
	instead string // what went on in its stead

	late *entrance.Caller // the client has said nothing yet, and may have come by another way

	lane *gate.Lane  // what goes through the gate; nil: there is none
	sent atomic.Bool // something has come out of the lane
	web  *weblink    // nil: it carries MSNP

	http  bool  // HTTP has come
	shift int64 // by how much what is recorded is longer than what came, as secrets are masked
}

// run carries bytes on until the sender has no more or the connection breaks.
// pieces are what was read before.
func (l *link) run(pieces [][]byte) {
	defer l.c.linkDone()
	if l.lane != nil {
		defer l.lane.Close()
	}
	if l.late != nil {
		begun, taken, err := l.latecomer()
		if err != nil {
			l.end(err)
			return
		}
		if taken {
			return
		}
		pieces = begun
	}
	for _, piece := range pieces {
		if err := l.carryPiece(piece); err != nil {
			l.broken(err)
			return
		}
	}
	for {
		if err := l.room(); err != nil {
			l.c.abort(l.from, err)
			return
		}
		w, err := l.src.next()
		if err != nil {
			if l.from == decode.Server && l.in == 0 {
				l.c.hear()
			}
			l.end(err)
			return
		}
		err = l.carry(w)
		w.free()
		if err != nil {
			l.broken(err)
			return
		}
	}
}

// broken ends the link because of an error of carry.
func (l *link) broken(err error) {
	if errors.Is(err, errStray) {
		l.held, l.out = nil, l.in
		l.end(io.EOF)
		return
	}
	l.c.unwritable(l.from.Peer(), err)
}

// carryPiece carries on what was read before the link ran.
func (l *link) carryPiece(piece []byte) error {
	for len(piece) > 0 {
		w := takeWork()
		w.in = w.buf[:copy(w.buf[:], piece)]
		piece = piece[len(w.in):]
		err := l.carry(w)
		w.free()
		if err != nil {
			return err
		}
	}
	return nil
}

// end is called when nothing more can be read from the sender.
func (l *link) end(err error) {
	if werr := l.flush(); werr != nil {
		l.c.unwritable(l.from.Peer(), werr)
		return
	}
	if !errors.Is(err, io.EOF) {
		l.c.abort(l.from, err)
		return
	}
	if l.lane != nil {
		l.lane.Gone()
		if err := l.drained(l.lane.Finished); err != nil {
			l.c.abort(l.from, err)
			return
		}
	}
	if l.c.halfClosed(l.from) {
		return
	}
	if cw, ok := l.dst.(interface{ CloseWrite() error }); ok {
		// If that fails the other side is gone, and its own link finds out.
		_ = cw.CloseWrite()
	}
	if err := l.src.watch(); err != nil {
		l.c.abort(l.from, err)
	}
}

// carry carries on what one read brought: with one write, and before that, so that
// a request is told before its reply, to whoever observes.
func (l *link) carry(w *work) error {
	p := l.c.p
	w.begin(l)
	if !l.footing.known {
		l.recognise(w, w.in, false)
	}
	if l.in == 0 {
		l.c.silence.broken(l.from)
	}
	if l.c.half.open.Load() {
		l.c.goesOn(l.from)
	}
	l.in += int64(len(w.in))
	l.bytes.Add(int64(len(w.in)))
	frames, wake := int64(0), false
	for rest := w.in; len(rest) > 0; {
		if len(w.records) > 0 {
			// They point into the framer, which is about to be fed again.
			wake = l.tell(w) || wake
		}
		part := rest[:l.part(rest)]
		rest = rest[len(part):]
		l.framer.Feed(part)
		for l.framer.Next(&w.fr) {
			frames++
			if l.webStray(w, w.fr.Raw, w.fr.Offset) {
				l.withhold(w, &w.fr)
				continue
			}
			if len(w.records) > groupSize-4 {
				wake = l.tell(w) || wake
			}
			if l.gated(&w.fr) {
				wake = l.pass(w, &w.fr) || wake
				continue
			}
			l.frame(w, &w.fr)
			if l.lane != nil && !l.overtake(w, &w.fr) {
				w.piece++
			}
		}
	}
	p.count.frames.Add(frames)
	if p.observed && !w.observed {
		p.queue.skip(frames)
	}
	if l.web != nil {
		l.webHead(w)
	}
	wake = l.tell(w) || wake
	p.commit(w.ticket)
	err := l.write(w, l.output(w))
	if wake || w.woken {
		p.queue.nudge()
	}
	if err == nil && l.web != nil && l.web.strayAt >= 0 {
		err = errStray
	}
	return err
}

// part returns how many of the bytes that came should be fed to the framer next. Any
// answer is right; but fed with no more than completes the frame that it is waiting
// for, the framer need not copy the rest to have it behind what it has.
func (l *link) part(b []byte) int {
	pending := l.framer.Pending()
	if len(pending) == 0 || len(b) < 256 || !l.framer.InStep() {
		return len(b)
	}
	end := bytes.IndexByte(pending, '\n')
	if end < 0 {
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return i + 1
		}
		return len(b)
	}
	size := 0
	for _, c := range pending[bytes.LastIndexByte(pending[:end], ' ')+1 : end] {
		if '0' <= c && c <= '9' && size < 1<<20 {
			size = 10*size + int(c-'0')
		}
	}
	if missing := end + 1 + size - len(pending); missing > 0 && missing < len(b) {
		return missing
	}
	return len(b)
}

// frame looks at one frame: it rewrites it if that is due, and makes a record.
func (l *link) frame(w *work, fr *decode.Frame) {
	if l.web != nil {
		l.webFrame(w, fr)
		return
	}
	var sent []byte
	if l.from == decode.Server && fr.Kind == decode.Command && l.mayRewrite(w, fr) {
		if with := l.rewrite(w, fr); with != nil {
			w.out = l.appendInput(w.out, w, w.cursor, fr.Offset)
			at := len(w.out)
			w.out = append(w.out, with...)
			sent = w.out[at:]
			w.cursor = fr.Offset + int64(len(fr.Raw))
		}
	}
	l.heed(w, fr)
	if !w.observed {
		l.dropped += int64(len(fr.Raw))
		return
	}
	w.records = append(w.records, l.record(w, fr, sent))
}

// heed takes note of what a frame says of the link.
func (l *link) heed(w *work, fr *decode.Frame) {
	if l.lost != (fr.Kind == decode.Opaque && !fr.Apart) {
		l.turn(w, fr)
	}
	if l.footing.shaky || fr.Kind == decode.Opaque {
		l.footing.step(fr, l.from, l.framer.Beyond())
		l.unsteady.Store(!l.footing.settled())
	}
	if l.begins() {
		l.begun(fr)
	}
	if l.first {
		l.first = false
		l.look(w, fr)
	}
}

// turn notes that the link stopped making sense with this frame, or makes sense
// again.
func (l *link) turn(w *work, fr *decode.Frame) {
	l.lost = !l.lost
	if l.lost {
		l.c.p.count.lost.Add(1)
	}
	if l.web != nil {
		l.webTurn(w, fr)
		return
	}
	if l.footing.alien || !l.footing.known {
		return // what it is was said, or will be
	}
	if l.losses++; l.losses > maxLossRemarks {
		return
	}
	switch {
	case l.losses == maxLossRemarks:
		l.remark(w, fmt.Sprintf("the %s's bytes keep making no sense: that is not remarked on again for this connection", l.from))
	case l.lost:
		l.remark(w, fmt.Sprintf("lost the framing at byte %d from the %s: passing bytes on as they are", fr.Offset, l.from))
	default:
		l.remark(w, fmt.Sprintf("found the framing again at byte %d from the %s", fr.Offset, l.from))
	}
}

// look looks at the first frame of a client that was connected with the upstream
// unasked.
func (l *link) look(w *work, fr *decode.Frame) {
	if o := readOpening(fr.Raw); o.cookie != "" {
		l.remark(w, unknownCookie(o, l.c.rec.Server))
	}
}

// remark appends a remark to the records that are told next.
func (l *link) remark(w *work, text string) {
	w.records = append(w.records, capture.Record{Time: time.Now(), Conn: l.c.rec, Kind: capture.Remark, From: l.from, Text: text})
}

// tell hands the records gathered so far on. It reports whether the observer is to
// be woken.
func (l *link) tell(w *work) (wake bool) {
	if len(w.records) == 0 {
		return false
	}
	w.ticket, wake = l.c.p.hand(w.records, &l.dropped)
	w.records = w.group[:0]
	return wake
}
