package inspector

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate"
)

func gateActions() []*action {
	return []*action{
		{name: "holds", keys: []string{"7"}, where: anywhere, gate: true, about: "view: holds, breakpoints and what is held (live traffic)", run: do(func(ins *Inspector) { ins.setView(holdsView) })},
		{name: "break", keys: []string{"b"}, where: anywhere, gate: true, about: "hold messages like the selected one: its verb, sender and role, to be edited", run: do((*Inspector).breakHere)},
		{name: "hold", keys: []string{"B"}, where: anywhere, gate: true, arg: "[next N] [for TIME] [keep-alive too] [EXPR|on error|on finding|on silence TIME]", about: "hold messages for which an expression holds; empty: all. on silence marks requests without a reply, and stops nothing", run: (*Inspector).holdCommand},
		{name: "unhold", keys: []string{"U"}, where: anywhere, gate: true, arg: "NUMBER", about: "take a breakpoint away: that of the number, the selected one (Holds), or all; what is held stays held", run: (*Inspector).unhold},
		{name: "forward", keys: []string{"A"}, where: anywhere, gate: true, about: "let the selected held message go, with your changes", hint: "forward", run: do((*Inspector).forwardHeld)},
		{name: "drop", keys: []string{"X"}, where: anywhere, gate: true, about: "drop the selected held message: nobody gets it", hint: "drop", run: do((*Inspector).dropHeld)},
		{name: "next-held", keys: []string{"K"}, where: anywhere, gate: true, about: "next held message", hint: "held", run: do((*Inspector).nextHeld)},
		{name: "forward-all", keys: []string{"Z"}, where: anywhere, gate: true, about: "let all go that is held, and switch all breakpoints off", run: do((*Inspector).forwardAll)},
		{name: "rules", where: anywhere, gate: true, about: "gate rules, how often they matched, and a switch for each", run: do((*Inspector).showRules)},
	}
}

// gated reports whether there is a gate, or says that there is none.
func (ins *Inspector) gated() bool {
	if ins.o.Gate == nil {
		ins.say("there is nothing to hold here: only live traffic (run, demo) goes through the gate")
		return false
	}
	return true
}

// breakHere asks for a breakpoint like the selected message.
func (ins *Inspector) breakHere() {
	if !ins.gated() {
		return
	}
	row, ok := ins.message()
	if !ok {
		return
	}
	ins.askHold(likeRow(ins.x.Row(row)))
}

// likeRow is an expression that holds of a row's message and of those like it.
func likeRow(r index.Row) string {
	var parts []string
	if r.Verb != "" {
		parts = append(parts, fmt.Sprintf("verb == %q", r.Verb))
	} else {
		parts = append(parts, fmt.Sprintf("kind == %q", r.Frame))
	}
	parts = append(parts, fmt.Sprintf("from == %q", r.From))
	if r.Conn != nil && r.Conn.Facts.Role != 0 {
		parts = append(parts, fmt.Sprintf("role == %q", r.Conn.Facts.Role))
	}
	return strings.Join(parts, " && ")
}

// askHold opens the prompt for a breakpoint.
func (ins *Inspector) askHold(text string) {
	ins.openPrompt(&prompt{
		label: "hold", history: ins.filters.history,
		check: func(text string) string {
			if _, err := ins.parseHold(text); err != nil {
				return err.Error()
			}
			return ""
		},
		complete: ins.completeHold,
		done:     ins.hold,
	}, text)
}

// completeHold completes the words of a breakpoint, or the expression in it.
func (ins *Inspector) completeHold(text string) (int, []string) {
	word := text[strings.LastIndexByte(text, ' ')+1:]
	from := len(text) - len(word)
	var words []string
	before := strings.Fields(text[:from])
	switch {
	case len(before) > 0 && before[len(before)-1] == "on":
		for _, w := range []string{"error", "finding", "silence 10s"} {
			if strings.HasPrefix(w, word) {
				words = append(words, w)
			}
		}
		return from, words
	case word != "" && !strings.ContainsAny(text[:from], `=("`):
		for _, w := range []string{"next 1", "for 30s", "on error", "on finding", "on silence 10s", "keep-alive too"} {
			if strings.HasPrefix(w, word) {
				words = append(words, w)
			}
		}
	}
	if at, more := ins.completeFilter(text); at == from || len(words) == 0 {
		return at, append(words, more...)
	}
	return from, words
}

