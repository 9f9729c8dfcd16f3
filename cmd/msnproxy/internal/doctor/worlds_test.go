package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/stage"
	"msnproxy/proxy/proxytest"
)

const upstream = "192.0.2.1:1863"

// Each broken world is named on the first line that is bad, with what to do.
func TestBrokenServers(t *testing.T) {
	for _, tt := range []struct {
		name             string
		world            world
		upstream         string
		what, text, does string
	}{
		{"nobody listens", world{}, "", "upstream", "connection refused: nobody listens there", "whether the server runs"},
		{"no such name", world{}, "nowhere.example.com:1863", "upstream", "the name nowhere.example.com was not found", "DNS"},
		{"HTTP", world{upstream: func(string) string { return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" }}, "", "VER", "what answers is no MSNP: the answer of a server of HTTP", "which host and port"},
		{"HTTP that waits", world{upstream: func(line string) string {
			if strings.HasPrefix(line, "GET /") {
				return "HTTP/1.0 200 OK\r\n\r\n"
			}
			return ""
		}}, "", "VER", "does not answer VER: it is the answer of a server of HTTP", "1863"},
		{"silence", world{upstream: func(string) string { return "" }}, "", "VER", "the server keeps silent instead of answering VER", "its log"},
		{"hangs up", world{upstream: func(string) string { return "close" }}, "", "VER", "the server closes the connection instead of answering VER", "its log"},
		{"no dialect", world{upstream: server7("MSNP99", nil)}, "", "VER", "speaks none of MSNP2 to MSNP21", "settings"},
		{"hangs after USR", world{upstream: server7("MSNP7", map[string]string{"USR": ""})}, "", "sign-in MSNP7", "the server does not answer USR", "account"},
		{"hangs up at USR", world{upstream: server7("MSNP9", map[string]string{"USR": "close"})}, "", "sign-in MSNP9", "closed by the server without a reply to USR", "account"},
		{"hangs after CVR", world{upstream: server7("MSNP15", map[string]string{"CVR": ""})}, "", "sign-in MSNP15", "the server does not answer CVR", ""},
		{"sends to 0.0.0.0", world{upstream: server7("MSNP7", map[string]string{"USR": "XFR %t NS 0.0.0.0:1863 0 192.0.2.1:1863\r\n"})}, "", "sign-in MSNP7", "no address to connect to", "XFR"},
		{"sends to the loopback", world{upstream: server7("MSNP7", map[string]string{"USR": "XFR %t NS 127.0.0.1:1863 0 192.0.2.1:1863\r\n"})}, "", "sign-in MSNP7", "a loopback address, which leads each machine to itself", "--allow 127.0.0.1:1863"},
		{"sends to a private address", world{upstream: server7("MSNP12", map[string]string{"USR": "XFR %t NS 10.0.0.9:1863 0 192.0.2.1:1863\r\n"})}, "", "sign-in MSNP12", "a private address, and the server has a public one", "--allow"},
		{"sends to a closed port", world{upstream: server7("MSNP7", map[string]string{"USR": "XFR %t NS 192.0.2.1:1864 0 192.0.2.1:1863\r\n"})}, "", "sign-in MSNP7", "192.0.2.1:1864, which can't be reached", "port"},
		{"is the proxy itself", world{upstream: server7("MSNP7", nil)}, "127.0.0.1:1863", "upstream", "is this proxy itself", "IP address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines, worst := examine(t, tt.world, func(o *Options) {
				if tt.upstream != "" {
					o.Upstream = tt.upstream
				}
				if tt.name == "is the proxy itself" {
					o.Listen = freePort(t)
					o.Upstream = o.Listen
				}
			})
			bad := firstBad(lines)
			if worst != stage.Bad || bad.What != tt.what || !strings.Contains(bad.Text, tt.text) || !strings.Contains(bad.Do, tt.does) {
				t.Errorf("%v, first bad: %q, do %q; want %s: %q, do %q", worst, bad.What+": "+bad.Text, bad.Do, tt.what, tt.text, tt.does)
			}
		})
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A server that is well gets no bad line, and is left before a password is needed.
func TestGoodServer(t *testing.T) {
	var said []string
	serve := server7("MSNP18 MSNP15 MSNP12 MSNP9 MSNP8 MSNP7 MSNP6", nil)
	lines, worst := examine(t, world{upstream: func(line string) string {
		said = append(said, line)
		return serve(line)
	}}, nil)
	if worst != stage.Fine {
		t.Errorf("%v: %q", worst, lines)
	}
	if got, want := find(lines, "dialects").Text, "speaks MSNP6 to 9, 12, 15, 18; declines MSNP2 to 5, 10 to 11, 13 to 14, 16 to 17, 19 to 21"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for what, want := range map[string]string{"sign-in MSNP7": "MD5", "sign-in MSNP12": "TWN", "sign-in MSNP18": "SSO"} {
		if l := find(lines, what); !strings.Contains(l.Text, "as far as it can without a password: "+want) {
			t.Errorf("%s: %q", what, l.Text)
		}
	}
	talking.Lock()
	defer talking.Unlock()
	for _, line := range said {
		if w := strings.Fields(line); len(w) > 3 && w[0] == "USR" && w[3] == "S" {
			t.Errorf("it gave a password or a ticket: %s", line)
		}
	}
}

// An error to the made-up account is as it should be; a server elsewhere is named, and not
// dialled.
func TestRefusalsAndOthers(t *testing.T) {
	lines, worst := examine(t, world{upstream: server7("MSNP7", map[string]string{"USR": "911 %t\r\n"})}, nil)
	if l := find(lines, "sign-in MSNP7"); worst != stage.Fine || !strings.Contains(l.Text, "doctor@example.com is refused with error 911") {
		t.Errorf("%v: %q", worst, l)
	}
	lines, worst = examine(t, world{upstream: server7("MSNP7", map[string]string{"USR": "XFR %t NS 198.51.100.7:1863 0 192.0.2.1:1863\r\n"}),
		"198.51.100.7:1863": func(string) string { t.Error("it dialled what was not named"); return "" }}, nil)
	if l := find(lines, "sign-in MSNP7"); worst != stage.Doubtful || !strings.Contains(l.Do, "--upstream 198.51.100.7:1863") {
		t.Errorf("%v: %q", worst, l)
	}
	lines, worst = examine(t, world{upstream: server7("MSNP7", map[string]string{"USR": "XFR %t NS 192.0.2.1:1864 0 192.0.2.1:1863\r\n"}), "192.0.2.1:1864": server7("MSNP7", nil)}, nil)
	if l := find(lines, "sign-in MSNP7"); worst != stage.Fine || !strings.Contains(l.Text, "MD5") {
		t.Errorf("followed: %v: %q", worst, l)
	}
}

// Where it is sent on, both connections are of one sign-in.
func TestMatrixFollows(t *testing.T) {
	var stages []decode.Stage
	examine(t, world{upstream: server7("MSNP7", map[string]string{"USR": "XFR %t NS 192.0.2.1:1864 0 192.0.2.1:1863\r\n"}), "192.0.2.1:1864": server7("MSNP7", nil)}, func(o *Options) {
		Matrix(context.Background(), *o, func(tr Try) {
			for s := decode.StageCame; tr.Dialect == 7 && s < decode.Stages; s++ {
				if tr.Sign.Has(s) {
					stages = append(stages, s)
				}
			}
		})
		o.Upstream = ""
	})
	if want := []decode.Stage{decode.StageCame, decode.StageOffered, decode.StageAgreed, decode.StageIntroduced, decode.StageNamed, decode.StageSentOn, decode.StageFollowed, decode.StageChallenged}; !slices.Equal(stages, want) {
		t.Errorf("%v, want %v", stages, want)
	}
}

// After two dialects in a row without an answer the others are left out; one is not enough.
func TestSilentDialects(t *testing.T) {
	silentAt := func(list ...string) world {
		serve := server7("MSNP7 MSNP8", nil)
		return world{upstream: func(line string) string {
			for _, d := range list {
				if line == "VER 1 "+d+" CVR0" {
					return ""
				}
			}
			return serve(line)
		}}
	}
	lines, _ := examine(t, silentAt("MSNP3", "MSNP5"), nil)
	if got := find(lines, "dialects").Text; got != "speaks MSNP7 to 8; declines MSNP2, 4, 6, 9 to 21; does not answer MSNP3, 5" {
		t.Errorf("%q", got)
	}
	lines, _ = examine(t, silentAt("MSNP9", "MSNP10"), nil)
	if got := find(lines, "dialects").Text; got != "speaks MSNP7 to 8; declines MSNP2 to 6; does not answer MSNP9 to 10; was not asked for MSNP11 to 21" {
		t.Errorf("%q", got)
	}
}

// What the port, the address and the hosts file are like is said of this machine.
func TestMachine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	hosts := filepath.Join(t.TempDir(), "hosts")
	write := func(text string) {
		if err := os.WriteFile(hosts, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look := func(listen, advertise string) (lines []Line) {
		o := Options{Listen: listen, Advertise: advertise, Hosts: hosts, Wait: 300 * time.Millisecond, Tell: func(l Line) { lines = append(lines, l) }}
		Examine(t.Context(), o)
		return lines
	}
	write("127.0.0.1 localhost\n")
	lines := look(taken.Addr().String(), "")
	if l := firstBad(lines); l.What != "port" || !strings.Contains(l.Text, "is taken") || !strings.Contains(l.Do, "ss -ltnp") {
		t.Errorf("taken: %q", l)
	}
	lines = look("192.0.2.77:0", "")
	if l := firstBad(lines); l.What != "port" || !strings.Contains(l.Text, "no address of this machine") {
		t.Errorf("not ours: %q", l)
	}
	lines = look("127.0.0.1:0", "")
	if l := find(lines, "address"); l.Level != stage.Fine || !strings.Contains(l.Text, "only clients on this machine") {
		t.Errorf("loopback: %q", l)
	}
	lines = look("127.0.0.1:0", "192.0.2.77")
	if l := firstBad(lines); l.What != "address" || !strings.Contains(l.Text, "can't be reached") {
		t.Errorf("elsewhere: %q", l)
	}
	if l := find(lines, "hosts file"); l.Level != stage.Fine || !strings.Contains(l.Text, "none of the names") {
		t.Errorf("no names: %q", l)
	}
	write("# 9.9.9.9 login.live.com\n192.0.2.9 messenger.hotmail.com LOGIN.live.com # ours\n")
	if l := find(look("127.0.0.1:0", ""), "hosts file"); l.Level != stage.Doubtful ||
		!strings.Contains(l.Text, "messenger.hotmail.com to 192.0.2.9, login.live.com to 192.0.2.9; but not nexus.passport.com, contacts.msn.com") {
		t.Errorf("some names: %q", l)
	}
	write("192.0.2.9 messenger.hotmail.com login.live.com nexus.passport.com contacts.msn.com\n")
	if l := find(look("127.0.0.1:0", ""), "hosts file"); l.Level != stage.Fine {
		t.Errorf("all names: %q", l)
	}
}

// status answers with a status alone.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// site is a web server with a certificate.
type site struct {
	names       []string
	from, until time.Duration // from now
	newest      uint16
	http        bool
	answer      http.HandlerFunc
	untrusted   bool
}

func (s site) serve(t *testing.T) (url string, roots *x509.CertPool) {
	t.Helper()
	srv := httptest.NewUnstartedServer(s.answer)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(srv.Close)
	if s.http {
		srv.Start()
		return srv.URL, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: s.names,
		NotBefore: time.Now().Add(s.from), NotAfter: time.Now().Add(s.until), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS10, MaxVersion: s.newest}
	srv.StartTLS()
	roots = x509.NewCertPool()
	if made, err := x509.ParseCertificate(der); err == nil && !s.untrusted {
		roots.AddCert(made)
	}
	return srv.URL, roots
}

const day = 24 * time.Hour

// Each broken web service is named on the first line that is bad.
func TestBrokenWeb(t *testing.T) {
	good := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("PassportURLs", "DALogin=login.example.com")
	}
	at := func(d time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(d).UTC().Format(http.TimeFormat))
			good(w, r)
		}
	}
	names := []string{"localhost"}
	for _, tt := range []struct {
		name, host string
		site       site
		level      stage.Level
		text, does string
	}{
		{"good", "nexus.passport.com", site{names: names, from: -day, until: day, answer: good}, stage.Fine, "200 OK where to sign in", ""},
		{"good over HTTP", "nexus.passport.com:80", site{http: true, answer: good}, stage.Fine, "200 OK where to sign in", ""},
		{"expired", "login.live.com", site{names: names, from: -5 * day, until: -3 * day, answer: good}, stage.Bad, "has expired on", "renew"},
		{"not yet good", "login.live.com", site{names: names, from: 3 * day, until: 5 * day, answer: good}, stage.Bad, "is not good before", "clock"},
		{"another name", "login.live.com", site{names: []string{"www.example.com"}, from: -day, until: day, answer: good}, stage.Bad, "the certificate is for www.example.com, not for localhost", "certificate"},
		{"unknown authority", "login.live.com", site{names: names, from: -day, until: day, answer: good, untrusted: true}, stage.Bad, "does not trust", "root"},
		{"TLS 1.0 only", "login.live.com", site{names: names, from: -day, until: day, answer: good, newest: tls.VersionTLS10}, stage.Bad, "speaks TLS 1.0 only", "TLS 1.2"},
		{"TLS 1.1 only", "login.live.com", site{names: names, from: -day, until: day, answer: good, newest: tls.VersionTLS11}, stage.Bad, "speaks TLS 1.1 only", "TLS 1.2"},
		{"TLS 1.2 only", "login.live.com", site{names: names, from: -day, until: day, answer: good, newest: tls.VersionTLS12}, stage.Fine, "answers 200", ""},
		{"no nexus", "nexus.passport.com", site{http: true, answer: func(http.ResponseWriter, *http.Request) {}}, stage.Bad, "there is no nexus", "DALogin"},
		{"nothing there", "login.live.com", site{http: true, answer: http.NotFound}, stage.Bad, "there is nothing at", "path"},
		{"down", "login.live.com", site{http: true, answer: status(503)}, stage.Doubtful, "answers 503", "log"},
		{"an error within", "contacts.msn.com", site{http: true, answer: status(500)}, stage.Doubtful, "answers 500", "clients by POST"},
		{"an error within, elsewhere", "www.example.com", site{http: true, answer: status(500)}, stage.Doubtful, "answers 500", "log of the web server"},
		{"not by GET", "login.live.com", site{http: true, answer: status(499)}, stage.Fine, "answers 499", ""},
		{"clock a day ahead", "login.live.com", site{http: true, answer: at(day)}, stage.Bad, "clock is 24h0m0s ahead of", "set the clock"},
		{"clock a day behind", "login.live.com", site{http: true, answer: at(-day)}, stage.Bad, "behind this machine's", "set the clock"},
		{"clock half an hour ahead", "login.live.com", site{http: true, answer: at(30 * time.Minute)}, stage.Doubtful, "ahead of", "set the clock"},
		{"clock a minute ahead", "login.live.com", site{http: true, answer: at(time.Minute)}, stage.Fine, "answers 200", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, roots := tt.site.serve(t)
			url = strings.Replace(url, "127.0.0.1", "localhost", 1)
			var lines []Line
			worst := Examine(t.Context(), Options{Web: []Web{{tt.host, url}}, Wait: 5 * time.Second, Roots: roots, Hosts: filepath.Join(t.TempDir(), "none"),
				Tell: func(l Line) {
					if l.What == tt.host {
						lines = append(lines, l)
					}
				}})
			var told Line
			for _, l := range lines {
				if l.Level == tt.level {
					told = l
				}
			}
			if worst != tt.level || !strings.Contains(told.Text, tt.text) || !strings.Contains(told.Do, tt.does) {
				t.Errorf("%v: %q; want %v: %q, do %q", worst, lines, tt.level, tt.text, tt.does)
			}
		})
	}
}

