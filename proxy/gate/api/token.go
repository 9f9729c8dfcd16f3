package api

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// tokenBytes is how much chance is in a token that is made here, minToken and maxToken how
// many characters one may have that is given.
const (
	tokenBytes = 16
	minToken   = 16
	maxToken   = 256
)

// NewToken returns a token that nobody can guess.
func NewToken() string {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // it does not fail
	return hex.EncodeToString(b)
}

// CheckToken says what is wrong with a token that somebody has chosen.
func CheckToken(s string) error {
	switch {
	case len(s) < minToken:
		return fmt.Errorf("a token has at least %d characters, this one has %d", minToken, len(s))
	case len(s) > maxToken:
		return fmt.Errorf("a token has at most %d characters, this one has %d", maxToken, len(s))
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("a token is of printable ASCII characters without blanks")
	}
	return nil
}

// ReadToken reads the token in a file that is its owner's alone (mode 0600).
func ReadToken(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is no file", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("%s may be read by others (mode %04o): chmod 600 %s", path, info.Mode().Perm(), path)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxToken+2))
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(b))
	if err := CheckToken(token); err != nil {
		return "", fmt.Errorf("%s: %w; remove it, and a new one is made", path, err)
	}
	return token, nil
}

// TokenFile reads the token in a file, and makes a file with a new one if there is none.
func TokenFile(path string) (token string, err error) {
	token, err = ReadToken(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) { // and yet it can't be read
		to, _ := os.Readlink(path)
		return "", fmt.Errorf("%s is a link to %s, which there is not: remove the link, or name the file that it should lead to", path, to)
	}
	if err != nil {
		return "", err
	}
	token = NewToken()
	_, err = fmt.Fprintln(f, token)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return token, err
}
