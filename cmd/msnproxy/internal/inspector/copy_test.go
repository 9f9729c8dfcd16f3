package inspector

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// rowWith returns the first message of a verb and sender, or fails.
func rowWith(t testing.TB, ins *Inspector, verb string, from decode.Sender) int {
	t.Helper()
	for i := range ins.x.Len() {
		if r := ins.x.Row(i); r.Kind == index.Message && r.Verb == verb && r.From == from {
			return i
		}
	}
	t.Fatalf("there is no %s", verb)
	return -1
}

func rune1(r rune) *tcell.EventKey { return tcell.NewEventKey(tcell.KeyRune, r, 0) }

func TestCopy(t *testing.T) {
	ins, _ := inspect(t, demoRecording, 120, 40, Options{})
	s := blankScreen(t, 120, 40)
	ins.screen = s
	frameOf := func(row int) string {
		_, rec, err := ins.reader.Read(row)
		if err != nil {
			t.Fatal(err)
		}
		return string(rec.Frame.Raw)
	}
	xfr, msg := rowWith(t, ins, "XFR", decode.Server), rowWith(t, ins, "MSG", decode.Server)
	_, payload, _ := strings.Cut(frameOf(msg), "\r\n")
	for _, c := range []struct {
		name  string
		row   int
		setup func()
		key   rune
		want  string // what is copied; begins with ~: a part of it
		says  string
	}{
		{"field", xfr, func() { ins.detail.sel = fieldNamed(t, ins, "address") }, 'f', "~127.0.0.1:", "address copied, 15 bytes"},
		{"hex", xfr, nil, 'h', hex.Dump([]byte(frameOf(xfr))), "hex dump of message 6 copied"},
		{"row", xfr, nil, 'r', "~     6 16:29:", "row copied"},
		{"row has no date", xfr, nil, 'r', "~C: USR", ""},
		{"an opened connection", 0, nil, 'r', "~-- 16:29:", "row copied"},
		{"transcript", xfr, nil, 't', "~S: XFR", "transcript of 2 messages copied"},
		{"JSON", xfr, nil, 'j', `~{"v":1,"time":"2026-`, "JSON copied"},
		{"payload", msg, nil, 'p', strings.ReplaceAll(payload, "\r\n", "\n"), "payload of message"},
		{"no payload", xfr, nil, 'p', "", "the message has no payload"},
		{"no message", 0, nil, 't', "", "select a message first"},
		{"no message", 0, nil, 'h', "", "select a message first"},
		{"what?", xfr, nil, 'x', "", "copy what? f field"},
	} {
		ins.sel = c.row
		ins.detail.refresh()
		if c.setup != nil {
			c.setup()
		}
		s.SetClipboard(nil)
		ins.Key(rune1('y'))
		if !strings.Contains(ins.toast.text, "copy f field, r row, h hex, t transcript, j JSON, p payload") {
			t.Errorf("y says %q", ins.toast.text)
		}
		ins.Key(rune1(c.key))
		got := string(s.GetClipboardData())
		part, isPart := strings.CutPrefix(c.want, "~")
		if c.name == "row has no date" {
			if strings.Contains(got, "times in") || strings.Contains(got, "\n") {
				t.Errorf("%s: %q", c.name, got)
			}
		} else if !isPart && got != c.want || isPart && !strings.Contains(got, part) {
			t.Errorf("%s: copied %q, not %q", c.name, got, c.want)
		}
		if !strings.Contains(ins.toast.text, c.says) {
			t.Errorf("%s says %q, not %q", c.name, ins.toast.text, c.says)
		}
	}
}

func fieldNamed(t testing.TB, ins *Inspector, name string) int {
	t.Helper()
	for i, e := range ins.detail.entries {
		if e.name == name {
			return i
		}
	}
	t.Fatalf("there is no field %s in %v", name, ins.detail.entries)
	return -1
}

// In Hex the field is that under the cursor.
func TestCopyFromHex(t *testing.T) {
	ins, _ := inspect(t, demoRecording, 120, 40, Options{})
	s := blankScreen(t, 120, 40)
	ins.screen = s
	ins.sel = rowWith(t, ins, "XFR", decode.Server)
	ins.detail.tab = hexTab
	ins.detail.refresh()
	ins.detail.moveByte(len("XFR 3 N"))
	ins.copyCommand("f")
	if got := string(s.GetClipboardData()); got != "NS" {
		t.Errorf("copied %q: %s", got, ins.toast.text)
	}
}

func TestCopyTooMuch(t *testing.T) {
	ins, _ := inspect(t, demoRecording, 120, 40, Options{})
	s := blankScreen(t, 120, 40)
	ins.screen = s
	for n, want := range map[int]string{
		mostCopied / 4 * 3: "thing copied, 56244 bytes",
		mostCopied/4*3 + 3: "not copied: 56 kB are more than terminals take",
		0:                  "not copied: the thing is empty",
	} {
		s.SetClipboard(nil)
		ins.copyOne(copied{"x", "thing", func(*Inspector) ([]byte, string, error) { return make([]byte, n), "", nil }})
		if !strings.Contains(ins.toast.text, want) {
			t.Errorf("%d bytes: %q, not %q", n, ins.toast.text, want)
		}
		if want := n == mostCopied/4*3; (len(s.GetClipboardData()) == n && n > 0) != want {
			t.Errorf("%d bytes: %d are in the clipboard", n, len(s.GetClipboardData()))
		}
	}
}

func TestClipboardText(t *testing.T) {
	for in, want := range map[string]string{
		"plain \\n text":      "plain \\n text",
		"a\r\nb\tc\n":         "a\nb\tc\n",
		"rm -rf ~\r":          `rm -rf ~\r`,
		"\x1b[31m\x07\x00":    `\x1b[31m\x07\x00`,
		"\u009b31m":           `\u009b31m`,
		"caf\xe9":             `caf\xe9`,
		"שלום \u202egnp.exe":  `שלום \u202egnp.exe`,
		"a\u2028b":            `a\u2028b`,
		"👩\u200d👧 日本 e\u0301": "👩\u200d👧 日本 e\u0301",
	} {
		if got := string(clipboardText(in)); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
	}
}
