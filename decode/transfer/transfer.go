// Package transfer follows what people hand each other by MSNP2P: who offers what to
// whom, what became of it, by which path it came, and whether it arrived whole.
//
// A [Tracker] is fed with the messages of all connections in order of time, as
// [msnproxy/capture.Follower] gives them, and does no I/O but to a writer that it is
// given. A transfer is one session of MSNSLP, from INVITE to BYE, over whatever
// connections and in whichever direction its packets come: a session may be made in one
// conversation, answered in another, and its data may take a direct connection. Packets
// that are there twice, as where both clients' connections were recorded, count once.
package transfer

import (
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"msnproxy/decode/p2p"
)

// State is how far a transfer has come.
type State uint8

// The states, of which Declined and those after it are the end, until more of the
// content comes all the same.
const (
	Offered    State = iota
	Accepted         // or data comes
	Declined         //
	Cancelled        // by BYE, or by closing, before all was there
	Failed           // an error reply
	Ended            // of what has no content to count, as a webcam session
	Incomplete       // the recording ends, and not all was there
	Complete         // all bytes came; the hash is right, if there is one
	WrongHash        // all bytes came, and SHA1D is another
	WrongSize        // more bytes came than were announced, or of an object other than Size
	Unrecorded       // accepted, but its data is not in the recording: it may have gone by a direct connection
)

// String returns the state in lower case.
func (s State) String() string {
	return [...]string{"offered", "accepted", "declined", "cancelled", "failed", "ended", "incomplete", "complete", "wrong hash", "wrong size", "data not recorded"}[s]
}

// The paths that content takes.
const (
	Switchboard = "switchboard"
	Direct      = "direct"
	Routed      = "routed" // in SDG (MSNP21)
)

// Transfer is one session: a file, a picture, an emoticon, a webcam. Its strings are
// valid UTF-8, but else as they were on the wire: escape them before they reach a
// terminal, and name no file by them.
type Transfer struct {
	// Number counts transfers from 1.
	Number int
	// Kind is what it is about: see package p2p.
	Kind string
	// Name is that of a file or an object, "" if it has none; Size its bytes, -1 if
	// that is not known.
	Name string
	Size int64
	// From gives, To gets the content; Inviter is the one of them who asked. They are
	// handles without end point, "" if not known.
	From, To, Inviter string
	// SessionID and CallID name it; Object is its description, nil if it has none.
	SessionID uint32
	CallID    string
	Object    *p2p.Object
	// Seal says whether SHA1C of the description is right, Hash whether SHA1D is that
	// of the content.
	Seal, Hash p2p.Verdict
	// SHA1 is that of the content, in base64; "" as long as not all of it has come.
	SHA1 string
	// State is how far it has come, By who brought it there ("" if that is not known),
	// Reason why it ended.
	State      State
	By, Reason string
	// Path is what the newest content came by, "" as long as there is none; Mixed: some
	// came by another.
	Path  string
	Mixed bool
	// Addresses are where a direct connection was offered, "host:port".
	Addresses []string
	// Conn and Message are where it was first seen.
	Conn    uint32
	Message int64
	// Began is when that was; First and Last when content came; Ended when it came to
	// its end. Zero: not known, or not yet.
	Began, First, Last, Over time.Time
	// Packets are how many packets of content came, copies not counted.
	Packets int
	// Head is how the content begins, 64 bytes at most.
	Head []byte
	// Unseen: the invitation is not in the recording.
	Unseen bool
	// Bye: the session was ended as it should be.
	Bye bool

	stream  p2p.Stream
	offers  []p2p.Offer
	met     bool   // a direct connection that was made for it
	secret  string // that lets in (MSNFTP)
	started bool   // content
}

// maxHead is how much of the beginning is kept.
const maxHead = 64

// Received is how many bytes of the content have come, each counted once.
func (t *Transfer) Received() uint64 { return t.stream.Received() }

// Snapshot returns a copy that does not change when more comes.
func (t *Transfer) Snapshot() Transfer {
	c := *t
	c.stream = t.stream.Snapshot()
	c.Head, c.Addresses, c.offers = slices.Clone(t.Head), slices.Clone(t.Addresses), nil
	return c
}

