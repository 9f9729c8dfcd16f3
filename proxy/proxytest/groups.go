package proxytest

import "slices"

// absurdGroupName is the length of a group name that disconnects.
const absurdGroupName = 127

// adg creates a group (MSNP7): C: ADG 15 Friends 0, S: ADG 15 259 Friends 1 0.
func (c *conn) adg(req *request) error {
	id, err := c.newGroup(req.arg(0))
	if err != nil {
		return err
	}
	c.reply(req, c.account.changed(), req.args[0], id, 0)
	return nil
}

// newGroup makes a group and returns its number.
func (c *conn) newGroup(name string) (int, error) {
	if err := checkGroupName(name); err != nil {
		return 0, err
	}
	id := slices.Index(c.account.groups[:], "")
	if id < 0 {
		return 0, errTooManyGroups
	}
	c.account.groups[id] = name
	return id, nil
}

func checkGroupName(name string) error {
	switch {
	case len(name) > absurdGroupName:
		return errHangUp
	case name == "":
		return errInvalidParameter
	case len(name) > maxGroupName:
		return errGroupNameTooLong
	}
	return nil
}

// reg renames a group: C: REG 11 2 Pals 0, S: REG 11 262 2 Pals 0.
func (c *conn) reg(req *request) error {
	id, err := c.groupOf(req.arg(0))
	name := req.arg(1)
	if err == nil {
		err = checkGroupName(name)
	}
	if err != nil {
		return err
	}
	c.account.groups[id] = name
	c.reply(req, c.account.changed(), id, name, 0)
	return nil
}

// rmg deletes a group: C: RMG 19 1, S: RMG 19 263 1. Contacts that are in no
// other group leave the forward list.
func (c *conn) rmg(req *request) error {
	id, err := c.groupOf(req.arg(0))
	switch {
	case err != nil:
		return err
	case id == 0:
		return errGroupZero
	}
	c.account.groups[id] = ""
	c.reply(req, c.account.changed(), id)
	fl := c.account.lists["FL"]
	for _, entry := range slices.Clone(*fl) {
		entry.groups = slices.DeleteFunc(entry.groups, func(g int) bool { return g == id })
		if len(entry.groups) == 0 {
			fl.remove(entry.handle)
			c.forgotten(entry.handle)
		}
	}
	return nil
}
