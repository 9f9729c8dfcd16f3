package proxytest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"
)

// Dialer connects to an address, host:port, in the form of net.Dialer.DialContext. Those
// below go another way than straight to it: what they return is the connection as it
// stands when the other end may speak.
type Dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// Refused is the error of a way whose proxy does not connect to what was asked for.
type Refused struct {
	Way, Target string
	// Code is the proxy's word for it: a reply of SOCKS, a status of HTTP.
	Code int
}

func (r *Refused) Error() string {
	return fmt.Sprintf("connecting to %s by %s: the proxy refused it with %d", r.Target, r.Way, r.Code)
}

// At connects to one address, whichever is asked for: that of something that stands in for
// all hosts.
func At(at string, next Dialer) Dialer {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return direct(next)(ctx, network, at)
	}
}

// InTurn goes another of the ways with each connection, from the first one on.
func InTurn(ways ...Dialer) Dialer {
	var n atomic.Uint64
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return ways[(n.Add(1)-1)%uint64(len(ways))](ctx, network, address)
	}
}

// SOCKS4 goes through the SOCKS proxy at an address, with the user named, who may be "".
// A host is asked for by its address in SOCKS4, so that it must be one of IPv4 or have one
// by the system's resolver.
func SOCKS4(at, user string, next Dialer) Dialer {
	return tunnel("SOCKS4", at, next, func(ctx context.Context, rw io.ReadWriter, host string, port uint16) (int, error) {
		ip, err := netip.ParseAddr(host)
		if err != nil {
			found, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
			if err != nil {
				return 0, err
			}
			ip = found[0]
		}
		if ip = ip.Unmap(); !ip.Is4() {
			return 0, fmt.Errorf("SOCKS4 has no place for %s, which is no address of IPv4", host)
		}
		four := ip.As4()
		return socks4(rw, four, port, user, "")
	})
}

// SOCKS4a is SOCKS4 with the host as it is named, for the proxy to resolve.
func SOCKS4a(at, user string, next Dialer) Dialer {
	return tunnel("SOCKS4a", at, next, func(ctx context.Context, rw io.ReadWriter, host string, port uint16) (int, error) {
		return socks4(rw, [4]byte{0, 0, 0, 1}, port, user, host)
	})
}

const socksGranted = 90

// socks4: 04 01 port address user 00 [host 00], answered with 00 code and six bytes.
func socks4(rw io.ReadWriter, ip [4]byte, port uint16, user, host string) (int, error) {
	b := []byte{4, 1, byte(port >> 8), byte(port)}
	b = append(append(b, ip[:]...), user...)
	b = append(b, 0)
	if host != "" {
		b = append(append(b, host...), 0)
	}
	if _, err := rw.Write(b); err != nil {
		return 0, err
	}
	var answer [8]byte
	if _, err := io.ReadFull(rw, answer[:]); err != nil {
		return 0, err
	}
	if answer[0] != 0 {
		return 0, fmt.Errorf("its answer begins with %d, not with 0", answer[0])
	}
	if code := int(answer[1]); code != socksGranted {
		return code, errRefused
	}
	return 0, nil
}

// SOCKS5 goes through the SOCKS proxy at an address. Hosts that are no addresses are asked
// for by name. With a user it offers user and password besides none.
func SOCKS5(at, user, password string, next Dialer) Dialer {
	return tunnel("SOCKS5", at, next, func(ctx context.Context, rw io.ReadWriter, host string, port uint16) (int, error) {
		if err := greet5(rw, user, password); err != nil {
			return 0, err
		}
		b := []byte{5, 1, 0}
		ip, err := netip.ParseAddr(host)
		switch {
		case err != nil && len(host) > 255:
			return 0, errors.New("the name has more than 255 bytes")
		case err != nil:
			b = append(append(b, 3, byte(len(host))), host...)
		case ip.Unmap().Is4():
			b = append(append(b, 1), ip.Unmap().AsSlice()...)
		default:
			b = append(append(b, 4), ip.AsSlice()...)
		}
		if _, err := rw.Write(append(b, byte(port>>8), byte(port))); err != nil {
			return 0, err
		}
		return answer5(rw)
	})
}

