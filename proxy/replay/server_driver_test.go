package replay

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/capture/compare"
	"msnproxy/capture/story"
	"msnproxy/decode"
	"msnproxy/decode/challenge"
	"msnproxy/proxy"
)

// driver says what the clients of a recording said, each when it has got what was
// recorded before, and compares what comes.
type driver struct {
	t      testing.TB
	st     *story.Story
	script *script
	addr   string

	mu     sync.Mutex
	cond   *sync.Cond
	done   map[*story.Message]bool
	values Values
	failed []string
}

func (d *driver) fail(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = append(d.failed, fmt.Sprintf(format, args...))
	d.cond.Broadcast()
}

// drive plays the recording against the address, and returns what was different.
func drive(t testing.TB, st *story.Story, addr string) []string {
	d := &driver{t: t, st: st, script: newScript(st), addr: addr, done: make(map[*story.Message]bool)}
	d.cond = sync.NewCond(&d.mu)
	late := time.AfterFunc(soon, func() { d.fail("not done in %v", soon) })
	defer late.Stop()
	var work sync.WaitGroup
	for _, c := range st.Conns {
		if isPlayed(c) {
			work.Go(func() { d.conn(c) })
		}
	}
	work.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// await waits until a message was said or heard; false: something has failed.
func (d *driver) await(m *story.Message) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for !d.done[m] && len(d.failed) == 0 {
		d.cond.Wait()
	}
	return len(d.failed) == 0
}

func (d *driver) said(m *story.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done[m] = true
	d.cond.Broadcast()
}

// begins waits until a connection may begin: when the redirect has come that led to
// it, or all is said that earlier clients had said.
func (d *driver) begins(c *story.Conn) (addr string, ok bool) {
	if c.Came != nil {
		if !d.await(c.Came) {
			return "", false
		}
		r := d.st.NewReader()
		m, _, err := r.Decode(c.Came)
		if err != nil {
			d.fail("%v", err)
			return "", false
		}
		addr, ok = d.values.Live("address", string(m.Raw("address")))
		return addr, ok
	}
	for _, other := range d.st.Conns {
		for _, m := range other.Messages {
			if isPlayed(other) && other != c && m.From == decode.Client && m.Number < c.Messages[0].Number && !d.await(m) {
				return "", false
			}
		}
	}
	return d.addr, true
}

func (d *driver) conn(c *story.Conn) {
	addr, ok := d.begins(c)
	if !ok {
		return
	}
	nc, err := dialer(d.t)(d.t.Context(), "tcp", addr)
	if err != nil {
		d.fail("%v", err)
		return
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(soon))
	recorded := d.st.NewReader()
	heard := newEar(nc)
	for _, m := range c.Messages {
		q, _, err := recorded.Decode(m)
		if err != nil {
			d.fail("%v", err)
			return
		}
		switch {
		case m.From == decode.Client && m.Kind == decode.Command:
			if !d.before(m) {
				return
			}
			out, missing := d.values.Within().Translate(nil, q)
			for _, u := range missing {
				if u.Kind == answerKind && q.Name() == "QRY" {
					out = d.answer(q, heard.challenge)
				}
			}
			if _, err := nc.Write(out); err != nil {
				d.fail("message %d: %v", m.Number, err)
				return
			}
			d.said(m)
		case m.From == decode.Server && (m.Request == nil || m.Request.Index < m.Index):
			if !d.hear(heard, m, q) {
				return
			}
		}
	}
	if c.Ended && c.End == decode.Server {
		if rest, err := heard.end(); !c.Reset && (err != nil || rest != "") {
			d.fail("connection %d did not end: %q, %v", c.ID, rest, err)
		}
	}
}

// before waits until all is said that the account had said before.
func (d *driver) before(m *story.Message) bool {
	for _, c := range m.Conn.Session.Conns {
		for _, q := range c.Messages {
			if isPlayed(c) && c != m.Conn && q.From == decode.Client && q.Kind == decode.Command && q.Number < m.Number && !d.await(q) {
				return false
			}
		}
	}
	return true
}

// answer is QRY with the right answer to the live challenge.
func (d *driver) answer(q *decode.Message, posed string) []byte {
	right, _ := challenge.Respond(string(q.Raw("product")), posed)
	return q.Splice(nil, func(int, decode.Field) ([]byte, bool) { return nil, false }, []byte(right), true)
}

// hear waits for a recorded message of the server.
func (d *driver) hear(e *ear, m *story.Message, q *decode.Message) bool {
	if m.Kind != decode.Command {
		return true
	}
	live, err := e.find(q, m.Conn)
	if err != nil {
		d.fail("message %d, %s: %v; there is %q", m.Number, q.Summary(), err, e.rest())
		return false
	}
	for i := range min(q.Len(), live.Len()) {
		f, l := q.Field(i), live.Field(i)
		if f.Param == nil {
			continue
		}
		switch k := f.Param.Kind; k.Name {
		case "address", "cookie", "session":
			d.values.Set(k.Name, string(f.Raw), string(l.Raw))
			if k.Name == "cookie" && bytes.Equal(f.Raw, l.Raw) {
				d.fail("message %d: the cookie is not a new one", m.Number)
			}
		case "challenge":
			e.challenge = string(l.Raw)
		}
	}
	d.said(m)
	return true
}

