package inspector

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// steps are the keys that bring each view to where it shows something.
var steps = [views]string{messagesView: "20*j", ladderView: "30*j", chatView: "5*j", findingsView: "2*j", statsView: "2*j", transfersView: "j"}

// sizes of terminals. Each recording and view is kept at one of them, each view at all.
var sizes = []struct{ w, h int }{{80, 24}, {120, 40}, {200, 60}}

// TestScreens compares the views, on each recording, with what they looked like when
// somebody last looked at them: go test -update writes them anew. What must be seen at
// other sizes is said in testdata/flows/sizes.flow.
func TestScreens(t *testing.T) {
	for i, c := range captures {
		for v := range holdsView { // that one is for live traffic
			size := sizes[(i+int(v))%len(sizes)]
			name := fmt.Sprintf("%s-%s-%dx%d", c.name, strings.ToLower(viewNames[v]), size.w, size.h)
			t.Run(name, func(t *testing.T) {
				b := showView(t, c.name, v, size.w, size.h, "dark")
				compareGolden(t, name, frame(b.text(), size.w))
			})
		}
	}
}

// TestThemes compares the styles of one view on the demo in each theme.
func TestThemes(t *testing.T) {
	for i, theme := range themeNames {
		v := viewID(i)
		name := fmt.Sprintf("demo-%s-%s", strings.ToLower(viewNames[v]), theme)
		t.Run(name, func(t *testing.T) {
			b := showView(t, "demo", v, 120, 40, theme)
			compareGolden(t, name, Styles(b.screen))
		})
	}
}

// TestTransfersScreens compares the view of transfers with a picture in it: as text, and
// the colours of its pixels.
func TestTransfersScreens(t *testing.T) {
	for _, size := range sizes {
		name := fmt.Sprintf("transfers-picture-%dx%d", size.w, size.h)
		t.Run(name, func(t *testing.T) {
			b := openBench(t, find(t, "transfers.txt"), size.w, size.h, Options{Theme: "dark"})
			b.key("6")
			compareGolden(t, name, frame(b.text(), size.w))
			if size == sizes[1] {
				compareGolden(t, name+"-styles", Styles(b.screen))
			}
		})
	}
}

func showView(t *testing.T, recording string, v viewID, w, h int, theme string) *bench {
	b := openBench(t, find(t, recording), w, h, Options{Theme: theme})
	b.key(fmt.Sprint(int(v) + 1))
	f := &flow{t: t, b: b}
	for _, keys := range strings.Fields(steps[v]) {
		f.press(keys)
	}
	return b
}

// compareGolden compares a screen with the one that is kept.
func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "screens", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not what it was (- was, + is): look at it, and go test -update if it is better\n%s", path, diff)
	}
}
