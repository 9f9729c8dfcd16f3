package inspector

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
)

// counting counts the cells that it is given.
type counting struct {
	tcell.SimulationScreen
	given int
}

func (c *counting) SetContent(x, y int, r rune, marks []rune, style tcell.Style) {
	c.given++
	c.SimulationScreen.SetContent(x, y, r, marks, style)
}

// A screen is given what has changed, all of it when it may have forgotten, and
// shows the same as without the buffer between.
func TestBuffered(t *testing.T) {
	plain, under := tcell.NewSimulationScreen("UTF-8"), &counting{SimulationScreen: tcell.NewSimulationScreen("UTF-8")}
	for _, s := range []tcell.Screen{plain, under} {
		if err := s.Init(); err != nil {
			t.Fatal(err)
		}
		defer s.Fini()
	}
	b := newBuffered(under)
	ins := New(Options{Index: demoIndex(t)})
	draw := func(s tcell.Screen) int {
		under.given = 0
		s.Clear()
		w, h := s.Size()
		ins.SetRect(0, 0, w, h)
		ins.Draw(s)
		s.Show()
		return under.given
	}
	same := func(when string) {
		t.Helper()
		draw(plain)
		want, _, _ := plain.GetContents()
		got, _, _ := under.GetContents()
		for i := range want {
			if string(want[i].Runes) != string(got[i].Runes) || want[i].Style != got[i].Style {
				t.Fatalf("%s: cell %d is %q, want %q", when, i, string(got[i].Runes), string(want[i].Runes))
			}
		}
	}
	if n := draw(b); n != 80*25 {
		t.Errorf("%d cells given at first", n)
	}
	same("at first")
	if n := draw(b); n != 0 {
		t.Errorf("%d cells given though nothing has changed", n)
	}
	for range 100 { // past names with wide characters and emoji
		ins.Key(tcell.NewEventKey(tcell.KeyDown, 0, 0))
		ins.Key(tcell.NewEventKey(tcell.KeyDown, 0, 0))
		if n := draw(b); n == 0 || n == 80*25 {
			t.Fatalf("%d cells given for a step down", n)
		}
		same("a step down")
	}
	under.SetSize(100, 30)
	plain.SetSize(100, 30)
	if n := draw(b); n != 100*30 {
		t.Errorf("%d cells given at another size", n)
	}
	same("at another size")
	b.lost.Store(true)
	if n := draw(b); n != 100*30 {
		t.Errorf("%d cells given to a screen that may have forgotten", n)
	}
}

// slow is a screen whose Show lasts until it is let go.
type slow struct {
	tcell.SimulationScreen
	showing, release chan struct{}
	ended            atomic.Bool
	late             atomic.Bool // shown after its end
}

func (s *slow) Show() {
	s.late.Store(s.late.Load() || s.ended.Load())
	s.showing <- struct{}{}
	<-s.release
	s.late.Store(s.late.Load() || s.ended.Load())
}

func (s *slow) Fini() { s.ended.Store(true) }

// The terminal is given back when what is being shown is out, and nothing is shown
// any more.
func TestFiniWaitsForShow(t *testing.T) {
	s := &slow{SimulationScreen: tcell.NewSimulationScreen("UTF-8"), showing: make(chan struct{}, 2), release: make(chan struct{})}
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	b := newBuffered(s)
	shown, ended := make(chan struct{}), make(chan struct{})
	go func() { b.Show(); close(shown) }()
	<-s.showing
	go func() { b.Fini(); close(ended) }()
	time.Sleep(20 * time.Millisecond) // for a Fini that does not wait
	if s.ended.Load() {
		t.Error("the screen ends while something is shown")
	}
	close(s.release)
	<-shown
	<-ended
	b.Show()
	b.Sync()
	if !s.ended.Load() || s.late.Load() || len(s.showing) > 0 {
		t.Errorf("ended %v, shown after that %v, %d times", s.ended.Load(), s.late.Load(), len(s.showing))
	}
}
