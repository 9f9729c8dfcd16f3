package gate

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/action"
)

const (
	// privateStep is how far the numbers of injected requests are from the client's own.
	privateStep = 100_000
	// privateMost keeps them below 2^31: there are servers that parse 32 bits with a sign.
	privateMost = math.MaxInt32
)

// owned is what was injected into a connection and is not over yet.
type owned struct {
	// requests are the private numbers of injected requests, and asked the messages.
	requests map[uint32]bool
	asked    map[int64]bool
	// keepAlive and challenges are what server and client have to answer, in order: true
	// stands for what was injected.
	keepAlive, challenges []bool
	next                  uint32
	listing               bool  // the lists that come are those of an injected request
	hide                  int64 // the number of a message that is such an answer
}

// SendOptions say how to send a frame.
type SendOptions struct {
	// By is who sends it.
	By string
	// Raw: nothing is put right: no number, no length, and no redirect unless Untrusted.
	Raw bool
	// Untrusted: the address of a redirect is not the user's own word, so that the rules
	// of what may be dialled hold, for raw bytes, too.
	Untrusted bool
}

// Sent is what was injected.
type Sent struct {
	// Frame is what was really sent.
	Frame []byte
	// TrID is the number of a request, private or the next one; 0: it has none.
	TrID uint32

	shift bool // it is to have the next number
}

// Send puts a frame into a connection, to one of its ends, as if the other had said it. It
// goes ahead of what is held. A request gets a private number, and what answers it does not
// reach the client.
func (g *Gate) Send(id uint32, to decode.Sender, frame []byte, o SendOptions) (sent Sent, err error) {
	c, err := g.conn(id)
	if err != nil {
		return sent, err
	}
	if len(frame) == 0 {
		return sent, fmt.Errorf("there is nothing to send")
	}
	watched := o.Raw && o.Untrusted
	if watched {
		if err := action.Watch(to, frame); err != nil {
			return sent, err
		}
	}
	l := c.lanes[to.Peer()]
	broken := g.desk.do(func() {
		sent.Frame = frame
		if !o.Raw {
			sent, err = c.claim(l.from, frame)
		}
	})
	if broken != nil {
		return sent, broken
	}
	if err != nil {
		return sent, err
	}
	if sent.shift {
		return c.sendShifted(sent.Frame, o.By)
	}
	if !o.Raw || watched {
		sent.Frame = l.behind(sent.Frame, !o.Untrusted)
	}
	it := l.injectedRaw(sent.Frame, []string{o.By})
	return sent, l.inject(it)
}

// claim sees to it that what answers an injected frame does not reach the other end. It
// returns the frame as it is sent. It runs in the desk's goroutine.
func (c *Conn) claim(from decode.Sender, frame []byte) (sent Sent, err error) {
	sent.Frame = frame
	known := c.g.desk.follower.Connection(c.rec.ID)
	fr := oneFrame(frame)
	var m decode.Message
	role, dialect := decode.Role(0), 0
	if known != nil {
		role, dialect = known.Role, known.Dialect
	}
	m.Decode(&fr, from, role, dialect)
	o := &c.own
	switch {
	case fr.Kind != decode.Command:
	case m.Act() == decode.ActPing && from == decode.Client, m.Act() == decode.ActChallenge && from == decode.Server:
		c.expect() // counted when it goes
	case from == decode.Client:
		arg := m.Arg(0)
		if _, ok := m.TrID(); !ok && (m.Form != nil || !number(arg)) {
			return sent, nil
		}
		c.expect()
		if o.requests == nil {
			o.requests, o.asked = make(map[uint32]bool), make(map[int64]bool)
		}
		if c.g.options.Shift {
			sent.shift = true
			if m.Form != nil { // its length is counted
				e := decode.NewEdit(&m)
				if err := e.SetTrID("1"); err != nil {
					return sent, err
				}
				sent.Frame = e.Bytes()
			}
			return sent, nil
		}
		c.g.mu.Lock()
		o.next = min(max(o.next, c.lastTrID+privateStep-1)+1, privateMost)
		c.g.mu.Unlock()
		n := strconv.FormatUint(uint64(o.next), 10)
		if m.Form == nil { // a verb that the table does not have; servers answer it with an error
			sent.Frame = slices.Concat(fr.Raw[:4], []byte(n), fr.Raw[4+len(arg):])
		} else {
			e := decode.NewEdit(&m)
			if err := e.SetTrID(n); err != nil {
				return sent, err
			}
			sent.Frame = e.Bytes()
		}
		sent.TrID = o.next
		remember(o.requests, o.next)
	}
	return sent, nil
}

// mostRequests is of how many injected requests, the newest, a connection knows the answers.
const mostRequests = 4096

// remember puts a number into a set. Numbers go upwards; when there are too many the older
// half of them goes.
func remember[N cmp.Ordered](set map[N]bool, n N) {
	set[n] = true
	if len(set) <= 2*mostRequests {
		return
	}
	for _, old := range slices.Sorted(maps.Keys(set))[:mostRequests] {
		delete(set, old)
	}
}

// claims sees to it that what answers the frames that are sent beside this one does not reach
// the other end, and numbers them, as if each were sent by itself; densely numbered ones
// ([Options.Shift]) keep the number that they name. It runs in the desk's goroutine.
func (p *passage) claims() {
	c := p.lane.c
	for ; p.claimed < len(p.e.Sends); p.claimed++ {
		s := &p.e.Sends[p.claimed]
		if s.Raw || c.g.options.Shift {
			continue
		}
		if sent, err := c.claim(s.To.Peer(), s.Frame); err == nil {
			s.Frame = sent.Frame
		}
	}
}

