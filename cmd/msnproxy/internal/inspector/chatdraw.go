package inspector

import (
	"strconv"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/chat"
)

// headLine draws the line above a view: what it is, what there is to say about it,
// and at the right which one.
func headLine(c canvas, keys bool, title, facts, right string) {
	border := c.border
	if keys {
		border = c.borderOn
	}
	c.rule(0, '─', border)
	room := c.w - 2
	if right != "" {
		room -= cells(right) + 4
		c.text(c.w-cells(right)-3, 0, cells(right)+2, " "+right+" ", c.strong)
	}
	x := 1
	x += c.text(x, 0, room, " "+title+" ", c.strong)
	if facts != "" && x < room {
		c.text(x, 0, room-x+1, facts+" ", c.dim)
	}
}

func (p *chatPane) draw(c canvas, keys bool) {
	p.refresh()
	p.lines, p.past = p.lines[:0], 0
	if p.number == 0 {
		p.nothing(c)
		return
	}
	p.sync()
	p.head(c.part(0, 0, c.w, 1), keys)
	y := 1
	for _, note := range p.notes() {
		c.text(2, y, c.w-3, note, c.means)
		y++
	}
	for range y {
		p.lines = append(p.lines, -1)
	}
	body := c.part(0, y, c.w, c.h-y)
	switch {
	case p.shot == nil:
		body.text(2, body.h/3, body.w-4, "Reading...", c.dim)
	case len(p.shot.lines) == 0 || p.step(p.shot.dropped-1, 1) < 0:
		body.text(2, body.h/3, body.w-4, "Nobody has come yet, and nothing was said.", c.dim)
	default:
		p.drawLines(body, keys)
	}
}

// nothing says why there is no chat.
func (p *chatPane) nothing(c canvas) {
	text := "There is no conversation in the recording: none of its connections is to a switchboard."
	switch {
	case p.ins.o.Live:
		text = "No conversation yet: one begins with a connection to a switchboard."
	case !p.ins.x.Summary().Done:
		text = "Reading..."
	}
	for i, line := range wrap(text, c.w-4) {
		c.text(2, c.h/3+i, c.w-4, line, c.dim)
	}
}

// head draws which conversation it is.
func (p *chatPane) head(c canvas, keys bool) {
	at := talkAt(p.talks, p.number)
	if at < 0 {
		return
	}
	t := &p.talks[at]
	right := p.ordinal()
	headLine(c, keys, strconv.Itoa(t.number)+" "+or(strings.Join(t.people, ", "), "nobody yet"), p.facts(t), right)
	if x := c.w - cells(right) - 3; right != "" && x > 0 {
		p.ins.spot(c, x, 0, 3, func() { p.ins.focus = mainPane; p.sideways(-1) })
		p.ins.spot(c, c.w-5, 0, 4, func() { p.ins.focus = mainPane; p.sideways(1) })
	}
}

// facts are the session's name, and from when to when it was.
func (p *chatPane) facts(t *talkFacts) string {
	var parts []string
	if t.id != "" {
		parts = append(parts, "session "+t.id)
	}
	if s := p.shot; s != nil && len(s.lines) > 0 {
		from, to := s.lines[0].Time.In(p.ins.o.Location), s.lines[len(s.lines)-1].Time.In(p.ins.o.Location)
		when := from.Format("2 Jan 2006 15:04:05")
		switch {
		case s.lines[0].Time.IsZero():
			when = ""
		case from.Format(time.DateOnly) == to.Format(time.DateOnly):
			when += " – " + to.Format("15:04:05")
		default:
			when += " – " + to.Format("2 Jan 15:04:05")
		}
		if when != "" {
			parts = append(parts, when)
		}
	}
	if t.open && p.ins.o.Live {
		parts = append(parts, "open")
	}
	return strings.Join(parts, " · ")
}

// notes are what must be said so that nobody takes the chat for something else.
func (p *chatPane) notes() (list []string) {
	if p.why != "" {
		list = append(list, p.why)
	}
	if p.ins.rows.Query().Filter != "" {
		list = append(list, "The filter does not apply here: the chat is whole.")
	}
	if s := p.shot; s != nil {
		if s.dropped > 0 {
			list = append(list, plural(s.dropped, "earlier line")+" of it are not kept.")
		}
		if s.err != nil {
			list = append(list, "Some of it could not be read: "+s.err.Error())
		}
	}
	return list
}

// chatLine is a line of a chat, as it is laid out.
type chatLine struct {
	l        *chat.Line
	day      string // that begins with it
	clock    string
	name     string // "": said by the one before
	mark     string
	said     []string
	way      string // what became of it
	wayBelow bool
	home     bool
}

func (k *chatLine) height() int {
	h := max(len(k.said), 1)
	if k.day != "" {
		h++
	}
	if k.wayBelow {
		h++
	}
	return h
}

// chatColumns are where the columns are.
type chatColumns struct{ clock, names, text, width int }