// greet5 agrees on how the user is known.
func greet5(rw io.ReadWriter, user, password string) error {
	const none, byPassword = 0, 2
	hello := []byte{5, 1, none}
	if user != "" {
		hello = []byte{5, 2, none, byPassword}
	}
	if _, err := rw.Write(hello); err != nil {
		return err
	}
	var chosen [2]byte
	if _, err := io.ReadFull(rw, chosen[:]); err != nil {
		return err
	}
	switch {
	case chosen[0] != 5:
		return fmt.Errorf("its answer begins with %d, not with 5", chosen[0])
	case chosen[1] == none:
		return nil
	case chosen[1] != byPassword || user == "":
		return fmt.Errorf("it wants method %d, which was not offered", chosen[1])
	}
	b := append([]byte{1, byte(len(user))}, user...)
	b = append(append(b, byte(len(password))), password...)
	if _, err := rw.Write(b); err != nil {
		return err
	}
	if _, err := io.ReadFull(rw, chosen[:]); err != nil {
		return err
	}
	if chosen[1] != 0 {
		return errors.New("it does not take the user's password")
	}
	return nil
}

// answer5 reads 05 code 00 type address port.
func answer5(r io.Reader) (int, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, err
	}
	rest := 0
	switch head[3] {
	case 1:
		rest = 4 - 1 + 2
	case 3:
		rest = int(head[4]) + 2
	case 4:
		rest = 16 - 1 + 2
	default:
		return 0, fmt.Errorf("its answer holds an address of type %d", head[3])
	}
	if _, err := io.CopyN(io.Discard, r, int64(rest)); err != nil {
		return 0, err
	}
	if code := int(head[1]); code != 0 {
		return code, errRefused
	}
	return 0, nil
}

// CONNECT goes through the HTTP proxy at an address.
func CONNECT(at string, next Dialer) Dialer {
	return tunnel("CONNECT", at, next, func(ctx context.Context, rw io.ReadWriter, host string, port uint16) (int, error) {
		target := net.JoinHostPort(host, strconv.Itoa(int(port)))
		if _, err := fmt.Fprintf(rw, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\nProxy-Connection: Keep-Alive\r\n\r\n", target); err != nil {
			return 0, err
		}
		// Not a byte beyond the head may be read: it is the other end's.
		head := bufio.NewReaderSize(byteByByte{rw}, 16)
		answer, err := http.ReadResponse(head, &http.Request{Method: http.MethodConnect})
		if err != nil {
			return 0, err
		}
		if answer.StatusCode/100 != 2 {
			return answer.StatusCode, errRefused
		}
		return 0, nil
	})
}

// byteByByte hands on one byte with each read.
type byteByByte struct{ io.Reader }

func (r byteByByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(1, len(p))]) }

// errRefused says that the code beside it is a refusal.
var errRefused = errors.New("refused")

// tunnel connects to a proxy and has ask tell it what is wanted.
func tunnel(way, at string, next Dialer, ask func(ctx context.Context, rw io.ReadWriter, host string, port uint16) (code int, err error)) Dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, p, err := net.SplitHostPort(address)
		if err != nil {
			return nil, fmt.Errorf("connecting to %q by %s: %w", address, way, err)
		}
		port, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("connecting to %s by %s: %q is no port", address, way, p)
		}
		c, err := direct(next)(ctx, network, at)
		if err != nil {
			return nil, err
		}
		// The proxy may take as long as the context allows, and no longer.
		stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
		code, err := ask(ctx, c, host, uint16(port))
		if !stop() && err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, errRefused) {
			err = &Refused{Way: way, Target: address, Code: code}
		} else if err != nil {
			err = fmt.Errorf("connecting to %s by %s at %s: %w", address, way, at, err)
		}
		if err != nil {
			c.Close()
			return nil, err
		}
		return c, nil
	}
}

// direct is next, or straight to the address where that is nil.
func direct(next Dialer) Dialer {
	if next != nil {
		return next
	}
	return new(net.Dialer).DialContext
}
