package inspector

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/chat"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

func (b *paneBench) chat() *chatPane { return b.ins.main[chatView].(*chatPane) }

// whole makes the chat of a conversation at once.
func whole(x *index.Index, number int) *shot {
	return newFeed(x, number).step(context.Background(), x.Len())
}

// A chat that is fed with each row as it comes is the same as one that is made of
// the whole recording, and is not made anew for that.
func TestChatGoesOn(t *testing.T) {
	for name := range paneCaptures {
		t.Run(name, func(t *testing.T) {
			x := index.New(index.Options{SpoolDir: t.TempDir()})
			defer x.Close()
			var feeds []*feed
			shots := map[int]*shot{}
			for _, r := range paneRecords(t, name) {
				if err := x.Add(r); err != nil {
					t.Fatal(err)
				}
				if len(feeds) < 3 {
					feeds = append(feeds, newFeed(x, len(feeds)+1))
				}
				for _, f := range feeds {
					if s := f.step(context.Background(), x.Len()); s != nil {
						shots[f.number] = s
					}
				}
			}
			for _, f := range feeds {
				all := newFeed(x, f.number)
				want := all.step(context.Background(), x.Len())
				if diff := cmp.Diff(want.lines, shots[f.number].lines); diff != "" {
					t.Errorf("conversation %d: %s", f.number, diff)
				}
				if f.builds.Load() != 1 || f.fed.Load() != all.fed.Load() {
					t.Errorf("conversation %d: %d builders took %d rows, want 1 and %d", f.number, f.builds.Load(), f.fed.Load(), all.fed.Load())
				}
			}
		})
	}
}

// The callee's side alone: that it was called is known from RNG, which comes before
// the connection that it is about.
func TestChatOfCallee(t *testing.T) {
	x := index.New(index.Options{SpoolDir: t.TempDir()})
	defer x.Close()
	f := newFeed(x, 1)
	var last *shot
	for _, r := range paneRecords(t, "amsn") {
		if r.Conn != nil && (r.Conn.ID == 2 || r.Conn.ID == 4) {
			if err := x.Add(r); err != nil {
				t.Fatal(err)
			}
			if s := f.step(context.Background(), x.Len()); s != nil {
				last = s
			}
		}
	}
	for _, s := range []*shot{last, whole(x, 1)} {
		if len(s.lines) == 0 || s.lines[0].Kind != chat.Call || s.lines[0].Text != "Alice 100% @home é (L) called bob@example.com, ringing" {
			t.Errorf("the first line is %+v", s.lines[:1])
		}
	}
}

// A connection that turns out late to be of the conversation: its rows were passed
// over, so the chat is made anew.
func TestChatMoved(t *testing.T) {
	b := newPaneBench(t, Options{})
	a, c, d := b.paneOpen(1), b.paneOpen(2), b.paneOpen(3)
	f := newFeed(b.x, 3)
	step := func() *shot { return f.step(context.Background(), b.x.Len()) }
	b.paneLine(a, decode.Client, "USR 1 alice@example.com 1.2\r\n")
	b.paneLine(a, decode.Client, "CAL 2 bob@example.com\r\n")
	b.paneLine(d, decode.Client, "USR 1 carol@example.com 5.6\r\n")
	b.paneLine(d, decode.Client, "CAL 2 bob@example.com\r\n") // whose call does he answer?
	step()
	b.paneLine(c, decode.Client, "ANS 1 bob@example.com 3.4 555\r\n")
	b.paneLine(a, decode.Server, "CAL 2 RINGING 555\r\n") // only now alice's is known to be the same
	got, want := step(), whole(b.x, 3)
	if diff := cmp.Diff(want.lines, got.lines); diff != "" || f.builds.Load() != 2 {
		t.Errorf("%d builders: %s", f.builds.Load(), diff)
	}
	if len(got.lines) < 3 || got.lines[1].Kind != chat.Call {
		t.Errorf("%+v", got.lines)
	}
}

func TestChatChooses(t *testing.T) {
	b := openPaneBench(t, "amsn") // two conversations; 3 and 4 are of the first, 6 of the second
	firstOf := func(id uint32) int {
		for _, c := range b.x.Conns() {
			if c.Facts.ID == id {
				return c.First
			}
		}
		t.Fatal("no connection", id)
		return -1
	}
	b.keys("3")
	for _, test := range []struct {
		name   string
		scope  index.Scope
		row    int
		number int
		note   string
	}{
		{"its own", index.Scope{}, firstOf(4) + 1, 1, ""},
		{"the other", index.Scope{}, firstOf(6), 2, ""},
		{"none before", index.Scope{}, 0, 1, "The nearest of its session"},
		{"none behind", index.Scope{}, b.x.Len() - 1, 2, "The nearest"},
		{"session of bob, who is in one only", index.Scope{Session: 2}, firstOf(2), 1, "The only one"},
		{"scope of a conversation", index.Scope{Conversation: 2}, 0, 2, "The only one"},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := b.ins.rows.Query()
			q.Scope = test.scope
			if err := b.ins.rows.Ask(q); err != nil {
				t.Fatal(err)
			}
			b.ins.sel = test.row
			b.settle()
			if p := b.chat(); p.number != test.number || !strings.HasPrefix(p.why, test.note) || (p.why == "") != (test.note == "") {
				t.Errorf("conversation %d, %q", p.number, p.why)
			}
		})
	}
}

