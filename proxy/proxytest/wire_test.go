package proxytest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"msnproxy/decode/challenge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon is the context of a test: it ends in time for its failure to be seen.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

var fixed = func() time.Time { return time.Unix(1013928519, 0) }

// start starts a server with the demo accounts and a clock that stands still.
func start(t *testing.T, config Config) *Server {
	t.Helper()
	if config.Accounts == nil {
		config.Accounts = DemoAccounts()
	}
	if config.Now == nil {
		config.Now = fixed
	}
	s, err := Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// signOn signs a client in to s and closes it in the end.
func signOn(t *testing.T, s *Server, options Options) *Client {
	t.Helper()
	for _, a := range DemoAccounts() {
		if a.Handle == options.Account && options.Password == "" {
			options.Password = a.Password
		}
	}
	c, err := Dial(soon(t), s.DS, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// wire is a client that says exactly what the test says.
type wire struct {
	t  *testing.T
	nc net.Conn
	r  *bufio.Reader
}

func dialWire(t *testing.T, addr string) *wire {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	return &wire{t, nc, bufio.NewReader(nc)}
}

func (w *wire) send(text string) {
	w.t.Helper()
	if _, err := io.WriteString(w.nc, text); err != nil {
		w.t.Fatalf("sending %q: %v", text, err)
	}
}

// want reads exactly those bytes.
func (w *wire) want(text string) {
	w.t.Helper()
	got := make([]byte, len(text))
	n, err := io.ReadFull(w.r, got)
	if d := cmp.Diff(text, string(got[:n])); d != "" {
		w.t.Fatalf("%v (-want +got):\n%s", err, d)
	}
}

// line reads one line, without its end.
func (w *wire) line() string {
	w.t.Helper()
	line, err := w.r.ReadString('\n')
	if err != nil {
		w.t.Fatalf("after %q: %v", line, err)
	}
	return strings.TrimSuffix(line, "\r\n")
}

// notice reads a MSG with its payload.
func (w *wire) notice() string {
	w.t.Helper()
	tokens := strings.Split(w.line(), " ")
	n, err := strconv.Atoi(tokens[len(tokens)-1])
	if err != nil {
		w.t.Fatalf("no length in %q", tokens)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(w.r, b); err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// closed waits for the end of the connection, before which nothing may come.
func (w *wire) closed() {
	w.t.Helper()
	rest, err := io.ReadAll(w.r)
	if len(rest) > 0 {
		w.t.Fatalf("before the end came %q", rest)
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		w.t.Fatal("the server does not close")
	}
}

// enter signs in at the notification server in one dialect. The next TrID to
// use is 4.
func enter(t *testing.T, s *Server, dialect int, account, password string) *wire {
	t.Helper()
	w := dialWire(t, s.NS)
	w.send(fmt.Sprintf("VER 1 MSNP%d CVR0\r\n", dialect))
	w.want(fmt.Sprintf("VER 1 MSNP%d\r\n", dialect))
	w.send("INF 2\r\nUSR 3 MD5 I " + account + "\r\n")
	w.want("INF 2 MD5\r\n")
	salt := strings.TrimPrefix(w.line(), "USR 3 MD5 S ")
	w.send("USR 3 MD5 S " + challenge.SignIn(salt, password) + "\r\n")
	if ok := w.line(); !strings.HasPrefix(ok, "USR 3 OK "+account+" ") {
		t.Fatalf("signing in: %q", ok)
	}
	w.notice()
	w.notice()
	return w
}
