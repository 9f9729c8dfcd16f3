package replay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"msnproxy/capture/compare"
	"msnproxy/capture/story"
	"msnproxy/decode"
	"msnproxy/proxy"
	"msnproxy/proxy/offer"
)

// DefaultTimeout is how long a [Client] waits for an answer unless told otherwise.
const DefaultTimeout = 5 * time.Second

// ClientConfig says what a [Client] plays, and to whom. Story and Server must be
// given.
type ClientConfig struct {
	Story *story.Story
	// Server is where the recorded clients would begin: the dispatch server,
	// "host[:port]".
	Server string
	// Accounts are who plays the recorded accounts (keys in lower case). One that is
	// not here plays itself, and its recorded answers are sent where a password would
	// be needed.
	Accounts map[string]ClientAccount
	// ClearText lets passwords go out in clear, given ones and recorded ones, where
	// the recorded client did that. Else what holds one is left out.
	ClearText bool
	// Offer are the dialects of the recorded clients' offers that are offered now; nil: all
	// of them.
	Offer *offer.List
	// Only are the recorded accounts whose sessions are played; none: all.
	Only []string
	// Timeout is how long an answer is waited for. 0: DefaultTimeout.
	Timeout time.Duration
	// Speed is how many times as fast as it was recorded the clients talk. 0: as fast
	// as the answers come.
	Speed float64
	// StopOnDiff ends the replay with the first difference.
	StopOnDiff bool
	// Rules say what counts as the same; nil: the usual.
	Rules *compare.Rules
	// Allow are targets of redirects to be followed although [proxy.Guard] would
	// refuse them.
	Allow []string
	// Report is told of the differences, at the latest when nothing has come for a
	// fifth of a second, and in the order of the recording: which of two connections
	// has spoken first is chance. Answered is told of each live message that was
	// compared with a recorded one, Waiting what is waited for when that takes longer
	// than a second. All are called in the path of the replay, one call at a time, and
	// keep nothing that they are given but d.
	Report   func(d *Difference)
	Answered func(recorded *story.Message, live *decode.Message)
	Waiting  func(text string)
	// Recorder gets the live session. Nil: nobody does.
	Recorder proxy.Recorder
	// Dialer connects to servers, given as IP:port. Nil: net.Dialer.
	Dialer func(ctx context.Context, network, address string) (net.Conn, error)
}

// ClientAccount is an account of the live server.
type ClientAccount struct {
	// Handle is "" if it is the recorded one.
	Handle string
	// Password is nil if it is not known.
	Password *string
	// Ticket is shown in place of a password (MSNP8 and later). Nil if none is known.
	Ticket *Ticket
}

// Client is the clients of a recording, live.
type Client struct {
	config ClientConfig
	guard  *proxy.Guard
}

// Result is what came of a replay.
type Result struct {
	// Conns and Sent count what the clients did, Compared the answers that were held
	// against the recorded ones. What a server can't have taken any more, as it hung
	// up, does not count as sent.
	Conns, Sent, Compared int
	// Unanswered are requests that nothing answered although something did when they
	// were recorded.
	Unanswered int
	// Differences count, Notes do not; Skipped are recorded messages that could not
	// be played.
	Differences, Notes, Skipped int
	// SignedIn is how many connections to a notification server got in.
	SignedIn int
	// Stopped says why the replay ended before its time, or is "".
	Stopped string
	Elapsed time.Duration
}

// NewClient checks the configuration. The error says what in it makes no sense.
func NewClient(config ClientConfig) (*Client, error) {
	if config.Story == nil {
		return nil, errors.New("no recording to replay")
	}
	if config.Server == "" {
		return nil, errors.New("no server to replay it to: want host[:port]")
	}
	guard, err := proxy.NewGuard(config.Server, config.Allow)
	if err != nil {
		return nil, err
	}
	if config.Timeout < 0 || config.Speed < 0 {
		return nil, errors.New("neither a timeout nor a speed can be negative")
	}
	if config.Timeout == 0 {
		config.Timeout = DefaultTimeout
	}
	if config.Dialer == nil {
		config.Dialer = (&net.Dialer{Timeout: config.Timeout}).DialContext
	}
	rules := compare.Rules{}
	if config.Rules != nil {
		rules = *config.Rules
	}
	rules.Accounts = make(map[string]string)
	for old, a := range config.Accounts {
		if a.Handle != "" {
			rules.Accounts[strings.ToLower(old)] = a.Handle
		}
	}
	config.Rules = &rules
	c := &Client{config: config, guard: guard}
	return c, c.known()
}

