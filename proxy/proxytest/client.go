package proxytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/challenge"
)

// Options say who a [Client] is and how it behaves.
type Options struct {
	Account, Password string
	// Dialects are those offered, best first. Nil stands for MSNP7 down to MSNP4
	// and CVR0, as client 4.5 offers.
	Dialects []string
	// Product is the product id that challenges are answered with. Empty stands
	// for one of the time of the dialect: msmsgs@msnmsgr.com up to MSNP10.
	Product string
	// EndPoint is the GUID of the client's machine, in braces, Capabilities what it can,
	// as CHG says it (MSNP16 and later). Empty stands for some of the demo's.
	EndPoint, Capabilities string
	// Object is the <msnobj> of its display picture, percent-encoded (MSNP9 to 12). Empty:
	// it has none.
	Object string
	// Respond, if set, answers challenges in place of the product's key.
	Respond func(challenge string) string
	// Mute leaves challenges unanswered: CHL becomes an event.
	Mute bool
	// Answer has the client answer whoever calls: the event of the RNG comes when
	// it is in the conversation.
	Answer bool
	// OnEvent, if set, gets the events of the notification server, in the
	// reader's goroutine, so that Expect has none to find. It must not call a
	// method that waits for the server.
	OnEvent func(Event)
	// MaxEvents is the number of events that may wait to be taken on each
	// connection; one more ends it. Zero stands for 1024.
	MaxEvents int
	// Dial, if set, connects in place of net.Dialer.DialContext: that of a
	// [MemoryNetwork], for one.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Web, if set, has the client ask the web services for what signs it in (MSNP8 and
	// later). Without, it knows by itself (see [TicketFor]).
	Web *WebOptions
}

// maxRedirects is the number of XFR NS that a client follows.
const maxRedirects = 5

// Client is one account signed in at a notification server. Its methods may be
// called from any goroutine. Their errors name the account, the command and the
// server; an error reply is a [*ServerError]. Every method that talks to the
// server ends when its context does.
type Client struct {
	// Dialect is the one agreed on, as in MSNP7.
	Dialect string
	// Name is the account's own friendly name at sign-in, decoded.
	Name string
	// Server is the address of the notification server, as it was announced.
	Server string

	options Options
	link    *link
	web     *webClient // nil: without
	number  int        // of the dialect
	hop     string     // of the XFR that sent it here (MSNP21)
	trid    atomic.Uint32

	work   sync.WaitGroup
	alive  context.Context // until Close
	cancel context.CancelFunc

	mu    sync.Mutex
	boxes []*Switchboard // open ones
	bpr   func(Event)    // takes BPR while SYN is under way
}

// Dial signs in: VER, INF and USR at addr, and again wherever XFR NS sends the
// client. CVR is not part of it; [Client.CheckVersion] sends that.
func Dial(ctx context.Context, addr string, options Options) (*Client, error) {
	if options.Dialects == nil {
		options.Dialects = []string{"MSNP7", "MSNP6", "MSNP5", "MSNP4", "CVR0"}
	}
	if slices.ContainsFunc(options.Dialects, func(d string) bool { return dialectNumber(d) >= endPointsFrom }) {
		defaultTo(&options.EndPoint, "{0f0e0d0c-0b0a-0908-0706-050403020100}")
	}
	defaultTo(&options.MaxEvents, 1024)
	c := &Client{options: options}
	if options.Web != nil {
		c.web = newWebClient(&options)
	}
	c.alive, c.cancel = context.WithCancel(context.Background())
	at := decode.DS
	for range maxRedirects + 1 {
		next, err := c.signIn(ctx, at, addr)
		if err != nil {
			c.Close()
			return nil, err
		}
		if next == "" {
			return c, nil
		}
		c.link.nc.Close()
		<-c.link.done
		at, addr = decode.NS, next
	}
	c.Close()
	return nil, fmt.Errorf("%s: USR: redirected more than %d times, the last time to %s", options.Account, maxRedirects, addr)
}

