package index

import (
	"slices"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/service"
)

// Kind tells what a row is about.
type Kind uint8

// A row is a message, or something that happened to a connection.
const (
	Message Kind = iota
	Opened
	Closed
	Lost
	Remark
	HalfClosed
)

// record is a row as it is kept: 48 bytes, and no pointer for the garbage
// collector to follow. What is not in it is worked out from the bytes on disk.
type record struct {
	at     int64  // nanoseconds since 1970; 0: not known
	place  int64  // of its bytes in the store; -1: they could not be kept
	offset int64  // of the frame in its link
	conn   uint32 // place in Index.conns; 0: none
	number uint32 // of the message, or of the last one before it
	reply  uint32 // number of the message that it answers; 0: none
	size   uint32 // bytes of the frame
	flags  uint32
	verb   uint16
	// roles is what was known of the role when the frame came, and in the upper
	// four bits what is known with it; see packRole.
	roles   uint8
	dialect uint8 // as it was known when the frame came
}

// The flags of a record. Fields of several bits are read with a shift.
const (
	flagServer = 1 << iota
	flagSent   // other bytes were sent on
	flagFirst  // the first reply
	flagWants  // a request that wants a reply
	flagGot    // and has one
	flagMarked
	flagComment
	flagReset
	flagFinds // findings on it are in the list
	flagResync
	flagRefuses // an error reply, or what says the same
	flagsUsed   = 11

	shiftKind      = flagsUsed
	shiftFrame     = shiftKind + 3     // decode.FrameKind
	shiftSeverity  = shiftFrame + 3    // decode.Severity
	shiftNoise     = shiftSeverity + 2 // decode.Noise
	shiftFate      = shiftNoise + 3    // capture.Fate
	shiftChallenge = shiftFate + 2     // challenge.Result + 1
	shiftSignIn    = shiftChallenge + 3
	shiftSSO       = shiftSignIn + 2
)

func (r *record) has(flag uint32) bool      { return r.flags&flag != 0 }
func (r *record) bits(shift, n uint) uint32 { return r.flags >> shift & (1<<n - 1) }
func (r *record) kind() Kind                { return Kind(r.bits(shiftKind, 3)) }
func (r *record) frame() decode.FrameKind   { return decode.FrameKind(r.bits(shiftFrame, 3)) }
func (r *record) severity() decode.Severity { return decode.Severity(r.bits(shiftSeverity, 2)) }
func (r *record) noise() decode.Noise       { return decode.Noise(r.bits(shiftNoise, 3)) }
func (r *record) fate() capture.Fate        { return capture.Fate(r.bits(shiftFate, 2)) }
func (r *record) signIn() decode.SignInVerdict {
	return decode.SignInVerdict(r.bits(shiftSignIn, 2))
}

func (r *record) sso() decode.SignInVerdict { return decode.SignInVerdict(r.bits(shiftSSO, 2)) }

// roleBefore is the role that the frame was read with, roleAfter that of the
// message.
func (r *record) roleBefore() decode.Role { return unpackRole(r.roles & 15) }
func (r *record) roleAfter() decode.Role  { return unpackRole(r.roles >> 4) }

// packedWEB stands for a web service in four bits: nothing is both of these and no NS.
const packedWEB = uint8(decode.DS | decode.FTP)

// packRole makes four bits of a role.
func packRole(r decode.Role) uint8 {
	if r == decode.WEB {
		return packedWEB
	}
	return uint8(r) & 15
}

func unpackRole(b uint8) decode.Role {
	if b == packedWEB {
		return decode.WEB
	}
	return decode.Role(b)
}

// found notes that there is a finding on the row.
func (r *record) found(f *decode.Finding) {
	r.flags |= flagFinds
	if f.Severity > r.severity() {
		r.set(shiftSeverity, 2, uint32(f.Severity))
	}
}