func (p *chatPane) columns(w int) chatColumns {
	c := chatColumns{clock: 8}
	switch p.ins.timeMode {
	case dateTime:
		c.clock = 19
	case sinceStart, sincePrev:
		c.clock = 11
	}
	c.names = min(max(p.shot.names, 4), max(w/5, 6), 18)
	if w < 50 {
		c.clock = 0
	}
	c.text = 1 + c.clock + 2 + c.names + 3
	if c.clock == 0 {
		c.text -= 2
	}
	c.width = w - c.text - 1
	return c
}

// lay lays out line n for these columns.
func (p *chatPane) lay(n int, at chatColumns) chatLine {
	s := p.shot
	k := chatLine{l: &s.lines[n-s.dropped]}
	prev := p.step(n, -1)
	var before *chat.Line
	if prev >= 0 {
		before = &s.lines[prev-s.dropped]
		k.day = p.newDay(before.Time, k.l.Time)
	}
	k.clock = p.clock(k.l, before)
	k.home = p.home(k.l)
	text := k.l.Text
	switch k.l.Kind {
	case chat.Said, chat.File, chat.Invite, chat.Service:
		k.name, k.mark = nameIn(k.l), "◂"
		if k.home {
			k.mark = "▸"
		}
		if before != nil && k.day == "" && before.Kind == k.l.Kind && k.l.Kind == chat.Said &&
			strings.EqualFold(before.Who, k.l.Who) && before.Name == k.l.Name && n != p.top {
			k.name = ""
		}
	case chat.Notice:
		k.mark = "!"
	default:
		text, k.mark = k.l.Sentence(), "·"
	}
	k.said = wrap(strings.TrimRight(text, "\r\n"), at.width)
	k.way = p.way(k.l, at.width >= 48)
	if k.way != "" && len(k.said) > 0 {
		k.wayBelow = cells(k.said[len(k.said)-1])+2+cells(k.way) > at.width
	}
	return k
}

// newDay is the day that begins between two lines, in words; "": none does.
func (p *chatPane) newDay(before, now time.Time) string {
	if before.IsZero() || now.IsZero() {
		return ""
	}
	a, b := before.In(p.ins.o.Location), now.In(p.ins.o.Location)
	if a.Format(time.DateOnly) == b.Format(time.DateOnly) {
		return ""
	}
	return b.Format("Monday, 2 January 2006")
}

// home reports whether the line is of the account whose side of the chat this is.
func (p *chatPane) home(l *chat.Line) bool {
	if at := talkAt(p.talks, p.number); at >= 0 && p.talks[at].home != "" {
		return strings.EqualFold(l.Who, p.talks[at].home)
	}
	return l.Own
}

