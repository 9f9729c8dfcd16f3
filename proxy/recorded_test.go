package proxy

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
)

// packet is a TCP segment of a recording.
type packet struct {
	from, to netip.AddrPort
	seq      uint32
	flags    byte
	data     []byte
}

const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	_
	flagACK
)

// readPackets reads a classic pcap of Ethernet, IPv4 and TCP, which the recordings
// are.
func readPackets(t *testing.T, path string) (list []packet) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) < 24 || binary.LittleEndian.Uint32(b)&^0x89ff != 0xa1b2c3d4&^0x89ff || binary.LittleEndian.Uint32(b[20:]) != 1 {
		t.Fatalf("%s: no pcap of Ethernet", path)
	}
	for b = b[24:]; len(b) >= 16; {
		n := binary.LittleEndian.Uint32(b[8:])
		frame := b[16 : 16+n]
		b = b[16+n:]
		if binary.BigEndian.Uint16(frame[12:]) != 0x0800 || frame[23] != 6 {
			continue
		}
		ip := frame[14:]
		ip = ip[:binary.BigEndian.Uint16(ip[2:])]
		tcp := ip[int(ip[0]&15)*4:]
		at := func(ip, port []byte) netip.AddrPort {
			return netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip)), binary.BigEndian.Uint16(port))
		}
		list = append(list, packet{
			from: at(ip[12:16], tcp), to: at(ip[16:20], tcp[2:]),
			seq: binary.BigEndian.Uint32(tcp[4:]), flags: tcp[13],
			data: tcp[int(tcp[12]>>4)*4:],
		})
	}
	return list
}

// end is one end of a connection that is played: what it reads is collected.
type end struct {
	conn *memoryConn
	sent []byte // as recorded
	next uint32 // sequence number of what it sends next

	mu   sync.Mutex
	got  []byte
	done chan struct{}
}

func (e *end) collect() {
	defer close(e.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := e.conn.Read(buf)
		e.mu.Lock()
		e.got = append(e.got, buf[:n]...)
		e.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// has fails the test unless the end has got so many bytes.
func (e *end) has(t *testing.T, n int) {
	t.Helper()
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.got) < n {
		t.Fatalf("only %d of %d bytes came; the last: %q", len(e.got), n, e.got[max(0, len(e.got)-200):])
	}
}

var (
	redirectNS = regexp.MustCompile(`(?m)^(XFR \d+ NS )([0-9.]+:\d+)( 0 )?([0-9.]+:\d+)?`)
	redirectSB = regexp.MustCompile(`(?m)^(XFR \d+ SB |RNG \S+ )\S+( CKI )`)
)

// rewritten is what the client must get of what the server sent: all redirects lead
// to the proxy.
func rewritten(sent []byte, proxy string) string {
	s := redirectSB.ReplaceAllString(string(sent), "${1}"+proxy+"${2}")
	return redirectNS.ReplaceAllStringFunc(s, func(m string) string {
		g := redirectNS.FindStringSubmatch(m)
		if g[4] != "" {
			g[4] = proxy
		}
		return g[1] + proxy + g[3] + g[4]
	})
}

// settled returns how many bytes the client must have got at once: all, but for a
// redirect's line without its end.
func settled(sent []byte, proxy string) int {
	last := sent[strings.LastIndexByte(string(sent), '\n')+1:]
	for _, verb := range []string{"XFR ", "RNG "} {
		if len(last) > 0 && strings.HasPrefix(string(last[:min(4, len(last))]), verb[:min(4, len(last))]) {
			sent = sent[:len(sent)-len(last)]
		}
	}
	return len(rewritten(sent, proxy))
}

// player plays a recording through a live proxy.
type player struct {
	t       *testing.T
	m       *memory
	servers map[netip.AddrPort]*memoryListener // by recorded address
	conns   map[[2]netip.AddrPort][2]*end
	played  []([2]*end)
	step    int  // bytes a write; 0: a segment
	gated   bool // what is incomplete waits
}

// TestRecordingsThroughTheProxy plays what real clients and servers said, and finds
// that each end gets the very bytes, but for the addresses in redirects.
func TestRecordingsThroughTheProxy(t *testing.T) {
	files, err := filepath.Glob("../capture/testdata/*.pcap")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		for _, how := range []struct {
			name string
			step int
			when string // of a rule in force, which matches nothing
		}{
			{"segments", 0, ""},
			{"bytes", 1, ""},
			{"segments, one verb gated", 0, `verb == "MSG" && text == "nobody says that"`},
			{"segments, all gated", 0, `account == "nobody@example.com"`},
			{"bytes, all gated", 1, `account == "nobody@example.com"`},
		} {
			t.Run(filepath.Base(file)+"/"+how.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var g *gate.Gate
					if how.when != "" {
						g = stages(t, how.when, "drop")
					}
					playRecording(t, file, how.step, g)
				})
			})
		}
	}
}

