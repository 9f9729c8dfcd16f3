package proxy

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// streams are inputs of every sort, none of which holds anything to rewrite.
func streams(r *rand.Rand) map[string][]byte {
	noise := make([]byte, 20_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	letters := make([]byte, 20_000)
	for i := range letters {
		letters[i] = "XFRNGSMUVEDBYAKC 0123.:\r\n"[r.IntN(25)]
	}
	var commands strings.Builder
	for i := range 100 {
		body := strings.Repeat("x", r.IntN(300))
		for _, s := range []string{
			"VER %d MSNP7 MSNP6 CVR0\r\n", "INF  %d\r\n", "USR %d MD5 S 1013928519.693957190\r\n", "XFR 0 NS 0\r\n",
			"XFR %d SB\r\n", "\r\n", "\n", "NLN FLN bob@example.com Bob%%20%d\r\n", "217 %d\r\n", "RNG\r\n", "XFRS 1 2\r\n",
			"OUT\r\n", "PNG\r\n", "QNG %d\r\n", "CHL 0 1%d\r\n", "ZZZ %d some thing\n",
			"MSG bob@example.com Bob " + fmt.Sprint(len(body)) + "\r\n" + body,
			"MSG bob@example.com Bob 31\r\nXFR 3 NS 10.0.0.5:1863 0\r\n\r\n\r\nx",
		} {
			commands.WriteString(strings.ReplaceAll(s, "%d", fmt.Sprint(i)))
		}
	}
	return map[string][]byte{
		"noise":       noise,
		"letters":     letters,
		"commands":    []byte(commands.String()),
		"long line":   bytes.Repeat([]byte("A"), 30_000),
		"redirect?":   []byte("XFR 3 NS " + strings.Repeat("9", 20_000)),
		"lying size":  []byte("MSG 1 N 900000\r\nonly so much"),
		"huge size":   []byte("MSG 1 N 99999999999\r\nmore\r\nPNG\r\n"),
		"http":        []byte("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"),
		"no line end": []byte("PNG\r\nOUT"),
		"cut verb":    []byte("PNG\r\nXF"),
		"blanks":      bytes.Repeat([]byte("\n"), 8_000),
		"nul":         make([]byte, 10_000),
		"empty":       nil,
	}
}

// chunks cuts b at random places.
func chunks(r *rand.Rand, b []byte, most int) [][]byte {
	var list [][]byte
	for len(b) > 0 {
		n := min(len(b), 1+r.IntN(most))
		list = append(list, b[:n])
		b = b[n:]
	}
	return list
}

// TestOutputEqualsInput is the first promise, without a network between: any
// stream in any chunks, in both directions.
func TestOutputEqualsInput(t *testing.T) {
	p, j := idleProxy(t, Config{})
	r := rand.New(rand.NewPCG(1, 2))
	for name, stream := range streams(r) {
		for _, most := range []int{1, 3, 100, 1460, 60_000} {
			if most == 1 {
				stream = stream[:min(len(stream), 9000)]
			}
			b := newBare(t, p, "65.54.239.5")
			for _, l := range []*link{&b.up, &b.down} {
				for _, c := range chunks(r, stream, most) {
					b.feed(t, l, string(c))
				}
				if err := l.flush(); err != nil {
					t.Fatal(err)
				}
			}
			if b.toServer.all() != string(stream) {
				t.Errorf("%s in chunks of up to %d: the client's bytes were changed", name, most)
			}
			if b.toClient.all() != string(stream) {
				t.Errorf("%s in chunks of up to %d: the server's bytes were changed", name, most)
			}
			waitIdle(t, p)
			for _, from := range []decode.Sender{decode.Client, decode.Server} {
				if got := j.received(t, b.rec.ID, from); !bytes.Equal(got, stream) {
					t.Errorf("%s in chunks of up to %d: the %s's frames make %d bytes, want %d", name, most, from, len(got), len(stream))
				}
			}
			j.mu.Lock()
			j.records = nil
			j.mu.Unlock()
		}
	}
}

// waitIdle waits until the observer was shown everything.
func waitIdle(t testing.TB, p *Proxy) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		p.queue.mu.Lock()
		idle := p.queue.idle
		p.queue.mu.Unlock()
		if idle {
			return
		}
	}
	t.Fatal("the observer's queue does not run dry")
}

