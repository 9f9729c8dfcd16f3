package payload

import (
	"iter"
	"strconv"
	"strings"

	"msnproxy/decode/address"
	"msnproxy/decode/meaning"
)

// Contact lists as ADL, RML and FQY have them (MSNP13 and later): an account is parted into
// its domain, <d n="example.com">, and what stands before it, <c n="bob" l="3" t="1"/>.
// Telephone contacts are in <t>; from MSNP21 on each <c> has an <s> for each service.

// contact is somebody in such a list.
type contact struct {
	account, name, network string
	lists                  string
	services               []string // for which the lists are (MSNP21)
}

// contacts calls f for each contact, and for the node that it is, until f returns false.
func contacts(nodes []Node, domain string, f func(*Node, contact) bool) bool {
	for i := range nodes {
		n := &nodes[i]
		switch strings.ToLower(n.Name) {
		case "d":
			if !contacts(n.Children, n.attribute("n"), f) {
				return false
			}
		case "t":
			if !contacts(n.Children, "", f) {
				return false
			}
		case "c":
			if !f(n, n.contact(domain)) {
				return false
			}
		}
	}
	return true
}

// contact reads one contact of a domain.
func (n *Node) contact(domain string) contact {
	c := contact{account: n.attribute("n"), name: unescape(n.attribute("f")), network: n.attribute("t"), lists: meaning.Lists(n.attribute("l"))}
	if domain != "" {
		c.account += "@" + domain
	}
	for i := range n.Children {
		s := &n.Children[i]
		if !strings.EqualFold(s.Name, "s") {
			continue
		}
		if lists := meaning.Lists(s.attribute("l")); c.lists == "" || c.lists == lists {
			c.lists = lists
			c.services = append(c.services, s.attribute("n"))
		}
	}
	return c
}

// Member is what a list of contacts (ADL, RML, FQY: MSNP13 and later) says of somebody, for
// one service from MSNP21 on. Values are as they stand there; what is missing is empty.
type Member struct {
	Account, Network, Lists, Service string
	// Domain: it stands within an element that names its domain, or is a telephone number,
	// which has none.
	Domain bool
}

// Members walks a list of contacts; there are none in any other payload.
func (p *Payload) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		ml := p.List()
		if ml == nil {
			return
		}
		for i := range ml.Children {
			d := &ml.Children[i]
			if strings.EqualFold(d.Name, "c") {
				if !d.member("", false, yield) {
					return
				}
				continue
			}
			domain, ok := d.attribute("n"), true
			if strings.EqualFold(d.Name, "d") {
				ok = domain != ""
			} else {
				domain = ""
			}
			for j := range d.Children {
				if c := &d.Children[j]; strings.EqualFold(c.Name, "c") && !c.member(domain, ok, yield) {
					return
				}
			}
		}
	}
}

// List returns the element that holds a list of contacts, or nil if there is none.
func (p *Payload) List() *Node {
	if len(p.Nodes) == 0 || !strings.EqualFold(p.Nodes[0].Name, "ml") {
		return nil
	}
	return &p.Nodes[0]
}

// member passes on one contact, once for each service.
func (n *Node) member(domain string, ok bool, yield func(Member) bool) bool {
	m := Member{Account: n.attribute("n"), Network: n.attribute("t"), Lists: n.attribute("l"), Domain: ok}
	if domain != "" && m.Account != "" {
		m.Account += "@" + domain
	}
	services := 0
	for i := range n.Children {
		if s := &n.Children[i]; strings.EqualFold(s.Name, "s") {
			services++
			of := m
			of.Service, of.Lists = s.attribute("n"), orWord(s.attribute("l"), m.Lists)
			if !yield(of) {
				return false
			}
		}
	}
	return services > 0 || yield(m)
}

// Attribute returns the value of an attribute, whatever its case, or "".
func (n *Node) Attribute(name string) string { return n.attribute(name) }

// attribute returns the value of an attribute, or "".
func (n *Node) attribute(name string) string {
	for i := range n.Children {
		if c := &n.Children[i]; strings.HasPrefix(c.Name, "@") && strings.EqualFold(c.Name[1:], name) {
			return c.Value
		}
	}
	return ""
}

// String writes a contact as summaries have it: "bob@example.com FL AL".
func (c contact) String() string {
	s := c.account
	if c.name != "" {
		s += " (" + c.name + ")"
	}
	if c.network != "" && c.network != "1" && c.network != "9" || c.lists == "" && c.network != "" {
		s += " of " + orWord(meaning.Network(c.network), "network "+c.network)
	}
	if c.lists != "" {
		s += " " + c.lists
	}
	if len(c.services) > 0 {
		s += " for " + strings.Join(c.services, " ")
	}
	return s
}

// listSummary says who is on which list; it is "" for what is no list of contacts.
func listSummary(nodes []Node) string {
	const most = 5
	if len(nodes) == 0 || !strings.EqualFold(nodes[0].Name, "ml") {
		return ""
	}
	var sb strings.Builder
	count := 0
	contacts(nodes[0].Children, "", func(_ *Node, c contact) bool {
		if count++; count <= most {
			if count > 1 {
				sb.WriteString(", ")
			}
			sb.WriteString(c.String())
		}
		return true
	})
	switch {
	case count == 0:
		return "nobody"
	case count > most:
		sb.WriteString(" and " + strconv.Itoa(count-most) + " more")
	}
	return sb.String()
}

// listMeanings says what the attributes of a list of contacts mean, and whose they are.
func listMeanings(ml *Node) {
	for i := range ml.Children {
		if n := &ml.Children[i]; strings.EqualFold(n.Name, "@l") && n.Value == "1" {
			n.Meaning = "the first list of this sign-in"
		}
	}
	contacts(ml.Children, "", func(n *Node, c contact) bool {
		n.Meaning = c.account
		if c.account != "" {
			n.Children = append(n.Children, Node{Name: addressNames[address.Account], Value: c.account}) // of its two parts
		}
		for i := range n.Children {
			a := &n.Children[i]
			switch strings.ToLower(a.Name) {
			case "@l":
				a.Meaning = meaning.Lists(a.Value)
			case "@t":
				a.Meaning = meaning.Network(a.Value)
			case "@f":
				a.Value = unescape(a.Value)
			case "s":
				serviceMeanings(a)
			}
		}
		return true
	})
}

// services are those that a contact may be on a list for (MSNP21).
var services = map[string]string{"im": "messages", "pe": "presence", "pf": "profile", "pd": "end points", "skp": "Skype"}

func serviceMeanings(s *Node) {
	for i := range s.Children {
		switch a := &s.Children[i]; strings.ToLower(a.Name) {
		case "@l":
			a.Meaning = meaning.Lists(a.Value)
		case "@n":
			a.Meaning = services[strings.ToLower(a.Value)]
		}
	}
}
