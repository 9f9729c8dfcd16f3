package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
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
	// Dial connects to servers. Nil: net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Web is the way in for the web half. It serves many clients at a time.
type Web struct {
	Config
	tls *tls.Config // towards clients; nil without a CA
}

// New returns the way in for what a Config says.
func New(c Config) *Web {
	w := &Web{Config: c}
	if w.Dial == nil {
		w.Dial = new(net.Dialer).DialContext
	}
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
	conn, err := w.Dial(ctx, "tcp", r.Address())
	if err != nil {
		return nil, &entrance.Error{Reason: entrance.ReasonOf(err), Err: fmt.Errorf("cannot connect to %s, where --web leads %s: %w", r.URL(), r.Host, bare(err))}
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

// bare takes the addresses and system calls off an error of package net, which the line
// has itself.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		err = op.Err
	}
	return err
}
