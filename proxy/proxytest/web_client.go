package proxytest

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// WebOptions say how a [Client] comes to the web services of its time: with them it asks
// there for what signs it in, and can ask for lists and offline messages.
type WebOptions struct {
	// Dial, if set, connects to the services in place of the client's own. [At] leads to
	// something that stands in for all of them.
	Dial Dialer
	// CA is what signs the certificates that are trusted; nil stands for the system's.
	CA *x509.CertPool
	// Hosts are where the client begins, with :port where it is not the usual one. The zero
	// value stands for the DemoHosts.
	Hosts WebHosts
	// Plain asks by http in place of https.
	Plain bool
	// OldTokens has RST.srf asked for tokens, as in 2005 to 2008, by MSNP8 to 14, too; else
	// those ask nexus and login2.srf, and later ones RST2.srf.
	OldTokens bool
	// Packed has the client say that it takes compressed answers.
	Packed bool
	// Now is the client's clock. Nil stands for time.Now.
	Now func() time.Time
	// Ticket, if set, is shown by USR in place of what the service handed out.
	Ticket *Ticket
}

// WebError is an answer of a web service that is none to what was asked.
type WebError struct {
	// Account asked, for Action (as RST2, FindMembership) at Host.
	Account, Action, Host string
	// Status is that of HTTP. Code and Text are the fault's, "" if there was none.
	Status     int
	Code, Text string
	// Challenge is that of a fault that wants a lock key.
	Challenge string
}

func (e *WebError) Error() string {
	s := fmt.Sprintf("%s: %s at %s: the answer is %d", e.Account, e.Action, e.Host, e.Status)
	if e.Code != "" {
		s += ", " + e.Code + ": " + e.Text
	}
	return s
}

// webClient is what a client knows of the web services.
type webClient struct {
	options           WebOptions
	account, password string
	product           string // what lock keys are computed for
	version           string // as MSNP15
	dialect           int
	http              *http.Client

	ticket   Ticket
	tokens   map[string]string // by address; "" is good for all
	contacts string            // the host of the address book, as it said
	cacheKey string
	lockKey  string
	sent     int // offline messages
}

// maxWebAnswer bounds an answer in bytes.
const maxWebAnswer = 1 << 20

func newWebClient(o *Options) *webClient {
	w := &webClient{options: *o.Web, account: o.Account, password: o.Password, tokens: map[string]string{}}
	defaultTo(&w.options.Hosts, DemoHosts())
	if w.options.Now == nil {
		w.options.Now = time.Now
	}
	w.contacts = w.options.Hosts.Contacts
	dialer := w.options.Dial
	if dialer == nil {
		dialer = direct(o.Dial)
	}
	w.http = &http.Client{
		Transport: &http.Transport{
			DialContext: dialer, TLSClientConfig: &tls.Config{RootCAs: w.options.CA}, DisableCompression: !w.options.Packed,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return w
}

func (w *webClient) close() { w.http.CloseIdleConnections() }

// url is where a path of a host is.
func (w *webClient) url(hostPath string) string {
	if w.options.Plain {
		return "http://" + hostPath
	}
	return "https://" + hostPath
}

// ask sends a request and returns the answer, with its body read.
func (w *webClient) ask(ctx context.Context, action, method, hostPath string, header http.Header, body string) (*http.Response, []byte, error) {
	fail := func(err error) error { return fmt.Errorf("%s: %s at %s: %w", w.account, action, hostPath, err) }
	r, err := http.NewRequestWithContext(ctx, method, w.url(hostPath), strings.NewReader(body))
	if err != nil {
		return nil, nil, fail(err)
	}
	r.Header = header
	r.Header.Set("User-Agent", "MSN Explorer/9.0 (MSN 8.0; TmstmpExt)")
	answer, err := w.http.Do(r)
	if err != nil {
		return nil, nil, fail(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(io.LimitReader(answer.Body, maxWebAnswer))
	if err != nil {
		return nil, nil, fail(err)
	}
	return answer, read, nil
}

// soap asks for an action and returns the document that answers it. space is what goes
// before the action in SOAPAction.
func (w *webClient) soap(ctx context.Context, space, action, hostPath string, header http.Header, envelope string) (*element, error) {
	if header == nil {
		header = http.Header{}
	}
	kind := "text/xml; charset=utf-8"
	if space == "" {
		kind = "application/soap+xml; charset=utf-8"
	} else {
		header["SOAPAction"] = []string{`"` + space + action + `"`}
	}
	header.Set("Content-Type", kind)
	answer, body, err := w.ask(ctx, action, http.MethodPost, hostPath, header, envelope)
	if err != nil {
		return nil, err
	}
	host, _, _ := strings.Cut(hostPath, "/")
	failed := &WebError{Account: w.account, Action: action, Host: host, Status: answer.StatusCode}
	doc, err := parseXML(body)
	if fault := doc.find("Fault"); fault != nil {
		failed.Code = cmp.Or(fault.text("errorcode"), fault.text("faultcode"), fault.find("Subcode").text("Value"))
		failed.Text = cmp.Or(fault.text("errorstring"), fault.text("faultstring"), fault.text("Text"))
		failed.Challenge = fault.text("LockKeyChallenge")
		return nil, failed
	}
	if answer.StatusCode != http.StatusOK {
		return nil, failed
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s at %s: the answer is no XML: %w", w.account, action, host, err)
	}
	return doc, nil
}
