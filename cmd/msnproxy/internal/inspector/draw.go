package inspector

import (
	"strconv"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// leastWidth and leastHeight are the smallest screen that something is drawn on.
const (
	leastWidth  = 30
	leastHeight = 8
)

// Draw draws the screen.
func (ins *Inspector) Draw(screen tcell.Screen) {
	_, _, w, h := ins.GetRect()
	turns := ins.turns[:0]
	c := canvas{rect: rect{0, 0, w, h}, s: screen, theme: ins.theme, needle: ins.needle.String(), turns: &turns}
	defer func() { protect(screen, turns); ins.turns = turns }()
	ins.tabs = ins.tabs[:0]
	screen.HideCursor()
	for y := range h {
		c.fill(0, y, w, c.theme.text)
	}
	if w < leastWidth || h < leastHeight {
		c.text(0, 0, w, "Make the window larger.", c.theme.text)
		return
	}
	ins.tick()
	bottom := 2
	if ins.noHints {
		bottom = 1
	}
	hasDetail := ins.view != statsView && ins.view != transfersView
	if !hasDetail && ins.focus == detailPane {
		ins.focus = mainPane
	}
	body := rect{0, 1, w, h - 1 - bottom}
	ins.places = ins.layout.split(body, ins.focus, hasDetail)
	if ins.places[ins.focus].w == 0 {
		ins.focus = mainPane
	}
	ins.drawPanes(c)
	ins.drawTop(c.part(0, 0, w, 1))
	ins.drawStatus(c.part(0, h-bottom, w, 1))
	if !ins.noHints {
		ins.drawHints(c.part(0, h-1, w, 1))
	}
	if ins.overlay != nil {
		ins.overlay.draw(c.part(0, 1, w, h-1-bottom))
	}
	if ins.prompt != nil {
		ins.prompt.draw(c, rect{0, h - 1, w, 1})
	}
}

func (ins *Inspector) drawPanes(c canvas) {
	for id, r := range ins.places {
		if r.w <= 0 || r.h <= 0 {
			continue
		}
		keys := paneID(id) == ins.focus && ins.prompt == nil && ins.overlay == nil
		part := c
		part.rect = r
		switch paneID(id) {
		case sessionsPane:
			if r.x+r.w < c.w {
				ins.vertical(c, r.x+r.w, r, keys)
			}
			ins.sessions.draw(part, keys)
		case mainPane:
			ins.main[ins.view].draw(part, keys)
		case detailPane:
			if r.x > 0 && !ins.layout.zoomed && ins.layout.isBeside(c.w) {
				ins.vertical(c, r.x-1, r, keys)
			}
			ins.tabLine(part.part(0, 0, r.w, 1), keys)
			ins.detail.draw(part.part(0, 1, r.w, r.h-1), keys)
		}
	}
}

// vertical draws the line between two panes.
func (ins *Inspector) vertical(c canvas, x int, r rect, on bool) {
	style := c.border
	if on {
		style = c.borderOn
	}
	for y := r.y; y < r.y+r.h; y++ {
		c.s.SetContent(c.x+x, c.y+y, '│', nil, style)
	}
}

// tabLine draws the tabs of the detail on the line above it.
func (ins *Inspector) tabLine(c canvas, keys bool) {
	border := c.border
	if keys {
		border = c.borderOn
	}
	c.rule(0, '─', border)
	x := 1
	names := tabNames
	if c.w < 60 {
		names = [tabs]string{"Decoded", "Raw", "Hex", "Exch", "Conn"}
	}
	for t := range tabs {
		style := c.dim
		name := " " + names[t] + " "
		if t == ins.detail.tab {
			style = c.strong
			name = "[" + names[t] + "]"
		}
		n := c.text(x, 0, len(name), name, style)
		ins.spot(c, x, 0, n, func() { ins.focus = detailPane; ins.detail.setTab(t) })
		x += n + 1
	}
	if ins.sel >= 0 && ins.sel < ins.x.Len() {
		r := ins.x.Row(ins.sel)
		title := ""
		if r.Kind == index.Message {
			title = " " + strings.TrimSpace("message "+strconv.FormatInt(r.Number, 10)) + ", " + strconv.Itoa(r.Size) + " bytes "
		}
		if cells(title) < c.w-x-2 {
			c.right(x, 0, c.w-x-1, title, c.dim)
		}
	}
}

// spot makes a place that can be clicked.
func (ins *Inspector) spot(c canvas, x, y, w int, do func()) {
	ins.tabs = append(ins.tabs, hotspot{rect{c.x + x, c.y + y, w, 1}, do})
}

// drawTop draws the name of the program, the views and what is inspected.
func (ins *Inspector) drawTop(c canvas) {
	c.fill(0, 0, c.w, c.bar)
	x := 1
	if c.w >= 76 && (ins.o.Gate == nil || c.w >= 90) {
		x += c.text(1, 0, 9, "msnproxy", c.bar.Bold(true)) + 1
	}
	for v := range views {
		name := " " + strconv.Itoa(int(v)+1) + " " + viewNames[v] + " "
		if v == findingsView {
			if n := ins.x.FindingCounts(); n[decode.Warning]+n[decode.Error] > 0 && c.w >= 100 {
				name += strconv.Itoa(n[decode.Warning]+n[decode.Error]) + " "
			}
		}
		if v == holdsView {
			if ins.o.Gate == nil && ins.view != v {
				continue // a recording holds nothing
			}
			if n := len(ins.holds.held); n > 0 && c.w >= 90 {
				name += strconv.Itoa(n) + " "
			}
		}
		style := c.tab
		if v == ins.view {
			style = c.tabOn
		}
		n := c.text(x, 0, len(name), name, style)
		ins.spot(c, x, 0, n, func() { ins.setView(v) })
		x += n
	}
	c.right(x+1, 0, c.w-x-2, tail(ins.o.Title, c.w-x-2), c.bar)
}

// setView shows another view.
func (ins *Inspector) setView(v viewID) {
	if v == ins.view {
		return
	}
	ins.view = v
	ins.detail.row = -1 // what it shows depends on the view
	if ins.focus == sessionsPane {
		ins.focus = mainPane
	}
}

// drawStatus draws everything that is switched on.
func (ins *Inspector) drawStatus(c canvas) {
	c.fill(0, 0, c.w, c.status)
	now := ins.o.Now()
	if ins.toast.text != "" && now.Before(ins.toast.until) && ins.prompt == nil {
		style := c.status.Bold(true)
		if ins.toast.bad {
			style = c.alarm
		}
		c.text(1, 0, c.w-2, ins.toast.text, style)
		return
	}
	x := 1
	for _, s := range ins.statusParts(now) {
		if s.text == "" {
			continue
		}
		style := c.status
		switch {
		case s.alarm:
			style = c.alarm
		case s.on:
			style = c.on
		}
		room := c.w - x - 1
		if x > 1 {
			if room -= 3; room < min(cells(s.text), leastPart) {
				break
			}
			x += c.text(x, 0, 3, " │ ", c.status)
		}
		x += c.text(x, 0, room, s.text, style)
	}
}

// leastPart is how much of a part must have room, or it is left out.
const leastPart = 12

// statusPart is one thing that the status line says.
type statusPart struct {
	text      string
	on, alarm bool
}

// statusParts returns what is on, the most important first.
func (ins *Inspector) statusParts(now time.Time) []statusPart {
	sum := ins.x.Summary()
	q := ins.rows.Query()
	shown, folded, looked, rows := ins.rows.Counts()
	parts := append(ins.gateParts(now), ins.recordingPart())
	if sum.Err != nil {
		parts = append(parts, statusPart{text: "NOT KEPT: " + sum.Err.Error(), alarm: true})
	}
	if ins.paused {
		parts = append(parts, statusPart{text: "PAUSED, " + strconv.Itoa(sum.Rows-rows) + " more", alarm: true})
	}
	if ins.follow {
		parts = append(parts, statusPart{text: "follow", on: true})
	}
	if q.Filter != "" {
		text := "f: " + q.Filter
		if looked < rows {
			text += " (" + strconv.Itoa(looked*100/max(rows, 1)) + " %)"
		}
		if ins.rows.FilterErr() != nil {
			text += " (does not suit all)"
		}
		parts = append(parts, statusPart{text: text, on: true})
	}
	if q.Scope != (index.Scope{}) {
		parts = append(parts, statusPart{text: "only " + ins.scopeName(q.Scope), on: true})
	}
	if q.Marked {
		parts = append(parts, statusPart{text: "only marked", on: true})
	}
	count := strconv.FormatInt(sum.Messages, 10) + " messages"
	if shown != rows {
		count = strconv.Itoa(shown) + " of " + strconv.Itoa(rows) + " shown"
	}
	if !sum.Done && !ins.o.Live {
		count += ", reading"
	}
	parts = append(parts, statusPart{text: count})
	if q.Fold && folded > 0 {
		parts = append(parts, statusPart{text: strconv.Itoa(folded) + " folded", on: true})
	} else if !q.Fold {
		parts = append(parts, statusPart{text: "unfolded"})
	}
	if ins.job != nil {
		parts = append(parts, statusPart{text: ins.job.state(), on: true})
	}
	if ins.search != nil {
		parts = append(parts, statusPart{text: ins.search.state(), on: true})
	} else if s := ins.needle.String(); s != "" {
		parts = append(parts, statusPart{text: "/" + s, on: true})
	}
	if n := sum.Findings; n[decode.Error]+n[decode.Warning] > 0 {
		parts = append(parts, statusPart{text: strings.TrimPrefix(mark("✗", n[decode.Error])+mark(" !", n[decode.Warning]), " "), alarm: n[decode.Error] > 0})
	}
	if ins.o.Live {
		parts = append(parts, statusPart{text: strconv.Itoa(sum.Open) + " open"}, statusPart{text: ins.rate.text()})
	}
	if ins.unkept {
		parts = append(parts, statusPart{text: "notes not saved", alarm: true})
	}
	if ins.timeMode != clockTime {
		parts = append(parts, statusPart{text: "time " + timeModeNames[ins.timeMode]})
	}
	if ins.layout.zoomed {
		parts = append(parts, statusPart{text: "zoomed"})
	}
	if ins.noMouse {
		parts = append(parts, statusPart{text: "mouse off"})
	}
	return parts
}

func mark(sign string, n int) string {
	if n == 0 {
		return ""
	}
	return sign + strconv.Itoa(n)
}

func (ins *Inspector) recordingPart() statusPart {
	if ins.o.Recording == nil {
		return statusPart{}
	}
	r := ins.o.Recording()
	if r.Path == "" {
		return statusPart{}
	}
	p := statusPart{text: "● REC " + r.Path + " " + sizeText(r.Size), on: true}
	if r.Dropped > 0 {
		p = statusPart{text: p.text + ", " + strconv.FormatInt(r.Dropped, 10) + " NOT RECORDED", alarm: true}
	}
	return p
}

func sizeText(n int64) string {
	switch {
	case n < 10_000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 10_000_000:
		return strconv.FormatInt(n/1000, 10) + " kB"
	case n < 10_000_000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	}
	return strconv.FormatFloat(float64(n)/1e9, 'f', 1, 64) + " GB"
}

// rate counts the rows of the last seconds.
type rate struct {
	samples []sample
}

type sample struct {
	at   time.Time
	rows int
}

// rateOver is how long a rate is taken over.
const rateOver = 2 * time.Second

func (r *rate) sample(now time.Time, rows int) {
	if n := len(r.samples); n > 0 && now.Sub(r.samples[n-1].at) < rateOver/20 {
		return
	}
	r.samples = append(r.samples, sample{now, rows})
	for len(r.samples) > 1 && now.Sub(r.samples[0].at) > rateOver {
		r.samples = r.samples[1:]
	}
}

func (r *rate) text() string {
	if len(r.samples) < 2 {
		return "0/s"
	}
	a, b := r.samples[0], r.samples[len(r.samples)-1]
	per := float64(b.rows-a.rows) / b.at.Sub(a.at).Seconds()
	if per < 10 {
		return strconv.FormatFloat(per, 'f', 1, 64) + "/s"
	}
	return strconv.FormatFloat(per, 'f', 0, 64) + "/s"
}

// drawHints draws the keys that matter now.
func (ins *Inspector) drawHints(c canvas) {
	x := 1
	for _, a := range ins.hints() {
		key := keyName(a.keys[0])
		text := a.hint
		if x+cells(key)+1+cells(text) > c.w-1 {
			break
		}
		from := x
		x += c.text(x, 0, cells(key), key, c.key) + 1
		x += c.text(x, 0, cells(text), text, c.hint) + 2
		ins.spot(c, from, 0, x-from-2, func() { ins.do(a) })
	}
}