func TestChatSideways(t *testing.T) {
	b := openPaneBench(t, "amsn")
	b.keys("3")
	b.sees("‹ 1 of 2 ›")
	b.keys("l")
	b.sees("‹ 2 of 2 ›")
	if r := b.ins.x.Row(b.ins.sel); r.Kind != index.Message || r.Conn.Facts.Conversation.Number != 2 {
		t.Errorf("selected: %+v", r)
	}
	b.keys("l")
	if !strings.Contains(b.ins.toast.text, "no conversation after") {
		t.Error(b.ins.toast.text)
	}
	b.keys("Left")
	b.sees("‹ 1 of 2 ›")
	b.ins.setScope(index.Scope{Conversation: 1})
	b.settle()
	b.sees("‹ 1 of 1 ›")
	b.keys("l")
	b.sees("‹ 1 of 1 ›")
}

// The selected message and the selected line are one, whichever is chosen.
func TestChatSelection(t *testing.T) {
	b := openPaneBench(t, "twisted")
	b.keys("3 g")
	s := b.chat().shot
	for i := range s.lines {
		if s.lines[i].Superseded {
			continue
		}
		if got := b.ins.sel; got != s.lines[i].Row || b.chat().sel != i {
			t.Fatalf("line %d: row %d is selected, want %d", b.chat().sel, got, s.lines[i].Row)
		}
		b.keys("j")
	}
	for i := range s.lines {
		l := &s.lines[i]
		for _, row := range l.Rows {
			if to, _ := s.lineOf(row); l.Superseded || to != i { // a refusal is a line of its own
				continue
			}
			b.ins.selectRow(row)
			b.settle()
			if p := b.chat(); p.sel != i || !p.exact || b.ins.sel != row {
				t.Errorf("row %d: line %d is selected, want %d; now row %d", row, p.sel, i, b.ins.sel)
			}
		}
	}
	// The other views are where the chat was left.
	b.keys("G 1")
	if want := s.lines[len(s.lines)-1].Row; b.ins.sel != want {
		t.Errorf("row %d, want %d", b.ins.sel, want)
	}
	b.keys("3 Enter")
	if b.ins.focus != detailPane {
		t.Error("Enter does not give the keys to the detail")
	}
}

// Typing that led to something is folded away with the noise.
func TestChatFolds(t *testing.T) {
	b := openPaneBench(t, "amsn")
	b.keys("3")
	b.seesNot("is typing")
	b.keys("z")
	b.sees("is typing")
	for i, l := range b.chat().shot.lines {
		if l.Superseded {
			b.chat().pick(i)
		}
	}
	b.settle()
	if !strings.Contains(b.selectedLine(), "is typing") {
		t.Error(b.selectedLine())
	}
	b.keys("z")
	b.seesNot("is typing")
	if p := b.chat(); !p.visible(p.sel) || p.exact && !holds(&p.shot.lines[p.sel], b.ins.sel) {
		t.Errorf("%q is selected for what is hidden", b.selectedLine())
	}
}

// The filter does not change the chat, and that is said.
func TestChatIsWhole(t *testing.T) {
	b := openPaneBench(t, "demo")
	b.keys("3 G")
	before := len(b.chat().shot.lines)
	b.ins.applyFilter(`verb == "USR"`)
	b.settle()
	b.sees("The filter does not apply here")
	if got := len(b.chat().shot.lines); got != before {
		t.Errorf("%d lines, were %d", got, before)
	}
	b.keys("k k")
	if row := b.chat().shot.lines[b.chat().sel].Row; b.ins.sel != row || b.ins.rows.Query().Filter == "" {
		t.Errorf("row %d, want %d; filter %q", b.ins.sel, row, b.ins.rows.Query().Filter)
	}
	b.ins.applyFilter("")
	b.settle()
	b.seesNot("The filter does not apply")
}

func TestChatOfNobody(t *testing.T) {
	b := openPaneBench(t, "signin")
	b.keys("3")
	b.sees("There is no conversation in the recording")
	b.keys("j k g G l h PgDn Enter") // none of which may do harm
	live := newPaneBench(t, Options{Live: true})
	live.keys("3")
	live.sees("No conversation yet")
}

