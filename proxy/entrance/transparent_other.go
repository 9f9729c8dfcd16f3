//go:build !linux

package entrance

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"syscall"
)

func supported() error {
	return fmt.Errorf("%s does not say where a redirected client was going, Linux alone does; lead the client here by its hosts file, or as a SOCKS proxy, as docs/clients.md tells", runtime.GOOS)
}

func originalDst(net.Conn) (netip.AddrPort, error) { return netip.AddrPort{}, errNotKnown }

// CanMark says that sockets can't be marked.
func CanMark() error { return supported() }

// SetMark does nothing: only Linux has marks.
func SetMark(uint32) func(network, address string, c syscall.RawConn) error { return nil }
