package proxytest

import (
	"crypto/sha1"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Lists of MSNP8 and later: everybody is named once, with the lists as bits; from
// MSNP10 on contacts and groups have ids, and lists time stamps in place of versions.

// listBits are the bits of LST, in the order in which the lists are gone through.
var listBits = []struct {
	name string
	bit  int
}{{"FL", 1}, {"AL", 2}, {"BL", 4}, {"RL", 8}}

// guid makes an id out of a name, always the same.
func guid(of string) string {
	h := sha1.Sum([]byte(strings.ToLower(of)))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// groupID is the id of a group of the account (MSNP10 and later). Group 0 is where
// contacts are that are in none, and has no id.
func (a *account) groupID(n int) string {
	if n == 0 {
		return ""
	}
	return guid(fmt.Sprintf("%s group %d", a.handle, n))
}

// groupByID finds a group.
func (a *account) groupByID(id string) (int, error) {
	for n, name := range a.groups {
		if n > 0 && name != "" && strings.EqualFold(id, a.groupID(n)) {
			return n, nil
		}
	}
	return 0, errInvalidGroup
}

// stamp is when the lists were changed last, as SYN of MSNP10 and later says it.
func (a *account) stamp() string {
	changed := time.Date(2004, 7, 1, 10, 0, 0, 0, time.UTC).Add(time.Duration(a.version) * time.Minute)
	return changed.Format("2006-01-02T15:04:05.0000000-07:00")
}

// change counts a change of the account's lists, and returns what replies show of that:
// the new list-version, from MSNP10 on nothing.
func (c *conn) change(a *account) any {
	if v := a.changed(); c.dialect < bookFrom {
		return v
	}
	return ""
}

// synCounted compares what the client has with the lists: C: SYN 8 5, S: SYN 8 9 2 1
// with the numbers of contacts and groups; from MSNP10 on time stamps in place of the
// version. What follows carries no TrID, and has no end mark.
func (c *conn) synCounted(req *request) error {
	a := c.account
	have, now := []string{req.arg(0)}, []any{a.version}
	if c.dialect >= bookFrom {
		have, now = append(have, req.arg(1)), []any{a.stamp(), a.stamp()}
	}
	if len(req.args) != len(have) {
		return errHangUp
	}
	if fmt.Sprint(now...) == strings.Join(have, "") || c.dialect >= bookFrom && have[0] == a.stamp() && have[1] == a.stamp() {
		c.reply(req, now...)
		return nil
	}
	people, groups := a.everybody(), c.shownGroups()
	c.reply(req, append(now, len(people), len(groups))...)
	c.send("GTC", a.prompt)
	c.send("BLP", a.privacy)
	for _, prop := range properties {
		c.send("PRP", prop, a.props[prop])
	}
	if c.dialect >= bookFrom {
		c.send("PRP MFN", a.name)
	}
	for _, n := range groups {
		if c.dialect >= bookFrom {
			c.send("LSG", a.groups[n], a.groupID(n))
		} else {
			c.send("LSG", n, a.groups[n], 0)
		}
	}
	for _, p := range people {
		c.sendPerson(p)
	}
	return nil
}

// shownGroups are the numbers of the groups that LSG lists.
func (c *conn) shownGroups() (list []int) {
	for n, name := range c.account.groups {
		if name != "" && (n > 0 || c.dialect < bookFrom) {
			list = append(list, n)
		}
	}
	return list
}

// person is somebody on any of an account's lists.
type person struct {
	*contact
	bits int
}

// everybody is who is on any of the lists, each once.
func (a *account) everybody() (people []person) {
	for _, l := range listBits {
		for _, entry := range *a.lists[l.name] {
			i := slices.IndexFunc(people, func(p person) bool { return strings.EqualFold(p.handle, entry.handle) })
			if i < 0 {
				people = append(people, person{entry, l.bit})
			} else {
				people[i].bits |= l.bit
			}
		}
	}
	return people
}

// sendPerson sends an LST, and the properties of who is on the forward list.
func (c *conn) sendPerson(p person) {
	onForward := p.bits&1 != 0
	switch {
	case c.dialect < bookFrom:
		groups := ""
		if onForward {
			groups = joinInts(p.groups)
		}
		c.send("LST", p.handle, p.name, p.bits, groups)
	default:
		id, network, groups := "", "", ""
		if c.dialect >= 12 {
			network = "1"
		}
		if onForward {
			id, groups = "C="+guid(p.handle), c.account.groupIDs(p.groups)
		}
		c.send("LST", "N="+p.handle, "F="+p.name, id, p.bits, network, groups)
	}
	of := c.server.accountOf(p.handle)
	if !onForward || of == nil {
		return
	}
	for _, prop := range contactProperties {
		if v := of.props[prop]; v != "" {
			c.send("BPR", prop, v)
		}
	}
}

func (a *account) groupIDs(groups []int) string {
	var ids []string
	for _, n := range groups {
		if n > 0 {
			ids = append(ids, a.groupID(n))
		}
	}
	return strings.Join(ids, ",")
}

// named returns the value of a parameter such as N=bob@example.com.
func (r *request) named(name string) string {
	for _, a := range r.args {
		if v, ok := strings.CutPrefix(a, name+"="); ok {
			return v
		}
	}
	return ""
}

// adc adds to a list: C: ADC 12 FL N=bob@example.com F=Bob, S: the same and C= with the
// id; C: ADC 13 AL N=bob@example.com, S: the same. ADC 14 FL C=id group puts a contact
// into a group.
func (c *conn) adc(req *request) error {
	name, handle := req.arg(0), req.named("N")
	switch {
	case name == "FL" && handle == "":
		return c.intoGroup(req)
	case name == "PL":
		return errHangUp
	case c.account.lists[name] == nil || len(req.args) < 2 || checkHandle(handle) != nil:
		return errInvalidParameter
	case c.server.accountOf(handle) == nil:
		return errInvalidUser
	case opposite[name] != "" && c.account.lists[opposite[name]].find(handle) != nil:
		return errOppositeList
	case c.account.lists[name].find(handle) != nil:
		return errAlreadyThere
	}
	l, entry := c.account.lists[name], &contact{handle: handle, name: req.named("F")}
	defaultTo(&entry.name, handle)
	if name != "FL" {
		*l = append(*l, entry)
		c.account.changed()
		c.reply(req, name, "N="+handle)
		c.server.reconsider(c.account, handle)
		return nil
	}
	if len(*l) >= c.server.config.MaxForward {
		return errListFull
	}
	entry.groups = []int{0}
	*l = append(*l, entry)
	c.account.changed()
	c.reply(req, name, "N="+handle, "F="+entry.name, "C="+guid(handle))
	c.befriended(req, handle)
	return nil
}

// intoGroup puts a contact into a group.
func (c *conn) intoGroup(req *request) error {
	entry, err := c.contactByID(req.named("C"))
	if err != nil {
		return err
	}
	n, err := c.account.groupByID(req.arg(2))
	switch {
	case err != nil:
		return err
	case slices.Contains(entry.groups, n):
		return errAlreadyThere
	}
	entry.groups = append(entry.groups, n)
	c.account.changed()
	c.reply(req, "FL", "C="+guid(entry.handle), c.account.groupID(n))
	return nil
}

// contactByID finds a contact of the forward list.
func (c *conn) contactByID(id string) (*contact, error) {
	for _, entry := range *c.account.lists["FL"] {
		if strings.EqualFold(guid(entry.handle), id) {
			return entry, nil
		}
	}
	return nil, errNotOnList
}

// remByID takes somebody off a list: C: REM 13 AL bob@example.com, REM 13 FL id, or
// out of a group with its id behind that; S: the same.
func (c *conn) remByID(req *request) error {
	name := req.arg(0)
	l, err := c.listOf(name)
	if err != nil {
		return err
	}
	if name != "FL" {
		handle := req.arg(1)
		if l.find(handle) == nil {
			return errNotOnList
		}
		l.remove(handle)
		c.account.changed()
		c.reply(req, name, handle)
		c.server.reconsider(c.account, handle)
		return nil
	}
	entry, err := c.contactByID(req.arg(1))
	if err != nil {
		return err
	}
	if id := req.arg(2); id != "" {
		n, err := c.account.groupByID(id)
		if err != nil {
			return err
		}
		if !slices.Contains(entry.groups, n) {
			return errNotInGroup
		}
		entry.groups = slices.DeleteFunc(entry.groups, func(g int) bool { return g == n })
		c.account.changed()
		c.reply(req, name, req.args[1], id)
		return nil
	}
	l.remove(entry.handle)
	c.account.changed()
	c.reply(req, name, req.args[1])
	c.forgotten(entry.handle)
	return nil
}

// sbp sets a property of a contact, its name for one: C: SBP 15 id MFN Bob, S: the same.
func (c *conn) sbp(req *request) error {
	entry, err := c.contactByID(req.arg(0))
	switch {
	case err != nil:
		return err
	case len(req.args) < 3 || len(req.args[1]) != 3 || len(req.args[2]) > maxName:
		return errInvalidParameter
	case req.args[1] == "MFN":
		entry.name = req.args[2]
	}
	c.account.changed()
	c.reply(req, req.args[0], req.args[1], req.args[2])
	return nil
}

// adgWithID creates a group: C: ADG 15 Friends, S: ADG 15 Friends id.
func (c *conn) adgWithID(req *request) error {
	n, err := c.newGroup(req.arg(0))
	if err != nil {
		return err
	}
	c.account.changed()
	c.reply(req, req.args[0], c.account.groupID(n))
	return nil
}

// regByID renames a group: C: REG 11 id Pals, S: the same.
func (c *conn) regByID(req *request) error {
	n, err := c.account.groupByID(req.arg(0))
	if err == nil {
		err = checkGroupName(req.arg(1))
	}
	if err != nil {
		return err
	}
	c.account.groups[n] = req.args[1]
	c.account.changed()
	c.reply(req, req.args[0], req.args[1])
	return nil
}

// rmgByID deletes a group: C: RMG 19 id, S: the same. Who was in it alone is in none.
func (c *conn) rmgByID(req *request) error {
	n, err := c.account.groupByID(req.arg(0))
	if err != nil {
		return err
	}
	c.account.groups[n] = ""
	for _, entry := range *c.account.lists["FL"] {
		entry.groups = slices.DeleteFunc(entry.groups, func(g int) bool { return g == n })
	}
	c.account.changed()
	c.reply(req, req.args[0])
	return nil
}

// prpOrName sets a property of the account, or its name: C: PRP 10 MFN Alice, S: the same.
func (c *conn) prpOrName(req *request) error {
	if req.arg(0) != "MFN" {
		return c.prp(req)
	}
	name := req.arg(1)
	switch {
	case name == "" || len(name) > maxName:
		return errInvalidParameter
	case c.account.unverified || c.server.forbidden(name):
		return errFriendlyName
	}
	if err := c.countRename(); err != nil {
		return err
	}
	c.account.name = name
	c.account.changed()
	c.reply(req, "MFN", name)
	c.server.announce(c.account)
	return nil
}
