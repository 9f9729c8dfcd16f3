package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
	"msnproxy/proxy"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/api"
)

// apiGrace is what requests have that are being answered when the program ends.
const apiGrace = time.Second

// tokenVariable is the environment variable that holds the token of the API.
const tokenVariable = "MSNPROXY_API_TOKEN"

// apiFlags are the flags of the commands that other programs can steer.
func apiFlags(env bool) []cli.Flag {
	vars := func(name string) []string {
		if !env {
			return nil
		}
		return []string{"MSNPROXY_" + name}
	}
	return []cli.Flag{
		&cli.StringFlag{Name: "api", Usage: "let programs on this machine watch and steer at `ADDR`: 127.0.0.1:8763 or unix:/path (docs/api.md)", EnvVars: vars("API")},
		&cli.StringFlag{Name: "api-token-file", Usage: "the token of the API is in `FILE`, which is made if there is none; without it and " + tokenVariable + " one is printed", EnvVars: vars("API_TOKEN_FILE")},
		&cli.BoolFlag{Name: "mask", Usage: "mask passwords, tickets and cookies in what the API tells", EnvVars: vars("MASK")},
	}
}

// steering is the API of a command, from its listening on. nil: there is none.
type steering struct {
	listener net.Listener
	token    string
	server   *api.Server
	over     sync.Once
}

// openAPI listens for the API, if the flags ask for one.
func openAPI(c *cli.Context) (*steering, error) {
	if c.String("api") == "" {
		for _, name := range []string{"api-token-file", "mask"} {
			if c.IsSet(name) {
				return nil, usage(c.Command.Name, "--%s goes with --api", name)
			}
		}
		return nil, nil
	}
	address, err := api.ParseAddress(c.String("api"))
	if err != nil {
		return nil, usage(c.Command.Name, "--api: %v", err)
	}
	a := &steering{}
	where := ""
	switch path := c.String("api-token-file"); {
	case path != "":
		if a.token, err = api.TokenFile(path); err != nil {
			return nil, fmt.Errorf("--api-token-file: %w", err)
		}
		where = "its token is in " + path
	case os.Getenv(tokenVariable) != "":
		a.token = os.Getenv(tokenVariable)
		if err := api.CheckToken(a.token); err != nil {
			return nil, fmt.Errorf("%s: %w", tokenVariable, err)
		}
		where = "its token is that of " + tokenVariable
	default:
		a.token = api.NewToken()
		where = "its token is " + a.token
	}
	if a.listener, err = api.Listen(address); err != nil {
		return nil, err
	}
	if address.Network != "unix" {
		address.Where = a.listener.Addr().String()
	}
	fmt.Fprintf(c.App.ErrWriter, "msnproxy: the API is at %s, %s\n", show.Escape(nil, address.String()), show.Escape(nil, where))
	return a, nil
}

// start has the API serve, and the display feed it. known are passwords besides those of
// the flags.
func (a *steering) start(c *cli.Context, g *gate.Gate, p *proxy.Proxy, d *display, known map[string]string) error {
	if a == nil {
		return nil
	}
	feed := api.NewFeed()
	f, err := newFeeder(c, feed, known)
	if err != nil {
		return err
	}
	d.feed = f
	a.server = api.New(a.listener, api.Options{
		Token: a.token, Mask: c.Bool("mask"), Gate: g, Feed: feed, Stats: p.Stats, Totals: f.totals, Annotate: p.Annotate,
		Recording: func() (api.Recording, bool) {
			if d.recorder == nil {
				return api.Recording{}, false
			}
			return api.Recording{Path: d.recorder.Path(), Bytes: d.recorder.Size(), Dropped: d.recorder.Dropped()}, true
		},
	})
	a.server.Start()
	return nil
}

// close ends the API: who reads events gets those that there are.
func (a *steering) close() {
	if a == nil {
		return
	}
	a.over.Do(func() {
		if a.server == nil {
			a.listener.Close()
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), apiGrace)
		defer cancel()
		a.server.Close(ctx)
	})
}

// feeder makes of what happens the events of the API. One goroutine feeds it.
type feeder struct {
	feed    *api.Feed
	printer *show.Printer
	mask    *capture.Redactor // nil: nothing is masked
	plain   *capture.Follower // with mask: of what really happens
	about   *capture.Record   // the record that is being told
	line    []byte
}

func newFeeder(c *cli.Context, feed *api.Feed, known map[string]string) (*feeder, error) {
	f := &feeder{feed: feed}
	given, err := passwords(c)
	if err != nil {
		return nil, err
	}
	f.printer = show.New(io.Discard, show.Options{Format: show.JSON, Live: true, Check: true, Passwords: given, Each: f.put})
	f.printer.Know(known)
	if c.Bool("mask") {
		if f.mask, err = capture.NewRedactor(false); err != nil {
			return nil, err
		}
		f.plain = capture.NewFollower(capture.FollowOptions{})
	}
	return f, nil
}

// observe takes what happens.
func (f *feeder) observe(r *capture.Record) {
	f.feed.Do(func() {
		f.about = r
		if f.mask != nil {
			e := f.plain.Record(r)
			with := *r
			role, dialect := roleOf(e)
			f.mask.Redact(&with, role, dialect)
			r = &with
		}
		_ = f.printer.Record(r)
	})
}

// put hands an object of the printer on to the feed.
func (f *feeder) put(l show.JSONLine) {
	e := api.Event{Number: l.Number, Line: l.Line, Message: l.Message}
	r := l.Record
	switch {
	case l.Finding:
		e.Kind = api.AFinding
	case r.Kind != capture.Data:
		e.Everybody = r.Kind == capture.Remark
	case l.Held:
		e.Kind = api.AHeld
	default:
		e.Kind = api.AMessage
	}
	if e.Kind == api.AMessage || e.Kind == api.AHeld {
		e.About = capture.About{Conn: r.Conn.ID, From: r.From, Offset: r.Frame.Offset}
		if f.mask != nil {
			e.About.Offset = f.about.Frame.Offset // as received
		}
		if r.Fate == capture.Injected {
			e.Injected = f.about.Frame.Raw
		}
	}
	f.feed.Put(e)
	if e.Kind == api.AMessage {
		f.decisions(l)
	}
}

// decisions tells of the rules and faults that have changed a message.
func (f *feeder) decisions(l show.JSONLine) {
	for _, by := range l.Record.ChangedBy {
		kind, name, _ := strings.Cut(by, " ")
		if kind != "rule" && kind != "fault" {
			continue
		}
		if kind == "rule" {
			name = strings.TrimSuffix(strings.TrimPrefix(name, `"`), `"`)
		}
		f.line = show.AppendDecision(f.line[:0], kind, name, l.Message, l.Record)
		f.feed.Put(api.Event{Number: l.Number, Line: f.line, Message: l.Message, Kind: api.ADecision})
	}
}

// totals counts what was told.
func (f *feeder) totals() (t api.Totals) {
	f.feed.Do(func() {
		s := f.printer.Stats()
		t = api.Totals{Messages: s.Messages, Sessions: s.Sessions, Conversations: s.Conversations}
	})
	return t
}

func roleOf(e *capture.Event) (role decode.Role, dialect int) {
	if e.Conn != nil {
		return e.Conn.Role, e.Conn.Dialect
	}
	return 0, 0
}
