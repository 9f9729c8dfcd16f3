package proxytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	// EndPoints are the machines of the people, "{GUID}" by account (MSNP16 and later); nil
	// stands for the usual ones.
	EndPoints map[string]string
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
	bobID      string // of the contact in Alice's list (MSNP10 and later)
}

// Run runs the script with clients that dial dsAddr, which is the server's DS or
// a proxy in front of it, and returns the first thing that went wrong. The
// server must have the [DemoAccounts], none of them signed in.
func (sc Script) Run(ctx context.Context, dsAddr string, s *Server) error {
	p := &play{Script: sc, ctx: ctx, server: s, addr: dsAddr}
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
		{"Alice offers a file, and Bob declines", p.file},
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
	for _, d := range sc.Dialects {
		if n := dialectNumber(d); n >= laterFrom {
			steps = p.laterSteps(n)
			break
		}
	}
	for _, step := range steps {
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

// signIn brings an account online: sign-in, lists, status, version.
func (p *play) signIn(account, password string) (*Client, error) {
	c, err := Dial(p.ctx, p.addr, Options{Account: account, Password: password, Dialects: p.Dialects})
	if err != nil {
		return nil, err
	}
	if err := p.goOnline(c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (p *play) goOnline(c *Client) error {
	mail := "text/x-msmsgsinitialemailnotification"
	switch {
	case c.number < 3:
		mail = "application/x-msmsgsemailnotification"
	case c.number >= personalFrom:
		mail = "text/x-msmsgsinitialmdatanotification"
	}
	for _, contentType := range []string{"text/x-msmsgsprofile", mail} {
		if _, err := c.ExpectType(p.ctx, contentType); err != nil {
			return err
		}
	}
	lists, err := c.Sync(p.ctx, 0)
	if err != nil {
		return err
	}
	if c.options.Account == alice && len(lists.Forward) > 0 {
		p.bobID = lists.Forward[0].ID
	}
	if err := p.present(c); err != nil {
		return err
	}
	if err := c.SetStatus(p.ctx, "NLN"); err != nil {
		return err
	}
	if c.number >= 6 && (p.server == nil || !p.server.config.NoChallenge) {
		if err := p.expect(c, "QRY"); err != nil {
			return err
		}
	}
	if c.number >= ticketFrom {
		return nil // it came before the sign-in
	}
	_, err = c.CheckVersion(p.ctx)
	return err
}

// present is what a client of MSNP11 and later says before it is visible.
func (p *play) present(c *Client) error {
	if c.number < personalFrom {
		return nil
	}
	if _, err := c.Do(p.ctx, "GCF", "Shields.xml"); err != nil {
		return err
	}
	_, err := c.DoPayload(p.ctx, "UUX", []byte("<Data><PSM>"+escapeXML("Grüße & mehr")+"</PSM><CurrentMedia></CurrentMedia></Data>"))
	return err
}

func (p *play) aliceSignsIn() (err error) {
	p.alice, err = p.signIn(alice, "wonderland")
	return err
}

func (p *play) bobSignsIn() (err error) {
	if p.bob, err = p.signIn(bob, "builder"); err != nil {
		return err
	}
	return errors.Join(
		p.expect(p.bob, "ILN", "NLN", alice),
		p.expect(p.alice, "NLN", "NLN", bob),
	)
}

// have has the server do something.
func (p *play) have(do func(*Server) error) error {
	if p.server == nil {
		return nil
	}
	return do(p.server)
}

// challenge exists from MSNP6 on; there is always a PNG.
func (p *play) challenge() error {
	if p.alice.number >= 6 {
		if err := p.have(func(s *Server) error { return s.Challenge(alice) }); err != nil {
			return err
		}
		if err := p.expect(p.alice, "QRY"); err != nil {
			return err
		}
	}
	return p.alice.Ping(p.ctx)
}

func (p *play) notices() error {
	if p.alice.number >= personalFrom {
		return p.alert()
	}
	if err := p.have(func(s *Server) error { return s.SendMail(alice, bob, "Grüße aus München") }); err != nil {
		return err
	}
	mail := "text/x-msmsgsemailnotification"
	if p.alice.number < 3 {
		mail = "application/x-msmsgsemailnotification"
	}
	if _, err := p.alice.ExpectType(p.ctx, mail); err != nil || p.alice.number < 5 {
		return err
	}
	return p.alert()
}

func (p *play) alert() error {
	if err := p.have(func(s *Server) error { return s.Notify(alice, "") }); err != nil {
		return err
	}
	return p.expect(p.alice, "NOT")
}

func (p *play) contacts() error {
	if p.alice.number >= bookFrom {
		return p.contactsByID()
	}
	requests := [][]string{
		{"ADD", "AL", carol, "Carol"},
		{"ADD", "FL", carol, "Carol"},
		{"REM", "AL", carol},
		{"ADD", "BL", carol, "Carol"},
		{"URL", "INBOX"},
	}
	if p.alice.number >= 7 {
		requests = append(requests,
			[]string{"ADG", encode("Büro"), "0"},
			[]string{"ADD", "FL", carol, "Carol", "2"},
			[]string{"RMG", "2"})
	}
	if p.alice.number >= 5 {
		requests = append(requests, []string{"PRP", "PHH", encode("555 0123")})
	}
	for _, r := range requests {
		if _, err := p.alice.Do(p.ctx, r[0], r[1:]...); err != nil {
			return err
		}
	}
	if p.bob.number >= 5 && p.alice.number >= 5 {
		return p.expect(p.bob, "BPR", "*", alice, "PHH")
	}
	return nil
}

// contactsByID is contacts for MSNP10 and later.
func (p *play) contactsByID() error {
	added, err := p.alice.Do(p.ctx, "ADC", "FL", "N="+carol, "F=Carol")
	if err != nil {
		return err
	}
	group, err := p.alice.Do(p.ctx, "ADG", encode("Büro"))
	if err != nil {
		return err
	}
	id, contact := group.Arg(1), strings.TrimPrefix(added.Arg(3), "C=")
	for _, r := range [][]string{
		{"ADC", "AL", "N=" + carol},
		{"REM", "AL", carol},
		{"ADC", "BL", "N=" + carol},
		{"ADC", "FL", "C=" + contact, id},
		{"SBP", contact, "MFN", encode("Carol (Büro)")},
		{"SBP", p.bobID, "MOB", "Y"},
		{"REG", id, encode("Arbeit")},
		{"REM", "FL", contact, id},
		{"RMG", id},
		{"URL", "INBOX"},
		{"PRP", "PHH", encode("555 0123")},
	} {
		if _, err := p.alice.Do(p.ctx, r[0], r[1:]...); err != nil {
			return err
		}
	}
	return p.expect(p.bob, "BPR", alice, "PHH")
}

func (p *play) call() (err error) {
	if p.hers, err = p.alice.OpenSwitchboard(p.ctx); err != nil {
		return err
	}
	_, err = p.hers.Call(p.ctx, bob)
	return err
}

func (p *play) answer() error {
	rng, err := p.bob.Expect(p.ctx, "RNG", "*", "*", "CKI", "*", alice)
	if err != nil {
		return err
	}
	if p.his, err = p.bob.AnswerCall(p.ctx, rng); err != nil {
		return err
	}
	return p.expect(p.hers, "JOI", bob)
}

// talk is a chat: who speaks types first.
func (p *play) talk() error {
	for _, said := range []struct {
		from, to   *Switchboard
		mode, text string
	}{
		{p.hers, p.his, "N", "Hello Bob, schöne Grüße vom Café"},
		{p.his, p.hers, "N", "お元気ですか、Alice?"},
		{p.hers, p.his, "A", "😀 gut, und selbst?\r\nBis später"},
		{p.his, p.hers, "A", "MSG 1 N 5 is what a command looks like"},
	} {
		if err := said.from.Typing(p.ctx); err != nil {
			return err
		}
		if err := p.expectBody(said.to, "text/x-msmsgscontrol", "\r\n"); err != nil {
			return err
		}
		if _, err := said.from.Text(p.ctx, said.mode, said.text); err != nil {
			return err
		}
		if err := p.expectBody(said.to, "text/plain", said.text); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) file() error {
	const cookie = 33267
	if err := p.hers.InviteFile(p.ctx, cookie, "readme.txt", 11); err != nil {
		return err
	}
	offer, err := p.his.ExpectType(p.ctx, "text/x-msmsgsinvite")
	if err != nil {
		return err
	}
	if offer.Field("Invitation-Command") != "INVITE" || offer.Field("Application-File") != "readme.txt" {
		return fmt.Errorf("what came to Bob as the offer: %q", offer.Payload)
	}
	if err := p.his.CancelInvitation(p.ctx, cookie, "REJECT"); err != nil {
		return err
	}
	answer, err := p.hers.ExpectType(p.ctx, "text/x-msmsgsinvite")
	if err != nil {
		return err
	}
	if answer.Field("Cancel-Code") != "REJECT" || answer.Field("Invitation-Cookie") != fmt.Sprint(cookie) {
		return fmt.Errorf("what came to Alice as the answer: %q", answer.Payload)
	}
	return nil
}

func (p *play) bye() error {
	if err := p.his.Leave(p.ctx); err != nil {
		return err
	}
	if err := p.expect(p.hers, "BYE", bob); err != nil {
		return err
	}
	if _, err := p.hers.Text(p.ctx, "N", "Are you still there?"); err != nil {
		return err
	}
	if err := p.expect(p.hers, "NAK"); err != nil {
		return err
	}
	return p.hers.Leave(p.ctx)
}

func (p *play) busy() error {
	if err := p.alice.SetStatus(p.ctx, "BSY"); err != nil {
		return err
	}
	if err := p.expect(p.bob, "NLN", "BSY", alice); err != nil {
		return err
	}
	name := encode("Alice ☕")
	rename := []string{"REA", alice, name}
	if p.alice.number >= bookFrom {
		rename = []string{"PRP", "MFN", name}
	}
	if _, err := p.alice.Do(p.ctx, rename[0], rename[1:]...); err != nil {
		return err
	}
	return p.expect(p.bob, "NLN", "BSY", alice, name)
}

func (p *play) elsewhere() error {
	second, err := p.signIn(bob, "builder")
	if err != nil {
		return err
	}
	first := p.bob
	p.bob = second
	defer first.Close()
	if err := p.expect(first, "OUT", "OTH"); err != nil {
		return err
	}
	select {
	case <-first.Done():
	case <-p.ctx.Done():
		return fmt.Errorf("%s: waiting for the end of the first session: %w", bob, p.ctx.Err())
	}
	return errors.Join(
		p.expect(second, "ILN", "BSY", alice),
		p.expect(p.alice, "FLN", bob),
		p.expect(p.alice, "NLN", "NLN", bob),
	)
}

func (p *play) bobSignsOut() error { return p.bob.SignOut(p.ctx) }

func (p *play) signOut() error {
	if err := p.bob.SignOut(p.ctx); err != nil {
		return err
	}
	if err := p.expect(p.alice, "FLN", bob); err != nil {
		return err
	}
	return p.alice.SignOut(p.ctx)
}