func playRecording(t *testing.T, file string, step int, g *gate.Gate) {
	packets := readPackets(t, file)
	packets = slices.DeleteFunc(packets, func(p packet) bool {
		return p.from.Port() == 6891 || p.to.Port() == 6891 // MSNFTP goes from client to client
	})
	pl := &player{t: t, step: step, gated: g != nil, servers: map[netip.AddrPort]*memoryListener{}, conns: map[[2]netip.AddrPort][2]*end{}}
	var first netip.AddrPort
	for _, p := range packets {
		if p.flags&(flagSYN|flagACK) == flagSYN && pl.servers[p.to] == nil {
			if !first.IsValid() {
				first = p.to
			}
			pl.servers[p.to] = newMemoryListener(p.to.String())
		}
	}
	cfg := Config{
		Gate:     g,
		Upstream: first.String(), Allow: anyLoopback, Listener: newMemoryListener("127.0.0.1:18630"),
		Dialer: func(_ context.Context, _, addr string) (net.Conn, error) {
			l := pl.servers[netip.MustParseAddrPort(addr)]
			if l == nil {
				return nil, fmt.Errorf("%s is not in the recording", addr)
			}
			return l.Dial("192.0.2.7:5000"), nil
		},
	}
	inBubble(t, cfg, func(m *memory) {
		pl.m = m
		for _, p := range packets {
			pl.play(p)
		}
		pl.compare()
	})
}

// compare compares what came with what was sent.
func (pl *player) compare() {
	t, proxy, j := pl.t, pl.m.p, pl.m.j
	self := proxy.Addr().String()
	bytes := 0
	for i, ends := range pl.played {
		for _, e := range ends {
			_ = e.conn.CloseWrite()
		}
		for _, e := range ends {
			<-e.done
		}
		bytes += len(ends[0].sent) + len(ends[1].sent)
		if got, want := string(ends[1].got), string(ends[0].sent); got != want {
			t.Errorf("connection %d: the server got\n%q, want\n%q", i, got, want)
		}
		if got, want := string(ends[0].got), rewritten(ends[1].sent, self); got != want {
			t.Errorf("connection %d: the client got\n%q, want\n%q", i, got, want)
		}
	}
	if len(pl.played) < 4 || bytes < 2000 {
		t.Errorf("only %d connections and %d bytes were played", len(pl.played), bytes)
	}
	if s := proxy.Stats(); s.Redirects == 0 || s.Refused != 0 {
		t.Errorf("%+v", s)
	}
	proxy.Close()
	for _, text := range j.remarks() {
		t.Logf("remark: %s", text)
	}
	for i, ends := range pl.played {
		for k, from := range []decode.Sender{decode.Client, decode.Server} {
			if got := j.received(t, uint32(i+1), from); string(got) != string(ends[k].sent) {
				t.Errorf("connection %d: the %s's frames make %d bytes, want %d", i, from, len(got), len(ends[k].sent))
			}
		}
	}
	for _, r := range j.all() {
		if r.Kind == capture.Closed && r.Reset {
			t.Errorf("connection %d ended with a reset: %s", r.Conn.ID, r.Text)
		}
	}
}

// play plays one packet.
func (pl *player) play(p packet) {
	t := pl.t
	t.Helper()
	if p.flags&(flagSYN|flagACK) == flagSYN {
		client := &end{conn: pl.m.clients.Dial(fmt.Sprintf("198.51.100.9:%d", 1055+len(pl.played))), next: p.seq + 1, done: make(chan struct{})}
		go client.collect()
		ends := [2]*end{client, {done: make(chan struct{})}}
		pl.conns[[2]netip.AddrPort{p.from, p.to}] = ends
		pl.played = append(pl.played, ends)
		return
	}
	who := 0
	ends, ok := pl.conns[[2]netip.AddrPort{p.from, p.to}]
	server := p.to
	if !ok {
		who, server = 1, p.from
		ends = pl.conns[[2]netip.AddrPort{p.to, p.from}]
	}
	if ends[0] == nil {
		return
	}
	e, other := ends[who], ends[1-who]
	if p.flags&flagSYN != 0 {
		e.next = p.seq + 1
		return
	}
	if skip := e.next - p.seq; len(p.data) > 0 && int32(skip) >= 0 && int(skip) < len(p.data) {
		data := p.data[skip:]
		e.next += uint32(len(data))
		pl.write(e, data)
		if ends[1].conn == nil {
			ends[1].conn = pl.servers[server].Next()
			go ends[1].collect()
		}
		e.sent = append(e.sent, data...)
		if pl.gated {
			synctest.Wait()
		} else if who == 0 {
			other.has(t, len(e.sent))
		} else {
			other.has(t, settled(e.sent, pl.m.p.Addr().String()))
		}
	}
	if p.flags&flagFIN != 0 && e.conn != nil {
		_ = e.conn.CloseWrite()
	}
}

func (pl *player) write(e *end, data []byte) {
	step := pl.step
	if step == 0 {
		step = len(data)
	}
	for len(data) > 0 {
		n := min(step, len(data))
		if _, err := e.conn.Write(data[:n]); err != nil && err != io.ErrClosedPipe {
			pl.t.Fatal(err)
		}
		if data = data[n:]; pl.step > 0 {
			synctest.Wait() // it is read before the next byte comes
		}
	}
}