// TestPiecesKept is the second promise: each read makes one write of the same
// bytes, and only the line of a redirect is held.
func TestPiecesKept(t *testing.T) {
	p, _ := idleProxy(t, Config{})
	r := rand.New(rand.NewPCG(3, 4))
	for name, stream := range streams(r) {
		if name == "letters" || name == "redirect?" || name == "cut verb" {
			continue
		}
		b := newBare(t, p, "65.54.239.5")
		for _, c := range chunks(r, stream, 2000) {
			before := len(b.toServer.writes)
			b.feed(t, &b.up, string(c))
			if w := b.toServer.writes[before:]; len(w) != 1 || !bytes.Equal(w[0], c) {
				t.Fatalf("%s: the client's piece of %d bytes went out in %d writes", name, len(c), len(w))
			}
		}
	}
	b := newBare(t, p, "65.54.239.5")
	for _, step := range []struct{ in, out string }{
		{"MSG a b 20\r\nfirst half", "MSG a b 20\r\nfirst half"},
		{"XFR 1 NS ", "XFR 1 NS "}, // still payload
		{"\n", "\n"},
		{"X", ""},
		{"F", ""},
		{"P 1\r\n", "XFP 1\r\n"},
		{"PNG\r\nRN", "PNG\r\n"},
		{"G 1 65.54.239.9:1863 CKI 1.2", ""},
		{" bob@example.com Bob\r", ""},
		{"\nQNG\r\nMSG a b 3\r\nX", "RNG 1 " + b.mainAddr() + " CKI 1.2 bob@example.com Bob\r\nQNG\r\nMSG a b 3\r\nX"},
		{"FR", "FR"},
		{"\r", "\r"},
		{"\n", "\n"},
		{"R", ""},
	} {
		before := len(b.toClient.writes)
		b.feed(t, &b.down, step.in)
		got := string(bytes.Join(b.toClient.writes[before:], []byte("|")))
		if got != step.out {
			t.Errorf("after %q came %q, want %q", step.in, got, step.out)
		}
	}
	if err := b.down.flush(); err != nil || !strings.HasSuffix(b.toClient.all(), "\r\nR") {
		t.Errorf("at the end: %q, %v; want what was held", b.toClient.all(), err)
	}
}

