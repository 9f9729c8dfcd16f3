package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/http1"
	"msnproxy/proxy/entrance"
)

// Name implements entrance.Entrance.
func (w *Web) Name() string { return "web" }

// Takes implements entrance.Entrance: whoever asks for a host that is served, by what it
// asked an outer way for, by TLS or by HTTP; and whoever speaks TLS to nobody in
// particular.
func (w *Web) Takes(c *entrance.Caller) decode.Guess {
	if w.asked(c) != nil {
		return decode.Yes
	}
	b := c.Buffered()
	if len(b) == 0 {
		return decode.Maybe
	}
	if http := http1.Starts(b, true); http != http1.No {
		return w.takesHTTP(b, http)
	}
	o, ok := decode.ReadOpening(b, decode.Client, false)
	switch {
	case !ok:
		return likely(b)
	case o.Name != nameTLS && o.Name != nameSSL2:
		return decode.No
	case w.Routes.Find(o.Target, portHTTPS) != nil:
		return decode.Yes
	case o.Partial && o.Target == "":
		return decode.Maybe
	case c.Asked != nil && !(c.Asked.Redirected && o.Target == ""): // to somebody else
		return decode.No
	}
	return decode.Yes // also who was led here by an address that is nobody's, and names no host
}

// What decode calls the openings that are looked for.
const (
	nameTLS  = "TLS"
	nameSSL2 = "SSLv2"
)

// likely says whether the first bytes, of which too few are here, may be a hello of TLS or
// SSL 2.0.
func likely(b []byte) decode.Guess {
	if b[0] == 0x16 || b[0]&0x80 != 0 {
		return decode.Maybe
	}
	return decode.No
}

// takesHTTP says whether a request is for a host that is served.
func (w *Web) takesHTTP(b []byte, sure http1.Guess) decode.Guess {
	if sure == http1.Maybe {
		return decode.Maybe
	}
	if http1.HeadLen(b) == 0 {
		if len(b) >= entrance.MaxBuffered {
			return decode.No
		}
		return decode.Maybe
	}
	if r, _ := w.wanted(b, portHTTP); r != nil {
		return decode.Yes
	}
	return decode.No
}

// Greets implements entrance.Greeter: the first line of a request is there, and not yet the
// header that says for whom it is.
func (w *Web) Greets(c *entrance.Caller) bool { return http1.Starts(c.Buffered(), true) == http1.Yes }

// asked returns the route of what the client asked an outer way for.
func (w *Web) asked(c *entrance.Caller) *Route {
	if c.Asked == nil || c.Asked.Target == "" {
		return nil
	}
	host, port, err := splitHost(c.Asked.Target)
	if err != nil {
		return nil
	}
	return w.Routes.Find(host, port)
}

// wanted returns the route of the host that a request names, and how it names it, with the
// port that is meant if none is named; at is "" if it names none.
func (w *Web) wanted(head []byte, port uint16) (r *Route, at string) {
	m, ok := http1.Parse(head[:http1.HeadLen(head)])
	if !ok || !m.Request {
		return nil, ""
	}
	name, _ := Named(m)
	host, p, err := splitHost(name)
	if err != nil {
		return nil, name
	}
	if p != 0 {
		port = p
	}
	return w.Routes.Find(host, port), net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// Named returns the host that a request is for, with its port if it has one, and whether it
// stands in the request's first line, as requests to an HTTP proxy have it.
func Named(m *http1.Message) (host string, absolute bool) {
	if u, err := url.Parse(m.Target); err == nil && u.Scheme != "" && u.Host != "" {
		return u.Host, true
	}
	return strings.TrimSpace(m.Value("Host")), false
}

// Enter implements entrance.Entrance.
func (w *Web) Enter(ctx context.Context, c *entrance.Caller) (*entrance.Wish, error) {
	_ = c.SetDeadline(time.Now().Add(c.Patience))
	for {
		b := c.Buffered()
		if len(b) > 0 {
			if http1.Starts(b, true) == http1.Yes {
				return w.request(ctx, c, c, nil, portHTTP)
			}
			o, ok := decode.ReadOpening(b, decode.Client, false)
			switch {
			case ok && o.Name == nameSSL2:
				return nil, errors.New("the client begins with " + o.Text + ", which can't be answered: turn off SSL 2.0 where it takes its settings from (Internet options, Advanced), or use plain HTTP")
			case ok && o.Name == nameTLS && (o.Target != "" || !o.Partial):
				return w.enterTLS(ctx, c, o)
			case ok && o.Name != nameTLS && http1.Starts(b, true) == http1.No:
				return nil, fmt.Errorf("the client asked for a host of the web half and then began with %s: that is neither HTTP nor TLS", o.Text)
			}
		}
		if err := c.More(); err != nil {
			return nil, entrance.Left("a web request", err)
		}
	}
}

// unrecognised is the TLS alert for a name that nobody here has.
var unrecognised = []byte{21, 3, 1, 0, 2, 2, 112}

// enterTLS ends the client's TLS. hello is what it began with.
func (w *Web) enterTLS(ctx context.Context, c *entrance.Caller, hello decode.Opening) (*entrance.Wish, error) {
	r := w.asked(c)
	if r == nil && hello.Target != "" {
		if r = w.Routes.Find(hello.Target, portHTTPS); r == nil {
			_, _ = c.Write(unrecognised)
			return nil, fmt.Errorf("the client wants TLS with %s, which is no host of the web half: --web %s=URL makes it one", hello.Target, hello.Target)
		}
	}
	if w.tls == nil {
		_, _ = c.Write(unrecognised)
		return nil, fmt.Errorf("the client began with %s, and there is no CA to answer it: \"msnproxy ca init\" makes one (or use plain HTTP)", hello.Text)
	}
	config := w.tls
	if hello.Target == "" && r != nil { // no name in the hello, but to an outer way
		host, _, _ := splitHost(c.Asked.Target)
		config = config.Clone()
		config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return w.CA.Leaf(host) }
	}
	t := tls.Server(c, config)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, handshakeError(err, w.CA)
	}
	inner := entrance.NewCaller(t, c.Host, c.Patience, nil)
	inner.Asked = c.Asked
	if inner.Asked == nil && hello.Target != "" {
		inner.Asked = &entrance.Wish{Way: "HTTPS", Target: net.JoinHostPort(hello.Target, strconv.Itoa(portHTTPS)), By: "a TLS hello"}
	}
	wish, err := w.request(ctx, c, inner, t, portHTTPS)
	if err != nil || wish == nil || wish.Conn != nil {
		return wish, err
	}
	wish.Conn, wish.Early = t, inner.Take(len(inner.Buffered()))
	return wish, nil
}

