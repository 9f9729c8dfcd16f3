package inspector

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gdamore/tcell/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
	"msnproxy/decode/check"
)

// tab is one of the detail's.
type tab int

const (
	decodedTab tab = iota
	rawTab
	hexTab
	exchangeTab
	connectionTab
	tabs
)

var tabNames = [tabs]string{"Decoded", "Raw", "Hex", "Exchange", "Connection"}

// entry is a line of the detail.
type entry struct {
	name, value, means string
	depth              int
	start, end         int // its bytes in the frame; equal: none of its own
	style              tcell.Style
	plain              bool // no name: the value is all of the line
	row                int  // where enter leads; -1: nowhere
}

// detail shows the selected message.
type detail struct {
	ins     *Inspector
	tab     tab
	row     int // that entries are of
	stamp   stamp
	made    tab
	entries []entry
	raw     []byte
	sent    []byte // instead of them
	lines   []show.Line
	sel     int // entry
	top     int
	at      int // byte, in Hex
	height  int
	width   int
	hexTop  int
}

// stamp changes when what the detail shows may have.
type stamp struct {
	comment, mark string
	findings      int
	answered      bool
	fate          capture.Fate
	held          bool
	version       int
	theme         string
	messages      int64
}

func newDetail(ins *Inspector) *detail { return &detail{ins: ins, row: -1} }

// refresh reads the selected message, if it is not the one that is shown.
func (d *detail) refresh() {
	ins := d.ins
	if ins.sel < 0 || ins.sel >= ins.x.Len() {
		d.entries, d.raw, d.row = nil, nil, -1
		return
	}
	sum := ins.x.Summary()
	r := ins.x.Row(ins.sel)
	now := stamp{comment: ins.x.Comment(ins.sel), mark: ins.x.Mark(ins.sel), answered: r.Answered,
		findings: len(ins.x.FindingsOn(ins.sel)), version: sum.Version, fate: r.Fate, held: ins.holds.at[r.Number] != nil, theme: ins.theme.name}
	if d.tab == exchangeTab || d.tab == connectionTab {
		now.messages = sum.Messages
	}
	if d.row == ins.sel && d.made == d.tab && d.stamp == now {
		return
	}
	if d.row != ins.sel {
		d.sel, d.top, d.at, d.hexTop = 0, 0, 0, 0
	}
	d.row, d.made, d.stamp = ins.sel, d.tab, now
	d.build(&r)
	d.sel = bound(d.sel, 0, max(len(d.entries)-1, 0))
}

func (d *detail) build(r *index.Row) {
	d.entries, d.raw = d.entries[:0], d.raw[:0]
	m, rec, err := d.ins.reader.Read(r.Index)
	if err != nil {
		d.say(d.ins.theme.err, err.Error())
		return
	}
	d.raw = append(d.raw, rec.Frame.Raw...)
	d.sent = append(d.sent[:0], rec.Sent...)
	switch {
	case d.tab == connectionTab:
		d.connection(r)
	case d.tab == exchangeTab:
		d.exchange(r)
	case m == nil:
		d.say(d.ins.theme.text, occasion(r, rec))
		d.found(r)
	case d.tab == rawTab:
		d.rawLines(rec)
	default:
		d.decoded(r, m, rec)
	}
}

// say appends a line without a name.
func (d *detail) say(style tcell.Style, text string) {
	d.entries = append(d.entries, entry{value: text, style: style, plain: true, row: -1})
}

// fact appends a named line.
func (d *detail) fact(name, value string) {
	if value != "" {
		d.entries = append(d.entries, entry{name: name, value: value, style: d.ins.theme.text, row: -1})
	}
}

// decoded: what it is, what there is to say about it, and every field.
func (d *detail) decoded(r *index.Row, m *decode.Message, rec *capture.Record) {
	t := d.ins.theme
	if text := d.ins.x.Comment(r.Index); text != "" {
		d.say(t.user, "; "+text)
	}
	d.found(r)
	for _, text := range []string{m.ChallengeRight(), m.SignInRight(), delivered(m)} {
		if text != "" {
			d.say(t.server, "= "+text)
		}
	}
	if rec.Sent != nil {
		d.say(t.redirect, "⤳ sent on as "+show.SentAs(rec))
		if len(rec.ChangedBy) > 0 { // the address of a redirect is in that line
			d.differs(m)
		}
	}
	if marks := d.ins.fateText(r, rec); marks != "" {
		d.say(t.warning, marks)
	}
	d.lines = show.Lines(d.lines[:0], m)
	for i := range d.lines {
		l := &d.lines[i]
		d.entries = append(d.entries, entry{name: l.Name, value: l.Value, means: l.Means, depth: l.Depth,
			start: l.Start, end: l.End, style: t.text, row: -1})
	}
	if m.Form != nil {
		d.say(t.dim, "form: "+m.Form.Usage())
	}
}

