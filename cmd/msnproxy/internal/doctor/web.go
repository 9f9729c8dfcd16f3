package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/stage"
)

// web looks at one web service, unless it was asked the same before.
func (r *report) web(ctx context.Context, w Web, asked map[string]bool) {
	u, err := url.Parse(w.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		r.bad(w.Name, "--web wants HOST=http://... or HOST=https://...", fmt.Sprintf("%q is no address of a web server", w.URL))
		return
	}
	name := strings.ToLower(w.Name)
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	host := known(strings.TrimPrefix(name, "*."))
	if (u.Path == "" || u.Path == "/") && host != nil {
		u.Path = host.Path
	}
	if asked[u.String()] {
		return
	}
	if asked[u.String()] = true; len(asked) > 1 {
		r.pause(ctx)
	}
	addr := u.Host
	if u.Port() == "" {
		addr = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	if u.Scheme == "https" && !r.certificate(ctx, w.Name, addr, u.Hostname()) {
		return
	}
	r.asks(ctx, w.Name, u, host)
}

// known returns what is known of a host that clients ask, or nil.
func known(name string) *stage.Host {
	list := stage.Hosts()
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// allSuites are the ciphers of TLS 1.0 to 1.2 that Go has, weak ones included: it is only
// looked whether somebody answers.
func allSuites() (ids []uint16) {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, s.ID)
	}
	return ids
}

// handshake opens TLS of any version, and does not mind the certificate.
func (r *report) handshake(ctx context.Context, addr, name string) (*tls.ConnectionState, error) {
	conn, err := r.dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(r.Now().Add(r.Wait))
	//nolint:gosec // what it finds wrong it tells, and no secret is sent
	c := tls.Client(conn, &tls.Config{ServerName: name, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, CipherSuites: allSuites(), Time: r.Now})
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	s := c.ConnectionState()
	return &s, nil
}

// speaksTLS returns what version of TLS the server speaks, or "".
func (r *report) speaksTLS(ctx context.Context, addr string) string {
	host, _, _ := net.SplitHostPort(addr)
	s, err := r.handshake(ctx, addr, host)
	if err == nil {
		return tls.VersionName(s.Version)
	}
	var alert tls.AlertError
	if errors.As(err, &alert) {
		return "TLS"
	}
	return ""
}

// certificate looks at TLS and the certificate.
func (r *report) certificate(ctx context.Context, what, addr, name string) bool {
	s, err := r.handshake(ctx, addr, name)
	var header tls.RecordHeaderError
	switch {
	case errors.As(err, &header):
		text := "what answers on " + addr + " is no TLS"
		if o, ok := decode.ReadOpening(header.RecordHeader[:], decode.Server, true); ok && o.Named() || strings.HasPrefix(string(header.RecordHeader[:]), "HTTP/") {
			_ = o
			text += ": it is HTTP"
		}
		r.bad(what, "use http:// in the URL, or the port where it speaks TLS", text)
		return false
	case err != nil && !dialled(err):
		r.bad(what, "see whether the web server runs, and whether name and port are right", fmt.Sprintf("%s can't be reached: %v", addr, root(err)))
		return false
	case err != nil:
		r.bad(what, "let the server offer TLS 1.2 or 1.3, with a certificate for "+name, fmt.Sprintf("TLS with %s fails: %v", addr, root(err)))
		return false
	}
	if s.Version < tls.VersionTLS12 {
		r.bad(what, "let the server offer TLS 1.2 as well: old clients still get TLS 1.0 from msnproxy, which speaks modern TLS to the server", fmt.Sprintf("the server speaks %s only, which programs of today refuse", tls.VersionName(s.Version)))
		return false
	}
	return r.judge(what, name, s)
}

// dialled reports whether an error came after the connection.
func dialled(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return !(errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns))
}

