package check

import (
	"bytes"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/meaning"
)

const (
	// maxMembers is how many contacts of one list are remembered. A list that is
	// longer is not judged by who is on it.
	maxMembers = 2048
	// maxGroups is how many groups are remembered; servers keep 30.
	maxGroups = 256
	// maxGroupID is the longest id of a group: a GUID in braces.
	maxGroupID = 38
)

// lists is what is remembered of the contact list of a sign-in (MSNP2-9).
type lists struct {
	fl, al, bl, rl list
	newest         *list // that the LST before was about
	version        int64 // list-version
	asked          int64 // list-version that SYN named
	syn            uint32
	same           bool // the server's version is the one asked about
	groups         map[string]bool
	groupTrID      uint32
	groupsSeen     int64
	groupsTotal    int64 // how many there are, by SYN (MSNP8 and later)
	groupsKnown    bool  // all of them have been named
	contacts       list  // all entries, whichever lists they are on (MSNP8-12)
	at             place // of SYN's answer, which has announced them
	later          bool  // a request that came after SYN has had its reply
	changed        bool  // a list has come that is not the first one of the sign-in (MSNP13 and later)
}

// list is one of the lists.
type list struct {
	name             string
	trid             uint32
	begun, disorder  bool
	last, got, total int64
	members          map[string]bool
	known            bool // members are all that are on it
	full             bool // too many to remember
}

func (l *lists) byName(name []byte) *list {
	switch string(name) {
	case "FL":
		return &l.fl
	case "AL":
		return &l.al
	case "BL":
		return &l.bl
	case "RL":
		return &l.rl
	}
	return nil
}

// add puts an account on the list, and reports whether it was not there.
func (l *list) add(handle string) bool {
	if l.members[handle] {
		return false
	}
	if len(l.members) >= maxMembers {
		l.full = true
		return true
	}
	if l.members == nil {
		l.members = make(map[string]bool)
	}
	l.members[handle] = true
	return true
}

// numbered takes a command of the server that names the list-version.
func (k *Checker) numbered(c *conn, m *decode.Message) {
	if m.From != decode.Server || !m.Fits() {
		return
	}
	v, ok := number(m.Raw("listver"))
	if !ok {
		return
	}
	if _, has := m.TrID(); !has && m.ReplyTo != 0 && m.Form.Params[0].Name == "listver" {
		return // it is the TrID; the server has left the list-version out
	}
	if v < c.lists.version {
		k.add(c, m, "lists.version", "the list-version goes back from %d to %d", c.lists.version, v)
	}
	c.lists.version = v
}

// synchronise takes SYN.
func (k *Checker) synchronise(c *conn, m *decode.Message) {
	v, _ := number(m.Raw("listver"))
	trid, _ := m.TrID()
	l := &c.lists
	if m.From == decode.Client {
		if c.syns++; c.syns > 1 {
			k.add(c, m, "lists.again", "SYN for the %d. time", c.syns)
		}
		l.syn, l.asked = trid, v
		return
	}
	if m.ReplyTo != 0 && m.Fits() {
		l.same = trid == l.syn && v == l.asked
		l.version = 0 // what is cached may be of another server
		if n, ok := number(m.Raw("contacts")); ok {
			l.contacts, l.at, l.later = list{begun: true, total: n}, here(m), false
			l.groupsTotal, _ = number(m.Raw("groups"))
			l.groups, l.groupsSeen, l.groupsKnown = make(map[string]bool), 0, l.groupsTotal == 0
		}
		k.numbered(c, m)
	}
}

// listed takes an entry of a list, or the news that it is empty (MSNP2-7).
func (k *Checker) listed(c *conn, m *decode.Message) {
	if bits, ok := number(m.Raw("bits")); ok && m.From == decode.Server && m.Fits() {
		k.contact(c, m, bits)
		return
	}
	index, ok1 := number(m.Raw("index"))
	total, ok2 := number(m.Raw("total"))
	trid, ok3 := m.TrID()
	l := c.lists.byName(m.Raw("list"))
	if m.From != decode.Server || !ok1 || !ok2 || !ok3 || l == nil || !m.Fits() {
		return
	}
	l.name = string(m.Raw("list"))
	k.numbered(c, m)
	if c.lists.same && trid == c.lists.syn && c.once("lists.unneeded") {
		k.add(c, m, "lists.unneeded", "the list is sent although the client has its version")
	}
	if p := c.lists.newest; p != nil && p != l && p.got < p.total {
		k.add(c, m, "lists.count", "%s begins, but only %d of %d entries of %s have come", l.name, p.got, p.total, p.name)
		p.got, p.known = p.total, false
	}
	c.lists.newest = l
	if total == 0 && index == 0 {
		*l = list{name: l.name, trid: trid, begun: true, known: true}
		return
	}
	if index > total {
		index, total = total, index
		if c.once("lists.swapped") {
			k.add(c, m, "lists.swapped", "the number of entries (%d) comes before that of the entry (%d)", total, index)
		}
	}
	k.entry(c, m, l, trid, index, total)
}