// differs appends the fields of what was sent on that differ from those that came.
func (d *detail) differs(m *decode.Message) {
	got := m.Arrived()
	if got == nil || got == m {
		return
	}
	came := show.Lines(nil, m)
	for _, l := range show.Lines(nil, got) {
		if !slices.ContainsFunc(came, func(c show.Line) bool { return c.Name == l.Name && c.Value == l.Value && c.Depth == l.Depth }) {
			d.entries = append(d.entries, entry{name: l.Name, value: "⤳ " + l.Value, means: l.Means, depth: l.Depth, style: d.ins.theme.redirect, row: -1})
		}
	}
}

// found appends the findings on a row.
func (d *detail) found(r *index.Row) {
	for _, f := range d.ins.x.FindingsOn(r.Index) {
		d.say(d.ins.theme.severity(f.Severity), severityMark(f.Severity)+" "+f.Rule+": "+f.Text)
		if rule := check.Lookup(f.Rule); rule != nil && d.ins.view == findingsView {
			d.say(d.ins.theme.dim, rule.About)
			d.say(d.ins.theme.dim, rule.Dialects()+prefixed("; source: ", rule.Source))
		}
	}
}

// rawLines: the frame line by line, with the line ends to be seen.
func (d *detail) rawLines(rec *capture.Record) {
	t := d.ins.theme
	d.bytesAsLines(rec.Frame.Raw, 0, t.sender(rec.From))
	if rec.Frame.Missing > 0 {
		d.say(t.err, strconv.Itoa(rec.Frame.Missing)+" bytes that were announced never came")
	}
	if rec.Sent != nil {
		d.say(t.dim, "sent on instead:")
		d.bytesAsLines(rec.Sent, -1, t.redirect)
	}
}

// bytesAsLines appends bytes line by line; the first is at a place of the frame, or
// at -1 where they are not of it.
func (d *detail) bytesAsLines(b []byte, at int, style tcell.Style) {
	for len(b) > 0 {
		n := len(b)
		for i, c := range b {
			if c == '\n' {
				n = i + 1
				break
			}
		}
		line := strings.TrimRight(string(b[:n]), "\r\n")
		e := entry{value: line, means: string(b[len(line):n]), style: style, plain: true, row: -1}
		if at >= 0 {
			e.start, e.end = at, at+n
			at += n
		}
		d.entries = append(d.entries, e)
		b = b[n:]
	}
}

func (d *detail) move(n int) {
	if d.tab == hexTab {
		d.moveByte(n * hexWidth)
		return
	}
	d.sel = bound(d.sel+n, 0, max(len(d.entries)-1, 0))
	d.followField()
}

// followField puts the cursor of Hex on the bytes of the selected field.
func (d *detail) followField() {
	if d.sel < len(d.entries) {
		if e := &d.entries[d.sel]; e.end > e.start {
			d.at = e.start
		}
	}
}

func (d *detail) page(dir int, half bool) {
	d.move(screenful(d.height, dir, half))
}

func (d *detail) end(last bool) {
	if d.tab == hexTab {
		d.at = 0
		if last {
			d.at = max(len(d.raw)-1, 0)
		}
		d.followByte()
		return
	}
	d.sel = 0
	if last {
		d.sel = max(len(d.entries)-1, 0)
	}
	d.followField()
}

func (d *detail) click(x, y int) {
	if d.tab == hexTab {
		d.clickHex(x, y)
		return
	}
	w := d.width
	if d.tab == decodedTab && w >= hexBeside && len(d.raw) > 0 {
		if x >= w-hexColumns {
			d.clickHex(x-(w-hexColumns), y)
			return
		}
		w -= hexColumns + 2
	}
	names := d.nameWidth(w)
	for i := d.top; i < len(d.entries); i++ {
		if y -= d.entryHeight(&d.entries[i], w, names); y < 0 {
			d.sel = i
			d.followField()
			return
		}
	}
}

func (d *detail) wheel(n int) { d.move(n) }

// enter follows a line that leads to another message.
func (d *detail) enter() {
	if d.sel < len(d.entries) && d.entries[d.sel].row >= 0 && d.tab != hexTab {
		d.ins.reveal(d.entries[d.sel].row)
	}
}

// setTab shows another tab; the field that is selected stays so.
func (d *detail) setTab(t tab) {
	at := d.at
	d.tab = (t + tabs) % tabs
	d.refresh()
	d.at = at
	if d.tab != hexTab {
		d.followByte()
	}
}

// delivered says of which message this one is the copy, and how long that took.
func delivered(m *decode.Message) string {
	s := m.Delivery.String()
	if s != "" && m.Delivery.After > 0 {
		s += ", " + shortDuration(m.Delivery.After) + " after it"
	}
	return s
}
