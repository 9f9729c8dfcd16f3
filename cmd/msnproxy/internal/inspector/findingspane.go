package inspector

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"
	"time"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// findingsPane is the view of all findings on what is wanted, be it folded away or
// not: in order of time, or by rule.
type findingsPane struct {
	ins    *Inspector
	task   task
	stamp  findingsStamp
	known  bool      // there is a stamp
	made   bool      // there is a list
	at     time.Time // when it was made
	counts severities
	least  decode.Severity // as the user wants it; 0: what suits the recording
	from   decode.Severity // the least severity in the list
	byRule bool
	groups []findingGroup
	closed map[string]bool // rules whose findings are not shown
	// sel is the selected line; exact: it tells of the selected row. synced is the row
	// that it was last chosen for.
	sel    int
	exact  bool
	synced int
	top    int
	height int
}

type severities = [decode.Error + 1]int

// findingsStamp changes when the list may have.
type findingsStamp struct {
	query                 index.Query
	matched, looked, rows int
	found                 severities
	version               int
	least                 decode.Severity
	byRule                bool
}

// findingGroup is the findings of a rule, or, without a name, all.
type findingGroup struct {
	rule     string
	severity decode.Severity
	refs     []index.FindingRef
}

// findingLine is a line of the list: a finding, or with item < 0 the heading of a
// group.
type findingLine struct{ group, item int }

func newFindingsPane(ins *Inspector) pane {
	return &findingsPane{ins: ins, task: task{ins: ins}, synced: -1, closed: make(map[string]bool)}
}

// findingsEvery is how often the list is made anew while findings come; a long list
// less often.
const findingsEvery = 250 * time.Millisecond

// refresh has the list made anew if it may not be right any more.
func (p *findingsPane) refresh() {
	ins := p.ins
	sum := ins.x.Summary()
	now := findingsStamp{query: ins.rows.Query(), found: sum.Findings, version: sum.Version, least: p.least, byRule: p.byRule}
	now.query.Fold = false // it hides no finding
	shown, folded, looked, rows := ins.rows.Counts()
	now.matched, now.looked, now.rows = shown+folded, looked, rows
	if now.query == (index.Query{}) {
		now.matched, now.looked, now.rows, now.version = 0, 0, 0, 0 // all count, however many there are
		if ins.paused {
			now.rows = rows
		}
	}
	if p.known && now == p.stamp {
		return
	}
	asked := !p.known || now.query != p.stamp.query || now.least != p.stamp.least || now.byRule != p.stamp.byRule
	if p.task.busy() && !asked {
		return // the draw after that finds out that there is more
	}
	wait := time.Duration(0)
	if !asked {
		wait = max(findingsEvery+time.Duration(p.total())*2*time.Microsecond-ins.o.Now().Sub(p.at), 0)
	}
	p.stamp, p.known = now, true
	least, byRule := p.least, p.byRule
	p.task.start(wait, func(ctx context.Context) func() {
		c := collected{least: least}
		c.collect(ctx, ins.x, ins.rows, byRule)
		return func() { p.taken(&c) }
	})
}

// total is how many findings there were, listed or not.
func (p *findingsPane) total() int {
	return p.counts[decode.Note] + p.counts[decode.Warning] + p.counts[decode.Error]
}

// collected is a list on its way to the screen.
type collected struct {
	least  decode.Severity
	counts severities
	groups []findingGroup
}

// collect lists the findings. It runs on a goroutine of its own.
func (c *collected) collect(ctx context.Context, x *index.Index, rows *index.View, byRule bool) {
	all := x.Findings(decode.Note, func(row int) bool { return ctx.Err() == nil && rows.Matches(row) })
	for _, r := range all {
		c.counts[min(r.Severity(), decode.Error)]++
	}
	if c.least == 0 {
		c.least = decode.Note
		if c.counts[decode.Warning]+c.counts[decode.Error] > 0 {
			c.least = decode.Warning
		}
	}
	all = slices.DeleteFunc(all, func(r index.FindingRef) bool { return r.Severity() < c.least })
	if !byRule {
		c.groups = []findingGroup{{refs: all}}
		return
	}
	at := make(map[string]int)
	for _, r := range all {
		rule := x.Rule(r)
		i, known := at[rule]
		if !known {
			i = len(c.groups)
			at[rule] = i
			c.groups = append(c.groups, findingGroup{rule: rule})
		}
		g := &c.groups[i]
		g.severity = max(g.severity, r.Severity())
		g.refs = append(g.refs, r)
	}
	slices.SortFunc(c.groups, func(a, b findingGroup) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), cmp.Compare(len(b.refs), len(a.refs)), cmp.Compare(a.rule, b.rule))
	})
}

// taken shows a new list. What was selected stays so.
func (p *findingsPane) taken(c *collected) {
	old := p.lineAt(p.sel)
	rule, row := "", -1
	if old.group < len(p.groups) && p.made {
		rule = p.groups[old.group].rule
		if old.item >= 0 {
			row = p.groups[old.group].refs[old.item].Row
		}
	}
	had := p.made
	p.groups, p.counts, p.from, p.made, p.at = c.groups, c.counts, c.least, true, p.ins.o.Now()
	p.synced = -1
	if !had {
		return
	}
	for i := range p.groups {
		g := &p.groups[i]
		switch {
		case g.rule != rule:
		case old.item < 0:
			p.sel, p.synced = p.numberOf(findingLine{i, -1}), p.ins.sel
		case old.item < len(g.refs) && g.refs[old.item].Row == row:
			p.sel = p.numberOf(findingLine{i, old.item})
		}
	}
}

