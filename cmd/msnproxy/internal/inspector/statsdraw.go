package inspector

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode"
)

// statColumn is a column of a table.
type statColumn struct {
	name  string
	width int
	right bool
	// drop says when the column gives way where there is little room: the highest
	// first, 0 never.
	drop int
	// most is how wide it may become where there is room.
	most int
	tone tone
}

// tone is how a column looks.
type tone int

const (
	plainTone tone = iota
	dimTone
	barTone
	alarmTone // a number that is better 0
	sideTone  // as the sender
)

// statColumns are the tables' columns.
var statColumns = map[statSection][]statColumn{
	commandStats: {{name: "command", width: 10, tone: sideTone}, {name: "count", width: 7, right: true},
		{width: 12, drop: 4, most: 24, tone: barTone}, {name: "bytes", width: 7, right: true}, {name: "no reply", width: 8, right: true, tone: alarmTone},
		{name: "p50", width: 7, right: true}, {name: "p90", width: 7, right: true, drop: 2}, {name: "p99", width: 7, right: true, drop: 3},
		{name: "max", width: 7, right: true}, {name: "median to max, log", width: 18, drop: 5, most: 30, tone: barTone}},
	connStats: {{name: "conn", width: 5}, {name: "role", width: 5, tone: dimTone}, {name: "account", width: 12, most: 28},
		{name: "began", width: 8, drop: 2, tone: dimTone}, {name: "lasted", width: 7, right: true, drop: 1},
		{name: "→ msgs", width: 6, right: true}, {name: "bytes", width: 7, right: true, tone: dimTone},
		{name: "← msgs", width: 6, right: true}, {name: "bytes", width: 7, right: true, tone: dimTone},
		{name: "silence", width: 7, right: true, drop: 3},
		{name: "client", width: 21, drop: 5, tone: dimTone}, {name: "server", width: 21, drop: 4, tone: dimTone}},
	accountStats: {{name: "account", width: 20, most: 40}, {name: "connections", width: 11, right: true}, {name: "messages", width: 8, right: true},
		{width: 12, drop: 1, most: 24, tone: barTone}, {name: "bytes", width: 7, right: true}},
	deliveryStats: {{name: "delivery", width: 10, tone: sideTone}, {name: "count", width: 7, right: true}, {name: "altered", width: 7, right: true, tone: alarmTone},
		{name: "twice", width: 5, right: true, tone: alarmTone}, {name: "p50", width: 7, right: true}, {name: "p90", width: 7, right: true, drop: 2},
		{name: "p99", width: 7, right: true, drop: 3}, {name: "max", width: 7, right: true}, {name: "server", width: 21, drop: 1, tone: dimTone}},
	errorStats:     {{name: "error", width: 5}, {name: "count", width: 7, right: true}, {name: "meaning", width: 20, most: 80}},
	challengeStats: {{name: "challenge", width: 18}, {name: "count", width: 7, right: true}},
}

