package proxy

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// modelWrites is how many writes TestModel makes. CONTRIBUTING.md says what ten
// million of them have shown.
var modelWrites = flag.Int("model.writes", 200_000, "`writes` that are compared with the model of rewriting")

// A model of rewriting, which knows nothing of how the proxy does it: what it makes
// up it knows the meaning of, and so what must come out.

// item is a piece of a stream that is changed as a whole or not at all.
type item struct {
	in, out string
	whole   bool // it is changed only if it comes in one piece
}

// maker makes up what a server sends.
type maker struct {
	r       *rand.Rand
	told    string // what clients are told instead of any address
	rosters bool   // it is known what comes in one piece
	most    int    // the longest payload that is taken for one
	foreign bool   // the connection did not begin as MSNP
	queue   []item
}

func (m *maker) pick(list ...string) string { return list[m.r.IntN(len(list))] }

// plain is a command of a server that fits the protocol, and means nothing to the
// proxy.
func (m *maker) plain() string {
	return m.pick("QNG 40\r\n", "QNG\r\n", "NLN NLN bob@example.com Bob%20B\r\n", "FLN bob@example.com\r\n", "CHL 0 15570131571988941333\r\n",
		"JOI bob@example.com Bob\r\n", "BYE bob@example.com\r\n", fmt.Sprintf("217 %d\r\n", m.r.IntN(1e6)), "NLN BSY bob@example.com B\n", "OUT OTH\r\n")
}

func (m *maker) addr() string {
	return m.pick("65.54.239.9:1863", "65.54.239.9", "10.0.0.5:1863", "sb.example.com:1864", "[2001:db8::9]:1863", "a.b:80", "127.0.0.1:25", "169.254.169.254:80")
}

// redirect is one that can be followed, A where its address stands.
func (m *maker) redirect() string {
	return m.pick("XFR 3 NS A\r\n", "XFR 3 NS A 0\r\n", "XFR 3 NS A 0 A\r\n", "XFR 3 NS A U D\r\n", "XFR 3 NS A\n", "XFR  3 NS  A 0 \r\n", "XFR 3 NS A\r\r\n",
		"XFR 3 SB A CKI 17.2.3\r\n", "XFR 3 SB A CKI c U messenger.msn.com 1\r\n", "RNG 11 A CKI 84.5 bob@example.com Bob\r\n")
}

// noRedirect looks like one, to somebody.
func (m *maker) noRedirect() string {
	return m.pick("XFR 0 NS 0\r\n", "XFR 3 NS 10.0.0.5:+80 0\r\n", "XFR 3 NS 10.0.0.5;1863\r\n", "XFR 3 SB\r\n", "RNG 1 10.0.0.5:65561 CKI 1 bob@example.com Bob\r\n",
		"XFR 3 NS http://10.0.0.5/ 0\r\n", "XFR 3 NS 10.0.0.5\x00 0\r\n", "XFR 3 NS *.gateway.example.com:1863 G D aG9w\r\n", "RNG\r\n")
}

// lines are of the kind that a payload may be made of, and that would be commands.
func (m *maker) lines(size int) string {
	var b strings.Builder
	for b.Len() < size {
		if m.r.IntN(3) == 0 {
			b.WriteString(strings.ReplaceAll(m.redirect(), "A", m.addr()))
		} else {
			b.WriteString(m.plain())
		}
	}
	return b.String()
}

func same(s string) item { return item{in: s, out: s} }

// add puts a redirect into the queue that is rewritten or not.
func (m *maker) addRedirect(rewritten bool) {
	line := m.redirect()
	in, out := line, strings.ReplaceAll(line, "A", m.told)
	for strings.Contains(in, "A") {
		in = strings.Replace(in, "A", m.addr(), 1)
	}
	if !rewritten || m.foreign {
		out = in
	}
	m.queue = append(m.queue, item{in: in, out: out})
}

// recover puts what comes after bytes without sense: some commands in a row, and a
// redirect that is rewritten if they were five at least. If they were not, nonsense
// comes again.
func (m *maker) recover() {
	for {
		row := m.r.IntN(12)
		for range row {
			m.queue = append(m.queue, same(m.plain()))
		}
		m.addRedirect(row >= 5)
		if row >= 5 {
			return
		}
		m.queue = append(m.queue, same(m.nonsense()))
	}
}

func (m *maker) nonsense() string {
	return m.pick("\x00\x01zz\r\n", "what?\r\n", "\x16\x03\x01\r\n", "xfr 3 NS 10.0.0.5:1863 0\r\n", "\xff\n")
}

