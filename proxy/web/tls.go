package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"msnproxy/proxy/ca"
)

// oldSuites are all cipher suites below TLS 1.3 that Go can speak. Without this list Go
// takes none with RSA key exchange, 3DES or RC4, and old clients know nothing else.
var oldSuites = []uint16{
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA,
	tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA,
	tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_RSA_WITH_AES_128_CBC_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA,
	tls.TLS_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	tls.TLS_RSA_WITH_RC4_128_SHA,
}

// inward is how clients are spoken to: TLS 1.0 and newer, HTTP/1 inside. fallback are the
// names of the certificate for clients that name no host, as old ones don't.
func inward(authority *ca.CA, fallback []string, keys io.Writer) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS10,
		CipherSuites: oldSuites,
		NextProtos:   []string{"http/1.1"},
		KeyLogWriter: keys,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != "" {
				return authority.Leaf(hello.ServerName)
			}
			return authority.Leaf(fallback...)
		},
	}
}

// outward is how a server is spoken to: as today's clients do.
func outward(r *Route, roots *x509.CertPool, insecure bool, keys io.Writer) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         r.Server,
		NextProtos:         []string{"http/1.1"},
		RootCAs:            roots,
		InsecureSkipVerify: insecure,
		KeyLogWriter:       keys,
	}
}

// fallbackNames are the hosts of a certificate for clients that name none: those that the
// CA may speak for, without ports.
func fallbackNames(routes *Routes, authority *ca.CA) (names []string) {
	for _, r := range routes.All() {
		if authority.Allows(r.Host) && !slices.Contains(names, r.Host) {
			names = append(names, r.Host)
		}
	}
	return names
}

// handshakeError says why a client's handshake failed, and what to do.
func handshakeError(err error, authority *ca.CA) error {
	var name *ca.NameError
	var alert tls.AlertError
	var header tls.RecordHeaderError
	switch {
	case errors.As(err, &name):
		return name
	case errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls:"):
		what := strings.TrimPrefix(err.Error(), "remote error: tls: ")
		return fmt.Errorf("the client refuses the proxy's certificate or its TLS (%s): does it trust %q? See \"msnproxy ca export\"", what, authority.Name())
	case strings.Contains(err.Error(), "unsupported versions"), strings.Contains(err.Error(), "protocol version not supported"):
		return errors.New("the client knows only SSL 3.0 or older: tick TLS 1.0 where it takes its settings from (Internet options, Advanced), or use plain HTTP")
	case strings.Contains(err.Error(), "no cipher suite"):
		return errors.New("the client offers no cipher suite that the proxy knows: export ones, most likely, or none but of TLS with elliptic curves' certificates")
	case errors.As(err, &header):
		return fmt.Errorf("the client went on with something else than TLS after its hello")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errors.New("the client fell silent in the middle of the TLS handshake")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the client went in the middle of the TLS handshake, without a word: does it trust %q? See \"msnproxy ca export\"", authority.Name())
	}
	return fmt.Errorf("the TLS handshake with the client failed: %s", strings.TrimPrefix(err.Error(), "tls: "))
}

// serverError says why a server's handshake failed, and what to do.
func serverError(r *Route, err error) error {
	const all = "; --web-insecure takes any certificate"
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var header tls.RecordHeaderError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		c := invalid.Cert
		now := time.Now()
		if now.Before(c.NotBefore) {
			return fmt.Errorf("the certificate of %s is good from %s only: is this machine's clock right?%s", r.URL(), c.NotBefore.Format(time.DateOnly), strings.Replace(all, ";", "", 1))
		}
		return fmt.Errorf("the certificate of %s has expired on %s%s", r.URL(), c.NotAfter.Format(time.DateOnly), all)
	case errors.As(err, &unknown):
		return fmt.Errorf("the certificate of %s is of an authority that this system does not trust%s", r.URL(), all)
	case errors.As(err, &host):
		return fmt.Errorf("the certificate of %s is for other hosts%s", r.URL(), all)
	case errors.As(err, &invalid):
		return fmt.Errorf("the certificate of %s is not good: %s%s", r.URL(), strings.TrimPrefix(invalid.Error(), "x509: "), all)
	case errors.As(err, &header):
		return fmt.Errorf("%s does not speak TLS there: is it http://?", r.URL())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%s takes the connection and does not answer a TLS hello in time: does it wait for a request without TLS, and is it http://?", r.URL())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s hangs up on a TLS hello: does it speak TLS there, or is it http://?", r.URL())
	case strings.Contains(err.Error(), "remote error: tls:"):
		return fmt.Errorf("%s refuses the TLS handshake (%s)", r.URL(), strings.TrimPrefix(err.Error(), "remote error: tls: "))
	}
	return fmt.Errorf("the TLS handshake with %s failed: %s", r.URL(), strings.TrimPrefix(err.Error(), "tls: "))
}
