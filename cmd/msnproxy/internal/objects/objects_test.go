package objects

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode/p2p"
	"msnproxy/decode/transfer"
)

func TestFileName(t *testing.T) {
	for _, tt := range []struct{ name, kind, head, want string }{
		{"a.png", "file", "\x89PNG\r\n\x1a\n", "007-a.png"},
		{"a.JPEG", "file", "\xff\xd8\xff", "007-a.JPEG"},
		{"a.png.exe", "file", "MZ", "007-a.png.exe"},
		{"a.txt", "file", "MZ", "007-a.txt.exe"},
		{"../../etc/passwd", "file", "root", "007-passwd.txt"},
		{`C:\Windows\..\evil.txt`, "file", "root", "007-evil.txt"},
		{"/", "file", "root", "007-file.txt"},
		{"..", "file", "\x00", "007-file.bin"},
		{".bashrc", "file", "alias", "007-bashrc.txt"},
		{"", "display picture", "GIF89a", "007-display_picture.gif"},
		{"a\x00b\x1b[31m\n\u202efdp.exe", "file", "\x00", "007-a_b__31m__fdp.exe.bin"},
		{"año Ж 日本.txt", "file", "x", "007-año_Ж_日本.txt"},
		{"con", "file", "\x00", "007-con.bin"},
		{"-rf", "file", "\x00", "007-rf.bin"},
	} {
		if got := FileName(&transfer.Transfer{Number: 7, Name: tt.name, Kind: tt.kind}, []byte(tt.head)); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.name, got, tt.want)
		}
	}
	for _, long := range []string{strings.Repeat("x", 300), strings.Repeat("日", 300)} {
		if got := FileName(&transfer.Transfer{Number: 7, Name: long}, nil); len(got) > 100 {
			t.Errorf("%d bytes", len(got))
		}
	}
	if got := FileName(&transfer.Transfer{Number: 7, Name: strings.Repeat("x", 80)}, nil); got != "007-"+strings.Repeat("x", 80)+".bin" {
		t.Error(got)
	}
	if got := FileName(&transfer.Transfer{Number: 7, Name: strings.Repeat("x", 81)}, nil); got != "007-"+strings.Repeat("x", 80)+".bin" {
		t.Error(got)
	}
}

// fed is a transfer that a tracker has made of nothing: its number alone counts here.
func fed(number int, whole bool) *transfer.Transfer {
	t := &transfer.Transfer{Number: number, Name: "a.txt", Kind: "file"}
	if whole {
		t.SHA1 = "x"
	}
	return t
}

func write(t *testing.T, f *Folder, x *transfer.Transfer, parts ...string) (err error) {
	t.Helper()
	w := f.Sink(x)
	for _, p := range parts {
		if _, e := w.Write([]byte(p)); e != nil {
			err = e
		}
	}
	return err
}

func files(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var sb strings.Builder
	for _, e := range list {
		b, _ := os.ReadFile(filepath.Join(dir, e.Name()))
		sb.WriteString(e.Name() + "=" + string(b) + "\n")
	}
	return sb.String()
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	whole, half, nothing := fed(1, true), fed(2, false), fed(3, true)
	write(t, f, whole, "hel", "lo")
	write(t, f, half, "hal")
	f.Sink(nothing)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("001-a.txt=hello\n002-a.txt.part=hal\n", files(t, dir)); diff != "" {
		t.Error(diff)
	}
	for x, want := range map[*transfer.Transfer]string{whole: "001-a.txt", half: "002-a.txt.part", nothing: "", fed(1, true): ""} {
		if got := f.Name(x); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if info, _ := os.Stat(filepath.Join(dir, "001-a.txt")); info.Mode().Perm() != 0o600 {
		t.Error(info.Mode())
	}
}

// Nothing that is there is overwritten, neither before nor meanwhile, and no link is
// followed.
func TestFolderOverwrites(t *testing.T) {
	for _, there := range []string{"001-a.txt", "001-a.txt.part"} {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, there), []byte("mine"), 0o600)
		f, _ := Create(dir)
		if err := write(t, f, fed(1, true), "hello"); err == nil || !strings.Contains(err.Error(), "is there already") {
			t.Error(err)
		}
		if err := f.Close(); err == nil || !strings.Contains(err.Error(), "transfer 1") {
			t.Error(err)
		}
		if got := files(t, dir); got != there+"=mine\n" {
			t.Error(got)
		}
	}
	dir := t.TempDir()
	f, _ := Create(dir)
	write(t, f, fed(1, true), "hello")
	os.WriteFile(filepath.Join(dir, "001-a.txt"), []byte("mine"), 0o600)
	if err := f.Close(); err == nil || !strings.Contains(err.Error(), "meanwhile") {
		t.Error(err)
	}
	if got := files(t, dir); got != "001-a.txt=mine\n001-a.txt.part=hello\n" {
		t.Error(got)
	}
}

