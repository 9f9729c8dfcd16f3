package ca

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// The files of a CA.
const (
	CertFile = "ca.pem"
	KeyFile  = "ca.key"
)

// ErrNone is wrapped in the error of Load where there is no CA.
var ErrNone = errors.New("there is no CA")

// DefaultDir is where a CA lies unless told otherwise: msnproxy in the directory where a
// user's programs have their configuration.
func DefaultDir() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no directory for a CA: %w; name one with --ca DIR", err)
	}
	return filepath.Join(dir, "msnproxy"), nil
}

// Create makes a CA and keeps it in a directory, which it makes if need be with access for
// its owner only. What is there is never overwritten, and nothing is followed that is a
// symbolic link.
func Create(dir string, o Options) (*CA, error) {
	if _, err := limitsFor(o.Names); err != nil {
		return nil, err
	}
	if err := prepare(dir); err != nil {
		return nil, err
	}
	for _, name := range []string{KeyFile, CertFile} {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); err == nil {
			return nil, fmt.Errorf("%s is there: a CA is never overwritten, as clients trust it; use it, move it away, or name another directory with --ca DIR", path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, trouble("look at", path, err)
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return store(dir, o, key)
}

// store makes a CA of a key and writes both.
func store(dir string, o Options, key *rsa.PrivateKey) (*CA, error) {
	a, err := generate(o, key, time.Now())
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	keyPath := filepath.Join(dir, KeyFile)
	if err := writeNew(keyPath, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return nil, err
	}
	if err := writeNew(filepath.Join(dir, CertFile), a.PEM(), 0o644); err != nil {
		_ = os.Remove(keyPath) // one without the other is of no use
		return nil, err
	}
	return a, nil
}

// prepare sees that there is a directory that nobody else can get at.
func prepare(dir string) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
			return trouble("make", filepath.Dir(dir), err)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			return trouble("make", dir, err)
		}
		return nil
	}
	if err != nil {
		return trouble("look at", dir, err)
	}
	return judgeDir(dir, info)
}

// judgeDir says what is wrong with a directory.
func judgeDir(dir string, info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link: name the directory itself, so that a key is where it seems to be", dir)
	case !info.IsDir():
		return fmt.Errorf("%s is no directory", dir)
	case open(info):
		return fmt.Errorf("others than its owner have access to %s (mode %04o): chmod 700 %s first, or name another directory with --ca DIR", dir, info.Mode().Perm(), dir)
	}
	return nil
}

// open reports whether others than the owner have access. Windows has no such bits.
func open(info fs.FileInfo) bool { return runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 }

// writeNew writes a file that must not be there.
func writeNew(path string, b []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return trouble("write", path, err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		_ = os.Remove(path)
		return trouble("write", path, err)
	}
	return nil
}

// trouble says what could not be done to a file, without the words of the system call.
func trouble(what, path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("cannot %s %s: %w", what, path, err)
}

// Load reads the CA of a directory. Others than the owner must have no access to its key.
// The error wraps ErrNone if there is none.
func Load(dir string) (*CA, error) {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, none(dir)
	}
	if err != nil {
		return nil, trouble("look at", dir, err)
	}
	if err := judgeDir(dir, info); err != nil {
		return nil, err
	}
	cert, certErr := readPEM(filepath.Join(dir, CertFile), "CERTIFICATE", false)
	key, keyErr := readPEM(filepath.Join(dir, KeyFile), "PRIVATE KEY", true)
	switch {
	case errors.Is(certErr, fs.ErrNotExist) && errors.Is(keyErr, fs.ErrNotExist):
		return nil, none(dir)
	case certErr != nil:
		return nil, certErr
	case keyErr != nil:
		return nil, keyErr
	}
	return parse(dir, cert, key)
}

func none(dir string) error {
	return fmt.Errorf("%w in %s: \"msnproxy ca init\" makes one", ErrNone, dir)
}

// parse makes a CA of its two files.
func parse(dir string, cert, key []byte) (*CA, error) {
	certPath, keyPath := filepath.Join(dir, CertFile), filepath.Join(dir, KeyFile)
	c, err := x509.ParseCertificate(cert)
	if err != nil {
		return nil, fmt.Errorf("%s holds no certificate that can be read: %w", certPath, err)
	}
	k, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("%s holds no key that can be read: %w", keyPath, err)
	}
	private, ok := k.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds a key that is none of RSA, which old clients need", keyPath)
	}
	if !private.PublicKey.Equal(c.PublicKey) {
		return nil, fmt.Errorf("%s is not the key of %s: they were made apart", keyPath, certPath)
	}
	if !c.IsCA {
		return nil, fmt.Errorf("%s is no certificate of a CA", certPath)
	}
	return newCA(c, private), nil
}

// maxFile is how much of a file is read: more is none of ours.
const maxFile = 64 << 10

// readPEM reads a file of one block.
func readPEM(path, kind string, secret bool) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, trouble("read", path, err)
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file (a symbolic link is not followed)", path)
	case secret && open(info):
		return nil, fmt.Errorf("others than its owner can read %s (mode %04o), so that it may be known to them: make a CA anew, or chmod 600 it if you know better", path, info.Mode().Perm())
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s has %d bytes, too many for a key or certificate", path, info.Size())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, trouble("read", path, err)
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("%s has no block %q of PEM", path, "BEGIN "+kind)
	}
	return block.Bytes, nil
}
