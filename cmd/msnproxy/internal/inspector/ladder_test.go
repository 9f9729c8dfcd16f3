package inspector

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

const (
	goserver = "../../../../capture/testdata/goserver-amsn052-msnp2-ds-ns-sb.pcap"
	demo     = "../chat/testdata/demo.pcapng"
)

// ladderOn shows a recording in the ladder, which has all of the screen.
func ladderOn(t testing.TB, file string, w, h int) (*Inspector, tcell.SimulationScreen) {
	t.Helper()
	f, err := os.Open(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	in, err := capture.Open(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	x := index.New(index.Options{SpoolDir: t.TempDir()})
	t.Cleanup(x.Close)
	if err := x.Load(in, f, file, nil); err != nil {
		t.Fatal(err)
	}
	return ladderOf(t, x, w, h)
}

func ladderOf(t testing.TB, x *index.Index, w, h int) (*Inspector, tcell.SimulationScreen) {
	t.Helper()
	ins := New(Options{Index: x, Location: time.UTC, Theme: "dark"})
	ins.view, ins.layout.zoomed = ladderView, true
	s := tcell.NewSimulationScreen("UTF-8")
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Fini)
	s.SetSize(w, h)
	ins.SetRect(0, 0, w, h)
	return ins, s
}

// screenLines draws the screen and returns its lines.
func screenLines(ins *Inspector, s tcell.SimulationScreen) []string {
	ins.Draw(s)
	w, h := s.Size()
	lines := make([]string, h)
	for y := range lines {
		var b strings.Builder
		for x := 0; x < w; {
			text, _, width := s.Get(x, y)
			b.WriteString(text)
			x += max(width, 1)
		}
		lines[y] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// rungOf returns the line of a message, which it selects.
func rungOf(t *testing.T, ins *Inspector, s tcell.SimulationScreen, number int64) string {
	t.Helper()
	ins.reveal(ins.x.RowOf(number))
	lines := screenLines(ins, s)
	return lines[rungAt(t, ins)]
}

// rungAt is where the selected row is on the screen.
func rungAt(t *testing.T, ins *Inspector) int {
	t.Helper()
	l := ins.main[ladderView].(*ladder)
	for y, row := range l.lines {
		if row == ins.sel {
			return 1 + l.head + y
		}
	}
	t.Fatalf("row %d is not on the screen", ins.sel)
	return 0
}

func columnOf(ins *Inspector, name string) int {
	for _, s := range ins.main[ladderView].(*ladder).plan.shown {
		if s.name == name {
			return s.x
		}
	}
	return -1
}

func TestLadderArrows(t *testing.T) {
	for _, tt := range []struct {
		file     string
		number   int64
		from, to string // columns
		label    string
	}{
		{goserver, 1, "alice", "DS", "VER 1 offers MSNP2 CVR0"},
		{goserver, 6, "DS", "alice", "XFR 3 go to 127.0.0.3:1863"},
		{goserver, 8, "NS", "alice", "VER 4 speaks"},
		{goserver, 32, "DS", "bob", "XFR 3"},
		{goserver, 37, "bob", "NS", "USR 6"},
		{demo, 1, "alice", "DS", "VER 1 offers MSNP7"},
		{demo, 14, "NS", "alice", "USR 7 alice@example.com (Alice) is in"},
		{demo, 49, "DS", "proxy", "XFR 3 go to 127.0.0.1:38023"},
		{demo, 118, "NS", "proxy", "XFR 22"},
		{demo, 123, "NS", "proxy", "RNG"},
	} {
		t.Run(fmt.Sprint(filepath.Base(tt.file), " ", tt.number), func(t *testing.T) {
			ins, s := ladderOn(t, tt.file, 200, 40)
			line := []rune(rungOf(t, ins, s, tt.number))
			from, to := columnOf(ins, tt.from), columnOf(ins, tt.to)
			if from < 0 || to < 0 {
				t.Fatalf("columns at %d and %d:\n%s", from, to, strings.Join(screenLines(ins, s), "\n"))
			}
			tee, head, at := '├', '►', to-1
			if from > to {
				tee, head, at = '┤', '◄', to+1
			}
			if line[from] != tee || line[at] != head {
				t.Errorf("no arrow from %d to %d in\n%s", from, to, string(line))
			}
			if part := string(line[min(from, to):max(from, to)]); !strings.Contains(part, tt.label) {
				t.Errorf("label %q, want %q", part, tt.label)
			}
		})
	}
}

// A redirect goes on from the proxy, with the address that the client was told.
func TestLadderRedirect(t *testing.T) {
	for _, w := range []int{80, 120, 200} {
		ins, s := ladderOn(t, demo, w, 40)
		for number, client := range map[int64]string{6: "alice", 118: "alice", 123: "bob"} {
			line := []rune(rungOf(t, ins, s, number))
			proxy, to := columnOf(ins, "proxy"), columnOf(ins, client)
			if proxy < 0 || to < 0 {
				t.Fatalf("%d: columns at %d and %d", w, proxy, to)
			}
			if line[proxy] != '┤' || line[to+1] != '◄' || line[proxy+1] != '◄' {
				t.Errorf("%d cells, message %d: %s", w, number, string(line))
			}
			if part := string(line[to:proxy]); !strings.Contains(part, "1:43225") || strings.Contains(part, "─") {
				t.Errorf("%d cells, message %d is sent on as %s", w, number, part)
			}
			y := rungAt(t, ins)
			_, style, _ := s.Get(proxy-1, y)
			fg, _, _ := style.Decompose()
			if want, _, _ := ins.theme.selected(ins.theme.redirect, true).Decompose(); fg != want {
				t.Errorf("%d cells: the way from the proxy is drawn in %v, want %v", w, fg, want)
			}
		}
	}
}

func TestLadderHasProxyOnlyWhereThereIsOne(t *testing.T) {
	ins, s := ladderOn(t, goserver, 120, 30)
	head := screenLines(ins, s)[1]
	if strings.Contains(head, "proxy") || !strings.Contains(head, "alice") || !strings.Contains(head, "DS") {
		t.Errorf("header %q", head)
	}
	ins, s = ladderOn(t, demo, 120, 30)
	if head := screenLines(ins, s)[1]; strings.Index(head, "alice") > strings.Index(head, "proxy") || strings.Index(head, "proxy") > strings.Index(head, "DS") {
		t.Errorf("header %q", head)
	}
}

// Lifelines are there while a connection is open, and not before or after.
func TestLadderLifelines(t *testing.T) {
	ins, s := ladderOn(t, demo, 200, 300)
	lines := screenLines(ins, s)
	l := ins.main[ladderView].(*ladder)
	for _, name := range []string{"alice", "SB 1 alice,bob", "bob 2"} {
		var e *ends
		for i := range l.lanes.ends {
			for _, s := range []*lane{l.lanes.ends[i].client, l.lanes.ends[i].server} {
				if s != nil && s.name == name && e == nil {
					e = &l.lanes.ends[i]
				}
			}
		}
		x := columnOf(ins, name)
		if e == nil || x < 0 {
			t.Fatalf("there is no %s", name)
		}
		for y, row := range l.lines {
			line := []rune(lines[y+3])
			if row > e.first || x >= len(line) || !isNarrow(lines[y+3]) {
				continue
			}
			alive := strings.ContainsRune("│├┤╭╮╰╯", line[x])
			if row < e.first && alive {
				t.Errorf("%s: %q before it opens, in %s", name, line[x], lines[y+3])
			}
			if row == e.first && line[x] != '╭' && line[x] != '╮' {
				t.Errorf("%s opens with %q", name, line[x])
			}
		}
		if last := []rune(lines[len(l.lines)+3]); x < len(last) && last[x] == '│' {
			t.Errorf("%s goes on after everything has ended", name)
		}
	}
}

func isNarrow(s string) bool { return cells(s) == len([]rune(s)) }

// Whatever is selected, its columns are in sight; what is not is told.
func TestLadderSight(t *testing.T) {
	for _, file := range []string{demo, goserver} {
		for _, w := range []int{30, 60, 80, 200} {
			ins, s := ladderOn(t, file, w, 24)
			l := ins.main[ladderView].(*ladder)
			for ins.sel = ins.rows.Next(-1); ; {
				lines := screenLines(ins, s)
				e := l.lanes.of(ins.x.Row(ins.sel).Conn)
				if e == nil || e.client.x < 0 || e.server.x < 0 {
					t.Fatalf("%d cells: row %d is out of sight\n%s", w, ins.sel, strings.Join(lines, "\n"))
				}
				n := len(l.plan.shown) + l.plan.hidden[0][0] + l.plan.hidden[0][1] + l.plan.hidden[1][0] + l.plan.hidden[1][1]
				if n != len(l.lanes.all) {
					t.Fatalf("%d cells: %d columns of %d", w, n, len(l.lanes.all))
				}
				for i, s := range l.plan.shown {
					if s.x <= l.plan.time || s.x >= w || i > 0 && s.x <= l.plan.shown[i-1].x {
						t.Fatalf("%d cells: column %d at %d", w, i, s.x)
					}
				}
				was := ins.sel
				if l.move(1); ins.sel == was {
					break
				}
			}
		}
	}
}

func TestLadderSideways(t *testing.T) {
	ins, s := ladderOn(t, demo, 80, 24)
	l := ins.main[ladderView].(*ladder)
	if head := screenLines(ins, s)[1]; !strings.Contains(head, " more ›") || strings.Contains(head, "SB 1") {
		t.Fatalf("header %q", head)
	}
	seen := map[string]bool{}
	for range 12 {
		for _, s := range l.plan.shown {
			seen[s.name] = true
		}
		ins.do(actionNamed("right"))
		screenLines(ins, s)
	}
	if len(seen) != len(l.lanes.all) {
		t.Errorf("only %v were seen", seen)
	}
	if l.plan.hidden[0][1]+l.plan.hidden[1][1] != 0 {
		t.Errorf("there is more to the right: %v", l.plan.hidden)
	}
	lines := screenLines(ins, s)
	if head := lines[1] + lines[2]; !strings.Contains(head, "‹ ") {
		t.Errorf("header %q does not tell of columns to the left", head)
	}
	// What is out of sight is named beside its arrow.
	if line := lines[rungAt(t, ins)]; !strings.Contains(line, "alice") || !strings.Contains(line, "DS") {
		t.Errorf("a row out of sight: %q", line)
	}
	for range 12 {
		ins.do(actionNamed("left"))
		screenLines(ins, s)
	}
	if l.at != [2]int{} {
		t.Errorf("the windows stand at %v", l.at)
	}
	l.at[1] = 1
	l.move(1)
	screenLines(ins, s)
	if columnOf(ins, "DS") < 0 {
		t.Error("moving does not bring the columns back into sight")
	}
}

func TestLadderClick(t *testing.T) {
	ins, s := ladderOn(t, demo, 120, 24)
	screenLines(ins, s)
	l := ins.main[ladderView].(*ladder)
	ins.press(20, 1+l.head+4)
	if ins.sel != l.lines[4] {
		t.Errorf("row %d is selected, want %d", ins.sel, l.lines[4])
	}
	ins.current().enter()
	if ins.focus != detailPane {
		t.Error("Enter does not go to the detail")
	}
}

// adder makes rows of what it is told.
type adder struct {
	t testing.TB
	x *index.Index
	n int64
}

func (a *adder) add(r *capture.Record) {
	a.t.Helper()
	a.n++
	r.Time = time.Unix(1700000000, a.n*1e6).UTC()
	if err := a.x.Add(r); err != nil {
		a.t.Fatal(err)
	}
}

func (a *adder) line(c *capture.Conn, from decode.Sender, s string) {
	a.add(&capture.Record{Kind: capture.Data, Conn: c, From: from, Frame: decode.Frame{Kind: decode.Command, Raw: []byte(s + "\r\n")}})
}

func newAdder(t testing.TB) *adder {
	x := index.New(index.Options{SpoolDir: t.TempDir()})
	t.Cleanup(x.Close)
	return &adder{t: t, x: x}
}

func TestLadderEvents(t *testing.T) {
	a := newAdder(t)
	c := &capture.Conn{ID: 1, Client: "10.0.0.9:1025", Server: "10.0.0.5:1863", MidStream: true, Via: "10.0.0.1:1863"}
	d := &capture.Conn{ID: 2, Client: "10.0.0.9:1026", Server: "10.0.0.6:1863"}
	a.add(&capture.Record{Kind: capture.Opened, Conn: c})
	a.line(c, decode.Client, "USR 6 MD5 I שלום元気@example.com")
	a.line(c, decode.Server, "911 6")
	a.add(&capture.Record{Kind: capture.Lost, Conn: c, From: decode.Server, Lost: 12})
	a.add(&capture.Record{Kind: capture.Data, Conn: c, From: decode.Client, Fate: capture.Withheld, Frame: decode.Frame{Kind: decode.Command, Raw: []byte("PNG\r\n")}})
	a.add(&capture.Record{Kind: capture.Data, Conn: c, From: decode.Server, Fate: capture.Injected, Frame: decode.Frame{Kind: decode.Command, Raw: []byte("QNG\r\n")}})
	a.add(&capture.Record{Kind: capture.Opened, Conn: d})
	a.add(&capture.Record{Kind: capture.Remark, Text: "a \x1b[31mremark"})
	a.add(&capture.Record{Kind: capture.Closed, Conn: d, From: decode.Client, Reset: true})
	ins, s := ladderOf(t, a.x, 100, 24)
	lines := screenLines(ins, s)
	for i, want := range []string{
		"├╌ #1 was open already ╌┤", "├─ USR 6 ─►│", "│◄ 911 6 ─┤", "├╌ #1 12 bytes of the server are missing here ╌┤",
		"├─ PNG ─►× withheld", "│◄ QNG ┄┤ injected", "├ #2 opened ╮", `a \x1b[31mremark`, "├ #2 reset by the client ╯",
	} {
		if got := lines[3+i]; !inOrder(got, want) {
			t.Errorf("row %d: %q, want the signs of %q", i, got, want)
		}
	}
	// The first connection has not ended.
	if end := lines[14]; strings.Count(end, "│") != 3 {
		t.Errorf("the lifelines below: %q", end)
	}
}

// Names may be of letters that are wide, or written from right to left: headings
// and lifelines are where they would be with others.
func TestLadderHeader(t *testing.T) {
	for _, w := range []int{80, 120, 200} {
		ins, s := ladderOn(t, goserver, w, 24)
		was := screenLines(ins, s)
		l := ins.main[ladderView].(*ladder)
		for _, name := range []string{"元気元気元気", "שלום", "e\u0301\u0301clair", "🙂\u200d🙂 and a name that is too long", "a\x1b[2Jb"} {
			l.lanes.all[0].name = name
			lines := screenLines(ins, s)
			x := l.plan.shown[1].x
			if _, _, width := s.Get(x, 1); width != 1 {
				t.Errorf("%q: a cell of %d above %d", name, width, x)
			}
			for y := 2; y < len(lines); y++ {
				if lines[y] != was[y] {
					t.Errorf("%d cells, %q changes line %d:\n%s\n%s", w, name, y, was[y], lines[y])
				}
			}
			if end := lines[1][strings.LastIndex(lines[1], " DS "):]; end != was[1][strings.LastIndex(was[1], " DS "):] {
				t.Errorf("%d cells, %q moves what stands behind it: %q", w, name, end)
			}
			if strings.ContainsRune(lines[1], 0x1b) {
				t.Errorf("an escape in %q", lines[1])
			}
		}
	}
}

func TestSettle(t *testing.T) {
	for _, tt := range []struct {
		xs    []int
		texts []string
		want  string
	}{
		{[]int{0, 20, 39}, []string{"alice", "proxy", "DS"}, "0-5 18-23 38-40"},
		{[]int{0, 8, 16}, []string{"127.0.0.1", "127.0.0.1", "127.0.0.1"}, "0-6 7-12 13-21"},
		{[]int{0, 39}, []string{"a", "a name that is longer than the screen is"}, "0-1 2-40"},
	} {
		var list []heading
		for i, x := range tt.xs {
			list = append(list, newHeading(x, tt.texts[i], tcell.StyleDefault))
		}
		settle(list, 0, 40)
		var got []string
		for i, h := range list {
			got = append(got, fmt.Sprintf("%d-%d", h.from, h.to))
			if h.from > h.x || h.to <= h.x {
				t.Errorf("%q is not above its lifeline", tt.texts[i])
			}
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%q: %s, want %s", tt.texts, s, tt.want)
		}
	}
}

// inOrder reports whether the words of want are in s, one behind the other.
func inOrder(s, want string) bool {
	for _, w := range strings.Fields(want) {
		i := strings.Index(s, w)
		if i < 0 {
			return false
		}
		s = s[i+len(w):]
	}
	return true
}

// crowd makes connections of so many clients, some of which are open at a time.
func crowd(t testing.TB, n int) *index.Index {
	a := newAdder(t)
	var open []*capture.Conn
	for i := 1; i <= n; i++ {
		c := &capture.Conn{ID: uint32(i), Client: fmt.Sprintf("10.%d.%d.9:1025", i/250, i%250), Server: "10.0.0.5:1863", Via: "10.0.0.1:1863"}
		open = append(open, c)
		a.add(&capture.Record{Kind: capture.Opened, Conn: c})
		a.line(c, decode.Client, "VER 1 MSNP7 CVR0")
		a.line(c, decode.Server, "VER 1 MSNP7 CVR0")
		a.line(c, decode.Client, fmt.Sprintf("USR 2 MD5 I user%d@example.com", i))
		a.line(c, decode.Server, "USR 2 MD5 S 1")
		if len(open) > 50 {
			a.add(&capture.Record{Kind: capture.Closed, Conn: open[0]})
			open = open[1:]
		}
	}
	return a.x
}

func TestLadderOfManyConnections(t *testing.T) {
	ins, s := ladderOf(t, crowd(t, 1000), 120, 40)
	l := ins.main[ladderView].(*ladder)
	for _, row := range []int{0, 3000, 3001, 3002, 3003, 5000, ins.x.Len() - 1} {
		ins.selectRow(ins.rows.Near(row))
		lines := screenLines(ins, s)
		if len(l.cols) > mostLanes || len(l.lanes.all) < 1000 {
			t.Fatalf("%d columns of %d", len(l.cols), len(l.lanes.all))
		}
		if e := l.lanes.of(ins.x.Row(ins.sel).Conn); e.client.x < 0 || e.server.x < 0 {
			t.Errorf("row %d is out of sight\n%s", ins.sel, strings.Join(lines, "\n"))
		}
	}
}

// Where making lanes takes long, that is done beside; rows show all the same.
func TestLadderMakesLanesBeside(t *testing.T) {
	a := newAdder(t)
	c := &capture.Conn{ID: 1, Client: "10.0.0.9:1025", Server: "10.0.0.5:1863"}
	a.add(&capture.Record{Kind: capture.Opened, Conn: c})
	ins, s := ladderOf(t, a.x, 100, 20)
	done := make(chan func(), 1)
	ins.posted = func(f func()) { done <- f }
	l := ins.main[ladderView].(*ladder)
	screenLines(ins, s)
	l.took = 2 * slowLanes
	d := &capture.Conn{ID: 2, Client: "10.0.0.8:1025", Server: "10.0.0.6:1863"}
	a.add(&capture.Record{Kind: capture.Opened, Conn: d})
	a.line(d, decode.Client, "VER 1 MSNP7 CVR0")
	if line := screenLines(ins, s)[5]; !strings.Contains(line, "VER 1") || strings.Contains(line, "►") {
		t.Errorf("a message without lanes: %q", line)
	}
	(<-done)()
	if line := screenLines(ins, s)[5]; !inOrder(line, "├─ VER 1 ─►") {
		t.Errorf("a message with lanes: %q", line)
	}
}

func BenchmarkLadder(b *testing.B) {
	x := crowd(b, 10000)
	for _, tt := range []struct {
		name string
		step func(*Inspector, *ladder)
	}{
		{"still", func(*Inspector, *ladder) {}},
		{"moving", func(ins *Inspector, l *ladder) {
			if l.move(1); ins.rows.Next(ins.sel) < 0 {
				l.end(false)
			}
		}},
		{"anew", func(_ *Inspector, l *ladder) { l.lanes = nil }},
	} {
		b.Run(tt.name, func(b *testing.B) {
			ins, s := ladderOf(b, x, 120, 40)
			ins.selectRow(20000)
			ins.Draw(s)
			for b.Loop() {
				tt.step(ins, ins.main[ladderView].(*ladder))
				ins.Draw(s)
			}
		})
	}
}
