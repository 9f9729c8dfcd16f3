package web

import (
	"fmt"
	"strings"
	"testing"
)

func carrying(t *testing.T, asked string, named bool, at int, list ...string) *carried {
	t.Helper()
	r := routes(t, list...)
	return &carried{r, r.All()[at], asked, named}
}

func TestRequestHeads(t *testing.T) {
	list := []string{"login.live.com=https://server.example", "other.example=http://server.example:8080", "server2.example=https://server2.example", "*.contacts.msn.com=https://server.example"}
	for _, c := range []struct {
		at         int
		asked      string
		head, want string // "" is as it is
		stray      string
	}{
		{0, "login.live.com:443", "POST /RST.srf HTTP/1.1\r\nA: b\r\nHost: login.live.com\r\nB: c\r\n\r\n", "POST /RST.srf HTTP/1.1\r\nA: b\r\nHost: server.example\r\nB: c\r\n\r\n", ""},
		{0, "login.live.com:443", "POST / HTTP/1.1\nhost:LOGIN.LIVE.COM:443\n\n", "POST / HTTP/1.1\nhost:server.example\n\n", ""},
		{1, "other.example:80", "GET / HTTP/1.1\r\nHost: other.example\r\n\r\n", "GET / HTTP/1.1\r\nHost: server.example:8080\r\n\r\n", ""},
		// The server's own name stays as it is spelt.
		{2, "server2.example:443", "GET / HTTP/1.1\r\nHost: Server2.Example:443\r\n\r\n", "", ""},
		{0, "login.live.com:443", "GET / HTTP/1.1\r\nHost: server.example\r\n\r\n", "", ""},
		{0, "login.live.com:443", "GET / HTTP/1.0\r\nA: b\r\n\r\n", "", ""},
		{0, "login.live.com:443", "HTTP/1.1 200 OK\r\n\r\n", "", ""},
		{0, "login.live.com:443", "GET / HT", "", ""},
		// As to an HTTP proxy.
		{0, "login.live.com:80", "GET http://login.live.com/a?b=c HTTP/1.1\r\nHost: login.live.com\r\nProxy-Connection: Keep-Alive\r\n\r\n", "GET /a?b=c HTTP/1.1\r\nHost: server.example\r\nConnection: close\r\n\r\n", ""},
		{0, "login.live.com:80", "GET http://login.live.com HTTP/1.1\r\nHost: login.live.com\r\n\r\n", "GET / HTTP/1.1\r\nConnection: close\r\nHost: server.example\r\n\r\n", ""},
		{0, "login.live.com:80", "GET HTTP://LOGIN.live.com?x HTTP/1.0\nConnection: keep-alive\n\n", "GET /?x HTTP/1.0\nConnection: close\n\n", ""},
		// The login at the proxy is not the server's business.
		{0, "login.live.com:80", "GET http://login.live.com/ HTTP/1.1\r\nProxy-Authorization: Basic YTpi\r\nHost: login.live.com\r\nProxy-Connection: Keep-Alive\r\n\r\n", "GET / HTTP/1.1\r\nHost: server.example\r\nConnection: close\r\n\r\n", ""},
		{0, "login.live.com:80", "GET http://login.live.com/ HTTP/1.1\r\nProxy-Authorization: Basic YTpi\r\nHost: login.live.com\r\n\r\n", "GET / HTTP/1.1\r\nConnection: close\r\nHost: server.example\r\n\r\n", ""},
		{0, "login.live.com:80", "GET / HTTP/1.1\nHost: server.example\nproxy-authorization:\n Basic\n\tYTpi  \nA: b\nPROXY-Authorization : x\n\n", "GET / HTTP/1.1\nHost: server.example\nA: b\n\n", ""},
		{0, "login.live.com:80", "GET / HTTP/1.1\r\nHost: server.example\r\nProxy-Authorization:\r\n\r\n", "GET / HTTP/1.1\r\nHost: server.example\r\n\r\n", ""},
		{0, "login.live.com:80", "GET / HTTP/1.1\r\nHost: server.example\r\nAuthorization: Basic YTpi\r\nX-Proxy-Authorization: x\r\n\r\n", "", ""},
		// Another host, or none that can be told.
		{0, "login.live.com:443", "GET / HTTP/1.1\r\nHost: other.example\r\n\r\n", "", "other.example"},
		{0, "login.live.com:80", "GET http://other.example/ HTTP/1.1\r\nHost: login.live.com\r\n\r\n", "", "other.example"},
		{0, "login.live.com:443", "GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n", "", "www.example.org"},
		{0, "login.live.com:443", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "GET / HTTP/1.1\r\nHost: server.example\r\n\r\n", ""},
		// One of many below the same.
		{3, "a.contacts.msn.com:443", "GET / HTTP/1.1\r\nHost: b.contacts.msn.com\r\n\r\n", "GET / HTTP/1.1\r\nHost: server.example\r\n\r\n", ""},
	} {
		got, stray := carrying(t, c.asked, false, c.at, list...).Request([]byte(c.head))
		if string(got) != c.want || stray != c.stray {
			t.Errorf("%q:\n got %q, %q\nwant %q, %q", c.head, got, stray, c.want, c.stray)
		}
	}
}

