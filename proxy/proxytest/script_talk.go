package proxytest

import "fmt"

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
