package proxytest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"msnproxy/decode"
)

// Event is one command from the server.
type Event struct {
	Verb string
	// TrID is 0 for commands that have none, and for those that the server sends
	// unasked.
	TrID uint32
	// Args are the parameters after the TrID, as they stand on the wire. An
	// empty one at the end is kept.
	Args []string
	// Payload is the event's own.
	Payload []byte
	// Switchboard is the conversation that a RNG led to, where the client answers
	// by itself ([Options.Answer]); Err says why there is none.
	Switchboard *Switchboard
	Err         error
}

// withoutTrID are the commands of a server whose first parameter is no TrID.
const withoutTrID = " NLN FLN BPR RNG QNG OUT NOT IPG MSG JOI BYE UBX NFY "

func newEvent(fr *decode.Frame) Event {
	ev := untagged(fr)
	if strings.Contains(withoutTrID, " "+ev.Verb+" ") || len(ev.Args) == 0 {
		return ev
	}
	if n, err := strconv.ParseUint(ev.Args[0], 10, 32); err == nil {
		ev.TrID, ev.Args = uint32(n), ev.Args[1:]
	}
	return ev
}

// untagged is a command that has no TrID, whatever it begins with.
func untagged(fr *decode.Frame) Event {
	tokens := strings.Split(string(fr.Line()), " ")
	return Event{Verb: tokens[0], Args: tokens[1:], Payload: slices.Clone(fr.Payload())}
}

// Arg returns parameter i as it stands on the wire, or nothing.
func (ev Event) Arg(i int) string {
	if i < len(ev.Args) {
		return ev.Args[i]
	}
	return ""
}

// Text returns parameter i percent-decoded.
func (ev Event) Text(i int) string { return decode.Unescape([]byte(ev.Arg(i))) }

// ContentType returns the content type of the payload, without its parameters.
func (ev Event) ContentType() string {
	for line := range strings.SplitSeq(string(ev.Payload), "\r\n") {
		if line == "" {
			break
		}
		if value, ok := strings.CutPrefix(line, "Content-Type: "); ok {
			name, _, _ := strings.Cut(value, ";")
			return name
		}
	}
	return ""
}

// Body returns what follows the headers of the payload.
func (ev Event) Body() string {
	_, body, _ := strings.Cut(string(ev.Payload), "\r\n\r\n")
	return body
}

// Field returns the value of a header of the payload, or of a key in its body.
func (ev Event) Field(name string) string {
	for line := range strings.SplitSeq(string(ev.Payload), "\r\n") {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return value
		}
	}
	return ""
}

// is reports whether the event is that command and has those parameters; "*"
// stands for any.
func (ev Event) is(verb string, args []string) bool {
	if ev.Verb != verb || len(ev.Args) < len(args) {
		return false
	}
	for i, want := range args {
		if want != "*" && want != ev.Args[i] {
			return false
		}
	}
	return true
}

// errorCode returns the code of an error reply.
func (ev Event) errorCode() (int, bool) {
	n, err := strconv.Atoi(ev.Verb)
	return n, err == nil
}

// ServerError is an error reply of a server.
type ServerError struct {
	Account string // who asked
	Verb    string // what was asked
	Server  string // role and address
	Code    int
}

func (e *ServerError) Error() string {
	text := meanings[e.Code]
	if text == "" {
		text = "unknown error"
	}
	return fmt.Sprintf("%s: %s: the %s answered %d (%s)", e.Account, e.Verb, e.Server, e.Code, text)
}

// meanings are the errors of MSNP2-7 that this package's server gives.
var meanings = map[int]string{
	200: "syntax error", 201: "invalid parameter", 205: "no such account",
	206: "domain missing", 207: "already signed in", 208: "invalid user name",
	209: "friendly name refused", 210: "list full", 215: "already there",
	216: "not on the list", 217: "not online", 218: "already in that mode",
	219: "in the opposite list", 220: "takes no pages", 223: "too many groups",
	224: "invalid group", 225: "not in that group", 229: "group name too long",
	240: "no list that can be read", 230: "group 0 cannot be removed", 301: "too many hits", 302: "not signed in",
	503: "invitation failed", 540: "wrong answer to the challenge",
	710: "bad locale", 713: "too active", 715: "not expected",
	731: "not expected, or bad parameters", 800: "too many renames",
	911: "authentication failed", 913: "not allowed when hidden",
}
