package proxytest

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"
)

// Script is a scripted conversation between two of the [DemoAccounts]: Alice and
// Bob sign in by way of the dispatch server, meet, talk and leave. Each step
// waits for all its effects before the next one begins, so that on every
// connection two runs give the same commands in the same order.
type Script struct {
	// Pace is the pause before each step, for people who watch.
	Pace time.Duration
	// Dialects are those that the clients offer; nil as in [Options].
	Dialects []string
	// Agreed is the one that will be spoken, if that is not the highest of those: somebody on
	// the way narrows the offer.
	Agreed string
	// EndPoints are the machines of the people, "{GUID}" by account (MSNP16 and later); nil
	// stands for the usual ones.
	EndPoints map[string]string
	// Numbers are those of the display picture's transfer (MSNP9 and later); nil stands for
	// [UsualNumbers].
	Numbers *Numbers
	// Dial, if set, is how the clients connect, as in [Options].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Web, if set, is how the clients come to the web services, as in [Options]: then they
	// ask for tickets and lists there, and Alice leaves Bob an offline message.
	Web *WebOptions
	// Progress, if set, is called with one line before each step.
	Progress func(string)
	// Break, if set, adds a third act, in which something between clients and server goes
	// wrong: it is called with what is to go wrong next, and sees to that. Saw, if set, gets
	// a line on what came of it.
	Break func(Fault) error
	Saw   func(string)
}

// RunScript runs the script without pauses.
func RunScript(ctx context.Context, dsAddr string, s *Server, progress func(string)) error {
	return Script{Progress: progress}.Run(ctx, dsAddr, s)
}

const (
	alice = "alice@example.com"
	bob   = "bob@example.com"
	carol = "carol@example.com"
)

// Steps that others stand before, or that several scripts have.
const (
	fileStep    = "Alice offers a file, and Bob declines"
	pictureStep = "Bob fetches Alice's picture"
)

// step is something that happens in the script.
type step struct {
	what string
	do   func() error
}

// play is a run of the script.
type play struct {
	Script
	ctx        context.Context
	server     *Server
	addr       string
	alice, bob *Client
	hers, his  *Switchboard
	bobID      string           // of the contact in Alice's list (MSNP10 and later)
	mail       map[string]Event // what each was told of the mailbox at the sign-in
}

// Run runs the script with clients that dial dsAddr, which is the server's DS or
// a proxy in front of it, and returns the first thing that went wrong. The
// server must have the [DemoAccounts], none of them signed in.
func (sc Script) Run(ctx context.Context, dsAddr string, s *Server) error {
	p := &play{Script: sc, ctx: ctx, server: s, addr: dsAddr, mail: map[string]Event{}}
	defer p.close()
	steps := []step{
		{"Alice signs in", p.aliceSignsIn},
		{"Bob signs in, and Alice sees him", p.bobSignsIn},
		{"the server challenges Alice", p.challenge},
		{"Alice gets mail and an alert", p.notices},
		{"Alice edits her contacts", p.contacts},
		{"Alice opens a switchboard and calls Bob", p.call},
		{"Bob answers", p.answer},
		{"they talk", p.talk},
		{fileStep, p.file},
		{"Bob leaves, and Alice talks to nobody", p.bye},
		{"Alice is busy, under another name", p.busy},
		{"Bob signs in elsewhere", p.elsewhere},
	}
	if sc.Break != nil {
		steps = append(steps, p.thirdAct()...)
		steps = append(steps, step{"Bob signs out", p.bobSignsOut})
	} else {
		steps = append(steps, step{"Bob and Alice sign out", p.signOut})
	}
	number, spoken := 0, sc.Dialects
	if sc.Agreed != "" {
		spoken = []string{sc.Agreed}
	}
	for _, d := range spoken {
		number = max(number, dialectNumber(d))
	}
	switch {
	case number >= laterFrom:
		steps = p.laterSteps(number)
	case number >= picturesFrom:
		at := slices.IndexFunc(steps, func(s step) bool { return s.what == fileStep })
		steps = slices.Insert(steps, at, step{pictureStep, p.picture})
	}
	for _, step := range p.withWeb(steps, number) {
		if sc.Progress != nil {
			sc.Progress(step.what)
		}
		if err := p.pause(); err != nil {
			return fmt.Errorf("script: %s: %w", step.what, err)
		}
		if err := step.do(); err != nil {
			return fmt.Errorf("script: %s: %w", step.what, err)
		}
	}
	return nil
}

func (p *play) pause() error {
	if p.Pace <= 0 {
		return p.ctx.Err()
	}
	t := time.NewTimer(p.Pace)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

func (p *play) close() {
	for _, c := range []*Client{p.alice, p.bob} {
		if c != nil {
			c.Close()
		}
	}
}

// expecter is a client or a switchboard.
type expecter interface {
	Expect(ctx context.Context, verb string, args ...string) (Event, error)
	ExpectType(ctx context.Context, contentType string) (Event, error)
}

func (p *play) expect(from expecter, verb string, args ...string) error {
	_, err := from.Expect(p.ctx, verb, args...)
	return err
}

// expectBody waits for a message of a type and compares its body.
func (p *play) expectBody(from expecter, contentType, want string) error {
	ev, err := from.ExpectType(p.ctx, contentType)
	if err == nil && ev.Body() != want {
		err = fmt.Errorf("the %s from %s reads %q, not %q", contentType, ev.Arg(0), ev.Body(), want)
	}
	return err
}
