package inspector

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
	vocabulary "msnproxy/proxy/gate/action"
	"msnproxy/proxy/gate/rule"
)

// Gate is where live messages are stopped and changed: what the inspector asks of a
// [gate.Gate].
type Gate interface {
	Held() []gate.Held
	Decide(number int64, do []vocabulary.Action, by string) (gate.Outcome, error)
	Try(number int64, do []vocabulary.Action) ([]byte, error)
	Break(gate.Breakpoint) (int, error)
	Unbreak(id int) bool
	SwitchBreak(id int, on bool) bool
	Breakpoints() []gate.Breakpoint
	Release(forward bool)
	Send(conn uint32, to decode.Sender, frame []byte, o gate.SendOptions) (gate.Sent, error)
	End(conn uint32, side decode.Sender, reset bool, by string) error
	Conns() []gate.ConnInfo
	Rules() ([]rule.Status, error)
	EnableRule(name string, on bool) error
	Watch(c chan<- struct{})
}

var _ Gate = (*gate.Gate)(nil)

// operator is who decides here, as recordings have it.
const operator = "operator"

// holding is what the inspector knows of the gate.
type holding struct {
	held    []gate.Held
	at      map[int64]*gate.Held // by number
	breaks  []gate.Breakpoint
	told    map[int64]bool // messages of which the user was told that they are held
	lanes   map[way]*queue
	edits   map[int64][]vocabulary.Action // of held messages, not sent yet
	silence silence
	rules   int // switched on
	asked   time.Time
	polled  time.Time
	news    chan struct{} // the gate has some
}

// way is one direction of a connection.
type way struct {
	conn uint32
	from decode.Sender
}

// queue is what waits behind the first held message of a lane.
type queue struct {
	head int64
	next int         // the row to be looked at next
	rows map[int]int // which place it has
}

// silence is what marks requests that have no reply for so long.
type silence struct {
	after time.Duration // 0: off
	next  int           // the row to be looked at next
	hits  int
}

// heldEvery is how often the gate is asked what it holds while it has no news: what waits
// behind grows.
const heldEvery = 200 * time.Millisecond

// rulesEvery is how often the gate is asked how many rules are switched on.
const rulesEvery = time.Second

// poll takes in what the gate holds.
func (ins *Inspector) poll() {
	if ins.o.Gate == nil {
		return
	}
	h, now := &ins.holds, ins.o.Now()
	fresh := h.at == nil || now.Sub(h.polled) >= heldEvery
	select {
	case <-h.news:
		fresh = true
	default:
	}
	if fresh {
		h.polled = now
		h.breaks, h.held = ins.o.Gate.Breakpoints(), ins.o.Gate.Held()
		h.at = make(map[int64]*gate.Held, len(h.held))
		for i := range h.held {
			h.at[h.held[i].Number] = &h.held[i]
		}
	}
	for n := range h.edits {
		if h.at[n] == nil {
			delete(h.edits, n)
		}
	}
	ins.line()
	ins.tellHeld()
	ins.listen(now)
	if h.asked.IsZero() || now.Sub(h.asked) >= rulesEvery {
		h.asked, h.rules = now, 0
		if rules, err := ins.o.Gate.Rules(); err == nil {
			for i := range rules {
				if rules[i].Enabled {
					h.rules++
				}
			}
		}
	}
}

// line works out which rows wait behind held messages, and at which place.
func (ins *Inspector) line() {
	h := &ins.holds
	lanes := make(map[way]*queue, len(h.lanes))
	for i := range h.held {
		m := &h.held[i]
		l := way{m.Conn, m.From}
		if lanes[l] != nil {
			continue // an earlier one is held
		}
		q := h.lanes[l]
		if q == nil || q.head != m.Number {
			row := ins.x.RowOf(m.Number)
			if row < 0 {
				continue // it has not come here yet
			}
			q = &queue{head: m.Number, next: row + 1, rows: make(map[int]int)}
		}
		for n := ins.x.Len(); q.next < n; q.next++ {
			r := ins.x.Row(q.next)
			if r.Kind == index.Message && r.From == l.from && r.Conn != nil && r.Conn.Facts.ID == l.conn &&
				r.Fate != capture.Injected && (m.KeepAlive || !keepAlive(&r)) {
				q.rows[q.next] = len(q.rows) + 1
			}
		}
		lanes[l] = q
	}
	h.lanes = lanes
}

// waits returns the place of a row behind a held message; 0: it does not wait.
func (h *holding) waits(r *index.Row) int {
	if r.Conn == nil || len(h.lanes) == 0 {
		return 0
	}
	if q := h.lanes[way{r.Conn.Facts.ID, r.From}]; q != nil {
		return q.rows[r.Index]
	}
	return 0
}

// keepAlive reports whether a row is what passes held messages.
func keepAlive(r *index.Row) bool {
	a := decode.ActOf(r.Verb)
	return a == decode.ActPing || a == decode.ActPong
}

// passed reports whether a row is keep-alive that has passed a held message.
func (h *holding) passed(r *index.Row) bool {
	if r.Conn == nil || !keepAlive(r) || r.Fate != capture.Passed {
		return false
	}
	q := h.lanes[way{r.Conn.Facts.ID, r.From}]
	return q != nil && r.Number > q.head && q.rows[r.Index] == 0
}

