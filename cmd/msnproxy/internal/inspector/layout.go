package inspector

// layout says how the screen is parted. Sizes are in parts of a thousand, so that
// they suit a screen of any size.
type layout struct {
	sessions int  // of the width
	detail   int  // of the height, or of the width where it stands beside
	beside   bool // the detail stands beside the messages, not below them
	chosen   bool // beside was chosen by the user
	hidden   bool // the sessions are not shown
	zoomed   bool // the pane with the keys has all of the screen
}

// The sizes that panes have unless the user changes them, and their bounds.
const (
	sessionsShare = 190
	detailShare   = 420
	besideShare   = 440
	leastSessions = 20
	amplySessions = 28
	leastDetail   = 4
	leastMain     = 4
	leastBeside   = 40
	// wide is the width from which on the detail stands beside the messages.
	wide = 160
	// narrow is the width below which there is no room for the sessions.
	narrow = 60
)

func newLayout() layout { return layout{sessions: sessionsShare, detail: detailShare} }

// isBeside reports whether the detail stands beside the messages.
func (l *layout) isBeside(w int) bool {
	if l.chosen {
		return l.beside && w >= 2*leastBeside
	}
	return w >= wide
}

// share is how much of the screen the detail has.
func (l *layout) detailShare(w int) int {
	if l.isBeside(w) && l.detail == detailShare {
		return besideShare
	}
	return l.detail
}

// split parts the screen below the top line and above the status lines. Between
// the panes there is room for a line.
func (l *layout) split(r rect, focus paneID, detail bool) (out [panes]rect) {
	if l.zoomed {
		if focus == detailPane && !detail {
			focus = mainPane
		}
		out[focus] = r
		return out
	}
	if !l.hidden && r.w >= narrow {
		w := max(r.w*l.sessions/1000, leastSessions)
		if l.sessions == sessionsShare {
			w = min(w, amplySessions) // there is more to see elsewhere
		}
		w = min(w, r.w-leastBeside)
		out[sessionsPane] = rect{r.x, r.y, w, r.h}
		r.x, r.w = r.x+w+1, r.w-w-1
	}
	if !detail {
		out[mainPane] = r
		return out
	}
	if l.isBeside(r.w + 1 + out[sessionsPane].w) {
		w := min(max(r.w*l.detailShare(r.w+1+out[sessionsPane].w)/1000, leastBeside), r.w-leastBeside)
		out[mainPane] = rect{r.x, r.y, r.w - w - 1, r.h}
		out[detailPane] = rect{r.x + r.w - w, r.y, w, r.h}
		return out
	}
	h := min(max(r.h*l.detail/1000, leastDetail), r.h-leastMain)
	out[mainPane] = rect{r.x, r.y, r.w, r.h - h}
	out[detailPane] = rect{r.x, r.y + r.h - h, r.w, h}
	return out
}

// grow makes the pane with the keys larger, or smaller where it is less than 0: by
// a step of the screen.
func (l *layout) grow(focus paneID, step int) {
	switch focus {
	case sessionsPane:
		l.sessions = bound(l.sessions+step, 60, 600)
	case detailPane:
		l.detail = bound(l.detail+step, 100, 850)
	default:
		l.detail = bound(l.detail-step, 100, 850)
	}
}

func bound(n, least, most int) int { return min(max(n, least), most) }
