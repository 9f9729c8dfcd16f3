package main

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestParseAccounts(t *testing.T) {
	for _, test := range []struct {
		what, text string
		want       map[string]string
		err        string
	}{
		{"nothing", "", map[string]string{}, ""},
		{"two, and what says nothing", "# mine\n\n  # indented\nAlice@Example.com=secret\n \t\nbob@example.com=x\n", map[string]string{"alice@example.com": "secret", "bob@example.com": "x"}, ""},
		{"no end of line", "alice@example.com=secret", map[string]string{"alice@example.com": "secret"}, ""},
		{"line ends of others", "alice@example.com=secret\r\nbob@example.com=x\rcarol@example.com=y", map[string]string{"alice@example.com": "secret", "bob@example.com": "x", "carol@example.com": "y"}, ""},
		{"= and # in a password", "alice@example.com=a=b#c", map[string]string{"alice@example.com": "a=b#c"}, ""},
		{"blanks", " alice@example.com = my secret \t", map[string]string{"alice@example.com": "my secret"}, ""},
		{"a byte order mark", "\ufeffalice@example.com=secret", map[string]string{"alice@example.com": "secret"}, ""},
		{"a ticket", "alice@example.com = ticket:t=a&p=b c2VjcmV0", map[string]string{"alice@example.com": "ticket:t=a&p=b c2VjcmV0"}, ""},
		{"a ticket that is none", "\nalice@example.com=ticket:", nil, "f:2: behind ticket: stands no ticket"},
		{"a secret that is none", "alice@example.com=ticket:t=a&p= hunter2", nil, "f:1: behind ticket: stands no ticket"},
		{"digits only", "12345=secret", map[string]string{"12345": "secret"}, ""},
		{"no =", "# mine\n\nhunter2\n", nil, "f:3: there is no ="},
		{"no =, after other line ends", "a=hunter2\r\n\r\nhunter2\r\n", nil, "f:3: there is no ="},
		{"no account", "=hunter2", nil, "f:1: before the = stands no account"},
		{"words before the =", "hunter2 is=secret", nil, "f:1: before the = stands no account"},
		{"a tab before the =", "hunter2\tis=secret", nil, "f:1: before the = stands no account"},
		{"no password", "a@b=hunter2\nalice@example.com= \n", nil, "f:2: behind the = stands no password"},
		{"twice", "a@b=hunter2\n\nA@B=hunter2\n", nil, "f:3: the account has a password in line 1 already"},
		{"UTF-16", "\xff\xfea\x00=\x00h\x00", nil, "f:1: a zero byte"},
		{"a zero byte", "a=b\nhunter2\x00\n", nil, "f:2: a zero byte"},
	} {
		got, err := parseAccounts("f", []byte(test.text))
		switch {
		case test.err == "" && (err != nil || !maps.Equal(got, test.want)):
			t.Errorf("%s: %q, %v, want %q", test.what, got, err, test.want)
		case test.err != "" && (err == nil || !strings.HasPrefix(err.Error(), test.err)):
			t.Errorf("%s: %v, want %s", test.what, err, test.err)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: the error shows what may be a secret: %v", test.what, err)
		}
	}
}

func TestReadAccounts(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "accounts")
	for _, test := range []struct{ mode, open os.FileMode }{{0o600, 0}, {0o400, 0}, {0o620, 0}, {0o640, 0o640}, {0o604, 0o604}, {0o644, 0o644}} {
		_ = os.Remove(name)
		if err := os.WriteFile(name, []byte("alice@example.com=secret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, test.mode); err != nil {
			t.Fatal(err)
		}
		known, open, err := readAccounts(name)
		if runtime.GOOS == "windows" {
			test.open = 0
		}
		if err != nil || known["alice@example.com"] != "secret" || open != test.open {
			t.Errorf("mode %04o: %q, open %04o, %v", test.mode, known, open, err)
		}
	}
	big := "alice@example.com=secret\n"
	big += strings.Repeat("#", maxAccounts-len(big))
	for _, test := range []struct{ what, name, text, err string }{
		{"as large as may be", "a", big, ""},
		{"larger", "b", big + "#", "larger than 1048576 bytes"},
		{"a directory", "", "", "is a directory"},
		{"nothing", "nothing", "", "no such file"},
	} {
		name := filepath.Join(dir, test.name)
		if test.text != "" {
			if err := os.WriteFile(name, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err := readAccounts(name)
		if got := ""; err != nil {
			if got = err.Error(); test.err == "" || !strings.Contains(got, test.err) {
				t.Errorf("%s: %v", test.what, err)
			}
		} else if test.err != "" {
			t.Errorf("%s: no error", test.what)
		}
	}
}
