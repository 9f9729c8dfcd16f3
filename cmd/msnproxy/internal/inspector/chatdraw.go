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
	p.ins.drawStuck(c, c.h/3+3)
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
