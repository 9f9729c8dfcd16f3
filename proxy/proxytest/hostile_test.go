package proxytest

import (
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"
)

// alive checks that the server still serves others.
func alive(t *testing.T, s *Server) {
	t.Helper()
	w := enter(t, s, 7, carol, "caterpillar")
	w.send("PNG\r\n")
	w.want("QNG\r\n")
}

func TestHostileBytes(t *testing.T) {
	s := start(t, Config{Linger: 20 * time.Millisecond})
	random := rand.New(rand.NewPCG(1, 2))
	garbage := make([]byte, 100<<10)
	for i := range garbage {
		garbage[i] = byte(random.Uint32())
	}
	for _, addr := range []string{s.DS, s.NS, s.SB} {
		for _, text := range []string{
			string(garbage),
			strings.Repeat("A", 1<<20),
			"VER 1 " + strings.Repeat("MSNP7 ", 10000),
			"MSG 1 U 999999999\r\n",
			"SDC 1 a b c d X X e 4294967296\r\n",
			"QRY 1 x 8193\r\n",
			"TFR\r\n\x00\x01\x02",
			"FIL 5\r\n\x00\x05\x00hello",
			"\x00\r\n",
			strings.Repeat("\r", 10),
		} {
			w := dialWire(t, addr)
			io.WriteString(w.nc, text) // may fail: the server closes in the middle
			if _, err := io.Copy(io.Discard, w.r); isTimeout(err) {
				t.Errorf("%.20q: the server does not close", text)
			}
		}
	}
	alive(t, s)
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}

// TestHostileHalves leaves commands unfinished; Close ends them all.
func TestHostileHalves(t *testing.T) {
	s := start(t, Config{})
	for _, text := range []string{"", "V", "VER 1 MSNP7", "VER 1 MSNP7\r", "MSG 1 U 10\r\nabc"} {
		for _, addr := range []string{s.DS, s.NS, s.SB} {
			dialWire(t, addr).send(text)
		}
	}
	alive(t, s)
	s.Close()
	if n := s.Conns(); n != 0 {
		t.Errorf("%d connections left", n)
	}
}

// TestHostileNeverReads asks and asks, and reads nothing.
func TestHostileNeverReads(t *testing.T) {
	s := start(t, Config{WriteTimeout: 50 * time.Millisecond})
	w := enter(t, s, 7, alice, "wonderland")
	w.nc.(*net.TCPConn).SetReadBuffer(4 << 10)
	ask := []byte(strings.Repeat("SYN 4 0\r\n", 100))
	for range 100_000 {
		// Each for itself: on a busy machine all of them take long.
		w.nc.SetWriteDeadline(time.Now().Add(20 * time.Second))
		if _, err := w.nc.Write(ask); err != nil {
			if isTimeout(err) {
				t.Fatal("the server neither reads nor closes")
			}
			alive(t, s)
			return
		}
	}
	t.Fatal("the server takes everything and sends nothing")
}

// TestHostileListener floods a conversation in which one party never reads: it
// is put out, and the sender goes on.
func TestHostileListener(t *testing.T) {
	s, a, b := both(t, Config{WriteTimeout: 50 * time.Millisecond})
	hers := open(t, s, a, alice, "Alice")
	hers.send("CAL 2 bob@example.com\r\n")
	hers.want("CAL 2 RINGING ")
	hers.line()
	his := dialWire(t, s.SB)
	his.send(ring(b, s, bob))
	hers.want("JOI bob@example.com Bob%20M%C3%BCller\r\n")
	flood := strings.Repeat("MSG 3 U 1600\r\n"+strings.Repeat("x", 1600), 10)
	gone := make(chan string, 1)
	go func() {
		line, _ := hers.r.ReadString('\n')
		gone <- line
	}()
	for range 10_000 {
		hers.send(flood)
		select {
		case line := <-gone:
			if line != "BYE bob@example.com\r\n" {
				t.Fatalf("%q", line)
			}
			hers.send("MSG 4 A 1\r\nx")
			if line := hers.line(); line != "NAK 4" {
				t.Fatalf("%q", line)
			}
			return
		default:
		}
	}
	t.Fatal("the one who does not read stays")
}

func TestTooManyConnections(t *testing.T) {
	s := start(t, Config{MaxConns: 2})
	first, second := dialWire(t, s.NS), dialWire(t, s.DS)
	for _, w := range []*wire{first, second} {
		w.send("VER 1 MSNP7\r\n")
		w.want("VER 1 MSNP7\r\n")
	}
	dialWire(t, s.SB).closed()
	first.send("OUT\r\n")
	first.want("OUT\r\n")
	first.closed()
	first.nc.Close()
	for s.Conns() > 1 {
		time.Sleep(time.Millisecond)
	}
	alive(t, s)
}

// FuzzServer says anything on a fresh connection, or on one that is signed in;
// the server must close it in the end and go on serving.
func FuzzServer(f *testing.F) {
	for _, text := range []string{
		"SYN 4 0\r\nCHG 5 NLN\r\nXFR 6 SB\r\n", "ADD 4 FL bob@example.com Bob 0\r\nREM 5 FL bob@example.com 0\r\n",
		"QRY 4 a 3\r\nabc", "ADG 4 a 0\r\nRMG 5 2\r\nREG 6 1 b 0\r\n", "FND 1 fname=* lname=* city=* state=* country=*\r\n",
		"VER 1 MSNP7 CVR0\r\nINF 2\r\nUSR 3 MD5 I a@b.c\r\n", "OUT\r\n", "PRP 4 PHH\r\nREA 5 alice@example.com A\r\n", "\r\n\x00",
	} {
		f.Add(text, true)
		f.Add(text, false)
	}
	s := NewServer(Config{Accounts: DemoAccounts(), Linger: 10 * time.Millisecond})
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, text string, inside bool) {
		var w *wire
		if inside {
			w = enter(t, s, 7, alice, "wonderland")
		} else {
			w = dialWire(t, s.NS)
		}
		io.WriteString(w.nc, text)
		w.nc.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, w.r); isTimeout(err) {
			t.Errorf("%q: the server does not close", text)
		}
		alive(t, s)
	})
}
