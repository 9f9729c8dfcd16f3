package proxy

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// listenerOf names the program that listens on a port of this machine, as far as the system
// lets us know; else "".
func listenerOf(port int) string {
	sockets := make(map[string]bool)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table)
		for line := range strings.Lines(string(text)) {
			if inode := listens(line, port); inode != "" {
				sockets["socket:["+inode+"]"] = true
			}
		}
	}
	if len(sockets) == 0 {
		return ""
	}
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, file := range files {
		to, err := os.Readlink(file)
		if err != nil || !sockets[to] {
			continue
		}
		pid := strings.Split(file, "/")[2]
		name, err := os.ReadFile("/proc/" + pid + "/comm")
		if err != nil {
			continue
		}
		return fmt.Sprintf("%s (process %s)", bytes.TrimSpace(name), pid)
	}
	return ""
}

// listens returns the inode of a line of /proc/net/tcp if it is of a socket that listens on
// the port; else "". The line is: number, local address:port, remote, state, queues, timer,
// retransmits, user, timeout, inode.
func listens(line string, port int) string {
	const listening = "0A"
	f := strings.Fields(line)
	if len(f) < 10 || f[3] != listening {
		return ""
	}
	_, at, _ := strings.Cut(f[1], ":")
	if n, err := strconv.ParseUint(at, 16, 16); err != nil || int(n) != port {
		return ""
	}
	return f[9]
}
