package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msnproxy/capture"
	"msnproxy/proxy/entrance"
	"msnproxy/proxy/proxytest"
)

// inNamespace runs the test alone in a network of its own, where it may have a firewall: in
// a child, as a process can't enter one with all its threads. It returns whether this is
// the child.
func inNamespace(t *testing.T) bool {
	t.Helper()
	const env = "MSNPROXY_TEST_NAMESPACE"
	if os.Getenv(env) != "" {
		return true
	}
	if nftPath() == "" {
		t.Skip("there is no nft (apt install nftables): nothing can be redirected")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), env+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &ended):
		t.Skipf("a network of its own is not allowed here (%v)", err)
	case bytes.Contains(out, []byte("--- SKIP")):
		t.Skipf("in a network of its own: %s", out)
	case err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name()+" ")):
		t.Errorf("in a network of its own: %v\n%s", err, out)
	}
	return false
}

// loopbackUp switches the loopback network of a namespace on.
func loopbackUp(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Fatal(err)
	}
}

// nftPath is where nft is; "": nowhere.
func nftPath() string {
	for _, name := range []string{"nft", "/usr/sbin/nft", "/sbin/nft"} { // the path of users may not have it
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// nft gives rules to the firewall.
func nft(t *testing.T, rules string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), nftPath(), args...)
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		missing := func(s string) bool { return bytes.Contains(out, []byte(s)) }
		if args[0] == "-f" && (missing("not supported") || missing("Operation not permitted") || missing("No such file or directory")) {
			t.Skipf("the kernel has no such firewall here: %s", out)
		}
		t.Fatalf("nft: %v: %s\n%s", err, out, rules)
	}
}

// aimedAt is what a client at addr gets to hear: what the server there says first, or how
// the connection ended.
func aimedAt(t *testing.T, addr string) string {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, patience)
	if isReset(err) {
		return ""
	}
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(c, "VER 1 MSNP7 CVR0\r\n")
	b := make([]byte, 100)
	n, err := c.Read(b)
	if err != nil && !errors.Is(err, io.EOF) && !isReset(err) {
		t.Errorf("%s: %v", addr, err)
	}
	return string(b[:n])
}

// speaker is a server that says one line to whoever speaks to it. came gets something when
// somebody connects.
func speaker(t *testing.T, addr string) (came chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	came = make(chan struct{}, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came <- struct{}{}
			go func() {
				defer c.Close()
				b := make([]byte, 100)
				_, _ = c.Read(b)
				fmt.Fprintf(c, "VER 1 %s\r\n", addr)
				_, _ = c.Read(b)
			}()
		}
	}()
	return came
}

