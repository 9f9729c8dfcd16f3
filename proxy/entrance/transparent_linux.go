package entrance

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// supported: Linux tells.
func supported() error { return nil }

// originalDst asks the kernel where a connection was going before it was redirected: of one
// that was not that is where it is.
func originalDst(c net.Conn) (to netip.AddrPort, err error) {
	sc := socket(c)
	if sc == nil {
		return to, errNotKnown
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return to, err
	}
	v4 := endpointOf(c.LocalAddr()).Addr().Is4()
	var failed error
	if err := raw.Control(func(fd uintptr) {
		if v4 {
			to, failed = originalDst4(int(fd))
		} else {
			to, failed = originalDst6(int(fd))
		}
	}); err != nil {
		return to, err
	}
	switch {
	case failed == nil:
		return to, nil
	case errors.Is(failed, unix.ENOENT), errors.Is(failed, unix.ENOPROTOOPT):
		// No entry in its table of connections; or no such table.
		return to, errNotKnown
	}
	return to, fmt.Errorf("the kernel says: %w", failed)
}

// socket finds the socket below a connection; nil: there is none.
func socket(c net.Conn) syscall.Conn {
	for {
		switch x := c.(type) {
		case syscall.Conn:
			return x
		case interface{ NetConn() net.Conn }:
			c = x.NetConn()
		default:
			return nil
		}
	}
}

// originalDst4 reads a struct sockaddr_in, for which an ipv6_mreq has room: two bytes of
// family, two of port and four of address in network order.
func originalDst4(fd int) (netip.AddrPort, error) {
	m, err := unix.GetsockoptIPv6Mreq(fd, unix.SOL_IP, unix.SO_ORIGINAL_DST)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(m.Multiaddr[4:8])), binary.BigEndian.Uint16(m.Multiaddr[2:4])), nil
}

// originalDst6 reads a struct sockaddr_in6, with which an ip6_mtuinfo begins. Its port is in
// network order.
func originalDst6(fd int) (netip.AddrPort, error) {
	m, err := unix.GetsockoptIPv6MTUInfo(fd, unix.SOL_IPV6, unix.SO_ORIGINAL_DST)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port := binary.NativeEndian.AppendUint16(nil, m.Addr.Port)
	return netip.AddrPortFrom(netip.AddrFrom16(m.Addr.Addr).Unmap(), binary.BigEndian.Uint16(port)), nil
}

// SetMark marks a socket, so that a rule of the firewall knows it. It is a Control function
// of a net.Dialer. The error says what is missing.
func SetMark(mark uint32) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var failed error
		if err := c.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_MARK, int(mark))
		}); err != nil {
			return err
		}
		return markError(failed)
	}
}

func markError(err error) error {
	if errors.Is(err, unix.EPERM) {
		return errors.New("marking the proxy's own connections, so that the firewall leaves them alone, is not permitted: run msnproxy as root, or give it CAP_NET_ADMIN (sudo setcap cap_net_admin+ep msnproxy)")
	}
	return err
}

// CanMark says why sockets can't be marked; nil: they can.
func CanMark() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	return markError(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, int(Mark)))
}