// entry takes one entry of a list.
func (k *Checker) entry(c *conn, m *decode.Message, l *list, trid uint32, index, total int64) {
	switch {
	case !l.begun && index > 1 && !c.whole():
		// The entries before were not seen.
		*l = list{name: l.name, trid: trid, begun: true, total: total, last: index - 1, got: index - 1, disorder: true}
	case !l.begun || l.trid != trid || l.got >= l.total && index == 1:
		*l = list{name: l.name, trid: trid, begun: true, total: total}
	}
	if total != l.total {
		k.add(c, m, "lists.count", "%s has %d entries by this line, and %d by those before", l.name, total, l.total)
		l.total, l.disorder = total, true
	}
	switch {
	case index == l.last:
		k.add(c, m, "lists.order", "entry %d of %s comes twice in a row", index, l.name)
		l.disorder = true
	case l.last == 0 && index != 1:
		k.add(c, m, "lists.order", "%s begins with entry %d", l.name, index)
		l.disorder = true
	case index != l.last+1:
		k.add(c, m, "lists.order", "entry %d of %s follows entry %d", index, l.name, l.last)
		l.disorder = true
	}
	l.last = index
	l.got++
	handle := account(m.Raw("handle"))
	if !l.add(handle) {
		k.add(c, m, "lists.twice", "%s is on %s already", clip([]byte(handle)), l.name)
	}
	if l.got >= l.total {
		l.known = !l.disorder && !l.full
	}
	k.opposite(c, m, l, handle)
	k.inGroups(c, m, m.Raw("groups"))
}

// opposite looks whether an account is on AL and BL.
func (k *Checker) opposite(c *conn, m *decode.Message, l *list, handle string) {
	other := &c.lists.bl
	switch l {
	case &c.lists.al:
	case &c.lists.bl:
		other = &c.lists.al
	default:
		return
	}
	if other.members[handle] {
		k.add(c, m, "lists.both", "%s is on AL and on BL", clip([]byte(handle)))
	}
}

// added takes ADD, of either side.
func (k *Checker) added(c *conn, m *decode.Message) {
	name, handle := m.Raw("list"), account(m.Raw("handle"))
	l := c.lists.byName(name)
	if m.From == decode.Client {
		k.own(c, m, name)
	}
	if l == nil || handle == "" {
		return
	}
	if m.From == decode.Client {
		if l == &c.lists.fl {
			l.add(handle) // its presence may come before the reply
		}
		return
	}
	k.numbered(c, m)
	l.add(handle)
	k.opposite(c, m, l, handle)
	if l == &c.lists.fl {
		k.inGroups(c, m, m.Raw("group"))
	}
}

// removed takes REM, of either side.
func (k *Checker) removed(c *conn, m *decode.Message) {
	if m.From == decode.Client {
		k.own(c, m, m.Raw("list"))
		return
	}
	k.numbered(c, m)
	if l := c.lists.byName(m.Raw("list")); l != nil && m.Raw("group") == nil {
		delete(l.members, account(m.Raw("handle")))
	}
}

// own looks whether the client wants to change a list that only the server does: RL, but
// that somebody comes to RL from PL is for the client to say (MSNP10-12), and PL, which
// it only takes them off.
func (k *Checker) own(c *conn, m *decode.Message, list []byte) {
	const moves = 10 // the dialect that PL came with
	switch name := string(list); {
	case name == "RL" && !(m.Verb.Adds && c.info.Dialect >= moves):
		k.add(c, m, "lists.reverse", "the client wants to change RL")
	case name == "PL" && m.Verb.Adds:
		k.add(c, m, "lists.pending", "the client wants to put somebody on PL")
	}
}

// renamed takes REG (MSNP7-9).
func (k *Checker) renamed(c *conn, m *decode.Message) {
	k.groupName(c, m, maxGroupReg)
	k.aGroup(c, m, k.groupID(c, m))
}

// disbanded takes RMG (MSNP7-9).
func (k *Checker) disbanded(c *conn, m *decode.Message) {
	id := k.groupID(c, m)
	k.numbered(c, m)
	if m.From == decode.Server {
		delete(c.lists.groups, lower(id))
	}
}

