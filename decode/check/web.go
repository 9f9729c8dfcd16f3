package check

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/address"
	"msnproxy/decode/service"
)

const (
	// escapeWait is how long a client has to come with a request for a host.
	escapeWait = 30 * time.Second
	// maxEscapes is how many hosts are waited for, and maxBooks how many answers with lists
	// are remembered, the newest of each.
	maxEscapes = 256
	maxBooks   = 64
	// maxEntries bounds what is remembered of lists.
	maxEntries = 4096
)

// escape is a host that a client was sent to, and has not come for.
type escape struct {
	conn  *conn
	place place
	host  string
	why   string
}

// book is what an answer to FindMembership said: accounts, with 2 for AL and 4 for BL.
type book struct {
	info  *decode.Connection
	lists map[string]int
	// spoilt: the lists were changed since, or were not all of them
	spoilt bool
}

// web applies the rules to a message of a web service.
func (k *Checker) web(c *conn, m *decode.Message) {
	call := m.Call
	if call.BodyErr != nil && m.Frame.Missing == 0 {
		k.add(c, m, "web.broken", "%v", call.BodyErr)
	}
	if m.From == decode.Client {
		k.comesFor(c, call)
		if name := call.Action.Name; name == addsMember || name == deletesMember {
			k.spoil(m.Conn)
		}
		c.deltas = call.Value("changes") == "true"
		return
	}
	if m.Refuses() && call.Value("challenge") == "" {
		k.add(c, m, "web.refused", "%s: %s", call.Name, m.Summary())
	}
	k.leads(c, m)
	if call.Action.Name == findsMembers && !call.Fault && call.Status == 200 {
		k.learnBook(m, c.deltas)
	}
}

// The actions that are about lists.
const (
	findsMembers  = "FindMembership"
	addsMember    = "AddMember"
	deletesMember = "DeleteMember"
)

// comesFor takes note of the host that a request is for.
func (k *Checker) comesFor(c *conn, call *service.Call) {
	if c.info.Via == "" {
		return
	}
	hosts := []string{bareHost(call.HTTP.Value("Host"))}
	if _, rest, ok := strings.Cut(call.HTTP.Target, "://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		hosts = append(hosts, bareHost(host))
	}
	k.escapes = slices.DeleteFunc(k.escapes, func(e escape) bool { return slices.Contains(hosts, e.host) })
	for _, h := range hosts {
		if h != "" {
			k.visited.Put(h, struct{}{})
		}
	}
}

// leads looks where an answer sends the client, as it came there.
func (k *Checker) leads(c *conn, m *decode.Message) {
	came := m.Arrived()
	if c.info.Via == "" || came == nil || came.Call == nil {
		return
	}
	own := bareHost(c.info.Via)
	for _, s := range came.Call.Hosts() {
		host := bareHost(s.Host)
		if _, ok := k.visited.Get(host); ok || host == own || slices.ContainsFunc(k.escapes, func(e escape) bool { return e.host == host }) {
			continue
		}
		if len(k.escapes) >= maxEscapes {
			k.escapes = k.escapes[1:]
		}
		k.escapes = append(k.escapes, escape{c, here(m), host, s.Why})
	}
}

// escaped says which hosts no request has come for in time.
func (k *Checker) escaped(at time.Time) {
	n := 0
	for n < len(k.escapes) && !at.IsZero() && !k.escapes[n].place.at.IsZero() && at.Sub(k.escapes[n].place.at) > escapeWait {
		e := &k.escapes[n]
		k.put(e.conn, e.place, "host.escapes", fmt.Sprintf("%s names %s, and no request for that host came through the proxy within 30s", e.why, clip([]byte(e.host))))
		n++
	}
	k.escapes = k.escapes[n:]
}

func bareHost(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		addr = host
	}
	return strings.ToLower(head([]byte(addr)))
}

// learnBook remembers the lists of an answer.
func (k *Checker) learnBook(m *decode.Message, deltas bool) {
	members, all := m.Call.Members()
	b := book{info: m.Conn, lists: make(map[string]int), spoilt: deltas || !all || len(members) > maxEntries}
	for _, who := range members {
		if bit := listBit(who.List); bit != 0 && !b.spoilt && strings.Contains(who.Account, "@") {
			b.lists[address.Identity(head([]byte(who.Account)))] |= bit
		}
	}
	k.books = slices.DeleteFunc(k.books, func(old book) bool { return old.info == m.Conn })
	if len(k.books) >= maxBooks {
		k.books = k.books[1:]
	}
	k.books = append(k.books, b)
}

func listBit(list string) int {
	switch list {
	case "AL":
		return onAllow
	case "BL":
		return onBlock
	}
	return 0
}

const (
	onAllow = 2
	onBlock = 4
)

// spoil takes note that lists are changed: those that are known of the session are so no
// more.
func (k *Checker) spoil(info *decode.Connection) {
	for i := range k.books {
		if b := &k.books[i]; b.info == info || b.info.Session != nil && b.info.Session == info.Session {
			b.spoilt = true
		}
	}
}

// entry notes an entry of the first lists that a client sends.
func (c *conn) entry(account, lists string) {
	n, err := strconv.Atoi(lists)
	if err != nil || len(c.sent) >= maxEntries {
		c.sentOdd = true
		return
	}
	if c.sent == nil {
		c.sent = make(map[string]int)
	}
	c.sent[address.Identity(head([]byte(account)))] |= n & (onAllow | onBlock)
}

// compareBook compares the first lists that the client has sent with the address book.
func (k *Checker) compareBook(c *conn, m *decode.Message) {
	sent, odd := c.sent, c.sentOdd
	c.sent, c.sentOdd = nil, false
	if sent == nil || odd || c.holes || c.info.Session == nil {
		return
	}
	var found *book
	for i := range k.books {
		if b := &k.books[i]; b.info.Session == c.info.Session {
			found = b
		}
	}
	if found == nil || found.spoilt {
		return
	}
	var texts []string
	for _, bit := range []int{onAllow, onBlock} {
		list := map[int]string{onAllow: "AL", onBlock: "BL"}[bit]
		if lack := without(found.lists, sent, bit); len(lack) > 0 {
			texts = append(texts, fmt.Sprintf("the address book has %s on %s, the first ADL has not", strings.Join(shown(lack), ", "), list))
		}
		if more := without(sent, found.lists, bit); len(more) > 0 {
			texts = append(texts, fmt.Sprintf("the first ADL has %s on %s, the address book has not", strings.Join(shown(more), ", "), list))
		}
	}
	if len(texts) > 0 {
		k.add(c, m, "ab.differs", "%s", strings.Join(texts, "; "))
	}
}

// without returns who is on the list in a and not in b, in order.
func without(a, b map[string]int, bit int) (list []string) {
	for _, who := range sortedKeys(a) {
		if a[who]&bit != 0 && b[who]&bit == 0 {
			list = append(list, who)
		}
	}
	return list
}
