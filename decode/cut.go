package decode

import "strings"

// A line that lacks its end, as the recording cuts it (a snap length, a gap) or the stream
// ends in it, is read as far as it goes: its last parameter may lack its end, and those
// that would follow are no fault of it.

// Cut reports whether the recording lacks the end of the command: of its line, whose last
// parameter may then be the beginning of one, or of its payload.
func (m *Message) Cut() bool {
	fr := m.Frame
	return fr.Gap && !fr.Omitted && fr.Kind == Command && !fr.Complete()
}

// torn reports whether argument i is the last of a line that is cut: its value may lack its
// end, and then it does not mean what it seems to.
func (m *Message) torn(i int) bool {
	return i+1 == m.Len() && m.Frame.Gap && m.Frame.Kind == Command && m.Frame.EOL == 0
}

// chooseTorn is choose for a line at whose end the stream ends: it may be whole, but for
// the line end.
func (v *Verb) chooseTorn(from Sender, role Role, dialect int, line []byte, tokens []Token) (best *Form, cost int, left absent) {
	if best, cost, left = v.choose(from, role, dialect, line, tokens); cost == 0 {
		return best, cost, left
	}
	return v.chooseCut(from, role, dialect, line, tokens)
}

// chooseCut is choose for a line that is cut. It never fits perfectly.
func (v *Verb) chooseCut(from Sender, role Role, dialect int, line []byte, tokens []Token) (best *Form, cost int, left absent) {
	for i := range v.Forms {
		f := &v.Forms[i]
		if f.From&from == 0 {
			continue
		}
		c, out := f.cutMisfit(line, tokens)
		if out == 0 {
			out, c = f.align(line, tokens, c, out, true)
		}
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
	return best, cost + 1, left
}

// cutMisfit is misfit for a line that is cut.
func (f *Form) cutMisfit(line []byte, tokens []Token) (cost int, left absent) {
	args := tokens[1:]
	at := 0
	for i := range f.Params {
		p := &f.Params[i]
		if at >= len(args) {
			cost += p.unreached()
			continue
		}
		last := at == len(args)-1
		value := line[args[at].Start:args[at].End]
		if p.Optional && p.Prefix != "" && !strings.HasPrefix(string(value), p.Prefix) && !(last && strings.HasPrefix(p.Prefix, string(value))) {
			left |= 1 << i
			continue
		}
		cost += p.cutMisfit(value, last)
		at++
		for p.Repeat && at < len(args) {
			cost += p.cutMisfit(line[args[at].Start:args[at].End], at == len(args)-1)
			at++
		}
	}
	return cost + costCount*(len(args)-at), left
}

// unreached is what it costs that a cut line ends before the parameter: rows that are told
// from others by a word that was not seen come after those.
func (p *Param) unreached() int {
	if len(p.Literals) == 1 && !p.Optional {
		return costContext
	}
	return 0
}

// cutMisfit is misfit of a parameter of a cut line; last: its value may be the beginning of
// one.
func (p *Param) cutMisfit(value []byte, last bool) int {
	whole := p.misfit(value)
	if !last || whole == 0 {
		return whole
	}
	if len(value) < len(p.Prefix) {
		if strings.HasPrefix(p.Prefix, string(value)) {
			return 0
		}
		return whole
	}
	rest := string(value[len(p.Prefix):])
	for _, l := range p.Literals {
		if strings.HasPrefix(l, rest) {
			return 0
		}
	}
	if len(p.Literals) > 0 {
		return whole
	}
	return min(whole, costContext)
}
