package proxytest

import (
	"fmt"
	"strings"
)

// What the script has besides with the web services.

const (
	leaveStep = "Alice leaves Bob an offline message"
	fetchStep = "Bob fetches what Alice has left"

	leftText = "Bin kurz weg, bis später – Alice"
)

// withWeb adds the steps of offline messages, which there are from MSNP11 on, before and
// behind the one in which Bob signs in.
func (p *play) withWeb(steps []step, number int) []step {
	if p.Web == nil || number < personalFrom {
		return steps
	}
	all := []step{steps[0], {leaveStep, p.leave}, steps[1], {fetchStep, p.fetch}}
	return append(all, steps[2:]...)
}

func (p *play) leave() error { return p.alice.StoreOffline(p.ctx, bob, leftText) }

// fetch has Bob fetch and delete what he was told of when he signed in.
func (p *play) fetch() error {
	told := string(p.mail[bob].Payload)
	list, err := p.bob.OfflineMessages(p.ctx)
	if err != nil {
		return err
	}
	if len(list) != 1 || list[0].From != alice || !strings.Contains(told, "<I>"+list[0].ID+"</I>") {
		return fmt.Errorf("%s: the messages that wait are %v; told of was %q", bob, list, told)
	}
	text, err := p.bob.FetchOffline(p.ctx, list[0].ID)
	if err != nil {
		return err
	}
	if text != leftText {
		return fmt.Errorf("%s: the offline message reads %q, not %q", bob, text, leftText)
	}
	if err := p.bob.DeleteOffline(p.ctx, list[0].ID); err != nil {
		return err
	}
	_, err = p.bob.ExpectType(p.ctx, "text/x-msmsgsactivemailnotification")
	return err
}

// lists are those that a client says at its sign-in: what the services hold, or without
// them what it is given.
func (p *play) lists(c *Client, name string, members Members) (string, Members, error) {
	if p.Web == nil {
		return name, members, nil
	}
	if c.options.Account == alice { // Bob's client has them already
		if _, err := c.Settings(p.ctx); err != nil {
			return "", nil, err
		}
	}
	members, book, err := c.Lists(p.ctx)
	if err != nil {
		return "", nil, err
	}
	if book.Name != name {
		return "", nil, fmt.Errorf("%s: the address book has the name %q, not %q", c.options.Account, book.Name, name)
	}
	return name, members, nil
}

// contactsWeb blocks Carol, and lets her off again, in the memberships and on the server.
func (p *play) contactsWeb() error {
	for _, do := range []func() error{
		func() error { return p.alice.AddMembership(p.ctx, "Block", carol) },
		func() error { return p.alice.AddMembers(p.ctx, false, Members{{carol, 4}}) },
		func() error { return p.alice.DeleteMembership(p.ctx, "Block", carol) },
		func() error { return p.alice.RemoveMembers(p.ctx, Members{{carol, 4}}) },
		func() error { return p.alice.AddMembership(p.ctx, "Allow", carol) },
		func() error { return p.alice.AddMembers(p.ctx, false, Members{{carol, 2}}) },
	} {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}
