package replay

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msnproxy/proxy/proxytest"
)

// Broken clients are reported and ended; others do not notice.
func TestBrokenClients(t *testing.T) {
	s, e := serve(t, ServerConfig{Story: tell(t, demo)})
	addr := s.Addr().String()
	for _, test := range []struct {
		what, send, event string
		ends              bool
	}{
		{"garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00\xff", 300), "bytes are no MSNP", true},
		{"a browser", "GET / HTTP/1.1\r\nHost: " + strings.Repeat("x", 70<<10) + "\r\n\r\n", "bytes are no MSNP", true},
		{"a huge line", "VER 1 MSNP7\r\nUSR 2 MD5 I " + strings.Repeat("x", 80<<10), "bytes are no MSNP", true},
		{"a huge payload", "VER 1 MSNP7\r\nMSG 1 N 999999999\r\n" + strings.Repeat("x", 70<<10), "bytes are no MSNP", true},
		{"half a command", "VER 1 MSNP7\r\nUSR 2 MD", "half a command: USR", false},
		{"half a payload", "VER 1 MSNP7\r\nMSG 1 N 50\r\nhalf", "half a command: MSG", false},
		{"nothing", "", "closed by the client", false},
		{"a flood", "VER 1 MSNP7\r\n" + strings.Repeat("XYZ 1\r\n", maxUnknown+10), "requests are not in the recording", true},
	} {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(soon))
		_, _ = nc.Write([]byte(test.send))
		if test.ends {
			buf := make([]byte, 4096)
			for {
				if _, err := nc.Read(buf); err != nil {
					if os.IsTimeout(err) {
						t.Errorf("%s: the connection stays", test.what)
					}
					break
				}
			}
		}
		nc.Close()
		for until := time.Now().Add(soon); !strings.Contains(e.String(), test.event); time.Sleep(time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("%s: no event %q", test.what, test.event)
			}
		}
	}
	if err := proxytest.RunScript(within(t, soon), addr, nil, nil); err != nil {
		t.Error(err)
	}
}

// Who asks and never reads is closed before much is kept for it.
func TestUnread(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *bubble) {
		long := strings.Repeat("x", 7000)
		s, e := serve(t, ServerConfig{Story: tell(t, transcribed(t, strings.ReplaceAll(foreign+"\nC: URL 9 INBOX\nS: URL 9 /"+long+" / 1", "\n", "\r\n")))})
		c, err := t.host.Dial(t.Context(), "tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.(*proxytest.MemoryConn).SetReadBuffer(4096)
		_, _ = c.Write([]byte("VER 1 MSNP7\r\n" + strings.Repeat("URL 1 INBOX\r\n", 4096)))
		synctest.Wait()
		if !strings.Contains(e.String(), "bytes are unread") {
			t.Error(e)
		}
		c.Close()
	})
}

// A mebibyte may be unread.
func TestUnreadLimit(t *testing.T) {
	for _, test := range []struct {
		bytes int
		ends  bool
	}{{1 << 20, false}, {1<<20 + 1, true}} {
		one, _ := proxytest.MemoryPair(&net.TCPAddr{}, &net.TCPAddr{})
		e := &events{}
		c := conn{s: &Server{cfg: ServerConfig{Report: e.add}}, nc: one, out: make([]byte, test.bytes)}
		c.limit()
		c.limit()
		if got := e.of(Broken); c.closing != test.ends || (len(got) == 1) != test.ends || test.ends && (len(c.out) > 0 || !strings.Contains(got[0], "closed: 1048577 bytes are unread")) {
			t.Errorf("%d bytes: %v, %q", test.bytes, c.closing, got)
		}
	}
}

// A client too many is closed, and the others stay.
func TestTooMany(t *testing.T) { t.Parallel(); inMemory(t, tooManyInMemory) }

func tooManyInMemory(t *bubble) {
	s, e := serve(t, ServerConfig{Story: tell(t, demo), MaxConns: 1})
	first := visit(t, s.Addr().String())
	first.ask("VER 1 MSNP7\r\n", "VER 1 MSNP7\r\n")
	second := visit(t, s.Addr().String())
	second.end()
	first.ask("INF 2\r\n", "INF 2 MD5\r\n")
	if !strings.Contains(e.String(), "refused: 1 clients are connected") {
		t.Error(e)
	}
}

