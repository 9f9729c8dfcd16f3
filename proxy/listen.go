package proxy

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"syscall"
)

// unprivileged is the first port that everybody may listen on.
const unprivileged = 1024

// cannotListen says why an address cannot be had, and how to get it.
func cannotListen(at string, err error) error {
	_, name, _ := net.SplitHostPort(at)
	port, _ := strconv.Atoi(name)
	advice := ""
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		advice = fmt.Sprintf(": end the program that has it, or name another port (--listen HOST:%d)", port+1)
		if who := listenerOf(port); who != "" {
			advice = fmt.Sprintf(" by %s: end it, or name another port (--listen HOST:%d)", who, port+1)
		}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		advice = fmt.Sprintf(": no interface of this machine has it (--listen 0.0.0.0:%d listens on all that there are)", port)
	case errors.Is(err, syscall.EACCES) && port < unprivileged:
		advice = privileged(runtime.GOOS, at)
	}
	return fmt.Errorf("listen on %s: %w%s", at, cause(err), advice)
}

// privileged says how to get a port that not everybody may listen on.
func privileged(system, at string) string {
	switch system {
	case "linux":
		return fmt.Sprintf(": ports below %d take root, or once: sudo setcap cap_net_bind_service=+ep $(command -v msnproxy)", unprivileged)
	case "windows":
		return ": another program or the system keeps it (netsh int ipv4 show excludedportrange protocol=tcp; net stop http frees 80)"
	}
	return fmt.Sprintf(": ports below %d take root: sudo msnproxy run --listen %s ...", unprivileged, at)
}
