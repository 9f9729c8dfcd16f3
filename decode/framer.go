package decode

import "bytes"

// The limits a [Framer] keeps unless told otherwise. No command of MSNP2-21
// comes near them: the longest lines known are the sign-in tickets of MSNP15
// (some 2 KB), the longest payloads those of MSNP21's SDG (some 12 KB).
const (
	DefaultMaxLine    = 8 << 10
	DefaultMaxPayload = 1 << 20

	// maxOpaque bounds one opaque frame, so that a stream that is no MSNP comes
	// out as it goes and nothing grows.
	maxOpaque = 64 << 10
	// maxBeyond is the longest payload that is believed in at all: one whose length
	// is more is taken for nonsense.
	maxBeyond = 64 << 20
	// keepBuffer is the largest buffer that an idle framer holds on to.
	keepBuffer = 1 << 10
)

// Framer cuts one link, one direction of a connection, into frames. It does no
// I/O and allocates nothing per frame: frames are windows into what it was fed.
// It loses no byte: what is no command comes out as opaque frames, so that the
// Raw bytes of all frames, one after the other, are the link.
//
// A link that begins as HTTP/1 is cut into the messages of that: frames of the kind Web.
//
// Whether a command has a payload, and how long, is what the command table
// says; it needs neither dialect nor direction (the rule holds for MSNP2-21).
//
// The zero value is ready for use. A Framer is not safe for concurrent use.
type Framer struct {
	// MidStream says that the bytes start in the middle of a link, so that the
	// first ones may belong to a command whose line was not seen. Set it before
	// the first Feed.
	MidStream bool
	// MaxLine and MaxPayload limit the bytes of a line and of a payload. What
	// exceeds them is opaque. Zero stands for the defaults.
	MaxLine, MaxPayload int
	// Asked, shared by the framers of both links of a connection, tells which answers of
	// HTTP are to a HEAD. Nil: none is known to be.
	Asked *Asked

	buf   []byte // fed, and in no frame yet
	own   []byte // the framer's buffer, for what one Feed left to the next
	owned bool   // buf lies in own
	off   int64  // offset of buf[0] in the link

	scan    int   // so many bytes of buf hold no LF
	lineLen int   // of the line at buf[0], once it is whole
	eol     int   // of that line; 0: the line is not whole yet
	need    int   // length of the whole frame at buf[0], once known
	lost    bool  // looking for the next plausible command
	passed  int   // lost: so many bytes of buf are known to start none
	atLine  bool  // lost: buf[0] is the first byte of a line or a stretch
	gapped  bool  // lost: through a gap
	resync  bool  // the next command is the first after opaque bytes
	rest    int   // bytes of a payload whose beginning was lost
	blocks  bool  // in the data of an MSNFTP file
	left    int64 // of that file, in bytes
	started bool
	beyond  int64 // see Beyond

	web      *webFraming // the link is one of HTTP/1
	webKnown bool        // whether it is
}

// Feed hands the next bytes of the link to the framer. They must stay as they
// are until Next has returned false; frames returned before are void from now
// on.
func (f *Framer) Feed(b []byte) {
	if !f.started {
		f.started = true
		f.lost, f.atLine, f.gapped = f.MidStream, true, f.MidStream
	}
	if len(f.buf) == 0 {
		if cap(f.own) > keepBuffer {
			f.own = nil
		}
		f.buf, f.owned = b, false
		return
	}
	f.keep()
	if f.need > cap(f.own) {
		f.own = append(make([]byte, 0, f.need), f.own...)
	}
	f.own = append(f.own, b...)
	f.buf = f.own
}

// keep moves what is pending to the start of the framer's own buffer.
func (f *Framer) keep() {
	if f.owned && len(f.buf) == len(f.own) {
		return
	}
	f.own = append(f.own[:0], f.buf...)
	f.buf, f.owned = f.own, true
}

// Next puts the next whole frame into fr and reports whether there was one; if
// not, the framer needs more bytes. The frame's bytes hold until the next Feed.
func (f *Framer) Next(fr *Frame) bool {
	if !f.webKnown && len(f.buf) > 0 && !f.beginsWeb(false) {
		return f.wait()
	}
	if f.web != nil {
		return f.nextWeb(fr)
	}
	if !f.lost && !f.blocks && f.rest == 0 && f.eol == 0 && f.scan == 0 && f.quick(fr) {
		return true
	}
	for len(f.buf) > 0 {
		switch {
		case f.rest > 0:
			n := min(f.rest, len(f.buf), maxOpaque)
			f.rest -= n
			f.resync = true
			return f.emit(fr, Opaque, n)
		case f.blocks:
			if !f.inBlocks() {
				continue
			}
			return f.nextBlock(fr) || f.wait()
		case f.lost:
			if f.search(fr) {
				return true
			}
			if f.lost {
				return f.wait()
			}
		default:
			switch f.measure() {
			case whole:
				return f.command(fr)
			case partial:
				return f.wait()
			case blank:
				n := f.lineLen + f.eol
				return f.emit(fr, Blank, n)
			case senseless:
				f.lost, f.passed = true, 1
			}
		}
	}
	return false
}

