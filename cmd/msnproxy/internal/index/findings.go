package index

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"sync"

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

// findings are in order of rows but for the newest, which wait to be put in. All
// but names and texts is guarded by the index's lock.
type findings struct {
	sorted, late []finding
	lent         bool // sorted is in somebody's hands: it may grow, and not change
	ruleOf       map[string]uint16
	counts       [decode.Error + 1]int
	names        ruleNames
	texts        spill
}

// ruleNames are the names of rules by number. They may be asked for without the
// index's lock.
type ruleNames struct {
	mu   sync.RWMutex
	list []string
}

func (n *ruleNames) add(name string) uint16 {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, name)
	return uint16(len(n.list) - 1)
}

func (n *ruleNames) of(k *finding) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.list[k.rule>>2]
}

const (
	// lateMost is how many findings are looked through one by one.
	lateMost = 512
	// textMost is how long the text of a finding may be, in bytes.
	textMost = 1<<16 - 1
)

func (f *findings) add(row uint32, d *decode.Finding) {
	rule, known := f.ruleOf[d.Rule]
	if !known {
		if f.ruleOf == nil {
			f.ruleOf = make(map[string]uint16)
		}
		rule = f.names.add(d.Rule)
		f.ruleOf[d.Rule] = rule
	}
	text := d.Text
	if len(text) > textMost {
		text = strings.ToValidUTF8(text[:textMost], "")
	}
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

// settle puts the newest where they belong: behind those of the same row.
func (f *findings) settle() {
	if len(f.late) == 0 {
		return
	}
	slices.SortStableFunc(f.late, func(a, b finding) int { return cmp.Compare(a.row, b.row) })
	if f.lent {
		f.sorted, f.lent = slices.Clone(f.sorted), false
	}
	i, j := len(f.sorted)-1, len(f.late)-1
	f.sorted = append(f.sorted, f.late...)
	for to := len(f.sorted) - 1; j >= 0; to-- {
		if i >= 0 && f.sorted[i].row > f.late[j].row {
			f.sorted[to] = f.sorted[i]
			i--
		} else {
			f.sorted[to] = f.late[j]
			j--
		}
	}
	f.late = f.late[:0]
}

// all returns the findings in order of rows. The slice stays as it is.
func (f *findings) all() []finding {
	f.settle()
	f.lent = true
	return f.sorted
}

// text reads a finding. It needs no lock.
func (f *findings) text(k *finding) decode.Finding {
	return decode.Finding{Rule: f.names.of(k), Severity: k.severity(), Text: f.texts.get(k.at, int(k.length))}
}

// on appends the findings on a row.
func (f *findings) on(dst []finding, row uint32) []finding {
	i := sort.Search(len(f.sorted), func(i int) bool { return f.sorted[i].row >= row })
	for ; i < len(f.sorted) && f.sorted[i].row == row; i++ {
		dst = append(dst, f.sorted[i])
	}
	for _, k := range f.late {
		if k.row == row {
			dst = append(dst, k)
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
	all := x.findings.all()
	x.mu.Unlock() // want may ask the index, too
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
	return Finding{Row: r.Row, Finding: x.findings.text(&r.k)}
}

// Rule returns the name of the finding's rule, without reading its text.
func (x *Index) Rule(r FindingRef) string { return x.findings.names.of(&r.k) }

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

// find adds a finding on a row that is there. The lock is held.
func (x *Index) find(row int, f *decode.Finding) {
	x.findings.add(uint32(row), f)
	x.change(row, func(r *record) { r.found(f) })
	if c := x.conns[x.at(row).conn]; c != nil {
		c.findings[min(f.Severity, decode.Error)]++
	}
}
