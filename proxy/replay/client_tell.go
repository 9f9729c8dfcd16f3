package replay

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"msnproxy/capture/story"
)

// tellQuiet tells what was found, when nothing has come for a while: then everything
// that belongs together is there. mu is held.
func (p *performance) tellQuiet(now time.Time) {
	if now.Sub(p.heard) >= stillness {
		p.tell()
	}
}

// tell tells what was found, in the order of the recording. mu is held.
func (p *performance) tell() {
	slices.SortStableFunc(p.held, func(x, y *Difference) int {
		return cmp.Or(cmp.Compare(x.place(), y.place()), cmp.Compare(x.Conn, y.Conn))
	})
	if p.standing {
		p.cut()
		p.stop(atFirst)
	}
	for _, d := range p.held {
		if p.config.Report != nil {
			p.config.Report(d)
		}
	}
	p.held = nil
}

// awaited says in words what is waited for, and how much longer. mu is held.
func (p *performance) awaited(m *story.Message, left time.Duration) string {
	s := fmt.Sprintf("waiting for message %d #%d %s", m.Number, m.Conn.ID, m.Conn.Role)
	if m.Conn.Account != "" {
		s += " " + m.Conn.Account
	}
	s += ", " + m.Name
	if q := m.Request; q != nil {
		s += fmt.Sprintf(" (answers %s of message %d)", q.Name, q.Number)
	}
	if n := len(p.waiting) - 1; n > 0 {
		s += fmt.Sprintf(", and %d more", n)
	}
	return s + fmt.Sprintf(": %v at most", left.Round(time.Second))
}
