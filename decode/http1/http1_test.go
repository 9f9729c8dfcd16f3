package http1

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func gz(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func zl(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func raw(s string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func counting(head, body string) string {
	return fmt.Sprintf("%s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
}

// whole are messages with their bodies. Each ends by itself unless it is said.
var whole = []struct {
	name, raw, body string
	request, ending bool
}{
	{"get", "GET /rdr/pprdr.asp HTTP/1.1\r\nHost: nexus.example.com\r\n\r\n", "", true, false},
	{"get 1.0, lone LF", "GET / HTTP/1.0\n\n", "", true, false},
	{"proxy", "GET http://a.example/x y HTTP/1.1\r\n\r\n", "", true, false},
	{"connect", "CONNECT a.example:1863 HTTP/1.0\r\n\r\n", "", true, false},
	{"options", "OPTIONS * HTTP/1.1\r\n\r\n", "", true, false},
	{"put", counting("PUT /x HTTP/1.1", "abc"), "abc", true, false},
	{"post", counting("POST /RST2.srf HTTP/1.1\r\nHost: a", "<a/>\r\n\r\n"), "<a/>\r\n\r\n", true, false},
	{"post, length twice", "POST /x HTTP/1.1\r\nContent-Length: 3\r\ncontent-length: 3\r\n\r\nabc", "abc", true, false},
	{"post, chunks", "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=\"y\"\r\nde\r\n0\r\nX-T: 1\r\n\r\n", "abcde", true, false},
	{"chunks, lone LF", "HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\n\n1\na\n0\n\n", "a", false, false},
	{"chunks and a length", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\nA \r\n0123456789\r\n0\r\n\r\n", "0123456789", false, false},
	{"answer", counting("HTTP/1.1 200 OK", "abc"), "abc", false, false},
	{"no reason", counting("HTTP/1.1 200", ""), "", false, false},
	{"100", "HTTP/1.1 100 Continue\r\n\r\n", "", false, false},
	{"204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "", false, false},
	{"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", false, false},
	{"until the end", "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nabc", "abc", false, true},
	{"until the end, empty", "HTTP/1.0 200 OK\r\n\r\n", "", false, true},
	{"gzip", counting("HTTP/1.1 200 OK\r\nContent-Encoding: gzip", gz("<a>b</a>")), "<a>b</a>", false, false},
	{"deflate", counting("HTTP/1.1 200 OK\r\nContent-Encoding: deflate", zl("<a>b</a>")), "<a>b</a>", false, false},
	{"deflate, bare", counting("HTTP/1.1 200 OK\r\nContent-Encoding: deflate", raw("<a>b</a>")), "<a>b</a>", false, false},
	{"gzip twice, in chunks", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, x-gzip\r\nTransfer-Encoding: chunked\r\n\r\n" +
		fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(gz(gz("abc"))), gz(gz("abc"))), "abc", false, false},
	{"gzip, three times", counting("HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Encoding: gzip", gz(gz(gz("abc")))), "abc", false, false},
	{"folded", "POST /x HTTP/1.1\r\nA: b\r\n\tc\r\nContent-Length:\r\n 3\r\n\r\nabc", "abc", true, false},
}

// Whatever part of a message is there, it is never taken for more or less than it is.
func TestSizeAtEveryByte(t *testing.T) {
	const next = "HTTP/1.1 200 OK\r\n\r\n"
	for _, c := range whole {
		t.Run(c.name, func(t *testing.T) {
			s := Sizer{Request: c.request}
			for cut := 1; cut <= len(c.raw); cut++ {
				b := []byte(c.raw[:cut])
				n, g := s.Size(b, false)
				n2, g2 := Size(b, c.request, false)
				if g != g2 || n != n2 {
					t.Fatalf("%d bytes: in pieces %d %v, at once %d %v", cut, n, g, n2, g2)
				}
				if g == No || g == Yes && n != len(c.raw) || n > len(c.raw) {
					t.Fatalf("%d bytes of %d: %d %v", cut, len(c.raw), n, g)
				}
				if done := g == Yes && cut == n; cut < len(c.raw) && done || cut == len(c.raw) && done == c.ending {
					t.Fatalf("%d bytes of %d: done is %v", cut, len(c.raw), done)
				}
			}
			if n, g := Size([]byte(c.raw), c.request, true); n != len(c.raw) || g != Yes {
				t.Errorf("ended: %d %v", n, g)
			}
			if !c.ending {
				if n, g := Size([]byte(c.raw+next), c.request, false); n != len(c.raw) || g != Yes {
					t.Errorf("with another behind it: %d %v", n, g)
				}
			}
			if n, g := Size([]byte(c.raw), !c.request, false); g != No {
				t.Errorf("as the other kind: %d %v", n, g)
			}
			m, ok := Parse([]byte(c.raw))
			if !ok || m.Request != c.request {
				t.Fatal("is not parsed")
			}
			if body, err := m.Body(1 << 10); err != nil || string(body) != c.body {
				t.Errorf("body %q, %v", body, err)
			}
			if body, err := m.Body(len(c.body)); err != nil || string(body) != c.body {
				t.Errorf("body at its bound: %q, %v", body, err)
			}
			if n := len(c.body); n > 0 {
				if body, err := m.Body(n - 1); !errors.Is(err, ErrTooLarge) || string(body) != c.body[:n-1] {
					t.Errorf("body beyond its bound: %q, %v", body, err)
				}
			}
		})
	}
}

func TestNoMessage(t *testing.T) {
	for _, c := range []struct {
		raw     string
		request bool
	}{
		{"VER 1 MSNP8 CVR0\r\n", true},
		{"PUT 5", true},
		{"PUT 5 alice@example.com 12\r\n", true},
		{"GET 5 HTTP/1.1\r\n", true},
		{"GET / HTTP/2.0\r\n", true},
		{"GET / HTTP/1.1x\r\n", true},
		{"GET  HTTP/1.1\r\n", true},
		{"GETS / HTTP/1.1\r\n", true},
		{"get / HTTP/1.1\r\n", true},
		{"GET /\r\n", true},
		{"PROPFINDS", true},
		{"HTTP/2", false},
		{"HTTP/1.1 20 OK\r\n", false},
		{"HTTP/1.1 099 OK\r\n", false},
		{"HTTP/1.1 2x0 OK\r\n", false},
		{"HTTP/1.x 200 OK\r\n", false},
		{"HTTP/1.1\r\n", false},
		{"\r\n", false},
		{"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", true},
		{"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na", true},
		{"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\na", true},
		{"POST / HTTP/1.1\r\nContent-Length:\r\n\r\na", true},
		{fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\na", MaxSize+1), true},
		{"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\na", true},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", true},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", true},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab", true},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\rb", true},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n40000001\r\n", true},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n;\r\n", true},
	} {
		if n, g := Size([]byte(c.raw), c.request, false); g != No {
			t.Errorf("%q: %d %v", c.raw, n, g)
		}
	}
}

func TestBounds(t *testing.T) {
	line := func(n int) string { return "GET /" + strings.Repeat("a", n-len("GET / HTTP/1.1")) + " HTTP/1.1" }
	head := func(n int) string {
		const a, z = "GET / HTTP/1.1\r\nA: ", "\r\n\r\n"
		return a + strings.Repeat("a", n-len(a)-len(z)) + z
	}
	chunk := func(n int) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", n-3) + "\na\n0\n\n"
	}
	trailer := func(n int) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("x", n) + "\r\n\r\n"
	}
	for _, c := range []struct {
		name string
		raw  string
		want Guess
	}{
		{"line", line(MaxLine) + "\r\n\r\n", Yes},
		{"line beyond", line(MaxLine+1) + "\r\n\r\n", No},
		{"line, no end yet", line(MaxLine), Maybe},
		{"line, CR only", line(MaxLine) + "\r", Maybe},
		{"line beyond, no end yet", line(MaxLine + 2), No},
		{"head", head(MaxHead), Yes},
		{"head beyond", head(MaxHead + 1), No},
		{"head, no end yet", head(MaxHead)[:MaxHead-1], Maybe},
		{"head beyond, no end yet", head(MaxHead + 1)[:MaxHead], No},
		{"length", fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", MaxSize), Yes},
		{"chunk of the largest size", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n", Maybe},
		{"chunk line", chunk(maxChunkLine), Yes},
		{"chunk line beyond", chunk(maxChunkLine + 1), No},
		{"trailer", trailer(MaxHead - 1), Yes},
		{"trailer beyond", trailer(MaxHead), No},
		{"trailer without an end", trailer(MaxHead + 1)[:len(trailer(MaxHead+1))-4], No},
	} {
		request := !strings.HasPrefix(c.raw, "HTTP")
		if n, g := Size([]byte(c.raw), request, false); g != c.want {
			t.Errorf("%s: %d %v, want %v", c.name, n, g, c.want)
		}
		if c.want == No {
			continue
		}
		// One byte after the other comes to the same.
		if len(c.raw) < 2*maxChunkLine {
			s := Sizer{Request: request}
			for i := range c.raw {
				if _, g := s.Size([]byte(c.raw[:i+1]), false); g == No {
					t.Errorf("%s: no message after %d bytes", c.name, i+1)
					break
				}
			}
		}
	}
}

func TestBodiless(t *testing.T) {
	b := []byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
	s := Sizer{Bodiless: true}
	if n, g := s.Size(b, false); n != len(b) || g != Yes {
		t.Errorf("%d %v", n, g)
	}
}

func TestCutShort(t *testing.T) {
	for _, c := range []struct {
		raw  string
		more int
		g    Guess
	}{
		{"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc", 2, Yes},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", 2, Maybe},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n", 0, Maybe},
		{"POST / HTTP/1.1\r\nTransfer-En", 0, Maybe},
	} {
		if n, g := Size([]byte(c.raw), true, true); n != len(c.raw)+c.more || g != c.g {
			t.Errorf("%q: %d %v", c.raw, n, g)
		}
	}
}

func TestBrokenBodies(t *testing.T) {
	g := gz("abcdef")
	for _, c := range []struct{ raw, body string }{
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nde", "abcde"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "abc"},
		{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nabc", ""},
		{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + g[:len(g)-4], "abcdef"},
		{counting("HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip", "abc"), "abc"},
		{"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nabc", "abc"},
	} {
		m, ok := Parse([]byte(c.raw))
		if !ok {
			t.Fatalf("%q", c.raw)
		}
		if body, err := m.Body(100); string(body) != c.body || err == nil {
			t.Errorf("%q: %q, %v", c.raw, body, err)
		}
	}
}

func TestParse(t *testing.T) {
	b := []byte("POST /a b HTTP/1.1\r\nhost : x.example \r\nX-Y:a\r\n  b \r\nno header\r\n: none\r\nx-y: c\r\nEmpty:\r\n\r\nbody")
	m, ok := Parse(b)
	if !ok || m.Method != "POST" || m.Target != "/a b" || m.Protocol != "HTTP/1.1" || m.Line != 18 || string(m.Sent()) != "body" {
		t.Fatalf("%+v", m)
	}
	if m.Value("HOST") != "x.example" || m.Value("X-Y") != "a b" || strings.Join(m.Values("x-y"), "|") != "a b|c" || m.Value("none") != "" {
		t.Errorf("%+v", m.Headers)
	}
	if len(m.Headers) != 4 || string(m.Text(m.Headers[0].Name)) != "host" || string(m.Text(m.Find("empty").Value)) != "" {
		t.Errorf("%d headers", len(m.Headers))
	}
	m, ok = Parse([]byte("HTTP/1.0 404 Not Found\r\n\r\n"))
	if !ok || m.Request || m.Status != 404 || m.Reason != "Not Found" || m.Protocol != "HTTP/1.0" || m.Head != len(m.Raw) {
		t.Errorf("%+v", m)
	}
	if _, ok := Parse([]byte("GET / HTTP/1.1\r\nA: b\r\n")); ok {
		t.Error("a head without its end is parsed")
	}
}

func TestEdit(t *testing.T) {
	for _, c := range []struct{ raw, body, want string }{
		{counting("POST / HTTP/1.1\r\nA: b", "abc"), "abcdefghijk", "POST / HTTP/1.1\r\nA: b\r\nContent-Length: 11\r\n\r\nabcdefghijk"},
		{"POST / HTTP/1.1\nContent-Length: 3\nA: b\n\nabc", "", "POST / HTTP/1.1\nContent-Length: 0\nA: b\n\n"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\nA: b\r\nTrailer: X\r\n\r\n0\r\n\r\n", "x", "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 1\r\n\r\nx"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "x", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"},
		{"HTTP/1.0 200 OK\r\n\r\nabc", "x", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"},
		{"HTTP/1.0 200 OK\n\nabc", "", "HTTP/1.0 200 OK\nContent-Length: 0\n\n"},
		{"HTTP/1.0 200 OK\r\n\nabc", "x", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\nx"},
		{"GET / HTTP/1.1\r\n\r\n", "", "GET / HTTP/1.1\r\n\r\n"},
	} {
		m, ok := Parse([]byte(c.raw))
		if !ok {
			t.Fatalf("%q", c.raw)
		}
		got := m.WithBody([]byte(c.body))
		if string(got) != c.want {
			t.Errorf("%q with %q:\n got %q\nwant %q", c.raw, c.body, got, c.want)
		}
		if n, g := Size(got, m.Request, false); g != Yes || n != len(got) {
			t.Errorf("%q: %d %v", got, n, g)
		}
	}
	m, _ := Parse([]byte(counting("GET / HTTP/1.1\r\nHost: a\r\nB: c", "xy")))
	got := m.WithHead(Change{m.Find("b").Value, []byte("long")}, Change{m.Find("host").Value, nil})
	if want := counting("GET / HTTP/1.1\r\nHost: \r\nB: long", "xy"); string(got) != want {
		t.Errorf("%q", got)
	}
	got = m.WithBody([]byte("x"), Change{m.Find("host").Value, []byte("other")})
	if want := counting("GET / HTTP/1.1\r\nHost: other\r\nB: c", "x"); string(got) != want {
		t.Errorf("%q", got)
	}
}

// FuzzSize: a message is as long however it comes, what is edited is a message, and
// nothing is read beyond its end.
func FuzzSize(f *testing.F) {
	for _, c := range whole {
		f.Add([]byte(c.raw), c.request)
	}
	f.Fuzz(func(t *testing.T, b []byte, request bool) {
		n, g := Size(b, request, false)
		s := Sizer{Request: request}
		for i := 1; i <= len(b); i += 1 + len(b)/64 {
			if _, early := s.Size(b[:i], false); early == No && g != No {
				t.Fatalf("no message after %d bytes, and one after all", i)
			}
		}
		if n2, g2 := s.Size(b, false); g != No && (n2 != n || g2 != g) {
			t.Fatalf("%d %v in pieces, %d %v at once", n2, g2, n, g)
		}
		m, ok := Parse(b)
		if !ok {
			return
		}
		for _, h := range m.Headers {
			if h.Name.Start >= h.Name.End || h.Name.End > h.Value.Start || h.Value.Start > h.Value.End || h.Value.End > m.Head {
				t.Fatalf("header %+v of a head of %d bytes", h, m.Head)
			}
		}
		m.Body(1 << 12)
		if g != Yes || n > len(b) {
			return
		}
		m, _ = Parse(b[:n])
		edited := m.WithBody([]byte("xyz"))
		if _, how, ok := m.length(false); !ok || how == noBody && !m.Request {
			return // an answer that has none, whatever is announced
		}
		if n, g := Size(edited, request, false); g != Yes || n != len(edited) {
			t.Fatalf("edited %q: %d %v of %d bytes", edited, n, g, len(edited))
		}
	})
}