// transcribed writes a transcript and opens it.
func transcribed(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const foreign = `Client opens a connection to 192.0.2.1:1863
C: VER 1 MSNP7
S: VER 1 MSNP7
C: USR 2 MD5 I alice@example.com
S: XFR 2 NS 192.0.2.2:1863 0 192.0.2.1:1863
Server disconnects client
Client opens a connection to 192.0.2.2:1863
C: VER 3 MSNP7
S: VER 3 MSNP7
C: USR 4 MD5 I alice@example.com
S: USR 4 MD5 S 123
C: USR 5 MD5 S 00000000000000000000000000000000
S: USR 5 OK alice@example.com Alice 1
C: XFR 6 SB
S: XFR 6 SB 192.0.2.3:1863 CKI 1.2.3
S: RNG 77 messenger.example.com:1863 CKI 4.5.6 bob@example.com Bob
S: XFR 0 NS 192.0.2.9 0 192.0.2.2
S: NOT 52
<NOTIFICATION siteurl="http://192.0.2.4/" id="123"/>`

// Whatever addresses the recording has, clients are told ours, and we go nowhere: the
// only sockets are the port and what came to it.
func TestForeignAddresses(t *testing.T) {
	for _, perTarget := range []bool{false, true} {
		s, e := serve(t, ServerConfig{Story: tell(t, transcribed(t, strings.ReplaceAll(foreign, "\n", "\r\n"))), PerTarget: perTarget})
		if n := len(s.Addrs()); perTarget && n != 2 || !perTarget && n != 1 {
			t.Errorf("%v", s.Addrs())
		}
		before := sockets(t)
		ds := visit(t, s.Addr().String())
		ds.ask("VER 1 MSNP7\r\nUSR 2 MD5 I alice@example.com\r\n", "XFR 2 NS 127.0.0.1:")
		line := ds.want("\r\n")
		if perTarget == strings.HasPrefix("127.0.0.1:"+line, s.Addr().String()+" ") || !strings.Contains(line, " 0 "+s.Addr().String()) {
			t.Errorf("per target %v: sent to %q, from %s", perTarget, line, s.Addr())
		}
		to, _, _ := strings.Cut(line, " ")
		ds.end()
		ds.nc.Close()
		ns := visit(t, "127.0.0.1:"+to)
		ns.ask("VER 3 MSNP7\r\nUSR 4 MD5 I alice@example.com\r\n", "USR 4 MD5 S 123\r\n")
		ns.ask("USR 5 MD5 S 0\r\n", "USR 5 OK")
		got := ns.ask("XFR 6 SB\r\n", "<NOTIFICATION siteurl")
		if strings.Contains(got, "192.0.2.") || strings.Contains(got, "messenger.example.com") || strings.Count(got, "127.0.0.1:") != 4 {
			t.Errorf("alice got %q", got)
		}
		// The switchboard that the recording does not have, by rule.
		_, cookie, _ := strings.Cut(got, "CKI ")
		cookie, _, _ = strings.Cut(cookie, "\r\n")
		sb := visit(t, "127.0.0.1:"+to)
		sb.ask("USR 1 alice@example.com "+cookie+"\r\n", "USR 1 OK alice@example.com alice@example.com\r\n")
		sb.ask("CAL 2 bob@example.com\r\n", "217 2\r\n")
		sb.ask("MSG 3 A 2\r\nhi", "ACK 3\r\n")
		sb.ask("OUT\r\n", "OUT\r\n")
		sb.end()
		sb.nc.Close()
		// What stays is alice at the notification server: two ends.
		for until := time.Now().Add(soon); sockets(t) > before+2; time.Sleep(time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("%d sockets, were %d", sockets(t), before)
			}
		}
		// Nor is anybody called: 192.0.2.0/24 in the kernel's own words.
		if table, err := os.ReadFile("/proc/self/net/tcp"); err == nil && regexp.MustCompile(`:[0-9A-F]{4} [0-9A-F]{2}0200C0:`).Match(table) {
			t.Errorf("a foreign address was dialled:\n%s", table)
		}
		ns.nc.Close()
		if !strings.Contains(e.String(), "no switchboard for message") {
			t.Error(e)
		}
	}
}