// Live: the chat goes on, follows, and stays with its conversation.
func TestChatLive(t *testing.T) {
	b := newPaneBench(t, Options{Live: true})
	b.keys("3")
	a, c := b.paneOpen(1), b.paneOpen(2)
	b.paneLine(a, decode.Client, "USR 1 alice@example.com 1.2\r\n")
	b.paneLine(a, decode.Server, "USR 1 OK alice@example.com Alice\r\n")
	b.settle()
	b.sees("Alice opened the chat")
	b.paneLine(c, decode.Client, "USR 1 carol@example.com 3.4\r\n")
	b.settle()
	if b.chat().number != 1 {
		t.Error("what is followed does not stay")
	}
	b.sees("‹ 1 of 2 ›")
	said := func(n int) {
		text := fmt.Sprintf("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nline %d", n)
		b.paneLine(a, decode.Client, fmt.Sprintf("MSG %d A %d\r\n%s", n, len(text), text))
	}
	for n := range 50 {
		said(n + 2)
	}
	b.settle()
	b.sees("line 51")
	b.sees("… waiting")
	b.paneLine(a, decode.Server, "ACK 51\r\n")
	b.settle()
	b.sees("✓ ")
	if f := b.chat().feed; f.builds.Load() != 1 {
		t.Errorf("made %d times", f.builds.Load())
	}
	b.keys("k k k")
	if b.ins.follow {
		t.Error("it follows still")
	}
	sel := b.ins.sel
	said(60)
	b.settle()
	if b.ins.sel != sel || !strings.Contains(b.selectedLine(), "line 48") {
		t.Errorf("row %d, was %d: %q", b.ins.sel, sel, b.selectedLine())
	}
	b.keys("F")
	if !strings.Contains(b.selectedLine(), "line 60") {
		t.Error(b.selectedLine())
	}
	b.keys("P")
	said(70)
	b.settle()
	b.seesNot("line 70")
	b.keys("P")
	b.sees("line 70")
}

// Nothing of what was said reaches the terminal as anything but text, and formats
// are as they were wanted where they can be read.
func TestChatHostile(t *testing.T) {
	b := newPaneBench(t, Options{Live: true})
	a := b.paneOpen(1)
	b.paneLine(a, decode.Client, "USR 1 alice@example.com 1.2\r\n")
	b.paneLine(a, decode.Server, "USR 1 OK alice@example.com \x1b[31mAlice%0d%0a\r\n")
	for i, format := range []string{"FN=Arial; EF=BIUS; CO=0; CS=0; PF=22", "FN=A; EF=; CO=ff; CS=0; PF=22", "FN=A; EF=; CO=ff0000; RL=1", ""} {
		text := "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: " + format + "\r\n\r\n\x1b]0;pwned\x07 \u202e\u0000 שלום 日本 " + strings.Repeat("e\u0301\u0301\u0301\u0301\u0301\u0301", 40)
		b.paneLine(a, decode.Client, fmt.Sprintf("MSG %d U %d\r\n%s", i+2, len(text), text))
	}
	b.keys("3")
	for _, size := range [][2]int{{120, 40}, {80, 24}, {31, 9}} {
		b.size(size[0], size[1])
		for _, line := range b.text() {
			for _, r := range line {
				if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e {
					t.Fatalf("%q", line)
				}
			}
		}
	}
	th := darkTheme()
	for _, test := range []struct {
		hex  string
		want bool
	}{{"#000000", false}, {"#0000ff", false}, {"#ff0000", true}, {"#ffffff", true}, {"", false}, {"red", false}, {"#zzzzzz", false}} {
		if _, ok := th.readable(test.hex, tcell.ColorDefault); ok != test.want {
			t.Errorf("%s on dark: %v", test.hex, ok)
		}
	}
	if _, ok := lightTheme().readable("#000000", tcell.ColorDefault); !ok {
		t.Error("black can be read on white")
	}
	if _, ok := monoTheme().readable("#ff0000", tcell.ColorDefault); ok {
		t.Error("there are no colours")
	}
	style := th.saidStyle(&chat.Line{Kind: chat.Said, Format: chat.Format{Bold: true, Italic: true, Underline: true, Strike: true, Color: "#ffff00"}}, tcell.ColorDefault)
	fg, _, attrs := style.Decompose()
	if attrs != tcell.AttrBold|tcell.AttrItalic|tcell.AttrUnderline|tcell.AttrStrikeThrough || fg != tcell.NewHexColor(0xffff00) {
		t.Errorf("%v %v", fg, attrs)
	}
}

// A long chat costs a draw no more than a short one, wherever it is looked at.
func BenchmarkChatDraw(b *testing.B) {
	p := newPaneBench(b, Options{})
	a := p.paneOpen(1)
	p.paneLine(a, decode.Client, "USR 1 alice@example.com 1.2\r\n")
	text := "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n" + strings.Repeat("word ", 60)
	for n := range 15_000 {
		p.paneLine(a, decode.Client, fmt.Sprintf("MSG %d N %d\r\n%s", n+2, len(text), text))
	}
	_ = p.x.Add(&capture.Record{Kind: capture.Closed, Conn: a, Time: time.Unix(2_000_000_000, 0)})
	p.x.Finish()
	p.keys("3")
	for b.Loop() {
		p.chat().end(p.chat().sel == 0)
		p.ins.Draw(p.screen)
	}
}
