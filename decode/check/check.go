// Package check holds the rules of the protocol against recorded or live
// traffic, and says what is not as they want it.
//
// A [Checker] is given what a [decode.Tracker] made of the frames, and adds to
// the findings on single frames those that need memory: which requests were
// never answered, who is in a conversation, which cookie was given to whom. Each
// rule has a stable name, a severity and a paragraph: see [Rules].
//
// Sources on the protocol differ. What one of them allows is not found fault
// with, unless peers are known to stumble over it: then it is a note. Where a
// recording starts in the middle, or has holes, the rules that need to have seen
// everything keep silent.
package check

import (
	"fmt"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/recent"
	"msnproxy/decode/transfer"
)

// Located is a finding and where it was made.
type Located struct {
	decode.Finding
	// Conn is the connection's number.
	Conn uint32
	// From is who sent the message that the finding is about; 0 where it is about
	// the connection as a whole.
	From decode.Sender
	// Number is the message's, as [decode.Message] counts them; 0: no message.
	Number int64
	// Offset is where the message's frame begins in its link, in bytes.
	Offset int64
	// Time is when the message was seen; zero if that is not known.
	Time time.Time
}

// String returns the finding as one line. It may hold what was on the wire,
// control characters included.
func (l Located) String() string {
	if l.Number == 0 {
		return fmt.Sprintf("#%d: %v", l.Conn, l.Finding)
	}
	return fmt.Sprintf("#%d message %d (%s, byte %d): %v", l.Conn, l.Number, l.From, l.Offset, l.Finding)
}

// Checker applies the rules to the messages of all connections in order of time.
// What has ended is let go, and what it remembers of one connection is bounded,
// so that its memory is that of what is open.
//
// A Checker is not safe for concurrent use.
type Checker struct {
	conns   map[uint32]*conn
	last    *conn // of the newest message: the next one is most often its, too
	cookies recent.Map[*pass]
	watched map[string]int // accounts at their hosts, to their sign-ins that were seen whole
	parcels []parcel       // in order of time
	away    []away         // who was sent to another server, in order of time
	out     []Located
	muted   bool    // nothing is found fault with
	head    headers // of the MIME message in hand

	escapes []escape             // in order of time
	visited recent.Map[struct{}] // hosts that requests were for
	books   []book

	transfers transfer.Tracker
	handed    map[*transfer.Transfer]*handed
}

// New returns a checker that has seen nothing yet.
func New() *Checker {
	return &Checker{conns: make(map[uint32]*conn), transfers: transfer.Tracker{Max: maxTransfers}, cookies: recent.Map[*pass]{Max: maxCookies}, visited: recent.Map[struct{}]{Max: maxEscapes}, watched: make(map[string]int)}
}

// Opened tells of a new connection. midStream says that the recording starts
// after the connection did. A connection that was not announced is taken to have
// started before, and less is said about it.
func (k *Checker) Opened(info *decode.Connection, midStream bool) {
	c := &conn{info: info, partial: midStream}
	k.conns[info.ID] = c
	k.tries(c)
	k.last = nil
}

// Message takes the next message, from the tracker, and returns what there is to
// say now: the findings on the message itself, those of package decode first,
// and such on earlier messages as have become clear by it (their Number is
// lower). It has m judge its payload. The slice holds until the next call.
func (k *Checker) Message(m *decode.Message) []Located {
	k.out = k.out[:0]
	k.overdue(m.Time)
	c := k.connection(m.Conn)
	k.head = headers{}
	if m.Fate == decode.Injected {
		k.injected(c, m)
		return k.out
	}
	switch m.Frame.Kind {
	case decode.Command:
		if m.Form != nil {
			k.judge(m)
		}
		k.adopt(c, m)
		k.command(c, m)
	default:
		k.adopt(c, m)
		if m.Call != nil {
			k.web(c, m)
		} else {
			k.between(c, m)
		}
	}
	k.peers(c, m)
	k.changed(c, m)
	return k.out
}

