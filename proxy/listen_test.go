package proxy

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// Every address serves the same, and if one cannot be had none is kept.
func TestListens(t *testing.T) {
	up := newUpstream(t)
	p, _ := start(t, Config{Upstream: up.Addr().String(), Listens: []string{"127.0.0.1:0", "127.0.0.2:0"}, Ways: proxied})
	addrs := p.Addrs()
	if len(addrs) != 3 || addrs[0].String() != p.Addr().String() {
		t.Fatalf("%v", addrs)
	}
	for _, at := range addrs {
		c := dial(t, at.String())
		send(t, c, "VER 1 MSNP7\r\n")
		s := up.next(t)
		expect(t, s, "VER 1 MSNP7\r\n")
		// A redirect leads back to the address that the client came to.
		send(t, s, "XFR 2 SB 127.0.0.1:1863 CKI 1.1\r\n")
		if got, want := line(t, c), "XFR 2 SB "+at.String()+" CKI 1.1\r\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		c.Close()
		s.Close()
	}
	busy := addrs[1].String()
	q, err := New(Config{Upstream: "192.0.2.1", Listen: "127.0.0.1:0", Listens: []string{busy}})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	err = q.Listen()
	want := fmt.Sprintf("listen on %s: address already in use", busy)
	if runtime.GOOS == "linux" {
		name, _ := os.ReadFile("/proc/self/comm")
		want += fmt.Sprintf(" by %s (process %d): end it, or name another port (--listen HOST:", strings.TrimSpace(string(name)), os.Getpid())
	}
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	if len(q.Addrs()) > 0 {
		t.Error("it listens on some of them")
	}
	for _, wrong := range []string{"127.0.0.1", "127.0.0.1:x"} {
		if _, err := New(Config{Upstream: "192.0.2.1", Listens: []string{wrong}}); err == nil || !strings.HasPrefix(err.Error(), "listen: ") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// An address of IPv4 is one of IPv4 only, even if it is all of them; no address is all.
func TestListenFamily(t *testing.T) {
	for at, want := range map[string]bool{"0.0.0.0:0": false, "127.0.0.1:0": false, ":0": true, "[::]:0": true} {
		l, err := listen(t.Context(), at)
		if err != nil && want {
			continue // a machine without IPv6
		}
		if err != nil {
			t.Fatal(err)
		}
		six, err := net.Listen("tcp6", "[::1]:0")
		if err != nil {
			t.Skip("no IPv6 here")
		}
		six.Close()
		c, err := net.Dial("tcp6", fmt.Sprintf("[::1]:%d", endpoint(l.Addr()).Port()))
		if (err == nil) != want {
			t.Errorf("%s: by IPv6: %v", at, err)
		}
		if err == nil {
			c.Close()
		}
		l.Close()
	}
}

func TestCannotListen(t *testing.T) {
	for _, tt := range []struct {
		at   string
		err  error
		want string
	}{
		{"192.0.2.5:1863", syscall.EADDRNOTAVAIL, "no interface of this machine has it (--listen 0.0.0.0:1863 "},
		{"127.0.0.1:1023", syscall.EACCES, map[string]string{"windows": "netsh"}[runtime.GOOS]},
		{"127.0.0.1:1024", syscall.EACCES, "listen on 127.0.0.1:1024: permission denied"},
	} {
		got := cannotListen(tt.at, &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", tt.err)}).Error()
		if !strings.Contains(got, tt.want) || strings.Contains(got, "1024: permission denied:") || strings.Contains(got, "\n") {
			t.Errorf("%s: %s", tt.at, got)
		}
	}
	for system, want := range map[string]string{"linux": "setcap cap_net_bind_service=+ep", "windows": "excludedportrange", "darwin": "sudo msnproxy run --listen :80 "} {
		if got := privileged(system, ":80"); !strings.Contains(got, want) {
			t.Errorf("%s: %s", system, got)
		}
	}
}
