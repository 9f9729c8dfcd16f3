package decode

import "time"

// Occurrence is what happened to a connection, other than a message.
type Occurrence uint8

// The occurrences that filters know. NoOccurrence: it is a message.
const (
	NoOccurrence Occurrence = iota
	// HalfClosed: one end is done, and the other may go on.
	HalfClosed
	// Closed: both ends are done.
	Closed
	// Reset: the connection was broken off, by RST or by an error.
	Reset
	// Lost: bytes are missing in the recording here.
	Lost
)

// String returns the occurrence in words; "" for NoOccurrence.
func (o Occurrence) String() string {
	return [...]string{"", "half-closed", "closed", "reset", "lost"}[o]
}

// Ends reports whether the connection, or one direction of it, is at its end.
func (o Occurrence) Ends() bool { return o == HalfClosed || o == Closed || o == Reset }

// nothing is the frame of what has none.
var nothing = Frame{}

// Occur makes m stand for what happened to a connection, so that a filter can be
// asked about it. It has no bytes, no sender and no number. by is who did it, 0 if
// that is not known.
func (m *Message) Occur(o Occurrence, by Sender, c *Connection, at time.Time) {
	m.reset()
	m.Frame, m.Occurrence, m.By = &nothing, o, by
	m.Role, m.Dialect, m.Conn, m.Time = c.Role, c.Dialect, c, at
}