// errNoNumber says that there is no number for an injected request.
var errNoNumber = errors.New("the client's numbers are at their end: there is none for what is injected")

// expectFor is how long answers to injected requests are waited for, since the last one.
const expectFor = 2 * time.Minute

// expect has all frames of the connection looked at for a while.
func (c *Conn) expect() {
	until := time.Now().Add(expectFor).UnixNano()
	c.busy.Store(until)
	c.g.busy.Store(until)
}

// expects reports whether answers to what was injected may come.
func (c *Conn) expects() bool {
	until := c.busy.Load()
	if until == 0 {
		return false
	}
	if time.Now().UnixNano() > until {
		c.busy.CompareAndSwap(until, 0)
	}
	return true
}

// ours is the first stage: it keeps from either end what answers injected frames.
type ours struct{ g *Gate }

func (*ours) Name() string              { return "the answer to what was injected" }
func (*ours) Interest() filter.Interest { return filter.Interest{} }
func (*ours) AsksHistory() bool         { return false } // while something is expected all is followed

func (s *ours) Look(m *decode.Message, e *action.Effect) Waiter {
	s.g.mu.Lock()
	c := s.g.conns[m.Conn.ID]
	s.g.mu.Unlock()
	if c != nil && c.own.hide == m.Number {
		e.Drop, e.Decided = true, true
		e.By = append(e.By, s.Name())
		c.expect()
		if m.Act() == decode.ActProof && m.From == decode.Client {
			c.answerChallenge(m)
		}
	}
	return nil
}

// follow keeps account of what either end has to answer, and finds the answers to what was
// injected. It sees every frame, before the stages.
func (c *Conn) follow(e *capture.Event) {
	m, o := e.Message, &c.own
	switch {
	case m == nil:
		return
	case e.Became:
		if m.Fate == decode.Withheld && m.From == decode.Client && m.Act() == decode.ActPing && len(o.keepAlive) > 0 {
			o.keepAlive = o.keepAlive[:len(o.keepAlive)-1] // nobody answers it
		}
		return
	case e.Record.Kind != capture.Data:
		return
	}
	injected := e.Record.Fate == capture.Injected
	n, numbered := m.TrID()
	answers := false
	if injected && m.From == decode.Client && o.requests != nil && c.g.options.Shift {
		if own, ok := numberOf(m); ok && c.shift.own(own) {
			remember(o.requests, own)
		}
	}
	switch {
	case m.From == decode.Client && numbered && o.requests[n] && injected:
		remember(o.asked, m.Number)
	case m.From == decode.Client && m.Act() == decode.ActPing:
		o.keepAlive = trim(append(o.keepAlive, injected))
	case m.From == decode.Server && m.Act() == decode.ActChallenge:
		o.challenges = trim(append(o.challenges, injected))
	case m.From == decode.Server && m.Act() == decode.ActPong:
		answers = !injected && pop(&o.keepAlive)
	case m.From == decode.Server && m.Error() != "" && !numbered:
		answers = !injected && pop(&o.keepAlive) // of what has no number, such as PNG too early
	case m.From == decode.Client && m.Act() == decode.ActProof:
		answers = !injected && pop(&o.challenges)
	case m.From == decode.Server && m.Act() == decode.ActSynchronise:
		o.listing = !injected && numbered && o.requests[n]
		answers = o.listing
	case m.From == decode.Server && !numbered && o.listing && listed(m.Act()):
		answers = true // the lists have no number (MSNP8 and later), and what belongs to an entry never
	case m.From == decode.Server:
		answers = numbered && o.requests[n] || m.ReplyTo != 0 && o.asked[m.ReplyTo]
		o.listing = o.listing && (answers || !numbered)
	}
	if answers && !injected {
		o.hide = m.Number
	}
	if m.From == decode.Client && numbered && !injected {
		c.g.mu.Lock()
		c.lastTrID = n
		c.g.mu.Unlock()
	}
}

// listed reports whether a message is part of the lists that the server sends.
func listed(a decode.Act) bool {
	switch a {
	case decode.ActListed, decode.ActGroup, decode.ActProperty, decode.ActSetting:
		return true
	}
	return false
}

// number reports whether a parameter is a number.
func number(b []byte) bool {
	_, err := strconv.ParseUint(string(b), 10, 32)
	return err == nil
}

// pop takes the first one that waits for an answer away, and reports whether it is ours.
func pop(list *[]bool) bool {
	if len(*list) == 0 {
		return false
	}
	first := (*list)[0]
	*list = (*list)[1:]
	return first
}

// answerChallenge answers the client's answer to an injected challenge in the server's
// stead.
func (c *Conn) answerChallenge(m *decode.Message) {
	n, ok := m.TrID()
	if !ok {
		return
	}
	line := append(bytes.Clone(m.Frame.Verb()), ' ')
	line = append(strconv.AppendUint(line, uint64(n), 10), '\r', '\n')
	l := c.lanes[decode.Server]
	go func() { _ = l.inject(l.injectedRaw(line, []string{"answers for the server"})) }()
}

// trim bounds what a peer that never gets an answer makes grow.
func trim(list []bool) []bool {
	const most = 64
	if len(list) > most {
		return append([]bool(nil), list[len(list)-most:]...)
	}
	return list
}
