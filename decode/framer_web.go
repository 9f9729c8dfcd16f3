package decode

import (
	"bytes"

	"msnproxy/decode/http1"
)

// A link that begins as HTTP/1 is cut into the messages of that. What comes behind the
// word to a proxy to connect, or its answer, begins anew. MSNP that goes through MSN's HTTP
// gateway is cut into its commands, with HTTP between them, where nobody has unwrapped it.

// webState says what is known of whether the link is one of HTTP/1.
type webState uint8

const (
	webUnknown webState = iota // too little has come to say
	webNo
	webAsks    // requests
	webAnswers // answers
)

// webFraming is what a framer keeps of a link of HTTP/1.
type webFraming struct {
	state webState
	sizer http1.Sizer
	lost  bool // looking for the next message
	left  int  // bytes of a message that is too long, or whose beginning is lost
	long  bool // in the chunks of a message that is too long; sizer knows where
	asked bool // the request at the start of the buffer is noted
}

// nextMessage gets ready for the message that begins the buffer.
func (f *Framer) nextMessage() {
	w := f.web
	w.sizer = http1.Sizer{Request: w.state == webAsks}
	w.asked = false
}

// size says how long the message at the start of the buffer is, as [http1.Sizer.Size] does.
func (f *Framer) size(ended bool) (int, http1.Guess) {
	w := f.web
	w.sizer.Bodiless = w.state == webAnswers && f.Asked.bodiless()
	n, g := w.sizer.Size(f.buf, ended)
	if w.state == webAsks && !w.asked {
		if m, ok := http1.Parse(f.buf); ok && m.Request {
			f.Asked.ask(m.Method)
			w.asked = true
		}
	}
	return n, g
}

// beginsWeb finds out whether the link is one of HTTP/1, and reports whether that can be
// said.
func (f *Framer) beginsWeb(ended bool) bool {
	asks, answers := http1.Starts(f.buf, true), http1.Starts(f.buf, false)
	switch {
	case asks == http1.Yes && !gatewayTarget(string(firstLine(f.buf))):
		f.startWeb(webAsks)
	case answers == http1.Yes && !ended && http1.HeadLen(f.buf) == 0 && len(f.buf) < http1.MaxHead:
		return false // it may be that of the gateway
	case answers == http1.Yes && !gatewayAnswer(f.buf):
		f.startWeb(webAnswers)
	case !ended && (asks == http1.Maybe || answers == http1.Maybe):
		return false
	default:
		f.web = nil
		f.webKnown = true
	}
	return true
}

func (f *Framer) startWeb(s webState) {
	f.web = &webFraming{state: s, sizer: http1.Sizer{Request: s == webAsks}}
	f.webKnown = true
	f.lost = false
}

// nextWeb is Next on a link of HTTP/1.
func (f *Framer) nextWeb(fr *Frame) bool {
	w := f.web
	for len(f.buf) > 0 {
		switch {
		case w.left > 0:
			n := min(w.left, len(f.buf), maxOpaque)
			w.left -= n
			return f.emitBody(fr, n)
		case w.long:
			n, g := w.sizer.Size(f.buf, false)
			switch {
			case g == http1.Yes:
				w.long, w.left = false, n
				f.nextMessage()
			case g == http1.No:
				w.long, w.lost, f.passed = false, true, 0
				f.nextMessage()
			default:
				if n = min(w.sizer.Passed(len(f.buf)), maxOpaque); n == 0 {
					return f.wait()
				}
				w.sizer.Skip(n)
				return f.emitBody(fr, n)
			}
			continue
		case w.lost:
			if n, ok := f.searchWeb(); n > 0 {
				f.resync = true
				return f.emit(fr, Opaque, min(n, maxOpaque))
			} else if !ok {
				return f.wait()
			}
			w.lost = false
		}
		if n := betweenMessages(f.buf); n > 0 {
			return f.emit(fr, Blank, n)
		} else if n < 0 {
			return f.wait()
		}
		n, g := f.size(false)
		long := len(f.buf) > f.maxPayload()+http1.MaxHead
		head := http1.HeadLen(f.buf)
		switch {
		case g == http1.Yes && n > f.maxPayload()+http1.MaxHead:
			w.left = n - head
			return f.emitHead(fr, head, w.left)
		case g == http1.Yes && n <= len(f.buf):
			return f.emitWeb(fr, n)
		case g == http1.Maybe && f.tunnels():
			return f.emitWeb(fr, head)
		case g == http1.Maybe && long && head > 0:
			sizer := w.sizer
			sizer.Skip(head)
			f.emitHead(fr, head, len(f.buf)-head)
			w.sizer, w.long = sizer, true
			return true
		case g == http1.No && head > 0 && f.headStands(head):
			// How long its body is can't be told.
			f.emitHead(fr, head, 1)
			w.lost, f.passed = true, 0
			return true
		case g == http1.No || long:
			w.lost, f.passed = true, 1
			f.nextMessage()
			f.Asked.forget()
		default:
			return f.wait()
		}
	}
	return false
}

// betweenMessages returns the length of an empty line, which some clients send behind a
// body; -1: one more byte is needed to say.
func betweenMessages(b []byte) int {
	switch {
	case b[0] == '\n':
		return 1
	case b[0] != '\r':
		return 0
	case len(b) == 1:
		return -1
	case b[1] == '\n':
		return 2
	}
	return 0
}