// signIn signs in at one server. It returns the address that the server sends
// the client to instead, if it does.
func (c *Client) signIn(ctx context.Context, at decode.Role, addr string) (redirect string, err error) {
	account := c.options.Account
	l, err := dial(ctx, at, addr, &c.trid, &c.options)
	if err != nil {
		return "", err
	}
	l.events = c.event
	c.link, c.Server = l, addr
	c.work.Go(l.read)

	ver, err := l.one(ctx, "VER", c.options.Dialects...)
	if err != nil {
		return "", err
	}
	c.Dialect, c.number = ver.Arg(0), dialectNumber(ver.Arg(0))
	if c.number < 2 {
		return "", fmt.Errorf("%s: VER: the %s speaks none of %s (its answer: %q)", account, l.server,
			strings.Join(c.options.Dialects, " "), strings.Join(ver.Args, " "))
	}
	defaultTo(&c.options.Product, productOf(c.number))
	l.mu.Lock()
	l.number = c.number
	l.mu.Unlock()
	switch {
	case c.number < ticketFrom:
	case c.number < ssoFrom:
		defaultTo(&c.options.Capabilities, abilitiesOf(c.number))
		return c.signInByTicket(ctx)
	default:
		defaultTo(&c.options.Capabilities, capabilitiesOf(c.number))
		return c.signInLater(ctx)
	}
	inf, err := l.one(ctx, "INF")
	if err != nil {
		return "", err
	}
	if !slices.Contains(strings.FieldsFunc(strings.Join(inf.Args, " "), isSeparator), "MD5") {
		return "", fmt.Errorf("%s: INF: the %s offers %q and not MD5", account, l.server, strings.Join(inf.Args, " "))
	}
	salt, err := l.one(ctx, "USR", "MD5", "I", account)
	switch {
	case err != nil:
		return "", err
	case salt.is("XFR", []string{"NS", "*"}):
		return salt.Arg(1), nil
	case !salt.is("USR", []string{"MD5", "S", "*"}):
		return "", fmt.Errorf("%s: USR: the %s answered %s %q", account, l.server, salt.Verb, salt.Args)
	}
	ok, err := l.one(ctx, "USR", "MD5", "S", challenge.SignIn(salt.Arg(2), c.options.Password))
	if err != nil {
		return "", err
	}
	if !ok.is("USR", []string{"OK", "*", "*"}) {
		return "", fmt.Errorf("%s: USR: the %s answered %s %q", account, l.server, ok.Verb, ok.Args)
	}
	c.Name = ok.Text(2)
	return "", nil
}

func isSeparator(r rune) bool { return r == ' ' || r == ',' }

// event takes what the notification server sends unasked.
func (c *Client) event(ev Event) error {
	c.mu.Lock()
	bpr := c.bpr
	c.mu.Unlock()
	switch {
	case ev.Verb == "BPR" && bpr != nil:
		bpr(ev)
		return nil
	case ev.Verb == "CHL" && !c.options.Mute:
		return c.respond(ev.Arg(len(ev.Args) - 1))
	case ev.Verb == "RNG" && c.options.Answer:
		c.work.Go(func() {
			ctx, cancel := context.WithTimeout(c.alive, answerLimit)
			ev.Switchboard, ev.Err = c.AnswerCall(ctx, ev)
			cancel()
			if err := c.deliver(ev); err != nil {
				c.link.nc.Close()
			}
		})
		return nil
	}
	return c.deliver(ev)
}

func (c *Client) deliver(ev Event) error {
	if c.options.OnEvent != nil {
		c.options.OnEvent(ev)
		return nil
	}
	return c.link.inbox.put(ev)
}

// respond answers a challenge. The server's QRY, or 540, comes as an event.
func (c *Client) respond(asked string) error {
	answer, known := "", true
	if c.options.Respond != nil {
		answer = c.options.Respond(asked)
	} else if answer, known = challenge.Respond(c.options.Product, asked); !known {
		return fmt.Errorf("CHL: no key for the product %q", c.options.Product)
	}
	_, err := c.link.command(c.alive, nil, "QRY", []byte(answer), c.options.Product)
	return err
}

