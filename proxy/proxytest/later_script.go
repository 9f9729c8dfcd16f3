package proxytest

import (
	"errors"
	"fmt"
	"image/color"
)

// The script of MSNP13 and later: the same two people, with what their clients could do
// then.

// machine is the end point of somebody in the script.
var machine = map[string]string{
	alice: "{0f0e0d0c-0b0a-0908-0706-050403020100}",
	bob:   "{11111111-2222-3333-4444-555555555555}",
}

func (p *play) machine(account string) string {
	if at, ok := p.EndPoints[account]; ok {
		return at
	}
	return machine[account]
}

// laterSteps are those of the script in that dialect.
func (p *play) laterSteps(number int) []step {
	steps := []step{
		{"Alice signs in with a ticket", p.aliceSignsInLater},
		{"Bob signs in, and they see each other", p.bobSignsInLater},
	}
	if number >= 21 {
		return append(steps,
			step{"they talk", p.routedTalk},
			step{"Bob nudges Alice", p.routedNudge},
			step{"Bob and Alice sign out", p.signOutRouted})
	}
	return append(steps,
		step{"Alice edits her contacts", p.contactsLater},
		step{"Alice is busy, and says why", p.busyLater},
		step{"Alice opens a switchboard and calls Bob", p.call},
		step{"Bob answers", p.answerLater},
		step{"they talk", p.talk},
		step{pictureStep, p.picture},
		step{"Bob nudges Alice", p.nudge},
		step{"Bob leaves", p.byeLater},
		step{"Bob and Alice sign out", p.signOutLater})
}

