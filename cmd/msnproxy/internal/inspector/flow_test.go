package inspector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rivo/tview"

	"msnproxy/capture"
)

// TestFlows presses keys and looks at the screen, as testdata/flows/*.flow say. A
// flow is lines of these; # begins a comment, and blank lines mean nothing. What is
// looked for stands as it is to the end of the line, without quotation marks.
//
//	open FILE WxH [OPTION...]  shows a recording: a capture, the demo, or a file in
//	                           testdata
//	live WxH [OPTION...]       shows live traffic, which has yet to come
//	    filter=EXPR            without blanks
//	    theme=NAME
//	    keep=ok, keep=no       marks are kept in the recording, or can't be
//	    recording=NAME,SIZE,DROPPED
//	again                      leaves, and opens the same once more: what is kept in
//	                           the directory for settings is still there
//	feed FILE [N]              N more records, or all, of a recording come
//
//	press KEY...               names as help has them; 5*j presses j five times
//	type TEXT                  presses the keys of a text
//	paste TEXT
//	click X Y, click TEXT      from 0 at the left and the top; or where a text is
//	double X Y, double TEXT
//	drag X Y X Y
//	wheel X Y N                N turns: down, or up where it is less than 0
//	resize WxH
//	wait DURATION              the clock goes on
//
//	see TEXT                   some line of the screen holds it
//	line N see TEXT            line N does, from 1; from the end where it is less than 0
//	selected see TEXT          the selected line of the messages, or of the view
//	here see TEXT              that of the pane that has the keys
//	status see TEXT            the line of what is on, or of what was said
//	lit see TEXT               all of the text is somewhere drawn as found
//	clipboard see TEXT
//	kept see TEXT              what was kept in the recording
//	file NAME see TEXT         a file that was saved
//	quits                      the inspector was left
//	show                       logs the screen, for whoever writes a flow
//	remember NAME              keeps the selected line of the view under a name
//	same NAME                  it is that line again
//
// Before see, and before quits and same, may stand not. Whatever a flow does, after
// every step nothing that a terminal would interpret may be on the screen, and the
// lines between the panes are straight.
func TestFlows(t *testing.T) {
	files, err := filepath.Glob("testdata/flows/*.flow")
	if err != nil || len(files) == 0 {
		t.Fatal("no flows", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".flow"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f := &flow{t: t, config: t.TempDir(), lines: make(map[string]string)}
			t.Chdir(t.TempDir())
			for i, line := range strings.Split(string(text), "\n") {
				if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
					continue
				}
				f.where = fmt.Sprintf("%s:%d: %s", file, i+1, line)
				f.step(line)
			}
		})
	}
}

// flow is one that is under way.
type flow struct {
	t      *testing.T
	b      *bench
	config string
	where  string
	opened string
	lines  map[string]string
}

// Helper, Fatalf and Fatal make a flow a testing.TB whose failures say which step it
// was.
func (f *flow) fail(format string, args ...any) {
	f.t.Helper()
	screen := ""
	if f.b != nil {
		screen = "\n" + frame(f.b.text(), f.b.w)
	}
	f.t.Fatalf("%s\n%s%s", f.where, fmt.Sprintf(format, args...), screen)
}

// frame draws a frame around a screen and numbers its lines.
func frame(text string, w int) string {
	rule := "    +" + strings.Repeat("-", w) + "+\n"
	s := rule
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		s += fmt.Sprintf("%3d |%s\n", i+1, line)
	}
	return s + rule
}

// stepper is a testing.TB whose failures name the step.
type stepper struct {
	*testing.T
	f *flow
}

func (s stepper) Fatalf(format string, args ...any) { s.Helper(); s.f.fail(format, args...) }
func (s stepper) Fatal(args ...any)                 { s.Helper(); s.f.fail("%s", fmt.Sprint(args...)) }

func (f *flow) step(line string) {
	f.t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	if word != "type" && word != "paste" {
		rest = strings.TrimSpace(rest)
	}
	if f.b == nil && word != "open" && word != "live" {
		f.fail("a flow begins with open or live")
	}
	if f.act(word, rest) || f.look(word, rest) {
		return
	}
	f.fail("there is no %s", word)
}

