package inspector

import (
	"os"
	"strings"
	"time"
)

// look does a step that looks; it reports whether it is one.
func (f *flow) look(word, rest string) bool {
	f.t.Helper()
	want := true
	if word == "not" {
		want = false
		word, rest, _ = strings.Cut(rest, " ")
	}
	switch word {
	case "quits":
		if f.b.quit != want {
			f.fail("left: %v", f.b.quit)
		}
		return true
	case "same":
		if got := f.b.selected(mainPane); (got == f.lines[rest]) != want {
			f.fail("%s was\n%s\nand now it is\n%s", rest, f.lines[rest], got)
		}
		return true
	case "lit":
		if got := f.lit(); strings.Contains(got, strings.TrimPrefix(rest, "see ")) != want {
			f.fail("lit are:\n%s", got)
		}
		return true
	}
	where, text := f.there(word, rest)
	if where == nil {
		return false
	}
	f.see(where, text, want)
	return true
}

// there returns where to look, and for what.
func (f *flow) there(word, rest string) (where func() string, text string) {
	f.t.Helper()
	if word == "see" {
		return func() string { return f.b.text() }, rest
	}
	name := ""
	if word == "line" || word == "file" {
		name, rest, _ = strings.Cut(rest, " ")
	}
	text, ok := strings.CutPrefix(rest, "see ")
	if !ok {
		f.fail("%s: see what?", word)
	}
	switch word {
	case "line":
		n := f.number(name)
		return func() string {
			if n < 0 {
				return f.b.lineText(f.b.h + n)
			}
			return f.b.lineText(n - 1)
		}, text
	case "selected":
		return func() string { return f.b.selected(mainPane) }, text
	case "here":
		return func() string { return f.b.selected(f.b.ins.focus) }, text
	case "status":
		return f.b.statusLine, text
	case "clipboard":
		return func() string { return string(f.b.screen.GetClipboardData()) }, text
	case "kept":
		return func() string { return strings.Join(f.b.kept, "\n") }, text
	case "file":
		return func() string {
			b, err := os.ReadFile(name)
			if err != nil {
				return err.Error()
			}
			return string(b)
		}, text
	}
	return nil, ""
}

// see looks for a text. What a goroutine may still be about to bring is waited for.
func (f *flow) see(where func() string, text string, want bool) {
	f.t.Helper()
	deadline := time.Now().Add(settleFor / 5)
	for {
		got := where()
		if strings.Contains(got, text) == want {
			return
		}
		if !want || time.Now().After(deadline) {
			what := "there is no %q"
			if !want {
				what = "there is %q"
			}
			if len(got) < f.b.w*4 {
				what += " in %q"
				f.fail(what, text, got)
			}
			f.fail(what, text)
		}
		time.Sleep(10 * time.Millisecond)
		f.b.settle()
	}
}

// lit returns what is drawn as found, a line for each stretch.
func (f *flow) lit() string {
	var s strings.Builder
	for y := range f.b.h {
		for _, c := range f.b.line(y) {
			if c.style == f.b.ins.theme.match {
				s.WriteString(c.s)
			} else if s.Len() > 0 && !strings.HasSuffix(s.String(), "\n") {
				s.WriteByte('\n')
			}
		}
	}
	return s.String()
}
