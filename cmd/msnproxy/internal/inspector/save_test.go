package inspector

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
)

// savedFile is a file of the test's own making: its writer, and what closes it.
type savedFile struct {
	write func(*capture.Record) error
	close func() error
}

func (f savedFile) WriteRecord(r *capture.Record) error { return f.write(r) }
func (f savedFile) Close() error                        { return f.close() }

// creates makes files as the program does.
func creates(name string) (Output, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	switch endingOf(name, Endings) {
	case ".jsonl":
		p := show.New(f, show.Options{Format: show.JSON, Raw: true})
		return savedFile{p.Record, func() error { return errors.Join(p.Flush(), f.Close()) }}, nil
	case ".txt":
		return savedFile{capture.NewTranscriptWriter(f).WriteRecord, f.Close}, nil
	case ".pcap":
		w, err := capture.NewPcapWriter(f)
		return savedFile{w.WriteRecord, f.Close}, err
	}
	w, err := capture.NewWriter(f, "")
	return savedFile{w.WriteRecord, func() error { return errors.Join(w.Close(0), f.Close()) }}, err
}

// finish waits for the file that is being written.
func finish(t testing.TB, ins *Inspector, posts chan func()) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for ins.job != nil {
		select {
		case f := <-posts: // others may want something, too
			f()
		case <-deadline:
			t.Fatal("nothing came of it")
		}
	}
}

// recorded returns what a recording says, a line for each record.
func recorded(t testing.TB, path string) (lines []string) {
	t.Helper()
	in, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, recordLine(r))
	}
}

func recordLine(r *capture.Record) string {
	s := r.Time.UTC().Format("05.000000000 ") + r.Kind.String()
	if r.Conn != nil {
		s += fmt.Sprintf(" #%d %s>%s", r.Conn.ID, r.Conn.Client, r.Conn.Server)
	}
	if r.Kind == capture.Data {
		s += fmt.Sprintf(" %s at %d: %q %q %s", r.From, r.Frame.Offset, r.Frame.Raw, r.Sent, r.Fate)
	}
	if r.Kind == capture.Closed {
		s += fmt.Sprintf(" by %d reset %v", r.From, r.Reset)
	}
	if r.About != nil {
		s += fmt.Sprintf(" about %+v", *r.About)
	}
	return s + " " + r.Text
}

// Everything that is shown is saved: a recording saved whole is the recording.
func TestSaveAll(t *testing.T) {
	ins, posts := inspect(t, demoRecording, 120, 40, Options{Create: creates})
	path := filepath.Join(t.TempDir(), "all.pcapng")
	ins.saveCommand(path)
	finish(t, ins, posts)
	if want := "210 messages saved to " + path + ", 10 folded ones among them"; ins.toast.text != want {
		t.Errorf("it says %q, not %q", ins.toast.text, want)
	}
	if diff := cmp.Diff(recorded(t, demoRecording), recorded(t, path)); diff != "" {
		t.Error(diff)
	}
}

// expected returns what is to be in a file: what wants lets through, and what
// happened to the connections of that.
func expected(t testing.TB, ins *Inspector, want func(r *index.Row) bool) (lines []string) {
	t.Helper()
	conns := make(map[int]bool)
	for i := range ins.x.Len() {
		if r := ins.x.Row(i); r.Kind == index.Message && want(&r) {
			conns[r.Conn.Index] = true
		}
	}
	notes := make(map[capture.About]*capture.Record)
	for _, n := range ins.x.Remarks(func(int) bool { return true }) {
		notes[notePlace(n.About)] = n
	}
	for i := range ins.x.Len() {
		r := ins.x.Row(i)
		if r.Kind == index.Message && !want(&r) || !conns[r.Conn.Index] {
			continue
		}
		_, rec, err := ins.reader.Read(i)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, recordLine(rec))
		if n := notes[capture.About{Conn: r.Conn.Facts.ID, From: r.From, Offset: r.Offset}]; r.Kind == index.Message && n != nil {
			lines = append(lines, recordLine(n))
		}
	}
	return lines
}

// A file has what is shown, and the notes on it, whatever hides the rest.
func TestSaveShown(t *testing.T) {
	verb := func(names ...string) func(*index.Row) bool {
		return func(r *index.Row) bool {
			for _, n := range names {
				if r.Verb == n {
					return true
				}
			}
			return false
		}
	}
	for _, c := range []struct {
		name  string
		query index.Query
		want  func(*index.Row) bool
		kept  bool // all notes are in it
	}{
		{"filter", index.Query{Filter: `verb == "MSG" || verb == "XFR"`, Fold: true}, verb("MSG", "XFR"), false},
		{"scope", index.Query{Scope: index.Scope{Conversation: 1}}, func(r *index.Row) bool { return r.Conn.Facts.Conversation != nil }, false},
		{"marks", index.Query{Marked: true}, func(r *index.Row) bool { return r.Marked || r.Comment }, true},
		{"everything", index.Query{Fold: true}, func(*index.Row) bool { return true }, true},
	} {
		for _, ending := range []string{".pcapng", ".jsonl"} {
			t.Run(c.name+ending, func(t *testing.T) {
				ins, posts := inspect(t, demoRecording, 120, 40, Options{Create: creates})
				msg, xfr, chl := rowWith(t, ins, "MSG", decode.Client), rowWith(t, ins, "XFR", decode.Server), rowWith(t, ins, "CHL", decode.Server)
				ins.note(msg, "a", "look here")
				ins.note(xfr, "b", "")
				ins.note(chl, "", "a comment")
				if !ins.unkept {
					t.Fatal("notes that are nowhere are kept")
				}
				if err := ins.rows.Ask(c.query); err != nil {
					t.Fatal(err)
				}
				ins.rows.Wait()
				path := filepath.Join(t.TempDir(), "shown"+ending)
				ins.saveCommand(path)
				finish(t, ins, posts)
				if diff := cmp.Diff(expected(t, ins, c.want), recorded(t, path)); diff != "" {
					t.Errorf("%s\n%s", ins.toast.text, diff)
				}
				if ins.unkept == c.kept {
					t.Errorf("notes that are not saved: %v", ins.unkept)
				}
				again, _ := inspect(t, path, 120, 40, Options{})
				if row := again.x.MarkedRow("b"); c.name != "scope" && (row < 0 || again.x.Row(row).Verb != "XFR") {
					t.Errorf("mark b is on row %d", row)
				}
				shown, _, _, _ := again.rows.Counts()
				if shown == 0 {
					t.Error("nothing is shown of it")
				}
			})
		}
	}
}