// sockets counts the open sockets of this process.
func sockets(t testing.TB) (n int) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	for _, entry := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// What another account did before is waited for as long as it is here, and no longer
// than patience lasts.
func TestPatience(t *testing.T) {
	signIn := func(who string) string {
		return "Client opens a connection to 192.0.2.1:1863\r\nC: VER 1 MSNP7\r\nS: VER 1 MSNP7\r\nC: USR 3 MD5 I " + who + "@example.com\r\nS: USR 3 MD5 S 1\r\nC: USR 4 MD5 S 00000000000000000000000000000000\r\nS: USR 4 OK " + who + "@example.com A 1\r\n"
	}
	path := transcribed(t, signIn("alice")+"C: CHG 5 NLN\r\nS: CHG 5 NLN\r\n"+signIn("bob")+"S: NLN NLN alice@example.com A\r\n")
	for _, test := range []struct {
		what     string
		here     bool
		does     time.Duration // when she does; 0: she does not
		patience time.Duration // 0: the usual
		heard    time.Duration // after bob is in
		status   string
		waited   string
	}{
		{"she does not", true, 0, 300 * time.Millisecond, 300 * time.Millisecond, "NLN", "NLN comes although CHG of alice@example.com in message 7 did not come in 300ms"},
		{"she does not, as usual", true, 0, 0, 30 * time.Second, "NLN", "NLN comes although CHG of alice@example.com in message 7 did not come in 30s"},
		{"she does in time", true, 30*time.Second - 1, 0, 30*time.Second - 1, "BSY", ""},
		{"she does too late", true, 30*time.Second + 1, 0, 30 * time.Second, "NLN", "NLN comes although CHG of alice@example.com in message 7 did not come in 30s"},
		{"she is not here", false, 0, 0, 0, "NLN", ""},
	} {
		bubbled(t, test.what, func(t *bubble) {
			s, e := serve(t, ServerConfig{Story: tell(t, path), Patience: test.patience})
			in := func(who string) *visitor {
				p := visit(t, s.Addr().String())
				_ = p.nc.SetDeadline(time.Now().Add(time.Hour))
				p.ask("VER 1 MSNP7\r\nUSR 3 MD5 I "+who+"@example.com\r\n", "USR 3 MD5 S ")
				p.ask("USR 4 MD5 S 0\r\n", "USR 4 OK")
				return p
			}
			var alice *visitor
			if test.here {
				alice = in("alice")
			}
			bob, start := in("bob"), time.Now()
			if test.does > 0 {
				time.AfterFunc(test.does, func() { alice.send("CHG 9 BSY\r\n") })
			}
			bob.want("NLN " + test.status + " alice@example.com A\r\n")
			if took := time.Since(start); took != test.heard {
				t.Errorf("bob heard after %v, want %v", took, test.heard)
			}
			if got := e.of(Waited); (got != nil) != (test.waited != "") || got != nil && !strings.Contains(got[0], test.waited) {
				t.Errorf("%q", got)
			}
		})
	}
}

// The recorded pauses, divided.
func TestPace(t *testing.T) {
	path := testdata("escargot-twisted-msnp7.pcap")
	for speed, want := range map[float64]time.Duration{1: 702449 * time.Microsecond, 2: 351224500, 0: 0} { // the FLN comes so long after what is before it
		bubbled(t, fmt.Sprint(speed), func(t *bubble) {
			s, _ := serve(t, ServerConfig{Story: tell(t, path), Speed: speed})
			p := visit(t, s.Addr().String())
			p.ask("VER 1 MSNP7\r\nINF 2\r\nUSR 3 MD5 I bob@example.com\r\n", "USR 3 MD5 S ")
			p.ask("USR 4 MD5 S 0\r\nSYN 5 0\r\n", "BLP 5 1 AL\r\n")
			start := time.Now()
			p.want("FLN alice@example.com\r\n")
			if took := time.Since(start); took != want {
				t.Errorf("speed %v: after %v, want %v", speed, took, want)
			}
		})
	}
}

// many is a recording of so many messages: two people sign in, and one of them talks.
func many(messages int) string {
	var b bytes.Buffer
	for _, who := range []string{"alice", "bob"} {
		fmt.Fprintf(&b, "Client opens a connection to 192.0.2.1:1863\r\nC: VER 1 MSNP7\r\nS: VER 1 MSNP7\r\nC: USR 2 MD5 I %s@example.com\r\nS: USR 2 MD5 S 1\r\nC: USR 3 MD5 S 00000000000000000000000000000000\r\nS: USR 3 OK %[1]s@example.com A 1\r\n", who)
		for i := range messages / 4 {
			fmt.Fprintf(&b, "C: URL %d INBOX\r\nS: URL %[1]d /cgi-bin/HoTMaiL https://login.example/md5auth.srf?lc=1033 2\r\n", i+4)
		}
	}
	return b.String()
}

