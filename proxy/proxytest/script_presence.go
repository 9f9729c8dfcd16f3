package proxytest

import (
	"errors"
	"fmt"
)

// signIn brings an account online: sign-in, lists, status, version.
func (p *play) signIn(account, password string) (*Client, error) {
	options := Options{Account: account, Password: password, Dialects: p.Dialects, Dial: p.Dial, Web: p.Web}
	if account == alice {
		options.Object = encode(DemoPicture().Object)
	}
	c, err := Dial(p.ctx, p.addr, options)
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
		ev, err := c.ExpectType(p.ctx, contentType)
		if err != nil {
			return err
		}
		p.mail[c.options.Account] = ev
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

func (p *play) signOut() error {
	if err := p.bob.SignOut(p.ctx); err != nil {
		return err
	}
	if err := p.expect(p.alice, "FLN", bob); err != nil {
		return err
	}
	return p.alice.SignOut(p.ctx)
}
