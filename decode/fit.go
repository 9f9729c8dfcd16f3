package decode

import (
	"bytes"
	"slices"
)

// What a line that does not fit a row costs, to find the row that it fits best.
// A literal that differs says most: those tell the rows of a verb apart.
const (
	costLiteral = 8
	costCount   = 3
	costKind    = 2
	costContext = 1
)

// choose returns the row of the verb that the line fits best, given who sent it
// and what is known of the connection (role 0, dialect 0: nothing), and how
// badly it fits: 0 is a perfect fit. tokens holds the verb, too.
func (v *Verb) choose(from Sender, role Role, dialect int, line []byte, tokens []Token) (best *Form, cost int, left absent) {
	for i := range v.Forms {
		f := &v.Forms[i]
		if f.From&from == 0 {
			continue
		}
		c := 0
		if role != 0 && f.Roles&role == 0 {
			c += costContext
		}
		if !f.In(dialect) {
			c += costContext
		}
		misfit, out := f.misfit(line, tokens)
		c += misfit
		if c == 0 {
			return f, 0, out
		}
		if best == nil || c < cost {
			best, cost, left = f, c, out
		}
	}
	if best == nil || cost < costKind {
		return best, cost, left
	}
	return v.chooseAligned(from, role, dialect, line, tokens)
}

// chooseAligned is choose for a line that fits no row as it stands: it may leave out
// a parameter in the middle.
func (v *Verb) chooseAligned(from Sender, role Role, dialect int, line []byte, tokens []Token) (best *Form, cost int, left absent) {
	for i := range v.Forms {
		f := &v.Forms[i]
		if f.From&from == 0 {
			continue
		}
		c, out := f.misfit(line, tokens)
		out, c = f.align(line, tokens, c, out, false)
		if role != 0 && f.Roles&role == 0 {
			c += costContext
		}
		if !f.In(dialect) {
			c += costContext
		}
		if best == nil || c < cost {
			best, cost, left = f, c, out
		}
	}
	return best, cost, left
}

// misfit says how badly the line fits the row, 0 is a perfect fit, and which
// parameters that are told apart by their prefixes it leaves out.
func (f *Form) misfit(line []byte, tokens []Token) (cost int, left absent) {
	args := tokens[1:]
	if f.keyed {
		return f.keyedMisfit(line, args)
	}
	for i := len(args); i < f.least; i++ {
		cost += f.Params[i].omitted(true)
	}
	if !f.repeat {
		cost += costCount * max(0, len(args)-len(f.Params))
	}
	for i := range f.Params {
		p := &f.Params[i]
		if i >= len(args) {
			break
		}
		last := i
		if p.Repeat {
			last = len(args) - 1
		}
		for _, t := range args[i : last+1] {
			cost += p.misfit(line[t.Start:t.End])
		}
	}
	return cost, 0
}

// keyedMisfit is misfit for a row of which parameters with a prefix may be missing.
func (f *Form) keyedMisfit(line []byte, args []Token) (cost int, left absent) {
	at := 0
	for i := range f.Params {
		p := &f.Params[i]
		there := at < len(args)
		var token []byte
		if there {
			token = line[args[at].Start:args[at].End]
		}
		switch {
		case there && (!p.Optional || p.Prefix == "" || bytes.HasPrefix(token, []byte(p.Prefix))):
			cost += p.misfit(token)
			at++
		case p.Optional && at < len(args):
			left |= 1 << i
		case !p.Optional:
			cost += p.omitted(true)
		}
	}
	return cost + costCount*(len(args)-at), left
}

// misfit says how badly a token fits the parameter. An empty one fits where the
// parameter may be missing.
func (p *Param) misfit(b []byte) int {
	if p.Prefix != "" {
		if !bytes.HasPrefix(b, []byte(p.Prefix)) {
			return costLiteral
		}
		b = b[len(p.Prefix):]
	}
	if len(b) == 0 {
		if p.Optional {
			return 0
		}
		return costKind
	}
	if len(p.Literals) > 0 {
		for _, l := range p.Literals {
			if l == string(b) {
				return 0
			}
		}
		return costLiteral
	}
	if p.Kind.fit != nil && !p.Kind.fit(b) {
		return costKind
	}
	return 0
}

// fits reports whether the line fits some row of its verb, or of the error
// replies, perfectly: the test for what may be a command, where nothing else
// says that it is one.
func fits(line []byte) bool {
	v := verbOf(line)
	if v == nil {
		return false
	}
	var room [16]Token
	fr := Frame{Raw: line, LineLen: len(line)}
	tokens := fr.AppendTokens(room[:0], true)
	for i := range v.Forms {
		if cost, _ := v.Forms[i].misfit(line, tokens); cost == 0 {
			return v.Forms[i].Payload == "" || payloadLen(line) >= 0
		}
	}
	if v.shuffled(line, tokens) {
		v.order(line, tokens)
		for i := range v.Forms {
			if cost, _ := v.Forms[i].misfit(line, tokens); cost == 0 {
				return v.Forms[i].Payload == "" || payloadLen(line) >= 0
			}
		}
	}
	return false
}

// tokenise parts the line for the fields: by single blanks, so that an empty
// parameter has its place, unless the line fits better with runs of blanks taken
// as one. Parameters with a prefix that stand in another order than the table's are taken
// in that, unless the line fits better as it stands.
func (m *Message) tokenise(v *Verb) {
	m.tokens = m.Frame.AppendTokens(m.tokens[:0], false)
	if !v.shuffled(m.Frame.Line(), m.tokens) {
		m.read(v)
		return
	}
	m.shuffled = true
	written := slices.Clone(m.tokens)
	v.order(m.Frame.Line(), m.tokens)
	m.read(v)
	if m.cost == 0 {
		return
	}
	ordered := *m
	m.tokens, m.shuffled = written, false
	if m.read(v); ordered.Form != nil && ordered.cost <= m.cost {
		*m = ordered
	}
}

// read chooses the row for the tokens, which are parted by single blanks.
func (m *Message) read(v *Verb) {
	fr := m.Frame
	trimmed := m.tokens
	for trimmed[len(trimmed)-1].Start == trimmed[len(trimmed)-1].End {
		trimmed = trimmed[:len(trimmed)-1]
	}
	line := fr.Line()
	choose := v.choose
	if fr.EOL == 0 {
		choose = v.chooseCut
		if !fr.Gap {
			choose = v.chooseTorn
		}
	}
	m.Form, m.cost, m.absent = choose(m.From, m.Role, m.Dialect, line, trimmed)
	if m.Form != nil && m.cost == 0 && len(trimmed) < len(m.tokens) && len(trimmed)-1 < len(m.Form.Params) {
		// A blank after the last parameter stands for an empty one.
		trimmed = m.tokens[:len(trimmed)+1]
	}
	m.spaced = len(trimmed) < len(m.tokens)
	m.tokens = trimmed
	if m.cost == 0 {
		return
	}
	collapsed := fr.AppendTokens(nil, true)
	if m.shuffled {
		v.order(line, collapsed)
	}
	if f, cost, left := choose(m.From, m.Role, m.Dialect, line, collapsed); cost < m.cost {
		m.Form, m.cost, m.absent, m.tokens, m.spaced = f, cost, left, collapsed, true
	}
}
