package inspector

import "testing"

// When all is over who followed sees a message that was changed on its way; who looked
// at something else goes on looking at it.
func TestOver(t *testing.T) {
	b := openBench(t, find(t, "demo"), 120, 40, Options{})
	over := func() {
		b.ins.Over("that was it")
		b.draw() // more may be on its way
		b.draw()
	}
	b.ins.sel = 3
	over()
	if b.ins.sel != 3 {
		t.Errorf("row %d is selected", b.ins.sel)
	}
	b.ins.follow = true
	over()
	if row := b.ins.x.Row(b.ins.sel); !row.SentOn || b.ins.follow || row.Verb != "XFR" {
		t.Errorf("row %d is selected, following: %v", b.ins.sel, b.ins.follow)
	}
	if _, _, ok := b.where("that was it"); !ok {
		t.Error("it is not said")
	}
}
