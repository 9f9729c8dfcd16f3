package replay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"msnproxy/capture/story"
	"msnproxy/decode"
)

// The limits of a [Server]. What a client holds is one line or payload that is not
// whole, and what it has not yet read.
const (
	DefaultPatience = 30 * time.Second
	DefaultMaxConns = 256

	// firstLine is how long a client may take to say its first line, and drained how
	// long one is waited for that the server has closed.
	firstLine = 30 * time.Second
	drained   = 2 * time.Second
	// stalls is how long a client may say nothing, beyond what it took when it was
	// recorded, until that is said.
	stalls = 10 * time.Second
	// unread is how long a client may read nothing of what it is sent.
	unread = 30 * time.Second
	// maxPayload is the longest payload of a client in bytes, maxSenseless how many
	// bytes of a connection may be no commands, maxUnknown how many of its requests
	// may be none of the recording.
	maxPayload   = 256 << 10
	maxSenseless = 64 << 10
	maxUnknown   = 4096
)

// Policy says what becomes of a request that the recording does not have and for
// which the protocol has no rule.
type Policy uint8

// The policies.
const (
	RefuseUnknown Policy = iota // answered with the error that the protocol has for it
	IgnoreUnknown               // not answered
	CloseUnknown                // the connection is closed
)

// ParsePolicy reads error, ignore or close.
func ParsePolicy(s string) (Policy, error) {
	switch s {
	case "error":
		return RefuseUnknown, nil
	case "ignore":
		return IgnoreUnknown, nil
	case "close":
		return CloseUnknown, nil
	}
	return 0, fmt.Errorf("unknown %q: want error, ignore or close", s)
}

// ServerConfig says what a [Server] plays, and how.
type ServerConfig struct {
	// Story is the recording. It stays the caller's, who closes it after the server.
	Story *story.Story
	// Listen is host:port; port 0 is any.
	Listen string
	// Listener is served in the place of Listen, and is the server's from then on;
	// nil: Listen is opened.
	Listener net.Listener
	// PerTarget opens a port for each server of the recording, rather than one for
	// all. The first has the port of Listen, the others any.
	PerTarget bool
	// Speed is by how much the recorded pauses are divided; 0: there are none.
	Speed float64
	// Unknown says what becomes of requests that the recording does not have.
	Unknown Policy
	// Passwords of accounts, in lower case; accounts that are not in it get in by any
	// password.
	Passwords map[string]string
	// FreshChallenge has the server pose challenges of its own rather than those that
	// were recorded.
	FreshChallenge bool
	// Patience is how long is waited for what was done before in the recording: a
	// request of the client itself, or what another account did that is here, too.
	// Zero stands for DefaultPatience.
	Patience time.Duration
	// MaxConns is how many clients may be connected; 0 stands for DefaultMaxConns.
	MaxConns int
	// Relay says of a connection that comes by way of a proxy with a gate what the proxy
	// knows of it, see [Server.Relayed]; nil, or what returns nil: the client itself comes.
	Relay func(net.Conn) *Relay
	// Report is told what happens, in order, by one goroutine at a time. It must
	// return soon and not call the server; nil: nobody is told.
	Report func(Event)
}

// Server is a peer made of a recording. It never dials: whatever the recording says,
// clients come to it.
type Server struct {
	cfg    ServerConfig
	script *script

	listeners map[string]net.Listener // by recorded address; "" is the main one
	first     string                  // recorded address of the main one, if per target
	closed    chan struct{}
	work      sync.WaitGroup

	// mu guards all that follows, the conns' and parts' fields among it.
	mu       sync.Mutex
	down     bool
	conns    map[*conn]bool
	lastConn int
	accounts map[string]*account
	runs     map[*story.Session]*run
	cookies  admissions
	values   Values
	said     saidLive
	peers    map[string]*peer // by account, in lower case
	reader   *story.Reader    // of the message in hand
	other    *story.Reader    // of one that it is compared with
}

// NewServer makes a server of a recording. The error says what is wrong with the
// configuration, or that nobody signs in in the recording.
func NewServer(cfg ServerConfig) (*Server, error) {
	if cfg.Speed < 0 {
		return nil, fmt.Errorf("speed %v: want a positive number, or 0 for no pauses", cfg.Speed)
	}
	if cfg.Patience == 0 {
		cfg.Patience = DefaultPatience
	}
	if cfg.MaxConns == 0 {
		cfg.MaxConns = DefaultMaxConns
	}
	s := &Server{cfg: cfg, script: newScript(cfg.Story), listeners: make(map[string]net.Listener),
		closed: make(chan struct{}), conns: make(map[*conn]bool), accounts: make(map[string]*account),
		runs: make(map[*story.Session]*run), reader: cfg.Story.NewReader(), other: cfg.Story.NewReader()}
	if len(s.Accounts()) == 0 {
		return nil, fmt.Errorf("%s: nobody signs in: there is no session to replay", cfg.Story.Name)
	}
	return s, nil
}

