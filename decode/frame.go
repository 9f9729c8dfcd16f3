package decode

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Sender says which end of a connection sent something. The client is the end
// that opened the TCP connection, also for MSNFTP.
type Sender uint8

// The two ends of a connection, and both of them where a table row holds for
// either.
const (
	Client Sender = 1 << iota
	Server
	Either = Client | Server
)

// String returns "client", "server" or "either".
func (s Sender) String() string {
	switch s {
	case Client:
		return "client"
	case Server:
		return "server"
	case Either:
		return "either"
	}
	return "unknown"
}

// Letter returns the letter that protocol documents put before a line: C or S.
func (s Sender) Letter() string {
	if s == Client {
		return "C"
	}
	return "S"
}

// Peer returns the other end.
func (s Sender) Peer() Sender { return s ^ Either }

// FrameKind tells what a frame is.
type FrameKind uint8

const (
	// Command is a command line with its payload, if it has one.
	Command FrameKind = iota
	// Blank is an empty line between commands. It is no part of the grammar,
	// but servers exist that send one after every reply.
	Blank
	// Block is one block of an MSNFTP file: three bytes of header (type, then
	// the length, low byte first) and the data.
	Block
	// Opaque bytes are no MSNP, or the framer had lost its place.
	Opaque
	// Web is one message of HTTP/1, head and body as they were sent. Its line is the first
	// line, its payload the rest.
	Web
)

// String returns the lower-case name of the kind.
func (k FrameKind) String() string {
	switch k {
	case Command:
		return "command"
	case Blank:
		return "blank"
	case Block:
		return "block"
	case Web:
		return "web"
	}
	return "opaque"
}

// blockHeader is the size of an MSNFTP block's header in bytes.
const blockHeader = 3

// Frame is one command line with its payload as it stood on the wire, a message of HTTP,
// or bytes that are neither. Its slices are windows into the framer's input: they hold
// until the next call of [Framer.Feed]; use Clone to keep one.
type Frame struct {
	Kind FrameKind
	// Offset is where the frame begins, in bytes from the start of its link.
	Offset int64
	// Raw is the whole frame: line, line end, payload.
	Raw []byte
	// LineLen is the length of the command line without its line end.
	LineLen int
	// EOL is the length of the line end: 2 for CRLF, 1 for a lone LF, 0 where
	// the stream ended without one.
	EOL int
	// Missing counts payload bytes that were announced and never came. Below zero, so
	// many more stand in a text written by hand than its line announces.
	Missing int
	// TextLine is, in a text whose lengths do not fit, the line of the command; else 0.
	TextLine int
	// Omitted: the payload is missing because a log does not show payloads.
	Omitted bool
	// Gap is set where it is a gap in the recording that makes the frame what it is:
	// a command that it cuts short, or opaque bytes that it, or a recording that
	// begins in mid-stream, leaves without their beginning.
	Gap bool
	// Resync is set on the first frame after a stretch of opaque bytes.
	Resync bool
	// Apart is set on a Web frame that is a head alone though it announces a body: the
	// answer to a HEAD or, where Missing is set, a message whose body is too long to be read,
	// or can't be told from what follows. The body then comes in Opaque frames, on which
	// Apart is set as well while it is known where it ends.
	Apart bool
}

// Line returns the command line without its line end.
func (f *Frame) Line() []byte { return f.Raw[:f.LineLen] }

// Payload returns the payload, which is empty where the command has none.
func (f *Frame) Payload() []byte {
	if f.Kind == Block {
		return f.Raw[min(blockHeader, len(f.Raw)):]
	}
	if f.Kind == Command && f.EOL == 0 {
		return nil
	}
	return f.Raw[f.LineLen+f.EOL:]
}

// Verb returns the three bytes that name the command, or nothing if the frame
// is no command.
func (f *Frame) Verb() []byte {
	if f.Kind != Command || f.LineLen < 3 {
		return nil
	}
	return f.Raw[:3]
}

// Complete reports whether the line has its end and the payload all its bytes.
// Opaque bytes are never complete.
func (f *Frame) Complete() bool {
	return f.Missing == 0 && f.Kind != Opaque && (f.Kind != Command || f.EOL > 0)
}

// Clone returns a frame with bytes of its own.
func (f *Frame) Clone() Frame {
	c := *f
	c.Raw = bytes.Clone(f.Raw)
	return c
}

// Token is one parameter's place in a command line.
type Token struct {
	// Start and End are offsets into the frame's Raw.
	Start, End int
}

// AppendTokens appends the places of the line's tokens, the verb first, to dst.
// Tokens are parted by single blanks (byte 0x20, nothing else), so that an
// empty parameter has its place; with collapse set, runs of blanks part them
// and empty ones vanish.
func (f *Frame) AppendTokens(dst []Token, collapse bool) []Token {
	line := f.Raw[:f.LineLen]
	start, i := 0, 0
	// Eight bytes at a time: lines are too short for anything else to pay.
	for ; i+8 <= len(line); i += 8 {
		for blanks := findBlanks(binary.LittleEndian.Uint64(line[i:])); blanks != 0; blanks &= blanks - 1 {
			end := i + bits.TrailingZeros64(blanks)/8
			if !collapse || end > start {
				dst = append(dst, Token{start, end})
			}
			start = end + 1
		}
	}
	for ; i < len(line); i++ {
		if line[i] != ' ' {
			continue
		}
		if !collapse || i > start {
			dst = append(dst, Token{start, i})
		}
		start = i + 1
	}
	if !collapse || len(line) > start {
		dst = append(dst, Token{start, len(line)})
	}
	return dst
}

// findBlanks sets the top bit of each byte of the word that is a blank.
func findBlanks(word uint64) uint64 {
	const low7 = 0x7f7f7f7f7f7f7f7f
	x := word ^ 0x2020202020202020
	return ^((x&low7 + low7) | x | low7)
}
