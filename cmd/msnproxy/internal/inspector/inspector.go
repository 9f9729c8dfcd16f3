// Package inspector is the terminal inspector: sessions, messages and what is in
// them, as a conversation rather than as bytes, live or from a recording.
//
// It draws what package index knows, and asks it for no more than a screen shows.
// All of it runs on one goroutine; traffic never waits for it.
package inspector

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
)

// Options say what is inspected, and how.
type Options struct {
	Index *index.Index
	// Title names the recording, or the server of live traffic.
	Title string
	// Live traffic: the inspector follows it from the start.
	Live bool
	// Location is the time zone of times; nil: local time.
	Location *time.Location
	// Theme is dark, light, 16, mono, or auto: whatever suits the terminal.
	Theme string
	// Filter is the first filter; it must compile.
	Filter string
	// View is the first view, one of [ViewNames]; "": messages.
	View string
	// NoMouse leaves the mouse to the terminal.
	NoMouse bool
	// Recording tells what is being recorded; nil: nothing is.
	Recording func() Recording
	// Keep keeps marks and comments in the recording. Nil: they are kept only by
	// saving.
	Keep func(*capture.Record) error
	// Create makes a file to save to, by the ending of its name; it must not exist.
	Create func(name string) (Output, error)
	// ConfigDir is where the history of filters and saved ones are; "": nowhere.
	ConfigDir string
	// Passwords of accounts, in lower case, are for replays; nil: none is known.
	Passwords map[string]string
	// Gate is what the traffic goes through; nil: nothing can be held, as in a recording.
	Gate Gate
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Recording is what a status line says of a recording in progress.
type Recording struct {
	Path    string
	Size    int64
	Dropped int64
}

// Output is a recording being written.
type Output interface {
	WriteRecord(*capture.Record) error
	Close() error
}

// viewID is one of the views on the number keys.
type viewID int

const (
	messagesView viewID = iota
	ladderView
	chatView
	findingsView
	statsView
	transfersView
	holdsView
	views
)

var viewNames = [views]string{"Messages", "Ladder", "Chat", "Findings", "Stats", "Transfers", "Holds"}

// ViewNames returns the names of the views, as options have them.
func ViewNames() []string {
	var names []string
	for _, n := range viewNames {
		names = append(names, strings.ToLower(n))
	}
	return names
}

func viewNamed(name string) viewID {
	for v, n := range viewNames {
		if strings.EqualFold(n, name) {
			return viewID(v)
		}
	}
	return messagesView
}

// pane is a part of the screen that keys can go to.
type pane interface {
	// draw draws the pane; keys says that keys go to it.
	draw(c canvas, keys bool)
	// move moves the selection by so many lines.
	move(n int)
	// page moves it by a screenful: 1 down, -1 up; half of that with half.
	page(dir int, half bool)
	// end goes to the first line, or with last to the last.
	end(last bool)
	// click selects what is at a place of the pane.
	click(x, y int)
	// wheel scrolls without a change of the selection, where that makes sense.
	wheel(n int)
	// enter does what suits the selected line.
	enter()
}

// screenful is how many lines a page is in a pane of that height: one less, so that
// a line stays, or half of it. Up, it is less than 0.
func screenful(height, dir int, half bool) int {
	if half {
		return dir * max(height/2, 1)
	}
	return dir * max(height-1, 1)
}

// paneID names the panes.
type paneID int

const (
	sessionsPane paneID = iota
	mainPane
	detailPane
	panes
)

// Inspector is the screen.
type Inspector struct {
	*tview.Box
	o      Options
	x      *index.Index
	rows   *index.View
	reader *index.Reader
	theme  *theme
	app    *tview.Application
	screen tcell.Screen // whose clipboard is copied to
	job    *job         // the file that is being written

	view     viewID
	focus    paneID
	sel      int // the selected row; -1: none
	follow   bool
	paused   bool
	timeMode timeMode
	layout   layout
	places   [panes]rect // where the panes were drawn
	tabs     []hotspot   // what can be clicked in lines that are no pane
	turns    []place     // where right-to-left letters ended when it was drawn last

	sessions *sessions
	list     *list
	detail   *detail
	main     [views]pane

	prompt    *prompt
	overlay   overlay
	pending   func(*tcell.EventKey) // takes the next key
	toast     toast
	ending    *ending // nil: more is to come, or all was settled
	needle    index.Needle
	comparing int    // the first of two rows to compare; -1: none is chosen
	waiting   string // for a client: where it is to go
	replayed  *sheet // the last replay
	search    *search
	noHints   bool
	noMouse   bool
	filters   *filters
	commands  []string // that were typed
	rate      rate
	events    []string // what was said, for :log
	unkept    bool     // marks or comments that only saving keeps
	drag      splitter
	quit      func()
	holds     holding
	composed  []string                // lines that were sent
	runEditor func(name string) error // on a file
	jobs      *jobs
	abort     func() // ends the program at once
	said      *heard // what other goroutines have to say
	fault     *fault
	// interrupted: the user left by Ctrl-C.
	interrupted atomic.Bool
	resumed     time.Time // from being suspended
	shown       *buffered
	wake        *tcell.EventKey // has posted functions done, and the screen drawn
	drawn       chan struct{}
	posted      func(func()) // for tests: takes what other goroutines want done
}

// toast is a line that is shown for a while.
type toast struct {
	text  string
	bad   bool
	until time.Time
}

// overlay lies over everything and takes all keys.
type overlay interface {
	draw(c canvas)
	// key takes a key; it reports false to be taken away.
	key(ev *tcell.EventKey) bool
	wheel(n int)
}

// hotspot is something that can be clicked.
type hotspot struct {
	rect
	do func()
}

// New makes an inspector. Run shows it.
func New(o Options) *Inspector {
	if o.Location == nil {
		o.Location = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	ins := &Inspector{Box: tview.NewBox(), o: o, x: o.Index, reader: o.Index.NewReader(), theme: newTheme(chooseTheme(o.Theme, 0)),
		focus: mainPane, sel: -1, comparing: -1, follow: o.Live, noMouse: o.NoMouse, quit: func() {}, abort: func() {},
		said: newHeard(), fault: newFault(), jobs: newJobs(), wake: tcell.NewEventKey(tcell.KeyNUL, 0, 0), drawn: make(chan struct{}, 1)}
	o.Index.Guard(ins.Guard)
	ins.view = viewNamed(o.View)
	ins.rows = o.Index.NewView(index.Query{Fold: true, Filter: o.Filter})
	ins.filters = loadFilters(o.ConfigDir)
	ins.layout = newLayout()
	ins.sessions = &sessions{ins: ins, task: task{ins: ins}}
	ins.list = &list{rowsPane: rowsPane{ins: ins}}
	ins.detail = newDetail(ins)
	ins.runEditor = runEditor
	if o.Gate != nil {
		ins.holds.news = make(chan struct{}, 1)
		o.Gate.Watch(ins.holds.news)
		o.Gate.Watch(ins.said.wake)
	}
	ins.main = [views]pane{ins.list, newLadder(ins), newChatPane(ins), newFindingsPane(ins), newStatsPane(ins), newTransfersPane(ins), newHoldsPane(ins)}
	return ins
}

// Waiting says what stands on the screen as long as nothing has come. It is called
// before Run.
func (ins *Inspector) Waiting(text string) { ins.waiting = text }

// tick takes in what has come.
func (ins *Inspector) tick() {
	ins.hear()
	ins.rows.Sync()
	ins.poll()
	ins.rate.sample(ins.o.Now(), ins.x.Len())
	if ins.ending != nil {
		ins.rest()
	}
	if ins.follow && !ins.paused {
		if last := ins.rows.Prev(ins.x.Len()); last >= 0 {
			ins.sel = last
		}
	}
	if ins.sel < 0 {
		ins.sel = ins.rows.Next(-1)
	}
}

// selectRow selects a row, wherever it was chosen. Following ends unless it is the
// last one.
func (ins *Inspector) selectRow(row int) {
	if row < 0 || row == ins.sel {
		return
	}
	ins.sel = row
	ins.rows.Anchor(row)
	if ins.follow && ins.rows.Next(row) >= 0 {
		ins.follow = false
		ins.say("follow is off: F follows again")
	}
}

// reveal selects a row that may be hidden: by folding, by the filter, by the scope.
// What hides it is lifted, and said.
func (ins *Inspector) reveal(row int) {
	if row < 0 {
		return
	}
	if !ins.rows.Shows(row) {
		q := ins.rows.Query()
		lifted := ""
		for _, try := range []struct {
			what string
			set  func()
		}{
			{"folding", func() { q.Fold = false }},
			{"only marked", func() { q.Marked = false }},
			{"the filter", func() { q.Filter = "" }},
			{"the scope", func() { q.Scope = index.Scope{} }},
		} {
			try.set()
			lifted = join(lifted, try.what)
			_ = ins.rows.Ask(q)
			if ins.rows.Query().Filter == "" && ins.rows.Shows(row) {
				break
			}
		}
		ins.say(lifted + " switched off to show the message")
	}
	ins.selectRow(row)
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

// say shows a line for a while, and keeps it in the log.
func (ins *Inspector) say(text string) { ins.tell(text, false) }

// complain is say for what went wrong.
func (ins *Inspector) complain(text string) { ins.tell(text, true) }

// toastFor is how long a line stays.
const toastFor = 4 * time.Second

func (ins *Inspector) tell(text string, bad bool) {
	now := ins.o.Now()
	ins.toast = toast{text: text, bad: bad, until: now.Add(toastFor)}
	const most = 500
	ins.events = append(ins.events, now.In(ins.o.Location).Format("15:04:05 ")+text)
	if len(ins.events) > most {
		ins.events = append(ins.events[:0], ins.events[len(ins.events)-most:]...)
	}
}

// current returns the pane that keys go to.
func (ins *Inspector) current() pane {
	switch ins.focus {
	case sessionsPane:
		return ins.sessions
	case detailPane:
		return ins.detail
	}
	return ins.main[ins.view]
}
