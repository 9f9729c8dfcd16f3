package valve

import (
	"bytes"
	"cmp"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"
)

// Asked is a fault, and who asks for it.
type Asked struct {
	Fault
	By string
}

// key is what the state of a fault is known by.
func (a Asked) key() string { return a.By + "\x00" + a.Fault.String() }

// End is what follows a message.
type End uint8

// The ends: none, that of the connection, and that of what is sent to its receiver.
const (
	NoEnd End = iota
	CloseAll
	CloseHalf
)

// Way is one direction of a connection: what its faults have counted and how their dice
// lie. It is for one caller at a time.
type Way struct {
	seed    int64
	name    string
	inForce func(by string) bool

	dice   map[string]*rand.Rand
	passed map[string]int64     // of limits
	free   map[string]time.Time // when a bandwidth has room again
	stalls map[string]time.Time // when they end
	last   time.Time            // when the last piece was taken
}

// NewWay returns a way. The dice begin with the seed and the name. inForce says whether
// what somebody asked for still holds; what does not lets everything pass.
func NewWay(seed int64, name string, inForce func(by string) bool) *Way {
	return &Way{seed: seed, name: name, inForce: inForce, dice: make(map[string]*rand.Rand), passed: make(map[string]int64),
		free: make(map[string]time.Time), stalls: make(map[string]time.Time)}
}

// Plan says in which pieces a message goes, and when.
type Plan struct {
	// Bytes is all that goes: the message, unless it was corrupted or ended by a limit.
	Bytes []byte
	// By is whose faults hit it, each once.
	By []string
	// Waits: it goes later than it would.
	Waits bool
	// End is what follows it, and EndBy who wants that.
	End   End
	EndBy string

	way    *Way
	waits  []wait
	glue   []wait // for more to go with it
	slices []Asked
	cuts   []cut
	rates  []Asked
	pos    int // so much was taken
	size   int // of the piece that is next; 0: not known yet
	paced  time.Time
	pacer  string // who has it wait until paced
}

// wait is a time until which a fault has a message wait.
type wait struct {
	until time.Time
	by    string
}

// cut is a place behind which a new piece begins.
type cut struct {
	at int
	by string
}

// forever is the end of a stall that nobody knows the end of.
var forever = time.Unix(1<<40, 0)

// Plan plans what becomes of a message that came at a time; it is called when nothing
// before it is left to go. redirect says of bytes whether they send the client somewhere:
// such are not corrupted, nor is anything made such.
func (w *Way) Plan(b []byte, came, now time.Time, redirect func(b []byte) bool, faults []Asked) *Plan {
	p := &Plan{Bytes: b, way: w}
	due := came
	for _, f := range faults {
		switch on := w.inForce(f.By); {
		case f.Kind == Stall:
			p.stall(f, came, now, on)
		case on && f.Kind == Latency:
			at := came.Add(f.Time + w.jitter(f))
			p.waits = append(p.waits, wait{at, f.By})
			if at.After(due) {
				due = at
			}
			p.hit(f.By, true)
		case on && f.Kind == Corrupt:
			if c := w.corrupt(p.Bytes, f, redirect); c != nil {
				p.Bytes = c
				p.hit(f.By, false)
			}
		}
	}
	for _, f := range faults {
		if w.inForce(f.By) {
			p.shape(f, due)
		}
	}
	for _, f := range faults {
		if w.inForce(f.By) {
			p.end(f)
		}
	}
	return p
}

// hit notes that a fault has hit the message.
func (p *Plan) hit(by string, waits bool) {
	p.Waits = p.Waits || waits
	if !slices.Contains(p.By, by) {
		p.By = append(p.By, by)
	}
}

// stall has a message wait for the end of a stall. What comes after that begins another.
func (p *Plan) stall(f Asked, came, now time.Time, on bool) {
	key := f.key()
	end := p.way.stalls[key]
	switch {
	case !on && end.Equal(forever):
		end = now
	case on && !came.Before(end):
		if end = forever; f.Time > 0 {
			end = came.Add(f.Time)
		}
	}
	p.way.stalls[key] = end
	if came.Before(end) {
		p.hit(f.By, true)
		p.waits = append(p.waits, wait{end, f.By})
	}
}

// shape takes note of what divides a message, slows it, or has it go with others. due is
// when it would go.
func (p *Plan) shape(f Asked, due time.Time) {
	switch f.Kind {
	case Slice:
		if int64(len(p.Bytes)) > f.Size {
			p.slices = append(p.slices, f)
			p.hit(f.By, false)
		}
	case Cut:
		if at := f.within(p.Bytes); at > 0 && at < len(p.Bytes) {
			p.cuts = append(p.cuts, cut{at, f.By})
			p.hit(f.By, false)
		}
	case Bandwidth:
		p.rates = append(p.rates, f)
		p.hit(f.By, true)
	case Coalesce:
		p.glue = append(p.glue, wait{due.Add(f.Time), f.By})
		p.hit(f.By, true)
	}
}

// within returns the place of a cut in a message; 0: there is none.
func (f Fault) within(b []byte) int {
	line, rest := len(b), len(b)
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		line, rest = i, i+1
	}
	crlf := line > 0 && line < len(b) && b[line-1] == '\r'
	switch f.Place {
	case Line:
		if crlf {
			line--
		}
		return line / 2
	case CRLF:
		if crlf {
			return line
		}
		return 0
	case Payload:
		if len(b)-rest < 2 {
			return 0
		}
		return rest + (len(b)-rest)/2
	}
	return int(min(f.Size, int64(len(b))))
}

