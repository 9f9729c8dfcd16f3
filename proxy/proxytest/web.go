package proxytest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// WebHosts are the names under which the web services are asked for, and name each other.
type WebHosts struct {
	// Nexus says where tickets are got from 5.0 to 7.0, Login where they are, and tokens
	// later.
	Nexus, Login string
	// Config holds the client's settings, Contacts address book and memberships.
	Config, Contacts string
	// OIMRead and OIMWrite keep offline messages.
	OIMRead, OIMWrite string
}

// DemoHosts are names for the services at example.com.
func DemoHosts() WebHosts {
	return WebHosts{
		Nexus: "nexus.example.com", Login: "login.example.com", Config: "config.example.com",
		Contacts: "contacts.example.com", OIMRead: "rsi.example.com", OIMWrite: "ows.example.com",
	}
}

// All are the names, each once.
func (h WebHosts) All() []string {
	all := []string{h.Nexus, h.Login, h.Config, h.Contacts, h.OIMRead, h.OIMWrite}
	slices.Sort(all)
	return slices.Compact(all)
}

// WebFault is a way in which a [Web] is broken.
type WebFault string

// The faults.
const (
	// ExpiredCertificate: that of https ended yesterday.
	ExpiredCertificate WebFault = "expired certificate"
	// NoNexus: there is nothing where the nexus should be (404).
	NoNexus WebFault = "no nexus"
	// ClockOff: its clock is a day ahead, in Date, Created and Expires, and it refuses
	// requests that are of another time.
	ClockOff WebFault = "clock off by a day"
	// WrongToken: the token that it hands out for the sign-in is not that of the account.
	WrongToken WebFault = "wrong token"
	// WrongSecret: the BinarySecret that it hands out with that is not that of the account.
	WrongSecret WebFault = "wrong secret"
	// ServerErrors: whatever it is asked, the answer is 500.
	ServerErrors WebFault = "500"
	// ClosedPort: nothing listens at its addresses.
	ClosedPort WebFault = "closed port"
)

// WebFaults are all of them.
func WebFaults() []WebFault {
	return []WebFault{ExpiredCertificate, NoNexus, ClockOff, WrongToken, WrongSecret, ServerErrors, ClosedPort}
}

// WebConfig says how a [Web] behaves. The zero value serves the [DemoHosts] well.
type WebConfig struct {
	// Hosts are the names that answers give for the services. The zero value stands for
	// the DemoHosts.
	Hosts WebHosts
	// Preferred is the host where the address book asks clients to go on. Empty: that of
	// the contacts.
	Preferred string
	// Moved has login2.srf send clients to another path at first, as login.passport.com
	// did.
	Moved bool
	// Packed has answers compressed and in chunks for clients that take that.
	Packed bool
	// Faults are what is wrong with it.
	Faults []WebFault
	// Listen opens the ports for http and https, as in [Config].
	Listen func() (net.Listener, error)
}

// Web are the web services beside a [Server], for the same accounts: nexus and login2.srf,
// RST.srf and RST2.srf, MsgrConfig, memberships and address book, and offline messages. It
// tells them apart by path alone, so that any host name will do. Tickets that it hands out
// are those that the server takes (see [TicketFor]); the other tokens are good here alone.
type Web struct {
	// HTTP and HTTPS are its addresses, host:port.
	HTTP, HTTPS string
	// CA is what a client trusts that trusts its certificate, which is its own issuer.
	CA *x509.CertPool

	server    *Server
	config    WebConfig
	http      *http.Server
	certified tls.Certificate
	work      sync.WaitGroup

	// The server's lock guards these.
	rand   *rand.Rand
	issued map[string]grant // by token
}

// StartWeb starts the web services of a server. Close them before it. The error is that a
// port can't be had.
func StartWeb(s *Server, config WebConfig) (*Web, error) {
	defaultTo(&config.Hosts, DemoHosts())
	defaultTo(&config.Preferred, config.Hosts.Contacts)
	if config.Listen == nil {
		config.Listen = s.config.Listen
	}
	w := &Web{
		server: s, config: config, CA: x509.NewCertPool(),
		rand:   rand.New(rand.NewPCG(s.config.Seed, 0x574542)),
		issued: map[string]grant{},
	}
	if err := w.certify(); err != nil {
		return nil, fmt.Errorf("proxytest web: %w", err)
	}
	w.http = &http.Server{
		Handler:           http.HandlerFunc(w.serve),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{w.certified}, NextProtos: []string{"http/1.1"}},
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // no HTTP/2
		ReadHeaderTimeout: s.config.SignInTimeout,
		WriteTimeout:      s.config.WriteTimeout + s.config.SignInTimeout,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, now http.ConnState) {
			switch now {
			case http.StateNew:
				w.work.Add(1)
			case http.StateClosed:
				w.work.Done()
			}
		},
	}
	plain, err := config.Listen()
	if err != nil {
		return nil, fmt.Errorf("proxytest web: listening for http: %w", err)
	}
	secure, err := config.Listen()
	if err != nil {
		plain.Close()
		return nil, fmt.Errorf("proxytest web: listening for https: %w", err)
	}
	w.HTTP, w.HTTPS = plain.Addr().String(), secure.Addr().String()
	if w.has(ClosedPort) {
		plain.Close()
		secure.Close()
		return w, nil
	}
	w.work.Go(func() { w.http.Serve(plain) })
	w.work.Go(func() { w.http.ServeTLS(secure, "", "") })
	return w, nil
}

// Close ends the services, with all connections, and waits for them.
func (w *Web) Close() {
	w.http.Close()
	w.work.Wait()
}

// Dial connects to the services, port 80 for http and any other for https, whatever the
// host. It is a [Dialer].
func (w *Web) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	at := w.HTTPS
	if _, port, _ := net.SplitHostPort(address); port == "80" {
		at = w.HTTP
	}
	return new(net.Dialer).DialContext(ctx, network, at)
}

func (w *Web) has(f WebFault) bool { return slices.Contains(w.config.Faults, f) }

// now is the time by the services' clock.
func (w *Web) now() time.Time {
	if w.has(ClockOff) {
		return w.server.config.Now().Add(24 * time.Hour)
	}
	return w.server.config.Now()
}

// maxWebBody bounds the body of a request in bytes.
const maxWebBody = 256 << 10

// call is one request that is being answered. Handlers run with the server's lock held.
type call struct {
	web *Web
	*http.Request
	doc *element // nil: the body is no XML
	// what is answered
	header   http.Header
	status   int
	document string
}

// webServices are the handlers by path, in lower case.
var webServices = map[string]func(*call){
	"/rdr/pprdr.asp":                 (*call).nexus,
	"/login2.srf":                    (*call).login2,
	"/ppsecure/login2.srf":           (*call).login2,
	"/rst.srf":                       (*call).tokens,
	"/rst2.srf":                      (*call).tokens,
	"/config/msgrconfig.asmx":        (*call).settings,
	"/etc/msgrconfig":                (*call).settings,
	"/abservice/sharingservice.asmx": (*call).sharing,
	"/abservice/abservice.asmx":      (*call).addressBook,
	"/rsi/rsi.asmx":                  (*call).offlineRead,
	"/oimws/oim.asmx":                (*call).offlineStore,
}
