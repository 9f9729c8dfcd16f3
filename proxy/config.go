package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/service"
	"msnproxy/proxy/entrance"
	"msnproxy/proxy/gate"
)

// DefaultPort is the port of MSNP, for addresses that name none.
const DefaultPort = 1863

// DefaultListen is where a proxy listens unless told otherwise.
const DefaultListen = "127.0.0.1:1863"

// Defaults of the [Config] fields of the same names.
const (
	DefaultMaxConns      = 1024
	DefaultDialTimeout   = 10 * time.Second
	DefaultFirstLineWait = 3 * time.Second
	DefaultQueueRecords  = 1 << 14
	DefaultQueueBytes    = 2 << 20
)

// Ports says where redirected clients are told to go.
type Ports uint8

const (
	// OnePort sends every client back to the one listener, where its first line
	// tells where it belongs.
	OnePort Ports = iota
	// PerTarget opens a port for each server that is redirected to.
	PerTarget
)

// String returns the mode as the command line spells it.
func (p Ports) String() string {
	if p == PerTarget {
		return "per-target"
	}
	return "one"
}

// ParsePorts reads what String returns.
func ParsePorts(s string) (Ports, error) {
	for _, p := range []Ports{OnePort, PerTarget} {
		if s == p.String() {
			return p, nil
		}
	}
	return 0, fmt.Errorf("ports %q: want one or per-target", s)
}

// Config says what a [Proxy] does. Only Upstream must be given.
type Config struct {
	// Upstream is the server to relay to, "host[:port]"; the port is 1863 if it is
	// missing.
	Upstream string
	// Listen is where to listen, "[host]:port"; empty: DefaultListen. Port 0 lets
	// the system choose one.
	Listen string
	// Listens are more addresses to listen on, each as Listen. All serve the same.
	Listens []string
	// Listener, if it is set, takes the connections of the one port, in place of
	// Listen; the proxy closes it. Nil: one on Listen is opened.
	Listener net.Listener
	// Advertise is what clients are told in redirects, "host[:port]"; empty: the
	// address that they reached the proxy at. The port counts with OnePort only.
	Advertise string
	Ports     Ports
	// Allow lists targets of redirects to be followed although the rules would
	// refuse them: HOST, IP or CIDR, each with an optional :PORT ("[::1]:1863" and
	// "[fd00::/8]:1863" for IPv6). Without a port any is meant.
	Allow []string
	// Ways are the ways in besides the one to the proxy as a server, asked in turn. With any
	// a client's first byte is waited for, for a moment, before its server is dialled. What
	// a client asks for must be the upstream, or be covered by Allow (by its IP address, or
	// by its name if that stands for an address that the upstream might name; a mail port
	// by name), or where a redirect sent this client. Nil: only that one way leads in.
	Ways []entrance.Entrance
	// Rewrite says whether redirects are rewritten. With RewriteAuto they are, unless a
	// client's way in carries all of its connections.
	Rewrite Rewrite
	// MaxConns limits the open connections; what comes beyond is reset. 0:
	// DefaultMaxConns.
	MaxConns int
	// MaxPayload limits what the framers take for a payload, in bytes. Longer ones
	// pass as opaque bytes. 0: the framer's default, 1 MiB.
	MaxPayload int
	// DialTimeout limits the connecting to a server. 0: DefaultDialTimeout.
	DialTimeout time.Duration
	// FirstLineWait limits the wait for a client's first line where that has to
	// tell where it belongs. 0: DefaultFirstLineWait.
	FirstLineWait time.Duration

	// KeepSecrets lets records of HTTP have the passwords and tokens that passed. Else what
	// Observer, Recorder and Gate see has stand-ins for them.
	KeepSecrets bool

	// Observer is told what happens, in order and outside the relay's path. Nil:
	// nobody is.
	Observer Observer
	// QueueRecords and QueueBytes bound what waits for the observer. 0:
	// DefaultQueueRecords, DefaultQueueBytes.
	QueueRecords, QueueBytes int
	// Lossless lets relaying wait for the observer when the queue is full, rather
	// than drop records and count them.
	Lossless bool
	// Recorder is told the same, in the path of relaying. Nil: nobody is.
	Recorder Recorder
	// Gate is where messages are stopped, changed and broken on purpose. Nil: nowhere.
	Gate *gate.Gate
	// Logger gets the remarks as warnings. Nil: nobody does.
	Logger *slog.Logger
	// Resolver finds the IP addresses of a host name. Nil: net.DefaultResolver.
	Resolver func(ctx context.Context, host string) ([]netip.Addr, error)
	// Mark marks connections to servers, so that the firewall of this machine does not lead
	// them back here (Linux). 0: they are not marked.
	Mark uint32
	// Dialer connects to servers, given as IP:port. Nil: net.Dialer. Half-close and resets are
	// carried over if the connections are *net.TCPConn.
	Dialer func(ctx context.Context, network, address string) (net.Conn, error)
}