// known makes sure that the accounts are those of the recording.
func (c *Client) known() error {
	var have []string
	for _, s := range c.config.Story.Sessions {
		have = append(have, strings.ToLower(s.Account))
	}
	check := func(handle string) error {
		for _, h := range have {
			if h == strings.ToLower(handle) {
				return nil
			}
		}
		if len(have) == 0 {
			return fmt.Errorf("%s does not sign in in %s: nobody does", handle, c.config.Story.Name)
		}
		return fmt.Errorf("%s does not sign in in %s: who does is %s", handle, c.config.Story.Name, strings.Join(have, ", "))
	}
	for old := range c.config.Accounts {
		if err := check(old); err != nil {
			return err
		}
	}
	for _, handle := range c.config.Only {
		if err := check(handle); err != nil {
			return err
		}
	}
	return nil
}

// WithoutPassword returns the recorded accounts that are played, answer a sign-in
// challenge or show a password, and have none in the configuration.
func (c *Client) WithoutPassword() []string {
	return c.lacks(func(a ClientAccount, kinds map[string]bool) bool {
		return a.Password == nil && (kinds["response"] || kinds["password"])
	})
}

// WithoutTicket returns the recorded accounts that are played, show a ticket, and have
// none in the configuration, or none with a secret where they have to prove that.
func (c *Client) WithoutTicket() []string {
	return c.lacks(func(a ClientAccount, kinds map[string]bool) bool {
		return kinds["ticket"] && a.Ticket == nil || kinds["blob"] && (a.Ticket == nil || a.Ticket.Secret == "")
	})
}

// lacks returns the accounts that are played and want something, by the kinds of what
// they show when they sign in.
func (c *Client) lacks(wants func(a ClientAccount, kinds map[string]bool) bool) (list []string) {
	r := c.config.Story.NewReader()
	for _, s := range c.config.Story.Sessions {
		handle := strings.ToLower(s.Account)
		if !c.plays(handle) || slices.Contains(list, handle) {
			continue
		}
		kinds := make(map[string]bool)
		for _, k := range s.Conns {
			signInKinds(r, k, kinds)
		}
		if wants(c.config.Accounts[handle], kinds) {
			list = append(list, handle)
		}
	}
	return list
}

// plays reports whether the sessions of a recorded account are played.
func (c *Client) plays(handle string) bool {
	return len(c.config.Only) == 0 || slices.ContainsFunc(c.config.Only, func(o string) bool { return strings.EqualFold(o, handle) })
}

// signInMessages is how many messages of a connection are looked at for a sign-in.
const signInMessages = 32

// signInKinds notes the kinds of what the client shows when it signs in.
func signInKinds(r *story.Reader, c *story.Conn, kinds map[string]bool) {
	for _, m := range c.Messages[:min(len(c.Messages), signInMessages)] {
		if m.From != decode.Client {
			continue
		}
		d, _, err := r.Decode(m)
		if err != nil || d.Form == nil {
			continue
		}
		for i := range d.Len() {
			if f := d.Field(i); f.Param != nil {
				kinds[f.Param.Kind.Name] = true
			}
		}
	}
}

// ErrNoSignIn says that no client got in although the recorded ones did.
var ErrNoSignIn = errors.New("nobody could sign in")

// Run plays the recording once. The result tells how far that went, also beside an
// error: of connecting to the server, of reading the recording, of the context, or
// ErrNoSignIn. It returns when all connections are closed and all goroutines ended.
func (c *Client) Run(ctx context.Context) (*Result, error) {
	start := time.Now()
	p := newPerformance(c)
	err := p.run(ctx)
	p.result.Elapsed = time.Since(start)
	return &p.result, err
}