func (r *record) set(shift, n uint, v uint32) {
	r.flags = r.flags&^((1<<n-1)<<shift) | v&(1<<n-1)<<shift
}

func (r *record) from() decode.Sender {
	if r.has(flagServer) {
		return decode.Server
	}
	return decode.Client
}

func (r *record) time() time.Time {
	if r.at == 0 {
		return time.Time{}
	}
	return time.Unix(0, r.at).UTC()
}

// since is the time since another row; 0 where one of the two is not known.
func (r *record) since(o *record) time.Duration {
	if r.at == 0 || o.at == 0 {
		return 0
	}
	return time.Duration(r.at - o.at)
}

// folds reports whether the row is noise that may be folded away: it is not where
// there is something to say about it.
func (r *record) folds() bool {
	return r.noise() != decode.NoNoise && r.severity() < decode.Warning &&
		!r.has(flagMarked|flagComment|flagSent) && r.fate() == capture.Passed
}

// nanos is time's way into a record.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// The codes of what is no three capital letters.
const (
	verbNone    = 0xffff
	verbOther   = 0xfffe // three other bytes: they are on disk
	verbErrors  = 40000  // 40000 + the error code
	verbWeb     = 50000  // 50000 + the place in the table of web services
	verbLetters = 26 * 26 * 26
)

// messageCode is the code of a message's name. That of a message of a web service is the
// one of its row.
func messageCode(m *decode.Message) uint16 {
	if m.Call == nil {
		return verbCode(m.Name())
	}
	for i, a := range webActions {
		if a == m.Call.Action {
			return verbWeb + uint16(i)
		}
	}
	return verbNone
}

// webActions are the rows of the service table, and the one of what is in none.
var webActions = append(slices.Clone(service.Actions()), service.Other())

func verbCode(name string) uint16 {
	if len(name) != 3 {
		return verbNone
	}
	code, number := 0, 0
	letters, digits := true, true
	for i := range 3 {
		c := name[i]
		code = code*26 + int(c-'A')
		number = number*10 + int(c-'0')
		letters = letters && 'A' <= c && c <= 'Z'
		digits = digits && '0' <= c && c <= '9'
	}
	switch {
	case letters:
		return uint16(code)
	case digits:
		return uint16(verbErrors + number)
	}
	return verbOther
}

// verbName is the way back. It returns "" for what is on disk only.
func verbName(code uint16) string {
	switch {
	case code < verbLetters:
		return string([]byte{'A' + byte(code/26/26), 'A' + byte(code/26%26), 'A' + byte(code%26)})
	case code >= verbWeb && int(code) < verbWeb+len(webActions):
		return webActions[code-verbWeb].Name
	case code >= verbErrors && code < verbErrors+1000:
		n := code - verbErrors
		return string([]byte{'0' + byte(n/100), '0' + byte(n/10%10), '0' + byte(n%10)})
	}
	return ""
}

// Row is what is known of a row without a look at its bytes.
type Row struct {
	// Index is its place among the rows, from 0.
	Index int
	Kind  Kind
	Time  time.Time
	// Number is the message's, from 1; of other rows that of the last message
	// before it.
	Number int64
	// Conn is nil for a remark on everything.
	Conn *Conn
	From decode.Sender
	// Verb is "" where it is no three letters or digits, and no action of a web service.
	Verb  string
	Frame decode.FrameKind
	// Offset is where the frame begins in its link.
	Offset int64
	Size   int
	// Reply is the number of the message that it answers, Latency the time between
	// the two; FirstReply: none other came before it.
	Reply      int64
	Latency    time.Duration
	FirstReply bool
	// WantsReply: it is a request to be answered; Answered: it was.
	WantsReply, Answered bool
	// Unanswered: it has no reply, and that would have been recorded.
	Unanswered bool
	Noise      decode.Noise
	Severity   decode.Severity
	Fate       capture.Fate
	// SentOn: other bytes were sent on.
	SentOn  bool
	Marked  bool
	Comment bool
}
