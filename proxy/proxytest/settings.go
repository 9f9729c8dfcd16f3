package proxytest

import "slices"

// gtc sets whether the user is asked about new entries of the reverse list:
// C: GTC 9 N, S: GTC 9 256 N.
func (c *conn) gtc(req *request) error {
	return c.choose(req, &c.account.prompt, "A", "N")
}

// blp sets what happens to people in neither AL nor BL: C: BLP 10 BL,
// S: BLP 10 257 BL.
func (c *conn) blp(req *request) error {
	err := c.choose(req, &c.account.privacy, "AL", "BL")
	if err == nil {
		c.server.announce(c.account)
	}
	return err
}

// choose sets a setting that has two values.
func (c *conn) choose(req *request, setting *string, values ...string) error {
	value := req.arg(0)
	switch {
	case !slices.Contains(values, value):
		return errHangUp
	case value == *setting:
		return errAlreadyInTheMode
	}
	*setting = value
	c.reply(req, c.change(c.account), value)
	return nil
}

// prp sets a property of the account: C: PRP 10 PHH 123, S: PRP 10 7 PHH 123.
// Without a value it clears it. Whoever has the account in the forward list and
// is allowed to see it gets a BPR.
func (c *conn) prp(req *request) error {
	prop, value := req.arg(0), req.arg(1)
	switch {
	case len(prop) > 3 || len(value) > maxProperty:
		return errHangUp
	case !slices.Contains(properties, prop):
		return errUnknownProperty
	case prop == "MBE", prop == "MOB" && value != "Y" && value != "N":
		return errInvalidParameter
	}
	a := c.account
	a.props[prop] = value
	c.reply(req, c.change(a), prop, value)
	for _, other := range c.server.order {
		if other == a || other.lists["FL"].find(a.handle) == nil || !a.allows(other.handle) {
			continue
		}
		version := other.changed()
		if n := other.session; n != nil && n.conn.dialect >= 5 {
			n.conn.sendProperty(version, a.handle, prop, value)
		}
	}
	return nil
}

// rea renames the account itself, of which its contacts learn by NLN, or a
// contact in the account's own lists: C: REA 14 carol@example.com Carol,
// S: REA 14 258 carol@example.com Carol.
func (c *conn) rea(req *request) error {
	a, handle, name := c.account, req.arg(0), req.arg(1)
	if len(req.args) != 2 || len(name) > maxName {
		return errInvalidParameter
	}
	if c.server.accountOf(handle) == a {
		return c.renameSelf(req, name)
	}
	found := false
	for _, list := range a.lists {
		if entry := list.find(handle); entry != nil {
			entry.name, found = name, true
		}
	}
	if !found {
		return errNotOnList
	}
	if err := c.countRename(); err != nil {
		return err
	}
	c.reply(req, a.changed(), handle, name)
	return nil
}

func (c *conn) renameSelf(req *request, name string) error {
	a := c.account
	if a.unverified || c.server.forbidden(name) {
		return errFriendlyName
	}
	if err := c.countRename(); err != nil {
		return err
	}
	a.name = name
	c.reply(req, a.changed(), a.handle, name)
	c.server.announce(a)
	return nil
}

// countRename refuses one rename too many in a session.
func (c *conn) countRename() error {
	if c.session.renames >= c.server.config.MaxRenames {
		return errRenamesTooOften
	}
	c.session.renames++
	return nil
}
