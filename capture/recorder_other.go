//go:build !unix

package capture

import "os"

// appending opens a file so that each write goes to its end. Elsewhere a file that is
// opened so can't be cut.
const appending = 0

// deleted reports whether a file that is open has no name any more: elsewhere it
// can't be deleted.
func deleted(os.FileInfo) bool { return false }
