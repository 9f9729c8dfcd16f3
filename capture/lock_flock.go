//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package capture

import (
	"errors"
	"os"
	"syscall"
)

// locks says whether files can be locked here.
const locks = true

// lockFile takes the lock of a file that is being written, until that is closed. It
// reports whether another has it. Where there are no locks, as on some network file
// systems, nobody has it.
func lockFile(f *os.File) (taken bool) {
	c, err := f.SyscallConn()
	if err != nil {
		return false
	}
	_ = c.Control(func(fd uintptr) { err = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) })
	return errors.Is(err, syscall.EWOULDBLOCK)
}
