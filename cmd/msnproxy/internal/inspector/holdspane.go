package inspector

import (
	"strconv"
	"strings"
	"time"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
)

// holdsPane is the view of what is held, and of what holds: breakpoints, then the held
// messages, each with what waits for it.
type holdsPane struct {
	ins    *Inspector
	lines  []holdLine
	sel    int
	picked int64 // the held message that was selected last; 0: none
	synced int   // the row that sel was last chosen for
	top    int
	height int
}

// holdLine is a line of the view: a breakpoint, a held message, or else words.
type holdLine struct {
	brk     *gate.Breakpoint
	held    *gate.Held
	silence bool
	text    string // of a heading, or of what is to be said of the line above
	head    bool
	alarm   bool
}

// chosen reports whether the line can be selected.
func (l *holdLine) chosen() bool { return l.brk != nil || l.held != nil || l.silence }

func newHoldsPane(ins *Inspector) pane { return &holdsPane{ins: ins, synced: -1} }

// refresh makes the lines anew.
func (p *holdsPane) refresh() {
	h := &p.ins.holds
	p.lines = p.lines[:0]
	p.lines = append(p.lines, holdLine{head: true, text: "Breakpoints"})
	for i := range h.breaks {
		p.lines = append(p.lines, holdLine{brk: &h.breaks[i]})
	}
	if h.silence.after > 0 {
		p.lines = append(p.lines, holdLine{silence: true})
	}
	if len(h.breaks) == 0 && h.silence.after == 0 {
		p.lines = append(p.lines, holdLine{text: "none: b holds messages like the selected one, B those of a filter"})
	}
	p.lines = append(p.lines, holdLine{head: true, text: "Held"})
	for i := range h.held {
		m := &h.held[i]
		p.lines = append(p.lines, holdLine{held: m})
		for _, s := range p.ins.burning(m) {
			p.lines = append(p.lines, holdLine{text: s, alarm: true})
		}
	}
	if len(h.held) == 0 {
		p.lines = append(p.lines, holdLine{text: "nothing"})
	}
	p.sync()
}

// sync keeps the selection on what it was on.
func (p *holdsPane) sync() {
	want := p.picked
	if row := p.ins.sel; row != p.synced && row >= 0 && !p.ins.follow {
		p.synced = row
		if r := p.ins.x.Row(row); r.Kind == index.Message && p.ins.holds.at[r.Number] != nil {
			want = r.Number
		}
	}
	if want != 0 {
		for i := range p.lines {
			if m := p.lines[i].held; m != nil && m.Number == want {
				p.sel, p.picked = i, want
				return
			}
		}
		p.picked = 0
	}
	p.sel = p.near(p.sel, 1)
}

// near returns the line that can be selected at n, or next to it.
func (p *holdsPane) near(n, dir int) int {
	n = bound(n, 0, max(len(p.lines)-1, 0))
	for _, d := range []int{dir, -dir} {
		for i := n; i >= 0 && i < len(p.lines); i += d {
			if p.lines[i].chosen() {
				return i
			}
		}
	}
	return n
}

func (p *holdsPane) selected() *holdLine {
	if p.sel < 0 || p.sel >= len(p.lines) || !p.lines[p.sel].chosen() {
		return nil
	}
	return &p.lines[p.sel]
}

// pick selects a line, and the message that is held there.
func (p *holdsPane) pick(n, dir int) {
	p.sel, p.picked = p.near(n, dir), 0
	if l := p.selected(); l != nil && l.held != nil {
		p.picked = l.held.Number
		if row := p.ins.x.RowOf(p.picked); row >= 0 {
			p.ins.selectRow(row)
			p.synced = row
		}
	}
}

// move goes over so many lines that can be selected.
func (p *holdsPane) move(n int) {
	p.refresh()
	at, dir := p.sel, 1
	if n < 0 {
		n, dir = -n, -1
	}
	for i := at + dir; i >= 0 && i < len(p.lines) && n > 0; i += dir {
		if p.lines[i].chosen() {
			at = i
			n--
		}
	}
	p.pick(at, dir)
}

func (p *holdsPane) page(dir int, half bool) { p.move(screenful(p.height, dir, half)) }

func (p *holdsPane) end(last bool) {
	p.refresh()
	if last {
		p.pick(len(p.lines)-1, -1)
		return
	}
	p.pick(0, 1)
}

func (p *holdsPane) click(_, y int) {
	if n := p.top + y - 1; y >= 1 && n < len(p.lines) && p.lines[n].chosen() {
		p.pick(n, 1)
	}
}

func (p *holdsPane) wheel(n int) { p.move(n) }

// enter switches a breakpoint on or off, or goes to a held message.
func (p *holdsPane) enter() {
	l := p.selected()
	switch {
	case l == nil:
	case l.brk != nil:
		on := l.brk.Off
		if p.ins.o.Gate.SwitchBreak(l.brk.ID, on) {
			p.ins.say("breakpoint " + strconv.Itoa(l.brk.ID) + " is " + map[bool]string{true: "on", false: "off"}[on])
		}
	case l.held != nil:
		if row := p.ins.x.RowOf(l.held.Number); row >= 0 {
			p.ins.reveal(row)
			p.ins.setView(messagesView)
		}
	}
}

// challengeFor is how long servers wait for the answer to a challenge: some hang up by then.
const challengeFor = 50 * time.Second

// burning says what waits for a held message, and for how long it may.
func (ins *Inspector) burning(m *gate.Held) (list []string) {
	now := ins.o.Now()
	if s := ins.misses(m.Message, now.Sub(m.Since)); s != "" {
		list = append(list, s)
	}
	if q := ins.holds.lanes[way{m.Conn, m.From}]; q != nil && q.head == m.Number {
		for row := range q.rows {
			r := ins.x.Row(row)
			if ins.holds.at[r.Number] != nil || r.Verb == "" {
				continue // it is held itself, and says so there
			}
			if a := decode.ActOf(r.Verb); a != decode.ActChallenge && a != decode.ActPong {
				continue
			}
			if b, _, err := ins.reader.Read(row); err == nil && b != nil {
				if s := ins.misses(b, now.Sub(r.Time)); s != "" {
					list = append(list, behindIt+verbAndTrID(b)+": "+s)
				}
			}
		}
	}
	if m.Gone {
		list = append(list, "the "+m.From.String()+" says no more: it has gone")
	}
	return list
}

// misses says what happens as long as a message does not arrive.
func (ins *Inspector) misses(m *decode.Message, held time.Duration) string {
	switch m.Act() {
	case decode.ActChallenge:
		if left := challengeFor - held; left > 0 {
			return "the server hangs up in about " + seconds(left)
		}
		return "the server may have hung up: it waits about " + seconds(challengeFor)
	case decode.ActPing, decode.ActPong:
		return "the client waits for the answer to its keep-alive"
	}
	return strings.TrimPrefix(misses(m), "; ")
}

// urgent is the first of what burning says of challenges and keep-alive, with which
// message it is about.
func (ins *Inspector) urgent() string {
	for i := range ins.holds.held {
		m := &ins.holds.held[i]
		for _, b := range ins.burning(m) {
			if strings.HasPrefix(b, behindIt) {
				return strings.TrimPrefix(b, behindIt)
			}
			if a := m.Message.Act(); a == decode.ActChallenge || a == decode.ActPing || a == decode.ActPong {
				return verbAndTrID(m.Message) + ": " + b
			}
		}
	}
	return ""
}

// behindIt begins what is said of a message that waits behind the held one.
const behindIt = "behind it "