// TestLiveRelay sends every stream through sockets in both directions at once.
func TestLiveRelay(t *testing.T) {
	u := newUpstream(t)
	p, j := start(t, Config{Upstream: u.Addr().String()})
	r := rand.New(rand.NewPCG(5, 6))
	for name, stream := range streams(r) {
		for _, most := range []int{1, 1460, 60_000} {
			if most == 1 {
				stream = stream[:min(len(stream), 3000)]
			}
			client, server := pair(t, p, u)
			done := make(chan error, 2)
			for _, c := range []*net.TCPConn{client, server} {
				pieces := chunks(rand.New(rand.NewPCG(7, 8)), stream, most)
				go func() {
					for _, piece := range pieces {
						if _, err := c.Write(piece); err != nil {
							done <- err
							return
						}
					}
					done <- c.CloseWrite()
				}()
			}
			fromClient := make(chan []byte)
			go func() {
				b, _ := io.ReadAll(server)
				fromClient <- b
			}()
			fromServer, err := io.ReadAll(client)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got := <-fromClient; !bytes.Equal(got, stream) {
				t.Errorf("%s, pieces of up to %d: the server got %d bytes, want %d", name, most, len(got), len(stream))
			}
			if !bytes.Equal(fromServer, stream) {
				t.Errorf("%s, pieces of up to %d: the client got %d bytes, want %d", name, most, len(fromServer), len(stream))
			}
			for range 2 {
				if err := <-done; err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			client.Close()
			server.Close()
		}
	}
	p.Close()
	opened, closed := 0, 0
	for _, rec := range j.all() {
		switch rec.Kind {
		case capture.Opened:
			opened++
		case capture.Closed:
			closed++
			if rec.Reset {
				t.Errorf("connection %d ended with a reset: %s", rec.Conn.ID, rec.Text)
			}
		}
	}
	if opened == 0 || opened != closed {
		t.Errorf("%d connections opened, %d closed", opened, closed)
	}
	if s := p.Stats(); s.Open != 0 || s.Accepted != int64(opened) || s.Dropped != 0 {
		t.Errorf("in the end: %+v", s)
	}
}

// TestLivePieces finds on the wire that what one read brought one write sends.
func TestLivePieces(t *testing.T) {
	u := newUpstream(t)
	p, _ := start(t, Config{Upstream: u.Addr().String()})
	client, server := pair(t, p, u)
	buf := make([]byte, 64<<10)
	for _, way := range []struct{ from, to *net.TCPConn }{{client, server}, {server, client}} {
		for _, piece := range []string{"VER 1 MSNP7\r", "\n", "PNG\r\nPNG\r\n", "MSG 1 N 4\r\n", "ab", "cd", "OUT", strings.Repeat("z", 5000)} {
			send(t, way.from, piece)
			n, err := way.to.Read(buf)
			if string(buf[:n]) != piece {
				t.Fatalf("%.20q came as %.20q (%d of %d bytes), %v", piece, buf[:n], n, len(piece), err)
			}
		}
	}
}

func TestFramingLostAndFound(t *testing.T) {
	u := newUpstream(t)
	p, j := start(t, Config{Upstream: u.Addr().String(), Allow: []string{"127.0.0.1"}})
	client, server := pair(t, p, u)
	send(t, server, "VER 1 MSNP7\r\n\x00\x01garbage\x02\r\n")
	expect(t, client, "VER 1 MSNP7\r\n\x00\x01garbage\x02\r\n")
	j.waitRemark(t, "lost the framing at byte 13 from the server")
	send(t, server, "NLN NLN bob@example.com Bob\r\n")
	expect(t, client, "NLN NLN bob@example.com Bob\r\n")
	j.waitRemark(t, "found the framing again")
	send(t, server, "XFR 1 NS 127.0.0.1:9 0\r\n")
	expect(t, client, "XFR 1 NS 127.0.0.1:9 0\r\n")
	j.waitRemark(t, "only 1 of the 5 commands")
	send(t, server, "QNG\r\nCHL 0 1\r\nQNG\r\n")
	expect(t, client, "QNG\r\nCHL 0 1\r\nQNG\r\n")
	send(t, server, "XFR 1 NS 127.0.0.1:9 0\r\n")
	expect(t, client, "XFR 1 NS "+p.Addr().String()+" 0\r\n")
	if s := p.Stats(); s.Lost != 1 || s.Redirects != 1 {
		t.Errorf("%+v", s)
	}
}

// TestSenselessLinkIsRemarkedOnALittle feeds a link that loses and finds its place
// all the time.
func TestSenselessLinkIsRemarkedOnALittle(t *testing.T) {
	p, j := idleProxy(t, Config{})
	b := newBare(t, p, "65.54.239.5")
	for range 100 {
		b.feed(t, &b.up, "PNG\r\n")
		b.feed(t, &b.up, "\x00\x00\r\n")
	}
	waitIdle(t, p)
	if n := len(j.remarks()); n < 2 || n > maxLossRemarks {
		t.Errorf("%d remarks, want 2 to %d: %q", n, maxLossRemarks, j.remarks())
	}
}
