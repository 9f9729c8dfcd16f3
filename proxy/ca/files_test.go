package ca

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func at(dir string, name ...string) string { return filepath.Join(append([]string{dir}, name...)...) }

func TestCreateAndLoad(t *testing.T) {
	dir := at(t.TempDir(), "config", "msnproxy")
	a, err := Create(dir, Options{Names: []string{"example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"": 0o700, "ca.key": 0o600, "ca.pem": 0o644} {
		info, err := os.Lstat(at(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm()&^mode != 0 {
			t.Errorf("%q has mode %v", name, info.Mode())
		}
	}
	b, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.DER(), b.DER()) || !b.Allows("example.com") || b.Allows("example.net") {
		t.Error("another CA comes back")
	}
	if leaf := mustLeaf(t, b, "www.example.com").Leaf; verify(b, leaf, "www.example.com", leaf.NotBefore) != nil {
		t.Error("a leaf of the CA that was loaded is not trusted")
	}
	key, _ := os.ReadFile(at(dir, "ca.key"))
	if _, err := Create(dir, Options{}); err == nil || !strings.Contains(err.Error(), "never overwritten") {
		t.Errorf("a second one: %v", err)
	}
	if again, _ := os.ReadFile(at(dir, "ca.key")); !bytes.Equal(key, again) {
		t.Error("the key was overwritten")
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	for _, name := range []string{"ca.key", "ca.pem"} {
		dir := t.TempDir()
		private(t, dir)
		write(t, at(dir, name), "mine", 0o600)
		if _, err := Create(dir, Options{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is there: %v", name, err)
		}
		// Nor if it comes in the way meanwhile.
		if _, err := store(dir, Options{}, aKey()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is there: %v", name, err)
		}
		if b, _ := os.ReadFile(at(dir, name)); string(b) != "mine" {
			t.Errorf("%s was overwritten", name)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("%d files are left", len(entries))
		}
	}
}

func TestSymlinksAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links want a privilege on Windows")
	}
	real := at(t.TempDir(), "real")
	if _, err := Create(real, Options{}); err != nil {
		t.Fatal(err)
	}
	link := at(t.TempDir(), "link")
	symlink(t, real, link)
	if _, err := Load(link); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a directory: %v", err)
	}
	if _, err := Create(link, Options{}); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a directory: %v", err)
	}
	for _, name := range []string{"ca.key", "ca.pem"} {
		dir := t.TempDir()
		private(t, dir)
		for _, other := range []string{"ca.key", "ca.pem"} {
			b, _ := os.ReadFile(at(real, other))
			write(t, at(dir, other), string(b), 0o600)
		}
		if err := os.Remove(at(dir, name)); err != nil {
			t.Fatal(err)
		}
		symlink(t, at(real, name), at(dir, name))
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A link that leads nowhere is no place to write through.
	for _, name := range []string{"ca.key", "ca.pem"} {
		dir, away := t.TempDir(), at(t.TempDir(), "away")
		private(t, dir)
		symlink(t, away, at(dir, name))
		if _, err := Create(dir, Options{}); err == nil {
			t.Errorf("%s that leads nowhere: no error", name)
		}
		if _, err := os.Stat(away); err == nil {
			t.Error("written through a link")
		}
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such bits")
	}
	dir := at(t.TempDir(), "ca")
	if _, err := Create(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	for mode, good := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o601: false} {
		chmod(t, at(dir, "ca.key"), mode)
		if _, err := Load(dir); (err == nil) != good {
			t.Errorf("a key with mode %v: %v", mode, err)
		}
	}
	chmod(t, at(dir, "ca.key"), 0o600)
	for mode, good := range map[os.FileMode]bool{0o700: true, 0o710: false, 0o701: false, 0o755: false} {
		chmod(t, dir, mode)
		if _, err := Load(dir); (err == nil) != good {
			t.Errorf("a directory with mode %v: %v", mode, err)
		}
	}
	wide := t.TempDir()
	chmod(t, wide, 0o755)
	if _, err := Create(wide, Options{}); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("into a directory that others read: %v", err)
	}
}

func TestLoadFaults(t *testing.T) {
	good := at(t.TempDir(), "good")
	a, err := Create(good, Options{})
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	private(t, other)
	if _, err := store(other, Options{}, aKey()); err != nil {
		t.Fatal(err)
	}
	read := func(dir, name string) string { b, _ := os.ReadFile(at(dir, name)); return string(b) }
	cert, key := read(good, "ca.pem"), read(good, "ca.key")
	leaf := mustLeaf(t, a, "login.live.com")
	wrapped := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	for name, c := range map[string]struct{ cert, key, want string }{
		"no certificate":        {"", key, "cannot read"},
		"no key":                {cert, "", "cannot read"},
		"not PEM":               {"mine", key, "no block"},
		"key in the other":      {key, key, "no block"},
		"broken certificate":    {wrapped("CERTIFICATE", []byte("x")), key, "holds no certificate"},
		"broken key":            {cert, wrapped("PRIVATE KEY", []byte("x")), "holds no key"},
		"another's key":         {cert, read(other, "ca.key"), "made apart"},
		"a host's certificate":  {wrapped("CERTIFICATE", leaf.Leaf.Raw), leafKey(t, a), "no certificate of a CA"},
		"too long":              {cert + strings.Repeat("\n", 64<<10), key, "too many"},
		"as long as can be":     {cert + strings.Repeat("\n", 64<<10-len(cert)), key, ""},
		"one byte too long":     {cert + strings.Repeat("\n", 64<<10-len(cert)+1), key, "too many"},
		"as it should be":       {cert, key, ""},
		"comments before a key": {cert, "# mine\n" + key, ""},
	} {
		dir := t.TempDir()
		private(t, dir)
		if c.cert != "" {
			write(t, at(dir, "ca.pem"), c.cert, 0o644)
		}
		if c.key != "" {
			write(t, at(dir, "ca.key"), c.key, 0o600)
		}
		_, err := Load(dir)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir)) {
			t.Errorf("%s: %v", name, err)
		}
		if errors.Is(err, ErrNone) {
			t.Errorf("%s: said to be none", name)
		}
	}
	empty := t.TempDir()
	private(t, empty)
	for _, dir := range []string{empty, at(empty, "none")} {
		if _, err := Load(dir); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "msnproxy ca init") {
			t.Errorf("none: %v", err)
		}
	}
	file := at(empty, "file")
	write(t, file, "", 0o600)
	if _, err := Load(file); err == nil || !strings.Contains(err.Error(), "no directory") {
		t.Errorf("a file: %v", err)
	}
	if _, err := Create(at(empty, "new"), Options{Names: []string{"a b"}}); err == nil {
		t.Error("made for a name that is none")
	} else if _, err := os.Stat(at(empty, "new")); err == nil {
		t.Error("a wrong name leaves a directory")
	}
}

// leafKey is the key of a CA's leaves, as a file has it.
func leafKey(t *testing.T, a *CA) string {
	t.Helper()
	dir := t.TempDir()
	private(t, dir)
	if _, err := store(dir, Options{}, a.leaf); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(at(dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDefaultDir(t *testing.T) {
	dir, err := DefaultDir()
	if err != nil {
		t.Skip(err)
	}
	if filepath.Base(dir) != "msnproxy" {
		t.Errorf("it is %s", dir)
	}
}

func private(t *testing.T, dir string) { chmod(t, dir, 0o700) }

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}
