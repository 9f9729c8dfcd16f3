package proxytest

import "fmt"

// Fault is something that goes wrong on purpose in the third act of the script.
type Fault string

const (
	// LostACK: the acknowledgement of the first message that asks for one does not come.
	LostACK Fault = "loses an ACK"
	// WrongLength: the length of the first message from the switchboard is too small.
	WrongLength Fault = "gives a wrong length"
	// WrongProof: the first answer to a challenge is wrong when it comes to the server.
	WrongProof Fault = "answers a challenge wrongly"
)

// Faults are all of them, in order.
func Faults() []Fault { return []Fault{LostACK, WrongLength, WrongProof} }

// thirdAct are the steps in which something between clients and server goes wrong. After
// them Alice is not signed in any more.
func (p *play) thirdAct() []step {
	return []step{
		{"a gate rule loses an ACK", p.lostACK},
		{"a gate rule gives a wrong length", p.wrongLength},
		{"a gate rule answers a challenge wrongly", p.wrongProof},
	}
}

func (p *play) bobSignsOut() error { return p.bob.SignOut(p.ctx) }

// saw tells what somebody saw of a fault.
func (p *play) saw(format string, args ...any) {
	if p.Saw != nil {
		p.Saw(fmt.Sprintf(format, args...))
	}
}

// lostACK has Alice call Bob again. Her second message is acknowledged, so that she knows
// that the ACK of the first one is lost: a switchboard answers in order.
func (p *play) lostACK() error {
	if err := p.call(); err != nil {
		return err
	}
	if err := p.answer(); err != nil {
		return err
	}
	if err := p.Break(LostACK); err != nil {
		return err
	}
	const first, second = "Did you get this?", "And this?"
	lost, err := p.hers.link.command(p.ctx, nil, "MSG", []byte(TextPayload(first)), "A")
	if err != nil {
		return err
	}
	if err := p.expectBody(p.his, "text/plain", first); err != nil {
		return err
	}
	if _, err := p.hers.Text(p.ctx, "A", second); err != nil {
		return err
	}
	if p.hers.link.inbox.has(func(ev Event) bool { return ev.Verb == "ACK" && ev.TrID == lost }) {
		return fmt.Errorf("the ACK of MSG %d has come to Alice: nothing has lost it", lost)
	}
	p.saw("Alice saw no ACK of her message %d (%q), though Bob has got it", lost, first)
	return p.expectBody(p.his, "text/plain", second)
}

// wrongLength has Bob say something that comes to Alice with a length that is too small.
// What is left over is no command, so that her client hangs up.
func (p *play) wrongLength() error {
	if err := p.Break(WrongLength); err != nil {
		return err
	}
	const said = "Is this all that I said?"
	if _, err := p.his.Text(p.ctx, "N", said); err != nil {
		return err
	}
	ev, err := p.hers.ExpectType(p.ctx, "text/plain")
	if err != nil {
		return err
	}
	if ev.Body() == said {
		return fmt.Errorf("all of %q has come to Alice: its length is right", said)
	}
	select {
	case <-p.hers.Done():
	case <-p.ctx.Done():
		return fmt.Errorf("waiting for Alice to give the switchboard up: %w", p.ctx.Err())
	}
	p.saw("Alice saw %q where Bob said %q, and hung up: %v", ev.Body(), said, p.hers.link.err)
	if err := p.expect(p.his, "BYE", alice); err != nil {
		return err
	}
	return p.his.Leave(p.ctx)
}

// wrongProof has the server challenge Alice once more.
func (p *play) wrongProof() error {
	if err := p.Break(WrongProof); err != nil {
		return err
	}
	if err := p.have(func(s *Server) error { return s.Challenge(alice) }); err != nil {
		return err
	}
	if err := p.expect(p.alice, "540"); err != nil {
		return err
	}
	select {
	case <-p.alice.Done():
	case <-p.ctx.Done():
		return fmt.Errorf("waiting for the server to end Alice's session: %w", p.ctx.Err())
	}
	p.saw("Alice saw 540 (%s), and the server closed the connection", meanings[540])
	return p.expect(p.bob, "FLN", alice)
}
