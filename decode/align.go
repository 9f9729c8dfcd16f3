package decode

import "bytes"

// maxAligned is how many parameters and tokens of a line are looked at for one that
// is missing; lines with more are read from left to right.
const maxAligned = 24

// absent is which parameters of a row a line leaves out, although others follow: a
// bit for each.
type absent uint32

// holds reports whether parameter i is left out.
func (a absent) holds(i int) bool { return i < maxAligned && a>>i&1 != 0 }

// place returns the parameter that argument i stands for, both counted from 0.
func (a absent) place(i int) int {
	if a == 0 {
		return i
	}
	for p := 0; ; p++ {
		if a.holds(p) {
			continue
		}
		if i == 0 {
			return p
		}
		i--
	}
}

// argument returns which argument stands for parameter p; it is not to be absent.
func (a absent) argument(p int) int {
	n := p
	for i := range min(p, maxAligned) {
		if a.holds(i) {
			n--
		}
	}
	return n
}

// align finds which parameters of the row the line most probably leaves out: those
// without which it fits best. Where nothing is won by that none are. cost is what the
// line costs read from left to right, left what it leaves out then. Of a line that is cut
// the last value may be the beginning of one, and parameters behind it are not left out.
func (f *Form) align(line []byte, tokens []Token, cost int, left absent, cut bool) (absent, int) {
	args := tokens[1:]
	if len(f.Params) > maxAligned || len(args) > maxAligned || len(args) == 0 {
		return left, cost
	}
	var table [maxAligned + 1][maxAligned + 1]struct {
		cost int
		skip bool
	}
	for i := len(args); i >= 0; i-- {
		for p := len(f.Params); p >= 0; p-- {
			c := &table[i][p]
			switch {
			case p == len(f.Params):
				c.cost = costCount * (len(args) - i)
				continue
			case i == len(args) && cut:
				c.cost, c.skip = table[i][p+1].cost+f.Params[p].unreached(), true
				continue
			case i == len(args):
				c.cost, c.skip = table[i][p+1].cost+f.Params[p].omitted(true), true
				continue
			}
			param := &f.Params[p]
			value := line[args[i].Start:args[i].End]
			if c.cost = param.wrong(value, cut && i == len(args)-1) + param.doubt(value); param.Repeat {
				for j, t := range args[i+1:] {
					c.cost += param.wrong(line[t.Start:t.End], cut && i+j+2 == len(args))
				}
			} else {
				c.cost += table[i+1][p+1].cost
			}
			if left := table[i][p+1].cost + param.omitted(false); left < c.cost || left == c.cost && param.Kind.Name == "listver" {
				// Of several numbers that may be missing, servers leave out the list-version.
				c.cost, c.skip = left, true
			}
		}
	}
	if best := table[0][0].cost; best > cost || best == cost && !cut {
		return left, cost
	}
	var out absent
	for i, p := 0, 0; p < len(f.Params) && i < len(args); p++ {
		if table[i][p].skip {
			out |= 1 << p
		} else {
			i++
		}
	}
	return out, table[0][0].cost
}

// wrong is misfit where parameters may be left out: one of several words that is another
// is wrong itself, rather than left out with something else in its place. cut: the value
// may be the beginning of one.
func (p *Param) wrong(value []byte, cut bool) int {
	cost := p.cutMisfit(value, cut)
	if len(p.Literals) > 1 {
		cost = min(cost, costCount+costKind)
	}
	return cost
}

// omitted is what it costs to leave the parameter out, at the end of the line or
// before it. The length of a payload stands where it is last.
func (p *Param) omitted(last bool) int {
	switch {
	case p.Optional && (last || p.Prefix != ""):
		return 0
	case p.Optional:
		return costContext
	case len(p.Literals) == 1:
		return 2 * costCount // by it rows are told apart
	case p.Kind.Name == "length":
		return costCount + costContext
	}
	return costCount
}

// doubt is what a value costs that is possible, but not likely. Any word may be the
// name of a host.
func (p *Param) doubt(value []byte) int {
	if p.Kind.Address && bytes.IndexByte(value, '.') < 0 && bytes.IndexByte(value, ':') < 0 {
		return costContext
	}
	return 0
}
