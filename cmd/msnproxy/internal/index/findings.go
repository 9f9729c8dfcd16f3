package index

import (
	"cmp"
	"slices"
	"sort"

	"msnproxy/decode"
	"msnproxy/decode/check"
)

// finding is one as it is kept: 16 bytes, the text on disk.
type finding struct {
	row    uint32
	rule   uint16 // place in the list of rules, times 4, and the severity
	length uint16
	at     int64 // of the text
}

func (f *finding) severity() decode.Severity { return decode.Severity(f.rule & 3) }

// Finding is a finding and the row that it is on.
type Finding struct {
	Row int
	decode.Finding
}

// findings are in order of rows but for the newest, which wait to be put in.
type findings struct {
	sorted, late []finding
	rules        []string
	ruleOf       map[string]uint16
	texts        spill
	counts       [decode.Error + 1]int
}

// lateMost is how many findings are looked through one by one.
const lateMost = 512

func (f *findings) add(row uint32, d *decode.Finding) {
	rule, known := f.ruleOf[d.Rule]
	if !known {
		if f.ruleOf == nil {
			f.ruleOf = make(map[string]uint16)
		}
		rule = uint16(len(f.rules))
		f.ruleOf[d.Rule] = rule
		f.rules = append(f.rules, d.Rule)
	}
	text := d.Text[:min(len(d.Text), 1<<16-1)]
	k := finding{row: row, rule: rule<<2 | uint16(d.Severity&3), length: uint16(len(text)), at: f.texts.put(text)}
	f.counts[min(d.Severity, decode.Error)]++
	if n := len(f.sorted); len(f.late) == 0 && (n == 0 || f.sorted[n-1].row <= row) {
		f.sorted = append(f.sorted, k)
		return
	}
	if f.late = append(f.late, k); len(f.late) >= lateMost {
		f.settle()
	}
}

// settle puts the newest where they belong.
func (f *findings) settle() {
	if len(f.late) == 0 {
		return
	}
	byRow := func(a, b finding) int { return cmp.Compare(a.row, b.row) }
	slices.SortStableFunc(f.late, byRow)
	first := f.late[0].row
	i := sort.Search(len(f.sorted), func(i int) bool { return f.sorted[i].row > first })
	f.sorted = append(f.sorted, f.late...)
	slices.SortStableFunc(f.sorted[i:], byRow)
	f.late = f.late[:0]
}

func (f *findings) text(k *finding) decode.Finding {
	return decode.Finding{Rule: f.rules[k.rule>>2], Severity: k.severity(), Text: f.texts.get(k.at, int(k.length))}
}

// on appends the findings on a row.
func (f *findings) on(dst []decode.Finding, row uint32) []decode.Finding {
	i := sort.Search(len(f.sorted), func(i int) bool { return f.sorted[i].row >= row })
	for ; i < len(f.sorted) && f.sorted[i].row == row; i++ {
		dst = append(dst, f.text(&f.sorted[i]))
	}
	for i := range f.late {
		if f.late[i].row == row {
			dst = append(dst, f.text(&f.late[i]))
		}
	}
	return dst
}

// FindingCounts returns how many findings there are of each severity.
func (x *Index) FindingCounts() [decode.Error + 1]int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.findings.counts
}

// FindingRef is a finding whose text is not read yet.
type FindingRef struct {
	Row int
	k   finding
}

// Severity is the finding's.
func (r FindingRef) Severity() decode.Severity { return r.k.severity() }

// Findings returns all findings of at least that severity, in order of rows, as
// far as their rows are wanted; nil: all are.
func (x *Index) Findings(least decode.Severity, want func(row int) bool) []FindingRef {
	x.mu.Lock()
	x.findings.settle()
	all := slices.Clone(x.findings.sorted) // want may ask the index, too
	x.mu.Unlock()
	var list []FindingRef
	for _, k := range all {
		if k.severity() >= least && (want == nil || want(int(k.row))) {
			list = append(list, FindingRef{Row: int(k.row), k: k})
		}
	}
	return list
}

// Finding reads a finding.
func (x *Index) Finding(r FindingRef) Finding {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return Finding{Row: r.Row, Finding: x.findings.text(&r.k)}
}

// Rule returns the name of the finding's rule, without reading its text.
func (x *Index) Rule(r FindingRef) string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.findings.rules[r.k.rule>>2]
}

// located adds findings on earlier messages and on connections. The lock is held.
func (x *Index) located(list []check.Located) {
	for i := range list {
		l := &list[i]
		row := -1
		if l.Number > 0 {
			row = x.rowOf(l.Number)
		}
		if row < 0 {
			if c := x.byID[l.Conn]; c != nil {
				row = c.last
			}
		}
		if row >= 0 {
			x.find(row, &l.Finding)
		}
	}
}

// find adds a finding on a row. The lock is held.
func (x *Index) find(row int, f *decode.Finding) {
	x.findings.add(uint32(row), f)
	r := x.at(row)
	r.flags |= flagFinds
	if f.Severity > r.severity() {
		r.set(shiftSeverity, 2, uint32(f.Severity))
	}
	if c := x.conns[r.conn]; c != nil {
		c.findings[min(f.Severity, decode.Error)]++
	}
	x.touch(row)
}