// holdCommand sets a breakpoint, or asks for one.
func (ins *Inspector) holdCommand(arg string) {
	switch {
	case !ins.gated():
	case arg == "":
		ins.askHold("")
	default:
		ins.hold(arg)
	}
}

// parsedHold is what a breakpoint was asked for.
type parsedHold struct {
	gate.Breakpoint
	silence time.Duration // marks only
}

// parseHold reads what is to be held.
func (ins *Inspector) parseHold(text string) (b parsedHold, err error) {
	for text = strings.TrimSpace(text); text != ""; {
		word, rest, _ := strings.Cut(text, " ")
		rest = strings.TrimSpace(rest)
		value, behind, _ := strings.Cut(rest, " ")
		behind = strings.TrimSpace(behind)
		switch word {
		case "next":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return b, errors.New("next how many? A number from 1, as in next 3")
			}
			b.Next, text = n, behind
		case "for":
			if b.For, err = timeText(value); err != nil {
				return b, err
			}
			text = behind
		case "keep-alive":
			b.KeepAlive = true
			if text = rest; value == "too" {
				text = behind
			}
		case "on":
			return ins.holdOn(b, value, behind)
		default:
			if b.When, err = ins.filters.resolve(text); err == nil {
				_, err = filter.Compile(b.When)
			}
			return b, err
		}
	}
	return b, nil
}

// holdOn reads what stands behind "on".
func (ins *Inspector) holdOn(b parsedHold, what, behind string) (parsedHold, error) {
	var err error
	switch what {
	case "error":
		b.When = "error > 0"
	case "finding":
		b.When = fmt.Sprintf("severity >= %d", decode.Warning)
	case "silence":
		if b.silence, err = timeText(behind); err != nil {
			return b, err
		}
		if b.Next > 0 || b.For > 0 || b.KeepAlive {
			return b, errors.New("on silence stands alone: it marks, and holds nothing")
		}
		return b, nil
	default:
		return b, errors.New("hold on what? on error, on finding, on silence 10s")
	}
	if behind != "" {
		return b, fmt.Errorf("%q is too much behind on %s", behind, what)
	}
	return b, nil
}

// timeText reads a time.
func timeText(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, errors.New("a time is missing: a number and ms, s, m or h, as in 200ms, 10s, 1m30s")
	}
	return d, nil
}

// hold sets what the user asked for.
func (ins *Inspector) hold(text string) {
	b, err := ins.parseHold(text)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		ins.complain("nothing new is held: " + first)
		return
	}
	if b.silence > 0 {
		ins.holds.silence = silence{after: b.silence, next: ins.x.Len()}
		ins.say("requests without a reply for " + spell(b.silence) + " get the mark " + silenceMark + ", and the bell rings; nothing is held (:unhold ends it)")
		return
	}
	id, err := ins.o.Gate.Break(b.Breakpoint)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		ins.complain("nothing new is held: " + first)
		return
	}
	if b.When != "" {
		if err := ins.filters.remember(b.When); err != nil {
			ins.complain("the history of filters can't be kept: " + err.Error())
		}
	}
	ins.say("breakpoint " + strconv.Itoa(id) + " holds " + holdText(&b.Breakpoint) + " (7 shows it, Z lets all go)")
}

// holdText says what a breakpoint holds.
func holdText(b *gate.Breakpoint) string {
	text := or(b.When, "everything")
	if b.Next > 0 {
		text = "the next " + strconv.Itoa(max(b.Next-b.Hits, 0)) + " of " + text
	}
	if b.For > 0 {
		text += ", for " + spell(b.For)
	}
	if b.KeepAlive {
		text += ", keep-alive too"
	}
	return text
}