// request waits for the head of the first request, and makes a wish of it. inner is c
// itself, or what is inside its TLS, t.
func (w *Web) request(ctx context.Context, c, inner *entrance.Caller, t *tls.Conn, port uint16) (*entrance.Wish, error) {
	for {
		b := inner.Buffered()
		if len(b) > 0 {
			wish, took, err := w.within(ctx, inner)
			if took {
				return wish, err
			}
			if http1.Starts(b, true) == http1.No {
				o, _ := decode.ReadOpening(b, decode.Client, true)
				return nil, fmt.Errorf("the client began its part of the web half with %s: only HTTP/1 is served", o.Text)
			}
			if http1.HeadLen(b) > 0 {
				return w.wish(inner, b, t, port)
			}
		}
		if err := inner.More(); err != nil {
			if t == nil || len(b) > 0 {
				return nil, entrance.Left("an HTTP request", err)
			}
			if errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("the client ended its TLS without a request: it may not trust %q (see \"msnproxy ca export\"), or only tried whether somebody answers", w.CA.Name())
			}
			return nil, handshakeError(err, w.CA)
		}
	}
}

// within has another way take what goes on inside, if one does.
func (w *Web) within(ctx context.Context, inner *entrance.Caller) (wish *entrance.Wish, took bool, err error) {
	for _, way := range w.Inner {
		if way.Takes(inner) == decode.Yes {
			wish, err := way.Enter(ctx, inner)
			return wish, true, err
		}
	}
	return nil, false, nil
}

// wish makes a wish of a request's head.
func (w *Web) wish(inner *entrance.Caller, head []byte, t *tls.Conn, port uint16) (*entrance.Wish, error) {
	r, at := w.wanted(head, port)
	if r == nil {
		if r = w.asked(inner); r != nil {
			at = inner.Asked.Target
		}
	}
	_, p, _ := splitHost(at)
	named := p != 0 && p != port
	if r == nil {
		if at == "" {
			at = "no host at all"
		}
		_, _ = inner.Write(answer(421, "Misdirected Request", "msnproxy serves no such host: --web HOST=URL makes it one."))
		return nil, fmt.Errorf("the client asks for %s, which is no host of the web half: --web HOST=URL makes it one", at)
	}
	way, how := "HTTP", ""
	if t != nil {
		s := t.ConnectionState()
		way, how = "HTTPS", fmt.Sprintf(", %s, %s", tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite))
	}
	return &entrance.Wish{
		Way: way, Target: at, By: "the URL of --web", Web: &carried{w.Routes, r, at, named},
		Peer: "the web server of " + r.URL() + " (in --web https:// is for one of TLS, http:// for one without)",
		Dial: func(ctx context.Context) (net.Conn, error) { return w.dial(ctx, r) },
		Answer: func(err error) error {
			if err == nil {
				return nil
			}
			_, err = inner.Write(answer(502, "Bad Gateway", "msnproxy: "+err.Error()))
			return err
		},
		Remark: fmt.Sprintf("came in by %s for %s%s; led to %s", way, at, how, r.URL()),
	}, nil
}

// answer makes an answer to a request that goes nowhere.
func answer(status int, reason, text string) []byte {
	text += "\n"
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, reason, len(text), text)
}