// fit returns the widths of the columns, 0 for those that there is no room for.
func fit(columns []statColumn, w int) []int {
	widths := make([]int, len(columns))
	need := -1
	for i := range columns {
		widths[i] = columns[i].width
		need += widths[i] + 1
	}
	for need > w {
		worst := -1
		for i := range columns {
			if widths[i] > 0 && columns[i].drop > 0 && (worst < 0 || columns[i].drop > columns[worst].drop) {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		need -= widths[worst] + 1
		widths[worst] = 0
	}
	for i := range columns {
		if more := min(columns[i].most-widths[i], w-need); widths[i] > 0 && more > 0 {
			widths[i] += more
			need += more
		}
	}
	return widths
}

func (p *statsPane) draw(c canvas, keys bool) {
	p.refresh()
	p.head(c.part(0, 0, c.w, 1), keys)
	body := c.part(0, 1, c.w, c.h-1)
	p.height = body.h
	if p.report == nil {
		c.text(2, c.h/3, c.w-4, "Counting...", c.dim)
		return
	}
	lines := p.report.lines
	p.sel = bound(p.sel, 0, max(len(lines)-1, 0))
	first := p.sel // with its heading
	for first > 0 && !lines[first-1].selectable() {
		first--
	}
	p.top = bound(p.top, max(p.sel-body.h+1, 0), max(first, 0))
	p.top = bound(p.top, 0, max(len(lines)-body.h, 0))
	if p.sel < overviewLines && p.sel < body.h {
		p.top = 0
	}
	widths := make(map[statSection][]int)
	for s, columns := range statColumns {
		widths[s] = fit(columns, c.w-2)
	}
	for y := 0; y < body.h && p.top+y < len(lines); y++ {
		p.line(body, y, p.top+y, widths, keys)
	}
	if more := len(lines) - p.top - body.h; more > 0 {
		text := " ↓ " + strconv.Itoa(more) + " more"
		c.right(c.w-len(text)-1, c.h-1, len(text), text, c.dim)
	}
}

// head draws what is counted.
func (p *statsPane) head(c canvas, keys bool) {
	title, facts := "Everything", ""
	q := p.ins.rows.Query()
	if restricted(q) {
		title = "Of what is shown"
		var by []string
		if q.Filter != "" {
			by = append(by, q.Filter)
		}
		if q.Scope != (index.Scope{}) {
			by = append(by, "only "+p.ins.scopeName(q.Scope))
		}
		if q.Marked {
			by = append(by, "only marked")
		}
		facts = "· " + strings.Join(by, " · ") + " · what is folded away counts too"
	}
	right := ""
	switch _, _, looked, rows := p.ins.rows.Counts(); {
	case q.Filter != "" && looked < rows:
		right = "filtering " + strconv.Itoa(looked*100/max(rows, 1)) + " %"
	case p.report != nil && p.report.err != nil:
		right = "not all could be read"
	case p.task.busy() && !p.ins.o.Live:
		right = "counting"
		if p.counter != nil {
			right += " " + strconv.FormatInt(p.counter.done.Load()*100/int64(max(rows, 1)), 10) + " %"
		}
	}
	headLine(c, keys, title, facts, right)
}

func (p *statsPane) line(c canvas, y, n int, widths map[statSection][]int, keys bool) {
	l := p.report.lines[n]
	columns, w := statColumns[l.section], widths[l.section]
	style := func(s tcell.Style) tcell.Style { return s }
	if n == p.sel {
		style = func(s tcell.Style) tcell.Style { return c.selected(s, keys) }
		c.fill(0, y, c.w, style(c.theme.text))
	}
	var values []string
	switch {
	case l.item == blankItem:
		return
	case l.item == headingItem:
		for i := range columns {
			values = append(values, columns[i].name)
		}
		drawRow(c, y, columns, w, values, func(tone) tcell.Style { return c.field })
		return
	case l.section == overviewStats:
		name, value := p.overview(l.item)
		c.text(1, y, 10, name, style(c.field))
		c.text(12, y, c.w-13, value, style(c.theme.text))
		return
	}
	values, side := p.values(l, w)
	drawRow(c, y, columns, w, values, func(t tone) tcell.Style {
		switch t {
		case dimTone:
			return style(c.dim)
		case barTone:
			return style(c.means)
		case alarmTone:
			return style(c.warning)
		case sideTone:
			return style(c.sender(side))
		}
		return style(c.theme.text)
	})
}

func drawRow(c canvas, y int, columns []statColumn, widths []int, values []string, style func(tone) tcell.Style) {
	x := 1
	for i := range columns {
		if widths[i] == 0 {
			continue
		}
		if columns[i].right {
			c.right(x, y, widths[i], values[i], style(columns[i].tone))
		} else {
			c.text(x, y, widths[i], values[i], style(columns[i].tone))
		}
		x += widths[i] + 1
	}
}

// overviewLines is how many lines the overview has.
const overviewLines = 5

// overview returns a line of it.
func (p *statsPane) overview(n int) (name, value string) {
	r := p.report
	last := r.Last.Sub(r.First)
	switch n {
	case 0:
		value = thousands(r.Messages)
		if r.Messages > 0 {
			value += "  → " + thousands(r.sent[0]) + " of clients, ← " + thousands(r.sent[1]) + " of servers"
		}
		return "messages", value
	case 1:
		value = sizeText(r.Bytes)
		if r.Messages > 0 {
			value += "  " + sizeText(r.Bytes/r.Messages) + " a message"
		}
		return "bytes", value
	case 2:
		if r.First.IsZero() {
			return "time", "not known"
		}
		from, to := r.First.In(p.ins.o.Location), r.Last.In(p.ins.o.Location)
		value = from.Format("2 Jan 2006 15:04:05") + " – "
		if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
			value += to.Format("2 Jan ")
		}
		return "time", value + to.Format("15:04:05") + ", " + shortDuration(last)
	case 3:
		if last <= 0 {
			return "rate", "not known"
		}
		per := float64(r.Messages) / last.Seconds()
		text := strconv.FormatFloat(per, 'f', 1, 64)
		if per >= 100 {
			text = thousands(int64(per + 0.5))
		}
		return "rate", text + " messages/s, " + sizeText(int64(float64(r.Bytes)/last.Seconds())) + "/s"
	}
	if r.Opaque == 0 && r.Lost == 0 {
		return "not MSNP", "nothing, and nothing is missing"
	}
	return "not MSNP", sizeText(r.Opaque) + ", and " + sizeText(r.Lost) + " are missing"
}

// values returns the columns of a line, and whose it is.
func (p *statsPane) values(l statLine, w []int) ([]string, decode.Sender) {
	r := p.report
	switch l.section {
	case commandStats:
		return r.command(&r.commands[l.item], w), r.commands[l.item].From
	case connStats:
		return p.conn(r.conns[l.item]), 0
	case accountStats:
		a := r.accounts[l.item]
		return []string{a.Handle, thousands(a.Connections), thousands(a.Messages), blocks(float64(a.Messages)/float64(max(r.mostMessages, 1)), w[3]), sizeText(a.Bytes)}, 0
	case deliveryStats:
		return delivery(r.deliveries[l.item]), decode.Server
	case errorStats:
		code := r.errors[l.item]
		return []string{code, thousands(r.Errors[code]), or(decode.ErrorName(code), "not known")}, 0
	}
	verdict := r.challenges[l.item]
	return []string{verdict, thousands(r.Challenges[verdict])}, 0
}

func (r *report) command(k *commandStat, w []int) []string {
	arrow := "→ "
	if k.From == decode.Server {
		arrow = "← "
	}
	open := ""
	if k.open > 0 {
		open = thousands(k.open)
	}
	v := []string{arrow + k.Verb, thousands(k.Count), blocks(float64(k.Count)/float64(max(r.mostCount, 1)), w[2]), sizeText(k.Bytes), open, "", "", "", "", ""}
	if k.Latency.Count() > 0 {
		v[5], v[6], v[7], v[8] = shortDuration(k.p50), shortDuration(k.p90), shortDuration(k.p99), shortDuration(k.max)
		v[9] = spread(k.p50, k.max, r.longest, w[9])
	}
	return v
}

func delivery(d *tally.Delivery) []string {
	some := func(n int64) string {
		if n == 0 {
			return ""
		}
		return thousands(n)
	}
	v := []string{"← " + d.Verb, thousands(d.Latency.Count() + d.Altered), some(d.Altered), some(d.Again), "", "", "", "", or(d.Server, "-")}
	if l := &d.Latency; l.Count() > 0 {
		v[4], v[5], v[6], v[7] = shortDuration(l.Percentile(50)), shortDuration(l.Percentile(90)), shortDuration(l.Percentile(99)), shortDuration(l.Max())
	}
	return v
}

func (p *statsPane) conn(k *tally.Conn) []string {
	began := ""
	if !k.First.IsZero() {
		began = k.First.In(p.ins.o.Location).Format("15:04:05")
	}
	role := k.Role
	if role == decode.FTP.String() {
		role = shortRole(decode.FTP)
	}
	return []string{"#" + strconv.FormatUint(uint64(k.ID), 10), role, or(k.Account, "-"), began, shortDuration(k.Last.Sub(k.First)),
		thousands(k.Messages[0]), sizeText(k.Bytes[0]), thousands(k.Messages[1]), sizeText(k.Bytes[1]), shortDuration(k.Idle),
		or(k.Client, "-"), or(k.Server, "-")}
}

// blocks is a bar for a part of a whole, w cells at most: what is more than nothing is
// seen.
func blocks(part float64, w int) string {
	eighths := int(math.Ceil(part * float64(w) * 8))
	s := strings.Repeat("█", min(eighths/8, w))
	if rest := eighths % 8; rest > 0 && eighths < w*8 {
		s += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return s
}

// spread draws from where to where two durations reach, on a scale on which each
// power of ten has the same room, up to the longest.
func spread(from, to, longest time.Duration, w int) string {
	const least = 10 * time.Microsecond
	at := func(d time.Duration) int {
		if d <= least || longest <= least {
			return 0
		}
		return min(int(math.Log(float64(d)/float64(least))/math.Log(float64(longest)/float64(least))*float64(w-1)), w-1)
	}
	a, b := at(from), at(to)
	return strings.Repeat(" ", max(a, 0)) + "●" + strings.Repeat("─", max(b-a, 0))
}

// thousands is a number with its digits in groups.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
