package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"msnproxy/proxy/replay"
)

// accountsVar is the variable that stands for --accounts where that is not given.
const accountsVar = "MSNPROXY_ACCOUNTS"

// maxAccounts is how many bytes a file of accounts may have.
const maxAccounts = 1 << 20

func accountsFlag() cli.Flag {
	return &cli.StringFlag{Name: "accounts", Usage: "read passwords from `FILE`, ACCOUNT=PASSWORD a line", EnvVars: []string{accountsVar}}
}

// passwordFlags are the flags that give passwords; usage says what for. env: both also
// come from the environment.
func passwordFlags(usage string, env bool) []cli.Flag {
	password := &cli.StringSliceFlag{Name: "password", Usage: usage + " (`ACCOUNT=PASSWORD`, may be repeated; --accounts keeps it out of the list of processes)"}
	if env {
		password.EnvVars = []string{"MSNPROXY_PASSWORD"}
	}
	return []cli.Flag{password, accountsFlag()}
}

// passwords returns what --accounts and --password say, by account in lower case; the
// latter counts where both do. An error never repeats a value, which may be a secret.
func passwords(c *cli.Context) (map[string]string, error) {
	m, err := accounts(c)
	if err != nil {
		return nil, err
	}
	for _, s := range c.StringSlice("password") {
		account, password, ok := strings.Cut(s, "=")
		if !ok || account == "" {
			return nil, usage(called(c), "--password wants ACCOUNT=PASSWORD, such as alice@example.com=secret")
		}
		if m == nil {
			m = make(map[string]string)
		}
		if !readable(password) {
			return nil, usage(called(c), "--password: %v", replay.ErrTicket)
		}
		m[strings.ToLower(account)] = password
	}
	return m, nil
}

// accounts reads the file that --accounts names, once for a run of the program: it may
// be a pipe, and what is wrong with it need not be said twice.
func accounts(c *cli.Context) (map[string]string, error) {
	name := c.String("accounts")
	if name == "" {
		return nil, nil
	}
	if known, ok := c.App.Metadata["accounts"].(map[string]string); ok {
		return maps.Clone(known), nil
	}
	known, open, err := readAccounts(name)
	if err != nil {
		return nil, fmt.Errorf("--accounts (or %s): %w", accountsVar, err)
	}
	if open != 0 {
		complain(c.App.ErrWriter, fmt.Errorf("%s holds passwords, and others may read it (mode %04o): chmod 600 %s", name, open, name))
	}
	c.App.Metadata["accounts"] = known
	return maps.Clone(known), nil
}

// readAccounts reads a file of accounts. open is its mode if others than the owner may
// read it, else 0.
func readAccounts(name string) (known map[string]string, open fs.FileMode, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, fileError(name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, 0, fileError(name, err)
	case info.IsDir():
		return nil, 0, fmt.Errorf("%s is a directory; a file with ACCOUNT=PASSWORD lines is wanted", name)
	case info.Mode().IsRegular() && runtime.GOOS != "windows" && info.Mode().Perm()&0o044 != 0:
		open = info.Mode().Perm()
	}
	b, err := io.ReadAll(io.LimitReader(f, maxAccounts+1))
	if err != nil {
		return nil, 0, fileError(name, err)
	}
	if len(b) > maxAccounts {
		return nil, 0, fmt.Errorf("%s is larger than %d bytes; a file with ACCOUNT=PASSWORD lines is wanted", name, maxAccounts)
	}
	known, err = parseAccounts(name, b)
	return known, open, err
}

// fileError says what is wrong with a file in the words of the system.
func fileError(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// lineEnds makes one kind of line end of the three that there are.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// readable reports whether a value is a password, or a ticket in its place that has the
// right form.
func readable(value string) bool {
	_, _, err := replay.ParseTicket(value)
	return err == nil
}

// parseAccounts reads ACCOUNT=PASSWORD lines; [replay.ParseTicket] says how a ticket is
// spelt, which may stand in place of a password. Empty ones, and those that begin with #,
// say nothing. Blanks at either end of an account or of a password are not part of it.
// Errors name the line, and nothing that is on it.
func parseAccounts(name string, b []byte) (map[string]string, error) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return nil, fmt.Errorf("%s:%d: a zero byte: this is no text in UTF-8", name, 1+bytes.Count(b[:i], []byte("\n")))
	}
	known, lines := make(map[string]string), make(map[string]int)
	for i, line := range strings.Split(lineEnds.Replace(string(b)), "\n") {
		n, line := i+1, strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		account, password, ok := strings.Cut(line, "=")
		account, password = strings.ToLower(strings.TrimSpace(account)), strings.TrimSpace(password)
		switch {
		case !ok:
			return nil, fmt.Errorf("%s:%d: there is no = in this line; it wants ACCOUNT=PASSWORD, such as alice@example.com=secret", name, n)
		case account == "" || strings.ContainsAny(account, " \t"):
			return nil, fmt.Errorf("%s:%d: before the = stands no account; the line wants ACCOUNT=PASSWORD, such as alice@example.com=secret", name, n)
		case password == "":
			return nil, fmt.Errorf("%s:%d: behind the = stands no password; the line wants ACCOUNT=PASSWORD, such as alice@example.com=secret", name, n)
		case !readable(password):
			return nil, fmt.Errorf("%s:%d: %w", name, n, replay.ErrTicket)
		case lines[account] != 0:
			return nil, fmt.Errorf("%s:%d: the account has a password in line %d already", name, n, lines[account])
		}
		known[account], lines[account] = password, n
	}
	return known, nil
}
