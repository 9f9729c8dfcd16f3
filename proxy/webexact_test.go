package proxy

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"msnproxy/decode/service"
)

func zipped(s string) string {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return z.String()
}

// However a message was encoded, and whatever else of it is changed, its secrets are put
// back.
func TestUnmask(t *testing.T) {
	const head = "POST /RST2.srf HTTP/1.1\r\nCookie: a=%s; b=%s\r\nCookie: c=%s\r\n"
	for name, raw := range map[string]string{
		"counted": fmt.Sprintf(head+"Content-Length: %d\r\n\r\n%s", aCookie, "other", aSecret, len(askTokens), askTokens),
		"chunked": fmt.Sprintf(head+"Transfer-Encoding: chunked\r\n\r\n5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", aCookie, "other", aSecret, askTokens[:5], len(askTokens)-5, askTokens[5:]),
		"zipped":  fmt.Sprintf(head+"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", aCookie, "other", aSecret, len(zipped(askTokens)), zipped(askTokens)),
	} {
		var e exact
		masked := service.Mask([]byte(raw), service.NewMasker())
		if found := secretsIn(masked); len(found) > 0 {
			t.Fatalf("%s: masked with %q", name, found)
		}
		if bytes.Equal(e.unmask(masked), []byte(raw)) {
			t.Errorf("%s: unmasked by nothing", name)
		}
		e.put(masked, []byte(raw))
		if got, ok := e.of(masked); !ok || string(got) != raw {
			t.Errorf("%s: as it came: %q", name, got)
		}
		changed := bytes.Replace(masked, []byte("alice@example.com"), []byte("bob@example.com"), 1)
		got := string(e.unmask(changed))
		body := strings.Replace(askTokens, "alice@example.com", "bob@example.com", 1)
		if want := fmt.Sprintf(head+"Content-Length: %d\r\n\r\n%s", aCookie, "other", aSecret, len(body), body); got != want {
			t.Errorf("%s: changed\n%q\nwant\n%q", name, got, want)
		}
	}
	// Without a body.
	var e exact
	raw := "GET /a?t=" + aSecret + " HTTP/1.1\r\nAuthorization: Basic YWxpY2U6c2VzYW1l\r\n\r\n"
	masked := service.Mask([]byte(raw), service.NewMasker())
	e.put(masked, []byte(raw))
	changed := bytes.Replace(masked, []byte("HTTP/1.1\r\n"), []byte("HTTP/1.1\r\nX: y\r\n"), 1)
	if got, want := string(e.unmask(changed)), strings.Replace(raw, "HTTP/1.1\r\n", "HTTP/1.1\r\nX: y\r\n", 1); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// What stands for nothing that is known stays, and what is no message, too.
	for _, s := range []string{"GET / HTTP/1.1\r\nA: masked-0000000000000000\r\n\r\n", "masked-0000000000000000", "nothing"} {
		if got := e.unmask([]byte(s)); string(got) != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// Of what the gate has only so much is kept: the newest.
func TestExactIsBounded(t *testing.T) {
	var e exact
	const size = 1 << 20
	for i := range 64 { // 64 MiB, with the keys a little more
		e.put(fmt.Appendf(nil, "%02d", i), make([]byte, size-2))
	}
	if _, ok := e.of([]byte("00")); !ok || e.bytes != 64<<20 {
		t.Errorf("64 MiB are not kept: %d bytes are", e.bytes)
	}
	e.put([]byte("x"), nil)
	if _, ok := e.of([]byte("00")); ok {
		t.Error("more than 64 MiB are kept")
	}
	if _, ok := e.of([]byte("01")); !ok || e.bytes != 63<<20+1 {
		t.Errorf("%d bytes are kept", e.bytes)
	}
	// One that is larger than all is kept as long as it is the newest.
	e.put([]byte("y"), make([]byte, 65<<20))
	if _, ok := e.of([]byte("y")); !ok || len(e.by) != 1 {
		t.Errorf("%d are kept", len(e.by))
	}
	e.put([]byte("y"), []byte("again"))
	if got, _ := e.of([]byte("y")); string(got) != "again" || len(e.order) != 1 || e.bytes != 6 {
		t.Errorf("%q, %d, %d bytes", got, len(e.order), e.bytes)
	}
}

func TestAlign(t *testing.T) {
	const a, b = "masked-0123456789abcdef", "masked-fedcba9876543210"
	for _, c := range []struct{ masked, raw, want string }{
		{a, "x", "x"},
		{"<" + a + ">", "<x>", "x"},
		{"<" + a + "><" + b + ">", "<x><y>", "x y"},
		{"<" + a + ">", "[x]", ""},
		{"<" + a + ">", "<x", ""},
		{"none", "none", ""},
		{"<" + a + ">", "<>", ""},
	} {
		got := make(map[string][]byte)
		align([]byte(c.masked), []byte(c.raw), got)
		if s := strings.TrimSpace(string(got[a]) + " " + string(got[b])); s != c.want {
			t.Errorf("%q of %q: %q, want %q", c.masked, c.raw, s, c.want)
		}
	}
}
