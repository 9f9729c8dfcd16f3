package inspector

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msnproxy/decode"
)

// Each view is written in what suits it.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	chatText, err := os.ReadFile(filepath.Join("..", "chat", "testdata", "demo.txt"))
	if err != nil {
		t.Fatal(err)
	}
	chatMarkdown, err := os.ReadFile(filepath.Join("..", "chat", "testdata", "demo.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		file  string
		setup func(*Inspector)
		says  string
		want  []string
		lacks string
	}{
		{"messages", "m.txt", nil, "200 messages written to", []string{"-- 2026-11-24, times in UTC", "opened: 127.0.0.1:", "     6 16:29:00", "go to 127.0.0.1:", "> sent on as XFR"}, "PNG"},
		{"filtered", "f.txt", func(ins *Inspector) { ins.filterCommand(`verb == "XFR"`) }, "5 messages written to", []string{"S: XFR"}, "opened"},
		{"chat", "c.txt", func(ins *Inspector) { ins.view, ins.sel = chatView, rowWith(t, ins, "MSG", decode.Client) }, "conversation 1 written to", []string{string(chatText)}, ""},
		{"chat as Markdown", "c.md", func(ins *Inspector) { ins.view, ins.sel = chatView, rowWith(t, ins, "MSG", decode.Client) }, "conversation 1 written to", []string{string(chatMarkdown)}, ""},
		{"chat, while a message of none is selected", "n.txt", func(ins *Inspector) { ins.view, ins.sel = chatView, 0 }, "conversation 1 written to", []string{string(chatText)}, ""},
		{"findings", "d.txt", func(ins *Inspector) { ins.view = findingsView }, "findings written to", []string{"! note "}, ""},
		{"stats", "s.txt", func(ins *Inspector) { ins.view = statsView }, "statistics written to", []string{"210 messages, ", "COMMAND  FROM", "ACCOUNT"}, ""},
		{"transfers", "t.txt", func(ins *Inspector) { ins.view = transfersView }, "1 transfer written to", []string{"NO  KIND  NAME"}, ""},
		{"screen", "s.svg", nil, "the screen written to", []string{"<svg ", "Messages", "msnproxy: demo.pcapng"}, "export"},
		{"stats as Markdown", "s.md", func(ins *Inspector) { ins.view = statsView }, "the name ends in .txt or .svg", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			recording := demoRecording
			if c.name == "findings" { // the demo has none
				recording = filepath.Join("..", "..", "..", "..", "capture", "testdata", "escargot-amsn082-msnp7.pcap")
			}
			ins, posts := inspect(t, recording, 120, 40, Options{})
			if c.setup != nil {
				c.setup(ins)
			}
			path := filepath.Join(dir, c.file)
			ins.Draw(blankScreen(t, 120, 40))
			ins.command("export " + path)
			if ins.job != nil {
				finish(t, ins, posts)
			}
			if !strings.Contains(ins.toast.text, c.says) {
				t.Errorf("it says %q, not %q", ins.toast.text, c.says)
			}
			text, err := os.ReadFile(path)
			if c.want == nil {
				if err == nil {
					t.Errorf("there is a file")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(string(text), want) {
					t.Errorf("it lacks %q:\n%s", want, text)
				}
			}
			if c.lacks != "" && strings.Contains(string(text), c.lacks) {
				t.Errorf("it has %q:\n%s", c.lacks, text)
			}
			before := string(text)
			ins.command("export " + path)
			if after, _ := os.ReadFile(path); string(after) != before || !strings.Contains(ins.toast.text, "exists already") {
				t.Errorf("written again: %s", ins.toast.text)
			}
		})
	}
}
