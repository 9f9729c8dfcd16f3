package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		beChild(spec)
		return
	}
	goleak.VerifyTestMain(m)
}

// patience bounds every wait of the tests.
const patience = 10 * time.Second

// upstream is a server that hands its connections to the test.
type upstream struct {
	net.Listener
	conns chan *net.TCPConn
}

func newUpstream(t testing.TB) *upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{l, make(chan *net.TCPConn, 2048)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			u.conns <- c.(*net.TCPConn)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		for {
			select {
			case c := <-u.conns:
				c.Close()
			default:
				return
			}
		}
	})
	return u
}

// next returns the next connection to the server.
func (u *upstream) next(t testing.TB) *net.TCPConn {
	t.Helper()
	select {
	case c := <-u.conns:
		t.Cleanup(func() { c.Close() })
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		return c
	case <-time.After(patience):
		t.Fatal("no connection came to the server")
		return nil
	}
}

// journal is an observer that keeps everything.
type journal struct {
	mu      sync.Mutex
	records []capture.Record
	more    chan struct{} // closed when there is another record
}

func (j *journal) Observe(r *capture.Record) {
	c := *r
	c.Frame, c.Sent = r.Frame.Clone(), bytes.Clone(r.Sent)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.records = append(j.records, c)
	if j.more != nil {
		close(j.more)
		j.more = nil
	}
}

// next is closed when there is another record.
func (j *journal) next() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.more == nil {
		j.more = make(chan struct{})
	}
	return j.more
}

func (j *journal) all() []capture.Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.records)
}

// remarks returns the texts of all remarks.
func (j *journal) remarks() []string {
	var list []string
	for _, r := range j.all() {
		if r.Kind == capture.Remark {
			list = append(list, r.Text)
		}
	}
	return list
}

// wait waits for a record that fits.
func (j *journal) wait(t testing.TB, what string, fits func(r *capture.Record) bool) capture.Record {
	t.Helper()
	late := time.After(patience)
	for seen := 0; ; {
		more := j.next()
		for all := j.all(); seen < len(all); seen++ {
			if fits(&all[seen]) {
				return all[seen]
			}
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("no %s was observed; remarks: %q", what, j.remarks())
		}
	}
}

func (j *journal) waitRemark(t testing.TB, part string) capture.Record {
	t.Helper()
	return j.wait(t, "remark with "+part, func(r *capture.Record) bool {
		return r.Kind == capture.Remark && strings.Contains(r.Text, part)
	})
}

// received returns the bytes that one side of a connection sent, as observed, and
// fails if the frames' offsets do not fit together.
func (j *journal) received(t testing.TB, id uint32, from decode.Sender) []byte {
	t.Helper()
	var b []byte
	for _, r := range j.all() {
		if r.Kind != capture.Data || r.Conn.ID != id || r.From != from {
			continue
		}
		if r.Frame.Offset != int64(len(b)) {
			t.Errorf("connection %d, %s: frame at offset %d, want %d", id, from, r.Frame.Offset, len(b))
		}
		b = append(b, r.Frame.Raw...)
	}
	return b
}

// start runs a proxy. It listens on a port of the system's choice unless cfg says
// otherwise, and keeps a journal unless cfg has an observer.
func start(t testing.TB, cfg Config) (*Proxy, *journal) {
	t.Helper()
	j := &journal{}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Observer == nil {
		cfg.Observer = j
		cfg.Lossless = true
	}
	gated(&cfg)
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Listen(); err != nil {
		p.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("remarks: %q", j.remarks())
		}
	})
	served := make(chan error, 1)
	go func() { served <- p.Serve(context.Background()) }()
	t.Cleanup(func() {
		p.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return p, j
}

// gatedEnv has all tests go through a gate where nothing is armed, or, with the value "all",
// where a stage looks at every message and lets it pass: what the relay promises holds, but
// for the tests that want half a command at once.
const gatedEnv = "MSNPROXY_TEST_GATED"

func gated(cfg *Config) {
	how := os.Getenv(gatedEnv)
	if how == "" || cfg.Gate != nil {
		return
	}
	cfg.Gate = gate.New(gate.Options{})
	if how == "all" {
		cfg.Gate.Add(looks(func(*decode.Message, *action.Effect) gate.Waiter { return nil }))
	}
}

// dial connects to addr as a client does.
func dial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// pair returns a client and the server's end of its connection through p.
func pair(t testing.TB, p *Proxy, u *upstream) (client, server *net.TCPConn) {
	t.Helper()
	client = dial(t, p.Addr().String())
	return client, u.next(t)
}

func send(t testing.TB, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatalf("send %q: %v", s, err)
	}
}