// Accounts are those that can sign in, in the order of the recording.
func (s *Server) Accounts() (names []string) {
	for _, n := range s.script.sessions {
		if !slices.ContainsFunc(names, func(a string) bool { return strings.EqualFold(a, n.Account) }) {
			names = append(names, n.Account)
		}
	}
	return names
}

// Listen opens the port, or ports.
func (s *Server) Listen() error {
	l, err := s.cfg.Listener, error(nil)
	if l == nil {
		if l, err = net.Listen("tcp", s.cfg.Listen); err != nil {
			return err
		}
	}
	s.listeners[""] = l
	if !s.cfg.PerTarget {
		return nil
	}
	host, _, _ := net.SplitHostPort(s.cfg.Listen)
	for i, target := range s.script.servers {
		if i == 0 {
			s.first = target
			continue
		}
		if l, err = net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
			s.closeListeners()
			return fmt.Errorf("opening a port for %s: %w", target, err)
		}
		s.listeners[target] = l
	}
	return nil
}

// Addr is where clients sign in.
func (s *Server) Addr() net.Addr { return s.listeners[""].Addr() }

// Addrs are the ports by the address of the recorded server that each stands for;
// of one port for all it is "".
func (s *Server) Addrs() map[string]net.Addr {
	addrs := make(map[string]net.Addr, len(s.listeners))
	for target, l := range s.listeners {
		if target == "" {
			target = s.first
		}
		addrs[target] = l.Addr()
	}
	return addrs
}

// Serve serves clients until ctx is done or Shutdown is called, and returns when all
// connections have ended. The error is of accepting connections.
func (s *Server) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.end)
	defer stop()
	errs := make(chan error, len(s.listeners))
	for target, l := range s.listeners {
		if target == "" {
			target = s.first
		}
		go func() { errs <- s.accept(l, target) }()
	}
	var all []error
	for range s.listeners {
		err := <-errs
		all = append(all, err)
		if err != nil {
			s.end()
		}
	}
	s.work.Wait()
	return errors.Join(all...)
}

// accept takes the clients of one port.
func (s *Server) accept(l net.Listener, target string) error {
	for {
		nc, err := l.Accept()
		if err != nil {
			select {
			case <-s.closed:
				return nil
			default:
			}
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				continue
			}
			return fmt.Errorf("waiting for clients: %w", err)
		}
		var by *Relay
		if s.cfg.Relay != nil {
			by = s.cfg.Relay(nc)
		}
		from := nc.RemoteAddr().String()
		s.mu.Lock()
		s.lastConn++
		c := newConn(s, nc, target)
		if by != nil {
			c.front, by.c, from = by, c, by.client
		}
		if s.down || len(s.conns) >= s.cfg.MaxConns {
			c.report(Broken, 0, "refused: %d clients are connected", len(s.conns))
			s.mu.Unlock()
			nc.Close()
			continue
		}
		s.conns[c] = true
		c.report(Opened, 0, "connected from %s", from)
		s.work.Add(1)
		s.mu.Unlock()
		go c.serve()
	}
}

// end closes the ports and all connections.
func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return
	}
	s.down = true
	close(s.closed)
	s.closeListeners()
	for c := range s.conns {
		c.nc.Close()
	}
}

func (s *Server) closeListeners() {
	for _, l := range s.listeners {
		l.Close()
	}
}

// Shutdown closes the ports and all connections, and waits until they have ended or
// ctx is done.
func (s *Server) Shutdown(ctx context.Context) error {
	s.end()
	done := make(chan struct{})
	go func() { s.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// address is what a client is told instead of a recorded server's address: where it
// reached us, or the port of that server on the same host.
func (s *Server) address(c *conn, recorded string) string {
	local := c.nc.LocalAddr().String()
	if !s.cfg.PerTarget {
		return local
	}
	host, _, err := net.SplitHostPort(local)
	if err != nil {
		return local
	}
	target := ""
	for _, known := range s.script.servers {
		if sameServer(known, recorded) && known != s.first {
			target = known
		}
	}
	_, port, err := net.SplitHostPort(s.listeners[target].Addr().String())
	if err != nil {
		return local
	}
	return net.JoinHostPort(host, port)
}

// sameServer compares two addresses, of which either may lack its port (1863).
func sameServer(a, b string) bool {
	full := func(s string) string {
		if _, _, err := net.SplitHostPort(s); err != nil {
			return s + ":1863"
		}
		return s
	}
	return strings.EqualFold(full(a), full(b))
}

// isPlayed reports whether connections of the role are played: those with a server.
func isPlayed(c *story.Conn) bool {
	return c.Role != 0 && c.Role&(decode.FTP|decode.WEB) == 0 && len(c.Messages) > 0
}