// next returns the next piece. All before it make sense, or were followed by enough
// that does.
func (m *maker) next() item {
	if len(m.queue) == 0 {
		m.more()
	}
	i := m.queue[0]
	m.queue = m.queue[1:]
	return i
}

func (m *maker) more() {
	add := func(s string) { m.queue = append(m.queue, same(s)) }
	msg := func(from, body string) string { return fmt.Sprintf("MSG %s %d\r\n%s", from, len(body), body) }
	const user = "bob@example.com Bob"
	switch k := m.r.IntN(100); {
	case k < 45:
		add(m.plain())
	case k < 65:
		m.addRedirect(true)
	case k < 70:
		add(m.noRedirect())
	case k < 78:
		body := m.lines(m.r.IntN(m.most))
		add(msg(user, body[:min(len(body), m.most)]))
	case k < 86:
		body := make([]byte, m.r.IntN(m.most+1))
		for i := range body {
			body[i] = byte(m.r.Uint32())
		}
		add(msg(user, string(body)))
	case k < 89:
		add(m.pick("ZZZ 1 some thing\r\n", "\r\n", "\n", "ABC\r\n", "NLN\r\n"))
	case k < 92 && m.rosters:
		const head = "MIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\nRoster: 17;"
		const tail = "\r\n\r\nType: 1\r\n"
		i := same(msg("Hotmail Hotmail", head+m.addr()+tail))
		if !m.foreign {
			i.out, i.whole = msg("Hotmail Hotmail", head+m.told+tail), true
		}
		m.queue = append(m.queue, i)
	case k < 95:
		add(msg(user, "MIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\nRoster: 17;10.0.0.5:1863\r\n\r\nhi"))
	case k < 98:
		add(m.nonsense())
		m.recover()
	default:
		add(msg(user, m.lines(m.most+1)))
		m.recover()
	}
}

// begin is how links begin that are no MSNP, if m.foreign.
func (m *maker) begin() string {
	return m.pick("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", "220 mail.example.com ESMTP\r\n", "THE text about XFR\r\n", "\x05\x00", "\x16\x03\x01\x00\x02\x02\x01\r\n", "* OK\r\n")
}

// mayBeRedirect reports whether a line that begins so may turn out to be one.
func mayBeRedirect(s string) bool {
	s = s[:min(len(s), 3)]
	return strings.HasPrefix("XFR", s) || strings.HasPrefix("RNG", s)
}

// stream makes up a whole link of a server in writes, and what must come out of each
// so far: from least to most of want.
type write struct {
	in          string
	least, most int
}

func (m *maker) stream(writes, size int) (list []write, want string) {
	var in, out strings.Builder
	var items []item
	if m.foreign {
		items = append(items, same(m.begin()))
	} else {
		items = append(items, same(m.plain()))
	}
	var cuts []int // ends of writes
	for end := 0; len(cuts) < writes; {
		end += 1 + m.r.IntN(1+m.r.IntN(size))
		cuts = append(cuts, end)
	}
	end := cuts[len(cuts)-1]
	for n := 0; n < end; {
		var i item
		if len(items) > 0 {
			i, items = items[0], nil
		} else {
			i = m.next()
		}
		if n+len(i.in) > end { // the server hangs up in the middle of it
			i.in = i.in[:end-n]
			i.out = i.in
		}
		from, to := n, n+len(i.in)
		if i.whole {
			for _, c := range cuts[len(list):] {
				if c > from && c < to {
					i.out = i.in
					break
				}
				if c >= to {
					break
				}
			}
		}
		// The writes that end in this piece.
		for len(list) < len(cuts) && cuts[len(list)] <= to {
			c := cuts[len(list)]
			begin := 0
			if len(list) > 0 {
				begin = cuts[len(list)-1]
			}
			w := write{in: (in.String() + i.in[:c-from])[begin:]}
			w.least, w.most = out.Len(), out.Len()+c-from
			switch {
			case c == to:
				w.least, w.most = out.Len()+len(i.out), out.Len()+len(i.out)
				if n+len(i.in) == end && !strings.HasSuffix(i.in, "\n") {
					w.least = out.Len() // it may be held until the end
				}
			case !mayBeRedirect(i.in[:c-from]):
				w.least = w.most
			}
			list = append(list, w)
		}
		in.WriteString(i.in)
		out.WriteString(i.out)
		n = to
	}
	return list, out.String()
}

