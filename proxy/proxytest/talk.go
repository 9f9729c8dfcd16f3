package proxytest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"msnproxy/decode"
)

// Switchboard is a client's connection to one conversation. Its methods may be
// called from any goroutine.
type Switchboard struct {
	// Present are those who were there when the client came (IRO).
	Present []string

	client *Client
	link   *link
	trid   atomic.Uint32
}

// OpenSwitchboard asks for a switchboard (XFR SB) and goes there. Nobody else is
// in the conversation yet.
func (c *Client) OpenSwitchboard(ctx context.Context) (*Switchboard, error) {
	xfr, err := c.Do(ctx, "XFR", "SB")
	if err != nil {
		return nil, err
	}
	if !xfr.is("XFR", []string{"SB", "*", "CKI", "*"}) {
		return nil, fmt.Errorf("%s: XFR SB: the %s answered %s %q", c.options.Account, c.link.server, xfr.Verb, xfr.Args)
	}
	return c.enter(ctx, xfr.Arg(1), "USR", c.handle(), xfr.Arg(3))
}

// AnswerCall goes to the conversation that a RNG invites to.
func (c *Client) AnswerCall(ctx context.Context, rng Event) (*Switchboard, error) {
	if !rng.is("RNG", []string{"*", "*", "CKI", "*", "*"}) {
		return nil, fmt.Errorf("%s: ANS: not a call: %s %q", c.options.Account, rng.Verb, rng.Args)
	}
	return c.enter(ctx, rng.Arg(1), "ANS", c.handle(), rng.Arg(3), rng.Arg(0))
}

// enter connects to a switchboard and says the first line there.
func (c *Client) enter(ctx context.Context, addr, verb string, args ...string) (*Switchboard, error) {
	sb := &Switchboard{client: c}
	l, err := dial(ctx, decode.SB, addr, &sb.trid, &c.options)
	if err != nil {
		return nil, err
	}
	sb.link = l
	l.events = l.inbox.put
	c.mu.Lock()
	if c.alive.Err() != nil {
		c.mu.Unlock()
		l.nc.Close()
		return nil, fmt.Errorf("%s: %s: the client is closed", c.options.Account, verb)
	}
	c.boxes = append(c.boxes, sb)
	c.work.Go(func() {
		l.read()
		c.mu.Lock()
		c.boxes = slices.DeleteFunc(c.boxes, func(o *Switchboard) bool { return o == sb })
		c.mu.Unlock()
	})
	c.mu.Unlock()
	ok := false
	err = l.ask(ctx, func(ev Event) bool {
		if ev.Verb == "IRO" {
			sb.Present = append(sb.Present, ev.Arg(2))
			return false
		}
		ok = ev.is(verb, []string{"OK"})
		return true
	}, verb, nil, args...)
	if err == nil && !ok {
		err = fmt.Errorf("%s: %s: the %s did not say OK", c.options.Account, verb, l.server)
	}
	if err != nil {
		l.nc.Close()
		return nil, err
	}
	return sb, nil
}

// Call invites somebody (CAL) and returns the session id when the server rings.
// That somebody has come is an event: JOI.
func (sb *Switchboard) Call(ctx context.Context, handle string) (session string, err error) {
	ev, err := sb.link.one(ctx, "CAL", handle)
	return ev.Arg(1), err
}

// Expect takes the first event that is that command and has those parameters,
// as [Client.Expect] does.
func (sb *Switchboard) Expect(ctx context.Context, verb string, args ...string) (Event, error) {
	return sb.link.expect(ctx, verb, args...)
}

// ExpectType is Expect for a MSG whose payload has that content type.
func (sb *Switchboard) ExpectType(ctx context.Context, contentType string) (Event, error) {
	return sb.link.expectType(ctx, contentType)
}

// Message sends a payload to everybody else. In mode A it waits for the ACK, and
// a NAK is an error; in mode N a NAK comes as an event with the TrID returned;
// in mode U nothing comes.
func (sb *Switchboard) Message(ctx context.Context, mode, payload string) (trid uint32, err error) {
	if mode != "A" && mode != "D" {
		return sb.link.command(ctx, nil, "MSG", []byte(payload), mode)
	}
	nak := false
	err = sb.link.ask(ctx, func(ev Event) bool {
		trid, nak = ev.TrID, ev.Verb == "NAK"
		return true
	}, "MSG", []byte(payload), mode)
	if nak {
		err = fmt.Errorf("%s: MSG %d: the %s could not deliver it (NAK)", sb.link.account, trid, sb.link.server)
	}
	return trid, err
}

// Text sends an instant message in the given mode.
func (sb *Switchboard) Text(ctx context.Context, mode, text string) (trid uint32, err error) {
	return sb.Message(ctx, mode, TextPayload(text))
}

// Typing says that the user is typing (mode U).
func (sb *Switchboard) Typing(ctx context.Context) error {
	_, err := sb.Message(ctx, "U", TypingPayload(sb.link.account))
	return err
}

// InviteFile offers a file (mode N). The answer is a MSG with the same
// Invitation-Cookie.
func (sb *Switchboard) InviteFile(ctx context.Context, cookie uint32, name string, size int64) error {
	_, err := sb.Message(ctx, "N", InvitePayload(cookie, name, size))
	return err
}

// CancelInvitation refuses or withdraws an invitation (mode N); the code is
// REJECT, TIMEOUT, FAIL or another of the protocol's.
func (sb *Switchboard) CancelInvitation(ctx context.Context, cookie uint32, code string) error {
	_, err := sb.Message(ctx, "N", CancelPayload(cookie, code))
	return err
}

// Write sends bytes as they are.
func (sb *Switchboard) Write(ctx context.Context, b []byte) error { return sb.link.write(ctx, b) }

// Leave says OUT and waits until the switchboard has closed.
func (sb *Switchboard) Leave(ctx context.Context) error { return sb.link.quit(ctx) }

// Done is closed when the connection has ended.
func (sb *Switchboard) Done() <-chan struct{} { return sb.link.done }