// tunnels reports whether the answer at the start of the buffer, whose end is not known,
// says that the proxy has connected: then it has no body.
func (f *Framer) tunnels() bool {
	n := http1.HeadLen(f.buf)
	if n == 0 {
		return false
	}
	m, ok := http1.Parse(f.buf[:n])
	return ok && m.Tunnels()
}

// emitWeb emits the message of n bytes at the start of the buffer.
func (f *Framer) emitWeb(fr *Frame, n int) bool {
	w, resync := f.web, f.resync
	bodiless := w.sizer.Bodiless
	f.emit(fr, Web, n)
	fr.Resync = resync
	f.resync, f.gapped = false, false
	fr.cutLine()
	f.nextMessage()
	m, ok := http1.Parse(fr.Raw)
	fr.Apart = ok && bodiless && (m.Find("Content-Length") != nil || m.Find("Transfer-Encoding") != nil)
	if ok && w.state == webAnswers && (m.Status >= 200 || m.Status == 101) {
		f.Asked.answered()
	}
	if ok && m.Tunnels() && !bodiless {
		f.web, f.webKnown = nil, false
	}
	return true
}

// emitHead emits the head of a message whose body is not read; so many bytes of that are
// known to follow.
func (f *Framer) emitHead(fr *Frame, head, body int) bool {
	f.emitWeb(fr, head)
	fr.Missing = body
	fr.Apart = true
	return true
}

// emitBody emits bytes of a body that is too long to be read.
func (f *Framer) emitBody(fr *Frame, n int) bool {
	f.emit(fr, Opaque, n)
	fr.Apart = !f.gapped
	f.resync = f.resync || f.gapped
	return true
}

// headStands reports whether the head at the start of the buffer is one.
func (f *Framer) headStands(head int) bool {
	m, ok := http1.Parse(f.buf[:head])
	return ok && m.Request == (f.web.state == webAsks)
}

// cutLine finds the first line of a message of HTTP/1.
func (f *Frame) cutLine() {
	i := bytes.IndexByte(f.Raw, '\n')
	if i < 0 {
		f.LineLen, f.EOL = len(f.Raw), 0
		return
	}
	f.LineLen, f.EOL = i, 1
	if i > 0 && f.Raw[i-1] == '\r' {
		f.LineLen, f.EOL = i-1, 2
	}
}

// searchWeb looks for the next message in the buffer: n bytes come before it, or are known
// to begin none. ok: one begins where they end.
func (f *Framer) searchWeb() (n int, ok bool) {
	marks := [][]byte{[]byte("HTTP/1.")}
	if f.web.state == webAsks {
		marks = [][]byte{[]byte("POST "), []byte("GET ")}
	}
	const longest = 7
	keep := len(f.buf)
	for _, mark := range marks {
		for at := f.passed; at < len(f.buf); {
			i := bytes.Index(f.buf[at:], mark)
			if i < 0 {
				break
			}
			at += i
			switch http1.Starts(f.buf[at:], f.web.state == webAsks) {
			case http1.Yes:
				keep, ok = min(keep, at), true
				at = len(f.buf)
			case http1.Maybe:
				if at < keep {
					keep, ok = at, false
				}
				at = len(f.buf)
			default:
				at++
			}
		}
	}
	if !ok && keep == len(f.buf) {
		keep = max(0, len(f.buf)-longest+1)
		if keep == 0 {
			keep = min(f.passed, len(f.buf))
		}
	}
	return keep, ok
}

// tornWeb makes a frame of what is pending at the end of the link, or before a gap.
func (f *Framer) tornWeb(fr *Frame) bool {
	w, n := f.web, len(f.buf)
	if n == 0 {
		return false
	}
	if w.long {
		return f.emitBody(fr, min(n, maxOpaque))
	}
	size, g := f.size(true)
	if w.lost || w.left > 0 || g == http1.No || http1.HeadLen(f.buf) == 0 {
		f.nextMessage()
		return f.emit(fr, Opaque, min(n, maxOpaque))
	}
	f.emitWeb(fr, n)
	if g == http1.Maybe {
		fr.Missing = max(1, size-n)
	} else {
		fr.Missing = size - n
	}
	return true
}

// gapWeb is Gap on a link of HTTP/1.
func (f *Framer) gapWeb(n int64, fr *Frame) bool {
	w := f.web
	if f.nextWeb(fr) {
		return true
	}
	if len(f.buf) > 0 {
		size, g := f.size(false)
		left := 0
		if g == http1.Yes && size > len(f.buf) {
			left = size - len(f.buf)
		}
		f.tornWeb(fr)
		fr.Gap, f.gapped = true, true
		w.left, w.lost, w.long = left, left == 0, false
		f.nextMessage()
		return true
	}
	f.off += max(n, 0)
	f.forget()
	f.resync, f.gapped = true, true
	if n >= 0 && w.left > 0 && n <= int64(w.left) {
		w.left -= int(n)
		return false
	}
	w.left, w.lost, w.long = 0, true, false
	f.nextMessage()
	f.Asked.forget()
	return false
}
