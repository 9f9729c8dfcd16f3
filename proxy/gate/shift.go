package gate

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"sync"

	"msnproxy/decode"
)

// shift numbers what goes to the server densely, where injected requests are to have the
// next number rather than one of their own: what the client says after them is one, two
// and so on later for the server, and what answers it has the client's number again.
//
// Numbers are given in the order in which frames are decided on, and what is injected goes
// behind all that has its number already: then the server sees them in order.
type shift struct {
	mu   sync.Mutex // held while what has got a number enters the lane; above the lane's
	made []uint32   // those of injected requests, upwards
	last uint32     // the highest that the server gets
}

// next returns the number of an injected request. mu is held.
func (s *shift) next() (n uint32, ok bool) {
	if s.last == math.MaxUint32 {
		return 0, false
	}
	s.last++
	s.made = append(s.made, s.last)
	return s.last, true
}

// by returns by how much a number of the client is to be higher, from now on. mu is held.
func (s *shift) by(n uint32) uint32 {
	k := uint32(len(s.made))
	if n > math.MaxUint32-k {
		k = 0
	}
	s.last = max(s.last, n+k)
	return k
}

// back returns the client's number of one of the server's.
func (s *shift) back(n uint32) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return n - uint32(sort.Search(len(s.made), func(i int) bool { return s.made[i] >= n }))
}

// own reports whether a number is that of an injected request.
func (s *shift) own(n uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, found := slices.BinarySearch(s.made, n)
	return found
}

// numberOf returns the number of a frame that is sent, and whether it has one that is not
// 0, which stands for none. Those of commands that the table does not have count if a
// client says them: errors answer them.
func numberOf(m *decode.Message) (uint32, bool) {
	if n, ok := m.TrID(); ok {
		return n, n > 0
	}
	if m.Frame == nil || m.Frame.Kind != decode.Command || m.Form != nil || m.Len() == 0 || m.From != decode.Client && m.Error() == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(string(m.Arg(0)), 10, 32)
	return uint32(n), err == nil && n > 0
}

// renumbered returns a frame with another number. It begins with a verb, a blank and the
// number.
func renumbered(frame []byte, n uint32) []byte {
	const at = 4
	end := at
	for end < len(frame) && '0' <= frame[end] && frame[end] <= '9' {
		end++
	}
	if end == at {
		return frame
	}
	return slices.Concat(frame[:at], strconv.AppendUint(nil, uint64(n), 10), frame[end:])
}

// shifts reports whether the numbers of the frame may have to change on its way.
func (p *passage) shifts() bool {
	if p.number32 == 0 || p.e.Raw || p.e.Drop {
		return false
	}
	_, ok := numberOf(p.m)
	return ok
}

// shift gives the client's frame its place in the server's order, as soon as it is decided
// on, or held.
func (p *passage) shift(simple bool) {
	l := p.lane
	if l.from != decode.Client || p.number32 == 0 || simple && p.e.Drop {
		return
	}
	s := &l.c.shift
	s.mu.Lock()
	defer s.mu.Unlock()
	p.later = s.by(p.number32)
	l.mu.Lock()
	defer l.mu.Unlock()
	if simple {
		l.owesBytes = true
	} else {
		l.owesFrame = true
	}
}

// shifted returns what is sent of a frame: with the number that its receiver knows.
func (p *passage) shifted(b []byte) []byte {
	if !p.shifts() {
		return b
	}
	n, _ := numberOf(p.m)
	to := n + p.later
	if p.lane.from == decode.Server {
		to = p.lane.c.shift.back(n)
	}
	if to == n {
		return b
	}
	return renumbered(b, to)
}

// sendShifted sends an injected request with the next number, behind all that has one.
func (c *Conn) sendShifted(frame []byte, by string) (sent Sent, err error) {
	l, s := c.lanes[decode.Client], &c.shift
	s.mu.Lock()
	n, ok := s.next()
	if !ok {
		s.mu.Unlock()
		return sent, errNoNumber
	}
	sent = Sent{Frame: renumbered(frame, n), TrID: n}
	err = l.append(l.injectedRaw(sent.Frame, []string{by}))
	s.mu.Unlock() // nothing is told or written meanwhile: the desk asks for numbers, too
	l.kick()
	return sent, err
}

// append puts an item behind what is in the lane, and what is about to enter it. It goes
// with the lane's next kick.
func (l *Lane) append(it *item) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.err != nil {
		return errGone
	}
	mid := l.mid
	if n := len(l.queue); n > 0 {
		mid = l.queue[n-1].p == nil && l.queue[n-1].mid
	}
	if mid || l.owesBytes || l.owesFrame {
		l.injects = append(l.injects, it)
	} else {
		l.enqueue(it)
	}
	return nil
}