// expect reads exactly s.
func expect(t testing.TB, c net.Conn, s string) {
	t.Helper()
	b := make([]byte, len(s))
	n, err := io.ReadFull(c, b)
	if string(b[:n]) != s {
		t.Fatalf("got %q (%v), want %q", b[:n], err, s)
	}
}

// line reads a line, byte by byte so that nothing after it is lost.
func line(t testing.TB, c net.Conn) string {
	t.Helper()
	var b []byte
	for one := make([]byte, 1); ; {
		if _, err := c.Read(one); err != nil {
			t.Fatalf("after %q: %v", b, err)
		}
		if b = append(b, one[0]); one[0] == '\n' {
			return string(b)
		}
	}
}

// expectEOF reads the end of the stream and nothing before it.
func expectEOF(t testing.TB, c net.Conn) {
	t.Helper()
	n, err := c.Read(make([]byte, 1))
	if n != 0 || err != io.EOF {
		t.Fatalf("read %d bytes, %v; want the end of the stream", n, err)
	}
}

// expectReset reads a reset, whatever bytes come before it.
func expectReset(t testing.TB, c net.Conn) {
	t.Helper()
	_, err := io.Copy(io.Discard, c)
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("read ended with %v, want a reset", err)
	}
}

// dialReset connects to addr, says something, and wants to be reset, which may come
// before the connecting is over.
func dialReset(t testing.TB, addr, say string) {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, patience)
	if err == nil {
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err = io.WriteString(c, say); err == nil {
			_, err = io.Copy(io.Discard, c)
		}
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("ended with %v, want a reset", err)
	}
}

// sink is the far end of a link without a network: it keeps what each write
// brought.
type sink struct {
	net.Conn
	addr   netip.AddrPort
	writes [][]byte
}

func (s *sink) Write(b []byte) (int, error) {
	s.writes = append(s.writes, bytes.Clone(b))
	return len(b), nil
}
func (s *sink) RemoteAddr() net.Addr        { return net.TCPAddrFromAddrPort(s.addr) }
func (s *sink) LocalAddr() net.Addr         { return net.TCPAddrFromAddrPort(s.addr) }
func (s *sink) SetDeadline(time.Time) error { return nil }
func (s *sink) all() string                 { return string(bytes.Join(s.writes, nil)) }

// bare is a connection without a network, to feed its links by hand.
type bare struct {
	*conn
	toClient, toServer *sink
}

// newBare makes one for a client at 192.0.2.77 that reached the proxy at
// 192.0.2.1:1863 and a server at serverIP.
func newBare(t testing.TB, p *Proxy, serverIP string) *bare {
	t.Helper()
	b := &bare{
		toClient: &sink{addr: netip.MustParseAddrPort("192.0.2.77:1050")},
		toServer: &sink{addr: netip.AddrPortFrom(netip.MustParseAddr(serverIP), 1863)},
	}
	b.conn = newConn(p, b.toClient, nil)
	b.conn.local = netip.MustParseAddrPort("192.0.2.1:1863")
	b.conn.server = b.toServer
	b.conn.up.dst = b.toServer
	b.conn.down = link{c: b.conn, from: decode.Server, dst: b.toClient, bytes: &p.count.fromServers}
	return b
}

// feed carries on what one read brought.
func (b *bare) feed(t testing.TB, l *link, piece string) {
	t.Helper()
	w := takeWork()
	defer w.free()
	w.in = w.buf[:copy(w.buf[:], piece)]
	if err := l.carry(w); err != nil {
		t.Fatal(err)
	}
}

// idleProxy is a proxy that only lends its settings to bare connections.
func idleProxy(t testing.TB, cfg Config) (*Proxy, *journal) {
	t.Helper()
	j := &journal{}
	cfg.Observer, cfg.Lossless = j, true
	if cfg.Upstream == "" {
		cfg.Upstream = "ns.example.com"
	}
	cfg.Listen = "127.0.0.1:0"
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := p.Listen(); err != nil {
		t.Fatal(err)
	}
	return p, j
}
