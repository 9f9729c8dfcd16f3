package inspector

import (
	"strconv"
	"strings"
	"time"

	"msnproxy/cmd/msnproxy/internal/chat"
)

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
	case chat.Unheard:
		parts = append(parts, "… its acknowledgement is not in the recording")
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