// act does a step that changes something; it reports whether it is one.
func (f *flow) act(word, rest string) bool {
	f.t.Helper()
	switch word {
	case "open", "live":
		f.opened = word + " " + rest
		f.open(word == "live", strings.Fields(rest))
	case "again":
		f.step(f.opened)
	case "feed":
		args := strings.Fields(rest)
		n := -1
		if len(args) == 2 {
			n = f.number(args[1])
		}
		f.b.feed(f.find(args[0]), n)
	case "press":
		for _, key := range strings.Fields(rest) {
			f.press(key)
		}
	case "type":
		for _, r := range rest {
			f.press(map[rune]string{' ': "Space"}[r], string(r))
		}
	case "paste":
		f.b.ins.PasteHandler()(rest, func(tview.Primitive) {})
		f.b.settle()
	case "click", "double", "drag", "wheel":
		f.point(word, rest)
	case "resize":
		w, h := f.size(rest)
		f.b.resize(w, h)
	case "wait":
		d, err := time.ParseDuration(rest)
		if err != nil {
			f.fail("%v", err)
		}
		f.b.now = f.b.now.Add(d)
		f.b.settle()
	case "show":
		f.t.Logf("%s\n%s", f.where, frame(f.b.text(), f.b.w))
	case "remember":
		f.lines[rest] = f.b.selected(mainPane)
	default:
		return false
	}
	return true
}

func (f *flow) find(name string) string {
	f.t.Helper()
	return find(stepper{f.t, f}, name)
}

func (f *flow) open(live bool, args []string) {
	f.t.Helper()
	path := ""
	if !live {
		if len(args) < 2 {
			f.fail("open what? FILE WxH")
		}
		path = f.find(args[0])
		args = args[1:]
	}
	w, h := f.size(args[0])
	o := Options{ConfigDir: f.config, Create: creates}
	var b *bench // not there yet when the options are made
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		switch {
		case name == "filter":
			o.Filter = value
		case name == "theme":
			o.Theme = value
		case arg == "keep=ok":
			o.Keep = func(r *capture.Record) error { return b.keep(r) }
		case arg == "keep=no":
			o.Keep = func(*capture.Record) error { return errors.New("disk full") }
		case name == "recording":
			r := strings.Split(value, ",")
			rec := Recording{r[0], int64(f.number(r[1])), int64(f.number(r[2]))}
			o.Recording = func() Recording { return rec }
		default:
			f.fail("there is no option %s", name)
		}
	}
	b = openBench(stepper{f.t, f}, path, w, h, o)
	f.b = b
}

func (f *flow) size(s string) (w, h int) {
	f.t.Helper()
	w, h, err := size(s)
	if err != nil {
		f.fail("%v", err)
	}
	return w, h
}

func (f *flow) number(s string) int {
	f.t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		f.fail("%v", err)
	}
	return n
}

// press presses the first key that is named; 5*j: five times.
func (f *flow) press(keys ...string) {
	f.t.Helper()
	for _, key := range keys {
		if key == "" {
			continue
		}
		times := 1
		if n, k, ok := strings.Cut(key, "*"); ok && n != "" && k != "" {
			times, key = f.number(n), k
		}
		for range times {
			f.b.key(key)
		}
		return
	}
}

// point does what the mouse does.
func (f *flow) point(word, rest string) {
	f.t.Helper()
	var n [4]int
	args := strings.Fields(rest)
	for i, arg := range args {
		var err error
		if n[min(i, 3)], err = strconv.Atoi(arg); err != nil {
			var ok bool
			if n[0], n[1], ok = f.b.where(rest); !ok {
				f.fail("there is no %q on the screen", rest)
			}
			break
		}
	}
	switch word {
	case "click", "double":
		f.b.mouse(tview.MouseLeftDown, n[0], n[1])
		f.b.mouse(tview.MouseLeftUp, n[0], n[1])
		f.b.mouse(tview.MouseLeftClick, n[0], n[1])
		if word == "double" {
			f.b.mouse(tview.MouseLeftDoubleClick, n[0], n[1])
		}
	case "drag":
		f.b.mouse(tview.MouseLeftDown, n[0], n[1])
		f.b.mouse(tview.MouseMove, (n[0]+n[2])/2, (n[1]+n[3])/2)
		f.b.mouse(tview.MouseMove, n[2], n[3])
		f.b.mouse(tview.MouseLeftUp, n[2], n[3])
		f.b.mouse(tview.MouseMove, n[0], n[1]) // does nothing any more
	case "wheel":
		for ; n[2] > 0; n[2]-- {
			f.b.mouse(tview.MouseScrollDown, n[0], n[1])
		}
		for ; n[2] < 0; n[2]++ {
			f.b.mouse(tview.MouseScrollUp, n[0], n[1])
		}
	}
}
