package replay

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"msnproxy/capture/story"
)

// long is a recording of one connection with so many messages, most of them a request
// and its answer each.
func long(t testing.TB, messages int) *story.Story {
	t.Helper()
	var b strings.Builder
	b.WriteString("C: VER 1 MSNP7\nS: VER 1 MSNP7\n")
	for range (messages - 2) / 2 {
		b.WriteString("C: URL 2 INBOX\nS: URL 2 /cgi-bin/HoTMaiL https://login.example/md5auth.srf?lc=1033 2\n")
	}
	path := filepath.Join(t.TempDir(), "long.txt")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return tell(t, path)
}

// urls is a server that answers the requests of a long recording.
func urls(t testing.TB) string {
	return brokenPeer(t, func(c peerConn) {
		in := bufio.NewScanner(c)
		for in.Scan() {
			f := strings.Fields(in.Text())
			answer := f[0] + " " + f[1] + " MSNP7\r\n"
			if f[0] == "URL" {
				answer = "URL " + f[1] + " /cgi-bin/HoTMaiL https://login.example/md5auth.srf?lc=1033 2\r\n"
			}
			if _, err := c.Write([]byte(answer)); err != nil {
				return
			}
		}
	})
}

// Memory does not grow with what is replayed.
func TestClientMemory(t *testing.T) {
	const messages = 20000
	s, addr := long(t, messages), urls(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c, err := NewClient(ClientConfig{Story: s, Server: addr, Report: func(d *Difference) { t.Error(d) }})
	if err != nil {
		t.Fatal(err)
	}
	p := newPerformance(c)
	if err = p.run(within(t, soon)); err != nil || p.result.Compared != messages/2 {
		t.Errorf("%v, %+v", err, p.result)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if per := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / messages; per > 64 {
		t.Errorf("%d bytes a message", per)
	}
	runtime.KeepAlive(p)
}

func BenchmarkClient(b *testing.B) {
	const messages = 100000
	s, addr := long(b, messages), urls(b)
	b.ReportAllocs()
	for b.Loop() {
		r := play(b, ClientConfig{Story: s, Server: addr})
		if r.err != nil || r.Differences > 0 || r.Sent != messages/2 {
			b.Fatalf("%v, %+v\n%s", r.err, r.Result, r)
		}
		b.ReportMetric(messages/r.Elapsed.Seconds(), "messages/s")
	}
}