// judge looks at the dates, the name and the authority of a certificate.
func (r *report) judge(what, name string, s *tls.ConnectionState) bool {
	cert, now := s.PeerCertificates[0], r.Now()
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	const day = "2 January 2006"
	_, unknown := cert.Verify(x509.VerifyOptions{Roots: r.Roots, Intermediates: between, CurrentTime: cert.NotBefore.Add(time.Second)})
	switch {
	case now.After(cert.NotAfter):
		r.bad(what, "renew the certificate; if it is new, this machine's clock is wrong", fmt.Sprintf("the certificate has expired on %s, %s ago; here it is %s", cert.NotAfter.UTC().Format(day), days(now.Sub(cert.NotAfter)), now.UTC().Format(day)))
		return false
	case now.Before(cert.NotBefore):
		r.bad(what, "set this machine's clock, or the server's when the certificate was made", fmt.Sprintf("the certificate is not good before %s, in %s; here it is %s", cert.NotBefore.UTC().Format(day), days(cert.NotBefore.Sub(now)), now.UTC().Format(day)))
		return false
	case cert.VerifyHostname(name) != nil:
		r.bad(what, "get a certificate for "+name+", or name the server as the certificate does", fmt.Sprintf("the certificate is for %s, not for %s", names(cert), name))
		return false
	case unknown != nil:
		r.bad(what, "install its root on this machine; clients that go there without the proxy need it, too", fmt.Sprintf("the certificate is of an authority that this machine does not trust: %s", cert.Issuer))
		return false
	}
	r.fine(what, fmt.Sprintf("%s, certificate for %s good until %s", tls.VersionName(s.Version), names(cert), cert.NotAfter.UTC().Format(day)))
	return true
}

// names are those that a certificate is for.
func names(c *x509.Certificate) string {
	const most = 4
	list := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		list = append(list, ip.String())
	}
	if len(list) == 0 {
		list = append(list, c.Subject.CommonName+" (as CN only)")
	}
	if len(list) > most {
		list = append(list[:most:most], fmt.Sprintf("%d more", len(list)-most))
	}
	return strings.Join(list, ", ")
}

// days writes a long time.
func days(d time.Duration) string {
	if n := int(d / (24 * time.Hour)); n > 1 {
		return fmt.Sprintf("%d days", n)
	} else if n == 1 {
		return "1 day"
	}
	return d.Round(time.Minute).String()
}

// How far clocks may be apart: beyond the first it gets a warning, beyond the second
// tickets and certificates are not good any more, or not yet.
const (
	clockApart = 2 * time.Minute
	clockWrong = time.Hour
)

// asks makes one harmless request, and looks at the answer.
func (r *report) asks(ctx context.Context, what string, u *url.URL, host *stage.Host) {
	ctx, cancel := context.WithTimeout(ctx, r.Wait)
	defer cancel()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: r.Dial, DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: r.Roots, Time: r.Now}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		r.bad(what, "", fmt.Sprintf("%s can't be asked: %v", u, err))
		return
	}
	req.Header.Set("User-Agent", "msnproxy doctor")
	sent := r.Now()
	resp, err := client.Do(req)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err
		}
		r.bad(what, "see whether the web server runs, and whether it is http or https", fmt.Sprintf("%s does not answer: %v", u, root(err)))
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if !r.clock(what, resp.Header.Get("Date"), sent) {
		return
	}
	nexus := host != nil && host.For == stage.NexusFor
	purpose := ""
	if host != nil {
		purpose = host.For
	}
	switch {
	case nexus && resp.Header.Get("PassportURLs") == "":
		r.bad(what, "let the server answer "+u.Path+" with a header PassportURLs that has DALogin in it", fmt.Sprintf("there is no nexus: %s answers %s without PassportURLs", u, resp.Status))
	case (resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone) && len(u.Path) > 1:
		r.bad(what, "see which path the server has for this", fmt.Sprintf("there is nothing at %s: %s", u, resp.Status))
	case resp.StatusCode >= 500:
		do := "see the log of the web server"
		if host != nil && resp.StatusCode == http.StatusInternalServerError {
			do += "; some services answer so because this asks by GET, and clients by POST"
		}
		r.warn(what, do, fmt.Sprintf("%s answers %s", u, resp.Status))
	default:
		r.fine(what, strings.TrimSpace(fmt.Sprintf("%s answers %s %s", u, resp.Status, purpose)))
	}
}

// clock compares the server's clock with this machine's.
func (r *report) clock(what, date string, sent time.Time) bool {
	at, err := http.ParseTime(date)
	if err != nil {
		return true
	}
	apart, way := at.Sub(sent), "ahead of"
	if apart < 0 {
		apart, way = -apart, "behind"
	}
	about := apart.Round(time.Second)
	if apart >= clockWrong-time.Second {
		about = apart.Round(time.Minute)
	}
	text := fmt.Sprintf("the server's clock is %s %s this machine's", about, way)
	const do = "set the clock that is wrong, date and time zone included: tickets and certificates are good for a time"
	switch {
	case about >= clockWrong:
		r.bad(what, do, text)
		return false
	case apart >= clockApart:
		r.warn(what, do, text)
	}
	return true
}
