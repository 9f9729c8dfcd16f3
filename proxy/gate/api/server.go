package api

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"msnproxy/capture"
	"msnproxy/proxy"
	"msnproxy/proxy/gate"
)

const (
	// maxBody and maxHeader bound a request, readTime how long it may take to come.
	maxBody   = 1 << 20
	maxHeader = 16 << 10
	readTime  = 10 * time.Second
	// writeTime is how long a reader may take nothing of what is written for it.
	writeTime = 10 * time.Second
	idleTime  = time.Minute
	// maxConns is how many requests there are at a time, maxReaders how many of them
	// follow events.
	maxConns   = 128
	maxReaders = 32
)

// Recording is the file that is recorded to.
type Recording struct {
	Path    string `json:"path"`
	Bytes   int64  `json:"bytes"`
	Dropped int64  `json:"dropped"`
}

// Totals are what the program counts besides the proxy.
type Totals struct {
	Messages, Sessions, Conversations int
}

// Options are what the API lets others see and do.
type Options struct {
	Token string
	// Mask masks secrets in what is held; who fills the feed does so there.
	Mask bool
	Gate *gate.Gate
	Feed *Feed
	// Stats and Totals are what was counted.
	Stats  func() proxy.Stats
	Totals func() Totals
	// Annotate tells of a mark or a remark.
	Annotate func(r capture.Record)
	// Recording tells of the recording; false: there is none.
	Recording func() (Recording, bool)
}

// Server is the API.
type Server struct {
	o       Options
	mux     *http.ServeMux
	http    *http.Server
	listen  net.Listener
	hosts   map[string]bool
	slots   chan struct{}
	readers chan struct{}
	served  chan struct{}
	ctx     context.Context
	cancel  context.CancelFunc
}

// New returns a server that listens on l when [Server.Start] is called.
func New(l net.Listener, o Options) *Server {
	s := &Server{o: o, listen: l, mux: http.NewServeMux(), hosts: ownHosts(l.Addr()),
		slots: make(chan struct{}, maxConns), readers: make(chan struct{}, maxReaders), served: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for _, e := range s.endpoints() {
		s.mux.HandleFunc(e.method+" "+e.path, e.serve)
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: readTime, ReadTimeout: readTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0)}
	return s
}

// Address is where the server listens.
func (s *Server) Address() Address {
	if s.listen.Addr().Network() == "unix" {
		if l, ok := s.listen.(*socket); ok {
			return Address{"unix", l.path}
		}
	}
	return Address{s.listen.Addr().Network(), s.listen.Addr().String()}
}

// Start begins to serve.
func (s *Server) Start() {
	go func() {
		defer close(s.served)
		_ = s.http.Serve(s.listen)
	}()
}

// Close ends the server: who reads events gets those that there are, requests that are
// being answered have until the end of ctx.
func (s *Server) Close(ctx context.Context) {
	s.o.Feed.Close()
	s.cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
	}
	_ = s.listen.Close()
	<-s.served
}

// ownHosts are what a request to the server may call it.
func ownHosts(a net.Addr) map[string]bool {
	if a.Network() == "unix" {
		return map[string]bool{"localhost": true, "msnproxy": true, "unix": true}
	}
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return nil
	}
	port := fmt.Sprint(at.Port())
	return map[string]bool{at.String(): true, net.JoinHostPort("localhost", port): true,
		net.JoinHostPort("127.0.0.1", port): true, net.JoinHostPort("::1", port): true}
}

