package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// webserver [tls] starts a web server that hands out a token and a cookie, and sets WEB.
func webserver(ts *testscript.TestScript, _ bool, args []string) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Set-Cookie", "MSPAuth=cookie-of-alice; path=/")
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, "<a><BinarySecurityToken>t=token-of-alice&amp;p=</BinarySecurityToken><to>%s</to><got>%d</got></a>", r.Host, len(body))
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if len(args) > 0 {
		s.StartTLS()
	} else {
		s.Start()
	}
	ts.Defer(s.Close)
	ts.Setenv("WEB", s.URL)
	ts.Setenv("WEBHOST", s.Listener.Addr().String())
}

// fetch ADDR HOST [CA] sends a password to a host as a client does that reaches it at ADDR:
// by HTTP, or with a CA in a file by TLS 1.0. The answer is in the file answer.
func fetch(ts *testscript.TestScript, _ bool, args []string) {
	conn, err := net.Dial("tcp", args[0])
	ts.Check(err)
	defer conn.Close()
	ts.Check(conn.SetDeadline(time.Now().Add(10 * time.Second)))
	if len(args) > 2 {
		pem, err := os.ReadFile(ts.MkAbs(args[2]))
		ts.Check(err)
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		conn = tls.Client(conn, &tls.Config{
			ServerName: args[1], RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10,
			CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA},
		})
	}
	const body = "<Envelope><Header><UsernameToken><Username>alice@example.com</Username><Password>password-of-alice</Password></UsernameToken></Header><Body><RequestMultipleSecurityTokens/></Body></Envelope>"
	_, err = fmt.Fprintf(conn, "POST /RST.srf HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", args[1], len(body), body)
	if err != nil {
		ts.Fatalf("%v", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	ts.Check(err)
	got, err := io.ReadAll(answer.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("answer"), []byte(strings.TrimSpace(fmt.Sprintf("%d %s", answer.StatusCode, got))+"\n"), 0o600))
}
