package inspector

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/gdamore/tcell/v2"
)

// inks are the styles of a theme that text is drawn in, by name.
func (t *theme) inks() map[string]tcell.Style {
	m := make(map[string]tcell.Style)
	v := reflect.ValueOf(t).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		if name := v.Type().Field(i).Name; f.Type() == reflect.TypeFor[tcell.Style]() && name != "border" {
			m[name] = *(*tcell.Style)(unsafe.Pointer(f.UnsafeAddr()))
		}
	}
	return m
}

// All text can be read: on the terminal's background, and on the selected line.
func TestContrast(t *testing.T) {
	for _, th := range []*theme{darkTheme(), lightTheme()} {
		inks := th.inks()
		if len(inks) < 20 {
			t.Fatalf("%d styles", len(inks))
		}
		for name, s := range inks {
			check := func(where string, s tcell.Style) {
				ink, behind, _ := s.Decompose()
				if ink == tcell.ColorDefault {
					return // the terminal's own
				}
				if behind == tcell.ColorDefault {
					behind = th.behind
				}
				if c := contrast(ink, behind); c < leastContrast {
					t.Errorf("%s, %s %s: contrast %.1f", th.name, name, where, c)
				}
			}
			check("", s)
			check("selected, with the keys", th.selected(s, true))
			check("selected, without", th.selected(s, false))
		}
	}
}

// Dim text of the themes that have no colours behind the selected line is not dim
// there.
func TestContrastPlain(t *testing.T) {
	for _, th := range []*theme{plainTheme(), monoTheme()} {
		for _, keys := range []bool{true, false} {
			if _, _, attr := th.selected(th.dim, keys).Decompose(); attr&tcell.AttrDim != 0 {
				t.Errorf("%s, keys %v: dim", th.name, keys)
			}
		}
	}
}

// The figures are those of the guidelines.
func TestContrastFigures(t *testing.T) {
	hex := func(n int32) tcell.Color { return tcell.NewHexColor(n) }
	for _, tt := range []struct {
		a, b        int32
		least, most float64
	}{
		{0x000000, 0xffffff, 20.99, 21.01},
		{0x777777, 0xffffff, 4.47, 4.49},
		{0x767676, 0xffffff, 4.53, 4.55},
		{0xff0000, 0xffffff, 3.99, 4.01},
		{0x0a0a0a, 0x000000, 1.05, 1.07},
		{0x123456, 0x123456, 1, 1},
	} {
		if c := contrast(hex(tt.a), hex(tt.b)); c < tt.least || c > tt.most {
			t.Errorf("%06x on %06x: %.3f", tt.a, tt.b, c)
		}
	}
}

// What people choose in a chat is taken where it can be read; what nearly can is moved.
func TestReadable(t *testing.T) {
	dark, light := darkTheme(), lightTheme()
	for _, tt := range []struct {
		theme       *theme
		hex         string
		want, moved bool
	}{
		{light, "#767676", true, false}, {light, "#777777", true, true}, {light, "#949494", true, true}, {light, "#969696", false, false},
		{light, "#ffff00", false, false}, {light, "#000080", true, false},
		{dark, "#000080", false, false}, {dark, "#ff0000", true, true}, {dark, "#ffff00", true, false},
		{monoTheme(), "#ffffff", false, false}, {plainTheme(), "#ffffff", false, false},
		{dark, "", false, false}, {dark, "#fff", false, false}, {dark, "#zzzzzz", false, false},
	} {
		ink, ok := tt.theme.readable(tt.hex, tcell.ColorDefault)
		if ok != tt.want {
			t.Errorf("%s %q: %v", tt.theme.name, tt.hex, ok)
		}
		if ok && (ink != tcell.GetColor(tt.hex)) != tt.moved {
			t.Errorf("%s %q is drawn in %v", tt.theme.name, tt.hex, ink)
		}
		if ok && contrast(ink, tt.theme.behind) < leastContrast {
			t.Errorf("%s %q: contrast %.1f", tt.theme.name, tt.hex, contrast(ink, tt.theme.behind))
		}
	}
}