// What is no web server is said so.
func TestNoWeb(t *testing.T) {
	plain, _ := site{http: true, answer: http.NotFound}.serve(t)
	secure, roots := site{names: []string{"localhost"}, from: -day, until: day, answer: http.NotFound}.serve(t)
	for url, want := range map[string]string{
		strings.Replace(plain, "http:", "https:", 1):  "is no TLS: it is HTTP",
		strings.Replace(secure, "https:", "http:", 1): "nothing at", // Go's server answers 400 in clear
		"http://" + freePort(t):                       "does not answer: connection refused",
		"https://" + freePort(t):                      "can't be reached: connection refused",
		"ftp://localhost":                             "is no address of a web server",
		"localhost":                                   "is no address of a web server",
	} {
		var lines []Line
		Examine(t.Context(), Options{Web: []Web{{"www.example.com", url}}, Wait: 5 * time.Second, Roots: roots, Hosts: filepath.Join(t.TempDir(), "none"), Tell: func(l Line) { lines = append(lines, l) }})
		if l := find(lines, "www.example.com"); !strings.Contains(l.Text, want) && want != "nothing at" || want != "nothing at" && l.Level != stage.Bad {
			t.Errorf("%s: %q, want %q", url, l, want)
		}
	}
}

// The matrix tells of each dialect how far a client comes.
func TestMatrix(t *testing.T) {
	var got []string
	examine(t, world{upstream: server7("MSNP7 MSNP8", map[string]string{"USR 3 TWN": "911 %t\r\n"})}, func(o *Options) {
		tries := *o
		Matrix(context.Background(), tries, func(tr Try) {
			text := ""
			for _, c := range Columns() {
				if tr.Sign != nil && tr.Sign.Has(c) {
					text += Name(c) + " "
				}
			}
			got = append(got, text+"| "+tr.Then)
		})
		o.Upstream = ""
	})
	if len(got) != 20 {
		t.Fatalf("%d dialects: %q", len(got), got)
	}
	for i, want := range map[int]string{2: "| the server declines all dialects", 7: "VER INF/CVR USR S of the server | a password would come next",
		8: "VER INF/CVR | refused with error 911, as there is no such account", 21: "| the server declines all dialects"} {
		if got[i-2] != want {
			t.Errorf("MSNP%d: %q, want %q", i, got[i-2], want)
		}
	}
}