// lines returns how many lines a group has.
func (p *findingsPane) linesOf(g *findingGroup) int {
	switch {
	case g.rule == "":
		return len(g.refs)
	case p.closed[g.rule]:
		return 1
	}
	return 1 + len(g.refs)
}

func (p *findingsPane) lines() (n int) {
	for i := range p.groups {
		n += p.linesOf(&p.groups[i])
	}
	return n
}

// lineAt returns what line n is.
func (p *findingsPane) lineAt(n int) findingLine {
	for i := range p.groups {
		g := &p.groups[i]
		if has := p.linesOf(g); n >= has {
			n -= has
			continue
		}
		if g.rule != "" {
			n--
		}
		return findingLine{i, n}
	}
	return findingLine{len(p.groups), -1}
}

// numberOf is the way back.
func (p *findingsPane) numberOf(l findingLine) (n int) {
	for i := range min(l.group, len(p.groups)) {
		n += p.linesOf(&p.groups[i])
	}
	if g := &p.groups[l.group]; g.rule != "" {
		if p.closed[g.rule] {
			return n
		}
		n++
	}
	return n + l.item
}

// ref returns the finding of a line, if it is one.
func (p *findingsPane) ref(n int) (index.FindingRef, bool) {
	l := p.lineAt(n)
	if l.group >= len(p.groups) || l.item < 0 || l.item >= len(p.groups[l.group].refs) {
		return index.FindingRef{}, false
	}
	return p.groups[l.group].refs[l.item], true
}

// sync selects the line of the selected row, wherever that was chosen; where it has
// none, the last one before it.
func (p *findingsPane) sync() {
	total := p.lines()
	p.sel = bound(p.sel, 0, max(total-1, 0))
	row := p.ins.sel
	if row == p.synced || total == 0 {
		return
	}
	p.synced = row
	if r, ok := p.ref(p.sel); ok && r.Row == row {
		p.exact = true
		return
	}
	near, best := -1, -1
	for i := range p.groups {
		g := &p.groups[i]
		at := sort.Search(len(g.refs), func(k int) bool { return g.refs[k].Row >= row })
		if at < len(g.refs) && g.refs[at].Row == row {
			p.sel, p.exact = p.numberOf(findingLine{i, at}), !p.closed[g.rule]
			return
		}
		if at > 0 && g.refs[at-1].Row > best {
			near, best = p.numberOf(findingLine{i, at - 1}), g.refs[at-1].Row
		}
	}
	p.sel, p.exact = max(near, 0), false
}

func (p *findingsPane) move(n int) {
	p.sync()
	if r, ok := p.ref(p.sel); ok && !p.exact {
		switch { // the next line in that direction is this one
		case n < 0 && r.Row < p.ins.sel:
			n++
		case n > 0 && r.Row > p.ins.sel:
			n--
		}
	}
	p.pick(p.sel + n)
}

// pick selects a line, and its message.
func (p *findingsPane) pick(n int) {
	p.sel = bound(n, 0, max(p.lines()-1, 0))
	p.exact = true
	if r, ok := p.ref(p.sel); ok {
		p.ins.selectRow(r.Row)
	}
	p.synced = p.ins.sel
}

func (p *findingsPane) page(dir int, half bool) {
	p.move(screenful(p.height, dir, half))
}

func (p *findingsPane) end(last bool) {
	if last {
		p.pick(p.lines() - 1)
		return
	}
	p.pick(0)
}

func (p *findingsPane) click(_, y int) {
	if n := p.top + y - 1; y >= 1 && n < p.lines() {
		p.pick(n)
	}
}

func (p *findingsPane) wheel(n int) { p.move(n) }

// enter goes to the finding's message, or shows and hides those of a rule.
func (p *findingsPane) enter() {
	if r, ok := p.ref(p.sel); ok {
		p.ins.reveal(r.Row)
		p.ins.setView(messagesView)
		return
	}
	if l := p.lineAt(p.sel); l.group < len(p.groups) {
		rule := p.groups[l.group].rule
		p.closed[rule] = !p.closed[rule]
		p.sel, p.synced = p.numberOf(findingLine{l.group, -1}), p.ins.sel
	}
}

// sideways lists by time, or by rule.
func (p *findingsPane) sideways(int) { p.byRule = !p.byRule }

// severityCommand shows findings from another severity on, or from the next one.
func (ins *Inspector) severityCommand(arg string) {
	p, ok := ins.main[findingsView].(*findingsPane)
	if !ok {
		return
	}
	names := map[string]decode.Severity{"note": decode.Note, "warning": decode.Warning, "error": decode.Error}
	s, known := names[strings.TrimSpace(arg)]
	switch {
	case known:
	case arg != "":
		ins.complain("there is no severity " + arg + "; there are note, warning, error")
		return
	default:
		if s = max(p.from, decode.Note) + 1; s > decode.Error {
			s = decode.Note
		}
	}
	p.least, p.from = s, s
	ins.say("findings: " + leastNames[s])
}

var leastNames = [...]string{"", "all, notes too", "warnings and errors", "errors only"}
