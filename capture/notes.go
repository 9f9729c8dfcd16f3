package capture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"msnproxy/decode"
)

// noteVersion is the "v" of the notes in recordings. docs/recordings.md describes
// them.
const noteVersion = 1

// noteMark begins the line of a packet's comment that is for programs.
const noteMark = "msnproxy: "

// note is what a packet can't say by itself. It stands in the packet's comment,
// as JSON, below a line for people.
type note struct {
	V int `json:"v"`
	// Open: the connection begins with this packet, or was open before the file.
	Open *noteOpen `json:"open,omitempty"`
	// Close: the connection ends with this packet.
	Close *noteClose `json:"close,omitempty"`
	// Half: the sender has finished with this packet, the other end goes on.
	Half bool `json:"half,omitempty"`
	// Remark is a remark on the connection, or on all.
	Remark *string `json:"remark,omitempty"`
	// Folded: the remark is about a layer below MSNP.
	Folded bool `json:"folded,omitempty"`
	// About: the remark is on a frame.
	About *noteAbout `json:"about,omitempty"`
	// Lost: so many bytes of the sender are missing before this packet; -1: not
	// known how many.
	Lost *int64 `json:"lost,omitempty"`
	// Kind is that of the frame if it is no command: "blank", "block", "opaque", "web".
	Kind string `json:"kind,omitempty"`
	// Size is the frame's length where it takes more than one packet.
	Size int `json:"size,omitempty"`
	// Resync: the first frame after bytes that made no sense.
	Resync bool `json:"resync,omitempty"`
	// Gap: what the frame lacks, the recording lacks.
	Gap bool `json:"gap,omitempty"`
	// Line is, in a text that the frame was read from, the line where its length does
	// not fit; Omitted: the text shows no payloads.
	Line    int  `json:"line,omitempty"`
	Omitted bool `json:"omitted,omitempty"`
	// In is the number of the connection, where another one has the same addresses.
	In uint32 `json:"in,omitempty"`
	// Sent is what was sent on instead; Fate "withheld", "injected" or "held".
	Sent *noteSent `json:"sent,omitempty"`
	Fate string    `json:"fate,omitempty"`
	// ChangedBy says who changed, withheld or injected it, Held how long it stood in the
	// proxy.
	ChangedBy []string `json:"changed_by,omitempty"`
	Held      millis   `json:"held_ms,omitempty"`
	// Verdict is what was found out by secrets that were masked.
	Verdict string `json:"verdict,omitempty"`
	// Became: it is now known what became of a frame that was held, with Fate, ChangedBy
	// and Held.
	Became *noteBecame `json:"became,omitempty"`
	// Offset is where the frame begins in its link, if that is not where the one
	// before it ended.
	Offset *int64 `json:"offset,omitempty"`
	// Text is what the record said besides.
	Text string `json:"text,omitempty"`
	// From is the sender of a frame whose packet can't tell: "client", "server".
	From string `json:"from,omitempty"`
}

type noteOpen struct {
	Conn      uint32 `json:"conn"`
	Client    string `json:"client,omitempty"`
	Server    string `json:"server,omitempty"`
	Via       string `json:"via,omitempty"`
	MidStream bool   `json:"midstream,omitempty"`
	Way       string `json:"way,omitempty"`
	Asked     string `json:"asked,omitempty"`
}

// conn makes the connection that a note announces.
func (n *noteOpen) conn() *Conn {
	return &Conn{ID: n.Conn, Client: n.Client, Server: n.Server, Via: n.Via, MidStream: n.MidStream, Way: n.Way, Asked: n.Asked}
}

// noteSent is the difference: Cut bytes at byte At of the frame gave way to Put.
type noteSent struct {
	At  int    `json:"at"`
	Cut int    `json:"cut"`
	Put []byte `json:"put"`
}

// noteBecame says of which frame, and what was sent on instead of it: with Other, Put. Of
// what does not fit into one comment More follows in the next.
type noteBecame struct {
	From   string `json:"from"`
	Offset int64  `json:"offset"`
	Other  bool   `json:"other,omitempty"`
	Put    []byte `json:"put,omitempty"`
	More   bool   `json:"more,omitempty"`
}

