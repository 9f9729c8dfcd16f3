package show

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"msnproxy/capture/compare"
	"msnproxy/capture/story"
)

// DifferenceOptions say how a comparison is printed.
type DifferenceOptions struct {
	// JSON: one object for each difference; else text.
	JSON  bool
	Color bool
	// Context is how many messages that are the same stand around a difference.
	Context int
}

// differences prints a report.
type differences struct {
	DifferenceOptions
	out     *bufio.Writer
	palette palette
	a, b    *story.Reader
	buf     []byte
}

// longest is how much of a value or a summary is shown, in bytes.
const longest = 200

// Differences prints how two recordings differ. The error is the writer's, or of
// reading the recordings.
func Differences(w io.Writer, r *compare.Report, o DifferenceOptions) error {
	p := &differences{DifferenceOptions: o, out: bufio.NewWriter(w), palette: newPalette(o.Color),
		a: r.A.NewReader(), b: r.B.NewReader()}
	var err error
	for _, s := range r.Sessions {
		if o.JSON {
			err = p.sessionJSON(s)
		} else {
			err = p.session(s)
		}
		if err != nil {
			break
		}
	}
	return errors.Join(err, p.out.Flush())
}

func (p *differences) session(s *compare.Session) error {
	differ := s.Kind() != compare.Same
	for _, c := range s.Conns {
		differ = differ || c.Kind() != compare.Same || c.Differences > 0
	}
	if !differ {
		return nil
	}
	name := "connections of no session"
	if s.A != nil || s.B != nil {
		name = "session of " + string(Clip(nil, s.Account(), longest))
	}
	p.line(p.palette.name, " ", "%s%s", name, p.only(s.Kind(), len(s.Conns)))
	for _, c := range s.Conns {
		if err := p.conn(s, c); err != nil {
			return err
		}
	}
	return nil
}

// only says that one side alone has something of so many connections.
func (p *differences) only(k compare.Kind, conns int) string {
	switch k {
	case compare.Missing:
		return fmt.Sprintf(": only in the first recording (connections: %d)", conns)
	case compare.Extra:
		return fmt.Sprintf(": only in the second recording (connections: %d)", conns)
	}
	return ""
}

var signs = [...]struct {
	sign string
	ink  func(*palette) ink
}{
	compare.Same:      {" ", func(p *palette) ink { return p.dim }},
	compare.Missing:   {"-", func(p *palette) ink { return p.err }},
	compare.Extra:     {"+", func(p *palette) ink { return p.server }},
	compare.Different: {"~", func(p *palette) ink { return p.warning }},
	compare.Reordered: {">", func(p *palette) ink { return p.note }},
	compare.Ended:     {"~", func(p *palette) ink { return p.warning }},
}

// line prints a line after a sign, in a colour.
func (p *differences) line(color ink, sign, format string, args ...any) {
	fmt.Fprintf(p.out, "%s%s %s%s\n", color.on, sign, fmt.Sprintf(format, args...), color.off)
}

func (p *differences) conn(s *compare.Session, c *compare.Conn) error {
	switch k := c.Kind(); {
	case s.Kind() != compare.Same:
		return nil
	case k != compare.Same:
		one := c.A
		if one == nil {
			one = c.B
		}
		side := map[compare.Kind]string{compare.Missing: "first", compare.Extra: "second"}[k]
		p.line(signs[k].ink(&p.palette), signs[k].sign, "  %s connection #%d: only in the %s recording (messages: %d)",
			c.Role(), one.ID, side, len(one.Messages))
		return nil
	case c.Differences == 0:
		return nil
	}
	p.line(p.palette.name, " ", "  %s connection: #%d in the first recording, #%d in the second", c.Role(), c.A.ID, c.B.ID)
	if err := p.steps(c.Steps); err != nil {
		return err
	}
	if c.EndA != c.EndB {
		p.line(p.palette.warning, "~", "   the connection is %s | %s", c.EndA, c.EndB)
	}
	return nil
}

// steps prints the differences with what stands around them.
func (p *differences) steps(steps []compare.Step) error {
	next := 0 // the first step that is not printed
	for i := range steps {
		if steps[i].Kind == compare.Same {
			continue
		}
		from := max(next, i-p.Context)
		if from > next {
			p.line(p.palette.dim, " ", "   ...")
		}
		for ; from <= i; from++ {
			if err := p.step(&steps[from]); err != nil {
				return err
			}
		}
		next = i + 1
		for next < len(steps) && next <= i+p.Context && steps[next].Kind == compare.Same {
			if err := p.step(&steps[next]); err != nil {
				return err
			}
			next++
		}
	}
	if next < len(steps) && next > 0 {
		p.line(p.palette.dim, " ", "   ...")
	}
	return nil
}

// step prints one message: its numbers on both sides, and what it says.
func (p *differences) step(s *compare.Step) error {
	m, r := s.A, p.a
	if m == nil {
		m, r = s.B, p.b
	}
	d, _, err := r.Decode(m)
	if err != nil {
		return err
	}
	name := d.Name()
	if !d.Named() {
		name = d.Frame.Kind.String()
	}
	p.buf = Clip(p.buf[:0], name, longest)
	p.buf = append(p.buf, "  "...)
	p.buf = Clip(p.buf, d.Summary(), longest)
	g := signs[s.Kind]
	p.line(g.ink(&p.palette), g.sign, " %6s %6s %s: %s", number(s.A), number(s.B), m.From.Letter(), p.buf)
	for i := range s.Fields {
		p.field(&s.Fields[i])
	}
	return nil
}