func TestHolds(t *testing.T) {
	c := carrying(t, "a:443", false, 0, "a=https://b")
	for head, want := range map[string]bool{
		"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n\r\n":            true,
		"HTTP/1.1 200 OK\r\nContent-Type: application/soap+XML\r\n\r\n":               true,
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n":                          true,
		"HTTP/1.1 200 OK\r\n\r\n":                                                     true,
		"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n":                          false,
		"HTTP/1.1 302 Found\r\nContent-Type: image/png\r\nLocation: http://b\r\n\r\n": true,
		"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nPassportURLs: x\r\n\r\n":       true,
		"GET / HTTP/1.1\r\n\r\n":                                                      false,
		"nothing":                                                                     false,
	} {
		if got := c.Holds([]byte(head)); got != want {
			t.Errorf("%q: %v", head, got)
		}
	}
}

// Hosts in answers become those by which the client comes back, and only where the client
// would go past the proxy.
func TestAnswers(t *testing.T) {
	list := []string{"nexus.passport.com=https://server.example", "login.live.com=https://login.example", "contacts.msn.com:443=http://127.0.0.1:8080", "*.b.example=https://wild.example", "server3.example=https://server3.example"}
	for _, c := range []struct {
		at         int
		asked      string
		named      bool
		scheme, in string
		want       string // "" is as it is
	}{
		{0, "nexus.passport.com:443", false, "https", "server.example", "nexus.passport.com"},
		{0, "nexus.passport.com:443", false, "https", "Server.Example:443", "nexus.passport.com"},
		{0, "nexus.passport.com:443", false, "", "login.example", "login.live.com"},
		{0, "nexus.passport.com:1863", true, "https", "login.example", "login.live.com:1863"},
		{0, "nexus.passport.com:443", false, "http", "127.0.0.1:8080", "contacts.msn.com:443"},
		{0, "nexus.passport.com:443", false, "https", "127.0.0.1:8080", "contacts.msn.com"},
		{0, "nexus.passport.com:443", false, "", "127.0.0.1:8080", "contacts.msn.com"},
		{0, "nexus.passport.com:443", false, "https", "127.0.0.1", ""}, // another port
		{0, "nexus.passport.com:443", false, "https", "login.live.com", ""},
		{0, "nexus.passport.com:443", false, "https", "server3.example", ""}, // it is served under its own name
		{0, "nexus.passport.com:443", false, "https", "www.example.org", ""},
		{0, "nexus.passport.com:443", false, "https", "wild.example", ""}, // which of all?
		{3, "x.b.example:443", false, "https", "wild.example", "x.b.example"},
		{0, "nexus.passport.com:443", false, "https", "a b", ""},
	} {
		got, ok := carrying(t, c.asked, c.named, c.at, list...).back(c.scheme, c.in)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s://%s for who came to %s: %q, %v, want %q", c.scheme, c.in, c.asked, got, ok, c.want)
		}
	}
	c := carrying(t, "nexus.passport.com:443", false, 0, list...)
	answer := "HTTP/1.1 200 OK\r\nServer: server.example\r\nPassportURLs: DARealm=Passport.Net,DALogin=%s/login2.srf,DAReg=https://www.example.org/\r\nContent-Length: 14\r\n\r\nserver.example"
	got, told := c.Answer(fmt.Appendf(nil, answer, "login.example"))
	if want := fmt.Sprintf(answer, "login.live.com"); string(got) != want || told != "PassportURLs login.example as login.live.com" {
		t.Errorf("%q, %q", got, told)
	}
	if got, told := c.Answer(fmt.Appendf(nil, answer, "www.example.org")); got != nil || told != "" {
		t.Errorf("%q, %q", got, told)
	}
	soap := "<?xml version=\"1.0\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Header><ServiceHeader><PreferredHostName>%s</PreferredHostName></ServiceHeader></soap:Header><soap:Body><ABFindAllResponse><a>login.example</a></ABFindAllResponse></soap:Body></soap:Envelope>"
	whole := func(host string) string {
		body := fmt.Sprintf(soap, host)
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	got, _ = c.Answer([]byte(whole("login.example")))
	if string(got) != whole("login.live.com") {
		t.Errorf("%q", got)
	}
}

func TestAuthorities(t *testing.T) {
	for in, want := range map[string]string{
		"a 0 ": "a", "a 80 ": "a", "a 443 ": "a", "a 80 http": "a", "a 443 https": "a",
		"a 80 https": "a:80", "a 443 http": "a:443", "a 81 ": "a:81", "::1 0 ": "[::1]", "::1 81 ": "[::1]:81",
	} {
		f := strings.Split(in, " ")
		var port uint16
		fmt.Sscan(f[1], &port)
		if got := authority(f[0], port, f[2]); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