// quick takes the command at the start of the buffer if it is one of the plain
// kind: a verb of the table, whole, within the limits. It is what measure and
// command do, in one go.
func (f *Framer) quick(fr *Frame) bool {
	b := f.buf
	i := bytes.IndexByte(b, '\n')
	if i < 3 || i > f.maxLine() {
		return false
	}
	v := lookup(b)
	if v == nil || v.Blocks {
		return false
	}
	lineLen, eol := i, 1
	if b[i-1] == '\r' {
		lineLen, eol = i-1, 2
	}
	if lineLen > 3 && b[3] != ' ' {
		return false
	}
	need := i + 1
	if v.hasPayload() {
		n := max(v.payloadLen(b[:lineLen]), 0)
		if n > f.maxPayload() {
			return false
		}
		need += n
	}
	if len(b) < need {
		return false
	}
	fr.Kind, fr.Offset, fr.Raw = Command, f.off, b[:need:need]
	fr.LineLen, fr.EOL, fr.Missing, fr.Resync, fr.Gap = lineLen, eol, 0, f.resync, false
	f.resync, f.gapped = false, false
	f.buf = b[need:]
	f.off += int64(need)
	return true
}

// wait keeps what is pending beyond the caller's slice, and reports false.
func (f *Framer) wait() bool {
	if !f.owned {
		f.keep()
	}
	return false
}

// measured is what a look at the start of the buffer found there.
type measured uint8

const (
	senseless measured = iota // no command
	partial                   // the beginning of one
	blank                     // an empty line
	whole                     // a command
)

// measure looks for a command at the start of the buffer. It remembers how far
// it came, so that bytes fed one by one are each looked at once.
func (f *Framer) measure() measured {
	if f.eol == 0 {
		if m := f.line(); m != whole {
			return m
		}
	}
	if f.need == 0 {
		n, verdict := f.payload()
		if verdict == Maybe {
			return partial
		}
		if n > f.maxPayload() {
			if end := int64(f.lineLen+f.eol) + int64(n); end <= maxBeyond {
				f.beyond = f.off + end
			}
			f.forget()
			return senseless
		}
		f.need = f.lineLen + f.eol + n
	}
	if len(f.buf) < f.need {
		return partial
	}
	return whole
}

// line finds the line end of the command line at the start of the buffer.
func (f *Framer) line() measured {
	b := f.buf
	switch m := startsLine(b); m {
	case senseless:
		return senseless
	case blank:
		f.lineLen = bytes.IndexByte(b, '\n')
		f.eol = 1
		if f.lineLen > 0 {
			f.lineLen, f.eol = 0, 2
		}
		return blank
	}
	i := bytes.IndexByte(b[f.scan:], '\n')
	if i < 0 {
		f.scan = len(b)
		if len(b) > f.maxLine() {
			f.forget()
			return senseless
		}
		return partial
	}
	i += f.scan
	if i > f.maxLine() {
		f.forget()
		return senseless
	}
	f.lineLen, f.eol = i, 1
	if b[i-1] == '\r' {
		f.lineLen, f.eol = i-1, 2
	}
	return whole
}

// startsLine says whether b can be the beginning of a command line: three upper
// case letters or three digits, then a blank or the line end. It says partial
// where that holds, or may still come to hold.
func startsLine(b []byte) measured {
	if b[0] == '\n' {
		return blank
	}
	if b[0] == '\r' {
		if len(b) == 1 {
			return partial
		}
		if b[1] == '\n' {
			return blank
		}
		return senseless
	}
	n := min(len(b), 3)
	letters, digits := 0, 0
	for _, c := range b[:n] {
		switch {
		case 'A' <= c && c <= 'Z':
			letters++
		case '0' <= c && c <= '9':
			digits++
		}
	}
	if letters != n && digits != n {
		return senseless
	}
	if len(b) > 3 && b[3] != ' ' && b[3] != '\r' && b[3] != '\n' {
		return senseless
	}
	return partial
}

// command emits the command at the start of the buffer, which is whole.
func (f *Framer) command(fr *Frame) bool {
	lineLen, eol := f.lineLen, f.eol
	if size, ok := blocksFollow(f.buf[:lineLen]); ok {
		f.blocks, f.left = true, size
	}
	f.emit(fr, Command, f.need)
	fr.LineLen, fr.EOL = lineLen, eol
	return true
}