// Missing returns the first stretch of the content that has not come, from start up to,
// not including, end; false if there is none, or the size is not known.
func (t *Transfer) Missing() (start, end uint64, ok bool) { return t.stream.Hole() }

// Written returns what the writer of the content said, if it failed.
func (t *Transfer) Written() error { return t.stream.Err }

// Duration is how long it took, from the invitation to the end or the last content.
func (t *Transfer) Duration() time.Duration {
	end := t.Last
	if t.Over.After(end) {
		end = t.Over
	}
	if t.Began.IsZero() || end.Before(t.Began) {
		return 0
	}
	return end.Sub(t.Began)
}

// Broken reports whether content came, or was to come by what is in the recording, but
// not what was to come. What is not recorded is not broken.
func (t *Transfer) Broken() bool {
	return t.State == WrongHash || t.State == WrongSize || t.State == Incomplete || t.Received() > 0 && t.State != Complete && t.State != Ended
}

// HasContent reports whether transfers of that kind are of bytes that can be counted.
func (t *Transfer) HasContent() bool {
	switch t.Kind {
	case p2p.KindWebcam, p2p.KindActivity, p2p.KindPhotos, p2p.KindFolders:
		return false
	}
	return true
}

// over takes the end of a transfer, unless it has another already.
func (t *Transfer) over(s State, by, reason string, at time.Time) {
	if t.State >= Declined {
		return
	}
	t.State, t.By, t.Reason, t.Over = s, by, reason, at
}

// elsewhere reports whether its data may have gone by a direct connection that is not in
// the recording.
func (t *Transfer) elsewhere() bool { return len(t.Addresses) > 0 && !t.met }

// unrecorded is the reason where that is so.
const unrecorded = "it may have gone by a direct connection, which is not in the recording"

// ended takes the end of a transfer that was accepted, and of which nothing has come.
func (t *Transfer) ended(by, reason string, at time.Time) {
	if t.elsewhere() {
		t.over(Unrecorded, "", unrecorded, at)
	} else {
		t.over(Incomplete, by, reason, at)
	}
}

// excess returns up to where content came, and whether that is more than was announced.
func (t *Transfer) excess() (n uint64, ok bool) {
	if t.Size < 0 {
		return 0, false
	}
	n = t.stream.Reach()
	return n, n > uint64(t.Size)
}

// judge says what is known once all has come.
func (t *Transfer) judge(at time.Time) {
	if n, ok := t.excess(); ok {
		t.hash()
		t.State, t.By, t.Over = WrongSize, "", at
		t.Reason = fmt.Sprintf("the data has %d bytes, and %d were announced", n, t.Size)
		if n != t.Received() {
			t.Reason = fmt.Sprintf("the data reaches to byte %d, and %d were announced", n, t.Size)
		}
		return
	}
	if !t.stream.Whole() {
		return
	}
	if n, _ := t.stream.Total(); t.Size > 0 && uint64(t.Size) > n {
		if t.Object == nil {
			t.over(Incomplete, "", fmt.Sprintf("the sender ends after %d bytes, and announced %d", n, t.Size), at)
			return
		}
		t.hash()
		t.State, t.By, t.Over = WrongSize, "", at
		t.Reason = fmt.Sprintf("the data has %d bytes, and %d were announced", n, t.Size)
		return
	}
	t.State, t.By, t.Reason, t.Over = Complete, "", "", at
	if t.hash() == p2p.Wrong {
		t.State = WrongHash
	}
}

// hash works out the hash of a content that is whole, and what is to be said of it.
func (t *Transfer) hash() p2p.Verdict {
	sum := t.stream.Sum()
	if sum == nil {
		t.SHA1 = ""
		return p2p.Unjudged
	}
	t.SHA1 = base64.StdEncoding.EncodeToString(sum)
	if t.Object != nil {
		t.Hash = t.Object.Judge(sum)
	}
	return t.Hash
}
