package web

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"msnproxy/proxy/entrance"
)

var quiet = log.New(io.Discard, "", 0)

// caDir is where the CA of the tests lies.
var caDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "msnproxy-ca-")
	if err != nil {
		panic(err)
	}
	caDir = filepath.Join(dir, "ca")
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// certified is a server with a certificate of its own.
func certified(t *testing.T, name string, from, to time.Time, max uint16) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to,
		DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		fmt.Fprint(w, "here")
	}))
	s.Config.ErrorLog = quiet
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS10, MaxVersion: max}
	s.StartTLS()
	t.Cleanup(s.Close)
	cert, _ := x509.ParseCertificate(der)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return s, pool
}

// What is wrong with a server is said, to the client, too, and --web-insecure lets certificates pass.
func TestServers(t *testing.T) {
	now := time.Now()
	day := 24 * time.Hour
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	for name, c := range map[string]struct {
		host     string
		from, to time.Time
		distrust bool
		url      func(s *httptest.Server) string
		max      uint16
		want     string
		insecure bool // is enough
	}{
		"good":         {host: "localhost", from: now.Add(-day), to: now.Add(day)},
		"expired":      {host: "localhost", from: now.Add(-2 * day), to: now.Add(-day), want: "has expired on " + now.Add(-day).UTC().Format(time.DateOnly), insecure: true},
		"not yet good": {host: "localhost", from: now.Add(day), to: now.Add(2 * day), want: "is good from " + now.Add(day).UTC().Format(time.DateOnly), insecure: true},
		"self-signed":  {host: "localhost", from: now.Add(-day), to: now.Add(day), distrust: true, want: "does not trust", insecure: true},
		"other host":   {host: "other.example", from: now.Add(-day), to: now.Add(day), want: "is for other hosts", insecure: true},
		"no TLS 1.2":   {host: "localhost", from: now.Add(-day), to: now.Add(day), max: tls.VersionTLS11, want: "protocol version"},
		"nobody there": {host: "localhost", from: now.Add(-day), to: now.Add(day), url: func(*httptest.Server) string { return "https://" + nobody.Addr().String() }, want: "connection refused"},
		"TLS to a plain": {host: "localhost", from: now.Add(-day), to: now.Add(day), url: func(*httptest.Server) string {
			return strings.Replace(behind(t, false).URL, "http:", "https:", 1)
		}, want: "is it http://?"},
	} {
		s, pool := certified(t, c.host, c.from, c.to, c.max)
		url := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
		if c.url != nil {
			url = c.url(s)
		}
		if c.distrust {
			pool = x509.NewCertPool()
		}
		for _, insecure := range []bool{false, true} {
			d := open(t, New(Config{CA: testCA(), Roots: pool, Insecure: insecure, Routes: routes(t, "login.live.com="+url)}), nil)
			conn := dial(t, d)
			fmt.Fprintf(conn, ask, "login.live.com")
			b, _ := io.ReadAll(conn)
			o := d.end(t)
			if c.want == "" || insecure && c.insecure {
				if o.err != nil || !strings.HasSuffix(string(b), "here") {
					t.Errorf("%s, insecure %v: %q, %v", name, insecure, b, o.err)
				}
				continue
			}
			if o.err == nil || !strings.Contains(o.err.Error(), c.want) || !strings.Contains(o.err.Error(), url) {
				t.Errorf("%s, insecure %v: %v", name, insecure, o.err)
				continue
			}
			if c.insecure != strings.Contains(o.err.Error(), "--web-insecure") {
				t.Errorf("%s: is --web-insecure of use? %v", name, o.err)
			}
			if !strings.HasPrefix(string(b), "HTTP/1.1 502 ") || !strings.Contains(string(b), o.err.Error()) {
				t.Errorf("%s: the client gets %q", name, b)
			}
			if name == "nobody there" && entrance.ReasonOf(o.err) != entrance.Refused {
				t.Errorf("%s: the reason is %v", name, entrance.ReasonOf(o.err))
			}
		}
	}
}

// The keys of both legs are logged.
func TestKeyLog(t *testing.T) {
	s, pool := certified(t, "localhost", time.Now().Add(-time.Hour), time.Now().Add(time.Hour), 0)
	var log lockedBuffer
	w := New(Config{CA: testCA(), Roots: pool, Keys: &log, Routes: routes(t, "login.live.com="+strings.Replace(s.URL, "127.0.0.1", "localhost", 1))})
	d := open(t, w, nil)
	var own lockedBuffer
	conn, err := tls.Dial("tcp", d.addr, &tls.Config{ServerName: "login.live.com", RootCAs: trusting(w.CA), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}, KeyLogWriter: &own})
	if err != nil {
		t.Fatal(err)
	}
	if got := get(t, conn, "login.live.com"); got != "here" {
		t.Errorf("%q", got)
	}
	d.end(t)
	if line := own.String(); !strings.HasPrefix(line, "CLIENT_RANDOM ") || !strings.Contains(log.String(), line) {
		t.Errorf("the client's line %q is not in %q", line, log.String())
	}
	if !strings.Contains(log.String(), "CLIENT_TRAFFIC_SECRET_0 ") {
		t.Errorf("nothing of the server's leg: %q", log.String())
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestUnserved(t *testing.T) {
	list := routes(t, "login.live.com=http://a", "www.example.org=http://a", "10.0.0.1=http://a", "127.0.0.1=http://a")
	if got := New(Config{CA: testCA(), Routes: list}).Unserved(); strings.Join(got, " ") != "www.example.org 10.0.0.1" {
		t.Errorf("with a CA: %v", got)
	}
	if got := New(Config{Routes: list}).Unserved(); len(got) != 4 {
		t.Errorf("without: %v", got)
	}
}

// helloFor is the hello of Go's client to a host; "": to nobody in particular.
func helloFor(t *testing.T, host string) string {
	t.Helper()
	near, far := net.Pipe()
	defer far.Close()
	go func() {
		_ = tls.Client(near, &tls.Config{ServerName: host, InsecureSkipVerify: host == ""}).Handshake()
		_ = near.Close()
	}()
	b := make([]byte, 4096)
	n, err := far.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}