// emit makes the first n bytes of the buffer a frame, and forgets what was
// known about them.
func (f *Framer) emit(fr *Frame, kind FrameKind, n int) bool {
	*fr = Frame{Kind: kind, Offset: f.off, Raw: f.buf[:n:n]}
	switch kind {
	case Blank:
		fr.EOL = n
	case Opaque:
		fr.Gap = f.gapped
	}
	if kind == Command {
		fr.Resync = f.resync
		f.resync, f.gapped = false, false
	}
	f.atLine = fr.Raw[n-1] == '\n'
	f.buf = f.buf[n:]
	f.off += int64(n)
	f.forget()
	return true
}

// forget drops what is known about the frame at the start of the buffer.
func (f *Framer) forget() { f.scan, f.lineLen, f.eol, f.need, f.passed = 0, 0, 0, 0, 0 }

// Gap tells the framer that n bytes of the link are lost at this place; n < 0
// stands for an unknown number. Call it until it returns false: it gives what
// was pending, as an incomplete frame, before it takes note of the gap. If the
// gap lies within a payload or a block whose length is known the framer stays
// in step; otherwise it looks for the next plausible command.
func (f *Framer) Gap(n int64, fr *Frame) bool {
	f.webKnown = f.webKnown || len(f.buf) > 0 && f.beginsWeb(true)
	if f.web != nil {
		return f.gapWeb(n, fr)
	}
	missing := int64(f.rest)
	if f.settle(fr) {
		return true
	}
	if len(f.buf) > 0 {
		f.torn(fr)
		fr.Gap, f.gapped = true, true
		f.rest = fr.Missing
		if f.blocks {
			f.left -= int64(max(0, len(fr.Raw)-blockHeader) + fr.Missing)
		}
		return true
	}
	f.off += max(n, 0)
	f.forget()
	if n >= 0 && n <= missing && missing > 0 {
		f.rest = int(missing - n)
		f.resync = true
		return false
	}
	f.rest, f.blocks, f.lost, f.atLine, f.resync, f.started = 0, false, true, true, true, true
	f.gapped = true
	return false
}

// Flush gives, at the end of the link, what no frame has been made of: a line
// without its end, such as the last OUT of some clients, a payload cut short,
// or opaque bytes. Call it until it returns false.
func (f *Framer) Flush(fr *Frame) bool {
	if len(f.buf) == 0 {
		return false
	}
	f.webKnown = f.webKnown || f.beginsWeb(true)
	if f.web != nil {
		return f.nextWeb(fr) || f.tornWeb(fr)
	}
	return f.settle(fr) || f.torn(fr)
}

// settle is Next where no more bytes will come to say whether a line has a payload.
func (f *Framer) settle(fr *Frame) bool {
	if f.need == 0 {
		f.need = f.lineLen + f.eol
	}
	return !f.lost && f.Next(fr)
}

// torn makes a frame of everything pending.
func (f *Framer) torn(fr *Frame) bool {
	n, lineLen, eol, need := len(f.buf), f.lineLen, f.eol, f.need
	switch {
	case f.blocks && n >= blockHeader:
		f.emit(fr, Block, n)
		fr.Missing = BlockMissing(fr.Raw)
	case f.lost || f.blocks || f.rest > 0 || n < 3 || startsLine(f.buf) != partial:
		return f.emit(fr, Opaque, min(n, maxOpaque))
	case eol > 0:
		f.emit(fr, Command, n)
		fr.LineLen, fr.EOL, fr.Missing = lineLen, eol, need-n
	default:
		f.emit(fr, Command, n)
		fr.LineLen = len(bytes.TrimSuffix(fr.Raw, []byte{'\r'}))
	}
	return true
}

// Pending returns the bytes that were fed and are in no frame yet. They hold
// until the next Feed.
func (f *Framer) Pending() []byte { return f.buf }

// Beginning returns those of the pending bytes that may be the beginning of a line,
// and the offset of the first of them in the link: all but a whole line before them
// that may, or may not, go on in a payload.
func (f *Framer) Beginning() ([]byte, int64) {
	n := 0
	if f.eol > 0 && f.need == 0 {
		n = f.lineLen + f.eol
		n += len(f.buf[n:]) - len(pastBlank(f.buf[n:]))
	}
	return f.buf[n:], f.off + int64(n)
}

// Offset returns the offset of the first pending byte in the link.
func (f *Framer) Offset() int64 { return f.off }

// InStep reports whether the framer knows where it is, rather than looking for
// the next plausible command.
func (f *Framer) InStep() bool { return !f.lost && (f.web == nil || !f.web.lost) }

// Beyond returns where in the link the last payload ends that was longer than
// MaxPayload, if its length can be believed. What looks like commands before that is
// probably part of it. 0: there was none.
func (f *Framer) Beyond() int64 { return f.beyond }

func (f *Framer) maxLine() int {
	if f.MaxLine > 0 {
		return f.MaxLine
	}
	return DefaultMaxLine
}

func (f *Framer) maxPayload() int {
	if f.MaxPayload > 0 {
		return f.MaxPayload
	}
	return DefaultMaxPayload
}