// millis are milliseconds, to the nanosecond.
type millis time.Duration

// MarshalJSON implements json.Marshaler.
func (m millis) MarshalJSON() ([]byte, error) { return AppendMillis(nil, time.Duration(m)), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (m *millis) UnmarshalJSON(b []byte) error {
	d, err := time.ParseDuration(string(b) + "ms")
	if err != nil || d < 0 {
		return fmt.Errorf("%s is no number of milliseconds", printableLine(string(b)))
	}
	*m = millis(d)
	return nil
}

// AppendMillis appends a time, not below zero, in milliseconds, to the nanosecond: as it
// stands in recordings and in JSON.
func AppendMillis(dst []byte, d time.Duration) []byte {
	d = max(d, 0)
	dst = strconv.AppendInt(dst, int64(d/time.Millisecond), 10)
	if part := d % time.Millisecond; part != 0 {
		dst = fmt.Appendf(dst, ".%06d", part)
		dst = bytes.TrimRight(dst, "0")
	}
	return dst
}

// difference returns what must be done to raw to have sent.
func difference(raw, sent []byte) *noteSent {
	at := 0
	for at < len(raw) && at < len(sent) && raw[at] == sent[at] {
		at++
	}
	end := 0
	for end < len(raw)-at && end < len(sent)-at && raw[len(raw)-1-end] == sent[len(sent)-1-end] {
		end++
	}
	return &noteSent{At: at, Cut: len(raw) - at - end, Put: sent[at : len(sent)-end]}
}

// apply returns what was sent on instead of raw, or nil if the note does not suit.
func (n *noteSent) apply(raw []byte) []byte {
	if n == nil || n.At < 0 || n.Cut < 0 || n.At > len(raw) || n.Cut > len(raw)-n.At {
		return nil
	}
	out := make([]byte, 0, len(raw)-n.Cut+len(n.Put))
	out = append(append(out, raw[:n.At]...), n.Put...)
	return append(out, raw[n.At+n.Cut:]...)
}

type noteClose struct {
	From  string `json:"from,omitempty"`
	Reset bool   `json:"reset,omitempty"`
}

// comment returns the note as the comment of a packet: a line for people, and
// one for programs.
func (n *note) comment(people string) []byte {
	n.V = noteVersion
	b, err := json.Marshal(n)
	if err != nil {
		return []byte(people) // nothing in a note can't be marshalled
	}
	return fmt.Appendf(nil, "%s\n%s%s", printableLine(people), noteMark, b)
}

// parseNote reads what comment made. It reports false for comments of others.
func parseNote(comment []byte) (note, bool) {
	for len(comment) > 0 {
		var line []byte
		line, comment, _ = bytes.Cut(comment, []byte{'\n'})
		if text, ok := bytes.CutPrefix(line, []byte(noteMark)); ok {
			var n note
			if json.Unmarshal(text, &n) == nil && n.V == noteVersion {
				return n, true
			}
		}
	}
	return note{}, false
}

// printableLines makes a comment of a text of several lines: as much of it as an option
// holds.
func printableLines(s string) []byte {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f || r == 0xfffd {
			return '.'
		}
		return r
	}, strings.ToValidUTF8(s, "."))
	if len(s) > maxComment {
		s = strings.ToValidUTF8(s[:maxComment], "") // not half a character
	}
	return []byte(s)
}

// printableLine makes a line for people of what may have come from the wire.
func printableLine(s string) string {
	const most = 400
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return '.'
		}
		return r
	}, strings.ToValidUTF8(s, "."))
}

func senderName(s decode.Sender) string {
	if s == decode.Client || s == decode.Server {
		return s.String()
	}
	return ""
}

func senderOf(name string) decode.Sender {
	switch name {
	case "client":
		return decode.Client
	case "server":
		return decode.Server
	}
	return 0
}
