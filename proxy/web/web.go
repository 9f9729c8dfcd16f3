package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"

	"msnproxy/proxy/ca"
	"msnproxy/proxy/entrance"
)

// Config says which hosts are served, and how.
type Config struct {
	// Routes are the hosts.
	Routes *Routes
	// CA makes their certificates. Nil: they are served by plain HTTP only.
	CA *ca.CA
	// Roots are the authorities that servers' certificates must be of. Nil: the system's.
	Roots *x509.CertPool
	// Insecure takes any certificate of a server.
	Insecure bool
	// Keys gets the secrets of all TLS connections, with clients and servers, as lines in
	// the form of NSS. Nil: nobody does.
	Keys io.Writer
	// Inner are ways in which a client may go on inside TLS, or to one of the hosts.
	Inner []entrance.Entrance
}

// Web is the way in for the web half. It serves many clients at a time.
type Web struct {
	Config
	tls *tls.Config // towards clients; nil without a CA
}

// New returns the way in for what a Config says.
func New(c Config) *Web {
	w := &Web{Config: c}
	if c.CA != nil {
		w.tls = inward(c.CA, fallbackNames(c.Routes, c.CA), c.Keys)
	}
	return w
}

// Unserved returns the hosts that the CA may not speak for, so that only plain HTTP will
// do for them.
func (w *Web) Unserved() (hosts []string) {
	for _, r := range w.Routes.All() {
		if w.CA == nil || !w.CA.Allows(r.Host) {
			hosts = append(hosts, r.Host)
		}
	}
	return hosts
}

// dial connects to the server of a route.
func (w *Web) dial(ctx context.Context, r *Route) (net.Conn, error) {
	conn, err := entrance.Connect(ctx, r.Address())
	if err != nil {
		return nil, &entrance.Error{Reason: entrance.ReasonOf(err), Err: fmt.Errorf("%s is led to %s, which can't be had: %w", r.Host, r.URL(), err)}
	}
	if !r.TLS {
		return conn, nil
	}
	t := tls.Client(conn, outward(r, w.Roots, w.Insecure, w.Keys))
	if err := t.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, &entrance.Error{Reason: entrance.ReasonOf(err), Err: serverError(r, err)}
	}
	return t, nil
}