// Became takes a message again that was held when [Checker.Message] took it, now that it
// is known what came to the other end, and says what is found now.
func (k *Checker) Became(m *decode.Message) []Located {
	k.out = k.out[:0]
	c := k.conns[m.Conn.ID]
	if c == nil || c.info != m.Conn {
		return k.out
	}
	k.overdue(m.Left())
	k.head = headers{}
	if m.Frame.Kind == decode.Command && m.Form != nil && m.Frame.Complete() && m.Conn.Role != decode.FTP {
		if m.From == decode.Client {
			k.received(c, m)
		}
		k.nowByVerb(c, m)
	}
	k.handedOn(c, m)
	k.changed(c, m)
	return k.out
}

// nowByVerb applies the rule on the verb if it did not see the message when it came.
func (k *Checker) nowByVerb(c *conn, m *decode.Message) {
	w := &watchers[m.Verb.Act]
	switch {
	case w.rule == nil || m.Error() != "":
	case w.got != nil:
		w.got(k, c, m)
	case w.by.counts(m) && !w.by.countsHeld(m.From):
		w.rule(k, c, m)
	}
}

// Apply is [Checker.Message] for those who show messages along with their
// findings: m.Findings becomes all that there is to say on m itself, and those on
// earlier messages are returned. The slice holds until the next call.
func (k *Checker) Apply(m *decode.Message) (earlier []Located) {
	found := k.Message(m)
	m.Findings = m.Findings[:0]
	return share(m, found)
}

// ApplyBecame is Apply for what became of a message that was held: m.Findings grows.
func (k *Checker) ApplyBecame(m *decode.Message) (earlier []Located) {
	return share(m, k.Became(m))
}

// share gives a message its own of the findings, and returns the others.
func share(m *decode.Message, found []Located) (earlier []Located) {
	earlier = found[:0]
	for _, l := range found {
		if l.Number == m.Number {
			m.Findings = append(m.Findings, l.Finding)
		} else {
			earlier = append(earlier, l)
		}
	}
	return earlier
}

// command applies the rules to a command line.
func (k *Checker) command(c *conn, m *decode.Message) {
	if m.Form == nil || m.Conn.Role == decode.FTP {
		if m.Form != nil {
			k.transfer(c, m)
		} else if m.Verb == nil {
			c.partial = true // a dialect that is not known here
			k.unwatch(c)
		}
		c.links[m.From&1].paid = false
		return
	}
	if m.Torn() {
		k.blind(c)
		return
	}
	k.order(c, m)
	k.names(c, m)
	if m.From == decode.Client {
		k.requested(c, m)
	} else {
		k.out, c.waiting = append(k.out, c.waiting...), nil
		k.replied(c, m)
	}
	if m.Error() != "" {
		k.refused(c, m)
		k.declined(m)
	} else {
		k.byAct(c, m)
		k.passedOn(c, m)
	}
	if isMIME(m) {
		k.mime(c, m)
	}
	c.links[m.From&1].remember(m)
}

// byAct applies the rule on the act, if it is to see the message.
func (k *Checker) byAct(c *conn, m *decode.Message) {
	if w := watchers[m.Verb.Act]; w.rule != nil && w.by.counts(m) {
		w.rule(k, c, m)
	}
}

// watcher is the rule on an act, and which messages it is to see where a proxy has
// withheld some, and has made others.
type watcher struct {
	rule func(*Checker, *conn, *decode.Message)
	by   counting
	// got, where rule sees all, takes what is got later, of a message that was held.
	got func(*Checker, *conn, *decode.Message)
}

// watchers hold the rules on single acts. What is not in here is only looked at
// for its TrID, its names and its place in the order of things.
var watchers [decode.Acts]watcher

