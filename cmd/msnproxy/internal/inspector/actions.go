package inspector

import (
	"strings"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// where says where an action can be done.
type where uint

const (
	inSessions where = 1 << iota
	inMain
	inDetail
	inLadder
	inChat
	inFindings
	inStats
	inTransfers
	inHolds
	anywhere = inSessions | inMain | inDetail
)

// action is what a key does. Each has a name, by which the command line knows it,
// and help is made of this list: there are no other keys.
type action struct {
	name  string
	keys  []string
	where where
	// about is one line for help, hint a word for the bottom line.
	about, hint string
	// arg names what the command line takes behind the name; "": nothing.
	arg string
	// gate: it is for live traffic that can be held.
	gate bool
	run  func(ins *Inspector, arg string)
}

func do(f func(ins *Inspector)) func(*Inspector, string) {
	return func(ins *Inspector, _ string) { f(ins) }
}

// group is a heading in help, with the actions below it.
type group struct {
	name    string
	actions []*action
}

// actions are all there are; groups are the same by heading. They are made by init,
// as actions show help, which lists them.
var (
	actions []*action
	groups  []group
)

func init() {
	groups = []group{
		{"Moving", moveActions()}, {"Finding", findActions()}, {"What is shown", showActions()},
		{"Stopping and changing live traffic", append(gateActions(), composeActions()...)},
		{"Marks, comments, copies, files", noteActions()}, {"The screen", screenActions()},
	}
	for _, g := range groups {
		actions = append(actions, g.actions...)
	}
}

func moveActions() []*action {
	return []*action{
		{name: "down", keys: []string{"j", "Down"}, where: anywhere, about: "next line", run: do(func(ins *Inspector) { ins.current().move(1) })},
		{name: "up", keys: []string{"k", "Up"}, where: anywhere, about: "line before", run: do(func(ins *Inspector) { ins.current().move(-1) })},
		{name: "left", keys: []string{"h", "Left"}, where: anywhere, about: "byte before (Hex), columns to the left (Ladder), conversation before (Chat), by time or by rule (Findings)", run: do(func(ins *Inspector) { ins.sideways(-1) })},
		{name: "right", keys: []string{"l", "Right"}, where: anywhere, about: "next byte (Hex), columns to the right (Ladder), next conversation (Chat), by time or by rule (Findings)", run: do(func(ins *Inspector) { ins.sideways(1) })},
		{name: "page-down", keys: []string{"PgDn", "Ctrl-F", "Space"}, where: anywhere, about: "a screen down", run: do(func(ins *Inspector) { ins.current().page(1, false) })},
		{name: "page-up", keys: []string{"PgUp", "Ctrl-B"}, where: anywhere, about: "a screen up", run: do(func(ins *Inspector) { ins.current().page(-1, false) })},
		{name: "half-down", keys: []string{"Ctrl-D"}, where: anywhere, about: "half a screen down", run: do(func(ins *Inspector) { ins.current().page(1, true) })},
		{name: "half-up", keys: []string{"Ctrl-U"}, where: anywhere, about: "half a screen up", run: do(func(ins *Inspector) { ins.current().page(-1, true) })},
		{name: "first", keys: []string{"g", "Home"}, where: anywhere, about: "first line", run: do(func(ins *Inspector) { ins.current().end(false) })},
		{name: "last", keys: []string{"G", "End"}, where: anywhere, about: "last line", run: do(func(ins *Inspector) { ins.current().end(true) })},
		{name: "enter", keys: []string{"Enter"}, where: anywhere, about: "go into what is selected: a session's messages, the detail, the other message", run: do(func(ins *Inspector) { ins.current().enter() })},
		{name: "back", keys: []string{"Esc"}, where: anywhere, about: "one step back: search, pane, zoom, scope", run: do((*Inspector).back)},
		{name: "next-pane", keys: []string{"Tab"}, where: anywhere, about: "next pane", hint: "pane", run: do(func(ins *Inspector) { ins.nextPane(1) })},
		{name: "previous-pane", keys: []string{"Backtab"}, where: anywhere, about: "pane before", run: do(func(ins *Inspector) { ins.nextPane(-1) })},
		{name: "go", keys: []string{"#"}, where: anywhere, arg: "NUMBER|TIME", about: "go to a message by number, or to a time (22:03:34, +5s)", run: (*Inspector).goTo},
		{name: "pair", keys: []string{"p"}, where: anywhere, about: "go to the other message of the pair: request, reply, next reply", hint: "pair", run: do((*Inspector).pair)},
		{name: "next-tab", keys: []string{"]"}, where: anywhere, about: "next tab of the detail", hint: "tab", run: do(func(ins *Inspector) { ins.detail.setTab(ins.detail.tab + 1) })},
		{name: "previous-tab", keys: []string{"["}, where: anywhere, about: "tab of the detail before", run: do(func(ins *Inspector) { ins.detail.setTab(ins.detail.tab - 1) })},
	}
}

func findActions() []*action {
	return []*action{
		{name: "filter", keys: []string{"f"}, where: anywhere, arg: "EXPR|@NAME", about: "show only messages for which an expression holds; empty: all", hint: "filter", run: (*Inspector).filterCommand},
		{name: "filter-save", where: anywhere, arg: "NAME", about: "keep the filter under a name; @NAME is it from then on", run: (*Inspector).saveFilter},
		{name: "search", keys: []string{"/"}, where: anywhere, arg: "TEXT", about: "search messages and their fields, in any case", hint: "search", run: (*Inspector).searchCommand},
		{name: "search-next", keys: []string{"n"}, where: anywhere, about: "next message that holds the text", run: do(func(ins *Inspector) { ins.searchOn(1) })},
		{name: "search-previous", keys: []string{"N"}, where: anywhere, about: "message before that holds the text", run: do(func(ins *Inspector) { ins.searchOn(-1) })},
		{name: "next-finding", keys: []string{"."}, where: anywhere, about: "next message with a finding, notes not counted", hint: "finding", run: do(func(ins *Inspector) { ins.jump("finding", ins.rows.NextWith(ins.sel, 1, decode.Warning)) })},
		{name: "previous-finding", keys: []string{","}, where: anywhere, about: "message before with a finding", run: do(func(ins *Inspector) { ins.jump("finding", ins.rows.NextWith(ins.sel, -1, decode.Warning)) })},
		{name: "next-error", keys: []string{">"}, where: anywhere, about: "next error: a refusal (an error reply, NAK), a reset, or a finding of that severity", run: do(func(ins *Inspector) { ins.jump("error", ins.rows.NextError(ins.sel, 1)) })},
		{name: "previous-error", keys: []string{"<"}, where: anywhere, about: "error before", run: do(func(ins *Inspector) { ins.jump("error", ins.rows.NextError(ins.sel, -1)) })},
	}
}

func showActions() []*action {
	return []*action{
		{name: "messages", keys: []string{"1"}, where: anywhere, about: "view: messages", run: do(func(ins *Inspector) { ins.setView(messagesView) })},
		{name: "ladder", keys: []string{"2"}, where: anywhere, about: "view: ladder, client, proxy and servers side by side", run: do(func(ins *Inspector) { ins.setView(ladderView) })},
		{name: "chat", keys: []string{"3"}, where: anywhere, about: "view: chat, as its people saw it", run: do(func(ins *Inspector) { ins.setView(chatView) })},
		{name: "findings", keys: []string{"4"}, where: anywhere, about: "view: findings", run: do(func(ins *Inspector) { ins.setView(findingsView) })},
		{name: "stats", keys: []string{"5"}, where: anywhere, about: "view: statistics", run: do(func(ins *Inspector) { ins.setView(statsView) })},
		{name: "transfers", keys: []string{"6"}, where: anywhere, about: "view: transfers, the files and pictures that people handed each other", run: do(func(ins *Inspector) { ins.setView(transfersView) })},
		{name: "fold", keys: []string{"z"}, where: inMain | inDetail, about: "fold noise away, or unfold it: typing, PNG and QNG, repeated presence, empty lines", hint: "fold", run: do((*Inspector).toggleFold)},
		{name: "fold-session", keys: []string{"z"}, where: inSessions, about: "hide or show the connections of the session", run: do(func(ins *Inspector) { ins.sessions.fold() })},
		{name: "scope", keys: []string{"c"}, where: inMain | inDetail, about: "only the conversation, or the connection, of the selected message; again: everything", run: do((*Inspector).toggleScope)},
		{name: "scope-session", keys: []string{"a"}, where: inMain | inDetail, about: "only the session of the selected message; again: everything", run: do((*Inspector).toggleSession)},
		{name: "follow", keys: []string{"F"}, where: anywhere, about: "follow what comes; scrolling back stops it", hint: "follow", run: do((*Inspector).toggleFollow)},
		{name: "pause", keys: []string{"P"}, where: anywhere, about: "hold the display, never the traffic", run: do((*Inspector).togglePause)},
		{name: "time", keys: []string{"t"}, where: anywhere, about: "times: of day, with date, since the first message, since the one above", run: do((*Inspector).nextTimeMode)},
		{name: "severity", keys: []string{"v"}, where: inFindings, arg: "note|warning|error", about: "least severity of the findings that are listed", run: (*Inspector).severityCommand},
		{name: "only-marked", keys: []string{"M"}, where: anywhere, about: "only messages with a mark or a comment", run: do((*Inspector).toggleMarked)},
	}
}

func noteActions() []*action {
	return []*action{
		{name: "mark", keys: []string{"m"}, where: inMain | inDetail, arg: "LETTER", about: "mark the message with a letter; the same letter again takes it away", run: (*Inspector).markCommand},
		{name: "to-mark", keys: []string{"'"}, where: anywhere, arg: "LETTER", about: "go to a mark", run: (*Inspector).toMark},
		{name: "comment", keys: []string{";"}, where: inMain | inDetail, arg: "TEXT", about: "comment on the message, kept in the recording", run: (*Inspector).commentCommand},
		{name: "copy", keys: []string{"y"}, where: anywhere, arg: "f|r|h|t|j", about: "copy the field, the row, the bytes in hex, the transcript, or JSON", hint: "copy", run: (*Inspector).copyCommand},
		{name: "save", keys: []string{"w"}, where: anywhere, arg: "FILE", about: "save what is shown as .pcapng, .pcap, .txt or .jsonl, also with .gz", hint: "save", run: (*Inspector).saveCommand},
		{name: "save-message", where: anywhere, arg: "FILE", about: "save the exchange of the selected message only", run: (*Inspector).saveExchange},
		{name: "save-object", keys: []string{"O"}, where: inTransfers, arg: "FILE", about: "save what was transferred: the file, the picture", hint: "save object", run: (*Inspector).saveObject},
		{name: "compare", keys: []string{"d"}, where: inMain | inDetail, arg: "NUMBER", about: "compare with another message, field by field: d on one, d on the other", run: (*Inspector).compareCommand},
		{name: "replay", keys: []string{"r"}, where: anywhere, arg: "HOST:PORT [ACCOUNT=NEW:PASSWORD]...", about: "replay the session of the selected message to a server, each answer beside the recorded one", run: (*Inspector).replayCommand},
		{name: "replay-show", keys: []string{"R"}, where: anywhere, about: "the last replay again", run: do((*Inspector).showReplay)},
		{name: "export", keys: []string{"x"}, where: anywhere, arg: "FILE", about: "write the view as .txt, the chat also as .md, the screen as .svg", run: (*Inspector).exportCommand},
	}
}

func screenActions() []*action {
	return []*action{
		{name: "beside", keys: []string{"|"}, where: anywhere, about: "detail beside the messages, or below", run: do((*Inspector).toggleBeside)},
		{name: "zoom", keys: []string{"\\"}, where: anywhere, about: "one pane on all of the screen", hint: "zoom", run: do(func(ins *Inspector) { ins.layout.zoomed = !ins.layout.zoomed })},
		{name: "grow", keys: []string{"+"}, where: anywhere, about: "make the pane larger", run: do(func(ins *Inspector) { ins.layout.grow(ins.focus, 50) })},
		{name: "shrink", keys: []string{"-"}, where: anywhere, about: "make the pane smaller", run: do(func(ins *Inspector) { ins.layout.grow(ins.focus, -50) })},
		{name: "reset-layout", keys: []string{"="}, where: anywhere, about: "panes as they were at first", run: do(func(ins *Inspector) { ins.layout = newLayout() })},
		{name: "sessions", keys: []string{"s"}, where: anywhere, about: "hide or show the sessions", run: do((*Inspector).toggleSessions)},
		{name: "theme", keys: []string{"T"}, where: anywhere, arg: strings.Join(themeNames, "|"), about: "next theme: dark, light, sixteen colours, none", run: (*Inspector).themeCommand},
		{name: "mouse", keys: []string{"o"}, where: anywhere, about: "mouse on or off (off: the terminal selects text)", run: do((*Inspector).toggleMouse)},
		{name: "hints", keys: []string{"H"}, where: anywhere, about: "hide or show the line of keys", run: do(func(ins *Inspector) { ins.noHints = !ins.noHints })},
		{name: "log", keys: []string{"L"}, where: anywhere, about: "what was said in the status line", run: do((*Inspector).showLog)},
		{name: "help", keys: []string{"?", "F1"}, where: anywhere, about: "the keys that do something here; type to search", hint: "help", run: do((*Inspector).showHelp)},
		{name: "command", keys: []string{":"}, where: anywhere, about: "type the name of a command; a number goes to that message", hint: "command", run: do((*Inspector).commandLine)},
		{name: "redraw", keys: []string{"Ctrl-L"}, where: anywhere, about: "draw the screen anew", run: do((*Inspector).redraw)},
		{name: "suspend", keys: []string{"Ctrl-Z"}, where: anywhere, about: "back to the shell; fg returns (live traffic waits meanwhile)", run: do((*Inspector).suspend)},
		{name: "quit", keys: []string{"q"}, where: anywhere, about: "leave; asks if something would be lost", hint: "quit", run: do((*Inspector).askQuit)},
		{name: "quit-now", keys: []string{"Q"}, where: anywhere, about: "leave without a question", run: do(func(ins *Inspector) { ins.quit() })},
		{name: "interrupt", keys: []string{"Ctrl-C"}, where: anywhere, about: "leave without a question, with exit code 130", run: do((*Inspector).interrupt)},
		{name: "abort", keys: []string{"Ctrl-\\"}, where: anywhere, about: "end at once and print what the program is doing, to report a hang", run: do(func(ins *Inspector) { ins.abort() })},
	}
}

// here says where the keys go now.
func (ins *Inspector) here() where {
	switch ins.focus {
	case sessionsPane:
		return inSessions
	case detailPane:
		return inDetail
	}
	return inMain | [views]where{0, inLadder, inChat, inFindings, inStats, inTransfers, inHolds}[ins.view]
}

// actionFor returns the action of a key here, or nil.
func (ins *Inspector) actionFor(key string) *action {
	here := ins.here()
	for _, a := range actions {
		if a.where&here == 0 {
			continue
		}
		for _, k := range a.keys {
			if k == key {
				return a
			}
		}
	}
	return nil
}

// actionNamed returns the action of that name, or nil.
func actionNamed(name string) *action {
	for _, a := range actions {
		if a.name == name {
			return a
		}
	}
	return nil
}

// hints returns the actions for the bottom line: those that matter here first.
func (ins *Inspector) hints() (list []*action) {
	for _, name := range []string{"save-object", "filter", "search", "fold", "pair", "next-finding", "next-held", "forward", "drop", "edit", "next-pane", "next-tab", "help", "follow", "copy", "save", "command", "quit"} {
		a := actionNamed(name)
		switch {
		case a.where&ins.here() == 0, a.hint == "":
		case a.gate && len(ins.holds.held) == 0:
		case name == "follow" && !ins.o.Live:
		case name == "next-finding" && ins.x.FindingCounts()[decode.Warning]+ins.x.FindingCounts()[decode.Error] == 0:
		default:
			list = append(list, a)
		}
	}
	return list
}

// do does an action as its key does.
func (ins *Inspector) do(a *action) { a.run(ins, "") }

// sideways moves left or right, where that means something.
func (ins *Inspector) sideways(n int) {
	if ins.focus == detailPane {
		if ins.detail.tab == hexTab {
			ins.detail.moveByte(n)
		} else {
			ins.detail.setTab(ins.detail.tab + tab(n))
		}
		return
	}
	if p, ok := ins.current().(interface{ sideways(int) }); ok {
		p.sideways(n)
	}
}

// back goes one step back, and never loses anything that can't be had again.
func (ins *Inspector) back() {
	q := ins.rows.Query()
	switch {
	case ins.job != nil:
		ins.job.cancel()
	case ins.search != nil:
		ins.search.stop()
		ins.search = nil
	case ins.needle.String() != "":
		ins.needle = index.Needle{}
	case ins.layout.zoomed:
		ins.layout.zoomed = false
	case ins.focus != mainPane:
		ins.focus = mainPane
	case q.Marked:
		ins.toggleMarked()
	case q.Scope != (index.Scope{}):
		ins.setScope(index.Scope{})
	case ins.view != messagesView:
		ins.setView(messagesView)
	}
}

// nextPane gives the keys to another pane.
func (ins *Inspector) nextPane(dir int) {
	for range panes {
		ins.focus = (ins.focus + paneID(dir) + panes) % panes
		if ins.layout.zoomed {
			return
		}
		if ins.places[ins.focus].w > 0 {
			return
		}
	}
}

func (ins *Inspector) jump(what string, row int) {
	if row < 0 {
		ins.say("there is no other " + what + " that way")
		return
	}
	ins.selectRow(row)
}

// pair goes to the request of a reply, to the first reply of a request, and from
// there to the next ones.
func (ins *Inspector) pair() {
	rows := ins.x.Exchange(ins.sel)
	if len(rows) < 2 {
		ins.say("it has no pair: no reply, and it is none")
		return
	}
	for i, row := range rows {
		if row == ins.sel {
			ins.reveal(rows[(i+1)%len(rows)])
			return
		}
	}
}
