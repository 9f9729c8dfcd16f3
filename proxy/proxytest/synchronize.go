package proxytest

import (
	"strconv"
	"strings"
)

// syn compares list-versions: C: SYN 8 5, S: SYN 8 9. If they differ everything
// the server keeps for the account follows with the same TrID, in the order of
// the documents: GTC, BLP, PRP, LSG, then LST FL with BPR, AL, BL, RL. There is
// no end mark.
func (c *conn) syn(req *request) error {
	known, err := strconv.Atoi(req.arg(0))
	if err != nil {
		return errHangUp
	}
	a := c.account
	c.reply(req, a.version)
	if known == a.version {
		return nil
	}
	c.replyAs("GTC", req, a.version, a.prompt)
	c.replyAs("BLP", req, a.version, a.privacy)
	if c.dialect >= 5 {
		for _, prop := range properties {
			c.replyAs("PRP", req, a.version, prop, a.props[prop])
		}
	}
	if c.dialect >= 7 {
		c.sendGroups(req)
	}
	for _, name := range []string{"FL", "AL", "BL", "RL"} {
		c.sendList(req, name)
	}
	return nil
}

// sendGroups sends an LSG for every group: LSG 8 255 1 2 0 Other%20Contacts 0.
func (c *conn) sendGroups(req *request) {
	total, index := 0, 0
	for _, name := range c.account.groups {
		if name != "" {
			total++
		}
	}
	for id, name := range c.account.groups {
		if name != "" {
			index++
			c.replyAs("LSG", req, c.account.version, index, total, id, name, 0)
		}
	}
}

// sendList sends an LST for every entry of a list, or one that says that there
// is none. The forward list names the groups (MSNP7) and, inside SYN, is
// accompanied by the properties of each contact (MSNP5).
func (c *conn) sendList(req *request, name string) {
	a, list := c.account, *c.account.lists[name]
	if len(list) == 0 {
		c.replyAs("LST", req, name, a.version, 0, 0)
	}
	for i, entry := range list {
		groups := ""
		if name == "FL" && c.dialect >= 7 {
			groups = joinInts(entry.groups)
		}
		c.replyAs("LST", req, name, a.version, i+1, len(list), entry.handle, entry.name, groups)
		if name == "FL" && req.verb == "SYN" {
			c.sendProperties(entry.handle)
		}
	}
}

// sendProperties sends the BPR lines of a contact, which carry no TrID.
func (c *conn) sendProperties(handle string) {
	of := c.server.accountOf(handle)
	if of == nil || c.dialect < 5 {
		return
	}
	for _, prop := range contactProperties {
		c.sendProperty(c.account.version, of.handle, prop, of.props[prop])
	}
}

// sendProperty sends a property of a contact: BPR, from MSNP10 on without the version.
func (c *conn) sendProperty(version int, handle, prop, value string) {
	if c.dialect >= bookFrom {
		c.send("BPR", handle, prop, value)
	} else {
		c.send("BPR", version, handle, prop, value)
	}
}

func joinInts(ids []int) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.Itoa(id)
	}
	return strings.Join(texts, ",")
}

// lst fetches one list.
func (c *conn) lst(req *request) error {
	if c.account.lists[req.arg(0)] == nil {
		return errInvalidParameter
	}
	c.sendList(req, req.args[0])
	return nil
}

// lsg fetches the groups (MSNP7).
func (c *conn) lsg(req *request) error {
	c.sendGroups(req)
	return nil
}
