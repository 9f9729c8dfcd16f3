package compare

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"

	"msnproxy/capture/story"
	"msnproxy/decode"
)

// Options say how recordings are compared.
type Options struct {
	// Rules say what counts as the same.
	Rules *Rules
	// Noise: keep-alive, typing and empty lines count, too.
	Noise bool
	// Keep picks the messages that are compared; nil: all.
	Keep func(*decode.Message) bool
	// Findings: Keep asks for findings, so the stories are to be read with rules.
	Findings bool
	// Stop, when it is closed, ends the comparison with story.ErrStopped.
	Stop <-chan struct{}
}

// ignoresNoise: presence that is said again is none here, as which of two messages
// says it first is a matter of time.
func (o *Options) ignoresNoise(n decode.Noise) bool {
	return !o.Noise && n != decode.NoNoise && n != decode.Repeated
}

// comparison is two stories being compared.
type comparison struct {
	options Options
	a, b    *story.Reader
	report  *Report
	linked  []linked
	keeping sync.Mutex
}

func (c *comparison) stopped() bool {
	select {
	case <-c.options.Stop:
		return true
	default:
		return false
	}
}

// Stories says how recording b differs from recording a. The error is of reading
// their bytes.
func Stories(a, b *story.Story, o Options) (*Report, error) {
	c := &comparison{options: o, a: a.NewReader(), b: b.NewReader(), report: &Report{A: a, B: b}}
	for _, s := range c.sessions(a, b) {
		out := &Session{A: s.a, B: s.b}
		c.report.Sessions = append(c.report.Sessions, out)
		if k := out.Kind(); k != Same {
			c.report.Counts[k]++
			for _, conn := range s.connsA {
				out.Conns = append(out.Conns, &Conn{A: conn})
			}
			for _, conn := range s.connsB {
				out.Conns = append(out.Conns, &Conn{B: conn})
			}
			continue
		}
		for _, p := range c.connections(s.connsA, s.connsB) {
			conn, err := c.compare(p[0], p[1])
			if err != nil {
				return nil, err
			}
			out.Conns = append(out.Conns, conn)
		}
	}
	if err := c.links(); err != nil {
		return nil, err
	}
	c.count()
	return c.report, nil
}

// count counts the differences of messages.
func (c *comparison) count() {
	for _, s := range c.report.Sessions {
		if s.Kind() != Same {
			continue
		}
		for _, conn := range s.Conns {
			if k := conn.Kind(); k != Same {
				c.report.Counts[k]++
				continue
			}
			for i := range conn.Steps {
				if k := conn.Steps[i].Kind; k != Same {
					c.report.Counts[k]++
					conn.Differences++
				}
			}
			if conn.EndA != conn.EndB {
				c.report.Counts[Ended]++
				conn.Differences++
			}
		}
	}
}

// compare compares two connections, of which one may be missing.
func (c *comparison) compare(a, b *story.Conn) (*Conn, error) {
	out := &Conn{A: a, B: b}
	if a == nil || b == nil {
		return out, nil
	}
	sa, sb, err := c.mark2(a, b)
	if err != nil {
		return nil, err
	}
	p := &pairing{a: sa, b: sb}
	p.match()
	out.EndA, out.EndB = sa.ending(), sb.ending()
	if out.EndA == "" || out.EndB == "" {
		out.EndA, out.EndB = "", ""
	}
	out.Steps, err = c.steps(out, sa, sb)
	return out, err
}

// ending says how the connection ended; "" where the recording does not say. After
// OUT and after a redirect it does not matter who is first.
func (s *side) ending() string {
	if !s.conn.Ended {
		return ""
	}
	for i := len(s.marks) - 1; i >= 0 && i >= len(s.marks)-8; i-- {
		if s.marks[i].leaves {
			return "left"
		}
	}
	switch {
	case s.conn.Reset:
		return "broken off by the " + s.conn.End.String()
	case s.conn.End == 0:
		return ""
	}
	return "closed by the " + s.conn.End.String()
}

// steps puts the messages of both sides into one order, and says what is different.
func (c *comparison) steps(conn *Conn, a, b *side) ([]Step, error) {
	type placed struct {
		Step
		at, then int32 // the message of A that it is, or stands before; then that of B
	}
	var list []placed
	for i := range a.marks {
		k := &a.marks[i]
		if k.skip {
			continue
		}
		s := placed{Step{Kind: Missing, A: k.m}, int32(i), math.MaxInt32}
		if k.partner >= 0 {
			l := &b.marks[k.partner]
			s.B = l.m
			if err := c.step(&s.Step, k, l); err != nil {
				return nil, err
			}
		}
		list = append(list, s)
	}
	at := int32(len(a.marks))
	for j := len(b.marks) - 1; j >= 0; j-- {
		l := &b.marks[j]
		switch {
		case l.skip:
		case l.partner >= 0 && !l.moved:
			at = min(at, l.partner)
		case l.partner < 0:
			list = append(list, placed{Step{Kind: Extra, B: l.m}, at, int32(j)})
		}
	}
	slices.SortStableFunc(list, func(x, y placed) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.then, y.then)) })
	steps := make([]Step, len(list))
	for i := range list {
		steps[i] = list[i].Step
		if s := &steps[i]; s.A != nil && s.B != nil && (a.marks[s.A.Index].linked || b.marks[s.B.Index].linked) {
			c.linked = append(c.linked, linked{s})
		}
	}
	return steps, nil
}

// step says how two paired messages differ.
func (c *comparison) step(s *Step, k, l *mark) error {
	s.Kind = Same
	if k.moved {
		s.Kind = Reordered
	}
	if k.key == l.key {
		return nil
	}
	a, _, err := c.a.Decode(k.m)
	if err != nil {
		return err
	}
	b, _, err := c.b.Decode(l.m)
	if err != nil {
		return err
	}
	if s.Fields = messages(told{a, c.report.A.Peer(k.m)}, told{b, c.report.B.Peer(l.m)}, c.options.Rules); len(s.Fields) > 0 && s.Kind == Same {
		s.Kind = Different
	}
	return nil
}

func lower(s string) string { return strings.ToLower(s) }
