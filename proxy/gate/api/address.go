package api

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Address is where the API listens, or is reached.
type Address struct {
	// Network is tcp or unix, Where what [net.Dial] wants.
	Network, Where string
}

// unixPrefix is what the address of a Unix socket begins with.
const unixPrefix = "unix:"

// String returns the address as [ParseAddress] reads it.
func (a Address) String() string {
	if a.Network == "unix" {
		return unixPrefix + a.Where
	}
	return a.Where
}

// ParseAddress reads the address of an API: host:port on the loopback network, or
// unix:/path.
func ParseAddress(s string) (Address, error) {
	if path, ok := strings.CutPrefix(s, unixPrefix); ok {
		if path == "" {
			return Address{}, errors.New("unix: wants the path of a socket behind it")
		}
		return Address{"unix", path}, nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return Address{}, fmt.Errorf("%q is neither host:port, such as 127.0.0.1:8763, nor unix:/path", s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return Address{}, fmt.Errorf("%q is no port: it is a number from 0 (any) to 65535", port)
	} else {
		port = strconv.FormatUint(n, 10)
	}
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return Address{}, fmt.Errorf("%q is not of this machine alone: whoever reaches the API sees passwords and can send in others' names, so it listens on 127.0.0.1, [::1] or a Unix socket (ssh -L brings it elsewhere)", host)
	}
	return Address{"tcp", net.JoinHostPort(ip.String(), port)}, nil
}

// Listen listens there. A Unix socket is the user's alone (mode 0600) from the beginning,
// and takes the place of one that nobody listens on.
func Listen(a Address) (net.Listener, error) {
	if a.Network != "unix" {
		l, err := net.Listen(a.Network, a.Where)
		if err != nil {
			return nil, fmt.Errorf("the API can't listen on %s: %w", a.Where, plain(err))
		}
		return l, nil
	}
	l, err := listenUnix(a.Where)
	if err != nil {
		return nil, fmt.Errorf("the API can't listen on the socket %s: %w", a.Where, plain(err))
	}
	return l, nil
}

// listenUnix makes the socket in a directory that nobody else can enter, and moves it to
// its place when it is nobody else's to open.
func listenUnix(path string) (net.Listener, error) {
	switch info, err := os.Lstat(path); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Mode().Type() != os.ModeSocket:
		return nil, errors.New("there is something that is no socket; choose another name")
	default:
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return nil, errors.New("another program listens there")
		}
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".api")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	if err = os.Chmod(made, 0o600); err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return &socket{UnixListener: l, path: path}, nil
}

// socket is a listener whose socket goes away with it.
type socket struct {
	*net.UnixListener
	path string
}

// Close implements net.Listener.
func (s *socket) Close() error {
	err := s.UnixListener.Close()
	if err == nil {
		_ = os.Remove(s.path)
	}
	return err
}

// plain leaves of an error of the net package what went wrong.
func plain(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		err = op.Err
	}
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		err = sys.Err
	}
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err
}
