package inspector

import (
	"strings"

	"msnproxy/cmd/msnproxy/internal/index"
)

// What keys switch on and off.

func (ins *Inspector) toggleFold() {
	q := ins.rows.Query()
	q.Fold = !q.Fold
	ins.ask(q)
	_, folded, _, _ := ins.rows.Counts()
	if q.Fold {
		ins.say(plural(folded, "message") + " folded away: typing, PNG and QNG, repeated presence, empty lines")
	} else {
		ins.say("nothing is folded")
	}
}

func (ins *Inspector) toggleMarked() {
	q := ins.rows.Query()
	q.Marked = !q.Marked
	if q.Marked && len(ins.x.Noted()) == 0 {
		ins.say("nothing is marked: m and a letter marks a message, ; comments on it")
		return
	}
	ins.ask(q)
}

func (ins *Inspector) toggleScope() {
	q := ins.rows.Query()
	c := ins.conn()
	switch {
	case q.Scope != (index.Scope{}):
		ins.setScope(index.Scope{})
	case c == nil:
	case c.Facts.Conversation != nil:
		ins.setScope(index.Scope{Conversation: c.Facts.Conversation.Number})
	case ins.x.TalkOf(ins.sel) != 0:
		ins.setScope(index.Scope{Conversation: ins.x.TalkOf(ins.sel)})
	default:
		ins.setScope(index.Scope{Conn: c.Index})
	}
}

// conn returns the connection of the selected row, or nil.
func (ins *Inspector) conn() *index.Conn {
	if ins.sel < 0 {
		return nil
	}
	return ins.x.Row(ins.sel).Conn
}

func (ins *Inspector) toggleSession() {
	q := ins.rows.Query()
	c := ins.conn()
	switch {
	case q.Scope != (index.Scope{}):
		ins.setScope(index.Scope{})
	case c == nil || c.Facts.Session == nil:
		ins.say("it belongs to no session")
	default:
		ins.setScope(index.Scope{Session: c.Facts.Session.Number})
	}
}

func (ins *Inspector) toggleFollow() {
	ins.follow = !ins.follow
	if ins.follow && ins.paused {
		ins.togglePause()
	}
}

func (ins *Inspector) togglePause() {
	ins.paused = !ins.paused
	ins.rows.Pause(ins.paused)
	if ins.paused {
		ins.say("the display is held; traffic goes on (P goes on)")
	}
}

func (ins *Inspector) nextTimeMode() {
	ins.timeMode = (ins.timeMode + 1) % timeModes
	ins.say("times: " + timeModeNames[ins.timeMode])
}

func (ins *Inspector) toggleBeside() {
	w := ins.screenWidth()
	ins.layout.beside, ins.layout.chosen = !ins.layout.isBeside(w), true
	if ins.layout.beside && w < 2*leastBeside {
		ins.say("the screen is too narrow for that")
	}
}

func (ins *Inspector) screenWidth() int {
	_, _, w, _ := ins.GetRect()
	return w
}

func (ins *Inspector) toggleSessions() {
	ins.layout.hidden = !ins.layout.hidden
	if ins.layout.hidden && ins.focus == sessionsPane {
		ins.focus = mainPane
	}
}

func (ins *Inspector) themeCommand(arg string) {
	name := arg
	if name == "" {
		for i, n := range themeNames {
			if n == ins.theme.name {
				name = themeNames[(i+1)%len(themeNames)]
			}
		}
	}
	for _, n := range themeNames {
		if n == name {
			ins.theme = newTheme(name)
			ins.say("theme " + name)
			return
		}
	}
	ins.complain("there is no theme " + name + "; there are " + strings.Join(themeNames, ", "))
}