// ear keeps what came on a connection.
type ear struct {
	nc        net.Conn
	framer    decode.Framer
	frames    []decode.Frame
	challenge string
}

func newEar(nc net.Conn) *ear { return &ear{nc: nc} }

func (e *ear) read() error {
	buf := make([]byte, 4096)
	n, err := e.nc.Read(buf)
	e.framer.Feed(buf[:n])
	var fr decode.Frame
	for e.framer.Next(&fr) {
		if fr.Kind == decode.Command {
			e.frames = append(e.frames, fr.Clone())
		}
	}
	return err
}

// find waits for the first frame that means the same as q.
func (e *ear) find(q *decode.Message, c *story.Conn) (*decode.Message, error) {
	for i := 0; ; {
		for ; i < len(e.frames); i++ {
			m := new(decode.Message)
			fr := e.frames[i]
			m.Decode(&fr, decode.Server, q.Role, q.Dialect)
			a, _ := m.TrID()
			b, _ := q.TrID()
			if a == b && len(compare.Messages(q, m, nil)) == 0 {
				e.frames = slices.Delete(e.frames, i, i+1)
				return m, nil
			}
		}
		if err := e.read(); err != nil {
			return nil, err
		}
	}
}

// rest is what nobody has asked for.
func (e *ear) rest() string {
	var b []byte
	for _, fr := range e.frames {
		b = append(b, fr.Raw...)
	}
	return string(b)
}

// end waits for the end of the connection and returns what came before it.
func (e *ear) end() (rest string, err error) {
	for {
		if err := e.read(); err != nil {
			if err.Error() == "EOF" {
				err = nil
			}
			return e.rest(), err
		}
	}
}

// Each recording's clients, played against a server made of it, hear what they heard.
func TestRecordedClients(t *testing.T) {
	for name, path := range recordings() {
		for _, speed := range []float64{0, 20} {
			bubbled(t, fmt.Sprintf("%s/%v", name, speed), func(t *bubble) {
				st := tell(t, path)
				s, e := serve(t, ServerConfig{Story: st, Speed: speed})
				if failed := drive(t, st, s.Addr().String()); failed != nil {
					t.Errorf("%q\n%s", failed, e)
				}
				faithful(t, s, e)
			})
		}
	}
}

// faithful finds that the server met what it had expected.
func faithful(t testing.TB, s *Server, e *events) {
	t.Helper()
	if got := e.of(unusual...); got != nil {
		t.Errorf("%q", got)
	}
	for _, p := range s.Summary() {
		if !p.Whole {
			t.Errorf("%s", p)
		}
	}
}

// The same through a live proxy: its recording is compared with the original.
func TestThroughProxy(t *testing.T) {
	for name, path := range recordings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := tell(t, path)
			s, e := serve(t, ServerConfig{Story: st})
			file := filepath.Join(t.TempDir(), "again.pcapng")
			rec, err := capture.NewRecorder(capture.RecorderOptions{Path: file})
			if err != nil {
				t.Fatal(err)
			}
			p, err := proxy.New(proxy.Config{Upstream: s.Addr().String(), Listen: "127.0.0.1:0", Allow: []string{"127.0.0.0/8"}, Recorder: rec})
			if err == nil {
				err = p.Listen()
			}
			if err != nil {
				t.Fatal(err)
			}
			served := make(chan error, 1)
			ctx := within(t, 2*soon)
			go func() { served <- p.Serve(ctx) }()
			failed := drive(t, st, p.Addr().String())
			if err := p.Shutdown(within(t, soon)); err != nil {
				t.Error(err)
			}
			<-served
			rec.Close()
			if failed != nil {
				t.Errorf("%q\n%s", failed, e)
			}
			faithful(t, s, e)
			report, err := compare.Stories(st, tell(t, file), compare.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range report.Sessions {
				for _, c := range n.Conns {
					if c.Role()&decode.FTP != 0 {
						continue // goes from client to client
					}
					if c.Kind() != compare.Same {
						t.Errorf("connection %v: %v", c.A, c.Kind())
					}
					for _, step := range c.Steps {
						if step.Kind != compare.Same {
							t.Errorf("%s: %+v", stepName(step), step)
						}
					}
				}
			}
		})
	}
}

func stepName(s compare.Step) string {
	for _, m := range []*story.Message{s.A, s.B} {
		if m != nil {
			return fmt.Sprintf("%s in message %d of %d", m.Name, m.Number, m.Conn.ID)
		}
	}
	return ""
}
