package proxytest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"msnproxy/decode"
)

// Server is a dispatch server, a notification server and a switchboard that
// know each other, each at an address of its own on the loopback interface. Its
// methods may be called from any goroutine.
type Server struct {
	// DS, NS and SB are the addresses, host:port.
	DS, NS, SB string

	config    Config
	tables    []table // newest dialects first; not changed after Start
	listeners []net.Listener
	work      sync.WaitGroup

	// mu guards everything below, and the state of all connections. Handlers run
	// with it held, so that a command is done, with all that others are told of
	// it, before the next one starts.
	mu       sync.Mutex
	closed   bool
	rand     *rand.Rand
	conns    map[*conn]struct{}
	order    []*account // as configured
	accounts map[string]*account
	cookies  map[string]*cookie
	noticed  int // notifications sent so far; the id of the next NOT
}

// Start starts a server on the loopback interface, ports as they come. The
// error says what in the configuration makes no sense, or that listening
// failed.
func Start(config Config) (*Server, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("proxytest server: %w", err)
	}
	s := &Server{
		config:   config.withDefaults(),
		tables:   newTables(),
		rand:     rand.New(rand.NewPCG(config.Seed, 0x4d534e50)),
		conns:    map[*conn]struct{}{},
		accounts: map[string]*account{},
		cookies:  map[string]*cookie{},
	}
	for _, a := range config.Accounts {
		acct := newAccount(a)
		s.order = append(s.order, acct)
		s.accounts[strings.ToLower(a.Handle)] = acct
	}
	reverseOf(s.order)
	if err := s.listen(); err != nil {
		return nil, fmt.Errorf("proxytest server: %w", err)
	}
	return s, nil
}

// NewServer is Start for tests: it panics where Start would return an error.
func NewServer(config Config) *Server {
	s, err := Start(config)
	if err != nil {
		panic(err)
	}
	return s
}

func (s *Server) listen() error {
	for _, at := range []struct {
		role decode.Role
		addr *string
	}{{decode.DS, &s.DS}, {decode.NS, &s.NS}, {decode.SB, &s.SB}} {
		l, err := s.config.Listen()
		if err != nil {
			for _, open := range s.listeners {
				open.Close()
			}
			return fmt.Errorf("listening for the %v: %w", at.role, err)
		}
		*at.addr = l.Addr().String()
		s.listeners = append(s.listeners, l)
	}
	for i, role := range []decode.Role{decode.DS, decode.NS, decode.SB} {
		s.work.Go(func() { s.accept(s.listeners[i], role) })
	}
	return nil
}

// acceptPause is how long a listener waits that cannot accept, as when the
// process has too many files open.
const acceptPause = 10 * time.Millisecond

func (s *Server) accept(l net.Listener, role decode.Role) {
	for {
		nc, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(acceptPause)
			continue
		}
		s.serve(nc.(tcpConn), role)
	}
}

// serve takes a new connection on, unless there are too many.
func (s *Server) serve(nc tcpConn, role decode.Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= s.config.MaxConns {
		nc.Close()
		return
	}
	c := newConn(s, nc, role)
	s.conns[c] = struct{}{}
	s.work.Go(c.read)
	s.work.Go(c.write)
}

// Close ends the server: whoever is signed in gets OUT SSD, every connection is
// closed, and Close returns when the last goroutine has ended.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		for _, l := range s.listeners {
			l.Close()
		}
		for c := range s.conns {
			if c.session != nil {
				c.send("OUT SSD")
			}
			c.out.close() // nobody is told that the others leave
		}
		for c := range s.conns {
			c.hangUp()
		}
	}
	s.mu.Unlock()
	s.work.Wait()
}

// Conns returns how many connections are open.
func (s *Server) Conns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// number returns a random number of the given count of digits, the first of
// which is not 0.
func (s *Server) number(digits int) string {
	b := make([]byte, digits)
	for i := range b {
		b[i] = byte('0' + s.rand.IntN(10))
	}
	b[0] = byte('1' + s.rand.IntN(9))
	return string(b)
}
