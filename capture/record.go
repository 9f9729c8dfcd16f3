package capture

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"msnproxy/decode"
)

// Conn is one TCP connection of a client with its upstream. The pointer is the
// same for the life of the connection, and what it points to does not change
// after the connection's Opened record.
type Conn struct {
	// ID counts the connections of a recording in order of appearance, from 1.
	ID uint32
	// Client and Server are "host:port"; empty where the recording does not say.
	Client, Server string
	// MidStream says that the recording starts after the connection did.
	MidStream bool
	// Via is the address of the proxy that the client dialled, if there is one: msnproxy's
	// own, or in a capture that of a SOCKS or HTTP proxy.
	Via string
	// Way is how the client came to the proxy, or asked another proxy: "SOCKS5",
	// "CONNECT"; empty: as to its server.
	Way string
	// Asked is the server that the client named on that way, as it named it: "host:port".
	Asked string
}

// wayTransparent is the way of clients that a firewall redirects to the proxy.
const wayTransparent = "transparent"

// Came says how the client came, to follow what the connection is: "by SOCKS5 for
// ns.example.com:1863", "redirected here for 192.0.2.1:1863"; empty: as to its server. It
// holds nothing that must be escaped.
func (c *Conn) Came() string {
	if c.Way == "" {
		return ""
	}
	s := "by " + c.Way
	if c.Way == wayTransparent {
		s = "redirected here" // nobody comes "by transparent"
	}
	if c.Asked != "" {
		s += " for " + c.Asked
	}
	return printableLine(s)
}

// Web reports whether the client came for a web service, by the way of a proxy that has them.
func (c *Conn) Web() bool {
	way := c.Way[strings.LastIndexByte(c.Way, ' ')+1:]
	return way == "HTTP" || way == "HTTPS"
}

// Kind tells what a [Record] is about.
type Kind uint8

const (
	// Opened is the first record of a connection.
	Opened Kind = iota + 1
	// Data is a frame.
	Data
	// Lost says that bytes of a link are missing here.
	Lost
	// HalfClosed says that From has sent its last byte, by FIN, while the other end
	// goes on. Closed follows when both are done.
	HalfClosed
	// Closed is the last record of a connection of which the end is known. There
	// is one, when both ends are done; From is the end that was done first.
	Closed
	// Remark is a line for people.
	Remark
	// Became says what became of a frame that was Held: of Conn, From and Frame.Offset.
	// It has no bytes of it; Time is when it went on, or was withheld.
	Became
)

// String returns the kind in lower case.
func (k Kind) String() string {
	switch k {
	case Opened:
		return "opened"
	case Data:
		return "data"
	case Lost:
		return "lost"
	case HalfClosed:
		return "half-closed"
	case Closed:
		return "closed"
	case Remark:
		return "remark"
	case Became:
		return "became"
	}
	return "unknown"
}

// Fate says what a proxy made of a frame.
type Fate = decode.Fate

const (
	// Passed: sent on, as received unless Record.Sent says otherwise.
	Passed = decode.Passed
	// Withheld: received and not sent on.
	Withheld = decode.Withheld
	// Injected: made by the proxy and sent, never received.
	Injected = decode.Injected
	// Held: received, and not decided when it was recorded. A Became record follows.
	Held = decode.Held
)

// Record is one thing that happened, as recorded.
type Record struct {
	// Time is when it happened: for a frame, when its last byte came. Zero where
	// the recording does not say.
	Time time.Time
	// Conn is nil only for a Remark about the whole recording.
	Conn *Conn
	Kind Kind
	// From is who sent the frame, whose bytes are lost, or who closed the
	// connection, or its half of it, first; 0 where that is not known or makes no sense.
	From decode.Sender
	// Frame is what was received from that sender, if Kind is Data.
	Frame decode.Frame
	// Sent is what was sent on instead of Frame.Raw; nil stands for the same
	// bytes.
	Sent []byte
	Fate Fate
	// ChangedBy says who changed, withheld or injected it, in order: `rule "lost acks"`,
	// `operator`, `addon 2`, `fault slice`, `api`.
	ChangedBy []string
	// HeldFor, if Kind is Became, is how long the frame stood in the proxy.
	HeldFor time.Duration
	// Verdict is what whoever made the record found out by secrets that are not in it:
	// decode.SSOVerdict(true) or (false), on the answer to a nonce; "": nothing.
	Verdict string
	// Number is the message's, where whoever made the record has numbered it: 0 leaves
	// that to the [Follower]. It is not recorded.
	Number int64
	// Reset says that the connection was closed by RST or by an error.
	Reset bool
	// Lost is the number of bytes missing, if Kind is Lost; -1: unknown.
	Lost int64
	// Text is the remark, or why the connection was closed. One line.
	Text string
	// Folded, if Kind is Remark, says that it is about a layer below MSNP, such as an
	// exchange of HTTP with a gateway: shown to those who ask for everything.
	Folded bool
	// About, if Kind is Remark and Conn is nil, makes the remark an annotation: a
	// user's mark and comment on a frame. Text is the comment.
	About *About
}

// BecameOf says in a line what a record of kind Became tells.
func (r *Record) BecameOf() string {
	s := "sent on"
	switch {
	case r.Fate == Withheld:
		s = "not sent on"
	case r.Fate == Held:
		s = "still held"
	case r.Sent != nil:
		s = "sent on as " + string(bytes.TrimRight(r.Sent[:min(len(r.Sent), 100)], "\r\n"))
	}
	s = fmt.Sprintf("byte %d of the %s, held %v: %s", r.Frame.Offset, r.From, r.HeldFor.Round(time.Millisecond), s)
	if len(r.ChangedBy) > 0 {
		s += ", by " + strings.Join(r.ChangedBy, ", ")
	}
	return printableLine(s)
}
