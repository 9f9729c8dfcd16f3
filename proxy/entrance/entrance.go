// Package entrance holds the ways in which a client reaches the proxy other than as its
// server: each one speaks with the client until it is known what the client wants, and
// says so in a [Wish]. What follows the wish is relayed as ever; whether it may be dialled
// the proxy decides.
package entrance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"

	"msnproxy/decode"
)

// Entrance is one way in. It serves many clients at a time.
type Entrance interface {
	// Name is what the way is called: "socks".
	Name() string
	// Takes says whether the client came by this way, from what is known of it: the bytes
	// that are here (Caller.Buffered, none at first), the socket, and what an outer way
	// found (Caller.Asked). It must not read. Maybe: more bytes are needed to say. What
	// may be the first line of MSNP no way takes.
	Takes(c *Caller) decode.Guess
	// Enter speaks with the client until its wish is known. A nil wish without an error
	// means that the connection was served to its end. With an error the client got
	// whatever answer is due, and the connection is closed; the error's text is one line
	// for people: what came, and what to do about it. ctx ends when the connection is to
	// end; reads of the Caller do then, too.
	Enter(ctx context.Context, c *Caller) (*Wish, error)
}

// Keeper is a way that has a say in whom no way takes.
type Keeper interface {
	// Admit is asked before such a client is served as by its server. The error is as that
	// of Entrance.Enter.
	Admit(c *Caller) error
}

// Keyed is a way with a login of its own.
type Keyed interface {
	// Asks reports whether a value of Proxy-Authorization is that login: then no server is
	// to see it.
	Asks(value string) bool
}

// Greeter is a way whose greetings can be told from all else before it is clear that the
// way takes the client.
type Greeter interface {
	// Greets reports whether what is buffered can only be the beginning of a greeting to a
	// way like this, which no server answers before it is whole. It is asked where Takes
	// says Maybe. Such a client has the time of a greeting, and what it began goes to no
	// server.
	Greets(c *Caller) bool
}

// Wish is what a client wants, as far as its way in tells.
type Wish struct {
	// Way is how the record calls the way: "SOCKS5", "CONNECT", "gateway".
	Way string
	// Target is where the client wants to go, "host:port", as it named it. Empty: to the
	// upstream, or where its first line of MSNP leads.
	Target string
	// By says who named the target, to follow "refused ": "a SOCKS5 request".
	By string
	// Conn is what is relayed; nil: the client's connection, beginning with what is
	// buffered. The proxy closes it, and needs of it deadlines that wake who waits, and
	// addresses that are *net.TCPAddr; CloseWrite where a half-close can be told, NetConn
	// where there is a connection below (a *tls.Conn has both).
	Conn net.Conn
	// Early are bytes that come before those that Conn gives.
	Early []byte
	// Dial connects to the server, with [Connect]. Nil: the proxy dials the target if its
	// rules allow it. With Dial the rules are the way's own matter.
	Dial func(ctx context.Context) (net.Conn, error)
	// Peer is what the server is, where it is none of MSNP: "an HTTP gateway of MSN".
	Peer string
	// Rewrite says whether redirects are to be rewritten when the user has not said so.
	// False: the way carries every connection of the client, wherever it leads.
	Rewrite bool
	// Redirected says that the target is where the client's connection was going before the
	// firewall led it here.
	Redirected bool
	// Web, if it is set, says that HTTP is relayed, not MSNP, and what is changed in it.
	Web HTTP
	// Answer tells the client, once the server was dialled, that it is connected, or (err
	// is not nil) why it is not; see [ReasonOf]. Nil: nothing is to be told.
	Answer func(err error) error
	// Remark is a line to be recorded with the connection; empty: none.
	Remark string
}

// HTTP says what is changed in HTTP that is relayed. All else passes byte by byte.
type HTTP interface {
	// Request returns the head of a request as the server is to get it; nil: as it is. stray
	// is the host that the request is for, if that is another than the connection's, so that
	// the request must not go to its server.
	Request(head []byte) (instead []byte, stray string)
	// Holds reports whether an answer that begins like that, with its head and what has come
	// of its body, may have to be changed, so that it waits until it is whole.
	Holds(begun []byte) bool
	// Answer returns a whole answer as the client is to get it, and in words what is changed;
	// nil: as it is.
	Answer(whole []byte) (instead []byte, told string)
}

// Host is what a way may ask of the proxy that it is part of.
type Host interface {
	// Carry relays w.Conn, which must be set, as a connection of its own: one that is
	// recorded and shown, and counts among the connections that may be open. If there is
	// no room, or the proxy is closing, Conn is closed and the error says why.
	Carry(w *Wish) error
	// Remark records a line about the proxy as a whole.
	Remark(text string)
	// Closing is closed once the proxy takes no new connections.
	Closing() <-chan struct{}
}

// connecting is the key of how the proxy connects to servers.
type connecting struct{}

// Connector connects to a server, "host:port".
type Connector func(ctx context.Context, address string) (net.Conn, error)

// WithConnector returns a context with which [Connect] connects as the proxy does.
func WithConnector(ctx context.Context, c Connector) context.Context {
	return context.WithValue(ctx, connecting{}, c)
}

// Connect connects to a server, "host:port", as the proxy does: it is not led back to the
// proxy. The error says what cannot be reached and why.
func Connect(ctx context.Context, address string) (net.Conn, error) {
	if c, ok := ctx.Value(connecting{}).(Connector); ok {
		return c(ctx, address)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, &Error{ReasonOf(err), fmt.Errorf("cannot connect to %s: %w", address, err)}
	}
	return conn, nil
}

// Reason is why a client is not connected, as far as answers tell reasons apart.
type Reason uint8

// The reasons.
const (
	Failed      Reason = iota // none of the others
	Forbidden                 // the proxy's rules do not allow it
	NoSuchHost                // the name stands for no address
	Unreachable               // no way leads there
	Refused                   // nobody listens there
	TimedOut                  // no answer in time
)

// Error is an error with its reason.
type Error struct {
	Reason Reason
	Err    error
}

// Error implements error.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the error without the reason.
func (e *Error) Unwrap() error { return e.Err }

// ReasonOf finds the reason in what a dial, or the proxy's rules, returned.
func ReasonOf(err error) Reason {
	var own *Error
	var dns *net.DNSError
	switch {
	case errors.As(err, &own):
		return own.Reason
	case errors.As(err, &dns) && dns.IsNotFound:
		return NoSuchHost
	case isAny(err, syscall.ECONNREFUSED, wsaRefused):
		return Refused
	case isAny(err, syscall.EHOSTUNREACH, syscall.ENETUNREACH, wsaNoHost, wsaNoNetwork):
		return Unreachable
	case isAny(err, os.ErrDeadlineExceeded, context.DeadlineExceeded, syscall.ETIMEDOUT, wsaTimedOut):
		return TimedOut
	}
	return Failed
}

// Windows has numbers of its own for these.
const (
	wsaNoNetwork = syscall.Errno(10051)
	wsaTimedOut  = syscall.Errno(10060)
	wsaRefused   = syscall.Errno(10061)
	wsaNoHost    = syscall.Errno(10065)
)

func isAny(err error, list ...error) bool {
	return slices.ContainsFunc(list, func(one error) bool { return errors.Is(err, one) })
}

// Left says that a client went, or fell silent, before its wish was known. what is what it
// was about to do: "a SOCKS5 request".
func Left(what string, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &Error{TimedOut, fmt.Errorf("the client began %s and did not finish it in time: is it cut off, or no client of that kind?", what)}
	}
	return &Error{Failed, fmt.Errorf("the client went in the middle of %s", what)}
}