func init() {
	watchers = [decode.Acts]watcher{
		decode.ActVersion:     {rule: (*Checker).version, by: bySelf, got: (*Checker).versionGot},
		decode.ActProgram:     {rule: (*Checker).clientVersion, by: bySaid},
		decode.ActPackages:    {rule: (*Checker).packages, by: byGot},
		decode.ActSignIn:      {rule: (*Checker).user, by: byGot},
		decode.ActRedirect:    {rule: (*Checker).redirect, by: byGot},
		decode.ActInvite:      {rule: (*Checker).redirect, by: byGot},
		decode.ActEnd:         {rule: (*Checker).leave, by: bySelf},
		decode.ActPing:        {rule: (*Checker).ping, by: bySaid},
		decode.ActPong:        {rule: (*Checker).pong, by: bySaid},
		decode.ActSynchronise: {rule: (*Checker).synchronise, by: bySaid},
		decode.ActListed:      {rule: (*Checker).listed, by: bySaid},
		decode.ActGroup:       {rule: (*Checker).group, by: bySaid},
		decode.ActGroupName:   {rule: (*Checker).renamed, by: bySaid},
		decode.ActGroupGone:   {rule: (*Checker).disbanded, by: bySaid},
		decode.ActSetting:     {rule: (*Checker).numbered, by: bySaid},
		decode.ActAdd:         {rule: (*Checker).added, by: bySaid},
		decode.ActLists:       {rule: (*Checker).listing, by: bySaid},
		decode.ActRoute:       {rule: (*Checker).routed, by: bySaid},
		decode.ActListsAgain:  {rule: (*Checker).listsAgain, by: byGot},
		decode.ActRemove:      {rule: (*Checker).removed, by: bySaid},
		decode.ActProperty:    {rule: (*Checker).property, by: bySaid},
		decode.ActStatus:      {rule: (*Checker).change, by: bySaid},
		decode.ActPresence:    {rule: (*Checker).presence, by: bySaid},
		decode.ActChallenge:   {rule: (*Checker).challenged, by: byGot},
		decode.ActProof:       {rule: (*Checker).answered, by: bySelf},
		decode.ActAnswer:      {rule: (*Checker).answer, by: byGot},
		decode.ActCall:        {rule: (*Checker).call, by: bySaid},
		decode.ActJoin:        {rule: (*Checker).joins, by: bySaid},
		decode.ActLeave:       {rule: (*Checker).leaves, by: bySaid},
		decode.ActSay:         {rule: (*Checker).message, by: bySaid},
		decode.ActAcknowledge: {rule: (*Checker).acknowledged, by: bySaid},
	}
}

// Lost tells that n bytes of one sender are missing in the recording here, or an
// unknown number if n is negative, and returns the finding on that.
func (k *Checker) Lost(info *decode.Connection, from decode.Sender, n int64, at time.Time) []Located {
	k.out = k.out[:0]
	k.overdue(at)
	c := k.connection(info)
	k.blind(c)
	c.links[from&1].gap = true
	k.transfers.Lost(info.ID, from)
	text := "bytes of the " + from.String() + " are missing in the recording here"
	switch {
	case n == 1:
		text = "1 byte of the " + from.String() + " is missing in the recording here"
	case n >= 0:
		text = fmt.Sprintf("%d %s", n, text)
	}
	k.put(c, place{from: from, at: at}, "frame.lost", text)
	return k.out
}

// Closed is [Checker.Ended] where it is not known how the connection ended.
func (k *Checker) Closed(info *decode.Connection, at time.Time) []Located {
	return k.Ended(info, decode.NoOccurrence, 0, at)
}

// Ended tells that a connection is at its end, how (decode.Closed, decode.Reset) and
// by whom, and returns what that brings to light. What was remembered of it is let
// go. at is when; zero if not known.
func (k *Checker) Ended(info *decode.Connection, how decode.Occurrence, by decode.Sender, at time.Time) []Located {
	k.out = k.out[:0]
	k.overdue(at)
	if c := k.conns[info.ID]; c != nil {
		c.over = by != decode.Server
		k.ended(c, how, place{from: by, at: at})
		k.end(c, at, "the connection ended")
	}
	return k.out
}

// Finish tells that the recording is at its end, and returns what is to say about
// the connections that are still open. at is the time of the last record.
func (k *Checker) Finish(at time.Time) []Located {
	k.out = k.out[:0]
	k.overdue(at)
	for _, id := range sortedKeys(k.conns) {
		k.end(k.conns[id], at, recordingEnds)
	}
	return k.out
}

