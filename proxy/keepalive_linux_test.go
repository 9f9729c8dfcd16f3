package proxy

import (
	"net"
	"syscall"
	"testing"
)

// Both ends of a relayed connection live as long as their peers want them to: the first
// probe goes out after two hours, then nine at intervals of 75 s.
func TestKeepAlive(t *testing.T) {
	u := newUpstream(t)
	p, _ := start(t, Config{Upstream: u.Addr().String()})
	client, server := pair(t, p, u)
	send(t, client, "PNG\r\n") // when that has come, the connection knows both its ends
	expect(t, server, "PNG\r\n")
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.conns) != 1 {
		t.Fatalf("%d connections", len(p.conns))
	}
	for c := range p.conns {
		c.mu.Lock()
		ends := map[string]net.Conn{"client": c.client, "server": c.server}
		c.mu.Unlock()
		for who, nc := range ends {
			raw, err := nc.(syscall.Conn).SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			for _, option := range []struct{ name, level, want int }{
				{syscall.SO_KEEPALIVE, syscall.SOL_SOCKET, 1}, {syscall.TCP_KEEPIDLE, syscall.IPPROTO_TCP, 7200},
				{syscall.TCP_KEEPINTVL, syscall.IPPROTO_TCP, 75}, {syscall.TCP_KEEPCNT, syscall.IPPROTO_TCP, 9},
			} {
				_ = raw.Control(func(fd uintptr) {
					if got, err := syscall.GetsockoptInt(int(fd), option.level, option.name); err != nil || got != option.want {
						t.Errorf("the %s's socket: option %d is %d (%v), want %d", who, option.name, got, err, option.want)
					}
				})
			}
		}
	}
}