// unhold takes breakpoints away.
func (ins *Inspector) unhold(arg string) {
	if !ins.gated() {
		return
	}
	if arg == "" && ins.view == holdsView {
		if p, ok := ins.main[holdsView].(*holdsPane); ok {
			switch l := p.selected(); {
			case l == nil:
			case l.silence:
				ins.holds.silence = silence{}
				ins.say("silence is not told any more")
				return
			case l.brk != nil:
				arg = strconv.Itoa(l.brk.ID)
			}
		}
	}
	if arg != "" {
		id, err := strconv.Atoi(arg)
		if err != nil || !ins.o.Gate.Unbreak(id) {
			ins.complain("there is no breakpoint " + arg + " (7 lists them)")
			return
		}
		ins.say("breakpoint " + arg + " is gone" + ins.stillHeld())
		return
	}
	n := 0
	for _, b := range ins.o.Gate.Breakpoints() {
		if ins.o.Gate.Unbreak(b.ID) {
			n++
		}
	}
	if ins.holds.silence.after > 0 {
		ins.holds.silence = silence{}
		n++
	}
	if n == 0 {
		ins.say("there is no breakpoint" + ins.stillHeld())
		return
	}
	ins.say(plural(n, "breakpoint") + " taken away" + ins.stillHeld())
}

// stillHeld says what no breakpoint taken away lets go.
func (ins *Inspector) stillHeld() string {
	if n := len(ins.o.Gate.Held()); n > 0 {
		return "; " + plural(n, "message") + " still held (A forwards, Z all)"
	}
	return ""
}

// forwardAll lets everything go, and switches all breakpoints off.
func (ins *Inspector) forwardAll() {
	if !ins.gated() {
		return
	}
	off := 0
	for _, b := range ins.o.Gate.Breakpoints() {
		if !b.Off && ins.o.Gate.SwitchBreak(b.ID, false) {
			off++
		}
	}
	var failed error
	n := 0
	again := ""
	for _, m := range ins.o.Gate.Held() {
		out, err := ins.o.Gate.Decide(m.Number, ins.holds.edits[m.Number], operator)
		switch {
		case errors.Is(err, gate.ErrNotHeld):
		case err != nil:
			failed = err
		case out.Held:
			again = "; a rule holds some again (:rules has a switch for each)"
		default:
			n++
		}
	}
	text := plural(n, "message") + " forwarded, " + plural(off, "breakpoint") + " switched off" + again
	if failed != nil {
		ins.complain(text + "; " + failed.Error())
		return
	}
	ins.say(text)
}

// writeHolds writes breakpoints and held messages, a line each.
func (ins *Inspector) writeHolds(w io.Writer) (string, error) {
	var text strings.Builder
	h := &ins.holds
	for i := range h.breaks {
		b := &h.breaks[i]
		state := "on"
		if b.Off {
			state = "off"
		}
		fmt.Fprintf(&text, "breakpoint %d, %s, %s: %s\n", b.ID, state, plural(b.Hits, "hit"), holdText(b))
	}
	for i := range h.held {
		m := &h.held[i]
		line := show.Escape(nil, m.Frame[:min(m.Message.Frame.LineLen, len(m.Frame))])
		fmt.Fprintf(&text, "held: message %d of the %s, #%d, for %s, %d waiting behind, by %s: %s\n",
			m.Number, m.From, m.Conn, seconds(ins.o.Now().Sub(m.Since)), m.Behind, m.Why, line)
	}
	_, err := io.WriteString(w, text.String())
	return plural(len(h.breaks), "breakpoint") + ", " + strconv.Itoa(len(h.held)) + " held", err
}

// nextHeld selects the held message behind the selected one.
func (ins *Inspector) nextHeld() {
	if !ins.gated() {
		return
	}
	held := ins.o.Gate.Held()
	if len(held) == 0 {
		ins.say("nothing is held")
		return
	}
	best := -1
	for _, m := range held { // in order
		row := ins.x.RowOf(m.Number)
		if row < 0 {
			continue
		}
		if best < 0 || best <= ins.sel && row > ins.sel {
			best = row
		}
	}
	if best < 0 {
		return
	}
	if best == ins.sel {
		ins.say("no other message is held")
	}
	ins.follow = false
	ins.reveal(best)
}