// settings are a checked Config.
type settings struct {
	Config
	upstream      address
	advertiseHost string
	advertisePort uint16
	allow         allowList
	masker        *service.Masker // of records; nil: secrets are kept
}

// check reads the parts of a Config and fills in its defaults.
func (c Config) check() (settings, error) {
	s := settings{Config: c}
	if !c.KeepSecrets {
		s.masker = service.NewMasker()
	}
	var err error
	if c.Upstream == "" {
		return s, fmt.Errorf("upstream: no server given: want host[:port]")
	}
	if s.upstream, err = parseAddress(c.Upstream, DefaultPort); err != nil {
		return s, fmt.Errorf("upstream: %w", err)
	}
	if s.Listen == "" {
		s.Listen = DefaultListen
	}
	for _, at := range append([]string{s.Listen}, s.Listens...) {
		if err := checkListen(at); err != nil {
			return s, err
		}
	}
	if c.Advertise != "" {
		a, err := parseAddress(c.Advertise, 0)
		if err != nil {
			return s, fmt.Errorf("advertise: %w", err)
		}
		if ip, err := netip.ParseAddr(a.host); err == nil && ip.IsUnspecified() {
			return s, fmt.Errorf("advertise: clients cannot connect to %s: name an address that they reach", a.host)
		}
		s.advertiseHost, s.advertisePort = a.host, a.port
	}
	if s.allow, err = parseAllow(c.Allow); err != nil {
		return s, err
	}
	return s, s.fill()
}

func checkListen(listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("listen: %q: want [host]:port", listen)
	}
	if _, err := parsePort(port); err != nil && port != "0" {
		return fmt.Errorf("listen: %q: %w", listen, err)
	}
	if host != "" {
		if _, err := parseAddress(net.JoinHostPort(host, "1"), 0); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	return nil
}

func (s *settings) fill() error {
	for _, f := range []struct {
		name  string
		value *int
		none  int
	}{
		{"max-conns", &s.MaxConns, DefaultMaxConns},
		{"max-payload", &s.MaxPayload, decode.DefaultMaxPayload},
		{"queue-records", &s.QueueRecords, DefaultQueueRecords},
		{"queue-bytes", &s.QueueBytes, DefaultQueueBytes},
	} {
		if *f.value < 0 {
			return fmt.Errorf("%s: %d is negative", f.name, *f.value)
		}
		if *f.value == 0 {
			*f.value = f.none
		}
	}
	if s.DialTimeout < 0 || s.FirstLineWait < 0 {
		return fmt.Errorf("timeouts cannot be negative")
	}
	if s.DialTimeout == 0 {
		s.DialTimeout = DefaultDialTimeout
	}
	if s.FirstLineWait == 0 {
		s.FirstLineWait = DefaultFirstLineWait
	}
	if s.Rewrite > RewriteNever {
		return fmt.Errorf("rewrite: %d: want RewriteAuto, RewriteAlways or RewriteNever", s.Rewrite)
	}
	if s.Ports > PerTarget {
		return fmt.Errorf("ports: %d: want OnePort or PerTarget", s.Ports)
	}
	return nil
}