func (p *play) signInLater(account, password, name, message, object string, members Members) (*Client, error) {
	c, err := Dial(p.ctx, p.addr, Options{Account: account, Password: password, Dialects: p.Dialects, Dial: p.Dial, Web: p.Web, EndPoint: p.machine(account)})
	if err != nil {
		return nil, err
	}
	err = p.goOnlineLater(c, name, message, object, members)
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (p *play) goOnlineLater(c *Client, name, message, object string, members Members) error {
	for _, contentType := range []string{"text/x-msmsgsprofile", "text/x-msmsgsinitialmdatanotification"} {
		ev, err := c.ExpectType(p.ctx, contentType)
		if err != nil {
			return err
		}
		p.mail[c.options.Account] = ev
	}
	if c.number >= circlesFrom {
		ticket, err := c.ticket(p.ctx, "")
		if err != nil {
			return err
		}
		if _, err := c.Do(p.ctx, "USR", "SHA", "A", ticket.Circle); err != nil {
			return err
		}
	}
	name, members, err := p.lists(c, name, members)
	if err != nil {
		return err
	}
	if c.number >= 21 { // it is challenged as soon as it is in
		if err := p.expect(c, "QRY"); err != nil {
			return err
		}
	}
	if err := c.GoOnline(p.ctx, name, message, object, members); err != nil {
		return err
	}
	if c.number >= 21 {
		return nil
	}
	return p.expect(c, "QRY")
}

// DemoPicture is the display picture that Alice has in the script.
func DemoPicture() Picture {
	return NewPicture(alice, color.RGBA{0x1e, 0x66, 0xc8, 0xff}, color.RGBA{0xf5, 0xf0, 0xdc, 0xff})
}

func (p *play) aliceSignsInLater() (err error) {
	p.alice, err = p.signInLater(alice, "wonderland", "Alice", "down the rabbit hole", encode(DemoPicture().Object),
		Members{{bob, 3}, {carol, 6 &^ 2}})
	return err
}

func (p *play) bobSignsInLater() (err error) {
	if p.bob, err = p.signInLater(bob, "builder", "Bob Müller", "", "", Members{{alice, 3}}); err != nil {
		return err
	}
	if p.bob.number >= 21 {
		return errors.Join(p.expectNews(p.bob, "NLN"), p.expectNews(p.alice, "NLN"))
	}
	return errors.Join(p.sees(p.bob, "ILN", "NLN", alice), p.sees(p.alice, "NLN", "NLN", bob))
}

// sees waits for the presence of a contact, in the spelling of the dialect.
func (p *play) sees(c *Client, verb, status, handle string) error {
	if c.number >= 18 {
		handle = "1:" + handle
	}
	if err := p.expect(c, verb, status, handle); err != nil {
		return err
	}
	return p.expect(c, "UBX")
}

// contactsLater lets Carol off the block list, and onto the other one.
func (p *play) contactsLater() error {
	if p.alice.number >= networksFrom {
		if _, err := p.alice.DoPayload(p.ctx, "FQY", []byte(p.alice.document(false, Members{{carol, 0}}))); err != nil {
			return err
		}
	}
	if p.Web != nil {
		return p.contactsWeb()
	}
	if err := p.alice.RemoveMembers(p.ctx, Members{{carol, 4}}); err != nil {
		return err
	}
	return p.alice.AddMembers(p.ctx, false, Members{{carol, 2}})
}

func (p *play) busyLater() error {
	if _, err := p.alice.DoPayload(p.ctx, "UUX", []byte("<Data><PSM>at tea</PSM><CurrentMedia></CurrentMedia></Data>")); err != nil {
		return err
	}
	if err := p.expect(p.bob, "UBX"); err != nil {
		return err
	}
	if _, err := p.alice.Do(p.ctx, "CHG", "BSY", p.alice.options.Capabilities, encode(DemoPicture().Object)); err != nil {
		return err
	}
	return p.sees(p.bob, "NLN", "BSY", alice)
}

func (p *play) answerLater() error {
	rng, err := p.bob.Expect(p.ctx, "RNG", "*", "*", "CKI", "*", alice)
	if err != nil {
		return err
	}
	if p.his, err = p.bob.AnswerCall(p.ctx, rng); err != nil {
		return err
	}
	if p.bob.number >= endPointsFrom {
		if err := p.expect(p.hers, "JOI", bob+";"+p.machine(bob)); err != nil {
			return err
		}
	}
	return p.expect(p.hers, "JOI", bob)
}

func (p *play) picture() error {
	n := UsualNumbers()
	if p.Numbers != nil {
		n = *p.Numbers
	}
	return fetchPicture(p.ctx, p.his, p.hers, DemoPicture(), n)
}

func (p *play) nudge() error {
	if _, err := p.his.Message(p.ctx, "A", NudgePayload()); err != nil {
		return err
	}
	_, err := p.hers.ExpectType(p.ctx, "text/x-msnmsgr-datacast")
	return err
}

func (p *play) byeLater() error {
	if err := p.his.Leave(p.ctx); err != nil {
		return err
	}
	if err := p.expect(p.hers, "BYE", bob); err != nil {
		return err
	}
	return p.hers.Leave(p.ctx)
}

func (p *play) signOutLater() error {
	if err := p.bob.SignOut(p.ctx); err != nil {
		return err
	}
	if err := p.expect(p.alice, "FLN"); err != nil {
		return err
	}
	return p.alice.SignOut(p.ctx)
}

// expectNews waits for what a contact publishes.
func (p *play) expectNews(c *Client, want string) error {
	ev, err := c.Expect(p.ctx, "NFY", "PUT")
	if err == nil && within(string(ev.Payload), "<Status>", "</Status>") != want {
		err = fmt.Errorf("%s: what is published is %q, not %s", c.options.Account, ev.Payload, want)
	}
	return err
}

func (p *play) routedTalk() error {
	for _, said := range []struct {
		from, to *Client
		text     string
	}{
		{p.alice, p.bob, "Hello Bob, schöne Grüße vom Café"},
		{p.bob, p.alice, "お元気ですか、Alice?"},
		{p.alice, p.bob, "😀 gut, und selbst?"},
	} {
		to := said.to.options.Account
		if err := said.from.Send(p.ctx, to, "Control/Typing", "", ""); err != nil {
			return err
		}
		if err := p.expectMessage(said.to, "Control/Typing", ""); err != nil {
			return err
		}
		if err := said.from.Send(p.ctx, to, "Text", "text/plain; charset=UTF-8", said.text); err != nil {
			return err
		}
		if err := p.expectMessage(said.to, "Text", said.text); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) expectMessage(c *Client, what, body string) error {
	ev, err := c.Expect(p.ctx, "SDG")
	switch {
	case err != nil:
	case header(ev.Payload, "Message-Type") != what || bodyOf(ev.Payload) != body:
		err = fmt.Errorf("%s: what came is %q, not %s %q", c.options.Account, ev.Payload, what, body)
	}
	return err
}

func (p *play) routedNudge() error {
	if err := p.bob.Send(p.ctx, alice, "Nudge", "text/x-msnmsgr-datacast", "\r\nID: 1\r\n\r\n"); err != nil {
		return err
	}
	return p.expectMessage(p.alice, "Nudge", "\r\nID: 1\r\n\r\n")
}

func (p *play) signOutRouted() error {
	if err := p.bob.SignOut(p.ctx); err != nil {
		return err
	}
	if err := p.expect(p.alice, "NFY", "DEL"); err != nil {
		return err
	}
	return p.alice.SignOut(p.ctx)
}