// The exchange of a message is saved alone, with its connection.
func TestSaveMessage(t *testing.T) {
	ins, posts := inspect(t, demoRecording, 120, 40, Options{Create: creates})
	ins.sel = rowWith(t, ins, "XFR", decode.Server)
	path := filepath.Join(t.TempDir(), "one.txt")
	ins.command("save-message " + path)
	finish(t, ins, posts)
	if ins.toast.text != "2 messages saved to "+path {
		t.Error(ins.toast.text)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(text), "Client opens a connection to 127.0.0.1:") ||
		strings.Count(string(text), "C: USR") != 1 || strings.Count(string(text), "S: XFR") != 1 || strings.Count(string(text), "\nS:")+strings.Count(string(text), "\nC:") != 2 {
		t.Errorf("%v: %s", err, text)
	}
}

// A pcap takes no notes, and that is said; they are still to be kept.
func TestSaveWithoutNotes(t *testing.T) {
	ins, posts := inspect(t, demoRecording, 120, 40, Options{Create: creates})
	ins.note(rowWith(t, ins, "XFR", decode.Server), "b", "")
	ins.saveCommand(filepath.Join(t.TempDir(), "x.pcap"))
	finish(t, ins, posts)
	if !ins.unkept || !strings.Contains(ins.toast.text, "marks and comments can't be read back") {
		t.Errorf("unkept %v: %s", ins.unkept, ins.toast.text)
	}
}

// A file that is not whole is not left behind, whether the disk is full or the user
// has changed their mind; one that was there before stays.
func TestSaveUnfinished(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.pcapng")
	n := 0
	var stop func()
	full := func(name string) (Output, error) {
		out, err := creates(name)
		return savedFile{func(r *capture.Record) error {
			if n++; n == 20 {
				if stop == nil {
					return &os.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
				}
				stop()
			}
			return out.WriteRecord(r)
		}, out.Close}, err
	}
	ins, posts := inspect(t, demoRecording, 120, 40, Options{Create: full})
	ins.saveCommand(path)
	finish(t, ins, posts)
	if want := "writing " + path + ": no space left on device; the unfinished file is removed"; ins.toast.text != want || !ins.toast.bad {
		t.Errorf("full: %q, not %q", ins.toast.text, want)
	}
	n, stop = 0, func() {
		if got := ins.job.state(); !strings.HasPrefix(got, "writing x.pcapng ") {
			t.Errorf("the status says %q", got)
		}
		ins.job.cancel()
	}
	ins.saveCommand(path)
	ins.saveCommand(filepath.Join(dir, "y.pcapng"))
	if !strings.Contains(ins.toast.text, "still writing "+path) {
		t.Errorf("a second file: %q", ins.toast.text)
	}
	finish(t, ins, posts)
	if want := "stopped: nothing is left of " + path; ins.toast.text != want {
		t.Errorf("stopped: %q, not %q", ins.toast.text, want)
	}
	if list, _ := os.ReadDir(dir); len(list) != 0 {
		t.Errorf("there is %v", list)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	ins.saveCommand(path)
	if !strings.Contains(ins.toast.text, "exists already") || ins.job != nil {
		t.Errorf("an old file: %q", ins.toast.text)
	}
	if b, _ := os.ReadFile(path); !bytes.Equal(b, []byte("mine")) {
		t.Error("it was overwritten")
	}
}

func TestFileNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"old.pcapng", "other.txt", ".hidden"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	at := dir + "/"
	for name, want := range map[string]string{
		"": "the name ends in", at + "x": "the name ends in", at + ".txt": "the name ends in", at + "x.gz": "the name ends in",
		at + "x.txt": "", at + "x.PCAPNG.gz": "", at + "old.pcapng": "exists already", at + "nowhere/x.txt": "there is no directory",
	} {
		if got := nameProblem(name, Endings); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	for text, want := range map[string]string{
		at: "old.pcapng other.txt sub/", at + "o": "old.pcapng other.txt o.txt o.md", at + "ot": "other.txt ot.txt ot.md",
		at + "new.txt": "", at + "n.": "n.txt n.md", at + ".h": ".hidden .h.txt .h.md",
	} {
		from, words := completeFile(text, []string{".txt", ".md"})
		if got := strings.Join(words, " "); got != want || from != len(at) {
			t.Errorf("%s: %d %q, not %q", text, from, got, want)
		}
	}
}