// end takes note of the ends that follow the message, and counts what goes.
func (p *Plan) end(f Asked) {
	switch f.Kind {
	case HalfClose:
		if p.End == NoEnd {
			p.End, p.EndBy = CloseHalf, f.By
		}
		p.hit(f.By, false)
	case Limit:
		key := f.key()
		rest := max(0, f.Size-p.way.passed[key])
		p.way.passed[key] += int64(len(p.Bytes))
		if int64(len(p.Bytes)) >= rest {
			p.Bytes = p.Bytes[:rest]
			p.End, p.EndBy = CloseAll, f.By
			p.hit(f.By, false)
		}
	}
}

// roll returns the dice of a fault.
func (w *Way) roll(f Asked) *rand.Rand {
	key := f.key()
	d := w.dice[key]
	if d == nil {
		h := fnv.New64a()
		h.Write([]byte(w.name + "\x00" + key))
		d = rand.New(rand.NewPCG(uint64(w.seed), h.Sum64()))
		w.dice[key] = d
	}
	return d
}

func (w *Way) jitter(f Asked) time.Duration {
	if f.Jitter == 0 {
		return 0
	}
	return time.Duration(w.roll(f).Int64N(int64(2*f.Jitter)+1)) - f.Jitter
}

// corrupt returns a copy in which some bytes are others; nil: the dice meant none, or it
// must not be.
func (w *Way) corrupt(b []byte, f Asked, redirect func(b []byte) bool) (c []byte) {
	dice := w.roll(f)
	for i := range b {
		if dice.Int64N(f.In) >= f.One {
			continue
		}
		if c == nil {
			c = bytes.Clone(b)
		}
		c[i] ^= byte(1 + dice.IntN(255))
	}
	if c == nil || redirect(b) || redirect(c) {
		return nil
	}
	return c
}

// Divided reports whether the message goes in several writes.
func (p *Plan) Divided() bool { return len(p.slices)+len(p.cuts) > 0 }

// Done reports whether all pieces were taken.
func (p *Plan) Done() bool { return p.pos == len(p.Bytes) }

// Begun reports whether a piece was taken.
func (p *Plan) Begun() bool { return p.pos > 0 }

// later returns the later of a time and those until which faults that are in force wait.
func (p *Plan) later(t time.Time, list []wait) time.Time {
	for _, w := range list {
		if w.until.After(t) && p.way.inForce(w.by) {
			t = w.until
		}
	}
	return t
}

// Wait returns how long the next piece has to wait yet; below 0: until a fault is taken
// away.
func (p *Plan) Wait(now time.Time) time.Duration {
	until := p.later(p.later(time.Time{}, p.waits), p.glue)
	if until.Equal(forever) {
		return -1
	}
	if !now.Before(until) {
		until = p.piece(now)
	}
	return max(0, until.Sub(now))
}

// Joins reports whether the message can go in the write of the one before it, which is
// coalesced.
func (p *Plan) Joins(now time.Time) bool {
	return p.Glues() && !p.Begun() && len(p.Bytes) > 0 && !now.Before(p.later(time.Time{}, p.waits))
}

// Glues reports whether others may go in the same write.
func (p *Plan) Glues() bool {
	return len(p.glue) > 0 && p.way.inForce(p.glue[0].by) && !p.Divided() && len(p.rates) == 0 && p.End == NoEnd
}

// ticks is how many pieces a bandwidth makes of what goes in a second, slack how late they
// may be without what comes next being later, too.
const (
	ticks = 50
	slack = 5 * time.Millisecond
)

// piece finds out how long the next piece is, and returns when it goes.
func (p *Plan) piece(now time.Time) (at time.Time) {
	if p.size == 0 {
		p.size = p.next()
		for _, f := range p.rates {
			p.pace(f, now)
		}
	}
	if p.paced.After(now) && p.way.inForce(p.pacer) {
		at = p.paced
	}
	gap := time.Duration(0)
	for _, f := range p.slices {
		if p.way.inForce(f.By) {
			gap = max(gap, cmp.Or(f.Time, Pause))
		}
	}
	for _, c := range p.cuts {
		if p.way.inForce(c.by) {
			gap = max(gap, Pause)
		}
	}
	if t := p.way.last.Add(gap); gap > 0 && t.After(at) {
		at = t
	}
	return at
}

// next returns how many bytes the next piece has.
func (p *Plan) next() int {
	n := int64(len(p.Bytes) - p.pos)
	for _, f := range p.slices {
		if p.way.inForce(f.By) {
			n = min(n, f.Size)
		}
	}
	for _, f := range p.rates {
		if p.way.inForce(f.By) {
			n = min(n, max(1, f.Size/ticks))
		}
	}
	for _, c := range p.cuts {
		if rest := int64(c.at - p.pos); rest > 0 && p.way.inForce(c.by) {
			n = min(n, rest)
		}
	}
	return int(n)
}

// pace has the next piece take the time that a bandwidth needs for it.
func (p *Plan) pace(f Asked, now time.Time) {
	if !p.way.inForce(f.By) {
		return
	}
	key := f.key()
	free := p.way.free[key]
	if now.Sub(free) > slack {
		free = now
	}
	free = free.Add(time.Duration(float64(p.size) / float64(f.Size) * float64(time.Second)))
	p.way.free[key] = free
	if free.After(p.paced) {
		p.paced, p.pacer = free, f.By
	}
}

// Take returns the next piece, which goes now. [Plan.Wait] must have returned 0.
func (p *Plan) Take(now time.Time) []byte {
	n := p.size
	if n == 0 {
		n = len(p.Bytes) - p.pos // what joins others has no pieces
	}
	b := p.Bytes[p.pos : p.pos+n]
	p.pos, p.size, p.paced = p.pos+n, 0, time.Time{}
	p.way.last = now
	return b
}