const recordingEnds = "the recording ends"

// end says what was left open on the connection, and forgets it.
func (k *Checker) end(c *conn, at time.Time, how string) {
	k.unknown(c)
	k.unanswered(c, how)
	k.left(c, how)
	k.unchallenged(c, at, how)
	k.unjoined(c, how)
	k.unused(c, how)
	k.handedOver(c, how == recordingEnds)
	k.unwatch(c)
	k.unreachable(c)
	k.uncounted(c)
	delete(k.conns, c.info.ID)
	k.last = nil
}

// connection returns what is remembered of a connection.
func (k *Checker) connection(info *decode.Connection) *conn {
	if k.last != nil && k.last.info == info {
		return k.last
	}
	c := k.conns[info.ID]
	if c == nil {
		c = &conn{info: info, partial: true}
		k.conns[info.ID] = c
	}
	k.last = c
	return c
}

// adopt takes over what package decode found.
func (k *Checker) adopt(c *conn, m *decode.Message) {
	for _, f := range m.Findings {
		if c.unseen(f.Rule, m.From) {
			continue
		}
		f = refine(f, &k.head)
		k.out = append(k.out, Located{Finding: f, Conn: c.info.ID, From: m.From,
			Number: m.Number, Offset: m.Frame.Offset, Time: m.Time})
	}
}

// unseen reports whether a finding of package decode may be due to what was not
// recorded: the other direction, the beginning, or something in between.
func (c *conn) unseen(rule string, from decode.Sender) bool {
	switch rule {
	case "frame.opaque":
		return c.links[from&1].gap
	case "challenge.unasked", "signin.unasked":
		return !c.whole() || !c.heard(decode.Server)
	case "challenge.mismatch":
		c.unjudged = c.holes && len(c.challenges) == 0
		return c.unjudged
	case "challenge.accepted":
		return c.unjudged
	}
	return false
}

// later is add for what is only true if the server was recorded, too: as long as
// nothing of it was seen the finding waits.
func (k *Checker) later(c *conn, m *decode.Message, rule, format string, args ...any) {
	const most = 16
	before := len(k.out)
	k.add(c, m, rule, format, args...)
	if !c.heard(decode.Server) {
		if len(c.waiting) < most {
			c.waiting = append(c.waiting, k.out[before:]...)
		}
		k.out = k.out[:before]
	}
}

// place is where a finding is made.
type place struct {
	from           decode.Sender
	number, offset int64
	at, left       time.Time // when it came, and went on
}

func here(m *decode.Message) place { return place{m.From, m.Number, m.Frame.Offset, m.Time, m.Left()} }

// add adds a finding on a message.
func (k *Checker) add(c *conn, m *decode.Message, rule, format string, args ...any) {
	k.put(c, here(m), rule, fmt.Sprintf(format, args...))
}

// put adds a finding, unless the rule is not of the connection's dialect.
func (k *Checker) put(c *conn, p place, rule, text string) {
	r := Lookup(rule)
	if k.muted || r == nil || !r.In(c.info.Dialect) {
		return
	}
	k.out = append(k.out, Located{Finding: decode.Finding{Rule: rule, Severity: r.Severity, Text: text},
		Conn: c.info.ID, From: p.from, Number: p.number, Offset: p.offset, Time: p.at})
}

// instead is add for a finding that says better what the named one says about
// the same message: it takes that one's place, if there is one whose text begins
// with prefix.
func (k *Checker) instead(c *conn, m *decode.Message, of, prefix, rule, format string, args ...any) {
	before := len(k.out)
	k.add(c, m, rule, format, args...)
	if len(k.out) == before {
		return
	}
	for i := range k.out[:before] {
		if l := &k.out[i]; l.Number == m.Number && l.Rule == of && hasPrefix(l.Text, prefix) {
			k.out = append(k.out[:i], k.out[i+1:]...)
			return
		}
	}
}
