// Package gated puts a proxy with a gate in front of a server that is made of a recording,
// so that gate rules and faults decide on what either of them says: a client is tested
// against a broken server without any server.
package gated

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"msnproxy/capture"
	"msnproxy/proxy"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/replay"
)

// Server is a [replay.Server] behind a gate. The server itself listens on the loopback
// network, and the proxy where the configuration says. The proxy connects to the server and
// to nothing else, whatever the recording says. It implements [proxy.Recorder], for itself.
type Server struct {
	*replay.Server
	cfg   replay.ServerConfig
	gate  *gate.Gate
	proxy *proxy.Proxy

	mu    sync.Mutex // held while a connection is made, too
	byID  map[uint32]*replay.Relay
	bySrc map[string]*replay.Relay // by the address that the server sees
}

// New makes a server of a recording, behind a gate that is the server's from then on.
func New(cfg replay.ServerConfig, g *gate.Gate) (*Server, error) {
	s := &Server{cfg: cfg, gate: g, byID: make(map[uint32]*replay.Relay), bySrc: make(map[string]*replay.Relay)}
	cfg.Listen, cfg.Listener, cfg.Relay = "127.0.0.1:0", nil, s.take
	inner, err := replay.NewServer(cfg)
	s.Server = inner
	return s, err
}

// Listen opens the ports.
func (s *Server) Listen() error {
	if err := s.Server.Listen(); err != nil {
		return err
	}
	cfg := proxy.Config{
		Upstream: s.Server.Addr().String(), Listen: s.cfg.Listen, Listener: s.cfg.Listener,
		MaxConns: s.cfg.MaxConns, Gate: s.gate, Recorder: s, Dialer: s.dial,
	}
	if s.cfg.PerTarget {
		cfg.Ports = proxy.PerTarget
	}
	for _, addr := range s.Server.Addrs() {
		cfg.Allow = append(cfg.Allow, addr.String())
	}
	p, err := proxy.New(cfg)
	if err == nil {
		s.proxy, err = p, p.Listen()
	}
	if err != nil {
		_ = s.Server.Shutdown(context.Background())
	}
	return err
}

// Addr is where clients sign in.
func (s *Server) Addr() net.Addr { return s.proxy.Addr() }

// Addrs is the one port that is open from the beginning. Others, if each recorded server
// has its own, open when clients are sent there.
func (s *Server) Addrs() map[string]net.Addr { return map[string]net.Addr{"": s.Addr()} }

// Serve serves clients until ctx is done, and returns when all connections have ended. The
// error is of accepting connections.
func (s *Server) Serve(ctx context.Context) error {
	served := make(chan error, 1)
	go func() { served <- s.proxy.Serve(context.WithoutCancel(ctx)) }()
	err := s.Server.Serve(ctx)
	s.gate.Release(false)
	s.proxy.Close()
	return errors.Join(err, <-served)
}

// dial connects to the server.
func (s *Server) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if !s.own(address) {
		return nil, fmt.Errorf("a server made of a recording connects to nothing, and not to %s", address)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	nc, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if rec := proxy.Dialling(ctx); rec != nil {
		one := replay.NewRelay(rec.Client)
		s.byID[rec.ID], s.bySrc[nc.LocalAddr().String()] = one, one
	}
	return nc, nil
}

func (s *Server) own(address string) bool {
	for _, addr := range s.Server.Addrs() {
		if addr.String() == address {
			return true
		}
	}
	return false
}

// take returns what is known of a connection that has come to the server, or nil.
func (s *Server) take(nc net.Conn) *replay.Relay {
	s.mu.Lock()
	defer s.mu.Unlock()
	src := nc.RemoteAddr().String()
	one := s.bySrc[src]
	delete(s.bySrc, src)
	return one
}

// Put implements [proxy.Recorder]: it is told before the bytes go on.
func (s *Server) Put(records []capture.Record) uint64 {
	for i := range records {
		r := &records[i]
		if r.Conn == nil {
			continue
		}
		s.mu.Lock()
		one := s.byID[r.Conn.ID]
		if r.Kind == capture.Closed {
			delete(s.byID, r.Conn.ID)
		}
		s.mu.Unlock()
		if one != nil {
			s.Server.Relayed(one, r)
		}
	}
	return 0
}

// Commit implements [proxy.Recorder].
func (*Server) Commit(uint64) {}
