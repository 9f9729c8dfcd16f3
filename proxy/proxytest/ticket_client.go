package proxytest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// clientVersions are the version and the code base that a client of the dialect gives
// with CVR.
var clientVersions = map[int][2]string{
	8: {"5.0.0544", "MSMSGS"}, 9: {"6.0.0602", "MSMSGS"}, 10: {"6.2.0137", "MSMSGS"},
	11: {"7.0.0777", "msmsgs"}, 12: {"7.5.0324", "msmsgs"}, 13: {"8.0.0787", "msmsgs"}, 14: {"8.0.0812", "msmsgs"},
}

// signInByTicket signs in to a server of MSNP8 to 14, after VER.
func (c *Client) signInByTicket(ctx context.Context) (redirect string, err error) {
	account, l, v := c.options.Account, c.link, clientVersions[c.number]
	if _, err := l.one(ctx, "CVR", "0x0409", "winnt", "5.1", "i386", "MSNMSGR", v[0], v[1], account); err != nil {
		return "", err
	}
	policy, err := l.one(ctx, "USR", "TWN", "I", account)
	switch {
	case err != nil:
		return "", err
	case policy.is("XFR", []string{"NS", "*"}):
		return policy.Arg(1), nil
	case !policy.is("USR", []string{"TWN", "S", "*"}):
		return "", fmt.Errorf("%s: USR: the %s answered %s %q", account, l.server, policy.Verb, policy.Args)
	}
	ticket, err := c.ticket(ctx, policy.Arg(2))
	if err != nil {
		return "", err
	}
	ok, err := l.one(ctx, "USR", "TWN", "S", ticket.Text)
	if err != nil {
		return "", err
	}
	if !ok.is("USR", []string{"OK", "*", "*"}) {
		return "", fmt.Errorf("%s: USR: the %s answered %s %q", account, l.server, ok.Verb, ok.Args)
	}
	if c.number < bookFrom {
		c.Name = ok.Text(2)
	}
	return "", nil
}

// productOf is the product id of a client of the dialect.
func productOf(number int) string {
	switch {
	case number >= ssoFrom:
		return "PROD0120PW!CCV9@"
	case number >= laterFrom:
		return "PROD0112J1LW7%NB"
	case number >= personalFrom:
		return "PROD0090YUAUV{2B"
	}
	return "msmsgs@msnmsgr.com"
}

// abilitiesOf returns the capabilities of a client of MSNP8 to 14: the version in the
// highest bits, ink from MSNP9 on, winks from MSNP11 on.
func abilitiesOf(number int) string {
	const ink, winks, age = 0x4, 0x8000, 28
	n := map[int]uint64{9: 1<<age | ink, 10: 3<<age | ink, 11: 4<<age | ink | winks, 12: 5<<age | ink | winks,
		13: 6<<age | ink | winks, 14: 6<<age | ink | winks}[number]
	return strconv.FormatUint(n, 10)
}

// listed are the lines of the answer to SYN that carry no TrID from MSNP8 on.
const listed = " GTC BLP PRP LSG LST BPR "

// countedLine is line for MSNP8 and later, where the first line says how many follow.
func (s *listing) countedLine(ev Event) bool {
	switch ev.Verb {
	case "SYN":
		if s.number < bookFrom {
			s.lists.Version = s.int(ev, 0)
		} else {
			s.lists.Stamp = ev.Arg(0)
		}
		if n := len(ev.Args); n > 2 {
			s.people, s.groups = s.int(ev, n-2), s.int(ev, n-1)
		}
	case "GTC":
		s.lists.Prompt = ev.Arg(0)
	case "BLP":
		s.lists.Privacy = ev.Arg(0)
	case "PRP":
		s.lists.Properties[ev.Arg(0)] = ev.Text(1)
	case "LSG":
		s.groups--
		if s.number < bookFrom {
			s.lists.Groups[s.int(ev, 0)] = ev.Text(1)
		} else {
			s.lists.GroupIDs[ev.Arg(1)] = ev.Text(0)
		}
	case "LST":
		s.people--
		s.person(ev)
	case "BPR":
		if n := len(s.lists.Forward); n > 0 {
			p := &s.lists.Forward[n-1]
			if p.Properties == nil {
				p.Properties = map[string]string{}
			}
			p.Properties[ev.Arg(0)] = ev.Text(1)
		}
	}
	return s.err != nil || s.people <= 0 && s.groups <= 0
}

// person takes an LST of MSNP8 and later, which names somebody once for all lists.
func (s *listing) person(ev Event) {
	e, rest := Entry{}, []string(nil)
	for i, arg := range ev.Args {
		name, value, ok := strings.Cut(arg, "=")
		switch {
		case s.number < bookFrom && i == 0:
			e.Handle = arg
		case s.number < bookFrom && i == 1:
			e.Name = ev.Text(i)
		case s.number < bookFrom || !ok:
			rest = append(rest, arg)
		case name == "N":
			e.Handle = value
		case name == "F":
			e.Name = Event{Args: []string{value}}.Text(0)
		case name == "C":
			e.ID = value
		}
	}
	bits := 0
	if len(rest) > 0 {
		bits, _ = strconv.Atoi(rest[0])
	}
	if bits == 0 {
		s.err = fmt.Errorf("SYN: %s %q: no lists", ev.Verb, ev.Args)
		return
	}
	if s.number == 12 && len(rest) > 1 {
		rest = rest[1:] // the network
	}
	if len(rest) > 1 {
		e.in(rest[1], s)
	}
	for i, l := range []*[]Entry{&s.lists.Forward, &s.lists.Allow, &s.lists.Block, &s.lists.Reverse} {
		if bits&(1<<i) != 0 {
			*l = append(*l, e)
		}
	}
}

// in notes the groups of a contact, as they stand in LST.
func (e *Entry) in(groups string, s *listing) {
	for g := range strings.SplitSeq(groups, ",") {
		if s.number >= bookFrom {
			e.GroupIDs = append(e.GroupIDs, g)
			continue
		}
		n, err := strconv.Atoi(g)
		if err != nil {
			s.err = fmt.Errorf("SYN: %s is in group %q", e.Handle, g)
		}
		e.Groups = append(e.Groups, n)
	}
}
