package check

import (
	"fmt"

	"msnproxy/decode"
	"msnproxy/decode/payload"
)

// The bits of lists.
const (
	onFL = 1 << iota
	onAL
	onBL
	onRL
	onPL
	allBits = 1<<7 - 1 // with those of application contacts, and of who is hidden
)

// maxMembersSize is the longest list that a client may send at once, in bytes.
const maxMembersSize = 7500

// contact takes an entry of the contact list that says by bits which lists somebody is on
// (MSNP8-12).
func (k *Checker) contact(c *conn, m *decode.Message, bits int64) {
	l := &c.lists
	if l.contacts.total > 0 || l.contacts.begun {
		if l.contacts.got++; l.contacts.got > l.contacts.total && c.once("lists.count") {
			k.add(c, m, "lists.count", "entry %d of the contact list, which has %d by SYN", l.contacts.got, l.contacts.total)
		}
	}
	handle := account(m.Raw("handle"))
	if handle == "" {
		return
	}
	if !l.contacts.add(handle) {
		k.add(c, m, "lists.twice", "%s is in the contact list already", clip([]byte(handle)))
	}
	for bit, on := range map[int64]*list{onFL: &l.fl, onAL: &l.al, onBL: &l.bl, onRL: &l.rl} {
		if bits&bit != 0 {
			on.add(handle)
		}
	}
	if bits&onAL != 0 && bits&onBL != 0 {
		k.add(c, m, "lists.both", "%s is on AL and on BL", clip([]byte(handle)))
	}
	k.inGroups(c, m, m.Raw("groups"))
}

// uncounted says at the end of a connection that the contact list was not whole.
func (k *Checker) uncounted(c *conn) {
	l := &c.lists.contacts
	if l.begun && l.got < l.total && c.whole() && c.lists.later {
		k.put(c, c.lists.at, "lists.count", fmt.Sprintf("only %d of the %d entries of the contact list that are announced here have come", l.got, l.total))
	}
}

// listing takes ADL and RML (MSNP13 and later).
func (k *Checker) listing(c *conn, m *decode.Message) {
	p := m.Payload()
	switch {
	case m.From != decode.Client || m.Frame.Missing != 0:
		return
	case p == nil:
		k.add(c, m, "lists.empty", "there is no list")
		return
	}
	if n := len(m.Frame.Payload()); n > maxMembersSize {
		k.add(c, m, "lists.size", "the list has %d bytes", n)
	}
	first := k.first(c, m, p)
	adds, some := m.Verb.Adds, false
	for who := range p.Members() {
		some = true
		if !who.Domain || who.Account == "" {
			k.add(c, m, "lists.nameless", "an entry of the list has no n")
			return
		}
		k.member(c, m, who, adds)
		if first && adds {
			c.entry(who.Account, who.Lists)
		}
	}
	if !some && !first && len(p.Problems) == 0 {
		k.add(c, m, "lists.empty", "the list names nobody")
	}
}

// first looks at what the list says of itself: whether it is the first one of the sign-in.
func (k *Checker) first(c *conn, m *decode.Message, p *payload.Payload) bool {
	ml := p.List()
	if ml == nil {
		return false
	}
	switch v := ml.Attribute("l"); {
	case v == "":
		c.lists.changed = true
		return false
	case v != "1" || !m.Verb.Adds:
		k.add(c, m, "lists.initial", "ml has l=%s", clip([]byte(v)))
	case c.lists.changed:
		k.add(c, m, "lists.initial", "a list that says that it is the first one comes after others")
	}
	return true
}

// member looks at one entry of a list.
func (k *Checker) member(c *conn, m *decode.Message, who payload.Member, adds bool) {
	name := clip([]byte(head([]byte(who.Account))))
	if n, ok := number([]byte(who.Network)); who.Network != "" && (!ok || n > 255) {
		k.add(c, m, "lists.network", "the network of %s is %s", name, clip([]byte(who.Network)))
	}
	bits, ok := number([]byte(who.Lists))
	switch {
	case who.Lists == "" && !adds:
	case !ok || bits == 0 || bits > allBits:
		k.add(c, m, "lists.bits", "the lists of %s are %s", name, clip([]byte(who.Lists)))
	case adds && bits&(onRL|onPL) != 0:
		k.add(c, m, "lists.bits", "the client puts %s on RL or PL (%d), which only the server does", name, bits)
	case adds && bits&onAL != 0 && bits&onBL != 0:
		k.add(c, m, "lists.both", "%s is put on AL and on BL", name)
	}
}

// again takes RFS: the client is to send its lists anew.
func (k *Checker) listsAgain(c *conn, _ *decode.Message) { c.lists.changed = false }
