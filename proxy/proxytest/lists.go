package proxytest

import (
	"slices"
	"strconv"
	"strings"

	"msnproxy/decode"
)

// forbidden reports whether a friendly name holds a word that none may hold.
func (s *Server) forbidden(name string) bool {
	name = strings.ToLower(decode.Unescape([]byte(name)))
	return slices.ContainsFunc(s.config.ForbiddenWords, func(word string) bool {
		return strings.Contains(name, strings.ToLower(word))
	})
}

// opposite are the lists that exclude each other.
var opposite = map[string]string{"AL": "BL", "BL": "AL"}

// listOf returns the list that a client may edit by that name. The reverse list
// is the server's own: a client that touches it is disconnected.
func (c *conn) listOf(name string) (*list, error) {
	if name == "RL" {
		return nil, errHangUp
	}
	l := c.account.lists[name]
	if l == nil {
		return nil, errInvalidParameter
	}
	return l, nil
}

// groupOf reads a group id; ids that can be none disconnect.
func (c *conn) groupOf(token string) (int, error) {
	id, err := strconv.Atoi(token)
	if err != nil || id < 0 || id >= maxGroups {
		return 0, errHangUp
	}
	if c.account.groups[id] == "" {
		return 0, errInvalidGroup
	}
	return id, nil
}

// add puts somebody on a list: C: ADD 12 FL bob@example.com Bob 2,
// S: ADD 12 FL 12 bob@example.com Bob 2. The group is for FL in MSNP7.
func (c *conn) add(req *request) error {
	name, handle, friendly := req.arg(0), req.arg(1), req.arg(2)
	l, err := c.listOf(name)
	switch {
	case err != nil:
		return err
	case len(req.args) < 3 || checkHandle(handle) != nil || len(friendly) > maxName:
		return errInvalidParameter
	case c.server.accountOf(handle) == nil:
		return errInvalidUser
	case opposite[name] != "" && c.account.lists[opposite[name]].find(handle) != nil:
		return errOppositeList
	case name == "FL":
		return c.addForward(req, handle, friendly)
	case l.find(handle) != nil:
		return errAlreadyThere
	}
	*l = append(*l, &contact{handle: handle, name: friendly})
	c.reply(req, name, c.account.changed(), handle, friendly)
	c.server.reconsider(c.account, handle)
	return nil
}

// addForward adds to the forward list, or to one more group. The contact's
// properties and presence follow, and the contact finds the account in its
// reverse list.
func (c *conn) addForward(req *request, handle, friendly string) error {
	a, l := c.account, c.account.lists["FL"]
	group, shownGroup := 0, ""
	if c.dialect >= 7 {
		if req.arg(3) != "" {
			var err error
			if group, err = c.groupOf(req.arg(3)); err != nil {
				return err
			}
		}
		shownGroup = strconv.Itoa(group)
	}
	entry := l.find(handle)
	switch {
	case entry != nil && (c.dialect < 7 || slices.Contains(entry.groups, group)):
		return errAlreadyThere
	case entry != nil:
		entry.groups = append(entry.groups, group)
		c.reply(req, "FL", a.changed(), handle, friendly, shownGroup)
		return nil
	case len(*l) >= c.server.config.MaxForward:
		return errListFull
	}
	*l = append(*l, &contact{handle: handle, name: friendly, groups: []int{group}})
	c.reply(req, "FL", a.changed(), handle, friendly, shownGroup)
	c.befriended(req, handle)
	return nil
}

// befriended tells the client of who is new on its forward list, and the one of it.
func (c *conn) befriended(req *request, handle string) {
	a, other := c.account, c.server.accountOf(handle)
	c.sendProperties(handle)
	c.session.initial(req, other)
	if rl := other.lists["RL"]; other != a && rl.find(a.handle) == nil {
		*rl = append(*rl, &contact{handle: a.handle, name: a.name})
		version := other.changed()
		if other.session != nil {
			other.session.conn.sendReverse(true, version, a)
		}
	}
}

// sendReverse says that somebody has put the account on a forward list, or has taken
// it off.
func (c *conn) sendReverse(added bool, version int, by *account) {
	switch {
	case added && c.dialect >= bookFrom:
		c.send("ADC 0 RL", "N="+by.handle, "F="+by.name)
	case added:
		c.send("ADD 0 RL", version, by.handle, by.name)
	case c.dialect >= bookFrom:
		c.send("REM 0 RL", by.handle)
	default:
		c.send("REM 0 RL", version, by.handle)
	}
}

// rem takes somebody off a list, or out of one group: C: REM 13 FL
// bob@example.com 2, S: REM 13 FL 13 bob@example.com 2. Who leaves the last
// group leaves the list.
func (c *conn) rem(req *request) error {
	name, handle := req.arg(0), req.arg(1)
	l, err := c.listOf(name)
	if err != nil {
		return err
	}
	entry := l.find(handle)
	if entry == nil {
		return errNotOnList
	}
	group := ""
	if name == "FL" && c.dialect >= 7 && req.arg(2) != "" {
		group = req.args[2]
		id, err := c.groupOf(group)
		if err != nil {
			return err
		}
		if !slices.Contains(entry.groups, id) {
			return errNotInGroup
		}
		entry.groups = slices.DeleteFunc(entry.groups, func(g int) bool { return g == id })
	}
	if group == "" || len(entry.groups) == 0 {
		l.remove(handle)
	}
	c.reply(req, name, c.account.changed(), handle, group)
	if name == "FL" && l.find(handle) == nil {
		c.forgotten(handle)
	} else if name != "FL" {
		c.server.reconsider(c.account, handle)
	}
	return nil
}

// forgotten tells somebody who is in the forward list no more of it.
func (c *conn) forgotten(handle string) {
	other, a := c.server.accountOf(handle), c.account
	if other == nil || other == a {
		return
	}
	delete(c.session.shown, other)
	other.lists["RL"].remove(a.handle)
	version := other.changed()
	if other.session != nil {
		other.session.conn.sendReverse(false, version, a)
	}
}

// reconsider tells the viewer what the account's lists now let it see.
func (s *Server) reconsider(of *account, viewer string) {
	v := s.accountOf(viewer)
	if v != nil && v != of && v.session != nil && v.lists["FL"].find(of.handle) != nil {
		v.session.update(of)
	}
}