// The web services of the test server, whole and broken.
func TestWebOfTheTestServer(t *testing.T) {
	for _, tt := range []struct {
		faults     []proxytest.WebFault
		name, want string
	}{
		{nil, "nexus.passport.com", ""},
		{nil, "login.live.com", ""},
		{[]proxytest.WebFault{proxytest.ExpiredCertificate}, "login.live.com", "has expired on"},
		{[]proxytest.WebFault{proxytest.NoNexus}, "nexus.passport.com", "there is no nexus"},
		{[]proxytest.WebFault{proxytest.ClockOff}, "login.live.com", "the server's clock is 24h0m0s ahead of this machine's"},
		{[]proxytest.WebFault{proxytest.ClosedPort}, "login.live.com", "connection refused"},
	} {
		s, err := proxytest.Start(proxytest.Config{Accounts: proxytest.DemoAccounts(), Dialects: []string{"MSNP15", "CVR0"}})
		if err != nil {
			t.Fatal(err)
		}
		w, err := proxytest.StartWeb(s, proxytest.WebConfig{Faults: tt.faults})
		if err != nil {
			t.Fatal(err)
		}
		var lines []Line
		worst := Examine(t.Context(), Options{Web: []Web{{tt.name, "https://login.example.com"}}, Wait: 5 * time.Second, Roots: w.CA, Dial: w.Dial,
			Hosts: filepath.Join(t.TempDir(), "none"), Tell: func(l Line) { lines = append(lines, l) }})
		if tt.want == "" && worst != stage.Fine || !strings.Contains(firstBad(lines).Text, tt.want) {
			t.Errorf("%v of %s: %v %q, want %q", tt.faults, tt.name, worst, lines, tt.want)
		}
		w.Close()
		s.Close()
	}
}

// A server that speaks TLS alone is named, whether it answers VER with an alert or hangs up.
func TestTLSOnly(t *testing.T) {
	url, _ := site{names: []string{"localhost"}, from: -day, until: day, answer: http.NotFound}.serve(t)
	var lines []Line
	Examine(t.Context(), Options{Upstream: strings.TrimPrefix(url, "https://"), Account: "doctor@example.com", Wait: 5 * time.Second,
		Hosts: filepath.Join(t.TempDir(), "none"), Tell: func(l Line) { lines = append(lines, l) }})
	if bad := firstBad(lines); bad.What != "VER" || !strings.Contains(bad.Text, "TLS") || !strings.Contains(bad.Do, "1863") {
		t.Errorf("%q", lines)
	}
}
