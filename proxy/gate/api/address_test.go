package api

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for s, want := range map[string]string{
		"127.0.0.1:8763": "127.0.0.1:8763", "127.9.8.7:0": "127.9.8.7:0", "[::1]:1": "[::1]:1", "localhost:80": "127.0.0.1:80", "LocalHost:80": "127.0.0.1:80",
		"127.0.0.1:65535": "127.0.0.1:65535", "unix:/tmp/x": "unix:/tmp/x", "unix:x": "unix:x",
	} {
		if a, err := ParseAddress(s); err != nil || a.String() != want {
			t.Errorf("%s: %v, %v", s, a, err)
		}
	}
	for s, want := range map[string]string{
		"": "neither host:port", "8763": "neither", "127.0.0.1": "neither", ":8763": "not of this machine alone", "0.0.0.0:1": "not of this machine", "[::]:1": "not of this machine",
		"10.0.0.5:1": "not of this machine", "example.com:1": "not of this machine", "128.0.0.1:1": "not of this machine", "127.0.0.1:65536": "no port", "127.0.0.1:-1": "no port",
		"127.0.0.1:http": "no port", "unix:": "wants the path", "[::ffff:10.0.0.1]:1": "not of this machine",
	} {
		if a, err := ParseAddress(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %s", s, a, err, want)
		}
	}
}

// The socket is its user's alone, takes the place of one that is dead and of nothing else,
// and goes away.
func TestUnixSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are Unix's")
	}
	dir, err := os.MkdirTemp("", "api") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	at := Address{"unix", filepath.Join(dir, "s")}
	l, err := Listen(at)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(at.Where); err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := Listen(at); err == nil || !strings.Contains(err.Error(), "another program listens there") {
		t.Errorf("%v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: at.Where, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	if l, err = Listen(at); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := os.WriteFile(at.Where, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(at); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("%v", err)
	}
	if _, err := Listen(Address{"unix", filepath.Join(dir, "none", "s")}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
}

func TestTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	made, err := TokenFile(path)
	if err != nil || len(made) != 32 {
		t.Fatalf("%q, %v", made, err)
	}
	if again, err := TokenFile(path); err != nil || again != made {
		t.Errorf("%q, %v", again, err)
	}
	if runtime.GOOS != "windows" {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		for _, mode := range []os.FileMode{0o604, 0o640, 0o644} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			if _, err := TokenFile(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
				t.Errorf("%o: %v", mode, err)
			}
		}
	}
	for text, ok := range map[string]bool{
		strings.Repeat("a", 15): false, strings.Repeat("a", 16): true, strings.Repeat("a", 256) + "\n": true, strings.Repeat("a", 257): false,
		"0123456789abc ef": false, "0123456789abc\x7fef": false, "": false,
	} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := TokenFile(path); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := ReadToken(t.TempDir()); err == nil {
		t.Error("a directory has a token")
	}
	if link := path + "-link"; runtime.GOOS != "windows" {
		if err := os.Symlink(path+"-none", link); err != nil {
			t.Fatal(err)
		}
		if _, err := TokenFile(link); err == nil || err.Error() != link+" is a link to "+path+"-none, which there is not: remove the link, or name the file that it should lead to" {
			t.Errorf("a link to nothing: %v", err)
		}
	}
	if a, b := NewToken(), NewToken(); a == b {
		t.Error("the same token twice")
	}
}
