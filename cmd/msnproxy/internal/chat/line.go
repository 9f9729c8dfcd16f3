package chat

import "time"

// Kind is what a line of a chat tells of.
type Kind uint8

// The kinds. Join, Leave, Call and Notice are whole sentences; the Text of the
// others is what somebody said or did, and goes behind a name.
const (
	Join Kind = iota + 1
	Leave
	Call    // somebody is called
	Said    // text/plain
	Typing  // a burst of typing, or of recording
	File    // an offer of a file
	Invite  // an invitation to any other program
	Service // other content: a nudge, emoticons, peer-to-peer data
	Notice  // what went wrong, and what the server says
)

var kindWords = [...]string{"", "join", "leave", "call", "said", "typing", "file", "invite", "service", "notice"}

// String returns the kind in lower case.
func (k Kind) String() string {
	if int(k) < len(kindWords) {
		return kindWords[k]
	}
	return ""
}

// Line is one thing that happened in a chat. Its strings are valid UTF-8, but
// else as they were on the wire: escape them before they reach a terminal.
type Line struct {
	Kind Kind
	Time time.Time
	// Row is the caller's number of the message that the line is of; Rows are
	// those of others that belong to it: copies seen on other connections,
	// answers, further steps. Of very many the first are kept.
	Row  int
	Rows []int
	// Who is the handle, without end point, Name the friendly name at that time;
	// empty if not known.
	Who, Name string
	// Own: done by the account of the connection that the line was first seen on.
	Own bool
	// Text is what was said, line breaks and all, or what happened.
	Text   string
	Format Format
	// Delivery is of Said, File, Invite and Service. If one of several steps
	// failed, it failed.
	Delivery Delivery
	// Superseded: what was typed has been said, so that the line tells nothing
	// any more. Typing only.
	Superseded bool
	// Invitation is of File and Invite; nil for others.
	Invitation *Invitation
}

// Sentence returns the line as a person would tell it, without the name where
// Said needs one anyway.
func (l *Line) Sentence() string {
	switch l.Kind {
	case Typing, File, Invite, Service:
		return display(l.Name, l.Who) + " " + l.Text
	}
	return l.Text
}

// Format is how a text is to look.
type Format struct {
	Font string
	// Color is "#rrggbb", or "" if none is given.
	Color                           string
	Bold, Italic, Underline, Strike bool
	RightToLeft                     bool
}

// DeliveryState is what is known of a message's way to the others.
type DeliveryState uint8

const (
	// Unknown: the sender's connection is not in the recording.
	Unknown DeliveryState = iota
	// Sent: no acknowledgement is asked for.
	Sent
	// Waiting: an acknowledgement is asked for and has not come.
	Waiting
	// Delivered: ACK.
	Delivered
	// Failed: NAK, or an error.
	Failed
	// Unheard: an acknowledgement is asked for, and whether it came the recording does not
	// tell: it has a gap, or nothing of the server.
	Unheard
)

var deliveryWords = [...]string{"unknown", "sent", "waiting", "delivered", "failed", "unheard"}

// String returns the state in lower case.
func (s DeliveryState) String() string {
	if int(s) < len(deliveryWords) {
		return deliveryWords[s]
	}
	return ""
}

// Delivery is what is known of a message's way to the others.
type Delivery struct {
	State DeliveryState
	// Row is that of the ACK, NAK or error, Latency the time until then.
	Row     int
	Latency time.Duration
	// Seen are the copies that were seen to arrive at other participants.
	Seen []Seen
}

// Seen is a copy of a message on its way to another participant.
type Seen struct {
	// Who is the account of the connection that it was seen on.
	Who   string
	Row   int
	After time.Duration
}

// InviteState is how far an invitation has come.
type InviteState uint8

// The states, of which Declined and those after it are the end.
const (
	Asked InviteState = iota
	Accepted
	Declined
	Cancelled
	FailedInvite
	Transferred
)

var inviteWords = [...]string{"asked", "accepted", "declined", "cancelled", "failed", "transferred"}

// String returns the state in lower case.
func (s InviteState) String() string {
	if int(s) < len(inviteWords) {
		return inviteWords[s]
	}
	return ""
}

// Invitation is an invitation with all its steps.
type Invitation struct {
	Application, Cookie string
	// File and Size are of an offer of a file; Size is -1 if it is not known.
	File string
	Size int64
	// State is how far it has come, By who brought it there ("" if that is not
	// known), Reason why it ended.
	State      InviteState
	By, Reason string
	// Address is where the file is to be had, as far as ACCEPT said.
	Address string
	// Conn is the number of the MSNFTP connection, 0 if none was seen, Moved the
	// bytes of the file seen on it.
	Conn  uint32
	Moved int64
}