func TestTransparent(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	loopbackUp(t)
	way, err := entrance.Transparent(false)
	if err != nil {
		t.Fatal(err)
	}
	upstream := speaker(t, "127.0.0.2:1864")
	for _, addr := range []string{"127.0.0.3:1864", "127.0.0.4:1864", "[::1]:1864", "127.0.0.2:1865"} {
		speaker(t, addr)
	}
	cfg := Config{Upstream: "127.0.0.2:1864", Listen: "[::]:1863", Ways: []entrance.Entrance{entrance.SOCKS(nil), entrance.CONNECT(nil), entrance.Gateway(entrance.GatewayOptions{}), way}, Allow: []string{"127.0.0.3:1864", "[::1]:1864"}, Mark: entrance.Mark}
	p, j := start(t, cfg)
	_ = p
	said := func(addr string) string { return "VER 1 " + addr + "\r\n" }

	// Without a rule nothing is redirected: the proxy has no part in it, and refuses who
	// comes straight to it.
	if got := aimedAt(t, "127.0.0.2:1864"); got != said("127.0.0.2:1864") {
		t.Errorf("without a rule: %q", got)
	}
	for _, addr := range []string{"127.0.0.1:1863", "[::1]:1863"} {
		if got := aimedAt(t, addr); got != "" {
			t.Errorf("straight to the proxy at %s: %q", addr, got)
		}
	}
	j.waitRemark(t, "which was not redirected here (--transparent): the kernel knows of no redirection to it; is the rule in force on this machine, also for IPv4? --print-rules prints it")
	j.waitRemark(t, "also for IPv6?")

	rules := entrance.Redirection{Ports: []uint16{1864}, To: 1863}.Rules()
	nft(t, rules, "-f", "-")
	nft(t, rules, "-f", "-") // again: it stands once
	for addr, want := range map[string]string{
		"127.0.0.2:1864": said("127.0.0.2:1864"), // the upstream
		"127.0.0.3:1864": said("127.0.0.3:1864"), // allowed
		"127.0.0.4:1864": "",                     // not allowed
		"[::1]:1864":     said("[::1]:1864"),
		"127.0.0.2:1865": said("127.0.0.2:1865"), // another port: not redirected
		"127.0.0.1:1863": "",                     // the proxy itself
		"[::1]:1863":     "",
	} {
		if got := aimedAt(t, addr); got != want {
			t.Errorf("%s: %q; want %q", addr, got, want)
		}
	}
	j.waitRemark(t, "refused the firewall's redirection for 127.0.0.4:1864: it is neither the upstream 127.0.0.2:1864 nor where a server has sent this client (--allow 127.0.0.4:1864 lets it pass)")
	j.waitRemark(t, "which was not redirected here (--transparent) but came to 127.0.0.1:1863 of its own")
	j.waitRemark(t, "which was not redirected here (--transparent) but came to [::1]:1863 of its own")
	for _, r := range j.all() {
		if r.Kind == capture.Opened && r.Conn.Way == "transparent" && (r.Conn.Asked != r.Conn.Server || r.Conn.Came() != "redirected here for "+r.Conn.Asked) {
			t.Errorf("asked for %s, connected with %s: %s", r.Conn.Asked, r.Conn.Server, r.Conn.Came())
		}
	}

	// A client of a SOCKS proxy comes of its own, and may.
	c := dial(t, "127.0.0.1:1863")
	send(t, c, "\x04\x01\x07\x48\x7f\x00\x00\x03\x00")
	expect(t, c, "\x00\x5a\x00\x00\x00\x00\x00\x00")
	send(t, c, "VER 1 MSNP7 CVR0\r\n")
	expect(t, c, said("127.0.0.3:1864"))
	c.Close()

	// Who was going to the HTTP gateway is served here: that is not dialled. So is who was
	// silent at first.
	for _, addr := range []string{"127.0.0.4:1864", "127.0.0.2:1864"} {
		for len(upstream) > 0 {
			<-upstream
		}
		c = dial(t, addr)
		if addr == "127.0.0.2:1864" {
			<-upstream // that is dialled when the client has been silent for a moment
		}
		send(t, c, "POST http://gateway.messenger.hotmail.com/gateway/gateway.dll?Action=open&Server=NS&IP=messenger.hotmail.com HTTP/1.1\r\nHost: gateway.messenger.hotmail.com\r\nContent-Length: 18\r\n\r\nVER 1 MSNP7 CVR0\r\n")
		if got := line(t, c); got != "HTTP/1.1 200 OK\r\n" {
			t.Errorf("by HTTP to %s: %q", addr, got)
		}
		c.Close()
	}

	// A proxy whose connections are not marked is led to itself, and refuses that.
	cfg.Mark, cfg.Listen = 0, "127.0.0.1:1866"
	p, j = start(t, cfg)
	nft(t, entrance.Redirection{Ports: []uint16{1864}, To: 1866}.Rules(), "-f", "-")
	if got := aimedAt(t, "127.0.0.2:1864"); got != "" {
		t.Errorf("led to itself: %q", got)
	}
	j.waitRemark(t, "refused 127.0.0.2:1864: the firewall leads the proxy's own connections back to it: its rule must leave those alone that are marked 0x6d736e70")
	// One goes out until the first is known to have come back; a slow machine may be on to the
	// next by then, and that one is known, too.
	for _, got := range j.remarks() {
		if !strings.Contains(got, "leads the proxy's own connections back to it") {
			t.Errorf("led to itself: remarks: %q", got)
		}
	}
	if n := p.Stats().Accepted; n < 2 || n > 5 {
		t.Errorf("%d connections of its own", n)
	}

	nft(t, "", strings.Fields(entrance.TakeAway)[1:]...)
	if got := aimedAt(t, "127.0.0.4:1864"); got != said("127.0.0.4:1864") {
		t.Errorf("when the rules are taken away: %q", got)
	}
}

// Whole sessions are led through the proxy, wherever the servers send the clients, and not a
// byte is changed; unless that is asked for: then the clients come of their own.
func TestTransparentSessions(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	loopbackUp(t)
	nft(t, entrance.Redirection{Ports: []uint16{1863}, To: 1873}.Rules(), "-f", "-")
	at := 1
	for _, mode := range []Rewrite{RewriteAuto, RewriteNever, RewriteAlways} {
		way, err := entrance.Transparent(mode == RewriteAlways)
		if err != nil {
			t.Fatal(err)
		}
		server, err := proxytest.Start(proxytest.Config{Accounts: proxytest.DemoAccounts(), Listen: func() (net.Listener, error) {
			at++
			return net.Listen("tcp", fmt.Sprintf("127.0.0.%d:1863", at))
		}})
		if err != nil {
			t.Fatal(err)
		}
		p, j := start(t, Config{Upstream: server.DS, Listen: "127.0.0.1:1873", Ways: []entrance.Entrance{way}, Mark: entrance.Mark, Rewrite: mode})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if err := proxytest.RunScript(ctx, server.DS, server, nil); err != nil {
			t.Fatalf("%v: %v", mode, err)
		}
		if err := p.Shutdown(ctx); err != nil {
			t.Errorf("%v: %v", mode, err)
		}
		cancel()
		server.Close()
		opened, rewritten := map[string]int{}, 0
		for _, r := range j.all() {
			switch {
			case r.Kind == capture.Opened:
				opened[r.Conn.Way+" "+r.Conn.Server]++
			case r.Sent != nil:
				rewritten++
			case r.Kind == capture.Remark && !strings.Contains(r.Text, "is a loopback address"):
				t.Errorf("%v: remark: %s", mode, r.Text)
			}
		}
		later := "transparent "
		if mode == RewriteAlways {
			later = " "
		}
		if len(opened) != 3 || opened["transparent "+server.DS] == 0 || opened[later+server.NS] == 0 || opened[later+server.SB] == 0 {
			t.Errorf("%v: connections: %v", mode, opened)
		}
		if (rewritten > 0) != (mode == RewriteAlways) {
			t.Errorf("%v: %d redirects were rewritten", mode, rewritten)
		}
	}
}