// TestModel compares what comes out of links with what the model says, in any
// pieces, cut off anywhere, and that nothing but a redirect is held on the way.
func TestModel(t *testing.T) {
	p, err := New(Config{Upstream: "ns.example.com", Advertise: "192.0.2.1:1863", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Listen(); err != nil {
		t.Fatal(err)
	}
	seed := uint64(1)
	if *modelWrites != 200_000 {
		seed = uint64(time.Now().UnixNano())
	} else if testing.Short() {
		*modelWrites = 30_000
	}
	t.Logf("seed %d", seed)
	redirects := 0
	for writes := 0; writes < *modelWrites; seed++ {
		r := rand.New(rand.NewPCG(seed, 7))
		m := &maker{r: r, told: "192.0.2.1:1863", rosters: true, most: 400, foreign: r.IntN(10) == 0}
		list, want := m.stream(1+r.IntN(400), []int{1, 5, 40, 300, 3000}[r.IntN(5)])
		writes += len(list)
		b := newBare(t, p, "65.54.239.5")
		b.down.framer.MaxPayload = m.most
		b.conn.p.observed = false
		var got []byte
		for i, w := range list {
			b.feed(t, &b.down, w.in)
			for _, part := range b.toClient.writes {
				got = append(got, part...)
			}
			b.toClient.writes = nil
			if len(got) < w.least || len(got) > w.most || string(got) != want[:len(got)] {
				t.Fatalf("seed %d, write %d (%q): %d bytes came out, want %d to %d; they differ at %d:\n got %.200q\nwant %.200q", seed, i, w.in, len(got), w.least, w.most,
					differs(string(got), want), got[max(0, min(len(got), differs(string(got), want))-60):], want[max(0, differs(string(got), want)-60):])
			}
		}
		if err := b.down.flush(); err != nil {
			t.Fatal(err)
		}
		for _, part := range b.toClient.writes {
			got = append(got, part...)
		}
		if string(got) != want {
			t.Fatalf("seed %d: at the end %d bytes, want %d; they differ at %d", seed, len(got), len(want), differs(string(got), want))
		}
		redirects += strings.Count(want, m.told)
	}
	if redirects < *modelWrites/100 {
		t.Errorf("only %d redirects were rewritten: the model is idle", redirects)
	}
}

// TestModelAtBothEnds does so through a proxy and sockets: both directions at a time,
// closed by either end, by halves, or cut off.
func TestModelAtBothEnds(t *testing.T) {
	u := newUpstream(t)
	for seed := range uint64(40) {
		// Each time another one, as a proxy sends a client where a redirect leads.
		p, err := New(Config{Upstream: u.Addr().String(), Advertise: "192.0.2.1:1863", Listen: "127.0.0.1:0", MaxPayload: 400})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Listen(); err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- p.Serve(t.Context()) }()
		r := rand.New(rand.NewPCG(seed, 9))
		m := &maker{r: r, told: "192.0.2.1:1863", most: 400, foreign: seed%8 == 7}
		down, want := m.stream(200, 200)
		up, _ := m.stream(200, 200)
		client := dial(t, p.Addr().String())
		send(t, client, "VER 1 MSNP7 CVR0\r\n")
		server := u.next(t)
		expect(t, server, "VER 1 MSNP7 CVR0\r\n")
		var wantUp strings.Builder
		for _, w := range up {
			wantUp.WriteString(w.in)
		}
		var wait sync.WaitGroup
		run := func(c *net.TCPConn, list []write) {
			wait.Go(func() {
				for _, w := range list {
					if _, err := io.WriteString(c, w.in); err != nil {
						t.Errorf("seed %d: %v", seed, err)
						return
					}
				}
				if err := c.CloseWrite(); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			})
		}
		hear := func(c *net.TCPConn, want, who string) {
			wait.Go(func() {
				got, err := io.ReadAll(c)
				if err != nil || !bytes.Equal(got, []byte(want)) {
					t.Errorf("seed %d: the %s got %d bytes (%v), want %d; they differ at %d", seed, who, len(got), err, len(want), differs(string(got), want))
				}
			})
		}
		switch seed % 3 {
		case 0: // both at a time
			run(client, up)
			run(server, down)
			hear(client, want, "client")
			hear(server, wantUp.String(), "server")
			wait.Wait()
		case 1: // the client is done before the server begins
			run(client, up)
			hear(server, wantUp.String(), "server")
			wait.Wait()
			run(server, down)
			hear(client, want, "client")
			wait.Wait()
		case 2:
			run(server, down)
			hear(client, want, "client")
			wait.Wait()
			run(client, up)
			hear(server, wantUp.String(), "server")
			wait.Wait()
		}
		client.Close()
		server.Close()
		p.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}