// BenchmarkServer plays a recording of 100,000 messages at full speed: two clients at
// once, each request on its own.
func BenchmarkServer(b *testing.B) {
	const messages = 100_000
	st := tell(b, transcribed(b, many(messages)))
	s, e := serve(b, ServerConfig{Story: st})
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	peak := uint64(0)
	for b.Loop() {
		done := make(chan string)
		for _, c := range st.Conns {
			go func() { done <- pump(s.Addr().String(), c.Account, messages/4) }()
		}
		tick := time.NewTicker(50 * time.Millisecond)
		for left := len(st.Conns); left > 0; {
			select {
			case problem := <-done:
				if left--; problem != "" {
					b.Fatal(problem, e)
				}
			case <-tick.C:
				runtime.ReadMemStats(&after)
				peak = max(peak, after.HeapAlloc)
			}
		}
		tick.Stop()
	}
	b.ReportMetric(float64(messages)*float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64(max(peak, before.HeapAlloc)-before.HeapAlloc)/(1<<20), "MB-more")
}

// pump signs in and asks for an address so many times, one after the other.
func pump(addr, account string, times int) string {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return err.Error()
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(5 * soon))
	buf := make([]byte, 4096)
	ask := func(line, want string) string {
		if _, err := nc.Write([]byte(line)); err != nil {
			return err.Error()
		}
		n, err := nc.Read(buf)
		if err != nil || !strings.HasPrefix(string(buf[:n]), want) || buf[n-1] != '\n' {
			return fmt.Sprintf("%q: %q, %v", line, buf[:n], err)
		}
		return ""
	}
	problem := ask("VER 1 MSNP7\r\n", "VER 1") + ask("USR 2 MD5 I "+account+"\r\n", "USR 2") + ask("USR 3 MD5 S 0\r\n", "USR 3")
	for i := range times {
		if problem != "" {
			return problem
		}
		problem = ask(fmt.Sprintf("URL %d INBOX\r\n", i+9), fmt.Sprintf("URL %d /", i+9))
	}
	return problem
}

// A client that says no first line is closed after 30 seconds, and not before; one
// that has begun may say nothing for as long as it likes.
func TestFirstLineInTime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what, first, rest string // rest is said after
		after             time.Duration
		kept              bool
	}{
		{"in time", "", "VER 1 MSNP7\r\n", 30*time.Second - 1, true},
		{"too late", "", "VER 1 MSNP7\r\n", 30*time.Second + 1, false},
		{"half a line", "VER 1 ", "MSNP7\r\n", 30*time.Second + 1, false},
		{"no hurry later", "VER 1 MSNP7\r\n", "", time.Hour, true},
	} {
		inMemory(t, func(t *bubble) {
			s, e := serve(t, ServerConfig{Story: tell(t, demo)})
			nc, err := t.host.Dial(t.Context(), "tcp", s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = nc.Write([]byte(test.first))
			time.Sleep(test.after)
			synctest.Wait()
			_, _ = nc.Write([]byte(test.rest))
			synctest.Wait()
			if got := !strings.Contains(e.String(), "closed: no first line in 30s"); got != test.kept {
				t.Errorf("%s: kept: %v\n%s", test.what, got, e)
			}
			nc.Close()
		})
	}
}

// A client that reads nothing of what it is sent for 30 seconds is closed, and not one
// that reads before.
func TestReadInTime(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 7000)
	for _, test := range []struct {
		after time.Duration
		kept  bool
	}{{30*time.Second - 1, true}, {30*time.Second + 1, false}} {
		inMemory(t, func(t *bubble) {
			s, e := serve(t, ServerConfig{Story: tell(t, transcribed(t, strings.ReplaceAll(foreign+"\nC: URL 9 INBOX\nS: URL 9 /"+long+" / 1", "\n", "\r\n")))})
			c, err := t.host.Dial(t.Context(), "tcp", s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			nc := c.(*proxytest.MemoryConn)
			nc.SetReadBuffer(4096)
			_, _ = nc.Write([]byte("VER 1 MSNP7\r\n"))
			synctest.Wait()
			if _, err := nc.Read(make([]byte, 4096)); err != nil {
				t.Fatal(err)
			}
			_, _ = nc.Write([]byte("URL 1 INBOX\r\n"))
			time.Sleep(test.after)
			synctest.Wait()
			n, _ := io.ReadAtLeast(nc, make([]byte, 7100), 7000)
			synctest.Wait()
			if got := !strings.Contains(e.String(), "closed: the client has read nothing for 30s"); got != test.kept || (n >= 7000) != test.kept {
				t.Errorf("reading after %v: kept: %v, %d bytes came\n%s", test.after, got, n, e)
			}
			nc.Close()
		})
	}
}