// Do sends any command that one line answers, and returns that line. Args stand
// on the wire as they are.
func (c *Client) Do(ctx context.Context, verb string, args ...string) (Event, error) {
	return c.link.one(ctx, verb, args...)
}

// DoPayload is Do for a command with a payload, whose length is added.
func (c *Client) DoPayload(ctx context.Context, verb string, payload []byte, args ...string) (Event, error) {
	var got Event
	err := c.link.ask(ctx, func(ev Event) bool { got = ev; return true }, verb, payload, args...)
	return got, err
}

// Write sends bytes as they are.
func (c *Client) Write(ctx context.Context, b []byte) error { return c.link.write(ctx, b) }

// Expect takes the first event that is that command and has those parameters,
// waiting for it if need be; "*" stands for any. Events that do not fit stay for
// a later call.
func (c *Client) Expect(ctx context.Context, verb string, args ...string) (Event, error) {
	return c.link.expect(ctx, verb, args...)
}

// ExpectType is Expect for a MSG whose payload has that content type.
func (c *Client) ExpectType(ctx context.Context, contentType string) (Event, error) {
	return c.link.expectType(ctx, contentType)
}

// ticket is what USR shows. policy is what the server said before.
func (c *Client) ticket(ctx context.Context, policy string) (Ticket, error) {
	if c.web == nil {
		return TicketFor(c.options.Account, c.options.Password), nil
	}
	c.web.dialect, c.web.version, c.web.product = c.number, c.Dialect, c.options.Product
	return c.web.signIn(ctx, policy)
}

// SetStatus sets the status (CHG), from MSNP8 on with what the client can, from MSNP9 on
// with its picture. The ILN lines that follow are events.
func (c *Client) SetStatus(ctx context.Context, status string) error {
	args := []string{status}
	if c.number >= ticketFrom {
		args = append(args, c.options.Capabilities)
	}
	if c.number >= picturesFrom {
		args = append(args, cmp.Or(c.options.Object, "0"))
	}
	_, err := c.Do(ctx, "CHG", args...)
	return err
}

// CheckVersion sends CVR as client 4.5 does, and returns the lowest version that
// the server allows.
func (c *Client) CheckVersion(ctx context.Context) (lowest string, err error) {
	args := []string{"0x0409", "win", "4.10", "i386", "MSMSGS", "4.5.0121"}
	if c.number >= 4 {
		args = append(args, "MSMSGS")
	}
	ev, err := c.Do(ctx, "CVR", args...)
	return ev.Arg(2), err
}

// Ping sends PNG and waits for QNG.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.Write(ctx, []byte("PNG\r\n")); err != nil {
		return fmt.Errorf("%s: PNG: %w", c.options.Account, err)
	}
	_, err := c.Expect(ctx, "QNG")
	return err
}

// SignOut says OUT, at every switchboard first, and waits until the servers have
// closed. The client is then done with, as after Close.
func (c *Client) SignOut(ctx context.Context) error {
	var errs []error
	for _, sb := range c.open() {
		errs = append(errs, sb.Leave(ctx))
	}
	errs = append(errs, c.link.quit(ctx))
	c.Close()
	return errors.Join(errs...)
}

// Done is closed when the notification server's connection has ended.
func (c *Client) Done() <-chan struct{} { return c.link.done }

// Err returns why the connection has ended, nil while it has not.
func (c *Client) Err() error {
	select {
	case <-c.link.done:
		return c.link.err
	default:
		return nil
	}
}

// Close breaks off all connections and waits for the client's goroutines.
func (c *Client) Close() {
	c.cancel()
	for _, sb := range c.open() {
		sb.link.nc.Close()
	}
	if c.link != nil {
		c.link.nc.Close()
	}
	if c.web != nil {
		c.web.close()
	}
	c.work.Wait()
}

func (c *Client) open() []*Switchboard {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.boxes)
}

// answerLimit is how long a client that answers calls by itself tries to.
const answerLimit = 10 * time.Second
