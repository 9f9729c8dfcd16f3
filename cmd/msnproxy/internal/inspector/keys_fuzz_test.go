package inspector

import (
	"testing"

	"github.com/rivo/tview"
)

// fuzzKeys are what a byte stands for in FuzzKeys: a key by its name.
var fuzzKeys = []string{
	"j", "k", "h", "l", "g", "G", "n", "N", "p", "z", "c", "a", "F", "P", "t", "M", "m", "'", ";", "s", "T", "H", "L", "?", ":", "/", "f", "#",
	"|", "\\", "+", "-", "=", "[", "]", ".", ",", "<", ">", "1", "2", "3", "4", "5", "y", "w", "x", "q", "o", "r", "\"", "@", "e", "b", "i", "v",
	"Enter", "Esc", "Tab", "Backtab", "Space", "Up", "Down", "Left", "Right", "PgUp", "PgDn", "Home", "End", "Backspace", "Del", "F1",
	"Ctrl-D", "Ctrl-U", "Ctrl-F", "Ctrl-B", "Ctrl-L", "Ctrl-W", "é", "日",
}

// FuzzKeys presses any keys, clicks anywhere and makes the window any size. The
// inspector does not fail, selects a row that is shown, and its screen is in order.
func FuzzKeys(f *testing.F) {
	seed := func(keys ...string) {
		var b []byte
		for _, k := range keys {
			for i, name := range fuzzKeys {
				if name == k {
					b = append(b, byte(i))
				}
			}
		}
		f.Add(uint8(0), b)
		f.Add(uint8(1), b)
		f.Add(uint8(2), b)
	}
	seed("j", "j", "Enter", "j", "]", "]", "l", "l", "[", "Esc", "G", "p", "z", "c", "c", "a", "Esc")
	seed("f", "v", "e", "r", "b", "Tab", "=", "=", "\"", "Tab", "Enter", "j", "f", "Up", "Enter", "Esc")
	seed("/", "e", "Enter", "n", "N", "Esc", ":", "1", "2", "Enter", "m", "a", "'", "a", "M", ";", "e", "Enter")
	seed("?", "z", "Esc", "Esc", "|", "+", "\\", "Tab", "s", "=", "T", "T", "t", "H", "L", "Esc", "2", "3", "4", "5", "1")
	seed("Tab", "Tab", "j", "j", "Enter", "z", "G", "Enter", "Esc", "Esc", "F", "P", "j", "P", "q", "n")
	f.Add(uint8(0), []byte{200, 30, 10, 210, 5, 220, 60, 20, 230, 1, 240, 50, 250, 9})
	f.Fuzz(func(t *testing.T, what uint8, keys []byte) {
		t.Chdir(t.TempDir())
		name := []string{"goserver", "demo", "hostile.txt"}[what%3]
		b := openBench(t, find(t, name), 100, 30, Options{})
		for i := 0; i < min(len(keys), 60); i++ {
			k, arg := int(keys[i]), 0
			if k >= len(fuzzKeys) && i+1 < len(keys) {
				i++
				arg = int(keys[i])
			}
			b.fuzz(k, arg)
			if sel := b.ins.sel; sel >= b.x.Len() || sel < -1 || sel >= 0 && !b.ins.rows.Shows(sel) && b.ins.rows.Next(-1) >= 0 {
				t.Fatalf("row %d is selected, of %d; it is shown: %v", sel, b.x.Len(), sel >= 0 && b.ins.rows.Shows(sel))
			}
		}
	})
}

// fuzz does what a byte stands for; those that are no keys take another byte.
func (b *bench) fuzz(k, arg int) {
	if k < len(fuzzKeys) {
		b.key(fuzzKeys[k])
		return
	}
	x, y := arg%b.w, arg*7%b.h
	switch k % 5 {
	case 0:
		b.mouse(tview.MouseLeftDown, x, y)
		b.mouse(tview.MouseLeftUp, x, y)
	case 1:
		b.mouse(tview.MouseLeftDown, x, y)
		b.mouse(tview.MouseMove, y, x)
		b.mouse(tview.MouseLeftUp, y, x)
	case 2:
		b.mouse(tview.MouseScrollDown, x, y)
	case 3:
		b.mouse(tview.MouseLeftDoubleClick, x, y)
	case 4:
		b.resize(1+arg, 1+arg/4)
	}
}