func number(m *story.Message) string {
	if m == nil {
		return "."
	}
	return fmt.Sprint(m.Number)
}

func (p *differences) field(f *compare.FieldDifference) {
	p.buf = append(p.buf[:0], "                      "...)
	p.buf = Clip(p.buf, f.Name, longest)
	p.buf = append(p.buf, ": "...)
	p.value(f.A)
	p.buf = append(p.buf, " | "...)
	p.value(f.B)
	if f.Broken {
		p.buf = append(p.buf, "  (not the value that was given out in its place)"...)
	}
	fmt.Fprintf(p.out, "%s\n", p.buf)
}

func (p *differences) value(v *string) {
	switch {
	case v == nil:
		p.buf = append(p.buf, "(none)"...)
	case *v == "":
		p.buf = append(p.buf, "(empty)"...)
	default:
		p.buf = Clip(p.buf, *v, longest)
	}
}

// differenceJSON is a difference as JSON: see docs/compare.md.
type differenceJSON struct {
	V       int         `json:"v"`
	Kind    string      `json:"kind"`
	What    string      `json:"what"`
	Account string      `json:"account,omitempty"`
	Role    string      `json:"role,omitempty"`
	A       *sideJSON   `json:"a,omitempty"`
	B       *sideJSON   `json:"b,omitempty"`
	Fields  []fieldJSON `json:"fields,omitempty"`
}

type sideJSON struct {
	Session int    `json:"session,omitempty"`
	Conn    uint32 `json:"conn,omitempty"`
	Number  int64  `json:"number,omitempty"`
	From    string `json:"from,omitempty"`
	Verb    string `json:"verb,omitempty"`
	Summary string `json:"summary,omitempty"`
	Ended   string `json:"ended,omitempty"`
}

type fieldJSON struct {
	Name   string  `json:"name"`
	A      *string `json:"a"`
	B      *string `json:"b"`
	Broken bool    `json:"broken,omitempty"`
}

func (p *differences) sessionJSON(s *compare.Session) error {
	side := func(n *story.Session, c *story.Conn) *sideJSON {
		if n == nil && c == nil {
			return nil
		}
		j := &sideJSON{}
		if n != nil {
			j.Session = n.Number
		}
		if c != nil {
			j.Conn = c.ID
		}
		return j
	}
	if k := s.Kind(); k != compare.Same {
		return p.object(&differenceJSON{Kind: k.String(), What: "session", Account: s.Account(), A: side(s.A, nil), B: side(s.B, nil)})
	}
	for _, c := range s.Conns {
		j := differenceJSON{Account: s.Account(), Role: c.Role().String()}
		if k := c.Kind(); k != compare.Same {
			j.Kind, j.What = k.String(), "connection"
			if c.A != nil {
				j.A = side(s.A, c.A)
			} else {
				j.B = side(s.B, c.B)
			}
			if err := p.object(&j); err != nil {
				return err
			}
			continue
		}
		for i := range c.Steps {
			if err := p.stepJSON(&c.Steps[i], j, side(s.A, c.A), side(s.B, c.B)); err != nil {
				return err
			}
		}
		if c.EndA != c.EndB {
			j.Kind, j.What, j.A, j.B = "ended", "connection", side(s.A, c.A), side(s.B, c.B)
			j.A.Ended, j.B.Ended = c.EndA, c.EndB
			if err := p.object(&j); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *differences) stepJSON(s *compare.Step, j differenceJSON, a, b *sideJSON) error {
	if s.Kind == compare.Same {
		return nil
	}
	j.Kind, j.What = s.Kind.String(), "message"
	for _, one := range []struct {
		m   *story.Message
		r   *story.Reader
		own *sideJSON
		to  **sideJSON
	}{{s.A, p.a, a, &j.A}, {s.B, p.b, b, &j.B}} {
		if one.m == nil {
			continue
		}
		d, _, err := one.r.Decode(one.m)
		if err != nil {
			return err
		}
		own := *one.own
		own.Number, own.From, own.Verb = one.m.Number, one.m.From.String(), string(Escape(nil, one.m.Name))
		own.Summary = string(Escape(nil, d.Summary()))
		*one.to = &own
	}
	for _, f := range s.Fields {
		j.Fields = append(j.Fields, fieldJSON{Name: string(Escape(nil, f.Name)), A: escaped(f.A), B: escaped(f.B), Broken: f.Broken})
	}
	return p.object(&j)
}

func escaped(v *string) *string {
	if v == nil {
		return nil
	}
	s := string(Escape(nil, *v))
	return &s
}

func (p *differences) object(j *differenceJSON) error {
	j.V = jsonVersion
	j.Account = string(Escape(nil, j.Account))
	b, err := json.Marshal(j)
	if err != nil {
		return err
	}
	_, err = p.out.Write(append(b, '\n'))
	return err
}