// tellHeld tells of messages that are held now and were not before, once.
func (ins *Inspector) tellHeld() {
	h := &ins.holds
	if ins.pending != nil {
		return // a question stands there
	}
	if h.told == nil {
		h.told = make(map[int64]bool)
	}
	var fresh []*gate.Held
	for i := range h.held {
		if m := &h.held[i]; !h.told[m.Number] {
			h.told[m.Number] = true
			fresh = append(fresh, m)
		}
	}
	for n := range h.told {
		if h.at[n] == nil {
			delete(h.told, n)
		}
	}
	if len(fresh) == 0 {
		return
	}
	text := "held: " + ins.heldName(fresh[0])
	if n := len(fresh) - 1; n > 0 {
		text += " and " + strconv.Itoa(n) + " more"
	}
	ins.say(text + " (K goes there, A forwards, X drops, e edits)")
	ins.ring()
}

// ring rings the terminal's bell.
func (ins *Inspector) ring() {
	if ins.screen != nil {
		_ = ins.screen.Beep()
	}
}

// heldName names a held message: RNG 11, server to client of #3.
func (ins *Inspector) heldName(m *gate.Held) string {
	return fmt.Sprintf("%s of the %s, #%d", verbAndTrID(m.Message), m.From, m.Conn)
}

// listen marks requests that have had no reply for too long, and rings.
func (ins *Inspector) listen(now time.Time) {
	s := &ins.holds.silence
	if s.after == 0 {
		return
	}
	for n := ins.x.Len(); s.next < n; s.next++ {
		r := ins.x.Row(s.next)
		if now.Sub(r.Time) < s.after {
			return
		}
		if r.Kind != index.Message || !r.Unanswered {
			continue
		}
		s.hits++
		if !r.Marked {
			ins.note(s.next, silenceMark, ins.x.Comment(s.next))
		}
		ins.complain(fmt.Sprintf("silence: message %d (%s) has no reply for %s (mark %s)", r.Number, r.Verb, spell(s.after), silenceMark))
		ins.ring()
	}
}

// silenceMark is the mark of a request without a reply.
const silenceMark = "s"

// spell is a duration as people write it: 10s, 1m30s, 200ms.
func spell(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// seconds is how long something has lasted: 12 s, 3 min.
func seconds(d time.Duration) string {
	if d < 100*time.Second {
		return strconv.Itoa(max(int(d.Seconds()), 0)) + " s"
	}
	return shortDuration(d)
}

// rowMarks says in a few words what the proxy makes of a frame, or has made of it.
func (ins *Inspector) rowMarks(r *index.Row, rec *capture.Record) string {
	h := &ins.holds
	place := h.waits(r)
	m := h.at[r.Number]
	switch {
	case m != nil && r.Kind == index.Message:
		text := "held " + seconds(ins.o.Now().Sub(m.Since))
		if len(h.edits[m.Number]) > 0 {
			text += ", edited"
		}
		if m.Gone {
			text += ", sender is gone"
		}
		if place > 0 {
			text += ", waiting (" + strconv.Itoa(place) + ")"
		}
		return text
	case place > 0:
		return "waiting (" + strconv.Itoa(place) + ")"
	case r.Fate == capture.Held && ins.o.Gate != nil:
		return "delayed" // nobody decides on it any more
	case r.Fate == capture.Held:
		return r.Fate.String()
	case h.passed(r):
		return "passed a hold"
	}
	return show.Marks(rec)
}

// gateParts are what the status line says of the gate.
func (ins *Inspector) gateParts(now time.Time) (parts []statusPart) {
	h := &ins.holds
	if n := len(h.held); n > 0 {
		oldest := h.held[0].Since
		for i := range h.held {
			if h.held[i].Since.Before(oldest) {
				oldest = h.held[i].Since
			}
		}
		parts = append(parts, statusPart{text: strconv.Itoa(n) + " HELD " + seconds(now.Sub(oldest)), alarm: true})
	}
	if s := ins.urgent(); s != "" {
		parts = append(parts, statusPart{text: s, alarm: true})
	}
	on := 0
	for i := range h.breaks {
		if !h.breaks[i].Off {
			on++
		}
	}
	if on > 0 {
		parts = append(parts, statusPart{text: plural(on, "breakpoint"), on: true})
	}
	if s := h.silence.after; s > 0 {
		parts = append(parts, statusPart{text: "silence " + spell(s), on: true})
	}
	if h.rules > 0 {
		parts = append(parts, statusPart{text: plural(h.rules, "rule"), on: true})
	}
	return parts
}

// fateText is rowMarks without what changes by itself.
func (ins *Inspector) fateText(r *index.Row, rec *capture.Record) string {
	if m := ins.holds.at[r.Number]; m != nil && r.Kind == index.Message {
		return "held by " + m.Why + ": A forwards, X drops, e edits"
	}
	if r.Fate == capture.Held {
		return r.Fate.String()
	}
	return show.Marks(rec)
}