// clock is the time of a line, as the user wants to see times.
func (p *chatPane) clock(l, before *chat.Line) string {
	if l.Time.IsZero() {
		return ""
	}
	since := func(d time.Duration) string { return "+" + strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
	t := l.Time.In(p.ins.o.Location)
	switch p.ins.timeMode {
	case dateTime:
		return t.Format("2006-01-02 15:04:05")
	case sinceStart:
		return since(l.Time.Sub(p.ins.x.Row(0).Time))
	case sincePrev:
		if before == nil {
			return ""
		}
		return since(l.Time.Sub(before.Time))
	}
	return t.Format("15:04:05")
}

// way says what became of what was said; with all: also where it was seen.
func (p *chatPane) way(l *chat.Line, all bool) string {
	d := &l.Delivery
	var parts []string
	if inv := l.Invitation; inv != nil {
		parts = append(parts, progress(inv))
	}
	switch d.State {
	case chat.Waiting:
		parts = append(parts, "… waiting")
		if p.ins.x.Summary().Done {
			parts[len(parts)-1] = "… never acknowledged"
		}
	case chat.Delivered:
		parts = append(parts, "✓ "+shortDuration(d.Latency))
	case chat.Failed:
		parts = append(parts, "✗ not delivered")
	}
	if l.Invitation == nil && (all || len(parts) == 0) {
		switch n := len(d.Seen); {
		case n == 1:
			parts = append(parts, "seen by "+shortAccount(d.Seen[0].Who)+" after "+shortDuration(d.Seen[0].After))
		case n > 1:
			most := d.Seen[0].After
			for _, s := range d.Seen {
				most = max(most, s.After)
			}
			parts = append(parts, "seen by "+strconv.Itoa(n)+" within "+shortDuration(most))
		}
	}
	return strings.TrimPrefix(strings.Join(parts, ", "), ", ")
}

// progress is how far an invitation is, in a word, where its line does not say so.
func progress(inv *chat.Invitation) string {
	switch {
	case inv.State == chat.Asked:
		return "… no answer yet"
	case inv.State == chat.Accepted && inv.Size > 0:
		return "⇣ " + strconv.FormatInt(min(inv.Moved*100/inv.Size, 100), 10) + " %"
	case inv.State == chat.Transferred:
		return "✓ done"
	}
	return ""
}

// scroll makes sure that the selected line is on the screen, and that the screen
// moves no more than it must.
func (p *chatPane) scroll(h int, at chatColumns) {
	first := func(last int) int {
		top, used := last, 0
		for n := last; n >= 0; n = p.step(n, -1) {
			k := p.lay(n, at)
			if used += k.height(); used > h {
				break
			}
			top = n
		}
		return top
	}
	if !p.visible(p.top) {
		p.top = max(p.step(p.top, 1), p.shot.dropped)
	}
	if p.sel < p.top {
		p.top = p.sel
	} else if least := first(p.sel); p.top < least {
		p.top = least
	}
	if most := first(p.step(p.shot.dropped+len(p.shot.lines), -1)); p.top > most {
		p.top = most
	}
}

func (p *chatPane) drawLines(c canvas, keys bool) {
	at := p.columns(c.w)
	p.scroll(c.h, at)
	y := 0
	for n := p.top; n >= 0 && y < c.h; n = p.step(n, 1) {
		k := p.lay(n, at)
		p.drawLine(c, y, &k, at, n == p.sel, keys)
		for range k.height() {
			p.lines = append(p.lines, n)
		}
		y += k.height()
		p.past++
	}
}

func (p *chatPane) drawLine(c canvas, y int, k *chatLine, at chatColumns, selected, keys bool) {
	if k.day != "" {
		c.text(max((c.w-cells(k.day))/2, 1), y, c.w-2, k.day, c.dim)
		y++
	}
	style := func(s tcell.Style) tcell.Style { return s }
	behind := tcell.ColorDefault
	if selected {
		keys = keys && p.exact
		style = func(s tcell.Style) tcell.Style { return c.selected(s, keys) }
		behind = c.sunk
		if keys {
			behind = c.raised
		}
		for i := range k.height() - min(len(k.day), 1) {
			c.fill(0, y+i, c.w, style(c.theme.text))
		}
	}
	x := 1
	if at.clock > 0 {
		c.right(x, y, at.clock, k.clock, style(c.dim))
		x += at.clock + 2
	}
	side := style(c.server)
	if k.home {
		side = style(c.client)
	}
	c.right(x, y, at.names, k.name, side)
	x += at.names + 1
	mark, text := side, style(c.saidStyle(k.l, behind))
	switch k.l.Kind {
	case chat.Said, chat.File, chat.Invite, chat.Service:
	case chat.Notice:
		mark = style(c.warning)
	default:
		mark = style(c.dim)
	}
	c.text(x, y, 1, k.mark, mark)
	for i, line := range k.said {
		if k.l.Format.RightToLeft {
			c.right(at.text, y+i, at.width, line, text)
		} else {
			c.text(at.text, y+i, at.width, line, text)
		}
	}
	if k.way != "" {
		last := y + max(len(k.said)-1, 0)
		if k.wayBelow {
			last++
		}
		c.right(at.text, last, at.width, k.way, style(c.wayStyle(k.l)))
	}
}

// saidStyle is how the text of a line looks: as its sender wanted it, as far as
// that can be read.
func (t *theme) saidStyle(l *chat.Line, behind tcell.Color) tcell.Style {
	switch l.Kind {
	case chat.Said:
	case chat.File, chat.Invite, chat.Service:
		return t.text.Italic(true)
	case chat.Notice:
		return t.warning
	case chat.Typing:
		return t.dim.Italic(true)
	default:
		return t.dim
	}
	f, s := &l.Format, t.text
	if ink, ok := t.readable(f.Color, behind); ok {
		s = s.Foreground(ink)
	}
	return s.Bold(f.Bold).Italic(f.Italic).Underline(f.Underline).StrikeThrough(f.Strike)
}

func (t *theme) wayStyle(l *chat.Line) tcell.Style {
	switch l.Delivery.State {
	case chat.Failed:
		return t.err
	case chat.Waiting:
		return t.warning
	}
	return t.dim
}

// readable returns the colour that a sender chose, if the theme has such colours
// and it stands out from what is behind it.
func (t *theme) readable(hex string, behind tcell.Color) (tcell.Color, bool) {
	const least = 3.5 // contrast, as the web's guidelines count it; they want 3 for large text, 4.5 for small
	if len(hex) != 7 || t.name != "dark" && t.name != "light" {
		return 0, false
	}
	if behind == tcell.ColorDefault {
		behind = tcell.NewHexColor(0x1a1b26)
		if t.name == "light" {
			behind = tcell.NewHexColor(0xffffff)
		}
	}
	ink := tcell.GetColor(hex)
	a, b := luminance(ink)+0.05, luminance(behind)+0.05
	return ink, ink.Valid() && max(a, b)/min(a, b) >= least
}

// luminance is how bright a colour is, from 0 to 1.
func luminance(c tcell.Color) float64 {
	r, g, b := c.RGB()
	part := func(v int32) float64 {
		f := float64(v) / 255
		return f * f * (0.2 + 0.8*f) // near enough to sRGB's curve
	}
	return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b)
}