func TestFolderLinks(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(filepath.Join(outside, "x"), filepath.Join(dir, "001-a.txt.part")); err != nil {
		t.Skip(err)
	}
	f, _ := Create(dir)
	if err := write(t, f, fed(1, true), "hello"); err == nil {
		t.Error("a link was followed")
	}
	f.Close()
	if got := files(t, outside); got != "" {
		t.Error(got)
	}
	link := filepath.Join(outside, "link")
	os.Symlink(dir, link)
	if _, err := Create(link); err == nil || !strings.Contains(err.Error(), "is a link") {
		t.Error(err)
	}
	file := filepath.Join(outside, "file")
	os.WriteFile(file, nil, 0o600)
	if _, err := Create(file); err == nil || !strings.Contains(err.Error(), "no directory") {
		t.Error(err)
	}
}

func TestFolderBounds(t *testing.T) {
	dir := t.TempDir()
	f, _ := Create(dir)
	if f.Limit != 4<<30 || f.Files != 10_000 {
		t.Errorf("%d bytes, %d files", f.Limit, f.Files)
	}
	f.Limit, f.Files = 10, 2
	if err := write(t, f, fed(1, false), "12345", "12345", "1"); err == nil || err.Error() != "more than 10 bytes in all: the rest is not written" {
		t.Error(err)
	}
	f.Limit = 100
	if err := write(t, f, fed(2, false), "12345"); err != nil {
		t.Error(err)
	}
	if err := write(t, f, fed(3, false), "12345"); err == nil || err.Error() != "more than 2 files: the rest is not written" {
		t.Error(err)
	}
	f.Close()
	if got := files(t, dir); got != "001-a.txt.part=1234512345\n002-a.txt.part=12345\n" {
		t.Error(got)
	}
}

// More contents may grow at a time than files are open.
func TestFolderManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	f, _ := Create(dir)
	type sink interface{ Write([]byte) (int, error) }
	var sinks []sink
	for i := range 3 * maxOpen {
		sinks = append(sinks, f.Sink(fed(i+1, true)))
	}
	for _, part := range []string{"one ", "two"} {
		for _, s := range sinks {
			if _, err := s.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
			if len(f.open) > 64 {
				t.Fatalf("%d files are open", len(f.open))
			}
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); strings.Count(got, "=one two\n") != len(sinks) {
		t.Error(got)
	}
}

func TestTable(t *testing.T) {
	list := []*transfer.Transfer{
		{Number: 1, Kind: "file", Name: "a\x1b[31m.txt", Size: 5, From: "alice@example.com", To: "bob@example.com", State: transfer.Cancelled, By: "bob@example.com", Began: time.Unix(10, 0), Over: time.Unix(12, 0)},
		{Number: 2, Kind: "object", Size: -1, Object: &p2p.Object{SHA1D: "x"}, State: transfer.Failed, Reason: "not found", Path: "direct", Mixed: true},
		{Number: 3, Kind: "object", Size: -1, Hash: p2p.Wrong, State: transfer.WrongHash, Head: []byte("GIF89a")},
	}
	var b bytes.Buffer
	if err := WriteText(&b, list, func(t *transfer.Transfer) string { return map[int]string{3: "003-x.gif"}[t.Number] }); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`0 of 5`, `cancelled by bob@example.com`, ` 2s `, `failed: not found`, `several, at last direct`, `not known`, `GIF picture`, `wrong hash`, `wrong  `, `003-x.gif`} {
		if !strings.Contains(b.String(), s) {
			t.Errorf("no %q in\n%s", s, b.String())
		}
	}
	if strings.Contains(b.String(), "\x1b") || strings.Count(b.String(), "\n") != 4 {
		t.Errorf("%q", b.String())
	}
	var got map[string]any
	if err := json.Unmarshal(AppendJSON(nil, list[0], "f"), &got); err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]any{"v": 1.0, "number": 1.0, "size": 5.0, "received": 0.0, "state": "cancelled", "by": "bob@example.com", "duration_ms": 2000.0, "file": "f", "began": "1970-01-01T00:00:10Z"} {
		if got[k] != v {
			t.Errorf("%s is %v, want %v", k, got[k], v)
		}
	}
	json.Unmarshal(AppendJSON(nil, list[2], ""), &got)
	if got["type"] != "GIF picture" || got["sha1d"] != "wrong" {
		t.Error(got)
	}
}
