package proxytest

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// Config says how a [Server] behaves. The zero value is a server that nobody
// can sign in to; with accounts alone it speaks MSNP2-7, with Dialects also MSNP8-18 and 21.
type Config struct {
	// Accounts are who may sign in, and what their lists hold at the start.
	Accounts []Account
	// Dialects are those spoken, best first. Nil stands for MSNP7 down to MSNP2
	// and CVR0.
	Dialects []string
	// Seed is where salts, cookies, session ids and challenges come from: the
	// same seed and the same order of events give the same bytes.
	Seed uint64
	// Now is the clock of salts, cookies and LoginTime. Nil stands for time.Now.
	Now func() time.Time

	// Listen opens the port of each of the three servers: one of a [MemoryNetwork],
	// for one. Nil stands for any port of the loopback interface.
	Listen func() (net.Listener, error)

	// AnnounceNS and AnnounceSB are the addresses that XFR and RNG name, host
	// with or without port, where they are not the server's own: a relay in
	// front of it, for one. Empty stands for NS and SB of the server.
	AnnounceNS, AnnounceSB string

	// ListAllDialects has VER answered with every common dialect, as Microsoft's
	// servers did until 2006, and not with the chosen one alone.
	ListAllDialects bool
	// NoRedirect lets clients sign in at the dispatch server as well, so that no
	// XFR NS is ever sent.
	NoRedirect bool
	// NoChallenge keeps the server from challenging a client (CHL) at its first
	// CHG. Challenge does so all the same.
	NoChallenge bool
	// OldRefusal answers a CAL of somebody who blocks the caller with 216, as
	// the oldest servers did, and not with 217.
	OldRefusal bool
	// SilentOut closes a notification connection after the client's OUT without
	// sending OUT back.
	SilentOut bool
	// ForbiddenWords may be in no friendly name (REA: 209). Nil stands for
	// "microsoft" and "hotmail".
	ForbiddenWords []string

	// MaxConns is the number of connections held at a time; those beyond it are
	// closed at once. Zero stands for 4096.
	MaxConns int
	// MaxLine and MaxPayload bound a client's command line and payload in bytes;
	// more closes the connection. Zero stands for 4 KiB and 8 KiB. A switchboard
	// message is bounded by 1664 bytes besides.
	MaxLine, MaxPayload int
	// MaxForward and MaxRenames bound a forward list (ADD: 210) and the renames
	// of a session (REA: 800). Zero stands for 150 and 5.
	MaxForward, MaxRenames int
	// SignInTimeout is how long a connection may take to sign in. Zero stands
	// for a minute.
	SignInTimeout time.Duration
	// ChallengeTimeout is how long a client may take to answer a challenge; then
	// it gets OUT and is closed. Zero stands for 50 seconds.
	ChallengeTimeout time.Duration
	// CookieLife is how long a switchboard cookie is good. Zero stands for two
	// minutes.
	CookieLife time.Duration
	// WriteTimeout is how long a client may leave what it is sent unread before
	// it is closed. Zero stands for 10 seconds.
	WriteTimeout time.Duration
	// Linger is how long a connection that the server ends waits for the client
	// to close. Zero stands for half a second.
	Linger time.Duration
}

func (c Config) withDefaults() Config {
	if c.Dialects == nil {
		c.Dialects = []string{"MSNP7", "MSNP6", "MSNP5", "MSNP4", "MSNP3", "MSNP2", "CVR0"}
	}
	if c.Listen == nil {
		c.Listen = func() (net.Listener, error) { return net.Listen("tcp4", "127.0.0.1:0") }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.ForbiddenWords == nil {
		c.ForbiddenWords = []string{"microsoft", "hotmail"}
	}
	defaultTo(&c.MaxConns, 4096)
	defaultTo(&c.MaxLine, 4<<10)
	defaultTo(&c.MaxPayload, 8<<10)
	defaultTo(&c.MaxForward, 150)
	defaultTo(&c.MaxRenames, 5)
	defaultTo(&c.SignInTimeout, time.Minute)
	defaultTo(&c.ChallengeTimeout, 50*time.Second)
	defaultTo(&c.CookieLife, 2*time.Minute)
	defaultTo(&c.WriteTimeout, 10*time.Second)
	defaultTo(&c.Linger, 500*time.Millisecond)
	return c
}

func defaultTo[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// check reports what Start cannot make a server of.
func (c Config) check() error {
	for _, d := range c.Dialects {
		if dialectNumber(d) < 0 {
			return fmt.Errorf("dialect %q: this server speaks MSNP2 to MSNP18, MSNP21 and CVR0", d)
		}
	}
	var seen []string
	for _, a := range c.Accounts {
		if err := a.check(); err != nil {
			return fmt.Errorf("account %q: %w", a.Handle, err)
		}
		if slices.Contains(seen, strings.ToLower(a.Handle)) {
			return fmt.Errorf("account %q: named twice", a.Handle)
		}
		seen = append(seen, strings.ToLower(a.Handle))
	}
	return nil
}

// DemoAccounts returns the accounts of the script: alice, bob and carol, all at
// example.com. Alice and Bob have each other in their lists; Carol knows Alice
// and is known by nobody.
func DemoAccounts() []Account {
	return []Account{
		{
			Handle: "alice@example.com", Password: "wonderland", Name: "Alice",
			Version: 27, Unread: 2,
			Groups:     []string{"Other Contacts", "Friends"},
			Forward:    []Contact{{Handle: "bob@example.com", Name: "Bob", Groups: []int{1}}},
			Allow:      []Contact{{Handle: "bob@example.com", Name: "Bob"}},
			Properties: map[string]string{"PHH": "555 0100", "MOB": "N", "MBE": "N"},
		},
		{
			Handle: "bob@example.com", Password: "builder", Name: "Bob Müller",
			Version:    9,
			Forward:    []Contact{{Handle: "alice@example.com", Name: "Alice"}},
			Allow:      []Contact{{Handle: "alice@example.com", Name: "Alice"}},
			Properties: map[string]string{"PHM": "555 0199", "MOB": "Y", "MBE": "Y"},
		},
		{
			Handle: "carol@example.com", Password: "caterpillar", Name: "Carol",
			Version: 3, Prompt: "N",
			Forward: []Contact{{Handle: "alice@example.com", Name: "Alice"}},
		},
	}
}
