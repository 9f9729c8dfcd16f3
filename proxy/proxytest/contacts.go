package proxytest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Lists is what the server keeps for an account (SYN). Names are decoded.
type Lists struct {
	Version                        int
	Stamp                          string // in place of the version, from MSNP10 on
	Privacy, Prompt                string // BLP and GTC
	Properties                     map[string]string
	Groups                         map[int]string
	GroupIDs                       map[string]string // in place of Groups, from MSNP10 on
	Forward, Allow, Block, Reverse []Entry
}

// Entry is somebody on a list.
type Entry struct {
	Handle, Name string
	Groups       []int             // FL, MSNP7
	Properties   map[string]string // FL, MSNP5
	ID           string            // FL, MSNP10
	GroupIDs     []string          // in place of Groups, from MSNP10 on
}

// Sync compares list-versions with the server (SYN); 0 is none, and from MSNP10 on,
// which has time stamps, all that there is. If they are the same the lists have only
// the version.
func (c *Client) Sync(ctx context.Context, version int) (Lists, error) {
	sync := listing{known: version, number: c.number, lists: Lists{
		Properties: map[string]string{}, Groups: map[int]string{},
	}}
	if c.number >= ticketFrom {
		args := []string{strconv.Itoa(version)}
		if c.number >= bookFrom {
			args, sync.lists.GroupIDs = []string{"0", "0"}, map[string]string{}
		}
		err := c.link.ask(ctx, sync.countedLine, "SYN", nil, args...)
		return sync.lists, errors.Join(err, sync.err)
	}
	c.mu.Lock()
	c.bpr = sync.property
	c.mu.Unlock()
	err := c.link.ask(ctx, sync.line, "SYN", nil, strconv.Itoa(version))
	c.mu.Lock()
	c.bpr = nil
	c.mu.Unlock()
	if err == nil {
		err = sync.err
	}
	if err != nil {
		return Lists{}, err
	}
	return sync.lists, nil
}

// listing puts the lines of a SYN together. The reader's goroutine alone uses it
// until the last line has come.
type listing struct {
	known  int
	number int // of the dialect
	lists  Lists
	err    error
	// people and groups are still to come (MSNP8 and later).
	people, groups int
}

// line takes one line and reports whether it was the last: the reverse list's
// last entry, or the one that says that it is empty.
func (s *listing) line(ev Event) bool {
	switch ev.Verb {
	case "SYN":
		s.lists.Version = s.int(ev, 0)
		return s.lists.Version == s.known
	case "GTC":
		s.lists.Prompt = ev.Arg(1)
	case "BLP":
		s.lists.Privacy = ev.Arg(1)
	case "PRP":
		s.lists.Properties[ev.Arg(1)] = ev.Text(2)
	case "LSG":
		s.lists.Groups[s.int(ev, 3)] = ev.Text(4)
	case "LST":
		return s.entry(ev)
	}
	return s.err != nil
}

func (s *listing) entry(ev Event) bool {
	index, total := s.int(ev, 2), s.int(ev, 3)
	if total > 0 {
		list := s.list(ev.Arg(0))
		if list == nil {
			s.err = fmt.Errorf("SYN: unknown list %q", ev.Arg(0))
			return true
		}
		e := Entry{Handle: ev.Arg(4), Name: ev.Text(5)}
		if groups := ev.Arg(6); groups != "" {
			for g := range strings.SplitSeq(groups, ",") {
				id, err := strconv.Atoi(g)
				if err != nil {
					s.err = fmt.Errorf("SYN: %s is in group %q", e.Handle, g)
				}
				e.Groups = append(e.Groups, id)
			}
		}
		*list = append(*list, e)
	}
	return s.err != nil || ev.Arg(0) == "RL" && index == total
}

func (s *listing) list(name string) *[]Entry {
	return map[string]*[]Entry{
		"FL": &s.lists.Forward, "AL": &s.lists.Allow, "BL": &s.lists.Block, "RL": &s.lists.Reverse,
	}[name]
}

// property takes a BPR, which belongs to an entry of the forward list.
func (s *listing) property(ev Event) {
	for i, e := range s.lists.Forward {
		if e.Handle == ev.Arg(1) {
			if e.Properties == nil {
				s.lists.Forward[i].Properties = map[string]string{}
			}
			s.lists.Forward[i].Properties[ev.Arg(2)] = ev.Text(3)
		}
	}
}

func (s *listing) int(ev Event, i int) int {
	n, err := strconv.Atoi(ev.Arg(i))
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("SYN: %s %q: parameter %d is no number", ev.Verb, ev.Args, i+1)
	}
	return n
}
