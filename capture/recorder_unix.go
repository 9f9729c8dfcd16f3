//go:build unix

package capture

import (
	"os"
	"syscall"
)

// appending opens a file so that each write goes to its end.
const appending = os.O_APPEND

// deleted reports whether a file that is open has no name any more.
func deleted(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 0
}