// ServeHTTP implements http.Handler: it lets nobody in who is not meant.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		fail(w, http.StatusServiceUnavailable, fmt.Sprintf("%d requests are being answered", maxConns), "ask again when one of them is over")
		return
	}
	if e := s.refuse(r); e != nil {
		if e.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		e.write(w)
		return
	}
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	}
	if _, pattern := s.mux.Handler(r); pattern == "" {
		s.nothing(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// refuse says why a request is not answered; nil: it is.
func (s *Server) refuse(r *http.Request) *problem {
	switch {
	case !s.hosts[strings.ToLower(r.Host)]:
		return &problem{http.StatusForbidden, fmt.Sprintf("the request is for the host %q, which this is not", r.Host),
			"call the API by the address that it listens on; names that lead here may be a trap (DNS rebinding)"}
	case len(r.Header["Origin"]) > 0:
		return &problem{http.StatusForbidden, "the request comes from a web page (it has an Origin)", "pages have no access to the API; ask without a browser"}
	case r.Header.Get("Sec-Fetch-Site") != "" && r.Header.Get("Sec-Fetch-Site") != "none":
		return &problem{http.StatusForbidden, "the request comes from a web page (it has a Sec-Fetch-Site)", "pages have no access to the API; ask without a browser"}
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare([]byte(strings.TrimSpace(token)), []byte(s.o.Token)) != 1 {
		what := "the token is another one"
		if r.Header.Get("Authorization") == "" {
			what = "the request has no token"
		}
		return &problem{http.StatusUnauthorized, what, "send the header \"Authorization: Bearer TOKEN\" with the token that msnproxy printed when it began, or that is in --api-token-file or MSNPROXY_API_TOKEN"}
	}
	return nil
}

// nothing answers who asks for what there is not.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) {
	var methods, all []string
	for _, e := range s.endpoints() {
		q := r.Clone(r.Context())
		q.Method = e.method
		if _, p := s.mux.Handler(q); p == e.method+" "+e.path {
			methods = append(methods, e.method)
		}
		all = append(all, e.method+" "+e.path)
	}
	if len(methods) > 0 {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		fail(w, http.StatusMethodNotAllowed, fmt.Sprintf("%s can't be done to %s", r.Method, r.URL.Path), "use "+strings.Join(methods, " or "))
		return
	}
	fail(w, http.StatusNotFound, fmt.Sprintf("there is no %s", r.URL.Path), "there are "+strings.Join(all, ", "))
}

// problem is why a request was not done, and what to do about it.
type problem struct {
	status    int
	what, how string
}

func (p *problem) write(w http.ResponseWriter) { fail(w, p.status, p.what, p.how) }

// fail answers with an error.
func fail(w http.ResponseWriter, status int, what, how string) {
	answer(w, status, struct {
		Error string `json:"error"`
		Do    string `json:"do,omitempty"`
	}{what, how})
}

// answer answers with an object.
func answer(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		status = http.StatusInternalServerError
		b.Reset()
		b.WriteString("{\"error\":\"the answer can't be written\"}\n")
	}
	w.Header().Set("Content-Type", "application/json")
	send(w, status, b.Bytes())
}

// send sends an answer, to who takes it in time.
func send(w http.ResponseWriter, status int, b []byte) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTime))
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// body reads the JSON object that a request brings. If it can't it answers, and returns
// false.
func body(w http.ResponseWriter, r *http.Request, v any) bool {
	b, ok := read(w, r)
	if !ok {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something follows it")
		}
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "the body is no JSON object as it is wanted here: "+readable(err), "docs/api.md has an example for each request")
	}
	return err == nil
}

// readable says of an error of JSON what a reader can make something of.
func readable(err error) string {
	var kind *json.UnmarshalTypeError
	var form *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends in the middle"
	case errors.As(err, &kind):
		return fmt.Sprintf("%s can't be a %s (byte %d)", kind.Field, kind.Value, kind.Offset)
	case errors.As(err, &form):
		return fmt.Sprintf("%v (byte %d)", form, form.Offset)
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

func read(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	b, err := io.ReadAll(r.Body)
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		fail(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is longer than %d bytes", maxBody), "")
	case err != nil:
		fail(w, http.StatusBadRequest, "the body did not come as a whole", "send it within "+readTime.String())
	}
	return b, err == nil
}