// group takes LSG and ADG (MSNP7-9).
func (k *Checker) group(c *conn, m *decode.Message) {
	k.groupName(c, m, maxGroupName)
	k.aGroup(c, m, k.groupID(c, m))
}

// groupID returns the id of the group that the line names, and judges it.
func (k *Checker) groupID(c *conn, m *decode.Message) []byte {
	id := m.Raw("group")
	if n, ok := number(id); ok && n > 29 {
		k.add(c, m, "lists.group-id", "the group id %d is more than 29", n)
	}
	return id
}

// aGroup takes the server's news that there is a group.
func (k *Checker) aGroup(c *conn, m *decode.Message, id []byte) {
	if m.From != decode.Server || id == nil {
		return
	}
	k.numbered(c, m)
	l := &c.lists
	if total, ok := number(m.Raw("total")); ok {
		if trid, _ := m.TrID(); trid != l.groupTrID || l.groups == nil {
			l.groups, l.groupTrID, l.groupsSeen = make(map[string]bool), trid, 0
		}
		index, _ := number(m.Raw("index"))
		l.groupsSeen++
		l.groupsKnown = l.groupsSeen >= max(index, total)
	}
	if l.groupsTotal > 0 && m.ReplyTo == 0 && !l.groupsKnown {
		l.groupsSeen++
		l.groupsKnown = l.groupsSeen >= l.groupsTotal
	}
	if l.groups != nil && len(l.groups) < maxGroups && len(id) <= maxGroupID {
		l.groups[lower(id)] = true
	}
}

// inGroups looks whether all groups of a contact, parted by commas, are known.
func (k *Checker) inGroups(c *conn, m *decode.Message, ids []byte) {
	if !c.lists.groupsKnown || len(ids) == 0 || len(c.lists.groups) >= maxGroups {
		return
	}
	for id := range bytes.SplitSeq(ids, []byte{','}) {
		if s := strings.ToLower(string(id)); s != "0" && s != "" && !c.lists.groups[s] {
			k.add(c, m, "lists.group", "there is no group %s", clip(id))
		}
	}
}

// property takes PRP and BPR.
func (k *Checker) property(c *conn, m *decode.Message) {
	k.numbered(c, m)
	name := string(m.Raw("property"))
	switch name {
	case "PHH", "PHW", "PHM":
		if v := m.Raw("value"); len(v) > 95 {
			k.add(c, m, "name.phone", "the value of %s has %d bytes", name, len(v))
		}
	case "", "MOB", "MBE", "WWE", "MFN", "HSB", "UTL", "WPL", "CID", "RES", "NSD", "UAC", "MNI":
	default:
		if len(name) == 3 {
			k.add(c, m, "lists.property", "the property %s is not known", clip([]byte(name)))
		}
	}
}

// status returns the status that the line names, and judges it.
func (k *Checker) status(c *conn, m *decode.Message) string {
	s := string(m.Raw("status"))
	if len(s) == 3 && meaning.Status(s) == "" && c.once("presence.status "+s) {
		k.add(c, m, "presence.status", "the status %s is not known", clip([]byte(s)))
	}
	return s
}

// presence takes ILN, NLN and FLN.
func (k *Checker) presence(c *conn, m *decode.Message) {
	if s := k.status(c, m); meaning.Unseen(s) {
		k.add(c, m, "presence.offline", "%s with the status %s", m.Verb.Name, s)
	}
	fl := &c.lists.fl
	if !fl.known || fl.full || c.holes {
		return
	}
	if handle := account(m.Raw("handle")); !fl.members[handle] && strings.Contains(handle, "@") {
		k.add(c, m, "presence.stranger", "%s is not on FL", clip([]byte(handle)))
	}
}

// change takes CHG, of either side.
func (k *Checker) change(c *conn, m *decode.Message) {
	s := k.status(c, m)
	trid, _ := m.TrID()
	if m.From == decode.Client {
		k.compareBook(c, m)
		if got := m.Arrived(); got != nil && got != m {
			// The server answers what a proxy has made of it.
			s = string(got.Raw("status"))
			trid, _ = got.TrID()
		}
		c.statusTrID, c.statusAsked = trid, s
	} else if m.ReplyVerb == m.Verb.Name && trid == c.statusTrID && s != c.statusAsked && len(s) == 3 {
		k.add(c, m, "presence.other", "the client asks for the status %s and gets %s", clip([]byte(c.statusAsked)), s)
	}
	c.status = s
}
